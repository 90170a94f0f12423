package checkin_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/checkin"
	"bense/server/internal/errs"
)

var outing = activity.Activity{ID: 2, StartsAt: starts, EndsAt: ends}

func TestWindowsOfLists(t *testing.T) {
	for _, c := range []struct {
		kind          checkin.ListKind
		opens, closes time.Time
		name          string
	}{
		{checkin.Meal, starts, ends, "午餐"},
		{checkin.Return, starts, ends.Add(4 * time.Hour), "返程点名"},
		{checkin.CheckOut, starts, ends.Add(2 * time.Hour), "离场"},
		{checkin.MainList, starts.Add(-time.Hour), ends.Add(30 * time.Minute), ""},
	} {
		opens, closes := checkin.WindowOf(c.kind, starts, ends)
		if !opens.Equal(c.opens) || !closes.Equal(c.closes) {
			t.Errorf("%s: %s to %s", c.kind, opens, closes)
		}
		if c.name == "" {
			continue
		}
		l, err := checkin.NewList(checkin.ListDraft{Kind: c.kind}, outing, 9, []string{"到会"})
		if err != nil || l.Name != c.name || l.OwnWindow || !l.OpensAt.Equal(c.opens) || l.Activity != 2 || l.ID != 9 {
			t.Errorf("%s: %+v, %v", c.kind, l, err)
		}
		moved := l.Moved(activity.Activity{StartsAt: starts.Add(time.Hour), EndsAt: ends.Add(time.Hour)})
		if !moved.OpensAt.Equal(c.opens.Add(time.Hour)) || !moved.ClosesAt.Equal(c.closes.Add(time.Hour)) {
			t.Errorf("%s did not move: %+v", c.kind, moved)
		}
		own := ends.Add(time.Hour)
		fixed, err := l.Changed(checkin.ListChange{ClosesAt: &own}, outing, nil)
		if again := fixed.Moved(activity.Activity{StartsAt: starts.Add(time.Hour), EndsAt: ends.Add(time.Hour)}); err != nil || !again.ClosesAt.Equal(own) || !again.OpensAt.Equal(c.opens) {
			t.Errorf("%s: a chosen window moved: %+v, %v", c.kind, again, err)
		}
	}
}

func TestNamesOfLists(t *testing.T) {
	far, before := ends.Add(25*time.Hour), starts.Add(-25*time.Hour)
	for _, c := range []struct {
		draft checkin.ListDraft
		taken []string
		name  string
		err   error
	}{
		{checkin.ListDraft{Kind: checkin.Return}, []string{"到会", "返程点名"}, "返程点名2", nil},
		{checkin.ListDraft{Kind: checkin.Return}, []string{"返程点名", "返程点名2"}, "返程点名3", nil},
		{checkin.ListDraft{Kind: checkin.Return, Name: " 午后  上车 "}, nil, "午后 上车", nil},
		{checkin.ListDraft{Kind: checkin.OtherList, Name: "合影"}, []string{"到会"}, "合影", nil},
		{checkin.ListDraft{Kind: checkin.OtherList, Name: "到会"}, []string{"到会"}, "", checkin.ErrListName},
		{checkin.ListDraft{Kind: checkin.OtherList}, nil, "", errs.ErrInvalid},
		{checkin.ListDraft{Kind: checkin.MainList, Name: "又一次"}, nil, "", errs.ErrInvalid},
		{checkin.ListDraft{Kind: "party", Name: "又一次"}, nil, "", errs.ErrInvalid},
		{checkin.ListDraft{Kind: checkin.Meal, Name: strings.Repeat("长", 21)}, nil, "", errs.ErrInvalid},
		{checkin.ListDraft{Kind: checkin.Meal, OpensAt: &ends, ClosesAt: &starts}, nil, "", errs.ErrInvalid},
		{checkin.ListDraft{Kind: checkin.Meal, ClosesAt: &far}, nil, "", errs.ErrInvalid},
		{checkin.ListDraft{Kind: checkin.Meal, OpensAt: &before}, nil, "", errs.ErrInvalid},
	} {
		l, err := checkin.NewList(c.draft, outing, 9, c.taken)
		if !errors.Is(err, c.err) || l.Name != c.name {
			t.Errorf("%+v: %q, %v", c.draft, l.Name, err)
		}
	}
	name := "改名"
	if _, err := list().Changed(checkin.ListChange{Name: &name}, outing, nil); !errors.Is(err, checkin.ErrMainList) {
		t.Error("the main list was renamed", err)
	}
}

// Who is expected on a list: kind × expected by the activity × on the main list × on this list.
func TestDue(t *testing.T) {
	const no, yes = false, true
	for _, c := range []struct {
		kind                    checkin.ListKind
		expected, came, ticked  bool
		due                     bool
		answer, answerThen, why string
	}{
		{checkin.MainList, yes, no, no, yes, "leave", "leave", "the main list is the activity's"},
		{checkin.MainList, no, yes, no, no, "", "", "a guest is no more than that"},
		{checkin.Meal, yes, no, no, yes, "", "", "lunch is for everybody"},
		{checkin.Meal, yes, no, no, yes, "leave", "leave", "who excused themselves and stayed away"},
		{checkin.Meal, yes, yes, no, yes, "leave", "", "who came after all eats, too"},
		{checkin.Meal, yes, yes, no, yes, "going", "going", "an answer stays"},
		{checkin.Meal, yes, no, no, yes, "waiting", "waiting", "who had no place and stayed away"},
		{checkin.Meal, yes, yes, no, yes, "waiting", "", "who had no place and came eats, too"},
		{checkin.Meal, no, yes, no, yes, "", "", "who came without being expected"},
		{checkin.Meal, no, no, no, no, "", "", "a stranger"},
		{checkin.OtherList, yes, no, no, yes, "", "", "like a meal"},
		{checkin.Return, yes, no, no, no, "", "", "who did not come needs no bus"},
		{checkin.Return, yes, yes, no, yes, "", "", "who came goes home"},
		{checkin.Return, yes, yes, no, yes, "leave", "", "… with an excuse that did not hold, too"},
		{checkin.Return, yes, no, yes, yes, "", "", "annulled at the main list, ticked already: stays"},
		{checkin.Return, no, no, yes, no, "", "", "a walk-in on the bus is no more than that"},
		{checkin.CheckOut, yes, no, no, no, "", "", "like return"},
		{checkin.CheckOut, yes, yes, no, yes, "", "", "like return"},
	} {
		e, due := c.kind.Due(activity.Expected{Person: 1, Answer: c.answer}, c.expected, c.came, c.ticked)
		if due != c.due || due && e.Answer != c.answerThen {
			t.Errorf("%s: %s: due %t, answer %q", c.kind, c.why, due, e.Answer)
		}
	}
}
