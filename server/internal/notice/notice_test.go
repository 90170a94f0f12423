package notice_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/notice"
	"bense/server/internal/wechat"
)

func TestCompose(t *testing.T) {
	for name, c := range map[string]struct {
		title, body string
		fields      string
	}{
		"good":              {"通知", "正文", ""},
		"longest":           {strings.Repeat("字", 60), strings.Repeat("字", 2000), ""},
		"empty":             {" ", "\n\n", "title body"},
		"too long":          {strings.Repeat("字", 61), strings.Repeat("字", 2001), "title body"},
		"control marks go":  {"通\x00知", "正\x07文", ""},
		"only control mark": {"\x00", "正文", "title"},
	} {
		n, err := notice.Compose(c.title, c.body, actor.Place{Committee: 1, Alliance: 2}, 0, 3, 4, start)
		var fields []string
		if e, ok := errs.As(err); ok {
			for _, f := range e.Fields {
				fields = append(fields, f.Field)
			}
		}
		if got := strings.Join(fields, " "); got != c.fields {
			t.Errorf("%s: %q %v", name, got, err)
		}
		if err == nil && (n.State != notice.Draft || strings.ContainsAny(n.Title+n.Body, "\x00\x07")) {
			t.Errorf("%s: %+v", name, n)
		}
	}
	n, _ := notice.Compose("  两 \n 行 ", "一\r\n\r\n\r\n二  \n三\n", actor.Place{}, 0, 0, 1, start)
	if n.Title != "两 行" || n.Body != "一\n\n二\n三" {
		t.Errorf("%q %q", n.Title, n.Body)
	}
}

func TestStates(t *testing.T) {
	about := &notice.Facts{State: "planned", EndsAt: start.Add(time.Hour)}
	off := &notice.Facts{State: "cancelled", EndsAt: start.Add(time.Hour)}
	past := &notice.Facts{State: "planned", EndsAt: start.Add(-time.Second)}
	steps := map[string]func(notice.Notice) (notice.Notice, error){
		"edit":           func(n notice.Notice) (notice.Notice, error) { return n.Edited(nil, nil, 9, start) },
		"publish":        func(n notice.Notice) (notice.Notice, error) { return n.Publish(about, start) },
		"publish plain":  func(n notice.Notice) (notice.Notice, error) { return n.Publish(nil, start) },
		"publish off":    func(n notice.Notice) (notice.Notice, error) { return n.Publish(off, start) },
		"publish past":   func(n notice.Notice) (notice.Notice, error) { return n.Publish(past, start) },
		"close":          func(n notice.Notice) (notice.Notice, error) { return n.Close(start) },
		"cancel":         func(n notice.Notice) (notice.Notice, error) { return n.Cancel("下雨", start) },
		"cancel at last": func(n notice.Notice) (notice.Notice, error) { return n.Cancel(strings.Repeat("雨", 101), start) },
	}
	for _, c := range []struct {
		from notice.State
		step string
		to   notice.State
		err  error
	}{
		{notice.Draft, "edit", notice.Draft, nil},
		{notice.Draft, "publish", notice.Published, nil},
		{notice.Draft, "publish plain", notice.Published, nil},
		{notice.Draft, "publish off", "", notice.ErrActivity},
		{notice.Draft, "publish past", "", notice.ErrActivity},
		{notice.Draft, "close", "", notice.ErrNotOut},
		{notice.Draft, "cancel", notice.Cancelled, nil},
		{notice.Draft, "cancel at last", "", errs.ErrInvalid},
		{notice.Published, "edit", "", notice.ErrNotDraft},
		{notice.Published, "publish", "", notice.ErrNotDraft},
		{notice.Published, "close", notice.Closed, nil},
		{notice.Published, "cancel", notice.Cancelled, nil},
		{notice.Closed, "close", "", notice.ErrOver},
		{notice.Closed, "cancel", "", notice.ErrOver},
		{notice.Cancelled, "publish", "", notice.ErrNotDraft},
		{notice.Cancelled, "cancel", "", notice.ErrOver},
	} {
		n, err := steps[c.step](notice.Notice{State: c.from, Title: "题", Body: "文"})
		if !errors.Is(err, c.err) || err == nil && n.State != c.to {
			t.Errorf("%s %s: %s %v", c.from, c.step, n.State, err)
		}
	}
}

func TestReached(t *testing.T) {
	for name, c := range map[string]struct {
		r                  notice.Recipient
		reached, unreached bool
	}{
		"nothing":  {notice.Recipient{}, false, true},
		"read":     {notice.Recipient{ReadAt: start}, true, false},
		"answered": {notice.Recipient{AnsweredAt: start}, true, false},
		"told":     {notice.Recipient{ToldAt: start, Outcome: notice.Told}, true, false},
		"called":   {notice.Recipient{Outcome: notice.NoAnswer}, false, true},
		"died":     {notice.Recipient{StoppedAt: start}, false, false},
	} {
		if c.r.Reached() != c.reached || c.r.Unreached() != c.unreached {
			t.Errorf("%s: %t %t", name, c.r.Reached(), c.r.Unreached())
		}
	}
}

func TestCardWord(t *testing.T) {
	day := start.Add(24 * time.Hour)
	for want, c := range map[string]notice.Card{
		"none":    {},
		"made":    {ID: 1, ExpiresAt: day},
		"open":    {ID: 1, ExpiresAt: day, SharedAt: start},
		"expired": {ID: 1, ExpiresAt: start, SharedAt: start},
		"closed":  {ID: 1, ExpiresAt: day, SharedAt: start, State: wechat.CardClosed},
	} {
		if got := c.Word(start); got != want || c.Live(start) != (want == "open") {
			t.Errorf("%s: %s, live %t", want, got, c.Live(start))
		}
	}
}
