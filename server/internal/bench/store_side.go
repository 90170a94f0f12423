package bench

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"gorm.io/driver/mysql"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

// usual is the store of side B: the tables and statements that a service of this kind usually has.
type usual struct {
	db  *gorm.DB
	ids *id.Source // auto-increment has no place in this tree; it makes no difference here
}

type usualList struct {
	ID       id.ID `gorm:"primaryKey;autoIncrement:false"`
	Name     string
	OpensAt  db.Time
	ClosesAt db.Time
	Present  int
}

type usualMember struct {
	PersonID id.ID `gorm:"primaryKey;autoIncrement:false"`
	Name     string
	Status   string
}

type usualCheckin struct {
	ID         id.ID `gorm:"primaryKey;autoIncrement:false"`
	ListID     id.ID
	PersonID   id.ID
	AttemptID  []byte
	HappenedAt db.Time
	RecordedAt db.Time
}

func (usualList) TableName() string    { return "usual_lists" }
func (usualMember) TableName() string  { return "usual_members" }
func (usualCheckin) TableName() string { return "usual_checkins" }

// usualTables are made once, in a database of their own.
var usualTables = []string{
	"CREATE TABLE usual_lists (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL, opens_at DATETIME(3) NOT NULL, closes_at DATETIME(3) NOT NULL, present INT NOT NULL)",
	"CREATE TABLE usual_members (person_id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(60) NOT NULL, status VARCHAR(12) NOT NULL)",
	"CREATE TABLE usual_checkins (id BIGINT NOT NULL PRIMARY KEY, list_id BIGINT NOT NULL, person_id BIGINT NOT NULL, attempt_id VARBINARY(16) NOT NULL, " +
		"happened_at DATETIME(3) NOT NULL, recorded_at DATETIME(3) NOT NULL, CONSTRAINT uq_usual_checkins UNIQUE (list_id, person_id))",
}

func openUsual(ctx context.Context, dsn string) (*usual, error) {
	g, err := gorm.Open(mysql.New(mysql.Config{DSN: dsn, DisableWithReturning: true}), &gorm.Config{Logger: logger.Discard})
	if err != nil {
		return nil, err
	}
	pool, err := g.DB()
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(64)
	pool.SetMaxIdleConns(64)
	return &usual{db: g, ids: id.NewSource(id.MaxNode, time.Now)}, pool.PingContext(ctx)
}

var errClosed = errors.New("bench: the list is not open")

func (u *usual) checkIn(ctx context.Context, in sideBody) (answer, name string, err error) {
	list, err := id.Parse(in.ListID)
	if err != nil {
		return "", "", err
	}
	person, err := id.Parse(in.PersonID)
	if err != nil {
		return "", "", err
	}
	nonce, err := hex.DecodeString(in.Nonce)
	if err != nil {
		return "", "", err
	}
	g := u.db.WithContext(ctx)
	var l usualList
	if err := g.Where("id = ?", list).Take(&l).Error; err != nil {
		return "", "", err
	}
	now := time.Now().UTC()
	if now.Before(l.OpensAt.Time) || now.After(l.ClosesAt.Time) {
		return "", "", errClosed
	}
	var m usualMember
	if err := g.Where("person_id = ?", person).Take(&m).Error; err != nil {
		return "", "", err
	}
	var there int64
	if err := g.Model(&usualCheckin{}).Where("list_id = ? AND person_id = ?", list, person).Count(&there).Error; err != nil {
		return "", "", err
	}
	if there > 0 {
		return "already", m.Name, nil
	}
	err = g.Transaction(func(tx *gorm.DB) error {
		row := usualCheckin{ID: u.ids.New(), ListID: list, PersonID: person, AttemptID: nonce, HappenedAt: db.At(in.HappenedAt), RecordedAt: db.At(now)}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return tx.Model(&usualList{}).Where("id = ?", list).UpdateColumn("present", gorm.Expr("present + 1")).Error
	})
	var duplicate *driver.MySQLError
	if errors.As(err, &duplicate) && duplicate.Number == 1062 {
		return "already", m.Name, nil
	}
	return "ok", m.Name, err
}
