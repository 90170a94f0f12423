package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	viewers   = 200
	seenAfter = time.Second
	never     = time.Hour // what a viewer waits for who is not told
)

// Sight is a count that a viewer was shown.
type Sight struct {
	At      time.Time
	Present int
}

// viewer watches the board like the page does.
type viewer struct {
	c    net.Conn
	seen []Sight
}

// board is goal 7: viewers of the big screen cost little and see quickly.
func (x *bench) board(ctx context.Context) error {
	var ratios, delays []float64
	for round := range x.rounds {
		without, err := x.oursOnce(ctx, "7", round+1, 128)
		if err != nil {
			return err
		}
		batch, l, err := x.fresh(ctx, x.county, x.oursAt)
		if err != nil {
			return err
		}
		var board struct {
			Token string `json:"token"`
		}
		err = call(ctx, "POST", fmt.Sprintf("http://%s/api/v1/lists/%s/boards", x.oursAt, l.ID), x.county.staff, map[string]bool{"names": false}, &board)
		if r := (*refusal)(nil); errors.As(err, &r) && r.Status == http.StatusNotFound {
			x.goal(unmeasured(least("7a", "throughput with 200 viewers ÷ without", 0, .95), "there is no board yet"))
			x.goal(unmeasured(most("7b", "ms until the last of 200 viewers has seen a count", 0, ms(seenAfter)), "there is no board yet"))
			return nil
		}
		if err != nil {
			return err
		}
		with, delay, err := x.viewed(ctx, round, batch, board.Token)
		if err != nil {
			return err
		}
		ratios = append(ratios, with.Rate()/without.Rate())
		delays = append(delays, ms(delay))
	}
	x.goal(least("7a", "throughput with 200 viewers ÷ without", median(ratios), .95))
	x.goal(most("7b", "ms until the last of 200 viewers has seen a count", median(delays), ms(seenAfter)))
	return nil
}

// viewed runs a load before the eyes of the viewers, and gives the longest time that a viewer did not
// know of somebody who was signed in.
func (x *bench) viewed(ctx context.Context, round int, batch *Batch, token string) (*Measure, time.Duration, error) {
	all := make([]*viewer, 0, viewers)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer func() {
		for _, v := range all {
			v.c.Close()
		}
	}()
	ready := make(chan struct{}, viewers)
	for range viewers {
		c, err := net.DialTimeout("tcp", x.oursAt, 5*time.Second)
		if err != nil {
			return nil, 0, err
		}
		v := &viewer{c: c}
		all = append(all, v)
		wg.Go(func() { v.watch("/api/v1/boards/"+token+"/events", ready) })
	}
	for range viewers {
		select {
		case <-ready:
		case <-time.After(10 * time.Second):
			return nil, 0, fmt.Errorf("bench: not every viewer got a first count")
		}
	}
	var began time.Time
	load := &Load{Addrs: []string{x.oursAt}, Batch: batch, Conns: 128, AckedAt: make([]int64, batch.Len()), Began: func(t time.Time) { began = t }}
	m, err := x.run(ctx, "7", "ours, 200 viewers", round+1, x.ours, load)
	if err != nil {
		return nil, 0, err
	}
	time.Sleep(2 * seenAfter) // what comes later counts as never
	for _, v := range all {
		v.c.Close()
	}
	wg.Wait()
	var acked []time.Time
	for _, at := range load.AckedAt {
		if at > 0 {
			acked = append(acked, began.Add(time.Duration(at)))
		}
	}
	var longest time.Duration
	for _, v := range all {
		longest = max(longest, Blind(acked, v.seen))
	}
	return m, longest, nil
}

// watch reads events until the connection is closed; the first one reports ready.
func (v *viewer) watch(path string, ready chan<- struct{}) {
	if _, err := v.c.Write(Request("GET", path, "", nil)); err != nil {
		return
	}
	res, err := http.ReadResponse(bufio.NewReader(v.c), nil)
	if err != nil || res.StatusCode != http.StatusOK {
		return
	}
	lines := bufio.NewReaderSize(res.Body, 64<<10)
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return
		}
		if n, ok := PresentIn(line); ok {
			v.seen = append(v.seen, Sight{time.Now(), n})
			if len(v.seen) == 1 {
				ready <- struct{}{}
			}
		}
	}
}

// PresentIn finds the count in the data of an event.
func PresentIn(line []byte) (int, bool) {
	if !bytes.HasPrefix(line, []byte("data:")) {
		return 0, false
	}
	for _, key := range []string{`"counts":`, `"present":`} {
		at := bytes.Index(line, []byte(key))
		if at < 0 {
			return 0, false
		}
		line = line[at+len(key):]
	}
	end := bytes.IndexAny(line, ",}")
	if end < 0 {
		return 0, false
	}
	n, err := strconv.Atoi(string(bytes.TrimSpace(line[:end])))
	return n, err == nil
}

// Blind is the longest time between an acknowledgement and the first sight that counts it in. The
// first sight says how many were there before.
func Blind(acked []time.Time, seen []Sight) time.Duration {
	if len(seen) == 0 {
		return never
	}
	slices.SortFunc(acked, time.Time.Compare)
	before := seen[0].Present
	var longest time.Duration
	s := 0
	for k, at := range acked {
		for s < len(seen) && seen[s].Present < before+k+1 {
			s++
		}
		if s == len(seen) {
			return never
		}
		longest = max(longest, seen[s].At.Sub(at))
	}
	return longest
}
