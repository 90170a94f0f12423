package notice

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/wechat"
)

// Texts is a provider of text messages to telephones. ErrNotSent, anywhere in the chain of its error, says
// that nothing went out for certain; any other error is taken for one after which it may have.
type Texts interface {
	Text(ctx context.Context, number, text string) (ref string, err error)
}

// ErrNotSent is a provider's word that a text did not go out.
var ErrNotSent = errs.New(errs.Unavailable, "notice.text_not_sent", "短信没有发出")

// LogTexts is the provider of an installation that has none yet: it counts, and sends nothing. Neither the
// number nor the text gets into the log.
type LogTexts struct {
	Log  *slog.Logger
	sent atomic.Int64
}

// Text counts.
func (l *LogTexts) Text(ctx context.Context, _, text string) (string, error) {
	l.Log.InfoContext(ctx, "text message not sent: no provider", slog.Int64("count", l.sent.Add(1)), slog.Int("characters", len([]rune(text))))
	return "", ErrNotSent
}

const channelSMS = "sms_push"

// smsLane reaches whoever has a mobile number in the ledger, with or without WeChat.
type smsLane struct{ s *Service }

func (l smsLane) serves(string) bool { return l.s.Texts != nil }
func (l smsLane) byPerson() bool     { return true }
func (l smsLane) outbox() string     { return channelSMS }

func (l smsLane) reserve(ctx context.Context, _ string, to []target, _ time.Time) (map[id.ID]bool, error) {
	persons := make([]id.ID, 0, len(to))
	for _, t := range to {
		persons = append(persons, t.persons[0])
	}
	phones, err := l.s.Directory.Phones(ctx, persons)
	out := map[id.ID]bool{}
	had := map[string]bool{} // a couple's one telephone rings once
	for _, p := range persons {
		if n := phones[p]; mobile(n) && !had[n] {
			out[p], had[n] = true, true
		}
	}
	return out, err
}

// mobile reports whether a number takes text messages.
func mobile(number string) bool {
	if len(number) != 11 || number[0] != '1' || number[1] < '3' {
		return false
	}
	for _, r := range number {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}

func (l smsLane) send(ctx context.Context, p parcel) (string, error) {
	phones, err := l.s.Directory.Phones(ctx, []id.ID{p.Person})
	if err != nil {
		return "", &wechat.Error{Code: wechat.Unavailable, Retryable: true}
	}
	number := phones[p.Person]
	if !mobile(number) {
		return "", &wechat.Error{Code: wechat.Rejected}
	}
	ref, err := l.s.Texts.Text(ctx, number, shortText(p.Delivery, p.notice, p.about, l.s.Contact, l.s.Clock.Now()))
	if e, ok := errs.As(err); ok && e.Code == ErrNotSent.Code {
		return "", &wechat.Error{Code: wechat.Rejected}
	}
	return ref, err
}

func (l smsLane) returned(context.Context, Delivery, string, time.Time) error { return nil }

// shortText is a notice in one text message: what, when, where, whom to call. It names nobody.
func shortText(d Delivery, n Notice, about *Facts, contact Contact, now time.Time) string {
	l := leaflet(n, about, "", contact, now)
	s := "【本色家园】"
	switch {
	case l.Off:
		s += "取消："
	case d.Word != "": // a text message can't be tapped
		word, _, _ := strings.Cut(d.Word, "，")
		s += word + "："
	case d.Template == ForChange:
		s += "有变动："
	case d.Template == ForReminder:
		s += "提醒您："
	}
	s += l.Title
	for _, part := range []string{l.When, l.Place} {
		if part != "" {
			s += "，" + part
		}
	}
	if l.Off {
		s += "。请不要前往。"
	} else {
		s += "。"
	}
	if l.Contact != "" {
		s += "有事请打：" + l.Contact
	}
	return s
}
