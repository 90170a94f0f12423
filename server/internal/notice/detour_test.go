package notice_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/notice"
	"bense/server/internal/wechat"
)

func quota(wechat.SubscribeMessage) error {
	return &wechat.Error{Code: wechat.Quota, Errcode: 45009, Retryable: true}
}

// keepJust leaves just these people in the ledger.
func (h *house) keepJust(persons ...id.ID) {
	for p, row := range h.people {
		if !slices.Contains(persons, p) {
			row.Status = ledger.Moved
			h.people[p] = row
		}
	}
}

// With the day's quota used up, everybody who has another channel is told over it at once, those too whose
// message was not tried any more; who has none waits, and keeps the credit.
func TestAUsedUpQuotaGoesOnOverTheNextChannel(t *testing.T) {
	h, o := wide(t, false)
	h.accept(notice.ForNotice, 1, 1101, 1102, 1103, 1104)
	o.follow(h, 1101, 1102, 1103)
	h.send = quota
	key := h.published()
	h.work()
	got := h.messages(key)
	for _, p := range []id.ID{1101, 1102, 1103} {
		if got[accountOf(p)] != "official sent" || h.remaining(p, notice.ForNotice) != 1 {
			t.Errorf("%d: %s, credit %d", p, got[accountOf(p)], h.remaining(p, notice.ForNotice))
		}
	}
	counts, err := h.svc.FailedCounts(t.Context(), head())
	if h.must(err); len(counts.Resting) != 1 || counts.Resting[0].Channel != notice.Subscribe || !counts.Resting[0].Until.After(start.Add(14*time.Hour)) {
		t.Errorf("what rests is told: %+v", counts)
	}
	if counts, err = h.svc.FailedCounts(t.Context(), member(1101)); err != nil || len(counts.Resting) != 0 {
		t.Errorf("a member: %+v %v", counts, err)
	}
	if got[accountOf(1104)] != "subscribe queued" || h.remaining(1104, notice.ForNotice) != 0 {
		t.Errorf("who has no other channel: %v", got[accountOf(1104)])
	}
	h.send, h.sent = nil, nil
	h.clk.Set(start.Add(24 * time.Hour))
	if h.work(); len(h.sent) != 1 || h.messages(key)[accountOf(1104)] != "subscribe sent" {
		t.Errorf("the next day: %v", h.messages(key))
	}
}

// Something that begins before the channel opens again isn't announced after it: whoever has no other channel is
// on the failed list and the call list at once.
func TestAUsedUpQuotaIsNotWaitedForInVain(t *testing.T) {
	h, _ := wide(t, false)
	f := h.facts[party]
	f.StartsAt, f.EndsAt = start.Add(21*time.Hour), start.Add(23*time.Hour) // 6:00, before anything may ring
	h.facts[party] = f
	h.accept(notice.ForNotice, 1, 1101, 1102)
	h.send = quota
	key := h.published()
	h.work()
	for _, p := range []id.ID{1101, 1102} {
		if got := h.messages(key)[accountOf(p)]; got != "subscribe failed" || h.remaining(p, notice.ForNotice) != 1 {
			t.Errorf("%d: %s, credit %d", p, got, h.remaining(p, notice.ForNotice))
		}
	}
	failed, err := h.svc.FailedMessages(t.Context(), head(), notice.FailedFilter{Limit: 10})
	if h.must(err); len(failed) != 2 || !slices.Contains(h.calls(head(), key), 1101) {
		t.Errorf("%+v", failed)
	}
}

// What waits is dropped once the activity has begun, whyever it waited.
func TestNothingIsAnnouncedAfterTheBeginning(t *testing.T) {
	h, _ := wide(t, false)
	h.accept(notice.ForNotice, 1, 1101)
	key := h.published()
	h.clk.Set(h.facts[party].StartsAt.Add(time.Minute))
	if h.work(); h.messages(key)[accountOf(1101)] != "subscribe dropped" || len(h.sent) != 0 {
		t.Errorf("%v", h.messages(key))
	}
}

// A channel on which nobody answers is given up after a while, not at the first hiccup.
func TestABreakerThatStaysOpenIsNotWaitedFor(t *testing.T) {
	h, o := wide(t, false)
	h.accept(notice.ForNotice, 1, 1101, 1102, 1103, 1104, 1105, 1201)
	o.follow(h, 1101, 1102, 1103, 1104, 1105, 1201)
	h.send = func(wechat.SubscribeMessage) error { return &wechat.Error{Code: wechat.Unavailable, Retryable: true} }
	key := h.published()
	moved := func() (n int) {
		for _, s := range h.messages(key) {
			if s == "official sent" {
				n++
			}
		}
		return n
	}
	for range 5 {
		h.work()
		h.clk.Advance(5 * time.Minute)
	}
	if n := moved(); n != 0 {
		t.Errorf("%d have moved within 25 minutes", n)
	}
	for range 10 {
		h.work()
		h.clk.Advance(5 * time.Minute)
	}
	if n := moved(); n < 5 {
		t.Errorf("%d have moved: %v", n, h.messages(key))
	}
}

// Somebody with two accounts on a channel that rests is told once, on whichever of them has another way.
func TestTwoAccountsOnAChannelThatRests(t *testing.T) {
	h, o := wide(t, true)
	h.keepJust(1101)
	h.bound[1101] = []id.ID{accountOf(1101), accountOf(1102)}
	h.accept(notice.ForNotice, 1, 1101, 1102)
	o.follow(h, 1102)
	h.send = quota
	key := h.published()
	h.work()
	got := h.messages(key)
	if got[accountOf(1102)] != "official sent" || len(o.sent) != 1 || len(o.texted) != 0 || got[accountOf(1101)] == "subscribe sent" {
		t.Errorf("%v, texts %v", got, o.texted)
	}
}

// Two refusals of one person's two accounts at the same moment: the later one sees that there is no hope left
// in the other, and exactly one text goes out.
func TestTwoRefusalsAtOnce(t *testing.T) {
	h, o := wide(t, true)
	h.keepJust(1101)
	h.bound[1101] = []id.ID{accountOf(1101), accountOf(1102)}
	for round := range 10 {
		h.accept(notice.ForNotice, 1, 1101, 1102)
		key := h.another()
		h.work()
		clear(o.texted)
		var wg sync.WaitGroup
		for _, p := range []id.ID{1101, 1102} {
			wg.Go(func() {
				e := wechat.Event{Kind: wechat.EventSent, OpenID: openID(accountOf(p)), At: h.clk.Now(),
					Items: []wechat.EventItem{{TemplateID: templateID(notice.ForNotice), MessageID: key.String(), Errcode: 43101}}}
				if err := h.svc.HandleEvent(context.Background(), e); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		h.work()
		if got := h.messages(key); got[1101] != "sms sent" || len(o.texted) != 1 {
			t.Fatalf("round %d: %v, texts %d", round, got, len(o.texted))
		}
		h.clk.Advance(time.Minute)
	}
}

// Whose official account was passed over, because the other account's message had hope, has its turn when that
// one comes back as well.
func TestTheLastRefusalGoesOnForBoth(t *testing.T) {
	h, o := wide(t, true)
	h.keepJust(1101)
	h.bound[1101] = []id.ID{accountOf(1101), accountOf(1102)}
	h.accept(notice.ForNotice, 1, 1101, 1102)
	o.follow(h, 1101)
	h.send = refused
	key := h.published()
	h.work()
	if got := h.messages(key); got[accountOf(1101)] != "official sent" || got[accountOf(1102)] != "subscribe refused" || len(o.texted) != 0 {
		t.Errorf("%v, texts %v", got, o.texted)
	}
}

// A message about a change that has not left yet is not joined by the cancellation's: one word to one person, and
// its credit is there for it.
func TestACancellationReplacesWhatWaits(t *testing.T) {
	h, o := wide(t, false)
	h.accept(notice.ForChange, 1, 1101)
	o.follow(h, 1102)
	key := h.published()
	h.work()
	o.sent = nil
	h.moveTo(head(), time.Hour, "黄河文化馆")
	h.must(h.svc.Placed(t.Context(), party, []id.ID{1102}))
	f := h.facts[party]
	f.State = "cancelled"
	h.facts[party] = f
	h.must(h.svc.ActivityCancelled(t.Context(), party, "下雨"))
	h.work()
	if len(h.sent) != 1 || h.sent[0].Fields["thing4"] != "活动取消，请您知悉" || h.remaining(1101, notice.ForChange) != 0 {
		t.Errorf("%v", h.sent)
	}
	if len(o.sent) != 1 || o.sent[0].Fields["thing4"] != "活动取消，请您知悉" {
		t.Errorf("%v", o.sent)
	}
	_ = key
}

// Each message about a change says what happened: a move after a correction is a move, and a correction that
// comes while the word about a move waits doesn't hide it.
func TestChangesSayWhatHappened(t *testing.T) {
	h, _ := wide(t, false)
	h.accept(notice.ForChange, 4, 1101)
	key := h.published()
	h.work()
	h.must(failure(h.svc.Read(t.Context(), member(1101), key, notice.ViaInbox, nil)))
	said := func() string {
		h.work()
		var words []string
		for _, m := range h.sent {
			words = append(words, m.Fields["thing4"])
		}
		h.sent = nil
		return strings.Join(words, "|")
	}
	correct := func(body string) {
		n, err := h.svc.Get(t.Context(), head(), key)
		h.must(err)
		h.must(failure(h.svc.Correct(t.Context(), head(), key, n.Notice.Revision, notice.Wording{Body: &body})))
	}
	const moved, corrected = "时间或地点有变动，请点开看看", "通知有更正，请点开看看"
	correct("请带水杯。")
	if got := said(); got != corrected {
		t.Error(got)
	}
	h.moveTo(head(), time.Hour, "黄河文化馆")
	if got := said(); got != moved {
		t.Error(got)
	}
	h.must(failure(h.svc.Read(t.Context(), member(1101), key, notice.ViaInbox, nil)))
	h.moveTo(head(), time.Hour, "黄河文化馆")
	correct("请带水杯和帽子。")
	if got := said(); got != moved || h.remaining(1101, notice.ForChange) != 1 {
		t.Errorf("%s, credit %d", got, h.remaining(1101, notice.ForChange))
	}
}
