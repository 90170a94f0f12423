package checkin_test

import (
	"errors"
	"testing"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/checkin"
	"bense/server/internal/errs"
	"bense/server/internal/testdb"
)

func (c *county) visit(t *testing.T, who actor.Actor, text string) checkin.Visit {
	t.Helper()
	return must(c.checkin.Arrive(t.Context(), who, text))(t)
}

func TestVisit(t *testing.T) {
	c := newCounty(t)
	couple := c.memberOf(0, c.persons[0][0], c.persons[0][1])
	c.accounts.family(couple.Account, c.persons[0][1])
	code := must(c.checkin.VenueCode(t.Context(), c.head, c.list))(t)
	v := c.visit(t, couple, code.URL)
	if v.Answer != checkin.OK || len(v.People) != 2 || v.People[1].Person.Name != "李淑芬" || v.List != c.list || !v.Expires.Equal(starts.Add(10*time.Minute)) {
		t.Fatal(v)
	}
	for i, person := range c.persons[0][:2] { // both on one phone, each by name
		r := must(c.checkin.SignIn(t.Context(), couple, checkin.Tap{Ticket: v.Ticket, Nonce: newNonce(), Person: person, Happened: starts}))(t)
		if l := c.line(t, person); r.Answer != checkin.OK || l.Record.OnBehalf != (i == 1) {
			t.Error(r, l)
		}
	}
	if by := c.line(t, c.persons[0][1]).By; by != "家人" {
		t.Error(by)
	}
	v = c.visit(t, couple, code.URL)
	if v.Answer != checkin.OK || v.People[0].PresentAt.IsZero() {
		t.Error(v)
	}
	if v := c.visit(t, couple, "https://elsewhere.example.cn/q/abc"); v.Answer != checkin.InvalidCode || v.Ticket != "" || v.People == nil {
		t.Error(v)
	}
	gone := checkin.NewCodes(testdb.Box(t)).Venue(ids.New(), starts) // genuine, of a list that does not exist
	if v := c.visit(t, couple, gone.Token); v.Answer != checkin.InvalidCode {
		t.Error(v)
	}
	if _, err := c.activity.Cancel(t.Context(), c.head, c.of.ID, ""); err != nil {
		t.Fatal(err)
	}
	if v := c.visit(t, couple, code.URL); v.Answer != checkin.Cancelled || v.Ticket != "" {
		t.Error(v)
	}
	if _, err := c.checkin.VenueCode(t.Context(), c.head, c.list); err == nil {
		t.Error("a code for what is cancelled")
	}
}

// Who had excused themselves is asked once, and then signed in on the own phone as at any door: the
// leave stays noted, so that taking the presence back restores it.
func TestLeaveToPresentOnTheOwnPhone(t *testing.T) {
	c := newCounty(t)
	person := c.persons[0][0]
	c.clk.Set(starts.Add(-time.Hour))
	if err := c.activity.Answer(t.Context(), c.member, c.of.ID, person, activity.Leave, "身体不适"); err != nil {
		t.Fatal(err)
	}
	c.clk.Set(starts) // from now on no answer changes
	ticket := c.arrive(t, c.member)
	tap := checkin.Tap{Ticket: ticket, Nonce: newNonce(), Person: person, Happened: starts}
	if r := must(c.checkin.SignIn(t.Context(), c.member, tap))(t); r.Answer != checkin.OnLeave {
		t.Fatal(r)
	}
	tap.Nonce, tap.LeaveToPresent = newNonce(), true
	for range 2 { // a retry is told the same
		if r := must(c.checkin.SignIn(t.Context(), c.member, tap))(t); r.Answer != checkin.OK || !r.Happened.Equal(starts) {
			t.Fatal(r)
		}
	}
	if l := c.line(t, person); l.Record.Door != checkin.Self || l.Record.Flag != "" || l.Expected.Answer != activity.Leave {
		t.Error(l)
	}
	if err := c.checkin.Annul(t.Context(), c.member, c.list, person, "点错了"); err != nil {
		t.Fatal(err)
	}
	if got := must(c.checkin.Roster(t.Context(), c.head, c.list))(t).Counts; got.Present != 0 || got.Leave != 1 {
		t.Error(got)
	}
}

// A first binding may outlast the code: the ticket is there before the person is known.
func TestFirstBindingOutlastsTheCode(t *testing.T) {
	c := newCounty(t)
	stranger := actor.Actor{Account: ids.New()}
	code := must(c.checkin.VenueCode(t.Context(), c.liaison, c.list))(t)
	v := c.visit(t, stranger, code.Token)
	if v.Answer != checkin.Unknown || v.Ticket == "" || len(v.People) != 0 {
		t.Fatal(v)
	}
	r := must(c.checkin.SignIn(t.Context(), stranger, checkin.Tap{Ticket: v.Ticket, Nonce: newNonce(), Person: c.persons[0][0], Happened: starts}))(t)
	if r.Answer != checkin.Unknown || r.Person != nil {
		t.Error("somebody else's person:", r)
	}
	bound := c.memberOf(0, c.persons[0][0])
	bound.Account = stranger.Account
	for after, want := range map[time.Duration]checkin.Answer{10*time.Minute + time.Second: checkin.CodeExpired, 9 * time.Minute: checkin.OK} {
		c.clk.Set(starts.Add(after))
		r := must(c.checkin.SignIn(t.Context(), bound, checkin.Tap{Ticket: v.Ticket, Nonce: newNonce(), Person: c.persons[0][0], Happened: c.clk.Now()}))(t)
		if r.Answer != want {
			t.Errorf("%s: %v", after, r)
		}
	}
	other := c.memberOf(0, c.persons[0][0]) // another account of the same person
	if r := must(c.checkin.SignIn(t.Context(), other, checkin.Tap{Ticket: v.Ticket, Nonce: newNonce(), Person: c.persons[0][0], Happened: starts}))(t); r.Answer != checkin.InvalidCode {
		t.Error("a ticket of another account:", r)
	}
}

// R24: a picture of the screen that is sent to somebody at home is worth at most a minute; from the
// second half of that on the record is flagged.
func TestForwardedPicture(t *testing.T) {
	c := newCounty(t)
	c.clk.Set(time.Unix(starts.Unix()/30*30, 0))
	made := c.clk.Now()
	code := must(c.checkin.VenueCode(t.Context(), c.liaison, c.list))(t)
	for i, x := range []struct {
		after time.Duration
		want  checkin.Answer
		flag  checkin.Flag
	}{
		{5 * time.Second, checkin.OK, ""}, {30 * time.Second, checkin.OK, checkin.FlagOldCode}, {60*time.Second - time.Millisecond, checkin.OK, checkin.FlagOldCode},
		{60 * time.Second, checkin.CodeExpired, ""}, {90 * time.Second, checkin.CodeExpired, ""}, {300 * time.Second, checkin.CodeExpired, ""},
	} {
		c.clk.Set(made.Add(x.after))
		person := c.persons[i/4][i%4]
		absent := c.memberOf(i/4, person)
		v := c.visit(t, absent, code.URL)
		if v.Answer != x.want || (v.Ticket == "") != (x.want == checkin.CodeExpired) {
			t.Fatalf("%s: %v", x.after, v)
		}
		if v.Ticket == "" {
			continue
		}
		r := must(c.checkin.SignIn(t.Context(), absent, checkin.Tap{Ticket: v.Ticket, Nonce: newNonce(), Person: person, Happened: c.clk.Now()}))(t)
		if l := c.line(t, person); r.Answer != checkin.OK || l.Record.Flag != x.flag {
			t.Errorf("%s: %v %q", x.after, r.Answer, l.Record.Flag)
		}
	}
}

// Where WeChat says that the code was read from a picture the record says so, whether the attempt is
// judged from memory or by the database; the code of the step before doubts less than that.
func TestPictureIsRecorded(t *testing.T) {
	c := newCounty(t)
	known := make([]actor.Actor, 7) // to the memory of the list, which loads with the code; the last one comes later
	for i := range known {
		known[i] = c.memberOf(i/4, c.persons[i/4][i%4])
	}
	code := must(c.checkin.VenueCode(t.Context(), c.liaison, c.list))(t)
	for i, x := range []struct {
		scene int
		want  checkin.Flag
	}{{1011, ""}, {1047, ""}, {0, ""}, {1012, checkin.FlagPicture}, {1013, checkin.FlagPicture}, {1048, checkin.FlagPicture}, {1049, checkin.FlagPicture}} {
		person, who := c.persons[i/4][i%4], known[i]
		v := must(c.checkin.ArriveBy(t.Context(), who, code.URL, x.scene))(t)
		r := must(c.checkin.SignIn(t.Context(), who, c.tap1(t, who, v.Ticket)))(t)
		if l := c.line(t, person); r.Answer != checkin.OK || l.Record.Flag != x.want {
			t.Errorf("scene %d: %v %q, want %q", x.scene, r.Answer, l.Record.Flag, x.want)
		}
	}
	if c.fromMemory(t) == 0 {
		t.Error("nothing was judged from memory")
	}
	c.clk.Advance(30 * time.Second)
	person := c.persons[1][3]
	who := c.memberOf(1, person)
	v := must(c.checkin.ArriveBy(t.Context(), who, code.URL, 1012))(t)
	must(c.checkin.SignIn(t.Context(), who, c.tap1(t, who, v.Ticket)))(t)
	if l := c.line(t, person); l.Record.Flag != checkin.FlagPicture {
		t.Errorf("an old code from a picture: %q", l.Record.Flag)
	}
}

// The phone keeps an attempt that found no network: it counts for the moment of the tap, which the
// ticket vouches for, and is flagged. What the ticket does not vouch for is not believed.
func TestPhoneWithoutNetwork(t *testing.T) {
	c := newCounty(t)
	ticket := c.arrive(t, c.member)
	tap := starts.Add(2 * time.Minute)
	for name, x := range map[string]struct {
		tap, now time.Time
		want     checkin.Answer
	}{
		"claims a time after the ticket":  {starts.Add(20 * time.Minute), starts.Add(21 * time.Minute), checkin.CodeExpired},
		"claims a time before the ticket": {starts.Add(-20 * time.Minute), starts.Add(21 * time.Minute), checkin.CodeExpired},
		"comes back after two days":       {tap, starts.Add(48 * time.Hour), checkin.CodeExpired},
	} {
		c.clk.Set(x.now)
		if r := must(c.checkin.SignIn(t.Context(), c.member, checkin.Tap{Ticket: ticket, Nonce: newNonce(), Person: c.persons[0][0], Happened: x.tap}))(t); r.Answer != x.want {
			t.Errorf("%s: %v", name, r)
		}
	}
	c.clk.Set(ends.Add(2 * time.Hour))
	nonce := newNonce()
	for range 2 {
		r := must(c.checkin.SignIn(t.Context(), c.member, checkin.Tap{Ticket: ticket, Nonce: nonce, Person: c.persons[0][0], Happened: tap}))(t)
		if r.Answer != checkin.OK || !r.Happened.Equal(tap) {
			t.Fatal(r)
		}
	}
	if l := c.line(t, c.persons[0][0]); l.Record.Flag != checkin.FlagLate {
		t.Error(l.Record)
	}
}

// R15: a device's clock changes nothing about who gets in.
func TestClockJumps(t *testing.T) {
	c := newCounty(t)
	ticket := c.arrive(t, c.member)
	r := must(c.checkin.SignIn(t.Context(), c.member, checkin.Tap{Ticket: ticket, Nonce: newNonce(), Person: c.persons[0][0], Happened: starts.Add(10 * time.Minute)}))(t)
	if l := c.line(t, c.persons[0][0]); r.Answer != checkin.OK || !r.Happened.Equal(starts) || l.Record.Flag != checkin.FlagClock {
		t.Error(r, l.Record)
	}
	item := c.scan(t, c.persons[0][1])
	item.Happened = starts.Add(-10 * time.Hour)
	if got := c.record(t, c.liaison, item); answersOf(got) != "[ok]" || !got[0].Happened.Equal(starts) {
		t.Error(got)
	}
	c.clk.Set(list().OpensAt.Add(-10 * time.Minute)) // ours stands before the window: so it is judged
	item = c.tap(c.persons[0][2])
	item.Happened = starts
	if got := c.record(t, c.liaison, item); answersOf(got) != "[too_early]" {
		t.Error(got)
	}
}

func TestMemberCodeExpires(t *testing.T) {
	c := newCounty(t)
	for after, want := range map[time.Duration]string{2 * time.Minute: "[ok]", 2*time.Minute + time.Second: "[code_expired]"} {
		c.clk.Set(starts)
		person := c.persons[0][int(after/time.Second)%2]
		item := c.scan(t, person)
		c.clk.Advance(after)
		item.Happened = c.clk.Now()
		if got := c.record(t, c.liaison, item); answersOf(got) != want {
			t.Errorf("%s: %v", after, got)
		}
	}
}

// R27: who tries codes is slowed down; a genuine code opens the door all the same, with Redis or without.
func TestGuessing(t *testing.T) {
	c := newCounty(t)
	guess := func() error {
		_, err := c.checkin.Arrive(t.Context(), c.member, "AAAA")
		return err
	}
	for range 30 {
		if err := guess(); err != nil {
			t.Fatal(err)
		}
	}
	if err := guess(); !errors.Is(err, checkin.ErrGuessing) {
		t.Error(err)
	}
	if r := must(c.checkin.SignIn(t.Context(), c.member, checkin.Tap{Ticket: c.arrive(t, c.member), Nonce: newNonce(), Person: c.persons[0][0], Happened: starts}))(t); r.Answer != checkin.OK {
		t.Error("the honest are locked out", r)
	}
	c.clk.Advance(10 * time.Minute)
	if err := guess(); err != nil {
		t.Error("not forgotten", err)
	}
	wrong := func() checkin.Item {
		return checkin.Item{Nonce: newNonce(), Happened: c.clk.Now(), Door: checkin.Scan, Code: "BM1.x"}
	}
	var err error
	for n := 0; n < 400 && err == nil; n++ {
		_, err = c.checkin.Record(t.Context(), c.liaison, c.list, []checkin.Item{wrong()})
	}
	if !errors.Is(err, checkin.ErrGuessing) {
		t.Error(err)
	}
	if got := c.record(t, c.liaison, wrong(), c.scan(t, c.persons[0][1])); answersOf(got) != "[invalid_code ok]" {
		t.Error(got)
	}
}

func TestRedisDown(t *testing.T) {
	c := newCounty(t)
	dead := testdb.Cache(t)
	deps := c.checkin.Deps
	deps.Cache = dead
	s := checkin.NewService(deps)
	dead.Client().Close()
	for n := range 31 {
		v, err := s.Arrive(t.Context(), c.member, "AAAA")
		if n < 30 && (err != nil || v.Answer != checkin.InvalidCode) || n == 30 && !errors.Is(err, checkin.ErrGuessing) {
			t.Fatal(n, v, err)
		}
	}
	if got := must(s.Record(t.Context(), c.liaison, c.list, []checkin.Item{c.tap(c.persons[0][0])}))(t); answersOf(got) != "[ok]" {
		t.Error(got)
	}
	if _, err := s.SignIn(t.Context(), c.member, checkin.Tap{Ticket: "x", Nonce: "y", Person: 1, Happened: starts}); !errors.Is(err, errs.ErrInvalid) {
		t.Error(err)
	}
}
