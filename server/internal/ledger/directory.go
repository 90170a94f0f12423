package ledger

import (
	"context"
	"slices"

	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Directory is the ledger for other packages: it reads and checks no permission, the caller has.
type Directory struct{ store store }

// Persons gives those of the ids that exist.
func (d *Directory) Persons(ctx context.Context, ids []id.ID) (map[id.ID]Person, error) {
	return d.store.personsByID(ctx, ids)
}

// Person gives one person, or errs.ErrNotFound.
func (d *Directory) Person(ctx context.Context, personID id.ID) (Person, error) {
	m, err := d.store.personsByID(ctx, []id.ID{personID})
	if err != nil {
		return Person{}, err
	}
	p, ok := m[personID]
	if !ok {
		return Person{}, errs.ErrNotFound
	}
	return p, nil
}

// ActiveInAlliance gives the active persons of an alliance, by unit and then by ledger number.
func (d *Directory) ActiveInAlliance(ctx context.Context, allianceID id.ID) ([]Person, error) {
	return d.store.activeInAlliance(ctx, allianceID)
}

// TeamsInAlliance gives the interest teams that the active persons of an alliance named, of those who did.
func (d *Directory) TeamsInAlliance(ctx context.Context, allianceID id.ID) (map[id.ID][]string, error) {
	return d.store.teamsInAlliance(ctx, allianceID)
}

// ActiveInUnit gives the active persons of a unit, by ledger number.
func (d *Directory) ActiveInUnit(ctx context.Context, unitID id.ID) ([]Person, error) {
	return d.store.activeInUnit(ctx, unitID)
}

// Headcounts counts the active persons of a committee's units; units without any are missing.
func (d *Directory) Headcounts(ctx context.Context, committeeID id.ID) (map[id.ID]int, error) {
	return d.store.headcounts(ctx, committeeID)
}

// ByPhone gives everybody with the number, whatever their status: couples share one.
func (d *Directory) ByPhone(ctx context.Context, phone string) ([]Person, error) {
	number, ok := NormalPhone(phone)
	if !ok {
		return []Person{}, nil
	}
	return d.store.personsByPhone(ctx, number)
}

// Strangers reports whether some two of the persons share a telephone without being a family: somebody
// who knows them has said so.
func (d *Directory) Strangers(ctx context.Context, persons []id.ID) (bool, error) {
	return d.store.anyApart(ctx, persons)
}

// ByNameInUnit gives everybody of that name in units of that name, spelt as people spell them.
func (d *Directory) ByNameInUnit(ctx context.Context, name, unitName string) ([]Person, error) {
	return d.store.personsByNameInUnit(ctx, NormalName(name), NormalUnit(unitName))
}

// Phones gives the full numbers of those who have one. Showing them needs an audit line.
func (d *Directory) Phones(ctx context.Context, ids []id.ID) (map[id.ID]string, error) {
	return d.store.phones(ctx, ids)
}

// Families gives whom of the family to ring: of each person the first contact with a number. Showing them needs
// an audit line.
func (d *Directory) Families(ctx context.Context, ids []id.ID) (map[id.ID]Contact, error) {
	return d.store.families(ctx, ids)
}

// PhoneLast4 gives the last four digits of those who have a number.
func (d *Directory) PhoneLast4(ctx context.Context, ids []id.ID) (map[id.ID]string, error) {
	m, err := d.store.phones(ctx, ids)
	for k, v := range m {
		m[k] = last4(v)
	}
	return m, err
}

// SearchIn finds active persons of an alliance by name, pinyin, initials or the phone's last four
// digits. It gives at most 50.
func (d *Directory) SearchIn(ctx context.Context, allianceID id.ID, q string) ([]Person, error) {
	return d.store.searchIn(ctx, allianceID, q)
}

// Unit gives one unit, or errs.ErrNotFound.
func (d *Directory) Unit(ctx context.Context, unitID id.ID) (Unit, error) {
	return d.store.unit(ctx, everywhere, unitID)
}

// UnitByName finds a unit of a committee, or of any when committeeID is zero and only one fits
// (else ErrAmbiguous).
func (d *Directory) UnitByName(ctx context.Context, committeeID id.ID, name string) (Unit, error) {
	found, err := d.store.unitsByName(ctx, committeeID, NormalUnit(name))
	return only(found, err)
}

// Branch gives one branch, or errs.ErrNotFound.
func (d *Directory) Branch(ctx context.Context, branchID id.ID) (Branch, error) {
	b, _, err := d.store.branch(ctx, everywhere, branchID)
	return b, err
}

// Column gives one of a committee's own columns, or errs.ErrNotFound.
func (d *Directory) Column(ctx context.Context, columnID id.ID) (Column, error) {
	return d.store.column(ctx, everywhere, columnID)
}

// Alliance gives one alliance, or errs.ErrNotFound.
func (d *Directory) Alliance(ctx context.Context, allianceID id.ID) (Alliance, error) {
	return d.store.alliance(ctx, everywhere, allianceID)
}

// AllianceByName finds an alliance by its full or short name (群团), as UnitByName does.
func (d *Directory) AllianceByName(ctx context.Context, committeeID id.ID, name string) (Alliance, error) {
	all, err := d.store.alliancesOf(ctx, committeeID)
	if err != nil {
		return Alliance{}, err
	}
	var found []Alliance
	for _, a := range all {
		if AllianceKey(a.Name) == AllianceKey(name) {
			found = append(found, a)
		}
	}
	return only(found, nil)
}

// Committee gives one committee, or errs.ErrNotFound.
func (d *Directory) Committee(ctx context.Context, committeeID id.ID) (Committee, error) {
	return d.store.committee(ctx, everywhere, committeeID)
}

// Root gives the committee above all others, or zero where several stand at the top.
func (d *Directory) Root(ctx context.Context) (id.ID, error) {
	all, err := d.store.committees(ctx, everywhere)
	var root id.ID
	for _, c := range all {
		switch {
		case c.ParentID != 0:
		case root != 0:
			return 0, err
		default:
			root = c.ID
		}
	}
	return root, err
}

// CommitteeByName finds a committee, or errs.ErrNotFound.
func (d *Directory) CommitteeByName(ctx context.Context, name string) (Committee, error) {
	return d.store.committeeByName(ctx, NormalText(name))
}

// CommitteesAbove gives a committee and those above it, the nearest first.
func (d *Directory) CommitteesAbove(ctx context.Context, committeeID id.ID) ([]Committee, error) {
	var out []Committee
	for next := committeeID; next != 0 && !slices.ContainsFunc(out, func(c Committee) bool { return c.ID == next }); {
		c, err := d.store.committee(ctx, everywhere, next)
		if err != nil {
			return nil, err
		}
		out, next = append(out, c), c.ParentID
	}
	return out, nil
}

// CommitteeTree gives a committee and all below it, the root first.
func (d *Directory) CommitteeTree(ctx context.Context, root id.ID) ([]id.ID, error) {
	return d.store.committeeTree(ctx, root)
}

func only[T any](found []T, err error) (T, error) {
	var none T
	switch {
	case err != nil:
		return none, err
	case len(found) == 0:
		return none, errs.ErrNotFound
	case len(found) > 1:
		return none, ErrAmbiguous
	}
	return found[0], nil
}
