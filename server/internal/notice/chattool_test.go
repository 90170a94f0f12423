package notice_test

import (
	"strings"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/notice"
)

func withTool(_ *house, d *notice.Deps) { d.ChatTool = true }

// fromGroup is what the phone of an account says inside of a group; world.OpenGroup gives number and group back.
func fromGroup(gid string, account id.ID) *notice.SealedGroup {
	return &notice.SealedGroup{EncryptedData: gid + "#" + account.String(), IV: "iv"}
}

func (h *house) readInGroup(key id.ID, who actor.Actor) {
	h.t.Helper()
	_, err := h.svc.Read(h.t.Context(), who, key, notice.ViaGroup, fromGroup("group-1", who.Account))
	h.must(err)
}

func TestThoseWhoAreSilentAreNamedInTheGroup(t *testing.T) {
	h := newHouse(t, withTool)
	key := h.published()
	if h.timeline(key).Group != nil {
		t.Error("there is no group yet")
	}
	for _, p := range []id.ID{1102, 1201, 1202} {
		h.readInGroup(key, member(p))
	}
	h.answers[1202] = notice.Answer{Answer: "going"}
	h.must(h.svc.Answered(t.Context(), party, 1202, accountOf(1202)))
	if g := h.timeline(key).Group; g == nil || g.OpenGID != "group-1" {
		t.Errorf("%+v", g)
	}
	mine := *fromGroup("group-1", head().Account)
	got, err := h.svc.OpenTool(t.Context(), head(), key, mine)
	h.must(err)
	named := map[id.ID]string{}
	for _, p := range got.Silent {
		if p.Number != "" {
			named[p.Person] = p.Number
		}
	}
	if len(got.Silent) != 8 || got.Unnamed != 6 || len(named) != 2 || named[1102] != "in-group-1-"+accountOf(1102).String() || !got.Coming {
		t.Errorf("%+v", got)
	}
	h.clk.Advance(time.Minute)
	n, err := h.svc.Reminded(t.Context(), head(), key, mine, []id.ID{1102, 1102, 1201, 1103, 2101})
	h.must(err)
	line := h.timeline(key)
	last := line.Steps[len(line.Steps)-1]
	if n != 2 || last.Text != "在微信群里提醒了2位" || line.Tally.Unreached != 6 {
		t.Errorf("%d: %+v", n, line)
	}
	h.clk.Advance(time.Hour)
	_, err = h.svc.Reminded(t.Context(), head(), key, mine, []id.ID{1102})
	h.must(err) // another round
	if n, err := h.svc.Reminded(t.Context(), head(), key, mine, nil); n != 0 || err != nil {
		t.Error(n, err)
	}
}

func TestTheChatToolIsTheHeadsInTheAlliancesGroup(t *testing.T) {
	h := newHouse(t, withTool)
	key := h.published()
	h.readInGroup(key, member(1102))
	mine := *fromGroup("group-1", head().Account)
	_, err := h.svc.OpenTool(t.Context(), member(1102), key, mine)
	h.want(err, errs.ErrForbidden)
	_, err = h.svc.Reminded(t.Context(), liaison(11), key, mine, []id.ID{1102})
	h.want(err, errs.ErrForbidden)
	for _, g := range []notice.SealedGroup{{}, {EncryptedData: "broken", IV: "iv"}, *fromGroup("family", head().Account)} {
		_, err = h.svc.OpenTool(t.Context(), head(), key, g)
		h.want(err, notice.ErrOtherGroup)
	}
	seen, err := h.svc.Timeline(t.Context(), liaison(11), key)
	h.must(err)
	if seen.Group != nil {
		t.Error("a liaison is offered it")
	}
	rules, err := h.svc.Rules(t.Context(), staff(), committee)
	h.must(err)
	rules.Channels, err = notice.OrderOf([]notice.Channel{notice.Subscribe})
	h.must(err)
	_, err = h.svc.SetRules(t.Context(), staff(), committee, rules)
	h.must(err)
	_, err = h.svc.OpenTool(t.Context(), head(), key, mine)
	h.want(err, notice.ErrNoTool)
}

func TestWithoutTheAbilityNobodyIsKnownInAGroup(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	h.readInGroup(key, member(1102))
	_, err := h.svc.OpenTool(t.Context(), head(), key, *fromGroup("group-1", head().Account))
	h.want(err, notice.ErrNoTool)
	var rows int
	if err := h.db.SQL().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM group_members").Scan(&rows); err != nil || rows != 0 {
		t.Error(rows, err)
	}
}

func TestANoticeWithoutAnActivityNamesWhomNothingReached(t *testing.T) {
	h := newHouse(t, withTool)
	h.readInGroup(h.published(), member(1102))
	n, err := h.svc.Create(t.Context(), head(), alliance, 0, strings.Repeat("长", 20), "请留意。")
	h.must(err)
	key := n.Notice.ID
	_, err = h.svc.Publish(t.Context(), head(), key, h.rev(key), false)
	h.must(err)
	_, err = h.svc.Read(t.Context(), member(1201), key, notice.ViaInbox, nil)
	h.must(err)
	_, err = h.svc.SetWay(t.Context(), member(1102), 1102, notice.ByPhone)
	h.must(err)
	got, err := h.svc.OpenTool(t.Context(), head(), key, *fromGroup("group-1", head().Account))
	h.must(err)
	if len(got.Silent) != 8 || got.Unnamed != 8 || got.Coming || got.Title != strings.Repeat("长", 15) {
		t.Errorf("who wants calls only is named: %+v", got)
	}
}

func TestSomebodyWithTwoGroupsIsKnownInEach(t *testing.T) {
	h := newHouse(t, withTool)
	key := h.published()
	h.readInGroup(key, member(1102))
	_, err := h.svc.Read(t.Context(), head(), key, notice.ViaGroup, fromGroup("group-2", head().Account))
	h.must(err)
	list, err := h.svc.GroupsOf(t.Context(), head(), alliance)
	h.must(err)
	h.must(h.svc.BindGroup(t.Context(), head(), alliance, list[1].ID))
	if g := h.timeline(key).Group; g == nil || g.OpenGID != "" {
		t.Errorf("which of the two, WeChat asks: %+v", g)
	}
	got, err := h.svc.OpenTool(t.Context(), head(), key, *fromGroup("group-2", head().Account))
	h.must(err)
	if got.Unnamed != len(got.Silent) {
		t.Errorf("%+v", got)
	}
	h.must(h.svc.EndGroup(t.Context(), head(), alliance, list[0].ID))
	var rows int
	if err := h.db.SQL().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM group_members").Scan(&rows); err != nil || rows != 0 {
		t.Error("who was known in a group is forgotten with it", rows, err)
	}
}
