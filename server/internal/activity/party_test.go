package activity_test

import (
	"slices"
	"testing"

	"bense/server/internal/activity"
)

// Who wants more places than there are in all holds up nobody, keeps the number, and has the first turn once it
// can be: nobody else is jumped.
func TestAPartyThatCanNeverFitHoldsUpNobody(t *testing.T) {
	c := newCounty(t)
	a := c.create(t)
	p := slices.Concat(c.persons[0], c.persons[1])
	c.places(t, a, activity.Places{Capacity: 3, Companions: 2})
	c.say(t, a, going(p[0]))
	c.say(t, a, going(p[1]))
	c.say(t, a, going(p[2], "spouse", "child")) // wants three
	c.say(t, a, going(p[3], "spouse"))          // and two
	c.places(t, a, activity.Places{Capacity: 2, Companions: 2})
	if got := c.stand(t, a, p...); got != "g g w0 w0 - -" {
		t.Fatal("the second is the first who can be placed:", got)
	}
	if m := must(c.activity.Get(t.Context(), c.memberOf(0, p[2]), a.ID))(t).Mine[0]; m.Wants != 3 {
		t.Error(m)
	}
	c.say(t, a, leaves(p[0])) // one place: too few for the second, who isn't jumped by the third
	c.say(t, a, going(p[4]))
	if got := c.stand(t, a, p...); got != "l g w0 w0 w1 -" {
		t.Fatal(got)
	}
	c.say(t, a, leaves(p[1]))
	if got := c.stand(t, a, p...); got != "l l w0 g w0 -" || !slices.Equal(c.notices.placed, p[3:4]) {
		t.Fatal(got, c.notices.placed)
	}
	c.say(t, a, going(p[2], "spouse")) // wants less: before the one who came later, although nothing is free yet
	if got := c.stand(t, a, p...); got != "l l w0 g w1 -" {
		t.Fatal(got)
	}
	c.say(t, a, leaves(p[3]))
	if got := c.stand(t, a, p...); got != "l l g l w0 -" {
		t.Fatal(got)
	}
}

// A place is free although somebody waits, when only such a party waits: whoever comes gets it.
func TestAFreePlaceBesideAPartyThatCanNeverFit(t *testing.T) {
	c := newCounty(t)
	a := c.create(t)
	p := slices.Concat(c.persons[0], c.persons[1])
	c.places(t, a, activity.Places{Capacity: 3, Companions: 2})
	c.say(t, a, going(p[0]))
	c.say(t, a, going(p[1], "spouse", "child"))
	c.places(t, a, activity.Places{Capacity: 2, Companions: 2})
	c.say(t, a, going(p[2]))
	if got := c.stand(t, a, p[:3]...); got != "g w0 g" {
		t.Fatal(got)
	}
	c.places(t, a, activity.Places{Capacity: 5, Companions: 2})
	if got := c.stand(t, a, p[:3]...); got != "g g g" {
		t.Fatal(got)
	}
}
