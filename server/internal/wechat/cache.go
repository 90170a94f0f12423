package wechat

import (
	"context"
	"errors"
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
	// After a failure Redis is left alone this long, so that calls don't queue up for its time-outs.
	redisPause = 2 * time.Second
	// The SDK takes this off expires_in before it stores the token.
	sdkMargin = 300 * time.Second
)

// tokenCache is the SDK's cache.Cache over go-redis v9 (the SDK's own needs v8). What the SDK expects and
// doesn't say: Get gives a string or nil, anything else panics; an error of Set would be returned
// together with a good token.
type tokenCache struct {
	rdb   redis.UniversalClient // may be nil
	clock clock.Clock

	mu        sync.Mutex
	local     map[string]localToken
	refused   string
	downUntil time.Time // Redis is left alone until then
}

type localToken struct {
	value string
	until time.Time
}

func newTokenCache(rdb redis.UniversalClient, clk clock.Clock) *tokenCache {
	return &tokenCache{rdb: rdb, clock: clk, local: map[string]localToken{}}
}

// here gives the local copy or "".
func (c *tokenCache) here(key string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t, ok := c.local[key]; ok && c.clock.Now().Before(t.until) {
		return t.value
	}
	return ""
}

// token gives the cached value, also from Redis, or "".
func (c *tokenCache) token(key string) string {
	if t := c.here(key); t != "" {
		return t
	}
	var value *redis.StringCmd
	var left *redis.DurationCmd
	ok := c.ask(func(ctx context.Context) error {
		pipe := c.rdb.Pipeline()
		value, left = pipe.Get(ctx, redisPrefix+key), pipe.PTTL(ctx, redisPrefix+key)
		_, err := pipe.Exec(ctx)
		return err
	})
	if !ok || value.Val() == "" {
		return "" // missing or Redis is down: alike, a stable token may be fetched again
	}
	c.remember(key, value.Val(), left.Val())
	return c.here(key)
}

// ask runs f against Redis, if there is one that works.
func (c *tokenCache) ask(f func(context.Context) error) bool {
	if c.rdb == nil {
		return false
	}
	c.mu.Lock()
	resting := c.clock.Now().Before(c.downUntil)
	c.mu.Unlock()
	if resting {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), redisTimeout)
	defer cancel()
	err := f(ctx)
	if err != nil && !errors.Is(err, redis.Nil) {
		c.mu.Lock()
		c.downUntil = c.clock.Now().Add(redisPause)
		c.mu.Unlock()
	}
	return err == nil
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
	if value == c.refused {
		return
	}
	c.local[key] = localToken{value: value, until: c.clock.Now().Add(ttl)}
}

// refuse drops a token and doesn't believe it again, wherever it may still be read from, until the platform itself
// hands it out once more. In Redis it is overwritten by its successor: deleting it could hit that one.
func (c *tokenCache) refuse(key, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused = value
	if c.local[key].value == value {
		delete(c.local, key)
	}
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
	c.mu.Lock()
	if c.refused == value {
		c.refused = ""
	}
	c.mu.Unlock()
	if ttl <= 0 {
		_ = c.Delete(key) // what lies in Redis is older still
		c.remember(key, value, min(ttl+sdkMargin, localFor))
		return nil
	}
	c.remember(key, value, ttl)
	// A missing copy costs one more fetch.
	c.ask(func(ctx context.Context) error { return c.rdb.Set(ctx, redisPrefix+key, value, ttl).Err() })
	return nil
}

// IsExist says whether Get would give something.
func (c *tokenCache) IsExist(key string) bool { return c.token(key) != "" }

// Delete drops the token here and in Redis.
func (c *tokenCache) Delete(key string) error {
	c.mu.Lock()
	delete(c.local, key)
	c.mu.Unlock()
	// Should it stay there, the platform refuses it and it is renewed.
	c.ask(func(ctx context.Context) error { return c.rdb.Del(ctx, redisPrefix+key).Err() })
	return nil
}
