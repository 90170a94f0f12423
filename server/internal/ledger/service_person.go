package ledger

import (
	"context"
	"slices"
	"strings"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/page"
)

// Filter narrows a list of persons; zero values narrow nothing.
type Filter struct {
	Alliance, Unit id.ID
	Status         Status
	Query          string // name, pinyin, initials, a whole number or its last four digits
	Own            OwnAsk // of a committee's own column
	committee      id.ID
}

// Entry is a person as the ledger pages show one: Fields holds masked texts only.
type Entry struct {
	Person
	Fields
	StatusAt, StatusNote string
	Contacts             []Contact  // of the family, the first one first
	Own                  []OwnValue // of the committee's own columns, in their order
}

// masked hides what domain.md calls sensitive. The day of birth goes too: with the region it is half
// of the identity number.
func (d detail) masked() Entry {
	f := d.Record.Fields
	for _, c := range AllFields {
		*c.At(&f) = masked(c.Key, *c.At(&f))
	}
	e := Entry{Person: d.Person, Fields: f, StatusAt: d.StatusAt, StatusNote: masked("status_note", d.StatusNote)}
	for _, c := range d.Record.contacts() {
		e.Contacts = append(e.Contacts, c.masked())
	}
	return e
}

// Persons gives masked rows of the persons that who sees: unit by unit, or in the order of what was found.
func (s *Service) Persons(ctx context.Context, who actor.Actor, f Filter, p page.Page) (page.List[Entry], error) {
	after, err := placeOf(p)
	if err != nil {
		return page.List[Entry]{}, err
	}
	if f.Status != "" && !f.Status.Valid() {
		return page.List[Entry]{}, errs.ErrInvalid.With(errs.Field("status", "没有这种状态"))
	}
	if f.Own.Column != 0 {
		return s.holding(ctx, who, f, after, p.Size())
	}
	found, err := s.store.filtered(ctx, who.Scope(actor.SeePerson), f, after, p.Size()+1)
	if err != nil {
		return page.List[Entry]{}, err
	}
	entries, err := s.entries(ctx, who, found)
	if err != nil {
		return page.List[Entry]{}, err
	}
	return page.Of(entries, p.Size(), func(e Entry) string { return place{e.Person.UnitID, e.Person.ID}.String() }), nil
}

// Person gives one masked row, or errs.ErrNotFound outside of what who sees.
func (s *Service) Person(ctx context.Context, who actor.Actor, personID id.ID) (Entry, error) {
	d, err := s.store.person(ctx, who.Scope(actor.SeePerson), personID)
	return s.entry(ctx, who, d, err)
}

// CreatePerson adds a person to a unit. branchID zero means the unit's own branch.
func (s *Service) CreatePerson(ctx context.Context, who actor.Actor, unitID, branchID id.ID, f Fields) (Entry, error) {
	u, err := s.store.unit(ctx, who.Scope(actor.SeeOrg), unitID)
	if err != nil {
		return Entry{}, err
	}
	if err := who.Must(actor.EditPerson, u.Place()); err != nil {
		return Entry{}, err
	}
	rec := Record{ID: s.ids.New(), UnitID: unitID, BranchID: branchID, Status: Active}
	if rec.Fields, err = f.Clean(s.clk.Now()); err != nil {
		return Entry{}, err
	}
	if err := s.branchIn(ctx, &rec); err != nil {
		return Entry{}, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.idNumberFree(ctx, u.CommitteeID, rec); err != nil {
			return err
		}
		by := By{Account: who.Account, Cause: Created}
		if err := s.store.insertPersons(ctx, []Record{rec}, by, s.now()); err != nil {
			return err
		}
		place := u.Place()
		place.Person = rec.ID
		return s.wrote(ctx, who, "ledger.create_person", "person", rec.ID, place, nil)
	})
	if err != nil {
		return Entry{}, err
	}
	d, err := s.store.person(ctx, everywhere, rec.ID)
	return s.entry(ctx, who, d, err)
}

// PersonChange names what to change; nil leaves it.
type PersonChange struct {
	Unit, Branch *id.ID // a new unit without a branch: the unit's own
	Status       *Status
	SeqNo        *int
	Fields       map[string]string // by Field.Key; an empty text clears the column
	Own          map[id.ID]string  // of the committee's own columns
}

// UpdatePerson changes columns, affiliation or status of a person.
func (s *Service) UpdatePerson(ctx context.Context, who actor.Actor, personID id.ID, c PersonChange) (Entry, error) {
	d, err := s.store.person(ctx, who.Scope(actor.SeePerson), personID)
	if err != nil {
		return Entry{}, err
	}
	if err := who.Must(actor.EditPerson, d.Place()); err != nil {
		return Entry{}, err
	}
	if c.Status != nil && !c.Status.Valid() {
		return Entry{}, errs.ErrInvalid.With(errs.Field("status", "没有这种状态"))
	}
	committee := d.CommitteeID
	if c.Unit != nil {
		u, err := s.store.unit(ctx, who.Scope(actor.SeeOrg), *c.Unit)
		if err != nil {
			return Entry{}, err
		}
		if err := who.Must(actor.EditPerson, u.Place()); err != nil {
			return Entry{}, err
		}
		committee = u.CommitteeID
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		old, err := s.store.lockPerson(ctx, personID)
		if err != nil {
			return err
		}
		rec, err := c.apply(old, s.clk.Now())
		if err = s.applyOwn(ctx, who, d, committee, c, &rec, err); err != nil {
			return err
		}
		if err := s.branchIn(ctx, &rec); err != nil {
			return err
		}
		if rec.IDNumber != old.IDNumber {
			if err := s.idNumberFree(ctx, committee, rec); err != nil {
				return err
			}
		}
		change, err := s.save(ctx, By{Account: who.Account, Cause: Edited}, old, rec)
		if err != nil {
			return err
		}
		return s.wrote(ctx, who, "ledger.update_person", "person", personID, d.Place(), map[string]any{"columns": change.keys()})
	})
	if err != nil {
		return Entry{}, err
	}
	d, err = s.store.person(ctx, everywhere, personID)
	return s.entry(ctx, who, d, err)
}

// branchIn sees to it that the branch is one of the unit: errs.ErrNotFound when another was asked
// for, the unit's own when none was.
func (s *Service) branchIn(ctx context.Context, rec *Record) error {
	own, err := s.store.branches(ctx, everywhere, rec.UnitID)
	if err != nil {
		return err
	}
	if rec.BranchID == 0 && len(own) > 0 {
		rec.BranchID = own[0].ID
	}
	if rec.BranchID != 0 && !slices.ContainsFunc(own, func(b Branch) bool { return b.ID == rec.BranchID }) {
		return errs.ErrNotFound
	}
	return nil
}

// idNumberFree locks the committee and reports ErrIDNumberTaken when somebody else has the number.
func (s *Service) idNumberFree(ctx context.Context, committeeID id.ID, rec Record) error {
	if rec.IDNumber == "" {
		return nil
	}
	if err := s.store.lockCommittee(ctx, committeeID); err != nil {
		return err
	}
	taken, err := s.store.idNumberTaken(ctx, rec.IDNumber, rec.ID)
	if err != nil {
		return err
	}
	if taken {
		return ErrIDNumberTaken
	}
	return nil
}

// tellChanged runs the hooks when a person's status has just become another.
func (s *Service) tellChanged(ctx context.Context, personID id.ID, before, now Status) error {
	if before == now {
		return nil
	}
	p, err := s.Directory().Person(ctx, personID)
	if err != nil {
		return err
	}
	for _, hook := range s.changed {
		if err := hook(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// revealable are the masked columns that may be shown one by one.
var revealable = []string{"birth", "id_number", "phone", "address", "health", "family_contact", "family_phone", "remark", "status_note"}

// Reveal shows masked columns of one person in plain text; the reason goes into the audit line.
func (s *Service) Reveal(ctx context.Context, who actor.Actor, personID id.ID, keys []string, reason string) (map[string]string, error) {
	d, err := s.store.person(ctx, who.Scope(actor.SeePerson), personID)
	if err != nil {
		return nil, err
	}
	if err := who.Must(actor.RevealPerson, d.Place()); err != nil {
		return nil, err
	}
	if reason = FreeText(reason); reason == "" {
		return nil, ErrReason.With(errs.Field("reason", "请写明查看的原因"))
	}
	if len(keys) == 0 {
		return nil, errs.ErrInvalid.With(errs.Field("fields", "请选择要查看的内容"))
	}
	shown := map[string]string{}
	for _, k := range keys {
		if words, ok := d.Record.revealContacts(k); ok {
			shown[k] = words
			continue
		}
		if !slices.Contains(revealable, k) {
			return nil, errs.ErrInvalid.With(errs.Field("fields", "没有这一项"))
		}
		if c, ok := FieldOf(k); ok {
			shown[k] = *c.At(&d.Record.Fields)
		} else {
			shown[k] = d.StatusNote
		}
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.confirmed(ctx, who, "reveal", personID); err != nil {
			return err
		}
		return s.wrote(ctx, who, "ledger.reveal_person", "person", personID, d.Place(),
			map[string]any{"fields": keys, "reason": clip(reason, 200)})
	})
	if err != nil {
		return nil, err
	}
	return shown, nil
}

// place is where a list stands: behind a person of a unit. The person may have moved since.
type place struct{ unit, person id.ID }

func (p place) String() string { return p.unit.String() + "-" + p.person.String() }

// placeOf reads a cursor; one without the unit is the id of a person.
func placeOf(p page.Page) (out place, err error) {
	unit, person, both := strings.Cut(p.After, "-")
	if !both {
		out.person, err = cursor(p)
		return out, err
	}
	if out.unit, err = cursor(page.Page{After: unit}); err == nil {
		out.person, err = cursor(page.Page{After: person})
	}
	return out, err
}

func cursor(p page.Page) (id.ID, error) {
	if p.After == "" {
		return 0, nil
	}
	after, err := id.Parse(p.After)
	if err != nil {
		return 0, errs.ErrInvalid.With(errs.Field("after", "翻页位置不对"))
	}
	return after, nil
}
