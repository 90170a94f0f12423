package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"hash"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"bense/server/internal/clock"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

const (
	issuer   = "bense"
	audience = "bense/api"
)

// header is the only one that tokens of ours have: {"alg":"HS256","typ":"JWT"}. What a token says
// about its algorithm is therefore never looked at.
const header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"

// tokenMost bounds a token in bytes; ours have about 230.
const tokenMost = 512

// tokens makes and reads session tokens: JWT, HS256 and nothing else. A token names an account, not
// its roles: those are looked up, so that a role taken away is gone although the token lives on.
//
// golang-jwt makes them. Reading is our own, because on an event day it is a quarter of what a sign-in
// costs the server: one fixed header, our own keys, pooled hash states.
type tokens struct {
	key    []byte // the newest
	ttl    time.Duration
	clk    clock.Clock
	hashes []*sync.Pool // of every key, the newest first: a new master key ends no session
}

func newTokens(keys [][]byte, ttl time.Duration, clk clock.Clock) *tokens {
	t := &tokens{key: keys[0], ttl: ttl, clk: clk}
	for _, key := range keys {
		t.hashes = append(t.hashes, &sync.Pool{New: func() any { return hmac.New(sha256.New, key) }})
	}
	return t
}

// issue makes a token and tells until when it works.
func (t *tokens) issue(account id.ID) (string, time.Time, error) {
	now := t.clk.Now()
	until := now.Add(t.ttl).Truncate(time.Second)
	s, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Issuer: issuer, Audience: jwt.ClaimStrings{audience}, Subject: account.String(),
		IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(until),
	}).SignedString(t.key)
	return s, until, err
}

var segment = base64.RawURLEncoding.Strict()

// claims are what a token says.
type claims struct {
	Issuer    string          `json:"iss"`
	Subject   string          `json:"sub"`
	Audience  json.RawMessage `json:"aud"`
	Expires   int64           `json:"exp"`
	NotBefore int64           `json:"nbf"`
}

// forUs are the two forms that JWT gives a single audience.
func (c claims) forUs() bool {
	aud := string(c.Audience)
	return aud == `["`+audience+`"]` || aud == `"`+audience+`"`
}

// read gives the account of a genuine, current token.
func (t *tokens) read(s string) (id.ID, error) {
	rest, ok := strings.CutPrefix(s, header+".")
	dot := strings.IndexByte(rest, '.')
	if !ok || dot < 0 || len(s) > tokenMost || !t.genuine(s[:len(header)+1+dot], rest[dot+1:]) {
		return 0, errs.ErrUnauthenticated
	}
	var raw [tokenMost]byte
	n, err := segment.Decode(raw[:], []byte(rest[:dot]))
	if err != nil {
		return 0, errs.ErrUnauthenticated
	}
	var c claims
	now := t.clk.Now().Unix()
	if err := json.Unmarshal(raw[:n], &c); err != nil || c.Issuer != issuer || !c.forUs() || now >= c.Expires || now < c.NotBefore {
		return 0, errs.ErrUnauthenticated
	}
	account, err := id.Parse(c.Subject)
	if err != nil {
		return 0, errs.ErrUnauthenticated
	}
	return account, nil
}

// genuine compares the signature in constant time.
func (t *tokens) genuine(signed, signature string) bool {
	var given, sum [sha256.Size]byte
	if len(signature) != segment.EncodedLen(len(given)) {
		return false
	}
	if _, err := segment.Decode(given[:], []byte(signature)); err != nil {
		return false
	}
	for _, pool := range t.hashes {
		h := pool.Get().(hash.Hash)
		h.Reset()
		h.Write([]byte(signed))
		h.Sum(sum[:0])
		pool.Put(h)
		if hmac.Equal(given[:], sum[:]) {
			return true
		}
	}
	return false
}
