package bench

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// pair is goal 8: a second instance on the same database and Redis, on the same two cores.
func (x *bench) pair(ctx context.Context) error {
	twin, twinAt, err := x.serve(ctx, "twin", "bense")
	if err != nil {
		return err
	}
	defer twin.stop()
	both := []string{x.oursAt, twinAt}
	var ratios []float64
	for round := range x.rounds {
		one, err := x.oursOnce(ctx, "8", round+1, 128)
		if err != nil {
			return err
		}
		batch, _, err := x.fresh(ctx, x.county, both...)
		if err != nil {
			return err
		}
		two, err := x.run(ctx, "8", "ours, two instances", round+1, nil, &Load{Addrs: both, Batch: batch, Conns: 128})
		if err != nil {
			return err
		}
		ratios = append(ratios, two.Rate()/one.Rate())
	}
	x.goal(least("8a", "two instances together ÷ one", median(ratios), 1))
	faults, err := x.onlyOnce(ctx, both)
	if err != nil {
		return err
	}
	x.goal(most("8b", "persons not signed in exactly once, both instances asked at once", float64(faults), 0))
	wrong, err := x.agreement(ctx, both)
	if err != nil {
		return err
	}
	x.goal(most("8c", "persons of 20 whose 请假 at one the other ignores 1 s later", float64(wrong), 0))
	return nil
}

// onlyOnce has everybody sign in at both instances at the same moment, and counts the persons who were
// not answered ok once and already once, and what the table says otherwise.
func (x *bench) onlyOnce(ctx context.Context, both []string) (int, error) {
	batch, l, err := x.fresh(ctx, x.county, both...)
	if err != nil {
		return 0, err
	}
	n := min(batch.Len(), 20_000)
	loads := make([]*Load, 2)
	for i := range loads {
		loads[i] = &Load{Addrs: both[i : i+1], Batch: x.county.Taps(l, 0, n, false), Conns: 64, For: 2 * time.Minute, Acks: make([]Ack, n)}
	}
	faults := make([]error, 2)
	var wg sync.WaitGroup
	for i, load := range loads {
		wg.Go(func() { _, faults[i] = load.Run(ctx) })
	}
	wg.Wait()
	for _, err := range faults {
		if err != nil {
			return 0, err
		}
	}
	rows, err := x.county.rows(ctx, l)
	if err != nil {
		return 0, err
	}
	winners, attempts := make([]Ack, n), make([][16]byte, n)
	bad := 0
	for i := range n {
		first, second := loads[0].Acks[i], loads[1].Acks[i]
		if !(first == New && second == Already || first == Already && second == New) {
			bad++
			continue
		}
		winners[i], attempts[i] = New, loads[0].Batch.attempts[i]
		if second == New {
			attempts[i] = loads[1].Batch.attempts[i]
		}
	}
	b := Reconcile(winners, attempts, rows)
	return bad + b.Lost + b.Doubled + b.Foreign, nil
}

// agreement has people excuse themselves at one instance; a second later the other one has to know.
func (x *bench) agreement(ctx context.Context, both []string) (wrong int, err error) {
	const people = 20
	batch, l, err := x.fresh(ctx, x.county, both...)
	if err != nil {
		return 0, err
	}
	for i := range people {
		url := fmt.Sprintf("http://%s/api/v1/activities/%s/answers/%s", both[0], l.Activity, x.county.persons[i])
		if err := call(ctx, "PUT", url, x.county.tokens[i], map[string]string{"answer": "leave"}, nil); err != nil {
			return 0, err
		}
	}
	time.Sleep(time.Second)
	k := newConn(both[1], time.Now().Add(time.Minute))
	defer k.close()
	for i := range people {
		status, body, err := k.do(batch.At(i))
		if err != nil {
			return 0, err
		}
		if status != 200 || answerOf(body) != "on_leave" {
			wrong++
		}
	}
	return wrong, nil
}
