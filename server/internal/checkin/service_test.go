package checkin_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/checkin"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/testdb"
)

func TestDoorsGiveOneRecord(t *testing.T) {
	c := newCounty(t)
	card := must(c.checkin.IssueCard(t.Context(), c.liaison, c.persons[0][2]))(t)
	own := must(c.checkin.SignIn(t.Context(), c.member, checkin.Tap{Ticket: c.arrive(t, c.member), Nonce: newNonce(), Person: c.persons[0][0], Happened: starts}))(t)
	if own.Answer != checkin.OK || own.Person.Name != "张建国" || own.Activity.ID != c.of.ID || !own.Happened.Equal(starts) || own.Message != "签到成功" {
		t.Fatal(own)
	}
	paper := c.tap(c.persons[1][1])
	paper.Door = checkin.Paper
	byCard := checkin.Item{Nonce: newNonce(), Happened: starts, Door: checkin.Scan, Code: "BC1." + card}
	got := c.record(t, c.liaison, c.scan(t, c.persons[0][1]), byCard, c.tap(c.persons[1][0]), paper)
	if answersOf(got) != "[ok ok ok ok]" {
		t.Fatal(got)
	}
	for person, want := range map[id.ID]struct {
		door   checkin.Door
		by     string
		behalf bool
	}{
		c.persons[0][0]: {checkin.Self, "本人", false}, c.persons[0][1]: {checkin.Scan, "赵联络", false}, c.persons[0][2]: {checkin.Card, "赵联络", false},
		c.persons[1][0]: {checkin.Roster, "赵联络", true}, c.persons[1][1]: {checkin.Paper, "赵联络", true},
	} {
		l := c.line(t, person)
		if l.Record.Door != want.door || l.By != want.by || l.Record.OnBehalf != want.behalf || l.Record.Flag != "" {
			t.Errorf("%s: %+v", want.door, l)
		}
	}
	// once more, by every other door: the same calm answer
	again := c.record(t, c.second, c.tap(c.persons[0][0]), c.scan(t, c.persons[1][0]), c.tap(c.persons[0][2]))
	for i, want := range []checkin.First{{At: starts, Door: checkin.Self, By: "本人"}, {At: starts, Door: checkin.Roster, By: "赵联络"}, {At: starts, Door: checkin.Card, By: "赵联络"}} {
		if r := again[i]; r.Answer != checkin.Already || *r.First != want || r.Message != "您已在9:00签到" {
			t.Error(r.Answer, r.First, r.Message)
		}
	}
	c.checkin.Close() // lines of the own phone follow their rows by a moment
	if n := must(c.audit.Count(t.Context(), "checkin.record", c.of.ID))(t); n != 2 {
		t.Error("audit lines:", n)
	}
	counts := must(c.activity.Counts(t.Context(), c.of.ID))(t)
	if counts.Present != 5 || counts.Expected != 8 {
		t.Error(counts)
	}
}

func TestWindowEdges(t *testing.T) {
	c := newCounty(t)
	l := list()
	for i, x := range []struct {
		now  time.Time
		want string
		says string
	}{
		{l.OpensAt.Add(-time.Second), "[too_early]", "8:00 开始签到"}, {l.OpensAt, "[ok]", "签到成功"},
		{l.ClosesAt, "[ok]", "签到成功"}, {l.ClosesAt.Add(time.Second), "[too_late]", "签到已结束，请找联络员"},
	} {
		c.clk.Set(x.now)
		item := c.tap(c.persons[0][i])
		got := c.record(t, c.liaison, item)
		if answersOf(got) != x.want || got[0].Message != x.says {
			t.Errorf("%s: %v", x.now, got)
		}
		if got[0].Answer != checkin.OK && (!got[0].Opens.Equal(l.OpensAt) || !got[0].Closes.Equal(l.ClosesAt)) {
			t.Error("the window is not told", got[0])
		}
		item.Door, item.Nonce = checkin.Paper, newNonce() // a sheet is entered afterwards
		if got := c.record(t, c.liaison, item); x.want == "[too_late]" && answersOf(got) != "[ok]" {
			t.Error("paper:", got)
		}
	}
	later, end := starts.Add(24*time.Hour), ends.Add(24*time.Hour)
	if _, err := c.activity.Change(t.Context(), c.head, c.of.ID, activity.Change{StartsAt: &later, EndsAt: &end}); !errors.Is(err, activity.ErrEnded) {
		t.Fatal(err)
	}
	c.clk.Set(starts)
	if _, err := c.activity.Change(t.Context(), c.head, c.of.ID, activity.Change{StartsAt: &later, EndsAt: &end}); err != nil {
		t.Fatal(err)
	}
	if got := c.record(t, c.liaison, c.tap(c.persons[1][0])); answersOf(got) != "[too_early]" || got[0].Message != "7月2日8:00 开始签到" {
		t.Error("the window did not move along", got)
	}
}

// R16: one person at several doors at the same moment is first exactly once.
func TestTwoDoorsAtOnce(t *testing.T) {
	c := newCounty(t)
	const tries = 24
	ticket := c.arrive(t, c.member)
	for round := range 8 {
		c.clk.Set(starts.Add(time.Duration(round) * time.Second))
		got := make(chan checkin.Result, tries)
		for n := range tries {
			item := c.tap(c.persons[0][0])
			if n%3 == 1 {
				item = c.scan(t, c.persons[0][0])
			}
			go func() {
				if n%3 == 0 {
					r, err := c.checkin.SignIn(context.Background(), c.member, checkin.Tap{Ticket: ticket, Nonce: item.Nonce, Person: c.persons[0][0], Happened: c.clk.Now()})
					if err != nil {
						r.Message = err.Error()
					}
					got <- r
					return
				}
				r, err := c.checkin.Record(context.Background(), []actor.Actor{c.liaison, c.second}[n%2], c.list, []checkin.Item{item})
				if err != nil {
					r = []checkin.Result{{Message: err.Error()}}
				}
				got <- r[0]
			}()
		}
		ok, firsts := 0, map[checkin.First]bool{}
		for range tries {
			switch r := <-got; r.Answer {
			case checkin.OK:
				ok++
			case checkin.Already:
				firsts[*r.First] = true
			default:
				t.Error(r)
			}
		}
		if ok != 1 || len(firsts) != 1 || c.rows(t, "checkins", c.persons[0][0]) != 1 {
			t.Fatalf("round %d: %d times first, told %v", round, ok, firsts)
		}
		if err := c.checkin.Annul(t.Context(), c.head, c.list, c.persons[0][0], "下一轮"); err != nil {
			t.Fatal(err)
		}
	}
}

// R17: a repeated attempt gets its own success word for word, also when fifty repeat at once, and
// whatever has changed since.
func TestSameAttemptFiftyTimes(t *testing.T) {
	c := newCounty(t)
	item := c.scan(t, c.persons[0][1])
	got := make(chan checkin.Result, 50)
	send := func() {
		r, err := c.checkin.Record(context.Background(), c.liaison, c.list, []checkin.Item{item})
		if err != nil {
			r = []checkin.Result{{Message: err.Error()}}
		}
		got <- r[0]
	}
	for range 50 {
		go send()
	}
	first := <-got
	if first.Answer != checkin.OK {
		t.Fatal(first)
	}
	for range 49 {
		if r := <-got; !reflect.DeepEqual(r, first) {
			t.Fatalf("%+v is not %+v", r, first)
		}
	}
	if n := c.rows(t, "checkins", c.persons[0][1]); n != 1 {
		t.Error(n)
	}
	c.clk.Set(ends.Add(time.Hour)) // the code has expired, the window is over
	gone := ledger.Moved
	if _, err := c.ledger.UpdatePerson(t.Context(), actor.System, c.persons[0][1], ledger.PersonChange{Status: &gone}); err != nil {
		t.Fatal(err)
	}
	send()
	if r := <-got; r.Answer != checkin.OK || !r.Happened.Equal(first.Happened) || r.Message != first.Message {
		t.Errorf("%+v", r)
	}
}

func TestBatchAnswersItemByItem(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	if err := c.activity.Answer(ctx, c.head, c.of.ID, c.persons[1][2], "leave", "住院"); err != nil {
		t.Fatal(err)
	}
	dead := ledger.Deceased
	if _, err := c.ledger.UpdatePerson(ctx, actor.System, c.persons[1][3], ledger.PersonChange{Status: &dead}); err != nil {
		t.Fatal(err)
	}
	card := must(c.checkin.IssueCard(ctx, c.liaison, c.persons[0][3]))(t)
	if err := c.checkin.RevokeCard(ctx, c.liaison, card); err != nil {
		t.Fatal(err)
	}
	item := func(change func(*checkin.Item)) checkin.Item {
		it := checkin.Item{Nonce: newNonce(), Happened: starts, Door: checkin.Roster}
		change(&it)
		return it
	}
	outsider := c.scan(t, c.persons[2][0])
	walkIn := c.scan(t, c.persons[2][1])
	walkIn.WalkIn = true
	leave := c.tap(c.persons[1][2])
	come := leave
	come.Nonce, come.LeaveToPresent = newNonce(), true
	items := []checkin.Item{
		c.tap(c.persons[0][0]),
		c.tap(c.persons[0][0]),
		item(func(i *checkin.Item) { i.Nonce = "spoilt"; i.Person = c.persons[0][1] }),
		item(func(i *checkin.Item) { i.Door = "window"; i.Person = c.persons[0][1] }),
		item(func(i *checkin.Item) { i.Door, i.Code = checkin.Scan, "BM1.forged" }),
		item(func(i *checkin.Item) { i.Door, i.Code = checkin.Card, "BC1."+strings.Repeat("A", 22) }),
		item(func(i *checkin.Item) { i.Door, i.Code = checkin.Card, "BC1."+card }),
		item(func(i *checkin.Item) { i.Person = ids.New() }),
		item(func(i *checkin.Item) {}),
		c.tap(c.persons[2][0]), // of another alliance: an id alone reveals nobody
		c.tap(c.persons[1][3]),
		outsider,
		walkIn,
		item(func(i *checkin.Item) { i.Query = "王志强" }),
		item(func(i *checkin.Item) { i.Query = "0002" }),
		item(func(i *checkin.Item) { i.Query = "没有此人" }),
		leave,
		come,
		c.tap(c.persons[0][1]),
	}
	got := c.record(t, c.liaison, items...)
	want := []checkin.Answer{"ok", "already", "invalid_code", "invalid_code", "invalid_code", "invalid_code", "code_expired", "unknown", "unknown",
		"unknown", "inactive", "not_on_list", "ok", "ambiguous", "ok", "unknown", "on_leave", "ok", "already"}
	for i, r := range got {
		if r.Answer != want[i] || r.Nonce != items[i].Nonce || r.Message == "" {
			t.Errorf("%d: %s %s, want %s", i, r.Answer, r.Message, want[i])
		}
	}
	if len(got[13].Candidates) != 2 || got[13].Candidates[0].Unit == got[13].Candidates[1].Unit || got[9].Person != nil {
		t.Error(got[13].Candidates, got[9].Person)
	}
	if got[11].Person.Name != "周秀梅" || got[14].Person.Name != "李淑芬" || !got[1].First.At.Equal(starts) {
		t.Error(got[11], got[14])
	}
	r := must(c.checkin.Roster(ctx, c.liaison, c.list))(t)
	// eight, less the dead one, and the walk-in
	if r.Counts != (checkin.Tally{Expected: 8, Present: 4, Leave: 0, Absent: 4}) || !c.line(t, c.persons[2][1]).Expected.WalkIn {
		t.Error(r.Counts)
	}
	if _, err := c.activity.Cancel(ctx, c.head, c.of.ID, "暴雨"); err != nil {
		t.Fatal(err)
	}
	if got := c.record(t, c.liaison, c.tap(c.persons[1][0]), items[0]); answersOf(got) != "[cancelled ok]" {
		t.Error(got)
	}
}

func TestAnnulAndComeAgain(t *testing.T) {
	c := newCounty(t)
	ctx, person := t.Context(), c.persons[0][0]
	ticket, nonce := c.arrive(t, c.member), newNonce()
	signIn := func(nonce string) checkin.Result {
		return must(c.checkin.SignIn(ctx, c.member, checkin.Tap{Ticket: ticket, Nonce: nonce, Person: person, Happened: c.clk.Now()}))(t)
	}
	signIn(nonce)
	for name, x := range map[string]struct {
		who  actor.Actor
		want error
	}{
		"another member": {c.memberOf(0, c.persons[0][1]), errs.ErrForbidden}, "foreign": {c.foreign, errs.ErrNotFound}, "liaison, not the own record": {c.liaison, checkin.ErrAnnulLate},
	} {
		if err := c.checkin.Annul(ctx, x.who, c.list, person, ""); !errors.Is(err, x.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c.clk.Advance(5 * time.Minute)
	if err := c.checkin.Annul(ctx, c.member, c.list, person, "我点错了"); err != nil {
		t.Fatal(err)
	}
	if err := c.checkin.Annul(ctx, c.member, c.list, person, ""); !errors.Is(err, checkin.ErrNotPresent) {
		t.Error(err)
	}
	if r := signIn(nonce); r.Answer != checkin.CodeExpired || c.rows(t, "checkins", person) != 0 {
		t.Error("a repetition brings back what was annulled", r)
	}
	if r := signIn(newNonce()); r.Answer != checkin.OK || !r.Happened.Equal(c.clk.Now()) {
		t.Error(r)
	}
	if c.rows(t, "checkin_annulments", person) != 1 || must(c.audit.Count(ctx, "checkin.annul", c.of.ID))(t) != 1 {
		t.Error("no history")
	}
	c.clk.Advance(11 * time.Minute)
	if err := c.checkin.Annul(ctx, c.member, c.list, person, ""); !errors.Is(err, checkin.ErrAnnulLate) {
		t.Error(err)
	}
	if err := c.checkin.Annul(ctx, c.head, c.list, person, "核对后未到"); err != nil {
		t.Error(err)
	}
	// a walk-in who was a mistake does not stay on the list as absent
	item := c.scan(t, c.persons[2][0])
	item.WalkIn = true
	if got := c.record(t, c.liaison, item); answersOf(got) != "[ok]" {
		t.Fatal(got)
	}
	if err := c.checkin.Annul(ctx, c.liaison, c.list, c.persons[2][0], "认错了人"); err != nil {
		t.Fatal(err)
	}
	if r := must(c.checkin.Roster(ctx, c.head, c.list))(t); r.Counts.Expected != 8 || r.Counts.Present != 0 {
		t.Error(r.Counts)
	}
}

// R20 and the law of offline scans: uploaded late, in any order, they are one presence, the earliest
// time is kept, the second door is listed, and nothing that was green turns red.
func TestOfflineDoorsMerge(t *testing.T) {
	for _, order := range [][]int{{0, 1}, {1, 0}} {
		c := newCounty(t)
		doors := []actor.Actor{c.liaison, c.second}
		items := []checkin.Item{c.scan(t, c.persons[0][0]), c.scan(t, c.persons[0][0])}
		items[0].Happened, items[1].Happened = starts.Add(90*time.Second), starts.Add(30*time.Second)
		c.clk.Set(starts.Add(20 * time.Hour))
		for n, i := range order {
			got := c.record(t, doors[i], items[i])
			if want := []string{"[ok]", "[already]"}[n]; answersOf(got) != want {
				t.Fatal(got)
			}
			if n == 1 && !got[0].First.At.Equal(starts.Add(30*time.Second)) {
				t.Error("not the earliest:", got[0].First)
			}
		}
		for n, i := range order { // and once more: the same answers, nothing doubled
			if got := c.record(t, doors[i], items[i]); answersOf(got) != []string{"[ok]", "[already]"}[n] {
				t.Error(got)
			}
		}
		l := c.line(t, c.persons[0][0])
		if !l.Record.Happened.Equal(starts.Add(30*time.Second)) || l.By != "钱联络" || len(l.Again) != 1 || l.Record.Flag != checkin.FlagLate {
			t.Errorf("%+v", l)
		}
		if c.rows(t, "checkins", c.persons[0][0]) != 1 || c.rows(t, "checkin_conflicts", c.persons[0][0]) != 1 {
			t.Error("rows")
		}
		if err := c.checkin.Annul(t.Context(), c.head, c.list, c.persons[0][0], ""); err != nil || c.rows(t, "checkin_annulments", c.persons[0][0]) != 2 {
			t.Error(err)
		}
	}
}

func TestOfflineIsNeverTurnedRed(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	card := must(c.checkin.IssueCard(ctx, c.liaison, c.persons[0][2]))(t)
	if err := c.checkin.RevokeCard(ctx, c.liaison, card); err != nil {
		t.Fatal(err)
	}
	if err := c.activity.Answer(ctx, c.head, c.of.ID, c.persons[0][1], "leave", ""); err != nil {
		t.Fatal(err)
	}
	stale := c.scan(t, c.persons[0][0])
	c.clk.Advance(10 * time.Minute)
	shown := c.clk.Now()
	stale.Happened = shown
	at := func(i checkin.Item) checkin.Item { i.Happened = shown; return i }
	items := []checkin.Item{
		stale, at(c.tap(c.persons[0][1])), at(checkin.Item{Nonce: newNonce(), Door: checkin.Card, Code: "BC1." + card}),
		at(c.scan(t, c.persons[1][0])), at(c.scan(t, c.persons[2][0])), at(checkin.Item{Nonce: newNonce(), Door: checkin.Scan, Code: "BM1.forged"}),
		at(c.tap(ids.New())),
	}
	moved := ledger.Moved
	if _, err := c.ledger.UpdatePerson(ctx, actor.System, c.persons[1][0], ledger.PersonChange{Status: &moved}); err != nil {
		t.Fatal(err)
	}
	c.clk.Set(ends.Add(5 * time.Hour))
	if got := c.record(t, c.liaison, items...); answersOf(got) != "[ok ok ok ok ok invalid_code unknown]" {
		t.Fatal(answersOf(got))
	}
	for person, want := range map[id.ID]checkin.Flag{
		c.persons[0][0]: "late_code_expired", c.persons[0][1]: "late_on_leave", c.persons[0][2]: "late_code_expired",
		c.persons[1][0]: "late_inactive", c.persons[2][0]: "late_not_on_list",
	} {
		l := c.line(t, person)
		if l.Record.Flag != want || !l.Record.Happened.Equal(shown) || !l.Record.Recorded.Equal(c.clk.Now()) {
			t.Errorf("%+v, want %s", l.Record, want)
		}
	}
	online := c.tap(c.persons[1][1]) // honest about the hour: the doors have closed
	if got := c.record(t, c.liaison, online); answersOf(got) != "[too_late]" {
		t.Error(got)
	}
}

// A door without network whose clock is wrong has shown green as well: uploaded in the evening, what it
// saw is recorded at the time of the upload, with a flag. Without that word the rules hold.
func TestOfflineWithAWrongClock(t *testing.T) {
	c := newCounty(t)
	ahead, behind, inside, online := c.tap(c.persons[0][0]), c.tap(c.persons[0][1]), c.tap(c.persons[0][2]), c.tap(c.persons[1][1])
	ahead.Happened, ahead.Offline = ends.Add(48*time.Hour), true
	behind.Happened, behind.Offline = starts.Add(-48*time.Hour), true
	inside.Happened, inside.Offline = starts.Add(-48*time.Hour), true
	online.Happened = ends.Add(48 * time.Hour)
	c.clk.Set(starts.Add(time.Minute))
	if got := c.record(t, c.liaison, inside); answersOf(got) != "[ok]" {
		t.Fatal(answersOf(got))
	}
	c.clk.Set(ends.Add(5 * time.Hour))
	if got := c.record(t, c.liaison, ahead, behind, online); answersOf(got) != "[ok ok too_late]" {
		t.Fatal(answersOf(got))
	}
	if got := c.record(t, c.liaison, ahead); answersOf(got) != "[ok]" {
		t.Error("repeated:", answersOf(got))
	}
	for person, want := range map[id.ID]checkin.Flag{
		c.persons[0][0]: "late_too_late", c.persons[0][1]: "late_too_late", c.persons[0][2]: checkin.FlagClock,
	} {
		if l := c.line(t, person); l.Record.Flag != want || l.Record.Flag.Note() == "" {
			t.Errorf("%q, want %s", l.Record.Flag, want)
		}
	}
}

func TestScope(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	calls := map[string]func(actor.Actor) error{
		"venue": func(a actor.Actor) error { _, err := c.checkin.VenueCode(ctx, a, c.list); return err },
		"record": func(a actor.Actor) error {
			_, err := c.checkin.Record(ctx, a, c.list, []checkin.Item{c.tap(c.persons[0][0])})
			return err
		},
		"roster":     func(a actor.Actor) error { _, err := c.checkin.Roster(ctx, a, c.list); return err },
		"attendance": func(a actor.Actor) error { _, err := c.checkin.Attendance(ctx, a, c.of.ID); return err },
		"file":       func(a actor.Actor) error { _, _, err := c.checkin.AttendanceFile(ctx, a, c.of.ID); return err },
		"annul":      func(a actor.Actor) error { return c.checkin.Annul(ctx, a, c.list, c.persons[0][1], "") },
		"card":       func(a actor.Actor) error { _, err := c.checkin.IssueCard(ctx, a, c.persons[0][0]); return err },
	}
	for name, call := range calls {
		if err := call(c.foreign); !errors.Is(err, errs.ErrNotFound) {
			t.Errorf("%s, foreign liaison: %v", name, err)
		}
		if err := call(c.member); !errors.Is(err, errs.ErrForbidden) {
			t.Errorf("%s, member: %v", name, err)
		}
		if err := call(actor.Actor{Account: 5}); !errors.Is(err, errs.ErrNotFound) {
			t.Errorf("%s, nobody: %v", name, err)
		}
	}
	serial := must(c.checkin.IssueCard(ctx, c.liaison, c.persons[0][0]))(t)
	if err := c.checkin.RevokeCard(ctx, c.foreign, serial); !errors.Is(err, errs.ErrNotFound) {
		t.Error(err)
	}
	if err := c.checkin.RevokeCard(ctx, c.liaison, "unknown"); !errors.Is(err, errs.ErrNotFound) {
		t.Error(err)
	}
	if _, err := c.checkin.IssueCard(ctx, c.second, c.persons[0][0]); !errors.Is(err, errs.ErrNotFound) {
		t.Error("a card for somebody of another unit:", err)
	}
	if _, _, err := c.checkin.MemberCode(ctx, c.member, c.persons[0][1]); !errors.Is(err, errs.ErrNotFound) {
		t.Error(err)
	}
	if _, err := c.checkin.Roster(ctx, c.liaison, ids.New()); !errors.Is(err, errs.ErrNotFound) {
		t.Error(err)
	}
}

func TestDatabaseDown(t *testing.T) {
	d := testdb.Own(t)
	c := newCountyOn(t, d)
	ticket := c.arrive(t, c.member)
	item := c.tap(c.persons[0][1])
	d.Close()
	_, err := c.checkin.SignIn(t.Context(), c.member, checkin.Tap{Ticket: ticket, Nonce: newNonce(), Person: c.persons[0][0], Happened: starts})
	if !errors.Is(err, errs.ErrUnavailable) {
		t.Error(err)
	}
	if _, err = c.checkin.Record(t.Context(), c.liaison, c.list, []checkin.Item{item}); !errors.Is(err, errs.ErrUnavailable) {
		t.Error(err)
	}
}

func TestManyInOneBatch(t *testing.T) {
	c := newCounty(t)
	var items []checkin.Item
	for n := range 500 {
		i := c.tap(c.persons[n%2][n/2%4])
		i.Nonce = fmt.Sprintf("%032x", n+1)
		items = append(items, i)
	}
	got := c.record(t, c.liaison, items...)
	if ok := strings.Count(answersOf(got), "ok"); len(got) != 500 || ok != 8 {
		t.Error(len(got), ok)
	}
	if _, err := c.checkin.Record(t.Context(), c.liaison, c.list, append(items, items[0])); !errors.Is(err, errs.ErrInvalid) {
		t.Error(err)
	}
}
