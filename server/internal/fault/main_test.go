//go:build faults

// Package fault_test breaks what the service stands on — the service itself, MariaDB, Redis, the
// network between — under the load of an event, and holds what phones were told against what is
// stored: R01 to R22 of the reliability plan. It needs mariadbd and redis-server, hence the build tag;
// scripts/faults.sh runs it, short or (BENSE_FAULTS_LONG=1) long, and prints the report.
package fault_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"bense/server/internal/bench"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/rig"
)

const people = 2000

// world is what all tests share: a durable MariaDB, a Redis, a county. Each test has servers of its own.
type world struct {
	program string
	dir     string
	master  string
	maria   *rig.MariaDB
	redis   *rig.Redis
	county  *bench.County
	sql     *sql.DB
}

var (
	all  world
	long = os.Getenv("BENSE_FAULTS_LONG") != ""
)

// pick chooses the short or the long form of a figure.
func pick[T any](short, full T) T {
	if long {
		return full
	}
	return short
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "bense-faults-")
	if err == nil {
		defer os.RemoveAll(dir)
		err = all.open(dir)
		defer all.close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		return 1
	}
	code := m.Run()
	printReport(os.Stdout)
	return code
}

func (w *world) open(dir string) (err error) {
	w.dir, w.master = dir, crypt.NewKey(1)
	if w.program = os.Getenv("BENSE_BIN"); w.program == "" {
		w.program = filepath.Join(dir, "bense")
		if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", w.program, "bense/server").CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
	}
	if w.maria, err = rig.StartMariaDB(dir, "--log-bin", "--sync-binlog=1", "--server-id=1", "--innodb-buffer-pool-size=256M"); err != nil {
		return err
	}
	if w.redis, err = rig.StartRedis(dir); err != nil {
		return err
	}
	url, err := w.maria.Create("bense")
	if err != nil {
		return err
	}
	s, err := rig.StartServer(w.program, w.environ(url, w.redis.URL())) // migrates, and makes the demo's county
	if err != nil {
		return err
	}
	s.Stop()
	d, err := db.Open(context.Background(), url)
	if err != nil {
		return err
	}
	w.sql = d.SQL()
	w.county, err = bench.Settle(context.Background(), d, w.master, people)
	return err
}

func (w *world) close() {
	if w.sql != nil {
		w.sql.Close()
	}
	if w.redis != nil {
		w.redis.Stop()
	}
	if w.maria != nil {
		w.maria.Stop()
	}
}

func (w *world) environ(database, redis string, more ...string) []string {
	return append([]string{"BENSE_DATABASE_URL=" + database, "BENSE_REDIS_URL=" + redis, "BENSE_KEYS_MASTER=" + w.master, "BENSE_LOG_LEVEL=warn"}, more...)
}

// serve starts a server for one test; where is host:port of database and Redis, or of a proxy before them.
func serve(t *testing.T, database, redis string, more ...string) *rig.Server {
	t.Helper()
	s, err := rig.StartServer(all.program, all.environ("mysql://root@"+database+"/bense", "redis://"+redis, more...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(s.Tail())
		}
		s.Stop()
	})
	return s
}

func plain(t *testing.T) *rig.Server { return serve(t, all.maria.Addr(), all.redis.Addr()) }

func open(t *testing.T) bench.List {
	t.Helper()
	l, err := all.county.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// eventually waits until what is looked for is there.
func eventually(t *testing.T, what string, limit time.Duration, there func() bool) time.Duration {
	t.Helper()
	from, tick := time.Now(), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for !there() {
		if time.Since(from) > limit {
			t.Fatalf("%s: not within %s", what, limit)
		}
		<-tick.C
	}
	return time.Since(from)
}
