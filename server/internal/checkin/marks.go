package checkin

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"bense/server/internal/id"
)

// picture is a list at one moment, as doors see it.
type picture struct {
	Lines  []Line
	Counts Tally
	cursor cursor
}

// UnitTally sums up one unit of a list.
type UnitTally struct {
	Unit id.ID
	Name string
	Tally
}

// byUnit sums the lines up by unit, in the order of the list.
func byUnit(lines []Line) []UnitTally {
	var out []UnitTally
	at := map[id.ID]int{}
	for _, l := range lines {
		i, known := at[l.Expected.Unit]
		if !known {
			i = len(out)
			at[l.Expected.Unit] = i
			out = append(out, UnitTally{Unit: l.Expected.Unit, Name: l.Person.Unit})
		}
		out[i].Expected++
		switch l.State {
		case StatePresent:
			out[i].Present++
		case StateLeave:
			out[i].Leave++
		default:
			out[i].Absent++
		}
	}
	return out
}

// cursorBuckets bounds the length of a cursor; more units share them.
const cursorBuckets = 64

// cursor is the content of a list in short: a hash of who is on it, and one of each bucket of units.
// It holds no time and no number: whichever instance answers, and whatever its clock says, the
// difference between two cursors is what changed.
type cursor struct {
	members uint32
	buckets []uint32
}

func newCursor(lines []Line) cursor {
	units := byUnit(lines)
	order := make(map[id.ID]int, len(units))
	for i, u := range units {
		order[u.Unit] = i % cursorBuckets
	}
	members, buckets := sha256.New(), make([][]byte, min(len(units), cursorBuckets))
	for _, l := range lines {
		fmt.Fprintln(members, l.Expected.Unit, l.Expected.Person)
		i := order[l.Expected.Unit]
		buckets[i] = fmt.Appendf(buckets[i], "%d %q %q %q %s %t %s", l.Expected.Person, l.Person.Name, l.Person.Unit, l.Person.Initials,
			l.Expected.Answer, l.Expected.WalkIn, l.State)
		if r := l.Record; l.State == StatePresent {
			buckets[i] = fmt.Appendf(buckets[i], " %x %s %d %d %q %t %s %d", r.Attempt, r.Door, r.Happened.UnixMilli(), r.Recorded.UnixMilli(),
				l.By, r.OnBehalf, r.Flag, len(l.Again))
		}
		buckets[i] = append(buckets[i], '\n')
	}
	c := cursor{members: binary.BigEndian.Uint32(members.Sum(nil))}
	for _, b := range buckets {
		sum := sha256.Sum256(b)
		c.buckets = append(c.buckets, binary.BigEndian.Uint32(sum[:]))
	}
	return c
}

func (c cursor) String() string {
	raw := binary.BigEndian.AppendUint32(nil, c.members)
	for _, b := range c.buckets {
		raw = binary.BigEndian.AppendUint32(raw, b)
	}
	return encoding.EncodeToString(raw)
}

// since gives the lines of the units that differ from an older cursor, or all of them with reset when
// others are on the list now, or the cursor says nothing.
func (p *picture) since(after string) (lines []Line, reset bool) {
	raw, err := encoding.DecodeString(after)
	if err != nil || len(raw) != 4+4*len(p.cursor.buckets) || binary.BigEndian.Uint32(raw) != p.cursor.members {
		return p.Lines, true
	}
	order := map[id.ID]int{}
	return slices.DeleteFunc(slices.Clone(p.Lines), func(l Line) bool {
		i, known := order[l.Expected.Unit]
		if !known {
			i = len(order)
			order[l.Expected.Unit] = i
		}
		i %= cursorBuckets
		return binary.BigEndian.Uint32(raw[4+4*i:]) == p.cursor.buckets[i]
	}), false
}
