package notice

import (
	"time"

	"bense/server/internal/clock"
	"bense/server/internal/id"
)

// Eve is how many of a notice's people knew of its activity when the day before ended: had read, had
// answered or were told by phone.
type Eve struct {
	Ends       time.Time `gorm:"-"` // the midnight before the activity; zero: nothing begins
	Due, Known int
}

// eveEnds gives the midnight in China at which the day before ends.
func eveEnds(starts time.Time) time.Time {
	t := starts.In(clock.Shanghai)
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, clock.Shanghai).UTC()
}

// eveFor gives that midnight for a notice: zero where it was published later, when nobody could know.
func eveFor(n Notice, about Facts) time.Time {
	ends := eveEnds(about.StartsAt)
	if !n.Went() || !n.PublishedAt.Before(ends) {
		return time.Time{}
	}
	return ends
}

// AllianceEves sums up the notices of one alliance whose activities' eves are over.
type AllianceEves struct {
	Alliance id.ID
	Name     string
	Notices  int
	Eve
}

// maxEveDays bounds how far back figures are asked for.
const maxEveDays = 366
