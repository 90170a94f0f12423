package identity

import (
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

// tokens makes and reads session tokens: JWT, HS256 and nothing else. A token names an account, not
// its roles: those are looked up, so that a role taken away is gone although the token lives on.
type tokens struct {
	key    []byte
	ttl    time.Duration
	clk    clock.Clock
	parser *jwt.Parser
}

func newTokens(key []byte, ttl time.Duration, clk clock.Clock) *tokens {
	return &tokens{key: key, ttl: ttl, clk: clk, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(clk.Now),
	)}
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

// read gives the account of a genuine, current token.
func (t *tokens) read(s string) (id.ID, error) {
	var c jwt.RegisteredClaims
	if _, err := t.parser.ParseWithClaims(s, &c, func(*jwt.Token) (any, error) { return t.key, nil }); err != nil {
		return 0, errs.ErrUnauthenticated
	}
	account, err := id.Parse(c.Subject)
	if err != nil {
		return 0, errs.ErrUnauthenticated
	}
	return account, nil
}
