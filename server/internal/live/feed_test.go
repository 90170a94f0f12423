package live_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bense/server/internal/id"
	"bense/server/internal/live"
)

// board counts how often it is rendered; what it shows is n.
type board struct{ n, rendered atomic.Int64 }

func (b *board) render(context.Context, id.ID) (live.View[int64], error) {
	b.rendered.Add(1)
	n := b.n.Load()
	if n < 0 {
		return live.View[int64]{}, errors.New("no database")
	}
	return live.View[int64]{Value: n, Version: fmt.Sprint(n), Next: time.Minute}, nil
}

func next(t *testing.T, v *live.Viewer[int64]) int64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	view, err := v.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return view.Value
}

func TestAllViewersShareARendering(t *testing.T) {
	h := hub(t, nil)
	var b board
	began := time.Now()
	f := live.NewFeeds(h, b.render)
	var viewers []*live.Viewer[int64]
	for range 200 {
		viewers = append(viewers, f.Join(1))
	}
	for _, v := range viewers {
		next(t, v)
	}
	b.n.Store(1)
	for range 100 {
		h.Changed(1)
	}
	for _, v := range viewers {
		if got := next(t, v); got != 1 {
			t.Fatal(got)
		}
	}
	n := b.rendered.Load()
	if most := int64(time.Since(began)/(250*time.Millisecond)) + 1; n > most { // four a second, however many watch
		t.Errorf("rendered %d times for 200 viewers and one change, want %d at most", n, most)
	}
	for _, v := range viewers {
		v.Leave()
	}
}

func TestAViewerGetsTheNewestAndNothingTwice(t *testing.T) {
	h := hub(t, nil)
	var b board
	f := live.NewFeeds(h, b.render)
	slow, quick := f.Join(1), f.Join(1)
	next(t, quick)
	for n := range int64(3) {
		b.n.Store(n + 1)
		h.Changed(1)
		if got := next(t, quick); got != n+1 {
			t.Fatal(got)
		}
	}
	if got := next(t, slow); got != 3 { // it skipped what it had not taken
		t.Error(got)
	}
	h.Changed(1) // nothing looks different
	ctx, cancel := context.WithTimeout(t.Context(), 600*time.Millisecond)
	defer cancel()
	if view, err := quick.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(view, err)
	}
	slow.Leave()
	quick.Leave()
}

func TestWhoJoinsSeesTheirOwnChange(t *testing.T) {
	h := hub(t, nil)
	begun, go_ := make(chan struct{}, 9), make(chan struct{})
	var n atomic.Int64
	f := live.NewFeeds(h, func(context.Context, id.ID) (live.View[int64], error) {
		seen := n.Load()
		begun <- struct{}{}
		<-go_
		return live.View[int64]{Value: seen, Version: fmt.Sprint(seen), Next: time.Minute}, nil
	})
	early := f.Join(1)
	<-begun
	n.Store(1) // committed while a rendering is under way that has read already
	late := f.Join(1)
	close(go_)
	if got := next(t, late); got != 1 {
		t.Errorf("sees %d, not what it had committed", got)
	}
	early.Leave()
	late.Leave()
}

func TestAFailureIsToldAndPasses(t *testing.T) {
	h := hub(t, nil)
	var b board
	b.n.Store(-1)
	f := live.NewFeeds(h, b.render)
	v := f.Join(1)
	if _, err := v.Next(t.Context()); err == nil {
		t.Error("no error")
	}
	b.n.Store(5)
	h.Changed(1)
	if got := next(t, v); got != 5 {
		t.Error(got)
	}
	h.Close()
	if _, err := v.Next(t.Context()); !errors.Is(err, live.ErrClosing) {
		t.Error(err)
	}
	v.Leave()
	if _, err := f.Join(1).Next(t.Context()); !errors.Is(err, live.ErrClosing) && err != nil {
		t.Error(err)
	}
}

func TestWithoutHubViewsAreRenewed(t *testing.T) {
	var n atomic.Int64
	f := live.NewFeeds(nil, func(context.Context, id.ID) (live.View[int64], error) {
		v := n.Add(1)
		return live.View[int64]{Value: v, Version: fmt.Sprint(v), Next: 300 * time.Millisecond}, nil
	})
	v := f.Join(1)
	if a, b := next(t, v), next(t, v); b <= a {
		t.Error(a, b)
	}
	v.Leave()
}

func TestGateLetsSoManyIn(t *testing.T) {
	g := live.NewGate(20)
	var in, refused atomic.Int64
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := g.Enter(); errors.Is(err, live.ErrFull) {
				refused.Add(1)
			} else {
				in.Add(1)
			}
		})
	}
	wg.Wait()
	if in.Load() != 20 || refused.Load() != 30 {
		t.Error(in.Load(), refused.Load())
	}
}
