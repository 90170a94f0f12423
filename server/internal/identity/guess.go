package identity

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"bense/server/internal/id"
)

// Limits on wrong binding codes within one window. Only wrong ones count, so the honest use up
// nothing. One WeChat account has five; when an address (a hall full of people may share one) or
// the whole installation sees many wrong codes, accounts that are at it for the first or second
// time still go through: guessing 10⁸ codes would take that many WeChat accounts, and nobody with
// a genuine code is kept out by the guesses of others.
const (
	guessWindow     = 30 * time.Minute
	guessPerAccount = 5
	guessPerAddress = 30
	guessEverywhere = 200
	guessFree       = 2
)

// refuseGuess judges counts that include the attempt in question.
func refuseGuess(account, address, everywhere int) bool {
	if account > guessPerAccount {
		return true
	}
	return account > guessFree && (address > guessPerAddress || everywhere > guessEverywhere)
}

// guesses counts attempts in Redis and in this process and believes the higher figure: without
// Redis, or after it lost everything, each instance still counts its own.
type guesses struct {
	remote *remote

	mu     sync.Mutex
	window int64
	local  map[string]int
}

func newGuesses(r *remote) *guesses { return &guesses{remote: r} }

// begin counts an attempt before it is judged, so that attempts at the same moment can't slip
// through together. Call right when the code was, or couldn't be judged.
func (g *guesses) begin(ctx context.Context, account id.ID, address string) (allowed bool, right func()) {
	window := g.remote.clk.Now().Unix() / int64(guessWindow/time.Second)
	keys := []string{"account:" + account.String(), "address:" + address, "all"}
	n := g.add(ctx, window, keys, 1)
	right = func() { g.add(ctx, window, keys, -1) }
	if refuseGuess(n[0], n[1], n[2]) {
		right() // it isn't judged: hammering doesn't use up what others have
		return false, func() {}
	}
	return true, right
}

func (g *guesses) add(ctx context.Context, window int64, keys []string, by int) []int {
	counts := g.addLocal(window, keys, by)
	cmds := make([]*redis.IntCmd, len(keys))
	answered := g.remote.do(ctx, func(ctx context.Context, c redis.UniversalClient) error {
		p := c.Pipeline()
		for i, k := range keys {
			key := "identity:guess:" + strconv.FormatInt(window, 10) + ":" + k
			cmds[i] = p.IncrBy(ctx, key, int64(by))
			p.Expire(ctx, key, 2*guessWindow)
		}
		_, err := p.Exec(ctx)
		return err
	})
	if answered {
		for i, cmd := range cmds {
			counts[i] = max(counts[i], int(cmd.Val()))
		}
	}
	return counts
}

func (g *guesses) addLocal(window int64, keys []string, by int) []int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if window != g.window || g.local == nil {
		g.window, g.local = window, map[string]int{}
	}
	counts := make([]int, len(keys))
	for i, k := range keys {
		g.local[k] += by
		counts[i] = g.local[k]
	}
	return counts
}
