package ledger_test

import (
	"errors"
	"fmt"
	"testing"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/ledger"
)

// Totals are for those who look from above: whole committees in figures, what the ledger itself counts.
func TestTotals(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	gone := ledger.Deceased
	must(w.ledger.UpdatePerson(ctx, actor.System, w.zhang.Person.ID, ledger.PersonChange{Status: &gone}))(t)
	viewer := actor.Actor{Grants: []actor.Grant{{Role: actor.Viewer, Place: w.counties[0].Place()}, {Role: actor.Viewer, Place: w.counties[1].Place()}}}
	all := must(w.ledger.Totals(ctx, viewer))(t)
	if len(all) != 2 {
		t.Fatalf("%+v", all)
	}
	for _, c := range all {
		office := w.office(0)
		if c.ID == w.counties[1].ID {
			office = w.office(1)
		}
		counts := must(w.ledger.Counts(ctx, office, ""))(t)
		units, loose := len(counts.Units), 0
		alliances := len(must(w.ledger.Alliances(ctx, office))(t))
		for _, u := range counts.Units {
			if u.AllianceID == 0 {
				loose++
			}
		}
		if got, want := fmt.Sprint(c.Count, c.Units, c.Loose, c.Alliances), fmt.Sprint(counts.Total, units, loose, alliances); got != want {
			t.Errorf("%s: %s, the ledger counts %s", c.Name, got, want)
		}
	}
	if one := must(w.ledger.Totals(ctx, w.office(1)))(t); len(one) != 1 || one[0].ID != w.counties[1].ID {
		t.Errorf("an office sees %+v", one)
	}
	for name, who := range map[string]actor.Actor{"head": as(actor.Head, w.a.Place()), "liaison": as(actor.Liaison, w.unitA.Place()),
		"member": as(actor.Member, w.zhang.Place()), "nobody": {}} {
		if _, err := w.ledger.Totals(ctx, who); !errors.Is(err, errs.ErrForbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
