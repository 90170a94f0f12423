package checkin

import (
	"context"
	"errors"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/live"
)

const (
	marksWaiting = 1000             // doors that wait on one instance
	maxWait      = 25 * time.Second // below every time-out on the way
	lookAgain    = 5 * time.Second  // for what nobody tells: answers, names, a called-off activity
)

// changed tells those who watch a list; call it after the commit.
func (s *Service) changed(list id.ID) {
	if s.Live != nil {
		s.Live.Changed(list)
	}
}

// Marks is what changed on a list since a cursor. Lines replace what the reader knows of the same
// persons; with Reset they replace everything.
type Marks struct {
	Cursor string
	Counts Tally
	Units  []UnitTally
	Lines  []Line
	Reset  bool
}

// Marks gives what changed on a list since a cursor; without one, everything. It waits up to wait for
// something to change.
func (s *Service) Marks(ctx context.Context, who actor.Actor, listID id.ID, after string, wait time.Duration) (Marks, error) {
	l, a, err := s.open(ctx, who, actor.CheckInOthers, listID)
	if err != nil {
		return Marks{}, err
	}
	if after == "" {
		if err := s.Activities.Refresh(ctx, a.ID); err != nil {
			return Marks{}, err
		}
	}
	leave, err := s.waiting.Enter()
	if err != nil {
		return Marks{}, err
	}
	defer leave()
	v := s.feeds.Join(l.ID)
	defer v.Leave()
	p, err := first(ctx, v)
	if err != nil {
		return Marks{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, min(wait, maxWait))
	defer cancel()
	for p.cursor.String() == after && wait > 0 {
		next, err := v.Next(ctx)
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, live.ErrClosing) {
			break // nothing changed
		}
		if err != nil {
			return Marks{}, err
		}
		p = next.Value
	}
	m := Marks{Cursor: p.cursor.String(), Counts: p.Counts, Units: byUnit(p.Lines)}
	m.Lines, m.Reset = p.since(after)
	return m, nil
}

func first(ctx context.Context, v *live.Viewer[*picture]) (*picture, error) {
	view, err := v.Next(ctx)
	return view.Value, err
}

// look renders a list for all doors that watch it.
func (s *Service) look(ctx context.Context, listID id.ID) (live.View[*picture], error) {
	l, err := s.store.list(ctx, listID)
	if err != nil {
		return live.View[*picture]{}, err
	}
	p := &picture{}
	if p.Lines, p.Counts, err = s.roll(ctx, l); err != nil {
		return live.View[*picture]{}, err
	}
	p.cursor = newCursor(p.Lines)
	return live.View[*picture]{Value: p, Version: p.cursor.String(), Next: lookAgain}, nil
}
