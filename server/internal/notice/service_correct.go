package notice

import (
	"context"
	"slices"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Correct replaces the text of a published notice, in the revision that was read. The old text is kept. Only
// those who knew it are told anew: they get a message, the notice is unread again for them, and whom only a
// call had told is on the call list again. Answers stay.
func (s *Service) Correct(ctx context.Context, who actor.Actor, key id.ID, revision int, w Wording) (Item, error) {
	n, next, err := s.correctable(ctx, who, key, revision, &w)
	if err != nil {
		return Item{}, err
	}
	level, err := s.store.approval(ctx, n.asks())
	if err != nil {
		return Item{}, err
	}
	if needs(who, level, next) {
		return Item{}, ErrApproval.Say("更正要请另一位同志看过才能发，请点送审")
	}
	doubtful, err := s.check(ctx, who, next.Title+"\n"+next.Body)
	if err != nil {
		return Item{}, err
	}
	if doubtful {
		return Item{}, ErrReview.Say("微信拿不准这段文字，更正没有发出")
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		was, err := s.unchanged(ctx, n)
		if err != nil {
			return err
		}
		return s.correct(ctx, who, was, w, who.Account)
	})
	return s.corrected(ctx, who, key, err)
}

// correctable gives a notice that who may correct, and what the words would make of it.
func (s *Service) correctable(ctx context.Context, who actor.Actor, key id.ID, revision int, w *Wording) (n, next Notice, err error) {
	n, err = s.ownable(ctx, who, key)
	if err == nil && n.Whole() {
		err = errs.ErrNotFound // corrections are made where readers are
	}
	if err != nil {
		return n, n, err
	}
	if *w, err = w.tidy(); err != nil {
		return n, n, err
	}
	if n.Revision != revision {
		return n, n, ErrChanged
	}
	next, err = n.Correct(w.Title, w.Body, who.Account, s.Clock.Now())
	return n, next, err
}

// unchanged locks a notice that was read before, or reports ErrChanged.
func (s *Service) unchanged(ctx context.Context, seen Notice) (Notice, error) {
	was, err := s.store.lock(ctx, seen.ID)
	if err == nil && was.Revision != seen.Revision {
		err = ErrChanged
	}
	return was, err
}

func (s *Service) corrected(ctx context.Context, who actor.Actor, key id.ID, err error) (Item, error) {
	if err != nil {
		return Item{}, err
	}
	s.Outbox.Wake()
	return s.Get(ctx, who, key)
}

// correct gives a locked notice the words of an account. Another correction that waits has been overtaken.
func (s *Service) correct(ctx context.Context, who actor.Actor, was Notice, w Wording, by id.ID) error {
	now := s.Clock.Now()
	n, err := was.Correct(w.Title, w.Body, by, now)
	if err != nil {
		return err
	}
	n.Checked, n.Doubtful = n.Revision, false
	rows, err := s.store.lockEverybody(ctx, n.ID) // who reads at this moment has read the old text
	if err != nil {
		return err
	}
	knew := personsOf(slices.DeleteFunc(rows, func(r Recipient) bool { return !r.Reached() }))
	editor := was.Editor
	if editor == 0 {
		editor = was.Author
	}
	if err := s.store.insertVersion(ctx, Version{Notice: was.ID, Revision: was.Revision, Title: was.Title, Body: was.Body,
		Note: w.Note, Told: len(knew), Editor: editor, ReplacedAt: now, Changes: Changes(was.Title, was.Body, n.Title, n.Body)}); err != nil {
		return err
	}
	if err := s.store.update(ctx, was, n); err != nil {
		return err
	}
	if err := s.overtake(ctx, n.ID, by); err != nil {
		return err
	}
	if err := s.store.again(ctx, n.ID, knew, now); err != nil {
		return err
	}
	queued, err := s.pushWord(ctx, n, ForChange, correctedWord, knew, false)
	if err != nil {
		return err
	}
	return s.audit(ctx, who, "notice.correct", n, map[string]any{"knew": len(knew), "queued": queued, "written_by": by})
}

// overtake ends what its author has done otherwise, and gives back what somebody else's correction was faster than.
func (s *Service) overtake(ctx context.Context, key, by id.ID) error {
	p, err := s.store.proposal(ctx, key)
	switch {
	case err != nil || p.ID == 0:
		return err
	case p.Author == by:
		return s.store.dropProposal(ctx, key)
	case p.State != Submitted:
		return nil
	}
	if p, err = p.back(remarkOvertaken); err != nil {
		return err
	}
	return s.store.setProposal(ctx, p)
}

// SubmitCorrection asks somebody else to read a correction; until it is approved the old text stands. Its text is
// checked now, because its author is there.
func (s *Service) SubmitCorrection(ctx context.Context, who actor.Actor, key id.ID, revision int, w Wording) (Item, error) {
	n, next, err := s.correctable(ctx, who, key, revision, &w)
	if err != nil {
		return Item{}, err
	}
	doubtful, err := s.check(ctx, who, next.Title+"\n"+next.Body)
	if err != nil {
		return Item{}, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		was, err := s.unchanged(ctx, n)
		if err != nil {
			return err
		}
		if err := was.Running(); err != nil {
			return err
		}
		p, err := s.store.proposal(ctx, key)
		if err != nil {
			return err
		}
		if p.State == Submitted {
			return ErrCorrecting
		}
		if err := s.store.setProposal(ctx, Proposal{ID: s.IDs.New(), Notice: key, Revision: was.Revision, Title: next.Title, Body: next.Body, Note: w.Note,
			State: Submitted, Author: who.Account, Doubtful: doubtful, SubmittedAt: s.Clock.Now()}); err != nil {
			return err
		}
		return s.audit(ctx, who, "notice.submit_correction", was, nil)
	})
	return s.corrected(ctx, who, key, err)
}

// ApproveCorrection lets out the correction that was read.
func (s *Service) ApproveCorrection(ctx context.Context, who actor.Actor, key, read id.ID) (Item, error) {
	if _, err := s.judgedCorrection(ctx, who, key, read); err != nil {
		return Item{}, err
	}
	err := s.DB.Tx(ctx, func(ctx context.Context) error {
		was, err := s.store.lock(ctx, key)
		if err != nil {
			return err
		}
		p, err := s.judgedCorrection(ctx, who, key, read)
		if err != nil {
			return err
		}
		if p.Revision != was.Revision {
			return ErrChanged
		}
		return s.correct(ctx, who, was, Wording{Title: &p.Title, Body: &p.Body, Note: p.Note}, p.Author)
	})
	return s.corrected(ctx, who, key, err)
}

// ReturnCorrection gives it back to its author with a remark.
func (s *Service) ReturnCorrection(ctx context.Context, who actor.Actor, key, read id.ID, remark string) (Item, error) {
	if _, err := s.judgedCorrection(ctx, who, key, read); err != nil {
		return Item{}, err
	}
	if line(remark) == "" {
		return Item{}, ErrRemark
	}
	return s.takeBack(ctx, who, key, "notice.return_correction", remark, func(ctx context.Context) (Proposal, error) {
		return s.judgedCorrection(ctx, who, key, read)
	})
}

// WithdrawCorrection takes back a correction that waits; its words stay with its author.
func (s *Service) WithdrawCorrection(ctx context.Context, who actor.Actor, key id.ID) (Item, error) {
	if _, err := s.ownable(ctx, who, key); err != nil {
		return Item{}, err
	}
	return s.takeBack(ctx, who, key, "notice.withdraw_correction", "", func(ctx context.Context) (Proposal, error) {
		p, err := s.store.proposal(ctx, key)
		if err == nil {
			err = p.waits(0)
		}
		return p, err
	})
}

// takeBack makes a waiting correction its author's again, under the lock of the notice's row.
func (s *Service) takeBack(ctx context.Context, who actor.Actor, key id.ID, action, remark string, waiting func(context.Context) (Proposal, error)) (Item, error) {
	err := s.DB.Tx(ctx, func(ctx context.Context) error {
		n, err := s.store.lock(ctx, key)
		if err != nil {
			return err
		}
		p, err := waiting(ctx)
		if err != nil {
			return err
		}
		if p, err = p.back(remark); err != nil {
			return err
		}
		if err := s.store.setProposal(ctx, p); err != nil {
			return err
		}
		return s.audit(ctx, who, action, n, nil)
	})
	return s.corrected(ctx, who, key, err)
}

// judgedCorrection gives a waiting correction that who may decide about; nobody approves what they wrote.
func (s *Service) judgedCorrection(ctx context.Context, who actor.Actor, key, read id.ID) (Proposal, error) {
	n, err := s.ownable(ctx, who, key)
	if err != nil {
		return Proposal{}, err
	}
	level, err := s.store.approval(ctx, n.asks())
	if err != nil {
		return Proposal{}, err
	}
	if !reads(who, level, n) {
		return Proposal{}, errs.ErrForbidden
	}
	p, err := s.store.proposal(ctx, key)
	switch {
	case err != nil:
		return p, err
	case p.State == Submitted && p.Author == who.Account:
		return p, ErrOwn.Say("自己写的更正，要请另一位同志看过才能发")
	}
	return p, p.waits(read)
}
