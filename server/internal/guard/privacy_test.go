package guard_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/app"
	"bense/server/internal/clock"
	"bense/server/internal/crypt"
	"bense/server/internal/id"
	"bense/server/internal/privacy"
	"bense/server/internal/testdb"
	"bense/server/internal/vault"
)

// Every table that names persons says what an erasure does there, down to the column; so does every
// sealed column.
func TestEveryPlaceOfAPersonKnowsHowItForgets(t *testing.T) {
	s := start(t)
	places := map[string]privacy.Place{}
	for _, p := range privacy.Places {
		places[p.Table] = p
		if !p.Remove && p.Keep == "" {
			t.Errorf("%s: rows stay, and it is not said why", p.Table)
		}
	}
	seen := map[string]bool{}
	for _, table := range s.tables(t) {
		types, err := s.DB.Conn(t.Context()).Migrator().ColumnTypes(table)
		if err != nil {
			t.Fatal(err)
		}
		seen[table] = true
		p, ok := places[table]
		for _, c := range types {
			name := c.Name()
			_, blanked := p.Blank[name]
			switch {
			case !ok && strings.HasSuffix(name, "person_id"):
				t.Errorf("%s.%s names persons: the table needs a line in privacy.Places", table, name)
			case table == "persons" && !blanked && !slices.Contains(privacy.Kept, name):
				t.Errorf("persons.%s: privacy.Places blanks it, or privacy.Kept says that it stays", name)
			case strings.HasSuffix(name, "_enc") && !blanked && !p.Remove && privacy.Elsewhere[table+"."+name] == "":
				t.Errorf("%s.%s is sealed: privacy.Places blanks it, or privacy.Elsewhere says how it is forgotten", table, name)
			}
		}
	}
	for table := range places {
		if !seen[table] {
			t.Errorf("privacy.Places names %s, which does not exist", table)
		}
	}
	if len(vault.Columns) < 20 {
		t.Error("the inventory of sealed columns is nearly empty")
	}
}

// village is a county with the canary, who lived a little: an activity with an answer and a presence, a
// call, a card, a look at the number, an import that names them again.
type village struct {
	*service
	office, second   user
	member           user
	person, activity string
}

func settle(t *testing.T, keys string) *village {
	t.Helper()
	s := startWith(t, keys)
	v := &village{service: s}
	neighbour := row{Name: "关邻居", Phone: "19900030007", IDNumber: idNumber("19480305", 7), Unit: "本单位", Alliance: "本地联盟"}
	committee, office := s.found(t, "本县老干部局", "19900039001", canary, neighbour)
	v.office, v.member = office, s.login(t, canary.Name, canary.Phone)
	v.person = s.must(t, v.member.token, "GET", "/me", nil).text("persons.0.id")
	column := s.must(t, office.token, "POST", "/committees/"+committee.String()+"/columns", map[string]any{"name": "去向", "kind": "text", "member_sees": true, "purpose": "走访前联系"})
	s.must(t, office.token, "PATCH", "/persons/"+v.person, map[string]any{"own": map[string]string{column.text("id"): canaryReason}})
	s.must(t, office.token, "POST", "/roles", map[string]any{"role": "committee_staff", "committee_id": committee.String(),
		"holder": map[string]string{"name": "复核经办", "phone": "19900039009"}})
	v.second = s.login(t, "复核经办", "19900039009")
	s.must(t, v.member.token, "PUT", "/me/consent", map[string]string{"version": privacy.Version})
	made := s.must(t, office.token, "POST", "/activities", map[string]any{
		"alliance_id": s.must(t, office.token, "GET", "/alliances", nil).text("items.0.id"), "kind": "lecture", "title": "报告", "place": "礼堂",
		"starts_at": s.soon(), "ends_at": s.soon().Add(time.Hour), "notice": map[string]string{"title": "报告会", "body": "请参加"},
	})
	v.activity = made.text("id")
	notice, list := made.text("notice_id"), made.text("lists.0.id")
	s.must(t, office.token, "POST", "/notices/"+notice+"/publish", map[string]int{"revision": 0})
	s.must(t, v.member.token, "PUT", "/activities/"+v.activity+"/answers/"+v.person, map[string]string{"answer": "leave", "reason": canaryReason})
	s.must(t, office.token, "POST", "/notices/"+notice+"/calls/"+v.person, map[string]string{"outcome": "told", "note": canaryReason, "reason": ""})
	s.must(t, office.token, "POST", "/persons/"+v.person+"/cards", nil)
	s.must(t, office.token, "POST", "/persons/"+v.person+"/reveal", map[string]any{"fields": []string{"phone", "address"}, "reason": "走访前核对"})
	s.must(t, office.token, "POST", "/persons/"+v.person+"/binding-codes", nil)
	err := s.DB.Tx(t.Context(), func(ctx context.Context) error {
		return s.DB.Conn(ctx).Exec("INSERT INTO checkins (list_id, person_id, attempt_id, door, way, happened_at, recorded_at, recorded_by) "+
			"VALUES (?, ?, ?, 'staff', 'roster', ?, ?, 1)", parse(t, list), parse(t, v.person), []byte("0123456789abcdef"),
			"2026-09-09 01:00:00.000", "2026-09-09 01:00:00.000").Error
	})
	if err != nil {
		t.Fatal(err)
	}
	s.must(t, office.token, "POST", "/imports?committee_id="+committee.String()+"&filename="+canary.Name+".xlsx", workbook(t, canary))
	return v
}

// startWith is start with a master key that outlives the instance.
func startWith(t *testing.T, keys string) *service {
	t.Helper()
	if keys == "" {
		return start(t)
	}
	s := &service{database: testdb.OwnURL(t), clock: clock.NewFake(clock.System().Now()), logged: &buffer{}, http: http.DefaultClient}
	var err error
	s.Instance, err = app.Isolated(t.Context(), app.IsolatedOptions{Database: s.database, Log: s.logger(), Clock: s.clock, Environ: []string{"BENSE_KEYS_MASTER=" + keys}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// figures are the statistics that an erasure may not change: who was expected, came and read, by unit.
func (v *village) figures(t *testing.T) string {
	t.Helper()
	var out []string
	for name, query := range map[string]string{
		"expected": "SELECT activity_id AS a, unit_id AS u, COUNT(*) AS n FROM activity_expected GROUP BY activity_id, unit_id ORDER BY activity_id, unit_id",
		"came": "SELECT l.activity_id AS a, p.unit_id AS u, COUNT(*) AS n FROM checkins AS c JOIN checkin_lists AS l ON l.id = c.list_id " +
			"JOIN persons AS p ON p.id = c.person_id GROUP BY l.activity_id, p.unit_id ORDER BY l.activity_id, p.unit_id",
		"answers": "SELECT activity_id AS a, unit_id AS u, COUNT(*) AS n FROM activity_expected WHERE answer <> '' GROUP BY activity_id, unit_id",
		"told":    "SELECT notice_id AS a, unit_id AS u, COUNT(*) AS n FROM notice_recipients GROUP BY notice_id, unit_id ORDER BY notice_id, unit_id",
		"calls":   "SELECT notice_id AS a, 0 AS u, COUNT(*) AS n FROM notice_calls GROUP BY notice_id ORDER BY notice_id",
	} {
		var rows []struct{ A, U, N int64 }
		if err := v.DB.Conn(t.Context()).Raw(query).Scan(&rows).Error; err != nil {
			t.Fatal(err)
		}
		if len(rows) == 0 {
			t.Errorf("no %s to count", name)
		}
		out = append(out, fmt.Sprint(name, rows))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// residues looks for the canary in tables, files, Redis and in what the audit's lines hold.
func (v *village) residues(t *testing.T) (hits []string, scanned int) {
	t.Helper()
	secrets := personal()
	secrets["openid"] = v.member.OpenID
	kept := (&world{service: v.service}).stored(t)
	for _, c := range vault.Columns {
		err := v.Vault.Each(t.Context(), c, func(plain []byte) error {
			kept["opened "+c.Table+"."+c.Name] += string(privacy.Unpacked(plain)) + "\n"
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for where, text := range kept {
		scanned += len(text)
		for _, what := range secrets.in(text) {
			hits = append(hits, where+": "+what)
		}
	}
	return hits, scanned
}

func TestErasureLeavesNothingButTheFigures(t *testing.T) {
	keys := crypt.NewKey(1)
	v := settle(t, keys)
	before := v.figures(t)
	if hits, _ := v.residues(t); len(hits) < 8 {
		t.Fatalf("the canary left few traces to look for: %v", hits)
	}
	backup := filepath.Join(t.TempDir(), "backup.db")
	sqlite := v.DB.Engine() == "sqlite"
	if sqlite {
		if err := v.DB.Conn(t.Context()).Exec("VACUUM INTO ?", backup).Error; err != nil {
			t.Fatal(err)
		}
	}
	path := "/persons/" + v.person + "/erasure"
	if a := v.call(t, v.office.token, "POST", path+"/confirm", map[string]string{"name": canary.Name}); a.problem().Code != "privacy.not_asked" {
		t.Fatalf("erased without a request: %d %s", a.Status, a.Body)
	}
	if a := v.must(t, v.office.token, "POST", path, map[string]string{"reason": "本人来信提出"}); a.text("counts.0.table") == "" {
		t.Errorf("nothing would be erased: %s", a.Body)
	}
	if a := v.call(t, v.second.token, "POST", path+"/confirm", map[string]string{"name": "关邻居"}); a.problem().Code != "privacy.other_name" {
		t.Fatalf("erased under another name: %d %s", a.Status, a.Body)
	}
	if a := v.call(t, v.office.token, "POST", path+"/confirm", map[string]string{"name": canary.Name}); a.problem().Code != "privacy.same_person" {
		t.Fatalf("erased by one person alone: %d %s", a.Status, a.Body)
	}
	if a := v.must(t, v.second.token, "GET", "/erasures", nil); a.text("items.0.name") != canary.Name || a.text("items.0.reason") != "本人来信提出" {
		t.Errorf("the second person finds %s", a.Body)
	}
	v.must(t, v.second.token, "POST", path+"/confirm", map[string]string{"name": canary.Name})
	hits, scanned := v.residues(t)
	for _, h := range hits {
		t.Error("left behind:", h)
	}
	t.Logf("erasure: %d bytes scanned, %d residual hits", scanned, len(hits))
	if after := v.figures(t); after != before {
		t.Errorf("the figures changed:\n%s\nwas\n%s", after, before)
	}
	if a := v.call(t, v.member.token, "GET", "/me", nil); a.Status != 401 && a.Status != 403 && a.text("persons.0.id") != "" {
		t.Errorf("the account still acts: %d %s", a.Status, a.Body)
	}
	if sqlite {
		v.reapply(t, keys, backup)
	}
}

// reapply starts on the backup from before and erases again by the list alone.
func (v *village) reapply(t *testing.T, keys, backup string) {
	t.Helper()
	list, err := os.ReadFile(v.Privacy.List)
	if err != nil || strings.Contains(string(list), v.person) {
		t.Fatalf("the list: %s %v", list, err)
	}
	old := &village{service: &service{database: "sqlite://" + backup, clock: v.clock, logged: &buffer{}}, office: v.office, member: v.member, person: v.person}
	if old.Instance, err = app.Isolated(t.Context(), app.IsolatedOptions{Database: old.database, Clock: v.clock, Environ: []string{"BENSE_KEYS_MASTER=" + keys}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(old.Close)
	if hits, _ := old.residues(t); len(hits) < 8 {
		t.Fatalf("the backup does not hold the canary: %v", hits)
	}
	if err := os.WriteFile(old.Privacy.List, list, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 0} {
		if n, err := old.Privacy.Reapply(t.Context()); err != nil || n != want {
			t.Fatalf("erased again: %d, want %d: %v", n, want, err)
		}
	}
	if hits, _ := old.residues(t); len(hits) > 0 {
		t.Errorf("left behind in the restored backup: %v", hits)
	}
}

// Twenty confirm at once: one erases.
func TestOneErases(t *testing.T) {
	v := settle(t, "")
	person := parse(t, v.person)
	if _, err := v.Privacy.AskErasure(t.Context(), actor.System, person, "本人来信提出"); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var done atomic.Int64
	for range 20 {
		all.Go(func() {
			switch _, err := v.Privacy.Erase(context.Background(), actor.System, person, canary.Name); {
			case err == nil:
				done.Add(1)
			case !errors.Is(err, privacy.ErrErased) && !errors.Is(err, privacy.ErrOtherMan):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if done.Load() != 1 {
		t.Errorf("%d erased", done.Load())
	}
	if n, err := v.Audit.Count(t.Context(), "privacy.erase_person", person); err != nil || n != 1 {
		t.Errorf("%d lines: %v", n, err)
	}
}

func TestOwnDataIsShownAndTakenAlong(t *testing.T) {
	v := settle(t, "")
	committee := v.must(t, v.office.token, "GET", "/committees", nil).text("items.0.id")
	column := v.must(t, v.office.token, "POST", "/committees/"+committee+"/columns", map[string]any{"name": "内部档次", "kind": "text"})
	v.must(t, v.office.token, "PATCH", "/persons/"+v.person, map[string]any{"own": map[string]string{column.text("id"): "特别关注"}})
	own := v.must(t, v.member.token, "GET", "/me/persons/"+v.person+"/data", nil)
	text := string(own.Body)
	for _, want := range []string{"去向", canaryReason, "走访前联系", "1项，想看请找联络员"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %s of the committee's own columns: %s", want, text)
		}
	}
	for _, hidden := range []string{canary.Phone, canary.IDNumber, canary.Address, canary.Remark, "特别关注", "内部档次"} {
		if strings.Contains(text, hidden) {
			t.Error("the page shows what it should mask")
		}
	}
	if want := "看了联系电话、现居住地址，原因是：走访前核对"; !strings.Contains(text, want) || own.text("items.0.why") == "" {
		t.Errorf("want %q and reasons in %s", want, text)
	}
	file := string(v.must(t, v.member.token, "GET", "/me/persons/"+v.person+"/data.json", nil).Body)
	for what, want := range personal() {
		if !strings.Contains(file, want) {
			t.Errorf("the export lacks the %s", what)
		}
	}
	for _, want := range []string{"报告会", "报告", privacy.Version, "self", "去向"} {
		if !strings.Contains(file, want) {
			t.Errorf("the export lacks %s", want)
		}
	}
	sheet := v.must(t, v.member.token, "GET", "/me/persons/"+v.person+"/data.pdf", nil)
	if read := string(unpacked(t, sheet.Body)); !strings.Contains(read, canary.Phone) || !strings.Contains(read, "报告会") {
		t.Errorf("the sheet lacks number or notice: %s", read)
	}
	v.must(t, v.member.token, "PUT", "/me/persons/"+v.person, map[string]string{"relation": "family"})
	if a := v.call(t, v.member.token, "GET", "/me/persons/"+v.person+"/data.pdf", nil); a.problem().Code != "privacy.not_own" {
		t.Errorf("the family took everything along: %d", a.Status)
	}
}

func TestConsentIsAskedKeptAndTakenBack(t *testing.T) {
	v := settle(t, "")
	who := actor.Actor{Account: parse(t, v.must(t, v.member.token, "GET", "/me", nil).text("account_id")), Persons: []id.ID{parse(t, v.person)}}
	if a := v.call(t, v.member.token, "PUT", "/me/consent", map[string]string{"version": "2020-01"}); a.problem().Code != "privacy.version" {
		t.Errorf("agreed to words of yesterday: %d %s", a.Status, a.Body)
	}
	var all sync.WaitGroup
	fresh := actor.Actor{Account: 4711}
	for range 20 {
		all.Go(func() {
			if c, err := v.Privacy.Agree(context.Background(), fresh, privacy.Version); err != nil || !c.Current() {
				t.Error(c, err)
			}
		})
	}
	all.Wait()
	if n, err := v.Audit.Count(t.Context(), "privacy.agree", 4711); err != nil || n != 1 {
		t.Errorf("%d lines for one consent: %v", n, err)
	}
	if a := v.must(t, v.member.token, "GET", "/me/consent", nil); a.text("agreed") != privacy.Version {
		t.Errorf("not agreed: %s", a.Body)
	}
	gone := v.must(t, v.member.token, "DELETE", "/me/consent", nil)
	if gone.text("agreed") != "" || gone.text("withdrawn_at") == "" {
		t.Errorf("not taken back: %s", gone.Body)
	}
	if me := v.must(t, v.member.token, "GET", "/me", nil); me.text("persons.0.id") != "" {
		t.Errorf("the account still acts for somebody: %s", me.Body)
	}
	if c, err := v.Privacy.Agree(t.Context(), who, privacy.Version); err != nil || !c.Current() {
		t.Error("agreeing again:", c, err)
	}
}

// What is due is listed first, and goes with its time and not before.
func TestWhatIsOldIsForgotten(t *testing.T) {
	v := settle(t, "")
	v.must(t, v.office.token, "PATCH", "/persons/"+v.person, map[string]any{"status": "deceased"})
	want := map[string]int64{"departed": 1, "call_notes": 1, "answer_reasons": 1, "import_reports": 2}
	v.clock.Advance(29 * 24 * time.Hour)
	due := func(f func(context.Context) ([]privacy.Due, error)) map[string]int64 {
		t.Helper()
		list, err := f(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]int64{}
		for _, d := range list {
			if d.Rows > 0 {
				out[d.Rule.Key] = d.Rows
			}
		}
		return out
	}
	if got := due(v.Privacy.Due); len(got) > 0 {
		t.Errorf("due after a month: %v", got)
	}
	v.clock.Advance(2 * 365 * 24 * time.Hour)
	listed := due(v.Privacy.Due)
	for key, n := range want {
		if listed[key] != n {
			t.Errorf("%s: %d due, want %d", key, listed[key], n)
		}
	}
	if got := due(v.Privacy.Forget); fmt.Sprint(got) != fmt.Sprint(listed) {
		t.Errorf("forgotten %v, listed %v", got, listed)
	}
	if got := due(v.Privacy.Due); len(got) > 0 {
		t.Errorf("still due: %v", got)
	}
	if n, err := v.Audit.Count(t.Context(), "privacy.forget", 0); err != nil || n != 1 {
		t.Errorf("%d lines: %v", n, err)
	}
}
