package identity_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/identity"
	"bense/server/internal/web"
)

const chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"

// desk is a desktop, signed in or waiting to be.
type desk struct {
	r     *rig
	login identity.StartedLogin
	token string
}

func (r *rig) desk() *desk {
	r.t.Helper()
	l, err := r.StartLogin(r.t.Context(), chrome, "203.0.113.7")
	r.must(err)
	return &desk{r: r, login: l}
}

func (d *desk) poll() identity.LoginPoll {
	d.r.t.Helper()
	p, err := d.r.PollLogin(d.r.t.Context(), d.login.ID, d.login.Secret)
	d.r.must(err)
	return p
}

// signedIn is a desktop that a phone has let in.
func (h *phone) signedIn() *desk {
	h.r.t.Helper()
	d := h.r.desk()
	l, err := h.r.ScanLogin(h.r.t.Context(), h.who(), d.login.QR)
	h.r.must(err)
	h.r.must(h.r.DecideLogin(h.r.t.Context(), h.who(), l.ID, true))
	d.token = d.poll().Token
	return d
}

func (d *desk) who() actor.Actor {
	d.r.t.Helper()
	a, err := d.r.Authenticate(d.r.t.Context(), d.token)
	d.r.must(err)
	return a
}

func (d *desk) refused() {
	d.r.t.Helper()
	_, err := d.r.Authenticate(d.r.t.Context(), d.token)
	wantErr(d.r.t, err, identity.ErrConsoleEnded)
}

func TestSignInAtADesktop(t *testing.T) {
	r := newRig(t)
	h, d := r.liaison(r.bank), r.desk()
	if !strings.HasPrefix(d.login.QR, "https://a.example.cn/c/") || strings.Contains(d.login.QR, d.login.Secret) || len(d.login.Number) != 2 {
		t.Fatalf("%+v", d.login)
	}
	if got := d.poll().State; got != identity.LoginPending {
		t.Error(got)
	}
	l, err := r.ScanLogin(t.Context(), h.who(), d.login.QR)
	r.must(err)
	if l.Number != d.login.Number || l.Device != (identity.Device{Browser: "Chrome（Windows）", Address: "203.0.113.*"}) {
		t.Errorf("%+v", l)
	}
	if got := d.poll(); got.State != identity.LoginScanned || got.Token != "" {
		t.Error("a scan is no approval:", got)
	}
	if _, err := r.ScanLogin(t.Context(), h.who(), d.login.QR); err != nil {
		t.Error("the same phone may look again:", err)
	}
	r.must(r.DecideLogin(t.Context(), h.who(), l.ID, true))
	p := d.poll()
	if p.State != identity.LoginApproved || p.Account != h.id || !p.ExpiresAt.Equal(r.clk.Now().Add(12*time.Hour)) {
		t.Fatalf("%+v", p)
	}
	if again := d.poll(); again.State != identity.LoginUsed || again.Token != "" {
		t.Error("single use:", again)
	}
	d.token = p.Token
	if who := d.who(); !who.Console || who.Session == 0 || who.Account != h.id || !who.Is(actor.Liaison) {
		t.Errorf("%+v", who)
	}
	if h.who().Console {
		t.Error("the phone is no desktop")
	}
	for verb, n := range map[string]int64{"scan_login": 1, "approve_login": 1, "refused_login": 0} {
		r.audited(verb, l.ID, n)
	}
	r.audited("open_console", d.who().Session, 1)
}

func TestDesktopCodeIsRefused(t *testing.T) {
	r := newRig(t)
	h, other, member := r.liaison(r.bank), r.liaison(r.school), r.open("")
	scan := func(p *phone, d *desk) error {
		_, err := r.ScanLogin(t.Context(), p.who(), d.login.QR)
		return err
	}
	d := r.desk()
	wantErr(t, scan(member, d), identity.ErrNotStaff)
	r.audited("refused_login", d.login.ID, 1)
	r.must(scan(h, d))
	wantErr(t, scan(other, d), identity.ErrLoginTaken)
	wantErr(t, r.DecideLogin(t.Context(), other.who(), d.login.ID, true), errs.ErrNotFound)
	r.must(r.DecideLogin(t.Context(), h.who(), d.login.ID, false))
	if got := d.poll().State; got != identity.LoginRefused {
		t.Error(got)
	}
	r.audited("deny_login", d.login.ID, 1)
	wantErr(t, scan(h, d), identity.ErrLoginUsed)
	wantErr(t, r.DecideLogin(t.Context(), h.who(), d.login.ID, true), identity.ErrLoginUsed)

	late, forgotten := r.desk(), r.desk()
	r.must(scan(h, forgotten))
	r.must(r.DecideLogin(t.Context(), h.who(), forgotten.login.ID, true))
	r.clk.Advance(2 * time.Minute)
	wantErr(t, scan(h, late), identity.ErrLoginExpired)
	if a, b := late.poll().State, forgotten.poll().State; a != identity.LoginExpired || b != identity.LoginExpired {
		t.Error(a, b)
	}
	_, err := r.PollLogin(t.Context(), late.login.ID, "AAAAAAAAAAAAAAAAAAAAAAAAAA")
	wantErr(t, err, errs.ErrNotFound)
	for _, code := range []string{"", "BB1.12345678", "https://a.example.cn/q/abc", "https://a.example.cn/c/短"} {
		_, err := r.ScanLogin(t.Context(), h.who(), code)
		wantErr(t, err, identity.ErrNoLoginCode)
	}
	in := h.signedIn()
	_, err = r.ScanLogin(t.Context(), in.who(), r.desk().login.QR)
	wantErr(t, err, identity.ErrPhoneOnly)
}

func TestOneSessionWhoeverPolls(t *testing.T) {
	r := newRig(t)
	h, d := r.liaison(r.bank), r.desk()
	_, err := r.ScanLogin(t.Context(), h.who(), d.login.QR)
	r.must(err)
	r.must(r.DecideLogin(t.Context(), h.who(), d.login.ID, true))
	var tokens atomic.Int64
	together(20, func(int) {
		p, err := r.PollLogin(t.Context(), d.login.ID, d.login.Secret)
		if err != nil {
			t.Error(err)
		}
		if p.Token != "" {
			tokens.Add(1)
		}
	})
	list, err := r.Sessions(t.Context(), h.who())
	r.must(err)
	if tokens.Load() != 1 || len(list) != 1 {
		t.Errorf("%d tokens, %d sessions", tokens.Load(), len(list))
	}
}

func TestOnePhoneTakesTheCode(t *testing.T) {
	r := newRig(t)
	d := r.desk()
	phones := make([]actor.Actor, 20)
	for i := range phones {
		phones[i] = r.liaison(r.bank).who()
	}
	var won atomic.Int64
	together(20, func(i int) {
		if _, err := r.ScanLogin(t.Context(), phones[i], d.login.QR); err == nil {
			won.Add(1)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d phones hold the same code", won.Load())
	}
}

func TestDesktopSessionsEnd(t *testing.T) {
	r := newRig(t)
	h := r.liaison(r.bank)
	idle, busy := h.signedIn(), h.signedIn()
	for range 3 {
		r.clk.Advance(29 * time.Minute)
		busy.who()
	}
	idle.refused()
	for range 30 {
		r.clk.Advance(20 * time.Minute)
		busy.who()
	}
	r.clk.Advance(30 * time.Minute)
	busy.refused()
	if _, err := r.Authenticate(t.Context(), "bc1.AAAA"); err == nil {
		t.Error("a made-up token works")
	}
	h.login()
	one, two, three := h.signedIn(), h.signedIn(), h.signedIn()
	far := r.another(nil)
	r.must(r.EndSession(t.Context(), h.who(), one.who().Session))
	if _, err := far.Authenticate(t.Context(), one.token); err == nil {
		t.Error("another instance still lets it in")
	}
	one.refused()
	stranger := r.liaison(r.school)
	wantErr(t, r.EndSession(t.Context(), stranger.who(), two.who().Session), errs.ErrNotFound)
	n, err := r.EndOtherSessions(t.Context(), two.who())
	r.must(err)
	if n != 1 {
		t.Error(n)
	}
	two.who()
	three.refused()
	if n, err = r.EndOtherSessions(t.Context(), h.who()); err != nil || n != 1 {
		t.Error("the phone ends them all:", n, err)
	}
	two.refused()
}

func TestDesktopGoesWithTheOffice(t *testing.T) {
	r := newRig(t)
	county, h := r.committeeStaff(r.county), r.liaison(r.bank)
	d := h.signedIn()
	list, err := r.Roles(t.Context(), county.who(), 0, pageOf(1000))
	r.must(err)
	for _, g := range list.Items {
		if g.Account == h.id {
			r.must(r.Revoke(t.Context(), county.who(), g.ID))
		}
	}
	d.refused()
}

// browser sends a request as the console's page does.
func (d *desk) browser(method, path, body string, cookie *http.Cookie, headers ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, web.Prefix+path, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", chrome)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	if cookie != nil {
		req.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	d.r.http.Engine.ServeHTTP(w, req)
	return w
}

func TestConsoleCookieOverHTTP(t *testing.T) {
	r := newRig(t)
	h, d := r.liaison(r.bank), &desk{r: r}
	started := r.want(nil, "POST", "/console/logins", "", 201, "")
	scanned := r.want(h, "POST", "/me/console-logins", fmt.Sprintf(`{"code":%q}`, started["qr"]), 200, "")
	if scanned["number"] != started["number"] || scanned["id"] != started["id"] {
		t.Fatal(scanned)
	}
	login := started["id"].(string)
	r.want(h, "POST", "/me/console-logins/"+login+"/approve", "", 204, "")
	poll, secret := "/console/logins/"+login+"/poll", fmt.Sprintf(`{"secret":%q}`, started["secret"])
	if w := d.browser("POST", poll, secret, nil); w.Code != 422 {
		t.Fatal("a foreign page could sign the browser in:", w.Code)
	}
	w := d.browser("POST", poll, secret, nil, "X-Console", "1")
	cookies := w.Result().Cookies()
	if w.Code != 200 || len(cookies) != 1 || strings.Contains(w.Body.String(), cookies[0].Value) {
		t.Fatal(w.Code, w.Body, cookies)
	}
	c := cookies[0]
	if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Path != web.Prefix || c.MaxAge != 0 {
		t.Errorf("%+v", c)
	}
	if w := d.browser("GET", "/me/sessions", "", c); w.Code != 200 || !strings.Contains(w.Body.String(), `"current":true`) {
		t.Fatal(w.Code, w.Body)
	}
	if w := d.browser("DELETE", "/me/sessions", "", c); w.Code != 401 {
		t.Error("a write without the header:", w.Code)
	}
	r.want(h, "DELETE", "/me/sessions", "", 200, "")
	if w := d.browser("GET", "/me", "", c); w.Code != 401 || !strings.Contains(w.Body.String(), "identity.console_ended") {
		t.Error(w.Code, w.Body)
	}
	own := h.signedIn()
	w = d.browser("DELETE", "/me/sessions/"+own.who().Session.String(), "", &http.Cookie{Name: web.ConsoleCookie, Value: own.token}, "X-Console", "1")
	if cs := w.Result().Cookies(); w.Code != 204 || len(cs) != 1 || cs[0].MaxAge >= 0 {
		t.Error(w.Code, cs)
	}
	if strings.Contains(r.logs.String(), started["secret"].(string)) || strings.Contains(r.logs.String(), c.Value) {
		t.Error("a secret is in the log")
	}
}

func TestTooManyCodesFromOnePlace(t *testing.T) {
	r := newRig(t)
	for range 300 {
		r.desk()
	}
	_, err := r.StartLogin(t.Context(), chrome, "203.0.113.7")
	wantErr(t, err, errs.ErrTooMany)
	if _, err := r.StartLogin(t.Context(), chrome, "198.51.100.1"); err != nil {
		t.Error("another office:", err)
	}
}

func TestPruneConsoleKeepsWhatWorks(t *testing.T) {
	r := newRig(t)
	h := r.liaison(r.bank)
	old := h.signedIn()
	old.asks(identity.ConfirmExport, r.bank.ID)
	r.clk.Advance(13 * time.Hour)
	h.login()
	now := h.signedIn()
	c, _ := now.asks(identity.ConfirmExport, r.bank.ID)
	r.must(r.PruneConsole(t.Context(), r.clk.Now()))
	now.who()
	if got, err := r.Asked(t.Context(), h.who(), c.ID); err != nil || got.State != identity.ConfirmPending {
		t.Error(got, err)
	}
	_, err := r.PollLogin(t.Context(), old.login.ID, old.login.Secret)
	wantErr(t, err, errs.ErrNotFound)
}
