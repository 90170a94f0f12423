package election

import (
	"cmp"
	"context"
	"slices"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
)

// Vote puts the ballot of one of the caller's own persons into the urn; a zero choice is a blank one
// (弃权). The mark that the person has voted and the ballot are written together and know nothing of
// each other; the audit line says only that the person took part.
func (s *Service) Vote(ctx context.Context, who actor.Actor, key, person, choice id.ID) error {
	e, err := s.seen(ctx, who, key)
	if err != nil {
		return err
	}
	p, err := s.person(ctx, who, person)
	if err != nil {
		return err
	}
	if err := who.Must(actor.Vote, p.Place()); err != nil {
		return err
	}
	relation, err := s.Accounts.RelationOf(ctx, who.Account, person)
	if err != nil {
		return err
	}
	behalf := relation != identity.Self
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		if e, err = s.store.lock(ctx, key); err != nil {
			return err
		}
		if err := e.MayVote(s.Clock.Now()); err != nil {
			return err
		}
		if choice != 0 {
			round, err := s.store.round(ctx, e)
			if err != nil {
				return err
			}
			if !slices.Contains(personsOf(round.Candidates), choice) {
				return errs.ErrInvalid.With(errs.Field("choice", "请从候选人里选一位"))
			}
		}
		if err := s.store.take(ctx, e, person, Phone, true, behalf, who.Account); err != nil {
			return err
		}
		if err := s.store.cast(ctx, e, []id.ID{choice}); err != nil {
			return err
		}
		return s.log(ctx, who, "election.vote", e, map[string]any{"person": person, "door": Phone, "on_behalf": behalf})
	})
}

// person gives somebody whom the actor sees.
func (s *Service) person(ctx context.Context, who actor.Actor, key id.ID) (ledger.Person, error) {
	p, err := s.Directory.Person(ctx, key)
	if err == nil && !who.Scope(actor.SeePerson).Covers(p.Place()) {
		err = errs.ErrNotFound
	}
	return p, err
}

// HandOut marks that somebody was given a paper ballot: from now on the phone is closed to them.
func (s *Service) HandOut(ctx context.Context, who actor.Actor, key, person id.ID) error {
	return s.paper(ctx, who, key, person, "election.hand_out", func(ctx context.Context, e Election) error {
		err := s.store.take(ctx, e, person, Paper, false, false, who.Account)
		switch e, _ := errs.As(err); {
		case e == nil:
			return err
		case e.Code == ErrVoted.Code:
			return ErrVoted.Say("这位同志已经投过票了")
		case e.Code == ErrHasPaper.Code:
			return ErrHasPaper.Say("这位同志已经领过纸票了")
		}
		return err
	})
}

// TakeBack takes the mark back of a paper that was returned unused.
func (s *Service) TakeBack(ctx context.Context, who actor.Actor, key, person id.ID) error {
	return s.paper(ctx, who, key, person, "election.take_back", func(ctx context.Context, e Election) error {
		return s.store.giveBack(ctx, e, person)
	})
}

func (s *Service) paper(ctx context.Context, who actor.Actor, key, person id.ID, action string, do func(context.Context, Election) error) error {
	if _, err := s.seen(ctx, who, key); err != nil {
		return err
	}
	p, err := s.person(ctx, who, person)
	if err != nil {
		return err
	}
	if err := who.Must(actor.TakePaper, p.Place()); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		e, err := s.store.lock(ctx, key)
		switch {
		case err != nil:
			return err
		case e.State != Open:
			return ErrNotOpen
		case e.Form != Ballot:
			return ErrForm
		}
		if err := do(ctx, e); err != nil {
			return err
		}
		return s.log(ctx, who, action, e, map[string]any{"person": person})
	})
}

// Batch is a pile of paper ballots as it was read out: how many name each candidate, how many are
// blank or spoilt.
type Batch struct {
	Unit  id.ID // zero: all that are out in the alliance, for the lead unit
	Votes []Candidate
	Blank int
}

// EnterPapers puts a pile of paper ballots into the urn. There must be as many as were handed out and
// not yet entered. A unit's own pile wants three: whoever reads out two knows them by the hand, so fewer
// go sealed to the lead unit, which enters them with those of others.
func (s *Service) EnterPapers(ctx context.Context, who actor.Actor, key id.ID, b Batch) error {
	e, err := s.seen(ctx, who, key)
	if err != nil {
		return err
	}
	at := e.At()
	if b.Unit != 0 {
		u, err := s.Directory.Unit(ctx, b.Unit)
		if err != nil {
			return err
		}
		if at = u.Place(); !who.Scope(actor.SeeElection).Covers(at) {
			return errs.ErrNotFound
		}
	}
	if err := who.Must(actor.TakePaper, at); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		if e, err = s.store.lock(ctx, key); err != nil {
			return err
		}
		if e.State != Open {
			return ErrNotOpen
		}
		round, err := s.store.round(ctx, e)
		if err != nil {
			return err
		}
		choices, err := b.choices(round)
		if err != nil {
			return err
		}
		out, err := s.store.countOut(ctx, e, b.Unit)
		switch {
		case err != nil:
			return err
		case out == 0 || len(choices) != out:
			return ErrBatch.Say("领出%d张纸票，录入%d张，请核对", out, len(choices))
		case b.Unit != 0 && out < fewest:
			return ErrFewPapers
		}
		n, err := s.store.enter(ctx, e, b.Unit)
		if err != nil {
			return err
		}
		if n != len(choices) {
			return ErrBatch
		}
		if err := s.store.cast(ctx, e, choices); err != nil {
			return err
		}
		return s.log(ctx, who, "election.enter_papers", e, map[string]any{"unit": b.Unit, "papers": n})
	})
}

// choices spreads the pile into single ballots.
func (b Batch) choices(r Round) ([]id.ID, error) {
	if b.Blank < 0 || b.Blank > r.Expected {
		return nil, errs.ErrInvalid.With(errs.Field("blank", "请填写空白和作废的张数"))
	}
	choices := make([]id.ID, b.Blank)
	for _, c := range b.Votes {
		if c.Votes < 0 || c.Votes > r.Expected || !slices.Contains(personsOf(r.Candidates), c.Person) {
			return nil, errs.ErrInvalid.With(errs.Field("votes", "请填写每位候选人的票数"))
		}
		choices = append(choices, slices.Repeat([]id.ID{c.Person}, c.Votes)...)
	}
	return choices, nil
}

// Count ends the round of a secret ballot: the urn is shaken and opened, unless too few have taken part.
func (s *Service) Count(ctx context.Context, who actor.Actor, key id.ID) (Election, error) {
	return s.step(ctx, who, key, "election.count", func(ctx context.Context, e Election) (Election, map[string]any, error) {
		if e.Form != Ballot {
			return e, nil, ErrForm
		}
		round, err := s.store.round(ctx, e)
		if err != nil {
			return e, nil, err
		}
		m, err := s.store.turnout(ctx, []Election{e})
		if err != nil {
			return e, nil, err
		}
		t, now := m[e.ID], s.Clock.Now()
		if err := e.MayCount(t.Expected, t.Voted, now); err != nil {
			return e, nil, err
		}
		if t.PapersOut > 0 {
			return e, nil, ErrPapersOut.Say("还有%d张纸票没有录入，录完或退回再计票", t.PapersOut)
		}
		choices, err := s.store.shake(ctx, e)
		if err != nil {
			return e, nil, err
		}
		if len(choices) != t.Voted {
			return e, nil, errUrn
		}
		round.Voted = t.Voted
		if t.Voted >= e.Need(t.Expected) {
			tally(&round, choices)
		}
		return s.decide(ctx, e, round)
	})
}

// tally counts what is on the ballots.
func tally(r *Round, choices []id.ID) {
	for _, choice := range choices {
		i := slices.IndexFunc(r.Candidates, func(c Candidate) bool { return c.Person == choice })
		if i < 0 {
			r.Blank++
			continue
		}
		r.Candidates[i].Votes++
	}
}

// RecordShow ends the round of a show of hands with the numbers that were counted at the meeting.
func (s *Service) RecordShow(ctx context.Context, who actor.Actor, key id.ID, present int, counts []Candidate) (Election, error) {
	return s.step(ctx, who, key, "election.show", func(ctx context.Context, e Election) (Election, map[string]any, error) {
		switch {
		case e.Form != Show:
			return e, nil, ErrForm
		case e.State != Open:
			return e, nil, ErrNotOpen
		case s.Clock.Now().Before(e.OpensAt):
			return e, nil, ErrNotYet
		}
		round, err := s.store.round(ctx, e)
		if err != nil {
			return e, nil, err
		}
		if !sameIDs(personsOf(counts), personsOf(round.Candidates)) {
			return e, nil, errs.ErrInvalid.With(errs.Field("counts", "请填写每位候选人的人数"))
		}
		for _, c := range counts {
			i := slices.IndexFunc(round.Candidates, func(o Candidate) bool { return o.Person == c.Person })
			round.Candidates[i] = c
		}
		if err := checkShow(present, round.Expected, round.Candidates); err != nil {
			return e, nil, err
		}
		round.Voted = present
		return s.decide(ctx, e, round)
	})
}

func sameIDs(a, b []id.ID) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// decide writes the figures of a round and what follows from them.
func (s *Service) decide(ctx context.Context, e Election, r Round) (Election, map[string]any, error) {
	now := s.Clock.Now()
	r.Outcome, e.Elected = e.Decide(r)
	e.State, e.UpdatedAt = Counted, now
	if now.Before(e.ClosesAt) {
		e.ClosesAt = now
	}
	r.ClosesAt, r.CountedAt = e.ClosesAt, now
	if err := s.quiet(ctx, e, ""); err != nil {
		return e, nil, err
	}
	return e, map[string]any{"round": r.No, "expected": r.Expected, "voted": r.Voted, "outcome": r.Outcome}, s.store.counted(ctx, e.ID, r)
}

// OnRoll is a person of the roll, for those who hand paper ballots out.
type OnRoll struct {
	Voter
	Name, UnitName string
}

// Roll gives who is on the roll of the current round and who has taken part: of the own unit to a
// liaison, of the alliance to the lead unit and the committee. What somebody chose is nowhere.
func (s *Service) Roll(ctx context.Context, who actor.Actor, key id.ID) ([]OnRoll, error) {
	e, err := s.seen(ctx, who, key)
	if err != nil {
		return nil, err
	}
	scope := who.Scope(actor.TakePaper)
	if scope.Empty() {
		return nil, errs.ErrForbidden
	}
	voters, err := s.store.roll(ctx, e)
	if err != nil {
		return nil, err
	}
	voters = slices.DeleteFunc(voters, func(v Voter) bool {
		return !scope.Covers(actor.Place{Committee: e.Committee, Alliance: e.Alliance, Unit: v.Unit})
	})
	persons := make([]id.ID, len(voters))
	for i, v := range voters {
		persons[i] = v.Person
	}
	people, err := s.Directory.Persons(ctx, persons)
	if err != nil {
		return nil, err
	}
	out := make([]OnRoll, len(voters))
	for i, v := range voters {
		out[i] = OnRoll{Voter: v, Name: people[v.Person].Name, UnitName: people[v.Person].Unit}
	}
	slices.SortStableFunc(out, func(a, b OnRoll) int {
		return cmp.Or(cmp.Compare(a.Unit, b.Unit), cmp.Compare(people[a.Person].SeqNo, people[b.Person].SeqNo))
	})
	return out, nil
}
