package wechat_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bense/server/internal/wechat"
	"bense/server/internal/wechat/emulator"
)

// official is the service account's client beside the mini-program's, and its callbacks in b.
func (r *rig) official(t *testing.T, b *inbox) *wechat.Official {
	t.Helper()
	cfg := r.emu.OfficialConfig(r.cfg.BaseURL)
	o := wechat.NewOfficial(cfg, r.cfg.AppID, r.rdb, r.clock, nil)
	rec := o.Callback(b.handle)
	s := httptest.NewServer(rec)
	r.emu.SetOfficialCallback(s.URL)
	t.Cleanup(func() { s.Close(); rec.Wait(); o.Close() })
	return o
}

func officialMessage(o *wechat.Official, openID string) wechat.SubscribeMessage {
	tpl, _ := o.Template("activity_notice")
	return tpl.Message(openID, "packages/notice/detail?id=1", map[string]string{
		"title": "七一主题党日", "time": wechat.TimeText(start), "place": "老干部活动中心", "note": "请带身份证"})
}

// The service account has a token, an openid and callbacks of its own; the unionid is common.
func TestOfficialAccount(t *testing.T) {
	for name, d := range map[string]emulator.Delivery{"json": {}, "xml": {XML: true}, "repeated": {Twice: true}} {
		t.Run(name, func(t *testing.T) {
			r, b := newRig(t), &inbox{}
			o := r.official(t, b)
			r.emu.SetDelivery(d)
			mini := r.login(t, zhang)
			r.emu.Follow(zhang)
			r.flush(t)
			if got := b.got(); len(got) != 1 || got[0].Kind != wechat.EventFollow || got[0].OpenID == mini.OpenID || got[0].At.IsZero() {
				t.Fatalf("%v", got)
			}
			openID := b.got()[0].OpenID
			f, err := o.Follower(context.Background(), openID)
			if err != nil || !f.Follows || f.UnionID != mini.UnionID {
				t.Fatalf("%+v %v", f, err)
			}
			ref, err := o.SendTemplate(context.Background(), officialMessage(o, openID), "k1")
			if err != nil || ref == "" {
				t.Fatal(ref, err)
			}
			if again, err := o.SendTemplate(context.Background(), officialMessage(o, openID), "k1"); err != nil || again != ref {
				t.Error("a repetition is another message", again, err)
			}
			r.flush(t)
			got := b.got()
			if last := got[len(got)-1]; last.Kind != wechat.EventTemplate || last.Items[0].MessageID != ref || !last.Items[0].Delivered() {
				t.Errorf("%+v", got)
			}
			if m := r.emu.Messages(mini.OpenID); len(m) != 1 || !m[0].Official || m[0].Page != "packages/notice/detail?id=1" {
				t.Errorf("%+v", m)
			}
			if err := o.CheckTemplates(context.Background()); err != nil {
				t.Error(err)
			}
			r.emu.Unfollow(zhang)
			_, err = o.SendTemplate(context.Background(), officialMessage(o, openID), "k2")
			wantCode(t, err, wechat.NotFollower)
			r.emu.Follow(zhang)
			r.emu.Block(zhang, true)
			_, err = o.SendTemplate(context.Background(), officialMessage(o, openID), "k3")
			wantCode(t, err, wechat.Refused)
		})
	}
}

// One account's callbacks are no word of the other's.
func TestCallbacksOfAnotherAccount(t *testing.T) {
	r, b := newRig(t), &inbox{}
	r.official(t, b)
	rec := r.Callback(b.handle)
	s := httptest.NewServer(rec)
	t.Cleanup(func() { s.Close(); rec.Wait() })
	r.emu.SetOfficialCallback(s.URL) // signed by the service account, sent to the mini-program's address
	status, _, err := r.emu.Deliver(context.Background(), emulator.FollowEvent("o1", start, true), emulator.Delivery{})
	if err != nil || status != 403 || len(b.got()) != 0 {
		t.Errorf("%d %v %v", status, err, b.got())
	}
}

func TestParseEventsOfOneThing(t *testing.T) {
	const head = `"FromUserName":"o1","MsgType":"event","CreateTime":"1780275600",`
	for name, c := range map[string]struct {
		raw  string
		kind wechat.EventKind
		word string // verdict or error number
	}{
		"media":         {`{` + head + `"Event":"wxa_media_check","trace_id":"t1","errcode":0,"result":{"suggest":"risky","label":20001}}`, wechat.EventMedia, "risky"},
		"media, text":   {`{` + head + `"Event":"wxa_media_check","trace_id":"t1","errcode":"0","result":{"suggest":"pass"}}`, wechat.EventMedia, "pass"},
		"media, new":    {`{` + head + `"Event":"wxa_media_check","trace_id":"t1","result":{"suggest":"maybe"}}`, wechat.EventMedia, "review"},
		"media, failed": {`{` + head + `"Event":"wxa_media_check","trace_id":"t1","errcode":-1008,"result":{"suggest":"pass"}}`, wechat.EventMedia, "review"},
		"media, lost":   {`{` + head + `"Event":"wxa_media_check"}`, "", ""},
		"blocked":       {`{` + head + `"Event":"TEMPLATESENDJOBFINISH","MsgID":200163836,"Status":"failed:user block"}`, wechat.EventTemplate, "43101"},
		"broken":        {`{` + head + `"Event":"TEMPLATESENDJOBFINISH","MsgID":"200163836","Status":"failed: system failed"}`, wechat.EventTemplate, "-1"},
		"no number":     {`{` + head + `"Event":"TEMPLATESENDJOBFINISH","Status":"success"}`, "", ""},
		"arrived, xml": {`<xml><FromUserName>o1</FromUserName><CreateTime>1780275600</CreateTime><MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event>` +
			`<MsgID>200163836</MsgID><Status><![CDATA[success]]></Status></xml>`, wechat.EventTemplate, "0"},
		"left, xml": {`<xml><FromUserName>o1</FromUserName><CreateTime>1780275600</CreateTime><MsgType>event</MsgType><Event>unsubscribe</Event></xml>`, wechat.EventUnfollow, ""},
		"nobody":    {`{"MsgType":"event","Event":"subscribe"}`, "", ""},
	} {
		e, err := wechat.ParseEvent([]byte(c.raw))
		word := string(e.Verdict)
		if len(e.Items) == 1 {
			word = map[int]string{0: "0", -1: "-1", 43101: "43101"}[e.Items[0].Errcode]
		}
		if (err != nil) != (c.kind == "") || e.Kind != c.kind || word != c.word {
			t.Errorf("%s: %v %q %v", name, e.Kind, word, err)
		}
	}
}

const robotsKey = "693a91f6-7aaa-4bc4-97a0-0ec2c1fa5aaa"

func TestRobot(t *testing.T) {
	r := newRig(t)
	long := strings.Repeat("学", 2000)
	if err := r.PostRobot(context.Background(), robotsKey, long); err != nil {
		t.Fatal(err)
	}
	if said := r.emu.Said(robotsKey); len(said) != 1 || len(said[0].Text) > 2048 || !strings.HasSuffix(said[0].Text, "学…") {
		t.Errorf("%d", len(said))
	}
	for range 19 {
		if err := r.PostRobot(context.Background(), robotsKey, "通知"); err != nil {
			t.Fatal(err)
		}
	}
	if e := wantCode(t, r.PostRobot(context.Background(), robotsKey, "通知"), wechat.TooOften); !e.Retryable || e.Ambiguous {
		t.Errorf("%+v", e)
	}
	r.clock.Advance(time.Minute)
	if err := r.PostRobot(context.Background(), robotsKey, "通知"); err != nil {
		t.Error(err)
	}
	wantCode(t, r.PostRobot(context.Background(), "0000000000000000", "通知"), wechat.Rejected)
	wantCode(t, r.PostRobot(context.Background(), "../x?key=1", "通知"), wechat.BadRequest)
	if strings.Contains(r.logs.String(), robotsKey) {
		t.Error("the key stands in the log")
	}
}

func TestRobotKeys(t *testing.T) {
	const good = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=" + robotsKey
	for address, want := range map[string]bool{
		good: true, " " + good + "\n": true, robotsKey: true, "": false, "http" + good[5:]: false,
		"https://qyapi.weixin.qq.com.evil.example/cgi-bin/webhook/send?key=" + robotsKey: false,
		"https://x@evil.example/cgi-bin/webhook/send?key=" + robotsKey:                   false,
		"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a/../b":                    false,
	} {
		if key, ok := wechat.RobotKey(address); ok != want || ok && key != robotsKey {
			t.Errorf("%q: %q %t", address, key, ok)
		}
	}
}

func TestChatTool(t *testing.T) {
	r := newRig(t)
	card, err := r.CreateCard(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.UpdateChatTool(context.Background(), card.ActivityID, wechat.ChatToolDone); err != nil {
		t.Error(err)
	}
	wantCode(t, r.UpdateChatTool(context.Background(), card.ActivityID, 0), wechat.BadRequest)
	r.emu.Inject("chattoolmsg/send", emulator.Fault{Errcode: 48001})
	wantCode(t, r.UpdateChatTool(context.Background(), card.ActivityID, wechat.ChatToolDone), wechat.NotPermitted)
}
