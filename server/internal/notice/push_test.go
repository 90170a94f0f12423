package notice_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/notice"
	"bense/server/internal/outbox"
	"bense/server/internal/wechat"
)

func TestResultsOfSending(t *testing.T) {
	down := &wechat.Error{Code: wechat.Unavailable, Retryable: true}
	for name, c := range map[string]struct {
		err    error
		want   notice.Pushes
		credit int // of two, one was spent
	}{
		"taken":     {nil, notice.Pushes{Sent: 1}, 1},
		"refused":   {&wechat.Error{Code: wechat.Refused, Errcode: 43101}, notice.Pushes{Refused: 1}, 0},
		"ambiguous": {&wechat.Error{Code: wechat.NoAnswer, Ambiguous: true}, notice.Pushes{Unknown: 1}, 1},
		"foreign":   {errors.New("?"), notice.Pushes{Unknown: 1}, 1},
		"bad field": {&wechat.Error{Code: wechat.BadField}, notice.Pushes{Failed: 1}, 2},
		"down":      {down, notice.Pushes{Queued: 1}, 1},
		"quota":     {&wechat.Error{Code: wechat.Quota, Retryable: true}, notice.Pushes{Queued: 1}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.accept(notice.ForNotice, 2, 1101)
			h.send = func(wechat.SubscribeMessage) error { return c.err }
			key := h.published()
			h.work()
			got := h.timeline(key).Pushes
			got.LastSent, got.NoCredit = time.Time{}, 0
			if got != c.want || h.remaining(1101, notice.ForNotice) != c.credit {
				t.Errorf("%+v, %d left", got, h.remaining(1101, notice.ForNotice))
			}
			h.clk.Advance(time.Hour)
			h.work()
			if again := len(h.sent) > 1; again != (name == "down") {
				t.Errorf("sent %d times", len(h.sent))
			}
			if name == "quota" { // of the day
				h.clk.Advance(22 * time.Hour) // past midnight, and past the quiet hours
				if h.work(); len(h.sent) != 2 {
					t.Errorf("sent %d times", len(h.sent))
				}
			}
		})
	}
}

func TestMessagesWaitWhileWeChatIsDown(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForNotice, 1, 1101, 1102, 1201)
	h.send = func(wechat.SubscribeMessage) error { return &wechat.Error{Code: wechat.Unavailable, Retryable: true} }
	key := h.published()
	for range 3 {
		h.work()
		h.clk.Advance(20 * time.Minute)
	}
	if got := h.timeline(key).Pushes; got.Queued != 3 {
		t.Fatalf("%+v", got)
	}
	h.send = nil
	h.sent = nil
	h.work()
	if got := h.timeline(key).Pushes; got.Sent != 3 || len(h.sent) != 3 {
		t.Errorf("%+v, %d sent", got, len(h.sent))
	}
}

func TestGivenUpMessagesAreFailedAndGivenBack(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForNotice, 1, 1101)
	h.send = func(wechat.SubscribeMessage) error { return &wechat.Error{Code: wechat.Unavailable, Retryable: true} }
	key := h.published()
	for range 6 {
		h.work()
		h.clk.Advance(20 * time.Minute)
	}
	if got := h.timeline(key).Pushes; got.Failed != 1 || h.remaining(1101, notice.ForNotice) != 1 {
		t.Errorf("%+v", got)
	}
}

// A worker that dies after the call and before the mark: the message may have arrived, so the next
// attempt says unknown and does not send.
func TestCrashBetweenSendingAndTheMark(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForNotice, 1, 1101)
	h.send = func(wechat.SubscribeMessage) error { panic("power cut") }
	key := h.published()
	h.work()
	if got := h.timeline(key).Pushes; got.Queued != 1 {
		t.Fatalf("%+v", got)
	}
	h.send = nil
	h.clk.Advance(time.Hour)
	h.work()
	if got := h.timeline(key).Pushes; got.Unknown != 1 || len(h.sent) != 1 {
		t.Errorf("%+v, sent %d times", got, len(h.sent))
	}
	h.must(h.svc.HandleEvent(t.Context(), sentEvent(1101, notice.ForNotice, 0, "m1"))) // it did arrive
	if got := h.timeline(key).Pushes; got.Sent != 1 || got.Unknown != 0 {
		t.Errorf("%+v", got)
	}
}

// A worker that stalls in the call until another one has taken the message over.
func TestStalledSenderDoesNotSendTwice(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForNotice, 1, 1101)
	second := outbox.NewWorker(h.outbox(), nil, h.svc.Dispatchers(), outbox.Options{})
	h.send = func(wechat.SubscribeMessage) error {
		h.clk.Advance(5 * time.Minute)
		_, err := second.RunOnce(context.WithoutCancel(t.Context()))
		return err
	}
	key := h.published()
	h.work()
	if got := h.timeline(key).Pushes; got.Unknown != 1 || len(h.sent) != 1 {
		t.Errorf("%+v, sent %d times", got, len(h.sent))
	}
}

func (h *house) outbox() *outbox.Outbox { return outbox.New(h.db, h.ids, h.clk) }

func TestLastCreditIsSpentOnce(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForNotice, 1, 1101)
	var keys []id.ID
	for range 20 {
		n, err := h.svc.Create(t.Context(), head(), alliance, 0, "题", "文")
		h.must(err)
		keys = append(keys, n.Notice.ID)
	}
	var wg sync.WaitGroup
	for _, key := range keys {
		wg.Go(func() {
			if _, err := h.svc.Publish(t.Context(), head(), key, h.rev(key), false); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	h.work()
	if len(h.sent) != 1 || h.remaining(1101, notice.ForNotice) != 0 {
		t.Errorf("%d sent, %d left", len(h.sent), h.remaining(1101, notice.ForNotice))
	}
}

func TestTheDeadAreNeverAddressed(t *testing.T) {
	h := newHouse(t)
	h.bound[1103] = append(h.bound[1103], accountOf(1102)) // 1102's phone acts for 1103 too
	h.accept(notice.ForNotice, 1, 1102, 1201, 1202)
	h.accept(notice.ForReminder, 1, 1102, 1201, 1202)
	key := h.published()
	for _, person := range []id.ID{1102, 1201} {
		p := h.people[person]
		p.Status = ledger.Deceased
		h.people[person] = p
		h.must(h.svc.PersonChanged(t.Context(), p))
	}
	h.work()
	if len(h.sent) != 2 { // 1102's phone still for 1103, and 1202
		t.Errorf("%d sent", len(h.sent))
	}
	if h.remaining(1201, notice.ForNotice) != 1 {
		t.Error("the credit is gone")
	}
	if n, err := h.svc.Remind(t.Context(), head(), key); err != nil || n != 2 {
		t.Errorf("%d reminded, %v", n, err)
	}
	for _, p := range h.calls(head(), key) {
		if p == 1102 || p == 1201 {
			t.Error("on the call list:", p)
		}
	}
	got := h.timeline(key).Tally
	if got.Recipients != 9 || got.Unreached != 7 {
		t.Errorf("%+v", got)
	}
	_, err := h.svc.RecordCall(t.Context(), head(), key, 1201, notice.Spoken{Outcome: notice.Told})
	h.want(err, notice.ErrStopped)
	p := h.people[1201]
	p.Status = ledger.Active // it was a mistake
	h.must(h.svc.PersonChanged(t.Context(), p))
	if got := h.timeline(key).Tally; got.Unreached != 8 {
		t.Errorf("%+v", got)
	}
}

func TestUnboundPhonesGetNothing(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForNotice, 1, 1101)
	h.published()
	h.bound[1101] = nil
	if h.work(); len(h.sent) != 0 {
		t.Errorf("%d sent", len(h.sent))
	}
}

func sentEvent(person id.ID, occasion string, code int, message string) wechat.Event {
	return wechat.Event{Kind: wechat.EventSent, OpenID: openID(accountOf(person)), At: start, Items: []wechat.EventItem{
		{TemplateID: templateID(occasion), MessageID: message, Errcode: code},
	}}
}

func TestDeliveryReports(t *testing.T) {
	for name, c := range map[string]struct {
		code   int
		want   notice.Pushes
		credit int
	}{
		"arrived": {0, notice.Pushes{Sent: 1}, 1},
		"refused": {43101, notice.Pushes{Refused: 1}, 0},
		"failed":  {-1, notice.Pushes{Failed: 1}, 1},
	} {
		h := newHouse(t)
		h.accept(notice.ForNotice, 2, 1101)
		early := sentEvent(1101, notice.ForNotice, c.code, "m1")
		h.send = func(wechat.SubscribeMessage) error { return h.svc.HandleEvent(t.Context(), early) } // before our own mark
		key := h.published()
		h.work()
		for range 3 {
			h.must(h.svc.HandleEvent(t.Context(), early))
		}
		h.must(h.svc.HandleEvent(t.Context(), sentEvent(1101, notice.ForNotice, 0, "m9"))) // of nobody's message
		got := h.timeline(key).Pushes
		got.LastSent, got.NoCredit = time.Time{}, 0
		if got != c.want || h.remaining(1101, notice.ForNotice) != c.credit {
			t.Errorf("%s: %+v, %d left", name, got, h.remaining(1101, notice.ForNotice))
		}
	}
}

func TestCreditFollowsCallbacks(t *testing.T) {
	h := newHouse(t)
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	event := func(kind wechat.EventKind, yes bool, s int) wechat.Event {
		e := popup(accountOf(1101), notice.ForNotice, yes, at(s))
		e.Kind = kind
		return e
	}
	for _, c := range []struct {
		what  string
		event wechat.Event
		want  int
	}{
		{"accept", event(wechat.EventPopup, true, 10), 1},
		{"accept again, the same event", event(wechat.EventPopup, true, 10), 1},
		{"accept another time", event(wechat.EventPopup, true, 11), 2},
		{"reject the question", event(wechat.EventPopup, false, 12), 2},
		{"allow in the settings", event(wechat.EventChange, true, 13), 2},
		{"forbid in the settings", event(wechat.EventChange, false, 20), 0},
		{"an accept from before that", event(wechat.EventPopup, true, 19), 0},
		{"an accept from after that", event(wechat.EventPopup, true, 30), 1},
		{"a forbid from before that", event(wechat.EventChange, false, 25), 1},
		{"another kind", wechat.Event{Kind: wechat.EventOther, OpenID: openID(accountOf(1101))}, 1},
		{"a stranger", popup(1, notice.ForNotice, true, at(40)), 1},
		{"an unknown template", wechat.Event{Kind: wechat.EventPopup, OpenID: openID(accountOf(1101)), At: at(50),
			Items: []wechat.EventItem{{TemplateID: "x", Accepted: true}}}, 1},
	} {
		h.must(h.svc.HandleEvent(t.Context(), c.event))
		if got := h.remaining(1101, notice.ForNotice); got != c.want {
			t.Errorf("%s: %d, want %d", c.what, got, c.want)
		}
	}
}

func TestTheSameEventTwentyTimesAtOnce(t *testing.T) {
	h := newHouse(t)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := h.svc.HandleEvent(t.Context(), popup(accountOf(1101), notice.ForNotice, true, start)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := h.remaining(1101, notice.ForNotice); got != 1 {
		t.Error(got)
	}
}

// What is wrong with one message of a batch is nothing to the others, and a batch over several notices
// sends each message once.
func TestABatchOverManyNotices(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForNotice, 4, 1101, 1102, 1201)
	for range 4 {
		n, err := h.svc.Create(t.Context(), head(), alliance, 0, "题", "文")
		h.must(err)
		_, err = h.svc.Publish(t.Context(), head(), n.Notice.ID, h.rev(n.Notice.ID), false)
		h.must(err)
	}
	h.must(h.db.Tx(t.Context(), func(ctx context.Context) error {
		_, err := h.outbox().EnqueueMany(ctx, []outbox.Message{
			{Channel: "wechat_push", DedupeKey: "nonsense", Payload: "nonsense"},
			{Channel: "wechat_push", DedupeKey: "nobody's", Payload: map[string]any{"delivery": "4711", "persons": []string{"1101"}}},
		})
		return err
	}))
	h.work()
	got := map[[2]string]int{}
	for _, m := range h.sent {
		got[[2]string{m.OpenID, m.Page}]++
	}
	if len(h.sent) != 12 || len(got) != 12 {
		t.Errorf("%d sent, %d different", len(h.sent), len(got))
	}
	states, err := h.outbox().Counts(t.Context())
	if err != nil || states[outbox.Dead] != 2 || states[outbox.Done] != 12 {
		t.Errorf("%v, %v", states, err)
	}
}

// A notice of the house that is corrected stays read by whoever read it, tells those who had it, and is
// left alone once it is over.
func TestAnAnnouncementIsCorrected(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForChange, 1, 1101)
	place := actor.Place{Committee: committee, Alliance: alliance}
	key, err := h.svc.Announce(t.Context(), head(), place, "推选联盟负责人", "7月3日结束。")
	h.must(err)
	h.work()
	before := len(h.sent)
	_, err = h.svc.SubmitCorrection(t.Context(), head(), key, 0, words("7月3日晚上结束。"))
	h.must(err)
	h.must(h.svc.Amend(t.Context(), head(), key, "7月4日结束。\n原定7月3日。"))
	h.work()
	if got := h.timeline(key).Notice; got.Body != "7月4日结束。\n原定7月3日。" || got.State != notice.Published {
		t.Errorf("%+v", got)
	}
	if i, err := h.svc.Get(t.Context(), head(), key); err != nil || i.Proposal.State != notice.Draft || i.Proposal.Remark == "" {
		t.Errorf("a correction of the text before still waits: %+v %v", i.Proposal, err)
	}
	if len(h.sent) != before+1 || h.sent[before].TemplateID != templateID(notice.ForChange) {
		t.Errorf("%+v", h.sent[before:])
	}
	h.must(h.svc.Conclude(t.Context(), key, ""))
	h.must(h.svc.Amend(t.Context(), head(), key, "太晚了"))
	if got := h.timeline(key).Notice; got.Body != "7月4日结束。\n原定7月3日。" {
		t.Errorf("%+v", got)
	}
}
