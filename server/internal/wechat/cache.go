package wechat

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"bense/server/internal/clock"
)

const (
	redisPrefix  = "bense:wechat:"
	redisTimeout = 500 * time.Millisecond
	// A token is believed this long without asking Redis; it also carries us over a Redis that is down.
	localFor = 30 * time.Second
	// The SDK takes this off expires_in before it stores the token.
	sdkMargin = 300 * time.Second
)

// tokenCache is the SDK's cache.Cache over go-redis v9 (the SDK's own needs v8). What the SDK expects and
// doesn't say: Get gives a string or nil, anything else panics; an error of Set would be returned
// together with a good token.
type tokenCache struct {
	rdb   redis.UniversalClient // may be nil
	clock clock.Clock

	mu    sync.Mutex
	local map[string]localToken
}

type localToken struct {
	value string
	until time.Time
}

func newTokenCache(rdb redis.UniversalClient, clk clock.Clock) *tokenCache {
	return &tokenCache{rdb: rdb, clock: clk, local: map[string]localToken{}}
}

// token gives the cached value or "".
func (c *tokenCache) token(key string) string {
	c.mu.Lock()
	t, ok := c.local[key]
	c.mu.Unlock()
	if ok && c.clock.Now().Before(t.until) {
		return t.value
	}
	if c.rdb == nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), redisTimeout)
	defer cancel()
	pipe := c.rdb.Pipeline()
	value, left := pipe.Get(ctx, redisPrefix+key), pipe.PTTL(ctx, redisPrefix+key)
	if _, err := pipe.Exec(ctx); err != nil || value.Val() == "" {
		return "" // missing or Redis is down: alike, a stable token may be fetched again
	}
	c.remember(key, value.Val(), left.Val())
	return value.Val()
}

func (c *tokenCache) remember(key, value string, ttl time.Duration) {
	if ttl <= 0 || value == "" {
		return
	}
	if c.rdb != nil {
		ttl = min(ttl, localFor)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.local[key] = localToken{value: value, until: c.clock.Now().Add(ttl)}
}

// forget drops the local copy, so that Redis is asked.
func (c *tokenCache) forget(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.local, key)
}

// Get gives a string or nil.
func (c *tokenCache) Get(key string) any {
	if t := c.token(key); t != "" {
		return t
	}
	return nil
}

// Set stores a token; the ttl is what the platform said less the SDK's margin. A token in its last five
// minutes comes with a ttl ≤ 0: it goes to no one else, but is kept here for a moment so that a burst
// of calls doesn't become a burst of fetches.
func (c *tokenCache) Set(key string, val any, ttl time.Duration) error {
	value, ok := val.(string)
	if !ok {
		return nil
	}
	if ttl <= 0 {
		c.remember(key, value, min(ttl+sdkMargin, localFor))
		return nil
	}
	c.remember(key, value, ttl)
	if c.rdb == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), redisTimeout)
	defer cancel()
	_ = c.rdb.Set(ctx, redisPrefix+key, value, ttl).Err() // a missing copy costs one more fetch
	return nil
}

// IsExist says whether Get would give something.
func (c *tokenCache) IsExist(key string) bool { return c.token(key) != "" }

// Delete drops the token here and in Redis.
func (c *tokenCache) Delete(key string) error {
	c.mu.Lock()
	delete(c.local, key)
	c.mu.Unlock()
	if c.rdb == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), redisTimeout)
	defer cancel()
	_ = c.rdb.Del(ctx, redisPrefix+key).Err() // see renew: a refused token is recognised again
	return nil
}
