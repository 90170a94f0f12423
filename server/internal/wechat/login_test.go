package wechat_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/wechat"
	"bense/server/internal/wechat/emulator"
)

func TestLoginGivesTheSamePersonEachTime(t *testing.T) {
	r := newRig(t)
	a, b := r.login(t, zhang), r.login(t, zhang)
	if a.OpenID == "" || a.OpenID != b.OpenID || a.UnionID == "" || a.SessionKey == "" {
		t.Fatal("two logins of one user differ or are empty")
	}
	if c := r.login(t, emulator.User{Name: "李建国", Phone: "13900000002"}); c.OpenID == a.OpenID {
		t.Fatal("two users share an openid")
	}
}

func TestLoginRefusesBadCodes(t *testing.T) {
	r := newRig(t)
	used := r.emu.LoginCode(zhang)
	if _, err := r.Login(context.Background(), used); err != nil {
		t.Fatal(err)
	}
	late := r.emu.LoginCode(zhang)
	r.clock.Advance(5 * time.Minute)
	for name, c := range map[string]struct{ code, want string }{
		"used":     {used, wechat.CodeUsed},
		"late":     {late, wechat.CodeInvalid},
		"unknown":  {"0abcdef", wechat.CodeInvalid},
		"empty":    {"", wechat.CodeInvalid},
		"injected": {"a&secret=b", wechat.CodeInvalid},
		"long":     {strings.Repeat("a", 129), wechat.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			calls := r.emu.Calls()["/sns/jscode2session"]
			_, err := r.Login(context.Background(), c.code)
			if e := wantCode(t, err, c.want); e.Retryable {
				t.Error("a code is never worth a second try")
			}
			if own, ok := errs.As(err); !ok || own.Kind != errs.Invalid {
				t.Errorf("people get %v", own)
			}
			sent := r.emu.Calls()["/sns/jscode2session"] > calls
			if wellFormed := c.want == wechat.CodeUsed || name == "late" || name == "unknown"; sent != wellFormed {
				t.Errorf("sent to the platform: %v", sent)
			}
		})
	}
}

func TestPhone(t *testing.T) {
	r := newRig(t)
	code, err := r.emu.PhoneCode(zhang)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.Phone(context.Background(), code); err != nil || got != zhang.Phone {
		t.Fatal(got, err)
	}
	_, err = r.Phone(context.Background(), code)
	wantCode(t, err, wechat.CodeUsed)
	_, err = r.Phone(context.Background(), r.emu.LoginCode(zhang))
	wantCode(t, err, wechat.CodeInvalid)

	r.emu.Inject("getuserphonenumber", emulator.Fault{Body: emulator.Numeric, Times: 1})
	code, _ = r.emu.PhoneCode(zhang)
	if got, err := r.Phone(context.Background(), code); err != nil || got != zhang.Phone {
		t.Fatal("numbers instead of texts:", got, err)
	}
}

func TestCheckSessionSeesARotatedKey(t *testing.T) {
	r := newRig(t)
	s := r.login(t, zhang)
	if err := r.CheckSession(context.Background(), s.OpenID, s.SessionKey); err != nil {
		t.Fatal(err)
	}
	r.emu.RotateSession(zhang)
	wantCode(t, r.CheckSession(context.Background(), s.OpenID, s.SessionKey), wechat.SessionStale)
}

func TestOpenGroup(t *testing.T) {
	r := newRig(t)
	s := r.login(t, zhang)
	in := r.emu.EnterGroup(zhang, "城关联盟群")
	g, err := r.OpenGroup(s.SessionKey, in.EncryptedData, in.IV)
	if err != nil || g.OpenGID != in.OpenGID || !g.At.Equal(start) || g.ChatType != 3 {
		t.Fatal(g, err)
	}
	other := newRig(t, func(_ *wechat.Config, o *emulator.Options) { o.AppID = "wxother" })
	if _, err := other.OpenGroup(s.SessionKey, in.EncryptedData, in.IV); err == nil {
		t.Error("data for another mini-program was believed")
	}
	r.emu.RotateSession(zhang)
	rotated := r.emu.EnterGroup(zhang, "城关联盟群")
	for name, c := range map[string][3]string{
		"rotated key":      {s.SessionKey, rotated.EncryptedData, rotated.IV},
		"no whole block":   {s.SessionKey, in.EncryptedData[:len(in.EncryptedData)-8], in.IV},
		"nothing":          {s.SessionKey, "", in.IV},
		"short iv":         {s.SessionKey, in.EncryptedData, "AAAA"},
		"no base64":        {s.SessionKey, "%%%", in.IV},
		"short key":        {"AAAA", in.EncryptedData, in.IV},
		"different vector": {s.SessionKey, in.EncryptedData, rotated.IV},
	} {
		_, err := r.OpenGroup(c[0], c[1], c[2])
		if e, ok := wechat.As(err); !ok || e.Code != wechat.SessionStale {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestACallerWhoGivesUpIsTold(t *testing.T) {
	r := newRig(t)
	r.emu.Inject("stable_token", emulator.Fault{Hang: time.Minute})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	err := r.SendSubscribe(ctx, r.message(r.emu.User(zhang).OpenID))
	if e := wantCode(t, err, wechat.Unavailable); e.Ambiguous || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal("the message itself was never sent:", err)
	}
}
