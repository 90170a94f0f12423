package checkin

import (
	"context"
	"slices"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

// enter writes the rows whose person is not on the list yet, in one statement that is its own
// transaction, and tells for each what stands then; nothing where that was taken back meanwhile. Rows
// are sorted, one for each person of a list.
func (s store) enter(ctx context.Context, rows []Record) (map[key]Record, error) {
	fresh := 0
	err := s.db.Auto(ctx, func(r db.Runner) (err error) {
		fresh, err = s.insertNew(ctx, r, rows)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make(map[key]Record, len(rows))
	if fresh == len(rows) {
		for _, r := range rows {
			out[key{r.List, r.Person}] = r
		}
		return out, nil
	}
	for of := range byList(rows) {
		persons := make([]id.ID, len(of))
		for i, r := range of {
			persons[i] = r.Person
		}
		stand, err := s.present(ctx, of[0].List, persons)
		if err != nil {
			return nil, err
		}
		for person, r := range stand {
			out[key{of[0].List, person}] = r
		}
	}
	return out, nil
}

// withdraw removes a row whose attempt had been taken back before it was written, and reports whether
// it had: a repetition that comes late must not bring back what somebody took back.
func (s store) withdraw(ctx context.Context, r Record) (bool, error) {
	spent, err := s.annulled(ctx, r.List, []id.ID{r.Person})
	if err != nil || !slices.Contains(spent[r.Person], r.Attempt) {
		return false, err
	}
	return true, s.removeAgain(ctx, r)
}

// removeAgain removes the row of an attempt that was taken back, should it have come again meanwhile.
func (s store) removeAgain(ctx context.Context, r Record) error {
	return s.db.Auto(ctx, func(to db.Runner) error {
		_, err := to.ExecContext(ctx, "DELETE FROM checkins WHERE list_id = ? AND person_id = ? AND attempt_id = ?",
			int64(r.List), int64(r.Person), r.Attempt[:])
		return err
	})
}

// spent gives every attempt that was taken back on a list.
func (s store) spent(ctx context.Context, list id.ID) (map[[16]byte]bool, error) {
	rows, err := s.db.Raw(ctx).QueryContext(ctx, "SELECT attempt_id FROM checkin_annulments WHERE list_id = ?", list)
	if err != nil {
		return nil, db.Unavailable(err)
	}
	defer rows.Close()
	out := map[[16]byte]bool{}
	for rows.Next() {
		var raw []byte
		if err := rows.Scan(&raw); err != nil {
			return nil, err
		}
		var attempt [16]byte
		copy(attempt[:], raw)
		out[attempt] = true
	}
	return out, db.Unavailable(rows.Err())
}

// byList cuts sorted rows into those of each list.
func byList(rows []Record) func(yield func([]Record) bool) {
	return func(yield func([]Record) bool) {
		for from := 0; from < len(rows); {
			to := from
			for to < len(rows) && rows[to].List == rows[from].List {
				to++
			}
			if !yield(rows[from:to]) {
				return
			}
			from = to
		}
	}
}
