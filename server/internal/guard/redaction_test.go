package guard_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"bense/server/internal/errs"
)

// canaries are texts that may stand in no log line, by what they are.
type canaries map[string]string

func (c canaries) in(text string) []string {
	var found []string
	for what, s := range c {
		if s != "" && strings.Contains(text, s) {
			found = append(found, what)
		}
	}
	return found
}

// the person whose traces are looked for.
var canary = row{
	Name: "桑梓鹄", Phone: "19900077331", IDNumber: idNumber("19410717", 733), Unit: "本单位", Alliance: "本地联盟",
	Address: "鹤鸣里七三三号", Family: "桑梓雁", FamilyPhone: "19900077332", Remark: "腿脚不便需搀扶",
}

const canaryReason = "去鹿门山看望旧友"

func personal() canaries {
	return canaries{
		"name": canary.Name, "phone": canary.Phone, "identity number": canary.IDNumber, "address": canary.Address,
		"family": canary.Family, "family phone": canary.FamilyPhone, "remark": canary.Remark, "reason": canaryReason,
	}
}

// panics and failures that carry what somebody typed, in both kinds of handlers.
func (s *service) misbehave() {
	text := canary.Name + " " + canary.Phone + " " + canary.IDNumber
	e := s.Web.Engine
	e.GET("/test/panic", func(*gin.Context) { panic(text) })
	e.GET("/test/panic-error", func(*gin.Context) { panic(errors.New(text)) })
	huma.Register(s.Web.API, huma.Operation{OperationID: "testPanic", Method: "GET", Path: "/test/panic"},
		func(context.Context, *struct{}) (*struct{}, error) { panic(text) })
	huma.Register(s.Web.API, huma.Operation{OperationID: "testField", Method: "GET", Path: "/test/field"},
		func(context.Context, *struct{}) (*struct{}, error) {
			return nil, errs.ErrInvalid.With(errs.Field("phone", "号码不对"))
		})
}

func TestLogsHoldNothingPersonal(t *testing.T) {
	w := newWorld(t)
	w.misbehave()
	secrets := personal()
	office := w.offices[itself]
	at := "/imports?committee_id=" + w.sites[itself]["committee"] + "&filename=" + url.QueryEscape(canary.Name+".xlsx")
	preview := w.must(t, office.token, "POST", at, workbook(t, canary)).text("id")
	w.must(t, office.token, "POST", "/imports/"+preview+"/commit", nil)

	member := w.login(t, canary.Name, canary.Phone)
	me := w.must(t, member.token, "GET", "/me", nil)
	key, err := w.Identity.SessionKey(t.Context(), parse(t, me.text("account_id")))
	if err != nil {
		t.Fatal(err)
	}
	person := me.text("persons.0.id")
	if person == "" || key == "" {
		t.Fatalf("the canary was not bound, or has no session key: %s", me.Body)
	}
	secrets["openid"], secrets["token"], secrets["session key"] = member.OpenID, member.token, key
	secrets["office token"], secrets["login code"] = office.token, w.Emulator.LoginCode(member.User)
	if secrets["phone code"], err = w.Emulator.PhoneCode(member.User); err != nil {
		t.Fatal(err)
	}
	w.canaryThread(t, office, member, person, secrets)
	w.everyRoute(t, secrets, "as it should be")

	// The database fails under everybody's feet: its errors may quote what was asked for.
	for _, table := range []string{"persons", "accounts", "notice_recipients", "activity_expected", "checkins"} {
		if err := w.DB.Conn(t.Context()).Exec("ALTER TABLE " + table + " RENAME TO gone_" + table).Error; err != nil {
			t.Fatal(err)
		}
	}
	w.everyRoute(t, secrets, "without its tables")

	logged := w.logged.String()
	if !strings.Contains(logged, `"panic"`) || !strings.Contains(logged, "request failed") {
		t.Error("no panic and no failure was logged: the test looks at the wrong place")
	}
	for _, what := range secrets.in(logged) {
		t.Errorf("the log holds the %s: %s", what, around(logged, secrets[what]))
	}
	t.Logf("log redaction: %d canaries, %d bytes of log scanned, %d hits", len(secrets), len(logged), len(secrets.in(logged)))
}

// The look-out sees what a careless line would hold, and the logger masks what has a known shape.
func TestLogLookOutBites(t *testing.T) {
	s := &service{logged: &buffer{}}
	secrets := personal()
	s.logger().Info("a careless line for "+canary.Phone, "who", canary.Name, "error", errors.New("no person "+canary.IDNumber))
	if found := secrets.in(s.logged.String()); len(found) != 1 || found[0] != "name" {
		t.Errorf("found %v, want the name only: numbers are masked, names are not", found)
	}
}

// around shows a hit with its line, without the canary itself.
func around(text, secret string) string {
	i := strings.Index(text, secret)
	from, to := strings.LastIndex(text[:i], "\n")+1, i+strings.Index(text[i:], "\n")
	return strings.ReplaceAll(text[from:max(to, i)], secret, "<canary>")
}

// canaryThread leads the canary through the job and collects the codes that arise.
func (w *world) canaryThread(t *testing.T, office, member user, person string, secrets canaries) {
	t.Helper()
	s := w.sites[itself]
	w.must(t, member.token, "POST", "/me/phone", map[string]string{"code": secrets["phone code"]})
	w.must(t, "", "POST", "/sessions", map[string]string{"code": secrets["login code"]})
	made := w.must(t, office.token, "POST", "/activities", map[string]any{
		"alliance_id": s["alliance"], "kind": "lecture", "title": "报告", "place": "礼堂", "starts_at": w.soon(), "ends_at": w.soon().Add(3600e9),
		"notice": map[string]string{"title": "请" + canary.Name + "讲课", "body": canary.Name + " " + canary.Phone},
	})
	activity, notice, list := made.text("id"), made.text("notice_id"), made.text("lists.0.id")
	w.must(t, office.token, "POST", "/notices/"+notice+"/publish", map[string]int{"revision": 0})
	if err := w.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.must(t, member.token, "POST", "/notices/"+notice+"/read", map[string]any{"via": "group", "group": w.Emulator.EnterGroup(member.User, "本地联盟")})
	w.must(t, member.token, "PUT", "/activities/"+activity+"/answers/"+person, map[string]string{"answer": "leave", "reason": canaryReason})
	w.must(t, office.token, "POST", "/notices/"+notice+"/calls/"+person, map[string]string{"outcome": "told", "note": canaryReason, "reason": ""})
	w.must(t, office.token, "POST", "/persons/"+person+"/reveal", map[string]any{"fields": []string{"phone", "id_number", "address"}, "reason": canaryReason})
	secrets["binding code"] = w.must(t, office.token, "POST", "/persons/"+person+"/binding-codes", nil).text("code")
	secrets["card"] = w.must(t, office.token, "POST", "/persons/"+person+"/cards", nil).text("serial")
	secrets["member code"] = w.must(t, member.token, "GET", "/me/member-code?person_id="+person, nil).text("code")
	venue := w.must(t, office.token, "GET", "/lists/"+list+"/venue-code", nil)
	secrets["venue code"] = venue.text("token")
	secrets["visit ticket"] = w.must(t, member.token, "POST", "/visits", map[string]string{"token": venue.text("url")}).text("ticket")
	for _, q := range []string{canary.Name, canary.Phone, "szh"} {
		w.must(t, office.token, "GET", "/persons?q="+url.QueryEscape(q), nil)
		w.must(t, office.token, "POST", "/lists/"+list+"/check-ins", map[string]any{"items": []any{
			map[string]any{"nonce": fmt.Sprintf("%x", []byte(q + "................")[:16]), "happened_at": w.clock.Now(), "door": "roster", "query": q}}})
	}
	for what, s := range secrets {
		if s == "" {
			t.Errorf("the %s is empty: a shape has changed", what)
		}
	}
}

// everyRoute sends canaries to every route, in good and in bad bodies, and looks at the problems.
func (w *world) everyRoute(t *testing.T, secrets canaries, when string) {
	t.Helper()
	m := &matrix{world: w}
	failed, refused := 0, 0
	look := func(route string, a answer) {
		if a.Status >= 500 {
			failed++
		}
		if a.Status >= 400 {
			refused++
			for _, what := range secrets.in(string(a.Body)) {
				t.Errorf("%s %s: the problem repeats the %s: %s", route, when, what, clip(a.Body))
			}
		}
	}
	typed, err := json.Marshal(secrets)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range readRules(t) {
		for _, who := range []string{"committee_staff", "member", "stranger"} {
			if r.method == "DELETE" || strings.HasSuffix(r.path, "/cancel") || strings.HasSuffix(r.path, "/confirm") {
				continue // they would end the others' errors too soon
			}
			m.cells++
			look(r.method+" "+r.call, m.send(t, r, who, m.sites[itself], m.sites[itself], false, itself))
		}
		if r.target == "public" || r.method == "GET" {
			path := strings.NewReplacer("{id}", secrets["phone"], "{person_id}", secrets["identity number"]).Replace(r.path)
			if !isOps(path) {
				look(r.method+" "+r.call, w.call(t, m.actors["member"].token, r.method, path+"?q="+url.QueryEscape(secrets["name"])+"&after="+secrets["phone"]+"&alliance_id="+secrets["phone"], nil))
			}
			continue
		}
		path := placeholder.ReplaceAllString(r.path, w.sites[itself]["person"])
		for _, body := range []any{
			string(typed), "[" + string(typed) + "]", `{"code":"` + secrets["phone code"] + `x","name":` + fmt.Sprintf("%q", secrets["name"]) + `,"phone":12`,
			map[string]any{"code": secrets["openid"], "token": secrets["token"], "ticket": secrets["phone"], "nonce": secrets["phone"], "person_id": secrets["identity number"],
				"alliance_id": secrets["phone"], "unit_id": secrets["phone"], "committee_id": secrets["phone"], "happened_at": secrets["name"], "answer": secrets["name"],
				"outcome": secrets["name"], "kind": secrets["name"], "starts_at": secrets["phone"], "ends_at": secrets["phone"], "title": strings.Repeat(secrets["name"], 200),
				"relation": secrets["name"], "role": secrets["name"], "fields": []string{secrets["phone"]}, "reason": secrets["address"], "via": secrets["name"], "items": secrets["name"],
				"holder": map[string]string{"name": secrets["name"], "phone": secrets["identity number"]}, "status": secrets["name"], "id_number": secrets["phone"], "phone": secrets["address"]},
		} {
			look(r.method+" "+r.call, w.call(t, m.actors["committee_staff"].token, r.method, path, body))
		}
	}
	for _, path := range []string{"//test/panic", "//test/panic-error", "/test/panic", "/test/field", "//" + secrets["phone"] + "?name=" + url.QueryEscape(secrets["name"])} {
		look("GET "+path, w.call(t, m.actors["member"].token, "GET", path, nil))
	}
	look("a wrong token", w.call(t, secrets["token"]+secrets["phone"], "GET", "/me", nil))
	t.Logf("%s: %d refusals, %d of them failures", when, refused, failed)
	if failed < 3 {
		t.Errorf("%s: only %d failures: the test does not reach them", when, failed)
	}
}

// What is personal in a row is a cipher: neither the tables nor the file nor Redis hold it. Names and
// the texts of notices stand in the clear, so that they can be searched.
func TestStoredColumnsAreEncrypted(t *testing.T) {
	w := newWorld(t)
	office := w.offices[itself]
	w.must(t, office.token, "POST", "/imports?committee_id="+w.sites[itself]["committee"]+"&filename=a.xlsx", workbook(t, canary)) // a preview that waits
	second := canary
	second.Name = canary.Name + "二"
	id := w.must(t, office.token, "POST", "/imports?committee_id="+w.sites[itself]["committee"]+"&filename=a.xlsx", workbook(t, second)).text("id")
	w.must(t, office.token, "POST", "/imports/"+id+"/commit", nil)
	member := w.login(t, second.Name, canary.Phone)
	person := w.must(t, member.token, "GET", "/me", nil).text("persons.0.id")
	w.must(t, member.token, "POST", "/me/claims", map[string]string{"name": canary.Family, "unit": "本单位", "relation": "family", "note": canaryReason})
	w.must(t, office.token, "POST", "/persons/"+person+"/reveal", map[string]any{"fields": []string{"phone"}, "reason": canaryReason})
	w.must(t, office.token, "POST", "/roles", map[string]any{"role": "liaison", "unit_id": w.sites[itself]["unit"],
		"holder": map[string]string{"name": canary.Family, "phone": canary.FamilyPhone}})
	a := w.sites[itself]["activity"]
	w.must(t, office.token, "PUT", "/activities/"+a+"/answers/"+w.sites[itself]["person"], map[string]string{"answer": "leave", "reason": canaryReason})
	w.must(t, office.token, "POST", "/notices/"+w.sites[itself]["notice"]+"/calls/"+w.sites[sameUnit]["person"], map[string]string{"outcome": "told", "note": canaryReason, "reason": ""})

	secrets := personal()
	delete(secrets, "name")
	key, err := w.Identity.SessionKey(t.Context(), parse(t, w.must(t, member.token, "GET", "/me", nil).text("account_id")))
	if err != nil {
		t.Fatal(err)
	}
	secrets["session key"] = key
	scanned := 0
	for where, text := range w.stored(t) {
		scanned += len(text)
		for _, what := range secrets.in(text) {
			t.Errorf("%s holds the %s in the clear", where, what)
		}
	}
	t.Logf("at rest: %d bytes scanned for %d canaries", scanned, len(secrets))
}

// stored gives everything that the service keeps: tables, the files of SQLite, Redis.
func (w *world) stored(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, table := range w.tables(t) {
		var rows []map[string]any
		if err := w.DB.Conn(t.Context()).Table(table).Find(&rows).Error; err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for _, r := range rows {
			for column, v := range r {
				if b, ok := v.([]byte); ok {
					v = string(b)
				}
				fmt.Fprintf(&text, "%s=%v\n", column, v)
			}
		}
		out["table "+table] = text.String()
	}
	if path, ok := strings.CutPrefix(w.database, "sqlite://"); ok {
		files, err := filepath.Glob(path + "*")
		if err != nil || len(files) == 0 {
			t.Fatalf("no file of the database: %v", err)
		}
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			out["file "+filepath.Base(f)] = string(data)
		}
	}
	client := w.Cache.Client()
	var text strings.Builder
	scan := client.Scan(t.Context(), 0, "*", 1000).Iterator()
	for scan.Next(t.Context()) {
		v, _ := client.Get(t.Context(), scan.Val()).Result() // what is no string has its name at least
		fmt.Fprintf(&text, "%s=%s\n", scan.Val(), v)
	}
	out["Redis"] = text.String()
	return out
}

// wantStatus is a short way to say what must come back.
func wantStatus(t *testing.T, what string, a answer, want int) {
	t.Helper()
	if a.Status != want {
		t.Errorf("%s: %d %s, want %d %s", what, a.Status, clip(a.Body), want, http.StatusText(want))
	}
}
