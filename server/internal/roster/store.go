package roster

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
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
	UndoneAt    *db.Time
	JobID       *id.ID
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

func (s store) insert(ctx context.Context, imp Import, file []byte) error {
	return db.Unavailable(s.db.Conn(ctx).Create(&importRow{
		ID: imp.ID, CommitteeID: imp.CommitteeID, FileNameEnc: s.box.SealString(imp.FileName, sealName),
		FileHash: s.box.Hash("file", string(file)), State: imp.State, CreatedBy: imp.CreatedBy, CreatedAt: db.At(imp.CreatedAt),
	}).Error)
}

// fill keeps what was read from a file; ErrCommitted when somebody discarded it meanwhile.
func (s store) fill(ctx context.Context, imp Import, rows *Parsed) error {
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
	r := s.db.Conn(ctx).Model(&importRow{}).Where("id = ? AND state IN ?", imp.ID, []State{Reading, Previewed}).
		Updates(map[string]any{"state": Previewed, "rows_enc": packed, "report_enc": report})
	if r.Error == nil && r.RowsAffected == 0 {
		return ErrCommitted
	}
	return db.Unavailable(r.Error)
}

func (s store) setJob(ctx context.Context, importID, jobID id.ID) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&importRow{}).Where("id = ?", importID).UpdateColumn("job_id", jobID).Error)
}

// move changes the state; false when it was another one.
func (s store) move(ctx context.Context, importID id.ID, from, to State) (bool, error) {
	r := s.db.Conn(ctx).Model(&importRow{}).Where("id = ? AND state = ?", importID, from).UpdateColumn("state", to)
	return r.RowsAffected == 1, db.Unavailable(r.Error)
}

// fail marks a file that could not be read.
func (s store) fail(ctx context.Context, importID id.ID) error {
	_, err := s.move(ctx, importID, Reading, Failed)
	return err
}

func (s store) one(r importRow) (Import, error) {
	imp := Import{ID: r.ID, CommitteeID: r.CommitteeID, State: r.State, CreatedAt: r.CreatedAt.Time, CommittedAt: r.CommittedAt.Std(),
		UndoneAt: r.UndoneAt.Std(), CreatedBy: r.CreatedBy}
	if r.JobID != nil {
		imp.Job = *r.JobID
	}
	var err error
	if imp.FileName, err = s.box.OpenString(r.FileNameEnc, sealName); err != nil {
		return Import{}, err
	}
	return imp, s.unpack(r.ReportEnc, sealReport, &imp.Report)
}

func (s store) byID(ctx context.Context, scope actor.Scope, importID id.ID) (Import, error) {
	var r importRow
	err := db.Within(s.db.Conn(ctx), scope, db.Columns{Committee: "imports.committee_id"}).Omit("rows_enc").
		Where("imports.id = ?", importID).Take(&r).Error
	if err != nil {
		return Import{}, db.NotFound(err)
	}
	return s.one(r)
}

// listed is how many imports a list holds.
const listed = 50

func (s store) list(ctx context.Context, scope actor.Scope, committeeID id.ID) ([]Import, error) {
	q := db.Within(s.db.Conn(ctx), scope, db.Columns{Committee: "imports.committee_id"}).Omit("rows_enc")
	if committeeID != 0 {
		q = q.Where("imports.committee_id = ?", committeeID)
	}
	var rows []importRow
	if err := q.Order("imports.id DESC").Limit(listed).Find(&rows).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	out := make([]Import, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = s.one(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// claim turns a preview into a committed import; false when somebody was faster.
func (s store) claim(ctx context.Context, importID id.ID, now time.Time) (bool, error) {
	r := s.db.Conn(ctx).Model(&importRow{}).Where("id = ? AND state = ?", importID, Previewed).
		Updates(map[string]any{"state": Committed, "committed_at": db.At(now)})
	return r.RowsAffected == 1, db.Unavailable(r.Error)
}

// undone turns a committed import into an undone one; false when somebody was faster.
func (s store) undone(ctx context.Context, importID id.ID, now time.Time) (bool, error) {
	r := s.db.Conn(ctx).Model(&importRow{}).Where("id = ? AND state = ?", importID, Committed).
		Updates(map[string]any{"state": Undone, "undone_at": db.At(now)})
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
	r := s.db.Conn(ctx).Where("id = ? AND state IN ?", importID, waiting).Delete(&importRow{})
	return r.RowsAffected == 1, db.Unavailable(r.Error)
}

// waiting are the states of imports that have not changed anything.
var waiting = []State{Reading, Failed, Previewed}

// forget removes previews that nobody committed and tells which; of every committee with committeeID zero.
func (s store) forget(ctx context.Context, committeeID id.ID, before time.Time) ([]id.ID, error) {
	q := s.db.Conn(ctx).Model(&importRow{}).Where("state IN ? AND created_at < ?", waiting, db.At(before))
	if committeeID != 0 {
		q = q.Where("committee_id = ?", committeeID)
	}
	var ids []id.ID
	if err := q.Pluck("id", &ids).Error; err != nil || len(ids) == 0 {
		return nil, db.Unavailable(err)
	}
	return ids, db.Unavailable(s.db.Conn(ctx).Where("id IN ? AND state IN ?", ids, waiting).Delete(&importRow{}).Error)
}

func (s store) pack(v any, context string) ([]byte, error) {
	b, err := compress(v)
	if err != nil {
		return nil, err
	}
	return s.box.Seal(b, context), nil
}

func compress(v any) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := json.NewEncoder(z).Encode(v); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (s store) unpack(sealed []byte, context string, v any) error {
	if len(sealed) == 0 {
		return nil
	}
	plain, err := s.box.Open(sealed, context)
	if err != nil {
		return err
	}
	return decompress(plain, v)
}

func decompress(packed []byte, v any) error {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	return json.NewDecoder(z).Decode(v)
}
