package ledger_test

import (
	"slices"
	"testing"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// A record that was read before somebody else wrote brings its own changes and no more.
func TestApplyOverLosesNobodysWrite(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	read := must(w.ledger.Bulk().Records(ctx, []id.ID{w.zhang.Person.ID, w.li.Person.ID}))(t)
	zhang, li := read[w.zhang.Person.ID], read[w.li.Person.ID]
	zhang.Phone, zhang.Health, zhang.Hobbies = "19900000005", "良好", "门球"
	li.Hobbies = "太极"
	must(w.ledger.UpdatePerson(ctx, actor.System, zhang.ID, ledger.PersonChange{Fields: map[string]string{"phone": "19900000006", "talents": "书法", "hobbies": "门球"}}))(t)
	newer := must(w.ledger.Bulk().ApplyOver(ctx, ledger.Changes{ChangedPersons: []ledger.Record{zhang, li}}, read))(t)
	if len(newer) != 1 || newer[0].Person != zhang.ID || !slices.Equal(newer[0].Keys, []string{"phone"}) {
		t.Errorf("%+v", newer)
	}
	now := must(w.ledger.Bulk().Records(ctx, []id.ID{zhang.ID, li.ID}))(t)
	if z := now[zhang.ID]; z.Phone != "19900000006" || z.Health != "良好" || z.Talents != "书法" || z.Hobbies != "门球" || z.Version() != 3 {
		t.Errorf("%d %+v", z.Version(), z.Fields)
	}
	// a branch that somebody chose belongs to the unit: the move of the file does not tear them apart
	then := must(w.ledger.Bulk().Records(ctx, []id.ID{li.ID}))(t)
	li = then[li.ID]
	li.UnitID, li.BranchID = w.alone.ID, 0
	branch := ledger.Branch{ID: 4242, UnitID: w.unitA.ID, Name: "第二党支部"}
	if err := w.ledger.Bulk().Apply(ctx, ledger.Changes{NewBranches: []ledger.Branch{branch}}); err != nil {
		t.Fatal(err)
	}
	must(w.ledger.UpdatePerson(ctx, actor.System, li.ID, ledger.PersonChange{Branch: &branch.ID}))(t)
	newer = must(w.ledger.Bulk().ApplyOver(ctx, ledger.Changes{ChangedPersons: []ledger.Record{li}}, then))(t)
	now[li.ID] = must(w.ledger.Bulk().Records(ctx, []id.ID{li.ID}))(t)[li.ID]
	if len(newer) != 1 || !slices.Contains(newer[0].Keys, "unit_id") || now[li.ID].UnitID != w.unitA.ID || now[li.ID].BranchID != branch.ID {
		t.Errorf("%+v %+v", newer, now[li.ID])
	}
	if now[li.ID].Hobbies != "太极" {
		t.Errorf("%+v", now[li.ID].Fields)
	}
	since := must(w.ledger.Bulk().ChangedSince(ctx, map[id.ID]int{zhang.ID: 1, li.ID: 3}))(t)
	if len(since) != 1 || !since[zhang.ID]["talents"] || !since[zhang.ID]["health"] || since[zhang.ID]["address"] {
		t.Errorf("%v", since)
	}
	// somebody was erased meanwhile: nothing comes back
	if _, err := w.db.SQL().Exec("UPDATE persons SET name = ?, birth = '', phone_enc = NULL, id_number_enc = NULL, health_enc = NULL, hobbies = '' WHERE id = ?", ledger.ErasedName, zhang.ID); err != nil {
		t.Fatal(err)
	}
	newer = must(w.ledger.Bulk().ApplyOver(ctx, ledger.Changes{ChangedPersons: []ledger.Record{zhang}}, read))(t)
	if z := must(w.ledger.Bulk().Records(ctx, []id.ID{zhang.ID}))(t)[zhang.ID]; len(newer) != 1 || !newer[0].Erased || z.Name != ledger.ErasedName || z.Phone+z.Health+z.Hobbies != "" {
		t.Errorf("%+v %+v", newer, z.Fields)
	}
}
