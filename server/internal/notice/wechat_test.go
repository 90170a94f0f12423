package notice_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"bense/server/internal/id"
	"bense/server/internal/notice"
	"bense/server/internal/testdb"
	"bense/server/internal/wechat"
	"bense/server/internal/wechat/emulator"
)

// platform is a house whose WeChat is the real client, talking HTTP to the emulator and called back by it.
type platform struct {
	*house
	emulator *emulator.Emulator
	client   *wechat.Client
}

func newPlatform(t *testing.T) platform {
	t.Helper()
	var p platform
	p.house = newHouse(t, func(h *house, d *notice.Deps) {
		p.emulator = emulator.New(emulator.Options{Clock: h.clk, Retry: time.Millisecond})
		t.Cleanup(p.emulator.Close)
		server := httptest.NewServer(p.emulator)
		t.Cleanup(server.Close)
		c := p.emulator.Config(server.URL)
		p.client = wechat.New(c, nil, h.clk, nil)
		t.Cleanup(p.client.Close)
		d.WeChat, d.Templates = p.client, c.Templates
	})
	callback := httptest.NewServer(p.client.Callback(p.svc.HandleEvent))
	t.Cleanup(callback.Close)
	p.emulator.SetCallback(callback.URL)
	return p
}

// user logs the person's account in.
func (p platform) user(person id.ID) emulator.User {
	p.t.Helper()
	u := p.emulator.User(emulator.User{Name: person.String(), Phone: "1390000" + person.String()})
	s, err := p.client.Login(p.t.Context(), p.emulator.LoginCode(u))
	p.must(err)
	p.open[accountOf(person)], p.session[accountOf(person)] = s.OpenID, s.SessionKey
	return u
}

func (p platform) says(u emulator.User, yes bool, occasions ...string) {
	p.t.Helper()
	choices := map[string]bool{}
	for _, o := range occasions {
		t, _ := p.client.Template(o)
		choices[t.ID] = yes
	}
	p.must(p.emulator.Popup(u, choices))
}

func (p platform) flush() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), testdb.Patience)
	defer cancel()
	p.must(p.emulator.Flush(ctx))
}

func TestTheWorkflowOverWeChat(t *testing.T) {
	p := newPlatform(t)
	boss, gui, mei := p.user(headID), p.user(1102), p.user(1103)
	p.says(gui, true, notice.ForNotice, notice.ForReminder, notice.ForChange)
	p.says(mei, false, notice.ForNotice)
	p.flush()
	key := p.published()
	p.work()
	p.flush()
	got := p.emulator.Messages(gui.OpenID)
	if len(got) != 1 || got[0].Fields["thing1"] != "七一主题党日" || got[0].Page != "packages/notice/detail?id="+key.String() {
		t.Errorf("%+v", got)
	}
	if s := p.timeline(key).Pushes; s.Sent != 1 || s.NoCredit != 8 || len(p.emulator.Messages(mei.OpenID)) != 0 {
		t.Errorf("%+v", s)
	}

	share, err := p.svc.ShareCard(t.Context(), head(), key)
	p.must(err)
	_, err = p.emulator.Share(boss, "文教联盟群", share.Card.ActivityID, share.Title, share.Path)
	p.must(err)
	_, err = p.svc.CardShared(t.Context(), head(), key, nil)
	p.must(err)
	in := p.emulator.EnterGroup(mei, "文教联盟群")
	r, err := p.svc.Read(t.Context(), member(1103), key, notice.ViaGroup, &notice.SealedGroup{EncryptedData: in.EncryptedData, IV: in.IV})
	if p.must(err); r.Group != "own" || p.group() != in.OpenGID {
		t.Errorf("%+v", r)
	}
	p.answers[1103] = notice.Answer{Answer: "going"}
	p.must(p.svc.Answered(t.Context(), party, 1103, accountOf(1103)))
	p.clk.Advance(15 * time.Second)
	p.work()
	if cards := p.emulator.Cards("文教联盟群"); cards[0].Text != "成员正在加入，当前 1/9 人" {
		t.Errorf("%+v", cards)
	}

	_, err = p.svc.Remind(t.Context(), head(), key)
	p.must(err)
	p.must(p.svc.ActivityCancelled(t.Context(), party, "下雨"))
	p.work()
	got = p.emulator.Messages(gui.OpenID)
	if len(got) != 2 || got[1].Title != "活动变更" { // the reminder had no point any more
		t.Errorf("%+v", got)
	}
	if cards := p.emulator.Cards("文教联盟群"); cards[0].Text != "已结束" {
		t.Errorf("%+v", cards)
	}
}

// The user forbade messages, and the callback about it is late: WeChat refuses, and that is believed.
func TestRefusalOverWeChat(t *testing.T) {
	p := newPlatform(t)
	gui := p.user(1102)
	p.user(headID)
	p.says(gui, true, notice.ForNotice)
	p.flush()
	p.emulator.Hold(true)
	tpl, _ := p.client.Template(notice.ForNotice)
	p.must(p.emulator.Change(gui, tpl.ID, false))
	key := p.published()
	p.work()
	if s := p.timeline(key).Pushes; s.Refused != 1 || p.remaining(1102, notice.ForNotice) != 0 {
		t.Errorf("%+v", s)
	}
	p.emulator.Hold(false)
	p.flush()
	if p.remaining(1102, notice.ForNotice) != 0 {
		t.Error("credit out of nothing")
	}
}

func TestRiskyTextOverWeChat(t *testing.T) {
	p := newPlatform(t)
	n, err := p.svc.Create(t.Context(), head(), alliance, 0, "通知", "来赌博")
	p.must(err)
	_, err = p.svc.Publish(t.Context(), head(), n.Notice.ID, p.rev(n.Notice.ID), false)
	p.want(err, notice.ErrReopen) // the head has never opened the mini-program
	p.user(headID)
	_, err = p.svc.Publish(t.Context(), head(), n.Notice.ID, p.rev(n.Notice.ID), false)
	p.want(err, notice.ErrRisky)
}
