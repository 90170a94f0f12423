package checkin_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/checkin"
	"bense/server/internal/id"
)

func random(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// R15: our own clock jumps ten minutes, forwards and backwards, in the middle of the arrivals. Codes made
// before the jump are out of their window and refused; what is made after it counts; nobody needs more
// than another scan, and nothing is recorded twice.
func TestServerClockJumps(t *testing.T) {
	accepts, rejects, cases := 0, 0, 0
	for _, jump := range []time.Duration{10 * time.Minute, -10 * time.Minute} {
		c := newCounty(t)
		c.clk.Set(starts)
		venue := must(c.checkin.VenueCode(t.Context(), c.liaison, c.list))(t)
		ticket, member := c.arrive(t, c.member), c.scan(t, c.persons[0][1])
		c.clk.Set(starts.Add(jump + time.Second))
		expect := func(what string, got, want checkin.Answer) {
			t.Helper()
			cases++
			switch {
			case got == want:
			case got == checkin.OK:
				accepts++
				t.Errorf("%s after %s: wrongly accepted", what, jump)
			default:
				rejects++
				t.Errorf("%s after %s: %s, want %s", what, jump, got, want)
			}
		}
		tap := func(ticket string) checkin.Answer {
			return must(c.checkin.SignIn(t.Context(), c.member, checkin.Tap{Ticket: ticket, Nonce: newNonce(), Person: c.persons[0][0], Happened: c.clk.Now()}))(t).Answer
		}
		expect("the venue code of before", c.visit(t, c.member, venue.URL).Answer, checkin.CodeExpired)
		expect("the ticket of before", tap(ticket), checkin.CodeExpired)
		member.Happened = c.clk.Now()
		expect("the member's code of before", c.record(t, c.liaison, member)[0].Answer, checkin.CodeExpired)
		expect("a new ticket", tap(c.arrive(t, c.member)), checkin.OK)
		expect("a new member's code", c.record(t, c.liaison, c.scan(t, c.persons[0][1]))[0].Answer, checkin.OK)
		c.clk.Set(starts.Add(2 * time.Second)) // and back to the right time
		expect("a repetition when the clock is right again", tap(c.arrive(t, c.member)), checkin.Already)
		expect("a new member's code when it is right again", c.record(t, c.liaison, c.scan(t, c.persons[0][2]))[0].Answer, checkin.OK)
		for _, person := range c.persons[0][:3] {
			if n := c.rows(t, "checkins", person); n != 1 {
				t.Errorf("%d rows of one person", n)
			}
		}
	}
	var clk time.Duration
	src := id.NewSource(7, func() time.Time { return starts.Add(clk) })
	last := src.New()
	for _, jump := range []time.Duration{10 * time.Minute, -20 * time.Minute, 10 * time.Minute} {
		clk += jump
		for range 10_000 {
			next := src.New()
			if next <= last {
				t.Fatal("the sequence of audit lines ran back with the clock")
			}
			last = next
		}
	}
	t.Logf("R15: %d judgements around jumps of ±10 min, %d wrong accepts, %d wrong rejects", cases, accepts, rejects)
}

// R23: whatever is shown a second time makes no second row, whoever shows it and at which door.
func TestReplayedCodes(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	shown, accepts := 0, 0
	again := func(got checkin.Answer, want checkin.Answer) {
		t.Helper()
		if shown++; got == checkin.OK {
			accepts++
		}
		if got != want {
			t.Error(got, want)
		}
	}
	member := c.scan(t, c.persons[0][0])
	card := checkin.Item{Nonce: newNonce(), Happened: starts, Door: checkin.Card,
		Code: checkin.CardPrefix + must(c.checkin.IssueCard(ctx, c.liaison, c.persons[0][1]))(t)}
	if got := answersOf(c.record(t, c.liaison, member, card)); got != "[ok ok]" {
		t.Fatal(got)
	}
	for _, door := range []actor.Actor{c.liaison, c.second, c.head} {
		for _, it := range []checkin.Item{member, card} {
			it.Nonce = newNonce()
			again(c.record(t, door, it)[0].Answer, checkin.Already)
			it.Nonce, it.Offline = newNonce(), true
			again(c.record(t, door, it)[0].Answer, checkin.Already)
		}
	}
	who := c.memberOf(0, c.persons[0][2])
	ticket := c.arrive(t, who)
	tap := func(who actor.Actor) checkin.Answer {
		return must(c.checkin.SignIn(ctx, who, checkin.Tap{Ticket: ticket, Nonce: newNonce(), Person: c.persons[0][2], Happened: starts}))(t).Answer
	}
	if got := tap(who); got != checkin.OK {
		t.Fatal(got)
	}
	for range 5 {
		again(tap(who), checkin.Already)
		again(tap(c.memberOf(0, c.persons[0][2])), checkin.InvalidCode) // somebody else's ticket
	}
	c.clk.Advance(10 * time.Minute)
	for i, it := range []checkin.Item{member, card} {
		it.Nonce, it.Happened = newNonce(), c.clk.Now()
		again(c.record(t, c.liaison, it)[0].Answer, []checkin.Answer{checkin.CodeExpired, checkin.Already}[i])
	}
	for _, person := range c.persons[0][:3] {
		if n := c.rows(t, "checkins", person); n != 1 {
			t.Errorf("%d rows of one person", n)
		}
	}
	t.Logf("R23: %d replays, %d accepted", shown, accepts)
}

// R24: a picture of the screen, taken at any second of its step, is used after t by somebody else.
func TestForwardedPictureFigures(t *testing.T) {
	c := newCounty(t)
	poster := c.poster(t, time.Time{}, time.Time{})
	base := starts.Truncate(30 * time.Second)
	reader := codes(t)
	absent := c.memberOf(0, c.persons[0][0])
	const honest, longPress = 1011, 1012
	figure := func(after time.Duration, text string, scene int) (accepted, flagged int) {
		t.Helper()
		for phase := range 30 {
			c.clk.Set(base.Add(time.Duration(phase) * time.Second))
			shown := text
			if shown == "" {
				shown = must(c.checkin.VenueCode(t.Context(), c.liaison, c.list))(t).URL
			}
			c.clk.Advance(after)
			v := must(c.checkin.ArriveBy(t.Context(), absent, shown, scene))(t)
			tk, ok := reader.OpenTicket(v.Ticket)
			if ok != (v.Answer == checkin.OK) {
				t.Fatal(v.Answer, v.Ticket)
			}
			if ok {
				accepted++
			}
			if ok && tk.Doubt() != "" { // the flag of the record: TestPoster and TestForwardedPicture
				flagged++
			}
		}
		return accepted, flagged
	}
	percent := func(n, of int) string {
		if of == 0 {
			return "–"
		}
		return fmt.Sprintf("%d%%", 100*n/of)
	}
	for _, x := range []struct {
		after             time.Duration
		accepted, flagged int // of 30; flagged where the phone says nothing
	}{{5 * time.Second, 30, 5}, {30 * time.Second, 30, 30}, {60 * time.Second, 0, 0}, {90 * time.Second, 0, 0}, {300 * time.Second, 0, 0}} {
		accepted, flagged := figure(x.after, "", honest)
		_, told := figure(x.after, "", longPress)
		paper, doubted := figure(x.after, poster.Text(), honest)
		if accepted != x.accepted || flagged != x.flagged || told != accepted || paper != 30 || doubted != 30 {
			t.Errorf("%s: %d accepted, %d flagged, %d where WeChat tells, poster %d/%d", x.after, accepted, flagged, told, doubted, paper)
		}
		t.Logf("R24: t=%-5s accepted %4s, flagged of those %4s (%4s where WeChat tells of a picture); poster accepted %s, flagged %s", x.after,
			percent(accepted, 30), percent(flagged, accepted), percent(told, accepted), percent(paper, 30), percent(doubted, paper))
	}
	token, longest := reader.Venue(c.list, base).Token, time.Duration(0)
	for after := time.Duration(0); after < 5*time.Minute; after += 10 * time.Millisecond {
		if s, ok := reader.OpenVenue(token, base.Add(after)); ok && s.Current {
			longest = after
		}
	}
	if longest >= time.Minute || longest < time.Minute-10*time.Millisecond {
		t.Error(longest)
	}
	t.Logf("R24: the longest replay of a picture is %s", longest)
}

// R27: a hundred thousand tries from a thousand accounts, at every place that takes a code or a name.
// Whoever tries is slowed down, whoever has a genuine code is not.
func TestGuessingFigures(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	poster := c.poster(t, time.Time{}, time.Time{})
	machines := make([]actor.Actor, 1000)
	for i := range machines {
		machines[i] = c.memberOf(0, c.persons[0][3])
	}
	tried, accepted, slowed := 0, 0, 0
	try := func(n int, err error, answer checkin.Answer) {
		t.Helper()
		tried += n
		switch {
		case errors.Is(err, checkin.ErrGuessing):
			slowed += n
		case err != nil:
			t.Fatal(err)
		case answer != checkin.InvalidCode && answer != checkin.Unknown:
			accepted++
			t.Error("a guess was answered", answer)
		}
	}
	visit := func(who actor.Actor, text string) {
		v, err := c.checkin.Arrive(ctx, who, text)
		try(1, err, v.Answer)
	}
	honest, refused := 0, 0
	pass := func(got checkin.Answer, err error) {
		t.Helper()
		if honest++; err != nil || got != checkin.OK && got != checkin.Already {
			refused++
			t.Error("an honest one is refused:", got, err)
		}
	}
	const rounds = 100
	for round := range rounds {
		for i := range 350 {
			who := machines[(round*350+i)%len(machines)]
			visit(who, random(30))
			visit(who, "P"+random(16))
		}
		for i := range 200 {
			r, err := c.checkin.SignIn(ctx, machines[(round*200+i)%len(machines)], checkin.Tap{Ticket: random(43), Nonce: newNonce(), Person: c.persons[0][3]})
			try(1, err, r.Answer)
		}
		c.doors(ctx, t, round, try)
		// in between, the honest: on the screen's code, on the poster, with a member's code at the same door
		code := must(c.checkin.VenueCode(ctx, c.liaison, c.list))(t)
		who := machines[round] // even the phone that guessed
		for _, text := range []string{code.URL, poster.Text()} {
			v, err := c.checkin.Arrive(ctx, who, text)
			pass(v.Answer, err)
		}
		r, err := c.checkin.Record(ctx, c.liaison, c.list, []checkin.Item{c.scan(t, c.persons[0][0])})
		if len(r) == 0 {
			r = []checkin.Result{{}}
		}
		pass(r[0].Answer, err)
	}
	if tried < 100_000 || accepted != 0 || refused != 0 || slowed < tried*9/10 {
		t.Errorf("tried %d, accepted %d, slowed %d, honest refused %d", tried, accepted, slowed, refused)
	}
	t.Logf("R27: %d tries from %d accounts within one window: %d accepted, %d answered, %d slowed down (%.1f%%); %d honest ones in between, %d refused",
		tried, len(machines)+1, accepted, tried-slowed, slowed, 100*float64(slowed)/float64(tried), honest, refused)
	t.Logf("R27: a code has 128 bits: one of %d tries succeeds with a probability of %.0e; an account has 3 tries/min, all together 200 tries/min, then 0.3 for each", tried, float64(tried)/3.4e38)
}

// doors guesses members' codes, cards and names at a door.
func (c *county) doors(ctx context.Context, t *testing.T, round int, try func(int, error, checkin.Answer)) {
	t.Helper()
	wrong := []checkin.Item{
		{Door: checkin.Scan, Code: checkin.MemberPrefix + random(38)}, {Door: checkin.Card, Code: checkin.CardPrefix + random(16)},
		{Door: checkin.Roster, Query: fmt.Sprintf("%04d", 7000+round)},
	}
	for range 5 {
		var items []checkin.Item
		for i := range 30 {
			it := wrong[i%len(wrong)]
			it.Nonce, it.Happened = newNonce(), c.clk.Now()
			items = append(items, it)
		}
		found, err := c.checkin.Record(ctx, c.liaison, c.list, items)
		if err != nil {
			try(len(items), err, "")
			continue
		}
		for _, r := range found {
			try(1, nil, r.Answer)
		}
	}
}
