package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bense/server/internal/wechat"
	"bense/server/internal/wechat/emulator"
)

// Everything that must stay inside, made recognisable.
const (
	canarySecret = "canarysecret0123456789abcdef0123"
	canaryToken  = "canarypushtoken"
	canaryAES    = "canaryAESkeyCanaryAESkeyCanaryAESkeyCanary0"
)

// Errors and logs of all verbs under all faults, with the SDK's own texts full of secrets.
func TestNothingSecretGetsOut(t *testing.T) {
	faults := map[string]emulator.Fault{
		"none": {Every: 1 << 30}, "busy": {Errcode: -1}, "token": {Errcode: 40001}, "secret": {Errcode: 40125},
		"502": {HTTPStatus: 502}, "html": {Body: emulator.HTML}, "cut": {Body: emulator.Truncated}, "empty": {Body: emulator.Empty},
		"hang": {Hang: time.Minute}, "refused": {Errcode: 43101}, "redirect": {HTTPStatus: 302},
	}
	for name, f := range faults {
		for _, at := range []string{emulator.Everywhere, tokenPath} {
			t.Run(name+" "+at, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, func(c *wechat.Config, o *emulator.Options) {
					o.Secret, o.Token, o.AESKey = canarySecret, canaryToken, canaryAES
					c.Timeout = 50 * time.Millisecond
				})
				ctx := context.Background()
				login := r.emu.LoginCode(zhang)
				phone, err := r.emu.PhoneCode(zhang)
				if err != nil {
					t.Fatal(err)
				}
				u := r.emu.User(zhang)
				r.credit(t, zhang)
				r.emu.Inject(at, f)
				var out strings.Builder
				note := func(v any, err error) {
					fmt.Fprintf(&out, "%v %+v %#v\n", v, v, v)
					for _, e := range unwrapAll(err) {
						fmt.Fprintf(&out, "%v %+v %#v\n", e, e, e)
					}
				}
				note(r.Login(ctx, login))
				_, err = r.Phone(ctx, phone)
				note(nil, err)
				note(r.message(u.OpenID), r.SendSubscribe(ctx, r.message(u.OpenID)))
				note(r.CreateCard(ctx))
				note(nil, r.UpdateCard(ctx, "A1", wechat.CardUpdate{}))
				_, err = r.QRCode(ctx, "s", "pages/a/b")
				note(nil, err)
				note(r.CheckText(ctx, u.OpenID, wechat.SceneSocial, "文字"))
				note(r.Templates(ctx))
				note(nil, r.CheckTemplates(ctx))
				note(nil, r.CheckSession(ctx, u.OpenID, canarySecret))
				note(r.cfg, nil)
				token := issuedToken(t, r)
				all := out.String() + r.logs.String()
				for what, canary := range map[string]string{
					"secret": canarySecret, "push token": canaryToken, "AES key": canaryAES, "openid": u.OpenID, "phone": zhang.Phone,
					"login code": login, "phone code": phone, "access token": token, "platform's text": "errmsg", "query": "access_token",
				} {
					if canary != "" && strings.Contains(all, canary) {
						t.Errorf("%s got out:\n%s", what, all)
					}
				}
				if !strings.Contains(r.logs.String(), "endpoint=") {
					t.Error("calls aren't logged at all")
				}
			})
		}
	}
}

// issuedToken asks the emulator for the stable token that the client has.
func issuedToken(t *testing.T, r *rig) string {
	t.Helper()
	r.emu.Clear()
	w := httptest.NewRecorder()
	body := fmt.Sprintf(`{"grant_type":"client_credential","appid":%q,"secret":%q}`, r.cfg.AppID, r.cfg.Secret)
	r.emu.ServeHTTP(w, httptest.NewRequest(http.MethodPost, tokenPath, strings.NewReader(body)))
	b, _ := io.ReadAll(w.Body)
	_, rest, ok := strings.Cut(string(b), `"access_token":"`)
	if !ok {
		t.Fatal("no token")
	}
	token, _, _ := strings.Cut(rest, `"`)
	return token
}

// unwrapAll gives the error and everything inside it.
func unwrapAll(err error) []error {
	if err == nil {
		return nil
	}
	out := []error{err}
	switch x := err.(type) {
	case interface{ Unwrap() []error }:
		for _, e := range x.Unwrap() {
			out = append(out, unwrapAll(e)...)
		}
	default:
		out = append(out, unwrapAll(errors.Unwrap(err))...)
	}
	return out
}

// The operator gets the platform's request id, which support asks for.
func TestTheRequestIDIsLogged(t *testing.T) {
	r := newRig(t)
	wantCode(t, r.SendSubscribe(context.Background(), r.message(r.emu.User(zhang).OpenID)), wechat.Refused)
	if l := r.logs.String(); !strings.Contains(l, "rid=") || !strings.Contains(l, "errcode=43101") {
		t.Fatal(l)
	}
}
