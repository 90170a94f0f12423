package notice_test

import (
	"testing"
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/notice"
)

func TestOneNoticeToAllAlliances(t *testing.T) {
	h := newHouse(t)
	_, err := h.svc.SendSeries(t.Context(), head(), committee, notice.SeriesDraft{Title: "县里通知", Body: "请留意。"})
	h.want(err, errs.ErrForbidden)
	got, err := h.svc.SendSeries(t.Context(), staff(), committee, notice.SeriesDraft{Title: "县里通知", Body: "请留意。"})
	h.must(err)
	if len(got.Parts) != 2 || got.Parts[0].People+got.Parts[1].People != 10 || len(h.checked) != 1 {
		t.Errorf("%+v", got)
	}
	inbox, err := h.svc.Inbox(t.Context(), member(2101), pageOf())
	h.must(err)
	if len(inbox.Items) != 1 || inbox.Items[0].Notice.Series != got.ID {
		t.Errorf("%+v", inbox)
	}
	part := got.Parts[0].Notice
	_, err = h.svc.Cancel(t.Context(), head(), part, "")
	h.want(err, notice.ErrCommittee)
	_, err = h.svc.Correct(t.Context(), head(), part, 0, nil, text("改"), "")
	h.want(err, notice.ErrCommittee)
	later, err := h.svc.SendSeries(t.Context(), staff(), committee, notice.SeriesDraft{Title: "明天", Body: "请留意。", Alliances: []id.ID{other}, At: start.Add(time.Hour)})
	h.must(err)
	if len(later.Parts) != 1 || later.Parts[0].State != notice.Scheduled {
		t.Errorf("%+v", later)
	}
	h.clk.Advance(time.Hour)
	h.work()
	_, err = h.svc.CancelSeries(t.Context(), staff(), committee, later.ID, "改期")
	h.must(err)
	_, err = h.svc.CancelSeries(t.Context(), staff(), committee, later.ID, "改期")
	h.want(err, notice.ErrOver)
	list, err := h.svc.SeriesOf(t.Context(), staff(), committee)
	h.must(err)
	if len(list) != 2 || list[0].ID != later.ID || list[0].Parts[0].State != notice.Cancelled || list[0].Parts[0].People != 1 {
		t.Errorf("%+v", list)
	}
}
