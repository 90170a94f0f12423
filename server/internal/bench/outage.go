package bench

import (
	"context"
	"fmt"
	"time"

	"bense/server/internal/id"
)

// Row is a stored presence.
type Row struct {
	Person  int // place in the county; -1: nobody of it
	Attempt [16]byte
}

// Books is what a comparison of acknowledgements with the table gives.
type Books struct {
	Acknowledged, Stored int
	Lost                 int // acknowledged and not stored
	Doubled              int // persons with more than one row
	Foreign              int // acknowledged as new, and another attempt stands; or nobody's row
}

// Reconcile holds what the phones were told against what is stored. attempts are the numbers that the
// requests carried.
func Reconcile(acks []Ack, attempts [][16]byte, rows []Row) Books {
	b := Books{Stored: len(rows)}
	stored := make(map[int][16]byte, len(rows))
	for _, r := range rows {
		if _, twice := stored[r.Person]; twice {
			b.Doubled++
		}
		if r.Person < 0 {
			b.Foreign++
		}
		stored[r.Person] = r.Attempt
	}
	for i, ack := range acks {
		if ack == None {
			continue
		}
		b.Acknowledged++
		switch attempt, there := stored[i]; {
		case !there:
			b.Lost++
		case ack == New && attempt != attempts[i]:
			b.Foreign++
		}
	}
	return b
}

// rows reads what is stored on a list.
func (c *County) rows(ctx context.Context, l List) ([]Row, error) {
	place := make(map[id.ID]int, len(c.persons))
	for i, p := range c.persons {
		place[p] = i
	}
	found, err := c.sql.QueryContext(ctx, "SELECT person_id, attempt_id FROM checkins WHERE list_id = ?", l.ID)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var rows []Row
	for found.Next() {
		var person id.ID
		var attempt []byte
		if err := found.Scan(&person, &attempt); err != nil {
			return nil, err
		}
		r := Row{Person: -1}
		if i, ok := place[person]; ok {
			r.Person = i
		}
		copy(r.Attempt[:], attempt)
		rows = append(rows, r)
	}
	return rows, found.Err()
}

const (
	outageLoad = 12 * time.Second
	kills      = 2
	outageMost = 1500 * time.Millisecond // so long nobody may notice
)

// outage is goal 6: the database dies twice in the middle of its work.
func (x *bench) outage(ctx context.Context) error {
	if x.fastest == 0 {
		if err := x.measureFastest(ctx, 0); err != nil {
			return err
		}
	}
	batch, l, err := x.fresh(ctx, x.county, x.oursAt)
	if err != nil {
		return err
	}
	acks := make([]Ack, batch.Len())
	load := &Load{Addrs: []string{x.oursAt}, Batch: batch, Conns: 256, For: outageLoad, Acks: acks,
		Rate: min(x.fastest/2, float64(batch.Len())/outageLoad.Seconds())}
	killed := make(chan error, 1)
	var outages []time.Duration
	load.Began = func(time.Time) {
		go func() {
			for range kills {
				time.Sleep(outageLoad / (kills + 1))
				from := time.Now()
				x.maria.kill()
				if err := x.maria.start(ctx); err != nil {
					killed <- err
					return
				}
				outages = append(outages, time.Since(from))
			}
			killed <- nil
		}()
	}
	m, err := load.Run(ctx)
	if fault := <-killed; fault != nil {
		return fault
	}
	if err != nil {
		return err
	}
	x.note("6", "ours, database killed", 1, load.Conns, m, 0, 0, 0)
	rows, err := x.county.rows(ctx, l)
	if err != nil {
		return err
	}
	b := Reconcile(acks, batch.attempts, rows)
	longest := max(outages[0], outages[1])
	x.say("goal 6: %d acknowledged, %d stored, outages %v", b.Acknowledged, b.Stored, outages)
	lost := most("6a", "acknowledged and not stored, database killed twice", float64(b.Lost), 0)
	lost.Note = fmt.Sprintf("%d acknowledged at %.0f/s", b.Acknowledged, load.Rate)
	x.goal(lost)
	x.goal(most("6b", "stored twice, or under another attempt than the acknowledged", float64(b.Doubled+b.Foreign), 0))
	failed := most("6c", "requests that failed", float64(m.Bad()), 0)
	failed.Note = fmt.Sprintf("longest outage %d ms, asked for up to %d", longest.Milliseconds(), outageMost.Milliseconds())
	x.goal(failed)
	return nil
}
