package notice

import (
	"context"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
	"bense/server/internal/wechat"
)

// Activities is what notice needs from above; app wires package activity into it with UseActivities.
// All methods join the transaction of ctx.
type Activities interface {
	// Facts gives those of the activities that exist.
	Facts(ctx context.Context, ids []id.ID) (map[id.ID]Facts, error)
	// Answers gives the answers of those persons who have answered.
	Answers(ctx context.Context, activity id.ID, persons []id.ID) (map[id.ID]Answer, error)
	Counts(ctx context.Context, activity id.ID) (Counts, error)
	// Lock keeps others from announcing or changing the activity until the transaction ends.
	Lock(ctx context.Context, activity id.ID) error
	// RecordOnBehalf checks the permission, records the answer and calls Service.Answered.
	RecordOnBehalf(ctx context.Context, who actor.Actor, activity, person id.ID, answer, reason string) error
}

// Directory is the read side of the ledger; *ledger.Directory is one.
type Directory interface {
	Persons(ctx context.Context, ids []id.ID) (map[id.ID]ledger.Person, error)
	ActiveInAlliance(ctx context.Context, alliance id.ID) ([]ledger.Person, error)
	// TeamsInAlliance gives the interest teams that the active persons of an alliance named.
	TeamsInAlliance(ctx context.Context, alliance id.ID) (map[id.ID][]string, error)
	Phones(ctx context.Context, ids []id.ID) (map[id.ID]string, error)
	// Families gives whom of the family to ring, of those who have named somebody with a number.
	Families(ctx context.Context, ids []id.ID) (map[id.ID]ledger.Contact, error)
	Alliance(ctx context.Context, alliance id.ID) (ledger.Alliance, error)
}

// Committees gives a committee that somebody may see; *ledger.Service is one.
type Committees interface {
	Committee(ctx context.Context, who actor.Actor, committee id.ID) (ledger.Committee, error)
	// Alliances gives those that somebody may see.
	Alliances(ctx context.Context, who actor.Actor) ([]ledger.Alliance, error)
}

// Groups keeps an alliance for one transaction at a time; *ledger.Service is one.
type Groups interface {
	LockAlliance(ctx context.Context, alliance id.ID) error
}

// Accounts tells which accounts act for whom; *identity.Service is one.
type Accounts interface {
	AccountsOf(ctx context.Context, persons []id.ID) (map[id.ID][]identity.Account, error)
	OpenID(ctx context.Context, account id.ID) (string, error)
	SessionKey(ctx context.Context, account id.ID) (string, error)
	AccountByOpenID(ctx context.Context, openID string) (id.ID, bool, error)
	AccountName(ctx context.Context, accounts []id.ID) (map[id.ID]string, error)
	Holders(ctx context.Context, persons []id.ID) ([]identity.Holder, error)
	// UnionIDs gives what is common to the accounts that people have with several of our WeChat accounts.
	UnionIDs(ctx context.Context, accounts []id.ID) (map[id.ID]string, error)
}

// WeChat is the platform; *wechat.Client is one.
type WeChat interface {
	CheckText(ctx context.Context, openID string, scene int, text string) (wechat.Verdict, error)
	// CheckPicture gives the trace under which the verdict will come.
	CheckPicture(ctx context.Context, openID string, scene int, address string) (string, error)
	SendSubscribe(ctx context.Context, m wechat.SubscribeMessage) error
	CreateCard(ctx context.Context) (wechat.Card, error)
	UpdateCard(ctx context.Context, activityID string, u wechat.CardUpdate) error
	OpenGroup(sessionKey, encryptedData, iv string) (wechat.Group, error)
}
