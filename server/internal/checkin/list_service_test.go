package checkin_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/checkin"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// further opens a list of a kind.
func (c *county) further(t *testing.T, kind checkin.ListKind) checkin.List {
	t.Helper()
	return must(c.checkin.CreateList(t.Context(), c.liaison, c.of.ID, checkin.ListDraft{Kind: kind}))(t).List
}

// on sends items to a list as a door does.
func (c *county) on(t *testing.T, l checkin.List, items ...checkin.Item) string {
	t.Helper()
	return answersOf(must(c.checkin.Record(t.Context(), c.liaison, l.ID, items))(t))
}

// counts of a list, and whether its roster agrees with them.
func (c *county) counts(t *testing.T, l checkin.List) string {
	t.Helper()
	r := must(c.checkin.Roster(t.Context(), c.liaison, l.ID))(t)
	for _, s := range must(c.checkin.ListsOf(t.Context(), c.liaison, c.of.ID))(t) {
		if s.List.ID == l.ID && s.Counts != r.Counts {
			t.Errorf("the list says %v, its roster %v", s.Counts, r.Counts)
		}
	}
	return fmt.Sprint(r.Counts.Expected, r.Counts.Present, r.Counts.Leave, r.Counts.Absent)
}

func TestReturnListFollowsTheMainList(t *testing.T) {
	c := newCounty(t)
	p := c.persons[0]
	if err := c.activity.Answer(t.Context(), c.head, c.of.ID, p[2], activity.Leave, "住院"); err != nil {
		t.Fatal(err)
	}
	back := c.further(t, checkin.Return)
	if got := c.counts(t, back); got != "0 0 0 0" {
		t.Error("nobody has come yet:", got)
	}
	if got := c.on(t, back, c.tap(p[0])); got != "[not_on_list]" {
		t.Error("aboard without having come:", got)
	}
	late := c.tap(p[2])
	late.LeaveToPresent = true
	c.record(t, c.liaison, c.tap(p[0]), c.tap(p[1]), late)
	if got := c.counts(t, back); got != "3 0 0 3" {
		t.Error("three have come, one against their word:", got)
	}
	if got := c.on(t, back, c.tap(p[0]), c.tap(p[2]), c.tap(p[3]), c.tap(p[0])); got != "[ok ok not_on_list already]" {
		t.Error(got)
	}
	// taken back at the main list: who is not aboard drops out, who is stays
	for _, person := range []id.ID{p[0], p[1]} {
		if err := c.checkin.Annul(t.Context(), c.liaison, c.list, person, "点错"); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.counts(t, back); got != "2 2 0 0" {
		t.Error("after two were taken back:", got)
	}
	walkIn := c.tap(p[3])
	walkIn.WalkIn = true
	if got := c.on(t, back, walkIn); got != "[ok]" {
		t.Error("somebody who came unseen:", got)
	}
	before := must(c.activity.Counts(t.Context(), c.of.ID))(t)
	if before.Expected != 8 || before.Present != 1 {
		t.Error("a bus changes the activity's counts:", before)
	}
	// taking a tick back on the bus leaves the list of the activity alone
	guest := c.tap(c.persons[2][0])
	guest.WalkIn, guest.Query, guest.Person = true, "", c.persons[2][0]
	if got := must(c.checkin.Record(t.Context(), c.staff, c.list, []checkin.Item{guest}))(t); got[0].Answer != checkin.OK {
		t.Fatal(got)
	}
	if got := c.on(t, back, c.tap(c.persons[2][0])); got != "[ok]" {
		t.Error("a walk-in of the main list:", got)
	}
	if err := c.checkin.Annul(t.Context(), c.liaison, back.ID, c.persons[2][0], ""); err != nil {
		t.Fatal(err)
	}
	if n := must(c.activity.ExpectedAmong(t.Context(), c.of.ID, []id.ID{c.persons[2][0]}))(t); len(n) != 1 {
		t.Error("the walk-in left the activity with the bus")
	}
}

func TestMealListIsForEverybody(t *testing.T) {
	c := newCounty(t)
	p := c.persons[0]
	if err := c.activity.Answer(t.Context(), c.head, c.of.ID, p[2], activity.Leave, ""); err != nil {
		t.Fatal(err)
	}
	meal := c.further(t, checkin.Meal)
	if got := c.counts(t, meal); got != "8 0 1 7" {
		t.Error(got)
	}
	if got := c.on(t, meal, c.tap(p[0]), c.tap(p[2]), c.scan(t, p[1])); got != "[ok on_leave ok]" {
		t.Error(got)
	}
	late := c.tap(p[2])
	late.LeaveToPresent = true
	c.record(t, c.liaison, late)
	if got := c.on(t, meal, c.tap(p[2])); got != "[ok]" {
		t.Error("came after all, and eats:", got)
	}
	if got := c.counts(t, meal); got != "8 3 0 5" {
		t.Error(got)
	}
	found := checkin.Item{Nonce: newNonce(), Happened: c.clk.Now(), Door: checkin.Roster, Query: "李淑芬"}
	if got := c.on(t, meal, found); got != "[already]" {
		t.Error(got)
	}
	// who comes for lunch alone is no guest of the activity
	guest := c.tap(c.persons[2][1])
	guest.WalkIn = true
	if got := must(c.checkin.Record(t.Context(), c.staff, meal.ID, []checkin.Item{guest}))(t); got[0].Answer != checkin.OK {
		t.Error(got)
	}
	if n := must(c.activity.ExpectedAmong(t.Context(), c.of.ID, []id.ID{c.persons[2][1]}))(t); len(n) != 0 {
		t.Error("a guest at lunch is expected at the activity")
	}
	if got := c.counts(t, meal); got != "9 4 0 5" {
		t.Error(got)
	}
	if n := must(c.audit.Count(t.Context(), "checkin.open_list", c.of.ID))(t); n != 1 {
		t.Error("audit:", n)
	}
}

func TestListsAreMadeOnceAndHiddenWhileEmpty(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	meal := c.further(t, checkin.Meal)
	if again := c.further(t, checkin.Meal); again.ID != meal.ID {
		t.Error("a second tap made a second list")
	}
	c.on(t, meal, c.tap(c.persons[0][0]))
	second := c.further(t, checkin.Meal)
	if second.ID == meal.ID || second.Name != "午餐2" {
		t.Error(second)
	}
	if err := c.checkin.RemoveList(ctx, c.liaison, meal.ID); !errors.Is(err, checkin.ErrListUsed) {
		t.Error("a list with people on it was removed:", err)
	}
	if err := c.checkin.RemoveList(ctx, c.liaison, c.list); !errors.Is(err, checkin.ErrMainList) {
		t.Error(err)
	}
	if err := c.checkin.RemoveList(ctx, c.liaison, second.ID); err != nil {
		t.Fatal(err)
	}
	names := func() string {
		var out []string
		for _, l := range must(c.checkin.Lists(ctx, []id.ID{c.of.ID}))(t)[c.of.ID] {
			out = append(out, l.Name+"/"+l.Kind)
		}
		return fmt.Sprint(out)
	}
	if got := names(); got != "[到会/main 午餐/meal]" {
		t.Error(got)
	}
	// what a phone had recorded on the removed list is taken, and the list is there again
	offline := c.tap(c.persons[0][1])
	offline.Offline = true
	if got := c.on(t, second, offline); got != "[ok]" {
		t.Error(got)
	}
	if got := names(); got != "[到会/main 午餐/meal 午餐2/meal]" {
		t.Error(got)
	}
	if err := c.checkin.Annul(ctx, c.liaison, second.ID, c.persons[0][1], ""); err != nil {
		t.Fatal(err)
	}
	if got := c.further(t, checkin.Meal); got.ID != second.ID || names() != "[到会/main 午餐/meal 午餐2/meal]" {
		t.Error("a removed name is taken up again:", got, names())
	}
	renamed := "晚餐"
	if got := must(c.checkin.ChangeList(ctx, c.liaison, second.ID, checkin.ListChange{Name: &renamed}))(t); got.List.Name != "晚餐" {
		t.Error(got)
	}
	renamed = "午餐"
	if _, err := c.checkin.ChangeList(ctx, c.liaison, second.ID, checkin.ListChange{Name: &renamed}); !errors.Is(err, checkin.ErrListName) {
		t.Error(err)
	}
	for who, want := range map[*actor.Actor]error{&c.member: errs.ErrForbidden, &c.foreign: errs.ErrNotFound} {
		if _, err := c.checkin.CreateList(ctx, *who, c.of.ID, checkin.ListDraft{Kind: checkin.Meal}); !errors.Is(err, want) {
			t.Error("create:", err)
		}
		if err := c.checkin.RemoveList(ctx, *who, second.ID); !errors.Is(err, want) {
			t.Error("remove:", err)
		}
		if err := c.checkin.Seat(ctx, *who, c.of.ID, 1, nil); !errors.Is(err, want) {
			t.Error("seat:", err)
		}
	}
}

func TestListsMoveWithTheActivity(t *testing.T) {
	c := newCounty(t)
	back := c.further(t, checkin.Return)
	close := ends.Add(90 * time.Minute)
	fixed := must(c.checkin.CreateList(t.Context(), c.liaison, c.of.ID, checkin.ListDraft{Kind: checkin.OtherList, Name: "合影", OpensAt: &starts, ClosesAt: &close}))(t).List
	later, end := starts.Add(24*time.Hour), ends.Add(24*time.Hour)
	if _, err := c.activity.Change(t.Context(), c.head, c.of.ID, activity.Change{StartsAt: &later, EndsAt: &end}); err != nil {
		t.Fatal(err)
	}
	for _, s := range must(c.checkin.ListsOf(t.Context(), c.liaison, c.of.ID))(t) {
		want := map[id.ID][2]time.Time{c.list: {later.Add(-time.Hour), end.Add(30 * time.Minute)}, back.ID: {later, end.Add(4 * time.Hour)}, fixed.ID: {starts, close}}[s.List.ID]
		if !s.List.OpensAt.Equal(want[0]) || !s.List.ClosesAt.Equal(want[1]) {
			t.Errorf("%s: %s to %s", s.List.Name, s.List.OpensAt, s.List.ClosesAt)
		}
	}
	if _, err := c.activity.Cancel(t.Context(), c.head, c.of.ID, "大雨"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.checkin.CreateList(t.Context(), c.liaison, c.of.ID, checkin.ListDraft{Kind: checkin.Meal}); !errors.Is(err, activity.ErrCancelled) {
		t.Error(err)
	}
}

func TestBuses(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	seat := func(bus int, people ...id.ID) error { return c.checkin.Seat(ctx, c.liaison, c.of.ID, bus, people) }
	p := c.persons
	for _, err := range []error{seat(1, p[0]...), seat(2, p[1]...), seat(2, p[1]...), seat(2, p[0][3]), seat(0, p[1][3])} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := seat(100, p[0][0]); !errors.Is(err, errs.ErrInvalid) {
		t.Error(err)
	}
	if err := seat(1, p[0][0], p[2][0]); !errors.Is(err, activity.ErrNotExpected) {
		t.Error("a stranger got a seat:", err)
	}
	got := must(c.checkin.Roster(ctx, c.liaison, c.list))(t).Buses
	want := map[id.ID]int{p[0][0]: 1, p[0][1]: 1, p[0][2]: 1, p[0][3]: 2, p[1][0]: 2, p[1][1]: 2, p[1][2]: 2}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Error(got)
	}
	if n := must(c.audit.Count(ctx, "checkin.seat", c.of.ID))(t); n != 5 {
		t.Error("audit:", n)
	}
}

// Many who open the same list at once open one.
func TestOneListForAll(t *testing.T) {
	c := newCounty(t)
	const tries = 20
	got := make(chan string, tries)
	for range tries {
		go func() {
			l, err := c.checkin.CreateList(context.Background(), c.liaison, c.of.ID, checkin.ListDraft{Kind: checkin.Meal})
			got <- fmt.Sprint(l.List.ID, err)
		}()
	}
	first := <-got
	for range tries - 1 {
		if other := <-got; other != first {
			t.Error(first, other)
		}
	}
	if all := must(c.checkin.ListsOf(t.Context(), c.liaison, c.of.ID))(t); len(all) != 2 {
		t.Error(all)
	}
}

// One person, many doors, one further list: first exactly once.
func TestFurtherListTicksOnce(t *testing.T) {
	c := newCounty(t)
	meal := c.further(t, checkin.Meal)
	const tries = 20
	got := make(chan checkin.Answer, tries)
	for range tries {
		item := c.tap(c.persons[0][0])
		go func() {
			r, err := c.checkin.Record(context.Background(), c.liaison, meal.ID, []checkin.Item{item})
			if err != nil {
				got <- checkin.Answer(err.Error())
				return
			}
			got <- r[0].Answer
		}()
	}
	sum := map[checkin.Answer]int{}
	for range tries {
		sum[<-got]++
	}
	if sum[checkin.OK] != 1 || sum[checkin.Already] != tries-1 {
		t.Error(sum)
	}
}
