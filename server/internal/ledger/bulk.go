package ledger

import (
	"context"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

// Hint is a proposal before it is stored: what a remark says about somebody.
type Hint struct {
	Person   id.ID
	Status   Status
	Evidence string
}

// Snapshot is all that a committee's ledger holds, for comparing a workbook with it.
type Snapshot struct {
	CommitteeID id.ID
	Alliances   []Alliance
	Units       []Unit
	Branches    []Branch
	Persons     []Record
	Elsewhere   map[string]bool // identity numbers asked for that another committee holds

	decided func(Hint) (Decision, bool)
}

// Decided tells what became of a hint that was proposed before; false when it is new.
func (s Snapshot) Decided(h Hint) (Decision, bool) {
	if s.decided == nil {
		return Open, false
	}
	return s.decided(h)
}

// Changes is what an import adds to a committee's ledger. Ids are assigned already.
type Changes struct {
	NewAlliances     []Alliance
	ChangedAlliances []Alliance
	NewUnits         []Unit
	ChangedUnits     []Unit
	NewBranches      []Branch
	NewPersons       []Record
	ChangedPersons   []Record
	NewProposals     []Hint
}

// Bulk reads and writes a committee's whole ledger for the import. It checks no permission and
// writes no audit line: its caller does both.
type Bulk struct{ s *Service }

// Snapshot reads the ledger of a committee. numbers are the identity numbers of the sheet.
func (b *Bulk) Snapshot(ctx context.Context, committeeID id.ID, numbers []string) (Snapshot, error) {
	st, snap := b.s.store, Snapshot{CommitteeID: committeeID, Elsewhere: map[string]bool{}}
	var err error
	if snap.Alliances, err = st.alliancesOf(ctx, committeeID); err != nil {
		return Snapshot{}, err
	}
	if snap.Units, err = st.unitsOf(ctx, committeeID); err != nil {
		return Snapshot{}, err
	}
	if snap.Branches, err = st.branchesOf(ctx, committeeID); err != nil {
		return Snapshot{}, err
	}
	if snap.Persons, err = st.recordsOf(ctx, committeeID); err != nil {
		return Snapshot{}, err
	}
	holders, err := st.holders(ctx, numbers)
	if err != nil {
		return Snapshot{}, err
	}
	for number, holder := range holders {
		if holder != committeeID {
			snap.Elsewhere[number] = true
		}
	}
	known, err := st.proposalsOf(ctx, committeeID)
	if err != nil {
		return Snapshot{}, err
	}
	snap.decided = func(h Hint) (Decision, bool) {
		d, ok := known[st.keyOf(h)]
		return d, ok
	}
	return snap, nil
}

// Lock makes the transaction of ctx the only one that imports into the committee.
func (b *Bulk) Lock(ctx context.Context, committeeID id.ID) error {
	return b.s.store.lockCommittee(ctx, committeeID)
}

// Apply writes the changes in the transaction of ctx.
func (b *Bulk) Apply(ctx context.Context, c Changes) error {
	return b.s.db.Tx(ctx, func(ctx context.Context) error {
		st, now := b.s.store, db.At(b.s.clk.Now())
		if err := st.insertUnits(ctx, c.NewUnits, now); err != nil {
			return err
		}
		if err := st.insertAlliances(ctx, c.NewAlliances, now); err != nil {
			return err
		}
		for _, u := range c.ChangedUnits {
			if err := st.updateUnit(ctx, u, now); err != nil {
				return err
			}
		}
		for _, a := range c.ChangedAlliances {
			if err := st.updateAlliance(ctx, a, now); err != nil {
				return err
			}
		}
		if err := st.insertBranches(ctx, c.NewBranches, now); err != nil {
			return err
		}
		if err := st.insertPersons(ctx, c.NewPersons, now); err != nil {
			return err
		}
		if err := st.updatePersons(ctx, c.ChangedPersons, now); err != nil {
			return err
		}
		return st.insertProposals(ctx, c.NewProposals, b.s.ids.New, now)
	})
}
