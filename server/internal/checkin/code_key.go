package checkin

import (
	"encoding/base64"
	"encoding/binary"
	"sync"

	"bense/server/internal/crypt"
	"bense/server/internal/id"
)

const (
	codeVersion = 1
	macSize     = 16
	payloadMost = 25
	tokenMost   = 2 + payloadMost + macSize
)

// kind is a sort of token. What belongs to a list (its id comes first in the payload) is signed with a
// key of that list alone: one that leaks opens no other door.
type kind struct {
	purpose string
	size    int // of the payload
	listed  bool
}

var (
	venueKind  = kind{"venue", 12, true}
	ticketKind = kind{"ticket", payloadMost, true}
	memberKind = kind{"member", 20, false}
)

// Codes makes and reads the signed codes. A token is version, key id, payload and MAC in base64url:
// whatever byte of it changes, it is no code of ours. Kinds have different keys.
type Codes struct{ keys *codeKeys }

// NewCodes makes Codes with keys derived from those of box.
func NewCodes(box *crypt.Box) Codes {
	return Codes{&codeKeys{box: box, member: box.Signer(memberKind.purpose, nil), pass: box.Signer("daypass", nil), lists: map[listKey]*crypt.Signer{}}}
}

type listKey struct {
	purpose string
	list    id.ID
}

// keysMost bounds the derived keys that are kept; deriving them again takes some microseconds.
const keysMost = 4096

// codeKeys keeps the derived keys.
type codeKeys struct {
	box          *crypt.Box
	member, pass *crypt.Signer

	mu    sync.RWMutex
	lists map[listKey]*crypt.Signer
}

// of gives the signer of a payload. That of a list which nothing genuine has named yet is not kept, so
// that made-up tokens push none out.
func (c *codeKeys) of(k kind, payload []byte) (s *crypt.Signer, kept bool) {
	if !k.listed {
		return c.member, true
	}
	c.mu.RLock()
	s, kept = c.lists[listKey{k.purpose, id.ID(binary.BigEndian.Uint64(payload))}]
	c.mu.RUnlock()
	if !kept {
		s = c.box.Signer(k.purpose, payload[:8])
	}
	return s, kept
}

func (c *codeKeys) keep(k kind, payload []byte, s *crypt.Signer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.lists) >= keysMost {
		clear(c.lists)
	}
	c.lists[listKey{k.purpose, id.ID(binary.BigEndian.Uint64(payload))}] = s
}

var encoding = base64.RawURLEncoding.Strict()

func (c Codes) sign(k kind, payload []byte) string {
	s, kept := c.keys.of(k, payload)
	if !kept {
		c.keys.keep(k, payload, s)
	}
	raw := make([]byte, 0, tokenMost)
	raw = append(append(raw, codeVersion, s.NewestKey()), payload...)
	_, raw = s.Append(raw, payload, macSize)
	return encoding.EncodeToString(raw)
}

// payload is what a token carries; the kind tells how much of it.
type payload [payloadMost]byte

// open gives the payload and the id of the key; ok is false when the token is none of ours.
func (c Codes) open(k kind, token string) (p payload, ok bool) {
	var text [(tokenMost*8 + 5) / 6]byte
	var raw [tokenMost]byte
	total := 2 + k.size + macSize
	if len(token) != encoding.EncodedLen(total) {
		return payload{}, false
	}
	n, err := encoding.Decode(raw[:], text[:copy(text[:], token)])
	if err != nil || n != total || raw[0] != codeVersion {
		return payload{}, false
	}
	data := raw[2 : 2+k.size]
	s, kept := c.keys.of(k, data)
	if !s.Check(raw[1], data, raw[2+k.size:total]) {
		return payload{}, false
	}
	if !kept {
		c.keys.keep(k, data, s)
	}
	copy(p[:], data)
	return p, true
}
