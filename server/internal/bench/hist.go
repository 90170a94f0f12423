package bench

import (
	"math/bits"
	"time"
)

const (
	subBits = 6 // 64 steps in each power of two: an error below 1.6 %
	subs    = 1 << subBits
)

// Hist counts durations in steps that grow with them, from a microsecond to hours.
type Hist struct {
	counts [40 * subs]uint64
	n      uint64
	max    time.Duration
}

// step gives the place of a number of microseconds.
func step(us uint64) int {
	if us < subs {
		return int(us)
	}
	shift := bits.Len64(us) - subBits - 1
	return (shift+1)*subs + int(us>>shift) - subs
}

// top gives the largest number of microseconds that has its place at i.
func top(i int) uint64 {
	if i < subs {
		return uint64(i)
	}
	shift := i/subs - 1
	return (uint64(i%subs+subs)+1)<<shift - 1
}

// Add counts one duration.
func (h *Hist) Add(d time.Duration) {
	us := uint64(max(d, 0) / time.Microsecond)
	h.counts[min(step(us), len(h.counts)-1)]++
	h.n++
	h.max = max(h.max, d)
}

// Merge adds what another one has counted.
func (h *Hist) Merge(o *Hist) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.n += o.n
	h.max = max(h.max, o.max)
}

// Quantile gives the duration that the share q of all stay within; zero without any.
func (h *Hist) Quantile(q float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	rank := max(uint64(q*float64(h.n)+0.999999), 1)
	var seen uint64
	for i, n := range h.counts {
		if seen += n; seen >= rank {
			return min(time.Duration(top(i))*time.Microsecond, h.max)
		}
	}
	return h.max
}

// Count tells how many durations were added.
func (h *Hist) Count() uint64 { return h.n }
