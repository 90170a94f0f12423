package notice_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/notice"
	"bense/server/internal/wechat"
)

// enter reads a notice from the card in a group.
func (h *house) enter(person, key id.ID, gid string, card id.ID) string {
	h.t.Helper()
	who := member(person)
	if person == headID {
		who = head()
	}
	r, err := h.svc.Read(h.t.Context(), who, key, notice.ViaGroup, &notice.SealedGroup{EncryptedData: gid, IV: "x", Card: card})
	h.must(err)
	return r.Group
}

func TestAnAllianceHasSeveralGroupsAndChangesThem(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	if got := h.enter(1102, key, "first", 0); got != "own" {
		t.Errorf("the very first group is the alliance's: %s", got)
	}
	if got := h.enter(1103, key, "passed on", 0); got != "other" {
		t.Error(got)
	}
	if got := h.enter(headID, key, "second", 0); got != "other" {
		t.Errorf("a second group counts when the head says so: %s", got)
	}
	list, err := h.svc.GroupsOf(t.Context(), head(), alliance)
	h.must(err)
	if len(list) != 2 || list[0].State != notice.GroupBound || list[0].Title != "七一主题党日通知" || list[1].State != notice.GroupSeen {
		t.Fatalf("only what the head was seen in is offered: %+v", list)
	}
	h.must(h.svc.BindGroup(t.Context(), head(), alliance, list[1].ID))
	h.want(h.svc.BindGroup(t.Context(), head(), alliance, list[1].ID), notice.ErrGroupBound)
	if a, b := h.enter(1104, key, "second", 0), h.enter(1105, key, "first", 0); a != "own" || b != "own" {
		t.Error(a, b)
	}
	h.must(h.svc.EndGroup(t.Context(), head(), alliance, list[0].ID))
	h.want(h.svc.EndGroup(t.Context(), head(), alliance, list[0].ID), notice.ErrGroupEnded)
	if got := h.enter(1201, key, "first", 0); got != "other" {
		t.Errorf("the former group: %s", got)
	}
	list, err = h.svc.GroupsOf(t.Context(), head(), alliance)
	h.must(err)
	if len(list) != 2 || list[0].OpenGID != "second" || list[0].By == "" || list[1].State != notice.GroupEnded || list[1].EndedAt.IsZero() {
		t.Errorf("%+v", list)
	}
	h.want(h.svc.EndGroup(t.Context(), liaison(11), alliance, list[0].ID), errs.ErrForbidden)
	h.want(failure(h.svc.GroupsOf(t.Context(), member(2101), alliance)), errs.ErrNotFound)
	h.want(h.svc.EndGroup(t.Context(), head(), alliance, 77), notice.ErrNoGroup)
	h.must(h.svc.EndGroup(t.Context(), head(), alliance, list[0].ID))
	if got := h.enter(1202, key, "third", 0); got != "other" {
		t.Errorf("after a change no group becomes the alliance's by itself: %s", got)
	}
}

// Twenty members open the card in twenty groups at once: one of them becomes the alliance's.
func TestOneFirstGroup(t *testing.T) {
	h := newHouse(t)
	for i := range 20 {
		h.addPerson(1110+id.ID(i), 11)
	}
	h.must(failure(h.db.SQL().Exec("DELETE FROM alliances WHERE id = 100")))
	h.must(failure(h.db.SQL().Exec("INSERT INTO alliances (id, committee_id, name, created_at, updated_at) VALUES (100, 1, 'x', '2026-01-01', '2026-01-01')")))
	h.lock = func(ctx context.Context, a id.ID) error { // as the ledger does
		return h.db.Conn(ctx).Exec("UPDATE alliances SET venue = '' WHERE id = ?", a).Error
	}
	key := h.published()
	var wg sync.WaitGroup
	var mu sync.Mutex
	own := 0
	for i := range 20 {
		wg.Go(func() {
			got, err := h.svc.Read(t.Context(), member(1110+id.ID(i)), key, notice.ViaGroup, &notice.SealedGroup{EncryptedData: fmt.Sprint("g", i), IV: "x"})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if got.Group == "own" {
				own++
			}
		})
	}
	wg.Wait()
	list, err := h.svc.GroupsOf(t.Context(), head(), alliance)
	h.must(err)
	if own != 1 || len(list) != 1 || list[0].State != notice.GroupBound {
		t.Errorf("%d readers were told that it is their group, %+v", own, list)
	}
}

// With two groups each has its own living card; a new one in a group ends the old one there only.
func TestEachGroupHasItsCard(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	share := func(gid string) id.ID {
		t.Helper()
		h.clk.Advance(time.Minute)
		s, err := h.svc.ShareCard(t.Context(), head(), key)
		h.must(err)
		_, err = h.svc.CardShared(t.Context(), head(), key, nil)
		h.must(err)
		h.enter(headID, key, gid, s.Card.ID)
		return s.Card.ID
	}
	share("a")
	h.enter(headID, key, "b", 0)
	list, err := h.svc.GroupsOf(t.Context(), head(), alliance)
	h.must(err)
	h.must(h.svc.BindGroup(t.Context(), head(), alliance, list[1].ID))
	share("b")
	open := func() (n int) {
		h.must(h.db.SQL().QueryRowContext(t.Context(), fmt.Sprintf("SELECT COUNT(*) FROM notice_cards WHERE state = %d", wechat.CardOpen)).Scan(&n))
		return n
	}
	if open() != 2 {
		t.Errorf("%d cards are alive", open())
	}
	h.work()
	h.updates = nil
	h.answers[1101] = notice.Answer{Answer: "going"}
	h.must(h.svc.Answered(t.Context(), party, 1101, accountOf(1101)))
	h.clk.Advance(time.Minute)
	if h.work(); len(h.updates) != 2 {
		t.Errorf("both cards show the count: %+v", h.updates)
	}
	if share("b"); open() != 2 {
		t.Errorf("the old card in b is over: %d", open())
	}
	h.must(failure(h.svc.Close(t.Context(), head(), key)))
	if open() != 0 {
		t.Errorf("%d cards outlive the notice", open())
	}
}

// An alliance that had its one group before keeps it, and whoever took it off keeps it off.
func TestGroupsOfBeforeAreTakenOver(t *testing.T) {
	h := newHouse(t)
	h.must(failure(h.db.SQL().Exec("DELETE FROM alliances WHERE id = 100")))
	h.must(failure(h.db.SQL().Exec("INSERT INTO alliances (id, committee_id, name, group_openid, created_at, updated_at) VALUES (100, 1, 'x', 'old', '2026-01-01 00:00:00.000', '2026-01-01 00:00:00.000')")))
	h.must(h.svc.AdoptGroups(t.Context()))
	h.must(h.svc.AdoptGroups(t.Context()))
	if h.group() != "old" {
		t.Error(h.group())
	}
	h.must(h.svc.EndGroup(t.Context(), head(), alliance, alliance))
	h.must(h.svc.AdoptGroups(t.Context()))
	if h.group() != "" {
		t.Error("it is back")
	}
	h.must(failure(h.db.SQL().Exec("DELETE FROM alliances WHERE id = 100")))
}
