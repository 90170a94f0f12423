package checkin_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"bense/server/internal/checkin"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// lookUp does what a phone at the door does without network.
func lookUp(t *testing.T, p checkin.DoorPack, code string) id.ID {
	t.Helper()
	text := code
	if token, ok := strings.CutPrefix(code, "BM1."); ok {
		raw, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil || len(raw) != 38 {
			t.Fatal(code, err)
		}
		text = "BD1." + hex.EncodeToString(raw[14:22])
	}
	sum := sha256.Sum256([]byte(p.Salt + text))
	for _, x := range p.People {
		if slices.Contains(x.Codes, hex.EncodeToString(sum[:])[:16]) {
			return x.Person.ID
		}
	}
	return 0
}

func TestDoorPack(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	kept := must(c.checkin.IssueCard(ctx, c.liaison, c.persons[0][0]))(t)
	lost := must(c.checkin.IssueCard(ctx, c.liaison, c.persons[0][1]))(t)
	if err := c.checkin.RevokeCard(ctx, c.liaison, lost); err != nil {
		t.Fatal(err)
	}
	guest := c.tap(c.persons[2][0])
	guest.WalkIn = true
	c.record(t, c.staff, guest)
	p := must(c.checkin.DoorPack(ctx, c.liaison, c.list))(t)
	l := must(c.checkin.Roster(ctx, c.liaison, c.list))(t).List
	if len(p.People) != 9 || len(p.Salt) != 32 || !p.Wipe.Equal(l.ClosesAt.Add(24*time.Hour)) {
		t.Fatal(len(p.People), p.Salt, p.Wipe)
	}
	if got := lookUp(t, p, checkin.CardPrefix+kept); got != c.persons[0][0] {
		t.Error("a valid card is not in the pack:", got)
	}
	if got := lookUp(t, p, checkin.CardPrefix+lost); got != 0 {
		t.Error("a revoked card is in the pack:", got)
	}
	for _, unit := range c.persons[:2] {
		for _, person := range unit {
			if got := lookUp(t, p, c.scan(t, person).Code); got != person {
				t.Errorf("the code of %d opens for %d", person, got)
			}
		}
	}
	morning := must(c.checkin.DoorPack(ctx, c.liaison, c.list))(t)
	if morning.Salt == p.Salt {
		t.Error("two packs with one salt")
	}
	old := c.scan(t, c.persons[0][2]).Code
	if got := lookUp(t, morning, old); got != c.persons[0][2] {
		t.Error("an expired code of the day does not open:", got)
	}
	c.clk.Set(starts.Add(-24 * time.Hour))
	if got := lookUp(t, p, c.scan(t, c.persons[0][2]).Code); got != 0 {
		t.Error("a code of the day before opens for", got)
	}
	if _, err := c.checkin.DoorPack(ctx, c.foreign, c.list); !errors.Is(err, errs.ErrNotFound) {
		t.Error(err)
	}
	if _, err := c.checkin.DoorPack(ctx, c.member, c.list); !errors.Is(err, errs.ErrForbidden) {
		t.Error(err)
	}
}

// What an offline door showed green by the day pass stays green and is flagged; a code of another day
// opened no door.
func TestDayPassUploaded(t *testing.T) {
	c := newCounty(t)
	c.clk.Set(starts.Add(-24 * time.Hour))
	yesterday := c.scan(t, c.persons[0][1])
	c.clk.Set(starts.Add(-3 * time.Hour))
	morning := c.scan(t, c.persons[0][0])
	c.clk.Set(starts.Add(-time.Minute))
	fresh := c.scan(t, c.persons[0][2])
	c.clk.Set(starts.Add(20 * time.Minute))
	for _, it := range []*checkin.Item{&yesterday, &morning, &fresh} {
		it.Happened, it.Offline = starts, true
	}
	got := c.record(t, c.liaison, yesterday, morning, fresh)
	if answersOf(got) != "[code_expired ok ok]" {
		t.Fatal(answersOf(got))
	}
	if f := c.line(t, c.persons[0][0]).Record.Flag; f != "late_code_expired" {
		t.Error(f)
	}
	if f := c.line(t, c.persons[0][2]).Record.Flag; f != checkin.FlagLate {
		t.Error(f)
	}
	morning.Nonce, morning.Offline, morning.Happened = newNonce(), false, c.clk.Now()
	if got := c.record(t, c.liaison, morning); got[0].Answer != checkin.CodeExpired {
		t.Error("online the day pass opens nothing:", got)
	}
}
