package founding

import (
	"context"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// Ledger is where committees stand and alliances are founded; *ledger.Service is one. What it changes
// joins the transaction of ctx and writes its own audit lines.
type Ledger interface {
	Committee(ctx context.Context, who actor.Actor, committee id.ID) (ledger.Committee, error)
	Alliances(ctx context.Context, who actor.Actor) ([]ledger.Alliance, error)
	CreateAlliance(ctx context.Context, who actor.Actor, a ledger.Alliance) (ledger.Alliance, error)
	UpdateAlliance(ctx context.Context, who actor.Actor, alliance id.ID, c ledger.AllianceChange) (ledger.Alliance, error)
	UpdateUnit(ctx context.Context, who actor.Actor, unit id.ID, c ledger.UnitChange) (ledger.Unit, error)
}

// Lock makes a transaction the only one that regroups a committee; *ledger.Bulk is one.
type Lock interface {
	Lock(ctx context.Context, committee id.ID) error
}

// Directory is the read side of the ledger; *ledger.Directory is one.
type Directory interface {
	Persons(ctx context.Context, ids []id.ID) (map[id.ID]ledger.Person, error)
	// Headcounts counts the active persons of a committee's units.
	Headcounts(ctx context.Context, committee id.ID) (map[id.ID]int, error)
}

// Accounts names who typed something; *identity.Service is one.
type Accounts interface {
	AccountName(ctx context.Context, accounts []id.ID) (map[id.ID]string, error)
}

// Attendance tells how often the people of a committee came; app wires it from activity and checkin.
type Attendance interface {
	// Turnout covers the activities of the committee's alliances that began from the first moment on and
	// before the second, are over and were not called off.
	Turnout(ctx context.Context, committee id.ID, from, to time.Time) ([]Turn, error)
}
