package notice_test

import (
	"testing"
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// What nobody sent for six weeks goes with its pictures; what may still be wanted stays.
func TestForgottenDraftsAreCleared(t *testing.T) {
	h := newHouse(t)
	const age = 45 * 24 * time.Hour
	prune := func() { h.must(h.svc.PruneDrafts(t.Context(), h.clk.Now().Add(-age))) }
	rows := func(table string) (n int) {
		h.must(h.db.SQL().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n))
		return n
	}
	old, off, about, out := h.plain(head()), h.plain(head()), h.draft(), h.plain(head())
	var photo id.ID // of the last
	for _, key := range []id.ID{old, off, about, out} {
		i, err := h.svc.AddPhoto(t.Context(), head(), key, snapshot(t))
		h.must(err)
		photo = i.Photos[0].ID
	}
	_, err := h.svc.Cancel(t.Context(), head(), off, "")
	h.must(err)
	_, err = h.svc.RemovePhoto(t.Context(), head(), out, photo)
	h.must(err)
	_, err = h.svc.Publish(t.Context(), head(), out, 2, false)
	h.must(err)
	h.clk.Advance(age)
	f := h.facts[party]
	f.StartsAt, f.EndsAt = h.clk.Now().Add(time.Hour), h.clk.Now().Add(2*time.Hour) // it was put off
	h.facts[party] = f
	fresh := h.plain(head())
	prune() // to the very moment: not yet
	if n := rows("notices"); n != 5 {
		t.Errorf("%d of 5 left", n)
	}
	h.clk.Advance(time.Second)
	prune()
	for _, key := range []id.ID{old, off} {
		_, err := h.svc.Get(t.Context(), head(), key)
		h.want(err, errs.ErrNotFound)
	}
	for _, key := range []id.ID{about, out, fresh} {
		h.state(key)
	}
	if n := rows("notice_pictures"); n != 1 {
		t.Errorf("%d pictures left, want that of the draft that may still be wanted", n)
	}
	h.clk.Advance(3 * time.Hour)
	prune() // the activity is over
	if n, p := rows("notices"), rows("notice_pictures"); n != 2 || p != 0 {
		t.Errorf("%d notices and %d pictures left", n, p)
	}
	h.work() // what waits in the outbox for what is gone does no harm
}
