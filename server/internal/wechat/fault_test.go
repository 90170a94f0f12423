package wechat_test

import (
	"context"
	"testing"
	"time"

	"bense/server/internal/wechat"
	"bense/server/internal/wechat/emulator"
)

// enough is a time-out that a platform which answers keeps on a busy machine, too.
const enough = 2 * time.Second

// What a send does when an endpoint misbehaves: calls made, final result, and whether the message arrived.
func TestSendUnderFaults(t *testing.T) {
	type result struct {
		code                 string // "" is success
		retryable, ambiguous bool
		sends, fetches       int
		arrived              int
	}
	cases := map[string]struct {
		at    string
		fault emulator.Fault
		want  result
	}{
		"none":                 {sendPath, emulator.Fault{Every: 1000}, result{"", false, false, 1, 1, 1}},
		"busy":                 {sendPath, emulator.Fault{Errcode: -1}, result{wechat.Busy, true, false, 1, 1, 0}},
		"40001 once":           {sendPath, emulator.Fault{Errcode: 40001, Times: 1}, result{"", false, false, 2, 2, 1}},
		"42001 once":           {sendPath, emulator.Fault{Errcode: 42001, Times: 1}, result{"", false, false, 2, 2, 1}},
		"40014 once":           {sendPath, emulator.Fault{Errcode: 40014, Times: 1}, result{"", false, false, 2, 2, 1}},
		"40001 always":         {sendPath, emulator.Fault{Errcode: 40001}, result{wechat.TokenRefused, true, false, 2, 2, 0}},
		"42001 always":         {sendPath, emulator.Fault{Errcode: 42001}, result{wechat.TokenRefused, true, false, 2, 2, 0}},
		"40014 always":         {sendPath, emulator.Fault{Errcode: 40014}, result{wechat.TokenRefused, true, false, 2, 2, 0}},
		"quota":                {sendPath, emulator.Fault{Errcode: 45009}, result{wechat.Quota, true, false, 1, 1, 0}},
		"502":                  {sendPath, emulator.Fault{HTTPStatus: 502}, result{wechat.Unavailable, true, false, 1, 1, 0}},
		"503":                  {sendPath, emulator.Fault{HTTPStatus: 503}, result{wechat.Unavailable, true, false, 1, 1, 0}},
		"504":                  {sendPath, emulator.Fault{HTTPStatus: 504, After: true}, result{wechat.Unavailable, false, true, 1, 1, 1}},
		"429":                  {sendPath, emulator.Fault{HTTPStatus: 429}, result{wechat.TooOften, true, false, 1, 1, 0}},
		"404":                  {sendPath, emulator.Fault{HTTPStatus: 404}, result{wechat.Unavailable, true, false, 1, 1, 0}},
		"html":                 {sendPath, emulator.Fault{Body: emulator.HTML}, result{wechat.Unavailable, true, false, 1, 1, 0}},
		"truncated":            {sendPath, emulator.Fault{Body: emulator.Truncated, After: true}, result{wechat.BadAnswer, false, true, 1, 1, 1}},
		"empty":                {sendPath, emulator.Fault{Body: emulator.Empty, After: true}, result{wechat.BadAnswer, false, true, 1, 1, 1}},
		"hang":                 {sendPath, emulator.Fault{Hang: time.Minute}, result{wechat.NoAnswer, false, true, 1, 1, 0}},
		"hang, but sent":       {sendPath, emulator.Fault{Hang: time.Minute, After: true}, result{wechat.NoAnswer, false, true, 1, 1, 1}},
		"refused":              {sendPath, emulator.Fault{Errcode: 43101}, result{wechat.Refused, false, false, 1, 1, 0}},
		"openid":               {sendPath, emulator.Fault{Errcode: 40003}, result{wechat.BadOpenID, false, false, 1, 1, 0}},
		"template":             {sendPath, emulator.Fault{Errcode: 40037}, result{wechat.BadTemplate, false, false, 1, 1, 0}},
		"field":                {sendPath, emulator.Fault{Errcode: 47003}, result{wechat.BadField, false, false, 1, 1, 0}},
		"page":                 {sendPath, emulator.Fault{Errcode: 41030}, result{wechat.BadPage, false, false, 1, 1, 0}},
		"banned":               {sendPath, emulator.Fault{Errcode: 43107}, result{wechat.Banned, false, false, 1, 1, 0}},
		"concurrent":           {sendPath, emulator.Fault{Errcode: 43108}, result{wechat.Concurrent, true, false, 1, 1, 0}},
		"sensitive":            {sendPath, emulator.Fault{Errcode: 45168}, result{wechat.Sensitive, false, false, 1, 1, 0}},
		"a new number":         {sendPath, emulator.Fault{Errcode: 99999}, result{wechat.Rejected, false, false, 1, 1, 0}},
		"token: ip list":       {tokenPath, emulator.Fault{Errcode: 40164}, result{wechat.Misconfigured, true, false, 0, 1, 0}},
		"token: secret":        {tokenPath, emulator.Fault{Errcode: 40125}, result{wechat.Misconfigured, true, false, 0, 1, 0}},
		"token: 502":           {tokenPath, emulator.Fault{HTTPStatus: 502}, result{wechat.Unavailable, true, false, 0, 1, 0}},
		"token: truncated":     {tokenPath, emulator.Fault{Body: emulator.Truncated}, result{wechat.BadAnswer, true, false, 0, 1, 0}},
		"token: empty":         {tokenPath, emulator.Fault{Body: emulator.Empty}, result{wechat.BadAnswer, true, false, 0, 1, 0}},
		"token: html":          {tokenPath, emulator.Fault{Body: emulator.HTML}, result{wechat.Unavailable, true, false, 0, 1, 0}},
		"token: hang":          {tokenPath, emulator.Fault{Hang: time.Minute}, result{wechat.NoAnswer, true, false, 0, 1, 0}},
		"token: 300 s":         {tokenPath, emulator.Fault{ExpiresIn: 300}, result{"", false, false, 1, 1, 1}},
		"everywhere: busy":     {emulator.Everywhere, emulator.Fault{Errcode: -1}, result{wechat.Busy, true, false, 0, 1, 0}},
		"everywhere: 40001":    {emulator.Everywhere, emulator.Fault{Errcode: 40001}, result{wechat.TokenRefused, true, false, 2, 2, 0}},
		"everywhere, each 2nd": {emulator.Everywhere, emulator.Fault{Errcode: 40001, Every: 2}, result{"", false, false, 1, 1, 1}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(cfg *wechat.Config, _ *emulator.Options) {
				if c.fault.Hang > 0 {
					cfg.Timeout = enough
				}
			})
			openID := r.emu.User(zhang).OpenID
			r.credit(t, zhang)
			r.emu.Inject(c.at, c.fault)
			err := r.SendSubscribe(context.Background(), r.message(openID))
			calls := r.emu.Calls()
			got := result{sends: calls[sendPath], fetches: calls[tokenPath], arrived: len(r.emu.Messages(openID))}
			if e, ok := wechat.As(err); ok {
				got.code, got.retryable, got.ambiguous = e.Code, e.Retryable, e.Ambiguous
			} else if err != nil {
				t.Fatal("not our error:", err)
			}
			if got != c.want {
				t.Errorf("\n got %+v\nwant %+v", got, c.want)
			}
		})
	}
}

// Calls without effect may always be repeated.
func TestReadsAreNeverAmbiguous(t *testing.T) {
	for name, f := range map[string]emulator.Fault{
		"hang":      {Hang: time.Minute},
		"truncated": {Body: emulator.Truncated},
		"504":       {HTTPStatus: 504},
		"empty":     {Body: emulator.Empty},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(cfg *wechat.Config, _ *emulator.Options) { cfg.Timeout = enough })
			if err := r.list(context.Background()); err != nil { // the token is there
				t.Fatal(err)
			}
			r.emu.Inject(listPath, f)
			if e, ok := wechat.As(r.list(context.Background())); !ok || e.Ambiguous || !e.Retryable {
				t.Fatal(e)
			}
		})
	}
}

func TestAPlatformThatIsGone(t *testing.T) {
	r := newRig(t)
	cfg := r.cfg
	cfg.BaseURL = "http://127.0.0.1:1"
	c := wechat.New(cfg, nil, r.clock, nil)
	defer c.Close()
	_, err := c.Login(context.Background(), "0abc")
	if e := wantCode(t, err, wechat.Unavailable); !e.Retryable || e.Ambiguous {
		t.Fatal("nothing was sent:", e)
	}
}
