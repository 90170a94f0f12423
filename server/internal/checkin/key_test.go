package checkin_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"bense/server/internal/checkin"
	"bense/server/internal/crypt"
)

func boxOf(t testing.TB, keys ...byte) *crypt.Box {
	t.Helper()
	var list []crypt.Key
	for _, k := range keys {
		list = append(list, crypt.Key{ID: k, Secret: bytes.Repeat([]byte{k}, crypt.KeySize)})
	}
	b, err := crypt.New(list...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A new master key signs from now on; what the older one signed counts until that key is taken away.
func TestRotation(t *testing.T) {
	before, both, after := checkin.NewCodes(boxOf(t, 1)), checkin.NewCodes(boxOf(t, 1, 2)), checkin.NewCodes(boxOf(t, 2))
	opens := func(c checkin.Codes, by checkin.Codes) (n int) {
		t.Helper()
		if s, ok := c.OpenVenue(by.Venue(42, at).Token, at); ok && s.Current && s.List == 42 {
			n++
		}
		if tk, ok := c.OpenTicket(by.Ticket(checkin.Ticket{List: 42, Account: 7, Issued: at})); ok && tk.Covers(at) {
			n++
		}
		text, _ := by.MemberCode(7, at)
		if m, ok := c.OpenMember(text, at); ok && m.Current && m.Person == 7 {
			n++
		}
		return n
	}
	for name, x := range map[string]struct {
		reader, maker checkin.Codes
		want          int
	}{
		"old codes, new key added": {both, before, 3}, "old codes, old key gone": {after, before, 0},
		"new codes": {both, both, 3}, "new codes, old key gone": {after, both, 3}, "new codes on an instance without the new key": {before, both, 0},
	} {
		if got := opens(x.reader, x.maker); got != x.want {
			t.Errorf("%s: %d of 3 open, want %d", name, got, x.want)
		}
	}
	if raw, _ := base64.RawURLEncoding.DecodeString(both.Venue(42, at).Token); raw[1] != 2 {
		t.Error("the newest key does not sign")
	}
	passes := both.DayPasses(7, at)
	if len(passes) != 2 || passes[0] != after.DayPasses(7, at)[0] || passes[1] != before.DayPasses(7, at)[0] {
		t.Error("a door pack made while keys change knows the passes of both:", passes)
	}
}

// A key of one list that leaked signs for no other list, and for nothing else.
func TestLeakedListKey(t *testing.T) {
	box := boxOf(t, 1)
	c := checkin.NewCodes(box)
	scope := binary.BigEndian.AppendUint64(nil, 42)
	leaked := box.Signer("venue", scope)
	forge := func(list uint64, rest []byte) string {
		p := append(binary.BigEndian.AppendUint64(nil, list), rest...)
		_, sum := leaked.Append(nil, p, 16)
		return base64.RawURLEncoding.EncodeToString(append(append([]byte{1, leaked.NewestKey()}, p...), sum...))
	}
	step := binary.BigEndian.AppendUint32(nil, uint32(at.Unix()/30))
	if s, ok := c.OpenVenue(forge(42, step), at); !ok || s.List != 42 {
		t.Fatal("the forger of this test cannot forge")
	}
	tried := 0
	for list := uint64(0); list < 5000; list++ {
		if list == 42 {
			continue
		}
		tried++
		if _, ok := c.OpenVenue(forge(list, step), at); ok {
			t.Errorf("the key of list 42 opens list %d", list)
		}
	}
	if _, ok := c.OpenTicket(forge(42, make([]byte, 17))); ok {
		t.Error("the key of the venue code signs tickets")
	}
	if _, ok := c.OpenMember(checkin.MemberPrefix+forge(7, make([]byte, 12)), at); ok {
		t.Error("the key of the venue code signs members' codes")
	}
	t.Logf("R25: %d other lists tried with a leaked list key, 0 opened", tried)
}

// The token's layout is a contract with the phones: they read the day pass out of it without any key.
func TestDayPassInTheToken(t *testing.T) {
	c := codes(t)
	text, expires := c.MemberCode(7, at)
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(text, "BM1."))
	if err != nil || len(raw) != 38 || raw[0] != 1 || binary.BigEndian.Uint64(raw[2:]) != 7 || int64(binary.BigEndian.Uint32(raw[10:])) != expires.Unix() {
		t.Fatal(raw, err)
	}
	if got := c.DayPasses(7, at); len(got) != 1 || got[0] != hex.EncodeToString(raw[14:22]) {
		t.Error(got)
	}
	midnight := time.Date(2026, 7, 1, 16, 0, 0, 0, time.UTC) // in Shanghai
	day := func(at time.Time) string { return c.DayPasses(7, at)[0] }
	if day(midnight) == day(midnight.Add(-time.Second)) || day(midnight) != day(midnight.Add(24*time.Hour-time.Second)) || day(midnight) == c.DayPasses(8, midnight)[0] {
		t.Error("a pass is one person's and one day's")
	}
}

func BenchmarkOpenTicket(b *testing.B) {
	c := checkin.NewCodes(boxOf(b, 1))
	token := c.Ticket(checkin.Ticket{List: 42, Account: 7, Issued: at})
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := c.OpenTicket(token); !ok {
			b.Fatal("refused")
		}
	}
}

func BenchmarkOpenForgedTicket(b *testing.B) {
	c, forger := checkin.NewCodes(boxOf(b, 1)), checkin.NewCodes(boxOf(b, 9))
	token := forger.Ticket(checkin.Ticket{List: 42, Account: 7, Issued: at})
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := c.OpenTicket(token); ok {
			b.Fatal("accepted")
		}
	}
}

func BenchmarkOpenVenue(b *testing.B) {
	c := checkin.NewCodes(boxOf(b, 1))
	token := "https://a.example.cn/q/" + c.Venue(42, at).Token
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := c.OpenVenue(token, at); !ok {
			b.Fatal("refused")
		}
	}
}

func BenchmarkOpenMember(b *testing.B) {
	c := checkin.NewCodes(boxOf(b, 1))
	text, _ := c.MemberCode(7, at)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := c.OpenMember(text, at); !ok {
			b.Fatal("refused")
		}
	}
}

// What is read as a card or as a poster has the one spelling that was printed, and a nonce its sixteen bytes.
func FuzzParsers(f *testing.F) {
	for _, s := range []string{"", "BC1.", "BC1.AAAAAAAAAAAAAAAAAAAAAA", "BC1.AAAAAAAAAAAAAAAAAAAAAB", " BC1.AAAAAAAAAAAAAAAAAAAAAA\n", "BC1.AAAAAAAAAAA\nAAAAAAAAAA",
		"PAAAAAAAAAAAAAAAAAAAAAA", "https://a.example.cn/q/PAAAAAAAAAAAAAAAAAAAAAA?x=1", "https%3A%2F%2Fa%2Fq%2FPAAAAAAAAAAAAAAAAAAAAAA", "%zz/q/P",
		"00000000000000000000000000000000", "0123456789abcdef0123456789ABCDEF", "0123456789abcdef0123456789abcdeg", strings.Repeat("é", 16)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if serial, ok := checkin.ParseCard(s); ok {
			b, err := base64.RawURLEncoding.DecodeString(serial)
			if err != nil || len(b) != 16 || base64.RawURLEncoding.EncodeToString(b) != serial || strings.TrimSpace(s) != "BC1."+serial {
				t.Errorf("%q is read as the card %q", s, serial)
			}
		}
		if code, ok := checkin.ParsePoster(s); ok {
			b, err := base64.RawURLEncoding.DecodeString(code)
			if err != nil || len(b) != 16 || base64.RawURLEncoding.EncodeToString(b) != code {
				t.Errorf("%q is read as the poster %q", s, code)
			}
		}
		if n, ok := checkin.ParseNonce(s); ok && !strings.EqualFold(hex.EncodeToString(n[:]), s) {
			t.Errorf("%q is read as the nonce %x", s, n)
		}
	})
}
