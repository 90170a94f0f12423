package election_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/election"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

func TestNeed(t *testing.T) {
	for _, c := range []struct {
		form                   election.Form
		quorum, expected, want int
	}{
		{election.Ballot, 50, 24, 13}, {election.Ballot, 50, 25, 13}, {election.Ballot, 80, 25, 21}, {election.Ballot, 99, 12, 12},
		{election.Ballot, 1, 12, 3}, {election.Show, 1, 12, 1}, {election.Show, 50, 2, 2},
	} {
		e := election.Election{Form: c.form, Quorum: c.quorum}
		if got := e.Need(c.expected); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

func TestDecide(t *testing.T) {
	votes := func(list ...int) []election.Candidate {
		out := make([]election.Candidate, len(list))
		for i, n := range list {
			out[i] = election.Candidate{Person: id.ID(i + 1), Votes: n}
		}
		return out
	}
	for name, c := range map[string]struct {
		voted, blank int
		votes        []election.Candidate
		want         election.Outcome
		who          id.ID
		best         int
	}{
		"more than half":                {13, 1, votes(7, 3, 2), election.Elected, 1, 2},
		"half is not more":              {14, 0, votes(7, 4, 3), election.Runoff, 0, 2},
		"blank ballots count as voted":  {13, 5, votes(6, 2, 0), election.Runoff, 0, 2},
		"a tie":                         {14, 0, votes(7, 7), election.Runoff, 0, 2},
		"a tie for the second place":    {13, 0, votes(5, 4, 4), election.Runoff, 0, 3},
		"everybody blank":               {13, 13, votes(0, 0, 0), election.Runoff, 0, 3},
		"one short":                     {12, 0, votes(12, 0), election.NoQuorum, 0, 2},
		"the only candidate":            {13, 6, votes(7), election.Elected, 1, 1},
		"the only candidate is refused": {13, 7, votes(6), election.Nobody, 0, 1},
	} {
		e := election.Election{Form: election.Ballot, Quorum: 50}
		got, who := e.Decide(election.Round{Expected: 24, Voted: c.voted, Blank: c.blank, Candidates: c.votes})
		if got != c.want || who != c.who || len(election.Best(c.votes)) != c.best {
			t.Errorf("%s: %s %d, best %v", name, got, who, election.Best(c.votes))
		}
	}
}

func TestPlan(t *testing.T) {
	now := opens.Add(-time.Hour)
	good := election.Plan{Form: election.Ballot, OpensAt: opens, ClosesAt: opens.Add(time.Hour), Candidates: []id.ID{1, 2}}
	e, err := election.New(good, actor.Place{Committee: 1, Alliance: 2}, 3, 4, now)
	if err != nil || e.Quorum != 50 || e.TermYears != 3 || e.Phase(now) != election.InDraft {
		t.Fatal(e, err)
	}
	for field, spoil := range map[string]func(*election.Plan){
		"form":       func(p *election.Plan) { p.Form = "shout" },
		"quorum":     func(p *election.Plan) { p.Quorum = 100 },
		"term_years": func(p *election.Plan) { p.TermYears = 9 },
		"candidates": func(p *election.Plan) { p.Candidates = []id.ID{1, 1} },
		"opens_at":   func(p *election.Plan) { p.OpensAt = time.Time{} },
		"closes_at":  func(p *election.Plan) { p.ClosesAt = opens },
	} {
		p := good
		spoil(&p)
		_, err := election.New(p, actor.Place{}, 3, 4, now)
		f, ok := errs.As(err)
		if !ok || len(f.Fields) != 1 || f.Fields[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestRoundsUntilSomebodyIsElected(t *testing.T) {
	c := newCounty(t)
	e := c.open(t, c.plan())
	for i, choice := range []int{0, 0, 0, 1, 1, 1, 2} { // 7 of 12: a quorum, no majority, two are level
		if err := c.vote(t, e, i/4, i%4, choice); err != nil {
			t.Fatal(err)
		}
	}
	e = must(c.election.Count(t.Context(), c.lead, e.ID))(t)
	d := must(c.election.Get(t.Context(), c.member(2, 3), e.ID))(t)
	r := d.Current()
	if r.Outcome != election.Runoff || r.Voted != 7 || r.Candidates[0].Votes != 3 || r.Candidates[2].Votes != 1 || d.Elected != 0 {
		t.Fatalf("%+v", r)
	}
	if _, err := c.election.Count(t.Context(), c.lead, e.ID); !errors.Is(err, election.ErrNotOpen) {
		t.Error(err)
	}
	next := c.clk.Now().Add(time.Hour)
	e = must(c.election.Further(t.Context(), c.lead, e.ID, next, next.Add(24*time.Hour)))(t)
	if err := c.vote(t, e, 0, 0, 0); !errors.Is(err, election.ErrNotYet) {
		t.Error(err)
	}
	c.clk.Set(next)
	if err := c.vote(t, e, 0, 0, 2); !errors.Is(err, errs.ErrInvalid) {
		t.Error("a candidate who is out can be chosen:", err)
	}
	for i := range 8 {
		if err := c.vote(t, e, i/4, i%4, min(1, i%4)); err != nil {
			t.Fatal(err)
		}
	}
	e = must(c.election.Count(t.Context(), c.lead, e.ID))(t)
	d = must(c.election.Get(t.Context(), c.head, e.ID))(t)
	want := []string{"陈德明当选。", "得6票，超过一半。", "应到12人，参加8人。"}
	if got := d.Result(d.Current()); !slices.Equal(got, want) || e.Elected != c.persons[1][0] || len(d.Rounds) != 2 {
		t.Error(got, e.Elected)
	}
	if _, err := c.election.Further(t.Context(), c.lead, e.ID, next, next.Add(time.Hour)); !errors.Is(err, election.ErrNoFurther) {
		t.Error(err)
	}
}

func TestWithoutQuorumNothingIsOpened(t *testing.T) {
	c := newCounty(t)
	e := c.open(t, c.plan())
	for i := range 6 {
		if err := c.vote(t, e, i/4, i%4, 0); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.election.Count(t.Context(), c.lead, e.ID); !errors.Is(err, election.ErrStill) {
		t.Error("counted early:", err)
	}
	c.clk.Set(e.ClosesAt)
	if err := c.vote(t, e, 2, 0, 0); !errors.Is(err, election.ErrOver) {
		t.Error(err)
	}
	e = must(c.election.Count(t.Context(), c.lead, e.ID))(t)
	d := must(c.election.Get(t.Context(), c.staff, e.ID))(t)
	r := d.Current()
	if r.Outcome != election.NoQuorum || r.Voted != 6 || r.Candidates[0].Votes != 0 || e.Elected != 0 {
		t.Fatalf("%+v", r)
	}
	next := c.clk.Now()
	e = must(c.election.Further(t.Context(), c.lead, e.ID, next, next.Add(time.Hour)))(t)
	if d = must(c.election.Get(t.Context(), c.staff, e.ID))(t); len(d.Current().Candidates) != 3 {
		t.Error("the repetition has other candidates")
	}
}

func TestShowOfHands(t *testing.T) {
	c := newCounty(t)
	p := c.plan()
	p.Form, p.Candidates = election.Show, p.Candidates[:2]
	e := c.open(t, p)
	ctx := t.Context()
	hands := func(first, second int) []election.Candidate {
		return []election.Candidate{{Person: p.Candidates[0], Votes: first, Against: 9 - first}, {Person: p.Candidates[1], Votes: second, Abstain: 9 - second}}
	}
	if err := c.vote(t, e, 0, 0, 0); !errors.Is(err, election.ErrForm) {
		t.Error(err)
	}
	for _, bad := range []struct {
		present int
		counts  []election.Candidate
	}{{9, hands(2, 8)[:1]}, {8, hands(2, 8)}, {13, hands(2, 8)}, {0, nil}} {
		if _, err := c.election.RecordShow(ctx, c.lead, e.ID, bad.present, bad.counts); !errors.Is(err, errs.ErrInvalid) {
			t.Error(bad.present, err)
		}
	}
	e = must(c.election.RecordShow(ctx, c.lead, e.ID, 9, hands(2, 8)))(t)
	d := must(c.election.Get(ctx, c.head, e.ID))(t)
	if e.Elected != p.Candidates[1] || d.Current().Candidates[0].Against != 7 || d.Result(d.Current())[1] != "8人赞成，超过一半。" {
		t.Error(d.Result(d.Current()))
	}
}

func TestWhoMayRunAnElection(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	for name, x := range map[string]struct {
		who  actor.Actor
		want error
	}{
		"member": {c.member(0, 0), errs.ErrForbidden}, "head": {c.head, errs.ErrForbidden}, "liaison": {c.liaison, errs.ErrForbidden},
		"other alliance": {c.foreign, errs.ErrNotFound},
	} {
		if _, err := c.election.Create(ctx, x.who, c.plan()); !errors.Is(err, x.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	stranger := c.plan()
	stranger.Candidates = append(stranger.Candidates, c.persons[3][0])
	if _, err := c.election.Create(ctx, c.lead, stranger); !errors.Is(err, election.ErrCandidate) {
		t.Error(err)
	}
	e := must(c.election.Create(ctx, c.lead, c.plan()))(t)
	if _, err := c.election.Get(ctx, c.member(0, 0), e.ID); !errors.Is(err, errs.ErrNotFound) {
		t.Error("a member sees a draft:", err)
	}
	if _, err := c.election.Open(ctx, c.head, e.ID); !errors.Is(err, errs.ErrNotFound) {
		t.Error(err)
	}
	e = must(c.election.Open(ctx, c.staff, e.ID))(t)
	if _, err := c.election.Replan(ctx, c.lead, e.ID, c.plan()); !errors.Is(err, election.ErrNotDraft) {
		t.Error(err)
	}
	second := must(c.election.Create(ctx, c.lead, c.plan()))(t)
	if _, err := c.election.Open(ctx, c.lead, second.ID); !errors.Is(err, election.ErrRunning) {
		t.Error("two at once:", err)
	}
	must(c.election.Cancel(ctx, c.lead, e.ID, "改期"))(t)
	must(c.election.Open(ctx, c.lead, second.ID))(t)
}
