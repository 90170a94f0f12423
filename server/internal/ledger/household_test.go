package ledger_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/page"
)

func (w *world) pairs(who actor.Actor) (out []string) {
	w.t.Helper()
	for _, p := range must(w.ledger.Pairs(w.t.Context(), who, ledger.Filter{}, page.Page{}))(w.t).Items {
		out = append(out, p.One.Person.Name+p.Other.Person.Name)
	}
	return out
}

func TestASharedPhoneIsAQuestion(t *testing.T) {
	w := newWorld(t)
	ctx, who, zhang, li := t.Context(), w.office(0), w.zhang.Person.ID, w.li.Person.ID
	if got := strings.Join(w.pairs(who), " "); got != "张爱国李秀英" {
		t.Errorf("asked about %s", got)
	}
	if h := must(w.ledger.Household(ctx, who, zhang))(t); h.ID != 0 || len(h.Asked) != 1 || h.Asked[0].Person.ID != li || h.Asked[0].Phone != "199****0001" {
		t.Errorf("%+v", h)
	}
	before := must(w.ledger.Counts(ctx, who, ""))(t)
	h := must(w.ledger.JoinHousehold(ctx, who, zhang, li))(t)
	if h.ID == 0 || len(h.Members) != 1 || h.Members[0].Person.ID != li || len(h.Asked) != 0 || len(w.pairs(who)) != 0 {
		t.Errorf("%+v", h)
	}
	must(w.ledger.JoinHousehold(ctx, who, li, zhang))(t) // said twice
	e := must(w.ledger.Person(ctx, who, zhang))(t)
	if e.PhoneSharedWith != "李秀英" || e.UnitID != w.unitA.ID || e.HouseholdID != h.ID {
		t.Errorf("%+v", e)
	}
	if after := must(w.ledger.Counts(ctx, who, ""))(t); after.Total != before.Total {
		t.Errorf("%+v, was %+v", after.Total, before.Total)
	}
	if got := lines(w.history(zhang)); !strings.Contains(got, "2 household") || !strings.Contains(got, "同一户的人:  > 李秀英") || strings.Contains(got, "3 ") {
		t.Error(got)
	}
	if n := must(w.audit.Count(ctx, "ledger.join_household", zhang))(t); n != 1 {
		t.Errorf("%d audit lines", n)
	}
	if h := must(w.ledger.LeaveHousehold(ctx, who, li))(t); h.ID != 0 || len(h.Asked) != 1 {
		t.Errorf("%+v", h)
	}
	if e := must(w.ledger.Person(ctx, who, zhang))(t); e.HouseholdID != 0 {
		t.Error("somebody lives alone in a household")
	}
	must(w.ledger.NoFamily(ctx, who, li, zhang))(t)
	if strangers := must(w.ledger.Directory().Strangers(ctx, []id.ID{zhang, li}))(t); !strangers || len(w.pairs(who)) != 0 {
		t.Error("asked again after the answer")
	}
	if h := must(w.ledger.AskAgain(ctx, who, zhang, li))(t); len(h.Asked) != 1 {
		t.Errorf("%+v", h)
	}
	must(w.ledger.NoFamily(ctx, who, zhang, li))(t)
	must(w.ledger.JoinHousehold(ctx, who, zhang, li))(t) // a change of mind
	if must(w.ledger.Directory().Strangers(ctx, []id.ID{zhang, li}))(t) {
		t.Error("family and no family")
	}
}

func TestHouseholdsOfOthers(t *testing.T) {
	w := newWorld(t)
	ctx, office := t.Context(), w.office(0)
	zhang, li, wang := w.zhang.Person.ID, w.li.Person.ID, w.wang.Person.ID
	liaison, head := as(actor.Liaison, w.unitA.Place()), as(actor.Head, w.a.Place())
	must(w.ledger.JoinHousehold(ctx, office, zhang, wang))(t) // across units and alliances
	if h := must(w.ledger.Household(ctx, liaison, zhang))(t); h.ID == 0 || len(h.Members) != 0 || h.Hidden != 1 {
		t.Errorf("a liaison sees %+v", h)
	}
	if h := must(w.ledger.Household(ctx, head, zhang))(t); len(h.Asked) != 0 {
		t.Error("who may not answer is asked")
	}
	if h := must(w.ledger.JoinHousehold(ctx, liaison, zhang, li))(t); len(h.Members) != 1 || h.Hidden != 1 {
		t.Errorf("a liaison adds and sees %+v", h)
	}
	chen := w.person(w.unitB, ledger.Fields{Name: "陈桂兰", Phone: "19900010002"})
	zhao := w.person(w.unitB, ledger.Fields{Name: "赵长河", Phone: "19900010002"})
	must(w.ledger.JoinHousehold(ctx, office, chen.Person.ID, zhao.Person.ID))(t)
	for what, c := range map[string]struct{ err, want error }{
		"two households":         {second(w.ledger.JoinHousehold(ctx, office, zhang, chen.Person.ID)), ledger.ErrHouseholds},
		"with oneself":           {second(w.ledger.JoinHousehold(ctx, office, zhang, zhang)), ledger.ErrWithOneself},
		"the head":               {second(w.ledger.JoinHousehold(ctx, head, zhang, li)), errs.ErrForbidden},
		"another unit":           {second(w.ledger.JoinHousehold(ctx, liaison, li, chen.Person.ID)), errs.ErrNotFound},
		"another county":         {second(w.ledger.JoinHousehold(ctx, w.office(1), zhang, li)), errs.ErrNotFound},
		"another county's":       {second(w.ledger.JoinHousehold(ctx, office, li, w.stranger.Person.ID)), errs.ErrNotFound},
		"family and apart":       {second(w.ledger.NoFamily(ctx, office, zhang, li)), ledger.ErrSameHousehold},
		"apart, by the head":     {second(w.ledger.NoFamily(ctx, head, zhang, li)), errs.ErrForbidden},
		"ask again, by the head": {second(w.ledger.AskAgain(ctx, head, zhang, li)), errs.ErrForbidden},
		"leaving, elsewhere":     {second(w.ledger.LeaveHousehold(ctx, w.office(1), zhang)), errs.ErrNotFound},
		"leaving, by the head":   {second(w.ledger.LeaveHousehold(ctx, head, zhang)), errs.ErrForbidden},
		"leaving none":           {second(w.ledger.LeaveHousehold(ctx, w.office(1), w.stranger.Person.ID)), ledger.ErrNoHousehold},
		"pairs behind nonsense":  {second(w.ledger.Pairs(ctx, office, ledger.Filter{}, page.Page{After: "x"})), errs.ErrInvalid},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v", what, c.err)
		}
	}
	if got := w.pairs(as(actor.Liaison, w.unitB.Place())); len(got) != 0 {
		t.Errorf("pairs of others: %v", got)
	}
}

// Two clerks who answer at once make one household, whoever names whom first.
func TestOneHouseholdOfManyAnswers(t *testing.T) {
	w := newWorld(t)
	ctx, office := t.Context(), w.office(0)
	family := []id.ID{w.zhang.Person.ID, w.li.Person.ID, w.wang.Person.ID}
	must(w.ledger.JoinHousehold(ctx, office, family[0], family[1]))(t)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if _, err := w.ledger.JoinHousehold(ctx, office, family[(i+2)%3], family[i%2]); err != nil && !errors.Is(err, ledger.ErrWithOneself) {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	homes := map[id.ID]int{}
	for _, p := range family {
		homes[must(w.ledger.Person(ctx, office, p))(t).HouseholdID]++
	}
	if len(homes) != 1 || homes[0] != 0 {
		t.Errorf("%v", homes)
	}
	for i := range 6 {
		p := w.person(w.unitA, ledger.Fields{Name: "某" + string([]rune("甲乙丙丁戊己")[i])})
		_, err := w.ledger.JoinHousehold(ctx, office, family[0], p.Person.ID)
		if want := i == 5; errors.Is(err, ledger.ErrHouseholdFull) != want {
			t.Errorf("the %d. person: %v", i+4, err)
		}
	}
}
