package activity_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

func with(relations ...string) *[]string { return &relations }

func yes() *bool { v := true; return &v }

// places sets them as the head.
func (c *county) places(t *testing.T, a activity.Activity, p activity.Places) {
	t.Helper()
	if err := c.activity.SetPlaces(t.Context(), c.head, a.ID, p); err != nil {
		t.Fatal(err)
	}
}

// say answers for people, as the head.
func (c *county) say(t *testing.T, a activity.Activity, list ...activity.Said) {
	t.Helper()
	if err := c.activity.AnswerAll(t.Context(), c.head, a.ID, list); err != nil {
		t.Fatal(err)
	}
}

func going(person id.ID, relations ...string) activity.Said {
	return activity.Said{Person: person, Answer: activity.Going, Companions: with(relations...)}
}

func leaves(person id.ID) activity.Said { return activity.Said{Person: person, Answer: activity.Leave} }

// stand writes how people stand: g going, w waiting with the number of people before, l leave, ? unsure, - silent.
func (c *county) stand(t *testing.T, a activity.Activity, persons ...id.ID) string {
	t.Helper()
	var out []string
	for _, p := range persons {
		d := must(c.activity.Get(t.Context(), c.memberOf(0, p), a.ID))(t)
		m := d.Mine[0]
		switch m.Answer {
		case activity.Waiting:
			out = append(out, fmt.Sprintf("w%d", m.Ahead))
		case activity.Unsure:
			out = append(out, "?")
		case "":
			out = append(out, "-")
		default:
			out = append(out, m.Answer[:1])
		}
	}
	return strings.Join(out, " ")
}

func (c *county) counts(t *testing.T, a activity.Activity) activity.Counts {
	t.Helper()
	n := must(c.activity.Get(t.Context(), c.head, a.ID))(t).Counts
	if n.Expected != n.Going+n.Leave+n.Unsure+n.Waiting+n.Silent {
		t.Errorf("the counts do not add up: %+v", n)
	}
	return n
}

func TestWhoWaitsIsPlacedInOrder(t *testing.T) {
	c := newCounty(t)
	a := c.create(t)
	p := slices.Concat(c.persons[0], c.persons[1])
	c.places(t, a, activity.Places{Capacity: 3, Companions: 1})
	c.say(t, a, going(p[0], "spouse")) // two seats
	c.say(t, a, going(p[1]))
	c.say(t, a, going(p[2], "child")) // waits for two
	c.say(t, a, going(p[3]))          // waits for one
	if got := c.stand(t, a, p...); got != "g g w0 w1 - -" {
		t.Fatal(got)
	}
	c.say(t, a, leaves(p[1])) // one seat: too few for the first, who is not overtaken
	if got := c.stand(t, a, p...); got != "g l w0 w1 - -" || len(c.notices.placed) != 0 {
		t.Fatal(got, c.notices.placed)
	}
	c.say(t, a, going(p[4])) // nor by somebody new
	c.say(t, a, going(p[2])) // comes alone: the number stays, the seat fits
	if got := c.stand(t, a, p...); got != "g l g w0 w1 -" || len(c.notices.placed) != 0 {
		t.Fatal(got, c.notices.placed)
	}
	c.say(t, a, activity.Said{Person: p[0], Answer: activity.Unsure}) // leaves two seats
	if got := c.stand(t, a, p...); got != "? l g g g -" || !slices.Equal(c.notices.placed, p[3:5]) {
		t.Fatal(got, c.notices.placed)
	}
	if d := must(c.activity.Get(t.Context(), c.memberOf(1, p[3]), a.ID))(t); d.Mine[0].PlacedAt.IsZero() {
		t.Error("nobody says when the place came")
	}
	if n := c.counts(t, a); n.Seats != 3 || n.Unsure != 1 || n.Waiting != 0 {
		t.Error(n)
	}
	c.say(t, a, going(p[0])) // has given up the place: the end of the line
	if got := c.stand(t, a, p...); got != "w0 l g g g -" {
		t.Fatal(got)
	}
}

func TestPlacesOfCouple(t *testing.T) {
	c := newCounty(t)
	a := c.create(t)
	p := slices.Concat(c.persons[0], c.persons[1])
	c.places(t, a, activity.Places{Capacity: 3})
	c.say(t, a, going(p[0]), going(p[1]))
	c.say(t, a, going(p[2]), going(p[3])) // one seat is left: they wait together
	if got := c.stand(t, a, p...); got != "g g w0 w0 - -" {
		t.Fatal(got)
	}
	c.say(t, a, leaves(p[0])) // two seats
	if got := c.stand(t, a, p...); got != "l g g g - -" || !slices.Equal(c.notices.placed, p[2:4]) {
		t.Fatal(got, c.notices.placed)
	}
	c.say(t, a, going(p[4]), going(p[5]))
	c.say(t, a, leaves(p[1]))
	c.say(t, a, leaves(p[5])) // the other one fits alone
	if got := c.stand(t, a, p...); got != "l l g g g l" {
		t.Fatal(got)
	}
	if err := c.activity.AnswerAll(t.Context(), c.head, a.ID, []activity.Said{going(p[0]), going(p[0])}); !errors.Is(err, errs.ErrInvalid) {
		t.Error("one person twice:", err)
	}
	both := c.memberOf(0, p[0], p[1])
	if err := c.activity.AnswerAll(t.Context(), both, a.ID, []activity.Said{going(p[0]), going(p[3])}); !errors.Is(err, errs.ErrNotFound) {
		t.Error("a couple answers for a stranger:", err)
	}
	if got := c.stand(t, a, p...); got != "l l g g g l" {
		t.Error("half of a refused answer stands", got)
	}
}

func TestMoreAndFewerPlaces(t *testing.T) {
	c := newCounty(t)
	a := c.create(t)
	p := slices.Concat(c.persons[0], c.persons[1])
	for _, x := range p[:3] { // without a limit everybody has a place
		c.say(t, a, going(x))
	}
	c.places(t, a, activity.Places{Capacity: 2, Companions: 2}) // takes none away
	c.say(t, a, going(p[3]))
	if got := c.stand(t, a, p...); got != "g g g w0 - -" {
		t.Fatal(got)
	}
	err := c.activity.AnswerAll(t.Context(), c.head, a.ID, []activity.Said{going(p[0], "spouse")})
	if !errors.Is(err, activity.ErrFull) {
		t.Error("a companion takes a place that isn't there:", err)
	}
	c.say(t, a, leaves(p[0])) // still as many as there are places
	if got := c.stand(t, a, p...); got != "l g g w0 - -" {
		t.Fatal(got)
	}
	c.say(t, a, going(p[4], "child"))
	c.places(t, a, activity.Places{Capacity: 4})
	if got := c.stand(t, a, p...); got != "l g g g w0 -" {
		t.Fatal(got)
	}
	c.places(t, a, activity.Places{})
	if got := c.stand(t, a, p...); got != "l g g g g -" {
		t.Fatal(got)
	}
	if n := c.counts(t, a); n.Seats != 5 {
		t.Error("who was allowed a companion keeps them", n)
	}
}

func TestHeadGivesPlace(t *testing.T) {
	c := newCounty(t)
	a := c.create(t)
	p := slices.Concat(c.persons[0], c.persons[1])
	c.places(t, a, activity.Places{Capacity: 2, Companions: 1})
	c.say(t, a, going(p[0]), going(p[1]))
	c.say(t, a, going(p[2], "spouse"))
	c.say(t, a, going(p[3]))
	give := func(who actor.Actor, person id.ID, reason string) error {
		return c.activity.GivePlace(t.Context(), who, a.ID, person, reason)
	}
	if err := give(c.head, p[3], "要带队"); !errors.Is(err, activity.ErrNoPlace) {
		t.Error("over the capacity:", err)
	}
	c.say(t, a, leaves(p[0]))
	for name, x := range map[string]struct{ err, want error }{
		"liaison":   {give(c.liaison, p[3], "要带队"), errs.ErrForbidden},
		"member":    {give(c.member, p[3], "要带队"), errs.ErrForbidden},
		"foreign":   {give(c.foreign, p[3], "要带队"), errs.ErrNotFound},
		"no reason": {give(c.head, p[3], " "), errs.ErrInvalid},
		"too many":  {give(c.head, p[2], "要带队"), activity.ErrNoPlace},
		"going":     {give(c.head, p[1], "要带队"), activity.ErrNotWaiting},
	} {
		if !errors.Is(x.err, x.want) {
			t.Errorf("%s: %v", name, x.err)
		}
	}
	if err := give(c.head, p[3], "要带队"); err != nil {
		t.Fatal(err)
	}
	if got := c.stand(t, a, p[:4]...); got != "l g w0 g" || !slices.Equal(c.notices.placed, p[3:4]) {
		t.Error(got, c.notices.placed)
	}
	if n := must(c.audit.Count(t.Context(), "activity.place", a.ID))(t); n != 1 {
		t.Error(n)
	}
}

// Whoever leaves the ledger leaves a place; from the start on nobody moves up any more.
func TestPlacesAndTheLedger(t *testing.T) {
	c := newCounty(t)
	a := c.create(t)
	p := slices.Concat(c.persons[0], c.persons[1])
	c.places(t, a, activity.Places{Capacity: 1})
	c.say(t, a, going(p[0]))
	c.say(t, a, going(p[1]))
	c.say(t, a, going(p[2]))
	dead := ledger.Deceased
	if _, err := c.ledger.UpdatePerson(t.Context(), actor.System, p[0], ledger.PersonChange{Status: &dead}); err != nil {
		t.Fatal(err)
	}
	if got := c.stand(t, a, p[1:3]...); got != "g w0" {
		t.Fatal(got)
	}
	c.clk.Set(starts)
	c.say(t, a, leaves(p[1]))
	if got := c.stand(t, a, p[1:3]...); got != "l w0" {
		t.Error("somebody is told to come to what has begun:", got)
	}
	if err := c.activity.SetPlaces(t.Context(), c.head, a.ID, activity.Places{Capacity: 9}); !errors.Is(err, activity.ErrBegun) {
		t.Error(err)
	}
	later, end := starts.Add(24*time.Hour), starts.Add(26*time.Hour)
	if _, err := c.activity.Change(t.Context(), c.head, a.ID, activity.Change{StartsAt: &later, EndsAt: &end}); err != nil {
		t.Fatal(err)
	}
	if got := c.stand(t, a, p[1:3]...); got != "l g" {
		t.Error("it is put off, and the free place is nobody's:", got)
	}
}

func TestDeadline(t *testing.T) {
	c := newCounty(t)
	a := c.create(t)
	until := starts.Add(-3 * time.Hour)
	c.places(t, a, activity.Places{AnswerUntil: until})
	own := c.persons[0][0]
	if err := c.activity.Answer(t.Context(), c.member, a.ID, own, activity.Going, ""); err != nil {
		t.Fatal(err)
	}
	c.clk.Set(until)
	if err := c.activity.Answer(t.Context(), c.member, a.ID, own, activity.Leave, ""); !errors.Is(err, activity.ErrDeadline) {
		t.Error(err)
	}
	if err := c.activity.Answer(t.Context(), c.liaison, a.ID, own, activity.Leave, ""); err != nil {
		t.Error("through the liaison:", err)
	}
	for name, x := range map[string]struct {
		p    activity.Places
		want string
	}{
		"late": {activity.Places{AnswerUntil: starts.Add(time.Minute)}, "answer_until"}, "less than none": {activity.Places{Capacity: -1}, "capacity"},
		"three": {activity.Places{Companions: 3}, "companions"}, "all": {activity.Places{Capacity: 5001, Companions: -1}, "capacity companions"},
	} {
		if err := c.activity.SetPlaces(t.Context(), c.head, a.ID, x.p); fields(err) != x.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := c.activity.SetPlaces(t.Context(), c.liaison, a.ID, activity.Places{}); !errors.Is(err, errs.ErrForbidden) {
		t.Error(err)
	}
}

func TestCompanionsAndLifts(t *testing.T) {
	c := newCounty(t)
	a := c.create(t)
	p := c.persons[0]
	ask := func(s activity.Said) error {
		return c.activity.AnswerAll(t.Context(), c.memberOf(0, s.Person), a.ID, []activity.Said{s})
	}
	lift := activity.Said{Person: p[0], Answer: activity.Going, Lift: yes(), PickUp: "水利局家属院 3 号楼"}
	if err := ask(lift); fields(err) != "lift" {
		t.Error("a lift that nobody drives:", err)
	}
	c.places(t, a, activity.Places{Companions: 1, Lift: true})
	for name, s := range map[string]activity.Said{
		"companions companions": going(p[0], "spouse", "child"), "companions who": going(p[0], "neighbour"),
		"pick_up": {Person: p[0], Answer: activity.Going, Lift: yes(), PickUp: strings.Repeat("远", 41)},
	} {
		if err := ask(s); fields(err) != strings.Fields(name)[0] {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := ask(lift); err != nil {
		t.Fatal(err)
	}
	if err := ask(going(p[0], "spouse")); err != nil { // the lift stays as said before
		t.Fatal(err)
	}
	list := must(c.activity.Lifts(t.Context(), c.liaison, a.ID))(t)
	if len(list) != 1 || list[0].Seats() != 2 || list[0].PickUp != "水利局家属院 3 号楼" || list[0].Name != names[0] {
		t.Errorf("%+v", list)
	}
	if n := must(c.audit.Count(t.Context(), "activity.lift_list", a.ID))(t); n != 1 {
		t.Error("the look at the numbers left no line")
	}
	other := c.actor(actor.Liaison, actor.Place{Committee: c.committee, Alliance: c.alliances[0], Unit: c.units[1]})
	if list := must(c.activity.Lifts(t.Context(), other, a.ID))(t); len(list) != 0 {
		t.Error("a liaison of another unit sees", list)
	}
	if _, err := c.activity.Lifts(t.Context(), c.member, a.ID); !errors.Is(err, errs.ErrForbidden) {
		t.Error(err)
	}
	if err := ask(leaves(p[0])); err != nil { // and goes with the answer
		t.Fatal(err)
	}
	if err := ask(activity.Said{Person: p[0], Answer: activity.Going}); err != nil {
		t.Fatal(err)
	}
	if n := c.counts(t, a); n.Lifts != 0 || n.Seats != 1 {
		t.Error(n)
	}
}

// Who has moved into another alliance since stays on the list of what is over; the number is no longer the old
// liaison's to see.
func TestLiftsOfThoseWhoMovedNameNoNumbers(t *testing.T) {
	c := newCounty(t)
	a := c.create(t)
	c.places(t, a, activity.Places{Lift: true})
	p := c.persons[0][0]
	if err := c.activity.AnswerAll(t.Context(), c.liaison, a.ID, []activity.Said{{Person: p, Answer: activity.Going, Lift: yes()}}); err != nil {
		t.Fatal(err)
	}
	change := func(to ledger.PersonChange) {
		must(c.ledger.UpdatePerson(t.Context(), c.staff, p, to))(t)
	}
	change(ledger.PersonChange{Fields: map[string]string{"phone": "19900000001"}})
	if list := must(c.activity.Lifts(t.Context(), c.liaison, a.ID))(t); len(list) != 1 || list[0].Phone == "" {
		t.Errorf("%+v", list)
	}
	c.clk.Advance(48 * time.Hour)
	change(ledger.PersonChange{Unit: &c.units[2]})
	if list := must(c.activity.Lifts(t.Context(), c.liaison, a.ID))(t); len(list) != 1 || list[0].Phone != "" {
		t.Errorf("the old liaison sees %+v", list)
	}
	if list := must(c.activity.Lifts(t.Context(), c.staff, a.ID))(t); len(list) != 1 || list[0].Phone == "" {
		t.Errorf("the office sees %+v", list)
	}
}

// The last seats: however many ask for them at once, never more get one than there are, and once all is
// quiet no place is free that somebody waits for.
func TestLastSeatRace(t *testing.T) {
	rounds, contenders := 6, 15
	if os.Getenv("BENSE_FAULTS_LONG") != "" {
		rounds, contenders = 100, 200
	}
	c := newCounty(t)
	for n := 4; len(c.persons[0])+len(c.persons[1]) < contenders; n++ {
		c.persons[0] = append(c.persons[0], c.person(t, 0, n))
	}
	people := slices.Concat(c.persons[0], c.persons[1])
	for round := range rounds {
		a := c.create(t)
		c.places(t, a, activity.Places{Capacity: 7, Companions: 1})
		var wg sync.WaitGroup
		for i, p := range people {
			wg.Go(func() {
				said := []activity.Said{going(p)}
				if (i+round)%3 == 0 {
					said = []activity.Said{going(p, "spouse")}
				}
				steps := [][]activity.Said{said}
				if (i+round)%4 == 0 { // changes the own mind, and back
					steps = append(steps, []activity.Said{leaves(p)}, said)
				}
				for _, s := range steps {
					err := c.activity.AnswerAll(context.Background(), c.head, a.ID, s)
					for e, ok := errs.As(err); ok && e.Kind == errs.Unavailable; e, ok = errs.As(err) { // too many at once: a phone comes again
						err = c.activity.AnswerAll(context.Background(), c.head, a.ID, s)
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		for range 5 {
			wg.Go(func() {
				if n := c.counts(t, a); n.Seats > 7 {
					t.Errorf("%d seats of 7 are taken", n.Seats)
				}
			})
		}
		wg.Wait()
		n := c.counts(t, a)
		first := 0
		for _, e := range must(c.activity.Expected(t.Context(), a.ID))(t) {
			if e.Answer == activity.Waiting && (first == 0 || e.Queue < first) {
				first = e.Queue
			}
		}
		wants := 0
		for _, e := range must(c.activity.Expected(t.Context(), a.ID))(t) {
			if e.Queue == first && first > 0 {
				wants += e.Seats()
			}
		}
		if n.Seats > 7 || n.Going+n.Waiting != len(people) || first > 0 && n.Seats+wants <= 7 {
			t.Fatalf("round %d: %+v, and the first who waits wants %d", round, n, wants)
		}
	}
}

// Who is put off answers later, too, as long before the start as before.
func TestTheDeadlineMovesAlong(t *testing.T) {
	day := 24 * time.Hour
	for name, c := range map[string]struct{ until, now, by, want time.Duration }{ // seen from the start as it was
		"a week later":               {-day, -2 * day, 7 * day, 6 * day},
		"over, and put off":          {-day, -time.Hour, 7 * day, 6 * day},
		"over, and a little later":   {-day, -time.Hour, time.Hour, -day + time.Hour},
		"too early for its deadline": {-day, -2 * day, -36 * time.Hour, 0},
		"none":                       {0, -2 * day, day, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newCounty(t)
			w.clk.Set(starts.Add(-3 * day))
			a := w.create(t)
			set := func(by time.Duration) time.Time {
				if by == 0 {
					return time.Time{}
				}
				return starts.Add(by)
			}
			w.places(t, a, activity.Places{Capacity: 9, AnswerUntil: set(c.until)})
			w.clk.Set(starts.Add(c.now))
			from, to := starts.Add(c.by), starts.Add(c.by+2*time.Hour)
			must(w.activity.Change(t.Context(), w.head, a.ID, activity.Change{StartsAt: &from, EndsAt: &to}))(t)
			d := must(w.activity.Get(t.Context(), w.head, a.ID))(t)
			if !d.Places.AnswerUntil.Equal(set(c.want)) || d.Places.Capacity != 9 {
				t.Errorf("%+v", d.Places)
			}
		})
	}
}
