package live_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"go.uber.org/goleak"

	"bense/server/internal/cache"
	"bense/server/internal/id"
	"bense/server/internal/live"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience finds what hangs and measures nothing.
const patience = time.Minute

// signal waits for one.
func signal(t *testing.T, w *live.Watch) {
	t.Helper()
	select {
	case <-w.C():
	case <-time.After(patience):
		t.Fatal("no signal")
	}
}

func hub(t *testing.T, c *cache.Cache) *live.Hub {
	t.Helper()
	h := live.New(c)
	t.Cleanup(h.Close)
	return h
}

func TestManyChangesAreOneSignal(t *testing.T) {
	h := hub(t, nil)
	one, other := h.Watch(1), h.Watch(2)
	defer other.Close()
	var wg sync.WaitGroup
	for range 20 { // nobody reads meanwhile: none of them may wait
		wg.Go(func() {
			for range 500 {
				h.Changed(1)
			}
		})
	}
	wg.Wait()
	signal(t, one)
	for _, w := range []*live.Watch{one, other} {
		select {
		case <-w.C():
			t.Error("a signal too many")
		default:
		}
	}
	one.Close()
	h.Changed(1)
	if len(one.C()) != 0 {
		t.Error("a closed watch is told")
	}
	var none *live.Hub
	none.Changed(1) // a service without hub
}

func TestHubsHearOfEachOtherThroughRedis(t *testing.T) {
	m := miniredis.RunT(t)
	open := func() *cache.Cache {
		c, err := cache.Open("redis://" + m.Addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c
	}
	here, there := hub(t, open()), hub(t, open())
	w := there.Watch(7)
	defer w.Close()
	for m.PubSubNumSub("bense:live")["bense:live"] < 2 {
		if t.Context().Err() != nil {
			t.Fatal("nobody subscribed")
		}
		m.Publish("nobody", "") // yields
	}
	m.Publish("bense:live", "\x00 x 7y ") // what is none of ours is passed over
	here.Changed(7)
	signal(t, w)
}

func TestChangesAreSeenWithoutRedis(t *testing.T) {
	gone, err := cache.Open("redis://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gone.Close)
	h := hub(t, gone)
	var print, looks atomic.Int64
	h.UseLook(func(_ context.Context, lists []id.ID) (map[id.ID]string, error) {
		looks.Add(1)
		if looks.Load() == 2 {
			return nil, fmt.Errorf("the database is away for a moment")
		}
		if len(lists) != 1 || lists[0] != 3 {
			t.Errorf("looks at %v", lists)
		}
		return map[id.ID]string{3: fmt.Sprint(print.Load())}, nil
	})
	w := h.Watch(3)
	signal(t, w) // the first look: it may have changed since it was read
	print.Add(1)
	signal(t, w) // one look failed in between
	h.Changed(3) // Redis is gone: nothing waits for it
	signal(t, w)
	w.Close()
}

func TestCloseEndsEverythingTwice(t *testing.T) {
	c, err := cache.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	h := live.New(c)
	h.Close()
	h.Close()
	h.Changed(1)
	select {
	case <-h.Done():
	default:
		t.Error("not done")
	}
}
