package outbox

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Limit is how much a platform takes: at most N in any stretch of Per. Zero: no limit.
type Limit struct {
	N   int
	Per time.Duration
}

// ParseLimits reads "robot=20/m push=300/s": a channel, a number and s, m, h or d.
func ParseLimits(text string) (map[string]Limit, error) {
	out := map[string]Limit{}
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' }) {
		channel, rate, ok := strings.Cut(part, "=")
		count, unit, per := strings.Cut(rate, "/")
		n, err := strconv.Atoi(count)
		l := Limit{N: n, Per: map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[unit]}
		if !ok || !per || channel == "" || err != nil || n < 1 || l.Per == 0 {
			return nil, fmt.Errorf("outbox: %q is no limit: want CHANNEL=N/s, /m, /h or /d", part)
		}
		out[channel] = l
	}
	return out, nil
}

// burst is how many may go at once. What is left of N trickles in meanwhile, so that no stretch of Per,
// wherever it begins, sees more than N.
func (l Limit) burst() float64 { return float64(max(1, l.N/4)) }

func (l Limit) perSecond() float64 { return (float64(l.N) - l.burst() + 1) / l.Per.Seconds() }

// slowStart is how many messages are under way on a channel that has not answered yet. Each answer allows
// one more, an outage begins anew: a platform that hangs makes few messages uncertain, not all of them.
const slowStart = 16

// gate decides how many messages of a channel may leave now: a bucket of tokens for the platform's rate,
// a window for how many are under way, and a breaker. Everything that was taken ends with exactly one of
// unused, answered and failed.
type gate struct {
	limit   Limit
	after   int           // outages in a row that open the breaker
	first   time.Duration // how long it stays open at first
	longest time.Duration

	mu      sync.Mutex
	tokens  float64
	filled  time.Time
	out     int       // under way
	window  int       // at most so many
	outages int       // in a row
	until   time.Time // open until then; zero: closed
	since   time.Time // of the opening after which nothing has been answered
	probing bool      // one message finds out whether the channel works again
	trips   int       // openings since it last worked
}

func newGate(l Limit, after int, first, longest time.Duration) *gate {
	return &gate{limit: l, after: after, first: first, longest: longest, tokens: l.burst(), window: slowStart}
}

// take says how many of n may go.
func (g *gate) take(now time.Time, n int) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	open := !g.until.IsZero()
	if open {
		if g.probing || now.Before(g.until) {
			return 0
		}
		n = min(n, 1)
	} else {
		n = max(0, min(n, g.window-g.out))
	}
	if g.limit.N > 0 {
		g.fill(now)
		n = min(n, int(g.tokens))
		g.tokens -= float64(n)
	}
	g.probing = open && n > 0
	g.out += n
	return n
}

func (g *gate) fill(now time.Time) {
	if d := now.Sub(g.filled); !g.filled.IsZero() && d > 0 {
		g.tokens = min(g.limit.burst(), g.tokens+d.Seconds()*g.limit.perSecond())
	}
	g.filled = now
}

// unused gives back what was taken and not called.
func (g *gate) unused(n int) {
	if n == 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.probing = false
	g.out -= n
	if g.limit.N > 0 {
		g.tokens = min(g.limit.burst(), g.tokens+float64(n))
	}
}

// answered notes that the channel works, whatever it said.
func (g *gate) answered() (closed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	closed = !g.until.IsZero()
	g.out--
	g.window++
	g.outages, g.trips, g.until, g.since, g.probing = 0, 0, time.Time{}, time.Time{}, false
	return closed
}

// failed notes an outage, and tells until when the breaker is open if that has opened it.
func (g *gate) failed(now, rest time.Time) (until time.Time, opened bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.outages++
	g.out--
	g.window = slowStart
	late := !g.until.IsZero() && !g.probing // was under way when it opened
	if late && !rest.After(g.until) || g.until.IsZero() && g.outages < g.after && rest.IsZero() {
		return g.until, false
	}
	if g.trips++; g.until.IsZero() {
		g.since = now
	}
	g.probing = false
	g.until = now.Add(backoff(g.trips, g.first, g.longest))
	if rest.After(g.until) {
		g.until = rest
	}
	return g.until, true
}

// resume opens the breaker as it was before a restart.
func (g *gate) resume(r Rest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.trips, g.since, g.until = 1, r.Since, r.Until
}

// pause is how long to wait until more may go; negative while the breaker is open.
func (g *gate) pause(now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.until.IsZero() {
		return -1
	}
	if g.limit.N == 0 || g.tokens >= 1 {
		return 0 // an answer widens the window
	}
	return time.Duration(math.Ceil((1 - g.tokens) / g.limit.perSecond() * float64(time.Second)))
}

// open tells since when and until when the breaker is open; zero while the channel works.
func (g *gate) open() (since, until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.since, g.until
}
