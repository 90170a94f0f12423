package identity_test

import (
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/wechat/emulator"
)

func TestLoginNewAndReturning(t *testing.T) {
	r := newRig(t)
	h := r.open("")
	first := h.id
	key, err := r.SessionKey(t.Context(), first)
	r.must(err)
	r.emu.RotateSession(h.user)
	h.login()
	if h.id != first {
		t.Fatal("a second account for the same openid")
	}
	if now, _ := r.SessionKey(t.Context(), first); now == key || now == "" {
		t.Error("the session key wasn't replaced")
	}
	r.audited("create_account", first, 1)
	r.audited("login", first, 2)
	found, ok, err := r.AccountByOpenID(t.Context(), h.user.OpenID)
	if err != nil || !ok || found != first {
		t.Error(found, ok, err)
	}
	if _, ok, err := r.AccountByOpenID(t.Context(), "nobody"); ok || err != nil {
		t.Error("found nobody", err)
	}
	if openID, err := r.OpenID(t.Context(), first); err != nil || openID != h.user.OpenID {
		t.Error("openid", err)
	}
	if who := h.who(); who.Account != first || len(who.Persons)+len(who.Grants) != 0 {
		t.Errorf("a new account has rights: %+v", who)
	}
}

func TestFirstLoginTwentyTimesAtOnce(t *testing.T) {
	r := newRig(t)
	u := r.emu.User(emulator.User{Name: named("用户"), Phone: newPhone()})
	accounts := make([]id.ID, 20)
	together(20, func(i int) {
		s, err := r.Login(t.Context(), r.emu.LoginCode(u))
		if err != nil {
			t.Error(err)
		}
		accounts[i] = s.Account
	})
	for _, a := range accounts {
		if a != accounts[0] {
			t.Fatal("several accounts for one openid")
		}
	}
}

func TestLoginRefused(t *testing.T) {
	r := newRig(t)
	u := r.emu.User(emulator.User{Name: named("用户")})
	used := r.emu.LoginCode(u)
	_, err := r.Login(t.Context(), used)
	r.must(err)
	for name, c := range map[string]struct {
		code  string
		fault emulator.Fault
		want  *errs.Error
	}{
		"used":    {used, emulator.Fault{}, identity.ErrLoginCode},
		"foreign": {"0abc", emulator.Fault{}, identity.ErrLoginCode},
		"spoilt":  {"a&b=c", emulator.Fault{}, identity.ErrLoginCode},
		"down":    {"", emulator.Fault{HTTPStatus: 502}, identity.ErrWeChatDown},
		"html":    {"", emulator.Fault{Body: emulator.HTML}, identity.ErrWeChatDown},
		"blocked": {"", emulator.Fault{Errcode: 40226}, identity.ErrBlocked},
		"often":   {"", emulator.Fault{Errcode: 45011}, errs.ErrTooMany},
	} {
		r.emu.Clear()
		if c.fault != (emulator.Fault{}) {
			r.emu.Inject("jscode2session", c.fault)
			c.code = r.emu.LoginCode(u)
		}
		if _, err := r.Login(t.Context(), c.code); err == nil {
			t.Errorf("%s: let in", name)
		} else {
			wantErr(t, err, c.want)
		}
	}
}

func TestDisabledAccountIsRefused(t *testing.T) {
	r := newRig(t)
	h := r.open("")
	h.who()
	r.disable(h.id)
	r.clk.Advance(16 * time.Second)
	_, err := r.Authenticate(t.Context(), h.token)
	wantErr(t, err, identity.ErrDisabled)
	_, err = r.Login(t.Context(), r.emu.LoginCode(h.user))
	wantErr(t, err, identity.ErrDisabled)
	m, err := r.AccountsOf(t.Context(), []id.ID{h.id})
	if err != nil || len(m) != 0 {
		t.Error(m, err)
	}
}

func (r *rig) disable(account id.ID) {
	_, err := r.db.SQL().ExecContext(r.t.Context(), "UPDATE accounts SET disabled_at = '2026-07-01 00:00:00.000' WHERE id = ?", int64(account))
	r.must(err)
}

func TestForgedTokensAreRefused(t *testing.T) {
	r := newRig(t)
	h := r.open("")
	key := r.opts.Box.Derive("session")
	now := r.clk.Now()
	claims := func(change func(jwt.MapClaims)) jwt.MapClaims {
		c := jwt.MapClaims{"iss": "bense", "aud": "bense/api", "sub": h.id.String(), "exp": now.Add(time.Minute).Unix()}
		change(c)
		return c
	}
	same := func(jwt.MapClaims) {}
	sign := func(m jwt.SigningMethod, key any, c jwt.MapClaims) string {
		s, err := jwt.NewWithClaims(m, c).SignedString(key)
		r.must(err)
		return s
	}
	good := sign(jwt.SigningMethodHS256, key, claims(same))
	if _, err := r.Authenticate(t.Context(), good); err != nil {
		t.Fatal("the samples are not like ours:", err)
	}
	without := func(name string) func(jwt.MapClaims) { return func(c jwt.MapClaims) { delete(c, name) } }
	with := func(name string, v any) func(jwt.MapClaims) { return func(c jwt.MapClaims) { c[name] = v } }
	hs := func(change func(jwt.MapClaims)) string { return sign(jwt.SigningMethodHS256, key, claims(change)) }
	parts := strings.Split(good, ".")
	for name, token := range map[string]string{
		"empty":             "",
		"rubbish":           "a.b.c",
		"alg none":          sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims(same)),
		"no signature":      parts[0] + "." + parts[1] + ".",
		"alg HS512":         sign(jwt.SigningMethodHS512, key, claims(same)),
		"wrong key":         sign(jwt.SigningMethodHS256, []byte("another key of thirty-two bytes!"), claims(same)),
		"expired":           hs(with("exp", now.Unix())),
		"never expires":     hs(without("exp")),
		"other audience":    hs(with("aud", "bense/door")),
		"no audience":       hs(without("aud")),
		"other issuer":      hs(with("iss", "other")),
		"not yet":           hs(with("nbf", now.Add(time.Minute).Unix())),
		"no subject":        hs(without("sub")),
		"unknown account":   hs(with("sub", "12345")),
		"account zero":      hs(with("sub", "0")),
		"foreign claims":    parts[0] + "." + strings.Split(hs(with("sub", "12345")), ".")[1] + "." + parts[2],
		"trailing bytes":    good + "A",
		"a part too many":   good + ".x",
		"signature flipped": good[:len(good)-5] + flip(good[len(good)-5]) + good[len(good)-4:],
	} {
		if who, err := r.Authenticate(t.Context(), token); err == nil {
			t.Errorf("%s: let in as %v", name, who)
		} else {
			wantErr(t, err, errs.ErrUnauthenticated)
		}
	}
	r.clk.Advance(30 * time.Minute)
	_, err := r.Authenticate(t.Context(), h.token)
	wantErr(t, err, errs.ErrUnauthenticated)
}

func flip(b byte) string {
	if b == 'A' {
		return "B"
	}
	return "A"
}
