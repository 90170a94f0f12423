package election

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/outbox"
	"bense/server/internal/page"
)

// Deps are what a Service works with.
type Deps struct {
	DB         *db.DB
	Box        *crypt.Box
	IDs        *id.Source
	Clock      clock.Clock
	Audit      *audit.Log
	Outbox     *outbox.Outbox
	Directory  Directory
	Accounts   Accounts
	Roles      Roles
	Notices    Notices
	Activities Activities
}

// Service is the elections. Every method checks the actor's permission first.
type Service struct {
	Deps
	store store
}

// NewService makes a Service.
func NewService(d Deps) *Service { return &Service{Deps: d, store: store{d.DB, d.Box}} }

// Create makes a draft of an election with its candidates.
func (s *Service) Create(ctx context.Context, who actor.Actor, p Plan) (Election, error) {
	alliance, err := s.Directory.Alliance(ctx, p.Alliance)
	if err != nil {
		return Election{}, err
	}
	if !who.Scope(actor.SeeElection).Covers(alliance.Place()) {
		return Election{}, errs.ErrNotFound
	}
	if err := who.Must(actor.RunElection, alliance.Place()); err != nil {
		return Election{}, err
	}
	e, err := New(p, alliance.Place(), who.Account, s.IDs.New(), s.Clock.Now())
	if err != nil {
		return Election{}, err
	}
	if err := s.checkCandidates(ctx, e, p.Candidates); err != nil {
		return Election{}, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.insert(ctx, e); err != nil {
			return err
		}
		if err := s.store.nominate(ctx, e.ID, e.Round, p.Candidates); err != nil {
			return err
		}
		return s.log(ctx, who, "election.create", e, map[string]any{"form": e.Form, "candidates": p.Candidates})
	})
	return e, err
}

// checkCandidates wants active members of the alliance.
func (s *Service) checkCandidates(ctx context.Context, e Election, persons []id.ID) error {
	people, err := s.Directory.Persons(ctx, persons)
	if err != nil {
		return err
	}
	for _, key := range persons {
		if p, ok := people[key]; !ok || p.AllianceID != e.Alliance || p.Status != ledger.Active {
			return ErrCandidate
		}
	}
	return nil
}

// Replan changes a draft: all but its alliance.
func (s *Service) Replan(ctx context.Context, who actor.Actor, key id.ID, p Plan) (Election, error) {
	return s.step(ctx, who, key, "election.change", func(ctx context.Context, e Election) (Election, map[string]any, error) {
		e, err := e.Planned(p, s.Clock.Now())
		if err == nil {
			err = s.checkCandidates(ctx, e, p.Candidates)
		}
		if err == nil {
			err = s.store.nominate(ctx, e.ID, e.Round, p.Candidates)
		}
		return e, map[string]any{"form": e.Form, "candidates": p.Candidates}, err
	})
}

// Open starts the vote: whoever is active in the alliance at this moment is on the roll, and is told.
func (s *Service) Open(ctx context.Context, who actor.Actor, key id.ID) (Election, error) {
	return s.step(ctx, who, key, "election.open", func(ctx context.Context, e Election) (Election, map[string]any, error) {
		voters, err := s.electorate(ctx, e)
		if err != nil {
			return e, nil, err
		}
		if e, err = e.Opened(len(voters), s.Clock.Now()); err != nil {
			return e, nil, err
		}
		e, err = s.start(ctx, who, e, voters)
		return e, map[string]any{"expected": len(voters)}, err
	})
}

// Further starts another round after one that decided nothing: among the best, or among all when too
// few had taken part. Its roll is frozen anew.
func (s *Service) Further(ctx context.Context, who actor.Actor, key id.ID, opens, closes time.Time) (Election, error) {
	return s.step(ctx, who, key, "election.further", func(ctx context.Context, e Election) (Election, map[string]any, error) {
		last, err := s.store.round(ctx, e)
		if err != nil {
			return e, nil, err
		}
		voters, err := s.electorate(ctx, e)
		if err != nil {
			return e, nil, err
		}
		e, next, err := e.Further(last, opens, closes, s.Clock.Now())
		if err != nil {
			return e, nil, err
		}
		if err := s.store.nominate(ctx, e.ID, e.Round, personsOf(next)); err != nil {
			return e, nil, err
		}
		e, err = s.start(ctx, who, e, voters)
		return e, map[string]any{"round": e.Round, "expected": len(voters)}, err
	})
}

func (s *Service) electorate(ctx context.Context, e Election) ([]Voter, error) {
	people, err := s.Directory.ActiveInAlliance(ctx, e.Alliance)
	voters := make([]Voter, len(people))
	for i, p := range people {
		voters[i] = Voter{Person: p.ID, Unit: p.UnitID}
	}
	return voters, err
}

// start writes roll and round for candidates who are still there, and tells the roll.
func (s *Service) start(ctx context.Context, who actor.Actor, e Election, voters []Voter) (Election, error) {
	round, err := s.store.round(ctx, e)
	if err != nil {
		return e, err
	}
	if err := s.checkCandidates(ctx, e, personsOf(round.Candidates)); err != nil {
		return e, err
	}
	if err := s.store.insertRound(ctx, e, len(voters)); err != nil {
		return e, err
	}
	if err := s.store.freeze(ctx, e, voters); err != nil {
		return e, err
	}
	return s.call(ctx, who, e)
}

// Prolong moves the end of a running vote to a later time; its notice says so.
func (s *Service) Prolong(ctx context.Context, who actor.Actor, key id.ID, closes time.Time) (Election, error) {
	return s.step(ctx, who, key, "election.prolong", func(ctx context.Context, e Election) (Election, map[string]any, error) {
		if e.State != Open {
			return e, nil, ErrNotOpen
		}
		if !stamp(closes).After(e.ClosesAt) || closes.Sub(e.OpensAt) > maxOpen {
			return e, nil, errs.ErrInvalid.With(errs.Field("closes_at", "结束时间只能往后延，最长两个月"))
		}
		before := e.ClosesAt
		e.ClosesAt, e.UpdatedAt = stamp(closes), s.Clock.Now()
		if err := s.store.until(ctx, e.ID, e.Round, e.ClosesAt); err != nil {
			return e, nil, err
		}
		return e, map[string]any{"closes_at": e.ClosesAt}, s.longer(ctx, who, e, before)
	})
}

// Cancel gives an election up that isn't confirmed.
func (s *Service) Cancel(ctx context.Context, who actor.Actor, key id.ID, reason string) (Election, error) {
	reason = strings.TrimSpace(reason)
	return s.step(ctx, who, key, "election.cancel", func(ctx context.Context, e Election) (Election, map[string]any, error) {
		if e.State == Confirmed || e.State == Cancelled {
			return e, nil, ErrDone
		}
		if err := checkReason(reason); err != nil {
			return e, nil, err
		}
		if err := s.quiet(ctx, e, cmp.Or(reason, "这次推选取消了")); err != nil {
			return e, nil, err
		}
		e.State, e.CancelReason, e.UpdatedAt = Cancelled, reason, s.Clock.Now()
		return e, map[string]any{"reason": reason}, nil
	})
}

// step does one thing to an election under its lock: f gives the election as it then is.
func (s *Service) step(ctx context.Context, who actor.Actor, key id.ID, action string,
	f func(context.Context, Election) (Election, map[string]any, error)) (Election, error) {
	e, err := s.visible(ctx, who, actor.RunElection, key)
	if err != nil {
		return Election{}, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if e, err = s.store.lock(ctx, key); err != nil {
			return err
		}
		var detail map[string]any
		if e, detail, err = f(ctx, e); err != nil {
			return err
		}
		if err := s.store.update(ctx, e); err != nil {
			return err
		}
		return s.log(ctx, who, action, e, detail)
	})
	return e, err
}

// visible gives an election that the actor sees (else 404) and holds the permission over (else 403).
func (s *Service) visible(ctx context.Context, who actor.Actor, perm actor.Permission, key id.ID) (Election, error) {
	e, err := s.seen(ctx, who, key)
	if err != nil {
		return Election{}, err
	}
	return e, who.Must(perm, e.At())
}

func (s *Service) seen(ctx context.Context, who actor.Actor, key id.ID) (Election, error) {
	return s.store.byID(ctx, who.Scope(actor.SeeElection), who.Scope(actor.RunElection), key)
}

func (s *Service) log(ctx context.Context, who actor.Actor, action string, e Election, detail map[string]any) error {
	return s.Audit.Write(ctx, who, audit.Line{Action: action, Kind: "election", Subject: e.ID, Place: e.At(), Detail: detail})
}

// Mine is one of the caller's persons who is on the roll.
type Mine struct {
	Voter
	Name string
}

// Detail is an election with what a page about it shows. Turnout is nil for those who may not see it,
// or when nobody runs.
type Detail struct {
	Election
	AllianceName string
	Rounds       []Round // of the current one the figures are there once it is counted
	People       map[id.ID]ledger.Person
	Mine         []Mine
	Turnout      *Turnout
	MayRun       bool
}

// Current is the round that runs or was counted last.
func (d Detail) Current() Round {
	if len(d.Rounds) < d.Round {
		return Round{No: d.Round}
	}
	return d.Rounds[d.Round-1]
}

// Get gives one election.
func (s *Service) Get(ctx context.Context, who actor.Actor, key id.ID) (Detail, error) {
	e, err := s.seen(ctx, who, key)
	if err != nil {
		return Detail{}, err
	}
	d, err := s.details(ctx, who, []Election{e})
	if err != nil {
		return Detail{}, err
	}
	return d[0], nil
}

// List gives the elections that the actor sees, the newest first.
func (s *Service) List(ctx context.Context, who actor.Actor, f Filter) (page.List[Detail], error) {
	found, err := s.store.list(ctx, who.Scope(actor.SeeElection), who.Scope(actor.RunElection), f)
	if err != nil {
		return page.List[Detail]{}, err
	}
	cut := page.Of(found, f.Page.Size(), func(e Election) string { return e.ID.String() })
	items, err := s.details(ctx, who, cut.Items)
	return page.List[Detail]{Items: items, Next: cut.Next}, err
}

func (s *Service) details(ctx context.Context, who actor.Actor, list []Election) ([]Detail, error) {
	out := make([]Detail, 0, len(list))
	keys := make([]id.ID, len(list))
	for i, e := range list {
		keys[i] = e.ID
	}
	rounds, err := s.store.rounds(ctx, keys)
	if err != nil {
		return nil, err
	}
	voters, err := s.store.votersIn(ctx, list, who.Persons)
	if err != nil {
		return nil, err
	}
	var running []Election
	for _, e := range list {
		if e.State == Open && who.Must(actor.SeeTurnout, e.At()) == nil {
			running = append(running, e)
		}
	}
	turnout, err := s.store.turnout(ctx, running)
	if err != nil {
		return nil, err
	}
	persons := slices.Clone(who.Persons)
	for _, r := range rounds {
		for _, round := range r {
			persons = append(persons, personsOf(round.Candidates)...)
		}
	}
	people, err := s.Directory.Persons(ctx, persons)
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		d := Detail{Election: e, Rounds: rounds[e.ID], People: people, MayRun: who.Must(actor.RunElection, e.At()) == nil}
		a, err := s.Directory.Alliance(ctx, e.Alliance)
		if err != nil {
			return nil, err
		}
		d.AllianceName = a.Name
		if t, ok := turnout[e.ID]; ok {
			d.Turnout = &t
		}
		for _, v := range voters[e.ID] {
			d.Mine = append(d.Mine, Mine{Voter: v, Name: people[v.Person].Name})
		}
		slices.SortFunc(d.Mine, func(a, b Mine) int {
			return slices.Index(who.Persons, a.Person) - slices.Index(who.Persons, b.Person)
		})
		out = append(out, d)
	}
	return out, nil
}

func personsOf(list []Candidate) []id.ID {
	out := make([]id.ID, len(list))
	for i, c := range list {
		out[i] = c.Person
	}
	return out
}
