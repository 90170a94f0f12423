// Package clock gives the time, so that rules and tests can choose it.
package clock

import (
	"sync"
	"time"
	_ "time/tzdata" // people live in Asia/Shanghai, also on machines without zone files
)

// Shanghai is the zone in which people read dates.
var Shanghai = mustLoad("Asia/Shanghai")

func mustLoad(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic(err) // tzdata is embedded: this cannot happen
	}
	return loc
}

// Clock tells the time in UTC with millisecond precision, as the database stores it.
type Clock interface{ Now() time.Time }

type system struct{}

func (system) Now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// System is the machine's clock.
func System() Clock { return system{} }

// Fake is a clock for tests; safe for concurrent use.
type Fake struct {
	mu sync.Mutex
	t  time.Time
}

// NewFake starts a fake clock at t.
func NewFake(t time.Time) *Fake { return &Fake{t: t.UTC().Truncate(time.Millisecond)} }

// Now gives the fake time.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.t
}

// Set moves the clock to t.
func (f *Fake) Set(t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.t = t.UTC().Truncate(time.Millisecond)
}

// Advance moves the clock by d.
func (f *Fake) Advance(d time.Duration) { f.Set(f.Now().Add(d)) }

var began = time.Now()

// Elapsed is how long the process has run. It neither jumps nor stands still with the clocks that
// people set: time-outs are measured with it, never with a Clock.
func Elapsed() time.Duration { return time.Since(began) }
