// Package cache opens Redis, or an in-process stand-in when none is configured. What is in it may
// vanish at any moment: it saves work, it never decides.
package cache

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// Cache is one Redis.
type Cache struct {
	client redis.UniversalClient
	stop   func()
}

// Open connects by URL: embedded (in-process), redis://…, rediss://…, or several addresses
// redis://a:6379,b:6379 for a cluster. An unreachable Redis is no error: go-redis reconnects.
func Open(rawURL string) (*Cache, error) {
	if rawURL == "" || rawURL == "embedded" {
		return embedded()
	}
	scheme, rest, ok := strings.Cut(rawURL, "://")
	if !ok || (scheme != "redis" && scheme != "rediss") {
		return nil, errors.New("cache: want redis://HOST:PORT/DB, rediss://… or embedded")
	}
	hosts := strings.Split(rest, ",")
	opt, err := redis.ParseURL(scheme + "://" + hosts[len(hosts)-1])
	if err != nil {
		return nil, errors.New("cache: the Redis URL cannot be read") // never echo it: it may hold a password
	}
	u := &redis.UniversalOptions{
		Addrs: []string{opt.Addr}, DB: opt.DB, Username: opt.Username, Password: opt.Password, TLSConfig: opt.TLSConfig,
		PoolSize: 64, DialTimeout: time.Second, ReadTimeout: time.Second, WriteTimeout: time.Second, MaxRetries: 1,
		ContextTimeoutEnabled: true, // a caller that waits less than a second means it
	}
	for _, h := range hosts[:len(hosts)-1] {
		u.Addrs = append(u.Addrs, h[strings.LastIndex(h, "@")+1:])
	}
	c := redis.NewUniversalClient(u)
	return &Cache{client: c, stop: func() { c.Close() }}, nil
}

func embedded() (*Cache, error) {
	m := miniredis.NewMiniRedis()
	if err := m.Start(); err != nil {
		return nil, fmt.Errorf("cache: start in-process Redis: %w", err)
	}
	done := make(chan struct{})
	ticker := time.NewTicker(100 * time.Millisecond)
	go func() { // its TTLs run only when driven
		last := time.Now()
		for {
			select {
			case <-done:
				return
			case now := <-ticker.C:
				m.FastForward(now.Sub(last))
				last = now
			}
		}
	}()
	c := redis.NewClient(&redis.Options{Addr: m.Addr(), PoolSize: 16, ContextTimeoutEnabled: true})
	return &Cache{client: c, stop: func() {
		ticker.Stop()
		close(done)
		c.Close()
		m.Close()
	}}, nil
}

// Client is the connection.
func (c *Cache) Client() redis.UniversalClient { return c.client }

// Ping reports whether Redis answers.
func (c *Cache) Ping(ctx context.Context) error { return c.client.Ping(ctx).Err() }

// Close ends the connection, and the in-process Redis with it.
func (c *Cache) Close() { c.stop() }
