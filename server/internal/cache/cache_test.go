package cache_test

import (
	"testing"
	"time"

	"bense/server/internal/cache"
	"bense/server/internal/testdb"
)

func TestSetAndExpire(t *testing.T) {
	c := testdb.Cache(t)
	ctx := t.Context()
	key := "bense:test:" + t.Name() + time.Now().Format(time.RFC3339Nano)
	if err := c.Client().Set(ctx, key, "1", time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	if got := c.Client().Get(ctx, key).Val(); got != "1" {
		t.Fatalf("got %q", got)
	}
	if err := c.Client().PExpire(ctx, key, 150*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	deadline := time.After(testdb.Patience) // time passes in the in-process Redis too
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for c.Client().Exists(ctx, key).Val() == 1 {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the key never expired")
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, u := range []string{"http://x", "redis", "redis://:p%zz@h"} {
		if _, err := cache.Open(u); err == nil {
			t.Errorf("%q accepted", u)
		}
	}
}

func TestUnreachableRedisIsNoErrorAtOpen(t *testing.T) {
	c, err := cache.Open("redis://127.0.0.1:1/0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Ping(t.Context()); err == nil {
		t.Error("ping answered from a closed port")
	}
}
