//go:build faults

package fault_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"bense/server/internal/rig"
)

// ownRedis is one that a test may break.
func ownRedis(t *testing.T, args ...string) *rig.Redis {
	t.Helper()
	r, err := rig.StartRedis(t.TempDir(), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	return r
}

func TestR04_RedisGone(t *testing.T) {
	f := begin(t, "R04", "Redis killed and emptied under load")
	r := ownRedis(t)
	s := serve(t, all.maria.Addr(), r.Addr())
	come(t, s.URL, 100, perSecond).insist(f)
	for range pick(1, 10) {
		c := come(t, s.URL, pick(800, people), perSecond)
		<-time.After(time.Second)
		if _, err := r.Do("FLUSHALL"); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Second)
		r.Kill()
		killed := time.Now()
		failed := c.failed()
		before, during := c.firsts(c.start, killed), c.firsts(killed, time.Now())
		c.insist(f)
		f.note("p95 %s before, %s without; %d failed", quantile(before, .95), quantile(during, .95), failed)
		if failed > 0 {
			t.Errorf("%d sign-ins failed for want of Redis", failed)
		}
		if a := call(client, "GET", s.URL+"/api/v1/lists/"+c.list.ID.String()+"/marks", firstToken(), nil); a.Status == 200 {
			t.Errorf("a member without a role reads the door's list: %s", a.Body)
		}
		if err := r.Start(); err != nil {
			t.Fatal(err)
		}
	}
}

func firstToken() string {
	token, _ := all.county.Phone(0)
	return token
}

// Each person is signed in by the first of two attempts and told so by the second, whatever Redis says.
func TestR05_RedisLies(t *testing.T) {
	f := begin(t, "R05", "wrong values in Redis; 1 MB of memory")
	for _, way := range []string{"rubbish", "mixed up", "1 MB"} {
		var args []string
		if way == "1 MB" {
			args = []string{"--maxmemory", "1mb", "--maxmemory-policy", "allkeys-random"}
		}
		r := ownRedis(t, args...)
		s := serve(t, all.maria.Addr(), r.Addr())
		come(t, s.URL, 50, 100).insist(f) // another list, whose values can be mixed up with the next one's
		c := come(t, s.URL, 100, 100)
		c.insist(f)
		poisoned := poison(t, r, way)
		other := serve(t, all.maria.Addr(), r.Addr()) // one that has nothing in its own memory
		poisoned += poison(t, r, way)
		rest := comeTo(t, other.URL, c.list, 100, 300, perSecond)
		for i := range 100 {
			f.Acknowledged++
			if a := tap(client, other.URL, c.list, i, nonce(), time.Now()); a.Answer != "already" {
				f.Wrong++
				t.Logf("%s: member %d is there already and is told %d %s", way, i, a.Status, a.Body)
			}
		}
		if n := rest.failed(); n > 0 {
			t.Errorf("%s: %d sign-ins failed", way, n)
		}
		rest.insist(f)
		f.note("%s: %d values", way, poisoned)
		if poisoned == 0 && way != "1 MB" {
			t.Errorf("%s: Redis held nothing to poison", way)
		}
		s.Stop()
		other.Stop()
	}
}

// poison overwrites what Redis holds: with rubbish, or each text with another key's.
func poison(t *testing.T, r *rig.Redis, way string) (n int) {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: r.Addr()})
	defer c.Close()
	keys, err := c.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	if way == "1 MB" {
		return len(keys)
	}
	var texts, values []string
	for _, k := range keys {
		if v, err := c.Get(t.Context(), k).Result(); err == nil {
			texts, values = append(texts, k), append(values, v)
		} else if err := c.Set(t.Context(), k, "x", 0).Err(); err != nil { // of the wrong kind
			t.Fatal(err)
		}
	}
	for i, k := range texts {
		v := "\x00{wrong"
		if way == "mixed up" {
			v = values[(i+1)%len(values)]
		}
		if err := c.Set(t.Context(), k, v, redis.KeepTTL).Err(); err != nil {
			t.Fatal(err)
		}
	}
	return len(keys)
}
