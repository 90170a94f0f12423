//go:build faults

package fault_test

import (
	"math/rand/v2"
	"net/http"
	"testing"
	"time"
)

// midst is some moment while a crowd comes.
func midst() <-chan time.Time {
	return time.After(time.Second + time.Duration(rand.IntN(1500))*time.Millisecond)
}

func TestR01_ServerKilled(t *testing.T) {
	f := begin(t, "R01", "kill -9 of the server under load, restarted by a supervisor")
	s := plain(t)
	s.Supervise()
	for range pick(2, 20) {
		c := come(t, s.URL, people, perSecond)
		<-midst()
		s.Kill()
		killed := time.Now()
		c.insist(f)
		f.recovered(c.back(killed))
	}
	f.note(powerLoss)
}

func TestR02_DatabaseKilled(t *testing.T) {
	f := begin(t, "R02", "kill -9 of mariadbd under load (flush_log=1, sync_binlog=1)")
	s := plain(t)
	failed := 0
	for range pick(2, 20) {
		c := come(t, s.URL, people*3/4, perSecond)
		<-midst()
		all.maria.Kill()
		killed := time.Now()
		if err := all.maria.Start(); err != nil {
			t.Fatal(err)
		}
		c.insist(f)
		f.recovered(c.back(killed))
		failed += c.failed()
	}
	f.note("%d requests were told 503 first; fsync not traced", failed)
}

func TestR03_DatabaseGone(t *testing.T) {
	for _, way := range []string{"paused", "stopped"} {
		f := begin(t, "R03", "database "+way)
		s := plain(t)
		warm := come(t, s.URL, 100, perSecond)
		warm.insist(f)
		gone := time.Now()
		if way == "paused" {
			if err := all.maria.Pause(); err != nil {
				t.Fatal(err)
			}
		} else if all.maria.Terminate() != nil {
			t.Fatal("not asked to end")
		} else if _, err := all.maria.Wait(30 * time.Second); err != nil {
			t.Fatal(err)
		}
		away := pick(8*time.Second, 60*time.Second)
		c := comeTo(t, s.URL, warm.list, 100, 200+int(away.Seconds())*20, 40)
		eventually(t, "readiness is false", 10*time.Second, func() bool {
			return call(fresh, "GET", s.URL+"/readyz", "", nil).Status == http.StatusServiceUnavailable
		})
		<-time.After(time.Until(gone.Add(away)))
		back := time.Now()
		if way == "paused" {
			if err := all.maria.Resume(); err != nil {
				t.Fatal(err)
			}
		} else if err := all.maria.Start(); err != nil {
			t.Fatal(err)
		}
		<-c.done
		refused, slowest := 0, time.Duration(0)
		for _, a := range c.firsts(gone, back.Add(-4*time.Second)) {
			slowest = max(slowest, a.Took)
			if refused++; !a.honest() {
				f.Wrong++
				t.Logf("%s: %d %s %v after %s", way, a.Status, a.Body, a.Err, a.Took)
			}
		}
		if refused == 0 {
			t.Error("nobody came while the database was away")
		}
		if slowest > 3500*time.Millisecond {
			t.Errorf("%s: the slowest refusal took %s", way, slowest)
		}
		f.recovered(eventually(t, "readiness is true", 30*time.Second, func() bool {
			return call(fresh, "GET", s.URL+"/readyz", "", nil).Status == http.StatusOK
		}))
		c.insist(f)
		f.note("%s: %d refusals, slowest %s", way, refused, slowest.Round(time.Millisecond))
		s.Stop()
	}
}

func TestR10_RollingRestart(t *testing.T) {
	f := begin(t, "R10", "SIGTERM under load: two instances behind a balancer, restarted in turn")
	one, two := plain(t), plain(t)
	b := &balancer{servers: []string{one.Addr, two.Addr}}
	base := "http://" + forward(t, b.handle)
	failed, slowest := 0, time.Duration(0)
	for range pick(2, 25) {
		for _, s := range []interface {
			Terminate() error
			Wait(time.Duration) (int, error)
			Start() error
		}{one, two} {
			c := comeBy(t, fresh, base, 600, perSecond)
			<-time.After(time.Second)
			from := time.Now()
			if err := s.Terminate(); err != nil {
				t.Fatal(err)
			}
			if code, err := s.Wait(20 * time.Second); err != nil || code != 0 {
				t.Fatalf("ended with %d, %v", code, err)
			}
			slowest = max(slowest, time.Since(from))
			if err := s.Start(); err != nil {
				t.Fatal(err)
			}
			failed += c.failed()
			c.insist(f)
		}
	}
	f.note("%d failed requests, slowest drain %s", failed, slowest.Round(time.Millisecond))
	if failed > 0 {
		t.Errorf("%d requests failed", failed)
	}
}
