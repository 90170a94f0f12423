package privacy_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/page"
	"bense/server/internal/privacy"
	"bense/server/internal/roster"
)

const two = "李四四,县妇联,1948.04,19900000002,旧址二,\n王五五,县妇联,1948.05,19900000003,旧址三,\n"

// An erasure takes two steps, keeps the person's place in the figures and nothing else, and is done once.
func TestErasure(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	c.load(two)
	li := c.people()["李四四"]
	stranger := actor.Actor{Account: 9, Grants: []actor.Grant{{Role: actor.Liaison, Place: actor.Place{Committee: c.committee, Unit: li.UnitID}}}}
	for name, err := range map[string]error{
		"without a request":  func() error { _, err := c.Erase(ctx, c.office, li.ID, "李四四"); return err }(),
		"without a reason":   func() error { _, err := c.AskErasure(ctx, c.office, li.ID, " "); return err }(),
		"by a liaison":       func() error { _, err := c.AskErasure(ctx, stranger, li.ID, "想删"); return err }(),
		"nothing to take up": c.DropErasure(ctx, c.office, li.ID),
	} {
		want := map[string]error{"without a request": privacy.ErrNotAsked, "without a reason": privacy.ErrReason, "by a liaison": errs.ErrForbidden,
			"nothing to take up": privacy.ErrNotAsked}[name]
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	asked, err := c.AskErasure(ctx, c.office, li.ID, "本人来信提出")
	if err != nil || asked.Name != "李四四" || len(asked.Counts) == 0 {
		t.Fatal(asked, err)
	}
	if _, err := c.Erase(ctx, c.office, li.ID, "李四四"); !errors.Is(err, privacy.ErrSamePerson) {
		t.Errorf("confirmed by who asked: %v", err)
	}
	if _, err := c.Erase(ctx, c.colleague, li.ID, "王五五"); !errors.Is(err, privacy.ErrOtherMan) {
		t.Errorf("erased under another name: %v", err)
	}
	c.clk.Advance(time.Hour)
	done, err := c.Erase(ctx, c.colleague, li.ID, "李四四")
	if err != nil || done.DoneAt.IsZero() || done.Name != "" {
		t.Fatal(done, err)
	}
	if err := c.erase(li.ID, "李四四"); !errors.Is(err, privacy.ErrErased) && !errors.Is(err, privacy.ErrOtherMan) {
		t.Errorf("erased twice: %v", err)
	}
	people := c.people()
	if r := people[ledger.ErasedName]; r.ID != li.ID || !r.Erased() || r.UnitID != li.UnitID || r.Address+r.Hobbies != "" || r.Status != ledger.Moved {
		t.Errorf("%+v", r)
	}
	for _, q := range []string{"李", "19900000002", "0002", "lss"} {
		if l, err := c.ledger.Persons(ctx, c.office, ledger.Filter{Query: q}, page.Page{}); err != nil || len(l.Items) != 0 {
			t.Errorf("%s is found: %v", q, err)
		}
	}
	if people["王五五"].Phone != "19900000003" {
		t.Error("somebody else was touched")
	}
	if n, err := c.audit.Count(ctx, "privacy.erase_person", li.ID); err != nil || n != 1 {
		t.Errorf("%d lines: %v", n, err)
	}
}

// The undo of an import brings nobody back who was erased: where its journal still names others only, it
// leaves the person alone and says so; where it named the person it is gone.
func TestUndoBringsNobodyBack(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	c.load(two)
	changed := c.load("李四四,县妇联,1948.04,,,门球\n王五五,县妇联,1948.05,,,太极\n")
	li := c.people()["李四四"]
	// the name in the journal is an old one by the time of the erasure
	if _, err := c.ledger.UpdatePerson(ctx, c.office, li.ID, ledger.PersonChange{Fields: map[string]string{"name": "李思思"}}); err != nil {
		t.Fatal(err)
	}
	c.must(c.erase(li.ID, "李思思"))
	u, err := c.roster.TryUndo(ctx, c.office, changed.ID)
	if err != nil || u.Restored != 1 || len(u.Conflicts) != 1 || u.Conflicts[0].Name != ledger.ErasedName || u.Conflicts[0].Reason != "已按要求删除，不再恢复" {
		t.Fatalf("%+v %v", u, err)
	}
	if _, err := c.roster.Undo(ctx, c.office, changed.ID, false); !errors.Is(err, roster.ErrUndo) {
		t.Error(err)
	}
	if _, err := c.roster.Undo(ctx, c.office, changed.ID, true); err != nil {
		t.Fatal(err)
	}
	people := c.people()
	if r := people[ledger.ErasedName]; !r.Erased() || r.Hobbies != "" || r.UnitID != li.UnitID {
		t.Errorf("%+v", r)
	}
	if people["王五五"].Hobbies != "" {
		t.Error("the rest was not taken back")
	}

	again := c.load("王五五,县妇联,1948.05,,,书法\n赵六六,县妇联,1948.06,19900000006,,\n")
	wang := people["王五五"]
	c.must(c.erase(wang.ID, "王五五"))
	if _, err := c.roster.Undo(ctx, c.office, again.ID, true); !errors.Is(err, roster.ErrNoJournal) {
		t.Errorf("the undo of an import that named the person: %v", err)
	}
	n := 0
	snap, err := c.ledger.Bulk().Snapshot(ctx, c.committee, nil)
	c.must(err)
	for _, r := range snap.Persons {
		if r.Erased() {
			n++
		}
	}
	if n != 2 || len(snap.Persons) != 3 {
		t.Errorf("%d erased of %d", n, len(snap.Persons))
	}
}

// A preview that names somebody who is erased goes with them, and an import that is being written and an
// erasure wait for each other: whoever is first, nothing of the person is left.
func TestErasureAndImportAtOnce(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	c.load(two)
	li := c.people()["李四四"]
	waiting := c.preview("李四四,县妇联,1948.04,,,门球\n")
	c.must(c.erase(li.ID, "李四四"))
	if _, err := c.roster.Commit(ctx, c.office, waiting.ID); !errors.Is(err, errs.ErrNotFound) {
		t.Errorf("the preview of somebody who was erased: %v", err)
	}
	for round := range 8 {
		name := "钱" + string(rune('一'+round)) + "一"
		row := func(hobby string) string {
			return fmt.Sprintf("%s,县妇联,1948.%02d,1990000010%d,新址,%s\n孙%d号,县妇联,1950.%02d,1990000020%d,,%s\n", name, round+1, round, hobby, round, round+1, round, hobby)
		}
		c.load(row("门球"))
		person := c.people()[name]
		imp := c.preview(row("太极"))
		if _, err := c.AskErasure(ctx, c.office, person.ID, "本人来信提出"); err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup
		both.Go(func() {
			if _, err := c.Erase(context.Background(), c.colleague, person.ID, name); err != nil {
				t.Error(err)
			}
		})
		both.Go(func() {
			if _, err := c.roster.Commit(context.Background(), c.office, imp.ID); err != nil && !errors.Is(err, errs.ErrNotFound) && !errors.Is(err, roster.ErrCommitted) {
				t.Error(err)
			}
		})
		both.Wait()
		now, err := c.ledger.Bulk().Records(ctx, []id.ID{person.ID})
		c.must(err)
		if r := now[person.ID]; !r.Erased() || r.Hobbies+r.Address != "" {
			t.Errorf("round %d: %+v", round, r.Fields)
		}
		snap, err := c.ledger.Bulk().Snapshot(ctx, c.committee, nil)
		c.must(err)
		for _, r := range snap.Persons {
			if r.Name == name {
				t.Errorf("round %d: %s stands in the ledger again", round, name)
			}
		}
	}
}

// After a backup was restored the list alone erases again, as often as it is run, and nobody else: also
// nobody who has no identity number, as the one who was erased had none.
func TestReapplyErasesNobodyElse(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	c.load(two + "赵六六,县妇联,1948.06,19900000006,,\n")
	li := c.people()["李四四"]
	c.clk.Advance(time.Hour)
	c.must(c.erase(li.ID, "李四四"))
	// the backup knows neither the erasure nor its list
	back := map[string]any{"name": "李四四", "birth": "1948-04", "phone_enc": c.box.SealString("19900000002", "persons.phone"), "phone_hash": c.box.Hash("phone", "19900000002")}
	err := c.db.Tx(ctx, func(ctx context.Context) error {
		if err := c.db.Conn(ctx).Table("persons").Where("id = ?", li.ID).Updates(back).Error; err != nil {
			return err
		}
		return c.db.Conn(ctx).Exec("DELETE FROM erasures").Error
	})
	c.must(err)
	for i, want := range []int{1, 0, 0} {
		if n, err := c.Reapply(ctx); err != nil || n != want {
			t.Fatalf("run %d erased %d, want %d: %v", i+1, n, want, err)
		}
	}
	people := c.people()
	if !people[ledger.ErasedName].Erased() || people["王五五"].Phone == "" || people["赵六六"].Phone == "" {
		t.Errorf("%+v", people)
	}
	var null int64
	c.must(c.db.Conn(ctx).Table("erasures").Where("number_hash IS NULL").Count(&null).Error)
	if null != 1 {
		t.Error("an empty hash stands where there was no number")
	}
}
