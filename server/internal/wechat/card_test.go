package wechat_test

import (
	"bytes"
	"context"
	"image/png"
	"strings"
	"testing"
	"time"

	"bense/server/internal/wechat"
	"bense/server/internal/wechat/emulator"
)

func TestCardLivesInTheGroup(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	c, err := r.CreateCard(ctx)
	if err != nil || !c.ExpiresAt.Equal(start.Add(24*time.Hour)) {
		t.Fatal(c, err)
	}
	if _, err := r.emu.Share(zhang, "城关联盟群", c.ActivityID, "七一主题党日", "pages/notice/detail?id=1"); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		to   wechat.CardUpdate
		text string
		bad  string
	}{
		{wechat.CardUpdate{State: wechat.CardOpen, Count: 3, Limit: 120}, "成员正在加入，当前 3/120 人", ""},
		{wechat.CardUpdate{State: wechat.CardOpen, Count: 4, Limit: 120}, "成员正在加入，当前 4/120 人", ""},
		{wechat.CardUpdate{State: wechat.CardStarted, Path: "pages/a/b"}, "已开始", ""},
		{wechat.CardUpdate{State: wechat.CardOpen, Count: 5, Limit: 120}, "已开始", wechat.BadRequest},
		{wechat.CardUpdate{State: wechat.CardClosed}, "已结束", ""},
		{wechat.CardUpdate{State: wechat.CardStarted}, "已结束", wechat.BadRequest},
		{wechat.CardUpdate{State: 3}, "已结束", wechat.BadRequest},
	} {
		err := r.UpdateCard(ctx, c.ActivityID, step.to)
		if step.bad != "" {
			wantCode(t, err, step.bad)
		} else if err != nil {
			t.Fatal(step.to, err)
		}
		if got := r.emu.Cards("城关联盟群"); len(got) != 1 || got[0].Text != step.text || got[0].By != zhang.Name {
			t.Fatalf("%+v: %+v", step.to, got)
		}
	}
}

func TestCardExpires(t *testing.T) {
	r := newRig(t)
	c, err := r.CreateCard(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(24 * time.Hour)
	r.redis.FastForward(24 * time.Hour)
	wantCode(t, r.UpdateCard(context.Background(), c.ActivityID, wechat.CardUpdate{Count: 1, Limit: 2}), wechat.BadRequest)
	r.emu.Inject("activityid/create", emulator.Fault{ExpiresIn: -60})
	_, err = r.CreateCard(context.Background())
	wantCode(t, err, wechat.BadAnswer)
}

func TestQRCode(t *testing.T) {
	r := newRig(t, func(_ *wechat.Config, o *emulator.Options) { o.Pages = []string{"pages/visit/index"} })
	b, err := r.QRCode(context.Background(), "v=7f3a-_.~", "pages/visit/index")
	if err != nil {
		t.Fatal(err)
	}
	if img, err := png.Decode(bytes.NewReader(b)); err != nil || img.Bounds().Dx() < 200 {
		t.Fatal("not a picture:", err)
	}
	for name, c := range map[string][3]string{
		"no scene": {"", "pages/visit/index", wechat.BadScene},
		"long":     {strings.Repeat("a", 33), "pages/visit/index", wechat.BadScene},
		"chinese":  {"党", "pages/visit/index", wechat.BadScene},
		"percent":  {"%20", "pages/visit/index", wechat.BadScene},
		"slash":    {"a", "/pages/visit/index", wechat.BadPage},
		"query":    {"a", "pages/visit/index?a=1", wechat.BadPage},
		"no page":  {"a", "", wechat.BadPage},
		"no such":  {"a", "pages/none/index", wechat.BadPage},
	} {
		_, err := r.QRCode(context.Background(), c[0], c[1])
		if e, ok := wechat.As(err); !ok || e.Code != c[2] {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.emu.Inject("getwxacodeunlimit", emulator.Fault{Errcode: 45009, Times: 1})
	_, err = r.QRCode(context.Background(), "a", "pages/visit/index")
	wantCode(t, err, wechat.Quota)
	r.emu.Inject("getwxacodeunlimit", emulator.Fault{Body: emulator.Truncated, Errcode: -1, Times: 1})
	_, err = r.QRCode(context.Background(), "a", "pages/visit/index")
	wantCode(t, err, wechat.BadAnswer)
}

func TestCheckText(t *testing.T) {
	r := newRig(t)
	s := r.login(t, zhang)
	for text, want := range map[string]wechat.Verdict{
		"七一主题党日":                         wechat.Pass,
		"":                               wechat.Pass,
		"加我微信领票":                         wechat.Review,
		"网上赌博":                           wechat.Risky,
		strings.Repeat("好", 2600) + "赌博": wechat.Risky,
		"加我微信" + strings.Repeat("好", 2600): wechat.Review,
	} {
		if got, err := r.CheckText(context.Background(), s.OpenID, wechat.SceneSocial, text); err != nil || got != want {
			t.Errorf("%.12s: %s, %v", text, got, err)
		}
	}
	if n := r.emu.Calls()["/wxa/msg_sec_check"]; n != 7 {
		t.Error(n, "calls; empty texts need none, long ones two")
	}
	r.clock.Advance(2 * time.Hour)
	_, err := r.CheckText(context.Background(), s.OpenID, wechat.SceneSocial, "文字")
	wantCode(t, err, wechat.AuthorInactive)
	r.login(t, zhang)
	if _, err := r.CheckText(context.Background(), s.OpenID, wechat.SceneSocial, "文字"); err != nil {
		t.Error("after coming back:", err)
	}
	_, err = r.CheckText(context.Background(), s.OpenID, 9, "文字")
	wantCode(t, err, wechat.BadRequest)
}
