package identity

import (
	"context"
	"errors"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/page"
)

// ClaimCase is a claim as those see it who decide on it.
type ClaimCase struct {
	Claim
	Candidates []ledger.Person // of that name in that unit, within the decider's scope
}

// MakeClaim leaves the word of an account that it is somebody, or family, for the unit's liaison. It
// doesn't tell whether such a person exists.
func (s *Service) MakeClaim(ctx context.Context, who actor.Actor, name, unit string, rel Relation, note string) (Claim, error) {
	c, err := NewClaim(who.Account, name, unit, rel, note, s.clk.Now())
	if err != nil {
		return Claim{}, err
	}
	u, err := s.dir.UnitByName(ctx, 0, c.Unit)
	if err != nil && !errors.Is(err, errs.ErrNotFound) && !errors.Is(err, ledger.ErrAmbiguous) {
		return Claim{}, err
	}
	c.ID, c.UnitID = s.ids.New(), u.ID
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.store.lock(ctx, who.Account); err != nil {
			return err
		}
		open, err := s.store.openClaims(ctx, who.Account)
		if err != nil {
			return err
		}
		for _, o := range open {
			if ledger.NormalName(o.Name) == ledger.NormalName(c.Name) {
				return ErrClaimOpen
			}
		}
		if len(open) >= maxOpenClaims {
			return ErrTooManyClaims
		}
		if err := s.store.insertClaim(ctx, c); err != nil {
			return err
		}
		return s.note(ctx, who, "make_claim", "claim", c.ID, u.Place(), map[string]any{"relation": rel})
	})
	return c, err
}

// MyClaims gives the account's latest claims with what became of them.
func (s *Service) MyClaims(ctx context.Context, who actor.Actor) ([]Claim, error) {
	return s.store.claimsOf(ctx, who.Account)
}

// Claims gives what who may decide on, oldest first; an empty state means all.
func (s *Service) Claims(ctx context.Context, who actor.Actor, state ClaimState, p page.Page) (page.List[ClaimCase], error) {
	scope := who.Scope(actor.ConfirmClaim)
	if scope.Empty() {
		return page.List[ClaimCase]{}, errs.ErrForbidden
	}
	claims, err := s.store.claimsIn(ctx, scope, state, p)
	if err != nil {
		return page.List[ClaimCase]{}, err
	}
	list := page.Of(claims, p.Size(), func(c Claim) string { return c.ID.String() })
	out := page.List[ClaimCase]{Items: make([]ClaimCase, 0, len(list.Items)), Next: list.Next}
	for _, c := range list.Items {
		k := ClaimCase{Claim: c}
		if c.State == ClaimOpen {
			if k.Candidates, err = s.candidates(ctx, scope, c); err != nil {
				return page.List[ClaimCase]{}, err
			}
		}
		out.Items = append(out.Items, k)
	}
	return out, nil
}

func (s *Service) candidates(ctx context.Context, scope actor.Scope, c Claim) ([]ledger.Person, error) {
	found, err := s.dir.ByNameInUnit(ctx, c.Name, c.Unit)
	if err != nil {
		return nil, err
	}
	var out []ledger.Person
	for _, p := range found {
		if acts(p.Status) && scope.Covers(p.Place()) {
			out = append(out, p)
		}
	}
	return out, nil
}

// ConfirmClaim binds the claim's account to a person whom who keeps.
func (s *Service) ConfirmClaim(ctx context.Context, who actor.Actor, claim, person id.ID) (Claim, error) {
	c, err := s.claimFor(ctx, who, claim)
	if err != nil {
		return Claim{}, err
	}
	p, err := s.personFor(ctx, who, person)
	if err != nil {
		return Claim{}, err
	}
	if !acts(p.Status) {
		return Claim{}, ErrInactive
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		have, err := s.locked(ctx, c.Account)
		if err != nil {
			return err
		}
		if err := s.decide(ctx, who, &c, ClaimConfirmed, p, ""); err != nil {
			return err
		}
		b := Binding{Account: c.Account, Person: p.ID, Relation: c.Relation, Proof: c.proof()}
		if c.Relation == Self {
			b.Relation = codeRelation(have, Self)
		}
		return s.bind(ctx, who, have, b, p.Place(), who.Account)
	})
	if err != nil {
		return Claim{}, err
	}
	s.known.changed(ctx, c.Account)
	return c, nil
}

// RefuseClaim ends a claim with a reason that its account reads.
func (s *Service) RefuseClaim(ctx context.Context, who actor.Actor, claim id.ID, reason string) (Claim, error) {
	reason, faults := text("reason", "原因", reason, 1, 100)
	if len(faults) > 0 {
		return Claim{}, errs.ErrInvalid.With(faults...)
	}
	c, err := s.claimFor(ctx, who, claim)
	if err != nil {
		return Claim{}, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		return s.decide(ctx, who, &c, ClaimRefused, ledger.Person{}, reason)
	})
	return c, err
}

// claimFor gives a claim that who may decide on: nobody vouches for themselves.
func (s *Service) claimFor(ctx context.Context, who actor.Actor, claim id.ID) (Claim, error) {
	scope := who.Scope(actor.ConfirmClaim)
	if scope.Empty() {
		return Claim{}, errs.ErrForbidden
	}
	c, err := s.store.claim(ctx, scope, claim)
	if err != nil {
		return Claim{}, err
	}
	if c.Account == who.Account {
		return Claim{}, ErrOwnClaim
	}
	return c, nil
}

// decide ends an open claim, once.
func (s *Service) decide(ctx context.Context, who actor.Actor, c *Claim, to ClaimState, p ledger.Person, reason string) error {
	now := s.clk.Now()
	won, err := s.store.decide(ctx, c.ID, to, p.ID, reason, who.Account, now)
	if err != nil {
		return err
	}
	if !won {
		return ErrClaimDecided
	}
	c.State, c.Person, c.Reason, c.DecidedAt = to, p.ID, reason, now
	verb := "confirm_claim"
	if to == ClaimRefused {
		verb = "refuse_claim"
	}
	return s.note(ctx, who, verb, "claim", c.ID, p.Place(), map[string]any{"account": c.Account, "person": p.ID, "reason": reason})
}
