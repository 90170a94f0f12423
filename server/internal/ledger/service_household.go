package ledger

import (
	"context"
	"strings"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/page"
)

// Household gives the household of a person that who sees, and whom it may be missing: whoever has the
// same telephone is asked about, never refused.
func (s *Service) Household(ctx context.Context, who actor.Actor, personID id.ID) (Household, error) {
	scope := who.Scope(actor.SeePerson)
	d, err := s.store.person(ctx, scope, personID)
	if err != nil {
		return Household{}, err
	}
	h := Household{Members: []Entry{}, Asked: []Entry{}}
	if d.Record.HouseholdID != 0 {
		all, err := s.store.household(ctx, d.Record.HouseholdID)
		if err != nil {
			return Household{}, err
		}
		for _, m := range all {
			switch {
			case m.Record.ID == personID:
			case scope.Covers(m.Place()):
				h.Members = append(h.Members, m.masked())
			default:
				h.Hidden++
			}
		}
		if len(h.Members)+h.Hidden > 0 { // whoever is left alone, by an erasure, is in no household
			h.ID = d.Record.HouseholdID
		}
	}
	if !takesPartIn(d.Record.Status) || who.Must(actor.EditPerson, d.Place()) != nil {
		return h, nil
	}
	asked, err := s.store.asked(ctx, who.Scope(actor.EditPerson), d.Record)
	if err != nil {
		return Household{}, err
	}
	for _, a := range asked {
		h.Asked = append(h.Asked, a.masked())
	}
	return h, nil
}

func takesPartIn(s Status) bool { return s == Active || s == Suspended }

// two gives two persons both of whom who may change.
func (s *Service) two(ctx context.Context, who actor.Actor, personID, otherID id.ID) (one, other detail, err error) {
	for _, p := range []struct {
		id id.ID
		at *detail
	}{{personID, &one}, {otherID, &other}} {
		if *p.at, err = s.store.person(ctx, who.Scope(actor.SeePerson), p.id); err != nil {
			return one, other, err
		}
		if err = who.Must(actor.EditPerson, p.at.Place()); err != nil {
			return one, other, err
		}
	}
	if personID == otherID {
		err = ErrWithOneself.With(errs.Field("person_id", "请选择另一位同志"))
	}
	return one, other, err
}

// JoinHousehold says that two people are one family: the second comes into the household of the first,
// or both into a new one. Said twice it changes nothing.
func (s *Service) JoinHousehold(ctx context.Context, who actor.Actor, personID, otherID id.ID) (Household, error) {
	one, _, err := s.two(ctx, who, personID, otherID)
	if err != nil {
		return Household{}, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		rows, err := s.store.lockPersons(ctx, inPairs(personID, otherID))
		if err != nil {
			return err
		}
		before := [2]Record{rows[personID], rows[otherID]}
		after, changed, err := together(before[0], before[1], s.ids.New)
		if err != nil {
			return err
		}
		members, err := s.store.lockHousehold(ctx, after[0].HouseholdID)
		if err != nil {
			return err
		}
		size := len(members)
		for i := range before {
			if before[i].HouseholdID != after[i].HouseholdID {
				size++
			}
		}
		if size > maxHousehold {
			return ErrHouseholdFull
		}
		for i := range after {
			if !changed[i] {
				continue
			}
			if _, err := s.save(ctx, By{Account: who.Account, Cause: Housed}, before[i], after[i]); err != nil {
				return err
			}
		}
		if err := s.store.clearApart(ctx, personID, otherID); err != nil {
			return err
		}
		return s.wrote(ctx, who, "ledger.join_household", "person", personID, one.Place(), map[string]any{"other": otherID})
	})
	if err != nil {
		return Household{}, err
	}
	return s.Household(ctx, who, personID)
}

// LeaveHousehold takes a person out of the household. Who would be left alone in it is in none, too.
func (s *Service) LeaveHousehold(ctx context.Context, who actor.Actor, personID id.ID) (Household, error) {
	d, err := s.store.person(ctx, who.Scope(actor.SeePerson), personID)
	if err != nil {
		return Household{}, err
	}
	if err := who.Must(actor.EditPerson, d.Place()); err != nil {
		return Household{}, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		rec, err := s.store.lockPerson(ctx, personID)
		if err != nil {
			return err
		}
		if rec.HouseholdID == 0 {
			return ErrNoHousehold
		}
		members, err := s.store.lockHousehold(ctx, rec.HouseholdID)
		if err != nil {
			return err
		}
		for _, m := range members {
			if m.ID != personID && len(members) > 2 {
				continue
			}
			after := m
			after.HouseholdID = 0
			if _, err := s.save(ctx, By{Account: who.Account, Cause: Housed}, m, after); err != nil {
				return err
			}
		}
		return s.wrote(ctx, who, "ledger.leave_household", "person", personID, d.Place(), nil)
	})
	if err != nil {
		return Household{}, err
	}
	return s.Household(ctx, who, personID)
}

// NoFamily answers that two people with one telephone are no family, so that nobody asks again. Saying
// later that they are takes it back.
func (s *Service) NoFamily(ctx context.Context, who actor.Actor, personID, otherID id.ID) (Household, error) {
	one, _, err := s.two(ctx, who, personID, otherID)
	if err != nil {
		return Household{}, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		rows, err := s.store.lockPersons(ctx, inPairs(personID, otherID))
		if err != nil {
			return err
		}
		if h := rows[personID].HouseholdID; h != 0 && h == rows[otherID].HouseholdID {
			return ErrSameHousehold
		}
		if err := s.store.setApart(ctx, personID, otherID, who.Account, s.now()); err != nil {
			return err
		}
		return s.wrote(ctx, who, "ledger.no_family", "person", personID, one.Place(), map[string]any{"other": otherID})
	})
	if err != nil {
		return Household{}, err
	}
	return s.Household(ctx, who, personID)
}

// AskAgain takes the answer back that two people are no family.
func (s *Service) AskAgain(ctx context.Context, who actor.Actor, personID, otherID id.ID) (Household, error) {
	one, _, err := s.two(ctx, who, personID, otherID)
	if err != nil {
		return Household{}, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.clearApart(ctx, personID, otherID); err != nil {
			return err
		}
		return s.wrote(ctx, who, "ledger.ask_family_again", "person", personID, one.Place(), map[string]any{"other": otherID})
	})
	if err != nil {
		return Household{}, err
	}
	return s.Household(ctx, who, personID)
}

// Pairs gives the people that who may change, two by two, who share a telephone and of whom nobody has
// said whether they are family.
func (s *Service) Pairs(ctx context.Context, who actor.Actor, f Filter, p page.Page) (page.List[Pair], error) {
	none := page.List[Pair]{}
	after, err := pairCursor(p)
	if err != nil {
		return none, err
	}
	scope := who.Scope(actor.EditPerson)
	found, err := s.store.pairs(ctx, scope, f, after, p.Size()+1)
	if err != nil {
		return none, err
	}
	var ids []id.ID
	for _, two := range found {
		ids = append(ids, two[0], two[1])
	}
	known, err := s.store.detailsByID(ctx, ids)
	if err != nil {
		return none, err
	}
	list := make([]Pair, len(found))
	for i, two := range found {
		one, other := known[two[0]], known[two[1]]
		list[i] = Pair{one.masked(), other.masked()}
	}
	return page.Of(list, p.Size(), func(x Pair) string { return x.One.ID.String() + "." + x.Other.ID.String() }), nil
}

func pairCursor(p page.Page) (after [2]id.ID, err error) {
	if p.After == "" {
		return after, nil
	}
	one, other, _ := strings.Cut(p.After, ".")
	for i, text := range []string{one, other} {
		if after[i], err = id.Parse(text); err != nil {
			return after, errs.ErrInvalid.With(errs.Field("after", "翻页位置不对"))
		}
	}
	return after, nil
}
