package notice_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/notice"
	"bense/server/internal/web"
	"bense/server/internal/wechat"
)

// tokens are the actors of these tests by name.
type tokens struct{}

func (tokens) Authenticate(_ context.Context, bearer string) (actor.Actor, error) {
	switch bearer {
	case "head":
		return head(), nil
	case "member":
		return member(1102), nil
	case "liaison":
		return liaison(12), nil
	case "outsider":
		return member(2101), nil
	}
	return actor.Actor{}, errs.ErrUnauthenticated
}

type client struct {
	t *testing.T
	s *web.Server
}

func (h *house) client() client {
	h.t.Helper()
	s, err := web.New(web.Options{Log: slog.New(slog.DiscardHandler), Auth: tokens{}, Ready: func(context.Context) map[string]error { return nil }})
	h.must(err)
	notice.Routes(s.API, h.svc)
	return client{h.t, s}
}

// call gives the status, the problem's code if there is one, and the body.
func (c client) call(who, method, path, body string) (int, string, map[string]any) {
	c.t.Helper()
	r := httptest.NewRequest(method, web.Prefix+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+who)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	c.s.Engine.ServeHTTP(w, r)
	var out map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		c.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	code, _ := out["code"].(string)
	return w.Code, code, out
}

func TestHTTP(t *testing.T) {
	h := newHouse(t)
	c := h.client()
	_, _, made := c.call("head", "POST", "/notices", `{"alliance_id":"100","activity_id":"7000","title":"题","body":"文"}`)
	key, _ := made["id"].(string)
	n := "/notices/" + key
	for _, x := range []struct {
		who, method, path, body string
		status                  int
		code                    string
	}{
		{"nobody", "GET", "/me/notices", "", 401, "unauthenticated"},
		{"head", "POST", "/notices", `{"alliance_id":"100","title":"","body":"文"}`, 422, "invalid"},
		{"head", "POST", "/notices", `{"alliance_id":"200","title":"题","body":"文"}`, 404, "not_found"},
		{"member", "POST", "/notices", `{"alliance_id":"100","title":"题","body":"文"}`, 403, "forbidden"},
		{"member", "GET", n, "", 404, "not_found"},
		{"member", "GET", "/notices/x", "", 404, "not_found"},
		{"head", "PATCH", n, `{"title":"新题"}`, 200, ""},
		{"head", "GET", n + "/calls", "", 409, "notice.not_published"},
		{"head", "POST", n + "/remind", "", 409, "notice.not_published"},
		{"head", "POST", n + "/card", "", 409, "notice.not_published"},
		{"liaison", "POST", n + "/publish", `{"revision":1}`, 404, "not_found"},
		{"head", "POST", n + "/publish", "", 422, "invalid"},
		{"head", "POST", n + "/publish", `{"revision":0}`, 409, "notice.changed"},
		{"head", "POST", n + "/publish", `{"revision":1}`, 200, ""},
		{"head", "POST", n + "/publish", `{"revision":1,"reviewed":true}`, 409, "notice.not_draft"},
		{"head", "PATCH", n, `{"title":"新题"}`, 409, "notice.not_draft"},
		{"liaison", "POST", n + "/publish", `{"revision":1}`, 403, "forbidden"},
		{"head", "GET", "/notices?alliance_id=100&state=published", "", 200, ""},
		{"head", "GET", "/notices?state=nonsense", "", 422, "invalid"},
		{"member", "GET", "/me/notices", "", 200, ""},
		{"member", "GET", n, "", 200, ""},
		{"outsider", "GET", n, "", 404, "not_found"},
		{"member", "POST", n + "/read", `{"via":"group","group":{"encrypted_data":"ours","iv":"x"}}`, 200, ""},
		{"member", "POST", n + "/read", `{"via":"air"}`, 422, "invalid"},
		{"outsider", "POST", n + "/read", `{"via":"inbox"}`, 404, "not_found"},
		{"head", "GET", n + "/timeline", "", 200, ""},
		{"member", "GET", n + "/timeline", "", 403, "forbidden"},
		{"liaison", "GET", n + "/recipients?state=unread", "", 200, ""},
		{"member", "GET", n + "/recipients", "", 403, "forbidden"},
		{"head", "POST", n + "/remind", "", 200, ""},
		{"head", "POST", n + "/card/shared", `{}`, 404, "not_found"},
		{"head", "POST", n + "/card", "", 200, ""},
		{"head", "POST", n + "/card/shared", "", 200, ""},
		{"liaison", "POST", n + "/card", "", 403, "forbidden"},
		{"liaison", "GET", n + "/calls", "", 200, ""},
		{"member", "GET", n + "/calls", "", 403, "forbidden"},
		{"liaison", "POST", n + "/calls/1201", `{"outcome":"told","note":"","reason":""}`, 200, ""},
		{"liaison", "POST", n + "/calls/1101", `{"outcome":"told"}`, 404, "not_found"},
		{"liaison", "POST", n + "/calls/1201", `{"outcome":"sung"}`, 422, "invalid"},
		{"member", "GET", "/subscriptions/templates", "", 200, ""},
		{"member", "POST", n + "/close", "", 403, "forbidden"},
		{"head", "POST", n + "/close", "", 200, ""},
		{"head", "POST", n + "/cancel", `{"reason":"下雨"}`, 409, "notice.over"},
	} {
		status, code, out := c.call(x.who, x.method, x.path, x.body)
		if status != x.status || code != x.code || code != "" && out["message"] == "" {
			t.Errorf("%s %s %s: %d %v", x.who, x.method, x.path, status, out)
		}
	}
}

func TestHTTPShapes(t *testing.T) {
	h := newHouse(t)
	c := h.client()
	h.accept(notice.ForNotice, 1, 1102)
	n := "/notices/" + h.published().String()
	h.work()
	c.call("member", "POST", n+"/read", `{"via":"push"}`)
	c.call("liaison", "POST", n+"/calls/1202", `{"outcome":"no_answer","note":"没人接"}`)
	for path, want := range map[string]string{
		"/me/notices":              `"people":[{"person_id":"1102","name":"人1102","read_at":"2026-07-01T01:00:00Z","answer":"","reason":""}]`,
		n:                          `"activity":{"id":"7000","kind":"party_day","title":"七一主题党日","place":"黄河文化馆","starts_at":"2026-07-03T01:00:00Z"`,
		"/subscriptions/templates": `{"id":"tpl_notice","occasion":"answer","template":"activity_notice","title":"活动通知","remaining":0}`,
	} {
		if got := c.raw("member", path); !strings.Contains(got, want) {
			t.Errorf("%s: %s", path, got)
		}
	}
	for path, want := range map[string]string{
		n + "/timeline":              `"recipients":9,"queued":0,"sent":1,"refused":0,"unknown":0,"failed":0,"no_credit":8,"read":1,"answered":0,"told":0,"unreached":8,"eve":{"ends":"2026-07-02T16:00:00Z","due":9,"known":1},"reminders":[]`,
		n + "/recipients?state=read": `{"items":[{"person_id":"1102","name":"人1102","unit_id":"11","unit":"单位11","read_at":"2026-07-01T01:00:00Z","answer":"","outcome":""}],"next":""}`,
		n + "/calls?state=unreached": `{"person_id":"1202","name":"人1202","unit_id":"12","unit":"单位12","phone":"19900001202","answer":"","outcome":"no_answer","note":"没人接","at":"2026-07-01T01:00:00Z","by":"账号60012","household_id":"","news":"","calling":"","way":"wechat"}`,
	} {
		if got := c.raw("head", path); !strings.Contains(got, want) {
			t.Errorf("%s: %s", path, got)
		}
	}
	_, _, card := c.call("head", "POST", n+"/card", "")
	info, _ := json.Marshal(card["template_info"])
	if string(info) != `{"parameter_list":[{"name":"member_count","value":"0"},{"name":"room_limit","value":"9"}]}` {
		t.Error(string(info))
	}
}

func (c client) raw(who, path string) string {
	r := httptest.NewRequest("GET", web.Prefix+path, nil)
	r.Header.Set("Authorization", "Bearer "+who)
	w := httptest.NewRecorder()
	c.s.Engine.ServeHTTP(w, r)
	return w.Body.String()
}

func TestWeChatDownAtPublicationIsSaid(t *testing.T) {
	h := newHouse(t)
	c := h.client()
	n := "/notices/" + h.draft().String()
	h.checkErr = &wechat.Error{Code: wechat.NoAnswer, Retryable: true}
	status, code, out := c.call("head", "POST", n+"/publish", `{"revision":0}`)
	if status != 503 || code != "notice.check_down" || !strings.Contains(out["message"].(string), "已存为草稿") {
		t.Error(status, out)
	}
	if _, _, out := c.call("head", "GET", n, ""); out["state"] != "draft" {
		t.Error(out)
	}
}
