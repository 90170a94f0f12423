package guard_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"bense/server/internal/clock"
)

// roles in the order of the columns of testdata/access.txt.
var roles = []string{"member", "head", "liaison", "lead_staff", "committee_staff", "viewer"}

// levels are the letters of the table, as the farthest relation that they reach.
var levels = map[string]relation{"-": 0, "s": itself, "u": sameUnit, "a": alliance, "c": committee}

// rule is one line of the table.
type rule struct {
	method, path string // as registered
	call         string // path with query, to be filled in
	target       string
	sees, may    map[string]relation
	mute         bool // nothing is said of the viewer
	body         string
}

// targets are the relations at which a kind of thing stands.
var targets = map[string][]relation{
	"person":    {itself, sameUnit, alliance, committee, foreign},
	"unit":      {sameUnit, alliance, committee, foreign},
	"alliance":  {alliance, committee, foreign},
	"committee": {committee, foreign},
	"draft":     {alliance, committee, foreign}, // of a notice
	"filter":    {itself, sameUnit, alliance, committee, foreign},
	"cross":     {sameUnit, alliance, committee, foreign},
	"list":      {itself},
	"own":       {itself},
	"public":    {itself},
}

func readRules(t *testing.T) []rule {
	t.Helper()
	f, err := os.Open("testdata/access.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []rule
	for s := bufio.NewScanner(f); s.Scan(); {
		line := s.Text()
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		head, body, _ := strings.Cut(line, "{{")
		fields := strings.Fields(head)
		columns := (len(fields) - 3) / 2
		if len(fields) != 3 && len(fields) != 13 && len(fields) != 15 {
			t.Fatalf("access.txt: %d fields, want 3, 13 or 15: %s", len(fields), line)
		}
		r := rule{method: fields[0], call: fields[1], target: fields[2], sees: map[string]relation{}, may: map[string]relation{}}
		r.path, _, _ = strings.Cut(r.call, "?")
		r.mute = columns == 5
		if body != "" {
			r.body = "{" + strings.TrimSuffix(strings.TrimSpace(body), "}}") + "}"
		}
		if targets[r.target] == nil {
			t.Fatalf("access.txt: no target %s: %s", r.target, line)
		}
		for i, role := range roles {
			if i < columns {
				r.sees[role], r.may[role] = level(t, fields[3+i]), level(t, fields[3+columns+i])
			}
		}
		out = append(out, r)
	}
	return out
}

func level(t *testing.T, s string) relation {
	t.Helper()
	l, ok := levels[s]
	if !ok {
		t.Fatalf("access.txt: no level %q", s)
	}
	return l
}

// registered lists every route of the engine, in the form of the contract.
func (s *service) registered() []string {
	var out []string
	param := regexp.MustCompile(`[:*](\w+)`)
	for _, r := range s.Web.Engine.Routes() {
		path := param.ReplaceAllString(r.Path, "{$1}")
		out = append(out, r.Method+" "+strings.TrimPrefix(path, "/api/v1"))
	}
	slices.Sort(out)
	return out
}

// demoOnly routes exist only beside the emulator; production_test.go shows that.
func demoOnly(route string) bool {
	_, path, _ := strings.Cut(route, " ")
	return strings.HasPrefix(path, "/demo") || strings.HasPrefix(path, "/emulator") ||
		slices.Contains([]string{"/", "/front.css", "/front.js", "/icon.svg"}, path)
}

func TestEveryRouteStandsInTheAccessTable(t *testing.T) {
	rules := readRules(t)
	routes := start(t).registered()
	for _, route := range routes {
		if !demoOnly(route) && !isPage(route) && !slices.ContainsFunc(rules, func(r rule) bool { return r.method+" "+r.path == route }) {
			t.Errorf("%s is registered and has no line in testdata/access.txt", route)
		}
	}
	for _, r := range rules {
		if !slices.Contains(routes, r.method+" "+r.path) {
			t.Errorf("%s %s has a line in testdata/access.txt and is not registered", r.method, r.path)
		}
	}
}

// isPage reports the built pages, which everybody may load; without a build there are none.
func isPage(route string) bool {
	return strings.HasPrefix(route, "GET /h5/") || strings.HasPrefix(route, "GET /console")
}

// matrix counts what was tried.
type matrix struct {
	*world
	cells, leaked int
}

func TestAccessMatrix(t *testing.T) {
	m := &matrix{world: newWorldOn(t, os.Getenv("TEST_REDIS_URL"), watchWrites)}
	m.drive(t)
	for _, r := range readRules(t) {
		if t.Failed() && t.Context().Err() != nil {
			return
		}
		m.run(t, r)
	}
	t.Logf("access matrix: %d cells, %d leaks", m.cells, m.leaked)
	if m.cells < 1000 {
		t.Errorf("only %d cells were tried", m.cells)
	}
	m.writes.report(t)
	m.actionsAreNamed(t)
}

// The marks bite: what the office sees would be a leak in anybody else's answer.
func TestLeaksAreSeen(t *testing.T) {
	w := newWorld(t)
	all := w.must(t, w.offices[itself].token, "GET", "/persons", nil)
	abroad := w.must(t, w.offices[foreign].token, "GET", "/units", nil)
	for _, c := range []struct {
		what string
		got  []string
		want int
	}{
		{"the office's ledger, for the office", w.leaks("committee_staff", all.Body, committee, committee), 0},
		{"the office's ledger, for a member", w.leaks("member", all.Body, itself, alliance), 16},
		{"another county's units, for the office", w.leaks("committee_staff", abroad.Body, committee, committee), 4},
		{"another county's units, for that county", w.leaks("foreign_staff", abroad.Body, 0, 0), 0},
	} {
		if len(c.got) != c.want {
			t.Errorf("%s: %d leaks, want %d: %v", c.what, len(c.got), c.want, c.got)
		}
	}
}

// run tries one route with everybody at every relation: first those who must be refused, which must
// not change anything, then those who get through.
func (m *matrix) run(t *testing.T, r rule) {
	t.Helper()
	write := r.method != "GET"
	var before map[string]string
	if write {
		before = m.snapshot(t)
	}
	if r.target != "public" {
		m.cell(t, r, "anonymous", itself, 401)
	}
	var passing []func()
	for _, at := range targets[r.target] {
		for _, who := range append([]string{"stranger", "foreign_staff"}, roles...) {
			if r.target == "cross" {
				m.cross(t, r, who, at)
				continue
			}
			want, passes := r.expect(who, at)
			if passes {
				passing = append(passing, func() { m.cell(t, r, who, at, want...) })
				continue
			}
			if want != nil {
				m.cell(t, r, who, at, want...)
			}
		}
	}
	if write {
		if tables := changed(before, m.snapshot(t)); len(tables) > 0 {
			t.Errorf("%s %s: a refused request changed %v", r.method, r.path, tables)
		}
	}
	for _, pass := range passing {
		pass()
	}
	m.Jobs.Wait() // what runs on would change the tables under the next refusals
}

// expect gives the statuses that may come back, and whether the request gets through. Nil: nothing to
// try.
func (r rule) expect(who string, at relation) (want []int, passes bool) {
	sees, may := r.sees[who], r.may[who]
	switch {
	case r.target == "public" || r.target == "own":
		return []int{200, 201, 204, 401, 403, 404, 409, 422, 429}, true
	case r.target == "list":
		if who == "stranger" || who == "foreign_staff" {
			return []int{200, 403}, true
		}
		if may == 0 {
			return []int{200, 403}, false
		}
		return []int{200}, true
	case r.target == "filter":
		return []int{200, 403, 404}, true
	case who == "foreign_staff" && at == foreign:
		return nil, false // that is their own county
	case at <= may:
		return []int{200, 201, 204, 409, 429}, true
	case at <= sees:
		return []int{403}, false
	}
	return []int{404, 403}, false
}

// cell sends one request and judges the answer.
func (m *matrix) cell(t *testing.T, r rule, who string, at relation, want ...int) {
	t.Helper()
	m.cells++
	passes := slices.Contains(want, 200)
	got := m.send(t, r, who, m.sites[at], m.sites[at], passes, at)
	name := fmt.Sprintf("%s %s as %s on %s", r.method, r.call, who, relationNames[at])
	ownWord := passes && got.Status == 404 && got.problem().Code != "not_found" // "has not signed in yet"
	if !slices.Contains(want, got.Status) && !ownWord {
		t.Errorf("%s: %d %s, want %v", name, got.Status, clip(got.Body), want)
		return
	}
	m.noLeak(t, r, who, name, got)
	if r.target == "list" && r.may[who] != 0 && strings.Contains(string(got.Body), `"items":[]`) {
		t.Errorf("%s: nothing is listed, not even what is in sight", name)
	}
	if passes || r.target == "list" || got.Status == 401 || r.sees[who] >= at || r.mute && who == "viewer" {
		return
	}
	// What is out of sight must look like what does not exist.
	none := m.sites[nowhere]
	path := none
	if strings.Contains(r.path, "{person_id}") { // the person does not exist, the rest of the path does
		path = maps.Clone(m.sites[at])
		path["person"] = none["person"]
	}
	if other := m.send(t, r, who, path, none, false, at); shape(other) != shape(got) {
		t.Errorf("%s: %s, but for what does not exist %s", name, shape(got), shape(other))
	}
}

func (m *matrix) noLeak(t *testing.T, r rule, who, name string, got answer) {
	t.Helper()
	for _, found := range m.leaks(who, unpacked(t, got.Body), r.limit(who), outerLimit(who)) {
		m.leaked++
		t.Errorf("%s: LEAK of %s", name, found)
	}
}

// cross names a thing of elsewhere in a request about one's own: what lies beyond one's reach must be
// refused. What lies within it is none of this test.
func (m *matrix) cross(t *testing.T, r rule, who string, at relation) {
	t.Helper()
	home := itself
	if who == "foreign_staff" {
		home, at = foreign, min(at, committee)
	} else if at <= r.may[who] {
		return
	}
	m.cells++
	got := m.send(t, r, who, m.sites[home], m.sites[at], false, at)
	name := fmt.Sprintf("%s %s as %s with something of %s", r.method, r.call, who, relationNames[at])
	if !slices.Contains([]int{403, 404, 409, 422}, got.Status) && !slices.Contains([]string{"unknown", "not_on_list"}, got.text("items.0.answer")) {
		t.Errorf("%s: %d %s, want a refusal", name, got.Status, clip(got.Body))
	}
	m.noLeak(t, r, who, name, got)
}

// unpacked gives the text of a workbook or of a PDF, or the body as it is.
func unpacked(t *testing.T, body []byte) []byte {
	t.Helper()
	if bytes.HasPrefix(body, []byte("%PDF-")) {
		cmd := exec.Command("pdftotext", "-layout", "-", "-")
		cmd.Stdin = bytes.NewReader(body)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal("pdftotext (Debian: poppler-utils):", err)
		}
		return fmt.Appendf(nil, "%q", strings.Fields(string(out))) // quoted, as marks are
	}
	if !bytes.HasPrefix(body, []byte("PK")) {
		return body
	}
	f, err := excelize.OpenReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var text bytes.Buffer
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			for _, cell := range r {
				fmt.Fprintf(&text, "%q ", cell) // quoted, as marks are
			}
		}
	}
	return text.Bytes()
}

// limit is how far persons may be seen in an answer of this route.
func (r rule) limit(who string) relation {
	switch who {
	case "anonymous", "stranger":
		return 0
	}
	return max(r.sees[who], r.may[who], map[string]relation{"member": itself, "head": alliance}[who])
}

// outerLimit is how far the organisation may be seen.
func outerLimit(who string) relation {
	switch who {
	case "anonymous", "stranger":
		return 0
	case "committee_staff", "viewer":
		return committee
	}
	return alliance
}

// shape is an answer without what differs by chance.
func shape(a answer) string {
	p := a.problem()
	return fmt.Sprintf("%d %s %s %v", p.Status, p.Code, p.Message, p.Fields)
}

func clip(b []byte) string {
	if len(b) > 300 {
		b = b[:300]
	}
	return string(b)
}

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

// idOf says what {id} is, by the first word of the path.
var idOf = map[string]string{
	"console": "person", "persons": "person", "activities": "activity", "alliances": "alliance", "units": "unit", "branches": "branch",
	"notices": "notice", "lists": "list", "claims": "claim", "proposals": "proposal", "imports": "import",
	"roles": "role", "cards": "card", "posters": "poster", "me": "person", "committees": "committee",
	"surveys": "survey", "founding-versions": "version",
	"elections": "election", "terms": "term", "columns": "column",
}

// used up by a request that gets through.
var usedUp = []string{"role", "card", "claim", "poster"}

// send fills the path of a route from one site and query and body from another.
func (m *matrix) send(t *testing.T, r rule, who string, path, rest site, passes bool, at relation) answer {
	t.Helper()
	values := maps.Clone(map[string]string(rest))
	first := strings.Split(strings.TrimPrefix(r.path, "/"), "/")[0]
	values["id"], values["person_id"], values["serial"] = path[idOf[first]], path["person"], path["card"]
	if r.target == "draft" {
		values["id"] = path["draft"]
	}
	values["soon"], values["later"] = m.soon().Format(time.RFC3339), m.soon().Add(2*time.Hour).Format(time.RFC3339)
	values["muchlater"] = m.soon().Add(2*time.Hour + time.Duration(m.cells)*time.Minute).Format(time.RFC3339)
	values["nextday"] = m.clock.Now().In(clock.Shanghai).AddDate(0, 0, 1+m.cells%100).Format(time.DateOnly)
	values["now"], values["nonce"] = m.clock.Now().Format(time.RFC3339), fmt.Sprintf("%032x", m.cells)
	values["n"] = fmt.Sprint(m.cells)
	values["unit_id"], values["number"] = path["unit"], "1"
	values["seq"], values["today"] = "1", m.clock.Now().Format(time.DateOnly)
	values["token"], values["account_id"], values["other_id"], values["contact_id"] = "no-such-token", "4611686018427387904", path["person"], path["person"]
	values["attachment_id"], values["picture_id"], values["series_id"] = "4611686018427387904", "4611686018427387904", "4611686018427387904"
	values["group_id"] = "4611686018427387904"
	for _, kind := range usedUp {
		if passes && idOf[first] == kind && r.method != "GET" && strings.Contains(r.path, "{") {
			made := m.fresh(t, kind, at)
			values["id"], values["serial"] = made, made
		}
	}
	fill := func(s string) string {
		return placeholder.ReplaceAllStringFunc(s, func(p string) string {
			v, ok := values[p[1:len(p)-1]]
			if !ok {
				t.Fatalf("%s %s: nothing fills %s at %s", r.method, r.call, p, relationNames[at])
			}
			return v
		})
	}
	var body any
	if r.body != "" {
		body = fill(r.body)
		if !json.Valid([]byte(body.(string))) {
			t.Fatalf("%s %s: the body is no JSON: %s", r.method, r.call, body)
		}
	}
	if r.path == "/imports" && r.method == "POST" {
		body = []byte("序号,姓名,单位\n1,关新人,新单位\n") // no JSON, and the same for everybody
	}
	if r.path == "/persons/{id}/attachments" && r.method == "POST" {
		body = []byte("%PDF-1.4\n%%EOF\n")
	}
	if r.path == "/notices/{id}/pictures" {
		body = aPicture(t)
	}
	call := fill(r.call)
	if !strings.HasPrefix(r.path, "/api") && isOps(r.path) {
		call = "/" + call
	}
	return m.call(t, m.actors[who].token, r.method, call, body)
}

// aPicture is the smallest one that a notice takes.
func aPicture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// isOps reports whether a path lies beside the API.
func isOps(path string) bool {
	for _, p := range []string{"/healthz", "/readyz", "/metrics", "/openapi", "/wechat/"} {
		if strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}
