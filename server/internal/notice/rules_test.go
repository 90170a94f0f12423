package notice_test

import (
	"testing"
	"time"

	"bense/server/internal/clock"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/notice"
)

// local is a moment of the days around the tests' beginning, as the clock on the wall says it.
func local(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("01-02 15:04", text, clock.Shanghai)
	if err != nil {
		t.Fatal(err)
	}
	return time.Date(2026, at.Month(), at.Day(), at.Hour(), at.Minute(), 0, 0, clock.Shanghai)
}

func TestQuietHours(t *testing.T) {
	night := notice.Rules{QuietFrom: 21*60 + 30, QuietUntil: 7 * 60}
	noon := notice.Rules{QuietFrom: 12 * 60, QuietUntil: 14*60 + 30}
	for _, c := range []struct {
		rules      notice.Rules
		ready, out string
	}{
		{night, "07-01 21:29", "07-01 21:29"},
		{night, "07-01 21:30", "07-02 07:00"},
		{night, "07-01 23:59", "07-02 07:00"},
		{night, "07-31 22:00", "08-01 07:00"},
		{night, "07-02 00:00", "07-02 07:00"},
		{night, "07-02 06:59", "07-02 07:00"},
		{night, "07-02 07:00", "07-02 07:00"},
		{noon, "07-01 11:59", "07-01 11:59"},
		{noon, "07-01 12:00", "07-01 14:30"},
		{noon, "07-01 14:30", "07-01 14:30"},
		{notice.Rules{QuietFrom: 300, QuietUntil: 300}, "07-01 05:00", "07-01 05:00"},
	} {
		if got := c.rules.Opens(local(t, c.ready)); !got.Equal(local(t, c.out)) {
			t.Errorf("%+v: what is ready at %s goes out at %s, want %s", c.rules, c.ready, got.In(clock.Shanghai), c.out)
		}
	}
}

// night is a house at a quarter past ten in the evening.
func night(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	h.clk.Set(local(t, "07-01 22:15"))
	return h
}

func TestNobodyIsWokenByANotice(t *testing.T) {
	h := night(t)
	h.accept(notice.ForNotice, 1, 1101, 1201)
	key := h.published()
	h.work()
	if got := h.timeline(key); len(h.sent) != 0 || got.Pushes.Queued != 2 || !got.RingsAt.Equal(local(t, "07-02 07:00")) {
		t.Fatalf("%d sent, %+v, %s", len(h.sent), got.Pushes, got.RingsAt)
	}
	if got := h.calls(staff(), key); len(got) != 9 {
		t.Errorf("the inbox has to have it at once: %v", got)
	}
	h.clk.Set(local(t, "07-02 07:00"))
	h.work()
	if got := h.timeline(key); len(h.sent) != 2 || got.Pushes.Sent != 2 || !got.RingsAt.IsZero() {
		t.Errorf("%d sent, %+v", len(h.sent), got)
	}
}

// Who reads at night what would ring in the morning is not disturbed about it any more.
func TestAReminderThatWaitedForTheMorningLooksAgain(t *testing.T) {
	h := night(t)
	h.accept(notice.ForReminder, 1, 1101, 1201)
	key := h.published()
	if n, err := h.svc.Remind(t.Context(), head(), key); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	h.work()
	_, err := h.svc.Read(t.Context(), member(1201), key, notice.ViaInbox, nil)
	h.must(err)
	h.clk.Set(local(t, "07-02 07:00"))
	h.work()
	if len(h.sent) != 1 || h.sent[0].OpenID != openID(accountOf(1101)) || h.remaining(1201, notice.ForReminder) != 1 {
		t.Errorf("%+v, %d left", h.sent, h.remaining(1201, notice.ForReminder))
	}
}

func TestACancellationThatCannotWaitRingsAtNight(t *testing.T) {
	for starts, want := range map[string]int{"07-02 08:30": 1, "07-02 15:00": 0} {
		t.Run(starts, func(t *testing.T) {
			h := night(t)
			h.begins(local(t, starts))
			h.accept(notice.ForChange, 1, 1101)
			key := h.published()
			_, err := h.svc.Cancel(t.Context(), head(), key, "下雨")
			h.must(err)
			if h.work(); len(h.sent) != want {
				t.Errorf("%d sent at night, want %d", len(h.sent), want)
			}
			h.clk.Set(local(t, "07-02 07:00"))
			if h.work(); len(h.sent) != 1 {
				t.Errorf("%d sent in all", len(h.sent))
			}
		})
	}
}

// begins moves the activity behind the service's back.
func (h *house) begins(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.facts[party]
	f.StartsAt, f.EndsAt = at, at.Add(2*time.Hour)
	h.facts[party] = f
}

func (h *house) rounds(key id.ID) []string {
	h.t.Helper()
	var out []string
	for _, r := range h.timeline(key).Reminders {
		out = append(out, r.At.In(clock.Shanghai).Format("01-02 15:04"))
	}
	return out
}

// walk moves the clock on in steps of a quarter of an hour, with the worker at each.
func (h *house) walk(to time.Time) {
	h.t.Helper()
	for h.clk.Now().Before(to) {
		h.clk.Advance(15 * time.Minute)
		h.work()
	}
}

func TestWhomNothingReachedIsRemindedByItself(t *testing.T) {
	h := newHouse(t) // 9:00, and the activity begins in two days
	h.accept(notice.ForReminder, 3, 1101, 1201)
	key := h.published()
	h.walk(local(t, "07-02 20:00"))
	_, err := h.svc.Read(t.Context(), member(1201), key, notice.ViaInbox, nil)
	h.must(err)
	h.walk(local(t, "07-03 12:00"))
	got := h.rounds(key)
	if len(got) != 2 || got[0] != "07-02 09:00" || got[1] != "07-03 07:00" || len(h.sent) != 3 {
		t.Errorf("rounds at %v, %d messages; the one who has read is left alone", got, len(h.sent))
	}
}

func TestAutomaticRemindersFollowTheActivity(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForReminder, 4, 1101)
	key := h.published()
	was := h.facts[party]
	h.begins(local(t, "07-05 14:00"))
	h.must(h.svc.ActivityMoved(t.Context(), head(), was))
	h.walk(local(t, "07-05 16:30"))
	if got := h.rounds(key); len(got) != 2 || got[0] != "07-04 14:00" || got[1] != "07-05 12:00" {
		t.Errorf("rounds at %v", got)
	}
}

func TestNobodyIsRemindedTwiceInAMoment(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForReminder, 3, 1101)
	key := h.published()
	h.walk(local(t, "07-02 08:45"))
	if n, err := h.svc.Remind(t.Context(), head(), key); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	h.walk(local(t, "07-02 12:00"))
	if got := h.rounds(key); len(got) != 1 {
		t.Errorf("rounds at %v: the head had just reminded", got)
	}
}

func TestRulesOfACommittee(t *testing.T) {
	h := night(t)
	if r, err := h.svc.Rules(t.Context(), staff(), committee); err != nil || r != (notice.Rules{QuietFrom: 1290, QuietUntil: 420, RemindDay: true, RemindHours: true}) {
		t.Fatalf("%+v, %v", r, err)
	}
	for name, c := range map[string]struct {
		err  error
		want error
	}{
		"head reads":      {second(h.svc.Rules(t.Context(), head(), committee)), errs.ErrForbidden},
		"elsewhere":       {second(h.svc.Rules(t.Context(), staff(), 2)), errs.ErrNotFound},
		"head sets":       {second(h.svc.SetRules(t.Context(), head(), committee, notice.Rules{})), errs.ErrForbidden},
		"no time of day":  {second(h.svc.SetRules(t.Context(), staff(), committee, notice.Rules{QuietFrom: 1440})), errs.ErrInvalid},
		"no time of day2": {second(h.svc.SetRules(t.Context(), staff(), committee, notice.Rules{QuietUntil: -1})), errs.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) { h.want(c.err, c.want) })
	}
	h.accept(notice.ForNotice, 1, 1101)
	h.published()
	if h.work(); len(h.sent) != 0 {
		t.Fatal("sent in the quiet hours")
	}
	for range 2 { // the second time changes what is there
		_, err := h.svc.SetRules(t.Context(), staff(), committee, notice.Rules{QuietFrom: 23 * 60, QuietUntil: 6 * 60})
		h.must(err)
	}
	r, err := h.svc.Rules(t.Context(), staff(), committee)
	if h.must(err); r != (notice.Rules{QuietFrom: 23 * 60, QuietUntil: 6 * 60}) {
		t.Errorf("%+v", r)
	}
	h.accept(notice.ForNotice, 1, 1201)
	_, err = h.svc.Publish(t.Context(), head(), h.loose(), 0, false)
	h.must(err)
	if h.work(); len(h.sent) != 1 {
		t.Errorf("%d sent under the new rules", len(h.sent))
	}
}

func second[T any](_ T, err error) error { return err }
