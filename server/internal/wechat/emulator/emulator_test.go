package emulator_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"bense/server/internal/wechat/emulator"
)

func TestStableTokenStaysTheSame(t *testing.T) {
	r := newRig(t, emulator.Options{})
	first := r.token()
	r.clock.Advance(100 * time.Minute)
	if r.token() != first {
		t.Fatal("changed before its end")
	}
	r.clock.Advance(16 * time.Minute) // four minutes are left
	second := r.token()
	if second == first {
		t.Fatal("not renewed in its last minutes")
	}
	call := func(token string) int {
		_, a := r.do(http.MethodGet, "/wxaapi/newtmpl/gettemplate?access_token="+token, nil)
		return a.code()
	}
	if call(first) != 0 || call(second) != 0 {
		t.Error("old and new must both do in the last minutes")
	}
	r.clock.Advance(5 * time.Minute)
	if got := call(first); got != 42001 {
		t.Error("expired:", got)
	}
	if got := call("madeup"); got != 40001 {
		t.Error("made up:", got)
	}
	if got := call(""); got != 41001 {
		t.Error("missing:", got)
	}
	r.Expire()
	if got := call(second); got != 42001 {
		t.Error("expired by hand:", got)
	}
}

func TestForcedRefreshIsRationed(t *testing.T) {
	r := newRig(t, emulator.Options{})
	cfg := r.Config("http://x")
	force := func() int {
		_, a := r.do(http.MethodPost, "/cgi-bin/stable_token", reply{
			"grant_type": "client_credential", "appid": cfg.AppID, "secret": cfg.Secret, "force_refresh": true,
		})
		return a.code()
	}
	if a, b := force(), force(); a != 0 || b != 45011 {
		t.Fatal(a, b)
	}
	for range 19 {
		r.clock.Advance(time.Minute)
		if got := force(); got != 0 {
			t.Fatal(got)
		}
	}
	r.clock.Advance(time.Minute)
	if got := force(); got != 45009 {
		t.Fatal("the 21st of the day:", got)
	}
}

func TestCredentialsAreChecked(t *testing.T) {
	r := newRig(t, emulator.Options{})
	cfg := r.Config("http://x")
	for _, c := range []struct {
		appID, secret string
		want          int
	}{{"wxother", cfg.Secret, 40013}, {cfg.AppID, "wrong", 40125}} {
		_, a := r.do(http.MethodPost, "/cgi-bin/stable_token", reply{"grant_type": "client_credential", "appid": c.appID, "secret": c.secret})
		_, b := r.do(http.MethodGet, "/sns/jscode2session?grant_type=authorization_code&js_code=x&appid="+c.appID+"&secret="+c.secret, nil)
		if a.code() != c.want || b.code() != c.want {
			t.Error(a, b)
		}
		if !strings.Contains(fmt.Sprint(a["errmsg"]), fmt.Sprint(a["rid"])) {
			t.Error("no rid:", a)
		}
	}
}

func TestSubscribeRules(t *testing.T) {
	r := newRig(t, emulator.Options{Pages: []string{"pages/notice/detail"}})
	tpl := emulator.DefaultTemplates()[0].ID
	openID := r.User(zhang).OpenID
	good := func() reply {
		return reply{
			"touser": openID, "template_id": tpl, "page": "pages/notice/detail?id=1",
			"data": reply{"thing1": reply{"value": "党日"}, "time2": reply{"value": "2026年7月1日 09:00"}, "thing3": reply{"value": "中心"}, "thing4": reply{"value": "无"}},
		}
	}
	with := func(key string, v any) reply { b := good(); b[key] = v; return b }
	field := func(name string, v any) reply {
		b := good()
		b["data"].(reply)[name] = reply{"value": v}
		return b
	}
	for range 2 {
		if err := r.Popup(zhang, map[string]bool{tpl: true}); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		body reply
		want int
	}{
		"openid":        {with("touser", "o123"), 40003},
		"forged":        {with("touser", openID[:27]+"x"), 40003},
		"template":      {with("template_id", "nope"), 40037},
		"page":          {with("page", "pages/none"), 41030},
		"long":          {field("thing1", strings.Repeat("长", 21)), 47003},
		"empty":         {field("thing1", ""), 47003},
		"time":          {field("time2", "明天"), 47003},
		"no value":      {field("thing3", nil), 47003},
		"no data":       {with("data", reply{}), 47003},
		"state":         {with("miniprogram_state", "prod"), 47003},
		"not an object": {with("data", "x"), 47001},
	} {
		if got := r.post("/cgi-bin/message/subscribe/send", c.body).code(); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	if r.Credit(openID, tpl) != 2 {
		t.Fatal("a refused message cost credit")
	}
	for i, want := range []int{0, 0, 43101} {
		if got := r.post("/cgi-bin/message/subscribe/send", good()).code(); got != want {
			t.Errorf("message %d: %d", i, got)
		}
	}
	if err := r.Popup(zhang, map[string]bool{tpl: true}); err != nil {
		t.Fatal(err)
	}
	if err := r.Change(zhang, tpl, false); err != nil {
		t.Fatal(err)
	}
	if got := r.post("/cgi-bin/message/subscribe/send", good()).code(); got != 43101 {
		t.Error("after the switch was turned off:", got)
	}
	if n := len(r.Messages(openID)); n != 2 {
		t.Error(n, "messages arrived")
	}
}

func TestPopupRules(t *testing.T) {
	long := emulator.Template{ID: "long", Type: 3, Title: "长期", Content: "{{thing1.DATA}}"}
	r := newRig(t, emulator.Options{Templates: append(emulator.DefaultTemplates(), long)})
	ids := map[string]bool{}
	for _, d := range emulator.DefaultTemplates() {
		ids[d.ID] = true
	}
	if err := r.Popup(zhang, ids); err != nil {
		t.Error("three at once:", err)
	}
	ids["long"] = true
	for name, c := range map[string]map[string]bool{
		"four": ids, "none": {}, "unknown": {"x": true}, "mixed": {"long": true, emulator.DefaultTemplates()[0].ID: true},
	} {
		if r.Popup(zhang, c) == nil {
			t.Error(name)
		}
	}
	if err := r.Popup(zhang, map[string]bool{"long": true}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		body := reply{"touser": r.User(zhang).OpenID, "template_id": "long", "data": reply{"thing1": reply{"value": "好"}}}
		if got := r.post("/cgi-bin/message/subscribe/send", body).code(); got != 0 {
			t.Error("a long-term subscription isn't used up:", got)
		}
	}
}

func TestMediaCheckCallsBack(t *testing.T) {
	r := newRig(t, emulator.Options{})
	var mu sync.Mutex
	var seen int
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen++
		_, _ = w.Write([]byte("success"))
	}))
	defer s.Close()
	r.SetCallback(s.URL)
	body := reply{"media_url": "https://x/1.jpg", "media_type": 2, "scene": 1, "version": 2, "openid": r.User(zhang).OpenID}
	if got := r.post("/wxa/media_check_async", body).code(); got != 61010 {
		t.Fatal("without a login:", got)
	}
	r.login(zhang)
	r.Hold(true)
	if a := r.post("/wxa/media_check_async", body); a.code() != 0 || a["trace_id"] == "" {
		t.Fatal(a)
	}
	if r.Flush(context.Background()) == nil || seen != 0 {
		t.Fatal("not held back")
	}
	r.Inject("media_check_async", emulator.Fault{Body: emulator.LostCall, Times: 1})
	if got := r.post("/wxa/media_check_async", body).code(); got != 0 {
		t.Fatal(got)
	}
	r.Hold(false)
	if err := r.Flush(context.Background()); err != nil || seen != 1 {
		t.Fatal(err, seen)
	}
}

func TestWhatThePlatformRefuses(t *testing.T) {
	r := newRig(t, emulator.Options{})
	openID := r.login(zhang)["openid"]
	for name, c := range map[string]struct {
		path string
		body any
		want int
	}{
		"unknown address": {"/cgi-bin/nothing", reply{}, 40066},
		"uniform send":    {"/cgi-bin/message/wxopen/template/uniform_send", reply{}, 40066},
		"chat tool":       {"/cgi-bin/message/wxopen/chattoolmsg/send", reply{"activity_id": "x", "target_state": 0}, 47001},
		"mini's token":    {"/cgi-bin/message/template/send", reply{}, 40001},
		"robot: no key":   {"/cgi-bin/webhook/send", reply{"msgtype": "text"}, 93000},
		"get by post":     {"/wxaapi/newtmpl/gettemplate", reply{}, 43002},
		"no JSON":         {"/cgi-bin/message/subscribe/send", "x", 47001},
		"old check":       {"/wxa/msg_sec_check", reply{"content": "x", "openid": openID, "scene": 1}, 44991},
		"long check":      {"/wxa/msg_sec_check", reply{"content": strings.Repeat("x", 2501), "openid": openID, "scene": 1, "version": 2}, 45002},
		"card: no limit":  {"/cgi-bin/message/wxopen/updatablemsg/send", reply{"activity_id": "x", "target_state": 0}, 47001},
		"card: no state":  {"/cgi-bin/message/wxopen/updatablemsg/send", reply{"activity_id": "x"}, 47001},
		"scene":           {"/wxa/getwxacodeunlimit", reply{"scene": "党"}, 40169},
		"phone: bad code": {"/wxa/business/getuserphonenumber", reply{"code": "x"}, 40029},
	} {
		if got := r.post(c.path, c.body).code(); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestUsersAreTheSameAfterARestart(t *testing.T) {
	a, b := newRig(t, emulator.Options{Seed: 1}), newRig(t, emulator.Options{Seed: 2})
	if a.User(zhang) != b.User(zhang) {
		t.Fatal("another openid")
	}
	u := a.User(zhang)
	for _, by := range []emulator.User{{Name: zhang.Name}, {Phone: zhang.Phone}, {OpenID: u.OpenID}, zhang} {
		if a.User(by) != u {
			t.Errorf("not found by %+v", by)
		}
	}
	if a.User(emulator.User{Name: zhang.Name, Phone: "13900000009"}).OpenID == u.OpenID {
		t.Error("two people of one name are one")
	}
	fresh := newRig(t, emulator.Options{})
	tpl := emulator.DefaultTemplates()[0].ID
	if got := fresh.post("/cgi-bin/message/subscribe/send", reply{"touser": u.OpenID, "template_id": tpl, "data": reply{
		"thing1": reply{"value": "党日"}, "time2": reply{"value": "09:00"}, "thing3": reply{"value": "中心"}, "thing4": reply{"value": "无"},
	}}).code(); got != 43101 {
		t.Error("a user of before the restart exists, but has no credit:", got)
	}
}

func TestSeedMakesItRepeatable(t *testing.T) {
	run := func() string {
		r := newRig(t, emulator.Options{Seed: 7})
		return r.LoginCode(zhang) + r.token() + fmt.Sprint(r.EnterGroup(zhang, "群"))
	}
	if run() != run() {
		t.Fatal("the same seed gave something else")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	r := newRig(t, emulator.Options{Max: 10})
	first := r.LoginCode(emulator.User{Name: "0"})
	for i := range 100 {
		r.LoginCode(emulator.User{Name: fmt.Sprint(i)})
	}
	if n := len(r.Users()); n != 10 {
		t.Fatal(n, "users")
	}
	cfg := r.Config("http://x")
	if _, a := r.do(http.MethodGet, "/sns/jscode2session?grant_type=authorization_code&appid="+cfg.AppID+"&secret="+cfg.Secret+"&js_code="+first, nil); a.code() != 40029 {
		t.Error("a forgotten code:", a)
	}
	for i := range 300 {
		if _, err := r.Share(zhang, "群", "", fmt.Sprint(i), "pages/a/b"); err != nil {
			t.Fatal(err)
		}
		r.Inject("nowhere", emulator.Fault{})
	}
	if cards := r.Cards("群"); len(cards) != 100 || cards[99].Title != "299" {
		t.Fatal(len(cards), "cards")
	}
}
