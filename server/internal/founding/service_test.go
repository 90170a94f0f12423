package founding_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/founding"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/page"
)

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%v, want %v", err, want)
	}
}

var order = founding.Order{DocumentNo: "利老干党发〔2022〕3号", FoundedOn: "2022-03-15", Reference: "关于组建离退休干部党建联盟的通知"}

func TestASurveyIsFilledInByItsUnits(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	water, bank := c.unit("县水利局", 6), c.unit("县档案馆", 3)
	v := must(c.founding.Open(ctx, c.office, founding.Survey{Committee: c.committee, Name: "2022年摸底", Months: 12, Threshold: 5}))(t)
	_, err := c.founding.Open(ctx, c.office, founding.Survey{Committee: c.committee, Name: "2022年摸底", Months: 12, Threshold: 5})
	wantErr(t, err, founding.ErrNameTaken)
	_, err = c.founding.Open(ctx, c.other, founding.Survey{Committee: c.committee, Name: "别人的", Months: 12, Threshold: 5})
	wantErr(t, err, errs.ErrNotFound)

	liaison := as(actor.Liaison, actor.Place{Committee: c.committee, Unit: water})
	if seen := must(c.founding.Surveys(ctx, liaison, 0))(t); len(seen) != 1 || seen[0].ID != v.ID {
		t.Error(seen)
	}
	if seen := must(c.founding.Surveys(ctx, c.other, 0))(t); len(seen) != 0 {
		t.Error(seen)
	}
	_, rows, err := c.founding.Rows(ctx, liaison, v.ID)
	if err != nil || len(rows) != 1 || rows[0].Unit != water || rows[0].Members != 6 || rows[0].Fill() != founding.Empty {
		t.Fatal(rows, err)
	}
	yes, four, seven := true, 4, 7
	a := founding.Answers{OwnBranch: &yes, Regular: &four, Street: " 城东 街道 ", Line: founding.Farming, Address: "津二路66号"}
	_, row, err := c.founding.Fill(ctx, liaison, v.ID, water, a, 0)
	if err != nil || row.Street != "城东街道" || row.TypedBy != liaison.Account || row.TypedAt.IsZero() || row.Fill() != founding.Done || row.Revision != 1 {
		t.Fatal(row, err)
	}
	if verdict, why := row.Judge(5); verdict != founding.IsCandidate || why != "正常参加活动4人，不足5人" {
		t.Error(verdict, why)
	}
	if verdict, why := row.Judge(4); verdict != founding.NotCandidate || why != "有支部，正常参加活动4人" {
		t.Error(verdict, why)
	}
	_, _, err = c.founding.Fill(ctx, c.office, v.ID, water, a, 0) // read before the liaison wrote
	wantErr(t, err, founding.ErrStale)
	if _, row, err = c.founding.Fill(ctx, c.office, v.ID, water, a, 1); err != nil || row.TypedBy != liaison.Account {
		t.Error("the same number is not typed anew", row, err)
	}
	_, _, err = c.founding.Fill(ctx, liaison, v.ID, bank, a, 0)
	wantErr(t, err, errs.ErrNotFound)
	for field, bad := range map[string]founding.Answers{
		"regular": {Regular: &seven}, "line": {Line: "navy"}, "street": {Street: "=1+1"}, "address": {Address: strings.Repeat("长", 201)},
		"latitude": {Spot: &founding.Spot{LatE6: 118_000_000, LngE6: 37_000_000}},
	} {
		_, _, err := c.founding.Fill(ctx, liaison, v.ID, water, bad, 2)
		if e, ok := errs.As(err); !ok || len(e.Fields) != 1 || e.Fields[0].Field != field {
			t.Error(field, err)
		}
	}
	_, err = c.founding.Count(ctx, liaison, v.ID)
	wantErr(t, err, errs.ErrForbidden)
	_, err = c.founding.Propose(ctx, liaison, v.ID, 1, nil, 0)
	wantErr(t, err, errs.ErrForbidden)
	if n := must(c.audit.Count(ctx, "founding.fill", water))(t); n != 2 {
		t.Error(n, "lines")
	}
}

// Half of the activities is enough, none is not; who is gone does not count; a unit that nothing expected
// has no count. What a person typed goes before what was counted.
func TestRegularParticipantsAreCounted(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	water, archive := c.unit("县水利局", 5), c.unit("县档案馆", 2)
	list := must(c.ledger.Persons(ctx, actor.System, ledger.Filter{Unit: water}, page.Page{}))(t).Items
	for i, turn := range []founding.Turn{{Expected: 4, Present: 2}, {Expected: 5, Present: 2}, {Expected: 1, Present: 1}, {Expected: 3}, {Expected: 2, Present: 2}} {
		turn.Person = list[i].Person.ID
		c.turns[turn.Person] = turn
	}
	gone := ledger.Deceased
	must(c.ledger.UpdatePerson(ctx, actor.System, list[4].Person.ID, ledger.PersonChange{Status: &gone}))(t)
	v := must(c.founding.Open(ctx, c.office, founding.Survey{Committee: c.committee, Name: "摸底", Months: 12, Threshold: 5}))(t)
	_, rows, err := c.founding.Rows(ctx, c.office, v.ID)
	if err != nil || len(rows) != 2 || rows[0].Counted == nil || *rows[0].Counted != 2 || rows[0].Members != 4 || rows[1].Counted != nil {
		t.Fatal(rows, err)
	}
	if verdict, _ := rows[1].Judge(5); rows[1].Unit != archive || verdict != founding.Unknown {
		t.Error(verdict)
	}
	three := 3
	_, row, err := c.founding.Fill(ctx, c.office, v.ID, water, founding.Answers{Regular: &three}, 0)
	if err != nil || *row.RegularNow() != 3 || *row.Counted != 2 {
		t.Error(row, err)
	}
}

func TestStaffMoveUnitsAndSaveVersions(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	v := c.surveyed()
	first := c.version(v, "初稿")
	d := must(c.founding.Desk(ctx, c.office, v.ID))(t)
	unit := d.Board.Groups[0].Cards[3]
	effects := must(c.founding.Effects(ctx, c.office, v.ID, unit.Unit))(t)
	moved, effect, err := c.founding.Move(ctx, c.office, v.ID, unit.Unit, 2, d.Revision)
	if err != nil || len(effects) != 5 || effects[2].Text != effect.Text || !strings.Contains(effect.Text, "6→5家") || effect.After.Total >= effect.Before.Total {
		t.Fatal(effects, effect, err)
	}
	if len(moved.Board.Groups[0].Cards) != 5 || len(moved.Board.Groups[1].Cards) != 7 || moved.Board.Score != effect.After {
		t.Error(moved.Board.Score, effect)
	}
	_, _, err = c.founding.Move(ctx, c.office, v.ID, unit.Unit, 3, d.Revision)
	wantErr(t, err, founding.ErrStale)
	_, _, err = c.founding.Move(ctx, c.office, v.ID, unit.Unit, 5, moved.Revision)
	wantErr(t, err, errs.ErrInvalid)
	out, _, err := c.founding.Move(ctx, c.office, v.ID, unit.Unit, 0, moved.Revision)
	if err != nil || len(out.Board.Unplaced) != 1 || out.Board.Unplaced[0].Unit != unit.Unit {
		t.Error(out.Board.Unplaced, err)
	}
	name := "城区第一联盟"
	lead := out.Board.Groups[1].Cards[2].Unit
	out = must(c.founding.ChangeGroup(ctx, c.office, v.ID, 2, founding.GroupChange{Name: &name, Lead: &lead}, out.Revision))(t)
	if g := out.Board.Groups[1]; g.Name != "城区第一" || g.Lead != lead {
		t.Error(g.Name, g.Lead)
	}
	_, err = c.founding.ChangeGroup(ctx, c.office, v.ID, 1, founding.GroupChange{Name: &name}, out.Revision)
	wantErr(t, err, errs.ErrInvalid)
	_, err = c.founding.ChangeGroup(ctx, c.office, v.ID, 1, founding.GroupChange{Lead: &unit.Unit}, out.Revision)
	wantErr(t, err, errs.ErrInvalid)
	second := must(c.founding.SaveVersion(ctx, c.office, v.ID, "会后调整", out.Revision))(t)
	_, err = c.founding.SaveVersion(ctx, c.office, v.ID, "会后调整", out.Revision)
	wantErr(t, err, founding.ErrNameTaken)
	_, _, diff, err := c.founding.Compare(ctx, c.office, first.ID, second.ID)
	if err != nil || len(diff) != 1 || diff[0].Name != unit.Name || diff[0].First != first.Board.Groups[0].Name || diff[0].Second != "" {
		t.Error(diff, err)
	}
	kept := must(c.founding.Version(ctx, c.office, first.ID))(t)
	if len(kept.Board.Groups[0].Cards) != 6 || kept.Board.Score != first.Board.Score {
		t.Error("a version changed", kept)
	}
	_, err = c.founding.Version(ctx, c.other, first.ID)
	wantErr(t, err, errs.ErrNotFound)
}

// Twenty people confirm at once, half of them another version: four alliances come out of it, once, and
// nobody's affiliation changes.
func TestAlliancesAreFoundedOnce(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	v := c.surveyed()
	versions := []founding.Version{c.version(v, "甲"), c.version(v, "乙")}
	homes := func() map[id.ID][2]id.ID {
		m := map[id.ID][2]id.ID{}
		for after := ""; ; {
			l := must(c.ledger.Persons(ctx, actor.System, ledger.Filter{}, page.Page{After: after, Limit: page.MaxLimit}))(t)
			for _, e := range l.Items {
				m[e.Person.ID] = [2]id.ID{e.Person.UnitID, e.Person.BranchID}
			}
			if after = l.Next; after == "" {
				return m
			}
		}
	}
	before := homes()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var won [][]founding.Founding
	for i := range 20 {
		wg.Go(func() {
			got, err := c.founding.Found(ctx, c.office, versions[i%2].ID, order)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won = append(won, got)
			} else if !errors.Is(err, founding.ErrFounded) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(won) != 1 || len(won[0]) != 4 {
		t.Fatal(won)
	}
	alliances := must(c.ledger.Alliances(ctx, c.office))(t)
	units := must(c.ledger.Units(ctx, c.office, 0))(t)
	in := map[id.ID]int{}
	for _, u := range units {
		in[u.AllianceID]++
	}
	if len(alliances) != 4 || len(in) != 4 {
		t.Fatal(alliances, in)
	}
	for i, f := range won[0] {
		a := alliances[slices.IndexFunc(alliances, func(a ledger.Alliance) bool { return a.ID == f.Alliance })]
		if f.Units != 6 || in[a.ID] != 6 || f.DocumentNo != order.DocumentNo || f.FoundedOn != order.FoundedOn || f.Name != a.Name ||
			a.LeadUnitID != versions[0].Board.Groups[i].Lead || a.LeadUnitID != f.Lead || !strings.HasSuffix(a.Name, "离退休干部党建联盟") {
			t.Errorf("%+v %+v", f, a)
		}
	}
	if !maps.Equal(before, homes()) {
		t.Error("somebody's affiliation changed")
	}
	_, err := c.founding.Propose(ctx, c.office, v.ID, 3, nil, 2)
	wantErr(t, err, founding.ErrFounded)
	_, _, err = c.founding.Fill(ctx, c.office, v.ID, units[0].ID, founding.Answers{}, 1)
	wantErr(t, err, founding.ErrFounded)
	if n := must(c.audit.Count(ctx, "founding.found", v.ID))(t); n != 1 {
		t.Error(n, "lines")
	}
}

// A desktop whose phone has not agreed founds nothing, and is asked only for what could be founded.
func TestFoundingIsConfirmed(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	v := c.version(c.surveyed(), "初稿")
	refused, asked := errors.New("not confirmed"), 0
	c.founding.Confirm = func(_ context.Context, _ actor.Actor, action string, subject id.ID) error {
		if action != "found" || subject != v.ID {
			t.Error(action, subject)
		}
		if asked++; asked == 1 {
			return refused
		}
		return nil
	}
	_, err := c.founding.Found(ctx, c.office, v.ID, order)
	wantErr(t, err, refused)
	if left := must(c.ledger.Alliances(ctx, c.office))(t); len(left) != 0 {
		t.Error("founded without a confirmation", left)
	}
	if made := must(c.founding.Found(ctx, c.office, v.ID, order))(t); len(made) != 4 {
		t.Error(made)
	}
	_, err = c.founding.Found(ctx, c.office, v.ID, order)
	wantErr(t, err, founding.ErrFounded)
	if asked != 2 {
		t.Error("asked for what can't be done", asked)
	}
}

// Units of existing alliances are left out, or moved on purpose; what happened since a version was saved is
// not overwritten.
func TestExistingAlliances(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	v := c.surveyed()
	old := must(c.ledger.CreateAlliance(ctx, c.office, ledger.Alliance{CommitteeID: c.committee, Name: "津苑"}))(t)
	join := func(name string, a id.ID) {
		t.Helper()
		must(c.ledger.UpdateUnit(ctx, c.office, c.units[name], ledger.UnitChange{Alliance: &a}))(t)
	}
	for _, n := range []string{"县审计局", "县统计局", "县烟草局"} {
		join(n, old.ID)
	}
	audited := c.units["县审计局"]
	must(c.ledger.UpdateAlliance(ctx, c.office, old.ID, ledger.AllianceChange{LeadUnit: &audited}))(t)

	d := must(c.founding.Propose(ctx, c.office, v.ID, 3, nil, 0))(t)
	names := func(d founding.Desk) (n int, out []string) {
		for _, g := range d.Board.Groups {
			n += len(g.Cards)
			out = append(out, g.Name)
		}
		return n, out
	}
	if n, called := names(d); n != 21 || len(d.Board.Unplaced) != 3 || d.Board.Unplaced[0].Reason != "已在津苑离退休干部党建联盟" || slices.Contains(called, "津苑") {
		t.Error(n, called, d.Board.Unplaced)
	}
	d = must(c.founding.Propose(ctx, c.office, v.ID, 4, []id.ID{audited, c.units["县统计局"]}, d.Revision))(t)
	if n, _ := names(d); n != 23 {
		t.Error(n)
	}
	_, err := c.founding.Propose(ctx, c.office, v.ID, 4, []id.ID{1}, d.Revision)
	wantErr(t, err, errs.ErrNotFound)
	version := must(c.founding.SaveVersion(ctx, c.office, v.ID, "初稿", d.Revision))(t)
	_, err = c.founding.Found(ctx, c.office, version.ID, order)
	wantErr(t, err, founding.ErrLeads)
	must(c.ledger.UpdateAlliance(ctx, c.office, old.ID, ledger.AllianceChange{LeadUnit: new(id.ID)}))(t)
	join("县水利局", old.ID)
	_, err = c.founding.Found(ctx, c.office, version.ID, order)
	wantErr(t, err, founding.ErrChanged)
	join("县水利局", 0)
	for _, bad := range []founding.Order{{FoundedOn: "2022-03-15"}, {DocumentNo: "1号", FoundedOn: "3月15日"}, {DocumentNo: "1号", FoundedOn: "2022-03-16"}, {DocumentNo: "=1", FoundedOn: "2022-03-15"}} {
		_, err := c.founding.Found(ctx, c.office, version.ID, bad)
		wantErr(t, err, errs.ErrInvalid)
	}
	must(c.ledger.CreateAlliance(ctx, c.office, ledger.Alliance{CommitteeID: c.committee, Name: version.Board.Groups[1].Name}))(t)
	_, err = c.founding.Found(ctx, c.office, version.ID, order)
	wantErr(t, err, ledger.ErrNameTaken)
	if all := must(c.ledger.Alliances(ctx, c.office))(t); len(all) != 2 {
		t.Error("a failed founding left something behind", all)
	}
	name := "改过名"
	d = must(c.founding.ChangeGroup(ctx, c.office, v.ID, 2, founding.GroupChange{Name: &name}, d.Revision))(t)
	version = must(c.founding.SaveVersion(ctx, c.office, v.ID, "改名", d.Revision))(t)
	if got := must(c.founding.Found(ctx, c.office, version.ID, order))(t); len(got) != 4 {
		t.Error(got)
	}
	if left := must(c.ledger.Units(ctx, c.office, old.ID))(t); len(left) != 1 || left[0].Name != "县烟草局" {
		t.Error(left)
	}
}

// Two people fill in the same row at the same moment: one is told to look again.
func TestOneOfTwentyFillsARow(t *testing.T) {
	c := newCounty(t)
	unit := c.unit("县水利局", 1)
	v := must(c.founding.Open(t.Context(), c.office, founding.Survey{Committee: c.committee, Name: "摸底", Months: 12, Threshold: 5}))(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for range 20 {
		wg.Go(func() {
			_, _, err := c.founding.Fill(t.Context(), c.office, v.ID, unit, founding.Answers{Street: "城东街道"}, 0)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if !errors.Is(err, founding.ErrStale) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Error(won)
	}
}
