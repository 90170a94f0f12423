package audit

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

// How the chain is made. Lines are written without it, so that no writer waits for another; a moment
// later one sealer links what was committed.
const (
	sealEvery   = time.Second
	sealBatch   = 1000
	nearWindow  = 2 * time.Minute // looked through every time
	farWindow   = 26 * time.Hour  // looked through once a minute: longer than a transaction may last or clocks may differ
	farEvery    = time.Minute
	leaseFor    = 30 * time.Second
	anchorLines = 1000
	anchorAfter = time.Minute
)

// Sealer links the lines of the audit. Any number of them may run on one database: a lease keeps all but
// one idle, and two at once do no harm, for the number of a link is taken only once.
type Sealer struct {
	audit  *Log
	log    *slog.Logger
	file   string
	holder string

	leased  time.Time
	far     time.Time
	running atomic.Bool
}

// NewSealer makes a Sealer. The head is noted in a file, too, and in the log: who can change the database
// should not be able to change both of these. "" is no file.
func NewSealer(l *Log, log *slog.Logger, file string) *Sealer {
	return &Sealer{audit: l, log: log, file: file, holder: rand.Text()}
}

// Run links every second until ctx ends.
func (s *Sealer) Run(ctx context.Context) {
	s.running.Store(true)
	tick := time.NewTicker(sealEvery)
	defer tick.Stop()
	for {
		if err := s.turn(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "audit lines wait to be linked", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// turn links what is new, when this is the sealer.
func (s *Sealer) turn(ctx context.Context) error {
	now := s.audit.clk.Now()
	if s.leased.Sub(now) < leaseFor/2 {
		ok, err := s.audit.takeLease(ctx, s.holder, now, now.Add(leaseFor))
		if err != nil || !ok {
			return err
		}
		s.leased = now.Add(leaseFor)
	}
	window := nearWindow
	if since := now.Sub(s.far); since >= farEvery || since < 0 {
		window, s.far = farWindow, now
	}
	_, err := s.link(ctx, window)
	return err
}

// Close links what is left, when this process ran as a sealer or wrote lines itself; call it when nothing
// writes any more.
func (s *Sealer) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if s.running.Load() || s.audit.wrote.Load() {
		if _, err := s.Seal(ctx); err != nil {
			s.log.WarnContext(ctx, "audit lines are not linked yet", "error", err)
		}
	}
	if !s.leased.IsZero() {
		s.audit.giveLease(ctx, s.holder, s.audit.clk.Now()) // else it runs out by itself
	}
}

// Seal links every line that is not linked yet, notes the head, and tells how many there were.
func (s *Sealer) Seal(ctx context.Context) (int, error) {
	n, err := s.link(ctx, farWindow)
	if err != nil {
		return n, err
	}
	head, _, err := s.audit.head(ctx)
	if err != nil {
		return n, err
	}
	last, err := s.audit.lastAnchor(ctx)
	if err != nil || last.Seq >= head.Seq {
		return n, err
	}
	return n, s.anchor(ctx, head)
}

// link links the lines that were made since a while before the newest linked one. Ids don't rise in the
// order of commits: a line may become visible after younger ones, so more than the newest is looked
// through. A line without our signature was not written by us and gets no link, but in an installation
// that is older than the chain.
func (s *Sealer) link(ctx context.Context, window time.Duration) (int, error) {
	head, newest, err := s.audit.head(ctx)
	if err != nil {
		return 0, err
	}
	begins := head.Seq == 0
	from := id.ID(0)
	if !begins {
		from = id.First(earlier(newest.At(), s.audit.clk.Now()).Add(-window))
	}
	total := 0
	for {
		rows, err := s.audit.unlinked(ctx, from, sealBatch)
		if err != nil {
			return total, err
		}
		links := make([]linkRow, 0, len(rows))
		for _, r := range rows {
			from = r.ID
			if !begins && !genuine(s.audit.marks.line, r.canonical(), r.MAC) {
				if window == farWindow {
					s.log.WarnContext(ctx, "an audit line is not ours", "line", r.ID)
				}
				continue
			}
			head = s.audit.marks.next(head, r)
			links = append(links, linkRow{head.Seq, r.ID, head.Hash})
		}
		if len(links) > 0 {
			if err := s.audit.insertLinks(ctx, links); db.IsDuplicate(err) {
				return total, nil // somebody else is at it
			} else if err != nil {
				return total, err
			}
			total += len(links)
		}
		if len(rows) < sealBatch {
			break
		}
	}
	if total == 0 && window == nearWindow {
		return 0, nil
	}
	if begins && total > 0 {
		s.log.InfoContext(ctx, "the audit chain begins", "lines", total)
	}
	last, err := s.audit.lastAnchor(ctx)
	if err != nil || head.Seq == last.Seq {
		return total, err
	}
	if head.Seq-last.Seq >= anchorLines || s.audit.clk.Now().Sub(last.At) >= anchorAfter {
		err = s.anchor(ctx, head)
	}
	return total, err
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// anchor notes the head in the database, in the file and in the log.
func (s *Sealer) anchor(ctx context.Context, h Head) error {
	a := Anchor{Head: h, At: s.audit.clk.Now()}
	a.MAC = mark(s.audit.marks.anchor, a.signed())
	if err := s.audit.insertAnchor(ctx, a); db.IsDuplicate(err) {
		return nil
	} else if err != nil {
		return err
	}
	s.log.InfoContext(ctx, "audit anchor", "seq", a.Seq, "hash", fmt.Sprintf("%x", a.Hash))
	if s.file == "" {
		return nil
	}
	f, err := os.OpenFile(s.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	_, err = fmt.Fprintln(f, a)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}
