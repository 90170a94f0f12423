package notice_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/notice"
)

// moveTo plays the activity's own change of time and place.
func (h *house) moveTo(who actor.Actor, by time.Duration, place string) {
	h.t.Helper()
	was := h.facts[party]
	is := was
	is.StartsAt, is.EndsAt, is.Place = was.StartsAt.Add(by), was.EndsAt.Add(by), place
	h.facts[party] = is
	h.must(h.svc.ActivityMoved(h.t.Context(), who, was))
}

func TestAMoveReachesThoseWhoKnew(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForChange, 2, 1101, 1203)
	h.draft()
	h.moveTo(head(), time.Hour, "黄河文化馆") // nobody has the notice yet: it is only a new revision
	key, _, err := h.svc.ForActivity(t.Context(), party)
	h.must(err)
	h.publishDraft(key)
	_, err = h.svc.Read(t.Context(), member(1101), key, notice.ViaInbox, nil)
	h.must(err)
	h.answers[1201] = notice.Answer{Answer: "going"}
	h.must(h.svc.Answered(t.Context(), party, 1201, accountOf(1201)))
	_, err = h.svc.RecordCall(t.Context(), liaison(12), key, 1202, notice.Spoken{Outcome: notice.Told})
	h.must(err)
	calendar := func() string {
		data, err := h.svc.Calendar(t.Context(), member(1101), key)
		h.must(err)
		return string(data)
	}
	if i, err := h.svc.Get(t.Context(), member(1201), key); err != nil || len(i.Moves) != 0 || !strings.Contains(calendar(), "SEQUENCE:1\r\n") {
		t.Errorf("%+v %v", i.Moves, err)
	}

	h.clk.Advance(time.Minute)
	h.moveTo(head(), 24*time.Hour, "老年大学二楼")
	i, err := h.svc.Get(t.Context(), member(1201), key)
	h.must(err)
	want := []notice.Change{{Before: "7月3日 星期五 上午10:00到中午12:00", After: "7月4日 星期六 上午10:00到中午12:00"}, {Before: "黄河文化馆", After: "老年大学二楼"}}
	if len(i.Moves) != 1 || i.Moves[0].Told != 3 || !slices.Equal(i.Moves[0].Changes(), want) {
		t.Errorf("%+v", i.Moves)
	}
	if i.People[0].Answer != "going" || !i.People[0].ReadAt.IsZero() || !strings.Contains(calendar(), "SEQUENCE:2\r\n") {
		t.Errorf("the answer is gone, or it counts as read: %+v", i.People)
	}
	if h.work() != 2 || h.sent[0].Fields["thing4"] != "时间或地点有变动，请点开看看" {
		t.Errorf("%v", h.sent)
	}
	line := h.timeline(key)
	if line.Tally.Unreached != 9 || !slices.ContainsFunc(line.Steps, func(s notice.Step) bool { return s.Kind == "moved" && s.Count == 3 }) {
		t.Errorf("%+v %+v", line.Tally, line.Steps)
	}
	news := func() (out []id.ID) {
		list, err := h.svc.Calls(t.Context(), head(), key, false)
		h.must(err)
		for _, c := range list {
			if c.News == notice.Moved {
				out = append(out, c.Person)
			}
		}
		return out
	}
	if got := news(); !slices.Equal(got, []id.ID{1101, 1201, 1202}) {
		t.Errorf("it is new for %v", got)
	}
	_, err = h.svc.Read(t.Context(), member(1101), key, notice.ViaPush, nil)
	h.must(err)
	_, err = h.svc.RecordCall(t.Context(), liaison(12), key, 1202, notice.Spoken{Outcome: notice.Told})
	h.must(err)
	if got := news(); !slices.Equal(got, []id.ID{1201}) {
		t.Errorf("it is still new for %v", got)
	}

	h.clk.Advance(time.Minute)
	h.must(h.svc.ActivityMoved(t.Context(), head(), h.facts[party])) // and back within one save: nothing has moved
	h.moveTo(head(), -24*time.Hour, "黄河文化馆")                         // back again: one more move
	i, err = h.svc.Get(t.Context(), head(), key)
	h.must(err)
	if len(i.Moves) != 2 || i.Moves[1].Told != 2 || i.Moves[1].Changes()[1].After != "黄河文化馆" {
		t.Errorf("%+v", i.Moves)
	}
	_, err = h.svc.Cancel(t.Context(), head(), key, "下雨")
	h.must(err)
	h.moveTo(head(), time.Hour, "黄河文化馆") // it is over: nobody is told any more
	if i, err = h.svc.Get(t.Context(), head(), key); err != nil || len(i.Moves) != 2 {
		t.Errorf("%+v %v", i.Moves, err)
	}
}

// What would leave after the new beginning waits for its author, also where the head may send without asking; what is
// out ends with the activity.
func TestAMoveToAnEarlierTime(t *testing.T) {
	h := newHouse(t)
	key := h.draft()
	at := h.facts[party].StartsAt.Add(-2 * time.Hour)
	h.must(failure(h.svc.Schedule(t.Context(), head(), key, h.rev(key), at, false)))
	h.moveTo(head(), -time.Hour, "黄河文化馆")
	if got := h.state(key); got.State != notice.Scheduled {
		t.Errorf("%+v", got)
	}
	h.moveTo(head(), -time.Hour, "黄河文化馆")
	if got := h.state(key); got.State != notice.Draft || !strings.Contains(got.Remark, "请重新定时间") {
		t.Errorf("%+v", got)
	}
	h.publishDraft(key)
	h.moveTo(head(), -time.Hour, "黄河文化馆")
	h.clk.Advance(h.facts[party].EndsAt.Add(time.Minute).Sub(h.clk.Now()))
	h.work()
	if got := h.state(key); got.State != notice.Closed {
		t.Errorf("%+v", got)
	}
}

// Who has no number, or wants the family to be told, is reached through the family, within the same scope and
// with the same line in the audit.
func TestTheFamilysNumberOnTheCallList(t *testing.T) {
	h := newHouse(t)
	daughter := ledger.Contact{Name: "张丽", Relation: "女儿", Phone: "19900001111"}
	h.families = map[id.ID]ledger.Contact{1102: daughter, 1103: daughter, 1104: daughter, 1202: daughter}
	h.phones = map[id.ID]string{1103: "", 1105: ""}
	key := h.published()
	_, err := h.svc.SetWay(t.Context(), member(1102), 1102, notice.ByFamily)
	h.must(err)
	list, err := h.svc.Calls(t.Context(), liaison(11), key, false)
	h.must(err)
	got := map[id.ID]string{}
	for _, c := range list {
		got[c.Person] = c.Family.Phone
	}
	if len(got) != 5 || got[1102] == "" || got[1103] == "" || got[1104] != "" || got[1105] != "" {
		t.Errorf("%v", got)
	}
	h.must(h.svc.TakeCall(t.Context(), liaison(11), key, 1103))
	if n, err := h.audits.Count(t.Context(), "notice.call_list", key); err != nil || n != 1 {
		t.Errorf("%d looks are written down: %v", n, err)
	}
}
