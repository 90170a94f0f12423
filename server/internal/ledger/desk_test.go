package ledger_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

func TestDeskOfAUnit(t *testing.T) {
	w := newWorld(t)
	ctx, own := t.Context(), as(actor.Liaison, w.unitA.Place())
	d := ledger.Desk{Venue: " 老年大学二楼 ", ContactName: "王干事", ContactPhone: "0546-5621234"}
	must(w.ledger.SetDesk(ctx, own, w.unitA.ID, d))(t)
	got := must(w.ledger.Desk(ctx, as(actor.Head, w.a.Place()), w.unitA.ID))(t)
	if got.Venue != "老年大学二楼" || got.ContactName != "王干事" || got.ContactPhone != "0546-5621234" {
		t.Errorf("%+v", got)
	}
	if n := must(w.audit.Count(ctx, "ledger.update_desk", w.unitA.ID))(t); n != 1 {
		t.Error(n, "lines")
	}
	for name, c := range map[string]struct {
		who  actor.Actor
		want *errs.Error
	}{
		"a member": {as(actor.Member, w.zhang.Place()), errs.ErrForbidden}, "another unit": {as(actor.Liaison, w.unitB.Place()), errs.ErrNotFound},
		"another county": {w.office(1), errs.ErrNotFound},
	} {
		if _, err := w.ledger.SetDesk(ctx, c.who, w.unitA.ID, d); !errors.Is(err, c.want) {
			t.Errorf("%s sets it: %v", name, err)
		}
	}
	for field, bad := range map[string]ledger.Desk{"contact_phone": {ContactPhone: "找老王"}, "venue": {Venue: "=1+1"}} {
		_, err := w.ledger.SetDesk(ctx, own, w.unitA.ID, bad)
		if e, ok := errs.As(err); !ok || len(e.Fields) != 1 || e.Fields[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestBranchesAndFormerNames(t *testing.T) {
	w := newWorld(t)
	ctx, office := t.Context(), w.office(0)
	b := must(w.ledger.CreateBranch(ctx, office, ledger.Branch{UnitID: w.unitA.ID, Name: "县妇联第二支部"}))(t)
	if _, err := w.ledger.CreateBranch(ctx, office, ledger.Branch{UnitID: w.unitA.ID, Name: b.Name}); !errors.Is(err, ledger.ErrNameTaken) {
		t.Errorf("the same name twice: %v", err)
	}
	if _, err := w.ledger.RenameBranch(ctx, as(actor.Liaison, w.unitA.Place()), b.ID, "另一个"); !errors.Is(err, errs.ErrForbidden) {
		t.Errorf("a liaison renames: %v", err)
	}
	for _, name := range []string{"县妇联老干部第二支部", "县妇联老干部第二支部", "县妇联银龄支部"} {
		must(w.ledger.RenameBranch(ctx, office, b.ID, name))(t)
	}
	past := must(w.ledger.BranchNames(ctx, office, b.ID))(t)
	if len(past) != 2 || past[0].Name != "县妇联老干部第二支部" || past[1].Name != "县妇联第二支部" || past[1].Account != 77 || !past[1].Until.Equal(today) {
		t.Errorf("%+v", past)
	}
	name := "县妇女联合会"
	must(w.ledger.UpdateUnit(ctx, office, w.unitA.ID, ledger.UnitChange{Name: &name}))(t)
	if past := must(w.ledger.UnitNames(ctx, office, w.unitA.ID))(t); len(past) != 1 || past[0].Name != "县妇联" {
		t.Errorf("%+v", past)
	}
	name = "群团银龄离退休干部党建联盟"
	must(w.ledger.UpdateAlliance(ctx, office, w.a.ID, ledger.AllianceChange{Name: &name}))(t)
	if past := must(w.ledger.AllianceNames(ctx, office, w.a.ID))(t); len(past) != 1 || past[0].Name != w.a.Name {
		t.Errorf("%+v", past)
	}
	if _, err := w.ledger.AllianceNames(ctx, w.office(1), w.a.ID); !errors.Is(err, errs.ErrNotFound) {
		t.Errorf("another county reads: %v", err)
	}
}

// Whoever remembers an alliance's people hears of every way in which they come and go, and of new names.
func TestMovesBetweenAlliancesAreTold(t *testing.T) {
	w := newWorld(t)
	ctx, office := t.Context(), w.office(0)
	var told []id.ID
	w.ledger.OnMove(func(_ context.Context, alliances ...id.ID) error {
		told = append(told, alliances...)
		return nil
	})
	heard := func(what string, want ...id.ID) {
		t.Helper()
		for _, a := range want {
			if !slices.Contains(told, a) {
				t.Errorf("%s: alliance %s isn't told", what, a)
			}
		}
		if len(want) == 0 && len(told) > 0 {
			t.Errorf("%s: told %v", what, told)
		}
		told = nil
	}
	must(w.ledger.UpdatePerson(ctx, office, w.zhang.Person.ID, ledger.PersonChange{Unit: &w.unitB.ID}))(t)
	heard("a person moves", w.a.ID, w.b.ID)
	must(w.ledger.UpdatePerson(ctx, office, w.zhang.Person.ID, ledger.PersonChange{Fields: map[string]string{"hobbies": "书法"}}))(t)
	heard("a person stays")
	must(w.ledger.UpdateUnit(ctx, office, w.unitA.ID, ledger.UnitChange{Alliance: &w.b.ID, Move: true}))(t)
	heard("a unit moves", w.a.ID, w.b.ID)
	recs := must(w.ledger.Bulk().Records(ctx, []id.ID{w.wang.Person.ID}))(t)
	rec := recs[w.wang.Person.ID]
	rec.UnitID, rec.BranchID = w.alone.ID, 0
	err := w.db.Tx(ctx, func(ctx context.Context) error {
		return w.ledger.Bulk().Apply(ctx, ledger.Changes{ChangedPersons: []ledger.Record{rec}})
	})
	if err != nil {
		t.Fatal(err)
	}
	heard("an import moves", w.b.ID)
	name, venue := "县妇女联合会", "二楼"
	must(w.ledger.UpdateUnit(ctx, office, w.unitB.ID, ledger.UnitChange{Name: &name}))(t)
	heard("a unit is renamed", w.b.ID)
	must(w.ledger.UpdateAlliance(ctx, office, w.a.ID, ledger.AllianceChange{Name: &name}))(t)
	heard("an alliance is renamed", w.a.ID)
	must(w.ledger.UpdateAlliance(ctx, office, w.a.ID, ledger.AllianceChange{Venue: &venue}))(t)
	must(w.ledger.UpdateUnit(ctx, office, w.unitB.ID, ledger.UnitChange{Alliance: &w.b.ID}))(t)
	heard("nothing that anybody remembers")
}
