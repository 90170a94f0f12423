package checkin

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm/clause"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

type store struct{ db *db.DB }

// chunk bounds the rows and ids of one statement; MariaDB rewrites longer lists of ids.
const chunk = 500

const recordColumns = "list_id, person_id, attempt_id, door, happened_at, recorded_at, recorded_by, on_behalf, flag"

// record writes the rows whose person is not on the list yet, in one statement, and gives the rows
// that stand now, by person, and how many of them are new. One list, one row per person, at most chunk.
//
// It must come first in its transaction: the statement waits for whoever writes the same person at
// this moment, and only a snapshot that begins after it shows what they wrote. The attempt's id makes
// a repetition recognisable, so the same rows may be sent again after a lost answer.
func (s store) record(ctx context.Context, rows []Record) (stand map[id.ID]Record, fresh int, err error) {
	slices.SortFunc(rows, func(a, b Record) int { return cmp.Compare(a.Person, b.Person) })
	persons := make([]id.ID, len(rows))
	stand = make(map[id.ID]Record, len(rows))
	for i, r := range rows {
		persons[i] = r.Person
		stand[r.Person] = r
	}
	if fresh, err = s.insertNew(ctx, s.db.Raw(ctx), rows); err != nil {
		return nil, 0, db.Unavailable(err)
	}
	if fresh < len(rows) {
		stand, err = s.present(ctx, rows[0].List, persons)
	}
	return stand, fresh, err
}

func (s store) insertNew(ctx context.Context, to db.Runner, rows []Record) (int, error) {
	args := make([]any, 0, 10*len(rows))
	for i := range rows {
		r := &rows[i]
		behalf := 0
		if r.OnBehalf {
			behalf = 1
		}
		args = append(args, int64(r.List), int64(r.Person), r.Attempt[:], string(r.Door), db.At(r.Happened), db.At(r.Recorded), int64(r.By),
			behalf, string(r.Flag), OnSite)
	}
	res, err := to.ExecContext(ctx, s.insertSQL(len(rows)), args...)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

var insertSQL sync.Map // of the number of rows

func (s store) insertSQL(rows int) string {
	const one = "(?,?,?,?,?,?,?,?,?,?)"
	if q, ok := insertSQL.Load(insertKey{s.db.Engine(), rows}); ok {
		return q.(string)
	}
	q := "INSERT INTO checkins (" + recordColumns + ", way) VALUES " + strings.TrimSuffix(strings.Repeat(one+",", rows), ",") +
		s.db.KeepExisting("list_id")
	insertSQL.Store(insertKey{s.db.Engine(), rows}, q)
	return q
}

type insertKey struct {
	engine db.Engine
	rows   int
}

// present gives the records of those of the persons who are on a list.
func (s store) present(ctx context.Context, list id.ID, persons []id.ID) (map[id.ID]Record, error) {
	out := make(map[id.ID]Record, len(persons))
	for part := range slices.Chunk(persons, chunk) {
		rows, err := s.records(ctx, "list_id = ? AND person_id IN ("+marks(len(part))+")", append([]any{list}, anys(part)...)...)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			out[r.Person] = r
		}
	}
	return out, nil
}

// presentOn gives all records of a list.
func (s store) presentOn(ctx context.Context, list id.ID) (map[id.ID]Record, error) {
	rows, err := s.records(ctx, "list_id = ?", list)
	if err != nil {
		return nil, err
	}
	out := make(map[id.ID]Record, len(rows))
	for _, r := range rows {
		out[r.Person] = r
	}
	return out, nil
}

func (s store) records(ctx context.Context, where string, args ...any) ([]Record, error) {
	rows, err := s.db.Raw(ctx).QueryContext(ctx, "SELECT "+recordColumns+" FROM checkins WHERE "+where, args...)
	if err != nil {
		return nil, db.Unavailable(err)
	}
	defer rows.Close()
	var out []Record
	for rows.Next() {
		var r Record
		var attempt []byte
		var happened, recorded db.Time
		var behalf int
		if err := rows.Scan(&r.List, &r.Person, &attempt, &r.Door, &happened, &recorded, &r.By, &behalf, &r.Flag); err != nil {
			return nil, err
		}
		copy(r.Attempt[:], attempt)
		r.Happened, r.Recorded, r.OnBehalf = happened.Time, recorded.Time, behalf != 0
		out = append(out, r)
	}
	return out, db.Unavailable(rows.Err())
}

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

func anys(ids []id.ID) []any {
	out := make([]any, len(ids))
	for i, v := range ids {
		out[i] = v
	}
	return out
}

// remove moves a record, with the second acceptances of the same person, to the annulments. gone is
// false when the record was not there any more; ghost tells that its attempt had been taken back
// before, so that the record was a repetition and is only removed. The second is read under a lock: an
// annulment that has just been committed counts.
func (s store) remove(ctx context.Context, newID func() id.ID, r Record, by id.ID, reason string, now time.Time) (gone, ghost bool, err error) {
	res := s.db.Conn(ctx).Where("list_id = ? AND person_id = ? AND attempt_id = ?", r.List, r.Person, r.Attempt[:]).Delete(&recordRow{})
	if res.Error != nil || res.RowsAffected == 0 {
		return false, false, db.Unavailable(res.Error)
	}
	var spent []annulmentRow
	err = s.db.Conn(ctx).Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Select("id", "attempt_id").
		Where("list_id = ? AND person_id = ?", r.List, r.Person).Find(&spent).Error
	if err != nil {
		return false, false, db.Unavailable(err)
	}
	if slices.ContainsFunc(spent, func(a annulmentRow) bool { return bytes.Equal(a.AttemptID, r.Attempt[:]) }) {
		return true, true, nil
	}
	again, err := s.conflicts(ctx, r.List, []id.ID{r.Person})
	if err != nil {
		return false, false, err
	}
	if err := s.db.Conn(ctx).Where("list_id = ? AND person_id = ?", r.List, r.Person).Delete(&conflictRow{}).Error; err != nil {
		return false, false, db.Unavailable(err)
	}
	var rows []annulmentRow
	for _, r := range append([]Record{r}, again[r.Person]...) {
		row := annulmentRow{
			ID: newID(), ListID: r.List, PersonID: r.Person, AttemptID: r.Attempt[:], Door: string(r.Door), Way: OnSite,
			HappenedAt: db.At(r.Happened), RecordedAt: db.At(r.Recorded), RecordedBy: r.By, Flag: string(r.Flag),
			AnnulledBy: by, AnnulledAt: db.At(now), Reason: reason,
		}
		if r.OnBehalf {
			row.OnBehalf = 1
		}
		rows = append(rows, row)
	}
	return true, false, db.Unavailable(s.db.Conn(ctx).Create(&rows).Error)
}

type recordRow struct {
	ListID   id.ID `gorm:"primaryKey;autoIncrement:false"`
	PersonID id.ID `gorm:"primaryKey;autoIncrement:false"`
}

func (recordRow) TableName() string { return "checkins" }

type annulmentRow struct {
	ID         id.ID `gorm:"primaryKey;autoIncrement:false"`
	ListID     id.ID
	PersonID   id.ID
	AttemptID  []byte
	Door       string
	Way        string
	HappenedAt db.Time
	RecordedAt db.Time
	RecordedBy id.ID
	OnBehalf   int
	Flag       string
	AnnulledBy id.ID
	AnnulledAt db.Time
	Reason     string
}

func (annulmentRow) TableName() string { return "checkin_annulments" }

// annulled gives the attempts of the persons that were taken back on a list.
func (s store) annulled(ctx context.Context, list id.ID, persons []id.ID) (map[id.ID][][16]byte, error) {
	out := map[id.ID][][16]byte{}
	for part := range slices.Chunk(persons, chunk) {
		var rows []annulmentRow
		err := s.db.Conn(ctx).Select("person_id, attempt_id").Where("list_id = ? AND person_id IN ?", list, part).Find(&rows).Error
		if err != nil {
			return nil, db.Unavailable(err)
		}
		for _, r := range rows {
			var a [16]byte
			copy(a[:], r.AttemptID)
			out[r.PersonID] = append(out[r.PersonID], a)
		}
	}
	return out, nil
}
