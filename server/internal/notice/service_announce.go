package notice

import (
	"context"

	"bense/server/internal/actor"
	"bense/server/internal/id"
)

// This file is for packages whose own events are worth a notice: its words are the house's, not
// somebody's, so that WeChat isn't asked about them.

// Announce puts such a notice into the inbox of everybody active in an alliance, in the transaction of ctx,
// with the messages and the call list that any notice has. The caller has checked that who may.
func (s *Service) Announce(ctx context.Context, who actor.Actor, at actor.Place, title, body string) (id.ID, error) {
	var key id.ID
	err := s.DB.Tx(ctx, func(ctx context.Context) (err error) {
		if key, err = s.draft(ctx, who, at, 0, title, body); err != nil {
			return err
		}
		n, err := s.store.lock(ctx, key)
		if err != nil {
			return err
		}
		s.DB.AfterCommit(ctx, s.Outbox.Wake)
		return s.publish(ctx, who, n, false)
	})
	return key, err
}

// Conclude ends a notice of Announce in the transaction of ctx: with a reason it is called off, and people
// are told. One that somebody has ended already stays as it is.
func (s *Service) Conclude(ctx context.Context, key id.ID, reason string) error {
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		n, err := s.store.lock(ctx, key)
		if err != nil || n.State != Published {
			return err
		}
		action, next := "notice.close", func(n Notice) (Notice, error) { return n.Close(s.Clock.Now()) }
		if reason != "" {
			action, next = "notice.cancel", func(n Notice) (Notice, error) { return n.Cancel(reason, s.Clock.Now()) }
		}
		return s.finish(ctx, actor.System, key, action, next)
	})
}

// Amend gives a notice of Announce another text in the transaction of ctx and tells those who had it that
// something has changed; what was read or told stays so. One that is over stays as it is.
func (s *Service) Amend(ctx context.Context, who actor.Actor, key id.ID, body string) error {
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		was, err := s.store.lock(ctx, key)
		if err != nil || was.State != Published {
			return err
		}
		n, err := was.Amended(body, s.Clock.Now())
		if err != nil {
			return err
		}
		if err := s.store.update(ctx, was, n); err != nil {
			return err
		}
		if err := s.overtake(ctx, key, 0); err != nil {
			return err
		}
		s.DB.AfterCommit(ctx, s.Outbox.Wake)
		if err := s.announce(ctx, n); err != nil {
			return err
		}
		return s.audit(ctx, who, "notice.amend", n, nil)
	})
}
