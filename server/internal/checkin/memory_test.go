package checkin_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/cache"
	"bense/server/internal/checkin"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/testdb"
)

func (c *county) tap1(t *testing.T, who actor.Actor, ticket string) checkin.Tap {
	t.Helper()
	return checkin.Tap{Ticket: ticket, Nonce: newNonce(), Person: who.Persons[0], Happened: c.clk.Now()}
}

// fromMemory counts the attempts of own phones that were judged from memory.
func (c *county) fromMemory(t *testing.T) float64 {
	t.Helper()
	r := prometheus.NewRegistry()
	c.checkin.Register(r)
	families := must(r.Gather())(t)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "bense_checkin_own_phone_total" && m.GetLabel()[0].GetValue() == "memory" {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

// The database is asked for nothing when somebody comes again, and decides alone who comes first.
func TestARepetitionNeedsNoDatabase(t *testing.T) {
	d := testdb.Own(t)
	c := newCountyOn(t, d)
	ticket := c.arrive(t, c.member)
	second := c.memberOf(0, c.persons[0][1])
	other := c.arrive(t, second)
	tap := c.tap1(t, c.member, ticket)
	if r := must(c.checkin.SignIn(t.Context(), c.member, tap))(t); r.Answer != checkin.OK {
		t.Fatal(r)
	}
	// A list that takes longer to load than a request waits is remembered for the next one.
	for until := time.Now().Add(testdb.Patience); c.fromMemory(t) == 0; {
		if r := must(c.checkin.SignIn(t.Context(), c.member, tap))(t); r.Answer != checkin.OK || time.Now().After(until) {
			t.Fatalf("still not remembered: %+v", r)
		}
	}
	d.Close()
	again, err := c.checkin.SignIn(t.Context(), c.member, tap)
	if err != nil || again.Answer != checkin.OK || !again.Happened.Equal(starts) {
		t.Errorf("the same attempt: %+v, %v", again, err)
	}
	tap.Nonce = newNonce()
	r, err := c.checkin.SignIn(t.Context(), c.member, tap)
	if err != nil || r.Answer != checkin.Already || !r.First.At.Equal(starts) || r.First.Door != checkin.Self || r.First.By != "本人" {
		t.Errorf("another attempt: %+v, %v", r, err)
	}
	if r, err := c.checkin.SignIn(t.Context(), second, c.tap1(t, second, other)); err == nil {
		t.Errorf("somebody else is told %+v without a database", r)
	} else if e, ok := errs.As(err); !ok || e.Kind != errs.Unavailable {
		t.Errorf("somebody else is told %v, want errs.Unavailable", err)
	}
}

// What an instance remembers says no longer yes once it has stopped to be true.
func TestMemoryFollowsTheLedger(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, c *county) checkin.Answer{
		"请假": func(t *testing.T, c *county) checkin.Answer {
			if err := c.activity.Answer(t.Context(), c.head, c.of.ID, c.persons[0][0], activity.Leave, ""); err != nil {
				t.Fatal(err)
			}
			return checkin.OnLeave
		},
		"cancelled": func(t *testing.T, c *county) checkin.Answer {
			must(c.activity.Cancel(t.Context(), c.head, c.of.ID, "天气"))(t)
			return checkin.Cancelled
		},
		"moved to tomorrow": func(t *testing.T, c *county) checkin.Answer {
			from, to := starts.Add(24*time.Hour), ends.Add(24*time.Hour)
			must(c.activity.Change(t.Context(), c.head, c.of.ID, activity.Change{StartsAt: &from, EndsAt: &to}))(t)
			return checkin.TooEarly
		},
		"moved away": func(t *testing.T, c *county) checkin.Answer {
			gone := ledger.Moved
			must(c.ledger.UpdatePerson(t.Context(), actor.System, c.persons[0][0], ledger.PersonChange{Status: &gone}))(t)
			return checkin.Inactive
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCounty(t)
			second := c.memberOf(0, c.persons[0][1])
			if r := must(c.checkin.SignIn(t.Context(), second, c.tap1(t, second, c.arrive(t, second))))(t); r.Answer != checkin.OK {
				t.Fatal(r) // from now on there is a memory
			}
			ticket := c.arrive(t, c.member)
			want := change(t, c)
			if r := must(c.checkin.SignIn(t.Context(), c.member, c.tap1(t, c.member, ticket)))(t); r.Answer != want {
				t.Errorf("%+v, want %s", r, want)
			}
		})
	}
}

// An annulment is followed at once by the instance that made it and, when it answers, by every other.
func TestAnnulmentReachesEveryMemory(t *testing.T) {
	d := testdb.Own(t)
	c := newCountyOn(t, d)
	for _, holder := range []string{"here", "there"} {
		if _, err := d.LeaseNode(t.Context(), holder, 8, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	there := c.elsewhere(t, d)
	ticket := c.arrive(t, c.member)
	for round := range 3 {
		tap := c.tap1(t, c.member, ticket)
		for _, s := range []*checkin.Service{c.checkin, there} {
			if r := must(s.SignIn(t.Context(), c.member, tap))(t); r.Answer != checkin.OK {
				t.Fatalf("round %d: %+v", round, r)
			}
		}
		if err := c.checkin.Annul(t.Context(), c.member, c.list, c.member.Persons[0], "点错了"); err != nil {
			t.Fatal(err)
		}
		for where, s := range map[string]*checkin.Service{"here": c.checkin, "there": there} {
			if r := must(s.SignIn(t.Context(), c.member, tap))(t); r.Answer != checkin.CodeExpired {
				t.Fatalf("round %d: %s a spent attempt is told %+v", round, where, r)
			}
		}
		if n := c.rows(t, "checkins", c.member.Persons[0]); n != 0 {
			t.Fatalf("round %d: %d rows after the annulment", round, n)
		}
	}
}

// elsewhere makes a second service over the same database, with a memory of its own and no Redis.
func (c *county) elsewhere(t *testing.T, d *db.DB) *checkin.Service {
	t.Helper()
	versions := cache.NewVersions(d, nil)
	t.Cleanup(versions.Close)
	deps := c.checkin.Deps
	deps.Versions, deps.Cache = versions, nil
	s := checkin.NewService(deps)
	t.Cleanup(s.Close)
	return s
}

// Whatever happens in whatever order, judging from memory and judging from the database give the same
// answers: two counties live through the same day, in one of which no account is remembered.
func TestMemoryAndDatabaseAgree(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for round := range uint64(12) {
		var told [2][]string
		for side := range told {
			told[side] = oneDay(t, rand.New(rand.NewPCG(seed, round)), side == 0)
		}
		for i := range told[0] {
			if told[0][i] != told[1][i] {
				t.Fatalf("round %d, step %d:\nfrom memory   %s\nfrom database %s", round, i, told[0][i], told[1][i])
			}
		}
	}
}

func oneDay(t *testing.T, r *rand.Rand, remembered bool) (told []string) {
	c := newCounty(t)
	var who []actor.Actor
	for _, p := range append(c.persons[0], c.persons[1]...) {
		m := c.memberOf(0, p)
		if !remembered {
			c.accounts.untie(p)
		}
		who = append(who, m)
	}
	tickets := map[id.ID]string{}
	used := map[id.ID]checkin.Tap{}
	for range 60 {
		c.clk.Advance(time.Duration(r.IntN(40)) * time.Second)
		m := who[r.IntN(len(who))]
		step := ""
		switch r.IntN(12) {
		case 0:
			err := c.activity.Answer(t.Context(), c.head, c.of.ID, m.Persons[0], []string{activity.Going, activity.Leave}[r.IntN(2)], "")
			step = fmt.Sprint("answer ", err)
		case 1:
			step = fmt.Sprint("annul ", c.checkin.Annul(t.Context(), c.head, c.list, m.Persons[0], ""))
		case 2:
			status := []ledger.Status{ledger.Active, ledger.Moved, ledger.Suspended}[r.IntN(3)]
			_, err := c.ledger.UpdatePerson(t.Context(), actor.System, m.Persons[0], ledger.PersonChange{Status: &status})
			step = fmt.Sprint("status ", err)
		case 3:
			item := c.tap(m.Persons[0])
			item.Offline, item.WalkIn = r.IntN(2) == 0, r.IntN(2) == 0
			item.Happened = item.Happened.Add(-time.Duration(r.IntN(300)) * time.Second)
			step = "door " + shown(c.record(t, c.liaison, item)[0], c)
		default:
			if tickets[m.Account] == "" || r.IntN(4) == 0 {
				code := must(c.checkin.VenueCode(t.Context(), c.liaison, c.list))(t)
				tickets[m.Account] = c.visit(t, m, code.Token).Ticket
			}
			tap, ok := used[m.Account]
			if !ok || r.IntN(3) > 0 {
				tap = checkin.Tap{Ticket: tickets[m.Account], Nonce: newNonce(), Person: m.Persons[0],
					Happened: c.clk.Now().Add(-time.Duration(r.IntN(120)) * time.Second), LeaveToPresent: r.IntN(3) == 0}
			}
			used[m.Account] = tap
			got, err := c.checkin.SignIn(context.Background(), m, tap)
			if err != nil {
				got.Message = err.Error()
			}
			step = "phone " + shown(got, c)
		}
		told = append(told, step)
	}
	for _, line := range must(c.checkin.Roster(t.Context(), c.head, c.list))(t).Lines {
		told = append(told, fmt.Sprint(line.Person.Name, line.State, line.Record.Happened, line.Record.Door, line.Record.Flag, line.By))
	}
	return told
}

// shown is what a page shows of a result, without the ids that differ between two counties.
func shown(r checkin.Result, c *county) string {
	s := fmt.Sprint(r.Answer, " ", r.Message, " ", r.Happened)
	if r.Person != nil {
		s += " " + r.Person.Name + " " + r.Person.Unit
	}
	if r.First != nil {
		s += fmt.Sprint(" ", r.First.At, r.First.Door, r.First.By)
	}
	return s
}

// A second instance takes over what the first has read, encrypted and only while nothing has changed;
// a Redis that lies is not believed.
func TestSnapshotsTravelThroughRedis(t *testing.T) {
	d := testdb.Own(t)
	c := newCountyOn(t, d)
	client := c.checkin.Deps.Cache.Client()
	key := "checkin:snapshot:" + c.list.String()
	share := func() *checkin.Service {
		versions := cache.NewVersions(d, nil)
		t.Cleanup(versions.Close)
		deps := c.checkin.Deps
		deps.Versions = versions
		s := checkin.NewService(deps)
		t.Cleanup(s.Close)
		return s
	}
	signIn := func(s *checkin.Service, m actor.Actor) checkin.Answer {
		return must(s.SignIn(t.Context(), m, c.tap1(t, m, c.arrive(t, m))))(t).Answer
	}
	var others []actor.Actor
	for _, person := range c.persons[0][1:] {
		others = append(others, c.memberOf(0, person))
	}
	if got := signIn(c.checkin, c.member); got != checkin.OK {
		t.Fatal(got)
	}
	sealed, err := client.Get(t.Context(), key).Bytes()
	if err != nil || len(sealed) == 0 {
		t.Fatal("nothing in Redis:", err)
	}
	if bytes.Contains(sealed, []byte("张建国")) {
		t.Error("names lie in Redis in clear")
	}
	// Behind every back: no version moves, so an old name shows that the parcel is in use. A slow answer
	// costs an instance a look of its own, which is no fault, but not everybody's.
	if err := d.Conn(t.Context()).Exec("UPDATE persons SET name = '改名' WHERE id IN ?", c.persons[0][1:]).Error; err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, m := range others {
		r := must(share().SignIn(t.Context(), m, c.tap1(t, m, c.arrive(t, m))))(t)
		if told = append(told, r.Person.Name); r.Answer != checkin.OK {
			t.Errorf("%+v", r)
		}
	}
	if !slices.ContainsFunc(told, func(name string) bool { return name != "改名" }) {
		t.Errorf("%q, want what the first instance had read", told)
	}
	for name, value := range map[string]any{"rubbish": "rubbish", "cut": sealed[:len(sealed)-1], "nothing": ""} {
		if err := client.Set(t.Context(), key, value, time.Minute).Err(); err != nil {
			t.Fatal(err)
		}
		s := share()
		if r := must(s.SignIn(t.Context(), c.member, c.tap1(t, c.member, c.arrive(t, c.member))))(t); r.Answer != checkin.Already {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if err := client.Set(t.Context(), key, sealed, time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	must(c.activity.Cancel(t.Context(), c.head, c.of.ID, "天气"))(t)
	if got := signInCancelled(t, c, share(), c.member); got != checkin.Cancelled {
		t.Errorf("a parcel of before the cancellation: %s", got)
	}
}

func signInCancelled(t *testing.T, c *county, s *checkin.Service, m actor.Actor) checkin.Answer {
	t.Helper()
	ticket := checkin.NewCodes(testdb.Box(t)).Ticket(checkin.Ticket{List: c.list, Account: m.Account, Issued: c.clk.Now()})
	return must(s.SignIn(t.Context(), m, c.tap1(t, m, ticket)))(t).Answer
}

// A network may bring the same attempt again at any moment: while it is being taken back, before, or
// after. What was taken back stays so.
func TestARepetitionDoesNotUndoAnAnnulment(t *testing.T) {
	d := testdb.Own(t)
	c := newCountyOn(t, d)
	for _, holder := range []string{"here", "there"} {
		if _, err := d.LeaseNode(t.Context(), holder, 8, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	doors := []*checkin.Service{c.checkin, c.elsewhere(t, d)}
	ticket := c.arrive(t, c.member)
	for round := range 2 {
		tap := c.tap1(t, c.member, ticket)
		for _, s := range doors {
			must(s.SignIn(t.Context(), c.member, tap))(t)
		}
		annulled := make(chan error, 1)
		go func() { annulled <- c.checkin.Annul(context.Background(), c.head, c.list, c.member.Persons[0], "") }()
		var again sync.WaitGroup
		for n := range 20 {
			again.Go(func() {
				for range 30 {
					doors[n%2].SignIn(context.Background(), c.member, tap)
				}
			})
		}
		if err := <-annulled; err != nil {
			t.Fatal(err)
		}
		again.Wait()
		for i, s := range doors {
			if r := must(s.SignIn(t.Context(), c.member, tap))(t); r.Answer != checkin.CodeExpired {
				t.Errorf("round %d, instance %d: %+v", round, i, r)
			}
		}
		if n := c.rows(t, "checkins", c.member.Persons[0]); n != 0 {
			t.Errorf("round %d: %d rows", round, n)
		}
	}
}
