package ledger

import (
	"context"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/id"
)

// Service is the ledger for people: every method checks what who may do.
type Service struct {
	db      *db.DB
	store   store
	ids     *id.Source
	clk     clock.Clock
	audit   *audit.Log
	changed []func(context.Context, Person) error
}

// New makes a Service.
func New(d *db.DB, box *crypt.Box, ids *id.Source, clk clock.Clock, auditLog *audit.Log) *Service {
	return &Service{db: d, store: store{db: d, box: box}, ids: ids, clk: clk, audit: auditLog}
}

// Directory gives the unchecked reading side for other packages.
func (s *Service) Directory() *Directory { return &Directory{store: s.store} }

// Bulk gives the unchecked side for the import.
func (s *Service) Bulk() *Bulk { return &Bulk{s: s} }

// OnStatusChange registers a hook that runs in the transaction in which somebody's status becomes
// another; the person it gets has the new one. Register before serving.
func (s *Service) OnStatusChange(hook func(context.Context, Person) error) {
	s.changed = append(s.changed, hook)
}

// Committees gives the committees that who sees.
func (s *Service) Committees(ctx context.Context, who actor.Actor) ([]Committee, error) {
	return s.store.committees(ctx, who.Scope(actor.SeeOrg))
}

// Committee gives one of them, or errs.ErrNotFound.
func (s *Service) Committee(ctx context.Context, who actor.Actor, committeeID id.ID) (Committee, error) {
	return s.store.committee(ctx, who.Scope(actor.SeeOrg), committeeID)
}

// CreateCommittee founds a committee below one of who's, or at the top for the installation itself.
func (s *Service) CreateCommittee(ctx context.Context, who actor.Actor, c Committee) (Committee, error) {
	if c.ParentID != 0 {
		if _, err := s.Committee(ctx, who, c.ParentID); err != nil {
			return Committee{}, err
		}
	}
	if err := who.Must(actor.EditOrg, actor.Place{Committee: c.ParentID}); err != nil {
		return Committee{}, err
	}
	c.ID, c.Name = s.ids.New(), NormalText(c.Name)
	if err := checkOrgName("name", c.Name); err != nil {
		return Committee{}, err
	}
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.insertCommittee(ctx, c, s.now()); err != nil {
			return err
		}
		return s.wrote(ctx, who, "ledger.create_committee", "committee", c.ID, c.Place(), map[string]any{"name": c.Name})
	})
	return c, err
}

// Units gives the units that who sees, of one alliance when it is given.
func (s *Service) Units(ctx context.Context, who actor.Actor, allianceID id.ID) ([]Unit, error) {
	return s.store.units(ctx, who.Scope(actor.SeeOrg), allianceID)
}

// CreateUnit adds a unit to a committee, with its branch of retired cadres.
func (s *Service) CreateUnit(ctx context.Context, who actor.Actor, u Unit) (Unit, error) {
	if _, err := s.Committee(ctx, who, u.CommitteeID); err != nil {
		return Unit{}, err
	}
	if err := who.Must(actor.EditOrg, actor.Place{Committee: u.CommitteeID}); err != nil {
		return Unit{}, err
	}
	if err := s.joinable(ctx, u); err != nil {
		return Unit{}, err
	}
	u.ID, u.Name = s.ids.New(), NormalUnit(u.Name)
	if err := checkOrgName("name", u.Name); err != nil {
		return Unit{}, err
	}
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.insertUnits(ctx, []Unit{u}, s.now()); err != nil {
			return err
		}
		b := Branch{ID: s.ids.New(), UnitID: u.ID, Name: BranchOf(u.Name)}
		if err := s.store.insertBranches(ctx, []Branch{b}, s.now()); err != nil {
			return err
		}
		return s.wrote(ctx, who, "ledger.create_unit", "unit", u.ID, u.Place(), map[string]any{"name": u.Name})
	})
	return u, err
}

// UnitChange names what to change; nil leaves it.
type UnitChange struct {
	Name     *string
	Alliance *id.ID // zero: leaves its alliance
}

// UpdateUnit renames a unit or lets it join another alliance of its committee.
func (s *Service) UpdateUnit(ctx context.Context, who actor.Actor, unitID id.ID, c UnitChange) (Unit, error) {
	u, err := s.store.unit(ctx, who.Scope(actor.SeeOrg), unitID)
	if err != nil {
		return Unit{}, err
	}
	if err := who.Must(actor.EditOrg, u.Place()); err != nil {
		return Unit{}, err
	}
	if c.Name != nil {
		u.Name = NormalUnit(*c.Name)
	}
	if c.Alliance != nil {
		u.AllianceID = *c.Alliance
	}
	if err := checkOrgName("name", u.Name); err != nil {
		return Unit{}, err
	}
	if err := s.joinable(ctx, u); err != nil {
		return Unit{}, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.updateUnit(ctx, u, s.now()); err != nil {
			return err
		}
		return s.wrote(ctx, who, "ledger.update_unit", "unit", u.ID, u.Place(),
			map[string]any{"name": u.Name, "alliance_id": u.AllianceID})
	})
	return u, err
}

// joinable reports errs.ErrNotFound when the unit's alliance is not one of its committee.
func (s *Service) joinable(ctx context.Context, u Unit) error {
	if u.AllianceID == 0 {
		return nil
	}
	_, err := s.store.alliance(ctx, actor.Scope{Committees: []id.ID{u.CommitteeID}}, u.AllianceID)
	return err
}

// Branches gives the branches that who sees, of one unit when it is given.
func (s *Service) Branches(ctx context.Context, who actor.Actor, unitID id.ID) ([]Branch, error) {
	return s.store.branches(ctx, who.Scope(actor.SeeOrg), unitID)
}

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
	ForgetGroup                   bool   // the next group that a card is opened in becomes the alliance's
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
		if err := s.store.updateAlliance(ctx, a, s.now()); err != nil {
			return err
		}
		if c.ForgetGroup {
			a.GroupOpenID = ""
			if err := s.store.forgetGroup(ctx, a.ID, s.now()); err != nil {
				return err
			}
		}
		return s.wrote(ctx, who, "ledger.update_alliance", "alliance", a.ID, a.Place(), map[string]any{"name": a.Name, "venue": a.Venue,
			"basis": a.Basis, "group_name": a.GroupName, "lead_unit_id": a.LeadUnitID, "forget_group": c.ForgetGroup})
	})
	return a, err
}

// BindGroup makes a WeChat group the alliance's when none is yet, and gives the one that now stands.
// It joins the transaction of ctx; the caller has checked that a member of the alliance came from it.
func (s *Service) BindGroup(ctx context.Context, allianceID id.ID, openGID string) (string, error) {
	return s.store.bindGroup(ctx, allianceID, openGID, s.now())
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

func (s *Service) now() db.Time { return db.At(s.clk.Now()) }

func (s *Service) wrote(ctx context.Context, who actor.Actor, action, kind string, subject id.ID, place actor.Place, detail map[string]any) error {
	return s.audit.Write(ctx, who, audit.Line{Action: action, Kind: kind, Subject: subject, Place: place, Detail: detail})
}
