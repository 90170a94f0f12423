package notice

import (
	"context"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/id"
)

// staleBatch bounds how many forgotten drafts are looked at together.
const staleBatch = 100

// PruneDrafts deletes what never went out and was left alone since a time, with its pictures. A draft whose activity
// is still to come stays: it may be wanted yet.
func (s *Service) PruneDrafts(ctx context.Context, since time.Time) error {
	for last := id.ID(0); ; {
		list, err := s.store.stale(ctx, since, last, staleBatch)
		if err != nil || len(list) == 0 {
			return err
		}
		last = list[len(list)-1].ID
		for _, n := range list {
			if err := s.forget(ctx, n, since); err != nil {
				return err
			}
		}
	}
}

func (s *Service) forget(ctx context.Context, seen Notice, since time.Time) error {
	about, err := s.facts(ctx, seen.Activity)
	if err != nil || seen.State == Draft && about != nil && about.State == "planned" && s.Clock.Now().Before(about.EndsAt) {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		n, err := s.store.lock(ctx, seen.ID)
		if err != nil || n.State != seen.State || !n.UpdatedAt.Before(since) { // somebody has just remembered it
			return err
		}
		if err := s.store.remove(ctx, n.ID); err != nil {
			return err
		}
		return s.audit(ctx, actor.System, "notice.forget_draft", n, nil)
	})
}
