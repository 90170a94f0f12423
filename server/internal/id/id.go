// Package id makes time-ordered 63-bit identifiers: 41 bits of milliseconds, 10 of a node
// number, 12 of a sequence. In tables they are BIGINT, on the wire strings.
package id

import (
	"errors"
	"strconv"
	"sync"
	"time"
)

// MaxNode is the largest node number.
const MaxNode = 1<<10 - 1

// epoch keeps 41 bits of milliseconds good until 2093.
var epoch = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// ID identifies a row; the zero ID means "none".
type ID int64

// ErrSyntax reports a text that is no ID.
var ErrSyntax = errors.New("id: not an identifier")

// Parse reads the wire form; "" and "0" are refused.
func Parse(s string) (ID, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || len(s) > 19 || s[0] == '+' {
		return 0, ErrSyntax
	}
	return ID(n), nil
}

// String is the wire form, "" for the zero ID.
func (i ID) String() string {
	if i == 0 {
		return ""
	}
	return strconv.FormatInt(int64(i), 10)
}

// At is when the id was made, to the millisecond.
func (i ID) At() time.Time { return epoch.Add(time.Duration(i>>22) * time.Millisecond) }

// First is the lowest id of a millisecond; 0 before 2024.
func First(t time.Time) ID { return ID(max(0, t.Sub(epoch).Milliseconds()) << 22) }

// MarshalText makes ids strings in JSON: 63 bits do not fit a JavaScript number.
func (i ID) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText accepts the wire form; "" is the zero ID.
func (i *ID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*i = 0
		return nil
	}
	v, err := Parse(string(b))
	if err != nil {
		return err
	}
	*i = v
	return nil
}

// Source makes ids that are unique as long as no two living sources share a node number.
type Source struct {
	mu   sync.Mutex
	now  func() time.Time
	node int64
	last int64
	seq  int64
}

// NewSource makes a source for a node number 0..MaxNode.
func NewSource(node int, now func() time.Time) *Source {
	return &Source{now: now, node: int64(node) & MaxNode}
}

// SetNode moves the source to another node number, after the lease of the old one was lost.
func (s *Source) SetNode(node int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.node = int64(node) & MaxNode
}

// New gives the next id. When the clock stands still or runs back, ids keep rising.
func (s *Source) New() ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	ms := s.now().Sub(epoch).Milliseconds()
	if ms <= s.last {
		ms = s.last
		s.seq++
		if s.seq > 1<<12-1 {
			ms, s.seq = ms+1, 0
		}
	} else {
		s.seq = 0
	}
	s.last = ms
	return ID(ms<<22 | s.node<<12 | s.seq)
}
