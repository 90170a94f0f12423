package ledger

import (
	"context"

	"bense/server/internal/id"
)

// Records gives those of the persons that exist.
func (b *Bulk) Records(ctx context.Context, ids []id.ID) (map[id.ID]Record, error) {
	return b.s.store.recordsByID(ctx, ids)
}

// Mentions tells which of the ids other tables name in a column (person_id, unit_id, branch_id,
// alliance_id), with one of those tables. What the ledger itself keeps about a thing, and what is only
// said about the past, does not count.
func (b *Bulk) Mentions(ctx context.Context, column string, ids []id.ID) (map[id.ID]string, error) {
	return b.s.store.mentions(ctx, column, ids)
}

// RemovePersons takes persons out again that an import entered by mistake, with the proposals about
// them. Nothing may mention them.
func (b *Bulk) RemovePersons(ctx context.Context, ids []id.ID) error {
	if err := b.s.store.remove(ctx, &proposalRow{}, "person_id", ids); err != nil {
		return err
	}
	if err := b.s.store.unindex(ctx, ids); err != nil {
		return err
	}
	return b.s.store.remove(ctx, &personRow{}, "id", ids)
}

// RemoveBranches takes branches out again that an import founded.
func (b *Bulk) RemoveBranches(ctx context.Context, ids []id.ID) error {
	return b.s.store.remove(ctx, &branchRow{}, "id", ids)
}

// RemoveUnits takes units out again that an import founded; an alliance that they led is without lead.
func (b *Bulk) RemoveUnits(ctx context.Context, ids []id.ID) error {
	if err := b.s.store.unlead(ctx, ids); err != nil {
		return err
	}
	return b.s.store.remove(ctx, &unitRow{}, "id", ids)
}

// RemoveAlliances takes alliances out again that an import founded.
func (b *Bulk) RemoveAlliances(ctx context.Context, ids []id.ID) error {
	return b.s.store.remove(ctx, &allianceRow{}, "id", ids)
}

// DropHints removes the proposals that came of the hints and that nobody has decided, and counts them.
func (b *Bulk) DropHints(ctx context.Context, hints []Hint) (int, error) {
	return b.s.store.dropHints(ctx, hints)
}

// Alliance gives an alliance as it is now, or errs.ErrNotFound.
func (b *Bulk) Alliance(ctx context.Context, allianceID id.ID) (Alliance, error) {
	return b.s.store.alliance(ctx, everywhere, allianceID)
}

// Unit gives a unit as it is now, or errs.ErrNotFound.
func (b *Bulk) Unit(ctx context.Context, unitID id.ID) (Unit, error) {
	return b.s.store.unit(ctx, everywhere, unitID)
}

// Branches gives all branches of a committee.
func (b *Bulk) Branches(ctx context.Context, committeeID id.ID) ([]Branch, error) {
	return b.s.store.branchesOf(ctx, committeeID)
}

// Units gives all units of a committee.
func (b *Bulk) Units(ctx context.Context, committeeID id.ID) ([]Unit, error) {
	return b.s.store.unitsOf(ctx, committeeID)
}

// Columns gives a committee's own columns, retired ones too.
func (b *Bulk) Columns(ctx context.Context, committeeID id.ID) ([]Column, error) {
	return b.s.store.columnsOf(ctx, committeeID)
}

// Alliances gives all alliances of a committee.
func (b *Bulk) Alliances(ctx context.Context, committeeID id.ID) ([]Alliance, error) {
	return b.s.store.alliancesOf(ctx, committeeID)
}

// Sheet gives everybody of a unit with their whole rows, as a printed ledger lists them: by number.
func (b *Bulk) Sheet(ctx context.Context, unitID id.ID) ([]Person, []Record, error) {
	found, err := b.s.store.sheet(ctx, unitID)
	if err != nil {
		return nil, nil, err
	}
	people, records := make([]Person, len(found)), make([]Record, len(found))
	for i, d := range found {
		people[i], records[i] = d.Person, d.Record
	}
	return people, records, nil
}
