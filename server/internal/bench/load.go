package bench

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Batch holds prepared requests in one piece of memory, which the collector has nothing to look for in.
type Batch struct {
	arena    []byte
	ends     []int
	attempts [][16]byte // the number of each attempt, where it is known
}

// Add appends one request.
func (b *Batch) Add(request []byte) {
	b.arena = append(b.arena, request...)
	b.ends = append(b.ends, len(b.arena))
}

// Len tells how many there are.
func (b *Batch) Len() int { return len(b.ends) }

// At gives one.
func (b *Batch) At(i int) []byte {
	if i == 0 {
		return b.arena[:b.ends[0]]
	}
	return b.arena[b.ends[i-1]:b.ends[i]]
}

// Ack is what came back for one request.
type Ack byte

// The acknowledgements; None is a request without a good answer.
const (
	None Ack = iota
	New
	Already
)

// Load is one run against one or more addresses of a side.
type Load struct {
	Addrs   []string
	Batch   *Batch
	Conns   int
	For     time.Duration    // at most; it ends earlier when the requests are used up
	Rate    float64          // requests a second at fixed times; zero: each connection as fast as it is answered
	Order   []int32          // indexes into Batch; nil: each once
	Acks    []Ack            // by index, when given
	AckedAt []int64          // nanoseconds since the start, by index, when given
	Answer  func([]byte) Ack // how a body is read; nil: as the answer of a door
	Began   func(time.Time)
}

// Measure is what a run gave.
type Measure struct {
	Sent, New, Already int
	Errors             map[string]int // by status, or io
	Took               time.Duration
	Latency            Hist
}

// Good is how many requests were acknowledged.
func (m *Measure) Good() int { return m.New + m.Already }

// Bad is how many were not.
func (m *Measure) Bad() int { return m.Sent - m.Good() }

// Rate is acknowledged requests a second.
func (m *Measure) Rate() float64 { return float64(m.Good()) / m.Took.Seconds() }

// worker is one connection of a run.
type worker struct {
	load  *Load
	conn  *conn
	start time.Time
	out   Measure
}

// Run drives the load and waits for its end.
func (l *Load) Run(ctx context.Context) (*Measure, error) {
	if l.Answer == nil {
		l.Answer = answered
	}
	total := l.Batch.Len()
	if l.Order != nil {
		total = len(l.Order)
	}
	if l.Rate > 0 {
		total = min(total, int(l.Rate*l.For.Seconds()))
	}
	if total == 0 || len(l.Addrs) == 0 {
		return nil, fmt.Errorf("bench: nothing to send")
	}
	workers := make([]*worker, l.Conns)
	for i := range workers {
		w := &worker{load: l, out: Measure{Errors: map[string]int{}}}
		w.conn = newConn(l.Addrs[i%len(l.Addrs)], time.Now().Add(l.For+30*time.Second))
		if err := w.conn.open(); err != nil {
			return nil, fmt.Errorf("bench: connection %d: %w", i, err)
		}
		defer w.conn.close()
		workers[i] = w
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	if l.Began != nil {
		l.Began(start)
	}
	for _, w := range workers {
		w.start = start
		wg.Go(func() { w.work(ctx, &next, total) })
	}
	wg.Wait()
	sum := &Measure{Took: time.Since(start), Errors: map[string]int{}}
	for _, w := range workers {
		sum.Sent += w.out.Sent
		sum.New += w.out.New
		sum.Already += w.out.Already
		sum.Latency.Merge(&w.out.Latency)
		for k, n := range w.out.Errors {
			sum.Errors[k] += n
		}
	}
	return sum, ctx.Err()
}

func (w *worker) work(ctx context.Context, next *atomic.Int64, total int) {
	l, from := w.load, time.Now()
	for ctx.Err() == nil {
		n := int(next.Add(1)) - 1
		if n >= total {
			return
		}
		if l.Rate > 0 { // the planned time counts, also when the connection was not free then
			from = w.start.Add(time.Duration(float64(n) / l.Rate * float64(time.Second)))
			if wait := time.Until(from); wait > 0 {
				time.Sleep(wait)
			}
		} else if from.Sub(w.start) > l.For {
			return
		}
		from = w.one(n, from)
	}
}

// one sends request n and gives the time of its answer.
func (w *worker) one(n int, from time.Time) time.Time {
	l := w.load
	if l.Order != nil {
		n = int(l.Order[n])
	}
	status, body, err := w.conn.do(l.Batch.At(n))
	now := time.Now()
	w.out.Sent++
	w.out.Latency.Add(now.Sub(from))
	ack := None
	switch {
	case err != nil:
		w.out.Errors["io"]++
	case status != 200:
		w.out.Errors[fmt.Sprint(status)]++
	default:
		if ack = l.Answer(body); ack == None {
			w.out.Errors["answer "+answerOf(body)]++
		}
	}
	switch ack {
	case New:
		w.out.New++
	case Already:
		w.out.Already++
	}
	if l.Acks != nil && ack != None {
		l.Acks[n] = ack
	}
	if l.AckedAt != nil && ack == New {
		l.AckedAt[n] = int64(now.Sub(w.start))
	}
	return now
}

var answerKey = []byte(`"answer":"`)

func answerOf(body []byte) string {
	at := bytes.Index(body, answerKey)
	if at < 0 {
		return "missing"
	}
	word, _, _ := bytes.Cut(body[at+len(answerKey):], []byte(`"`))
	return string(word)
}

// answered reads what the door said.
func answered(body []byte) Ack {
	at := bytes.Index(body, answerKey)
	if at < 0 {
		return None
	}
	switch rest := body[at+len(answerKey):]; {
	case bytes.HasPrefix(rest, []byte(`ok"`)):
		return New
	case bytes.HasPrefix(rest, []byte(`already"`)):
		return Already
	}
	return None
}
