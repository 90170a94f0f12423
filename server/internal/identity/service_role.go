package identity

import (
	"context"
	"errors"
	"slices"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/page"
)

// RoleHolder is a grant with the name of its holder, whoever that is.
type RoleHolder struct {
	RoleGrant
	Name string
}

// Vacancies gives the units without a liaison within the scope in which who may give roles, by id.
func (s *Service) Vacancies(ctx context.Context, who actor.Actor, p page.Page) (page.List[ledger.Unit], error) {
	scope := who.Scope(actor.GrantRole)
	if scope.Empty() {
		return page.List[ledger.Unit]{}, errs.ErrForbidden
	}
	found, err := s.store.vacancies(ctx, scope, p, s.clk.Now())
	return page.Of(found, p.Size(), func(u ledger.Unit) string { return u.ID.String() }), err
}

// Roles gives the roles in force within the scope in which who may give them, of one unit when it is given.
func (s *Service) Roles(ctx context.Context, who actor.Actor, unit id.ID, p page.Page) (page.List[RoleHolder], error) {
	scope := who.Scope(actor.GrantRole)
	if scope.Empty() {
		return page.List[RoleHolder]{}, errs.ErrForbidden
	}
	grants, err := s.store.grantsIn(ctx, scope, unit, p, s.clk.Now())
	if err != nil {
		return page.List[RoleHolder]{}, err
	}
	list := page.Of(grants, p.Size(), func(g RoleGrant) string { return g.ID.String() })
	items, err := s.named(ctx, list.Items)
	return page.List[RoleHolder]{Items: items, Next: list.Next}, err
}

// named adds the names of holders that stand elsewhere: in the ledger, or with the account.
func (s *Service) named(ctx context.Context, grants []RoleGrant) ([]RoleHolder, error) {
	var personIDs, accountIDs []id.ID
	for _, g := range grants {
		switch {
		case g.Person != 0:
			personIDs = append(personIDs, g.Person)
		case g.HolderName == "" && g.Account != 0:
			accountIDs = append(accountIDs, g.Account)
		}
	}
	persons, err := s.dir.Persons(ctx, personIDs)
	if err != nil {
		return nil, err
	}
	accounts, err := s.AccountName(ctx, accountIDs)
	if err != nil {
		return nil, err
	}
	out := make([]RoleHolder, 0, len(grants))
	for _, g := range grants {
		name := firstOf(g.HolderName, firstOf(persons[g.Person].Name, accounts[g.Account]))
		out = append(out, RoleHolder{RoleGrant: g, Name: name})
	}
	return out, nil
}

// Role gives one role in force, if it lies where who may give roles.
func (s *Service) Role(ctx context.Context, who actor.Actor, grant id.ID) (RoleHolder, error) {
	g, err := s.roleFor(ctx, who, grant)
	if err != nil {
		return RoleHolder{}, err
	}
	named, err := s.named(ctx, []RoleGrant{g})
	if err != nil {
		return RoleHolder{}, err
	}
	return named[0], nil
}

func (s *Service) roleFor(ctx context.Context, who actor.Actor, grant id.ID) (RoleGrant, error) {
	scope := who.Scope(actor.GrantRole)
	if scope.Empty() {
		return RoleGrant{}, errs.ErrForbidden
	}
	return s.store.grant(ctx, scope, grant, s.clk.Now())
}

// Grant gives a role. A role that the holder has already is answered with the existing grant.
// Outside of who's own scope everything is forbidden, whether it exists or not.
func (s *Service) Grant(ctx context.Context, who actor.Actor, req GrantRequest) (id.ID, error) {
	if !who.May(actor.GrantRole) {
		return 0, errs.ErrForbidden
	}
	if !who.System {
		req.AccountID, req.OpenID = 0, ""
	}
	req, err := req.clean(s.clk.Now())
	if err != nil {
		return 0, err
	}
	at, err := s.placeOf(ctx, req)
	if errors.Is(err, errs.ErrNotFound) && !who.System {
		return 0, errs.ErrForbidden
	}
	if err != nil {
		return 0, err
	}
	if err := mayGrant(who, req.Role, at); err != nil {
		return 0, err
	}
	if err := s.checkHolder(ctx, who, req, at); err != nil {
		return 0, err
	}
	g := RoleGrant{ID: s.ids.New(), Role: req.Role, Place: at, Person: req.PersonID,
		HolderName: req.HolderName, Phone: req.Phone, CreatedAt: s.clk.Now(), Term: req.Term}
	var held id.ID
	var accounts []id.ID
	err = s.twice(ctx, func(ctx context.Context) error {
		if err := s.Confirmed(ctx, who, ConfirmRole, seat(g.Role, at)); err != nil {
			return err
		}
		holder, err := s.holderOf(ctx, req)
		if err != nil {
			return err
		}
		g.Account, held = holder.ID, g.ID
		if accounts, err = s.holders(ctx, g); err != nil {
			return err
		}
		same, err := s.store.sameGrants(ctx, g, s.clk.Now())
		if err != nil {
			return err
		}
		for _, o := range same {
			if o.DeputyOf == 0 && o.Term.equal(g.Term) {
				held = o.ID
				return nil
			}
		}
		if err := s.store.insertGrant(ctx, g, who.Account); err != nil {
			return err
		}
		if g.Account != 0 && holder.Name == "" && g.HolderName != "" {
			if err := s.store.setName(ctx, g.Account, g.HolderName); err != nil {
				return err
			}
		}
		return s.note(ctx, who, "grant_role", "role", g.ID, at,
			map[string]any{"role": g.Role, "account": g.Account, "person": g.Person, "from": g.Term.From, "until": g.Term.Until})
	})
	if err != nil {
		return 0, err
	}
	s.known.changed(ctx, accounts...)
	return held, nil
}

// placeOf gives the place for which a role is asked.
func (s *Service) placeOf(ctx context.Context, r GrantRequest) (actor.Place, error) {
	switch r.Role {
	case actor.Liaison:
		u, err := s.dir.Unit(ctx, r.UnitID)
		return u.Place(), err
	case actor.CommitteeStaff, actor.Viewer:
		c, err := s.dir.Committee(ctx, r.CommitteeID)
		return c.Place(), err
	}
	a, err := s.dir.Alliance(ctx, r.AllianceID)
	return a.Place(), err
}

// checkHolder wants a head to be a living member of the alliance, whom who may see.
func (s *Service) checkHolder(ctx context.Context, who actor.Actor, r GrantRequest, at actor.Place) error {
	if r.PersonID == 0 {
		return nil
	}
	p, err := s.dir.Person(ctx, r.PersonID)
	switch {
	case err != nil:
		return err
	case !who.Scope(actor.SeePerson).Covers(p.Place()):
		return errs.ErrNotFound
	case p.Status != ledger.Active:
		return ErrInactive
	case p.AllianceID != at.Alliance:
		return errs.ErrInvalid.With(errs.Field("person_id", "这位同志不在这个联盟"))
	}
	return nil
}

// holderOf gives the account that holds the role at once; none when it waits for its phone number
// or follows from a person.
func (s *Service) holderOf(ctx context.Context, r GrantRequest) (profile, error) {
	switch {
	case r.OpenID != "":
		return s.account(ctx, r.OpenID)
	case r.AccountID != 0:
		return s.store.profile(ctx, r.AccountID)
	case r.PersonID != 0:
		return profile{}, nil
	}
	p, err := s.store.profileByPhone(ctx, r.Phone)
	if errors.Is(err, errs.ErrNotFound) {
		return profile{}, nil
	}
	return p, err
}

// Revoke takes a role back, with every equal one that the same holder has.
func (s *Service) Revoke(ctx context.Context, who actor.Actor, grant id.ID) error {
	g, err := s.roleFor(ctx, who, grant)
	if err != nil {
		return err
	}
	if err := mayGrant(who, g.Role, g.Place); err != nil {
		return err
	}
	if g.Account != 0 && g.Account == who.Account || g.Person != 0 && who.ActsFor(g.Person) {
		return ErrOwnRole // the last of an office can't lock everybody out
	}
	var accounts []id.ID
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.Confirmed(ctx, who, ConfirmRole, seat(g.Role, g.Place)); err != nil {
			return err
		}
		g, err := s.store.grant(ctx, actor.Scope{All: true}, grant, s.clk.Now()) // it may have found its holder meanwhile
		if err != nil {
			return err
		}
		if accounts, err = s.holders(ctx, g); err != nil {
			return err
		}
		same, err := s.store.sameGrants(ctx, g, s.clk.Now())
		if err != nil {
			return err
		}
		ids := make([]id.ID, 0, len(same))
		for _, o := range same {
			ids = append(ids, o.ID)
		}
		deputies, err := s.store.deputies(ctx, ids, s.clk.Now())
		if err != nil {
			return err
		}
		for _, d := range deputies { // who stands in for somebody goes with them
			ids, accounts = append(ids, d.ID), append(accounts, d.Account)
		}
		n, err := s.store.revoke(ctx, ids, who.Account, s.clk.Now())
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.ErrNotFound
		}
		return s.note(ctx, who, "revoke_role", "role", g.ID, g.Place,
			map[string]any{"role": g.Role, "account": g.Account, "person": g.Person, "grants": ids})
	})
	if err != nil {
		return err
	}
	s.known.changed(ctx, accounts...)
	return nil
}

// holders gives the accounts whose rights a role changes.
func (s *Service) holders(ctx context.Context, g RoleGrant) ([]id.ID, error) {
	if g.Person == 0 {
		if g.Account == 0 {
			return nil, nil
		}
		return []id.ID{g.Account}, nil
	}
	m, err := s.store.accountsOf(ctx, []id.ID{g.Person})
	var accounts []id.ID
	for _, a := range m[g.Person] {
		accounts = append(accounts, a.ID)
	}
	return accounts, err
}

// Colleague is somebody of a committee's staff; without an account it is one who has not signed in yet.
type Colleague struct {
	Account, Committee id.ID
	Name               string
}

// Staff gives those who hold the office of the committees now, deputies included, each once a committee.
func (s *Service) Staff(ctx context.Context, committees []id.ID) ([]Colleague, error) {
	held, err := s.store.staffOf(ctx, committees, s.clk.Now())
	if err != nil {
		return nil, err
	}
	var out []Colleague
	for _, g := range held {
		c := Colleague{Account: g.Account, Committee: g.Place.Committee, Name: g.HolderName}
		if !g.Term.From.After(s.clk.Now()) && !slices.ContainsFunc(out, func(o Colleague) bool { return o.Account == c.Account && c.Account != 0 && o.Committee == c.Committee }) {
			out = append(out, c)
		}
	}
	return out, nil
}
