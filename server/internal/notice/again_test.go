package notice_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/notice"
)

// Who waited and has got a place is told by a message, and stands on the call list until they know.
func TestPlacedAreTold(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForChange, 1, 1102)
	h.must(h.svc.Placed(t.Context(), party, []id.ID{1102})) // there is no notice yet
	key := h.published()
	all := []id.ID{1102, 1103, 1104, 1105}
	for _, p := range all {
		h.must(h.svc.Answered(t.Context(), party, p, accountOf(p)))
	}
	h.clk.Advance(time.Minute) // what they knew until now is older than the news
	h.must(h.svc.Placed(t.Context(), party, all))
	if h.work(); len(h.sent) != 1 || h.sent[0].OpenID != openID(accountOf(1102)) || h.sent[0].Fields["thing4"] != "您排到位子了，请点开看看" {
		t.Errorf("%+v", h.sent)
	}
	list := func() []id.ID {
		var out []id.ID
		calls, err := h.svc.Calls(t.Context(), liaison(11), key, false)
		h.must(err)
		for _, c := range calls {
			if c.News == notice.GotPlace {
				out = append(out, c.Person)
			}
		}
		return out
	}
	if got := list(); !slices.Equal(got, all) {
		t.Fatalf("to be called: %v", got)
	}
	if n := h.timeline(key).Tally.Unreached; n != 9-4+4 {
		t.Errorf("%d are not reached", n)
	}
	_, err := h.svc.Read(t.Context(), member(1102), key, notice.ViaPush, nil) // opens the notice once more
	h.must(err)
	h.must(h.svc.Answered(t.Context(), party, 1103, accountOf(1103)))
	_, err = h.svc.RecordCall(t.Context(), liaison(11), key, 1104, notice.Spoken{Outcome: notice.Told})
	h.must(err)
	_, err = h.svc.RecordCall(t.Context(), liaison(11), key, 1105, notice.Spoken{Outcome: notice.NoAnswer})
	h.must(err)
	if got := list(); !slices.Equal(got, []id.ID{1105}) {
		t.Errorf("still to be called: %v", got)
	}
}

// What somebody has waited for is told on whatever channel reaches them, to nobody else.
func TestPlacedOnEveryChannel(t *testing.T) {
	h, o := wide(t, true)
	h.must(failure(h.svc.SetRobot(t.Context(), head(), alliance, webhook)))
	h.published()
	h.work()
	said := len(o.said)
	o.sent, o.texted = nil, map[string]string{}
	h.accept(notice.ForChange, 1, 1101)
	o.follow(h, 1101, 1102)
	h.send = refused
	h.must(h.svc.Placed(t.Context(), party, []id.ID{1101, 1102, 1103}))
	h.work()
	for i, m := range o.sent {
		if m.Fields["thing4"] != "您排到位子了，请点开看看" {
			t.Errorf("%d: %+v", i, m.Fields)
		}
	}
	if len(o.sent) != 2 || len(o.texted) != 1 {
		t.Errorf("%d by the official account, %v", len(o.sent), o.texted)
	}
	for _, text := range o.texted {
		if !strings.HasPrefix(text, "【本色家园】您排到位子了：") {
			t.Error(text)
		}
	}
	if len(o.said) != said {
		t.Errorf("the group is told %q", o.said[said:])
	}
}

// Known by the eve: read, answered or told before the midnight before the activity, whatever came later.
func TestKnownByTheEve(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	if e := h.timeline(key).Eve; e.Due != 9 || e.Known != 0 || !e.Ends.Equal(start.Add(39*time.Hour)) {
		t.Fatalf("%+v", e)
	}
	read := func(p id.ID) {
		_, err := h.svc.Read(t.Context(), member(p), key, notice.ViaInbox, nil)
		h.must(err)
	}
	call := func(who actor.Actor, p id.ID, o notice.Outcome) {
		_, err := h.svc.RecordCall(t.Context(), who, key, p, notice.Spoken{Outcome: o})
		h.must(err)
	}
	read(1101)
	h.must(h.svc.Answered(t.Context(), party, 1201, 61_000))
	call(liaison(11), 1102, notice.Told)
	call(liaison(11), 1103, notice.NoAnswer)
	h.clk.Set(start.Add(39 * time.Hour))
	read(1104) // too late
	call(liaison(11), 1103, notice.Told)
	call(liaison(11), 1102, notice.Inconvenient) // knew all the same
	if e := h.timeline(key).Eve; e.Due != 9 || e.Known != 3 {
		t.Errorf("%+v", e)
	}
	eves := func(who actor.Actor) []notice.AllianceEves {
		list, err := h.svc.Eves(t.Context(), who, 90)
		h.must(err)
		return list
	}
	if l := eves(staff()); len(l) != 1 || l[0].Name != "联盟100" || l[0].Notices != 1 || l[0].Due != 9 || l[0].Known != 3 {
		t.Errorf("%+v", l)
	}
	if l := eves(liaison(12)); len(l) != 1 || l[0].Due != 4 || l[0].Known != 1 {
		t.Errorf("%+v", l)
	}
	if l := eves(liaison(21)); len(l) != 0 {
		t.Errorf("another alliance is told %+v", l)
	}
	_, err := h.svc.Eves(t.Context(), member(1102), 90)
	h.want(err, errs.ErrForbidden)
}

// Of what was announced on the day itself, nobody could know the day before.
func TestNoEveOfSameDay(t *testing.T) {
	h := newHouse(t)
	f := h.facts[party]
	f.StartsAt, f.EndsAt = start.Add(5*time.Hour), start.Add(7*time.Hour)
	h.facts[party] = f
	key := h.published()
	if e := h.timeline(key).Eve; !e.Ends.IsZero() {
		t.Errorf("%+v", e)
	}
	if l, err := h.svc.Eves(t.Context(), staff(), 90); err != nil || len(l) != 0 {
		t.Errorf("%+v %v", l, err)
	}
}

// What follows a notice addresses the same people: they are counted once.
func TestFollowUpsCountOnce(t *testing.T) {
	h := newHouse(t)
	main := h.published()
	n, err := h.svc.Create(t.Context(), head(), alliance, 0, "还没答复的老同志", "请点开告诉我们来不来。")
	h.must(err)
	h.must(failure(h.svc.Address(t.Context(), head(), n.Notice.ID, notice.Audience{Kind: notice.NotAnswered}, main)))
	h.must(failure(h.svc.Publish(t.Context(), head(), n.Notice.ID, h.rev(n.Notice.ID), false)))
	h.clk.Advance(40 * time.Hour)
	if l, err := h.svc.Eves(t.Context(), staff(), 90); err != nil || len(l) != 1 || l[0].Notices != 1 || l[0].Due != 9 {
		t.Errorf("%+v %v", l, err)
	}
}

// Who knew in time did so, whatever they were told again on the day itself.
func TestTheEveStandsWhateverComesLater(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	read := func(p id.ID) {
		_, err := h.svc.Read(t.Context(), member(p), key, notice.ViaInbox, nil)
		h.must(err)
	}
	read(1101)
	h.must(h.svc.Answered(t.Context(), party, 1201, 61_000))
	h.must(h.svc.Answered(t.Context(), party, 1202, accountOf(1202)))
	h.clk.Set(start.Add(40 * time.Hour))
	for _, body := range []string{"地点改到二楼。", "地点改到三楼。"} {
		_, err := h.svc.Correct(t.Context(), staff(), key, h.state(key).Revision, notice.Wording{Body: &body})
		h.must(err)
		h.clk.Advance(time.Minute)
		read(1101)
		read(1203)
		h.must(h.svc.Answered(t.Context(), party, 1201, 61_000))
		h.must(h.svc.Answered(t.Context(), party, 1202, accountOf(1202)))
	}
	if e := h.timeline(key).Eve; e.Due != 9 || e.Known != 3 {
		t.Errorf("%+v", e)
	}
}
