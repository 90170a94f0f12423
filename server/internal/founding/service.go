package founding

import (
	"context"
	"slices"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// Deps are what a Service works with.
type Deps struct {
	DB         *db.DB
	IDs        *id.Source
	Clock      clock.Clock
	Audit      *audit.Log
	Ledger     Ledger
	Lock       Lock
	Directory  Directory
	Accounts   Accounts
	Attendance Attendance
	// Confirm spends the look on the phone that a desktop needs; nil asks for none.
	Confirm func(ctx context.Context, who actor.Actor, action string, subject id.ID) error
}

// Service is surveys and what becomes of them.
type Service struct {
	Deps
	store store
}

// NewService makes a Service.
func NewService(d Deps) *Service { return &Service{Deps: d, store: store{d.DB}} }

// Surveys gives the surveys that ask a unit of who, the newest first; of one committee when it is given.
func (s *Service) Surveys(ctx context.Context, who actor.Actor, committee id.ID) ([]Survey, error) {
	return s.store.surveys(ctx, who.Scope(actor.FillSurvey), committee)
}

// Survey gives one of them, or errs.ErrNotFound.
func (s *Service) Survey(ctx context.Context, who actor.Actor, surveyID id.ID) (Survey, error) {
	return s.store.survey(ctx, who.Scope(actor.FillSurvey), surveyID)
}

// managed gives a survey whose committee who may regroup.
func (s *Service) managed(ctx context.Context, who actor.Actor, surveyID id.ID) (Survey, error) {
	v, err := s.Survey(ctx, who, surveyID)
	if err != nil {
		return Survey{}, err
	}
	return v, who.Must(actor.EditOrg, v.Place())
}

// Open starts a survey of all units of a committee and counts attendance for it.
func (s *Service) Open(ctx context.Context, who actor.Actor, v Survey) (Survey, error) {
	if _, err := s.Ledger.Committee(ctx, who, v.Committee); err != nil {
		return Survey{}, err
	}
	if err := who.Must(actor.EditOrg, v.Place()); err != nil {
		return Survey{}, err
	}
	v, err := v.clean()
	if err != nil {
		return Survey{}, err
	}
	v.ID, v.CreatedAt = s.IDs.New(), s.Clock.Now()
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.insertSurvey(ctx, v, who.Account, s.now()); err != nil {
			return err
		}
		if v, err = s.count(ctx, v); err != nil {
			return err
		}
		return s.wrote(ctx, who, "founding.open_survey", v, map[string]any{"name": v.Name, "months": v.Months, "threshold": v.Threshold})
	})
	return v, err
}

// SurveyChange names what to change; nil leaves it.
type SurveyChange struct {
	Name              *string
	Months, Threshold *int
}

// Change renames a survey or moves its threshold; other months are counted anew.
func (s *Service) Change(ctx context.Context, who actor.Actor, surveyID id.ID, c SurveyChange) (Survey, error) {
	v, err := s.managed(ctx, who, surveyID)
	if err != nil {
		return Survey{}, err
	}
	months := v.Months
	if c.Name != nil {
		v.Name = *c.Name
	}
	if c.Months != nil {
		v.Months = *c.Months
	}
	if c.Threshold != nil {
		v.Threshold = *c.Threshold
	}
	if v, err = v.clean(); err != nil {
		return Survey{}, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.lockSurvey(ctx, v.ID); err != nil {
			return err
		}
		if err := s.store.updateSurvey(ctx, v, s.now()); err != nil {
			return err
		}
		if v.Months != months {
			if v, err = s.count(ctx, v); err != nil {
				return err
			}
		}
		return s.wrote(ctx, who, "founding.change_survey", v, map[string]any{"name": v.Name, "months": v.Months, "threshold": v.Threshold})
	})
	return v, err
}

// Count counts attendance anew.
func (s *Service) Count(ctx context.Context, who actor.Actor, surveyID id.ID) (Survey, error) {
	v, err := s.managed(ctx, who, surveyID)
	if err != nil {
		return Survey{}, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.lockSurvey(ctx, v.ID); err != nil {
			return err
		}
		if v, err = s.count(ctx, v); err != nil {
			return err
		}
		return s.wrote(ctx, who, "founding.count", v, nil)
	})
	return v, err
}

// count writes how many persons of each unit took part normally over the survey's months (Turn.Regular).
// A unit of whose persons nobody was expected anywhere has no count.
func (s *Service) count(ctx context.Context, v Survey) (Survey, error) {
	now := s.Clock.Now()
	turns, err := s.Attendance.Turnout(ctx, v.Committee, now.AddDate(0, -v.Months, 0), now)
	if err != nil {
		return Survey{}, err
	}
	persons := make([]id.ID, len(turns))
	for i, t := range turns {
		persons[i] = t.Person
	}
	people, err := s.Directory.Persons(ctx, persons)
	if err != nil {
		return Survey{}, err
	}
	counted := map[id.ID]*int{}
	for _, t := range turns {
		p, ok := people[t.Person]
		if !ok || p.Status != ledger.Active || t.Expected == 0 {
			continue
		}
		if counted[p.UnitID] == nil {
			counted[p.UnitID] = new(int)
		}
		*counted[p.UnitID] += of(t.Regular())
	}
	rows, err := s.store.rows(ctx, everywhere, v, 0)
	if err != nil {
		return Survey{}, err
	}
	units := make([]id.ID, len(rows))
	for i, r := range rows {
		units[i] = r.Unit
	}
	if err := s.store.ensure(ctx, v, units); err != nil {
		return Survey{}, err
	}
	for _, u := range units {
		if err := s.store.count(ctx, v.ID, u, counted[u]); err != nil {
			return Survey{}, err
		}
	}
	v.CountedAt = now
	return v, s.store.updateSurvey(ctx, v, db.At(now))
}

var everywhere = actor.Scope{All: true}

// Rows gives the units of a survey that who fills in.
func (s *Service) Rows(ctx context.Context, who actor.Actor, surveyID id.ID) (Survey, []Row, error) {
	v, err := s.Survey(ctx, who, surveyID)
	if err != nil {
		return Survey{}, nil, err
	}
	rows, err := s.rows(ctx, who.Scope(actor.FillSurvey), v, 0)
	return v, rows, err
}

func (s *Service) rows(ctx context.Context, scope actor.Scope, v Survey, unit id.ID) ([]Row, error) {
	rows, err := s.store.rows(ctx, scope, v, unit)
	if err != nil {
		return nil, err
	}
	heads, err := s.Directory.Headcounts(ctx, v.Committee)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		rows[i].Members = heads[rows[i].Unit]
	}
	return rows, nil
}

// Fill writes what a unit has answered over the revision that was read; ErrStale when somebody else was faster.
func (s *Service) Fill(ctx context.Context, who actor.Actor, surveyID, unitID id.ID, a Answers, revision int) (Survey, Row, error) {
	v, err := s.Survey(ctx, who, surveyID)
	if err != nil {
		return Survey{}, Row{}, err
	}
	found, err := s.rows(ctx, who.Scope(actor.FillSurvey), v, unitID)
	if err != nil {
		return Survey{}, Row{}, err
	}
	if len(found) == 0 {
		return Survey{}, Row{}, errs.ErrNotFound
	}
	r := found[0]
	if err := who.Must(actor.FillSurvey, r.Place()); err != nil {
		return Survey{}, Row{}, err
	}
	if a, err = a.clean(r.Members); err != nil {
		return Survey{}, Row{}, err
	}
	switch {
	case a.Regular == nil:
		r.TypedBy, r.TypedAt = 0, time.Time{}
	case r.Regular == nil || *r.Regular != *a.Regular:
		r.TypedBy, r.TypedAt = who.Account, s.Clock.Now()
	}
	r.Answers, r.Revision = a, revision
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.lockSurvey(ctx, v.ID); err != nil {
			return err
		}
		if err := s.store.ensure(ctx, v, []id.ID{unitID}); err != nil {
			return err
		}
		first, err := s.store.fill(ctx, v.ID, r, who.Account, s.now())
		if err != nil {
			return err
		}
		if !first {
			return ErrStale
		}
		return s.Audit.Write(ctx, who, audit.Line{Action: "founding.fill", Kind: "unit", Subject: r.Unit, Place: r.Place(),
			Detail: map[string]any{"survey": v.ID, "own_branch": a.OwnBranch, "regular": a.Regular, "street": a.Street, "line": a.Line}})
	})
	if err != nil {
		return Survey{}, Row{}, err
	}
	found, err = s.rows(ctx, everywhere, v, unitID)
	if err != nil || len(found) == 0 {
		return Survey{}, Row{}, err
	}
	return v, found[0], nil
}

// names gives the names of those who typed or saved something.
func (s *Service) names(ctx context.Context, accounts ...id.ID) (map[id.ID]string, error) {
	slices.Sort(accounts)
	accounts = slices.DeleteFunc(slices.Compact(accounts), func(a id.ID) bool { return a == 0 })
	if len(accounts) == 0 {
		return map[id.ID]string{}, nil
	}
	return s.Accounts.AccountName(ctx, accounts)
}

func (s *Service) now() db.Time { return db.At(s.Clock.Now()) }

func (s *Service) wrote(ctx context.Context, who actor.Actor, action string, v Survey, detail map[string]any) error {
	return s.Audit.Write(ctx, who, audit.Line{Action: action, Kind: "survey", Subject: v.ID, Place: v.Place(), Detail: detail})
}
