package activity

import (
	"cmp"
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// This file is about places. The activity's row is the lock: who takes a place, leaves one or changes their
// number holds it, so that nobody gets a place that somebody else has.

// ErrBegun refuses to change the places of what has begun.
var ErrBegun = errs.New(errs.Conflict, "activity.begun", "活动已经开始，名额不能再改")

// SetPlaces sets how many may come, until when members answer by themselves, and what they may bring along.
// More places are given at once to those who wait; fewer take no place from anybody.
func (s *Service) SetPlaces(ctx context.Context, who actor.Actor, activityID id.ID, p Places) error {
	if _, err := s.visible(ctx, who, actor.RunActivity, activityID); err != nil {
		return err
	}
	p.AnswerUntil = stamp(p.AnswerUntil)
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		a, err := s.settable(ctx, activityID)
		if err != nil {
			return err
		}
		if err := p.check(a); err != nil {
			return err
		}
		a.Places = p
		if err := s.store.setPlaces(ctx, a.ID, p, s.Clock.Now()); err != nil {
			return err
		}
		if err := s.moveUp(ctx, a); err != nil {
			return err
		}
		if err := s.changed(ctx, a.ID); err != nil {
			return err
		}
		return s.log(ctx, who, "activity.places", a, map[string]any{"capacity": p.Capacity, "companions": p.Companions, "lift": p.Lift})
	})
}

// settable locks an activity whose places may still be changed.
func (s *Service) settable(ctx context.Context, activityID id.ID) (Activity, error) {
	a, err := s.lock(ctx, activityID)
	switch {
	case err != nil:
		return a, err
	case a.Cancelled:
		return a, ErrCancelled
	case !s.Clock.Now().Before(a.StartsAt):
		return a, ErrBegun
	}
	return a, nil
}

// moveUp gives free places to those whose turn it is, and sees that they are told. The caller holds the lock.
func (s *Service) moveUp(ctx context.Context, a Activity) error {
	now := s.Clock.Now()
	if a.Cancelled || !now.Before(a.StartsAt) {
		return nil
	}
	rows, err := s.store.seated(ctx, a.ID)
	if err != nil {
		return err
	}
	return s.place(ctx, a.ID, newHall(a.Places.Capacity, false, rows).promote(), now)
}

func (s *Service) place(ctx context.Context, activityID id.ID, persons []id.ID, now time.Time) error {
	if len(persons) == 0 {
		return nil
	}
	if err := s.store.place(ctx, activityID, persons, now); err != nil {
		return err
	}
	return s.Notices.Placed(ctx, activityID, persons)
}

// GivePlace gives somebody who waits a free place before their turn, with those who wait together with them.
// It takes a reason, which is written down, and never a place that isn't there.
func (s *Service) GivePlace(ctx context.Context, who actor.Actor, activityID, personID id.ID, reason string) error {
	if _, err := s.visible(ctx, who, actor.RunActivity, activityID); err != nil {
		return err
	}
	reason = tidy(reason)
	switch {
	case reason == "":
		return errs.ErrInvalid.With(errs.Field("reason", "请写一句为什么先安排"))
	case utf8.RuneCountInString(reason) > maxReason:
		return errs.ErrInvalid.With(errs.Field("reason", "原因太长，请缩短一些"))
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		a, err := s.settable(ctx, activityID)
		if err != nil {
			return err
		}
		rows, err := s.store.seated(ctx, a.ID)
		if err != nil {
			return err
		}
		h := newHall(a.Places.Capacity, false, rows)
		at := slices.IndexFunc(h.queue, func(p party) bool { return slices.Contains(p.persons, personID) })
		switch {
		case at < 0:
			return ErrNotWaiting
		case !h.fits(h.queue[at].seats):
			return ErrNoPlace
		}
		if err := s.place(ctx, a.ID, h.queue[at].persons, s.Clock.Now()); err != nil {
			return err
		}
		if err := s.changed(ctx, a.ID); err != nil {
			return err
		}
		return s.log(ctx, who, "activity.place", a, map[string]any{"person": personID, "persons": h.queue[at].persons, "reason": reason})
	})
}

// Lift is somebody to fetch.
type Lift struct {
	Expected
	Name, Unit, Phone string
}

// Lifts is whom to fetch where, within the actor's scope, with telephone numbers: each look is written down.
func (s *Service) Lifts(ctx context.Context, who actor.Actor, activityID id.ID) ([]Lift, error) {
	a, err := s.store.byID(ctx, who.Scope(actor.SeeActivity), activityID)
	if err != nil {
		return nil, err
	}
	scope := who.Scope(actor.CallMembers)
	if scope.Empty() {
		return nil, errs.ErrForbidden
	}
	rows, err := s.store.fetched(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(e Expected) bool {
		return !scope.Covers(actor.Place{Committee: a.Committee, Alliance: a.Alliance, Unit: e.Unit})
	})
	var persons []id.ID
	for _, e := range rows {
		persons = append(persons, e.Person)
	}
	people, err := s.Directory.Persons(ctx, persons)
	if err != nil {
		return nil, err
	}
	persons = slices.DeleteFunc(persons, func(p id.ID) bool { return !scope.Covers(people[p].Place()) }) // moved since: the number is others' to see
	phones, err := s.Directory.Phones(ctx, persons)
	if err != nil {
		return nil, err
	}
	out := make([]Lift, 0, len(rows))
	for _, e := range rows {
		out = append(out, Lift{Expected: e, Name: people[e.Person].Name, Unit: people[e.Person].Unit, Phone: phones[e.Person]})
	}
	slices.SortStableFunc(out, func(x, y Lift) int { // one way leads past all who wait at one place
		return cmp.Or(cmp.Compare(x.PickUp, y.PickUp), cmp.Compare(people[x.Person].UnitID, people[y.Person].UnitID), cmp.Compare(people[x.Person].SeqNo, people[y.Person].SeqNo))
	})
	return out, s.Audit.Write(ctx, who, audit.Line{Action: "activity.lift_list", Kind: "activity", Subject: a.ID, Place: a.At(), Detail: map[string]any{"numbers": len(persons)}})
}
