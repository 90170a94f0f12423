package election

import (
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/clock"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// TermState is how far a term of office is.
type TermState string

// A planned term becomes serving at its beginning; withdrawn or over, it is ended.
const (
	Planned TermState = "planned"
	Serving TermState = "serving"
	Ended   TermState = "ended"
)

// endingSoon is how long before its end a term is brought to the lead unit's mind: an election takes
// some weeks.
const endingSoon = 60 * 24 * time.Hour

// Limits of a beginning and of an acting head's time.
const (
	maxAhead  = 180 * 24 * time.Hour
	maxActing = 366 * 24 * time.Hour
)

// Term is the time for which somebody heads an alliance, elected or acting (代理). It runs from the
// first moment of a day in Shanghai to the first moment of the day after its last.
type Term struct {
	ID, Committee, Alliance id.ID
	Person                  id.ID
	Acting                  bool
	Election                id.ID // zero: acting
	State                   TermState
	StartsAt, EndsAt        time.Time
	Reason                  string // why somebody acts
	Grant                   id.ID  // the role that the term gave, zero if the person had it already
	Former                  id.ID  // who had the post before, if anybody
	BegunAt, EndedAt        time.Time
	SeenAt                  time.Time // the holder has read the handover
	CreatedBy               id.ID
	CreatedAt               time.Time
}

// At is where the term stands in the organisation.
func (t Term) At() actor.Place { return actor.Place{Committee: t.Committee, Alliance: t.Alliance} }

// LastDay is the last day of the term.
func (t Term) LastDay() time.Time { return t.EndsAt.In(clock.Shanghai).AddDate(0, 0, -1) }

// EndsSoon reports whether a head's time is nearly over or over: it is time to elect.
func (t Term) EndsSoon(now time.Time) bool {
	return t.State == Serving && !t.Acting && !now.Before(t.EndsAt.Add(-endingSoon))
}

// Kind of what is handed over.
type Kind string

// The kinds.
const (
	ADraft    Kind = "draft"    // a notice that isn't out yet
	ANotice   Kind = "notice"   // one that is out and not closed
	AnOuting  Kind = "activity" // one that lies ahead
	noteDraft      = "草稿，还没发"
)

// Item is one line of what was handed over (交接清单), as it was at that moment.
type Item struct {
	Kind        Kind
	Subject     id.ID
	Title, Note string
	HappensAt   time.Time // of an activity
}

// What can go wrong.
var (
	ErrTermOver = errs.New(errs.Conflict, "election.term_over", "这段任期已经结束")
	ErrOverlap  = errs.New(errs.Conflict, "election.acting_overlap", "这位同志在这段时间已经代理")
)

// day gives the first moment of a day in Shanghai.
func day(t time.Time) time.Time {
	y, m, d := t.In(clock.Shanghai).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, clock.Shanghai).UTC()
}

// elected makes the term of who won an election, from a day on for its years.
func elected(e Election, starts time.Time, by, key id.ID, now time.Time) (Term, error) {
	starts = day(starts)
	if starts.Before(day(now)) || starts.Sub(now) > maxAhead {
		return Term{}, errs.ErrInvalid.With(errs.Field("starts_on", "任期从今天起，或今后半年内的一天起"))
	}
	return Term{ID: key, Committee: e.Committee, Alliance: e.Alliance, Person: e.Elected, Election: e.ID, State: Planned,
		StartsAt: starts, EndsAt: day(starts.In(clock.Shanghai).AddDate(e.TermYears, 0, 0)), CreatedBy: by, CreatedAt: now}, nil
}

// Stand is what is asked of an acting head: first and last day.
type Stand struct {
	Alliance, Person id.ID
	From, Until      time.Time
	Reason           string
}

// acting makes the term of an acting head.
func acting(a Stand, at actor.Place, by, key id.ID, now time.Time) (Term, error) {
	from, until := day(a.From), day(day(a.Until).In(clock.Shanghai).AddDate(0, 0, 1))
	var f []errs.FieldError
	if from.Before(day(now)) || from.Sub(now) > maxAhead {
		f = append(f, errs.Field("starts_on", "代理从今天起，或今后半年内的一天起"))
	}
	if !until.After(from) || until.Sub(from) > maxActing {
		f = append(f, errs.Field("ends_on", "最后一天不能早于第一天，最长一年"))
	}
	if err := checkReason(a.Reason); err != nil {
		f = append(f, errs.Field("reason", "原因太长，请缩短一些"))
	}
	if len(f) > 0 {
		return Term{}, errs.ErrInvalid.With(f...)
	}
	return Term{ID: key, Committee: at.Committee, Alliance: at.Alliance, Person: a.Person, Acting: true, State: Planned,
		StartsAt: from, EndsAt: until, Reason: a.Reason, CreatedBy: by, CreatedAt: now}, nil
}
