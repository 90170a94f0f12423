package roster_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/job"
	"bense/server/internal/ledger"
	"bense/server/internal/roster"
)

// upload brings a file in through the background and waits for it.
func (c *county) upload(name string, data []byte) roster.Import {
	c.t.Helper()
	imp, err := c.roster.Upload(context.Background(), c.staff, c.committee.ID, name, data)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.settled(imp)
}

func (c *county) settled(imp roster.Import) roster.Import {
	c.t.Helper()
	c.jobs.Wait()
	imp, err := c.roster.Get(context.Background(), c.staff, imp.ID)
	if err != nil {
		c.t.Fatal(err)
	}
	return imp
}

func (c *county) items(imp roster.Import, tab roster.Tab) []roster.Item {
	c.t.Helper()
	var all []roster.Item
	for part := 0; ; {
		items, _, next, err := c.roster.Items(context.Background(), c.staff, imp.ID, tab, part, true)
		if err != nil {
			c.t.Fatal(err)
		}
		if all = append(all, items...); next == 0 {
			return all
		}
		part = next
	}
}

func (c *county) choose(imp roster.Import, list ...roster.ChoiceOf) {
	c.t.Helper()
	if err := c.roster.Choose(context.Background(), c.staff, imp.ID, list); err != nil {
		c.t.Fatal(err)
	}
}

func (c *county) snapshot() ledger.Snapshot {
	c.t.Helper()
	snap, err := c.ledger.Bulk().Snapshot(context.Background(), c.committee.ID, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return snap
}

func TestUploadInTheBackground(t *testing.T) {
	c := newCounty(t)
	imp, err := c.roster.Upload(t.Context(), c.staff, c.committee.ID, "a.xlsx", sample(t, "ledger-clean.xlsx"))
	if err != nil || imp.State != roster.Reading || imp.Job == 0 {
		t.Fatalf("%v %+v", err, imp)
	}
	if imp = c.settled(imp); imp.State != roster.Previewed || imp.Report.New != 517 || imp.Report.Alliances != 4 {
		t.Errorf("%s %+v", imp.State, sumsOf(imp.Report))
	}
	if n := len(c.items(imp, roster.TabNew)); n != 517 {
		t.Errorf("%d items", n)
	}
	later, err := c.roster.CommitLater(t.Context(), c.staff, imp.ID)
	if err != nil {
		t.Fatal(err)
	}
	if imp = c.settled(imp); imp.State != roster.Committed || len(c.records()) != 517 {
		t.Errorf("%s, %d persons", imp.State, len(c.records()))
	}
	j, err := c.jobs.Get(t.Context(), c.staff, later.Job)
	if err != nil || j.State != job.Done || j.Done != 517 || j.Message != "正在写入台账" {
		t.Errorf("%+v %v", j, err)
	}
	broken := c.upload("b.xlsx", []byte("PK\x03\x04 and nothing behind"))
	j, err = c.jobs.Get(t.Context(), c.staff, broken.Job)
	if err != nil || broken.State != roster.Failed || j.State != job.Failed || j.Message != roster.ErrBroken.Message {
		t.Errorf("%s %+v %v", broken.State, j, err)
	}
	if _, err := c.roster.Upload(t.Context(), c.staff, c.committee.ID, "c.xls", []byte("MZ")); !errors.Is(err, roster.ErrOldExcel) {
		t.Errorf("what is no table is said at once: %v", err)
	}
}

func TestTitlesAreExplainedOnce(t *testing.T) {
	c := newCounty(t)
	const table = "姓名,单位,电话,拿手本领,内部代号\n张三三,县妇联,19900000001,二胡,A1\n李四四,县妇联,19900000002,象棋,A2\n"
	imp := c.upload("a.csv", []byte(table))
	want := []roster.Question{{Sheet: "a", Cell: "D1", Title: "拿手本领", Samples: []string{"二胡", "象棋"}}, {Sheet: "a", Cell: "E1", Title: "内部代号", Samples: []string{"A1", "A2"}}}
	if diff := cmp.Diff(want, imp.Report.Asked); diff != "" {
		t.Error(diff)
	}
	if _, err := c.roster.Explain(t.Context(), c.staff, imp.ID, []roster.Meaning{{Title: "拿手本领", Column: "nonsense"}}); !errors.Is(err, errs.ErrInvalid) {
		t.Errorf("an unknown column: %v", err)
	}
	imp, err := c.roster.Explain(t.Context(), c.staff, imp.ID, []roster.Meaning{{Title: "拿手本领", Column: "talents"}, {Title: "内部代号"}})
	if err != nil {
		t.Fatal(err)
	}
	if imp = c.settled(imp); imp.State != roster.Previewed || len(imp.Report.Asked) != 0 || len(imp.Report.Ignored) != 0 || imp.Report.New != 2 {
		t.Errorf("%s %+v", imp.State, imp.Report)
	}
	if items := c.items(imp, roster.TabNew); len(items) != 2 || !strings.Contains(fmt.Sprint(items[0].Fields), "二胡") {
		t.Errorf("%+v", items)
	}
	if next := c.upload("b.csv", []byte(table)); len(next.Report.Asked) != 0 {
		t.Errorf("asked again: %+v", next.Report.Asked)
	}
	saved, err := c.roster.Explained(t.Context(), c.staff, c.committee.ID)
	if err != nil || len(saved) != 2 {
		t.Errorf("%+v %v", saved, err)
	}
}

func TestATableWithoutNamesAsksForThem(t *testing.T) {
	c := newCounty(t)
	imp := c.upload("a.csv", []byte("同志,单位,性别,电话\n张三三,县妇联,男,19900000001\n"))
	if imp.State != roster.Previewed || len(imp.Report.Asked) != 1 || imp.Report.Asked[0].Title != "同志" || imp.Report.New != 0 {
		t.Fatalf("%s %+v", imp.State, imp.Report)
	}
	imp, err := c.roster.Explain(t.Context(), c.staff, imp.ID, []roster.Meaning{{Title: "同志", Column: "name"}})
	if err != nil {
		t.Fatal(err)
	}
	if imp = c.settled(imp); imp.Report.New != 1 {
		t.Errorf("%+v", imp.Report)
	}
}

func TestChoicesAreHonoured(t *testing.T) {
	c := newCounty(t)
	const head = "姓名,单位,身份证号,电话,爱好\n"
	c.load("a.csv", []byte(head+"张三三,县妇联,370599194312060047,19900000001,门球\n李四四,县妇联,37059919530908005X,19900000002,门球\n"))
	imp := c.upload("b.csv", []byte(head+"张三三,县妇联,370599194312060047,19900000009,太极\n李四四,县妇联,37059919530908005X,19900000008,太极\n"+
		"王五五,县科协,,19900000003,\n赵六六,县科协,,19900000004,\n"))
	changed, fresh := c.items(imp, roster.TabChanged), c.items(imp, roster.TabNew)
	if len(changed) != 2 || len(fresh) != 2 || cmp.Diff([]roster.Difference{{Key: "phone", Label: "联系电话", From: "19900000001", To: "19900000009"},
		{Key: "hobbies", Label: "爱好", From: "门球", To: "太极"}}, changed[0].Fields) != "" {
		t.Fatalf("%+v %+v", changed, fresh)
	}
	masked, _, _, err := c.roster.Items(t.Context(), c.staff, imp.ID, roster.TabChanged, 0, false)
	if err != nil || masked[0].Fields[0].From != "199****0001" {
		t.Errorf("%+v %v", masked, err)
	}
	c.choose(imp, roster.ChoiceOf{Item: changed[0].No, Field: "phone", Choice: roster.Keep}, roster.ChoiceOf{Item: changed[1].No, Choice: roster.Keep},
		roster.ChoiceOf{Item: fresh[1].No, Choice: roster.Keep})
	if err := c.roster.Choose(t.Context(), c.staff, imp.ID, []roster.ChoiceOf{{Item: 99, Choice: roster.Keep}}); !errors.Is(err, roster.ErrNoItem) {
		t.Errorf("no such item: %v", err)
	}
	done, err := c.roster.Commit(t.Context(), c.staff, imp.ID)
	if err != nil || done.Report.New != 1 || done.Report.Changed != 1 || done.Report.Kept != 2 {
		t.Fatalf("%v %+v", err, done.Report)
	}
	got := map[string]string{}
	for _, r := range c.snapshot().Persons {
		got[r.Name] = r.Phone + r.Hobbies
	}
	if diff := cmp.Diff(map[string]string{"张三三": "19900000001太极", "李四四": "19900000002门球", "王五五": "19900000003"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestOneColumnIsKeptForAll(t *testing.T) {
	c := newCounty(t)
	c.load("a.csv", many(150))
	imp := c.upload("b.csv", []byte(strings.NewReplacer("门球", "太极", ",健康,", ",良好,").Replace(string(many(150)))))
	c.choose(imp, roster.ChoiceOf{Field: "hobbies", Choice: roster.Keep})
	if _, err := c.roster.Commit(t.Context(), c.staff, imp.ID); err != nil {
		t.Fatal(err)
	}
	for _, r := range c.snapshot().Persons {
		if r.Hobbies != "门球" || r.Health != "良好" {
			t.Fatalf("%+v", r)
		}
	}
}

func TestTwoRowsOfOnePersonAreShownAndChosen(t *testing.T) {
	for choice, want := range map[roster.Choice]string{roster.Take: "门球", roster.Later: "太极"} {
		c := newCounty(t)
		imp := c.upload("a.csv", []byte("姓名,单位,身份证号,爱好\n张三三,县妇联,370599194312060047,门球\n张三三,县妇联,370599194312060047,太极\n"))
		items := c.items(imp, roster.TabNew)
		conflict := []roster.Contradiction{{Key: "hobbies", Label: "爱好", First: "门球", Later: "太极", FirstRow: "a 第2行", LaterRow: "a 第3行"}}
		if imp.Report.Conflicts != 1 || len(items) != 1 || cmp.Diff(conflict, items[0].Conflicts) != "" {
			t.Fatalf("%+v %+v", imp.Report, items)
		}
		c.choose(imp, roster.ChoiceOf{Item: items[0].No, Field: "hobbies", Choice: choice})
		if _, err := c.roster.Commit(t.Context(), c.staff, imp.ID); err != nil {
			t.Fatal(err)
		}
		if got := c.snapshot().Persons[0].Hobbies; got != want {
			t.Errorf("%s gives %s", choice, got)
		}
	}
}

func (c *county) undo(imp roster.Import, rest bool) error {
	_, err := c.roster.Undo(context.Background(), c.staff, imp.ID, rest)
	return err
}

func TestImportUndoImport(t *testing.T) {
	c := newCounty(t)
	first := c.loadSample("ledger-messy.xlsx")
	before := c.records()
	tried, err := c.roster.TryUndo(t.Context(), c.staff, first.ID)
	if diff := cmp.Diff(roster.Undoing{Removed: 517, Units: 24, Branches: 24, Alliances: 4, Proposals: 46}, tried); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
	if len(c.records()) != 517 {
		t.Fatal("the trial changed something")
	}
	if err := c.undo(first, false); err != nil {
		t.Fatal(err)
	}
	if s := c.snapshot(); len(s.Persons)+len(s.Units)+len(s.Branches)+len(s.Alliances) != 0 {
		t.Errorf("left: %d persons, %d units, %d branches, %d alliances", len(s.Persons), len(s.Units), len(s.Branches), len(s.Alliances))
	}
	if err := c.undo(first, false); !errors.Is(err, roster.ErrNotCommit) {
		t.Errorf("a second undo: %v", err)
	}
	got, err := c.roster.Get(t.Context(), c.staff, first.ID)
	if err != nil || got.State != roster.Undone || got.Report.Removed != 517 {
		t.Errorf("%v %+v", err, got)
	}
	again := c.loadSample("ledger-messy.xlsx")
	if diff := cmp.Diff(sumsOf(first.Report), sumsOf(again.Report)); diff != "" {
		t.Error(diff)
	}
	after := c.records()
	for number, old := range before {
		if diff := cmp.Diff(old.Fields, after[number].Fields); diff != "" {
			t.Errorf("%s: %s", old.Name, diff)
		}
	}
	for action, want := range map[string]int64{"roster.commit": 1, "roster.undo": 1} {
		if n, err := c.audit.Count(t.Context(), action, first.ID); err != nil || n != want {
			t.Errorf("%s: %d lines, %v", action, n, err)
		}
	}
}

func TestUndoRestoresAndLeavesWhatSomebodyChanged(t *testing.T) {
	c := newCounty(t)
	c.load("a.csv", many(120))
	before := c.snapshot()
	imp := c.load("b.csv", []byte(strings.NewReplacer("门球", "太极", "199", "188").Replace(string(many(130)))))
	var changed ledger.Record
	for _, r := range c.snapshot().Persons {
		if r.ID == before.Persons[0].ID {
			changed = r
		}
	}
	// somebody edits the phone of one who was changed, and one who is new
	edit := func(person id.ID, key, value string) {
		if _, err := c.ledger.UpdatePerson(t.Context(), c.staff, person, ledger.PersonChange{Fields: map[string]string{key: value}}); err != nil {
			t.Fatal(err)
		}
	}
	edit(changed.ID, "hobbies", "书法")
	fresh := c.snapshot().Persons[125]
	edit(fresh.ID, "remark", "核对过")
	if err := c.undo(imp, false); !errors.Is(err, roster.ErrUndo) {
		t.Fatalf("an undo over other people's work: %v", err)
	}
	u, err := c.roster.TryUndo(t.Context(), c.staff, imp.ID)
	if err != nil || len(u.Conflicts) < 2 || u.Conflicts[0].Column != "爱好" || u.Conflicts[0].Wrote != "太极" || u.Conflicts[0].Now != "书法" {
		t.Fatalf("%v %+v", err, u)
	}
	if err := c.undo(imp, true); err != nil {
		t.Fatal(err)
	}
	now := map[id.ID]ledger.Record{}
	for _, r := range c.snapshot().Persons {
		now[r.ID] = r
	}
	if now[fresh.ID].Remark != "核对过" || len(now) != 121 {
		t.Errorf("%d persons, %+v", len(now), now[fresh.ID])
	}
	for _, old := range before.Persons {
		want := old.Fields
		if old.ID == changed.ID {
			want.Hobbies = "书法"
		}
		if diff := cmp.Diff(want, now[old.ID].Fields); diff != "" {
			t.Errorf("%s: %s", old.Name, diff)
		}
	}
}

func TestOfTwentyUndosOneWins(t *testing.T) {
	c := newCounty(t)
	imp := c.load("a.csv", many(20))
	var wg sync.WaitGroup
	results := make([]error, 20)
	for i := range results {
		wg.Go(func() { results[i] = c.undo(imp, false) })
	}
	wg.Wait()
	won := 0
	for _, err := range results {
		if err == nil {
			won++
		} else if !errors.Is(err, roster.ErrNotCommit) {
			t.Errorf("a loser hears %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d undos won", won)
	}
}

// refusing asks for a confirmation every time.
type refusing struct{}

func (refusing) Confirmed(context.Context, actor.Actor, string, id.ID) error {
	return errs.ErrForbidden
}

func TestUndoAndExportWantTheConfirmation(t *testing.T) {
	c := newCounty(t)
	imp := c.load("a.csv", many(20))
	c.roster.UseConfirm(refusing{})
	if err := c.undo(imp, false); !errors.Is(err, errs.ErrForbidden) || len(c.snapshot().Persons) != 20 {
		t.Errorf("undo: %v", err)
	}
	if _, err := c.roster.Export(t.Context(), c.staff, roster.Wish{Form: roster.FormCounty, Committee: c.committee.ID, Reason: "核对台账"}); !errors.Is(err, errs.ErrForbidden) {
		t.Errorf("export: %v", err)
	}
}

// peak gives the most memory that this process ever had, in MB; 0 where the system does not say.
func peak() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	var kb float64
	if m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status); m != nil {
		fmt.Sscan(string(m[1]), &kb)
	}
	return kb / 1024
}
