package roster_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/ledger"
	"bense/server/internal/page"
	"bense/server/internal/roster"
)

var update = flag.Bool("update", false, "write golden files")

// sums is what the sample ledgers must come to.
type sums struct{ Alliances, Units, Branches, Persons, New, Refused, Repeated, Warnings, Proposals int }

func sumsOf(r roster.Report) sums {
	return sums{r.Alliances, r.Units, r.Branches, r.Persons, r.New, len(r.Refused), r.RepeatedRows, len(r.Warnings), r.Proposals}
}

func TestSampleLedgersOnTheirOwn(t *testing.T) {
	for name, want := range map[string]sums{
		"ledger-clean.xlsx": {4, 24, 24, 517, 517, 0, 0, 0, 0},
		"ledger-messy.xlsx": {4, 24, 24, 517, 517, 0, 0, 0, 46},
		// three of its 47 remarks stand in refused rows
		"ledger-broken.xlsx": {4, 24, 24, 487, 487, 30, 6, 15, 44},
	} {
		c := newCounty(t)
		if diff := cmp.Diff(want, sumsOf(c.preview(name, sample(t, name)).Report)); diff != "" {
			t.Errorf("preview of %s: %s", name, diff)
		}
		if n := len(c.records()); n != 0 {
			t.Errorf("the preview of %s wrote %d persons", name, n)
		}
		imp := c.loadSample(name)
		if diff := cmp.Diff(want, sumsOf(imp.Report)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		before := c.records()
		if len(before) != want.Persons {
			t.Errorf("%s: %d persons in the database", name, len(before))
		}
		again := c.loadSample(name).Report
		if again.New != 0 || again.Changed != 0 || again.Same != want.Persons {
			t.Errorf("%s again: %+v", name, again)
		}
		if diff := cmp.Diff(before, c.records(), cmp.AllowUnexported(ledger.Record{})); diff != "" {
			t.Errorf("%s again changed something: %s", name, diff)
		}
	}
}

func TestOtherLedgersOfTheSamePeopleBlankNothing(t *testing.T) {
	c := newCounty(t)
	c.loadSample("ledger-clean.xlsx")
	before := c.records()
	for _, name := range []string{"ledger-messy.xlsx", "ledger-broken.xlsx", "ledger-clean.xlsx"} {
		c.loadSample(name)
		after := c.records()
		if len(after) != 517 {
			t.Errorf("%d persons after %s", len(after), name)
		}
		for number, old := range before {
			now := after[number]
			for _, f := range ledger.AllFields {
				if was, is := *f.At(&old.Fields), *f.At(&now.Fields); was != "" && is != was {
					t.Errorf("%s changed %s of %s from %q to %q", name, f.Label, old.Name, was, is)
				}
			}
			if now.ID != old.ID || now.UnitID != old.UnitID || now.BranchID != old.BranchID || now.Status != ledger.Active {
				t.Errorf("%s moved %s", name, old.Name)
			}
		}
	}
	alliances, err := c.ledger.Alliances(t.Context(), c.staff)
	if err != nil || len(alliances) != 4 || alliances[0].Name != "群团离退休干部党建联盟" || alliances[0].Basis != "业缘" ||
		alliances[0].Venue != "县工人文化宫三楼活动室" || alliances[0].LeadUnitID == 0 {
		t.Errorf("%v %+v", err, alliances)
	}
}

func TestReportOfTheBrokenLedger(t *testing.T) {
	c := newCounty(t)
	imp := c.preview("ledger-broken.xlsx", sample(t, "ledger-broken.xlsx"))
	stored, err := c.roster.Get(t.Context(), c.staff, imp.ID)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(stored.Report, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "ledger-broken.golden.json")
	if *update {
		if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimSpace(string(want)), string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyOneCommitWins(t *testing.T) {
	c := newCounty(t)
	imp := c.preview("ledger-clean.xlsx", sample(t, "ledger-clean.xlsx"))
	var wg sync.WaitGroup
	results := make([]error, 20)
	for i := range results {
		wg.Go(func() { _, results[i] = c.roster.Commit(context.Background(), c.staff, imp.ID) })
	}
	wg.Wait()
	won := 0
	for _, err := range results {
		if err == nil {
			won++
		} else if !errors.Is(err, roster.ErrCommitted) {
			t.Errorf("a loser hears %v", err)
		}
	}
	if won != 1 || len(c.records()) != 517 {
		t.Errorf("%d commits won, %d persons", won, len(c.records()))
	}
}

func TestTwoPreviewsOfOneFileMakeNobodyTwice(t *testing.T) {
	c := newCounty(t)
	data := sample(t, "ledger-messy.xlsx")
	a, b := c.preview("a.xlsx", data), c.preview("b.xlsx", data)
	var wg sync.WaitGroup
	for _, imp := range []roster.Import{a, b} {
		wg.Go(func() {
			if _, err := c.roster.Commit(context.Background(), c.staff, imp.ID); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(c.records()); n != 517 {
		t.Errorf("%d persons", n)
	}
	open, err := c.ledger.Proposals(t.Context(), c.staff, ledger.ProposalFilter{}, page.Page{Limit: 100})
	if err != nil || len(open.Items) != 46 {
		t.Errorf("%d proposals, %v", len(open.Items), err)
	}
}

func TestDecidedProposalsDoNotComeBack(t *testing.T) {
	c := newCounty(t)
	c.loadSample("ledger-messy.xlsx")
	open, err := c.ledger.Proposals(t.Context(), c.staff, ledger.ProposalFilter{}, page.Page{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ledger.ConfirmProposal(t.Context(), c.staff, open.Items[0].ID, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ledger.DismissProposal(t.Context(), c.staff, open.Items[1].ID, ""); err != nil {
		t.Fatal(err)
	}
	if r := c.loadSample("ledger-messy.xlsx").Report; r.Proposals != 44 || r.Same != 517 {
		t.Errorf("%d proposals, %d same", r.Proposals, r.Same)
	}
}

func TestWhatIsKeptOfAnImport(t *testing.T) {
	c := newCounty(t)
	imp := c.preview("C:\\台账\\名册.csv", many(5))
	stored := func() (n int64) {
		if err := c.db.SQL().QueryRow("SELECT COUNT(*) FROM imports WHERE rows_enc IS NOT NULL").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if imp.FileName != "名册.csv" || imp.State != roster.Previewed || stored() != 1 {
		t.Errorf("%+v, %d kept", imp, stored())
	}
	if _, err := c.roster.Commit(t.Context(), c.staff, imp.ID); err != nil {
		t.Fatal(err)
	}
	if got, err := c.roster.Get(t.Context(), c.staff, imp.ID); err != nil || got.State != roster.Committed || !got.CommittedAt.Equal(today) || got.Report.New != 5 {
		t.Errorf("%+v %v", got.State, err)
	}
	if stored() != 0 {
		t.Error("the rows of a committed file are kept")
	}
	if err := c.roster.Discard(t.Context(), c.staff, imp.ID); !errors.Is(err, roster.ErrCommitted) {
		t.Errorf("discard of a committed import: %v", err)
	}
	preview := c.preview("b.csv", many(5))
	if err := c.roster.Discard(t.Context(), c.staff, preview.ID); err != nil {
		t.Error(err)
	}
	if _, err := c.roster.Commit(t.Context(), c.staff, preview.ID); !errors.Is(err, errs.ErrNotFound) {
		t.Errorf("commit of a discarded preview: %v", err)
	}
	c.preview("c.csv", many(5))
	c.clk.Advance(8 * 24 * time.Hour)
	c.preview("d.csv", many(5))
	if stored() != 1 {
		t.Errorf("%d previews kept after a week", stored())
	}
	for action, want := range map[string]int64{"roster.preview": 1, "roster.commit": 1} {
		if n, err := c.audit.Count(t.Context(), action, imp.ID); err != nil || n != want {
			t.Errorf("%s: %d lines, %v", action, n, err)
		}
	}
}

func TestWhoMayImport(t *testing.T) {
	c := newCounty(t)
	other, err := c.ledger.CreateCommittee(t.Context(), actor.System, ledger.Committee{Name: "邻县老干部局"})
	if err != nil {
		t.Fatal(err)
	}
	imp := c.preview("a.csv", many(5))
	c.roster.Commit(t.Context(), c.staff, imp.ID)
	snap, err := c.ledger.Bulk().Snapshot(t.Context(), c.committee.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	place := snap.Units[0].Place()
	for name, who := range map[string]struct {
		actor        actor.Actor
		preview, get error
	}{
		"office":        {c.staff, nil, nil},
		"another's":     {staffOf(other.ID), errs.ErrNotFound, errs.ErrNotFound},
		"lead unit":     {actor.Actor{Grants: []actor.Grant{{Role: actor.LeadStaff, Place: place}}}, errs.ErrForbidden, errs.ErrForbidden},
		"head":          {actor.Actor{Grants: []actor.Grant{{Role: actor.Head, Place: place}}}, errs.ErrForbidden, errs.ErrForbidden},
		"nobody at all": {actor.Actor{}, errs.ErrNotFound, errs.ErrForbidden},
	} {
		if _, err := c.roster.Preview(t.Context(), who.actor, c.committee.ID, "a.csv", many(5)); !errors.Is(err, who.preview) {
			t.Errorf("preview by %s: %v", name, err)
		}
		if _, err := c.roster.Get(t.Context(), who.actor, imp.ID); !errors.Is(err, who.get) {
			t.Errorf("look by %s: %v", name, err)
		}
		if _, err := c.roster.Commit(t.Context(), who.actor, imp.ID); who.get != nil && !errors.Is(err, who.get) {
			t.Errorf("commit by %s: %v", name, err)
		}
		if err := c.roster.Discard(t.Context(), who.actor, imp.ID); who.get != nil && !errors.Is(err, who.get) {
			t.Errorf("discard by %s: %v", name, err)
		}
	}
}

func TestOneNumberInTwoCommittees(t *testing.T) {
	c := newCounty(t)
	c.loadSample("ledger-clean.xlsx")
	other, err := c.ledger.CreateCommittee(t.Context(), actor.System, ledger.Committee{Name: "邻县老干部局"})
	if err != nil {
		t.Fatal(err)
	}
	imp, err := c.roster.Preview(t.Context(), staffOf(other.ID), other.ID, "a.xlsx", sample(t, "ledger-clean.xlsx"))
	if err != nil || imp.Report.New != 0 || len(imp.Report.Refused) != 517 || imp.Report.Units != 0 {
		t.Errorf("%v %+v", err, imp.Report.New)
	}
}

func TestImportFile(t *testing.T) {
	c := newCounty(t)
	file := filepath.Join("testdata", "ledger-clean.xlsx")
	imp, err := c.roster.ImportFile(t.Context(), actor.System, c.committee.ID, file, false)
	if err != nil || imp.State != roster.Previewed || len(c.records()) != 0 {
		t.Errorf("%v %+v", err, imp.State)
	}
	if imp, err = c.roster.ImportFile(t.Context(), actor.System, c.committee.ID, file, true); err != nil || imp.State != roster.Committed || len(c.records()) != 517 {
		t.Errorf("%v %+v", err, imp.State)
	}
	if _, err := c.roster.ImportFile(t.Context(), actor.System, c.committee.ID, "testdata/none.xlsx", true); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no such file: %v", err)
	}
}

// many is a text table of n people in units of 50.
func many(n int) []byte {
	var b strings.Builder
	b.WriteString("姓名,单位,所属联盟,出生年月,联系电话,现居住地址,健康状况,爱好,备注\n")
	for i := range n {
		fmt.Fprintf(&b, "张%c%c,第%d局,第%d片,1950-%02d,199%08d,幸福家园%d号楼,健康,门球,\n", '一'+i%5000, '丁'+i/5000, i/50, i/1000, i%12+1, i, i)
	}
	return []byte(b.String())
}

func TestManyRows(t *testing.T) {
	const n = 1200 // several batches of inserts and of updates
	c := newCounty(t)
	if r := c.load("a.csv", many(n)).Report; r.New != n || r.Units != n/50 || r.Alliances != 2 || len(r.Refused) != 0 {
		t.Errorf("%+v", sumsOf(r))
	}
	if r := c.load("a.csv", []byte(strings.ReplaceAll(string(many(n)), "门球", "太极"))).Report; r.Changed != n || r.New != 0 {
		t.Errorf("%+v", sumsOf(r))
	}
	if r := c.load("a.csv", many(n)).Report; r.Changed != n {
		t.Errorf("%+v", sumsOf(r))
	}
}

// The whole way of 20 000 rows, as the console takes it; the figures are of the whole process.
func BenchmarkImport20000(b *testing.B) {
	data := many(20_000)
	var read time.Duration
	for b.Loop() {
		c := newCounty(b)
		begun := b.Elapsed()
		imp := c.upload("a.csv", data)
		read += b.Elapsed() - begun
		if _, err := c.roster.CommitLater(b.Context(), c.staff, imp.ID); err != nil {
			b.Fatal(err)
		}
		if imp = c.settled(imp); imp.State != roster.Committed || imp.Report.New != 20_000 {
			b.Fatalf("%s %+v", imp.State, sumsOf(imp.Report))
		}
	}
	b.ReportMetric(read.Seconds()/float64(b.N), "s-to-preview") // b.N is known only behind the loop
	b.ReportMetric(peak(), "MB-peak")
}
