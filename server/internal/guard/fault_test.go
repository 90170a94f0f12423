package guard_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"bense/server/internal/wechat/emulator"
)

// broken is a platform that answers nothing but errors.
var broken = emulator.Fault{HTTPStatus: http.StatusBadGateway}

func wantUnavailable(t *testing.T, what string, a answer, code string) {
	t.Helper()
	if p := a.problem(); a.Status != 503 || code != "" && p.Code != code || p.Message == "" || a.Header.Get("Retry-After") == "" {
		t.Errorf("%s: %d %s, Retry-After %q; want 503 %s with a sentence and Retry-After", what, a.Status, clip(a.Body), a.Header.Get("Retry-After"), code)
	}
}

func TestWeChatDownAtLogin(t *testing.T) {
	s := start(t)
	s.Emulator.Inject(emulator.Everywhere, broken)
	user := emulator.User{Name: "来客", Phone: "19900030001"}
	down := s.call(t, "", "POST", "/sessions", map[string]string{"code": s.Emulator.LoginCode(user)})
	wantUnavailable(t, "log in while WeChat is down", down, "identity.wechat_down")
	s.Emulator.Clear()
	s.login(t, "来客", "19900030001")
}

// waiting counts the messages of the outbox that are not done, those for later included.
func (s *service) waiting(t *testing.T) (n int) {
	t.Helper()
	if err := s.DB.Conn(t.Context()).Raw("SELECT COUNT(*) FROM outbox WHERE done_at IS NULL").Row().Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNoticesWaitForWeChatAndGoOutLater(t *testing.T) {
	w := newWorld(t)
	head, member, at := w.actors["head"], w.actors["member"], w.sites[itself]
	var offered struct{ Items []struct{ ID string } }
	if err := json.Unmarshal(w.must(t, member.token, "GET", "/subscriptions/templates", nil).Body, &offered); err != nil {
		t.Fatal(err)
	}
	agreed := map[string]bool{}
	for _, template := range offered.Items {
		agreed[template.ID] = true
	}
	if err := w.Emulator.Popup(member.User, agreed); err != nil {
		t.Fatal(err)
	}
	if err := w.Emulator.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}

	if err := w.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	later := w.waiting(t)
	draft := w.must(t, head.token, "POST", "/notices", map[string]string{"alliance_id": at["alliance"], "title": "停电通知", "body": "明天上午停电。"}).text("id")
	w.Emulator.Inject("msg_sec_check", broken)
	wantUnavailable(t, "publish while the content check is down", w.call(t, head.token, "POST", "/notices/"+draft+"/publish", map[string]int{"revision": 0}), "notice.check_down")
	if state := w.must(t, head.token, "GET", "/notices/"+draft, nil).text("state"); state != "draft" {
		t.Errorf("the notice that could not be checked is %q, want draft", state)
	}
	w.Emulator.Clear()
	w.Emulator.Inject("subscribe/send", broken)
	w.must(t, head.token, "POST", "/notices/"+draft+"/publish", map[string]int{"revision": 0})
	if err := w.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, waiting := len(w.Emulator.Messages(member.OpenID)), w.waiting(t)-later; n != 0 || waiting != 1 {
		t.Fatalf("WeChat is down: %d messages arrived, %d wait; want 0 and 1", n, waiting)
	}
	if inbox := w.must(t, member.token, "GET", "/me/notices", nil); !strings.Contains(string(inbox.Body), "停电通知") {
		t.Error("the inbox does not show a notice whose message waits")
	}

	w.Emulator.Clear()
	for range 20 {
		w.clock.Advance(time.Minute)
		if err := w.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n, waiting := len(w.Emulator.Messages(member.OpenID)), w.waiting(t)-later; n != 1 || waiting != 0 {
		t.Errorf("WeChat is back: %d messages arrived, %d wait; want 1 and 0", n, waiting)
	}
}

// thread is the whole job of one member, from the log-in to the sheet.
func (w *world) thread(t *testing.T) {
	t.Helper()
	office, at := w.offices[itself], w.sites[itself]
	member := w.login(t, "关同事", "19900030001")
	person := w.sites[sameUnit]["person"]
	made := w.must(t, office.token, "POST", "/activities", map[string]any{
		"alliance_id": at["alliance"], "kind": "study", "title": "集体学习", "place": "活动室", "starts_at": w.soon(), "ends_at": w.soon().Add(time.Hour),
		"notice": map[string]string{"title": "集体学习通知", "body": "请参加"},
	})
	activity, notice, list := made.text("id"), made.text("notice_id"), made.text("lists.0.id")
	w.must(t, office.token, "POST", "/notices/"+notice+"/publish", map[string]int{"revision": 0})
	w.must(t, office.token, "POST", "/notices/"+notice+"/card", nil)
	if err := w.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.must(t, member.token, "POST", "/notices/"+notice+"/read", map[string]string{"via": "inbox"})
	w.must(t, member.token, "PUT", "/activities/"+activity+"/answers/"+person, map[string]string{"answer": "going"})
	code := w.must(t, office.token, "GET", "/lists/"+list+"/venue-code", nil).text("url")
	ticket := w.must(t, member.token, "POST", "/visits", map[string]string{"token": code}).text("ticket")
	nonce := strings.Repeat("ab", 16)
	attempt := map[string]any{"ticket": ticket, "nonce": nonce, "person_id": person, "happened_at": w.clock.Now()}
	for _, want := range []string{"ok", "ok"} { // the second is the same attempt
		if got := w.must(t, member.token, "POST", "/check-ins", attempt); got.text("answer") != want {
			t.Errorf("sign in: %s, want %s", clip(got.Body), want)
		}
	}
	shown := w.must(t, member.token, "GET", "/me/member-code?person_id="+person, nil).text("code")
	again := w.must(t, office.token, "POST", "/lists/"+list+"/check-ins", map[string]any{"items": []any{
		map[string]any{"nonce": strings.Repeat("cd", 16), "happened_at": w.clock.Now(), "door": "scan", "code": shown}}})
	if got := again.text("items.0.answer"); got != "already" {
		t.Errorf("scanned after signing in: %s, want already", clip(again.Body))
	}
	w.must(t, office.token, "GET", "/notices/"+notice+"/timeline", nil)
	w.must(t, office.token, "GET", "/lists/"+list+"/roster", nil)
	if sheet := w.must(t, office.token, "GET", "/activities/"+activity+"/attendance.xlsx", nil); len(sheet.Body) < 1000 {
		t.Errorf("the sheet has %d bytes", len(sheet.Body))
	}
}

func TestEverythingWorksWithoutRedis(t *testing.T) {
	m := miniredis.RunT(t)
	w := newWorldOn(t, "redis://"+m.Addr())
	m.Close()
	w.thread(t)
	if ready := w.call(t, "", "GET", "//readyz", nil); ready.Status != 200 {
		t.Errorf("not ready without Redis: %d %s", ready.Status, ready.Body)
	}
}

// Nothing but 503 with Retry-After, or what needs no database, may come back when it is gone: the
// phone keeps what it could not send.
func TestDatabaseDown(t *testing.T) {
	m := &matrix{world: newWorld(t)}
	rules := readRules(t)
	if err := m.DB.Close(); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, r := range rules {
		if r.target == "public" {
			continue
		}
		tried++
		who := "committee_staff"
		if strings.HasPrefix(r.path, "/me") {
			who = "member"
		}
		a := m.send(t, r, who, m.sites[itself], m.sites[itself], false, itself)
		switch {
		case a.Status == 503:
			wantUnavailable(t, r.method+" "+r.call, a, "")
		case a.Status == 422 && len(a.problem().Fields) > 0, a.Status == 422 && a.problem().Code != "invalid":
		case r.path == "/subscriptions/templates" || r.path == "/visits" || r.path == "/check-ins" || r.path == "/audit/actions": // answered from the code alone
		default:
			t.Errorf("%s %s without a database: %d %s, want 503", r.method, r.call, a.Status, clip(a.Body))
		}
	}
	wantDown := m.call(t, "", "POST", "/sessions", map[string]string{"code": m.Emulator.LoginCode(m.actors["member"].User)})
	wantUnavailable(t, "log in", wantDown, "")
	if ready := m.call(t, "", "GET", "//readyz", nil); ready.Status != 503 {
		t.Errorf("ready without a database: %d", ready.Status)
	}
	t.Logf("database down: %d routes tried", tried)
}
