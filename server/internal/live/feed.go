package live

import (
	"context"
	"sync"
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
)

const (
	renderGap   = 250 * time.Millisecond // at most four renderings a second of one list, whoever watches,
	renderShare = 10                     // and no more than a tenth of the time,
	renderPause = 700 * time.Millisecond // but never later than this,
	renderRest  = 2                      // as long as that leaves the machine two thirds of its time
	renderLimit = 5 * time.Second
	linger      = 2 * time.Second // a list nobody watches any more is kept warm for so long
)

var (
	// ErrClosing tells that this instance is going down; another one, or its successor, goes on.
	ErrClosing = errs.New(errs.Unavailable, "live.closing", "系统正在更新，请稍后再试")
	// ErrFull tells that an instance holds as many open connections as it may.
	ErrFull = errs.New(errs.Unavailable, "live.full", "同时查看的人太多，请稍后再试")
)

// View is how a list looks at one moment. Equal versions look the same. After Next, at the latest, it
// is worth another look even when nothing was told.
type View[T any] struct {
	Value   T
	Version string
	Next    time.Duration
}

// Feeds render each watched list once for all who watch it.
type Feeds[T any] struct {
	hub    *Hub // nil: views are renewed after Next only
	render func(ctx context.Context, list id.ID) (View[T], error)

	mu    sync.Mutex
	loops map[id.ID]*loop[T]
}

type loop[T any] struct {
	list    id.ID
	kick    chan struct{}
	round   int // of the rendering that was begun last
	viewers map[*Viewer[T]]struct{}
}

// Viewer receives views of one list, always the newest: a slow one skips, nothing piles up.
type Viewer[T any] struct {
	feeds *Feeds[T]
	loop  *loop[T]
	after int // renderings begun before this one came do not count
	last  string
	c     chan result[T]
}

type result[T any] struct {
	view View[T]
	err  error
}

// NewFeeds makes feeds; render is called from one goroutine a list.
func NewFeeds[T any](hub *Hub, render func(context.Context, id.ID) (View[T], error)) *Feeds[T] {
	return &Feeds[T]{hub: hub, render: render, loops: map[id.ID]*loop[T]{}}
}

func (f *Feeds[T]) done() <-chan struct{} {
	if f.hub == nil {
		return nil
	}
	return f.hub.Done()
}

// Join begins to watch a list. The first view was rendered after the call: what the caller has
// committed before is in it.
func (f *Feeds[T]) Join(list id.ID) *Viewer[T] {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.loops[list]
	if l == nil {
		l = &loop[T]{list: list, kick: make(chan struct{}, 1), viewers: map[*Viewer[T]]struct{}{}}
		f.loops[list] = l
		go f.run(l)
	}
	v := &Viewer[T]{feeds: f, loop: l, after: l.round, c: make(chan result[T], 1)}
	l.viewers[v] = struct{}{}
	poke(l.kick)
	return v
}

// Leave ends the watching.
func (v *Viewer[T]) Leave() {
	v.feeds.mu.Lock()
	defer v.feeds.mu.Unlock()
	delete(v.loop.viewers, v)
}

// Next waits for a view that differs from the one before. It gives an error when there is none now:
// the watching may go on, but for ErrClosing.
func (v *Viewer[T]) Next(ctx context.Context) (View[T], error) {
	select {
	case r := <-v.c:
		return r.view, r.err
	case <-ctx.Done():
		return View[T]{}, ctx.Err()
	case <-v.feeds.done():
		return View[T]{}, ErrClosing
	}
}

func (f *Feeds[T]) run(l *loop[T]) {
	var signal <-chan struct{}
	if f.hub != nil {
		w := f.hub.Watch(l.list)
		defer w.Close()
		signal = w.C()
	}
	timer := time.NewTimer(linger)
	defer timer.Stop()
	<-l.kick // of the first to join
	for {
		began := time.Now()
		next := f.turn(l)
		// a rendering answers all who came until it began: the gap keeps many from becoming many
		took := time.Since(began)
		gap := max(min(max(renderGap, renderShare*took), renderPause), renderRest*took)
		timer.Reset(gap)
		select {
		case <-f.done():
			f.end(l)
			return
		case <-timer.C:
		}
		left := next - gap
		for waiting := true; waiting; {
			step := max(min(left, linger), 0)
			timer.Reset(step)
			select {
			case <-f.done():
				f.end(l)
				return
			case <-l.kick:
				waiting = false
			case <-signal:
				waiting = false
			case <-timer.C:
				if f.retire(l) {
					return
				}
				left -= step
				waiting = left > 0
			}
		}
	}
}

// turn renders once and hands the view to those who have not seen it.
func (f *Feeds[T]) turn(l *loop[T]) time.Duration {
	f.mu.Lock()
	l.round++
	round := l.round
	f.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), renderLimit)
	defer cancel()
	view, err := f.render(ctx, l.list)
	if err != nil {
		view = View[T]{Next: linger}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for v := range l.viewers {
		if round > v.after && (err != nil || v.last != view.Version) {
			v.last = view.Version
			v.put(result[T]{view, err})
		}
	}
	return view.Next
}

// put replaces what the viewer has not taken yet.
func (v *Viewer[T]) put(r result[T]) {
	select {
	case <-v.c:
	default:
	}
	v.c <- r // only the loop's goroutine puts: there is room
}

// retire ends a loop that nobody watches.
func (f *Feeds[T]) retire(l *loop[T]) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(l.viewers) > 0 {
		return false
	}
	delete(f.loops, l.list)
	return true
}

func (f *Feeds[T]) end(l *loop[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.loops, l.list)
}

// Gate lets so many in at a time.
type Gate struct{ free chan struct{} }

// NewGate makes a gate for n.
func NewGate(n int) Gate { return Gate{make(chan struct{}, n)} }

// Enter gives the way out again, or ErrFull.
func (g Gate) Enter() (leave func(), err error) {
	select {
	case g.free <- struct{}{}:
		return func() { <-g.free }, nil
	default:
		return nil, ErrFull
	}
}
