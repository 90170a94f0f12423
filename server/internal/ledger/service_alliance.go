package ledger

import (
	"context"

	"bense/server/internal/actor"
	"bense/server/internal/id"
)

// Alliances gives the alliances that who sees.
func (s *Service) Alliances(ctx context.Context, who actor.Actor) ([]Alliance, error) {
	return s.store.alliances(ctx, who.Scope(actor.SeeOrg))
}

// Alliance gives one of them, or errs.ErrNotFound.
func (s *Service) Alliance(ctx context.Context, who actor.Actor, allianceID id.ID) (Alliance, error) {
	return s.store.alliance(ctx, who.Scope(actor.SeeOrg), allianceID)
}

// CreateAlliance founds an alliance of a committee.
func (s *Service) CreateAlliance(ctx context.Context, who actor.Actor, a Alliance) (Alliance, error) {
	if _, err := s.Committee(ctx, who, a.CommitteeID); err != nil {
		return Alliance{}, err
	}
	if err := who.Must(actor.EditOrg, actor.Place{Committee: a.CommitteeID}); err != nil {
		return Alliance{}, err
	}
	a, err := s.cleanAlliance(ctx, a)
	if err != nil {
		return Alliance{}, err
	}
	a.ID = s.ids.New()
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.insertAlliances(ctx, []Alliance{a}, s.now()); err != nil {
			return err
		}
		return s.wrote(ctx, who, "ledger.create_alliance", "alliance", a.ID, a.Place(), map[string]any{"name": a.Name})
	})
	return a, err
}

// AllianceChange names what to change; nil leaves it.
type AllianceChange struct {
	Name, Basis, Venue, GroupName *string
	LeadUnit                      *id.ID // zero: none
}

// UpdateAlliance changes an alliance: its lead unit, venue, WeChat group.
func (s *Service) UpdateAlliance(ctx context.Context, who actor.Actor, allianceID id.ID, c AllianceChange) (Alliance, error) {
	a, err := s.Alliance(ctx, who, allianceID)
	if err != nil {
		return Alliance{}, err
	}
	if err := who.Must(actor.EditOrg, a.Place()); err != nil {
		return Alliance{}, err
	}
	for _, t := range []struct {
		at  *string
		new *string
	}{{&a.Name, c.Name}, {&a.Basis, c.Basis}, {&a.Venue, c.Venue}, {&a.GroupName, c.GroupName}} {
		if t.new != nil {
			*t.at = FreeText(*t.new)
		}
	}
	if c.LeadUnit != nil {
		a.LeadUnitID = *c.LeadUnit
	}
	if a, err = s.cleanAlliance(ctx, a); err != nil {
		return Alliance{}, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.changeAlliance(ctx, a, who.Account); err != nil {
			return err
		}
		return s.wrote(ctx, who, "ledger.update_alliance", "alliance", a.ID, a.Place(), map[string]any{"name": a.Name, "venue": a.Venue,
			"basis": a.Basis, "group_name": a.GroupName, "lead_unit_id": a.LeadUnitID})
	})
	return a, err
}

// changeAlliance writes an alliance in the transaction of ctx and keeps the name that it had.
func (s *Service) changeAlliance(ctx context.Context, a Alliance, by id.ID) error {
	before, err := s.store.lockAlliance(ctx, a.ID)
	if err != nil {
		return err
	}
	if err := s.renamed(ctx, kindAlliance, a.ID, before.Name, a.Name, by); err != nil {
		return err
	}
	if before.Name != a.Name {
		if err := s.tellMoved(ctx, a.ID); err != nil {
			return err
		}
	}
	return s.store.updateAlliance(ctx, a, s.now())
}

// LockAlliance keeps others from changing what belongs to an alliance until the transaction of ctx ends.
func (s *Service) LockAlliance(ctx context.Context, allianceID id.ID) error {
	_, err := s.store.lockAlliance(ctx, allianceID)
	return err
}

// cleanAlliance brings an alliance into its stored form; the lead unit must be of its committee.
func (s *Service) cleanAlliance(ctx context.Context, a Alliance) (Alliance, error) {
	a.Name = NormalAlliance(a.Name)
	if err := checkOrgName("name", a.Name); err != nil {
		return Alliance{}, err
	}
	if a.LeadUnitID != 0 {
		if _, err := s.store.unit(ctx, actor.Scope{Committees: []id.ID{a.CommitteeID}}, a.LeadUnitID); err != nil {
			return Alliance{}, err
		}
	}
	return a, nil
}
