package tour

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"bense/server/internal/app"
	"bense/server/internal/wechat"
	"bense/server/internal/wechat/emulator"
)

// ErrorRow says what became of one failure of the platform: how often its endpoint was called for one
// thing to be done, and how that thing ended.
type ErrorRow struct {
	Endpoint string `json:"endpoint"`
	Code     string `json:"code"`
	Calls    int    `json:"calls"`
	State    string `json:"state"`
	OK       bool   `json:"ok"`
}

// trial is a failure with what must come of it.
type trial struct {
	endpoint, code string
	fault          emulator.Fault
	act            func(*lab, context.Context, trial) (string, error)
	calls          int
	want           string
}

// lab is a small county on an instance of its own, where WeChat may fail without spoiling the tour's figures.
type lab struct {
	*thread
	alliance string
	member   *phone
	person   string
	template string
	poster   string
}

// Endpoints of the platform.
const (
	atSubscribe = "/cgi-bin/message/subscribe/send"
	atOfficial  = "/cgi-bin/message/template/send"
	atRobot     = "/cgi-bin/webhook/send"
	atToken     = "/cgi-bin/stable_token"
	atSession   = "/sns/jscode2session"
	atPhone     = "/wxa/business/getuserphonenumber"
	atCard      = "/cgi-bin/message/wxopen/updatablemsg/send"
	atCheck     = "/wxa/msg_sec_check"
	atCode      = "/wxa/getwxacodeunlimit"
	atMedia     = "/wxa/media_check_async"
)

// hang is longer than the lab's time-out.
const hang = 4 * time.Second

func number(n int) emulator.Fault { return emulator.Fault{Errcode: n, Times: 1} }

// everywhere are the failures that any endpoint may have, for one that sends something, with what must come of it.
func everywhere(endpoint string, act func(*lab, context.Context, trial) (string, error), good, unknown string) []trial {
	all := []trial{
		{code: "-1", fault: number(-1), calls: 2, want: good},
		{code: "40001", fault: number(40001), calls: 2, want: good},
		{code: "40014", fault: number(40014), calls: 2, want: good},
		{code: "42001", fault: number(42001), calls: 2, want: good},
		{code: "HTTP 502", fault: emulator.Fault{HTTPStatus: 502, Times: 1}, calls: 2, want: good},
		{code: "HTML", fault: emulator.Fault{Body: emulator.HTML, Times: 1}, calls: 2, want: good},
		{code: "hang", fault: emulator.Fault{Hang: hang, Times: 1}, calls: 1, want: unknown},
		{code: "truncated JSON", fault: emulator.Fault{Body: emulator.Truncated, Times: 1}, calls: 1, want: unknown},
		{code: "empty body", fault: emulator.Fault{Body: emulator.Empty, Times: 1}, calls: 1, want: unknown},
	}
	for i := range all {
		all[i].endpoint, all[i].act = endpoint, act
	}
	return all
}

// trials are wechat's failures in the order of the platform's list.
func trials() []trial {
	list := []trial{
		{atToken, "40164", number(40164), (*lab).push, 2, "delivered"},
		{atToken, "40125", number(40125), (*lab).push, 2, "delivered"},
		{atToken, "expires_in=300", emulator.Fault{ExpiresIn: 300, Times: 1}, (*lab).push, 1, "delivered"},
		{atSession, "40029", number(40029), (*lab).enter, 1, "422 identity.login_code"},
		{atSession, "40163", number(40163), (*lab).enter, 1, "422 identity.login_code"},
		{atSession, "45011", number(45011), (*lab).enter, 1, "429 too_many"},
		{atSession, "40226", number(40226), (*lab).enter, 1, "403 identity.blocked"},
		{"/wxa/checksession", "87009", number(87009), (*lab).session, 1, wechat.SessionStale},
		{atPhone, "40029", number(40029), (*lab).bind, 1, "422 identity.phone_code"},
		{atPhone, "reuse", emulator.Fault{}, (*lab).bindTwice, 2, "422 identity.phone_code"},
		{atPhone, "numeric countryCode", emulator.Fault{Body: emulator.Numeric, Times: 1}, (*lab).bind, 1, "bound"},
		{atSubscribe, "43101", number(43101), (*lab).push, 1, "refused"},
		{atSubscribe, "43101, follower", number(43101), (*lab).pushFollower, 1, "official delivered"},
		{atSubscribe, "40003", number(40003), (*lab).push, 1, "failed"},
		{atSubscribe, "40037", number(40037), (*lab).push, 1, "failed"},
		{atSubscribe, "47003", number(47003), (*lab).push, 1, "failed"},
		{atSubscribe, "41030", number(41030), (*lab).push, 1, "failed"},
		{atSubscribe, "43108", number(43108), (*lab).push, 2, "delivered"},
		{"/wxaapi/newtmpl/gettemplate", "empty list", emulator.Fault{Body: emulator.NoList, Times: 1}, (*lab).templates, 1, "told by doctor"},
		{"/cgi-bin/message/wxopen/activityid/create", "expired id", emulator.Fault{ExpiresIn: -60, Times: 1}, (*lab).shareExpired, 1, "503 notice.card_down"},
		{atCard, "47001", number(47001), (*lab).card, 1, "dead"},
		{atCard, "illegal transition", emulator.Fault{}, (*lab).closedCard, 1, "dead"},
		{"/cgi-bin/message/wxopen/chattoolmsg/send", "48001", number(48001), (*lab).chatTool, 1, wechat.NotPermitted},
		{atCode, "41030", number(41030), (*lab).code, 1, "503 checkin.picture"},
		{atCode, "45009", number(45009), (*lab).code, 1, "503 checkin.picture"},
		{atCode, "image/png", emulator.Fault{}, (*lab).code, 1, "image"},
		{atCode, "bad scene", emulator.Fault{}, (*lab).badScene, 0, wechat.BadScene},
		{atCheck, "risky", emulator.Fault{}, (*lab).risky, 1, "422 notice.risky"},
		{atCheck, "review", emulator.Fault{}, (*lab).review, 1, "409 notice.review"},
		{atCheck, "61010", number(61010), (*lab).publishOnly, 1, "409 notice.reopen"},
		{atCheck, "HTTP 502", emulator.Fault{HTTPStatus: 502, Times: 1}, (*lab).publishOnly, 1, "503 notice.check_down"},
		{atMedia, "late callback", emulator.Fault{}, (*lab).pictureLate, 1, "waited, then published"},
		{atMedia, "lost callback", emulator.Fault{Body: emulator.LostCall, Times: 1}, (*lab).pictureLost, 1, "409 notice.picture_review"},
		{atRobot, "45009", number(45009), (*lab).robot, 2, "sent"},
		{atRobot, "93000", number(93000), (*lab).robot, 1, "failed"},
		{atOfficial, "43004", number(43004), (*lab).official, 1, "official refused"},
		{atOfficial, "43101", number(43101), (*lab).official, 1, "official refused"},
	}
	list = append(list, everywhere(atSubscribe, (*lab).push, "delivered", "unknown")...)
	list = append(list, everywhere(atOfficial, (*lab).official, "official delivered", "official unknown")...)
	for _, t := range everywhere(atRobot, (*lab).robot, "sent", "unknown") {
		if t.code != "40001" && t.code != "40014" && t.code != "42001" { // a robot has no token
			list = append(list, t)
		}
	}
	// last: with the day's quota used up, nothing else is tried on this channel until midnight
	return append(list,
		trial{atSubscribe, "45009, follower", number(45009), (*lab).pushBeforeMidnight, 1, "official delivered"},
		trial{atSubscribe, "45009", number(45009), (*lab).pushAlone, 1, "queued"})
}

// Errors lets every failure of the platform happen once and holds what came of it against what must. It
// stands on an instance of its own, so that the tour's figures stay what they are.
func Errors(ctx context.Context, out io.Writer) ([]ErrorRow, error) {
	clk, begun := &shiftable{}, time.Now()
	inst, err := app.Isolated(ctx, app.IsolatedOptions{Log: slog.New(slog.DiscardHandler), Clock: clk,
		Environ: []string{"BENSE_WECHAT_TIMEOUT=2s", "BENSE_CHANNELS_SMS=log"}})
	if err != nil {
		return nil, err
	}
	defer inst.Close()
	l := &lab{thread: &thread{inst: inst, emu: inst.Emulator, api: newClient(inst.URL, workers), clock: clk, books: books{inst.DB}, out: out, begun: begun}}
	defer l.api.close()
	if err := l.settle(ctx); err != nil {
		return nil, err
	}
	l.say("微信出错 %-42s %-20s %5s  %s", "endpoint", "code", "calls", "final state")
	var rows []ErrorRow
	for _, t := range trials() {
		l.emu.Clear()
		before := l.emu.Calls()[t.endpoint]
		state, err := t.act(l, ctx, t)
		if err != nil {
			return nil, fmt.Errorf("error table: %s %s: %w", t.endpoint, t.code, err)
		}
		r := ErrorRow{Endpoint: t.endpoint, Code: t.code, Calls: l.emu.Calls()[t.endpoint] - before, State: state}
		r.OK = r.Calls == t.calls && r.State == t.want
		l.say("微信出错 %-42s %-20s %5d  %s", r.Endpoint, r.Code, r.Calls, r.State)
		if !r.OK {
			l.fault("%s %s: %d calls, %s; want %d, %s", t.endpoint, t.code, r.Calls, r.State, t.calls, t.want)
		}
		rows = append(rows, r)
	}
	return rows, l.channels(ctx)
}

// settle founds the lab's county: one alliance, somebody with a phone and somebody without.
func (l *lab) settle(ctx context.Context) error {
	if err := l.foundCommittee(ctx); err != nil {
		return err
	}
	book := []byte("序号,姓名,单位,所属联盟,联系电话\n1,验证甲,县甲局,东片,19900041001\n2,验证乙,县甲局,东片,\n")
	var r report
	if err := l.office.post(ctx, "/imports?committee_id="+l.committee+"&filename=a.csv", book, &r); err != nil {
		return err
	}
	if err := l.office.post(ctx, "/imports/"+r.ID+"/commit", nil, nil); err != nil {
		return err
	}
	rows, err := list[ledgerRow](ctx, l.office, "/persons")
	if err != nil {
		return err
	}
	for _, p := range rows {
		if p.Masked != "" {
			l.person, l.alliance = p.ID, p.AllianceID
		}
	}
	l.member = l.phoneOf("验证甲", "19900041001")
	if err := l.member.login(ctx); err != nil {
		return err
	}
	if found, err := l.member.bindTo(ctx, l.person); err != nil || !found {
		return errors.Join(err, errors.New("the lab's member was not found"))
	}
	t, _ := l.inst.WeChat.Template("activity_notice")
	l.template = t.ID
	return l.hangUp(ctx)
}

// hangUp makes an activity with a poster for its door.
func (l *lab) hangUp(ctx context.Context) error {
	var a struct {
		Lists []struct {
			ID string `json:"id"`
		} `json:"lists"`
	}
	starts := l.clock.Now().Add(72 * time.Hour)
	err := l.office.post(ctx, "/activities", map[string]any{"alliance_id": l.alliance, "kind": "party_day", "title": "验证活动", "place": "会议室",
		"starts_at": starts, "ends_at": starts.Add(2 * time.Hour)}, &a)
	if err != nil {
		return err
	}
	var p struct {
		ID string `json:"id"`
	}
	err = l.office.post(ctx, "/lists/"+a.Lists[0].ID+"/posters", map[string]any{}, &p)
	l.poster = p.ID
	return err
}

// one reads one word from the database.
func (l *lab) one(ctx context.Context, query string, args ...any) (string, error) {
	var word string
	err := l.inst.DB.Conn(ctx).Raw(query, args...).Scan(&word).Error
	return word, err
}

// run lets the worker try for some minutes.
func (l *lab) run(ctx context.Context) error {
	for range 4 {
		if err := l.drain(ctx); err != nil {
			return err
		}
		l.clock.forward(time.Minute)
	}
	return nil
}

// status is how the server answered a request.
func status(err error, good string) (string, error) {
	var p *problem
	switch {
	case err == nil:
		return good, nil
	case errors.As(err, &p):
		return fmt.Sprintf("%d %s", p.Status, p.Code), nil
	}
	return "", err
}

// channels tells what the lab's notices went out on: each channel must have been used.
func (l *lab) channels(ctx context.Context) error {
	used := map[string]string{}
	for name, query := range map[string]string{
		"inbox": "SELECT COUNT(*) FROM notice_recipients", "subscribe": "SELECT COUNT(*) FROM notice_deliveries WHERE channel = 'subscribe'",
		"official": "SELECT COUNT(*) FROM notice_deliveries WHERE channel = 'official'", "sms (log)": "SELECT COUNT(*) FROM notice_deliveries WHERE channel = 'sms'",
		"robot": "SELECT COUNT(*) FROM notice_posts", "card": "SELECT COUNT(*) FROM notice_cards",
	} {
		n, err := l.one(ctx, query)
		if err != nil {
			return err
		}
		if n == "0" {
			l.fault("渠道没有用到 channel not used: %s", name)
		}
		used[name] = n
	}
	l.say("渠道 channels: %v", used)
	if len(l.faults) > 0 {
		return ErrMismatch
	}
	return nil
}
