package notice_test

import (
	"bytes"
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

// colleague is somebody else of the committee's office.
func deskmate() actor.Actor {
	c := staff()
	c.Account++
	return c
}

func (h *house) whole() id.ID {
	h.t.Helper()
	i, err := h.svc.CreateWhole(h.t.Context(), staff(), committee, "县里通知", "请留意。")
	h.must(err)
	return i.Notice.ID
}

func (h *house) series(key id.ID) notice.Series {
	h.t.Helper()
	list, err := h.svc.SeriesOf(h.t.Context(), staff(), committee)
	h.must(err)
	for _, x := range list {
		if x.Notice.ID == key {
			return x
		}
	}
	return notice.Series{}
}

func TestOneNoticeToAllAlliances(t *testing.T) {
	h := newHouse(t)
	_, err := h.svc.CreateWhole(t.Context(), head(), committee, "县里通知", "请留意。")
	h.want(err, errs.ErrForbidden)
	key := h.whole()
	for _, who := range []actor.Actor{head(), lead(), member(1201)} {
		_, err = h.svc.Get(t.Context(), who, key)
		h.want(err, errs.ErrNotFound)
		_, err = h.svc.Publish(t.Context(), who, key, h.rev(key), false)
		h.want(err, errs.ErrNotFound)
	}
	if len(h.series(key).Parts) != 0 {
		t.Error("an alliance has it before it left")
	}
	_, err = h.svc.Publish(t.Context(), staff(), key, h.rev(key), false)
	h.must(err)
	got := h.series(key)
	if len(got.Parts) != 2 || got.Parts[0].People+got.Parts[1].People != 10 || len(h.checked) != 1 {
		t.Errorf("%+v", got)
	}
	inbox, err := h.svc.Inbox(t.Context(), member(2101), pageOf())
	h.must(err)
	if len(inbox.Items) != 1 || inbox.Items[0].Notice.Series != key {
		t.Errorf("%+v", inbox)
	}
	part := got.Parts[0].Notice
	_, err = h.svc.Cancel(t.Context(), head(), part, "")
	h.want(err, notice.ErrCommittee)
	_, err = h.svc.Correct(t.Context(), head(), part, 0, notice.Wording{Body: text("改")})
	h.want(err, notice.ErrCommittee)
	_, err = h.svc.ShareCard(t.Context(), staff(), key)
	h.want(err, errs.ErrNotFound)
	_, err = h.svc.Remind(t.Context(), staff(), key)
	h.want(err, errs.ErrNotFound)
	_, err = h.svc.Correct(t.Context(), staff(), key, 0, notice.Wording{Body: text("改")})
	h.want(err, errs.ErrNotFound)
	_, err = h.svc.Cancel(t.Context(), staff(), key, "改期")
	h.must(err)
	_, err = h.svc.Cancel(t.Context(), staff(), key, "改期")
	h.want(err, notice.ErrOver)
	for _, p := range h.series(key).Parts {
		if p.State != notice.Cancelled {
			t.Errorf("%+v", p)
		}
	}
}

func TestACommitteeNoticeIsAddressedAndWaits(t *testing.T) {
	h := newHouse(t)
	key := h.whole()
	for _, a := range []notice.Audience{
		{Kind: notice.SomeAlliances}, {Kind: notice.SomeAlliances, Subjects: []id.ID{11}}, {Kind: notice.SomeUnits, Subjects: []id.ID{11}},
		{Kind: notice.SomeTeams, Teams: []string{"合唱队"}},
	} {
		_, err := h.svc.Address(t.Context(), staff(), key, a, 0)
		h.want(err, notice.ErrAudience)
	}
	_, err := h.svc.Address(t.Context(), head(), h.draft(), notice.Audience{Kind: notice.SomeAlliances, Subjects: []id.ID{alliance}}, 0)
	h.want(err, notice.ErrAudience)
	_, err = h.svc.Address(t.Context(), staff(), key, notice.Audience{Kind: notice.SomeAlliances, Subjects: []id.ID{other}}, 0)
	h.must(err)
	_, err = h.svc.Schedule(t.Context(), staff(), key, h.rev(key), start.Add(time.Hour), false)
	h.must(err)
	if got := h.series(key); got.Notice.State != notice.Scheduled || len(got.Parts) != 0 || got.Notice.Audience.Subjects[0] != other {
		t.Errorf("%+v", got)
	}
	h.clk.Advance(time.Hour)
	h.work()
	if got := h.series(key); got.Notice.State != notice.Published || len(got.Parts) != 1 || got.Parts[0].Alliance != other {
		t.Errorf("%+v", got)
	}
}

func TestACommitteeNoticeToATeamReachesItEverywhere(t *testing.T) {
	h := newHouse(t)
	h.wishes = map[id.ID]string{1101: "合唱队", 1102: "门球队", 2101: "合 唱 队"}
	c, err := h.svc.CommitteeChoices(t.Context(), staff(), committee)
	h.must(err)
	if d := cmp.Diff([]notice.Part{{Name: "合唱队", People: 2}, {Name: "门球队", People: 1}}, c.Teams); d != "" || len(c.Alliances) != 2 || c.People != 10 {
		t.Error(d, c)
	}
	_, err = h.svc.CommitteeChoices(t.Context(), head(), committee)
	h.want(err, errs.ErrForbidden)
	key := h.whole()
	_, err = h.svc.Address(t.Context(), staff(), key, notice.Audience{Kind: notice.SomeTeams, Teams: []string{"合唱队"}}, 0)
	h.must(err)
	delete(h.wishes, 2101) // the other alliance has nobody left in it
	_, err = h.svc.Publish(t.Context(), staff(), key, h.rev(key), false)
	h.must(err)
	if got := h.series(key); len(got.Parts) != 1 || got.Parts[0].People != 1 {
		t.Errorf("%+v", got.Parts)
	}
	gone := h.whole()
	_, err = h.svc.Address(t.Context(), staff(), gone, notice.Audience{Kind: notice.SomeTeams, Teams: []string{"门球队"}}, 0)
	h.must(err)
	h.wishes = nil
	_, err = h.svc.Publish(t.Context(), staff(), gone, h.rev(gone), false)
	h.want(err, notice.ErrTeamEmpty)
	if got := h.series(gone); got.Notice.State != notice.Draft || len(got.Parts) != 0 {
		t.Errorf("half of it went out: %+v", got)
	}
	h.wishes = map[id.ID]string{1102: "门球队"}
	_, err = h.svc.Schedule(t.Context(), staff(), gone, h.rev(gone), start.Add(time.Hour), false)
	h.must(err)
	h.wishes = nil
	h.clk.Advance(time.Hour)
	h.work()
	if got := h.series(gone); got.Notice.State != notice.Draft || !strings.Contains(got.Notice.Remark, "兴趣队里现在没有在册的党员") {
		t.Errorf("nobody hears why it did not go out: %+v", got)
	}
}

func TestPicturesOfACommitteeNoticeAreCheckedOnceAndShownEverywhere(t *testing.T) {
	h := newHouse(t)
	key := h.whole()
	i, err := h.svc.AddPhoto(t.Context(), staff(), key, snapshot(t))
	h.must(err)
	photo := i.Photos[0].ID
	h.work()
	_, err = h.svc.Publish(t.Context(), staff(), key, h.rev(key), false)
	h.must(err)
	if got := h.series(key); got.Notice.State != notice.Scheduled || len(got.Parts) != 0 {
		t.Errorf("went out unchecked: %+v", got)
	}
	h.judged(1, wechat.Pass)
	h.work()
	got := h.series(key)
	if len(got.Parts) != 2 || len(h.asked) != 1 {
		t.Fatalf("%+v, asked %d times", got, len(h.asked))
	}
	tall := map[id.ID]int{}
	for who, part := range map[id.ID]id.ID{1201: got.Parts[0].Notice, 2101: got.Parts[1].Notice} {
		one, err := h.svc.Get(t.Context(), member(who), part)
		h.must(err)
		data, err := h.svc.Photo(t.Context(), member(who), part, photo)
		if err != nil || len(one.Photos) != 1 || !bytes.HasPrefix(data, []byte{0xff, 0xd8}) {
			t.Error(err, one.Photos)
		}
		tall[who] = h.forwarded(member(who), part)
	}
	_, err = h.svc.Photo(t.Context(), member(1201), h.published(), photo)
	h.want(err, notice.ErrNoPhoto)
	_, err = h.svc.RemovePhoto(t.Context(), head(), got.Parts[0].Notice, photo)
	h.want(err, notice.ErrCommittee)
	_, err = h.svc.RemovePhoto(t.Context(), staff(), key, photo) // somebody in it asked
	h.must(err)
	_, err = h.svc.Photo(t.Context(), member(2101), got.Parts[1].Notice, photo)
	h.want(err, notice.ErrNoPhoto)
	for who, part := range map[id.ID]id.ID{1201: got.Parts[0].Notice, 2101: got.Parts[1].Notice} {
		if h.forwarded(member(who), part) == tall[who] {
			t.Error("what was passed on had no picture in it")
		}
	}
}

func TestASecondOneOfTheOfficeReadsIt(t *testing.T) {
	h := newHouse(t)
	_, err := h.svc.SetOwnApproval(t.Context(), lead(), committee, notice.CommitteeApproval)
	h.want(err, errs.ErrForbidden)
	_, err = h.svc.SetOwnApproval(t.Context(), staff(), committee, notice.LeadApproval)
	h.want(err, errs.ErrInvalid)
	_, err = h.svc.SetOwnApproval(t.Context(), staff(), committee, notice.CommitteeApproval)
	h.must(err)
	plain, err := h.svc.Create(t.Context(), staff(), alliance, 0, "只给一个联盟", "请留意。")
	h.must(err)
	_, err = h.svc.Publish(t.Context(), staff(), plain.Notice.ID, h.rev(plain.Notice.ID), false)
	h.must(err) // the rule is about notices to all of them

	key := h.whole()
	for _, send := range []func() error{
		func() error { _, err := h.svc.Publish(t.Context(), staff(), key, h.rev(key), true); return err },
		func() error {
			_, err := h.svc.Schedule(t.Context(), staff(), key, h.rev(key), start.Add(time.Hour), false)
			return err
		},
	} {
		h.want(send(), notice.ErrApproval)
	}
	_, err = h.svc.Submit(t.Context(), staff(), key, time.Time{})
	h.must(err)
	_, err = h.svc.Approve(t.Context(), staff(), key, 0)
	h.want(err, notice.ErrOwn)
	_, err = h.svc.Approve(t.Context(), lead(), key, 0)
	h.want(err, errs.ErrNotFound)
	waiting, err := h.svc.List(t.Context(), deskmate(), notice.Filter{State: notice.Submitted, Page: pageOf()})
	h.must(err)
	if len(waiting.Items) != 1 || !waiting.Items[0].Approver || waiting.Items[0].Writer == "" {
		t.Errorf("%+v", waiting.Items)
	}
	_, err = h.svc.Return(t.Context(), deskmate(), key, "请写上时间")
	h.must(err)
	_, err = h.svc.Edit(t.Context(), staff(), key, nil, text("八点请留意。"))
	h.must(err)
	_, err = h.svc.Submit(t.Context(), staff(), key, start.Add(time.Hour))
	h.must(err)
	_, err = h.svc.Approve(t.Context(), deskmate(), key, 0)
	h.want(err, notice.ErrChanged)
	_, err = h.svc.Approve(t.Context(), deskmate(), key, 1)
	h.must(err)
	h.clk.Advance(time.Hour)
	h.work()
	got := h.series(key)
	if len(got.Parts) != 2 {
		t.Fatalf("%+v", got)
	}
	part := got.Parts[0].Notice
	for _, who := range []actor.Actor{staff(), deskmate()} { // one's own words, whoever wrote the notice
		_, err = h.svc.Correct(t.Context(), who, part, 0, notice.Wording{Body: text("九点请留意。")})
		h.want(err, notice.ErrApproval)
	}
	i, err := h.svc.SubmitCorrection(t.Context(), deskmate(), part, 0, notice.Wording{Body: text("九点请留意。")})
	h.must(err)
	for _, who := range []actor.Actor{head(), lead(), staff()} {
		got, err := h.svc.Get(t.Context(), who, part)
		h.must(err)
		if desk := who.Account == staff().Account; (got.Proposal != nil) != desk || desk && !got.Proposal.Approver {
			t.Errorf("account %d sees %+v", who.Account, got.Proposal)
		}
	}
	_, err = h.svc.ApproveCorrection(t.Context(), lead(), part, i.Proposal.ID)
	h.want(err, notice.ErrCommittee)
	i, err = h.svc.ApproveCorrection(t.Context(), staff(), part, i.Proposal.ID)
	h.must(err)
	if i.Notice.Body != "九点请留意。" {
		t.Error(i.Notice.Body)
	}
}

func TestOneOfApprovalReturnAndWithdrawalOfACommitteeNoticeWins(t *testing.T) {
	h := newHouse(t)
	key := h.whole()
	_, err := h.svc.Submit(t.Context(), staff(), key, time.Time{})
	h.must(err)
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 21 {
		wg.Go(func() {
			var err error
			switch i % 3 {
			case 0:
				_, err = h.svc.Approve(t.Context(), deskmate(), key, 0)
			case 1:
				_, err = h.svc.Return(t.Context(), deskmate(), key, "再改改")
			default:
				_, err = h.svc.Withdraw(t.Context(), staff(), key)
			}
			if e, ok := errs.As(err); err == nil {
				won.Add(1)
			} else if !ok || e.Kind != errs.Conflict {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got := h.series(key)
	if out := got.Notice.State == notice.Published; won.Load() != 1 || out != (len(got.Parts) == 2) {
		t.Errorf("%d won, %+v", won.Load(), got)
	}
}

func TestPlannedTimeAndPictureRaceForOneCopyEach(t *testing.T) {
	h := newHouse(t)
	key := h.whole()
	_, err := h.svc.AddPhoto(t.Context(), staff(), key, snapshot(t))
	h.must(err)
	h.work()
	_, err = h.svc.Schedule(t.Context(), staff(), key, h.rev(key), start.Add(time.Hour), false)
	h.must(err)
	h.clk.Advance(time.Hour)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if err := h.svc.HandleEvent(t.Context(), wechat.Event{Kind: wechat.EventMedia, Trace: "trace-1", Verdict: wechat.Pass}); err != nil {
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
	if got := h.series(key); got.Notice.State != notice.Published || len(got.Parts) != 2 {
		t.Errorf("%+v", got)
	}
}

func TestSeriesFromBeforeStandForThemselves(t *testing.T) {
	h := newHouse(t)
	key := h.whole()
	_, err := h.svc.Publish(t.Context(), staff(), key, h.rev(key), false)
	h.must(err)
	if _, err := h.db.SQL().ExecContext(t.Context(), "DELETE FROM notices WHERE alliance_id = 0"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		h.must(h.svc.AdoptSeries(t.Context()))
	}
	got := h.series(key)
	if len(got.Parts) != 2 || got.Notice.Title != "县里通知" || got.Notice.State != notice.Published {
		t.Errorf("%+v", got)
	}
	_, err = h.svc.Cancel(t.Context(), staff(), key, "改期")
	h.must(err)
	if h.series(key).Parts[1].State != notice.Cancelled {
		t.Error("a copy goes on")
	}
}
