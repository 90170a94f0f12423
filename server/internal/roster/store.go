package roster

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/id"
)

type store struct {
	db  *db.DB
	box *crypt.Box
}

// importRow is a file that came in. Its rows are kept only until they are committed.
type importRow struct {
	ID          id.ID `gorm:"primaryKey;autoIncrement:false"`
	CommitteeID id.ID
	FileNameEnc []byte
	FileHash    []byte
	State       State
	RowsEnc     []byte
	ReportEnc   []byte
	CreatedBy   id.ID
	CreatedAt   db.Time
	CommittedAt *db.Time
}

func (importRow) TableName() string { return "imports" }

// Contexts of the encrypted columns.
const (
	sealName   = "imports.file_name"
	sealRows   = "imports.rows"
	sealReport = "imports.report"
)

// maxStored is what the columns for rows and report hold, less the cipher's overhead.
const maxStored = 1<<24 - 1024

func (s store) insert(ctx context.Context, imp Import, file []byte, rows *Parsed, by id.ID) error {
	report, err := s.pack(imp.Report, sealReport)
	if err != nil {
		return err
	}
	packed, err := s.pack(rows, sealRows)
	if err != nil {
		return err
	}
	if len(report) > maxStored || len(packed) > maxStored {
		return ErrBomb
	}
	return db.Unavailable(s.db.Conn(ctx).Create(&importRow{
		ID: imp.ID, CommitteeID: imp.CommitteeID, FileNameEnc: s.box.SealString(imp.FileName, sealName),
		FileHash: s.box.Hash("file", string(file)), State: imp.State, RowsEnc: packed, ReportEnc: report,
		CreatedBy: by, CreatedAt: db.At(imp.CreatedAt),
	}).Error)
}

func (s store) byID(ctx context.Context, scope actor.Scope, importID id.ID) (Import, error) {
	var r importRow
	err := db.Within(s.db.Conn(ctx), scope, db.Columns{Committee: "imports.committee_id"}).Omit("rows_enc").
		Where("imports.id = ?", importID).Take(&r).Error
	if err != nil {
		return Import{}, db.NotFound(err)
	}
	imp := Import{ID: r.ID, CommitteeID: r.CommitteeID, State: r.State, CreatedAt: r.CreatedAt.Time, CommittedAt: r.CommittedAt.Std()}
	if imp.FileName, err = s.box.OpenString(r.FileNameEnc, sealName); err != nil {
		return Import{}, err
	}
	return imp, s.unpack(r.ReportEnc, sealReport, &imp.Report)
}

// claim turns a preview into a committed import; false when somebody was faster.
func (s store) claim(ctx context.Context, importID id.ID, now time.Time) (bool, error) {
	r := s.db.Conn(ctx).Model(&importRow{}).Where("id = ? AND state = ?", importID, Previewed).
		Updates(map[string]any{"state": Committed, "committed_at": db.At(now)})
	return r.RowsAffected == 1, db.Unavailable(r.Error)
}

func (s store) rows(ctx context.Context, importID id.ID) (*Parsed, error) {
	var r importRow
	if err := s.db.Conn(ctx).Select("rows_enc").Where("id = ?", importID).Take(&r).Error; err != nil {
		return nil, db.NotFound(err)
	}
	p := &Parsed{}
	return p, s.unpack(r.RowsEnc, sealRows, p)
}

// settle writes what the commit did and forgets the rows.
func (s store) settle(ctx context.Context, importID id.ID, report Report) error {
	packed, err := s.pack(report, sealReport)
	if err != nil {
		return err
	}
	return db.Unavailable(s.db.Conn(ctx).Model(&importRow{}).Where("id = ?", importID).
		Updates(map[string]any{"rows_enc": nil, "report_enc": packed}).Error)
}

// discard removes a preview; false when it was committed meanwhile.
func (s store) discard(ctx context.Context, importID id.ID) (bool, error) {
	r := s.db.Conn(ctx).Where("id = ? AND state = ?", importID, Previewed).Delete(&importRow{})
	return r.RowsAffected == 1, db.Unavailable(r.Error)
}

// forget removes previews that nobody committed; of every committee with committeeID zero.
func (s store) forget(ctx context.Context, committeeID id.ID, before time.Time) error {
	q := s.db.Conn(ctx).Where("state = ? AND created_at < ?", Previewed, db.At(before))
	if committeeID != 0 {
		q = q.Where("committee_id = ?", committeeID)
	}
	return db.Unavailable(q.Delete(&importRow{}).Error)
}

func (s store) pack(v any, context string) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := json.NewEncoder(z).Encode(v); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return s.box.Seal(b.Bytes(), context), nil
}

func (s store) unpack(sealed []byte, context string, v any) error {
	if len(sealed) == 0 {
		return nil
	}
	plain, err := s.box.Open(sealed, context)
	if err != nil {
		return err
	}
	z, err := gzip.NewReader(bytes.NewReader(plain))
	if err != nil {
		return err
	}
	data, err := io.ReadAll(z)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}
