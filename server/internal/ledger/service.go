package ledger

import (
	"context"
	"errors"
	"slices"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Service is the ledger for people: every method checks what who may do.
type Service struct {
	db      *db.DB
	store   store
	ids     *id.Source
	clk     clock.Clock
	audit   *audit.Log
	names   Names // nil: the history shows no names
	changed []func(context.Context, Person) error
	moved   []func(context.Context, ...id.ID) error
	confirm Confirmer

	reserved func(title string) bool // nil: only what AllFields has
}

// Confirmer spends the confirmation that weighty steps at a desktop need; *identity.Service is one.
type Confirmer interface {
	Confirmed(ctx context.Context, who actor.Actor, action string, subject id.ID) error
}

// New makes a Service.
func New(d *db.DB, box *crypt.Box, ids *id.Source, clk clock.Clock, auditLog *audit.Log) *Service {
	return &Service{db: d, store: store{db: d, box: box}, ids: ids, clk: clk, audit: auditLog}
}

// Directory gives the unchecked reading side for other packages.
func (s *Service) Directory() *Directory { return &Directory{store: s.store} }

// Bulk gives the unchecked side for the import.
func (s *Service) Bulk() *Bulk { return &Bulk{s: s} }

// Probe gives the queries of the search, to measure them.
func (s *Service) Probe() Probe { return Probe{s.store} }

// Index makes everybody findable whose row is older than the index of the search, or than its marks. It
// does nothing where there is an index already.
func (s *Service) Index(ctx context.Context) error {
	if there, err := s.store.hasTerms(ctx); there || err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.lockCommittees(ctx); err != nil { // of several instances one does it
			if errors.Is(err, errs.ErrNotFound) {
				return nil // no committee, nobody to find
			}
			return err
		}
		if there, err := s.store.hasTerms(ctx); there || err != nil {
			return err
		}
		for after := id.ID(0); ; {
			some, err := s.store.unindexed(ctx, after)
			if err != nil || len(some) == 0 {
				return err
			}
			if err := s.store.markTerms(ctx, some); err != nil {
				return err
			}
			after = some[len(some)-1].ID
		}
	})
}

// UseConfirm names who knows about confirmations. Without, a desktop reveals nothing.
func (s *Service) UseConfirm(c Confirmer) { s.confirm = c }

// confirmed is nil for whoever isn't at a desktop.
func (s *Service) confirmed(ctx context.Context, who actor.Actor, action string, subject id.ID) error {
	switch {
	case !who.Console:
		return nil
	case s.confirm == nil:
		return errs.ErrForbidden
	}
	return s.confirm.Confirmed(ctx, who, action, subject)
}

// OnStatusChange registers a hook that runs in the transaction in which somebody's status becomes
// another; the person it gets has the new one. Register before serving.
func (s *Service) OnStatusChange(hook func(context.Context, Person) error) {
	s.changed = append(s.changed, hook)
}

// OnMove registers a hook that runs in the transaction in which persons change their units or alliances, by
// themselves or with their unit, or in which a unit or an alliance changes its name; it gets those alliances.
// Register before serving.
func (s *Service) OnMove(hook func(context.Context, ...id.ID) error) { s.moved = append(s.moved, hook) }

func (s *Service) tellMoved(ctx context.Context, alliances ...id.ID) error {
	for _, hook := range s.moved {
		if err := hook(ctx, alliances...); err != nil {
			return err
		}
	}
	return nil
}

// unitsChanged tells of the alliances in which persons have changed their units, also of the one in which
// they stay: whoever remembers them remembers the unit's name, too.
func (s *Service) unitsChanged(ctx context.Context, units []id.ID) error {
	if len(units) == 0 || len(s.moved) == 0 {
		return nil
	}
	alliances, err := s.store.alliancesOfUnits(ctx, units)
	if err != nil || len(alliances) == 0 {
		return err
	}
	return s.tellMoved(ctx, alliances...)
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

// CommitteeChange names what to change; nil leaves it.
type CommitteeChange struct {
	Name   *string
	Parent *id.ID
}

// UpdateCommittee renames a committee or puts it below another one, both of who's.
func (s *Service) UpdateCommittee(ctx context.Context, who actor.Actor, committeeID id.ID, c CommitteeChange) (Committee, error) {
	com, err := s.Committee(ctx, who, committeeID)
	if err != nil {
		return Committee{}, err
	}
	if err := who.Must(actor.EditOrg, com.Place()); err != nil {
		return Committee{}, err
	}
	if c.Name != nil {
		com.Name = NormalText(*c.Name)
	}
	if err := checkOrgName("name", com.Name); err != nil {
		return Committee{}, err
	}
	moves := c.Parent != nil && *c.Parent != com.ParentID
	if moves {
		com.ParentID = *c.Parent
		if com.ParentID != 0 {
			if _, err := s.Committee(ctx, who, com.ParentID); err != nil {
				return Committee{}, err
			}
		}
		if err := who.Must(actor.EditOrg, actor.Place{Committee: com.ParentID}); err != nil {
			return Committee{}, err
		}
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if moves {
			if err := s.below(ctx, com); err != nil {
				return err
			}
		}
		if err := s.store.updateCommittee(ctx, com); err != nil {
			return err
		}
		return s.wrote(ctx, who, "ledger.update_committee", "committee", com.ID, com.Place(),
			map[string]any{"name": com.Name, "parent_id": com.ParentID})
	})
	return com, err
}

// below locks the tree of committees and reports ErrCircular when the new parent stands below.
func (s *Service) below(ctx context.Context, c Committee) error {
	if err := s.store.lockCommittees(ctx); err != nil {
		return err
	}
	tree, err := s.store.committeeTree(ctx, c.ID)
	if err != nil {
		return err
	}
	if slices.Contains(tree, c.ParentID) {
		return ErrCircular
	}
	return nil
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
		if err := s.insertUnits(ctx, []Unit{u}, who.Account); err != nil {
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
	Move     bool   // Alliance may replace another one; else that is ErrInAlliance
}

// apply brings the change into a unit.
func (c UnitChange) apply(u *Unit) error {
	if c.Name != nil {
		u.Name = NormalUnit(*c.Name)
	}
	if c.Alliance != nil {
		if u.AllianceID != 0 && *c.Alliance != 0 && *c.Alliance != u.AllianceID && !c.Move {
			return ErrInAlliance
		}
		u.AllianceID = *c.Alliance
	}
	return checkOrgName("name", u.Name)
}

// UpdateUnit renames a unit or lets it join an alliance of its committee. Of several alliances that
// take a unit at once one gets it; its earlier ones stay in its history.
func (s *Service) UpdateUnit(ctx context.Context, who actor.Actor, unitID id.ID, c UnitChange) (Unit, error) {
	u, err := s.store.unit(ctx, who.Scope(actor.SeeOrg), unitID)
	if err != nil {
		return Unit{}, err
	}
	if err := who.Must(actor.EditOrg, u.Place()); err != nil {
		return Unit{}, err
	}
	if c.Alliance != nil {
		if err := s.joinable(ctx, Unit{CommitteeID: u.CommitteeID, AllianceID: *c.Alliance}); err != nil {
			return Unit{}, err
		}
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if u, err = s.changeUnit(ctx, unitID, who.Account, c.apply); err != nil {
			return err
		}
		return s.wrote(ctx, who, "ledger.update_unit", "unit", u.ID, u.Place(),
			map[string]any{"name": u.Name, "alliance_id": u.AllianceID})
	})
	return u, err
}

// insertUnits adds units and begins their memberships, in the transaction of ctx.
func (s *Service) insertUnits(ctx context.Context, list []Unit, by id.ID) error {
	if err := s.store.insertUnits(ctx, list, s.now()); err != nil {
		return err
	}
	return s.store.joinAlliances(ctx, list, s.ids.New, by, s.now())
}

// changeUnit changes a unit in the transaction of ctx and keeps the history of its memberships.
func (s *Service) changeUnit(ctx context.Context, unitID, by id.ID, change func(*Unit) error) (Unit, error) {
	row, err := s.store.lockUnit(ctx, unitID)
	if err != nil {
		return Unit{}, err
	}
	u := row.unit()
	before, name := u.AllianceID, u.Name
	if err := change(&u); err != nil {
		return Unit{}, err
	}
	if err := s.renamed(ctx, kindUnit, unitID, name, u.Name, by); err != nil {
		return Unit{}, err
	}
	if before != u.AllianceID {
		if before != 0 {
			if err := s.store.leaveAlliance(ctx, row, s.ids.New, by, s.now()); err != nil {
				return Unit{}, err
			}
		}
		if err := s.store.joinAlliances(ctx, []Unit{u}, s.ids.New, by, s.now()); err != nil {
			return Unit{}, err
		}
	}
	if before != u.AllianceID || name != u.Name {
		if err := s.tellMoved(ctx, before, u.AllianceID); err != nil {
			return Unit{}, err
		}
	}
	return u, s.store.updateUnit(ctx, u, s.now())
}

// Memberships gives the alliances that a unit was in, oldest first.
func (s *Service) Memberships(ctx context.Context, who actor.Actor, unitID id.ID) ([]Membership, error) {
	if _, err := s.store.unit(ctx, who.Scope(actor.SeeOrg), unitID); err != nil {
		return nil, err
	}
	return s.store.memberships(ctx, unitID)
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

func (s *Service) now() db.Time { return db.At(s.clk.Now()) }

func (s *Service) wrote(ctx context.Context, who actor.Actor, action, kind string, subject id.ID, place actor.Place, detail map[string]any) error {
	return s.audit.Write(ctx, who, audit.Line{Action: action, Kind: kind, Subject: subject, Place: place, Detail: detail})
}
