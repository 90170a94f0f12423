package notice_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/notice"
	"bense/server/internal/wechat"
)

func TestOrdersOfChannels(t *testing.T) {
	for name, c := range map[string]struct {
		list []notice.Channel
		ok   bool
	}{
		"none":    {[]notice.Channel{}, true},
		"turned":  {[]notice.Channel{notice.SMS, notice.Subscribe}, true},
		"twice":   {[]notice.Channel{notice.SMS, notice.SMS}, false},
		"always":  {[]notice.Channel{notice.Inbox}, false},
		"unknown": {[]notice.Channel{"pigeon"}, false},
	} {
		o, err := notice.OrderOf(c.list)
		if (err == nil) != c.ok || c.ok && !slices.Equal(o.List(), c.list) {
			t.Errorf("%s: %q %v", name, o, err)
		}
	}
	if got := notice.Order("").List(); !slices.Contains(got, notice.Subscribe) || !slices.Contains(got, notice.SMS) {
		t.Errorf("nobody chose: %v", got)
	}
	for _, c := range notice.Channels {
		if c.Traits().Name == "" {
			t.Errorf("%s has no name", c)
		}
	}
}

// outside are the further channels of the tests: an official account, a robot, a provider of texts.
type outside struct {
	mu     sync.Mutex
	err    func(m wechat.SubscribeMessage) error
	sent   []wechat.SubscribeMessage
	union  map[string]string // by openid at the official account
	said   []string
	speak  error
	texted map[string]string // by number
	text   error
}

func (o *outside) Template(occasion string) (wechat.TemplateConfig, bool) {
	t := template(occasion[len("activity_"):])
	t.ID = "o" + t.ID
	return t, true
}

func (o *outside) SendTemplate(_ context.Context, m wechat.SubscribeMessage, _ string) (string, error) {
	if err := m.Check(); err != nil {
		return "", err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = append(o.sent, m)
	if o.err != nil {
		if err := o.err(m); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("ref-%d", len(o.sent)), nil
}

func (o *outside) Follower(_ context.Context, openID string) (wechat.Follower, error) {
	return wechat.Follower{Follows: true, UnionID: o.union[openID]}, nil
}

func (o *outside) PostRobot(_ context.Context, _, text string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.said = append(o.said, text)
	return o.speak
}

func (o *outside) Text(_ context.Context, number, text string) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.text == nil {
		o.texted[number] = text
	}
	return "t1", o.text
}

// wide is a house with all channels; SMS only where a test asks for it.
func wide(t *testing.T, sms bool) (*house, *outside) {
	t.Helper()
	o := &outside{union: map[string]string{}, texted: map[string]string{}}
	h := newHouse(t, func(_ *house, d *notice.Deps) {
		d.Official, d.Robots = o, o
		if sms {
			d.Texts = o
		}
	})
	return h, o
}

// follow lets persons follow the official account.
func (o *outside) follow(h *house, persons ...id.ID) {
	h.t.Helper()
	for _, p := range persons {
		open := fmt.Sprintf("official-%d", p)
		o.union[open] = fmt.Sprintf("union-%d", accountOf(p))
		h.must(h.svc.HandleOfficialEvent(h.t.Context(), wechat.Event{Kind: wechat.EventFollow, OpenID: open, At: h.clk.Now()}))
	}
	h.work()
}

func refused(wechat.SubscribeMessage) error {
	return &wechat.Error{Code: wechat.Refused, Errcode: 43101}
}

// all is every message of a notice as "channel state", by what it is addressed to.
func (h *house) messages(key id.ID) map[id.ID]string {
	h.t.Helper()
	rows, err := h.db.SQL().QueryContext(h.t.Context(), "SELECT account_id, channel, state FROM notice_deliveries WHERE notice_id = "+key.String())
	h.must(err)
	defer rows.Close()
	out := map[id.ID]string{}
	for rows.Next() {
		var a int64
		var c, s string
		h.must(rows.Scan(&a, &c, &s))
		out[id.ID(a)] = c + " " + s
	}
	h.must(rows.Err())
	return out
}

// A message goes by the first channel that reaches, and by one only.
func TestFirstChannelThatReaches(t *testing.T) {
	h, o := wide(t, false)
	h.accept(notice.ForNotice, 1, 1101)
	o.follow(h, 1101, 1102)
	key := h.published()
	h.work()
	got := h.messages(key)
	if got[accountOf(1101)] != "subscribe sent" || got[accountOf(1102)] != "official sent" || got[accountOf(1103)] != "subscribe no_credit" {
		t.Errorf("%v", got)
	}
	if len(h.sent) != 1 || len(o.sent) != 1 || o.sent[0].OpenID != "official-1102" || !strings.Contains(o.sent[0].Page, key.String()) {
		t.Errorf("%v %v", h.sent, o.sent)
	}
	var pushed int
	for _, s := range h.timeline(key).Steps {
		if s.Kind == "pushed" {
			pushed++
		}
	}
	if pushed != 2 {
		t.Errorf("%+v", h.timeline(key).Steps)
	}
}

func TestCommitteeTurnsTheOrder(t *testing.T) {
	h, o := wide(t, true)
	order, err := notice.OrderOf([]notice.Channel{notice.Official})
	h.must(err)
	_, err = h.svc.SetRules(t.Context(), staff(), committee, notice.Rules{Channels: order})
	h.must(err)
	kept, err := h.svc.SetRules(t.Context(), staff(), committee, notice.Rules{RemindDay: true}) // an older page says nothing about channels
	if h.must(err); kept.Channels != order {
		t.Errorf("%+v", kept)
	}
	h.accept(notice.ForNotice, 1, 1101)
	o.follow(h, 1101)
	key := h.published()
	h.work()
	if got := h.messages(key); got[accountOf(1101)] != "official sent" || len(o.texted) != 0 {
		t.Errorf("%v %v", got, o.texted)
	}
}

// What certainly did not arrive goes on to the next channel, in the same row; what may have arrived doesn't.
func TestFallThrough(t *testing.T) {
	down := &wechat.Error{Code: wechat.NoAnswer, Ambiguous: true}
	for name, c := range map[string]struct {
		subscribe, official error
		account             string
		texted              bool
	}{
		"refused":            {refused(wechat.SubscribeMessage{}), nil, "official sent", false},
		"broken":             {&wechat.Error{Code: wechat.BadField}, nil, "official sent", false},
		"unknown":            {down, nil, "subscribe unknown", false},
		"refused twice":      {refused(wechat.SubscribeMessage{}), &wechat.Error{Code: wechat.NotFollower, Errcode: 43004}, "official refused", true},
		"refused, no answer": {refused(wechat.SubscribeMessage{}), down, "official unknown", false},
	} {
		t.Run(name, func(t *testing.T) {
			h, o := wide(t, true)
			for _, p := range []id.ID{1102, 1103, 1104, 1105, 1201, 1202, 1203, 1204} {
				h.people[p] = ledger.Person{ID: p, UnitID: p / 100, AllianceID: alliance, CommitteeID: committee, Status: ledger.Moved}
			}
			h.accept(notice.ForNotice, 1, 1101)
			o.follow(h, 1101)
			h.send = func(wechat.SubscribeMessage) error { return c.subscribe }
			o.err = func(wechat.SubscribeMessage) error { return c.official }
			key := h.published()
			h.work()
			got := h.messages(key)
			if got[accountOf(1101)] != c.account || (len(o.texted) == 1) != c.texted || c.texted && got[1101] != "sms sent" {
				t.Errorf("%v, %d texts", got, len(o.texted))
			}
			for _, text := range o.texted {
				if !strings.HasPrefix(text, "【本色家园】七一主题党日通知，") || strings.Contains(text, "人1101") {
					t.Error(text)
				}
			}
			if calls := h.calls(head(), key); !slices.Contains(calls, 1101) {
				t.Error("whoever hasn't read stays on the call list")
			}
		})
	}
}

// The platform's later word that somebody has blocked the account sends the message on as well.
func TestOfficialAccountsCallbacks(t *testing.T) {
	h, o := wide(t, true)
	o.follow(h, 1101, 1102)
	key := h.published()
	h.work()
	told := func(ref string, errcode int) {
		t.Helper()
		h.must(h.svc.HandleOfficialEvent(t.Context(), wechat.Event{Kind: wechat.EventTemplate, OpenID: "official-1101", Items: []wechat.EventItem{{MessageID: ref, Errcode: errcode}}}))
	}
	blocked := o.sent[0].OpenID
	told("ref-1", 43101)
	told("ref-2", 0)
	told("ref-2", 0)
	told("ref-99", 0) // of another system
	h.work()
	person := map[string]id.ID{"official-1101": 1101, "official-1102": 1102}[blocked]
	got := h.messages(key)
	if got[accountOf(person)] != "official refused" || got[person] != "sms sent" || got[accountOf(1101+1102-person)] != "official delivered" {
		t.Errorf("%v", got)
	}
}

// Follow and unfollow come in any order; the platform's times decide. Who left is not written to.
func TestFollowersComeAndGo(t *testing.T) {
	h, o := wide(t, false)
	o.follow(h, 1101, 1102)
	leave := func(p id.ID, at time.Time) {
		h.must(h.svc.HandleOfficialEvent(t.Context(), wechat.Event{Kind: wechat.EventUnfollow, OpenID: fmt.Sprintf("official-%d", p), At: at}))
	}
	leave(1101, h.clk.Now().Add(time.Second))
	leave(1102, h.clk.Now().Add(-time.Hour)) // of before
	key := h.published()
	h.work()
	if got := h.messages(key); got[accountOf(1101)] != "subscribe no_credit" || got[accountOf(1102)] != "official sent" {
		t.Errorf("%v", got)
	}
	o.err = func(wechat.SubscribeMessage) error { return &wechat.Error{Code: wechat.NotFollower} }
	second := h.another()
	h.work()
	third := h.another()
	h.work()
	if a, b := h.messages(second)[accountOf(1102)], h.messages(third)[accountOf(1102)]; a != "official refused" || b != "subscribe no_credit" {
		t.Errorf("%q, then %q: a word of 43004 is remembered", a, b)
	}
}

// Who follows no more is forgotten once no late event can come; who follows stays.
func TestWhoUnfollowsIsForgotten(t *testing.T) {
	h, o := wide(t, false)
	o.follow(h, 1101, 1102)
	h.must(h.svc.HandleOfficialEvent(t.Context(), wechat.Event{Kind: wechat.EventUnfollow, OpenID: "official-1101", At: h.clk.Now().Add(time.Second)}))
	left := func(before time.Time) (n int) {
		h.must(h.svc.PruneEvents(t.Context(), before))
		h.must(h.db.SQL().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM official_followers").Scan(&n))
		return n
	}
	if n := left(h.clk.Now()); n != 2 {
		t.Error("forgotten at once:", n)
	}
	if n := left(h.clk.Now().Add(time.Hour)); n != 1 {
		t.Error("kept:", n)
	}
}

// another publishes a notice about nothing in particular.
func (h *house) another() id.ID {
	h.t.Helper()
	n, err := h.svc.Create(h.t.Context(), head(), alliance, 0, "天气提醒", "今天有雨。")
	h.must(err)
	_, err = h.svc.Publish(h.t.Context(), head(), n.Notice.ID, h.rev(n.Notice.ID), false)
	h.must(err)
	return n.Notice.ID
}

// A crash between the call and the mark leaves an official message unknown as well.
func TestCourierSendsAtMostOnce(t *testing.T) {
	h, o := wide(t, true)
	o.follow(h, 1101)
	o.err = func(wechat.SubscribeMessage) error { panic("power cut") }
	key := h.published()
	h.work()
	o.err = nil
	h.clk.Advance(time.Hour)
	h.work()
	if got := h.messages(key); got[accountOf(1101)] != "official unknown" || got[1101] != "" || len(o.sent) != 1 {
		t.Errorf("%v, sent %d times", got, len(o.sent))
	}
}

func TestTextsThatAreOnlyCounted(t *testing.T) {
	h, o := wide(t, true)
	o.text = notice.ErrNotSent
	key := h.published()
	h.work()
	for to, what := range h.messages(key) {
		if what != "sms failed" && what != "subscribe no_credit" {
			t.Errorf("%d: %s", to, what)
		}
	}
	o.text = errors.New("who knows")
	key = h.another()
	h.work()
	if got := h.messages(key)[1101]; got != "sms unknown" {
		t.Error(got)
	}
}

func TestHowSomebodyWantsToBeTold(t *testing.T) {
	h, o := wide(t, true)
	h.bound[1102] = []id.ID{accountOf(1102), accountOf(1103)} // and a daughter
	h.accept(notice.ForNotice, 1, 1101, 1102, 1103, 1204)
	set := func(who id.ID, w notice.Way) {
		t.Helper()
		_, err := h.svc.SetWay(t.Context(), member(who), who, w)
		h.must(err)
	}
	set(1204, notice.ByPhone)
	set(1102, notice.ByFamily)
	_, err := h.svc.SetWay(t.Context(), liaison(11), 1105, notice.ByPhone)
	h.must(err)
	key := h.published()
	if got := h.calls(head(), key); got[0] != 1105 || got[1] != 1204 {
		t.Errorf("who waits for a call comes first: %v", got)
	}
	h.work()
	got := h.messages(key)
	if got[accountOf(1204)] != "" || got[1204] != "" || got[accountOf(1105)] != "" || got[1105] != "" {
		t.Errorf("who wants a call gets nothing else: %v", got)
	}
	if got[accountOf(1102)] != "" || got[accountOf(1103)] != "subscribe sent" || len(o.texted) == 0 {
		t.Errorf("the family is told, not the person: %v", got)
	}
	for name, err := range map[string]error{
		"of another unit": failure(h.svc.SetWay(t.Context(), liaison(12), 1101, notice.ByPhone)),
		"of a member":     failure(h.svc.SetWay(t.Context(), member(1101), 1102, notice.ByPhone)),
	} {
		if !errors.Is(err, errs.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	h.want(failure(h.svc.SetWay(t.Context(), head(), 1102, notice.ByPhone)), errs.ErrForbidden)
	h.want(failure(h.svc.SetWay(t.Context(), member(1101), 1101, "pigeon")), errs.ErrInvalid)
}

func failure[T any](_ T, err error) error { return err }

// A message that waits is dropped when its person asks for a call instead.
func TestWayCountsFromTheNextMessageOn(t *testing.T) {
	h, o := wide(t, true)
	o.follow(h, 1101)
	key := h.published()
	_, err := h.svc.SetWay(t.Context(), member(1101), 1101, notice.ByPhone)
	h.must(err)
	h.work()
	if got := h.messages(key)[accountOf(1101)]; got != "official dropped" || len(o.sent) != 0 {
		t.Error(got)
	}
	h.accept(notice.ForNotice, 1, 1102)
	key = h.another()
	h.must(failure(h.svc.SetWay(t.Context(), member(1102), 1102, notice.ByPhone)))
	h.work()
	if got := h.messages(key)[accountOf(1102)]; got != "subscribe dropped" || h.remaining(1102, notice.ForNotice) != 1 {
		t.Error(got)
	}
}
