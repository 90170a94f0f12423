package identity

import (
	"context"
	"errors"
	"slices"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Delegate hands one of who's own roles to a colleague of its place for a time: somebody with an
// office there, or a person of the ledger there. It ends by itself; a deputy can't pass it on.
func (s *Service) Delegate(ctx context.Context, who actor.Actor, req DeputyRequest) (RoleHolder, error) {
	own, err := s.ownRole(ctx, who, req.Role)
	if err != nil {
		return RoleHolder{}, err
	}
	return s.delegate(ctx, who, who.Account, own, req)
}

// DelegateFor does so for somebody who is away and left no deputy: by those who may give the role.
func (s *Service) DelegateFor(ctx context.Context, who actor.Actor, req DeputyRequest) (RoleHolder, error) {
	g, err := s.roleFor(ctx, who, req.Role)
	if err != nil {
		return RoleHolder{}, err
	}
	if err := mayGrant(who, g.Role, g.Place); err != nil {
		return RoleHolder{}, err
	}
	if g.DeputyOf != 0 {
		return RoleHolder{}, ErrDeputyAgain
	}
	return s.delegate(ctx, who, g.Account, g, req)
}

// delegate gives the role of a holder to a colleague for a time.
func (s *Service) delegate(ctx context.Context, who actor.Actor, holder id.ID, own RoleGrant, req DeputyRequest) (RoleHolder, error) {
	now := s.clk.Now()
	var err error
	if req, err = req.check(own.Term, now); err != nil {
		return RoleHolder{}, err
	}
	deputy, err := s.colleague(ctx, holder, own, req.Phone)
	if err != nil {
		return RoleHolder{}, err
	}
	g := RoleGrant{ID: s.ids.New(), Role: own.Role, Place: own.Place, PlaceName: own.PlaceName, Account: deputy.ID, HolderName: deputy.Name,
		Phone: req.Phone, CreatedAt: now, Term: req.Term, DeputyOf: own.ID}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.Confirmed(ctx, who, ConfirmRole, seat(g.Role, g.Place)); err != nil {
			return err
		}
		if err := s.store.insertGrant(ctx, g, who.Account); err != nil {
			return err
		}
		return s.note(ctx, who, "delegate_role", "role", g.ID, g.Place, map[string]any{"role": g.Role, "of": own.ID, "account": g.Account,
			"from": g.Term.From, "until": g.Term.Until})
	})
	if err != nil {
		return RoleHolder{}, err
	}
	s.known.changed(ctx, g.Account)
	named, err := s.named(ctx, []RoleGrant{g})
	if err != nil {
		return RoleHolder{}, err
	}
	return named[0], nil
}

// ownRole gives a role that who holds now, and not for somebody else.
func (s *Service) ownRole(ctx context.Context, who actor.Actor, grant id.ID) (RoleGrant, error) {
	h, err := s.holding(ctx, who.Account)
	if err != nil {
		return RoleGrant{}, err
	}
	at := slices.IndexFunc(h.grants, func(g RoleGrant) bool { return g.ID == grant })
	switch {
	case at < 0:
		return RoleGrant{}, errs.ErrNotFound
	case h.grants[at].DeputyOf != 0:
		return RoleGrant{}, ErrDeputyAgain
	}
	return h.grants[at], nil
}

// colleague finds whoever confirmed the number among those who belong to the role's place. Somebody
// unknown and somebody of elsewhere are the same.
func (s *Service) colleague(ctx context.Context, holder id.ID, own RoleGrant, phone string) (profile, error) {
	p, err := s.store.profileByPhone(ctx, phone)
	switch {
	case errors.Is(err, errs.ErrNotFound):
		return profile{}, ErrNoDeputy
	case err != nil:
		return profile{}, err
	case p.ID == holder:
		return profile{}, ErrOwnDeputy
	}
	var below []id.ID
	if own.Role == actor.CommitteeStaff || own.Role == actor.Viewer {
		if below, err = s.dir.CommitteeTree(ctx, own.Place.Committee); err != nil {
			return profile{}, err
		}
	}
	h, err := s.holding(ctx, p.ID)
	if err != nil {
		return profile{}, err
	}
	scope := reach(own.Role, own.Place, below)
	belongs := slices.ContainsFunc(h.grants, func(g RoleGrant) bool { return scope.Covers(g.Place) }) ||
		slices.ContainsFunc(h.bound, func(b BoundPerson) bool { return b.Relation == Self && scope.Covers(b.Place()) })
	if !belongs {
		return profile{}, ErrNoDeputy
	}
	p.Name = nameOf(p.Name, h.bound)
	return p, nil
}

// Deputies gives those who stand in, now or later, for who.
func (s *Service) Deputies(ctx context.Context, who actor.Actor) ([]RoleHolder, error) {
	own, err := s.ownIDs(ctx, who)
	if err != nil {
		return nil, err
	}
	grants, err := s.store.deputies(ctx, own, s.clk.Now())
	if err != nil {
		return nil, err
	}
	return s.named(ctx, grants)
}

func (s *Service) ownIDs(ctx context.Context, who actor.Actor) ([]id.ID, error) {
	h, err := s.holding(ctx, who.Account)
	ids := make([]id.ID, 0, len(h.grants))
	for _, g := range h.grants {
		ids = append(ids, g.ID)
	}
	return ids, err
}

// Recall ends a deputy's time early.
func (s *Service) Recall(ctx context.Context, who actor.Actor, grant id.ID) error {
	list, err := s.Deputies(ctx, who)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(h RoleHolder) bool { return h.ID == grant })
	if at < 0 {
		return errs.ErrNotFound
	}
	g := list[at].RoleGrant
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.Confirmed(ctx, who, ConfirmRole, seat(g.Role, g.Place)); err != nil {
			return err
		}
		n, err := s.store.revoke(ctx, []id.ID{g.ID}, who.Account, s.clk.Now())
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.ErrNotFound
		}
		return s.note(ctx, who, "recall_deputy", "role", g.ID, g.Place, map[string]any{"role": g.Role, "of": g.DeputyOf, "account": g.Account})
	})
	if err != nil {
		return err
	}
	s.known.changed(ctx, g.Account)
	return nil
}
