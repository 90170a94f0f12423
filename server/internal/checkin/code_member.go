package checkin

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"

	"bense/server/internal/clock"
	"bense/server/internal/id"
)

// passPrefix stands before a day pass where it is looked up in a door pack.
const passPrefix = "BD1."

// passSize is the length of a day pass in bytes.
const passSize = 8

// MemberCode makes what a member's phone shows, and tells until when it counts. It carries the day pass,
// by which a door without network knows the person until midnight.
func (c Codes) MemberCode(person id.ID, now time.Time) (text string, expires time.Time) {
	expires = now.Add(memberCodeLife).Truncate(time.Second)
	p := make([]byte, 12, memberKind.size)
	binary.BigEndian.PutUint64(p, uint64(person))
	binary.BigEndian.PutUint32(p[8:], uint32(expires.Unix()))
	_, p = c.keys.pass.Append(p, passData(person, issued(expires)), passSize)
	return MemberPrefix + c.sign(memberKind, p), expires
}

// issued is when a member's code was made, to the second; its day is the day of the pass.
func issued(expires time.Time) time.Time { return expires.Add(-memberCodeLife) }

// passData is what a day pass signs: the person and the day in Shanghai.
func passData(person id.ID, day time.Time) []byte {
	b := make([]byte, 8, 16)
	binary.BigEndian.PutUint64(b, uint64(person))
	return day.In(clock.Shanghai).AppendFormat(b, "20060102")
}

// DayPasses gives the passes that codes of a person may carry on a day, one for each key, in lower-case
// hexadecimal.
func (c Codes) DayPasses(person id.ID, day time.Time) []string {
	var out []string
	for _, sum := range c.keys.pass.Each(passData(person, day), passSize) {
		out = append(out, hex.EncodeToString(sum))
	}
	return out
}

// Shown is what a genuine member's code says.
type Shown struct {
	Person  id.ID
	Issued  time.Time
	Current bool // at the moment asked about
}

// OpenMember reads a member's code; ok is false for what is none of ours.
func (c Codes) OpenMember(text string, at time.Time) (s Shown, ok bool) {
	token, found := strings.CutPrefix(strings.TrimSpace(text), MemberPrefix)
	if !found {
		return Shown{}, false
	}
	p, ok := c.open(memberKind, token)
	if !ok {
		return Shown{}, false
	}
	expires := time.Unix(int64(binary.BigEndian.Uint32(p[8:])), 0).UTC()
	made := issued(expires)
	return Shown{Person: id.ID(binary.BigEndian.Uint64(p[:])), Issued: made,
		Current: !at.After(expires) && !at.Before(made.Add(-aheadOfUs))}, true
}

// OpenMemberCode reads a member's code; current tells whether it counted at a moment.
func (c Codes) OpenMemberCode(text string, at time.Time) (person id.ID, current, ok bool) {
	s, ok := c.OpenMember(text, at)
	return s.Person, s.Current, ok
}

// packMost bounds the days of one door pack.
const packMost = 31

// passDays gives noon of each day on which passes open the door of a list.
func passDays(l List, starts, ends time.Time) []time.Time {
	from, to := starts, ends
	if l.OpensAt.Before(from) {
		from = l.OpensAt
	}
	if l.ClosesAt.After(to) {
		to = l.ClosesAt
	}
	from = from.In(clock.Shanghai)
	noon := time.Date(from.Year(), from.Month(), from.Day(), 12, 0, 0, 0, clock.Shanghai)
	last := to.In(clock.Shanghai).Format(time.DateOnly)
	var out []time.Time
	for len(out) < packMost {
		out = append(out, noon)
		if noon.Format(time.DateOnly) >= last {
			break
		}
		noon = noon.AddDate(0, 0, 1)
	}
	return out
}

// opensOffline tells whether the pass of a code made at some moment is in the door packs of a list.
func opensOffline(made time.Time, l List, starts, ends time.Time) bool {
	day := made.In(clock.Shanghai).Format(time.DateOnly)
	for _, noon := range passDays(l, starts, ends) {
		if noon.Format(time.DateOnly) == day {
			return true
		}
	}
	return false
}

// packHash is how a door pack names a code: the first half of SHA-256 would be too long for a thousand
// people on a phone, 64 bits are enough to tell them apart and too few to learn the code from.
func packHash(salt, text string) string {
	sum := sha256.Sum256([]byte(salt + text))
	return hex.EncodeToString(sum[:8])
}
