package wechat

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"bense/server/internal/clock"
)

// seenMany bounds the marks that one process keeps itself.
const seenMany = 10_000

// firstSeen marks callbacks, so that each is handled once: in Redis for all instances, and here, which is what
// remains when Redis is down.
type firstSeen struct {
	rdb   redis.UniversalClient // may be nil
	clock clock.Clock

	mu        sync.Mutex
	downUntil time.Time // Redis is left alone until then
	marks     map[string]time.Time
	order     []string // as marked; may hold released keys
}

func newFirstSeen(rdb redis.UniversalClient, clk clock.Clock) *firstSeen {
	return &firstSeen{rdb: rdb, clock: clk, marks: map[string]time.Time{}}
}

// claim says whether this is the first time.
func (f *firstSeen) claim(ctx context.Context, key string) bool {
	if !f.mark(key) {
		return false
	}
	if f.rdb == nil || f.resting() {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	err := f.rdb.SetArgs(ctx, redisPrefix+"seen:"+key, "1", redis.SetArgs{Mode: "NX", TTL: seenFor}).Err()
	if err != nil && err != redis.Nil {
		f.mu.Lock()
		f.downUntil = f.clock.Now().Add(redisPause)
		f.mu.Unlock()
	}
	return err != redis.Nil // another instance has it; any other error leaves our own mark to decide
}

func (f *firstSeen) resting() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.clock.Now().Before(f.downUntil)
}

func (f *firstSeen) mark(key string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.clock.Now()
	if until, ok := f.marks[key]; ok && now.Before(until) {
		return false
	}
	for len(f.order) >= seenMany {
		delete(f.marks, f.order[0])
		f.order = f.order[1:]
	}
	f.marks[key] = now.Add(seenFor)
	f.order = append(f.order, key)
	return true
}

// release takes the mark back after a failure: the platform will call again.
func (f *firstSeen) release(key string) {
	f.mu.Lock()
	delete(f.marks, key)
	f.mu.Unlock()
	if f.rdb == nil || f.resting() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), redisTimeout)
	defer cancel()
	_ = f.rdb.Del(ctx, redisPrefix+"seen:"+key).Err() // it expires by itself
}
