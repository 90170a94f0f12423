package notice_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/notice"
)

func TestAudienceIsCountedAndKept(t *testing.T) {
	h := newHouse(t)
	h.bound[1202] = nil // no telephone of that kind
	dead := h.people[1203]
	dead.Status = ledger.Deceased
	h.people[1203] = dead
	c, err := h.svc.Choices(t.Context(), head(), alliance)
	h.must(err)
	want := []notice.Part{{ID: 11, Name: "单位11", People: 5}, {ID: 12, Name: "单位12", People: 3, Calls: 1}}
	if d := cmp.Diff(want, c.Units); d != "" || c.People != 8 || c.Calls != 1 {
		t.Error(d, c)
	}
	key := h.draft()
	_, err = h.svc.Address(t.Context(), head(), key, notice.Audience{Kind: notice.SomeUnits, Subjects: []id.ID{21}}, 0)
	h.want(err, notice.ErrAudience)
	_, err = h.svc.Address(t.Context(), head(), key, notice.Audience{Kind: notice.SomeUnits, Subjects: []id.ID{12, 12}}, 0)
	h.must(err)
	_, err = h.svc.Publish(t.Context(), head(), key, h.rev(key), false)
	h.must(err)
	if got := h.timeline(key).Tally; got.Recipients != 3 {
		t.Errorf("%+v", got)
	}
	_, err = h.svc.Address(t.Context(), head(), key, notice.ToAlliance, 0)
	h.want(err, notice.ErrNotDraft)
}

func TestTeamsAreMatchedWholeAsTheyAreWhenItGoesOut(t *testing.T) {
	h := newHouse(t)
	h.wishes = map[id.ID]string{1101: "门球、书法队", 1102: "门球裁判", 1103: "书 法 队", 1201: "书法队,门球", 1202: "无", 2101: "合唱队"}
	h.bound[1201] = nil
	c, err := h.svc.Choices(t.Context(), head(), alliance)
	h.must(err)
	want := []notice.Part{{Name: "书法队", People: 3, Calls: 1}, {Name: "门球", People: 2, Calls: 1}, {Name: "门球裁判", People: 1}}
	if d := cmp.Diff(want, c.Teams); d != "" {
		t.Error(d)
	}
	sets := []notice.TeamSet{{Names: []string{"书法队", "门球"}, People: 2, Calls: 1}, {Names: []string{"门球裁判"}, People: 1}, {Names: []string{"书法队"}, People: 1}}
	if d := cmp.Diff(sets, c.TeamSets); d != "" {
		t.Error(d)
	}
	key := h.draft()
	for _, a := range []notice.Audience{
		{Kind: notice.SomeTeams}, {Kind: notice.SomeTeams, Teams: []string{"合唱队"}}, {Kind: notice.SomeUnits, Teams: []string{"门球"}},
		{Kind: notice.SomeTeams, Teams: []string{"门球"}, Subjects: []id.ID{11}},
	} {
		_, err = h.svc.Address(t.Context(), head(), key, a, 0)
		h.want(err, notice.ErrAudience)
	}
	i, err := h.svc.Address(t.Context(), head(), key, notice.Audience{Kind: notice.SomeTeams, Teams: []string{"门球", "门球 ", "门 球", "书法队", "书法队" + strings.Repeat(" ", 200)}}, 0)
	h.must(err)
	if d := cmp.Diff([]string{"书法队", "门球"}, i.Notice.Audience.Teams); d != "" {
		t.Error(d)
	}
	_, err = h.svc.Address(t.Context(), head(), key, notice.Audience{Kind: notice.SomeTeams, Teams: []string{"门球"}}, 0)
	h.must(err)
	moved := h.people[1101]
	moved.Status = ledger.Moved
	h.people[1101] = moved
	h.wishes[1104] = "门 球"
	_, err = h.svc.Publish(t.Context(), head(), key, h.rev(key), false)
	h.must(err)
	list, err := h.svc.Recipients(t.Context(), head(), key, notice.Everybody)
	h.must(err)
	if len(list) != 2 || list[0].Person != 1104 || list[1].Person != 1201 {
		t.Errorf("%+v", list)
	}
}

func TestATeamThatHasLostItsPeopleIsADraftThatSaysWhy(t *testing.T) {
	h := newHouse(t)
	h.wishes = map[id.ID]string{1101: "门球队"}
	n, err := h.svc.Create(t.Context(), head(), alliance, 0, "门球队集合", "请到球场。")
	h.must(err)
	_, err = h.svc.Address(t.Context(), head(), n.Notice.ID, notice.Audience{Kind: notice.SomeTeams, Teams: []string{"门球队"}}, 0)
	h.must(err)
	_, err = h.svc.Schedule(t.Context(), head(), n.Notice.ID, h.rev(n.Notice.ID), start.Add(time.Hour), false)
	h.must(err)
	h.wishes = nil
	h.clk.Advance(time.Hour)
	h.work()
	if got := h.state(n.Notice.ID); got.State != notice.Draft || !strings.Contains(got.Remark, "兴趣队里现在没有在册的党员") {
		t.Errorf("%+v", got)
	}
}

func TestFollowUpGoesToThoseWhoAreSilent(t *testing.T) {
	h := newHouse(t)
	main := h.published()
	for _, p := range []id.ID{1101, 1102} {
		h.answers[p] = notice.Answer{Answer: "going"}
		h.must(h.svc.Answered(t.Context(), party, p, accountOf(p)))
	}
	n, err := h.svc.Create(t.Context(), head(), alliance, 0, "还没答复的老同志", "请点开告诉我们来不来。")
	h.must(err)
	key := n.Notice.ID
	_, err = h.svc.Address(t.Context(), head(), key, notice.Audience{Kind: notice.NotAnswered}, main)
	h.must(err)
	i, err := h.svc.Publish(t.Context(), head(), key, h.rev(key), false)
	h.must(err)
	if i.About == nil || h.timeline(key).Tally.Recipients != 7 {
		t.Errorf("%+v", i)
	}
	if got, _, err := h.svc.ForActivity(t.Context(), party); err != nil || got != main {
		t.Error("the activity's notice is still the first one", err)
	}
	h.answers[1201] = notice.Answer{Answer: "leave"}
	h.must(h.svc.Answered(t.Context(), party, 1201, accountOf(1201)))
	if h.timeline(key).Tally.Unreached != 6 || h.timeline(main).Tally.Unreached != 6 {
		t.Error("an answer counts for both")
	}
	h.must(h.svc.ActivityCancelled(t.Context(), party, "下雨"))
	if h.state(key).State != notice.Cancelled || h.state(main).State != notice.Cancelled {
		t.Error("both are called off")
	}
}
