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
	_, err = h.svc.Correct(t.Context(), head(), key, 0, notice.Wording{Body: text("请各位老同志参加。")})
	h.want(err, notice.ErrUnchanged)
	i, err := h.svc.Correct(t.Context(), head(), key, 0, notice.Wording{Body: text("请各位老同志带好水杯参加。"), Note: "请带水杯"})
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
	_, err = h.svc.Correct(t.Context(), head(), key, 0, notice.Wording{Body: text("另一个更正。")})
	h.want(err, notice.ErrChanged)
}

func TestOneOfTwoCorrectionsWins(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			switch _, err := h.svc.Correct(t.Context(), head(), key, 0, notice.Wording{Body: text("更正过的文字。")}); {
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

func words(body string) notice.Wording { return notice.Wording{Body: text(body)} }

// waiting is a published notice of an alliance under the rule, with a correction that waits.
func (h *house) waiting(body string) (key, correction id.ID) {
	h.t.Helper()
	key = h.published()
	_, err := h.svc.SetApproval(h.t.Context(), lead(), alliance, notice.LeadApproval)
	h.must(err)
	i, err := h.svc.SubmitCorrection(h.t.Context(), head(), key, 0, words(body))
	h.must(err)
	return key, i.Proposal.ID
}

func colleague() actor.Actor {
	who := lead()
	who.Account++
	return who
}

func TestCorrectionWaitsForApproval(t *testing.T) {
	h := newHouse(t)
	key, first := h.waiting("请在南门集合。")
	_, err := h.svc.Correct(t.Context(), head(), key, 0, words("请在东门集合。"))
	h.want(err, notice.ErrApproval)
	if e, _ := errs.As(err); !strings.Contains(e.Message, "点送审") {
		t.Error(e.Message)
	}
	mine, err := h.svc.Get(t.Context(), member(1201), key)
	h.must(err)
	if mine.Proposal != nil || mine.Notice.Body != "请各位老同志参加。" || len(mine.Corrections) != 0 {
		t.Error("members met the new text before it was approved")
	}
	i, err := h.svc.Get(t.Context(), lead(), key)
	h.must(err)
	want := []notice.Change{{Before: "请各位老同志参加。", After: "请在南门集合。"}}
	if p := i.Proposal; p == nil || !p.Approver || p.Own || p.Writer == "" || !cmp.Equal(p.Changes, want) {
		t.Errorf("%+v", i.Proposal)
	}
	asks, err := h.svc.List(t.Context(), lead(), notice.Filter{Asks: true, Page: pageOf()})
	h.must(err)
	if len(asks.Items) != 1 {
		t.Error(len(asks.Items), "wait for approval")
	}
	_, err = h.svc.SubmitCorrection(t.Context(), head(), key, 0, words("请在西门集合。"))
	h.want(err, notice.ErrCorrecting)
	_, err = h.svc.ApproveCorrection(t.Context(), head(), key, first)
	h.want(err, errs.ErrForbidden)
	_, err = h.svc.ReturnCorrection(t.Context(), lead(), key, first, " ")
	h.want(err, notice.ErrRemark)
	i, err = h.svc.ReturnCorrection(t.Context(), lead(), key, first, "写清是哪个南门")
	h.must(err)
	if i.Proposal.State != notice.Draft || i.Proposal.Remark != "写清是哪个南门" || i.Proposal.Body != "请在南门集合。" {
		t.Errorf("%+v", i.Proposal)
	}
	i, err = h.svc.SubmitCorrection(t.Context(), head(), key, 0, words("请在公园南门集合。"))
	h.must(err)
	_, err = h.svc.ApproveCorrection(t.Context(), lead(), key, first)
	h.want(err, notice.ErrNoCorrection) // not what was read
	h.checkErr = errors.New("nobody asks WeChat again")
	i, err = h.svc.ApproveCorrection(t.Context(), lead(), key, i.Proposal.ID)
	h.must(err)
	if i.Notice.Body != "请在公园南门集合。" || i.Proposal != nil || len(i.Corrections) != 1 || i.Notice.Editor != head().Account {
		t.Errorf("%+v", i)
	}
}

func TestWhoCorrectsIsReadByAnother(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	_, err := h.svc.SetApproval(t.Context(), lead(), alliance, notice.LeadApproval)
	h.must(err)
	for i := range 2 { // the first time as the second
		_, err = h.svc.Correct(t.Context(), lead(), key, i, words("请带水杯。"))
		h.want(err, notice.ErrApproval)
		if e, _ := errs.As(err); strings.Contains(e.Message, "牵头单位") {
			t.Error("somebody of the lead unit is sent to the lead unit")
		}
		n, err := h.svc.SubmitCorrection(t.Context(), lead(), key, i, words("请带水杯"+strings.Repeat("和药", i+1)+"。"))
		h.must(err)
		if !n.Needs || n.Proposal.Approver || !n.Proposal.Own {
			t.Errorf("%+v", n.Proposal)
		}
		_, err = h.svc.ApproveCorrection(t.Context(), lead(), key, n.Proposal.ID)
		h.want(err, notice.ErrOwn)
		_, err = h.svc.ApproveCorrection(t.Context(), colleague(), key, n.Proposal.ID)
		h.must(err)
	}
	_, err = h.svc.Correct(t.Context(), staff(), key, 2, words("请带水杯和药，别着急。")) // the office is who asks
	h.must(err)
}

func TestCorrectionIsTakenBackOrOvertaken(t *testing.T) {
	h := newHouse(t)
	key, first := h.waiting("请在南门集合。")
	i, err := h.svc.WithdrawCorrection(t.Context(), head(), key)
	h.must(err)
	if i.Proposal.State != notice.Draft || i.Proposal.Body != "请在南门集合。" {
		t.Error("its words are gone")
	}
	_, err = h.svc.WithdrawCorrection(t.Context(), head(), key)
	h.want(err, notice.ErrNoCorrection)
	_, err = h.svc.ApproveCorrection(t.Context(), lead(), key, first)
	h.want(err, notice.ErrNoCorrection)
	i, err = h.svc.SubmitCorrection(t.Context(), head(), key, 0, words("请在南门集合。"))
	h.must(err)
	_, err = h.svc.Correct(t.Context(), staff(), key, 0, words("请在北门集合。"))
	h.must(err)
	_, err = h.svc.ApproveCorrection(t.Context(), lead(), key, i.Proposal.ID)
	h.want(err, notice.ErrNoCorrection)
	i, err = h.svc.Get(t.Context(), head(), key)
	h.must(err)
	if i.Proposal.State != notice.Draft || !strings.Contains(i.Proposal.Remark, "别人更正过") {
		t.Errorf("%+v", i.Proposal)
	}
	i, err = h.svc.SubmitCorrection(t.Context(), head(), key, 1, words("请在南门集合，九点。"))
	h.must(err)
	_, err = h.svc.Cancel(t.Context(), head(), key, "下雨")
	h.must(err)
	_, err = h.svc.ApproveCorrection(t.Context(), lead(), key, i.Proposal.ID)
	h.want(err, notice.ErrNoCorrection)
}

// Without the rule too, a text about which WeChat is unsure goes out once somebody else has read it.
func TestDoubtfulCorrectionMayBeRead(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	h.verdict = wechat.Review
	_, err := h.svc.Correct(t.Context(), head(), key, 0, words("请在南门集合。"))
	h.want(err, notice.ErrReview)
	i, err := h.svc.SubmitCorrection(t.Context(), head(), key, 0, words("请在南门集合。"))
	h.must(err)
	if !i.Proposal.Doubtful || i.Needs {
		t.Errorf("%+v", i.Proposal)
	}
	_, err = h.svc.ApproveCorrection(t.Context(), lead(), key, i.Proposal.ID)
	h.must(err)
}

func TestOneDecisionAboutACorrectionWins(t *testing.T) {
	h := newHouse(t)
	key, read := h.waiting("请在南门集合。")
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			var err error
			switch i % 3 {
			case 0:
				_, err = h.svc.ApproveCorrection(t.Context(), lead(), key, read)
			case 1:
				_, err = h.svc.ReturnCorrection(t.Context(), staff(), key, read, "再改改")
			default:
				_, err = h.svc.WithdrawCorrection(t.Context(), head(), key)
			}
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, notice.ErrNoCorrection) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d won", won.Load())
	}
}

// What a correction changed is kept; rows from before that are compared with what followed them.
func TestChangesAreKeptAndOldRowsReadable(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	for i, body := range []string{"请在南门集合。", "请在北门集合。"} {
		_, err := h.svc.Correct(t.Context(), head(), key, i, words(body))
		h.must(err)
	}
	h.must(h.svc.Amend(t.Context(), staff(), key, "改了别的。")) // leaves no version: comparing would blame the correction
	changes := func() (out []notice.Change) {
		i, err := h.svc.Get(t.Context(), member(1201), key)
		h.must(err)
		for _, c := range i.Corrections {
			out = append(out, c.Changes...)
		}
		return out
	}
	want := []notice.Change{{Before: "请在南门集合。", After: "请在北门集合。"}, {Before: "请各位老同志参加。", After: "请在南门集合。"}}
	if d := cmp.Diff(want, changes()); d != "" {
		t.Error(d)
	}
	if _, err := h.db.SQL().ExecContext(t.Context(), "UPDATE notice_versions SET changes = NULL WHERE revision = 0"); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, changes()); d != "" {
		t.Error(d)
	}
}
