package checkin

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"net/url"
	"strings"
	"time"

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
	p := make([]byte, venueKind.size)
	binary.BigEndian.PutUint64(p, uint64(list))
	binary.BigEndian.PutUint32(p[8:], uint32(n))
	return VenueCode{Token: c.sign(venueKind, p), ExpiresAt: next.Add(step), Refresh: next.Sub(now)}
}

// Scanned is what a genuine code says.
type Scanned struct {
	List    id.ID // venue code
	Current bool
	Old     bool // of the step before the current one
}

// OpenVenue reads a token, or the whole link that holds it. ok is false for what is none of ours.
func (c Codes) OpenVenue(text string, now time.Time) (s Scanned, ok bool) {
	p, ok := c.open(venueKind, venueToken(text))
	if !ok {
		return Scanned{}, false
	}
	n := now.Unix() / int64(step/time.Second)
	d := int64(binary.BigEndian.Uint32(p[8:])) - n
	return Scanned{List: id.ID(binary.BigEndian.Uint64(p[:])), Current: d >= -1 && d <= 1, Old: d == -1}, true
}

func (c Codes) venueCurrent(text string, now time.Time) bool {
	s, ok := c.OpenVenue(text, now)
	return ok && s.Current
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
	Poster        bool // the code was on paper
	Picture       bool // the code was read from a picture
}

// Doubt is the flag of a record made with the ticket.
func (t Ticket) Doubt() Flag {
	switch {
	case t.Picture:
		return FlagPicture
	case t.Poster:
		return FlagPoster
	case t.Old:
		return FlagOldCode
	}
	return ""
}

// Expires is the last moment of the ticket.
func (t Ticket) Expires() time.Time { return t.Issued.Add(ticketLife) }

// Covers tells whether a moment is inside the ticket's life.
func (t Ticket) Covers(at time.Time) bool {
	return !at.Before(t.Issued.Add(-aheadOfUs)) && !at.After(t.Expires())
}

// Ticket makes the visit ticket of an account.
func (c Codes) Ticket(t Ticket) string {
	p := make([]byte, ticketKind.size)
	binary.BigEndian.PutUint64(p, uint64(t.List))
	binary.BigEndian.PutUint64(p[8:], uint64(t.Account))
	binary.BigEndian.PutUint64(p[16:], uint64(t.Issued.UnixMilli()))
	for i, set := range []bool{t.Old, t.Poster, t.Picture} {
		if set {
			p[24] |= 1 << i
		}
	}
	return c.sign(ticketKind, p)
}

// OpenTicket reads a ticket.
func (c Codes) OpenTicket(token string) (Ticket, bool) {
	p, ok := c.open(ticketKind, token)
	if !ok {
		return Ticket{}, false
	}
	return Ticket{
		List: id.ID(binary.BigEndian.Uint64(p[:])), Account: id.ID(binary.BigEndian.Uint64(p[8:])),
		Issued: time.UnixMilli(int64(binary.BigEndian.Uint64(p[16:]))).UTC(), Old: p[24]&1 != 0, Poster: p[24]&2 != 0, Picture: p[24]&4 != 0,
	}, true
}

// serialSize is the length of a card's serial in bytes: too long to guess.
const serialSize = 16

// newSerial makes the opaque number of a card.
func newSerial() string {
	b := make([]byte, serialSize)
	rand.Read(b) // never fails (crypto/rand)
	return encoding.EncodeToString(b)
}

// ParseCard reads the text on a printed card; only its form is checked here.
func ParseCard(text string) (string, bool) {
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
