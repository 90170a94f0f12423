package notice

import (
	"context"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// This file is about notices that a second person reads before they go out: because the alliance asks for
// it, or because WeChat was unsure about them.

// approved reports ErrApproval when the alliance asks for an approval that who can't give. What the office writes
// for one alliance needs none: it is who asks for it. For its notice to all of them it may ask a second one of
// its own people.
func (s *Service) approved(ctx context.Context, who actor.Actor, n Notice) error {
	level, err := s.store.approval(ctx, n.asks())
	if err != nil || !needs(who, level, n) {
		return err
	}
	if n.Series != 0 {
		return ErrApproval.Say("发给各联盟的通知要先请另一位同事看过，请点送审")
	}
	return ErrApproval
}

// asks is whose rule of approval counts: the alliance's, or the committee's for its own notices.
func (n Notice) asks() id.ID {
	if n.Series != 0 {
		return n.Committee
	}
	return n.Alliance
}

// needs reports whether the rule wants somebody else than who to have read the notice.
func needs(who actor.Actor, level Level, n Notice) bool {
	office := n.Series == 0 && who.Must(actor.ApproveNotice, actor.Place{Committee: n.Committee}) == nil
	return level != NoApproval && !office && !may(who, level, n)
}

// may reports whether who can approve the notice; nobody approves what they wrote.
func may(who actor.Actor, level Level, n Notice) bool {
	return reads(who, level, n) && !n.Wrote(who.Account)
}

// reads reports whether who can approve what others wrote for the notice.
func reads(who actor.Actor, level Level, n Notice) bool {
	at := n.At()
	if level == CommitteeApproval || n.Series != 0 {
		at.Alliance = 0
	}
	return who.Must(actor.ApproveNotice, at) == nil
}

// Submit asks for approval; the text is checked now, because its author is there. at is when the notice
// shall go out once it is approved, the zero time at once.
func (s *Service) Submit(ctx context.Context, who actor.Actor, key id.ID, at time.Time) (Item, error) {
	n, err := s.writable(ctx, who, key)
	if err != nil {
		return Item{}, err
	}
	if err := n.open(); err != nil {
		return Item{}, err
	}
	if err := s.sendable(ctx, n, at); err != nil {
		return Item{}, err
	}
	seen, err := s.checked(ctx, who, n, true) // whoever approves it reads what WeChat is unsure about
	if err != nil {
		return Item{}, err
	}
	return s.change(ctx, who, key, "notice.submit", func(was Notice) (Notice, error) {
		if was.Revision != seen.Revision {
			return was, ErrChanged
		}
		next, err := was.Submit(at, s.Clock.Now())
		next.Checked, next.Doubtful = seen.Checked, seen.Doubtful
		return next, err
	})
}

// Approve sends a submitted notice on its way, in the revision that was read.
func (s *Service) Approve(ctx context.Context, who actor.Actor, key id.ID, revision int) (Item, error) {
	n, err := s.judged(ctx, who, key)
	if err != nil {
		return Item{}, err
	}
	if n.Revision != revision {
		return Item{}, ErrChanged
	}
	at := n.ScheduledAt
	if !at.After(s.Clock.Now()) {
		at = time.Time{}
	}
	return s.release(ctx, who, n, at, true)
}

// Return gives a submitted notice back to its author with a remark.
func (s *Service) Return(ctx context.Context, who actor.Actor, key id.ID, remark string) (Item, error) {
	if _, err := s.judged(ctx, who, key); err != nil {
		return Item{}, err
	}
	if line(remark) == "" {
		return Item{}, ErrRemark
	}
	return s.change(ctx, who, key, "notice.return", func(was Notice) (Notice, error) {
		if was.State != Submitted {
			return was, ErrNotWaits
		}
		return was.Back(remark, s.Clock.Now())
	})
}

// judged gives a submitted notice that who may decide about.
func (s *Service) judged(ctx context.Context, who actor.Actor, key id.ID) (Notice, error) {
	n, err := s.writable(ctx, who, key)
	if err != nil {
		return n, err
	}
	level, err := s.store.approval(ctx, n.asks())
	switch {
	case err != nil:
		return n, err
	case !may(who, level, n) && n.Wrote(who.Account):
		return n, ErrOwn
	case !may(who, level, n):
		return n, errs.ErrForbidden
	case n.State != Submitted:
		return n, ErrNotWaits
	}
	return n, nil
}

// Withdraw takes a notice back that waits for approval or for its time.
func (s *Service) Withdraw(ctx context.Context, who actor.Actor, key id.ID) (Item, error) {
	if _, err := s.ownable(ctx, who, key); err != nil {
		return Item{}, err
	}
	return s.change(ctx, who, key, "notice.withdraw", func(was Notice) (Notice, error) { return was.Back("", s.Clock.Now()) })
}

// change gives a notice its next state in a transaction, with what else belongs to it.
func (s *Service) change(ctx context.Context, who actor.Actor, key id.ID, action string, next func(Notice) (Notice, error),
	also ...func(context.Context) error,
) (Item, error) {
	err := s.DB.Tx(ctx, func(ctx context.Context) error {
		was, err := s.store.lock(ctx, key)
		if err != nil {
			return err
		}
		n, err := next(was)
		if err != nil {
			return err
		}
		if err := s.store.update(ctx, was, n); err != nil {
			return err
		}
		for _, f := range also {
			if err := f(ctx); err != nil {
				return err
			}
		}
		return s.audit(ctx, who, action, n, nil)
	})
	if err != nil {
		return Item{}, err
	}
	return s.Get(ctx, who, key)
}

// ownable gives a notice that the actor may end, correct and take back. What the committee sent to several
// alliances is the committee's to change.
func (s *Service) ownable(ctx context.Context, who actor.Actor, key id.ID) (Notice, error) {
	n, err := s.writable(ctx, who, key)
	if err == nil && n.Series != 0 && who.Must(actor.WriteNotice, actor.Place{Committee: n.Committee}) != nil {
		return n, ErrCommittee
	}
	return n, err
}
