package bench

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"time"
)

// sides are goals 1 and 2: ours between the ceiling and what is usual, in rounds, the ratios of each
// round by itself.
func (x *bench) sides(ctx context.Context) error {
	at := []struct {
		id            string
		conns         int
		pass, stretch float64
	}{{"1a", 32, .53, .62}, {"1b", 128, .62, .72}, {"1c", 512, .74, .90}}
	toA, byCost := map[string][]float64{}, map[string][]float64{}
	var toB []float64
	var toPB []float64
	var pb *pocketbase
	if x.wanted("2") {
		if err := x.sideB(ctx); err != nil {
			return err
		}
		if x.PocketBase != "" {
			var err error
			if pb, err = startPocketBase(ctx, x.dir, x.PocketBase); err != nil {
				x.say("no PocketBase: %v", err)
				pb = nil
			} else {
				defer pb.stop()
			}
		}
	}
	for round := range x.rounds + 1 { // the first warms everything up and is not counted
		for _, s := range at {
			if (round == 0 || !x.wanted("1")) && s.conns != 128 {
				continue
			}
			a, err := x.run(ctx, "1", "A ceiling", round, x.a, &Load{Addrs: []string{x.aAt}, Batch: x.forA, Conns: s.conns})
			if err != nil {
				return err
			}
			m, err := x.oursOnce(ctx, "1", round, s.conns)
			if err != nil {
				return err
			}
			if round > 0 {
				toA[s.id] = append(toA[s.id], m.Rate()/a.Rate())
				last := x.report.Runs[len(x.report.Runs)-2:]
				byCost[s.id] = append(byCost[s.id], last[0].cost()/last[1].cost())
			}
			if s.conns != 128 || !x.wanted("2") {
				continue
			}
			b, err := x.usualOnce(ctx, round)
			if err != nil {
				return err
			}
			if round > 0 {
				toB = append(toB, m.Rate()/b.Rate())
			}
			if pb == nil {
				continue
			}
			p, err := x.run(ctx, "2", "PocketBase FULL", round, pb.process, &Load{Addrs: []string{pb.addr}, Conns: 128,
				Batch: pb.records(fmt.Sprint(round), 20_000), Answer: recorded})
			if err != nil {
				return err
			}
			if round > 0 {
				toPB = append(toPB, m.Rate()/p.Rate())
			}
		}
		if round == 0 {
			x.report.Runs = nil
		}
	}
	if x.wanted("1") {
		for _, s := range at {
			g := least(s.id, fmt.Sprintf("ours ÷ A at %d connections", s.conns), median(toA[s.id]), s.pass)
			g.Stretch, g.Note = s.stretch, fmt.Sprintf("%.3f by processor time", median(byCost[s.id]))
			x.goal(g)
		}
	}
	if x.wanted("2") {
		x.goal(least("2a", "ours ÷ B at 128 connections", median(toB), 28))
		if pb != nil {
			x.goal(least("2b", "ours ÷ PocketBase 0.36.8 with FULL at 128 connections", median(toPB), 18))
		} else {
			x.goal(unmeasured(least("2b", "ours ÷ PocketBase 0.36.8 with FULL at 128 connections", 0, 18), "PocketBase could not be built or started"))
		}
	}
	return nil
}

func (x *bench) oursOnce(ctx context.Context, goal string, round, conns int) (*Measure, error) {
	batch, _, err := x.fresh(ctx, x.county, x.oursAt)
	if err != nil {
		return nil, err
	}
	l := &Load{Addrs: []string{x.oursAt}, Batch: batch, Conns: conns}
	if x.pprof != "" && goal == "1" && conns == 128 && round > 0 {
		done := make(chan error, 1)
		l.Began = func(time.Time) { go func() { done <- x.profile(ctx) }() }
		defer func() {
			if err := <-done; err != nil {
				x.say("no profile: %v", err)
			}
		}()
	}
	return x.run(ctx, goal, "ours", round, x.ours, l)
}

// profile takes the processor profile of the server while a run goes on.
func (x *bench) profile(ctx context.Context) error {
	url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", x.pprof, max(1, int(x.span/time.Second)))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("bench: profile: %s", res.Status)
	}
	out, err := os.Create(x.profileFile())
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = io.Copy(out, res.Body)
	return err
}

func (x *bench) usualOnce(ctx context.Context, round int) (*Measure, error) {
	l, err := x.county.OpenUsual(ctx, x.sideDB)
	if err != nil {
		return nil, err
	}
	batch := x.county.Taps(l, 0, min(len(x.county.persons), 20_000), true)
	return x.run(ctx, "2", "B usual", round, x.b, &Load{Addrs: []string{x.bAt}, Batch: batch, Conns: 128})
}

// steady is goal 3: at 70 % of the most that 256 connections get, what somebody in the hall waits.
func (x *bench) steady(ctx context.Context) error {
	var p50, p99, p999 []float64
	for round := range x.rounds {
		if err := x.measureFastest(ctx, round); err != nil {
			return err
		}
		batch, _, err := x.fresh(ctx, x.county, x.oursAt)
		if err != nil {
			return err
		}
		m, err := x.run(ctx, "3", "ours, fixed 70 %", round+1, x.ours, &Load{Addrs: []string{x.oursAt}, Batch: batch, Conns: 256, Rate: .7 * x.fastest, For: 2 * x.span})
		if err != nil {
			return err
		}
		if m.Bad() > 0 {
			x.say("goal 3: %d requests failed: %v", m.Bad(), m.Errors)
		}
		p50 = append(p50, ms(m.Latency.Quantile(.5)))
		p99 = append(p99, ms(m.Latency.Quantile(.99)))
		p999 = append(p999, ms(m.Latency.Quantile(.999)))
	}
	x.goal(most("3a", "p50 in ms at 70 % of the maximum, from the planned time", median(p50), 2.5))
	x.goal(most("3b", "p99 in ms", median(p99), 10))
	x.goal(most("3c", "p99.9 in ms", median(p999), 25))
	return nil
}

// measureFastest finds our own maximum with 256 connections.
func (x *bench) measureFastest(ctx context.Context, round int) error {
	batch, _, err := x.fresh(ctx, x.county, x.oursAt)
	if err != nil {
		return err
	}
	m, err := x.run(ctx, "3", "ours, maximum", round+1, x.ours, &Load{Addrs: []string{x.oursAt}, Batch: batch, Conns: 256})
	if err == nil {
		x.fastest = m.Rate()
	}
	return err
}

// repeats is goal 4: people tap twice, and phones send again what was not answered.
func (x *bench) repeats(ctx context.Context) error {
	var half, all []float64
	var asked int64
	for round := range x.rounds {
		rates := map[int]float64{}
		var batch *Batch
		for _, share := range []int{0, 5, 20, 50} {
			var err error
			var l List
			if batch, l, err = x.fresh(ctx, x.county, x.oursAt); err != nil {
				return err
			}
			first := batch.Len()
			for i := 0; i < first; i += 2 { // every second repetition is another tap, with a nonce of its own
				batch.Add(x.county.tap(l, i, nonce(), time.Now().UTC(), false))
			}
			m, err := x.run(ctx, "4", fmt.Sprintf("ours, %d %% repeats", share), round+1, x.ours,
				&Load{Addrs: []string{x.oursAt}, Batch: batch, Conns: 128, Order: Mix(first, share)})
			if err != nil {
				return err
			}
			rates[share] = m.Rate()
		}
		half = append(half, rates[50]/rates[0])
		n, ratio, err := x.onlyRepeats(ctx, round)
		if err != nil {
			return err
		}
		asked = max(asked, n)
		all = append(all, ratio)
	}
	x.goal(least("4a", "rate with 50 % repeats ÷ rate without", median(half), .95))
	x.goal(least("4b", "all repeats ÷ A at 128 connections", median(all), .95))
	x.goal(most("4c", "SQL statements that repeats alone cause (most of the rounds)", float64(asked), 0))
	return nil
}

// Mix gives an order over first requests 0..n-1 in which a share of percent are repetitions of earlier
// ones: the same request again, or for even ones the second tap that stands at n+i/2.
func Mix(n, percent int) []int32 {
	r := rand.New(rand.NewPCG(1, uint64(percent)))
	var order []int32
	for next := 0; next < n; {
		if next > 1000 && r.IntN(100) < percent {
			i := r.IntN(next - 1000) // answered by now
			if i%2 == 0 && r.IntN(2) == 0 {
				i = n + i/2
			}
			order = append(order, int32(i))
			continue
		}
		order = append(order, int32(next))
		next++
	}
	return order
}

// onlyRepeats signs a part of the county in, then sends the same again and again, between two runs of
// A. It counts the statements that the database was asked beyond what it is asked in idle time.
func (x *bench) onlyRepeats(ctx context.Context, round int) (statements int64, ratio float64, err error) {
	batch, _, err := x.fresh(ctx, x.county, x.oursAt)
	if err != nil {
		return 0, 0, err
	}
	few := min(batch.Len(), 20_000)
	order := make([]int32, few)
	for i := range order {
		order[i] = int32(i)
	}
	if _, err := (&Load{Addrs: []string{x.oursAt}, Batch: batch, Conns: 128, Order: order, For: time.Minute}).Run(ctx); err != nil {
		return 0, 0, err
	}
	a, err := x.run(ctx, "4", "A ceiling", round+1, x.a, &Load{Addrs: []string{x.aAt}, Batch: batch, Conns: 128})
	if err != nil {
		return 0, 0, err
	}
	order = order[:0]
	for range max(1, 200_000/few) {
		for i := range few {
			order = append(order, int32(i))
		}
	}
	count := func(during func() error) (int64, time.Duration, error) {
		before, err := x.maria.status(ctx, "Questions")
		if err != nil {
			return 0, 0, err
		}
		from := time.Now()
		if err := during(); err != nil {
			return 0, 0, err
		}
		took := time.Since(from)
		after, err := x.maria.status(ctx, "Questions")
		return after - before, took, err
	}
	var m *Measure
	busy, took, err := count(func() (err error) {
		m, err = x.run(ctx, "4", "ours, all repeats", round+1, x.ours, &Load{Addrs: []string{x.oursAt}, Batch: batch, Conns: 128, Order: order})
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	idle, waited, err := count(func() error { time.Sleep(max(took, 2*time.Second)); return nil })
	if err != nil {
		return 0, 0, err
	}
	background := int64(float64(idle)*took.Seconds()/waited.Seconds()) + 4 // the worker's rhythm does not fall evenly
	return max(0, busy-background), m.Rate() / a.Rate(), nil
}
