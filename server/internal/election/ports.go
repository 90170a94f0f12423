package election

import (
	"context"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
	"bense/server/internal/notice"
)

// Directory is the read side of the ledger; *ledger.Directory is one.
type Directory interface {
	Person(ctx context.Context, person id.ID) (ledger.Person, error)
	Persons(ctx context.Context, ids []id.ID) (map[id.ID]ledger.Person, error)
	ActiveInAlliance(ctx context.Context, alliance id.ID) ([]ledger.Person, error)
	Alliance(ctx context.Context, alliance id.ID) (ledger.Alliance, error)
	Unit(ctx context.Context, unit id.ID) (ledger.Unit, error)
}

// Accounts tells how accounts are tied to persons; *identity.Service is one.
type Accounts interface {
	RelationOf(ctx context.Context, account, person id.ID) (identity.Relation, error)
	Holders(ctx context.Context, persons []id.ID) ([]identity.Holder, error)
}

// Roles gives and takes the head's role; *identity.Service is one. The calls join the transaction of ctx.
type Roles interface {
	Confirmed(ctx context.Context, who actor.Actor, action string, subject id.ID) error
	HeadGrants(ctx context.Context, alliance id.ID) ([]identity.RoleGrant, error)
	Grant(ctx context.Context, who actor.Actor, r identity.GrantRequest) (id.ID, error)
	Revoke(ctx context.Context, who actor.Actor, grant id.ID) error
}

// Notices tells members that a vote begins or lasts longer, what waits, and passes drafts on; *notice.Service is one. The
// calls join the transaction of ctx.
type Notices interface {
	Announce(ctx context.Context, who actor.Actor, at actor.Place, title, body string) (id.ID, error)
	Amend(ctx context.Context, who actor.Actor, key id.ID, body string) error
	Conclude(ctx context.Context, key id.ID, reason string) error
	InHand(ctx context.Context, alliance id.ID) ([]notice.InHand, error)
	PassDrafts(ctx context.Context, alliance id.ID, from []id.ID, to id.ID) error
}

// Activities tells what lies ahead; *activity.Service is one.
type Activities interface {
	Ahead(ctx context.Context, alliance id.ID) ([]activity.Activity, error)
}
