package bench

import (
	"context"
	"fmt"
	"time"

	"bense/server/internal/checkin"
	"bense/server/internal/db"
)

// flat is goal 5: a row costs the database the same, however many there are. It has a database of its
// own, which is empty at first.
func (x *bench) flat(ctx context.Context) error {
	server, addr, err := x.serve(ctx, "flat", "flat")
	if err != nil {
		return err
	}
	defer server.stop()
	c, err := x.settle(ctx, x.maria.url("flat"), x.Members)
	if err != nil {
		return err
	}
	sizes := []int{0, 1_000_000}
	if x.Full {
		sizes = append(sizes, 10_000_000)
	}
	if x.Quick {
		sizes[1] = 200_000
	}
	var each []float64
	have := 0
	for _, size := range sizes {
		for ; have < size; have += len(c.persons) {
			if err := c.fill(ctx); err != nil {
				return err
			}
		}
		if err := x.maria.calm(ctx); err != nil {
			return err
		}
		var used time.Duration
		stored := 0
		for round := range x.rounds {
			batch, _, err := x.fresh(ctx, c, addr)
			if err != nil {
				return err
			}
			before := x.maria.cpu()
			m, err := x.run(ctx, "5", fmt.Sprintf("ours, %d rows", size), round+1, server, &Load{Addrs: []string{addr}, Batch: batch, Conns: 512, For: 2 * x.span})
			if err != nil {
				return err
			}
			used += x.maria.cpu() - before
			stored += m.New
		}
		if stored == 0 {
			return fmt.Errorf("bench: nothing was stored")
		}
		each = append(each, float64(used.Nanoseconds())/1000/float64(stored))
	}
	last := sizes[len(sizes)-1]
	ratio := most("5a", fmt.Sprintf("database CPU of a row at %d rows ÷ at 0", last), each[len(each)-1]/each[0], 1.05)
	if !x.Full {
		ratio.Note = "ten million rows only with --full"
	}
	x.goal(ratio)
	x.goal(most("5b", "database CPU of a row in µs at 512 connections", each[0], 5))
	return nil
}

// fill puts everybody on the list of another activity, inside the database.
func (c *County) fill(ctx context.Context) error {
	l, err := c.Open(ctx)
	if err != nil {
		return err
	}
	now, attempt := db.At(time.Now()), nonce()
	_, err = c.sql.ExecContext(ctx, "INSERT INTO checkins (list_id, person_id, attempt_id, door, way, happened_at, recorded_at, recorded_by) "+
		"SELECT ?, person_id, ?, ?, ?, ?, ?, person_id FROM activity_expected WHERE activity_id = ?",
		l.ID, attempt[:], string(checkin.Self), checkin.OnSite, now, now, l.Activity)
	return err
}

// calm waits until the server has written down what it still has to, so that it isn't measured with
// what comes next.
func (m *mariadb) calm(ctx context.Context) error {
	if _, err := m.root.ExecContext(ctx, "SET GLOBAL innodb_max_dirty_pages_pct = 0"); err != nil {
		return err
	}
	for range 600 {
		dirty, err := m.status(ctx, "Innodb_buffer_pool_pages_dirty")
		if err != nil {
			return err
		}
		if dirty < 50 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	_, err := m.root.ExecContext(ctx, "SET GLOBAL innodb_max_dirty_pages_pct = 90")
	return err
}
