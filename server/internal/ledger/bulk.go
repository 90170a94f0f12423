package ledger

import (
	"context"
	"slices"

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
	Formerly    Formerly
	Elsewhere   map[string]bool // identity numbers asked for that another committee holds
	Columns     []Column        // the committee's own that are in use

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
	By               id.ID // the account that imports; zero: the installation itself
	Import           id.ID // for the history
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

// Formerly finds what bears another name today by one that it had before; zero where several had it.
type Formerly struct {
	Units     map[string]id.ID
	Alliances map[string]id.ID           // by AllianceKey
	Branches  map[id.ID]map[string]id.ID // by unit
}

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
	columns, err := st.columnsOf(ctx, committeeID)
	if err != nil {
		return Snapshot{}, err
	}
	snap.Columns = slices.DeleteFunc(columns, Column.Retired)
	if snap.Formerly, err = st.formerly(ctx, committeeID); err != nil {
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

// Newer names columns of a person that somebody had changed meanwhile and that stayed as they are; Erased
// says that the person was erased meanwhile, and nothing was written.
type Newer struct {
	Person id.ID
	Keys   []string
	Erased bool
}

// Apply writes the changes in the transaction of ctx.
func (b *Bulk) Apply(ctx context.Context, c Changes) error {
	_, err := b.ApplyOver(ctx, c, nil)
	return err
}

// ApplyOver is Apply for changes that were made from records read before: what somebody wrote into a
// column since then stays, and is told.
func (b *Bulk) ApplyOver(ctx context.Context, c Changes, read map[id.ID]Record) (newer []Newer, err error) {
	err = b.s.db.Tx(ctx, func(ctx context.Context) error {
		st, now := b.s.store, db.At(b.s.clk.Now())
		by := By{Account: c.By, Cause: Imported, Import: c.Import}
		if err := b.s.insertUnits(ctx, c.NewUnits, c.By); err != nil {
			return err
		}
		if err := st.insertAlliances(ctx, c.NewAlliances, now); err != nil {
			return err
		}
		for _, u := range c.ChangedUnits {
			if _, err := b.s.changeUnit(ctx, u.ID, c.By, func(now *Unit) error {
				*now = u
				return nil
			}); err != nil {
				return err
			}
		}
		for _, a := range c.ChangedAlliances {
			if err := b.s.changeAlliance(ctx, a, c.By); err != nil {
				return err
			}
		}
		if err := st.insertBranches(ctx, c.NewBranches, now); err != nil {
			return err
		}
		if err := st.insertPersons(ctx, c.NewPersons, by, now); err != nil {
			return err
		}
		var units []id.ID
		if newer, units, err = st.updatePersons(ctx, c.ChangedPersons, read, by, now); err != nil {
			return err
		}
		if err := b.s.unitsChanged(ctx, units); err != nil {
			return err
		}
		return st.insertProposals(ctx, c.NewProposals, b.s.ids.New, now)
	})
	return newer, err
}

// ChangedSince tells which columns of persons were changed after the versions given, by the keys of
// Difference.
func (b *Bulk) ChangedSince(ctx context.Context, versions map[id.ID]int) (map[id.ID]map[string]bool, error) {
	return b.s.store.changedSince(ctx, versions)
}
