package notice

import (
	"context"
	"errors"
	"slices"

	"bense/server/internal/actor"
	"bense/server/internal/id"
)

// ActivityMoved tells of another time or place at once, also where texts want approval: somebody before a closed door
// is worse; was is how it stood. Readers see both. Those who knew are told anew as after a correction: until they look
// again, answer or are called they count as not reached, so that nobody comes at the old time because nothing told
// them. Answers stay. What isn't out yet must be read again instead.
func (s *Service) ActivityMoved(ctx context.Context, who actor.Actor, was Facts) error {
	m, err := s.ForActivities(ctx, []id.ID{was.ID})
	n, ok := m[was.ID]
	if err != nil || !ok {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		after, err := s.store.following(ctx, n.ID)
		if err != nil {
			return err
		}
		for _, one := range append(after, n) {
			if err := s.moved(ctx, who, one.ID); err != nil {
				return err
			}
		}
		if n, err = s.store.lock(ctx, n.ID); err != nil || n.State != Published { // rounds are numbered under this lock
			return err
		}
		about, err := s.facts(ctx, was.ID)
		if err != nil || about == nil || about.spot().equal(was.spot()) {
			return err
		}
		rows, err := s.store.lockEverybody(ctx, n.ID) // who reads at this moment has read the old facts
		if err != nil {
			return err
		}
		knew := personsOf(slices.DeleteFunc(rows, func(r Recipient) bool { return !r.Reached() }))
		now := s.Clock.Now()
		move := Move{ID: s.IDs.New(), Notice: n.ID, Before: was.spot(), After: about.spot(), Told: len(knew), By: who.Account, At: now}
		if err := s.store.insertMove(ctx, move); err != nil {
			return err
		}
		if err := s.store.again(ctx, n.ID, knew, now); err != nil {
			return err
		}
		if err := s.remindLater(ctx, n, about); err != nil {
			return err
		}
		s.DB.AfterCommit(ctx, s.Outbox.Wake)
		return s.announce(ctx, n)
	})
}

// moved gives a notice that is not out yet a new revision when its time or place have changed: who approves or
// publishes what they read before is refused. What was approved already is read again, unless who changed it may approve it.
func (s *Service) moved(ctx context.Context, who actor.Actor, key id.ID) error {
	was, err := s.store.lock(ctx, key)
	switch {
	case err != nil:
		return err
	case was.State == Scheduled:
		if err := s.approved(ctx, who, was); errors.Is(err, ErrApproval) {
			return s.back(ctx, who, was, remarkMoved, "notice.held")
		} else {
			return err
		}
	case was.State != Draft && was.State != Submitted:
		return nil
	}
	return s.store.update(ctx, was, was.redrawn(s.Clock.Now()))
}
