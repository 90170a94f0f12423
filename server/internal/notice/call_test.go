package notice_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/notice"
)

// deputy is a second liaison of a unit.
func deputy(unit id.ID) actor.Actor {
	who := liaison(unit)
	who.Account += 1000
	return who
}

func (h *house) calling(who actor.Actor, key, person id.ID) string {
	h.t.Helper()
	list, err := h.svc.Calls(h.t.Context(), who, key, false)
	h.must(err)
	for _, c := range list {
		if c.Person == person {
			return c.Now
		}
	}
	return "not on the list"
}

func TestOneLiaisonCallsEachPerson(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	first, other := liaison(11), deputy(11)
	take := func(who actor.Actor, person id.ID) error { return h.svc.TakeCall(t.Context(), who, key, person) }
	h.must(take(first, 1102))
	h.must(take(first, 1102)) // a second tap
	h.want(take(other, 1102), notice.ErrTaken)
	if got := h.calling(other, key, 1102); got != "账号"+first.Account.String() {
		t.Errorf("the deputy is told that %q calls", got)
	}
	if got := h.calling(first, key, 1102); got != "" {
		t.Errorf("one's own call is told as %q's", got)
	}
	h.must(take(first, 1103)) // lets go of the one before
	h.must(take(other, 1102))
	h.clk.Advance(10 * time.Minute)
	h.must(take(first, 1102)) // the deputy forgot
	_, err := h.svc.RecordCall(t.Context(), first, key, 1102, notice.Spoken{Outcome: notice.NoAnswer})
	h.must(err)
	h.must(take(other, 1102)) // a second try by somebody else

	for name, c := range map[string]struct{ err, want error }{
		"another unit": {take(liaison(12), 1102), errs.ErrNotFound},
		"a member":     {take(member(1102), 1103), errs.ErrForbidden},
		"foreign":      {take(liaison(21), 1102), errs.ErrNotFound},
		"nobody":       {take(staff(), 4711), errs.ErrNotFound},
		"a draft":      {h.svc.TakeCall(t.Context(), staff(), h.loose(), 1102), notice.ErrNotOut},
	} {
		t.Run(name, func(t *testing.T) { h.want(c.err, c.want) })
	}
}

// loose is a draft about nothing that people come to.
func (h *house) loose() id.ID {
	h.t.Helper()
	n, err := h.svc.Create(h.t.Context(), head(), alliance, 0, "学习资料", "请各位老同志传阅。")
	h.must(err)
	return n.Notice.ID
}

func TestOfManyWhoTakeACallOneGetsIt(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	for round := range 20 {
		person := []id.ID{1101, 1102, 1103, 1104}[round%4]
		h.clk.Advance(11 * time.Minute)
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for i := range 8 {
			who := liaison(11)
			who.Account += id.ID(i)
			wg.Go(func() {
				err := h.svc.TakeCall(t.Context(), who, key, person)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					won++
				case !errors.Is(err, notice.ErrTaken):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Fatalf("round %d: %d callers for one person", round, won)
		}
	}
}

// Two liaisons of two units, and one telephone on the table of a couple.
func TestACouplesTelephoneRingsForOneCaller(t *testing.T) {
	h := newHouse(t)
	for _, p := range []id.ID{1102, 1202} {
		one := h.people[p]
		one.HouseholdID = 9
		h.people[p] = one
	}
	h.phones = map[id.ID]string{1102: "19900009999", 1202: "19900009999"}
	key := h.published()
	h.must(h.svc.TakeCall(t.Context(), liaison(11), key, 1102))
	h.want(h.svc.TakeCall(t.Context(), liaison(12), key, 1202), notice.ErrTaken)
	if got := h.calling(liaison(12), key, 1202); got == "" {
		t.Error("nobody is said to be calling the other one")
	}
	_, err := h.svc.RecordCall(t.Context(), liaison(11), key, 1102, notice.Spoken{Outcome: notice.Told})
	h.must(err)
	h.must(h.svc.TakeCall(t.Context(), liaison(12), key, 1202))
	h.phones[1202] = "19900009998"                              // a number of one's own
	h.must(h.svc.TakeCall(t.Context(), liaison(12), key, 1202)) // lets go of the other
	h.must(h.svc.TakeCall(t.Context(), liaison(11), key, 1102))
}

// Everybody takes and notes at the same time, each somebody else: nobody stands in another's way.
func TestCallersDoNotHinderEachOther(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	var wg sync.WaitGroup
	for i := range 4 {
		who := liaison(11)
		who.Account += id.ID(i)
		person := id.ID(1101 + i)
		wg.Go(func() {
			for range 20 {
				if err := h.svc.TakeCall(t.Context(), who, key, person); err != nil {
					t.Error(err)
				}
				if _, err := h.svc.RecordCall(t.Context(), who, key, person, notice.Spoken{Outcome: notice.NoAnswer}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
