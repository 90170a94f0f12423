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
		about, err := s.facts(ctx, was.ID)
		if err != nil || about == nil || about.spot().equal(was.spot()) {
			return err
		}
		after, err := s.store.following(ctx, n.ID)
		if err != nil {
			return err
		}
		for _, one := range append(after, n) {
			now, err := s.moved(ctx, who, one.ID, about)
			if err != nil {
				return err
			}
			// the people of what followed have the notice before too; from one that is closed nobody hears any more
			if now.State == Published && (now.Follows == 0 || n.State == Closed) {
				if err := s.tellMove(ctx, who, now, was, about); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// moved sees to one notice of an activity whose time or place have changed. One that is not out yet has a new
// revision: who approves or publishes what they read before is refused. What was approved already is read again,
// unless who changed it may approve it; what would leave too late gets another time from its author. It gives the
// notice as it was under the lock of its row.
func (s *Service) moved(ctx context.Context, who actor.Actor, key id.ID, about *Facts) (Notice, error) {
	was, err := s.store.lock(ctx, key)
	switch {
	case err != nil:
		return was, err
	case was.State == Published:
		return was, s.closeLater(ctx, was, about) // it may be over sooner
	case was.State == Scheduled && !was.ScheduledAt.Before(about.StartsAt):
		return was, s.back(ctx, who, was, remarkLate, "notice.held")
	case was.State == Scheduled:
		if err := s.approved(ctx, who, was); !errors.Is(err, ErrApproval) {
			return was, err
		}
		return was, s.back(ctx, who, was, remarkMoved, "notice.held")
	case was.State != Draft && was.State != Submitted:
		return was, nil
	}
	return was, s.store.update(ctx, was, was.redrawn(s.Clock.Now()))
}

// tellMove tells those who have a notice, under the lock of its row: rounds are numbered under it.
func (s *Service) tellMove(ctx context.Context, who actor.Actor, n Notice, was Facts, about *Facts) error {
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
	if n.Follows == 0 { // else the one before reminds
		if err := s.remindLater(ctx, n, about); err != nil {
			return err
		}
	}
	s.DB.AfterCommit(ctx, s.Outbox.Wake)
	return s.announce(ctx, n)
}
