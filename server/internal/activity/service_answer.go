package activity

import (
	"cmp"
	"context"
	"slices"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/notice"
	"bense/server/internal/page"
)

// Answer records 参加 or 请假 of a person: by the own account until the start, by a liaison, head or
// staff on behalf also afterwards. Who did it is stored.
func (s *Service) Answer(ctx context.Context, who actor.Actor, activityID, personID id.ID, answer, reason string) error {
	a, err := s.store.byID(ctx, who.Scope(actor.SeeActivity), activityID)
	if err != nil {
		return err
	}
	p, err := s.Directory.Person(ctx, personID)
	if err != nil {
		return err
	}
	if !who.Scope(actor.SeePerson).Covers(p.Place()) {
		return errs.ErrNotFound
	}
	if err := who.Must(actor.Answer, p.Place()); err != nil {
		return err
	}
	answer, reason, err = Reply(answer, reason)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	staff := who.Scope(actor.Answer)
	staff.Persons = nil
	if err := a.MayAnswer(staff.Covers(p.Place()), now); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		if p.Status == ledger.Active && p.AllianceID == a.Alliance && now.Before(a.StartsAt) {
			// came into the ledger after the activity had been made
			if err := s.store.add(ctx, a.ID, []Expected{{Person: p.ID, Unit: p.UnitID}}); err != nil {
				return err
			}
		}
		if err := s.store.answer(ctx, a.ID, p.ID, answer, reason, who.Account, now); err != nil {
			return err
		}
		if err := s.Notices.Answered(ctx, a.ID, p.ID, who.Account); err != nil {
			return err
		}
		if err := s.changed(ctx, a.ID); err != nil {
			return err
		}
		return s.log(ctx, who, "activity.answer", a, map[string]any{"person": p.ID, "answer": answer, "own": who.ActsFor(p.ID)})
	})
}

// RecordOnBehalf is Answer under the name by which the call list knows it.
func (s *Service) RecordOnBehalf(ctx context.Context, who actor.Actor, activityID, personID id.ID, answer, reason string) error {
	return s.Answer(ctx, who, activityID, personID, answer, reason)
}

// Replied is the answer of one person, for those who may see answers.
type Replied struct {
	Expected
	Name, Unit string
	By         string
}

// AnswersOf gives everybody expected, with answer, reason and who recorded it: a liaison sees the own
// unit, head and staff the whole alliance.
func (s *Service) AnswersOf(ctx context.Context, who actor.Actor, activityID id.ID) ([]Replied, error) {
	a, err := s.store.byID(ctx, who.Scope(actor.SeeActivity), activityID)
	if err != nil {
		return nil, err
	}
	scope := who.Scope(actor.SeeAnswers)
	if scope.Empty() {
		return nil, errs.ErrForbidden
	}
	rows, err := s.store.expectedOf(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	var persons, accounts []id.ID
	for _, e := range rows {
		persons = append(persons, e.Person)
		if e.AnsweredBy != 0 && !slices.Contains(accounts, e.AnsweredBy) {
			accounts = append(accounts, e.AnsweredBy)
		}
	}
	people, err := s.Directory.Persons(ctx, persons)
	if err != nil {
		return nil, err
	}
	names, err := s.Accounts.AccountName(ctx, accounts)
	if err != nil {
		return nil, err
	}
	out := []Replied{}
	for _, e := range rows {
		p := people[e.Person]
		if !scope.Covers(actor.Place{Committee: a.Committee, Alliance: a.Alliance, Unit: e.Unit}) {
			continue
		}
		out = append(out, Replied{Expected: e, Name: p.Name, Unit: p.Unit, By: names[e.AnsweredBy]})
	}
	slices.SortStableFunc(out, func(x, y Replied) int {
		return cmp.Or(cmp.Compare(people[x.Person].UnitID, people[y.Person].UnitID), cmp.Compare(people[x.Person].SeqNo, people[y.Person].SeqNo))
	})
	return out, nil
}

// Facts gives those of the activities that exist, as the notices show them.
func (s *Service) Facts(ctx context.Context, ids []id.ID) (map[id.ID]notice.Facts, error) {
	list, err := s.store.byIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[id.ID]notice.Facts, len(list))
	for _, a := range list {
		out[a.ID] = notice.Facts{ID: a.ID, Alliance: a.Alliance, Kind: string(a.Kind), Title: a.Title, Place: a.Place,
			StartsAt: a.StartsAt, EndsAt: a.EndsAt, State: string(a.State(s.Clock.Now()))}
	}
	return out, nil
}

// Ahead gives what an alliance still has before it, the soonest first.
func (s *Service) Ahead(ctx context.Context, alliance id.ID) ([]Activity, error) {
	return s.store.list(ctx, everything, Filter{Alliance: alliance, State: Planned, Page: page.Page{Limit: page.MaxLimit}}, s.Clock.Now())
}

// Answers gives the answers of those persons who have answered.
func (s *Service) Answers(ctx context.Context, activityID id.ID, persons []id.ID) (map[id.ID]notice.Answer, error) {
	rows, err := s.store.expectedAmong(ctx, activityID, persons)
	if err != nil {
		return nil, err
	}
	out := map[id.ID]notice.Answer{}
	for person, e := range rows {
		if e.Answer != "" {
			out[person] = notice.Answer{Answer: e.Answer, Reason: e.Reason, At: e.AnsweredAt}
		}
	}
	return out, nil
}

// Lock holds the activity's row until the transaction of ctx ends.
func (s *Service) Lock(ctx context.Context, activityID id.ID) error {
	_, err := s.store.lock(ctx, activityID)
	return err
}

// Counts sums one activity up.
func (s *Service) Counts(ctx context.Context, activityID id.ID) (notice.Counts, error) {
	m, err := s.counts(ctx, []id.ID{activityID})
	return notice.Counts(m[activityID]), err
}

func (s *Service) counts(ctx context.Context, ids []id.ID) (map[id.ID]Counts, error) {
	out, err := s.store.counts(ctx, ids)
	if err != nil {
		return nil, err
	}
	present, err := s.attendance.PresentCounts(ctx, ids)
	if err != nil {
		return nil, err
	}
	for k, n := range present {
		c := out[k]
		c.Present = n
		out[k] = c
	}
	return out, nil
}
