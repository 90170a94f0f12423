package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/clock"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/log"
)

// Service starts jobs and tells how they stand.
type Service struct {
	db    *db.DB
	store store
	ids   *id.Source
	clk   clock.Clock
	log   *slog.Logger

	base  context.Context // of all work; ends with Close
	stop  context.CancelFunc
	turns chan struct{}
	wg    sync.WaitGroup

	mu   sync.Mutex
	here map[id.ID]*Progress // running in this process
}

// New makes a Service. Close ends what runs.
func New(d *db.DB, box *crypt.Box, ids *id.Source, clk clock.Clock, l *slog.Logger) *Service {
	base, stop := context.WithCancel(context.Background())
	return &Service{db: d, store: store{db: d, box: box}, ids: ids, clk: clk, log: l, base: base, stop: stop,
		turns: make(chan struct{}, atOnce), here: map[id.ID]*Progress{}}
}

// Close interrupts what runs and waits for it.
func (s *Service) Close() {
	s.stop()
	s.wg.Wait()
}

// Wait returns when no job of this process runs any more.
func (s *Service) Wait() { s.wg.Wait() }

// Progress is how far a job has come; its methods may be called from any goroutine and never wait.
type Progress struct {
	s           *Service
	job         Job
	mu          sync.Mutex
	done, total int
	message     string
}

// Step says in Chinese what the job does now, and how much of that there is; zero total: unknown.
func (p *Progress) Step(message string, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.message, p.done, p.total = message, 0, total
}

// At tells how much of the step is done.
func (p *Progress) At(done int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = done
}

// End notes in the transaction of ctx, which is that of the work itself, that the job is done and what it
// came to, of at most 3900 bytes of JSON: a process that is killed afterwards leaves a job that is done,
// one that is killed before leaves neither work nor end. Work without a transaction of its own needn't
// call it.
func (p *Progress) End(ctx context.Context, result any) error {
	j := p.job
	j.State, j.EndedAt = Done, p.s.clk.Now()
	_, j.Total, j.Message = p.look()
	j.Done = j.Total
	var err error
	if j.Result, err = marshal(result); err != nil {
		return err
	}
	return p.s.db.Tx(ctx, func(ctx context.Context) error { return p.s.store.end(ctx, j) })
}

func (p *Progress) look() (done, total int, message string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done, p.total, p.message
}

// Start registers work for the account of who and runs it once the transaction of ctx, if there is one,
// has been committed. The context that work gets carries who and ends with the process, not with the
// request. Of several equal ones (kind and subject) at a time one starts, the others hear ErrRunning.
// What who may do is checked by the caller before.
func (s *Service) Start(ctx context.Context, who actor.Actor, kind string, subject id.ID,
	work func(ctx context.Context, p *Progress) error) (Job, error) {
	now := s.clk.Now()
	j := Job{ID: s.ids.New(), Kind: kind, Subject: subject, Account: who.Account, State: Running, Message: messageWaits, CreatedAt: now}
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.insert(ctx, j, now, now.Add(lease)); err != nil {
			return err
		}
		s.db.AfterCommit(ctx, func() { s.launch(actor.With(log.WithRequestID(s.base, log.RequestID(ctx)), who), j, work) })
		return nil
	})
	return j, err
}

func (s *Service) launch(ctx context.Context, j Job, work func(context.Context, *Progress) error) {
	p := &Progress{s: s, job: j, message: j.Message}
	s.mu.Lock()
	s.here[j.ID] = p
	s.mu.Unlock()
	s.wg.Go(func() {
		stop, beating := make(chan struct{}), sync.WaitGroup{}
		beating.Go(func() { s.beat(ctx, j.ID, p, stop) })
		err := s.turn(ctx, p, work)
		close(stop)
		beating.Wait()
		s.end(ctx, j, p, err)
	})
}

// turn waits until fewer than atOnce jobs run, then works. A panic is a failure of this job alone.
func (s *Service) turn(ctx context.Context, p *Progress, work func(context.Context, *Progress) error) (err error) {
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() {
		if r := recover(); r != nil { // its text may hold a value that somebody typed
			err = fmt.Errorf("job: panic of type %T", r)
		}
	}()
	defer beFrugal()()
	p.Step("", 0)
	return work(ctx, p)
}

// beat renews the lease and writes what is new, at most twice a second. It never holds up the work: on
// SQLite the work's own transaction may keep the only writer for a while.
func (s *Service) beat(ctx context.Context, jobID id.ID, p *Progress, stop <-chan struct{}) {
	tick := time.NewTicker(news)
	defer tick.Stop()
	var written time.Duration // since the last renewal
	done, total, message := p.look()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		d, t, m := p.look()
		if written += news; d == done && t == total && m == message && written < beat {
			continue
		}
		short, cancel := context.WithTimeout(ctx, toWrite)
		err := s.db.Tx(short, func(ctx context.Context) error {
			return s.store.renew(ctx, jobID, d, t, m, s.clk.Now().Add(lease))
		})
		cancel()
		if err == nil {
			written, done, total, message = 0, d, t, m
		}
	}
}

// end writes how a job ended that hasn't noted it itself: a job that is done stays done, also when the
// answer to its commit was lost. It does so also while the process shuts down.
func (s *Service) end(ctx context.Context, j Job, p *Progress, err error) {
	j.State, j.EndedAt = Done, s.clk.Now()
	j.Done, j.Total, j.Message = p.look()
	switch known, ok := errs.As(err); {
	case err == nil:
		j.Done = j.Total
	case ctx.Err() != nil || errors.Is(err, context.Canceled):
		j.State, j.Message = Interrupted, messageInterrupted
	case ok && known.Kind != errs.Internal:
		j.State, j.Message = Failed, known.Message
	default:
		j.State, j.Message = Failed, messageFailed
		s.log.ErrorContext(ctx, "job failed", "kind", j.Kind, "error", err)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lease)
	defer cancel()
	if err = s.db.Tx(last, func(ctx context.Context) error { return s.store.end(ctx, j) }); err != nil { // its lease will run out
		s.log.ErrorContext(ctx, "job's end not written", "kind", j.Kind, "error", err)
	}
	s.mu.Lock()
	delete(s.here, j.ID)
	s.mu.Unlock()
}

func marshal(v any) (json.RawMessage, error) {
	if v == nil {
		return nil, nil
	}
	return json.Marshal(v)
}

// Get gives a job of who's own account, else errs.ErrNotFound.
func (s *Service) Get(ctx context.Context, who actor.Actor, jobID id.ID) (Job, error) {
	j, err := s.store.byID(ctx, who.Account, jobID, s.clk.Now())
	return s.fresh(j), err
}

// listed is how many jobs a list holds: what somebody looks for is among the last ones.
const listed = 50

// List gives the last jobs of who's own account, the newest first.
func (s *Service) List(ctx context.Context, who actor.Actor) ([]Job, error) {
	all, err := s.store.of(ctx, who.Account, s.clk.Now(), listed)
	for i := range all {
		all[i] = s.fresh(all[i])
	}
	return all, err
}

// Last gives the newest job about a subject, whoever asked for it; errs.ErrNotFound without one. The
// caller has checked that it may be seen.
func (s *Service) Last(ctx context.Context, subject id.ID) (Job, error) {
	j, err := s.store.last(ctx, subject, s.clk.Now())
	return s.fresh(j), err
}

// fresh takes what this process knows before it is written.
func (s *Service) fresh(j Job) Job {
	s.mu.Lock()
	p := s.here[j.ID]
	s.mu.Unlock()
	if p != nil && j.State == Running {
		j.Done, j.Total, j.Message = p.look()
	}
	return j
}

// Prune removes jobs that ended long ago.
func (s *Service) Prune(ctx context.Context) error {
	return s.db.Tx(ctx, func(ctx context.Context) error { return s.store.prune(ctx, s.clk.Now().Add(-keepJobs)) })
}

// Parcels keeps what jobs work on and what comes out of them.
func (s *Service) Parcels() *Parcels { return &Parcels{store: s.store, db: s.db, clk: s.clk} }
