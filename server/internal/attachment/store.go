package attachment

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/id"
)

const nameContext, dataContext = "person_attachments.name", "person_attachments.data"

type row struct {
	ID        id.ID `gorm:"primaryKey;autoIncrement:false"`
	PersonID  id.ID
	NameEnc   []byte
	Kind      Kind
	Size      int
	DataEnc   []byte
	CreatedBy id.ID
	CreatedAt db.Time
	RemovedAt *db.Time
}

func (row) TableName() string { return "person_attachments" }

type store struct {
	db  *db.DB
	box *crypt.Box
}

func (s store) attachment(r row) (Attachment, error) {
	name, err := s.box.OpenString(r.NameEnc, nameContext)
	return Attachment{ID: r.ID, Person: r.PersonID, Name: name, Kind: r.Kind, Size: r.Size, By: r.CreatedBy,
		CreatedAt: r.CreatedAt.Time, RemovedAt: r.RemovedAt.Std()}, err
}

// lockPerson makes a person's row the lock for the number of their files.
func (s store) lockPerson(ctx context.Context, person id.ID) error {
	var found struct{ ID id.ID }
	err := s.db.Conn(ctx).Table("persons").Clauses(clause.Locking{Strength: "UPDATE"}).Select("id").Where("id = ?", person).Take(&found).Error
	return db.NotFound(err)
}

func (s store) count(ctx context.Context, person id.ID) (n int64, err error) {
	err = s.db.Conn(ctx).Model(&row{}).Where("person_id = ? AND removed_at IS NULL", person).Count(&n).Error
	return n, db.Unavailable(err)
}

func (s store) insert(ctx context.Context, a Attachment, data []byte) error {
	return db.Unavailable(s.db.Conn(ctx).Create(&row{ID: a.ID, PersonID: a.Person, NameEnc: s.box.SealString(a.Name, nameContext), Kind: a.Kind,
		Size: a.Size, DataEnc: s.box.Seal(data, dataContext), CreatedBy: a.By, CreatedAt: db.At(a.CreatedAt)}).Error)
}

// list gives a person's files, the newest first, those taken off too.
func (s store) list(ctx context.Context, person id.ID) ([]Attachment, error) {
	var rows []row
	err := s.db.Conn(ctx).Omit("data_enc").Where("person_id = ?", person).Order("id DESC").Find(&rows).Error
	if err != nil {
		return nil, db.Unavailable(err)
	}
	out := make([]Attachment, len(rows))
	for i, r := range rows {
		if out[i], err = s.attachment(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// one gives a file of a person, with its bytes when they are asked for, or ErrNone.
func (s store) one(ctx context.Context, person, attachment id.ID, bytes bool) (Attachment, []byte, error) {
	q := s.db.Conn(ctx).Where("id = ? AND person_id = ?", attachment, person)
	if !bytes {
		q = q.Omit("data_enc")
	}
	var rows []row
	if err := q.Find(&rows).Error; err != nil {
		return Attachment{}, nil, db.Unavailable(err)
	}
	if len(rows) == 0 {
		return Attachment{}, nil, ErrNone
	}
	a, err := s.attachment(rows[0])
	if err != nil || !bytes {
		return a, nil, err
	}
	data, err := s.box.Open(rows[0].DataEnc, dataContext)
	return a, data, err
}

// setRemoved takes a file off, or with the zero time brings it back.
func (s store) setRemoved(ctx context.Context, attachment id.ID, at time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&row{}).Where("id = ?", attachment).Update("removed_at", db.AtPtr(at)).Error)
}

func (s store) prune(ctx context.Context, before time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Where("removed_at < ?", db.At(before)).Delete(&row{}).Error)
}
