package notice

import (
	"strings"
	"time"

	"bense/server/internal/id"
)

// Spot is when and where people come together.
type Spot struct {
	StartsAt, EndsAt time.Time
	Place            string
}

func (f Facts) spot() Spot { return Spot{f.StartsAt, f.EndsAt, f.Place} }

func (s Spot) equal(o Spot) bool {
	return s.StartsAt.Equal(o.StartsAt) && s.EndsAt.Equal(o.EndsAt) && s.Place == o.Place
}

// whenWords gives the time as it is said: 7月3日 星期五 上午9:00到11:00.
func (s Spot) whenWords(now time.Time) string {
	words := dayWords(s.StartsAt, now) + " " + hourWords(s.StartsAt)
	if s.EndsAt.Sub(s.StartsAt) >= 12*time.Hour {
		return words
	}
	from, to := hourWords(s.StartsAt), hourWords(s.EndsAt)
	if part := string([]rune(from)[:2]); strings.HasPrefix(to, part) {
		to = strings.TrimPrefix(to, part)
	}
	return words + "到" + to
}

// Move is a change of time or place after the notice was out.
type Move struct {
	ID, Notice    id.ID
	Before, After Spot
	Told          int // people who knew and were told anew
	By            id.ID
	At            time.Time
}

// Changes tells in words what moved.
func (m Move) Changes() []Change {
	var out []Change
	if before, after := m.Before.whenWords(m.At), m.After.whenWords(m.At); before != after {
		out = append(out, Change{before, after})
	}
	if m.Before.Place != m.After.Place {
		out = append(out, Change{m.Before.Place, m.After.Place})
	}
	return out
}
