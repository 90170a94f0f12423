package activity

import (
	"cmp"
	"context"
	"slices"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/notice"
	"bense/server/internal/page"
)

// Answer records 参加, 请假 or 不确定 of one person; see AnswerAll.
func (s *Service) Answer(ctx context.Context, who actor.Actor, activityID, personID id.ID, answer, reason string) error {
	return s.AnswerAll(ctx, who, activityID, []Said{{Person: personID, Answer: answer, Reason: reason}})
}

// AnswerAll records what several people say at once: those of one phone until the deadline, by a liaison,
// head or staff on behalf also afterwards. Who did it is stored. All of it is recorded or nothing; who
// says 参加 together gets places together or waits together.
func (s *Service) AnswerAll(ctx context.Context, who actor.Actor, activityID id.ID, list []Said) error {
	if _, err := s.store.byID(ctx, who.Scope(actor.SeeActivity), activityID); err != nil {
		return err
	}
	people := make([]ledger.Person, len(list))
	staff := who.Scope(actor.Answer)
	staff.Persons = nil
	onBehalf := true
	for i, said := range list {
		p, err := s.Directory.Person(ctx, said.Person)
		if err != nil {
			return err
		}
		if !who.Scope(actor.SeePerson).Covers(p.Place()) {
			return errs.ErrNotFound
		}
		if err := who.Must(actor.Answer, p.Place()); err != nil {
			return err
		}
		if _, _, err := Reply(said.Answer, said.Reason); err != nil {
			return err
		}
		if slices.ContainsFunc(list[:i], func(o Said) bool { return o.Person == said.Person }) {
			return errs.ErrInvalid.With(errs.Field("items", "一位同志只能填一次"))
		}
		people[i] = p
		onBehalf = onBehalf && staff.Covers(p.Place())
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		a, err := s.lock(ctx, activityID)
		if err != nil {
			return err
		}
		now := s.Clock.Now()
		if err := a.MayAnswer(onBehalf, now); err != nil {
			return err
		}
		if err := s.addNew(ctx, a, people, now); err != nil {
			return err
		}
		before, h, err := s.standing(ctx, a, list, now)
		if err != nil {
			return err
		}
		asked := make([]Expected, len(list))
		for i, said := range list {
			if asked[i], err = said.onto(before[i], a); err != nil {
				return err
			}
		}
		after, placed, err := h.seat(before, asked)
		if err != nil {
			return err
		}
		for i, e := range after {
			if before[i].Answer == Waiting && e.Answer == Going {
				e.PlacedAt = now
			}
			if err := s.store.say(ctx, a.ID, e, who.Account, now); err != nil {
				return err
			}
			if err := s.Notices.Answered(ctx, a.ID, e.Person, who.Account); err != nil {
				return err
			}
			err := s.log(ctx, who, "activity.answer", a, map[string]any{"person": e.Person, "answer": e.Answer, "own": who.ActsFor(e.Person)})
			if err != nil {
				return err
			}
		}
		if err := s.place(ctx, a.ID, placed, now); err != nil {
			return err
		}
		return s.changed(ctx, a.ID)
	})
}

// addNew puts those of the people on the list who came into the ledger after the activity had been made.
func (s *Service) addNew(ctx context.Context, a Activity, people []ledger.Person, now time.Time) error {
	var rows []Expected
	for _, p := range people {
		if p.Status == ledger.Active && p.AllianceID == a.Alliance && now.Before(a.StartsAt) {
			rows = append(rows, Expected{Person: p.ID, Unit: p.UnitID})
		}
	}
	return s.store.add(ctx, a.ID, rows)
}

// standing gives how the people stand, and the hall as it is. Where there is no limit nobody else matters.
func (s *Service) standing(ctx context.Context, a Activity, list []Said, now time.Time) ([]Expected, *hall, error) {
	persons := make([]id.ID, len(list))
	for i, said := range list {
		persons[i] = said.Person
	}
	rows, err := s.store.expectedAmong(ctx, a.ID, persons)
	if err != nil {
		return nil, nil, err
	}
	var seated []Expected
	if a.Places.Capacity > 0 {
		if seated, err = s.store.seated(ctx, a.ID); err != nil {
			return nil, nil, err
		}
		// What is seated is newer than what a transaction may see that had begun before.
		for person, e := range rows {
			if e.Answer == Going || e.Answer == Waiting {
				e.Answer = ""
				rows[person] = e
			}
		}
		for _, e := range seated {
			if _, asked := rows[e.Person]; asked {
				rows[e.Person] = e
			}
		}
	}
	out := make([]Expected, len(list))
	for i, p := range persons {
		e, ok := rows[p]
		if !ok {
			return nil, nil, ErrNotExpected
		}
		out[i] = e
	}
	if a.Places.Capacity == 0 {
		seated = out
	}
	return out, newHall(a.Places.Capacity, !now.Before(a.StartsAt), seated), nil
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
		out[a.ID] = factsOf(a, s.Clock.Now())
	}
	return out, nil
}

func factsOf(a Activity, now time.Time) notice.Facts {
	return notice.Facts{ID: a.ID, Alliance: a.Alliance, Kind: string(a.Kind), Title: a.Title, Place: a.Place,
		StartsAt: a.StartsAt, EndsAt: a.EndsAt, State: string(a.State(now))}
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

// Lock holds the activity and its notices until the transaction of ctx ends.
func (s *Service) Lock(ctx context.Context, activityID id.ID) error {
	_, err := s.lock(ctx, activityID)
	return err
}

// Counts sums one activity up.
func (s *Service) Counts(ctx context.Context, activityID id.ID) (notice.Counts, error) {
	m, err := s.counts(ctx, []id.ID{activityID})
	if err != nil {
		return notice.Counts{}, err
	}
	a, err := s.store.byID(ctx, everything, activityID)
	c := m[activityID]
	return notice.Counts{Expected: c.Expected, Going: c.Going, Leave: c.Leave, Silent: c.Silent, Present: c.Present,
		Seats: c.Seats, Capacity: a.Places.Capacity}, err
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
