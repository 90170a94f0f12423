package notice_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/notice"
	"bense/server/internal/wechat"
)

func lead() actor.Actor {
	return actor.Actor{Account: 62_000, Grants: []actor.Grant{{Role: actor.LeadStaff, Place: actor.Place{Committee: committee, Alliance: alliance}}}}
}

func (h *house) state(key id.ID) notice.Notice {
	h.t.Helper()
	i, err := h.svc.Get(h.t.Context(), head(), key)
	h.must(err)
	return i.Notice
}

func text(s string) *string { return &s }

// What somebody looked at is what leaves, also where WeChat is unsure and a person's look decides.
func TestWhatWasChangedSinceIsNotSent(t *testing.T) {
	h := newHouse(t)
	h.verdict = wechat.Review
	key := h.draft()
	seen := h.state(key).Revision
	_, err := h.svc.Edit(t.Context(), head(), key, nil, text("别的话。"))
	h.must(err)
	checks := len(h.checked)
	_, err = h.svc.Publish(t.Context(), lead(), key, seen, true)
	h.want(err, notice.ErrChanged)
	_, err = h.svc.Schedule(t.Context(), lead(), key, seen, start.Add(time.Hour), true)
	h.want(err, notice.ErrChanged)
	if e, _ := errs.As(err); !strings.Contains(e.Message, "看一遍再发布") || len(h.checked) != checks || h.state(key).State != notice.Draft {
		t.Error(e.Message, h.state(key).State)
	}
	h.onCheck = func() { // between the look and the lock
		h.onCheck = nil
		_, err := h.svc.Edit(t.Context(), head(), key, nil, text("又是别的话。"))
		h.must(err)
	}
	_, err = h.svc.Publish(t.Context(), lead(), key, seen+1, true)
	h.want(err, notice.ErrChanged)
	_, err = h.svc.Publish(t.Context(), lead(), key, seen+2, true)
	h.must(err)
	if n := h.state(key); n.State != notice.Published || n.Body != "又是别的话。" {
		t.Errorf("%+v", n)
	}
}

// A draft that was handed over has somebody new to answer for it; its words stay those of who wrote them.
func TestHandoverMakesNobodyTheAuthor(t *testing.T) {
	h := newHouse(t)
	_, err := h.svc.SetApproval(t.Context(), staff(), alliance, notice.LeadApproval)
	h.must(err)
	key, other := h.draft(), h.plain(lead())
	_, err = h.svc.Submit(t.Context(), head(), key, time.Time{})
	h.must(err)
	const next = id.ID(70_000)
	h.must(h.svc.PassDrafts(t.Context(), alliance, []id.ID{head().Account}, next))
	h.must(h.svc.PassDrafts(t.Context(), alliance, []id.ID{next}, next+1)) // and again
	former := lead()
	former.Account = head().Account // who was head works for the lead unit now
	_, err = h.svc.Approve(t.Context(), former, key, 0)
	h.want(err, notice.ErrOwn)
	if n := h.state(other); n.Keeper != 0 {
		t.Error("somebody else's draft was passed on too")
	}
	i, err := h.svc.Get(t.Context(), lead(), key)
	h.must(err)
	if i.Notice.Author != head().Account || i.Notice.Keeper != next+1 || i.Writer != "账号"+head().Account.String() || i.Keeper != "账号70001" || !i.Approver {
		t.Errorf("%+v", i)
	}
	_, err = h.svc.Approve(t.Context(), lead(), key, 0)
	h.must(err)
}

// Time and place are part of what is approved: a notice whose activity moves is read again.
func TestMovingTheActivityIsReadBeforeItGoesOut(t *testing.T) {
	h := newHouse(t)
	_, err := h.svc.SetApproval(t.Context(), lead(), alliance, notice.LeadApproval)
	h.must(err)
	key := h.draft()
	_, err = h.svc.Submit(t.Context(), head(), key, start.Add(2*time.Hour))
	h.must(err)
	h.moveTo(head(), time.Hour, "黄河文化馆")
	_, err = h.svc.Approve(t.Context(), lead(), key, 0)
	h.want(err, notice.ErrChanged)
	_, err = h.svc.Approve(t.Context(), lead(), key, 1)
	h.must(err)
	h.moveTo(lead(), time.Hour, "黄河文化馆") // whose look it is
	if n := h.state(key); n.State != notice.Scheduled {
		t.Error(n.State)
	}
	h.moveTo(head(), time.Hour, "黄河文化馆")
	if n := h.state(key); n.State != notice.Draft || !strings.Contains(n.Remark, "再送审") {
		t.Errorf("%+v", n)
	}
	h.clk.Advance(2 * time.Hour)
	h.work()
	if n := h.state(key); n.State != notice.Draft {
		t.Error("it went out unread")
	}
}

func TestScheduledNoticeGoesOutAtItsTime(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForNotice, 1, 1101)
	key := h.draft()
	at := start.Add(3 * time.Hour)
	_, err := h.svc.Schedule(t.Context(), head(), key, h.rev(key), at, false)
	h.must(err)
	if n := h.state(key); n.State != notice.Scheduled || !n.ScheduledAt.Equal(at) {
		t.Errorf("%+v", n)
	}
	_, err = h.svc.Edit(t.Context(), head(), key, text("别的题目"), nil)
	h.want(err, notice.ErrWaits)
	if h.work() != 0 || len(h.sent) != 0 {
		t.Error("it went out early")
	}
	h.clk.Advance(3 * time.Hour)
	h.work()
	if n := h.state(key); n.State != notice.Published || len(h.sent) != 1 || len(h.checked) != 1 {
		t.Errorf("%+v, %d sent, %d checks", n, len(h.sent), len(h.checked))
	}
}

func TestScheduleIsRefusedWithItsReason(t *testing.T) {
	h := newHouse(t)
	key := h.draft()
	for name, c := range map[string]struct {
		at   time.Time
		want error
	}{
		"night": {start.Add(14 * time.Hour), notice.ErrQuiet}, // 23:00
		"past":  {start.Add(-time.Minute), notice.ErrPast},
		"late":  {start.Add(49 * time.Hour), notice.ErrTooLate},
		"far":   {start.Add(90 * 24 * time.Hour), notice.ErrTooFar},
	} {
		_, err := h.svc.Schedule(t.Context(), head(), key, h.rev(key), c.at, false)
		h.want(err, c.want)
		if e, _ := errs.As(err); name == "night" && !strings.Contains(e.Message, "晚上9:30到上午7:00") {
			t.Error(e.Message)
		}
	}
	if len(h.checked) != 0 {
		t.Error("WeChat was asked about a time")
	}
}

func TestTakenBackOrPutOffItDoesNotGoOut(t *testing.T) {
	h := newHouse(t)
	key := h.draft()
	for _, hours := range []time.Duration{1, 2} {
		_, err := h.svc.Schedule(t.Context(), head(), key, h.rev(key), start.Add(hours*time.Hour), false)
		h.must(err)
	}
	h.clk.Advance(time.Hour)
	h.work()
	if n := h.state(key); n.State != notice.Scheduled {
		t.Error("the earlier time still counted")
	}
	_, err := h.svc.Withdraw(t.Context(), head(), key)
	h.must(err)
	_, err = h.svc.Withdraw(t.Context(), head(), key)
	h.want(err, notice.ErrNotWaits)
	h.clk.Advance(2 * time.Hour)
	h.work()
	if n := h.state(key); n.State != notice.Draft || !n.ScheduledAt.IsZero() {
		t.Errorf("%+v", n)
	}
}

func TestWithdrawalAndItsTimeRace(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForNotice, 1, 1101)
	key := h.draft()
	_, err := h.svc.Schedule(t.Context(), head(), key, h.rev(key), start.Add(time.Hour), false)
	h.must(err)
	h.clk.Advance(time.Hour)
	var back atomic.Int32
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if _, err := h.svc.Withdraw(t.Context(), head(), key); err == nil {
				back.Add(1)
			} else if !errors.Is(err, notice.ErrNotWaits) && !errors.Is(err, notice.ErrChanged) {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if _, err := h.worker.RunOnce(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	h.work()
	switch n := h.state(key); {
	case back.Load() == 1 && n.State == notice.Draft && len(h.sent) == 0:
	case back.Load() == 0 && n.State == notice.Published && len(h.sent) == 1:
	default:
		t.Errorf("%d took it back, %s, %d sent", back.Load(), n.State, len(h.sent))
	}
}

func TestWhatCannotGoOutAnyMoreIsADraftThatSaysWhy(t *testing.T) {
	h := newHouse(t)
	key := h.draft()
	_, err := h.svc.Schedule(t.Context(), head(), key, h.rev(key), start.Add(time.Hour), false)
	h.must(err)
	f := h.facts[party]
	f.State = "cancelled"
	h.facts[party] = f
	h.clk.Advance(time.Hour)
	h.work()
	if n := h.state(key); n.State != notice.Draft || !strings.Contains(n.Remark, "活动已经取消") {
		t.Errorf("%+v", n)
	}
	other := h.schedulePlain()
	h.must(h.svc.ActivityCancelled(t.Context(), party, "下雨"))
	if h.state(key).State != notice.Cancelled || h.state(other).State != notice.Scheduled {
		t.Error("calling off an activity met the wrong notices")
	}
}

func (h *house) plain(who actor.Actor) id.ID {
	h.t.Helper()
	n, err := h.svc.Create(h.t.Context(), who, alliance, 0, "提醒", "请留意。")
	h.must(err)
	return n.Notice.ID
}

func (h *house) schedulePlain() id.ID {
	h.t.Helper()
	key := h.plain(head())
	_, err := h.svc.Schedule(h.t.Context(), head(), key, h.rev(key), h.clk.Now().Add(time.Hour), false)
	h.must(err)
	return key
}

func TestApproval(t *testing.T) {
	h := newHouse(t)
	key := h.draft()
	_, err := h.svc.SetApproval(t.Context(), head(), alliance, notice.NoApproval)
	h.want(err, errs.ErrForbidden)
	_, err = h.svc.SetApproval(t.Context(), lead(), alliance, notice.CommitteeApproval)
	h.want(err, errs.ErrForbidden)
	_, err = h.svc.SetApproval(t.Context(), lead(), alliance, notice.LeadApproval)
	h.must(err)
	_, err = h.svc.Publish(t.Context(), head(), key, h.rev(key), false)
	h.want(err, notice.ErrApproval)
	_, err = h.svc.Schedule(t.Context(), head(), key, h.rev(key), start.Add(time.Hour), false)
	h.want(err, notice.ErrApproval)
	_, err = h.svc.Submit(t.Context(), head(), key, time.Time{})
	h.must(err)
	_, err = h.svc.Approve(t.Context(), head(), key, 0)
	h.want(err, notice.ErrOwn)
	_, err = h.svc.Return(t.Context(), lead(), key, " ")
	h.want(err, notice.ErrRemark)
	i, err := h.svc.Return(t.Context(), lead(), key, "请写上集合地点")
	h.must(err)
	if i.Notice.State != notice.Draft || i.Notice.Remark != "请写上集合地点" {
		t.Errorf("%+v", i.Notice)
	}
	_, err = h.svc.Edit(t.Context(), head(), key, nil, text("请在南门集合。"))
	h.must(err)
	_, err = h.svc.Submit(t.Context(), head(), key, time.Time{})
	h.must(err)
	_, err = h.svc.Approve(t.Context(), lead(), key, 0)
	h.want(err, notice.ErrChanged)
	h.checkErr = errors.New("nobody asks WeChat again")
	i, err = h.svc.Approve(t.Context(), lead(), key, 1)
	h.must(err)
	if i.Notice.State != notice.Published || h.timeline(key).Tally.Recipients != 9 {
		t.Errorf("%+v", i.Notice)
	}
}

func TestNobodyApprovesTheirOwn(t *testing.T) {
	h := newHouse(t)
	_, err := h.svc.SetApproval(t.Context(), staff(), alliance, notice.LeadApproval)
	h.must(err)
	n, err := h.svc.Create(t.Context(), lead(), alliance, 0, "通知", "请留意。")
	h.must(err)
	_, err = h.svc.Publish(t.Context(), lead(), n.Notice.ID, h.rev(n.Notice.ID), true)
	h.want(err, notice.ErrApproval)
	key := h.draft() // of the head, but the lead unit put its hand to it
	_, err = h.svc.Edit(t.Context(), lead(), key, nil, text("换了几个字。"))
	h.must(err)
	_, err = h.svc.Publish(t.Context(), lead(), key, h.rev(key), true)
	h.want(err, notice.ErrApproval)
	_, err = h.svc.Submit(t.Context(), head(), key, time.Time{})
	h.must(err)
	_, err = h.svc.Approve(t.Context(), lead(), key, 1)
	h.want(err, notice.ErrOwn)
	_, err = h.svc.Approve(t.Context(), staff(), key, 1)
	h.must(err)
	_, err = h.svc.SetApproval(t.Context(), staff(), alliance, notice.CommitteeApproval)
	h.must(err)
	_, err = h.svc.SetApproval(t.Context(), lead(), alliance, notice.NoApproval)
	h.want(err, errs.ErrForbidden)
}

func TestApprovedForLaterWaitsForItsTime(t *testing.T) {
	h := newHouse(t)
	h.verdict = wechat.Review // a doubtful text may be submitted also where nobody asks for approval
	key := h.draft()
	_, err := h.svc.Submit(t.Context(), head(), key, start.Add(2*time.Hour))
	h.must(err)
	i, err := h.svc.Approve(t.Context(), lead(), key, 0)
	h.must(err)
	if i.Notice.State != notice.Scheduled {
		t.Error(i.Notice.State)
	}
	h.clk.Advance(2 * time.Hour)
	h.work()
	if n := h.state(key); n.State != notice.Published {
		t.Errorf("%+v", n)
	}
}

func TestOneOfApprovalAndReturnWins(t *testing.T) {
	h := newHouse(t)
	key := h.draft()
	_, err := h.svc.Submit(t.Context(), head(), key, time.Time{})
	h.must(err)
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			var err error
			if i%2 == 0 {
				_, err = h.svc.Approve(t.Context(), lead(), key, 0)
			} else {
				_, err = h.svc.Return(t.Context(), staff(), key, "再改改")
			}
			if e, ok := errs.As(err); err == nil {
				won.Add(1)
			} else if !ok || e.Kind != errs.Conflict {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d won", won.Load())
	}
}
