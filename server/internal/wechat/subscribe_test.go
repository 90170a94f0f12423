package wechat_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"bense/server/internal/wechat"
	"bense/server/internal/wechat/emulator"
)

func TestOneCreditIsOneMessage(t *testing.T) {
	r := newRig(t)
	s := r.login(t, zhang)
	m := r.message(s.OpenID)
	wantCode(t, r.SendSubscribe(context.Background(), m), wechat.Refused)
	r.credit(t, zhang)
	if err := r.SendSubscribe(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	wantCode(t, r.SendSubscribe(context.Background(), m), wechat.Refused)
	got := r.emu.Messages(s.OpenID)
	if len(got) != 1 || got[0].Fields["thing1"] != "七一主题党日" || got[0].Page != m.Page {
		t.Fatal(got)
	}
}

func TestFieldsAreCheckedBeforeSending(t *testing.T) {
	r := newRig(t)
	s := r.login(t, zhang)
	r.credit(t, zhang)
	change := func(f func(*wechat.SubscribeMessage)) wechat.SubscribeMessage {
		m := r.message(s.OpenID)
		f(&m)
		return m
	}
	for name, c := range map[string]struct {
		m     wechat.SubscribeMessage
		code  string
		field string
	}{
		"long thing":  {change(func(m *wechat.SubscribeMessage) { m.Fields["thing1"] = strings.Repeat("长", 21) }), wechat.BadField, "thing1"},
		"empty thing": {change(func(m *wechat.SubscribeMessage) { m.Fields["thing4"] = " " }), wechat.BadField, "thing4"},
		"bad time":    {change(func(m *wechat.SubscribeMessage) { m.Fields["time2"] = "明天上午" }), wechat.BadField, "time2"},
		"missing":     {change(func(m *wechat.SubscribeMessage) { delete(m.Fields, "thing3") }), wechat.BadField, "thing3"},
		"too many":    {change(func(m *wechat.SubscribeMessage) { m.Fields["thing5"] = "多" }), wechat.BadField, ""},
		"unknown":     {change(func(m *wechat.SubscribeMessage) { m.Fields["blob5"] = "多" }), wechat.BadField, "blob5"},
		"nobody":      {change(func(m *wechat.SubscribeMessage) { m.OpenID = "" }), wechat.BadOpenID, ""},
		"no template": {change(func(m *wechat.SubscribeMessage) { m.TemplateID = "x y" }), wechat.BadTemplate, ""},
		"page":        {change(func(m *wechat.SubscribeMessage) { m.Page = "a b" }), wechat.BadPage, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := r.SendSubscribe(context.Background(), c.m)
			wantCode(t, err, c.code)
			var f *wechat.FieldError
			if errors.As(err, &f) != (c.code == wechat.BadField) || f != nil && f.Field != c.field {
				t.Errorf("field: %v", f)
			}
		})
	}
	if n := r.emu.Calls()[sendPath]; n != 0 {
		t.Fatal("the platform was asked", n, "times")
	}
}

func TestCheckTemplates(t *testing.T) {
	r := newRig(t)
	if err := r.CheckTemplates(context.Background()); err != nil {
		t.Fatal(err)
	}
	list, err := r.Templates(context.Background())
	if err != nil || len(list) != 3 || strings.Join(list[0].Fields, " ") != "thing1 time2 thing3 thing4" || list[0].Type != 2 {
		t.Fatal(list, err)
	}
	r.emu.Inject("gettemplate", emulator.Fault{Body: emulator.NoList, Times: 1})
	if err := r.CheckTemplates(context.Background()); err == nil || strings.Count(err.Error(), "isn't in the account") != 3 {
		t.Fatal(err)
	}
	other := newRig(t, func(_ *wechat.Config, o *emulator.Options) {
		o.Templates = emulator.DefaultTemplates()
		o.Templates[0].Content = "标题:{{thing1.DATA}}\n时间:{{date9.DATA}}\n"
	})
	if err := other.CheckTemplates(context.Background()); err == nil || !strings.Contains(err.Error(), "activity_notice") {
		t.Fatal(err)
	}
}

func TestValidate(t *testing.T) {
	good := newRig(t).cfg
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	bad := wechat.Config{
		Secret: "canary", AESKey: "short", BaseURL: "ftp://x", Env: "prod",
		Templates: map[string]wechat.TemplateConfig{"a": {Fields: map[string]string{"title": "blob1"}}},
	}
	err := bad.Validate()
	for _, want := range []string{"app id", "AES key", "base URL", "env", "no id", "blob1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q isn't reported: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "canary") {
		t.Error("the secret is in the report")
	}
}
