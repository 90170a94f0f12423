package checkin_test

import (
	"bytes"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/cache"
	"bense/server/internal/checkin"
	"bense/server/internal/crypt"
	"bense/server/internal/testdb"
	"bense/server/internal/vault"
)

// keys gives a box with the first key of the tests, a second one, or both, as the database knows them.
func (c *county) keys(t *testing.T, ids ...byte) *crypt.Box {
	t.Helper()
	first := make([]byte, crypt.KeySize)
	for i := range first {
		first[i] = byte(i + 1) // as testdb.Box
	}
	secrets := map[byte][]byte{1: first, 2: bytes.Repeat([]byte{2}, crypt.KeySize)}
	var list []crypt.Key
	for _, k := range ids {
		list = append(list, crypt.Key{ID: k, Secret: secrets[k]})
	}
	box := must(crypt.New(list...))(t)
	must(vault.Open(t.Context(), c.db, box, c.clk.Now()))(t)
	return box
}

// under is an instance of the service with its own keys and memory, on the same database and Redis.
func (c *county) under(t *testing.T, box *crypt.Box) *checkin.Service {
	t.Helper()
	versions := cache.NewVersions(c.db, nil)
	t.Cleanup(versions.Close)
	deps := c.checkin.Deps
	deps.Box, deps.Versions = box, versions
	s := checkin.NewService(deps)
	t.Cleanup(s.Close)
	return s
}

// While keys change one instance after another, what was issued under the old key counts wherever that key
// is; where it is not, the answer is that of a strange code. What lies in Redis under a key that an
// instance has not is as good as nothing. No sign-in is lost over it.
func TestSignInsWhileKeysChange(t *testing.T) {
	d := testdb.Own(t)
	c := newCountyOn(t, d)
	ctx := t.Context()
	before := c.under(t, c.keys(t, 1))
	both := c.keys(t, 1, 2)
	during := c.under(t, both)
	var members []actor.Actor
	for _, unit := range []int{0, 1} {
		for _, person := range c.persons[unit] {
			members = append(members, c.memberOf(unit, person))
		}
	}
	ticket := func(s *checkin.Service, who actor.Actor) string {
		t.Helper()
		code := must(s.VenueCode(ctx, c.liaison, c.list))(t)
		v := must(s.Arrive(ctx, who, code.URL))(t)
		if v.Ticket == "" {
			t.Fatal(v.Answer)
		}
		return v.Ticket
	}
	signIn := func(what string, s *checkin.Service, who actor.Actor, ticket string, want checkin.Answer) {
		t.Helper()
		if r := must(s.SignIn(ctx, who, c.tap1(t, who, ticket)))(t); r.Answer != want {
			t.Errorf("%s: %s, want %s", what, r.Answer, want)
		}
	}
	scan := func(what string, s *checkin.Service, code string, want checkin.Answer) {
		t.Helper()
		got := must(s.Record(ctx, c.liaison, c.list, []checkin.Item{{Nonce: newNonce(), Happened: c.clk.Now(), Door: checkin.Scan, Code: code}}))(t)
		if len(got) != 1 || got[0].Answer != want {
			t.Errorf("%s: %+v, want %s", what, got, want)
		}
	}
	card := func(s *checkin.Service, who actor.Actor) string {
		t.Helper()
		text, _, err := s.MemberCode(ctx, who, who.Persons[0])
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	venue := must(before.VenueCode(ctx, c.liaison, c.list))(t) // a list's key
	oldTicket, oldCard, lateTicket, lateCard := ticket(before, members[0]), card(before, members[1]), ticket(before, members[6]), card(before, members[6])
	signIn("before", before, members[2], ticket(before, members[2]), checkin.OK)

	signIn("an old ticket, the new key added", during, members[0], oldTicket, checkin.OK)
	scan("an old pass, the new key added", during, oldCard, checkin.OK)
	if v := must(during.Arrive(ctx, members[3], venue.URL))(t); v.Answer != checkin.OK || v.Ticket == "" {
		t.Errorf("an old venue code, the new key added: %+v", v)
	}
	signIn("a new ticket on an instance without its key", before, members[3], ticket(during, members[3]), checkin.InvalidCode)
	scan("a new pass on an instance without its key", before, card(during, members[3]), checkin.InvalidCode)
	signIn("the same person, where the key is", during, members[3], ticket(during, members[3]), checkin.OK)

	client, key := c.checkin.Deps.Cache.Client(), "checkin:snapshot:"+c.list.String()
	sealed := func() byte {
		t.Helper()
		text := must(client.Get(ctx, key).Bytes())(t)
		return crypt.KeyOf(text)
	}
	fresh := func(what string, box *crypt.Box, who actor.Actor, by byte) {
		t.Helper()
		signIn(what, c.under(t, box), who, ticket(c.under(t, box), who), checkin.OK)
		for until := time.Now().Add(testdb.Patience); sealed() != by; { // it is offered behind the answer
			if time.Now().After(until) {
				t.Errorf("%s: what lies in Redis is sealed by key %d", what, sealed())
				return
			}
		}
	}
	if err := client.Del(ctx, key).Err(); err != nil {
		t.Fatal(err)
	}
	fresh("the first to read", both, members[4], 2)
	signIn("what lies in Redis is of the new key", c.under(t, c.keys(t, 1)), members[5], ticket(before, members[5]), checkin.OK)

	must(vaultOf(t, c, both).Rotate(ctx, nil))(t)
	after := c.under(t, c.keys(t, 2))
	signIn("an old ticket, the old key gone", after, members[6], lateTicket, checkin.InvalidCode)
	scan("an old pass, the old key gone", after, lateCard, checkin.InvalidCode)
	if v := must(after.Arrive(ctx, members[6], venue.URL))(t); v.Answer != checkin.InvalidCode || v.Ticket != "" {
		t.Errorf("an old venue code, the old key gone: %+v", v)
	}
	old := testdb.Box(t).Seal([]byte("a parcel of before"), "checkin.snapshot")
	if err := client.Set(ctx, key, old, time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	signIn("what lies in Redis is of the old key", after, members[6], ticket(after, members[6]), checkin.OK)
	for i, m := range members[:7] {
		if n := c.rows(t, "checkins", m.Persons[0]); n != 1 {
			t.Errorf("member %d stands %d times on the list", i, n)
		}
		signIn("again", after, m, ticket(after, m), checkin.Already)
	}
}

func vaultOf(t *testing.T, c *county, box *crypt.Box) *vault.Vault {
	t.Helper()
	return must(vault.Open(t.Context(), c.db, box, c.clk.Now()))(t)
}
