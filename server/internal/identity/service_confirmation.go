package identity

import (
	"context"
	"errors"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Ask puts a question to the phone of whoever sits at the desktop. What will happen is said in the
// server's words; summary is what the desktop adds.
func (s *Service) Ask(ctx context.Context, who actor.Actor, action string, subject id.ID, summary string) (Confirmation, error) {
	if !who.Console {
		return Confirmation{}, ErrConsoleOnly
	}
	if confirmTitles[action] == "" {
		return Confirmation{}, errs.ErrInvalid.With(errs.Field("action", "没有这种操作"))
	}
	summary, bad := text("summary", "说明", summary, 0, 200)
	if bad != nil {
		return Confirmation{}, errs.ErrInvalid.With(bad...)
	}
	about, at, err := s.subject(ctx, who, action, subject)
	if err != nil {
		return Confirmation{}, err
	}
	number, err := newNumber()
	if err != nil {
		return Confirmation{}, err
	}
	now := s.clk.Now()
	c := Confirmation{ID: s.ids.New(), Account: who.Account, Session: who.Session, Action: action, Subject: subject, Title: confirmTitles[action],
		About: about, Summary: summary, Number: number, State: ConfirmPending, CreatedAt: now, ExpiresAt: now.Add(confirmLife)}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		waiting, err := s.store.waiting(ctx, who.Account, now)
		if err != nil {
			return err
		}
		if len(waiting) >= confirmMost {
			return ErrConfirmMany
		}
		if err := s.store.insertConfirmation(ctx, c); err != nil {
			return err
		}
		return s.note(ctx, who, "ask", "confirmation", c.ID, at, map[string]any{"action": action, "subject": subject})
	})
	return c, err
}

// subject names what an action is about, or reports errs.ErrNotFound when who doesn't see it.
func (s *Service) subject(ctx context.Context, who actor.Actor, action string, subject id.ID) (string, actor.Place, error) {
	switch action {
	case ConfirmUndoImport, ConfirmFound:
		return "", actor.Place{}, nil
	case ConfirmReveal, ConfirmErase:
		p, err := s.dir.Person(ctx, subject)
		if err != nil {
			return "", actor.Place{}, err
		}
		if !who.Scope(actor.SeePerson).Covers(p.Place()) {
			return "", actor.Place{}, errs.ErrNotFound
		}
		return p.Unit + " " + p.Name, p.Place(), nil
	}
	name, at, err := s.placeNamed(ctx, subject)
	if err == nil && !who.Scope(actor.SeeOrg).Covers(at) {
		err = errs.ErrNotFound
	}
	return name, at, err
}

// placeNamed finds the committee, alliance or unit that an id belongs to.
func (s *Service) placeNamed(ctx context.Context, at id.ID) (string, actor.Place, error) {
	c, err := s.dir.Committee(ctx, at)
	if !errors.Is(err, errs.ErrNotFound) {
		return c.Name, c.Place(), err
	}
	a, err := s.dir.Alliance(ctx, at)
	if !errors.Is(err, errs.ErrNotFound) {
		return a.Name, a.Place(), err
	}
	u, err := s.dir.Unit(ctx, at)
	return u.Name, u.Place(), err
}

// Waiting gives the questions that wait for the account's phone, newest first.
func (s *Service) Waiting(ctx context.Context, who actor.Actor) ([]Confirmation, error) {
	return s.store.waiting(ctx, who.Account, s.clk.Now())
}

// Asked gives one of the account's questions.
func (s *Service) Asked(ctx context.Context, who actor.Actor, confirmation id.ID) (Confirmation, error) {
	c, err := s.store.confirmation(ctx, who.Account, confirmation)
	return c.at(s.clk.Now()), err
}

// Decide answers a question, on the phone only: a desktop can't confirm itself.
func (s *Service) Decide(ctx context.Context, who actor.Actor, confirmation id.ID, approve bool) error {
	if who.Console {
		return ErrPhoneOnly
	}
	c, err := s.Asked(ctx, who, confirmation)
	switch {
	case err != nil:
		return err
	case c.State == ConfirmExpired:
		return ErrConfirmExpired
	}
	to, verb := ConfirmRefused, "refuse"
	if approve {
		to, verb = ConfirmApproved, "confirm"
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		won, err := s.store.answerConfirmation(ctx, c.ID, to, s.clk.Now())
		if err != nil {
			return err
		}
		if !won {
			return ErrConfirmDecided
		}
		return s.note(ctx, who, verb, "confirmation", c.ID, actor.Place{}, map[string]any{"action": c.Action, "subject": c.Subject})
	})
}

// Confirmed spends, in the caller's transaction, the confirmation that the request of a desktop
// carries: one of exactly this account, session, action and subject, approved within five minutes. It
// reports ErrConfirm where there is none, and nil for everybody who isn't at a desktop.
func (s *Service) Confirmed(ctx context.Context, who actor.Actor, action string, subject id.ID) error {
	if !who.Console {
		return nil
	}
	if who.Confirmation == 0 {
		return ErrConfirm
	}
	now := s.clk.Now()
	return s.db.Tx(ctx, func(ctx context.Context) error {
		c, err := s.store.confirmation(ctx, who.Account, who.Confirmation)
		if errors.Is(err, errs.ErrNotFound) {
			return ErrConfirm
		}
		if err != nil {
			return err
		}
		if c = c.at(now); c.State != ConfirmApproved || !c.fits(who.Account, who.Session, action, subject) {
			return c.refusal(who.Account, who.Session, action, subject)
		}
		won, err := s.store.spend(ctx, c.ID)
		if err != nil {
			return err
		}
		if !won {
			c.State = ConfirmSpent
			return c.refusal(who.Account, who.Session, action, subject)
		}
		return s.note(ctx, who, "spend_confirmation", "confirmation", c.ID, actor.Place{}, map[string]any{"action": action, "subject": subject})
	})
}
