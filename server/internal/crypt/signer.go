package crypt

import (
	"crypto/hmac"
	"hash"
	"slices"
	"sync"

	"github.com/emmansun/gmsm/sm3"
)

// Signer signs for one purpose and one scope with keys of its own, derived from those of the box: who
// learns one of them can sign nothing else. It keeps hash states, so that signing costs no allocation
// beyond the result. Safe for concurrent use.
type Signer struct {
	newest byte
	ids    []byte // ascending
	states map[byte]*sync.Pool
}

// state is a keyed hash with room for what goes in and out, so that neither escapes to the heap.
type state struct {
	hash hash.Hash
	in   []byte
	sum  [sm3.Size]byte
}

// Signer derives the keys of a purpose and a scope, one from each key of the box.
func (b *Box) Signer(purpose string, scope []byte) *Signer {
	s := &Signer{newest: b.newest, states: make(map[byte]*sync.Pool, len(b.mac))}
	for keyID, code := range b.signing(purpose) {
		key := mac(code, "signer/"+purpose, scope)
		s.ids = append(s.ids, keyID)
		s.states[keyID] = &sync.Pool{New: func() any { return &state{hash: hmac.New(sm3.New, key)} }}
	}
	slices.Sort(s.ids)
	return s
}

// Append signs data with the newest key, appends the first size bytes of the signature to dst and tells
// the key's id.
func (s *Signer) Append(dst, data []byte, size int) (keyID byte, out []byte) {
	return s.newest, s.append(s.newest, dst, data, size)
}

// NewestKey is the id of the key that signs.
func (s *Signer) NewestKey() byte { return s.newest }

// Each gives the signatures of data by all the keys, the newest first, cut to size bytes.
func (s *Signer) Each(data []byte, size int) [][]byte {
	out := make([][]byte, 0, len(s.ids))
	for _, keyID := range slices.Backward(s.ids) {
		out = append(out, s.append(keyID, nil, data, size))
	}
	return out
}

// Check verifies in constant time a signature of at least 8 bytes (it may be truncated).
func (s *Signer) Check(keyID byte, data, sum []byte) bool {
	pool := s.states[keyID]
	if pool == nil || len(sum) < 8 || len(sum) > sm3.Size {
		return false
	}
	st := pool.Get().(*state)
	defer pool.Put(st)
	return hmac.Equal(sum, st.of(data)[:len(sum)])
}

func (s *Signer) append(keyID byte, dst, data []byte, size int) []byte {
	pool := s.states[keyID]
	st := pool.Get().(*state)
	defer pool.Put(st)
	return append(dst, st.of(data)[:size]...)
}

func (st *state) of(data []byte) []byte {
	st.in = append(st.in[:0], data...)
	st.hash.Reset()
	st.hash.Write(st.in)
	return st.hash.Sum(st.sum[:0])
}
