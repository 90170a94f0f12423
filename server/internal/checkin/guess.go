package checkin

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"bense/server/internal/cache"
	"bense/server/internal/clock"
	"bense/server/internal/id"
)

// How many wrong codes an account may show within one window. Codes are 128 bits long, so this is not
// what protects them: it keeps a machine that tries from costing us anything. Only wrong codes count and
// only wrong codes are refused, so a genuine code opens the door whatever was shown before it.
const (
	guessWindow  = 10 * time.Minute
	guessPhone   = 30  // on the own phone
	guessDoor    = 300 // at a door, where many foreign codes are held up
	guessWait    = 200 * time.Millisecond
	guessPause   = 5 * time.Second // a Redis that does not answer is left alone for that long
	guessEntries = 50_000
	guessAll     = 2000 // of all accounts in this process: from there on …
	guessCrowd   = 10   // … each account has a tenth left, so that a crowd of machines costs no more than one
)

// guesses counts wrong codes in Redis and in this process and believes the higher figure: without
// Redis each instance still counts its own.
type guesses struct {
	cache *cache.Cache
	clk   clock.Clock
	pause atomic.Int64

	mu     sync.Mutex
	window int64
	all    int
	local  map[id.ID]int
}

func newGuesses(c *cache.Cache, clk clock.Clock) *guesses { return &guesses{cache: c, clk: clk} }

// wrong counts n wrong codes of an account and reports whether that were too many.
func (g *guesses) wrong(ctx context.Context, account id.ID, n, most int) bool {
	now := g.clk.Now()
	window := now.Unix() / int64(guessWindow/time.Second)
	count, all := g.addLocal(window, account, n)
	if all > guessAll {
		most /= guessCrowd
		if count > most {
			return true // not worth a question
		}
	}
	if g.cache != nil && now.UnixMilli() >= g.pause.Load() {
		short, cancel := context.WithTimeout(context.WithoutCancel(ctx), guessWait)
		defer cancel()
		key := "checkin:guess:" + strconv.FormatInt(window, 10) + ":" + account.String()
		var total *redis.IntCmd
		_, err := g.cache.Client().Pipelined(short, func(p redis.Pipeliner) error {
			total = p.IncrBy(short, key, int64(n))
			p.Expire(short, key, 2*guessWindow)
			return nil
		})
		if err != nil {
			g.pause.Store(now.Add(guessPause).UnixMilli())
		} else {
			count = max(count, int(total.Val()))
		}
	}
	return count > most
}

func (g *guesses) addLocal(window int64, account id.ID, n int) (count, all int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if window != g.window {
		g.window, g.all, g.local = window, 0, nil
	}
	if g.local == nil || len(g.local) >= guessEntries {
		g.local = map[id.ID]int{}
	}
	g.local[account] += n
	g.all += n
	return g.local[account], g.all
}
