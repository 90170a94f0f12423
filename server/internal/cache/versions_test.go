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

// until waits for what another goroutine is about to do, a few seconds at most.
func until(t *testing.T, what string, ok func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Since(began) > 5*time.Second {
			t.Fatal("never: " + what)
		}
		<-tick.C
	}
	return time.Since(began)
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
			took := until(t, "the change", func() bool { return w.Seq() != begin })
			t.Logf("seen after %v", took)
			if took > time.Second {
				t.Errorf("seen after %v, want within a second", took)
			}
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
	took := until(t, "the end of trust", func() bool { return !w.Fresh() })
	if took > cache.Lease+100*time.Millisecond {
		t.Errorf("trusted for %v without an answer, want at most %v", took, cache.Lease)
	}
}

func TestSettleWaitsForOthersOnly(t *testing.T) {
	d := testdb.Own(t)
	v := cache.NewVersions(d, nil)
	defer v.Close()
	now := time.Now()
	if _, err := d.LeaseNode(t.Context(), "a", 8, now); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	v.Settle(t.Context())
	alone := time.Since(began)
	if _, err := d.LeaseNode(t.Context(), "b", 8, now); err != nil {
		t.Fatal(err)
	}
	began = time.Now()
	v.Settle(t.Context())
	if two := time.Since(began); alone >= cache.Lease || two < cache.Lease {
		t.Errorf("alone %v, with another instance %v", alone, two)
	}
}
