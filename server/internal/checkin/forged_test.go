package checkin_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"bense/server/internal/checkin"
)

// R25 in one figure: every byte of every kind of code set to every other value, everything shorter and
// longer, other versions, other key ids, JWT-like texts, other lists' codes.
func TestForgedCodesFigures(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	reader, poster := codes(t), c.poster(t, time.Time{}, time.Time{})
	card := must(c.checkin.IssueCard(ctx, c.liaison, c.persons[0][0]))(t)
	member, _ := reader.MemberCode(c.persons[0][0], starts)
	kinds := map[string]struct {
		prefix, token string
		opens         func(string) bool
	}{
		"venue":  {"", reader.Venue(c.list, starts).Token, func(s string) bool { v, ok := reader.OpenVenue(s, starts); return ok && v.Current }},
		"ticket": {"", reader.Ticket(checkin.Ticket{List: c.list, Account: 7, Issued: starts}), func(s string) bool { _, ok := reader.OpenTicket(s); return ok }},
		"member": {"BM1.", strings.TrimPrefix(member, "BM1."), func(s string) bool { _, ok := reader.OpenMember(s, starts); return ok }},
		"card": {"BC1.", card, func(s string) bool {
			r, err := c.checkin.Record(ctx, c.liaison, c.list, []checkin.Item{{Nonce: newNonce(), Door: checkin.Card, Code: s}})
			return err == nil && r[0].Answer != checkin.InvalidCode
		}},
		"poster": {"P", poster.Code, func(s string) bool {
			v, err := c.checkin.Arrive(ctx, c.member, s)
			return err == nil && v.Answer != checkin.InvalidCode
		}},
	}
	total, taken := 0, 0
	for name, k := range kinds {
		if !k.opens(k.prefix + k.token) {
			t.Fatalf("%s: the genuine one is refused", name)
		}
		raw, err := base64.RawURLEncoding.DecodeString(k.token)
		if err != nil {
			t.Fatal(err)
		}
		steps := 255
		if name == "card" || name == "poster" {
			steps = 8 // bits: each asks the database
		}
		var forged []string
		for i := range raw {
			for x := range steps {
				b := append([]byte(nil), raw...)
				b[i] ^= byte(1 << (x % 8))
				if steps == 255 {
					b[i] = raw[i] ^ byte(x+1)
				}
				forged = append(forged, k.prefix+base64.RawURLEncoding.EncodeToString(b))
			}
			forged = append(forged, k.prefix+base64.RawURLEncoding.EncodeToString(raw[:i]), k.prefix+base64.RawURLEncoding.EncodeToString(append(append([]byte(nil), raw...), raw[:i+1]...)))
		}
		forged = append(forged, k.prefix+swapCase(k.token), k.prefix, "eyJhbGciOiJub25lIn0."+k.token+".", k.prefix+"none."+k.token,
			k.prefix+strings.Repeat("A", len(k.token)), strings.ToLower(k.prefix)+k.token+" x")
		for other, o := range kinds {
			if other != name {
				forged = append(forged, k.prefix+o.token)
			}
		}
		accepted := 0
		for _, f := range forged {
			if k.opens(f) {
				accepted++
				t.Errorf("%s: %q is taken for genuine", name, f)
			}
		}
		t.Logf("R25: %-6s %5d forgeries tried, %d accepted", name, len(forged), accepted)
		total, taken = total+len(forged), taken+accepted
	}
	t.Logf("R25: %d forgeries tried, %d accepted", total, taken)
}

// R26: the first and the last second of everything that has a window.
func TestEdgesFigures(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	reader := codes(t)
	l := must(c.checkin.Roster(ctx, c.head, c.list))(t).List
	step := starts.Truncate(30 * time.Second)
	venue, ticket := reader.Venue(c.list, step).Token, checkin.Ticket{List: c.list, Account: 7, Issued: starts}
	member, expires := reader.MemberCode(c.persons[0][0], starts)
	day := time.Date(2026, 7, 1, 0, 0, 0, 0, time.FixedZone("", 8*3600))
	own := checkin.Poster{From: starts, Until: ends, Revoked: ends.Add(-time.Minute)}
	list := func(at time.Time) bool {
		f := checkin.Facts{Genuine: true, Current: true, Known: true, Active: true, OnList: true, At: at, Opens: l.OpensAt, Closes: l.ClosesAt}
		return checkin.Judge(f) == checkin.OK
	}
	isVenue := func(at time.Time) bool { s, ok := reader.OpenVenue(venue, at); return ok && s.Current }
	isMember := func(at time.Time) bool { s, ok := reader.OpenMember(member, at); return ok && s.Current }
	isDay := func(at time.Time) bool { return reader.DayPasses(7, at)[0] == reader.DayPasses(7, day)[0] }
	card := must(c.checkin.IssueCard(ctx, c.liaison, c.persons[0][1]))(t)
	revoked := starts.Add(5 * time.Minute)
	c.clk.Set(revoked)
	if err := c.checkin.RevokeCard(ctx, c.liaison, card); err != nil {
		t.Fatal(err)
	}
	isCard := func(at time.Time) bool {
		c.clk.Set(at)
		r := c.record(t, c.liaison, checkin.Item{Nonce: newNonce(), Door: checkin.Card, Code: checkin.CardPrefix + card, Happened: at})
		return r[0].Answer == checkin.OK || r[0].Answer == checkin.Already
	}
	wrong, tried := 0, 0
	for _, x := range []struct {
		name string
		at   time.Time
		is   func(time.Time) bool
		in   bool
	}{
		{"venue code: a step early", step.Add(-30 * time.Second), isVenue, true}, {"venue code: more than a step early", step.Add(-31 * time.Second), isVenue, false},
		{"venue code: last second", step.Add(59 * time.Second), isVenue, true}, {"venue code: over", step.Add(60 * time.Second), isVenue, false},
		{"ticket: last second", starts.Add(10 * time.Minute), ticket.Covers, true}, {"ticket: over", starts.Add(10*time.Minute + time.Second), ticket.Covers, false},
		{"ticket: ahead of us", starts.Add(-30 * time.Second), ticket.Covers, true}, {"ticket: too far ahead", starts.Add(-31 * time.Second), ticket.Covers, false},
		{"member's code: last second", expires, isMember, true}, {"member's code: over", expires.Add(time.Second), isMember, false},
		{"member's code: ahead of us", starts.Add(-30 * time.Second), isMember, true}, {"member's code: too far ahead", starts.Add(-31 * time.Second), isMember, false},
		{"day pass: first second", day, isDay, true}, {"day pass: the day before", day.Add(-time.Second), isDay, false},
		{"day pass: last second", day.Add(24*time.Hour - time.Second), isDay, true}, {"day pass: the day after", day.Add(24 * time.Hour), isDay, false},
		{"poster: not yet", starts.Add(-time.Second), own.Current, false}, {"poster: first second", starts, own.Current, true},
		{"poster: before it is revoked", own.Revoked.Add(-time.Second), own.Current, true}, {"poster: revoked", own.Revoked, own.Current, false},
		{"card: revoked", revoked, isCard, false}, {"card: a second later", revoked.Add(time.Second), isCard, false}, {"card: before it is revoked", revoked.Add(-time.Second), isCard, true},
		{"list: not yet", l.OpensAt.Add(-time.Second), list, false}, {"list: first second", l.OpensAt, list, true},
		{"list: last second", l.ClosesAt, list, true}, {"list: over", l.ClosesAt.Add(time.Second), list, false},
	} {
		if tried++; x.is(x.at) != x.in {
			wrong++
			t.Errorf("%s: %v", x.name, !x.in)
		}
	}
	t.Logf("R26: %d edges, %d wrong", tried, wrong)
}
