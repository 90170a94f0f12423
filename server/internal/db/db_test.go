package db_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/testdb"
	"bense/server/migrations"
)

func TestMain(m *testing.M) { testdb.Main(m) }

type committee struct {
	ID        id.ID `gorm:"primaryKey;autoIncrement:false"`
	ParentID  *id.ID
	Name      string
	CreatedAt db.Time
}

func (committee) TableName() string { return "committees" }

func row(n int64, name string) committee {
	return committee{ID: id.ID(n), Name: name, CreatedAt: db.At(time.Date(2026, 9, 9, 1, 2, 3, 4_000_000, time.UTC))}
}

func TestMigratedAndTimeRoundTrip(t *testing.T) {
	ctx, d := testdb.Tx(t)
	if err := d.Conn(ctx).Create(&[]committee{row(1, "甲")}).Error; err != nil {
		t.Fatal(err)
	}
	var got committee
	if err := d.Conn(ctx).Where("id = ?", id.ID(1)).Take(&got).Error; err != nil {
		t.Fatal(err)
	}
	if want := row(1, "甲"); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestNothingPendingAfterMigrate(t *testing.T) {
	if ok, err := testdb.Shared(t).Migrated(t.Context(), migrations.Files); err != nil || !ok {
		t.Fatal(ok, err)
	}
}

func TestDuplicateIsRecognised(t *testing.T) {
	ctx, d := testdb.Tx(t)
	a, b := row(1, "甲"), row(2, "甲")
	if err := d.Conn(ctx).Create(&a).Error; err != nil {
		t.Fatal(err)
	}
	if err := d.Conn(ctx).Create(&b).Error; !db.IsDuplicate(err) {
		t.Fatalf("got %v", err)
	}
}

func TestTxRollsBackAndJoins(t *testing.T) {
	d := testdb.Own(t)
	boom := errors.New("boom")
	err := d.Tx(t.Context(), func(ctx context.Context) error {
		return d.Tx(ctx, func(ctx context.Context) error {
			r := row(1, "甲")
			if err := d.Conn(ctx).Create(&r).Error; err != nil {
				return err
			}
			return boom
		})
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	var n int64
	if d.Conn(t.Context()).Model(&committee{}).Count(&n); n != 0 {
		t.Errorf("%d rows after a rollback", n)
	}
}

// Twenty writers lock two rows in opposite order: the engine breaks deadlocks, Tx repeats.
func TestTxRepeatsAfterDeadlock(t *testing.T) {
	d := testdb.Own(t)
	err := d.Tx(t.Context(), func(ctx context.Context) error {
		return d.Conn(ctx).Create(&[]committee{row(1, "甲"), row(2, "乙")}).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for i := range 20 {
		wg.Go(func() {
			first, second := id.ID(1+i%2), id.ID(2-i%2)
			err := d.Tx(context.Background(), func(ctx context.Context) error {
				for _, n := range []id.ID{first, second} {
					if err := d.Conn(ctx).Exec("UPDATE committees SET parent_id = COALESCE(parent_id, 0) + 1 WHERE id = ?", n).Error; err != nil {
						return err
					}
				}
				return nil
			})
			if err == nil {
				mu.Lock()
				done++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	var got []committee
	if err := d.Conn(t.Context()).Order("id").Find(&got).Error; err != nil {
		t.Fatal(err)
	}
	if int(*got[0].ParentID) != done || int(*got[1].ParentID) != done || done < 10 {
		t.Errorf("%d transactions reported success, rows say %d and %d", done, *got[0].ParentID, *got[1].ParentID)
	}
}

// What the engine asks to repeat is repeated, and at last a reason to come again later, like a server
// that takes nobody; an error of ours is neither.
func TestTxGivesUpPolitely(t *testing.T) {
	d := testdb.Shared(t)
	for number, want := range map[uint16]struct {
		runs        int
		unavailable bool
	}{1213: {3, true}, 1205: {3, true}, 1040: {1, true}, 1290: {1, true}, 1406: {1, false}} {
		runs := 0
		err := d.Tx(t.Context(), func(context.Context) error { runs++; return &mysql.MySQLError{Number: number} })
		if runs != want.runs || errors.Is(err, errs.ErrUnavailable) != want.unavailable {
			t.Errorf("error %d: %d runs, %v", number, runs, err)
		}
	}
}

func TestWithin(t *testing.T) {
	ctx, d := testdb.Tx(t)
	if err := d.Conn(ctx).Create(&[]committee{row(1, "甲"), row(2, "乙")}).Error; err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		scope actor.Scope
		want  int64
	}{
		"all":            {actor.Scope{All: true}, 2},
		"one":            {actor.Scope{Committees: []id.ID{2}}, 1},
		"nothing":        {actor.Scope{}, 0},
		"column missing": {actor.Scope{Units: []id.ID{1}}, 0},
	} {
		var n int64
		err := db.Within(d.Conn(ctx).Model(&committee{}), c.scope, db.Columns{Committee: "id"}).Count(&n).Error
		if err != nil || n != c.want {
			t.Errorf("%s: %d rows, %v", name, n, err)
		}
	}
}

// Twenty instances start at once: each gets a number of its own.
func TestLeaseNodeGivesEachItsOwn(t *testing.T) {
	d := testdb.Own(t)
	now := time.Date(2026, 9, 9, 1, 0, 0, 0, time.UTC)
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[int]bool{}
	for i := range 20 {
		wg.Go(func() {
			n, err := d.LeaseNode(context.Background(), string(rune('a'+i)), 1024, now)
			mu.Lock()
			defer mu.Unlock()
			if err != nil || seen[n] {
				t.Errorf("node %d: %v", n, err)
			}
			seen[n] = true
		})
	}
	wg.Wait()
	if n, err := d.LeaseNode(t.Context(), "late", 1024, now.Add(2*db.NodeLease)); err != nil || n != 0 {
		t.Errorf("an expired number was not taken over: %d %v", n, err)
	}
	if ok, err := d.RenewNode(t.Context(), 0, "a", now); err != nil || ok {
		t.Errorf("a lost lease was renewed: %v %v", ok, err)
	}
	if _, err := d.LeaseNode(t.Context(), "full", 20, now); !errors.Is(err, db.ErrNoNode) {
		t.Errorf("got %v with every number taken", err)
	}
}

// No bytes are NULL on every engine, by gorm and as plain SQL; empty ones are empty.
func TestNoBytesAreNull(t *testing.T) {
	ctx, d := testdb.Tx(t)
	if err := d.Conn(ctx).Table("crypt_keys").Create(map[string]any{"id": 201, "check_mac": []byte("x"), "wrapped": []byte(nil), "created_at": db.At(time.Now())}).Error; err != nil {
		t.Fatal(err)
	}
	insert := "INSERT INTO crypt_keys (id, check_mac, wrapped, created_at) VALUES (?, ?, ?, ?)"
	for n, wrapped := range map[int][]byte{202: nil, 203: {}} {
		if _, err := d.Raw(ctx).ExecContext(ctx, insert, n, []byte("x"), wrapped, db.At(time.Now())); err != nil {
			t.Fatal(err)
		}
	}
	var ids []int
	if err := d.Conn(ctx).Table("crypt_keys").Where("wrapped IS NULL AND id > 200").Order("id").Pluck("id", &ids).Error; err != nil || !slices.Equal(ids, []int{201, 202}) {
		t.Errorf("NULL in %v: %v", ids, err)
	}
	if err := d.Conn(ctx).Table("crypt_keys").Where("id = 203 AND LENGTH(wrapped) = 0").Pluck("id", &ids).Error; err != nil || !slices.Equal(ids, []int{203}) {
		t.Errorf("empty in %v: %v", ids, err)
	}
}
