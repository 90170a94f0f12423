package notice

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Placed tells people who waited for a place that they have one: by a message where they have agreed to
// some, and they stand on the call list until they have opened the notice or were told by phone.
func (s *Service) Placed(ctx context.Context, activity id.ID, persons []id.ID) error {
	m, err := s.ForActivities(ctx, []id.ID{activity})
	n, ok := m[activity]
	if err != nil || !ok || n.State != Published {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		n, err := s.store.lock(ctx, n.ID)
		if err != nil || n.State != Published {
			return err
		}
		if err := s.store.again(ctx, n.ID, persons, s.Clock.Now()); err != nil {
			return err
		}
		if _, err := s.pushWord(ctx, n, ForChange, placedWord, persons, false); err != nil {
			return err
		}
		s.DB.AfterCommit(ctx, s.Outbox.Wake)
		return s.cardLater(ctx, n)
	})
}

// eve tells how many of the people in scope knew by the eve of the activity, or know by now.
func (s *Service) eve(ctx context.Context, n Notice, scope actor.Scope) (Eve, error) {
	about, err := s.facts(ctx, n.Activity)
	if err != nil || about == nil {
		return Eve{}, err
	}
	ends := eveFor(n, *about)
	if ends.IsZero() {
		return Eve{}, nil
	}
	e, err := s.store.byEve(ctx, n.ID, scope, ends)
	e.Ends = ends
	return e, err
}

// Eves gives, for each alliance in the actor's scope, how many people knew by the eve of what they were
// invited to, over the notices of the last days whose eve is over; cancelled ones don't count.
func (s *Service) Eves(ctx context.Context, who actor.Actor, days int) ([]AllianceEves, error) {
	scope := who.Scope(actor.SeeDelivery)
	if scope.Empty() {
		return nil, errs.ErrForbidden
	}
	now := s.Clock.Now()
	list, err := s.store.aboutActivities(ctx, who.Scope(actor.SeeActivity), now.AddDate(0, 0, -min(max(days, 1), maxEveDays)))
	if err != nil {
		return nil, err
	}
	activities := make([]id.ID, len(list))
	for i, n := range list {
		activities[i] = n.Activity
	}
	about := map[id.ID]Facts{}
	for part := range slices.Chunk(activities, insertBatch) {
		some, err := s.activities.Facts(ctx, part)
		if err != nil {
			return nil, err
		}
		maps.Copy(about, some)
	}
	nights := map[time.Time][]id.ID{} // one question for all whose eve is the same
	for _, n := range list {
		if ends := eveFor(n, about[n.Activity]); !ends.IsZero() && !ends.After(now) && about[n.Activity].State != "cancelled" {
			nights[ends] = append(nights[ends], n.ID)
		}
	}
	sums := map[id.ID]*AllianceEves{}
	for ends, keys := range nights {
		rows, err := s.store.byEves(ctx, keys, scope, ends)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if sums[r.Alliance] == nil {
				sums[r.Alliance] = &AllianceEves{Alliance: r.Alliance}
			}
			sum := sums[r.Alliance]
			sum.Notices, sum.Due, sum.Known = sum.Notices+r.Notices, sum.Due+r.Due, sum.Known+r.Known
		}
	}
	out := make([]AllianceEves, 0, len(sums))
	for _, sum := range sums {
		a, err := s.Directory.Alliance(ctx, sum.Alliance)
		if err != nil {
			return nil, err
		}
		sum.Name = a.Name
		out = append(out, *sum)
	}
	slices.SortFunc(out, func(a, b AllianceEves) int { return cmp.Compare(a.Alliance, b.Alliance) })
	return out, nil
}
