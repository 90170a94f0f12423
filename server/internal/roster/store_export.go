package roster

import (
	"context"
	"strings"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

type exportRow struct {
	ID          id.ID `gorm:"primaryKey;autoIncrement:false"`
	AccountID   id.ID
	Form        Form
	CommitteeID id.ID
	AllianceID  *id.ID
	UnitID      *id.ID
	ScopeName   string
	Plain       bool
	ColumnsList string
	CustomList  string // ids of the committee's own columns
	ReasonEnc   []byte
	RowCount    int
	FileName    string
	JobID       *id.ID
	CreatedAt   db.Time
	ReadyAt     *db.Time
}

func (exportRow) TableName() string { return "exports" }

const sealReason = "exports.reason"

func orNull(v id.ID) *id.ID {
	if v == 0 {
		return nil
	}
	return &v
}

func orZero(v *id.ID) id.ID {
	if v == nil {
		return 0
	}
	return *v
}

func (s store) insertExport(ctx context.Context, e Export) error {
	var keys, own []string
	for _, key := range e.Columns {
		if column := ledger.ColumnID(key); column != 0 {
			own = append(own, column.String())
		} else {
			keys = append(keys, key)
		}
	}
	return db.Unavailable(s.db.Conn(ctx).Create(&exportRow{ID: e.ID, AccountID: e.Account, Form: e.Form, CommitteeID: e.Place.Committee,
		AllianceID: orNull(e.Place.Alliance), UnitID: orNull(e.Place.Unit), ScopeName: e.ScopeName, Plain: e.Plain,
		ColumnsList: strings.Join(keys, " "), CustomList: strings.Join(own, " "), ReasonEnc: s.box.SealString(e.Reason, sealReason), CreatedAt: db.At(e.CreatedAt)}).Error)
}

func (s store) setExportJob(ctx context.Context, exportID, jobID id.ID) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&exportRow{}).Where("id = ?", exportID).UpdateColumn("job_id", jobID).Error)
}

func (s store) exportReady(ctx context.Context, e Export) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&exportRow{}).Where("id = ?", e.ID).
		Updates(map[string]any{"row_count": e.Rows, "file_name": e.FileName, "ready_at": db.At(e.ReadyAt)}).Error)
}

func (s store) toExport(r exportRow) (Export, error) {
	e := Export{ID: r.ID, Account: r.AccountID, Form: r.Form, Place: actor.Place{Committee: r.CommitteeID, Alliance: orZero(r.AllianceID), Unit: orZero(r.UnitID)},
		ScopeName: r.ScopeName, Plain: r.Plain, Columns: strings.Fields(r.ColumnsList), Rows: r.RowCount, FileName: r.FileName, Job: orZero(r.JobID),
		CreatedAt: r.CreatedAt.Time, ReadyAt: r.ReadyAt.Std(), ExpiresAt: r.CreatedAt.Add(keepExport)}
	for _, column := range strings.Fields(r.CustomList) {
		e.Columns = append(e.Columns, ledger.ColumnPrefix+column)
	}
	var err error
	e.Reason, err = s.box.OpenString(r.ReasonEnc, sealReason)
	return e, err
}

func (s store) export(ctx context.Context, account, exportID id.ID) (Export, error) {
	var r exportRow
	if err := s.db.Conn(ctx).Where("id = ? AND account_id = ?", exportID, account).Take(&r).Error; err != nil {
		return Export{}, db.NotFound(err)
	}
	return s.toExport(r)
}

func (s store) exports(ctx context.Context, account id.ID) ([]Export, error) {
	var rows []exportRow
	if err := s.db.Conn(ctx).Where("account_id = ?", account).Order("id DESC").Limit(listed).Find(&rows).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	out := make([]Export, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = s.toExport(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}
