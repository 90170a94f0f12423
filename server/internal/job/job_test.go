package job_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/clock"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/job"
	"bense/server/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

var today = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

// bench is an installation in which jobs run.
type bench struct {
	db   *db.DB
	box  *crypt.Box
	clk  *clock.Fake
	jobs *job.Service
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{db: testdb.Own(t), box: testdb.Box(t), clk: clock.NewFake(today)}
	b.jobs = b.process(t, 1)
	return b
}

// process is one more instance beside the first.
func (b *bench) process(t *testing.T, node int) *job.Service {
	s := job.New(b.db, b.box, id.NewSource(node, b.clk.Now), b.clk, slog.New(slog.DiscardHandler))
	t.Cleanup(s.Close)
	return s
}

var clerk, other = actor.Actor{Account: 7}, actor.Actor{Account: 8}

func TestAJobFromStartToEnd(t *testing.T) {
	b := newBench(t)
	halfway, on := make(chan struct{}), make(chan struct{})
	j, err := b.jobs.Start(t.Context(), clerk, "import_read", 5, func(ctx context.Context, p *job.Progress) error {
		if who, err := actor.From(ctx); err != nil || who.Account != 7 {
			t.Errorf("works as %+v, %v", who, err)
		}
		p.Step("正在读取", 200)
		p.At(80)
		close(halfway)
		<-on
		return p.End(ctx, map[string]int{"new": 3})
	})
	if err != nil {
		t.Fatal(err)
	}
	<-halfway
	if got, err := b.jobs.Get(t.Context(), clerk, j.ID); err != nil || got.State != job.Running || got.Done != 80 || got.Total != 200 || got.Message != "正在读取" {
		t.Errorf("halfway: %+v %v", got, err)
	}
	close(on)
	b.jobs.Wait()
	second := b.process(t, 2) // every instance sees the same
	got, err := second.Get(t.Context(), clerk, j.ID)
	if err != nil || got.State != job.Done || got.Done != 200 || string(got.Result) != `{"new":3}` || !got.EndedAt.Equal(today) {
		t.Errorf("at the end: %+v %s %v", got, got.Result, err)
	}
	if _, err := second.Get(t.Context(), other, j.ID); !errors.Is(err, errs.ErrNotFound) {
		t.Errorf("somebody else's: %v", err)
	}
	mine, err := second.List(t.Context(), clerk)
	if err != nil || len(mine) != 1 || mine[0].ID != j.ID {
		t.Errorf("mine: %+v %v", mine, err)
	}
	if theirs, err := second.List(t.Context(), other); err != nil || len(theirs) != 0 {
		t.Errorf("theirs: %+v %v", theirs, err)
	}
}

func TestHowJobsFail(t *testing.T) {
	b := newBench(t)
	for name, c := range map[string]struct {
		work    func() error
		message string
	}{
		"with a reason":    {func() error { return job.ErrRunning }, "同样的任务"},
		"without a reason": {func() error { return errors.New("sql: 13800138000") }, "系统出了点问题"},
		"in a panic":       {func() error { panic("13800138000") }, "系统出了点问题"},
	} {
		j, err := b.jobs.Start(t.Context(), clerk, "k", 1, func(context.Context, *job.Progress) error { return c.work() })
		if err != nil {
			t.Fatal(err)
		}
		b.jobs.Wait()
		if got, err := b.jobs.Get(t.Context(), clerk, j.ID); err != nil || got.State != job.Failed || !strings.Contains(got.Message, c.message) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

// The row of a job that runs, as a process that is killed leaves it behind.
func TestAKilledProcessLeavesAnInterruptedJob(t *testing.T) {
	b := newBench(t)
	running, release := make(chan struct{}), make(chan struct{})
	block := func(context.Context, *job.Progress) error { close(running); <-release; return nil }
	j, err := b.jobs.Start(t.Context(), clerk, "import_read", 5, block)
	if err != nil {
		t.Fatal(err)
	}
	<-running
	second := b.process(t, 2)
	none := func(context.Context, *job.Progress) error { return nil }
	if _, err := second.Start(t.Context(), other, "import_read", 5, none); !errors.Is(err, job.ErrRunning) {
		t.Errorf("the same work twice: %v", err)
	}
	b.clk.Advance(time.Hour)
	got, err := second.Get(t.Context(), clerk, j.ID)
	if err != nil || got.State != job.Interrupted || !strings.Contains(got.Message, "中断") {
		t.Errorf("after its lease: %+v %v", got, err)
	}
	again, err := second.Start(t.Context(), other, "import_read", 5, none)
	if err != nil {
		t.Fatal(err)
	}
	second.Wait()
	close(release)
	b.jobs.Wait()
	if got, err := second.Get(t.Context(), clerk, j.ID); err != nil || got.State != job.Interrupted {
		t.Errorf("one that comes back from the dead: %+v %v", got, err)
	}
	if got, err := second.Get(t.Context(), other, again.ID); err != nil || got.State != job.Done {
		t.Errorf("the one after it: %+v %v", got, err)
	}
}

// The end stands in the transaction of the work: it is there with it, and gone with it.
func TestTheEndJoinsTheWork(t *testing.T) {
	b := newBench(t)
	boom := errors.New("the connection broke")
	for name, c := range map[string]struct {
		rolledBack bool
		state      job.State
	}{"killed after the commit": {false, job.Done}, "killed before it": {true, job.Interrupted}} {
		s := b.process(t, 2)
		reached := make(chan struct{})
		j, err := s.Start(t.Context(), clerk, "import_commit", 5, func(ctx context.Context, p *job.Progress) error {
			err := b.db.Tx(context.WithoutCancel(ctx), func(tx context.Context) error {
				if err := p.End(tx, map[string]int{"new": 1}); err != nil || !c.rolledBack {
					return err
				}
				return boom
			})
			close(reached)
			<-ctx.Done() // what comes after is never reached
			return errors.Join(err, ctx.Err())
		})
		if err != nil {
			t.Fatal(err)
		}
		<-reached
		s.Close()
		got, err := b.jobs.Get(t.Context(), clerk, j.ID)
		if err != nil || got.State != c.state || (len(got.Result) > 0) != (c.state == job.Done) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
		b.clk.Advance(time.Hour)
	}
}

func TestAShutdownInterrupts(t *testing.T) {
	b := newBench(t)
	s := b.process(t, 2)
	running := make(chan struct{})
	j, err := s.Start(t.Context(), clerk, "k", 1, func(ctx context.Context, _ *job.Progress) error {
		close(running)
		<-ctx.Done()
		return ctx.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	<-running
	s.Close()
	if got, err := b.jobs.Get(t.Context(), clerk, j.ID); err != nil || got.State != job.Interrupted {
		t.Errorf("%+v %v", got, err)
	}
}

func TestARolledBackStartStartsNothing(t *testing.T) {
	b := newBench(t)
	boom := errors.New("boom")
	err := b.db.Tx(t.Context(), func(ctx context.Context) error {
		_, err := b.jobs.Start(ctx, clerk, "k", 1, func(context.Context, *job.Progress) error { t.Error("ran"); return nil })
		return errors.Join(err, boom)
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	b.jobs.Wait()
	if mine, err := b.jobs.List(t.Context(), clerk); err != nil || len(mine) != 0 {
		t.Errorf("%+v %v", mine, err)
	}
}

func TestOfTwentyEqualJobsOneStarts(t *testing.T) {
	b := newBench(t)
	release := make(chan struct{})
	var wg sync.WaitGroup
	results := make([]error, 20)
	for i := range results {
		wg.Go(func() {
			_, results[i] = b.jobs.Start(context.Background(), clerk, "export", 9, func(context.Context, *job.Progress) error { <-release; return nil })
		})
	}
	wg.Wait()
	close(release)
	won := 0
	for _, err := range results {
		if err == nil {
			won++
		} else if !errors.Is(err, job.ErrRunning) {
			t.Errorf("a loser hears %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d started", won)
	}
}

func TestParcelsAreSealedAndWhole(t *testing.T) {
	b := newBench(t)
	p := b.jobs.Parcels()
	text := strings.Repeat("郭爱国 19900000007\n", 120_000) // several parts
	err := b.db.Tx(t.Context(), func(ctx context.Context) error {
		w := p.Writer(ctx, 3, "journal")
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
		return errors.Join(w.Close(), p.Put(ctx, 3, "file", []byte(text)))
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(p.Reader(t.Context(), 3, "journal")); err != nil || string(got) != text {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if got, err := p.Get(t.Context(), 3, "file"); err != nil || string(got) != text {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	var clear int
	if err := b.db.SQL().QueryRow("SELECT COUNT(*) FROM parcels WHERE INSTR(data_enc, '19900000007') > 0").Scan(&clear); err != nil || clear != 0 {
		t.Errorf("%d parts in clear, %v", clear, err)
	}
	if err := b.db.Tx(t.Context(), func(ctx context.Context) error { return p.Prune(ctx, "file", today.Add(time.Hour)) }); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Get(t.Context(), 3, "file"); !errors.Is(err, errs.ErrNotFound) {
		t.Errorf("after the clean-up: %v", err)
	}
}
