// Package live tells those who watch a list that something on it changed, in this process at once, in
// other processes through Redis, and without Redis by looking at the database more than once a second.
// A signal carries no content: whoever gets one reads again, so that none is ever missed for good.
package live

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"bense/server/internal/cache"
	"bense/server/internal/id"
)

const (
	channel   = "bense:live"
	lookEvery = 700 * time.Millisecond // so that another instance's change is seen within a second without Redis
	lookLimit = 2 * time.Second
	tellEvery = 50 * time.Millisecond // changes of this span go to Redis together
)

// Look gives a fingerprint of each list, cheaply: equal fingerprints, nothing to tell.
type Look func(ctx context.Context, lists []id.ID) (map[id.ID]string, error)

// Hub joins those who change lists and those who watch them.
type Hub struct {
	redis redis.UniversalClient // nil: this process only
	tag   string                // marks our own messages
	every time.Duration
	done  chan struct{}
	wg    sync.WaitGroup

	mu      sync.Mutex
	look    Look
	closed  bool
	watches map[id.ID]map[*Watch]struct{}
	seen    map[id.ID]string // fingerprints of what is watched
	changed map[id.ID]struct{}
	wake    chan struct{}
}

// Watch is somebody's interest in a list.
type Watch struct {
	hub  *Hub
	list id.ID
	c    chan struct{}
}

// New starts a hub. A nil cache keeps it in this process.
func New(c *cache.Cache) *Hub { return newHub(c, lookEvery) }

func newHub(c *cache.Cache, every time.Duration) *Hub {
	h := &Hub{tag: rand.Text(), every: every, done: make(chan struct{}), watches: map[id.ID]map[*Watch]struct{}{},
		seen: map[id.ID]string{}, changed: map[id.ID]struct{}{}, wake: make(chan struct{}, 1)}
	jobs := []func(context.Context){h.glance}
	if c != nil {
		h.redis = c.Client()
		jobs = append(jobs, h.publish, h.subscribe)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.wg.Go(func() { <-h.done; cancel() })
	for _, job := range jobs {
		h.wg.Go(func() { job(ctx) })
	}
	return h
}

// UseLook says how to look at lists that other instances may have changed.
func (h *Hub) UseLook(f Look) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.look = f
}

// Done is closed when the hub is: whoever holds a connection open for its sake lets go.
func (h *Hub) Done() <-chan struct{} { return h.done }

// Close ends the hub and waits for its goroutines; twice is once.
func (h *Hub) Close() {
	h.mu.Lock()
	if !h.closed {
		h.closed = true
		close(h.done)
	}
	h.mu.Unlock()
	h.wg.Wait()
}

// Changed tells that something on a list was committed. It never waits; many calls become one signal.
func (h *Hub) Changed(list id.ID) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tell(list)
	if h.redis == nil || h.closed {
		return
	}
	h.changed[list] = struct{}{}
	poke(h.wake)
}

// tell signals the watchers of a list; the caller holds the lock.
func (h *Hub) tell(list id.ID) {
	for w := range h.watches[list] {
		poke(w.c)
	}
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // one is waiting already
	}
}

// Watch begins to watch a list.
func (h *Hub) Watch(list id.ID) *Watch {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := &Watch{hub: h, list: list, c: make(chan struct{}, 1)}
	if h.watches[list] == nil {
		h.watches[list] = map[*Watch]struct{}{}
	}
	h.watches[list][w] = struct{}{}
	return w
}

// C carries a signal after every change; several become one.
func (w *Watch) C() <-chan struct{} { return w.c }

// Close ends the watch.
func (w *Watch) Close() {
	h := w.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.watches[w.list], w)
	if len(h.watches[w.list]) == 0 {
		delete(h.watches, w.list)
		delete(h.seen, w.list)
	}
}

// glance looks at everything that is watched, with one statement a turn.
func (h *Hub) glance(ctx context.Context) {
	tick := time.NewTicker(h.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			h.glanceOnce(ctx)
		}
	}
}

func (h *Hub) glanceOnce(ctx context.Context) {
	h.mu.Lock()
	look, lists := h.look, slices.Sorted(maps.Keys(h.watches))
	h.mu.Unlock()
	if look == nil || len(lists) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	prints, err := look(ctx, lists)
	if err != nil {
		return // the next turn is soon
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, list := range lists {
		print := prints[list]
		if old, known := h.seen[list]; known && old == print || h.watches[list] == nil {
			continue // a list seen for the first time may have changed since its watcher read it
		}
		h.seen[list] = print
		h.tell(list)
	}
}

// publish carries what changed here to the others, many changes in one message. A Redis that is gone
// costs them the time until they look.
func (h *Hub) publish(ctx context.Context) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.wake:
		}
		h.mu.Lock()
		words := []string{h.tag}
		for list := range h.changed {
			words = append(words, list.String())
		}
		clear(h.changed)
		h.mu.Unlock()
		h.redis.Publish(ctx, channel, strings.Join(words, " "))
		pause.Reset(tellEvery)
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
	}
}

// subscribe hears what the others changed; go-redis comes back by itself after a loss.
func (h *Hub) subscribe(ctx context.Context) {
	sub := h.redis.Subscribe(ctx, channel)
	defer sub.Close()
	messages := sub.Channel()
	for {
		select {
		case <-ctx.Done():
			return
		case m, ok := <-messages:
			if !ok {
				return
			}
			h.hear(m.Payload)
		}
	}
}

func (h *Hub) hear(message string) {
	words := strings.Fields(message)
	if len(words) == 0 || words[0] == h.tag {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, word := range words[1:] {
		if list, err := id.Parse(word); err == nil {
			h.tell(list)
		}
	}
}
