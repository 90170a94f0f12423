package tour

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"bense/server/internal/app"
	"bense/server/internal/wechat/emulator"
)

// thread is one tour on its way.
type thread struct {
	inst  *app.Instance
	emu   *emulator.Emulator
	api   *client
	clock *shiftable
	books books
	out   io.Writer
	begun time.Time

	committee string
	office    *phone
	alliances []*alliance
	people    []*person // in ledger order
	figures   Figures

	mu     sync.Mutex
	faults []string
}

// alliance is one alliance with the people who run it.
type alliance struct {
	ID, Name string
	LeadUnit string
	Units    []*unit
	People   []*person
	head     *phone

	activity, notice, list string
	entries                []entry
	already                int // attempts that were answered so
}

// unit is one unit with its liaison.
type unit struct {
	ID, Name string
	liaison  *phone
}

// person is one person of the ledger with what it does on this tour.
type person struct {
	choice
	ID, Name, Number string
	unit             *unit
	phone            *phone
	card             string // the text of the printed card's code
}

// say writes one line of progress.
func (t *thread) say(format string, args ...any) {
	fmt.Fprintf(t.out, "%6.1fs  %s\n", time.Since(t.begun).Seconds(), fmt.Sprintf(format, args...))
}

// same holds two figures against each other and notes a difference.
func (t *thread) same(what string, said, found int) {
	if said == found {
		return
	}
	t.fault("%s: 接口 API %d ≠ 数据库 database %d", what, said, found)
}

func (t *thread) fault(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	line := fmt.Sprintf(format, args...)
	t.faults = append(t.faults, line)
	t.say("不一致 MISMATCH  %s", line)
}

// drain lets the worker send what is due, and what falls due in the next moments: the group's card
// is refreshed at most every ten seconds, which the tour does not sit out.
func (t *thread) drain(ctx context.Context) error {
	for range 2 {
		if err := t.inst.Drain(ctx); err != nil {
			return err
		}
		if err := t.emu.Flush(ctx); err != nil {
			return err
		}
		t.clock.forward(15 * time.Second)
	}
	return nil
}

// shiftable is the machine's clock, moved ahead by what the tour skips.
type shiftable struct{ ahead atomic.Int64 }

// Now gives the moved time.
func (s *shiftable) Now() time.Time {
	return time.Now().Add(time.Duration(s.ahead.Load())).UTC().Truncate(time.Millisecond)
}

func (s *shiftable) forward(d time.Duration) { s.ahead.Add(int64(d)) }
