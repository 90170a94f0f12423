package guard_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"bense/server/internal/app"
	"bense/server/internal/config"
	"bense/server/internal/crypt"
	"bense/server/internal/log"
	"bense/server/internal/testdb"
)

func production(t *testing.T, more ...string) []string {
	t.Helper()
	return append([]string{
		"BENSE_MODE=production", "BENSE_DATABASE_URL=" + testdb.OwnURL(t), "BENSE_KEYS_MASTER=" + crypt.NewKey(1),
		"BENSE_SERVER_PUBLIC_URL=https://bense.example", "BENSE_WECHAT_APP_ID=wx0000000000000000", "BENSE_WECHAT_SECRET=s", "BENSE_WECHAT_TOKEN=t",
		"BENSE_WECHAT_AES_KEY=" + strings.Repeat("k", 43), "BENSE_WECHAT_TEMPLATES_NOTICE_ID=a", "BENSE_WECHAT_TEMPLATES_REMINDER_ID=b", "BENSE_WECHAT_TEMPLATES_CHANGE_ID=c",
	}, more...)
}

func TestProductionHasNoDemo(t *testing.T) {
	cfg, err := config.Load("", production(t))
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), cfg, log.New(&bytes.Buffer{}, "info"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	s := &service{Instance: &app.Instance{App: a}}
	routes := s.registered()
	if i := slices.IndexFunc(routes, demoOnly); i >= 0 {
		t.Errorf("production serves %s", routes[i])
	}
	if a.Emulator != nil {
		t.Error("production has an emulator")
	}
	if len(routes) < 40 {
		t.Errorf("only %d routes in production", len(routes))
	}
}

func TestProductionRefusesDemoSettings(t *testing.T) {
	for _, bad := range []string{"BENSE_WECHAT_EMULATOR=true", "BENSE_WECHAT_BASE_URL=http://127.0.0.1:1"} {
		if _, err := config.Load("", production(t, bad)); err == nil || !strings.Contains(err.Error(), "emulator") {
			t.Errorf("%s in production: %v, want a refusal", bad, err)
		}
	}
	// And should the configuration ever let it pass, the constructors do not.
	cfg, err := config.Load("", production(t))
	if err != nil {
		t.Fatal(err)
	}
	cfg.WeChat.Emulator = true
	if a, err := app.New(context.Background(), cfg, log.New(&bytes.Buffer{}, "info"), nil); err == nil {
		a.Close()
		t.Error("production started with the emulator")
	}
}

func TestBadInputHasTypedAnswers(t *testing.T) {
	w := newWorld(t)
	member, office, s := w.actors["member"], w.offices[itself], w.sites[itself]
	bad := w.call(t, office.token, "POST", "/activities", map[string]any{"alliance_id": s["alliance"], "kind": "party", "title": "", "place": ""})
	wantStatus(t, "a body that does not fit", bad, 422)
	if len(bad.problem().Fields) == 0 {
		t.Errorf("no fields are named: %s", bad.Body)
	}
	wantStatus(t, "a foreign id", w.call(t, office.token, "GET", "/persons/"+w.sites[foreign]["person"], nil), 404)
	wantStatus(t, "no id at all", w.call(t, office.token, "GET", "/persons/abc", nil), 404)
	wantStatus(t, "no such route", w.call(t, office.token, "GET", "/nothing", nil), 404)
	wantStatus(t, "no session", w.call(t, "", "GET", "/me", nil), 401)
	wantStatus(t, "a forged session", w.call(t, office.token+"x", "GET", "/me", nil), 401)

	answer := func(token string) string {
		return w.must(t, member.token, "POST", "/visits", map[string]string{"token": token}).text("answer")
	}
	venue := w.must(t, office.token, "GET", "/lists/"+s["list"]+"/venue-code", nil).text("url")
	if got := answer(venue); got != "ok" {
		t.Errorf("a good code: %q, want ok", got)
	}
	if got := answer(venue[:len(venue)-1] + map[bool]string{true: "B", false: "A"}[strings.HasSuffix(venue, "A")]); got != "invalid_code" {
		t.Errorf("a forged code: %q, want invalid_code", got)
	}
	w.clock.Advance(5 * 60e9)
	if got := answer(venue); got != "code_expired" {
		t.Errorf("an old code: %q, want code_expired", got)
	}
	var p map[string]any
	if err := json.Unmarshal(bad.Body, &p); err != nil || p["message"] == "" {
		t.Errorf("no problem: %s", bad.Body)
	}
}
