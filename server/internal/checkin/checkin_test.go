package checkin_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/checkin"
	"bense/server/internal/clock"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// starts is the beginning of the activity in the tests: 1 July 2026, nine o'clock in Shanghai.
var starts = time.Date(2026, 7, 1, 9, 0, 0, 0, clock.Shanghai).UTC()

var ends = starts.Add(2 * time.Hour)

func list() checkin.List {
	l := checkin.List{ID: 1, Activity: 2, Name: checkin.DefaultList}
	l.OpensAt, l.ClosesAt = checkin.Window(starts, ends)
	return l
}

// good are the facts of somebody who simply comes.
func good() checkin.Facts {
	l := list()
	return checkin.Facts{Genuine: true, Current: true, Matches: 1, Known: true, Active: true, OnList: true, At: starts, Opens: l.OpensAt, Closes: l.ClosesAt}
}

// checks are domain.md's checks in their order: how each is failed, and what is answered then.
var checks = []struct {
	fail   func(*checkin.Facts)
	answer checkin.Answer
}{
	{func(f *checkin.Facts) { f.Genuine = false }, checkin.InvalidCode},
	{func(f *checkin.Facts) { f.Current = false }, checkin.CodeExpired},
	{func(f *checkin.Facts) { f.Cancelled = true }, checkin.Cancelled},
	{func(f *checkin.Facts) { f.Matches = 2 }, checkin.Ambiguous},
	{func(f *checkin.Facts) { f.Known = false }, checkin.Unknown},
	{func(f *checkin.Facts) { f.Active = false }, checkin.Inactive},
	{func(f *checkin.Facts) { f.OnList = false }, checkin.NotOnList},
	{func(f *checkin.Facts) { f.Present = true }, checkin.Already},
	{func(f *checkin.Facts) { f.At = f.Opens.Add(-time.Second) }, checkin.TooEarly},
	{func(f *checkin.Facts) { f.At = f.Closes.Add(time.Second) }, checkin.TooLate},
	{func(f *checkin.Facts) { f.Excused = true }, checkin.OnLeave},
}

func TestFirstFailureWins(t *testing.T) {
	for set := range 1 << len(checks) {
		f, want := good(), checkin.OK
		for i := len(checks) - 1; i >= 0; i-- {
			if set&(1<<i) != 0 {
				checks[i].fail(&f)
				want = checks[i].answer
			}
		}
		if early := 1 << 8; set&early != 0 && set&(early<<1) != 0 { // one attempt has one time
			continue
		}
		if got := checkin.Judge(f); got != want {
			t.Fatalf("set %b: %s, want %s", set, got, want)
		}
	}
}

func TestJudge(t *testing.T) {
	change := func(list ...func(*checkin.Facts)) checkin.Facts {
		f := good()
		for _, c := range list {
			c(&f)
		}
		return f
	}
	late := func(f *checkin.Facts) { f.At = f.Closes.Add(time.Hour) }
	own := func(f *checkin.Facts) { f.Own = true }
	walkIn := func(f *checkin.Facts) { f.OnList, f.WalkIn = false, true }
	come := func(f *checkin.Facts) { f.Excused, f.LeaveToPresent = true, true }
	for name, c := range map[string]struct {
		facts checkin.Facts
		want  checkin.Answer
	}{
		"simply comes":                    {good(), checkin.OK},
		"the door opens":                  {change(func(f *checkin.Facts) { f.At = f.Opens }), checkin.OK},
		"the door closes":                 {change(func(f *checkin.Facts) { f.At = f.Closes }), checkin.OK},
		"own, though all else has failed": {change(own, func(f *checkin.Facts) { f.Current, f.Cancelled, f.Active, f.OnList = false, true, false, false }, late), checkin.OK},
		"own, forged":                     {change(own, func(f *checkin.Facts) { f.Genuine = false }), checkin.InvalidCode},
		"annulled":                        {change(func(f *checkin.Facts) { f.Annulled = true }), checkin.CodeExpired},
		"walk-in":                         {change(walkIn), checkin.OK},
		"walk-in after the end":           {change(walkIn, late), checkin.TooLate},
		"walk-in twice":                   {change(walkIn, func(f *checkin.Facts) { f.Present = true }), checkin.Already},
		"came after all":                  {change(come), checkin.OK},
		"came after all, too late":        {change(come, late), checkin.TooLate},
	} {
		if got := checkin.Judge(c.facts); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestLateIsNeverTurnedRed(t *testing.T) {
	for _, c := range []struct {
		check int
		want  checkin.Answer
		flag  checkin.Flag
	}{
		{0, checkin.InvalidCode, ""}, {1, checkin.OK, "late_code_expired"}, {2, checkin.OK, "late_cancelled"},
		{3, checkin.Ambiguous, ""}, {4, checkin.Unknown, ""}, {5, checkin.OK, "late_inactive"},
		{6, checkin.OK, "late_not_on_list"}, {7, checkin.Already, ""}, {8, checkin.OK, "late_too_early"},
		{9, checkin.OK, "late_too_late"}, {10, checkin.OK, "late_on_leave"},
	} {
		f := good()
		checks[c.check].fail(&f)
		answer, flag := checkin.JudgeLate(f)
		if answer != c.want || flag != c.flag {
			t.Errorf("check %d: %s %q, want %s %q", c.check, answer, flag, c.want, c.flag)
		}
		if flag != "" && flag.Note() == "" {
			t.Errorf("%s has no sentence", flag)
		}
		f.Present = true
		if answer, _ := checkin.JudgeLate(f); c.want == checkin.OK && answer != checkin.Already {
			t.Errorf("check %d, present: %s", c.check, answer)
		}
	}
	if answer, flag := checkin.JudgeLate(good()); answer != checkin.OK || flag != checkin.FlagLate {
		t.Error(answer, flag)
	}
}

func TestMoment(t *testing.T) {
	l := list()
	second := time.Second
	for name, c := range map[string]struct {
		claimed, now time.Time
		door         checkin.Door
		offline      bool
		at           time.Time
		flag         checkin.Flag
		late         bool
	}{
		"now":                           {claimed: starts, now: starts, at: starts},
		"a moment ago":                  {claimed: starts, now: starts.Add(5 * second), at: starts},
		"a while ago":                   {claimed: starts, now: starts.Add(time.Hour), at: starts, late: true},
		"next day":                      {claimed: starts, now: starts.Add(20 * time.Hour), at: starts, late: true},
		"offline, a moment ago":         {claimed: starts, now: starts.Add(5 * second), offline: true, at: starts, late: true},
		"no time":                       {now: starts, at: starts},
		"offline, no time":              {now: starts, offline: true, at: starts, late: true},
		"offline, in the future":        {claimed: starts.Add(10 * time.Minute), now: starts, offline: true, at: starts, flag: checkin.FlagClock, late: true},
		"offline, after the window":     {claimed: l.ClosesAt.Add(second), now: l.ClosesAt.Add(time.Hour), offline: true, at: l.ClosesAt.Add(time.Hour), flag: checkin.FlagClock, late: true},
		"offline, too early":            {claimed: l.OpensAt.Add(-second), now: l.OpensAt.Add(-second), offline: true, at: l.OpensAt.Add(-second)},
		"a little ahead":                {claimed: starts.Add(20 * second), now: starts, at: starts},
		"in the future":                 {claimed: starts.Add(10 * time.Minute), now: starts, at: starts, flag: checkin.FlagClock},
		"before the window":             {claimed: l.OpensAt.Add(-second), now: starts, at: starts, flag: checkin.FlagClock},
		"the window opens":              {claimed: l.OpensAt, now: starts, at: l.OpensAt, late: true},
		"the window closes":             {claimed: l.ClosesAt, now: l.ClosesAt.Add(time.Hour), at: l.ClosesAt, late: true},
		"after the window":              {claimed: l.ClosesAt.Add(second), now: l.ClosesAt.Add(time.Hour), at: l.ClosesAt.Add(time.Hour), flag: checkin.FlagClock},
		"too early, right clock":        {claimed: l.OpensAt.Add(-second), now: l.OpensAt.Add(-second), at: l.OpensAt.Add(-second)},
		"clock stands at the beginning": {claimed: time.Unix(0, 0), now: starts, at: starts, flag: checkin.FlagClock},
		"paper of the day":              {claimed: starts, now: starts.Add(30 * time.Hour), door: checkin.Paper, at: starts},
		"paper without a time":          {now: starts.Add(30 * time.Hour), door: checkin.Paper, at: starts, flag: checkin.FlagClock},
		"paper, time of entering":       {claimed: starts.Add(30 * time.Hour), now: starts.Add(30 * time.Hour), door: checkin.Paper, at: starts, flag: checkin.FlagClock},
	} {
		door := c.door
		if door == "" {
			door = checkin.Scan
		}
		at, flag, late := checkin.Moment(l, starts, c.claimed, c.now, door, c.offline)
		if !at.Equal(c.at) || flag != c.flag || late != c.late {
			t.Errorf("%s: %s %q %v, want %s %q %v", name, at, flag, late, c.at, c.flag, c.late)
		}
	}
}

func TestMessages(t *testing.T) {
	l := list()
	nine := starts.Add(2 * time.Minute)
	for answer, want := range map[checkin.Answer]string{
		checkin.OK: "签到成功", checkin.Already: "您已在9:02签到", checkin.InvalidCode: "这不是本活动的签到码，请找工作人员",
		checkin.CodeExpired: "签到码已更新，请重新扫一扫", checkin.Cancelled: "活动已取消", checkin.Unknown: "还没有找到您的登记，请找联络员",
		checkin.Inactive: "请找联络员", checkin.NotOnList: "不在名单，可现场补登", checkin.Ambiguous: "有同名，请选单位",
		checkin.TooEarly: "8:00 开始签到", checkin.TooLate: "签到已结束，请找联络员", checkin.OnLeave: "您请过假，改为到场?",
	} {
		if got := checkin.Message(answer, nine, l.OpensAt, starts); got != want {
			t.Errorf("%s: %s", answer, got)
		}
	}
	if got := checkin.Message(checkin.TooEarly, nine, l.OpensAt, starts.Add(-24*time.Hour)); got != "7月1日8:00 开始签到" {
		t.Error(got)
	}
}

func TestMayAnnul(t *testing.T) {
	r := checkin.Record{Door: checkin.Self, By: 7, Recorded: starts}
	scan := checkin.Record{Door: checkin.Scan, By: 8, Recorded: starts}
	member, door, head := checkin.Right{Own: true}, checkin.Right{Door: true}, checkin.Right{Any: true, Door: true}
	for name, c := range map[string]struct {
		r     checkin.Record
		by    id.ID
		right checkin.Right
		after time.Duration
		ok    bool
	}{
		"own, at once":                 {r, 7, member, 0, true},
		"own, 10 min":                  {r, 7, member, 10 * time.Minute, true},
		"own, later":                   {r, 7, member, 10*time.Minute + time.Second, false},
		"own, by another phone":        {r, 9, member, 0, false},
		"own, but the liaison's scan":  {scan, 7, member, 0, false},
		"liaison, 15 min":              {scan, 8, door, 15 * time.Minute, true},
		"liaison, later":               {scan, 8, door, 15*time.Minute + time.Second, false},
		"liaison, another's":           {scan, 9, door, 0, false},
		"liaison, a member's":          {r, 8, door, 0, false},
		"head, the next day":           {scan, 9, head, 24 * time.Hour, true},
		"liaison who is a member, own": {r, 7, checkin.Right{Own: true, Door: true}, 12 * time.Minute, true},
	} {
		if err := c.r.MayAnnul(c.by, c.right, starts.Add(c.after)); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever is expected, answered, present and in conflict: the figures add up and nobody counts twice.
func TestRollAddsUp(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 500 {
		var expected []activity.Expected
		present, again, people := map[id.ID]checkin.Record{}, map[id.ID][]checkin.Record{}, map[id.ID]ledger.Person{}
		union := map[id.ID]bool{}
		for n := id.ID(1); n <= id.ID(1+rnd.IntN(40)); n++ {
			people[n] = ledger.Person{ID: n, UnitID: n % 3, SeqNo: int(n)}
			if rnd.IntN(4) > 0 {
				answer := []string{"", activity.Going, activity.Leave}[rnd.IntN(3)]
				expected = append(expected, activity.Expected{Person: n, Unit: n % 3, Answer: answer})
				union[n] = true
			}
			if rnd.IntN(3) == 0 {
				present[n] = checkin.Record{Person: n, Happened: starts}
				union[n] = true
				if rnd.IntN(2) == 0 {
					again[n] = []checkin.Record{{Person: n, Happened: starts.Add(time.Duration(rnd.IntN(7)-3) * time.Minute)}}
				}
			}
		}
		lines, sum := checkin.Roll(expected, present, again, people)
		if short := checkin.Count(expected, present); short != sum {
			t.Fatalf("counted %+v, listed %+v", short, sum)
		}
		if sum.Expected != sum.Present+sum.Leave+sum.Absent || sum.Present != len(present) || sum.Expected != len(union) || len(lines) != len(union) {
			t.Fatal(sum, len(present), len(union), len(lines))
		}
		for _, l := range lines {
			for _, r := range l.Again {
				if l.Record.Happened.After(r.Happened) {
					t.Fatal("not the earliest")
				}
			}
		}
	}
}

func TestNonce(t *testing.T) {
	for text, ok := range map[string]bool{
		"00112233445566778899aabbccddeeff": true, "00112233445566778899AABBCCDDEEFF": true,
		"": false, "00112233445566778899aabbccddeef": false, "00112233445566778899aabbccddeeff00": false,
		"zz112233445566778899aabbccddeeff": false, "00000000000000000000000000000000": false,
	} {
		if _, got := checkin.ParseNonce(text); got != ok {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func nonce(n int) string { return fmt.Sprintf("%032x", n+1) }
