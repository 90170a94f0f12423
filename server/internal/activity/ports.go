package activity

import (
	"context"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/notice"
)

// Directory is the read side of the ledger; *ledger.Directory is one.
type Directory interface {
	Person(ctx context.Context, person id.ID) (ledger.Person, error)
	Persons(ctx context.Context, ids []id.ID) (map[id.ID]ledger.Person, error)
	Phones(ctx context.Context, ids []id.ID) (map[id.ID]string, error)
	ActiveInAlliance(ctx context.Context, alliance id.ID) ([]ledger.Person, error)
	Alliance(ctx context.Context, alliance id.ID) (ledger.Alliance, error)
	Unit(ctx context.Context, unit id.ID) (ledger.Unit, error)
}

// Accounts names who recorded something; *identity.Service is one.
type Accounts interface {
	AccountName(ctx context.Context, accounts []id.ID) (map[id.ID]string, error)
}

// Notices is what an activity tells the notices; *notice.Service is one. All calls join the
// transaction of ctx.
type Notices interface {
	DraftFor(ctx context.Context, who actor.Actor, activity, alliance id.ID, title, body string) (id.ID, error)
	ForActivities(ctx context.Context, activities []id.ID) (map[id.ID]notice.Notice, error)
	// Hold locks the notices of an activity whose row is locked already: recipients and messages come after them.
	Hold(ctx context.Context, activity id.ID) error
	Answered(ctx context.Context, activity, person, byAccount id.ID) error
	// Placed sees that people are told who have got a place for which they waited.
	Placed(ctx context.Context, activity id.ID, persons []id.ID) error
	ActivityCancelled(ctx context.Context, activity id.ID, reason string) error
	// ActivityMoved tells them of another time or place; was is how it stood.
	ActivityMoved(ctx context.Context, who actor.Actor, was notice.Facts) error
}

// ListRef names a check-in list.
type ListRef struct {
	ID   id.ID  `json:"id"`
	Name string `json:"name"`
	Kind string `json:"kind" enum:"main,meal,return,check_out,other"`
}

// Attendance is what check-in, which stands above, tells about an activity; app wires it with UseAttendance.
// Presence is that of the activity's first list.
type Attendance interface {
	// Lists gives the lists of each activity, the first made first.
	Lists(ctx context.Context, activities []id.ID) (map[id.ID][]ListRef, error)
	// PresentCounts counts who is there.
	PresentCounts(ctx context.Context, activities []id.ID) (map[id.ID]int, error)
	// PresentAt tells since when those of the persons are there who are: by activity and person.
	PresentAt(ctx context.Context, activities, persons []id.ID) (map[id.ID]map[id.ID]time.Time, error)
}

type noAttendance struct{}

func (noAttendance) Lists(context.Context, []id.ID) (map[id.ID][]ListRef, error)   { return nil, nil }
func (noAttendance) PresentCounts(context.Context, []id.ID) (map[id.ID]int, error) { return nil, nil }
func (noAttendance) PresentAt(context.Context, []id.ID, []id.ID) (map[id.ID]map[id.ID]time.Time, error) {
	return nil, nil
}
