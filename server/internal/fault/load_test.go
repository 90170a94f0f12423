//go:build faults

package fault_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
	"unicode"

	"bense/server/internal/bench"
)

const perSecond = 200

// answer is what came back for one request.
type answer struct {
	Status  int
	Header  http.Header
	Body    []byte
	Err     error
	From    time.Time
	Took    time.Duration
	Answer  string    `json:"answer"`
	Message string    `json:"message"`
	Code    string    `json:"code"`
	At      time.Time `json:"happened_at"`
	First   struct {
		At time.Time `json:"at"`
	} `json:"first"`
	Items []answer `json:"items"`
}

func (a answer) good() bool { return a.Err == nil && a.Status == http.StatusOK && a.Answer != "" }

// honest tells whether a refusal is one that a person can do something with.
func (a answer) honest() bool {
	return a.Err == nil && a.Status == http.StatusServiceUnavailable && a.Header.Get("Retry-After") != "" && chinese(a.Message)
}

func chinese(s string) bool {
	return slices.ContainsFunc([]rune(s), func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

var client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConns: 512, MaxIdleConnsPerHost: 512}}

// fresh opens a connection for each request.
var fresh = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

func call(c *http.Client, method, url, token string, body any) answer {
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return answer{Err: err}
		}
		in = bytes.NewReader(text)
	}
	a := answer{From: time.Now()}
	req, err := http.NewRequestWithContext(context.Background(), method, url, in)
	if err != nil {
		return answer{Err: err}
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := c.Do(req)
	if err == nil {
		defer res.Body.Close()
		a.Status, a.Header = res.StatusCode, res.Header
		a.Body, err = io.ReadAll(res.Body)
		if err == nil && len(a.Body) > 0 && a.Body[0] == '{' {
			err = json.Unmarshal(a.Body, &a)
		}
	}
	a.Err, a.Took = err, time.Since(a.From)
	return a
}

func nonce() string {
	var b [16]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// tap signs a member in on the own phone.
func tap(c *http.Client, base string, l bench.List, member int, nonce string, happened time.Time) answer {
	token, person := all.county.Phone(member)
	return call(c, "POST", base+"/api/v1/check-ins", token, map[string]any{"ticket": all.county.Ticket(l, member), "nonce": nonce,
		"person_id": person, "happened_at": happened.UTC().Format(time.RFC3339Nano)})
}

// phone is one member's attempt, with every answer that it got.
type phone struct {
	member   int
	nonce    string
	happened time.Time
	answers  []answer
}

// crowd are the members who come to one list, one after the other at a fixed rate.
type crowd struct {
	t      *testing.T
	base   string
	client *http.Client
	list   bench.List
	ledger *ledger
	phones []*phone
	start  time.Time
	before int // persons who are on the list already
	done   chan struct{}
}

// come lets n members come to a fresh list, rate a second; it does not wait for them.
func come(t *testing.T, base string, n, rate int) *crowd {
	t.Helper()
	return comeBy(t, client, base, n, rate)
}

func comeBy(t *testing.T, by *http.Client, base string, n, rate int) *crowd {
	t.Helper()
	c := &crowd{t: t, base: base, client: by, list: open(t)}
	return c.walk(0, min(n, people), rate)
}

// comeTo lets the members from..to come to a list that some have come to already.
func comeTo(t *testing.T, base string, l bench.List, from, to, rate int) *crowd {
	t.Helper()
	c := &crowd{t: t, base: base, client: client, list: l, before: from}
	return c.walk(from, min(to, people), rate)
}

func (c *crowd) walk(from, to, rate int) *crowd {
	c.ledger, c.done = openLedger(c.t), make(chan struct{})
	for i := from; i < to; i++ {
		c.phones = append(c.phones, &phone{member: i, nonce: nonce()})
	}
	c.start = time.Now()
	go func() {
		defer close(c.done)
		var wg sync.WaitGroup
		defer wg.Wait()
		for i, p := range c.phones {
			// the planned time counts: a slow answer holds nobody else up
			<-time.After(time.Until(c.start.Add(time.Duration(i) * time.Second / time.Duration(rate))))
			wg.Go(func() { c.send(p) })
		}
	}()
	return c
}

func (c *crowd) send(p *phone) {
	if p.happened.IsZero() {
		p.happened = time.Now()
	}
	a := tap(c.client, c.base, c.list, p.member, p.nonce, p.happened)
	if a.good() { // an acknowledgement counts when it is on disk
		c.ledger.add(entry{Member: p.member, Nonce: p.nonce, Answer: a.Answer, Happened: a.At, First: a.First.At})
	}
	p.answers = append(p.answers, a)
}

// insist has everybody who was not answered come again with the same nonce, as the phones do, until
// all are in. Nobody may be told then that another attempt was faster.
func (c *crowd) insist(f *figures) {
	c.t.Helper()
	<-c.done
	deadline := time.Now().Add(60 * time.Second)
	for {
		var wg sync.WaitGroup
		left, gate := 0, make(chan struct{}, 32)
		for _, p := range c.phones {
			if !p.answers[len(p.answers)-1].good() {
				left++
				gate <- struct{}{}
				wg.Go(func() { c.send(p); <-gate })
			}
		}
		wg.Wait()
		if left == 0 {
			break
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("%d phones are still not answered", left)
		}
	}
	f.Runs++
	f.reconcile(c.t, c.list, c.ledger.close(c.t))
	for _, p := range c.phones {
		if a := p.answers[len(p.answers)-1]; a.Answer != "ok" {
			f.Wrong++
			c.t.Logf("member %d with one nonce was told %q: %s", p.member, a.Answer, a.Body)
		}
	}
	if rows := rowsOf(c.t, c.list); len(rows) != c.before+len(c.phones) {
		f.Wrong++
		c.t.Logf("%d rows for %d persons", len(rows), len(c.phones))
	}
}

// firsts are the first answers of those who came within a time.
func (c *crowd) firsts(from, to time.Time) (some []answer) {
	<-c.done
	for _, p := range c.phones {
		if a := p.answers[0]; !a.From.Before(from) && a.From.Before(to) {
			some = append(some, a)
		}
	}
	return some
}

// failed counts the first answers that were none.
func (c *crowd) failed() (n int) {
	<-c.done
	for _, p := range c.phones {
		if a := p.answers[0]; !a.good() {
			if n++; n <= 3 {
				c.t.Logf("member %d: %d %s %v", p.member, a.Status, a.Body, a.Err)
			}
		}
	}
	return n
}

// back gives how long after a moment the first request that was sent then, a first one or a
// repetition, was answered well.
func (c *crowd) back(after time.Time) time.Duration {
	<-c.done
	best := time.Duration(-1)
	for _, p := range c.phones {
		for _, a := range p.answers {
			if d := a.From.Add(a.Took).Sub(after); a.good() && a.From.After(after) && (best < 0 || d < best) {
				best = d
			}
		}
	}
	if best < 0 {
		c.t.Errorf("nobody was signed in any more")
	}
	return best
}

// quantile of the answers' times.
func quantile(some []answer, q float64) time.Duration {
	if len(some) == 0 {
		return 0
	}
	took := make([]time.Duration, len(some))
	for i, a := range some {
		took[i] = a.Took
	}
	slices.Sort(took)
	return took[min(len(took)-1, int(q*float64(len(took))))].Round(time.Millisecond)
}
