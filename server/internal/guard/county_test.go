// Package guard_test holds the laws that only the whole service can break: who reaches what, what
// logs may hold, what is left when a part is down.
package guard_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"bense/server/internal/actor"
	"bense/server/internal/app"
	"bense/server/internal/clock"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/log"
	"bense/server/internal/testdb"
	"bense/server/internal/wechat/emulator"
)

// service is an isolated service and everything that it logged.
type service struct {
	*app.Instance
	database string // URL
	clock    *clock.Fake
	logged   *buffer
	http     *http.Client
	writes   *writes // nil: nobody counts
}

// buffer may be written by many goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func start(t *testing.T) *service { return startOn(t, os.Getenv("TEST_REDIS_URL")) }

func startOn(t *testing.T, redis string) *service {
	t.Helper()
	s := &service{
		database: testdb.OwnURL(t), clock: clock.NewFake(clock.System().Now()), logged: &buffer{},
		http: &http.Client{Timeout: testdb.Patience, Transport: &http.Transport{MaxIdleConnsPerHost: 16}},
	}
	var err error
	s.Instance, err = app.Isolated(t.Context(), app.IsolatedOptions{Database: s.database, Redis: redis, Log: s.logger(), Clock: s.clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	t.Cleanup(s.http.CloseIdleConnections)
	return s
}

// logger writes as the service does, at its most talkative.
func (s *service) logger() *slog.Logger { return log.New(s.logged, "debug") }

// answer is what came back for a request.
type answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// problem reads the body of an error.
func (a answer) problem() (p struct {
	Status  int    `json:"status"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Fields  []struct{ Field, Message string }
}) {
	_ = json.Unmarshal(a.Body, &p) // what is no problem has an empty code
	return p
}

// text gives a member of the answer's object, "" when it has none; a path is separated by dots.
func (a answer) text(path string) string {
	var v any
	if json.Unmarshal(a.Body, &v) != nil {
		return ""
	}
	for _, key := range strings.Split(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(at) {
				return ""
			}
			v = at[i]
		default:
			return ""
		}
	}
	s, _ := v.(string)
	return s
}

// call sends a body as JSON, or as it is when it is bytes, to a path below /api/v1 or, when it begins
// with //, below the root.
func (s *service) call(t *testing.T, token, method, path string, body any) answer {
	t.Helper()
	a, err := s.try(t, token, method, path, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

func (s *service) try(t *testing.T, token, method, path string, body any) (answer, error) {
	target := s.URL + "/api/v1" + path
	if rest, ok := strings.CutPrefix(path, "//"); ok {
		target = s.URL + "/" + rest
	}
	var in io.Reader
	kind := "application/json"
	switch v := body.(type) {
	case nil:
	case []byte:
		in, kind = bytes.NewReader(v), "application/octet-stream"
	case string:
		in = strings.NewReader(v)
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return answer{}, err
		}
		in = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, target, in)
	if err != nil {
		return answer{}, err
	}
	if in != nil {
		req.Header.Set("Content-Type", kind)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	lines := 0
	if s.writes != nil {
		lines = s.writes.count()
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	a := answer{Status: resp.StatusCode, Header: resp.Header, Body: got}
	if s.writes != nil && err == nil && resp.StatusCode < 300 {
		if method != http.MethodGet {
			s.ended(t, a.text("job_id"))
		}
		s.writes.passed(method, path, s.writes.count()-lines)
	}
	return a, err
}

// ended waits for work in the background.
func (s *service) ended(t *testing.T, job string) {
	t.Helper()
	for deadline := time.Now().Add(testdb.Patience); job != ""; {
		var running int
		if err := s.DB.SQL().QueryRow("SELECT COUNT(*) FROM jobs WHERE id = ? AND state = 'running'", job).Scan(&running); err != nil {
			t.Fatal(err)
		}
		if running == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("job %s does not end", job)
		}
	}
}

// must is call for what has to succeed.
func (s *service) must(t *testing.T, token, method, path string, body any) answer {
	t.Helper()
	a := s.call(t, token, method, path, body)
	if a.Status >= 300 {
		t.Fatalf("%s %s: %d %s", method, path, a.Status, a.Body)
	}
	return a
}

// user is somebody's WeChat with a session.
type user struct {
	emulator.User
	token string
}

// login signs somebody in and, when there is a number, lets WeChat confirm it.
func (s *service) login(t *testing.T, name, number string) user {
	t.Helper()
	u := user{User: s.Emulator.User(emulator.User{Name: name, Phone: number})}
	u.token = s.must(t, "", "POST", "/sessions", map[string]string{"code": s.Emulator.LoginCode(u.User)}).text("token")
	if number != "" {
		code, err := s.Emulator.PhoneCode(u.User)
		if err != nil {
			t.Fatal(err)
		}
		s.must(t, u.token, "POST", "/me/phone", map[string]string{"code": code})
	}
	return u
}

// row is one person of a workbook.
type row struct {
	Name, Phone, IDNumber, Unit, Alliance, Address, Family, FamilyPhone, Remark string
}

// workbook writes rows as a county would keep them.
func workbook(t *testing.T, rows ...row) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	sheet := f.GetSheetName(0)
	put := func(n int, cells ...any) {
		t.Helper()
		if err := f.SetSheetRow(sheet, fmt.Sprintf("A%d", n), &cells); err != nil {
			t.Fatal(err)
		}
	}
	put(1, "离退休党员名册")
	put(2, "序号", "姓名", "身份证号", "单位", "所属联盟", "联系电话", "现居住地址", "家属联系人", "家属电话", "备注")
	for i, r := range rows {
		put(i+3, fmt.Sprint(i+1), r.Name, r.IDNumber, r.Unit, r.Alliance, r.Phone, r.Address, r.Family, r.FamilyPhone, r.Remark)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// idNumber makes an identity number of the unassigned region with the right check digit.
func idNumber(birth string, serial int) string {
	s := fmt.Sprintf("370599%s%03d", birth, serial)
	weights := []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += w * int(s[i]-'0')
	}
	return s + string("10X98765432"[sum%11])
}

// found makes a committee with an office that has logged in, and imports a workbook.
func (s *service) found(t *testing.T, committee, number string, rows ...row) (id.ID, user) {
	t.Helper()
	key, err := s.FoundCommittee(t.Context(), committee)
	if err != nil {
		t.Fatal(err)
	}
	s.grant(t, identity.GrantRequest{Role: actor.CommitteeStaff, CommitteeID: key, HolderName: committee + "经办", Phone: number})
	office := s.login(t, committee+"经办", number)
	s.must(t, office.token, "PUT", "/committees/"+key.String()+"/notice-rules", map[string]any{ // the tests run at any hour
		"quiet_from": 0, "quiet_until": 0, "remind_day": false, "remind_hours": false})
	if len(rows) > 0 {
		at := "/imports?committee_id=" + key.String() + "&filename=" + url.QueryEscape("名册.xlsx")
		preview := s.must(t, office.token, "POST", at, workbook(t, rows...))
		s.must(t, office.token, "POST", "/imports/"+preview.text("id")+"/commit", nil)
	}
	return key, office
}

func (s *service) grant(t *testing.T, r identity.GrantRequest) id.ID {
	t.Helper()
	key, err := s.Identity.Grant(t.Context(), actor.System, r)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// soon is a time for an activity whose check-in is open already.
func (s *service) soon() time.Time { return s.clock.Now().Add(30 * time.Minute) }
