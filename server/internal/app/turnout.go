package app

import (
	"cmp"
	"context"
	"slices"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/checkin"
	"bense/server/internal/founding"
	"bense/server/internal/id"
)

// turnout joins whom activities expected with who came.
type turnout struct {
	activities *activity.Service
	checkin    *checkin.Service
}

// Turnout counts, for each person whom an activity of the time expected, how many did and at how many
// main lists the person stands.
func (t turnout) Turnout(ctx context.Context, committee id.ID, from, to time.Time) ([]founding.Turn, error) {
	expected, err := t.activities.ExpectedBetween(ctx, committee, from, to)
	if err != nil {
		return nil, err
	}
	turns := map[id.ID]*founding.Turn{}
	var activities []id.ID
	for a, persons := range expected {
		activities = append(activities, a)
		for _, p := range persons {
			if turns[p] == nil {
				turns[p] = &founding.Turn{Person: p}
			}
			turns[p].Expected++
		}
	}
	slices.Sort(activities)
	for part := range slices.Chunk(activities, 500) {
		if err := t.present(ctx, part, expected, turns); err != nil {
			return nil, err
		}
	}
	out := make([]founding.Turn, 0, len(turns))
	for _, turn := range turns {
		out = append(out, *turn)
	}
	slices.SortFunc(out, func(a, b founding.Turn) int { return cmp.Compare(a.Person, b.Person) })
	return out, nil
}

func (t turnout) present(ctx context.Context, activities []id.ID, expected map[id.ID][]id.ID, turns map[id.ID]*founding.Turn) error {
	var persons []id.ID
	for _, a := range activities {
		persons = append(persons, expected[a]...)
	}
	slices.Sort(persons)
	present, err := t.checkin.PresentAt(ctx, activities, slices.Compact(persons))
	if err != nil {
		return err
	}
	for _, a := range activities {
		for _, p := range expected[a] {
			if _, came := present[a][p]; came {
				turns[p].Present++
			}
		}
	}
	return nil
}
