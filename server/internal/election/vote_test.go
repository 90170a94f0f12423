package election_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"bense/server/internal/actor"
	"bense/server/internal/election"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

func TestOnePersonOneBallot(t *testing.T) {
	c := newCounty(t)
	e := c.open(t, c.plan())
	ctx := t.Context()
	if err := c.vote(t, e, 0, 1, 0); err != nil {
		t.Fatal(err)
	}
	err := c.vote(t, e, 0, 1, 1)
	if got, ok := errs.As(err); !ok || got.Message != "您已经投过票了" || got.Kind != errs.Conflict {
		t.Error(err)
	}
	if err := c.election.HandOut(ctx, c.liaison, e.ID, c.persons[0][1]); !errors.Is(err, election.ErrVoted) {
		t.Error(err)
	}
	if err := c.election.HandOut(ctx, c.liaison, e.ID, c.persons[0][2]); err != nil {
		t.Fatal(err)
	}
	if err := c.vote(t, e, 0, 2, 0); !errors.Is(err, election.ErrHasPaper) {
		t.Error(err)
	}
	if err := c.election.TakeBack(ctx, c.liaison, e.ID, c.persons[0][2]); err != nil {
		t.Fatal(err)
	}
	if err := c.vote(t, e, 0, 2, -1); err != nil {
		t.Error("a paper that was given back:", err)
	}
	if err := c.election.TakeBack(ctx, c.liaison, e.ID, c.persons[0][2]); !errors.Is(err, election.ErrNoPaper) {
		t.Error(err)
	}
	daughter := c.member(0, 3)
	c.ties.family[daughter.Account] = c.persons[0][3]
	if err := c.election.Vote(ctx, daughter, e.ID, c.persons[0][3], c.plan().Candidates[1]); err != nil {
		t.Fatal(err)
	}
	roll := must(c.election.Roll(ctx, c.liaison, e.ID))(t)
	if len(roll) != 4 || !roll[3].OnBehalf || roll[1].OnBehalf || !roll[1].Cast || roll[0].Door != "" {
		t.Errorf("%+v", roll)
	}
}

func TestWhoMayVoteForWhom(t *testing.T) {
	c := newCounty(t)
	must(c.ledger.CreatePerson(t.Context(), actor.System, c.units[0], 0, fieldsOf("关晚到")))(t)
	e := c.open(t, c.plan())
	after := must(c.ledger.CreatePerson(t.Context(), actor.System, c.units[0], 0, fieldsOf("关后来")))(t).ID
	newcomer := c.member(0, 0)
	newcomer.Persons, newcomer.Grants[0].Place.Person = []id.ID{after}, after
	choice := c.plan().Candidates[0]
	for name, x := range map[string]struct {
		who    actor.Actor
		person id.ID
		want   error
	}{
		"another person":     {c.member(0, 0), c.persons[0][1], errs.ErrNotFound},
		"the liaison":        {c.liaison, c.persons[0][1], errs.ErrForbidden},
		"the head":           {c.head, c.persons[1][1], errs.ErrForbidden},
		"the committee":      {c.staff, c.persons[1][1], errs.ErrForbidden},
		"the other alliance": {c.member(3, 0), c.persons[3][0], errs.ErrNotFound},
		"after the opening":  {newcomer, after, election.ErrNotOnRoll},
	} {
		if err := c.election.Vote(t.Context(), x.who, e.ID, x.person, choice); !errors.Is(err, x.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if d := must(c.election.Get(t.Context(), c.head, e.ID))(t); d.Turnout.Expected != 13 || d.Turnout.Voted != 0 {
		t.Error(d.Turnout)
	}
}

func TestPaperBatches(t *testing.T) {
	c := newCounty(t)
	e := c.open(t, c.plan())
	ctx := t.Context()
	give := func(who actor.Actor, unit int, people ...int) {
		t.Helper()
		for _, n := range people {
			if err := c.election.HandOut(ctx, who, e.ID, c.persons[unit][n]); err != nil {
				t.Fatal(err)
			}
		}
	}
	pile := func(unit id.ID, first, second, blank int) election.Batch {
		return election.Batch{Unit: unit, Blank: blank, Votes: []election.Candidate{
			{Person: c.plan().Candidates[0], Votes: first}, {Person: c.plan().Candidates[1], Votes: second}}}
	}
	give(c.liaison, 0, 0, 1)
	if err := c.election.HandOut(ctx, c.liaison, e.ID, c.persons[1][0]); !errors.Is(err, errs.ErrNotFound) {
		t.Error("a paper for another unit:", err)
	}
	if err := c.election.EnterPapers(ctx, c.liaison, e.ID, pile(c.units[0], 2, 0, 0)); !errors.Is(err, election.ErrFewPapers) {
		t.Error("two papers of one unit:", err)
	}
	give(c.liaison, 0, 2)
	if err := c.election.EnterPapers(ctx, c.liaison, e.ID, pile(c.units[0], 2, 0, 0)); !errors.Is(err, election.ErrBatch) {
		t.Error("fewer than were handed out:", err)
	}
	if err := c.election.EnterPapers(ctx, c.liaison, e.ID, pile(0, 2, 1, 0)); !errors.Is(err, errs.ErrForbidden) {
		t.Error("the alliance's papers by a liaison:", err)
	}
	if err := c.election.EnterPapers(ctx, c.liaison, e.ID, pile(c.units[0], 2, 0, 1)); err != nil {
		t.Fatal(err)
	}
	if err := c.election.EnterPapers(ctx, c.liaison, e.ID, pile(c.units[0], 2, 0, 1)); !errors.Is(err, election.ErrBatch) {
		t.Error("the same pile twice:", err)
	}
	give(c.lead, 1, 0, 1)
	give(c.lead, 2, 0, 1)
	if _, err := c.election.Count(ctx, c.lead, e.ID); !errors.Is(err, election.ErrStill) && !errors.Is(err, election.ErrPapersOut) {
		t.Error(err)
	}
	c.clk.Set(e.ClosesAt)
	if _, err := c.election.Count(ctx, c.lead, e.ID); !errors.Is(err, election.ErrPapersOut) {
		t.Error("papers are out:", err)
	}
	if err := c.election.EnterPapers(ctx, c.lead, e.ID, pile(0, 4, 0, 0)); err != nil {
		t.Fatal(err)
	}
	e = must(c.election.Count(ctx, c.lead, e.ID))(t)
	d := must(c.election.Get(ctx, c.lead, e.ID))(t)
	if r := d.Current(); r.Voted != 7 || r.Blank != 1 || r.Candidates[0].Votes != 6 || e.Elected != c.persons[0][0] {
		t.Errorf("%+v", r)
	}
}

// Twenty at once: ten phones bound to the person and ten attempts to hand a paper out. One wins.
func TestOneBallotOverBothDoors(t *testing.T) {
	c := newCounty(t)
	e := c.open(t, c.plan())
	won := make([]string, 20)
	var ready, done sync.WaitGroup
	ready.Add(1)
	for i := range 20 {
		done.Go(func() {
			ready.Wait()
			var err error
			if i%2 == 0 {
				err = c.vote(t, e, 0, 1, i%3)
			} else {
				err = c.election.HandOut(t.Context(), c.liaison, e.ID, c.persons[0][1])
			}
			switch {
			case err == nil:
				won[i] = []string{"phone", "paper"}[i%2]
			case !errors.Is(err, election.ErrVoted) && !errors.Is(err, election.ErrHasPaper):
				t.Error(err)
			}
		})
	}
	ready.Done()
	done.Wait()
	won = slices.DeleteFunc(won, func(s string) bool { return s == "" })
	if len(won) != 1 {
		t.Fatal(won)
	}
	ballots := len(c.rows(t, "SELECT id FROM election_ballots WHERE election_id = ?", e.ID))
	if want := map[string]int{"phone": 1, "paper": 0}[won[0]]; ballots != want {
		t.Errorf("%s won, %d ballots", won[0], ballots)
	}
}

// Twenty at once press the last buttons: one counts, nothing is counted twice.
func TestCountedOnce(t *testing.T) {
	c := newCounty(t)
	e := c.open(t, c.plan())
	for i := range 8 {
		if err := c.vote(t, e, i/4, i%4, 0); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	counted, late := 0, 0
	var done sync.WaitGroup
	for i := range 20 {
		done.Go(func() {
			if i < 4 { // the last voters come in between, or too late
				err := c.vote(t, e, 2, i, 1)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					late++
				} else if !errors.Is(err, election.ErrOver) {
					t.Error(err)
				}
				return
			}
			_, err := c.election.Count(t.Context(), c.lead, e.ID)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				counted++
			} else if !errors.Is(err, election.ErrNotOpen) {
				t.Error(err)
			}
		})
	}
	done.Wait()
	r := must(c.election.Get(t.Context(), c.lead, e.ID))(t).Current()
	if counted != 1 || r.Voted != 8+late || r.Candidates[0].Votes != 8 || r.Candidates[1].Votes != late {
		t.Errorf("counted %d times, %d late: %+v", counted, late, r)
	}
}

// Whatever happens in whatever order, there are as many ballots in the urn as people who have cast one,
// and the figures add up.
func TestBallotsAreParticipants(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			c := newCounty(t)
			e := c.open(t, c.plan())
			rnd := rand.New(rand.NewPCG(seed, 7))
			ctx := t.Context()
			for range 60 {
				unit, n := rnd.IntN(3), rnd.IntN(4)
				person := c.persons[unit][n]
				switch rnd.IntN(5) {
				case 0, 1:
					c.vote(t, e, unit, n, rnd.IntN(4)-1)
				case 2:
					c.election.HandOut(ctx, c.lead, e.ID, person)
				case 3:
					c.election.TakeBack(ctx, c.lead, e.ID, person)
				case 4:
					c.election.EnterPapers(ctx, c.lead, e.ID, election.Batch{Blank: rnd.IntN(2), Votes: []election.Candidate{
						{Person: c.plan().Candidates[rnd.IntN(3)], Votes: rnd.IntN(4)}}})
				}
				ballots := c.rows(t, "SELECT id FROM election_ballots WHERE election_id = ?", e.ID)
				marks := c.rows(t, "SELECT person_id FROM election_voters WHERE election_id = ? AND cast_in = 1", e.ID)
				if len(ballots) != len(marks) {
					t.Fatalf("%d ballots, %d people", len(ballots), len(marks))
				}
			}
			for _, v := range must(c.election.Roll(ctx, c.lead, e.ID))(t) {
				c.election.TakeBack(ctx, c.lead, e.ID, v.Person)
			}
			c.clk.Set(e.ClosesAt)
			must(c.election.Count(ctx, c.lead, e.ID))(t)
			r := must(c.election.Get(ctx, c.lead, e.ID))(t).Current()
			sum := r.Blank
			for _, k := range r.Candidates {
				sum += k.Votes
			}
			if r.Outcome != election.NoQuorum && sum != r.Voted {
				t.Errorf("%+v adds up to %d", r, sum)
			}
		})
	}
}

// Somebody with the database in hand, who kept a copy of the ballots after each vote, learns nothing:
// no column joins the tables, numbers and places of the ballots don't follow the order of the votes, and
// after the count no ballot is one of the copies.
func TestNobodyCanJoinBallotAndVoter(t *testing.T) {
	c := newCounty(t)
	e := c.open(t, c.plan())
	var order []string // ids in the order in which they appeared
	copies := map[string]bool{}
	for i := range 12 {
		if err := c.vote(t, e, i/4, i%4, i%3); err != nil {
			t.Fatal(err)
		}
		for _, r := range c.rows(t, "SELECT id, choice_enc FROM election_ballots WHERE election_id = ?", e.ID) {
			if !slices.Contains(order, r[0]) {
				order = append(order, r[0])
				copies[r[1]] = true
			}
		}
	}
	table := c.rows(t, "SELECT * FROM election_ballots WHERE election_id = ?", e.ID)
	if len(table[0]) != 4 {
		t.Errorf("a ballot has %d columns: what is the new one for?", len(table[0]))
	}
	var stored []string
	lengths := map[int]bool{}
	for _, r := range table {
		stored = append(stored, r[0])
		lengths[len(r[3])] = true
		for _, list := range c.persons {
			for _, p := range list {
				if strings.Contains(strings.Join(r, " "), p.String()) {
					t.Error("a person stands on a ballot")
				}
			}
		}
	}
	if len(lengths) != 1 {
		t.Error("the length of a sealed choice tells it:", lengths)
	}
	if slices.Equal(order, stored) || slices.IsSorted(order) {
		t.Error("the ballots lie in the order of the votes")
	}
	if c.db.Engine() == "sqlite" {
		for _, r := range c.rows(t, "SELECT id, rowid FROM election_ballots WHERE election_id = ?", e.ID) {
			if r[0] != r[1] {
				t.Fatal("SQLite keeps a row number beside the random id")
			}
		}
	}
	lines := c.rows(t, "SELECT detail_enc FROM audit_lines WHERE action = 'election.vote' AND subject_id = ?", e.ID)
	for _, l := range lines {
		plain := must(c.box.Open([]byte(l[0]), "audit_lines.detail"))(t)
		if strings.Contains(string(plain), "choice") || strings.Count(string(plain), ":") != 3 {
			t.Errorf("the audit line says too much: %s", plain)
		}
	}
	if len(lines) != 12 {
		t.Error(len(lines))
	}
	must(c.election.Count(t.Context(), c.lead, e.ID))(t)
	for _, r := range c.rows(t, "SELECT id, choice_enc FROM election_ballots WHERE election_id = ?", e.ID) {
		if copies[r[1]] || slices.Contains(order, r[0]) {
			t.Error("a ballot can be followed through the count")
		}
	}
}

func TestNoFiguresWhileItRuns(t *testing.T) {
	c := newCounty(t)
	call := c.serve(t)
	e := c.open(t, c.plan())
	path := "/elections/" + e.ID.String()
	for i := range 4 {
		for _, who := range []string{"lead", "head", "staff", "member"} {
			_, v := call(who, "GET", path, "")
			text := fmt.Sprint(v)
			if strings.Contains(text, "votes") || strings.Contains(text, "outcome") {
				t.Fatalf("%s reads running totals: %s", who, text)
			}
			p, _ := v["progress"].(map[string]any)
			switch voted, there := p["voted"]; {
			case who == "member" && p != nil:
				t.Error("a member sees the turnout")
			case who != "member" && i < 3 && there:
				t.Errorf("%d ballots are told", i)
			case who != "member" && i == 3 && voted != 3.0:
				t.Error(voted)
			}
		}
		if err := c.vote(t, e, 1, i, 0); err != nil {
			t.Fatal(err)
		}
	}
}
