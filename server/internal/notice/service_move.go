package notice

import (
	"context"
	"slices"

	"bense/server/internal/actor"
	"bense/server/internal/id"
)

// ActivityMoved is ActivityChanged for another time or place; was is how it stood. Readers see both. Those who
// knew are told anew as after a correction: until they look again, answer or are called they count as not
// reached, so that nobody comes at the old time because nothing told them. Answers stay.
func (s *Service) ActivityMoved(ctx context.Context, who actor.Actor, was Facts) error {
	m, err := s.ForActivities(ctx, []id.ID{was.ID})
	n, ok := m[was.ID]
	if err != nil || !ok || n.State != Published {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		n, err := s.store.lock(ctx, n.ID)
		if err != nil || n.State != Published {
			return err
		}
		about, err := s.facts(ctx, was.ID)
		if err != nil || about == nil || about.spot().equal(was.spot()) {
			return err
		}
		rows, err := s.store.recipients(ctx, n.ID, actor.Scope{All: true}, Everybody)
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
		s.DB.AfterCommit(ctx, s.Outbox.Wake)
		return s.ActivityChanged(ctx, was.ID)
	})
}
