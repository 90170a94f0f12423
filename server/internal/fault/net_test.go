//go:build faults

package fault_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"bense/server/internal/rig"
	"bense/server/internal/wechat/emulator"
)

func TestR06_SlowDatabase(t *testing.T) {
	f := begin(t, "R06", "500±200 ms to the database")
	p := proxy(t, all.maria.Addr())
	s := serve(t, p.Listen, all.redis.Addr())
	warm := come(t, s.URL, 100, 50) // the list is known, as on an event day
	warm.insist(f)
	end := toxic(t, p, "latency", "downstream", `{"latency":500,"jitter":200}`)
	c := comeTo(t, s.URL, warm.list, 100, 100+pick(600, people), pick(100, perSecond))
	<-c.done
	some := c.firsts(c.start, time.Now())
	slow, health := c.failed(), call(fresh, "GET", s.URL+"/healthz", "", nil)
	end()
	c.insist(f)
	f.note("p50 %s, p95 %s, p99 %s; %d of %d refused", quantile(some, .5), quantile(some, .95), quantile(some, .99), slow, len(some))
	if slow == len(some) {
		t.Error("a slow database lets nobody in")
	}
	if p95 := quantile(some, .95); p95 > 3500*time.Millisecond {
		t.Errorf("p95 is %s", p95)
	}
	if health.Status != http.StatusOK {
		t.Errorf("/healthz answers %d", health.Status)
	}
	for _, a := range some {
		if !a.good() && !a.honest() {
			f.Wrong++
		}
	}
	after := come(t, s.URL, 100, 100)
	if n := after.failed(); n > 0 {
		t.Errorf("%d requests failed when the database was fast again: the pool starves", n)
	}
	after.insist(f)
}

func TestR07_AnswerToCommitLost(t *testing.T) {
	f := begin(t, "R07", "connection reset when the answer to COMMIT comes back")
	k := &cutter{upstream: all.maria.Addr()}
	s := serve(t, forward(t, k.handle), all.redis.Addr())
	come(t, s.URL, 50, 100).insist(f)
	for range pick(1, 10) {
		k.every.Store(3)
		c := come(t, s.URL, pick(600, people), perSecond)
		<-c.done
		k.every.Store(0)
		var refused []answer
		for _, a := range c.firsts(c.start, time.Now()) {
			if !a.good() {
				if refused = append(refused, a); !a.honest() {
					f.Wrong++
				}
			}
		}
		f.note("%d of %d refused at first after %s to %s", len(refused), len(c.phones), quantile(refused, 0), quantile(refused, 1))
		c.insist(f)
	}
	f.note("%d ambiguous commits of %d", k.torn.Load(), k.commits.Load())
	if k.torn.Load() == 0 {
		t.Error("no commit was ambiguous")
	}
}

// goroutines reads how many a server has, from its profiles.
func goroutines(t *testing.T, pprof string) int {
	t.Helper()
	var n int
	a := call(fresh, "GET", "http://"+pprof+"/debug/pprof/goroutine?debug=1", "", nil)
	if _, err := fmt.Sscanf(string(a.Body), "goroutine profile: total %d", &n); err != nil {
		t.Fatal(err, a.Err)
	}
	return n
}

func TestR08_BlackHole(t *testing.T) {
	e := emulator.New(emulator.Options{Seed: 1})
	platform := httptest.NewServer(e)
	t.Cleanup(func() { platform.Close(); e.Close() })
	maria, redis := proxy(t, all.maria.Addr()), proxy(t, all.redis.Addr())
	wechat := proxy(t, platform.Listener.Addr().(*net.TCPAddr).String())
	cfg := e.Config("http://" + wechat.Listen)
	env := []string{"BENSE_WECHAT_EMULATOR=false", "BENSE_WECHAT_BASE_URL=" + cfg.BaseURL, "BENSE_WECHAT_APP_ID=" + cfg.AppID,
		"BENSE_WECHAT_SECRET=" + cfg.Secret, "BENSE_WECHAT_TOKEN=" + cfg.Token, "BENSE_WECHAT_AES_KEY=" + cfg.AESKey}
	for key, occasion := range map[string]string{"NOTICE": "activity_notice", "REMINDER": "activity_reminder", "CHANGE": "activity_change"} {
		env = append(env, fmt.Sprintf("BENSE_WECHAT_TEMPLATES_%s_ID=%s", key, cfg.Templates[occasion].ID))
	}
	port, err := rig.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	pprof := fmt.Sprintf("127.0.0.1:%d", port)
	s := serve(t, maria.Listen, redis.Listen, append(env, "BENSE_SERVER_PPROF="+pprof)...)
	f := begin(t, "R08", "black hole before database, Redis, WeChat in turn")
	come(t, s.URL, 100, 100).insist(f)
	base := goroutines(t, pprof)
	const deadline = 3 * time.Second
	for _, x := range []struct {
		name string
		dig  func() func()
		fail bool // sign-ins cannot succeed
	}{
		{"database", func() func() { return blackHole(t, maria) }, true},
		{"Redis", func() func() { return blackHole(t, redis) }, false},
		{"WeChat", func() func() { return blackHole(t, wechat) }, false},
	} {
		end := x.dig()
		from := time.Now()
		logins := make(chan answer, 8)
		for range cap(logins) {
			go func() {
				logins <- call(fresh, "POST", s.URL+"/api/v1/sessions", "", map[string]any{"code": "0a1b2c3d4e5f6071829304a5b6c7d8e9"})
			}()
		}
		c := come(t, s.URL, 200, 50)
		health := call(fresh, "GET", s.URL+"/healthz", "", nil)
		if health.Status != http.StatusOK || health.Took > time.Second {
			t.Errorf("%s: /healthz answers %d after %s", x.name, health.Status, health.Took)
		}
		<-c.done
		some := c.firsts(from, time.Now())
		bad := c.failed()
		for _, a := range some {
			if a.good() && x.fail || !a.good() && !a.honest() {
				f.Wrong++
				t.Logf("%s: %d %s %v after %s", x.name, a.Status, a.Body, a.Err, a.Took)
			}
		}
		if !x.fail && bad > 0 {
			t.Errorf("%s: %d sign-ins failed", x.name, bad)
		}
		slowest, login := quantile(some, 1), time.Duration(0)
		for range cap(logins) {
			login = max(login, (<-logins).Took)
		}
		if slowest > deadline+200*time.Millisecond { // 200 ms for the way and this machine
			t.Errorf("%s: the slowest sign-in took %s", x.name, slowest)
		}
		f.note("%s: %d of %d refused, slowest %s, log-in %s", x.name, bad, len(some), slowest, login.Round(time.Millisecond))
		back := time.Now()
		end()
		c.insist(f)
		f.recovered(time.Since(back))
	}
	client.CloseIdleConnections()
	eventually(t, "goroutines are back to the baseline", 30*time.Second, func() bool { return goroutines(t, pprof) <= base+10 })
	f.note("goroutines %d, then %d", base, goroutines(t, pprof))
}
