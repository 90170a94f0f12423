// Package activity keeps what an alliance does together: the kinds of activity, who is expected,
// who said 参加 or 请假, and the counts that everybody else shows.
package activity

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"bense/server/internal/actor"
	"bense/server/internal/clock"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Kind is what sort of activity it is.
type Kind string

// The kinds of domain.md; a month wants one party_day, one meeting and one of the others.
const (
	PartyDay     Kind = "party_day"
	Meeting      Kind = "meeting"
	Outing       Kind = "outing"
	Lecture      Kind = "lecture"
	RedEducation Kind = "red_education"
	Volunteer    Kind = "volunteer"
	Culture      Kind = "culture"
	Sport        Kind = "sport"
	Study        Kind = "study"
)

var kindNames = map[Kind]string{
	PartyDay: "主题党日", Meeting: "联盟会议", Outing: "参观视察", Lecture: "形势报告", RedEducation: "红色教育",
	Volunteer: "志愿服务", Culture: "文艺活动", Sport: "体育活动", Study: "集体学习",
}

// Name is the Chinese word of a kind, "" for none of them.
func (k Kind) Name() string { return kindNames[k] }

// State of an activity. Only planned and cancelled are stored; ended follows from the time.
type State string

// The states.
const (
	Planned   State = "planned"
	Ended     State = "ended"
	Cancelled State = "cancelled"
)

// The answers of a person; "" is silence. Nobody says Waiting: who says Going when all places are taken waits.
const (
	Going   = "going"
	Leave   = "leave"
	Unsure  = "unsure"
	Waiting = "waiting"
)

// Lengths that people may type, in characters.
const (
	maxTitle  = 60
	maxPlace  = 100
	maxReason = 100
	maxDays   = 31
)

// Activity is one activity of an alliance.
type Activity struct {
	ID, Committee, Alliance id.ID
	HostUnit                id.ID // zero: the alliance itself
	Kind                    Kind
	Title, Place            string
	StartsAt, EndsAt        time.Time
	Places                  Places
	Cancelled               bool
	CancelReason            string
	CreatedBy               id.ID
	CreatedAt, UpdatedAt    time.Time
}

// At is where the activity stands in the organisation.
func (a Activity) At() actor.Place { return actor.Place{Committee: a.Committee, Alliance: a.Alliance} }

// State tells how far the activity is at a moment.
func (a Activity) State(now time.Time) State {
	switch {
	case a.Cancelled:
		return Cancelled
	case now.After(a.EndsAt):
		return Ended
	}
	return Planned
}

// Expected is one person of the list of those expected (应到). Reason is there for those who may read it.
type Expected struct {
	Person, Unit id.ID
	WalkIn       bool // added at the door
	Answer       string
	Reason       string
	AnsweredAt   time.Time // zero: silent
	AnsweredBy   id.ID     // account
	Companions   []string  // relations
	Lift         bool      // is fetched
	PickUp       string
	Queue        int       // number of the party that waits; zero: does not wait
	PlacedAt     time.Time // zero: never waited, or still does
}

// Counts sums up an activity: Expected = Going + Leave + Unsure + Waiting + Silent; Present is counted at
// the door. Seats are taken by those who are going and their companions.
type Counts struct {
	Expected int `json:"expected"`
	Going    int `json:"going"`
	Leave    int `json:"leave"`
	Unsure   int `json:"unsure"`
	Waiting  int `json:"waiting"`
	Silent   int `json:"silent"`
	Seats    int `json:"seats" doc:"Taken, companions included"`
	Lifts    int `json:"lifts" doc:"Who are fetched"`
	Present  int `json:"present"`
}

// Draft is what is asked of a new activity; Notice drafts an announcement along with it.
type Draft struct {
	Alliance, HostUnit id.ID
	Kind               Kind
	Title, Place       string
	StartsAt, EndsAt   time.Time
	Notice             *NoticeDraft
}

// NoticeDraft is the text of the announcement.
type NoticeDraft struct{ Title, Body string }

// Change names what shall be different; nil leaves alone.
type Change struct {
	HostUnit         *id.ID
	Kind             *Kind
	Title, Place     *string
	StartsAt, EndsAt *time.Time
}

var (
	// ErrCancelled refuses to touch an activity that was called off.
	ErrCancelled = errs.New(errs.Conflict, "activity.cancelled", "活动已取消")
	// ErrStarted tells a member that from the start on staff record changes.
	ErrStarted = errs.New(errs.Conflict, "activity.started", "活动已经开始，如有变动请告诉联络员")
	// ErrEnded refuses to move or call off what is over.
	ErrEnded = errs.New(errs.Conflict, "activity.ended", "活动已经结束，不能再改")
	// ErrPast refuses a beginning that is over.
	ErrPast = errs.New(errs.Invalid, "activity.past", "这个时间已经过了，请选晚一点的时间")
	// ErrNotExpected tells that the person is not on the list of the activity.
	ErrNotExpected = errs.New(errs.NotFound, "activity.not_expected", "不在这次活动的名单里，请找联络员")
)

// New makes an activity of a draft, or reports every faulty field.
func New(d Draft, place actor.Place, by id.ID, key id.ID, now time.Time) (Activity, error) {
	a := Activity{
		ID: key, Committee: place.Committee, Alliance: place.Alliance, HostUnit: d.HostUnit, Kind: d.Kind,
		Title: tidy(d.Title), Place: tidy(d.Place), StartsAt: stamp(d.StartsAt), EndsAt: stamp(d.EndsAt),
		CreatedBy: by, CreatedAt: now, UpdatedAt: now,
	}
	return a, a.check()
}

// Changed gives the activity with the change in it; it may not be cancelled or over.
func (a Activity) Changed(c Change, now time.Time) (Activity, error) {
	switch a.State(now) {
	case Cancelled:
		return a, ErrCancelled
	case Ended:
		return a, ErrEnded
	}
	began := a.StartsAt
	set(&a.HostUnit, c.HostUnit)
	set(&a.Kind, c.Kind)
	set(&a.Title, c.Title)
	set(&a.Place, c.Place)
	set(&a.StartsAt, c.StartsAt)
	set(&a.EndsAt, c.EndsAt)
	a.Title, a.Place = tidy(a.Title), tidy(a.Place)
	a.StartsAt, a.EndsAt, a.UpdatedAt = stamp(a.StartsAt), stamp(a.EndsAt), now
	if !a.StartsAt.Equal(began) {
		if a.StartsAt.Before(now) {
			return a, ErrPast
		}
		a.Places.AnswerUntil = a.Places.along(a.StartsAt.Sub(began), now)
	}
	return a, a.check()
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func (a Activity) check() error {
	var f []errs.FieldError
	bad := func(field, text string) { f = append(f, errs.Field(field, text)) }
	if a.Kind.Name() == "" {
		bad("kind", "请选择活动类型")
	}
	checkText(a.Title, "title", "活动名称", maxTitle, bad)
	checkText(a.Place, "place", "活动地点", maxPlace, bad)
	switch {
	case a.StartsAt.Year() < 2000 || a.StartsAt.Year() > 2090:
		bad("starts_at", "请填写开始时间")
	case !a.EndsAt.After(a.StartsAt):
		bad("ends_at", "结束时间应晚于开始时间")
	case a.EndsAt.Sub(a.StartsAt) > maxDays*24*time.Hour:
		bad("ends_at", "一次活动不能超过一个月")
	}
	if len(f) > 0 {
		return errs.ErrInvalid.With(f...)
	}
	return nil
}

func checkText(text, field, label string, most int, bad func(field, text string)) {
	switch {
	case text == "":
		bad(field, "请填写"+label)
	case utf8.RuneCountInString(text) > most:
		bad(field, label+"太长，请缩短一些")
	}
}

// Reply checks an answer and its reason; a reason is kept with 请假 only.
func Reply(answer, reason string) (string, string, error) {
	reason = tidy(reason)
	switch {
	case answer != Going && answer != Leave && answer != Unsure:
		return "", "", errs.ErrInvalid.With(errs.Field("answer", "请选择参加、请假或不确定"))
	case utf8.RuneCountInString(reason) > maxReason:
		return "", "", errs.ErrInvalid.With(errs.Field("reason", "原因太长，请缩短一些"))
	case answer != Leave:
		reason = ""
	}
	return answer, reason, nil
}

// MayAnswer applies the clock: a member changes the own mind until the deadline, at the latest until the
// start, staff also afterwards.
func (a Activity) MayAnswer(staff bool, now time.Time) error {
	switch {
	case a.Cancelled:
		return ErrCancelled
	case !staff && !now.Before(a.StartsAt):
		return ErrStarted
	case !staff && !a.Places.AnswerUntil.IsZero() && !now.Before(a.Places.AnswerUntil):
		return ErrDeadline
	}
	return nil
}

// tidy trims a line of text and drops what no keyboard types into one.
func tidy(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case unicode.IsControl(r) || r == utf8.RuneError:
			return -1
		}
		return r
	}, s))
}

// stamp brings a time to the precision of the database.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// Span writes when the activity is, as people read it: 2026年7月1日 9:00—11:00.
func Span(start, end time.Time) string {
	s, e := start.In(clock.Shanghai), end.In(clock.Shanghai)
	const day, hour = "2006年1月2日", "15:04"
	to := trimHour(e.Format(hour))
	if s.Format(day) != e.Format(day) {
		to = e.Format("1月2日") + " " + to
	}
	return s.Format(day) + " " + trimHour(s.Format(hour)) + "—" + to
}

func trimHour(s string) string { return strings.TrimPrefix(s, "0") }
