//go:build faults

package fault_test

import (
	"encoding/json"
	"testing"
	"time"

	"bense/server/internal/bench"
)

// The service is killed in the midst of ten thousand messages. None arrives twice, none is forgotten:
// those under way at that moment end as unknown, and their readers stand on the call list.
func TestR45_SenderKilled(t *testing.T) {
	f := begin(t, "R45", "kill -9 of the worker in the midst of 10 000 messages, restarted by a supervisor")
	p, err := bench.OpenPlatform(50 * time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	if err := p.Accept(all.county); err != nil {
		t.Fatal(err)
	}
	var letters []bench.Letters
	for range 10_000 / people {
		l, err := all.county.Write(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		letters = append(letters, l)
	}
	s := serve(t, all.maria.Addr(), all.redis.Addr(), append(p.Environ(), "BENSE_WORKER_LEASE=10s", "BENSE_WORKER_SENDS=128")...)
	s.Supervise()
	kills := pick(2, 8)
	for k := range kills {
		eventually(t, "messages are under way", 2*time.Minute, func() bool { return p.Total() > 10_000*(k+1)/(kills+2) })
		f.Runs++
		s.Kill()
		killed, before := time.Now(), p.Total()
		eventually(t, "messages go out again", time.Minute, func() bool { return p.Total() > before+200 }) // those on the wire still arrive
		f.recovered(time.Since(killed))
	}
	eventually(t, "all are at their end", 3*time.Minute, func() bool {
		for _, l := range letters {
			if _, open, err := l.States(t.Context()); err != nil || open > 0 {
				return false
			}
		}
		return true
	})
	unknown, arrived := 0, 0
	for _, l := range letters {
		states, _, err := l.States(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		waiting := callList(t, s.URL, l)
		for i, r := range l.Receipts() {
			f.Acknowledged++
			switch states[i] {
			case "sent":
				if !p.Got(r) {
					f.Lost++
				}
			case "unknown":
				unknown++
				if p.Got(r) {
					arrived++
				}
				if _, person := all.county.Phone(i); !waiting[person.String()] {
					f.Lost++ // nobody would call
				}
			default:
				f.Wrong++
				t.Logf("a message ended as %q", states[i])
			}
		}
	}
	f.Doubled = p.Doubled()
	f.note("%d messages, %d under way at a kill are unknown (%d of them had arrived) and on the call list", f.Acknowledged, unknown, arrived)
	if unknown == 0 {
		t.Error("nothing was under way when the worker was killed")
	}
}

// callList gives those whom somebody has to call about a notice.
func callList(t *testing.T, base string, l bench.Letters) map[string]bool {
	t.Helper()
	var list struct {
		Items []struct {
			PersonID string `json:"person_id"`
		} `json:"items"`
	}
	read(t, base+"/api/v1/notices/"+l.Notice.String()+"/calls", all.county.Staff(), &list)
	out := map[string]bool{}
	for _, c := range list.Items {
		out[c.PersonID] = true
	}
	return out
}

func read(t *testing.T, url, token string, into any) {
	t.Helper()
	a := call(client, "GET", url, token, nil)
	if a.Err != nil || a.Status != 200 {
		t.Fatalf("%s: %d %s %v", url, a.Status, a.Body, a.Err)
	}
	if err := json.Unmarshal(a.Body, into); err != nil {
		t.Fatal(err)
	}
}
