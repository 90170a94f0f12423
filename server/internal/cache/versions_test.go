package cache_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bense/server/internal/cache"
	"bense/server/internal/db"
	"bense/server/internal/id"
	"bense/server/internal/testdb"
)

// until waits for what another goroutine is about to do.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(testdb.Patience)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("never: " + what)
		}
	}
}

func raise(t *testing.T, d *db.DB, v *cache.Versions, fail error, scopes ...id.ID) {
	t.Helper()
	err := d.Tx(t.Context(), func(ctx context.Context) error {
		if err := v.Raise(ctx, scopes...); err != nil {
			return err
		}
		return fail
	})
	if !errors.Is(err, fail) {
		t.Fatal(err)
	}
}

func TestVersionsReachOtherInstances(t *testing.T) {
	d := testdb.Own(t)
	// what the pool keeps open until the database is closed is not ours
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent(), goleak.IgnoreAnyFunction("github.com/go-sql-driver/mysql.(*mysqlConn).startWatcher.func1"))
	for name, redis := range map[string]bool{"with Redis": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			here, there := cache.NewVersions(d, nil), cache.NewVersions(d, nil)
			if redis {
				c := testdb.Cache(t)
				here, there = cache.NewVersions(d, c), cache.NewVersions(d, c)
			}
			defer here.Close()
			defer there.Close()
			list, other := id.ID(time.Now().UnixNano()), id.ID(time.Now().UnixNano()+1)
			w, err := there.Watch(t.Context(), list)
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			begin := w.Seq()
			raise(t, d, here, nil, other, 0)
			raise(t, d, here, errors.New("rolled back"), list)
			if until(t, "trust", w.Fresh); w.Seq() != begin {
				t.Error("moved by another scope, or by a change that was rolled back")
			}
			raise(t, d, here, nil, list, list)
			until(t, "the change", func() bool { return w.Seq() != begin })
			own, err := here.Watch(t.Context(), list)
			if err != nil {
				t.Fatal(err)
			}
			defer own.Close()
			seq := own.Seq()
			raise(t, d, here, nil, list)
			if own.Seq() == seq {
				t.Error("whoever made the change does not see it at once")
			}
		})
	}
}

func TestVersionsEndTheirTrust(t *testing.T) {
	d := testdb.Own(t)
	v := cache.NewVersions(d, nil)
	defer v.Close()
	w, err := v.Watch(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if !w.Fresh() {
		t.Error("not trusted at first")
	}
	d.Close()
	closed := time.Now() // no look that began later gets an answer
	until(t, "the end of trust", func() bool {
		asked := time.Since(closed)
		fresh := w.Fresh()
		if fresh && asked > cache.Lease {
			t.Errorf("trusted %v without an answer, want at most %v", asked, cache.Lease)
		}
		return !fresh
	})
}

func TestSettleWaitsForOthersOnly(t *testing.T) {
	d := testdb.Own(t)
	v := cache.NewVersions(d, nil)
	defer v.Close()
	now := time.Now()
	if _, err := d.LeaseNode(t.Context(), "a", 8, now); err != nil {
		t.Fatal(err)
	}
	for try := 0; ; try++ { // a machine may stand still for that long now and then, not always
		began := time.Now()
		if v.Settle(t.Context()); time.Since(began) < cache.Lease {
			break
		}
		if try == 20 {
			t.Fatal("waits although it is alone")
		}
	}
	if _, err := d.LeaseNode(t.Context(), "b", 8, now); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	v.Settle(t.Context())
	if two := time.Since(began); two < cache.Lease {
		t.Errorf("waits %v for another instance", two)
	}
}
