package founding

import (
	"context"
	"errors"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/clock"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// SaveVersion keeps the draft as it now is under a name, for good.
func (s *Service) SaveVersion(ctx context.Context, who actor.Actor, surveyID id.ID, name string, revision int) (Version, error) {
	d, err := s.Desk(ctx, who, surveyID)
	if err != nil {
		return Version{}, err
	}
	name = ledger.FreeText(name)
	switch {
	case name == "" || len([]rune(name)) > 60:
		return Version{}, invalid("name", "请给这一版起个名称，60字以内")
	case d.Revision != revision:
		return Version{}, ErrStale
	}
	for _, g := range d.Board.Groups {
		if len(g.Cards) == 0 {
			return Version{}, ErrEmpty.Say("“%s”一个单位也没有，请先移入单位", g.Name)
		}
	}
	v := Version{ID: s.IDs.New(), Survey: surveyID, Committee: d.Survey.Committee, Name: name, Board: d.Board, By: who.Account, At: s.Clock.Now()}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.lockSurvey(ctx, surveyID); err != nil {
			return err
		}
		if err := s.store.insertVersion(ctx, v, s.now()); err != nil {
			return err
		}
		return s.wrote(ctx, who, "founding.save_version", d.Survey, map[string]any{"version": v.ID, "name": name, "score": v.Board.Score.Total})
	})
	return v, err
}

// Versions gives the versions of a survey, the newest first.
func (s *Service) Versions(ctx context.Context, who actor.Actor, surveyID id.ID) ([]Version, error) {
	if _, err := s.managed(ctx, who, surveyID); err != nil {
		return nil, err
	}
	return s.store.versions(ctx, surveyID)
}

// Version gives one version, or errs.ErrNotFound.
func (s *Service) Version(ctx context.Context, who actor.Actor, versionID id.ID) (Version, error) {
	return s.store.version(ctx, who.Scope(actor.EditOrg), versionID)
}

// Compare tells what differs between two versions of one survey.
func (s *Service) Compare(ctx context.Context, who actor.Actor, first, second id.ID) (a, b Version, diff []Difference, err error) {
	if a, err = s.Version(ctx, who, first); err != nil {
		return a, b, nil, err
	}
	if b, err = s.Version(ctx, who, second); err != nil {
		return a, b, nil, err
	}
	if a.Survey != b.Survey {
		return a, b, nil, errs.ErrNotFound
	}
	return a, b, Compare(a.Board, b.Board), nil
}

// Found founds the alliances of a version in one transaction: each with its units, its lead unit and the
// document. A survey is founded once; the second attempt reports ErrFounded. Units leave the alliance
// in which they were when the version was saved, and no other. Nobody's affiliation changes: persons stay
// with their branch and unit. It can't be taken back, so a
// desktop needs a look on the phone.
func (s *Service) Found(ctx context.Context, who actor.Actor, versionID id.ID, o Order) ([]Founding, error) {
	v, err := s.Version(ctx, who, versionID)
	if err != nil {
		return nil, err
	}
	if o, err = o.clean(s.Clock.Now()); err != nil {
		return nil, err
	}
	survey, err := s.managed(ctx, who, v.Survey)
	if err != nil {
		return nil, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.Lock.Lock(ctx, v.Committee); err != nil {
			return err
		}
		first, err := s.store.found(ctx, v, s.now())
		if err != nil {
			return err
		}
		if !first {
			return ErrFounded
		}
		if err := s.unchanged(ctx, survey, v.Board); err != nil {
			return err
		}
		if s.Confirm != nil { // last, so that nobody is asked for what can't be done
			if err := s.Confirm(ctx, who, "found", v.ID); err != nil {
				return err
			}
		}
		for i, g := range v.Board.Groups {
			if err := s.foundOne(ctx, who, v, o, i+1, g); err != nil {
				return err
			}
		}
		return s.wrote(ctx, who, "founding.found", survey, map[string]any{"version": v.ID, "alliances": len(v.Board.Groups),
			"document_no": o.DocumentNo, "founded_on": o.FoundedOn})
	})
	if err != nil {
		return nil, err
	}
	return s.store.foundings(ctx, v.Survey)
}

// unchanged wants every unit where the version saw it, and none that leads the alliance which it leaves.
func (s *Service) unchanged(ctx context.Context, survey Survey, b Board) error {
	rows, err := s.store.rows(ctx, everywhere, survey, 0)
	if err != nil {
		return err
	}
	now := map[id.ID]Row{}
	for _, r := range rows {
		now[r.Unit] = r
	}
	for _, g := range b.Groups {
		for _, c := range g.Cards {
			r, ok := now[c.Unit]
			switch {
			case !ok || r.Alliance != c.From:
				return ErrChanged.Say("保存这一版之后，%s的联盟变了，请重新保存一版再确认", c.Name)
			case r.Leads:
				return ErrLeads.Say("%s是%s的牵头单位，请先为那个联盟另定牵头单位", c.Name, r.AllianceName)
			}
		}
	}
	return nil
}

func (s *Service) foundOne(ctx context.Context, who actor.Actor, v Version, o Order, number int, g BoardGroup) error {
	a, err := s.Ledger.CreateAlliance(ctx, who, ledger.Alliance{CommitteeID: v.Committee, Name: g.Name, Basis: g.Basis})
	if errors.Is(err, ledger.ErrNameTaken) {
		return errs.Wrap(ledger.ErrNameTaken.Say("已有叫“%s”的联盟，请在方案里改名，重新保存一版", g.Name), err)
	}
	if err != nil {
		return err
	}
	for _, c := range g.Cards {
		if c.From != 0 { // on purpose: it leaves the one alliance before it joins the other
			if _, err := s.Ledger.UpdateUnit(ctx, who, c.Unit, ledger.UnitChange{Alliance: new(id.ID)}); err != nil {
				return err
			}
		}
		if _, err := s.Ledger.UpdateUnit(ctx, who, c.Unit, ledger.UnitChange{Alliance: &a.ID}); err != nil {
			return err
		}
	}
	if _, err := s.Ledger.UpdateAlliance(ctx, who, a.ID, ledger.AllianceChange{LeadUnit: &g.Lead}); err != nil {
		return err
	}
	f := Founding{Alliance: a.ID, Committee: v.Committee, Survey: v.Survey, Version: v.ID, Order: o, By: who.Account}
	return s.store.insertFounding(ctx, f, number, s.now())
}

// Foundings gives the alliances that came out of a survey, in the order of its version.
func (s *Service) Foundings(ctx context.Context, who actor.Actor, surveyID id.ID) ([]Founding, error) {
	if _, err := s.managed(ctx, who, surveyID); err != nil {
		return nil, err
	}
	return s.store.foundings(ctx, surveyID)
}

// clean checks the document.
func (o Order) clean(now time.Time) (Order, error) {
	o.DocumentNo, o.Reference = ledger.FreeText(o.DocumentNo), ledger.FreeText(o.Reference)
	on, err := time.ParseInLocation(time.DateOnly, o.FoundedOn, clock.Shanghai)
	switch {
	case o.DocumentNo == "" || len([]rune(o.DocumentNo)) > 60 || ledger.LooksLikeFormula(o.DocumentNo):
		return Order{}, invalid("document_no", "请填写文号，60字以内")
	case err != nil:
		return Order{}, invalid("founded_on", "请填写成立日期")
	case on.After(now):
		return Order{}, invalid("founded_on", "成立日期不能在今天之后")
	case len([]rune(o.Reference)) > 200 || ledger.LooksLikeFormula(o.Reference):
		return Order{}, invalid("reference", "依据请写在200字以内")
	}
	return o, nil
}
