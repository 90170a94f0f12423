package notice_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/notice"
	"bense/server/internal/page"
	"bense/server/internal/wechat"
)

func TestPublishReachesEveryActiveMember(t *testing.T) {
	h := newHouse(t)
	p := h.people[1102]
	p.Status = ledger.Deceased
	h.people[1102] = p
	h.bound[1104] = h.bound[1103] // a couple with one phone
	h.accept(notice.ForNotice, 1, 1101, 1103, 1201, 2101)
	key := h.published()
	if n := h.work(); n != 3 {
		t.Errorf("%d messages", n)
	}
	got := h.timeline(key)
	want := notice.Tally{Recipients: 8, Unreached: 8}
	if d := cmp.Diff(want, got.Tally); d != "" {
		t.Error(d)
	}
	// accounts: 1101 and the couple's of unit 11 with credit, 1105 without; 1201 with, three without
	if p := got.Pushes; p.Sent != 3 || p.NoCredit != 4 || p.Queued+p.Failed+p.Refused+p.Unknown != 0 {
		t.Errorf("%+v", p)
	}
	if m := h.sent[0]; m.Fields["thing1"] != "七一主题党日" || m.Fields["time2"] != "2026年7月3日 09:00" || m.Fields["thing3"] != "黄河文化馆" ||
		m.Page != "packages/notice/detail?id="+key.String() {
		t.Errorf("%v %s", m.Fields, m.Page)
	}
	if h.remaining(1103, notice.ForNotice) != 0 {
		t.Error("credit was not spent")
	}
	inbox, err := h.svc.Inbox(t.Context(), member(1201), page.Page{})
	h.must(err)
	if len(inbox.Items) != 1 || inbox.Items[0].About.Place != "黄河文化馆" || len(inbox.Items[0].People) != 1 {
		t.Errorf("%+v", inbox)
	}
}

func TestPublishIsOneTransaction(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForNotice, 1, 1101)
	key := h.draft()
	h.fault = errors.New("the database is gone in the middle")
	_, err := h.svc.Publish(t.Context(), head(), key, h.rev(key), false)
	h.want(err, h.fault)
	h.fault = nil
	if got := h.timeline(key); got.Notice.State != notice.Draft || got.Tally.Recipients != 0 || got.Pushes != (notice.Pushes{}) {
		t.Errorf("%+v", got)
	}
	if h.remaining(1101, notice.ForNotice) != 1 || h.work() != 0 {
		t.Error("something was left behind")
	}
	_, err = h.svc.Publish(t.Context(), head(), key, h.rev(key), false)
	h.must(err)
}

func TestOnePublisherWins(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForNotice, 5, 1101, 1201)
	key := h.draft()
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			switch _, err := h.svc.Publish(t.Context(), head(), key, h.rev(key), false); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, notice.ErrNotDraft):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	h.work()
	if got := h.timeline(key); won.Load() != 1 || got.Tally.Recipients != 9 || len(h.sent) != 2 {
		t.Errorf("%d won, %d recipients, %d messages", won.Load(), got.Tally.Recipients, len(h.sent))
	}
}

func TestContentCheck(t *testing.T) {
	for name, c := range map[string]struct {
		verdict wechat.Verdict
		err     error
		want    error
		kind    errs.Kind
	}{
		"risky":     {wechat.Risky, nil, notice.ErrRisky, errs.Invalid},
		"sensitive": {"", &wechat.Error{Code: wechat.Sensitive}, notice.ErrRisky, errs.Invalid},
		"review":    {wechat.Review, nil, notice.ErrReview, errs.Conflict},
		"inactive":  {"", &wechat.Error{Code: wechat.AuthorInactive}, notice.ErrReopen, errs.Conflict},
		"down":      {"", &wechat.Error{Code: wechat.Unavailable, Retryable: true}, notice.ErrNoCheck, errs.Unavailable},
		"silent":    {"", &wechat.Error{Code: wechat.NoAnswer, Retryable: true}, notice.ErrNoCheck, errs.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			key := h.draft()
			h.verdict, h.checkErr = c.verdict, c.err
			_, err := h.svc.Publish(t.Context(), head(), key, h.rev(key), true) // the author's own word does not count
			h.want(err, c.want)
			if e, ok := errs.As(err); !ok || e.Kind != c.kind {
				t.Errorf("%+v", e)
			}
			if got := h.timeline(key); got.Notice.State != notice.Draft {
				t.Error(got.Notice.State)
			}
			_, err = h.svc.Publish(t.Context(), staff(), key, h.rev(key), true)
			if reviewed := err == nil; reviewed != (name == "review") {
				t.Errorf("reviewed by somebody else: %v", err)
			}
		})
	}
}

func TestTextThatChangedAfterTheCheckIsNotPublished(t *testing.T) {
	h := newHouse(t)
	key := h.draft()
	h.onCheck = func() {
		body := "另一段文字"
		_, err := h.svc.Edit(t.Context(), head(), key, nil, &body)
		h.must(err)
	}
	_, err := h.svc.Publish(t.Context(), head(), key, h.rev(key), false)
	h.want(err, notice.ErrChanged)
	h.onCheck = nil
	_, err = h.svc.Publish(t.Context(), head(), key, h.rev(key), false)
	h.must(err)
	if last := h.checked[len(h.checked)-1]; last != "七一主题党日通知\n另一段文字" {
		t.Error(last)
	}
}

func TestWhoMayWrite(t *testing.T) {
	h := newHouse(t)
	key := h.draft()
	for name, c := range map[string]struct {
		do   func() error
		want error
	}{
		"member drafts": {func() error {
			_, err := h.svc.Create(t.Context(), member(1102), alliance, 0, "题", "文")
			return err
		}, errs.ErrForbidden},
		"head drafts for another alliance": {func() error {
			_, err := h.svc.Create(t.Context(), head(), other, 0, "题", "文")
			return err
		}, errs.ErrNotFound},
		"foreign activity": {func() error {
			_, err := h.svc.Create(t.Context(), staff(), other, party, "题", "文")
			return err
		}, errs.ErrNotFound},
		"second notice of an activity": {func() error {
			_, err := h.svc.Create(t.Context(), head(), alliance, party, "题", "文")
			return err
		}, notice.ErrExists},
		"member sees a draft": {func() error {
			_, err := h.svc.Get(t.Context(), member(1102), key)
			return err
		}, errs.ErrNotFound},
		"liaison sees a draft": {func() error {
			_, err := h.svc.Get(t.Context(), liaison(11), key)
			return err
		}, errs.ErrNotFound},
		"member publishes": {func() error {
			_, err := h.svc.Publish(t.Context(), member(1102), key, h.rev(key), false)
			return err
		}, errs.ErrNotFound},
		"outsider": {func() error {
			_, err := h.svc.Get(t.Context(), member(2101), key)
			return err
		}, errs.ErrNotFound},
	} {
		if err := c.do(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	key = h.publishDraft(key)
	for name, c := range map[string]struct {
		do   func() error
		want error
	}{
		"member cancels":            {func() error { _, err := h.svc.Cancel(t.Context(), member(1102), key, ""); return err }, errs.ErrForbidden},
		"member sees the timeline":  {func() error { _, err := h.svc.Timeline(t.Context(), member(1102), key); return err }, errs.ErrForbidden},
		"member sees the call list": {func() error { _, err := h.svc.Calls(t.Context(), member(1102), key, true); return err }, errs.ErrForbidden},
		"liaison reminds":           {func() error { _, err := h.svc.Remind(t.Context(), liaison(11), key); return err }, errs.ErrForbidden},
		"outsider":                  {func() error { _, err := h.svc.Calls(t.Context(), liaison(21), key, true); return err }, errs.ErrNotFound},
	} {
		if err := c.do(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func (h *house) publishDraft(key id.ID) id.ID {
	h.t.Helper()
	_, err := h.svc.Publish(h.t.Context(), head(), key, h.rev(key), false)
	h.must(err)
	return key
}

func TestInboxPages(t *testing.T) {
	h := newHouse(t)
	var keys []id.ID
	for i := range 5 {
		n, err := h.svc.Create(t.Context(), head(), alliance, 0, fmt.Sprint("通知", i), "文")
		h.must(err)
		keys = append(keys, n.Notice.ID)
	}
	for _, i := range []int{3, 1, 4, 0} { // in this order; the third stays a draft
		h.publishDraft(keys[i])
		if i != 1 {
			h.clk.Advance(time.Minute) // 1 and 4 share their moment
		}
	}
	var got []id.ID
	for after := ""; ; {
		l, err := h.svc.Inbox(t.Context(), member(1102), page.Page{After: after, Limit: 1})
		h.must(err)
		for _, i := range l.Items {
			got = append(got, i.Notice.ID)
		}
		if after = l.Next; after == "" {
			break
		}
	}
	if d := cmp.Diff([]id.ID{keys[0], keys[4], keys[1], keys[3]}, got); d != "" {
		t.Error(d)
	}
	_, err := h.svc.Inbox(t.Context(), member(1102), page.Page{After: "x"})
	h.want(err, errs.ErrInvalid)
	for who, want := range map[string]int{"head": 5, "member": 4} {
		a := head()
		if who == "member" {
			a = member(1102)
		}
		l, err := h.svc.List(t.Context(), a, notice.Filter{Alliance: alliance})
		h.must(err)
		if len(l.Items) != want {
			t.Errorf("%s sees %d", who, len(l.Items))
		}
	}
	l, err := h.svc.List(t.Context(), staff(), notice.Filter{State: notice.Draft})
	h.must(err)
	if len(l.Items) != 1 || l.Items[0].Notice.ID != keys[2] {
		t.Errorf("%+v", l)
	}
}

func TestNoticeEndsWithItsActivity(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	h.clk.Set(start.Add(49 * time.Hour))
	h.work()
	f := h.facts[party]
	f.EndsAt = start.Add(60 * time.Hour) // put off before the first end
	h.facts[party] = f
	h.clk.Set(start.Add(51 * time.Hour))
	h.work()
	if s := h.timeline(key).Notice.State; s != notice.Published {
		t.Fatal(s)
	}
	h.clk.Set(start.Add(61 * time.Hour))
	h.work()
	got := h.timeline(key)
	if last := got.Steps[len(got.Steps)-1]; got.Notice.State != notice.Closed || last.Kind != "closed" {
		t.Errorf("%s %+v", got.Notice.State, got.Steps)
	}
}

func TestCancellationIsTold(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForNotice, 1, 1101, 1201)
	h.accept(notice.ForChange, 1, 1201)
	key := h.published()
	f := h.facts[party]
	f.State = "cancelled"
	h.facts[party] = f
	h.must(h.svc.ActivityCancelled(t.Context(), party, "下雨"))
	h.work()
	if len(h.sent) != 1 || h.sent[0].TemplateID != "tpl_change" || h.sent[0].Fields["thing4"] != "活动取消，请您知悉" {
		t.Errorf("%v", h.sent)
	}
	if h.remaining(1101, notice.ForNotice) != 1 {
		t.Error("a message that was not sent cost a credit")
	}
	got, err := h.svc.Get(t.Context(), member(1201), key)
	h.must(err)
	if got.Notice.State != notice.Cancelled || got.Notice.Reason != "下雨" {
		t.Errorf("%+v", got.Notice)
	}
	h.must(h.svc.ActivityCancelled(t.Context(), party, "again")) // nothing left to do
	// the activity may be announced anew
	_, err = h.svc.DraftFor(t.Context(), head(), party, alliance, "改期", "文")
	h.must(err)
}

// A notice may be taken back while its activity goes on.
func TestRetractionIsTold(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForChange, 1, 1201)
	key := h.published()
	_, err := h.svc.Cancel(t.Context(), head(), key, "写错了")
	h.must(err)
	if h.work(); len(h.sent) != 1 || h.sent[0].Fields["thing4"] != "这条通知已取消，请您知悉" {
		t.Errorf("%v", h.sent)
	}
}

func TestChangesAreTold(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForChange, 2, 1201)
	h.draft()
	h.moveTo(head(), time.Hour, "黄河文化馆") // nobody knows it yet
	key, ok, err := h.svc.ForActivity(t.Context(), party)
	if h.must(err); !ok {
		t.Fatal("no notice")
	}
	h.publishDraft(key)
	for range 3 {
		h.moveTo(head(), time.Hour, "黄河文化馆")
		h.work()
	}
	if len(h.sent) != 2 {
		t.Errorf("%d messages with two credits", len(h.sent))
	}
}
