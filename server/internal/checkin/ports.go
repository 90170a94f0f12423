package checkin

import (
	"context"

	"bense/server/internal/activity"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
)

// Directory is the read side of the ledger; *ledger.Directory is one.
type Directory interface {
	Person(ctx context.Context, person id.ID) (ledger.Person, error)
	Persons(ctx context.Context, ids []id.ID) (map[id.ID]ledger.Person, error)
	SearchIn(ctx context.Context, alliance id.ID, q string) ([]ledger.Person, error)
	PhoneLast4(ctx context.Context, ids []id.ID) (map[id.ID]string, error)
	Alliance(ctx context.Context, alliance id.ID) (ledger.Alliance, error)
	Unit(ctx context.Context, unit id.ID) (ledger.Unit, error)
	// ActiveInUnit and ActiveInAlliance give active persons by unit and then by ledger number.
	ActiveInUnit(ctx context.Context, unit id.ID) ([]ledger.Person, error)
	ActiveInAlliance(ctx context.Context, alliance id.ID) ([]ledger.Person, error)
}

// Lock makes a committee's row the lock of the transaction of ctx; *ledger.Bulk is one.
type Lock interface {
	Lock(ctx context.Context, committee id.ID) error
}

// Activities is what check-in asks about activities; *activity.Service is one.
type Activities interface {
	ByID(ctx context.Context, activity id.ID) (activity.Activity, error)
	Expected(ctx context.Context, activity id.ID) ([]activity.Expected, error)
	// Listed is Expected without reasons, seats and places.
	Listed(ctx context.Context, activity id.ID) ([]activity.Expected, error)
	// ExpectedAfter gives a page of them, in the order of persons.
	ExpectedAfter(ctx context.Context, activity, person id.ID, limit int) ([]activity.Expected, error)
	ExpectedAmong(ctx context.Context, activity id.ID, persons []id.ID) (map[id.ID]activity.Expected, error)
	AddWalkIns(ctx context.Context, activity id.ID, persons []ledger.Person) error
	DropWalkIn(ctx context.Context, activity, person id.ID) error
	Refresh(ctx context.Context, activity id.ID) error
}

// Accounts names who recorded something; *identity.Service is one.
type Accounts interface {
	AccountName(ctx context.Context, accounts []id.ID) (map[id.ID]string, error)
	// RelationOf tells what an account is to a person, "" when it is not bound to them.
	RelationOf(ctx context.Context, account, person id.ID) (identity.Relation, error)
	// Holders gives the ties of enabled accounts to some persons.
	Holders(ctx context.Context, persons []id.ID) ([]identity.Holder, error)
}

// Live tells the pages that show a list of every change; *live.Hub is one. Changed never blocks.
type Live interface{ Changed(list id.ID) }
