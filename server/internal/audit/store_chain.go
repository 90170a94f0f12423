package audit

import (
	"context"
	"time"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

type linkRow struct {
	Seq    int64 `gorm:"primaryKey;autoIncrement:false"`
	LineID id.ID
	Hash   []byte
}

func (linkRow) TableName() string { return "audit_links" }

type anchorRow struct {
	Seq  int64 `gorm:"primaryKey;autoIncrement:false"`
	Hash []byte
	At   db.Time
	MAC  []byte `gorm:"column:mac"`
}

func (anchorRow) TableName() string { return "audit_anchors" }

func (a anchorRow) anchor() Anchor {
	return Anchor{Head: Head{a.Seq, a.Hash}, At: a.At.Time, MAC: a.MAC}
}

type sealerRow struct {
	Slot       int `gorm:"primaryKey;autoIncrement:false"`
	Holder     string
	LeaseUntil db.Time
}

func (sealerRow) TableName() string { return "audit_sealers" }

// head gives the last link and the highest id of a linked line.
func (l *Log) head(ctx context.Context) (Head, id.ID, error) {
	var rows []linkRow
	if err := l.db.Conn(ctx).Order("seq DESC").Limit(1).Find(&rows).Error; err != nil || len(rows) == 0 {
		return Head{}, 0, db.Unavailable(err)
	}
	var newest id.ID
	err := l.db.Conn(ctx).Model(&linkRow{}).Select("MAX(line_id)").Scan(&newest).Error
	return Head{rows[0].Seq, rows[0].Hash}, newest, db.Unavailable(err)
}

// unlinked gives lines above an id that have no link, by id.
func (l *Log) unlinked(ctx context.Context, after id.ID, limit int) ([]row, error) {
	var rows []row
	err := l.db.Conn(ctx).Table("audit_lines AS l").Select("l.*").Joins("LEFT JOIN audit_links AS k ON k.line_id = l.id").
		Where("l.id > ? AND k.line_id IS NULL", after).Order("l.id").Limit(limit).Find(&rows).Error
	return rows, db.Unavailable(err)
}

// insertLinks fails with a duplicate when another sealer was faster.
func (l *Log) insertLinks(ctx context.Context, links []linkRow) error {
	return l.db.Tx(ctx, func(ctx context.Context) error { return l.db.Conn(ctx).CreateInBatches(links, 500).Error })
}

// chained is a link with its line, which may be gone.
type chained struct {
	linkRow
	row
}

func (l *Log) chainAfter(ctx context.Context, seq int64, limit int) ([]chained, error) {
	rows, err := l.db.Raw(ctx).QueryContext(ctx, "SELECT k.seq, k.line_id, k.hash, l.id, l.at, l.account_id, l.action, l.subject_kind, l.subject_id, "+
		"l.committee_id, l.alliance_id, l.unit_id, l.detail_enc, l.request_id, l.mac "+
		"FROM audit_links k LEFT JOIN audit_lines l ON l.id = k.line_id WHERE k.seq > ? ORDER BY k.seq LIMIT ?", seq, limit)
	if err != nil {
		return nil, db.Unavailable(err)
	}
	defer rows.Close()
	var out []chained
	for rows.Next() {
		var c chained
		var line, account, subject *id.ID
		var action, kind, request *string
		if err := rows.Scan(&c.Seq, &c.LineID, &c.Hash, &line, &c.At, &account, &action, &kind, &subject,
			&c.CommitteeID, &c.AllianceID, &c.UnitID, &c.DetailEnc, &request, &c.MAC); err != nil {
			return nil, err
		}
		if line != nil {
			c.ID, c.AccountID, c.Action, c.SubjectKind, c.SubjectID, c.RequestID = *line, *account, *action, *kind, *subject, *request
		}
		out = append(out, c)
	}
	return out, db.Unavailable(rows.Err())
}

func (l *Log) anchors(ctx context.Context) ([]Anchor, error) {
	var rows []anchorRow
	if err := l.db.Conn(ctx).Order("seq").Find(&rows).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	out := make([]Anchor, len(rows))
	for i, r := range rows {
		out[i] = r.anchor()
	}
	return out, nil
}

func (l *Log) lastAnchor(ctx context.Context) (Anchor, error) {
	var rows []anchorRow
	if err := l.db.Conn(ctx).Order("seq DESC").Limit(1).Find(&rows).Error; err != nil || len(rows) == 0 {
		return Anchor{}, db.Unavailable(err)
	}
	return rows[0].anchor(), nil
}

func (l *Log) insertAnchor(ctx context.Context, a Anchor) error {
	r := anchorRow{a.Seq, a.Hash, db.At(a.At), a.MAC}
	return l.db.Tx(ctx, func(ctx context.Context) error { return l.db.Conn(ctx).Create(&r).Error })
}

// takeLease makes the holder the only sealer until a time, unless another is that now.
func (l *Log) takeLease(ctx context.Context, holder string, now, until time.Time) (bool, error) {
	var rows []sealerRow
	if err := l.db.Conn(ctx).Where("slot = 1").Find(&rows).Error; err != nil {
		return false, db.Unavailable(err)
	}
	if len(rows) == 0 {
		r := sealerRow{1, holder, db.At(until)}
		err := l.db.Tx(ctx, func(ctx context.Context) error { return l.db.Conn(ctx).Create(&r).Error })
		if db.IsDuplicate(err) {
			return false, nil
		}
		return err == nil, err
	}
	if rows[0].Holder != holder && rows[0].LeaseUntil.After(now) {
		return false, nil
	}
	taken := int64(0)
	err := l.db.Tx(ctx, func(ctx context.Context) error {
		res := l.db.Conn(ctx).Model(&sealerRow{}).Where("slot = 1 AND holder = ? AND lease_until = ?", rows[0].Holder, rows[0].LeaseUntil).
			Updates(map[string]any{"holder": holder, "lease_until": db.At(until)})
		taken = res.RowsAffected
		return res.Error
	})
	return err == nil && taken == 1, err
}

// giveLease ends the holder's lease.
func (l *Log) giveLease(ctx context.Context, holder string, now time.Time) error {
	return l.db.Tx(ctx, func(ctx context.Context) error {
		return l.db.Conn(ctx).Model(&sealerRow{}).Where("slot = 1 AND holder = ?", holder).Update("lease_until", db.At(now)).Error
	})
}
