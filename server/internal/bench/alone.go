package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

// embedded is goal 9: one process with SQLite and the Redis inside it.
func (x *bench) embedded(ctx context.Context) error {
	url := "sqlite://" + filepath.Join(x.dir, "embedded.db")
	server, addr, err := startServer(ctx, x.Server, x.dir, "embedded", "BENSE_DATABASE_URL="+url, "BENSE_REDIS_URL=embedded", "BENSE_KEYS_MASTER="+x.master)
	if err != nil {
		return err
	}
	defer server.stop()
	c, err := x.settle(ctx, url, x.Members)
	if err != nil {
		return err
	}
	var ratios []float64
	for round := range x.rounds {
		batch, _, err := x.fresh(ctx, c, addr)
		if err != nil {
			return err
		}
		a, err := x.run(ctx, "9", "A ceiling", round+1, x.a, &Load{Addrs: []string{x.aAt}, Batch: x.forA, Conns: 128})
		if err != nil {
			return err
		}
		m, err := x.run(ctx, "9", "ours, embedded", round+1, server, &Load{Addrs: []string{addr}, Batch: batch, Conns: 128})
		if err != nil {
			return err
		}
		ratios = append(ratios, m.Rate()/a.Rate())
	}
	x.goal(least("9", "embedded (SQLite) ÷ A at 128 connections", median(ratios), .35))
	return nil
}

// memory is goal 10: what the server holds with a million on the list and 512 connections, and whether
// it grows while people go on signing in.
func (x *bench) memory(ctx context.Context) error {
	people, soak := 1_000_000, time.Minute
	if x.Quick {
		people, soak = x.Members, 15*time.Second
	}
	if x.Full {
		soak = 10 * time.Minute
	}
	server, addr, err := x.serve(ctx, "million", "million")
	if err != nil {
		return err
	}
	defer server.stop()
	x.say("a county of %d", people)
	c, err := x.settle(ctx, x.maria.url("million"), people)
	if err != nil {
		return err
	}
	batch, _, err := x.fresh(ctx, c, addr)
	if err != nil {
		return err
	}
	m, seen, err := x.watched(ctx, server, &Load{Addrs: []string{addr}, Batch: batch, Conns: 512, For: 2 * x.span}, 50*time.Millisecond)
	if err != nil {
		return err
	}
	x.goal(most("10a", fmt.Sprintf("resident MB with %d on the list and 512 connections, at the most", people), slices.Max(seen)/(1<<20), 150))
	load := &Load{Addrs: []string{addr}, Batch: batch, Conns: 512, For: soak, Rate: min(2000, m.Rate()/4)}
	for i := range int(load.Rate * soak.Seconds()) {
		load.Order = append(load.Order, int32(i%batch.Len()))
	}
	if _, seen, err = x.watched(ctx, server, load, soak/60); err != nil {
		return err
	}
	half := len(seen) / 2
	growth := most("10b", "growth in % of resident memory, second half against first", (mean(seen[half:])/mean(seen[:half])-1)*100, 5)
	growth.Note = fmt.Sprintf("over %s", soak)
	if !x.Full {
		growth.Note += ", ten minutes with --full"
	}
	x.goal(growth)
	return nil
}

// watched runs a load and looks at the server's memory meanwhile.
func (x *bench) watched(ctx context.Context, server *process, l *Load, every time.Duration) (*Measure, []float64, error) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	var seen []float64
	go func() {
		defer close(stopped)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			seen = append(seen, float64(server.resident()))
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	m, err := x.run(ctx, "10", fmt.Sprintf("ours, %s", l.For), 1, server, l)
	close(stop)
	<-stopped
	if err == nil && len(seen) < 2 {
		err = fmt.Errorf("bench: the run was too short to look at")
	}
	return m, seen, err
}

func mean(v []float64) (m float64) {
	for _, f := range v {
		m += f / float64(len(v))
	}
	return m
}
