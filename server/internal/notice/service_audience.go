package notice

import (
	"context"
	"slices"
	"strings"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// addressees gives the people of a notice as the ledger has them now: nobody who moved away or died.
func (s *Service) addressees(ctx context.Context, n Notice) ([]ledger.Person, error) {
	people, err := s.Directory.ActiveInAlliance(ctx, n.Alliance)
	if err != nil {
		return nil, err
	}
	if n, err = s.withNamed(ctx, n); err != nil {
		return nil, err
	}
	silent, teams := map[id.ID]bool{}, map[id.ID][]string{}
	if n.Audience.Kind == SomeTeams {
		if teams, err = s.Directory.TeamsInAlliance(ctx, n.Alliance); err != nil {
			return nil, err
		}
	}
	if n.Audience.Kind == NotAnswered {
		main, err := s.store.any(ctx, n.Follows)
		if err != nil {
			return nil, err
		}
		if main.State != Published { // it has ended since this one was written
			return nil, ErrFollows
		}
		rows, err := s.silent(ctx, main)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			silent[r.Person] = true
		}
	}
	if people = n.Audience.among(people, silent, teams); len(people) == 0 {
		return nil, n.Audience.nobody()
	}
	return people, nil
}

// withNamed gives the notice with what its audience names.
func (s *Service) withNamed(ctx context.Context, n Notice) (Notice, error) {
	named, err := s.store.named(ctx, []id.ID{n.ID})
	n.Audience.Subjects, n.Audience.Teams = named[n.ID].Subjects, named[n.ID].Teams
	return n, err
}

// silent gives the recipients of a notice who have not answered to its activity, not even before it went out.
func (s *Service) silent(ctx context.Context, n Notice) ([]Recipient, error) {
	rows, err := s.store.silent(ctx, n.ID)
	if err != nil || len(rows) == 0 || s.activities == nil {
		return rows, err
	}
	said, err := s.activities.Answers(ctx, n.Activity, personsOf(rows))
	return slices.DeleteFunc(rows, func(r Recipient) bool { return said[r.Person].Answer != "" }), err
}

// Address chooses the people of a draft. A notice that follows another one goes to those of its people who
// have not answered to its activity, and shows that activity.
func (s *Service) Address(ctx context.Context, who actor.Actor, key id.ID, a Audience, follows id.ID) (Item, error) {
	n, err := s.ownable(ctx, who, key)
	if err != nil {
		return Item{}, err
	}
	slices.Sort(a.Subjects)
	a.Subjects = slices.Compact(a.Subjects)
	a.Teams = ledger.TeamNames(strings.Join(a.Teams, "、")) // each team once, however it is spelled
	if err := a.check(follows); err != nil {
		return Item{}, err
	}
	var main Notice
	if follows != 0 {
		if main, err = s.seen(ctx, who, follows); err != nil {
			return Item{}, err
		}
		if main.Alliance != n.Alliance || main.Activity == 0 || main.State != Published || main.Follows != 0 || n.Activity != 0 && n.Activity != main.Activity {
			return Item{}, ErrFollows
		}
	}
	if err := s.known(ctx, n, a); err != nil {
		return Item{}, err
	}
	return s.change(ctx, who, key, "notice.address", func(was Notice) (Notice, error) {
		if err := was.open(); err != nil {
			return was, err
		}
		switch {
		case follows != 0:
			was.Activity = main.Activity
		case was.Follows != 0:
			was.Activity = 0
		}
		was.Audience, was.Follows = a, follows
		return was.redrawn(s.Clock.Now()), nil
	}, func(ctx context.Context) error { return s.store.setNamed(ctx, key, a) })
}

// known reports ErrAudience for what an audience names of elsewhere, or what has nobody.
func (s *Service) known(ctx context.Context, n Notice, a Audience) error {
	if n.Whole() != (a.Kind == SomeAlliances) && a.Kind != AllOfAlliance && a.Kind != SomeTeams {
		return ErrAudience
	}
	if !a.names() {
		return nil
	}
	places := []ledger.Alliance{{ID: n.Alliance}}
	if n.Whole() {
		var err error
		if places, err = s.alliances(ctx, n.Committee); err != nil {
			return err
		}
	}
	have, names := map[id.ID]bool{}, map[string]bool{}
	for _, place := range places {
		people, teams, err := s.members(ctx, place.ID)
		if err != nil {
			return err
		}
		for _, p := range people {
			switch a.Kind {
			case SomeUnits:
				have[p.UnitID] = true
			case SomeBranches:
				have[p.BranchID] = p.BranchID != 0
			case SomeAlliances:
				have[place.ID] = true
			}
			for _, name := range teams[p.ID] {
				names[ledger.TeamKey(name)] = true
			}
		}
	}
	if slices.ContainsFunc(a.Subjects, func(sub id.ID) bool { return !have[sub] }) ||
		slices.ContainsFunc(a.Teams, func(name string) bool { return !names[ledger.TeamKey(name)] }) {
		return ErrAudience
	}
	return nil
}

// members gives the active people of an alliance, and the teams that they named.
func (s *Service) members(ctx context.Context, alliance id.ID) ([]ledger.Person, map[id.ID][]string, error) {
	people, err := s.Directory.ActiveInAlliance(ctx, alliance)
	if err != nil {
		return nil, nil, err
	}
	teams, err := s.Directory.TeamsInAlliance(ctx, alliance)
	return people, teams, err
}

// Choices counts the people among whom a notice of an alliance can choose.
func (s *Service) Choices(ctx context.Context, who actor.Actor, alliance id.ID) (Choice, error) {
	a, err := s.Directory.Alliance(ctx, alliance)
	if err != nil {
		return Choice{}, err
	}
	if !who.Scope(actor.SeeOrg).Covers(a.Place()) {
		return Choice{}, errs.ErrNotFound
	}
	if err := who.Must(actor.WriteNotice, a.Place()); err != nil {
		return Choice{}, err
	}
	people, teams, err := s.members(ctx, alliance)
	if err != nil {
		return Choice{}, err
	}
	read, err := s.reads(ctx, people)
	if err != nil {
		return Choice{}, err
	}
	c := choice(people, read, teams)
	running, err := s.store.running(ctx, alliance)
	if err != nil {
		return c, err
	}
	for _, n := range running {
		rows, err := s.silent(ctx, n)
		if err != nil {
			return c, err
		}
		part := Part{ID: n.ID, Name: n.Title, People: len(rows)}
		for _, r := range rows {
			if !read(r.Person) {
				part.Calls++
			}
		}
		c.Silent = append(c.Silent, part)
	}
	return c, nil
}

// reads tells of people whether an account acts for them, so that they can read by themselves.
func (s *Service) reads(ctx context.Context, people []ledger.Person) (func(id.ID) bool, error) {
	ids := make([]id.ID, 0, len(people))
	for _, p := range people {
		ids = append(ids, p.ID)
	}
	_, accounts, err := s.audience(ctx, ids)
	return func(p id.ID) bool { return len(accounts[p]) > 0 }, err
}
