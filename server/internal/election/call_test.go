package election_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"bense/server/internal/election"
	"bense/server/internal/id"
)

// Whoever is on the roll is told when a round begins, and the notice ends with the round.
func TestMembersAreToldThatAVoteBegins(t *testing.T) {
	c := newCounty(t)
	e := c.open(t, c.plan())
	if len(c.told.bodies) != 1 {
		t.Fatalf("told %d times", len(c.told.bodies))
	}
	for _, want := range []string{"推选联盟负责人\n", "第1离退休干部党建联盟推选负责人", "7月1日9:00到7月3日9:00", "纸质选票"} {
		if !strings.Contains(c.told.bodies[0], want) {
			t.Errorf("no %q in %q", want, c.told.bodies[0])
		}
	}
	first := c.told.last
	for unit := range 3 {
		for n := range 4 {
			if err := c.vote(t, e, unit, n, unit); err != nil {
				t.Fatal(err)
			}
		}
	}
	must(c.election.Count(t.Context(), c.lead, e.ID))(t)
	if !slices.Equal(c.told.over, []id.ID{first}) {
		t.Errorf("over: %v", c.told.over)
	}
	must(c.election.Further(t.Context(), c.lead, e.ID, c.clk.Now(), c.clk.Now().Add(time.Hour)))(t)
	if len(c.told.bodies) != 2 || !strings.Contains(c.told.bodies[1], "再投一轮") {
		t.Errorf("%q", c.told.bodies)
	}
	must(c.election.Cancel(t.Context(), c.lead, e.ID, "另选时间"))(t)
	if !slices.Equal(c.told.gone, []id.ID{c.told.last}) {
		t.Errorf("called off: %v", c.told.gone)
	}
	show := c.plan()
	show.Form = election.Show
	c.open(t, show)
	if last := c.told.bodies[len(c.told.bodies)-1]; !strings.Contains(last, "举手表决") {
		t.Error(last)
	}
}

// A vote that lasts longer corrects its own notice, each time with the end that was said before.
func TestAProlongedVoteCorrectsItsNotice(t *testing.T) {
	c := newCounty(t)
	e := c.open(t, c.plan())
	e = must(c.election.Prolong(t.Context(), c.lead, e.ID, e.ClosesAt.Add(24*time.Hour)))(t)
	must(c.election.Prolong(t.Context(), c.lead, e.ID, e.ClosesAt.Add(90*time.Minute)))(t)
	if len(c.told.amended) != 2 || len(c.told.bodies) != 1 {
		t.Fatalf("%q", c.told.amended)
	}
	for i, want := range [][]string{
		{c.told.last.String(), "7月1日9:00到7月4日9:00。\n", "原定7月3日9:00结束，现在延长到7月4日9:00。已经投过的，不用再投。"},
		{"7月1日9:00到7月4日10:30。\n", "原定7月4日9:00结束，现在延长到7月4日10:30。"},
	} {
		for _, s := range want {
			if !strings.Contains(c.told.amended[i], s) {
				t.Errorf("no %q in %q", s, c.told.amended[i])
			}
		}
	}
}
