package checkin_test

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"bense/server/internal/checkin"
	"bense/server/internal/crypt"
	"bense/server/internal/testdb"
)

func codes(t *testing.T) checkin.Codes { return checkin.NewCodes(testdb.Box(t)) }

func otherCodes(t *testing.T) checkin.Codes {
	t.Helper()
	secret := make([]byte, crypt.KeySize)
	secret[0] = 99
	b, err := crypt.New(crypt.Key{ID: 1, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	return checkin.NewCodes(b)
}

// at is half-way through a step of the venue code.
var at = time.Unix(1_782_000_015, 0).UTC()

func TestVenueCode(t *testing.T) {
	c := codes(t)
	code := c.Venue(42, at)
	if len(code.Token) > 64 || !regexp.MustCompile(`^[\w-]+$`).MatchString(code.Token) || code.Refresh != 15*time.Second {
		t.Fatal(code)
	}
	for _, text := range []string{
		code.Token, " " + code.Token + "\n", "https://a.example.cn/q/" + code.Token, "https://a.example.cn/q/" + code.Token + "?from=1#x",
		url.QueryEscape("https://a.example.cn/q/" + code.Token),
	} {
		if s, ok := c.OpenVenue(text, at); !ok || s.List != 42 || !s.Current || s.Old {
			t.Errorf("%q: %v %v", text, s, ok)
		}
	}
}

// A picture of the code is worth at most a minute, to the second.
func TestVenueCodeWindow(t *testing.T) {
	c := codes(t)
	made := time.Unix(1_782_000_000, 0).UTC() // the beginning of a step
	token := c.Venue(42, made).Token
	for after, want := range map[time.Duration][2]bool{ // current, old
		-31 * time.Second: {false, false}, -30 * time.Second: {true, false}, 0: {true, false}, 5 * time.Second: {true, false},
		30*time.Second - 1: {true, false}, 30 * time.Second: {true, true}, 60*time.Second - 1: {true, true},
		60 * time.Second: {false, false}, 90 * time.Second: {false, false}, 300 * time.Second: {false, false},
	} {
		s, ok := c.OpenVenue(token, made.Add(after))
		if !ok || s.Current != want[0] || s.Old != want[1] {
			t.Errorf("%s: %v %v, want %v", after, s, ok, want)
		}
	}
	if code := c.Venue(42, made.Add(10*time.Second)); !code.ExpiresAt.Equal(made.Add(60*time.Second)) || code.Refresh != 20*time.Second {
		t.Error(code)
	}
}

func TestForgedCodes(t *testing.T) {
	c, tried := codes(t), 0
	member, _ := c.MemberCode(7, at)
	kinds := map[string]struct {
		token string
		open  func(string) bool
	}{
		"venue":  {c.Venue(42, at).Token, func(s string) bool { _, ok := c.OpenVenue(s, at); return ok }},
		"ticket": {c.Ticket(checkin.Ticket{List: 42, Account: 7, Issued: at}), func(s string) bool { _, ok := c.OpenTicket(s); return ok }},
		"member": {strings.TrimPrefix(member, checkin.MemberPrefix), func(s string) bool { _, _, ok := c.OpenMemberCode(checkin.MemberPrefix+s, at); return ok }},
	}
	for name, k := range kinds {
		if !k.open(k.token) {
			t.Fatalf("%s: the genuine one is refused", name)
		}
		raw, err := base64.RawURLEncoding.DecodeString(k.token)
		if err != nil {
			t.Fatal(err)
		}
		var forged []string
		for i := range raw { // every bit of every byte: version, key, payload, signature
			for bit := range 8 {
				b := append([]byte(nil), raw...)
				b[i] ^= 1 << bit
				forged = append(forged, base64.RawURLEncoding.EncodeToString(b))
			}
		}
		for i := range k.token { // every character, also by those that no code has
			for _, ch := range "Aa0_-+/=. \n" {
				if other := k.token[:i] + string(ch) + k.token[i+1:]; other != k.token && strings.TrimSpace(other) != k.token {
					forged = append(forged, other)
				}
			}
			forged = append(forged, k.token[:i], k.token[i+1:], k.token[:i]+"\n"+k.token[i:])
		}
		forged = append(forged, "", k.token+"A", k.token+k.token, "eyJhbGciOiJub25lIn0.e30.", strings.Repeat("A", len(k.token)))
		for other, o := range kinds {
			if other != name {
				forged = append(forged, o.token)
			}
		}
		for _, f := range forged {
			tried++
			if strings.TrimSpace(f) != k.token && k.open(f) {
				t.Errorf("%s: %q is taken for genuine", name, f)
			}
		}
	}
	foreign, _ := otherCodes(t).MemberCode(7, at)
	if _, _, ok := c.OpenMemberCode(foreign, at); ok {
		t.Error("a code of another key is taken for genuine")
	}
	if _, ok := c.OpenVenue(otherCodes(t).Venue(42, at).Token, at); ok {
		t.Error("a venue code of another key is taken for genuine")
	}
	t.Logf("%d forged codes, none accepted", tried)
}

func TestMemberCodeWindow(t *testing.T) {
	c := codes(t)
	text, expires := c.MemberCode(7, at)
	if !strings.HasPrefix(text, "BM1.") || len(text) > 64 || expires.Sub(at) != 2*time.Minute {
		t.Fatal(text, expires)
	}
	for moment, want := range map[time.Time]bool{
		at: true, expires: true, expires.Add(time.Second): false, at.Add(-30 * time.Second): true, at.Add(-31 * time.Second): false,
	} {
		person, current, ok := c.OpenMemberCode(text, moment)
		if !ok || person != 7 || current != want {
			t.Errorf("%s: %v %v %v", moment.Sub(at), person, current, ok)
		}
	}
}

func TestTicketLife(t *testing.T) {
	c := codes(t)
	tk, ok := c.OpenTicket(c.Ticket(checkin.Ticket{List: 42, Account: 7, Issued: at, Old: true}))
	if !ok || tk.List != 42 || tk.Account != 7 || !tk.Old || !tk.Issued.Equal(at) {
		t.Fatal(tk, ok)
	}
	if !tk.Covers(at) || !tk.Covers(at.Add(10*time.Minute)) || tk.Covers(at.Add(10*time.Minute+time.Second)) || tk.Covers(at.Add(-time.Minute)) {
		t.Error("edges of the ticket")
	}
}

// Whatever is held up to a door, reading it neither panics nor finds a code that was not made.
func FuzzOpenCode(f *testing.F) {
	secret := make([]byte, crypt.KeySize)
	box, err := crypt.New(crypt.Key{ID: 1, Secret: secret})
	if err != nil {
		f.Fatal(err)
	}
	c := checkin.NewCodes(box)
	member, _ := c.MemberCode(7, at)
	made := []string{c.Venue(42, at).Token, c.Ticket(checkin.Ticket{List: 42, Account: 7, Issued: at}), member}
	for _, s := range append(made, "", "BM1.", "https://a/q/", "%zz", "BC1.AAAAAAAAAAAAAAAAAAAAAA") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_, venue := c.OpenVenue(s, at)
		_, ticket := c.OpenTicket(s)
		_, _, person := c.OpenMemberCode(s, at)
		plain, _ := url.QueryUnescape(s)
		genuine := false
		for _, m := range made {
			genuine = genuine || strings.Contains(s, m) || strings.Contains(plain, m)
		}
		if (venue || ticket || person) && !genuine {
			t.Errorf("%q is taken for genuine", s)
		}
	})
}
