package notice_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/notice"
	"bense/server/internal/wechat"
)

// failing publishes a notice of which the message to 1101 fails for certain and that to 1201 may have arrived.
func (h *house) failing() id.ID {
	h.t.Helper()
	h.accept(notice.ForNotice, 1, 1101, 1201)
	h.send = func(m wechat.SubscribeMessage) error {
		if m.OpenID == openID(accountOf(1101)) {
			return &wechat.Error{Code: wechat.BadTemplate}
		}
		return &wechat.Error{Code: wechat.NoAnswer, Ambiguous: true}
	}
	key := h.published()
	h.work()
	h.send, h.sent = nil, nil
	return key
}

func (h *house) failed(who actor.Actor, of notice.DeliveryState) []notice.FailedMessage {
	h.t.Helper()
	list, err := h.svc.FailedMessages(h.t.Context(), who, notice.FailedFilter{State: of, Limit: 50})
	h.must(err)
	return list
}

func idsOf(list []notice.FailedMessage) []id.ID {
	var out []id.ID
	for _, m := range list {
		out = append(out, m.ID)
	}
	return out
}

func TestFailedMessagesAreListedWithinTheScope(t *testing.T) {
	h := newHouse(t)
	key := h.failing()
	list := h.failed(staff(), notice.Failed)
	if len(list) != 1 || list[0].Person != 1101 || list[0].Notice != key || list[0].Name != "人1101" || list[0].Title == "" ||
		list[0].Code != wechat.BadTemplate || list[0].Attempts != 1 || !list[0].At.Equal(start) {
		t.Errorf("%+v", list)
	}
	if list := h.failed(staff(), notice.Uncertain); len(list) != 1 || list[0].Person != 1201 {
		t.Errorf("%+v", list)
	}
	for _, c := range []struct {
		who  actor.Actor
		want notice.FailedCounts
	}{
		{staff(), notice.FailedCounts{Failed: 1, Unknown: 1}}, {head(), notice.FailedCounts{Failed: 1, Unknown: 1}},
		{liaison(11), notice.FailedCounts{Failed: 1}}, {liaison(12), notice.FailedCounts{Unknown: 1}},
		{liaison(21), notice.FailedCounts{}}, {member(1102), notice.FailedCounts{}},
	} {
		got, err := h.svc.FailedCounts(t.Context(), c.who)
		h.must(err)
		if got.Failed != c.want.Failed || got.Unknown != c.want.Unknown || len(h.failed(c.who, "")) != c.want.Failed+c.want.Unknown {
			t.Errorf("%+v, want %+v", got, c.want)
		}
	}
	_, err := h.svc.FailedMessages(t.Context(), staff(), notice.FailedFilter{State: notice.Sent})
	h.want(err, errs.ErrInvalid)
	p := h.people[1101]
	p.Status = ledger.Deceased
	h.people[1101] = p
	h.must(h.svc.PersonChanged(t.Context(), p))
	if list := h.failed(staff(), notice.Failed); len(list) != 0 {
		t.Error("somebody who died is listed")
	}
	_, err = h.svc.Close(t.Context(), staff(), key)
	h.must(err)
	if list := h.failed(staff(), ""); len(list) != 0 {
		t.Errorf("%d of a notice that has ended", len(list))
	}
}

func TestWhatDidNotGoOutIsSentAgainForACredit(t *testing.T) {
	h := newHouse(t)
	h.failing()
	keys := idsOf(h.failed(staff(), notice.Failed))
	r, err := h.svc.Resend(t.Context(), staff(), keys, false)
	h.must(err)
	if r != (notice.Resending{Queued: 1}) || h.remaining(1101, notice.ForNotice) != 0 {
		t.Errorf("%+v, %d left", r, h.remaining(1101, notice.ForNotice))
	}
	h.work()
	if len(h.sent) != 1 || h.sent[0].OpenID != openID(accountOf(1101)) {
		t.Fatalf("%d sent", len(h.sent))
	}
	_, err = h.svc.Resend(t.Context(), staff(), keys, true)
	h.want(err, notice.ErrNothingToSend) // it went out
}

func TestWithoutACreditSomebodyCalls(t *testing.T) {
	h := newHouse(t)
	h.failing()
	e := popup(accountOf(1101), notice.ForNotice, false, h.clk.Now())
	e.Kind = wechat.EventChange // switched off in the settings meanwhile
	h.must(h.svc.HandleEvent(t.Context(), e))
	r, err := h.svc.Resend(t.Context(), staff(), idsOf(h.failed(staff(), notice.Failed)), false)
	h.must(err)
	if h.work(); r != (notice.Resending{NoCredit: 1}) || len(h.sent) != 0 || len(h.failed(staff(), notice.Failed)) != 1 {
		t.Errorf("%+v, %d sent", r, len(h.sent))
	}
}

func TestWhatMayHaveArrivedIsSentAgainOnlyOnPurpose(t *testing.T) {
	h := newHouse(t)
	h.failing()
	both := idsOf(h.failed(staff(), ""))
	_, err := h.svc.Resend(t.Context(), staff(), both, false)
	h.want(err, notice.ErrMayHaveArrived)
	if h.work(); len(h.sent) != 0 || len(h.failed(staff(), "")) != 2 {
		t.Error("something of a refused request happened")
	}
	r, err := h.svc.Resend(t.Context(), staff(), both, true)
	h.must(err)
	if h.work(); r.Queued != 2 || len(h.sent) != 2 || len(h.failed(staff(), "")) != 0 {
		t.Errorf("%+v, %d sent", r, len(h.sent))
	}
}

func TestWhoMaySendAgain(t *testing.T) {
	h := newHouse(t)
	h.failing()
	keys := idsOf(h.failed(staff(), notice.Failed))
	for _, c := range []struct {
		who  actor.Actor
		want error
	}{{liaison(11), errs.ErrForbidden}, {member(1101), errs.ErrForbidden}, {liaison(21), errs.ErrNotFound}} {
		_, err := h.svc.Resend(t.Context(), c.who, keys, false)
		h.want(err, c.want)
	}
	for _, bad := range [][]id.ID{nil, make([]id.ID, 0), manyIDs(201)} {
		_, err := h.svc.Resend(t.Context(), staff(), bad, false)
		h.want(err, errs.ErrInvalid)
	}
	_, err := h.svc.Resend(t.Context(), staff(), []id.ID{4711}, false)
	h.want(err, errs.ErrNotFound)
}

func manyIDs(n int) (out []id.ID) {
	for i := range n {
		out = append(out, id.ID(i+1))
	}
	return out
}

// Twenty colleagues press the button at once: one message goes out.
func TestSentAgainOnceHoweverManyAsk(t *testing.T) {
	h := newHouse(t)
	h.failing()
	h.accept(notice.ForNotice, 1, 1101) // credits enough for two
	keys := idsOf(h.failed(staff(), ""))
	var wg sync.WaitGroup
	var won atomic.Int32
	for range 20 {
		wg.Go(func() {
			if _, err := h.svc.Resend(t.Context(), staff(), keys, true); err == nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if h.work(); won.Load() != 1 || len(h.sent) != 2 {
		t.Errorf("%d won, %d sent", won.Load(), len(h.sent))
	}
}
