package notice

import (
	"time"

	"bense/server/internal/clock"
	"bense/server/internal/errs"
)

// Rules are how a committee's people may be disturbed. Times of the day are minutes after midnight in
// China; equal ones mean that messages ring at any hour.
type Rules struct {
	QuietFrom, QuietUntil int
	RemindDay             bool // a day before the activity begins
	RemindHours           bool // two hours before
	Channels              Order
}

// defaultRules hold until a committee says otherwise.
var defaultRules = Rules{QuietFrom: 21*60 + 30, QuietUntil: 7 * 60, RemindDay: true, RemindHours: true}

const minutesOfDay = 24 * 60

// Times before the beginning at which those whom nothing has reached are reminded without being asked.
const (
	dayBefore   = 24 * time.Hour
	hoursBefore = 2 * time.Hour
)

func (r Rules) check() error {
	var f []errs.FieldError
	for _, x := range []struct {
		field  string
		minute int
	}{{"quiet_from", r.QuietFrom}, {"quiet_until", r.QuietUntil}} {
		if x.minute < 0 || x.minute >= minutesOfDay {
			f = append(f, errs.Field(x.field, "请填写一天里的时刻，如 21:30"))
		}
	}
	if len(f) > 0 {
		return errs.ErrInvalid.With(f...)
	}
	return nil
}

// Opens gives the time at which a message that is ready at t may ring: t itself outside the quiet hours,
// else their end.
func (r Rules) Opens(t time.Time) time.Time {
	if r.QuietFrom == r.QuietUntil {
		return t
	}
	local := t.In(clock.Shanghai)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, clock.Shanghai)
	minute := local.Hour()*60 + local.Minute()
	end := midnight.Add(time.Duration(r.QuietUntil) * time.Minute) // China has no summer time
	switch overnight := r.QuietFrom > r.QuietUntil; {
	case overnight && minute >= r.QuietFrom:
		return end.AddDate(0, 0, 1).UTC()
	case overnight && minute < r.QuietUntil, !overnight && minute >= r.QuietFrom && minute < r.QuietUntil:
		return end.UTC()
	}
	return t
}

// rings gives the time at which a message may ring. A change to something that begins before anybody
// could act on it in the morning rings at once, also at night.
func (r Rules) rings(occasion string, about *Facts, now time.Time) time.Time {
	at := r.Opens(now)
	if occasion == ForChange && about != nil && about.StartsAt.Before(at.Add(hoursBefore)) {
		return now
	}
	return at
}

// reminders gives the times at which people are reminded of something that begins at starts, as far as
// they lie ahead.
func (r Rules) reminders(starts, now time.Time) []time.Time {
	var out []time.Time
	for _, x := range []struct {
		on     bool
		before time.Duration
	}{{r.RemindDay, dayBefore}, {r.RemindHours, hoursBefore}} {
		at := starts.Add(-x.before)
		if !x.on || !at.After(now) {
			continue
		}
		if at = r.Opens(at); at.Before(starts) {
			out = append(out, at)
		}
	}
	return out
}
