package notice_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

func TestChangesNameWhatDiffers(t *testing.T) {
	for name, c := range map[string]struct {
		before, after string
		want          []notice.Change
	}{
		"same":  {"一\n二", "一\n二", nil},
		"line":  {"一\n二\n三", "一\n贰\n三", []notice.Change{{Before: "二", After: "贰"}}},
		"added": {"一", "一\n二", []notice.Change{{After: "二"}}},
		"gone":  {"一\n二", "二", []notice.Change{{Before: "一"}}},
		"two":   {"一\n二\n三", "壹\n二\n叁", []notice.Change{{"一", "壹"}, {"三", "叁"}}},
	} {
		if d := cmp.Diff(c.want, notice.Changes("题", c.before, "题", c.after)); d != "" {
			t.Error(name, d)
		}
	}
	if got := notice.Changes("旧题", "一", "新题", "一"); len(got) != 1 || got[0].After != "新题" {
		t.Error(got)
	}
}

func TestScheduledNoticeGoesOutAtItsTime(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForNotice, 1, 1101)
	key := h.draft()
	at := start.Add(3 * time.Hour)
	_, err := h.svc.Schedule(t.Context(), head(), key, at, false)
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
		_, err := h.svc.Schedule(t.Context(), head(), key, c.at, false)
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
		_, err := h.svc.Schedule(t.Context(), head(), key, start.Add(hours*time.Hour), false)
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
	_, err := h.svc.Schedule(t.Context(), head(), key, start.Add(time.Hour), false)
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
	_, err := h.svc.Schedule(t.Context(), head(), key, start.Add(time.Hour), false)
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

func (h *house) schedulePlain() id.ID {
	h.t.Helper()
	n, err := h.svc.Create(h.t.Context(), head(), alliance, 0, "提醒", "请留意。")
	h.must(err)
	_, err = h.svc.Schedule(h.t.Context(), head(), n.Notice.ID, h.clk.Now().Add(time.Hour), false)
	h.must(err)
	return n.Notice.ID
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
	_, err = h.svc.Publish(t.Context(), head(), key, false)
	h.want(err, notice.ErrApproval)
	_, err = h.svc.Schedule(t.Context(), head(), key, start.Add(time.Hour), false)
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
	_, err = h.svc.Publish(t.Context(), lead(), n.Notice.ID, true)
	h.want(err, notice.ErrApproval)
	key := h.draft() // of the head, but the lead unit put its hand to it
	_, err = h.svc.Edit(t.Context(), lead(), key, nil, text("换了几个字。"))
	h.must(err)
	_, err = h.svc.Publish(t.Context(), lead(), key, true)
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

func TestCorrectionReachesThoseWhoKnew(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	h.accept(notice.ForChange, 1, 1101, 1103, 1201)
	_, err := h.svc.Read(t.Context(), member(1101), key, notice.ViaInbox, nil)
	h.must(err)
	h.answers[1201] = notice.Answer{Answer: "going"}
	h.must(h.svc.Answered(t.Context(), party, 1201, accountOf(1201)))
	_, err = h.svc.RecordCall(t.Context(), liaison(12), key, 1202, notice.Spoken{Outcome: notice.Told})
	h.must(err)
	h.clk.Advance(time.Minute)
	_, err = h.svc.Correct(t.Context(), head(), key, 0, nil, text("请各位老同志参加。"), "")
	h.want(err, notice.ErrUnchanged)
	i, err := h.svc.Correct(t.Context(), head(), key, 0, nil, text("请各位老同志带好水杯参加。"), "请带水杯")
	h.must(err)
	if len(i.Corrections) != 1 || i.Corrections[0].Told != 3 || i.Corrections[0].Changes[0].Before != "请各位老同志参加。" || i.Notice.Revision != 1 {
		t.Errorf("%+v", i.Corrections)
	}
	if h.work() != 2 || h.sent[0].Fields["thing4"] != "通知有更正，请点开看看" {
		t.Errorf("%d messages: %v", len(h.sent), h.sent)
	}
	if got := h.timeline(key).Tally; got.Read != 0 || got.Told != 0 || got.Answered != 1 || got.Unreached != 9 {
		t.Errorf("%+v", got)
	}
	mine, err := h.svc.Get(t.Context(), member(1201), key)
	h.must(err)
	if mine.People[0].Answer != "going" || !mine.People[0].ReadAt.IsZero() {
		t.Errorf("%+v", mine.People)
	}
	if calls := h.calls(liaison(12), key); len(calls) != 4 {
		t.Errorf("who was told by telephone is called again: %v", calls)
	}
	list, err := h.svc.Calls(t.Context(), liaison(12), key, false)
	h.must(err)
	if news := slices.DeleteFunc(list, func(c notice.Call) bool { return c.News != notice.Corrected }); len(news) != 2 {
		t.Errorf("the text is new for those who knew: %+v", news)
	}
	_, err = h.svc.Read(t.Context(), member(1101), key, notice.ViaInbox, nil)
	h.must(err)
	if got := h.timeline(key).Tally; got.Read != 1 || got.Unreached != 8 {
		t.Errorf("%+v", got)
	}
	_, err = h.svc.Correct(t.Context(), head(), key, 0, nil, text("另一个更正。"), "")
	h.want(err, notice.ErrChanged)
}

func TestOneOfTwoCorrectionsWins(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			switch _, err := h.svc.Correct(t.Context(), head(), key, 0, nil, text("更正过的文字。"), ""); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, notice.ErrChanged):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	i, err := h.svc.Get(t.Context(), member(1201), key)
	h.must(err)
	if won.Load() != 1 || len(i.Corrections) != 1 {
		t.Errorf("%d won, %d corrections", won.Load(), len(i.Corrections))
	}
}
