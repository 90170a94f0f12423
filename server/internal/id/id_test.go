package id_test

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"bense/server/internal/id"
)

func TestSourceIsUniqueAndRising(t *testing.T) {
	at := time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)
	s := id.NewSource(7, func() time.Time { return at })
	last := id.ID(0)
	for range 20_000 {
		n := s.New()
		if n <= last {
			t.Fatalf("%d after %d", n, last)
		}
		last = n
	}
	at = at.Add(-time.Hour) // the clock jumps back
	if n := s.New(); n <= last {
		t.Fatalf("%d after %d with the clock set back", n, last)
	}
}

func TestSourceConcurrent(t *testing.T) {
	s := id.NewSource(1, time.Now)
	var mu sync.Mutex
	seen := map[id.ID]bool{}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 500 {
				n := s.New()
				mu.Lock()
				if seen[n] {
					t.Errorf("%d twice", n)
				}
				seen[n] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

func TestWireForm(t *testing.T) {
	b, err := json.Marshal(map[string]id.ID{"id": 1<<62 + 1})
	if err != nil || string(b) != `{"id":"4611686018427387905"}` {
		t.Fatal(string(b), err)
	}
	for _, bad := range []string{"0", "-1", "x", "+5", "99999999999999999999", "1 "} {
		if _, err := id.Parse(bad); err == nil {
			t.Errorf("%q accepted", bad)
		}
	}
}
