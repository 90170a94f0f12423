package ledger

import (
	"context"
	"errors"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Restatement gives a person a status from a day on (YYYY, YYYY-MM or YYYY-MM-DD; empty: unknown), with
// a note such as where somebody moved to.
type Restatement struct {
	Status Status
	At     string
	Note   string
}

// maxStatusNote is the length of the note in characters.
const maxStatusNote = 300

// Restate changes a person's status. Death and moving away stop notices in the same transaction; the
// history stays.
func (s *Service) Restate(ctx context.Context, who actor.Actor, personID id.ID, r Restatement) (Entry, error) {
	r.At, r.Note = NormalText(r.At), FreeText(r.Note)
	return s.restate(ctx, who, personID, Restated, func(_ context.Context, rec *Record) error {
		if err := r.check(s.clk.Now()); err != nil {
			return err
		}
		rec.Status, rec.StatusAt, rec.StatusNote = r.Status, r.At, r.Note
		return nil
	})
}

func (r Restatement) check(now time.Time) error {
	var faults []errs.FieldError
	if !r.Status.Valid() {
		faults = append(faults, errs.Field("status", "没有这种状态"))
	}
	if !ValidDate(r.At, now) {
		faults = append(faults, errs.Field("at", "日期应写成 2026-03 或 2026-03-05，且不晚于今天"))
	}
	if len([]rune(r.Note)) > maxStatusNote || LooksLikeFormula(r.Note) {
		faults = append(faults, errs.Field("note", "说明最多300个字，不能以 = + - @ 开头"))
	}
	if len(faults) > 0 {
		return errs.ErrInvalid.With(faults...)
	}
	return nil
}

// UndoStatus takes back the last status when it was given by mistake: the person is again what they
// were before. What was active before, or was taken back already, is ErrNothingToUndo.
func (s *Service) UndoStatus(ctx context.Context, who actor.Actor, personID id.ID) (Entry, error) {
	return s.restate(ctx, who, personID, Undone, func(ctx context.Context, rec *Record) error {
		last, err := s.store.lastRestatement(ctx, personID)
		if errors.Is(err, errs.ErrNotFound) || err == nil && (last.Cause == Undone || rec.Status == Active || last.After.Status != rec.Status) {
			return ErrNothingToUndo
		}
		if err != nil {
			return err
		}
		rec.Status, rec.StatusAt, rec.StatusNote = last.Before.Status, "", ""
		for _, d := range last.Differences {
			switch d.Key {
			case "status_at":
				rec.StatusAt = d.From
			case "status_note":
				rec.StatusNote = d.From
			}
		}
		return nil
	})
}

// restate changes a person's status under its lock.
func (s *Service) restate(ctx context.Context, who actor.Actor, personID id.ID, cause Cause, change func(context.Context, *Record) error) (Entry, error) {
	d, err := s.store.person(ctx, who.Scope(actor.SeePerson), personID)
	if err != nil {
		return Entry{}, err
	}
	if err := who.Must(actor.EditPerson, d.Place()); err != nil {
		return Entry{}, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		old, err := s.store.lockPerson(ctx, personID)
		if err != nil {
			return err
		}
		rec := old
		if err := change(ctx, &rec); err != nil {
			return err
		}
		if _, err := s.save(ctx, By{Account: who.Account, Cause: cause}, old, rec); err != nil {
			return err
		}
		return s.wrote(ctx, who, "ledger.restate_person", "person", personID, d.Place(),
			map[string]any{"from": old.Status, "to": rec.Status, "undo": cause == Undone})
	})
	if err != nil {
		return Entry{}, err
	}
	d, err = s.store.person(ctx, everywhere, personID)
	return s.entry(ctx, who, d, err)
}

// Said is what the page shows after a status was registered.
func (s Status) Said() string {
	switch s {
	case Deceased:
		return "已登记。从现在起不再给这位老同志发送通知，历年的记录都会保留"
	case Moved:
		return "已登记。从现在起不再发送这里的通知，历年的记录都会保留"
	case Suspended:
		return "已登记。暂停期间不发送通知，恢复在册后照常"
	}
	return "已恢复在册，今后的通知照常发送"
}
