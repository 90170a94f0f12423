package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// termsAtOnce bounds the rows of one insert of terms; SQLite's driver is slow with many parameters.
const termsAtOnce = 300

// manyCommittees is from where on one walk through all terms is quicker than one for each committee.
const manyCommittees = 16

// hitsMost bounds what is read at once where hits count elsewhere, as in rows that bear no mark yet.
// rareMost is up to where a status is rare.
const (
	hitsMost = 2000
	rareMost = 2000
)

// insertTerms makes persons findable.
func (s store) insertTerms(ctx context.Context, list []Record) error {
	committees, err := s.committeesOf(ctx, list)
	if err != nil {
		return err
	}
	var args []any
	flush := func() error {
		if len(args) == 0 {
			return nil
		}
		_, err := s.db.Raw(ctx).ExecContext(ctx, "INSERT INTO person_terms (committee_id, term, person_id, counts_from) VALUES (?, ?, ?, ?)"+
			strings.Repeat(", (?, ?, ?, ?)", len(args)/4-1), args...)
		args = args[:0]
		return db.Unavailable(err)
	}
	for _, r := range list {
		for _, t := range MarkedTerms(r.Name) {
			args = append(args, int64(committees[r.UnitID]), t.Text, int64(r.ID), t.CountsFrom)
			if len(args) == 4*termsAtOnce {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

// changeTerms brings the terms of persons in step whose name or committee has changed.
func (s store) changeTerms(ctx context.Context, before, after []Record) error {
	committees, err := s.committeesOf(ctx, append(slices.Clone(before), after...))
	if err != nil {
		return err
	}
	var fresh []Record
	for i, old := range before {
		if old.Name == after[i].Name && committees[old.UnitID] == committees[after[i].UnitID] {
			continue
		}
		err := s.db.Conn(ctx).Exec("DELETE FROM person_terms WHERE committee_id = ? AND term IN ? AND person_id = ?",
			committees[old.UnitID], Terms(old.Name), old.ID).Error
		if err != nil {
			return db.Unavailable(err)
		}
		fresh = append(fresh, after[i])
	}
	return s.insertTerms(ctx, fresh)
}

// unindex takes persons out of the search.
func (s store) unindex(ctx context.Context, ids []id.ID) error {
	known, err := s.recordsByID(ctx, ids)
	if err != nil {
		return err
	}
	before, after := make([]Record, 0, len(known)), make([]Record, 0, len(known))
	for _, r := range known {
		before, after = append(before, r), append(after, Record{ID: r.ID, UnitID: r.UnitID})
	}
	return s.changeTerms(ctx, before, after)
}

// committeesOf gives the committee of every unit in which the persons stand.
func (s store) committeesOf(ctx context.Context, list []Record) (map[id.ID]id.ID, error) {
	out := map[id.ID]id.ID{}
	var units []id.ID
	for _, r := range list {
		if _, known := out[r.UnitID]; !known {
			out[r.UnitID] = 0
			units = append(units, r.UnitID)
		}
	}
	for part := range parts(units) {
		var rows []unitRow
		if err := s.db.Conn(ctx).Select("id", "committee_id").Where("id IN ?", part).Find(&rows).Error; err != nil {
			return nil, db.Unavailable(err)
		}
		for _, r := range rows {
			out[r.ID] = r.CommitteeID
		}
	}
	return out, nil
}

// termRow is a row of the index.
type termRow struct {
	CommitteeID id.ID  `gorm:"primaryKey;autoIncrement:false"`
	Term        string `gorm:"primaryKey"`
	PersonID    id.ID  `gorm:"primaryKey;autoIncrement:false"`
	CountsFrom  int
}

func (termRow) TableName() string { return "person_terms" }

// markTerms makes persons findable, those too who are so already, but without the marks of today.
func (s store) markTerms(ctx context.Context, list []Record) error {
	committees, err := s.committeesOf(ctx, list)
	if err != nil {
		return err
	}
	var rows []termRow
	for _, r := range list {
		for _, t := range MarkedTerms(r.Name) {
			rows = append(rows, termRow{committees[r.UnitID], t.Text, r.ID, t.CountsFrom})
		}
	}
	q := s.db.Conn(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "committee_id"}, {Name: "term"}, {Name: "person_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"counts_from"})})
	return db.Unavailable(q.CreateInBatches(rows, termsAtOnce).Error)
}

// unindexed gives some persons behind an id, in order, whatever terms they have.
func (s store) unindexed(ctx context.Context, after id.ID) ([]Record, error) {
	var rows []personRow
	err := s.db.Conn(ctx).Select("id", "unit_id", "name").Where("id > ?", after).Order("id").Limit(batch).Find(&rows).Error
	return listOfRecords(rows), db.Unavailable(err)
}

func listOfRecords(rows []personRow) []Record {
	out := make([]Record, len(rows))
	for i, r := range rows {
		out[i] = Record{ID: r.ID, UnitID: r.UnitID, Fields: Fields{Name: r.Name}}
	}
	return out
}

// hasTerms reports whether anybody can be found, by terms that bear their marks.
func (s store) hasTerms(ctx context.Context) (bool, error) {
	var n []int
	err := s.db.Conn(ctx).Raw("SELECT counts_from FROM person_terms LIMIT 1").Scan(&n).Error
	return len(n) > 0 && n[0] > 0, db.Unavailable(err)
}

// search finds the persons in sight whose terms begin with what was typed, in the order of the terms.
// after is the last person of the page before.
func (s store) search(ctx context.Context, scope actor.Scope, f Filter, after id.ID, limit int) ([]detail, error) {
	typed := termOf(f.Query)
	from := hit{Term: typed}
	if after != 0 {
		d, err := s.person(ctx, everywhere, after)
		if err != nil {
			return nil, err
		}
		var fits bool
		if from, fits = hitOf(d.Person.Name, after, typed); !fits {
			return nil, errs.ErrInvalid.With(errs.Field("after", "翻页位置不对，请重新查找"))
		}
	}
	var ids []id.ID
	for atOnce := limit; ; atOnce = min(4*atOnce, max(limit, hitsMost)) {
		hits, more, err := s.hits(ctx, scope, f, typed, from, atOnce)
		if err != nil {
			return nil, err
		}
		for _, h := range hits {
			if h.counts(typed) {
				ids = append(ids, h.PersonID)
			}
		}
		if !more || len(ids) >= limit {
			break
		}
		from = hits[len(hits)-1]
	}
	return s.inOrder(ctx, ids[:min(len(ids), limit)])
}

// inOrder gives persons in the order of their ids.
func (s store) inOrder(ctx context.Context, ids []id.ID) ([]detail, error) {
	found, err := s.detailsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]detail, 0, len(ids))
	for _, v := range ids {
		if d, ok := found[v]; ok {
			out = append(out, d)
		}
	}
	return out, nil
}

// hits gives what follows a hit in the index; more says that there may be further ones.
func (s store) hits(ctx context.Context, scope actor.Scope, f Filter, typed string, from hit, limit int) (out []hit, more bool, err error) {
	narrow, broad := scope, isBroad(scope, f)
	if broad { // all who have a rare status are looked at sooner than all who have a name
		ids, few, err := s.rare(ctx, f.Status)
		if err != nil {
			return nil, false, err
		}
		if few {
			if out, err = s.hitsAmong(ctx, scope, f, ids, typed, from); err != nil {
				return nil, false, err
			}
			return out[:min(len(out), limit)], len(out) > limit, nil
		}
	}
	if broad {
		query, args := searchQuery(scope, f.Status, typed, from, limit)
		if err := s.db.Conn(ctx).Raw(query, args...).Scan(&out).Error; err != nil {
			return nil, false, db.Unavailable(err)
		}
		more = len(out) == limit
		narrow.All, narrow.Committees = false, nil
	}
	if !narrow.Empty() {
		few, err := s.hitsAmongFew(ctx, narrow, f, typed, from)
		if err != nil {
			return nil, false, err
		}
		out = append(out, few...)
		slices.SortFunc(out, hit.compare)
		out = slices.Compact(out)
		more = more || len(out) > limit
		out = out[:min(len(out), limit)]
	}
	return out, more, nil
}

// isBroad reports whether whole committees are looked through.
func isBroad(scope actor.Scope, f Filter) bool {
	return f.Alliance == 0 && f.Unit == 0 && (scope.All || len(scope.Committees) > 0)
}

// rare gives everybody of a status that few persons have; false when many have it.
func (s store) rare(ctx context.Context, status Status) (ids []id.ID, few bool, err error) {
	if status == "" || status == Active {
		return nil, false, nil
	}
	q := s.db.Conn(ctx).Model(&personRow{}).Where("status = ?", status).Order("id")
	if err := q.Session(&gorm.Session{}).Offset(rareMost).Limit(1).Pluck("id", &ids).Error; err != nil || len(ids) > 0 {
		return nil, false, db.Unavailable(err)
	}
	err = q.Session(&gorm.Session{}).Limit(rareMost).Pluck("id", &ids).Error
	return ids, err == nil, db.Unavailable(err)
}

// searchQuery walks through the index of terms, so that it reads about as many rows as it gives.
func searchQuery(scope actor.Scope, status Status, typed string, from hit, limit int) (string, []any) {
	one := func(where string, more ...any) (string, []any) {
		q := "SELECT t.term AS term, t.person_id AS person_id, p.name AS name FROM person_terms t JOIN persons p ON p.id = t.person_id"
		var args []any
		if status != "" {
			q += " AND p.status = ?"
			args = append(args, status)
		}
		q += " WHERE " + where + "t.term >= ? AND t.term < ? AND (t.term > ? OR t.person_id > ?) AND t.counts_from <= ?"
		args = append(append(args, more...), from.Term, typed+lastRune, from.Term, from.PersonID, utf8.RuneCountInString(typed))
		return q + " ORDER BY t.term, t.person_id LIMIT ?", append(args, limit)
	}
	switch {
	case scope.All:
		return one("")
	case len(scope.Committees) > manyCommittees:
		return one("t.committee_id IN ? AND ", scope.Committees)
	case len(scope.Committees) == 1:
		return one("t.committee_id = ? AND ", scope.Committees[0])
	}
	var all []string
	var args []any
	for i, c := range scope.Committees {
		q, a := one("t.committee_id = ? AND ", c)
		all, args = append(all, fmt.Sprintf("SELECT term, person_id, name FROM (%s) c%d", q, i)), append(args, a...)
	}
	return strings.Join(all, " UNION ALL ") + " ORDER BY term, person_id LIMIT ?", append(args, limit)
}

// hitsAmongFew looks through the persons of some alliances and units.
func (s store) hitsAmongFew(ctx context.Context, scope actor.Scope, f Filter, typed string, from hit) ([]hit, error) {
	return s.hitsAmong(ctx, scope, f, nil, typed, from)
}

// hitsAmong looks through some persons, or through all in sight.
func (s store) hitsAmong(ctx context.Context, scope actor.Scope, f Filter, ids []id.ID, typed string, from hit) ([]hit, error) {
	q := s.db.Conn(ctx).Table("persons").Select("persons.id, persons.name").Joins("JOIN units ON units.id = persons.unit_id")
	if ids != nil {
		q = q.Where("persons.id IN ?", orNone(ids))
	}
	var rows []personRow
	if err := narrowed(db.Within(q, scope, personPlaces), f).Find(&rows).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	var out []hit
	for _, r := range rows {
		if h, ok := hitOf(r.Name, r.ID, typed); ok && h.compare(from) > 0 {
			out = append(out, h)
		}
	}
	slices.SortFunc(out, hit.compare)
	return out, nil
}

// narrowed applies all of a filter but its text.
func narrowed(q *gorm.DB, f Filter) *gorm.DB {
	if f.Alliance != 0 {
		q = q.Where("units.alliance_id = ?", f.Alliance)
	}
	if f.Unit != 0 {
		q = q.Where("persons.unit_id = ?", f.Unit)
	}
	if f.Status != "" {
		q = q.Where("persons.status = ?", f.Status)
	}
	if f.committee != 0 {
		q = q.Where("units.committee_id = ?", f.committee)
	}
	return q
}

func (s store) detailsByID(ctx context.Context, ids []id.ID) (map[id.ID]detail, error) {
	out := make(map[id.ID]detail, len(ids))
	for part := range parts(ids) {
		var rows []joinedRow
		if err := s.joined(ctx, "persons.*").Where("persons.id IN ?", part).Find(&rows).Error; err != nil {
			return nil, db.Unavailable(err)
		}
		all, err := s.details(rows)
		if err != nil {
			return nil, err
		}
		for _, d := range all {
			out[d.Person.ID] = d
		}
	}
	return out, nil
}

// Probe runs the queries of a search as they are, for measuring: it gives the ids found, or the plan.
type Probe struct{ store store }

// Find gives the ids that a search for a name, pinyin or digits reads first.
func (p Probe) Find(ctx context.Context, scope actor.Scope, f Filter, limit int) ([]id.ID, error) {
	query, args := p.query(scope, f, limit)
	var out []hit
	if err := p.store.db.Conn(ctx).Raw(query, args...).Scan(&out).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	ids := make([]id.ID, len(out))
	for i, h := range out {
		ids[i] = h.PersonID
	}
	return ids, nil
}

// Plan gives the engine's plan of the same query, one line a row.
func (p Probe) Plan(ctx context.Context, scope actor.Scope, f Filter, limit int) ([]string, error) {
	query, args := p.query(scope, f, limit)
	explain := "EXPLAIN "
	if p.store.db.Engine() == db.SQLite {
		explain = "EXPLAIN QUERY PLAN "
	}
	rows, err := p.store.db.Conn(ctx).Raw(explain+query, args...).Rows()
	if err != nil {
		return nil, db.Unavailable(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var out []string
	for rows.Next() {
		cells, at := make([]any, len(columns)), make([]any, len(columns))
		for i := range cells {
			at[i] = &cells[i]
		}
		if err := rows.Scan(at...); err != nil {
			return nil, err
		}
		var line []string
		for i, c := range cells {
			if b, ok := c.([]byte); ok {
				c = string(b)
			}
			if c != nil {
				line = append(line, fmt.Sprintf("%s=%v", columns[i], c))
			}
		}
		out = append(out, strings.Join(line, " "))
	}
	return out, rows.Err()
}

func (p Probe) query(scope actor.Scope, f Filter, limit int) (string, []any) {
	if column, hash := p.store.hashed(f.Query); column != "" {
		query, args := "SELECT persons.id AS person_id FROM persons JOIN units ON units.id = persons.unit_id WHERE "+column+" = ?", []any{hash}
		if !scope.All {
			query, args = query+" AND units.committee_id IN ?", append(args, scope.Committees)
		}
		return query + " ORDER BY persons.id LIMIT ?", append(args, limit)
	}
	typed := termOf(f.Query)
	return searchQuery(scope, f.Status, typed, hit{Term: typed}, limit)
}
