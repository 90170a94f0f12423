package activity_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/page"
)

func expectedIDs(t *testing.T, c *county, activityID id.ID) []id.ID {
	t.Helper()
	var out []id.ID
	for _, e := range must(c.activity.Expected(t.Context(), activityID))(t) {
		out = append(out, e.Person)
	}
	return out
}

func TestCreate(t *testing.T) {
	c := newCounty(t)
	var hooked id.ID
	c.activity.OnCreate(func(ctx context.Context, a activity.Activity) error {
		if !c.db.InTx(ctx) {
			t.Error("the hook is outside of the transaction")
		}
		hooked = a.ID
		return nil
	})
	d := c.draft()
	d.HostUnit, d.Notice = c.units[1], &activity.NoticeDraft{Title: "七一活动通知", Body: "请准时"}
	a, err := c.activity.Create(t.Context(), c.head, d)
	if err != nil || hooked != a.ID {
		t.Fatal(err, hooked)
	}
	want := slices.Concat(c.persons[0], c.persons[1])
	slices.Sort(want)
	if got := expectedIDs(t, c, a.ID); !slices.Equal(got, want) {
		t.Error(got, want)
	}
	got := must(c.activity.Get(t.Context(), c.head, a.ID))(t)
	if got.HostName != "县教育局" || got.Notice == 0 || got.Counts != (activity.Counts{Expected: 6, Silent: 6}) {
		t.Error(got)
	}
	if got := must(c.activity.Get(t.Context(), c.member, a.ID))(t); got.Notice != 0 {
		t.Error("a member is shown a draft")
	}
	if n := must(c.audit.Count(t.Context(), "activity.create", a.ID))(t); n != 1 {
		t.Error(n)
	}
}

func TestCreateRefused(t *testing.T) {
	c := newCounty(t)
	elsewhere, foreignHost := c.draft(), c.draft()
	elsewhere.Alliance = c.alliances[1]
	foreignHost.HostUnit = c.units[2]
	noTitle := c.draft()
	noTitle.Notice = &activity.NoticeDraft{}
	for name, f := range map[string]struct {
		who  actor.Actor
		d    activity.Draft
		want error
	}{
		"member":        {c.member, c.draft(), errs.ErrForbidden},
		"liaison":       {c.liaison, c.draft(), errs.ErrForbidden},
		"other":         {c.head, elsewhere, errs.ErrNotFound},
		"host":          {c.head, foreignHost, errs.ErrInvalid},
		"faulty notice": {c.head, noTitle, errs.ErrInvalid},
	} {
		if _, err := c.activity.Create(t.Context(), f.who, f.d); !errors.Is(err, f.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	list := must(c.activity.List(t.Context(), c.staff, activity.Filter{}))(t)
	if len(list.Items) != 0 {
		t.Error("something is left behind")
	}
}

func TestAnswers(t *testing.T) {
	c := newCounty(t)
	a := c.create(t)
	ctx, own := t.Context(), c.persons[0][0]
	say := func(who actor.Actor, person id.ID, answer, reason string) error {
		return c.activity.Answer(ctx, who, a.ID, person, answer, reason)
	}
	for i, s := range []struct {
		who    actor.Actor
		person id.ID
		answer string
		want   error
	}{
		{c.member, own, "going", nil},
		{c.member, own, "leave", nil}, // changes one's mind
		{c.member, c.persons[0][1], "going", errs.ErrNotFound},
		{c.liaison, c.persons[0][1], "going", nil},
		{c.liaison, c.persons[1][0], "going", errs.ErrNotFound}, // of another unit
		{c.head, c.persons[1][0], "going", nil},
		{c.foreign, own, "going", errs.ErrNotFound},
		{c.staff, c.persons[1][1], "leave", nil},
		{c.staff, c.persons[2][0], "leave", activity.ErrNotExpected}, // of the other alliance
		{c.staff, ids.New(), "leave", errs.ErrNotFound},
		{c.member, own, "perhaps", errs.ErrInvalid},
	} {
		if err := say(s.who, s.person, s.answer, "身体不适"); !errors.Is(err, s.want) {
			t.Errorf("%d: %v, want %v", i, err, s.want)
		}
	}
	if got := must(c.activity.Counts(ctx, a.ID))(t); got.Expected != 6 || got.Going != 2 || got.Leave != 2 || got.Silent != 2 {
		t.Error(got)
	}
	if len(c.notices.answered) != 5 {
		t.Error(c.notices.answered)
	}
	mine := must(c.activity.Get(ctx, c.member, a.ID))(t).Mine
	if len(mine) != 1 || mine[0].Answer != "leave" || mine[0].Reason != "身体不适" || mine[0].Name != names[0] {
		t.Error(mine)
	}
	c.clk.Set(starts)
	if err := say(c.member, own, "going", ""); !errors.Is(err, activity.ErrStarted) {
		t.Error(err)
	}
	if err := say(c.liaison, own, "going", ""); err != nil {
		t.Error(err)
	}
	told := must(c.activity.Answers(ctx, a.ID, c.persons[0]))(t)
	if len(told) != 2 || told[own].Answer != "going" || told[own].Reason != "" || !told[own].At.Equal(starts) {
		t.Error(told)
	}
}

func TestReasonIsEncrypted(t *testing.T) {
	c := newCounty(t)
	a := c.create(t)
	if err := c.activity.Answer(t.Context(), c.member, a.ID, c.persons[0][0], "leave", "心脏手术"); err != nil {
		t.Fatal(err)
	}
	var sealed []byte
	row := c.db.Conn(t.Context()).Raw("SELECT reason_enc FROM activity_expected WHERE activity_id = ? AND person_id = ?", a.ID, c.persons[0][0]).Row()
	if err := row.Scan(&sealed); err != nil || len(sealed) == 0 || bytes.Contains(sealed, []byte("心脏")) {
		t.Error(err, sealed)
	}
}

func TestAnswersOf(t *testing.T) {
	c := newCounty(t)
	a := c.create(t)
	if err := c.activity.RecordOnBehalf(t.Context(), c.head, a.ID, c.persons[1][0], "leave", "探亲"); err != nil {
		t.Fatal(err)
	}
	all := must(c.activity.AnswersOf(t.Context(), c.head, a.ID))(t)
	if len(all) != 6 || all[3].Reason != "探亲" || all[3].By != "账号"+c.head.Account.String() || all[3].Unit != "县教育局" {
		t.Error(all)
	}
	if own := must(c.activity.AnswersOf(t.Context(), c.liaison, a.ID))(t); len(own) != 3 || own[0].Person != c.persons[0][0] {
		t.Error(own)
	}
	if _, err := c.activity.AnswersOf(t.Context(), c.member, a.ID); !errors.Is(err, errs.ErrForbidden) {
		t.Error(err)
	}
	if _, err := c.activity.AnswersOf(t.Context(), c.foreign, a.ID); !errors.Is(err, errs.ErrNotFound) {
		t.Error(err)
	}
}

func TestChangeAndCancel(t *testing.T) {
	c := newCounty(t)
	a := c.create(t)
	var moved int
	c.activity.OnMove(func(context.Context, activity.Activity) error { moved++; return nil })
	title, later, end := "庆七一主题党日", starts.Add(time.Hour), starts.Add(3*time.Hour)
	got, err := c.activity.Change(t.Context(), c.head, a.ID, activity.Change{Title: &title})
	if err != nil || got.Title != title || moved != 0 || len(c.notices.changed) != 0 {
		t.Fatal(got, err, moved)
	}
	if _, err := c.activity.Change(t.Context(), c.head, a.ID, activity.Change{StartsAt: &later, EndsAt: &end}); err != nil || moved != 1 || len(c.notices.changed) != 1 {
		t.Fatal(err, moved)
	}
	gone := c.clk.Now().Add(-time.Minute)
	if _, err := c.activity.Change(t.Context(), c.head, a.ID, activity.Change{StartsAt: &gone}); !errors.Is(err, activity.ErrPast) {
		t.Error(err)
	}
	if _, err := c.activity.Change(t.Context(), c.head, a.ID, activity.Change{EndsAt: &starts}); fields(err) != "ends_at" {
		t.Error(err)
	}
	for name, f := range map[string]struct {
		who  actor.Actor
		want error
	}{"member": {c.member, errs.ErrForbidden}, "liaison": {c.liaison, errs.ErrForbidden}, "foreign": {c.foreign, errs.ErrNotFound}} {
		if _, err := c.activity.Cancel(t.Context(), f.who, a.ID, ""); !errors.Is(err, f.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for range 2 { // twice changes nothing
		if got, err := c.activity.Cancel(t.Context(), c.head, a.ID, "暴雨"); err != nil || !got.Cancelled || got.CancelReason != "暴雨" {
			t.Fatal(got, err)
		}
	}
	if len(c.notices.cancelled) != 1 {
		t.Error(c.notices.cancelled)
	}
	if _, err := c.activity.Change(t.Context(), c.head, a.ID, activity.Change{Title: &title}); !errors.Is(err, activity.ErrCancelled) {
		t.Error(err)
	}
	if err := c.activity.Answer(t.Context(), c.member, a.ID, c.persons[0][0], "going", ""); !errors.Is(err, activity.ErrCancelled) {
		t.Error(err)
	}
	facts := must(c.activity.Facts(t.Context(), []id.ID{a.ID, 1}))(t)
	if len(facts) != 1 || facts[a.ID].State != "cancelled" || facts[a.ID].Kind != "party_day" {
		t.Error(facts)
	}
	other := c.create(t)
	c.clk.Set(starts.Add(3 * time.Hour))
	if _, err := c.activity.Cancel(t.Context(), c.head, other.ID, ""); !errors.Is(err, activity.ErrEnded) {
		t.Error(err)
	}
}

// Who is in the ledger when it matters is expected; who died or moved is not, unless already present.
func TestExpectedKeepsInStep(t *testing.T) {
	c := newCounty(t)
	a := c.create(t)
	ctx := t.Context()
	dead, moved, came := c.persons[0][1], c.persons[1][1], c.person(t, 0, 4)
	c.activity.UseAttendance(presence{moved: starts})
	for _, p := range []id.ID{dead, moved} {
		status := ledger.Deceased
		if p == moved {
			status = ledger.Moved
		}
		if _, err := c.ledger.UpdatePerson(ctx, actor.System, p, ledger.PersonChange{Status: &status}); err != nil {
			t.Fatal(err)
		}
	}
	if got := expectedIDs(t, c, a.ID); slices.Contains(got, dead) || !slices.Contains(got, moved) || len(got) != 5 {
		t.Error("the dead stay, or the present go", got)
	}
	if err := c.activity.Refresh(ctx, a.ID); err != nil {
		t.Fatal(err)
	}
	if got := expectedIDs(t, c, a.ID); len(got) != 6 || !slices.Contains(got, came) || !slices.Contains(got, moved) {
		t.Error(got)
	}
	late := c.person(t, 0, 5)
	if err := c.activity.Answer(ctx, c.head, a.ID, late, "going", ""); err != nil {
		t.Error("an answer of somebody new:", err)
	}
	walkIn := must(c.ledger.Directory().Person(ctx, c.persons[2][0]))(t)
	err := c.db.Tx(ctx, func(ctx context.Context) error {
		return c.activity.AddWalkIns(ctx, a.ID, []ledger.Person{walkIn})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.activity.Refresh(ctx, a.ID); err != nil {
		t.Fatal(err)
	}
	if got := expectedIDs(t, c, a.ID); len(got) != 8 || !slices.Contains(got, walkIn.ID) {
		t.Error(got)
	}
	c.clk.Set(starts)
	c.person(t, 0, 6)
	if err := c.activity.Refresh(ctx, a.ID); err != nil || len(expectedIDs(t, c, a.ID)) != 8 {
		t.Error("the list of the day has changed", err)
	}
}

// presence is an Attendance in which some persons are there.
type presence map[id.ID]time.Time

func (presence) Lists(context.Context, []id.ID) (map[id.ID][]activity.ListRef, error) {
	return nil, nil
}
func (p presence) PresentCounts(_ context.Context, list []id.ID) (map[id.ID]int, error) {
	return map[id.ID]int{list[0]: len(p)}, nil
}
func (p presence) PresentAt(_ context.Context, list, _ []id.ID) (map[id.ID]map[id.ID]time.Time, error) {
	return map[id.ID]map[id.ID]time.Time{list[0]: p}, nil
}

func TestList(t *testing.T) {
	c := newCounty(t)
	var made []id.ID
	for n := range 5 {
		d := c.draft()
		d.StartsAt = starts.Add(time.Duration(n) * 24 * time.Hour)
		d.EndsAt = d.StartsAt.Add(time.Hour)
		made = append(made, must(c.activity.Create(t.Context(), c.head, d))(t).ID)
	}
	other := c.draft()
	other.Alliance = c.alliances[1]
	foreign := must(c.activity.Create(t.Context(), c.staff, other))(t)
	must(c.activity.Cancel(t.Context(), c.head, made[4], "下雨"))(t)
	c.clk.Set(starts.Add(2 * time.Hour))

	walk := func(who actor.Actor, f activity.Filter) (got []id.ID) {
		f.Page.Limit = 2
		for range 10 {
			l := must(c.activity.List(t.Context(), who, f))(t)
			for _, d := range l.Items {
				got = append(got, d.ID)
			}
			if f.Page.After = l.Next; l.Next == "" {
				return got
			}
		}
		t.Fatal("endless")
		return nil
	}
	for name, x := range map[string]struct {
		who  actor.Actor
		f    activity.Filter
		want []id.ID
	}{
		"planned":   {c.member, activity.Filter{State: activity.Planned}, made[1:4]},
		"ended":     {c.member, activity.Filter{State: activity.Ended}, made[:1]},
		"cancelled": {c.member, activity.Filter{State: activity.Cancelled}, made[4:]},
		"all":       {c.head, activity.Filter{}, []id.ID{made[4], made[3], made[2], made[1], made[0]}},
		"foreign":   {c.foreign, activity.Filter{}, []id.ID{foreign.ID}},
		"narrowed":  {c.staff, activity.Filter{Alliance: c.alliances[1]}, []id.ID{foreign.ID}},
		"nobody":    {actor.Actor{Account: 1}, activity.Filter{}, nil},
	} {
		if got := walk(x.who, x.f); !slices.Equal(got, x.want) {
			t.Errorf("%s: %v, want %v", name, got, x.want)
		}
	}
	if _, err := c.activity.List(t.Context(), c.head, activity.Filter{Page: page.Page{After: "x"}}); fields(err) != "after" {
		t.Error(err)
	}
}

// Answers of a whole alliance at the same moment all count.
func TestAnswersTogether(t *testing.T) {
	c := newCounty(t)
	a := c.create(t)
	done := make(chan error)
	people := slices.Concat(c.persons[0], c.persons[1])
	for n := range 24 {
		go func() {
			done <- c.activity.Answer(context.Background(), c.head, a.ID, people[n%len(people)], "going", "")
		}()
	}
	for range 24 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if got := must(c.activity.Counts(t.Context(), a.ID))(t); got.Going != 6 {
		t.Error(got)
	}
}

// Whoever changes an activity at the moment of its cancellation does not bring it back.
func TestCancelledStaysCancelled(t *testing.T) {
	c := newCounty(t)
	for range 10 {
		a := must(c.activity.Create(t.Context(), c.head, c.draft()))(t)
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				title := fmt.Sprint("改名", i)
				if _, err := c.activity.Change(t.Context(), c.head, a.ID, activity.Change{Title: &title}); err != nil && !errors.Is(err, activity.ErrCancelled) {
					t.Error(err)
				}
			})
		}
		wg.Go(func() { must(c.activity.Cancel(t.Context(), c.head, a.ID, "暴雨"))(t) })
		wg.Wait()
		if got := must(c.activity.Get(t.Context(), c.head, a.ID))(t); !got.Cancelled || got.CancelReason != "暴雨" {
			t.Fatalf("%+v", got.Activity)
		}
	}
}
