package checkin_test

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/checkin"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

func (c *county) poster(t *testing.T, from, until time.Time) checkin.Poster {
	t.Helper()
	p, _, err := c.checkin.IssuePoster(t.Context(), c.liaison, c.list, from, until)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// flagged signs somebody in on their own phone by a code, and gives the flag of the record.
func (c *county) flagged(t *testing.T, who actor.Actor, text string, scene int) (checkin.Answer, checkin.Flag) {
	t.Helper()
	v := must(c.checkin.ArriveBy(t.Context(), who, text, scene))(t)
	if v.Ticket == "" || v.Answer != checkin.OK {
		return v.Answer, ""
	}
	tap := checkin.Tap{Ticket: v.Ticket, Nonce: newNonce(), Person: who.Persons[0], Happened: c.clk.Now()}
	r := must(c.checkin.SignIn(t.Context(), who, tap))(t)
	return r.Answer, c.line(t, who.Persons[0]).Record.Flag
}

func TestPoster(t *testing.T) {
	c := newCounty(t)
	p := c.poster(t, time.Time{}, time.Time{})
	url := c.checkin.PosterURL(p)
	if !regexp.MustCompile(`^https://a\.example\.cn/q/P[\w-]{22}$`).MatchString(url) || len(p.Text()) > 32 {
		t.Fatal(url)
	}
	for i, text := range []string{url, p.Text(), url + "?from=chat", strings.ReplaceAll(strings.ReplaceAll(url, ":", "%3A"), "/", "%2F")} {
		if a, f := c.flagged(t, c.memberOf(0, c.persons[0][i]), text, 0); a != checkin.OK || f != checkin.FlagPoster {
			t.Error(text, a, f)
		}
	}
	if l := c.line(t, c.persons[0][0]); !strings.Contains(l.Remark(), "纸质签到码，请核对是否在场") {
		t.Error(l.Remark())
	}
	if list, _, err := c.checkin.Posters(t.Context(), c.head, c.list); err != nil || len(list) != 1 || list[0].ID != p.ID {
		t.Error(list, err)
	}
	for _, other := range []string{p.Code, "P" + p.Code[:21], "P" + p.Code + "A", "P" + swapCase(p.Code), "P" + strings.Repeat("A", 22), "p" + p.Code} {
		if v := c.visit(t, c.memberOf(1, c.persons[1][0]), other); v.Answer != checkin.InvalidCode {
			t.Error(other, v.Answer)
		}
	}
	if err := c.checkin.RevokePoster(t.Context(), c.foreign, p.ID); !errors.Is(err, errs.ErrNotFound) {
		t.Error(err)
	}
	if err := c.checkin.RevokePoster(t.Context(), c.member, p.ID); !errors.Is(err, errs.ErrForbidden) {
		t.Error(err)
	}
	for range 2 {
		if err := c.checkin.RevokePoster(t.Context(), c.second, p.ID); err != nil {
			t.Fatal(err)
		}
	}
	if v := c.visit(t, c.memberOf(1, c.persons[1][0]), url); v.Answer != checkin.CodeExpired || v.Ticket != "" || !strings.Contains(v.Message, "海报") {
		t.Error(v.Answer, v.Message)
	}
}

// The edges of a poster's window, to the second; one without a window of its own follows its list.
func TestPosterWindow(t *testing.T) {
	c := newCounty(t)
	from, until := starts.Add(-10*time.Minute), starts.Add(10*time.Minute)
	own, listed := c.poster(t, from, until), c.poster(t, time.Time{}, time.Time{})
	l := must(c.checkin.Roster(t.Context(), c.head, c.list))(t).List
	who := c.memberOf(0, c.persons[0][0])
	for _, x := range []struct {
		p    checkin.Poster
		at   time.Time
		want checkin.Answer
	}{
		{own, from.Add(-time.Second), checkin.CodeExpired}, {own, from, checkin.OK}, {own, until, checkin.OK}, {own, until.Add(time.Second), checkin.CodeExpired},
		{listed, l.OpensAt.Add(-time.Second), checkin.TooEarly}, {listed, l.OpensAt, checkin.OK}, {listed, l.ClosesAt, checkin.OK},
		{listed, l.ClosesAt.Add(time.Second), checkin.TooLate},
	} {
		c.clk.Set(x.at)
		if v := c.visit(t, who, x.p.Text()); v.Answer != x.want {
			t.Errorf("%s: %s, want %s", x.at.Sub(starts), v.Answer, x.want)
		}
	}
	c.clk.Set(starts)
	for _, w := range [][2]time.Time{{until, from}, {from, from}, {from, from.Add(8 * 24 * time.Hour)}} {
		if _, _, err := c.checkin.IssuePoster(t.Context(), c.liaison, c.list, w[0], w[1]); !errors.Is(err, checkin.ErrPosterWindow) {
			t.Error(w, err)
		}
	}
}

// A phone that scanned the poster without network tells it later, and is flagged.
func TestPosterWithoutNetwork(t *testing.T) {
	c := newCounty(t)
	p := c.poster(t, time.Time{}, time.Time{})
	for i, x := range []struct {
		late time.Duration
		want checkin.Flag
	}{{30 * time.Second, checkin.FlagPoster}, {time.Hour, checkin.FlagUnseen}} {
		who := c.memberOf(0, c.persons[0][i])
		c.clk.Set(starts.Add(x.late))
		r := must(c.checkin.SignIn(t.Context(), who, checkin.Tap{Token: c.checkin.PosterURL(p), Nonce: newNonce(), Person: who.Persons[0], Happened: starts}))(t)
		if f := c.line(t, who.Persons[0]).Record.Flag; r.Answer != checkin.OK || f != x.want {
			t.Error(x.late, r.Answer, f)
		}
	}
}

func TestPosterFile(t *testing.T) {
	c := newCounty(t)
	p := c.poster(t, time.Time{}, time.Time{})
	file := must(c.checkin.PosterFile(t.Context(), c.liaison, p.ID))(t)
	if !bytes.HasPrefix(file, []byte("%PDF-")) || bytes.Count(file, []byte("/Type /Page\n")) > 1 {
		t.Errorf("%d bytes: %.20q", len(file), file)
	}
	if _, err := c.checkin.PosterFile(t.Context(), c.member, p.ID); !errors.Is(err, errs.ErrForbidden) {
		t.Error(err)
	}
	if err := c.checkin.RevokePoster(t.Context(), c.liaison, p.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := c.checkin.PosterFile(t.Context(), c.liaison, p.ID); !errors.Is(err, errs.ErrNotFound) {
		t.Error("a revoked poster is printed:", err)
	}
}

func TestConfirm(t *testing.T) {
	c := newCounty(t)
	p := c.poster(t, time.Time{}, time.Time{})
	people := c.persons[0]
	for _, person := range people[:3] {
		if a, f := c.flagged(t, c.memberOf(0, person), p.Text(), 0); a != checkin.OK || f != checkin.FlagPoster {
			t.Fatal(a, f)
		}
	}
	flag := func(i int) checkin.Flag { t.Helper(); return c.line(t, people[i]).Record.Flag }
	confirm := func(who actor.Actor, person id.ID) error { return c.checkin.Confirm(t.Context(), who, c.list, person) }
	if err := confirm(c.member, people[0]); !errors.Is(err, errs.ErrForbidden) || flag(0) == "" {
		t.Error(err)
	}
	if err := confirm(c.foreign, people[0]); !errors.Is(err, errs.ErrNotFound) {
		t.Error(err)
	}
	if err := confirm(c.liaison, people[3]); !errors.Is(err, checkin.ErrNotPresent) {
		t.Error(err)
	}
	for range 2 { // twice changes nothing
		if err := confirm(c.liaison, people[0]); err != nil || flag(0) != "" {
			t.Error(err, flag(0))
		}
	}
	c.record(t, c.liaison, c.tap(people[1])) // a name tapped in the roster proves nothing
	if flag(1) != checkin.FlagPoster {
		t.Error("a tap took the flag off")
	}
	if r := c.record(t, c.liaison, c.scan(t, people[1])); r[0].Answer != checkin.Already || flag(1) != "" {
		t.Error(r[0].Answer, flag(1)) // the code on the phone of who stands there does
	}
	card := must(c.checkin.IssueCard(t.Context(), c.liaison, people[2]))(t)
	if r := c.record(t, c.liaison, checkin.Item{Nonce: newNonce(), Door: checkin.Card, Code: checkin.CardPrefix + card, Happened: c.clk.Now()}); r[0].Answer != checkin.Already || flag(2) != "" {
		t.Error(r[0].Answer, flag(2))
	}
	if n := c.lines(t, "checkin.confirm"); n != 1 {
		t.Error("audit lines of the confirmation:", n)
	}
	if n := c.lines(t, "checkin.witness"); n != 2 {
		t.Error("audit lines of the door:", n)
	}
}

// lines counts the audit lines of an action about the activity.
func (c *county) lines(t *testing.T, action string) (n int64) {
	t.Helper()
	if err := c.db.Conn(t.Context()).Table("audit_lines").Where("action = ? AND subject_id = ?", action, c.of.ID).Count(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 32
		case 'A' <= r && r <= 'Z':
			return r + 32
		}
		return r
	}, s)
}
