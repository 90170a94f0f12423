// Package bench puts load on the sign-in of a real server and holds what it does against two sides of
// comparison, and against the goals. Everything runs on this machine in processes of its own: MariaDB,
// Redis, the server, the sides, and this one that makes the load.
package bench

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/migrations"
)

// Options of a bench.
type Options struct {
	Goals      []string // numbers of goals; none: all
	Quick      bool     // few short rounds: to see whether something has changed
	Full       bool     // also what takes long: ten million rows, ten minutes
	JSON       bool     // the report in one line at the end
	Members    int      // of the county; zero: as many as the runs want
	Dir        string   // a folder on a disk for the servers' files; a temporary one by default
	PocketBase string   // the program to compare with; none: not compared
	Server     string   // the program that is measured; this one by default
	Profile    string   // a folder for the processor profile of the server at 128 connections
}

// bench is one bench under way.
type bench struct {
	Options
	out    io.Writer
	self   string // this program
	dir    string
	rounds int
	span   time.Duration // of one run, at most
	report Report

	master string
	maria  *mariadb
	redis  string
	pprof  string
	county *County
	sideDB *sql.DB

	ours, a, b       *process
	oursAt, aAt, bAt string
	forA             *Batch // the same for all runs of A: it remembers nothing
	closers          []func()
	fastest          float64 // our own rate with 256 connections
}

// Run measures, shows the report on out and fails only when it could not measure.
func Run(ctx context.Context, o Options, out io.Writer) error {
	x := &bench{Options: o, out: out, rounds: 5, span: 3 * time.Second}
	if o.Quick {
		x.rounds, x.span = 2, 1500*time.Millisecond
	}
	if x.Members == 0 {
		x.Members = 100_000
		if o.Quick {
			x.Members = 40_000
		}
	}
	defer x.close()
	debug.SetGCPercent(400)
	x.report.Environment = environment()
	if err := x.prepare(ctx); err != nil {
		return err
	}
	for _, part := range []struct {
		goals   string
		measure func(context.Context) error
	}{
		{"1 2", x.sides}, {"3", x.steady}, {"4", x.repeats}, {"7", x.board}, {"8", x.pair}, {"9", x.embedded},
		{"5", x.flat}, {"10", x.memory}, {"6", x.outage}, // the last leaves another database process behind
	} {
		if !x.wanted(strings.Fields(part.goals)...) {
			continue
		}
		if err := part.measure(ctx); err != nil {
			return fmt.Errorf("bench: goal %s: %w", part.goals, err)
		}
	}
	slices.SortStableFunc(x.report.Goals, func(a, b Goal) int { return number(a.ID) - number(b.ID) })
	e := &x.report.Environment
	e.LoadAfter, e.Members, e.Rounds, e.Quick = loadAverage(), x.Members, x.rounds, x.Quick
	x.report.print(out)
	if o.JSON {
		return x.report.json(out)
	}
	return nil
}

func (x *bench) wanted(goals ...string) bool {
	return len(x.Goals) == 0 || slices.ContainsFunc(goals, func(g string) bool { return slices.Contains(x.Goals, g) })
}

// number reads the number in front of a goal's id.
func number(id string) (n int) {
	fmt.Sscan(strings.TrimRight(id, "abc"), &n)
	return n
}

func (x *bench) say(format string, args ...any) { fmt.Fprintf(x.out, "· "+format+"\n", args...) }

func (x *bench) onClose(f func()) { x.closers = append(x.closers, f) }

func (x *bench) close() {
	for _, f := range slices.Backward(x.closers) {
		f()
	}
}

func (x *bench) goal(g Goal) { x.report.Goals = append(x.report.Goals, g) }

// prepare starts the servers and settles the county.
func (x *bench) prepare(ctx context.Context) (err error) {
	if x.self, err = os.Executable(); err != nil {
		return err
	}
	if x.Server == "" {
		x.Server = x.self
	}
	driver.SetLogger(&driver.NopLogger{}) // a database that is killed is reported as a figure
	if x.dir, err = os.MkdirTemp(x.Dir, "bense-bench-"); err != nil {
		return err
	}
	x.onClose(func() { os.RemoveAll(x.dir) })
	x.say("servers below %s", x.dir)
	if inMemory(x.dir) {
		x.say("that folder is in memory: nothing is written to a disk, and B and ours are flattered; choose another with --dir")
		x.report.Environment.InMemory = true
	}
	if x.maria, err = startMariaDB(ctx, x.dir, "bense", "usual", "flat", "million"); err != nil {
		return err
	}
	x.onClose(func() { x.maria.stop() })
	redis, url, err := startRedis(ctx, x.dir)
	if err != nil {
		return err
	}
	x.onClose(redis.stop)
	x.redis, x.master = url, crypt.NewKey(1)
	if x.Profile != "" {
		if x.pprof, err = freeAddr(); err != nil {
			return err
		}
		if err := os.MkdirAll(x.Profile, 0o755); err != nil {
			return err
		}
	}
	var profiles []string
	if x.pprof != "" {
		profiles = []string{"BENSE_SERVER_PPROF=" + x.pprof}
	}
	if x.ours, x.oursAt, err = x.serve(ctx, "ours", "bense", profiles...); err != nil {
		return err
	}
	x.onClose(x.ours.stop)
	x.say("a county of %d", x.Members)
	if x.county, err = x.settle(ctx, x.maria.url("bense"), x.Members); err != nil {
		return err
	}
	if x.a, x.aAt, err = x.side(ctx, "a", ""); err != nil {
		return err
	}
	x.onClose(x.a.stop)
	l, err := x.county.Open(ctx)
	x.forA = x.county.Taps(l, 0, len(x.county.tokens), false)
	return err
}

// serve starts an instance of ours on a database of the server.
func (x *bench) serve(ctx context.Context, name, database string, env ...string) (*process, string, error) {
	return startServer(ctx, x.Server, x.dir, name, append([]string{"BENSE_DATABASE_URL=" + x.maria.url(database), "BENSE_REDIS_URL=" + x.redis,
		"BENSE_KEYS_MASTER=" + x.master}, env...)...)
}

func (x *bench) settle(ctx context.Context, url string, n int) (*County, error) {
	d, err := db.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	x.onClose(func() { d.Close() })
	return Settle(ctx, d, x.master, n)
}

// side starts a side of comparison.
func (x *bench) side(ctx context.Context, kind, dsn string) (*process, string, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, "", err
	}
	p, err := start(x.dir, "side-"+kind, []string{"BENCH_KEY=" + hex.EncodeToString(x.county.key), "BENCH_DATABASE=" + dsn}, x.self, "bench-side", kind, addr)
	if err != nil {
		return nil, "", err
	}
	return p, addr, p.await(ctx, 20*time.Second, func(context.Context) error { return dial(addr) })
}

// sideB starts side B and its people when it is needed for the first time.
func (x *bench) sideB(ctx context.Context) (err error) {
	if x.b != nil {
		return nil
	}
	if x.sideDB, err = sql.Open("mysql", x.maria.dsn("usual")); err != nil {
		return err
	}
	x.onClose(func() { x.sideDB.Close() })
	if err := x.county.SettleUsual(ctx, x.sideDB); err != nil {
		return err
	}
	if x.b, x.bAt, err = x.side(ctx, "b", x.maria.dsn("usual")); err != nil {
		return err
	}
	x.onClose(x.b.stop)
	return nil
}

// run drives one load and notes its figures.
func (x *bench) run(ctx context.Context, goal, side string, round int, server *process, l *Load) (*Measure, error) {
	if l.For == 0 {
		l.For = x.span
	}
	base, own := x.maria.cpu(), cpuOf(os.Getpid())
	var mine time.Duration // a load on several instances has none
	if server != nil {
		mine = server.cpu()
	}
	m, err := l.Run(ctx)
	if err != nil {
		return nil, err
	}
	var used time.Duration
	if server != nil {
		used = server.cpu() - mine
	}
	x.note(goal, side, round, l.Conns, m, used, x.maria.cpu()-base, cpuOf(os.Getpid())-own)
	return m, nil
}

// note keeps the figures of a run, with what server, database and this process took of the processors
// for it.
func (x *bench) note(goal, side string, round, conns int, m *Measure, used, database, load time.Duration) {
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(max(m.Sent, 1)) }
	x.report.Runs = append(x.report.Runs, RunFigures{Goal: goal, Side: side, Round: round, Connections: conns, PerSecond: m.Rate(),
		P50: ms(m.Latency.Quantile(.5)), P99: ms(m.Latency.Quantile(.99)), P999: ms(m.Latency.Quantile(.999)),
		Sent: m.Sent, New: m.New, Already: m.Already, Errors: m.Errors, ServerCPU: each(used), DatabaseCPU: each(database), LoadCPU: each(load)})
	x.say("goal %s, %s, c=%d: %.0f/s, p99 %.1f ms, %d sent, %d bad %v", goal, side, conns, m.Rate(), ms(m.Latency.Quantile(.99)), m.Sent, m.Bad(), m.Errors)
}

// fresh makes an activity, has the servers learn it as they do on an event day, where the code is on
// the screen long before the rush, and prepares the sign-ins.
func (x *bench) fresh(ctx context.Context, c *County, addrs ...string) (*Batch, List, error) {
	l, err := c.Open(ctx)
	if err != nil {
		return nil, l, err
	}
	last := len(c.tokens) - len(addrs)
	for i, addr := range addrs {
		if err := x.learn(ctx, addr, c.Taps(l, last+i, last+i+1, false).At(0)); err != nil {
			return nil, l, err
		}
	}
	return c.Taps(l, 0, last, false), l, nil
}

// profileFile is where the profile goes.
func (x *bench) profileFile() string { return filepath.Join(x.Profile, "server.cpu.pprof") }

// wanted reports whether a part of the goals is to be measured: all of them when none is named.
func wanted(goals []string, part string) bool {
	return len(goals) == 0 || slices.ContainsFunc(goals, func(g string) bool { return strings.HasPrefix(strings.ToUpper(g), part) })
}

// schema opens a database of the bench's own server and makes its tables.
func (x *bench) schema(ctx context.Context, database string) (*db.DB, error) {
	d, err := db.Open(ctx, x.maria.url(database))
	if err != nil {
		return nil, err
	}
	x.onClose(func() { d.Close() })
	_, err = d.Migrate(ctx, migrations.Files)
	return d, err
}
