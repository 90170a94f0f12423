package ledger

import (
	"context"

	"bense/server/internal/actor"
	"bense/server/internal/id"
)

// Desk tells those who work with a unit's people where its branch meets and whom to ring.
func (s *Service) Desk(ctx context.Context, who actor.Actor, unitID id.ID) (Desk, error) {
	u, err := s.store.unit(ctx, who.Scope(actor.SeeOrg), unitID)
	if err != nil {
		return Desk{}, err
	}
	if err := who.Must(actor.SeePerson, u.Place()); err != nil {
		return Desk{}, err
	}
	d := Desk{Unit: u, Venue: u.Venue}
	d.ContactName, d.ContactPhone, err = s.store.contact(ctx, unitID)
	return d, err
}

// SetDesk changes venue and contact of a unit.
func (s *Service) SetDesk(ctx context.Context, who actor.Actor, unitID id.ID, d Desk) (Desk, error) {
	u, err := s.store.unit(ctx, who.Scope(actor.SeeOrg), unitID)
	if err != nil {
		return Desk{}, err
	}
	if err := who.Must(actor.EditDesk, u.Place()); err != nil {
		return Desk{}, err
	}
	if d, err = d.clean(); err != nil {
		return Desk{}, err
	}
	d.Unit = u
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.setDesk(ctx, d, s.now()); err != nil {
			return err
		}
		return s.wrote(ctx, who, "ledger.update_desk", "unit", u.ID, u.Place(), map[string]any{"columns": []string{"venue", "contact"}})
	})
	return d, err
}

// CreateBranch adds a further branch to a unit.
func (s *Service) CreateBranch(ctx context.Context, who actor.Actor, b Branch) (Branch, error) {
	u, err := s.store.unit(ctx, who.Scope(actor.SeeOrg), b.UnitID)
	if err != nil {
		return Branch{}, err
	}
	if err := who.Must(actor.EditOrg, u.Place()); err != nil {
		return Branch{}, err
	}
	b.ID, b.Name = s.ids.New(), NormalText(b.Name)
	if err := checkOrgName("name", b.Name); err != nil {
		return Branch{}, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.insertBranches(ctx, []Branch{b}, s.now()); err != nil {
			return err
		}
		return s.wrote(ctx, who, "ledger.create_branch", "branch", b.ID, u.Place(), map[string]any{"name": b.Name})
	})
	return b, err
}

// RenameBranch gives a branch another name; the one before stays in its history.
func (s *Service) RenameBranch(ctx context.Context, who actor.Actor, branchID id.ID, name string) (Branch, error) {
	b, u, err := s.store.branch(ctx, who.Scope(actor.SeeOrg), branchID)
	if err != nil {
		return Branch{}, err
	}
	if err := who.Must(actor.EditOrg, u.Place()); err != nil {
		return Branch{}, err
	}
	if name = NormalText(name); name == b.Name {
		return b, nil
	}
	if err := checkOrgName("name", name); err != nil {
		return Branch{}, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.lockCommittee(ctx, u.CommitteeID); err != nil { // two at once would keep the same former name twice
			return err
		}
		now, _, err := s.store.branch(ctx, everywhere, branchID)
		if err != nil {
			return err
		}
		if err := s.store.renameBranch(ctx, branchID, name); err != nil {
			return err
		}
		if err := s.renamed(ctx, kindBranch, branchID, now.Name, name, who.Account); err != nil {
			return err
		}
		return s.wrote(ctx, who, "ledger.rename_branch", "branch", branchID, u.Place(), map[string]any{"name": name, "before": now.Name})
	})
	b.Name = name
	return b, err
}

// renamed keeps the name that something had, in the transaction of ctx.
func (s *Service) renamed(ctx context.Context, kind string, subject id.ID, before, after string, by id.ID) error {
	if before == after {
		return nil
	}
	return s.store.insertFormer(ctx, formerRow{ID: s.ids.New(), Kind: kind, SubjectID: subject, Name: before, UntilAt: s.now(), AccountID: by})
}

// UnitNames gives the former names of a unit, the latest first.
func (s *Service) UnitNames(ctx context.Context, who actor.Actor, unitID id.ID) ([]Former, error) {
	if _, err := s.store.unit(ctx, who.Scope(actor.SeeOrg), unitID); err != nil {
		return nil, err
	}
	return s.formers(ctx, kindUnit, unitID)
}

// BranchNames gives the former names of a branch, the latest first.
func (s *Service) BranchNames(ctx context.Context, who actor.Actor, branchID id.ID) ([]Former, error) {
	if _, _, err := s.store.branch(ctx, who.Scope(actor.SeeOrg), branchID); err != nil {
		return nil, err
	}
	return s.formers(ctx, kindBranch, branchID)
}

// AllianceNames gives the former names of an alliance, the latest first.
func (s *Service) AllianceNames(ctx context.Context, who actor.Actor, allianceID id.ID) ([]Former, error) {
	if _, err := s.Alliance(ctx, who, allianceID); err != nil {
		return nil, err
	}
	return s.formers(ctx, kindAlliance, allianceID)
}

func (s *Service) formers(ctx context.Context, kind string, subject id.ID) ([]Former, error) {
	found, err := s.store.formers(ctx, kind, subject)
	if err != nil || s.names == nil {
		return found, err
	}
	accounts := make([]id.ID, len(found))
	for i, f := range found {
		accounts[i] = f.Account
	}
	names, err := s.names.AccountName(ctx, accounts)
	for i := range found {
		found[i].By = names[found[i].Account]
	}
	return found, err
}
