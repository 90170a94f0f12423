package identity

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"

	"bense/server/internal/id"
)

// codeLife is how long a binding code works.
const codeLife = 30 * time.Minute

// codePrefix marks the text of a binding code's QR.
const codePrefix = "BB1."

// BindingCode lets one account bind one person, once. It is shown to the liaison and never stored.
type BindingCode struct {
	Person    id.ID
	Code      string // eight digits
	ExpiresAt time.Time
}

// QR is the text of the code's QR.
func (c BindingCode) QR() string { return codePrefix + c.Code }

// newCode draws eight digits.
func newCode() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(100_000_000))
	if err != nil {
		return "", fmt.Errorf("identity: draw a code: %w", err)
	}
	return fmt.Sprintf("%08d", n), nil
}

var eightDigits = regexp.MustCompile(`^\d{8}$`)

// parseCode reads digits as people type them (spaces, dashes, full width) or the QR text.
func parseCode(s string) (string, bool) {
	s = strings.TrimPrefix(strings.TrimSpace(s), codePrefix)
	s = strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '-' || r == '　':
			return -1
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		}
		return r
	}, s)
	return s, eightDigits.MatchString(s)
}
