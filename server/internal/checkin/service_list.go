package checkin

import (
	"context"
	"errors"
	"slices"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Whoever works at the doors of an activity makes, changes and removes its further lists and seats
// people on buses: it is the liaison before the bus who needs the list, and an empty one does no harm.

// ListCounts is a list with its counts.
type ListCounts struct {
	List   List
	Counts Tally
}

// atActivity gives an activity that the actor sees (else 404) and holds the permission over (else 403).
func (s *Service) atActivity(ctx context.Context, who actor.Actor, perm actor.Permission, activityID id.ID) (activity.Activity, error) {
	a, err := s.Activities.ByID(ctx, activityID)
	if err != nil {
		return activity.Activity{}, err
	}
	if !who.Scope(actor.SeeActivity).Covers(a.At()) {
		return activity.Activity{}, errs.ErrNotFound
	}
	return a, who.Must(perm, a.At())
}

// ListsOf gives the lists of an activity, the main one first.
func (s *Service) ListsOf(ctx context.Context, who actor.Actor, activityID id.ID) ([]ListCounts, error) {
	a, err := s.atActivity(ctx, who, actor.CheckInOthers, activityID)
	if err != nil {
		return nil, err
	}
	lists, err := s.store.lists(ctx, []id.ID{a.ID})
	if err != nil {
		return nil, err
	}
	out := make([]ListCounts, len(lists))
	for i, l := range lists {
		if out[i], err = s.stateOf(ctx, l); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Service) stateOf(ctx context.Context, l List) (ListCounts, error) {
	present, err := s.store.presentOn(ctx, l.ID)
	if err != nil {
		return ListCounts{}, err
	}
	expected, err := s.due(ctx, l, present)
	if err != nil {
		return ListCounts{}, err
	}
	_, sum := Roll(expected, present, nil, nil)
	return ListCounts{l, sum}, nil
}

// CreateList opens a further list. Asked for twice without a name it gives the one that nobody is on
// yet, so that a second tap makes no second list.
func (s *Service) CreateList(ctx context.Context, who actor.Actor, activityID id.ID, d ListDraft) (ListCounts, error) {
	a, err := s.atActivity(ctx, who, actor.CheckInOthers, activityID)
	if err != nil {
		return ListCounts{}, err
	}
	if a.Cancelled {
		return ListCounts{}, activity.ErrCancelled
	}
	l, err := s.createList(ctx, who, a, d)
	if errors.Is(err, ErrListName) && d.Name == "" {
		l, err = s.createList(ctx, who, a, d) // somebody else made it at this moment: there it is
	}
	if err != nil {
		return ListCounts{}, err
	}
	return s.stateOf(ctx, l)
}

func (s *Service) createList(ctx context.Context, who actor.Actor, a activity.Activity, d ListDraft) (l List, err error) {
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		shown, err := s.store.lists(ctx, []id.ID{a.ID})
		if err != nil {
			return err
		}
		if d.Name == "" && d.OpensAt == nil && d.ClosesAt == nil {
			for _, had := range shown {
				if n, err := s.store.used(ctx, had.ID); err != nil || n == 0 && had.Kind == d.Kind && d.Kind.further() {
					l = had
					return err
				}
			}
		}
		if l, err = NewList(d, a, s.IDs.New(), namesOf(shown, 0)); err != nil {
			return err
		}
		if len(shown) >= maxLists {
			return ErrManyLists
		}
		if err := s.put(ctx, &l, shown); err != nil {
			return err
		}
		return s.logList(ctx, who, "checkin.open_list", a, l)
	})
	return l, err
}

// put writes a new list. A removed one of the same name is taken up again: the name is unique.
func (s *Service) put(ctx context.Context, l *List, shown []List) error {
	all, err := s.store.allLists(ctx, l.Activity)
	if err != nil {
		return err
	}
	for _, old := range all {
		hidden := !slices.ContainsFunc(shown, func(v List) bool { return v.ID == old.ID })
		if hidden && old.Name == l.Name {
			l.ID = old.ID
			if err := s.store.changeList(ctx, *l); err != nil {
				return err
			}
			return s.store.bringBack(ctx, l.ID)
		}
	}
	return s.store.insertList(ctx, *l, s.Clock.Now())
}

// namesOf gives the names of lists but of one.
func namesOf(lists []List, but id.ID) []string {
	var out []string
	for _, l := range lists {
		if l.ID != but {
			out = append(out, l.Name)
		}
	}
	return out
}

// ChangeList gives a further list another name or window.
func (s *Service) ChangeList(ctx context.Context, who actor.Actor, listID id.ID, c ListChange) (ListCounts, error) {
	l, a, err := s.open(ctx, who, actor.CheckInOthers, listID)
	if err != nil {
		return ListCounts{}, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		all, err := s.store.allLists(ctx, a.ID)
		if err != nil {
			return err
		}
		if l, err = l.Changed(c, a, namesOf(all, l.ID)); err != nil {
			return err
		}
		if err := s.store.changeList(ctx, l); err != nil {
			return err
		}
		return s.logList(ctx, who, "checkin.change_list", a, l)
	})
	if err != nil {
		return ListCounts{}, err
	}
	return s.stateOf(ctx, l)
}

// RemoveList hides a further list that nobody is on. What a phone without network recorded on it in the
// meantime is still taken, and brings the list back.
func (s *Service) RemoveList(ctx context.Context, who actor.Actor, listID id.ID) error {
	l, a, err := s.open(ctx, who, actor.CheckInOthers, listID)
	if err != nil {
		return err
	}
	if !l.Kind.further() {
		return ErrMainList
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		n, err := s.store.used(ctx, l.ID)
		if err != nil {
			return err
		}
		if n > 0 {
			return ErrListUsed
		}
		if err := s.store.removeList(ctx, l.ID, s.Clock.Now()); err != nil {
			return err
		}
		return s.logList(ctx, who, "checkin.remove_list", a, l)
	})
}

func (s *Service) logList(ctx context.Context, who actor.Actor, action string, a activity.Activity, l List) error {
	return s.Audit.Write(ctx, who, audit.Line{Action: action, Kind: "activity", Subject: a.ID, Place: a.At(),
		Detail: map[string]any{"list": l.ID, "kind": l.Kind, "name": l.Name}})
}

// Seat puts persons of an activity on a bus, whichever they had; bus 0 takes them off. Repeating it
// changes nothing.
func (s *Service) Seat(ctx context.Context, who actor.Actor, activityID id.ID, bus int, people []id.ID) error {
	a, err := s.atActivity(ctx, who, actor.CheckInOthers, activityID)
	if err != nil {
		return err
	}
	if bus < 0 || bus > maxBus {
		return errs.ErrInvalid.With(errs.Field("bus", "车号应在1到99之间"))
	}
	people = slices.Compact(slices.Sorted(slices.Values(people)))
	listed, err := s.Activities.ExpectedAmong(ctx, a.ID, people)
	if err != nil {
		return err
	}
	if len(listed) < len(people) {
		return activity.ErrNotExpected
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.seat(ctx, a.ID, bus, people, who.Account, s.Clock.Now()); err != nil {
			return err
		}
		for part := range slices.Chunk(people, auditPersons) {
			err := s.Audit.Write(ctx, who, audit.Line{Action: "checkin.seat", Kind: "activity", Subject: a.ID, Place: a.At(),
				Detail: map[string]any{"bus": bus, "persons": part}})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// due gives everybody who is expected on a list, on which those of present are.
func (s *Service) due(ctx context.Context, l List, present map[id.ID]Record) ([]activity.Expected, error) {
	expected, err := s.Activities.Expected(ctx, l.Activity)
	if err != nil {
		return nil, err
	}
	return s.dueOf(ctx, l, expected, present)
}

// dueOf filters those whom the activity expects down to those due on a list.
func (s *Service) dueOf(ctx context.Context, l List, expected []activity.Expected, present map[id.ID]Record) ([]activity.Expected, error) {
	if !l.Kind.further() {
		return expected, nil
	}
	first, err := s.store.mainList(ctx, l.Activity)
	if err != nil {
		return nil, err
	}
	came, err := s.store.presentOn(ctx, first.ID)
	return dueOn(l.Kind, expected, came, present), err
}

// dueAmong gives those of the persons who are expected on a list: what the doors ask.
func (s *Service) dueAmong(ctx context.Context, l List, people []id.ID) (map[id.ID]activity.Expected, error) {
	listed, err := s.Activities.ExpectedAmong(ctx, l.Activity, people)
	if err != nil || !l.Kind.further() {
		return listed, err
	}
	came, err := s.store.presentAt(ctx, []id.ID{l.Activity}, people)
	if err != nil {
		return nil, err
	}
	here, err := s.store.present(ctx, l.ID, people)
	if err != nil {
		return nil, err
	}
	out := map[id.ID]activity.Expected{}
	for _, p := range people {
		e, expected := listed[p]
		_, there := came[l.Activity][p]
		_, ticked := here[p]
		if e, due := l.Kind.Due(e, expected, there, ticked); due {
			out[p] = e
		}
	}
	return out, nil
}

// SignInSheet gives the sheet to be signed with a pen, of one unit or (zero) of everybody expected. Its
// numbers are kept, so that it can be entered by number later; who took it is written down.
func (s *Service) SignInSheet(ctx context.Context, who actor.Actor, activityID, unit id.ID) (name string, file []byte, err error) {
	a, err := s.atActivity(ctx, who, actor.SeeAttendance, activityID)
	if err != nil {
		return "", nil, err
	}
	if err := s.Activities.Refresh(ctx, a.ID); err != nil {
		return "", nil, err
	}
	l, err := s.store.mainList(ctx, a.ID)
	if err != nil {
		return "", nil, err
	}
	lines, _, err := s.roll(ctx, l)
	if err != nil {
		return "", nil, err
	}
	numbers, err := s.numberAll(ctx, a.ID, lines)
	if err != nil {
		return "", nil, err
	}
	alliance, err := s.Directory.Alliance(ctx, a.Alliance)
	if err != nil {
		return "", nil, err
	}
	sheet := PaperSheet{Activity: a, Alliance: alliance.Name, Rows: paperRows(lines, numbers, unit)}
	if unit != 0 {
		if len(sheet.Rows) == 0 {
			return "", nil, errs.ErrNotFound
		}
		sheet.Unit = sheet.Rows[0].Unit
	}
	if file, err = sheet.PDF(); err != nil {
		return "", nil, err
	}
	err = s.Audit.Write(ctx, who, audit.Line{Action: "checkin.print_sheet", Kind: "activity", Subject: a.ID, Place: a.At(),
		Detail: map[string]any{"unit": unit, "rows": len(sheet.Rows)}})
	return sheet.Title() + sheet.Unit + a.StartsAt.In(clock.Shanghai).Format("20060102") + ".pdf", file, err
}

// numberAll gives each line its number and keeps it. Two who print at once agree: what the other wrote
// first counts, the rest is numbered behind it.
func (s *Service) numberAll(ctx context.Context, activityID id.ID, lines []Line) (map[id.ID]int, error) {
	for range 5 {
		known, err := s.store.numbers(ctx, activityID)
		if err != nil {
			return nil, err
		}
		fresh := numberNew(lines, known)
		if len(fresh) == 0 {
			return known, nil
		}
		err = s.DB.Tx(ctx, func(ctx context.Context) error { return s.store.addNumbers(ctx, activityID, fresh) })
		if err != nil {
			return nil, err
		}
	}
	return nil, errs.ErrUnavailable
}
