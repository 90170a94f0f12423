package identity

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"bense/server/internal/actor"
	"bense/server/internal/id"
)

// How long an actor is remembered, and how often another instance is asked whether it changed.
// With Redis down a role that was taken away works for knownLife at most.
const (
	knownLife  = 15 * time.Second
	knownCheck = time.Second
	knownMost  = 20_000
)

// known remembers actors in this process. Rights are always read from the database; Redis holds
// only a random mark per account, replaced with every change.
type known struct {
	remote *remote

	mu      sync.Mutex
	entries map[id.ID]knownEntry
	changes uint64 // an actor that was read while something changed isn't kept
}

type knownEntry struct {
	actor           actor.Actor
	mark            string
	loaded, checked time.Time
	ends            time.Time // a role begins or ends then; zero: none does
}

func newKnown(r *remote) *known { return &known{remote: r, entries: map[id.ID]knownEntry{}} }

// get gives the remembered actor, or what load says.
func (k *known) get(ctx context.Context, account id.ID, load func(context.Context, id.ID) (actor.Actor, time.Time, error)) (actor.Actor, error) {
	now := k.remote.clk.Now()
	k.mu.Lock()
	e, ok := k.entries[account]
	changes := k.changes
	k.mu.Unlock()
	if age := now.Sub(e.loaded); ok && age >= 0 && age < knownLife && (e.ends.IsZero() || now.Before(e.ends)) {
		if now.Sub(e.checked) < knownCheck {
			return e.actor, nil
		}
		mark, answered := k.mark(ctx, account)
		if !answered || mark == e.mark {
			e.checked = now
			k.keep(account, e, changes)
			return e.actor, nil
		}
	}
	mark, _ := k.mark(ctx, account) // before the database: a change in between shows as a new mark
	a, ends, err := load(ctx, account)
	if err != nil {
		k.drop(account)
		return actor.Actor{}, err
	}
	k.keep(account, knownEntry{actor: a, mark: mark, loaded: now, checked: now, ends: ends}, changes)
	return a, nil
}

func (k *known) keep(account id.ID, e knownEntry, changes uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.changes != changes {
		return
	}
	if len(k.entries) >= knownMost {
		clear(k.entries)
	}
	k.entries[account] = e
}

func (k *known) drop(accounts ...id.ID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.changes++
	for _, a := range accounts {
		delete(k.entries, a)
	}
}

// changed forgets accounts here at once and tells the other instances. Call it after the commit.
func (k *known) changed(ctx context.Context, accounts ...id.ID) {
	if len(accounts) == 0 {
		return
	}
	k.drop(accounts...)
	k.remote.do(ctx, func(ctx context.Context, c redis.UniversalClient) error {
		p := c.Pipeline()
		for _, a := range accounts {
			p.Set(ctx, markKey(a), rand.Text(), time.Hour)
		}
		_, err := p.Exec(ctx)
		return err
	})
}

func (k *known) mark(ctx context.Context, account id.ID) (mark string, answered bool) {
	answered = k.remote.do(ctx, func(ctx context.Context, c redis.UniversalClient) (err error) {
		mark, err = c.Get(ctx, markKey(account)).Result()
		return err
	})
	return mark, answered
}

func markKey(account id.ID) string { return "identity:mark:" + account.String() }
