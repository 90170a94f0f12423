package notice

import (
	"context"
	"slices"
	"unicode/utf8"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Correct replaces the text of a published notice, in the revision that was read; nil leaves alone. The old
// text is kept. Only those who knew it are told anew: they get a message, the notice is unread again for
// them, and whom only a call had told is on the call list again. Answers stay.
func (s *Service) Correct(ctx context.Context, who actor.Actor, key id.ID, revision int, title, body *string, note string) (Item, error) {
	n, err := s.ownable(ctx, who, key)
	if err != nil {
		return Item{}, err
	}
	if note = line(note); utf8.RuneCountInString(note) > maxReason {
		return Item{}, errs.ErrInvalid.With(errs.Field("note", "写得太长，请缩短一些"))
	}
	if n.Revision != revision {
		return Item{}, ErrChanged
	}
	next, err := n.Correct(title, body, who.Account, s.Clock.Now())
	if err != nil {
		return Item{}, err
	}
	if err := s.approved(ctx, who, n); err != nil {
		return Item{}, ErrApproval.Say("本联盟的通知要请人看过，更正请找牵头单位的同志")
	}
	doubtful, err := s.check(ctx, who, next.Title+"\n"+next.Body)
	if err != nil {
		return Item{}, err
	}
	if doubtful {
		return Item{}, ErrReview.Say("微信拿不准这段文字，更正没有发出，请换个说法")
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error { return s.correct(ctx, who, n, title, body, note) })
	if err != nil {
		return Item{}, err
	}
	s.Outbox.Wake()
	return s.Get(ctx, who, key)
}

func (s *Service) correct(ctx context.Context, who actor.Actor, seen Notice, title, body *string, note string) error {
	was, err := s.store.lock(ctx, seen.ID)
	if err != nil {
		return err
	}
	if was.Revision != seen.Revision {
		return ErrChanged
	}
	now := s.Clock.Now()
	n, err := was.Correct(title, body, who.Account, now)
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
		Note: note, Told: len(knew), Editor: editor, ReplacedAt: now}); err != nil {
		return err
	}
	if err := s.store.update(ctx, was, n); err != nil {
		return err
	}
	if err := s.store.again(ctx, n.ID, knew, now); err != nil {
		return err
	}
	queued, err := s.pushWord(ctx, n, ForChange, correctedWord, knew, false)
	if err != nil {
		return err
	}
	return s.audit(ctx, who, "notice.correct", n, map[string]any{"knew": len(knew), "queued": queued})
}

// Correction is one correction as readers see it.
type Correction struct {
	Version
	Changes []Change
}

// corrections tells what each correction of a notice changed, the latest first.
func corrections(n Notice, old []Version) []Correction {
	out := make([]Correction, len(old))
	title, body := n.Title, n.Body
	for i, v := range slices.Backward(old) {
		out[len(old)-1-i] = Correction{Version: v, Changes: Changes(v.Title, v.Body, title, body)}
		title, body = v.Title, v.Body
	}
	return out
}
