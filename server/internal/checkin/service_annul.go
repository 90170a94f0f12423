package checkin

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// maxReason is the length of a reason in characters.
const maxReason = 100

// Annul takes a presence back into the history, so that the person can sign in again: the member
// 「我点错了」 within 10 minutes, the liaison who made the record within 15, head and lead unit also
// later. A walk-in leaves the list of those expected along with it.
func (s *Service) Annul(ctx context.Context, who actor.Actor, listID, person id.ID, reason string) error {
	l, a, err := s.listOf(ctx, listID)
	if err != nil {
		return err
	}
	if !who.ActsFor(person) && !who.Scope(actor.SeeActivity).Covers(a.At()) {
		return errs.ErrNotFound
	}
	right := Right{Any: who.Must(actor.AnnulAnyRecord, a.At()) == nil, Door: who.Must(actor.CheckInOthers, a.At()) == nil, Own: who.ActsFor(person)}
	if right == (Right{}) {
		return errs.ErrForbidden
	}
	reason = strings.Join(strings.Fields(reason), " ")
	if utf8.RuneCountInString(reason) > maxReason {
		return errs.ErrInvalid.With(errs.Field("reason", "原因太长，请缩短一些"))
	}
	now := s.Clock.Now()
	var taken Record
	var ghost bool
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		present, err := s.store.present(ctx, l.ID, []id.ID{person})
		if err != nil {
			return err
		}
		r, there := present[person]
		if !there {
			return ErrNotPresent
		}
		taken = r
		if err := r.MayAnnul(who.Account, right, now); err != nil {
			return err
		}
		gone, again, err := s.store.remove(ctx, s.IDs.New, r, who.Account, reason, now)
		if err != nil {
			return err
		}
		if !gone {
			return ErrNotPresent
		}
		if ghost = again; ghost {
			return nil // a repetition of what was just taken back: it goes with that, and is nobody's
		}
		if !l.Kind.further() {
			if err := s.Activities.DropWalkIn(ctx, a.ID, person); err != nil {
				return err
			}
		}
		if err := s.Versions.Raise(ctx, l.ID); err != nil {
			return err
		}
		return s.Audit.Write(ctx, who, audit.Line{Action: "checkin.annul", Kind: "activity", Subject: a.ID, Place: a.At(),
			Detail: map[string]any{"list": l.ID, "person": person, "reason": reason}})
	})
	// Whoever comes again after this answer is not told 已签到 by an instance's memory, and a repetition
	// of the same attempt that slipped in until all know of the annulment is taken back with it. That
	// goes also for the answer that there is nothing to take back: somebody else may just have done so.
	ctx = context.WithoutCancel(ctx)
	if err == nil && ghost {
		err = ErrNotPresent
	}
	switch {
	case errors.Is(err, ErrNotPresent):
		s.Versions.Forget(l.ID)
		s.Versions.Settle(ctx)
		return err
	case err != nil:
		return err
	}
	s.changed(l.ID)
	s.Versions.Settle(ctx)
	return s.store.removeAgain(ctx, taken)
}
