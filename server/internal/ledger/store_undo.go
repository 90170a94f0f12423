package ledger

import (
	"context"
	"slices"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

// unspoken are tables whose mention of a thing keeps nobody from taking it out again: what the ledger
// itself keeps about it and takes out with it, and what tells of the past.
var unspoken = []string{"audit_lines", "status_proposals", "person_changes", "person_terms", "unit_alliances"}

func (s store) recordsByID(ctx context.Context, ids []id.ID) (map[id.ID]Record, error) {
	out := make(map[id.ID]Record, len(ids))
	for part := range parts(ids) {
		var rows []personRow
		if err := s.db.Conn(ctx).Where("id IN ?", part).Find(&rows).Error; err != nil {
			return nil, db.Unavailable(err)
		}
		for _, r := range rows {
			rec, err := s.record(r)
			if err != nil {
				return nil, err
			}
			out[r.ID] = rec
		}
	}
	return out, nil
}

func (s store) mentions(ctx context.Context, column string, ids []id.ID) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	if len(ids) == 0 {
		return out, nil
	}
	tables, err := s.db.TablesWith(ctx, column)
	if err != nil {
		return nil, err
	}
	for _, table := range tables {
		if slices.Contains(unspoken, table) {
			continue
		}
		for part := range parts(ids) {
			var found []id.ID
			err := s.db.Conn(ctx).Table(table).Where(column+" IN ?", part).Distinct().Pluck(column, &found).Error
			if err != nil {
				return nil, db.Unavailable(err)
			}
			for _, v := range found {
				out[v] = table
			}
		}
	}
	return out, nil
}

// remove deletes the rows whose column holds one of the ids.
func (s store) remove(ctx context.Context, row any, column string, ids []id.ID) error {
	for part := range parts(ids) {
		if err := s.db.Conn(ctx).Where(column+" IN ?", part).Delete(row).Error; err != nil {
			return db.Unavailable(err)
		}
	}
	return nil
}

func (s store) unlead(ctx context.Context, units []id.ID) error {
	for part := range parts(units) {
		err := s.db.Conn(ctx).Model(&allianceRow{}).Where("lead_unit_id IN ?", part).UpdateColumn("lead_unit_id", nil).Error
		if err != nil {
			return db.Unavailable(err)
		}
	}
	return nil
}

func (s store) dropHints(ctx context.Context, hints []Hint) (int, error) {
	n := 0
	for _, h := range hints {
		r := s.db.Conn(ctx).Where("person_id = ? AND status = ? AND evidence_hash = ? AND decision = ?",
			h.Person, h.Status, s.box.Hash("evidence", h.Evidence), Open).Delete(&proposalRow{})
		if r.Error != nil {
			return 0, db.Unavailable(r.Error)
		}
		n += int(r.RowsAffected)
	}
	return n, nil
}

// sheet gives a unit's persons by number.
func (s store) sheet(ctx context.Context, unitID id.ID) ([]detail, error) {
	var rows []joinedRow
	err := s.joined(ctx, "persons.*").Where("persons.unit_id = ?", unitID).Order("persons.seq_no, persons.id").Find(&rows).Error
	if err != nil {
		return nil, db.Unavailable(err)
	}
	return s.details(rows)
}
