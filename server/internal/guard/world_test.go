package guard_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/identity"
)

// relation is how far a thing stands from somebody of the own unit.
type relation int

const (
	itself    relation = iota + 1 // the own person
	sameUnit                      // another person of the own unit
	alliance                      // another unit of the own alliance
	committee                     // another alliance of the own committee
	foreign                       // another committee
	nowhere                       // ids that nothing has
)

var relationNames = map[relation]string{
	itself: "self", sameUnit: "unit", alliance: "alliance", committee: "committee", foreign: "foreign", nowhere: "nowhere",
}

// site is what stands at one relation: names of placeholders and their ids.
type site map[string]string

// world is two committees with an actor in every role.
type world struct {
	*service
	sites   map[relation]site
	offices map[relation]user // who may do everything at a site
	actors  map[string]user
	marks   []mark
	made    int
}

// mark is a text that gives a thing away, and where the thing stands. Person marks belong to one
// person, the others to what everybody of the place may know.
type mark struct {
	text   string
	at     relation
	person bool
}

// people of the world; the first of a relation is the one that routes are tried on, the second exists
// to be changed for good.
var people = []struct {
	at             relation
	name, unit, in string
	first          bool
}{
	{itself, "关本人", "本单位", "本地联盟", true},
	{sameUnit, "关同事", "本单位", "本地联盟", true},
	{sameUnit, "关同事丙", "本单位", "本地联盟", false},
	{alliance, "关邻居", "同盟单位", "本地联盟", true},
	{alliance, "关邻居丙", "同盟单位", "本地联盟", false},
	{committee, "关远邻", "别盟单位", "别处联盟", true},
	{committee, "关远邻丙", "别盟单位", "别处联盟", false},
	{foreign, "关外人", "外县单位", "外县联盟", true},
	{foreign, "关外人丙", "外县单位", "外县联盟", false},
}

func newWorld(t *testing.T) *world { return newWorldOn(t, os.Getenv("TEST_REDIS_URL")) }

func newWorldOn(t *testing.T, redis string, prepare ...func(*service)) *world {
	t.Helper()
	w := &world{service: startOn(t, redis), sites: map[relation]site{nowhere: {}}, offices: map[relation]user{}, actors: map[string]user{}}
	for _, f := range prepare {
		f(w.service)
	}
	var here, there []row
	for i, p := range people {
		r := row{Name: p.name, Phone: fmt.Sprintf("199000300%02d", i), IDNumber: idNumber("19480305", i+1), Unit: p.unit,
			Alliance: p.in, Address: p.name + "的住址", Family: p.name + "的家属", FamilyPhone: fmt.Sprintf("199000400%02d", i)}
		if !p.first {
			r.Remark = "2021年去世"
		}
		if p.at == foreign {
			there = append(there, r)
		} else {
			here = append(here, r)
		}
	}
	here = append(here, row{Name: "关会长", Phone: "19900030090", IDNumber: idNumber("19500102", 77), Unit: "同盟单位", Alliance: "本地联盟"})
	own, office := w.found(t, "本县老干部局", "19900039001", here...)
	other, outside := w.found(t, "外县老干部局", "19900039002", there...)
	for r := itself; r <= committee; r++ {
		w.offices[r] = office
		w.sites[r] = site{"committee": own.String()}
	}
	w.offices[foreign], w.sites[foreign] = outside, site{"committee": other.String()}
	for r := range w.offices {
		w.survey(t, r)
	}
	w.employ(t, office, outside)
	for r := itself; r <= foreign; r++ {
		w.furnish(t, r)
	}
	for r, s := range w.sites {
		for _, kind := range []string{"activity", "notice", "list", "election", "term"} {
			if r > alliance && r < nowhere { // the first three share the alliance's
				w.marks = append(w.marks, mark{text: s[kind], at: r})
			}
		}
	}
	for _, m := range w.marks {
		if len(strings.Trim(m.text, `"`)) < 2 {
			t.Fatalf("a mark of %s is empty", relationNames[m.at])
		}
	}
	w.nobody(t)
	return w
}

// survey finds the ids of a site's org and persons by name.
func (w *world) survey(t *testing.T, r relation) {
	t.Helper()
	s, token := w.sites[r], w.offices[r].token
	var want, victim, unit string
	for _, p := range people {
		switch {
		case p.at == r && p.first:
			want, unit = p.name, p.unit
		case p.at == r:
			victim = p.name
		}
	}
	person := func(name string) map[string]any {
		a := w.must(t, token, "GET", "/persons?q="+url.QueryEscape(name), nil)
		var l struct{ Items []map[string]any }
		if err := json.Unmarshal(a.Body, &l); err != nil {
			t.Fatal(err)
		}
		for _, p := range l.Items {
			if p["name"] == name {
				w.marks = append(w.marks, mark{text: `"` + p["id"].(string) + `"`, at: r, person: true}, mark{text: `"` + name + `"`, at: r, person: true})
				return p
			}
		}
		t.Fatalf("%s is not in the ledger of %s", name, unit)
		return nil
	}
	p := person(want)
	s["person"], s["unit"], s["alliance"], s["branch"] = p["id"].(string), p["unit_id"].(string), p["alliance_id"].(string), p["branch_id"].(string)
	if victim != "" {
		s["victim"] = person(victim)["id"].(string)
	}
	if r > sameUnit {
		w.marks = append(w.marks, mark{text: s["unit"], at: r}, mark{text: p["unit"].(string), at: r})
	}
	if r == committee || r == foreign {
		w.marks = append(w.marks, mark{text: s["alliance"], at: r}, mark{text: p["alliance"].(string), at: r})
	}
	if r == foreign {
		w.marks = append(w.marks, mark{text: s["committee"], at: r})
	}
}

// employ logs an actor of every role in.
func (w *world) employ(t *testing.T, office, outside user) {
	t.Helper()
	ids := w.ids(t, itself)
	w.grant(t, identity.GrantRequest{Role: actor.Liaison, UnitID: ids["unit"], HolderName: "本单位联络员", Phone: "19900038001"})
	w.grant(t, identity.GrantRequest{Role: actor.LeadStaff, AllianceID: ids["alliance"], HolderName: "牵头单位经办", Phone: "19900038002"})
	w.grant(t, identity.GrantRequest{Role: actor.Viewer, CommitteeID: ids["committee"], HolderName: "上级查看", Phone: "19900038003"})
	head := w.must(t, office.token, "GET", "/persons?q="+url.QueryEscape("关会长"), nil).text("items.0.id")
	w.grant(t, identity.GrantRequest{Role: actor.Head, AllianceID: ids["alliance"], PersonID: parse(t, head)})
	w.actors = map[string]user{
		"anonymous":       {},
		"stranger":        w.login(t, "路人", "19900037999"),
		"member":          w.login(t, "关本人", "19900030000"),
		"head":            w.login(t, "关会长", "19900030090"),
		"liaison":         w.login(t, "本单位联络员", "19900038001"),
		"lead_staff":      w.login(t, "牵头单位经办", "19900038002"),
		"committee_staff": office,
		"viewer":          w.login(t, "上级查看", "19900038003"),
		"foreign_staff":   outside,
	}
}

// furnish puts an activity with a published notice, a card and the like at a site.
func (w *world) furnish(t *testing.T, r relation) {
	t.Helper()
	s, token := w.sites[r], w.offices[r].token
	if r == sameUnit || r == alliance {
		for _, kind := range []string{"activity", "notice", "list", "draft", "election", "term"} {
			s[kind] = w.sites[itself][kind] // one alliance, one activity
		}
	} else {
		made := w.must(t, token, "POST", "/activities", map[string]any{
			"alliance_id": s["alliance"], "kind": "party_day", "title": "主题党日", "place": "活动室", "starts_at": w.soon(), "ends_at": w.soon().Add(2 * time.Hour),
			"notice": map[string]string{"title": "主题党日通知", "body": "请按时参加"},
		})
		s["activity"], s["notice"] = made.text("id"), made.text("notice_id")
		s["list"] = made.text("lists.0.id")
		w.must(t, token, "POST", "/notices/"+s["notice"]+"/publish", map[string]int{"revision": 0})
		s["draft"] = w.must(t, token, "POST", "/notices", map[string]string{"alliance_id": s["alliance"], "title": "草稿", "body": "还没写完"}).text("id")
		form := map[bool]string{true: "ballot", false: "show"}[r == itself] // two members are too few for a secret
		s["election"] = w.must(t, token, "POST", "/elections", map[string]any{"alliance_id": s["alliance"], "form": form,
			"opens_at": w.soon(), "closes_at": w.soon().Add(2 * time.Hour), "candidates": []string{s["person"]}}).text("id")
		w.must(t, token, "POST", "/elections/"+s["election"]+"/open", nil)
		farOff := w.clock.Now().AddDate(0, 5, 0).Format(time.DateOnly)
		s["term"] = w.must(t, token, "POST", "/terms", map[string]string{"alliance_id": s["alliance"], "person_id": s["person"],
			"starts_on": farOff, "ends_on": farOff}).text("id")
	}
	for _, kind := range []string{"card", "role", "claim", "poster", "message"} {
		s[kind] = w.fresh(t, kind, r)
	}
	s["import"] = w.must(t, token, "POST", "/imports?committee_id="+s["committee"]+"&filename=a.xlsx", workbook(t, row{
		Name: "关新人", Unit: "新单位", Alliance: "新联盟", IDNumber: idNumber("19530303", 300+int(r))})).text("id")
	w.group(t, r)
	if s["column"] = w.sites[itself]["column"]; r == itself || r == foreign { // one committee, one column
		s["column"] = w.must(t, token, "POST", "/committees/"+s["committee"]+"/columns",
			map[string]any{"name": "走访", "kind": "text", "liaison_edits": true}).text("id")
	}
	var l struct {
		Items []struct {
			ID       string `json:"id"`
			PersonID string `json:"person_id"`
		}
	}
	if err := json.Unmarshal(w.must(t, token, "GET", "/proposals", nil).Body, &l); err != nil {
		t.Fatal(err)
	}
	for _, p := range l.Items {
		if p.PersonID == s["victim"] {
			s["proposal"] = p.ID
		}
	}
}

// group surveys the branches of a site's committee and groups the site's unit.
func (w *world) group(t *testing.T, r relation) {
	t.Helper()
	s, token := w.sites[r], w.offices[r].token
	if r > itself && r < foreign {
		s["survey"], s["version"] = w.sites[itself]["survey"], w.sites[itself]["version"] // one committee, one survey
		return
	}
	s["survey"] = w.must(t, token, "POST", "/surveys", map[string]string{"committee_id": s["committee"], "name": "摸底"}).text("id")
	w.must(t, token, "PUT", "/surveys/"+s["survey"]+"/draft", map[string]any{"alliances": 1, "include": []string{s["unit"]}})
	s["version"] = w.must(t, token, "POST", "/surveys/"+s["survey"]+"/versions", map[string]any{"name": "初稿", "revision": 1}).text("id")
}

// fresh makes a thing that a request may use up.
func (w *world) fresh(t *testing.T, kind string, r relation) string {
	t.Helper()
	s, token := w.sites[r], w.offices[r].token
	w.made++
	switch kind {
	case "card":
		return w.must(t, token, "POST", "/persons/"+s["person"]+"/cards", nil).text("serial")
	case "poster":
		return w.must(t, token, "POST", "/lists/"+s["list"]+"/posters", map[string]any{}).text("id")
	case "role":
		return w.must(t, token, "POST", "/roles", map[string]any{"role": "liaison", "unit_id": s["unit"],
			"holder": map[string]string{"name": "候任联络员", "phone": fmt.Sprintf("1990006%04d", w.made)}}).text("id")
	case "claim":
		u := w.login(t, fmt.Sprintf("申请人%d", w.made), "")
		return w.must(t, u.token, "POST", "/me/claims", map[string]string{"name": "某某", "unit": w.unitName(r), "relation": "self"}).text("id")
	case "message":
		return w.lost(t, s)
	}
	t.Fatalf("no %s is made here", kind)
	return ""
}

// lost makes a message to a site's person of which nobody knows whether it arrived: the emulator answers
// all of them.
func (w *world) lost(t *testing.T, s site) string {
	t.Helper()
	key, account, now := w.IDs.New(), w.IDs.New(), db.At(w.clock.Now())
	for _, q := range []struct {
		text string
		args []any
	}{
		{"INSERT INTO notice_deliveries (id, notice_id, account_id, person_id, template, round, state, code, created_at, updated_at) VALUES (?,?,?,?,?,?,?,?,?,?)",
			[]any{key, s["notice"], account, s["person"], "activity_notice", 0, "unknown", "interrupted", now, now}},
		{"INSERT INTO outbox (id, channel, dedupe_key, payload, state, run_at, created_at, done_at) VALUES (?,?,?,?,?,?,?,?)",
			[]any{w.IDs.New(), "wechat_push", "push:" + s["notice"] + ":" + account.String() + ":activity_notice:0", "{}", "unknown", now, now, now}},
	} {
		if _, err := w.DB.SQL().ExecContext(t.Context(), q.text, q.args...); err != nil {
			t.Fatal(err)
		}
	}
	return key.String()
}

func (w *world) unitName(r relation) string {
	for _, p := range people {
		if p.at == r {
			return p.unit
		}
	}
	return ""
}

// nobody fills the site of ids that nothing has.
func (w *world) nobody(t *testing.T) {
	t.Helper()
	for kind, v := range w.sites[itself] {
		w.sites[nowhere][kind] = "4611686018427387904"
		if kind == "card" {
			w.sites[nowhere][kind] = strings.Repeat("A", len(v))
		}
	}
	w.sites[nowhere]["victim"], w.sites[nowhere]["proposal"] = "4611686018427387904", "4611686018427387904"
}

// leaks tells what an answer gives away to somebody: whatever stands farther off than the two limits,
// for persons and for everything else; to the other county's staff, whatever is not theirs.
func (w *world) leaks(who string, body []byte, persons, others relation) []string {
	var found []string
	text := string(body)
	for _, m := range w.marks {
		limit := others
		if m.person {
			limit = persons
		}
		out := m.at > limit
		if who == "foreign_staff" {
			out = m.at != foreign
		}
		if out && strings.Contains(text, m.text) {
			found = append(found, fmt.Sprintf("%s of %s", m.text, relationNames[m.at]))
		}
	}
	return found
}
