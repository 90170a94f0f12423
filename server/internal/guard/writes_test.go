package guard_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"bense/server/internal/audit"
	"bense/server/internal/testdb"
)

// silent are the writes that leave no line in the audit, and why.
var silent = map[string]string{
	"POST /notices/{id}/remind":      "nobody here has agreed to reminders, so none goes out; the line of one that does is in the tests of notice",
	"POST /visits":                   "judges a code and gives a ticket; nothing is stored before the sign-in itself, which has its line",
	"POST /console/logins":           "a desktop asks for a code to show; nobody is behind it before a phone has confirmed, which has its line",
	"DELETE /me/consent":             "nobody here has agreed, so nothing is withdrawn; the line of one that does is in the tests of privacy",
	"DELETE /me/sessions":            "nobody here has another desktop, so none is ended; the line of one that is is in the tests of identity",
	"POST /wechat/official/callback": "who follows the official account; its rows tell by themselves",
	"POST /wechat/callback":          "what people did with WeChat's questions; its rows tell who and when by themselves",
}

// told are the reads of masked fields and of whole lists, which leave a line like a write.
var told = []string{
	"GET /notices/{id}/calls", "GET /activities/{id}/lifts", "GET /lists/{id}/door-pack", "GET /activities/{id}/attendance.xlsx", "GET /activities/{id}/sign-in-sheet.pdf",
	"GET /persons/{id}/attachments/{attachment_id}",
}

// harmless are files that name nobody.
var harmless = []string{"GET /posters/{id}/poster.pdf", "GET /posters/{id}/code.jpg", "GET /notices/{id}/notice.png", "GET /openapi.json", "GET /openapi.yaml", "GET /openapi-3.0.json", "GET /openapi-3.0.yaml"}

// writes counts the audit lines behind every request that got through.
type writes struct {
	s      *service
	routes []watched
	done   map[string]*tally
}

type watched struct {
	name, method string
	path         *regexp.Regexp
	fixed        int // segments that are no parameter
}

type tally struct{ passed, lines int }

// watchWrites begins to count.
func watchWrites(s *service) {
	w := &writes{s: s, done: map[string]*tally{}}
	for _, name := range s.registered() {
		method, path, _ := strings.Cut(name, " ")
		w.routes = append(w.routes, watched{name, method,
			regexp.MustCompile(`^` + placeholder.ReplaceAllString(strings.ReplaceAll(path, ".", `\.`), `[^/]+`) + `$`),
			strings.Count(path, "/") - strings.Count(path, "{")})
	}
	slices.SortStableFunc(w.routes, func(a, b watched) int { return b.fixed - a.fixed })
	s.writes = w
}

func (w *writes) count() (n int) {
	w.s.DB.SQL().QueryRow("SELECT COUNT(*) FROM audit_lines").Scan(&n)
	return n
}

// passed notes a request that got through and how many lines it left.
func (w *writes) passed(method, target string, lines int) {
	path, _, _ := strings.Cut(target, "?")
	path = strings.TrimPrefix(path, "/")
	for _, r := range w.routes {
		if r.method == method && r.path.MatchString("/"+strings.TrimPrefix(path, "/")) {
			if w.done[r.name] == nil {
				w.done[r.name] = &tally{}
			}
			w.done[r.name].passed++
			if lines > 0 {
				w.done[r.name].lines++
			}
			return
		}
	}
}

// report fails the test with every route that should leave a line and never did.
func (w *writes) report(t *testing.T) {
	t.Helper()
	driven, quiet, never := 0, 0, []string{}
	for _, r := range w.routes {
		n := w.done[r.name]
		file := regexp.MustCompile(`\.(xlsx|csv|pdf|jpg|zip|json)$`).MatchString(r.name)
		switch {
		case demoOnly(r.name) || isPage(r.name):
		case r.method == http.MethodGet && !file && !slices.Contains(told, r.name):
		case r.method == http.MethodGet && slices.Contains(harmless, r.name):
		case silent[r.name] != "":
			quiet++
			if n != nil && n.lines > 0 {
				t.Errorf("%s leaves a line and is in the list of those that don't", r.name)
			}
		case n == nil:
			never = append(never, r.name)
		case n.lines == 0:
			t.Errorf("%s got through %d times and left no line in the audit", r.name, n.passed)
		default:
			driven++
		}
	}
	for name := range silent {
		if !slices.ContainsFunc(w.routes, func(r watched) bool { return r.name == name }) {
			t.Errorf("%s is no route", name)
		}
	}
	t.Logf("audit: %d routes left their lines, %d leave none for a reason, %d got through only in the tests of their own package: %v",
		driven, quiet, len(never), never)
	if driven < 60 || len(never) > driven/3 {
		t.Errorf("only %d routes were seen to leave a line, %d never got through: drive them", driven, len(never))
	}
}

// drive gets those routes through that the access table tries with wrong codes, with things that don't
// exist, or with nothing to change.
func (m *matrix) drive(t *testing.T) {
	t.Helper()
	s, office := m.sites[itself], m.offices[itself].token
	guest := m.login(t, "新来的", "")
	home, other := "/persons/"+s["person"]+"/household", m.sites[sameUnit]["person"]
	m.must(t, office, "POST", home, map[string]string{"person_id": other})
	m.must(t, office, "DELETE", home, nil)
	papers := "/persons/" + s["person"] + "/attachments"
	paper := papers + "/" + m.must(t, office, "POST", papers+"?filename=a.pdf", []byte("%PDF-1.4\n%%EOF\n")).text("id")
	m.must(t, office, "GET", paper, nil)
	m.must(t, office, "DELETE", paper, nil)
	m.must(t, office, "POST", paper+"/restore", nil)
	m.must(t, office, "POST", home+"/apart", map[string]string{"person_id": other})
	m.must(t, office, "DELETE", home+"/apart/"+other, nil)
	m.must(t, office, "PATCH", "/persons/"+other, map[string]string{"phone": "19900030000"}) // the first one's: a question to be listed
	code := m.must(t, office, "POST", "/persons/"+s["person"]+"/binding-codes", nil).text("code")
	m.must(t, guest.token, "POST", "/me/bindings", map[string]string{"code": code, "relation": "self"})
	made := m.must(t, office, "POST", "/activities", map[string]any{"alliance_id": s["alliance"], "kind": "study", "title": "学习", "place": "活动室",
		"starts_at": m.soon(), "ends_at": m.soon().Add(time.Hour), "notice": map[string]string{"title": "学习通知", "body": "请参加"}})
	m.must(t, office, "POST", "/notices/"+made.text("notice_id")+"/publish", map[string]int{"revision": 0})
	list := made.text("lists.0.id")
	poster := m.must(t, office, "POST", "/lists/"+list+"/posters", map[string]any{}).text("url")
	visit := m.must(t, guest.token, "POST", "/visits", map[string]string{"token": poster})
	before := m.writes.count()
	m.must(t, guest.token, "POST", "/check-ins", map[string]any{"ticket": visit.text("ticket"), "nonce": strings.Repeat("5", 32), "person_id": s["person"], "happened_at": m.clock.Now()})
	for deadline := time.Now().Add(testdb.Patience); m.writes.count() == before; { // an own phone's line follows its row
		if time.Now().After(deadline) {
			t.Fatal("a sign-in left no line")
		}
	}
	m.writes.passed("POST", "/check-ins", 1)
	m.must(t, office, "POST", "/lists/"+list+"/check-ins/"+s["person"]+"/confirm", nil)
	m.must(t, office, "PUT", "/activities/"+made.text("id")+"/buses", map[string]any{"bus": 1, "person_ids": []string{s["person"]}})
	further := m.must(t, office, "POST", "/activities/"+made.text("id")+"/lists", map[string]string{"kind": "return"}).text("id")
	m.must(t, office, "PATCH", "/lists/"+further, map[string]string{"name": "返程点名"})
	m.must(t, office, "DELETE", "/lists/"+further, nil)
	m.must(t, guest.token, "PUT", "/me/persons/"+s["person"], map[string]string{"relation": "family"})
	account := m.must(t, guest.token, "GET", "/me", nil).text("account_id")
	m.must(t, office, "DELETE", "/persons/"+s["person"]+"/accounts/"+account, nil)
	m.must(t, office, "POST", "/proposals/"+m.sites[committee]["proposal"]+"/confirm", nil)
	if err := m.DB.Conn(t.Context()).Exec("INSERT INTO alliance_groups (id, alliance_id, open_gid, state, seen_at) VALUES (77, ?, 'G77', 'seen', '2026-01-01 00:00:00.000')", s["alliance"]).Error; err != nil {
		t.Fatal(err)
	}
	m.must(t, office, "POST", "/alliances/"+s["alliance"]+"/groups/77/bind", nil)
	m.must(t, office, "POST", "/alliances/"+s["alliance"]+"/groups/77/end", nil)
	hall, third := "/activities/"+made.text("id"), m.sites[alliance]["person"]
	m.must(t, office, "PUT", hall+"/places", map[string]any{"capacity": 2, "companions": 1, "lift": true})
	m.must(t, office, "PUT", hall+"/answers", map[string]any{"items": []any{
		map[string]any{"person_id": s["person"], "answer": "going", "lift": true, "pick_up": "单位门口"}}})
	m.must(t, office, "PUT", hall+"/answers/"+other, map[string]any{"answer": "going", "companions": []string{"spouse"}})
	m.must(t, office, "PUT", hall+"/answers/"+third, map[string]string{"answer": "going"}) // waits behind who wants two
	m.must(t, office, "PUT", hall+"/places/"+third, map[string]string{"reason": "要带队"})
	m.must(t, office, "GET", hall+"/lifts", nil)
	draft := m.must(t, office, "POST", "/notices", map[string]string{"alliance_id": s["alliance"], "title": "通知", "body": "请留意"}).text("id")
	photo := m.must(t, office, "POST", "/notices/"+draft+"/pictures", aPicture(t)).text("pictures.0.id")
	m.must(t, office, "GET", "/notices/"+draft+"/pictures/"+photo, nil)
	m.must(t, office, "DELETE", "/notices/"+draft+"/pictures/"+photo, nil)
	head := m.actors["head"].token
	m.must(t, head, "POST", "/notices/"+draft+"/submit", nil)
	m.must(t, m.actors["lead_staff"].token, "POST", "/notices/"+draft+"/return", map[string]any{"remark": "请再改改"})
	series := m.must(t, office, "POST", "/committees/"+s["committee"]+"/notices", map[string]string{"title": "县里通知", "body": "请留意"}).text("id")
	m.must(t, office, "POST", "/notices/"+series+"/publish", map[string]int{"revision": 0})
	m.must(t, office, "POST", "/notices/"+series+"/cancel", map[string]string{"reason": "改期"})
	const revision = 2 // a picture came and went
	m.must(t, office, "POST", "/notices/"+draft+"/publish", map[string]int{"revision": revision})
	m.must(t, head, "POST", "/notices/"+draft+"/correct", map[string]any{"revision": revision, "body": "请大家留意"})
	m.corrects(t, "/notices/"+draft, map[string]any{"revision": revision + 1, "body": "请大家都留意"})
	m.must(t, office, "POST", "/notices/"+draft+"/cancel", map[string]string{"reason": "改期"})
	book := m.must(t, office, "POST", "/imports?committee_id="+s["committee"]+"&filename=b.csv", []byte("序号,姓名,单位\n1,关新人,新单位\n")).text("id")
	m.must(t, office, "DELETE", "/imports/"+book, nil)
}

// corrects lets a correction come back to its author twice before it goes out.
func (m *matrix) corrects(t *testing.T, path string, words map[string]any) {
	t.Helper()
	path += "/correction"
	head, lead := m.actors["head"].token, m.actors["lead_staff"].token
	m.must(t, head, "POST", path+"/submit", words)
	m.must(t, head, "POST", path+"/withdraw", nil)
	waiting := func() string { return m.must(t, head, "POST", path+"/submit", words).text("writing.correction.id") }
	m.must(t, lead, "POST", path+"/return", map[string]any{"correction_id": waiting(), "remark": "请再改改"})
	m.must(t, lead, "POST", path+"/approve", map[string]any{"correction_id": waiting()})
}

// Everything that the matrix did under this name has words for the auditor.
func (m *matrix) actionsAreNamed(t *testing.T) {
	t.Helper()
	var actions []string
	if err := m.DB.Conn(t.Context()).Raw("SELECT DISTINCT action FROM audit_lines").Scan(&actions).Error; err != nil {
		t.Fatal(err)
	}
	for _, a := range actions {
		if !audit.Named(a) {
			t.Errorf("the action %s has no Chinese name in audit/action.go", a)
		}
	}
	if _, err := m.Sealer.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := m.Audit.Verify(t.Context(), nil)
	if err != nil || r.Broken > 0 || r.Waiting > 0 || r.Lines < 300 {
		t.Errorf("the chain after all this: %+v %v", r, err)
	}
	t.Logf("audit: %d lines of %d actions, chain whole", r.Lines, len(actions))
}
