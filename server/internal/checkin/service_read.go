package checkin

import (
	"context"
	"slices"
	"strings"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// read turns what a door sent into attempts: when it happened, whether the code is ours, whom it names.
func (s *Service) read(ctx context.Context, l List, a activity.Activity, now time.Time, items []Item) ([]*attempt, error) {
	var serials []string
	for _, it := range items {
		if serial, ok := ParseCard(it.Code); ok {
			serials = append(serials, serial)
		}
	}
	cards, err := s.store.cards(ctx, serials)
	if err != nil {
		return nil, err
	}
	list := make([]*attempt, len(items))
	for i, it := range items {
		t := &attempt{text: it.Nonce, door: it.Door}
		list[i] = t
		var ok bool
		if t.nonce, ok = ParseNonce(it.Nonce); !ok {
			t.damaged = true
		}
		t.facts.At, t.flag, t.late = Moment(l, a.StartsAt, it.Happened, now, it.Door, it.Offline)
		t.facts.WalkIn, t.facts.LeaveToPresent = it.WalkIn, it.LeaveToPresent
		switch it.Door {
		case Scan, Card:
			t.coded, t.trusted = true, true
			s.readCode(t, l, a, it.Code, cards, now)
		case Roster, Paper:
			t.facts.Genuine, t.facts.Current, t.onBehalf, t.person = true, true, true, it.Person
			if it.Person == 0 && !t.damaged {
				if err := s.find(ctx, t, l, a, it.Query); err != nil {
					return nil, err
				}
			}
		default:
			t.damaged = true
		}
	}
	return list, nil
}

// readCode reads a member's code or a card's serial. One shown offline is held against the moment when
// it was shown. A member's code that had run out by then opened an offline door by its day pass alone;
// on any other day no door has let it pass, so it is judged as if it were shown now.
func (s *Service) readCode(t *attempt, l List, a activity.Activity, code string, cards map[string]card, now time.Time) {
	shown := now
	if t.late {
		shown = t.facts.At
	}
	if serial, ok := ParseCard(code); ok {
		c, known := cards[serial]
		t.door, t.person = Card, c.Person
		t.facts.Genuine, t.facts.Current = known, c.Revoked.IsZero() || shown.Before(c.Revoked)
		return
	}
	m, ok := s.codes.OpenMember(code, shown)
	t.door, t.person, t.facts.Current, t.facts.Genuine = Scan, m.Person, m.Current, ok
	if t.late && !m.Current && !opensOffline(m.Issued, l, a.StartsAt, a.EndsAt) {
		t.late = false
	}
}

// find looks a name, initials or last four digits up among the alliance. A full name goes before parts
// of others, those on the list before those who are not.
func (s *Service) find(ctx context.Context, t *attempt, l List, a activity.Activity, query string) error {
	query = strings.TrimSpace(query)
	if query == "" {
		return nil
	}
	found, err := s.Directory.SearchIn(ctx, a.Alliance, query)
	if err != nil || len(found) == 0 {
		t.nothing = err == nil
		return err
	}
	ids := make([]id.ID, len(found))
	for i, p := range found {
		ids[i] = p.ID
	}
	listed, err := s.dueAmong(ctx, l, ids)
	if err != nil {
		return err
	}
	found = narrow(found, func(p ledger.Person) bool { return p.Name == query })
	found = narrow(found, func(p ledger.Person) bool { _, on := listed[p.ID]; return on })
	if t.facts.Matches = len(found); len(found) == 1 {
		t.person = found[0].ID
	} else {
		t.matches = found
	}
	return nil
}

// narrow keeps those that fit, unless that is nobody.
func narrow(list []ledger.Person, fits func(ledger.Person) bool) []ledger.Person {
	kept := slices.DeleteFunc(slices.Clone(list), func(p ledger.Person) bool { return !fits(p) })
	if len(kept) == 0 {
		return list
	}
	return kept
}
