package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"bense/server/internal/crypt"
)

// NoticeOptions of the bench of the messages.
type NoticeOptions struct {
	Goals  []string // T throughput, L lease; none: all
	Quick  bool
	JSON   bool
	Dir    string // a folder on a disk for the servers' files; a temporary one by default
	Server string // the program that sends; this one by default
}

// NoticeReport is everything that was found about the messages.
type NoticeReport struct {
	Goals       []Goal         `json:"goals"`
	Environment Environment    `json:"environment"`
	Sends       []SendFigures  `json:"sends"`
	Leases      []LeaseFigures `json:"leases"`
}

// SendFigures are those of one run over the platform.
type SendFigures struct {
	Side      string  `json:"side"`
	Messages  int     `json:"messages"`
	PerSecond float64 `json:"per_second"` // between a tenth and nine tenths of them
	Doubled   int     `json:"doubled"`
	Missing   int     `json:"missing"`
	WorkerCPU float64 `json:"worker_cpu_us"`   // a message
	BaseCPU   float64 `json:"database_cpu_us"` // a message
	LoadCPU   float64 `json:"load_cpu_us"`     // a message, of the platform in this process
	PeakMB    float64 `json:"peak_mb"`         // of the worker
}

// noticeBench is one under way.
type noticeBench struct {
	*bench
	NoticeOptions
	report NoticeReport
}

// answersIn is how long the platform takes, and underWay how many messages the ceiling has under way.
const (
	answersIn = 50 * time.Millisecond
	underWay  = 512
)

// RunNotice measures the messages, shows the report on out and fails only when it could not measure.
func RunNotice(ctx context.Context, o NoticeOptions, out io.Writer) (err error) {
	x := &noticeBench{bench: &bench{out: out}, NoticeOptions: o}
	defer x.close()
	if x.self, err = os.Executable(); err != nil {
		return err
	}
	if x.bench.Server = o.Server; o.Server == "" {
		x.bench.Server = x.self
	}
	x.report.Environment = environment()
	if x.dir, err = os.MkdirTemp(o.Dir, "bense-bench-"); err != nil {
		return err
	}
	x.onClose(func() { os.RemoveAll(x.dir) })
	x.report.Environment.InMemory = inMemory(x.dir)
	x.say("servers below %s", x.dir)
	if x.maria, err = startMariaDB(ctx, x.dir, "sends", "leases"); err != nil {
		return err
	}
	x.onClose(func() { x.maria.stop() })
	x.master, x.redis = crypt.NewKey(1), "embedded"
	var failed error // what was measured before is shown all the same
	if x.want("T") {
		failed = x.sends(ctx)
	}
	if x.want("L") {
		failed = errors.Join(failed, x.leases(ctx))
	}
	x.report.Environment.LoadAfter = loadAverage()
	x.report.print(out)
	if o.JSON {
		failed = errors.Join(failed, jsonLine(out, x.report))
	}
	return failed
}

func (x *noticeBench) want(part string) bool { return wanted(x.NoticeOptions.Goals, part) }

func (x *noticeBench) goal(g Goal) { x.report.Goals = append(x.report.Goals, g) }

// sends is T: notices to a large county go out through a worker in a process of its own, beside the
// ceiling of this machine: the same calls without database, from this process.
func (x *noticeBench) sends(ctx context.Context) error {
	d, err := x.schema(ctx, "sends")
	if err != nil {
		return err
	}
	people, notices := 10_000, 4
	if x.NoticeOptions.Quick {
		notices = 2
	}
	c, err := Settle(ctx, d, x.master, people)
	if err != nil {
		return err
	}
	p, err := OpenPlatform(answersIn)
	if err != nil {
		return err
	}
	x.onClose(p.Close)
	if err := p.Accept(c); err != nil {
		return err
	}
	ceiling, err := x.ceiling(ctx, p, people*notices/2)
	if err != nil {
		return err
	}
	var letters []Letters
	for range notices {
		l, err := c.Write(ctx)
		if err != nil {
			return err
		}
		letters = append(letters, l)
	}
	ours, err := x.deliver(ctx, p, letters)
	if err != nil {
		return err
	}
	x.goal(most("T1", "messages that went out twice, or not at all", float64(ours.Doubled+ours.Missing), 0))
	x.goal(noted(least("T2", "messages a second, the platform answering in 50 ms", ours.PerSecond, 2000), fmt.Sprintf("%d of them", ours.Messages)))
	x.goal(least("T3", "ours ÷ the same calls without a database", ours.PerSecond/ceiling.PerSecond, 0.4))
	each := ours.WorkerCPU + ours.BaseCPU + ours.LoadCPU
	x.goal(noted(most("T4", "processor µs a message: worker, database and platform together", each, 1000), fmt.Sprintf("two cores carry %.0f a second", 2e6/each)))
	x.goal(most("T5", "resident MB of the worker, at the most", ours.PeakMB, 150))
	return nil
}

// deliver starts a worker on queued messages and waits until all are at their end.
func (x *noticeBench) deliver(ctx context.Context, p *Platform, letters []Letters) (f SendFigures, err error) {
	n := 0
	for _, l := range letters {
		n += len(l.Receipts())
	}
	env := append([]string{"BENSE_MODE=demo", "BENSE_DATABASE_URL=" + x.maria.url("sends"), "BENSE_REDIS_URL=embedded", "BENSE_KEYS_MASTER=" + x.master,
		"BENSE_DATA_DIR=" + x.dir + "/worker", "BENSE_LOG_LEVEL=warn"}, p.Environ()...)
	before, own, base := p.Total(), cpuOf(os.Getpid()), x.maria.cpu()
	w, err := start(x.dir, "worker", env, x.bench.Server, "worker")
	if err != nil {
		return f, err
	}
	defer w.stop()
	rate, err := pace(ctx, n, func() int { return p.Total() - before }, w.done)
	if err != nil {
		return f, fmt.Errorf("%w\n%s", err, w.tail())
	}
	f = SendFigures{Side: "ours", Messages: n, PerSecond: rate}
	for open := 1; open > 0; { // the last marks
		open = 0
		for _, l := range letters {
			_, some, err := l.States(ctx)
			if err != nil {
				return f, err
			}
			open += some
		}
	}
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(n) }
	f.WorkerCPU, f.BaseCPU, f.LoadCPU, f.PeakMB = each(w.cpu()), each(x.maria.cpu()-base), each(cpuOf(os.Getpid())-own), w.peak()
	for _, l := range letters {
		states, _, err := l.States(ctx)
		if err != nil {
			return f, err
		}
		for i, r := range l.Receipts() {
			if !p.Got(r) || states[i] != "sent" {
				f.Missing++
			}
		}
	}
	f.Doubled = p.Doubled()
	x.note(f)
	return f, nil
}

func (x *noticeBench) note(f SendFigures) {
	x.report.Sends = append(x.report.Sends, f)
	x.say("%s: %.0f a second of %d", f.Side, f.PerSecond, f.Messages)
}

// pace gives how many a second there were between a tenth and nine tenths of n.
func pace(ctx context.Context, n int, so func() int, ended <-chan struct{}) (float64, error) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(5 * time.Minute)
	defer limit.Stop()
	var from time.Time
	var first int
	for {
		have := so()
		if from.IsZero() && have >= n/10 {
			from, first = time.Now(), have
		}
		if have >= n*9/10 {
			return float64(have-first) / time.Since(from).Seconds(), nil
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-ended:
			return 0, errors.New("bench: the worker has ended")
		case <-limit.C:
			return 0, fmt.Errorf("bench: %d of %d messages after five minutes", have, n)
		case <-tick.C:
		}
	}
}

// ceiling makes n calls as a program would that has nothing else to do.
func (x *noticeBench) ceiling(ctx context.Context, p *Platform, n int) (f SendFigures, err error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 0, underWay
	defer t.CloseIdleConnections()
	client := &http.Client{Transport: t}
	var done atomic.Int64
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for range underWay {
		wg.Go(func() {
			for ctx.Err() == nil {
				// refused for want of a token: as much work for the platform as anything
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL+sendRoute, strings.NewReader(`{"touser":"ceiling","page":"ceiling"}`))
				if err != nil {
					return
				}
				res, err := client.Do(req)
				if err != nil {
					continue
				}
				io.Copy(io.Discard, res.Body)
				res.Body.Close()
				done.Add(1)
			}
		})
	}
	f = SendFigures{Side: "ceiling", Messages: n}
	f.PerSecond, err = pace(ctx, n, func() int { return int(done.Load()) }, nil)
	cancel()
	wg.Wait()
	p.forget(Receipt{"ceiling", "ceiling"})
	x.note(f)
	return f, err
}

// print shows the report to people.
func (r *NoticeReport) print(out io.Writer) {
	e := r.Environment
	fmt.Fprintf(out, "\nenvironment  %s, %d cores, Linux %s, MariaDB %s, %s\n", e.CPU, e.Cores, e.Kernel, e.MariaDB, e.Go)
	fmt.Fprintf(out, "             load average %s before, %s after\n", e.LoadBefore, e.LoadAfter)
	if len(r.Sends) > 0 {
		fmt.Fprintf(out, "\n%-10s %9s %9s %8s %8s %9s %9s %9s %8s\n", "side", "messages", "a second", "doubled", "missing", "worker µs", "base µs", "load µs", "peak MB")
	}
	for _, f := range r.Sends {
		fmt.Fprintf(out, "%-10s %9d %9.0f %8d %8d %9.0f %9.0f %9.0f %8.0f\n", f.Side, f.Messages, f.PerSecond, f.Doubled, f.Missing, f.WorkerCPU, f.BaseCPU, f.LoadCPU, f.PeakMB)
	}
	if len(r.Leases) > 0 {
		fmt.Fprintf(out, "\n%10s %10s %10s %10s  %s\n", "queued", "lease ms", "look ms", "÷ empty", "plan of the lease")
	}
	for _, f := range r.Leases {
		fmt.Fprintf(out, "%10d %10.3f %10.3f %10.2f  %s\n", f.Queued, f.Lease, f.Look, f.Ratio, strings.Join(f.Plan, " | "))
	}
	fmt.Fprintln(out)
	(&Report{Goals: r.Goals}).printGoals(out)
}
