package activity_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/errs"
)

func fields(err error) string {
	e, ok := errs.As(err)
	if !ok {
		return ""
	}
	var out []string
	for _, f := range e.Fields {
		out = append(out, f.Field)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestNewActivity(t *testing.T) {
	good := activity.Draft{Kind: activity.Lecture, Title: " 形势\t报告会\u0000 ", Place: "礼堂", StartsAt: starts, EndsAt: starts.Add(time.Hour)}
	change := func(f func(*activity.Draft)) activity.Draft {
		d := good
		f(&d)
		return d
	}
	a, err := activity.New(good, actor.Place{Committee: 1, Alliance: 2}, 3, 4, starts)
	if err != nil || a.Title != "形势 报告会" || a.Alliance != 2 {
		t.Fatal(a, err)
	}
	for name, c := range map[string]struct {
		d    activity.Draft
		want string
	}{
		"nothing":     {activity.Draft{}, "kind place starts_at title"},
		"kind":        {change(func(d *activity.Draft) { d.Kind = "party" }), "kind"},
		"blank title": {change(func(d *activity.Draft) { d.Title = " \n " }), "title"},
		"long title":  {change(func(d *activity.Draft) { d.Title = strings.Repeat("长", 61) }), "title"},
		"long place":  {change(func(d *activity.Draft) { d.Place = strings.Repeat("长", 101) }), "place"},
		"backwards":   {change(func(d *activity.Draft) { d.EndsAt = d.StartsAt }), "ends_at"},
		"too long":    {change(func(d *activity.Draft) { d.EndsAt = d.StartsAt.Add(32 * 24 * time.Hour) }), "ends_at"},
	} {
		if _, err := activity.New(c.d, actor.Place{}, 1, 1, starts); fields(err) != c.want {
			t.Errorf("%s: %v, want %s", name, fields(err), c.want)
		}
	}
}

func TestReply(t *testing.T) {
	for _, c := range []struct{ answer, reason, want, because, fault string }{
		{"going", "", "going", "", ""}, {"going", "顺路", "going", "", ""}, {"leave", " 住院 ", "leave", "住院", ""}, {"leave", "", "leave", "", ""},
		{"", "", "", "", "answer"}, {"yes", "", "", "", "answer"}, {"leave", strings.Repeat("长", 101), "", "", "reason"},
	} {
		answer, reason, err := activity.Reply(c.answer, c.reason)
		if answer != c.want || reason != c.because || fields(err) != c.fault {
			t.Errorf("%v: %s %s %v", c, answer, reason, err)
		}
	}
}

func TestMayAnswer(t *testing.T) {
	a := activity.Activity{StartsAt: starts}
	off := activity.Activity{StartsAt: starts, Cancelled: true}
	for name, c := range map[string]struct {
		a     activity.Activity
		staff bool
		after time.Duration
		want  error
	}{
		"before": {a, false, -time.Second, nil}, "at the start": {a, false, 0, activity.ErrStarted},
		"staff afterwards": {a, true, 48 * time.Hour, nil}, "cancelled": {off, true, -time.Hour, activity.ErrCancelled},
	} {
		if err := c.a.MayAnswer(c.staff, starts.Add(c.after)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSpan(t *testing.T) {
	if got := activity.Span(starts, starts.Add(150*time.Minute)); got != "2026年7月1日 9:00—11:30" {
		t.Error(got)
	}
	if got := activity.Span(starts, starts.Add(30*time.Hour)); got != "2026年7月1日 9:00—7月2日 15:00" {
		t.Error(got)
	}
}
