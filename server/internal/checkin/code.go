package checkin

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"net/url"
	"strings"
	"time"

	"bense/server/internal/crypt"
	"bense/server/internal/id"
)

// What codes begin with, so that a scan tells them apart.
const (
	MemberPrefix = "BM1." // a code on a member's phone
	CardPrefix   = "BC1." // a printed card
	venuePath    = "/q/"  // the ordinary link on the screen at the door
)

// How long codes live.
const (
	step           = 30 * time.Second // of the venue code; the one before and the one after count too
	ticketLife     = 10 * time.Minute
	memberCodeLife = 2 * time.Minute
	aheadOfUs      = 30 * time.Second // another server's clock may run ahead by that
)

const (
	codeVersion = 1
	macSize     = 16
)

// Codes makes and reads the signed codes. A token is version, key id, payload and MAC in base64url:
// whatever byte of it changes, it is no code of ours. Purposes keep the kinds apart.
type Codes struct{ box *crypt.Box }

// NewCodes makes Codes with the keys of box.
func NewCodes(box *crypt.Box) Codes { return Codes{box} }

var encoding = base64.RawURLEncoding.Strict()

func (c Codes) sign(purpose string, payload []byte) string {
	key, sum := c.box.MAC(purpose, payload)
	raw := append([]byte{codeVersion, key}, payload...)
	return encoding.EncodeToString(append(raw, sum[:macSize]...))
}

// open gives the payload of size bytes, or nil when the token is none of ours.
func (c Codes) open(purpose, token string, size int) []byte {
	total := 2 + size + macSize
	if len(token) != encoding.EncodedLen(total) {
		return nil
	}
	raw, err := encoding.DecodeString(token)
	if err != nil || len(raw) != total || raw[0] != codeVersion {
		return nil
	}
	payload, sum := raw[2:2+size], raw[2+size:]
	if !c.box.CheckMAC(raw[1], purpose, payload, sum) {
		return nil
	}
	return payload
}

// VenueCode is the code on the screen at the door.
type VenueCode struct {
	Token     string
	ExpiresAt time.Time // when the last moment of its tolerance is over
	Refresh   time.Duration
}

// Venue makes the code of a list at a moment; Refresh is how long the screen may show it.
func (c Codes) Venue(list id.ID, now time.Time) VenueCode {
	n := now.Unix() / int64(step/time.Second)
	next := time.Unix((n+1)*int64(step/time.Second), 0).UTC()
	p := make([]byte, 12)
	binary.BigEndian.PutUint64(p, uint64(list))
	binary.BigEndian.PutUint32(p[8:], uint32(n))
	return VenueCode{Token: c.sign("venue", p), ExpiresAt: next.Add(step), Refresh: next.Sub(now)}
}

// Scanned is what a genuine code says.
type Scanned struct {
	List    id.ID // venue code
	Current bool
	Old     bool // of the step before the current one
}

// OpenVenue reads a token, or the whole link that holds it. ok is false for what is none of ours.
func (c Codes) OpenVenue(text string, now time.Time) (s Scanned, ok bool) {
	p := c.open("venue", venueToken(text), 12)
	if p == nil {
		return Scanned{}, false
	}
	n := now.Unix() / int64(step/time.Second)
	d := int64(binary.BigEndian.Uint32(p[8:])) - n
	return Scanned{List: id.ID(binary.BigEndian.Uint64(p)), Current: d >= -1 && d <= 1, Old: d == -1}, true
}

// venueToken finds the token in https://HOST/q/TOKEN, also when WeChat hands over the link escaped.
func venueToken(text string) string {
	text = strings.TrimSpace(text)
	if !strings.Contains(text, venuePath) {
		if plain, err := url.QueryUnescape(text); err == nil {
			text = plain
		}
	}
	if at := strings.LastIndex(text, venuePath); at >= 0 {
		text = text[at+len(venuePath):]
		if end := strings.IndexAny(text, "?#/"); end >= 0 {
			text = text[:end]
		}
	}
	return text
}

// Ticket says that an account arrived at a list while the venue code was current.
type Ticket struct {
	List, Account id.ID
	Issued        time.Time
	Old           bool // the code was that of the step before
}

// Expires is the last moment of the ticket.
func (t Ticket) Expires() time.Time { return t.Issued.Add(ticketLife) }

// Covers tells whether a moment is inside the ticket's life.
func (t Ticket) Covers(at time.Time) bool {
	return !at.Before(t.Issued.Add(-aheadOfUs)) && !at.After(t.Expires())
}

// Ticket makes the visit ticket of an account.
func (c Codes) Ticket(t Ticket) string {
	p := make([]byte, 25)
	binary.BigEndian.PutUint64(p, uint64(t.List))
	binary.BigEndian.PutUint64(p[8:], uint64(t.Account))
	binary.BigEndian.PutUint64(p[16:], uint64(t.Issued.UnixMilli()))
	if t.Old {
		p[24] = 1
	}
	return c.sign("ticket", p)
}

// OpenTicket reads a ticket.
func (c Codes) OpenTicket(token string) (Ticket, bool) {
	p := c.open("ticket", token, 25)
	if p == nil {
		return Ticket{}, false
	}
	return Ticket{
		List: id.ID(binary.BigEndian.Uint64(p)), Account: id.ID(binary.BigEndian.Uint64(p[8:])),
		Issued: time.UnixMilli(int64(binary.BigEndian.Uint64(p[16:]))).UTC(), Old: p[24] == 1,
	}, true
}

// MemberCode makes what a member's phone shows, and tells until when it counts.
func (c Codes) MemberCode(person id.ID, now time.Time) (text string, expires time.Time) {
	expires = now.Add(memberCodeLife).Truncate(time.Second)
	p := make([]byte, 12)
	binary.BigEndian.PutUint64(p, uint64(person))
	binary.BigEndian.PutUint32(p[8:], uint32(expires.Unix()))
	return MemberPrefix + c.sign("member", p), expires
}

// OpenMemberCode reads a member's code; current tells whether it counted at a moment.
func (c Codes) OpenMemberCode(text string, at time.Time) (person id.ID, current, ok bool) {
	token, found := strings.CutPrefix(strings.TrimSpace(text), MemberPrefix)
	if !found {
		return 0, false, false
	}
	p := c.open("member", token, 12)
	if p == nil {
		return 0, false, false
	}
	expires := time.Unix(int64(binary.BigEndian.Uint32(p[8:])), 0)
	begins := expires.Add(-memberCodeLife - aheadOfUs)
	return id.ID(binary.BigEndian.Uint64(p)), !at.After(expires) && !at.Before(begins), true
}

// serialSize is the length of a card's serial in bytes: too long to guess.
const serialSize = 16

// newSerial makes the opaque number of a card.
func newSerial() string {
	b := make([]byte, serialSize)
	rand.Read(b) // never fails (crypto/rand)
	return encoding.EncodeToString(b)
}

// cardSerial reads the text on a printed card; only its form is checked here.
func cardSerial(text string) (string, bool) {
	serial, found := strings.CutPrefix(strings.TrimSpace(text), CardPrefix)
	if !found || len(serial) != encoding.EncodedLen(serialSize) {
		return "", false
	}
	b, err := encoding.DecodeString(serial)
	return serial, err == nil && len(b) == serialSize
}

// ParseNonce reads the 128 random bits with which a device names its attempt.
func ParseNonce(text string) (n [16]byte, ok bool) {
	if len(text) != 32 {
		return n, false
	}
	_, err := hex.Decode(n[:], []byte(text))
	return n, err == nil && n != [16]byte{}
}
