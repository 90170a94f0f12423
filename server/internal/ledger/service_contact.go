package ledger

import (
	"context"
	"slices"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// ContactChange names what to change of a contact; nil leaves it.
type ContactChange struct {
	Name, Relation, Phone, Note *string
	First                       bool // becomes the one that is called first
}

// AddContact adds somebody of the family; the first one that there is stands on the sheet.
func (s *Service) AddContact(ctx context.Context, who actor.Actor, personID id.ID, c Contact, first bool) (Entry, error) {
	return s.changeContacts(ctx, who, personID, "ledger.add_contact", func(_ context.Context, list []Contact) ([]Contact, error) {
		c, err := c.Clean()
		switch {
		case err != nil:
			return nil, err
		case len(list) >= maxContacts:
			return nil, ErrManyContacts
		case slices.ContainsFunc(list, func(o Contact) bool { return o.Name == c.Name && o.Phone == c.Phone }):
			return nil, ErrContactTwice
		}
		if c.ID = s.ids.New(); first {
			return append([]Contact{c}, list...), nil
		}
		return append(list, c), nil
	})
}

// UpdateContact changes what is known about somebody of the family.
func (s *Service) UpdateContact(ctx context.Context, who actor.Actor, personID, contactID id.ID, ch ContactChange) (Entry, error) {
	return s.changeContacts(ctx, who, personID, "ledger.change_contact", func(_ context.Context, list []Contact) ([]Contact, error) {
		at := slices.IndexFunc(list, func(c Contact) bool { return c.ID == contactID })
		if at < 0 {
			return nil, errs.ErrNotFound
		}
		c := list[at]
		for _, f := range []struct {
			to   *string
			from *string
		}{{&c.Name, ch.Name}, {&c.Relation, ch.Relation}, {&c.Phone, ch.Phone}, {&c.Note, ch.Note}} {
			if f.from != nil {
				*f.to = *f.from
			}
		}
		c, err := c.Clean()
		if err != nil {
			return nil, err
		}
		list[at] = c
		if ch.First {
			list = slices.Insert(slices.Delete(list, at, at+1), 0, c)
		}
		return list, nil
	})
}

// RemoveContact takes somebody of the family off; after the first one the next becomes the first. Who is
// gone already is left so.
func (s *Service) RemoveContact(ctx context.Context, who actor.Actor, personID, contactID id.ID) (Entry, error) {
	return s.changeContacts(ctx, who, personID, "ledger.remove_contact", func(_ context.Context, list []Contact) ([]Contact, error) {
		return slices.DeleteFunc(list, func(c Contact) bool { return c.ID == contactID }), nil
	})
}

// RestoreContact brings back somebody of the family who was taken off by mistake not long ago, to where they
// stood. Who is there again already is left so.
func (s *Service) RestoreContact(ctx context.Context, who actor.Actor, personID, contactID id.ID) (Entry, error) {
	return s.changeContacts(ctx, who, personID, "ledger.restore_contact", func(ctx context.Context, list []Contact) ([]Contact, error) {
		if slices.ContainsFunc(list, func(c Contact) bool { return c.ID == contactID }) {
			return list, nil
		}
		c, at, err := s.removed(ctx, personID, contactID)
		switch {
		case err != nil:
			return nil, err
		case len(list) >= maxContacts:
			return nil, ErrManyContacts
		case slices.ContainsFunc(list, func(o Contact) bool { return o.Name == c.Name && o.Phone == c.Phone }):
			return nil, ErrContactTwice
		}
		return slices.Insert(list, min(at, len(list)), c), nil
	})
}

// removed finds a contact in the history as it was before it was taken off, and its place among the others.
func (s *Service) removed(ctx context.Context, personID, contactID id.ID) (Contact, int, error) {
	rec, err := s.store.lockPerson(ctx, personID)
	if err != nil {
		return Contact{}, 0, err
	}
	changes, err := s.store.changesAfter(ctx, personID, s.clk.Now().Add(-contactReturns))
	if err != nil {
		return Contact{}, 0, err
	}
	for _, c := range changes {
		if c.Seq == 1 {
			break
		}
		rec.back(c)
		before := rec.contacts()
		if at := slices.IndexFunc(before, func(c Contact) bool { return c.ID == contactID }); at >= 0 {
			return before[at], at, nil
		}
	}
	return Contact{}, 0, ErrContactGone
}

// changeContacts changes the contacts of a person under its lock, so that of two clerks who add somebody
// at once neither loses.
func (s *Service) changeContacts(ctx context.Context, who actor.Actor, personID id.ID, action string, change func(context.Context, []Contact) ([]Contact, error)) (Entry, error) {
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
		list, err := change(ctx, old.contacts())
		if err != nil {
			return err
		}
		rec := old
		rec.setContacts(list)
		if _, err := s.save(ctx, By{Account: who.Account, Cause: Edited}, old, rec); err != nil {
			return err
		}
		return s.wrote(ctx, who, action, "person", personID, d.Place(), nil)
	})
	if err != nil {
		return Entry{}, err
	}
	d, err = s.store.person(ctx, everywhere, personID)
	return s.entry(ctx, who, d, err)
}
