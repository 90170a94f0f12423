package identity

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"bense/server/internal/clock"
)

// A Redis that doesn't answer in remoteWait is left alone for remotePause: being without it costs
// speed, never an answer.
const (
	remoteWait  = 200 * time.Millisecond
	remotePause = 5 * time.Second
)

// remote is what instances share. It may vanish or lie at any moment: it saves work and adds
// strictness, it never decides who somebody is.
type remote struct {
	client redis.UniversalClient
	clk    clock.Clock
	pause  atomic.Int64 // until when to leave it alone, Unix milliseconds
}

// do runs fn against Redis and reports whether it answered; redis.Nil is an answer.
func (r *remote) do(ctx context.Context, fn func(ctx context.Context, c redis.UniversalClient) error) bool {
	now := r.clk.Now()
	if now.UnixMilli() < r.pause.Load() {
		return false
	}
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), remoteWait)
	defer cancel()
	if err := fn(short, r.client); err != nil && err != redis.Nil {
		r.pause.Store(now.Add(remotePause).UnixMilli())
		return false
	}
	return true
}
