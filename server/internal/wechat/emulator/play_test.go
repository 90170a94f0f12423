package emulator_test

import (
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"bense/server/internal/wechat/emulator"
)

// The whole thread by HTTP below /emulator, as the demo's phones use it.
func TestPlayByHTTP(t *testing.T) {
	r := newRig(t, emulator.Options{})
	tpl := emulator.DefaultTemplates()[0].ID
	who := reply{"name": zhang.Name, "phone": zhang.Phone}
	with := func(more reply) reply {
		for k, v := range who {
			more[k] = v
		}
		return more
	}
	ok := func(method, path string, body any) reply {
		t.Helper()
		status, a := r.do(method, path, body)
		if status != http.StatusOK {
			t.Fatal(method, path, status, a)
		}
		return a
	}
	login := ok("POST", "/emulator/client/login-code", who)
	if login["openid"] != r.User(zhang).OpenID || login["code"] == "" {
		t.Fatal(login)
	}
	if a := ok("POST", "/emulator/client/phone-code", reply{"openid": login["openid"]}); a["code"] == "" {
		t.Fatal(a)
	}
	ok("POST", "/emulator/client/popup", with(reply{"accept": []string{tpl}, "reject": []string{}}))
	if r.Credit(r.User(zhang).OpenID, tpl) != 1 {
		t.Fatal("no credit")
	}
	ok("POST", "/emulator/client/change", with(reply{"template_id": tpl, "accept": false}))
	if r.Credit(r.User(zhang).OpenID, tpl) != 0 {
		t.Fatal("credit is left")
	}
	if a := ok("POST", "/emulator/client/enter-group", with(reply{"group": "城关联盟群"})); a["encrypted_data"] == "" || a["iv"] == "" {
		t.Fatal(a)
	}
	_, made := r.do(http.MethodGet, "/emulator/cgi-bin/message/wxopen/activityid/create?access_token="+r.token(), nil)
	ok("POST", "/emulator/client/share", with(reply{"group": "城关联盟群", "activity_id": made["activity_id"], "title": "党日", "path": "pages/a/b"}))
	cards := ok("GET", "/emulator/client/cards?group=城关联盟群", nil)["items"].([]any)
	if len(cards) != 1 || cards[0].(map[string]any)["text"] != "成员正在加入" {
		t.Fatal(cards)
	}
	for _, list := range []string{"messages?name=" + zhang.Name, "groups", "users", "templates", "cards?group=none"} {
		if _, isList := ok("GET", "/emulator/client/"+list, nil)["items"].([]any); !isList {
			t.Error(list, "has no items")
		}
	}
	ok("POST", "/emulator/client/rotate-session", who)
	ok("POST", "/emulator/client/flush", nil)
	for path, body := range map[string]any{
		"/emulator/client/phone-code":  reply{"name": "无号码"},
		"/emulator/client/popup":       with(reply{"accept": []string{"none"}}),
		"/emulator/client/change":      with(reply{"template_id": tpl, "accept": "x"}),
		"/emulator/client/enter-group": who,
		"/emulator/client/share":       with(reply{"group": "群", "activity_id": "none"}),
		"/emulator/client/login-code":  "text",
		"/emulator/faults":             reply{"errcode": -1},
	} {
		if status, a := r.do("POST", path, body); status != http.StatusUnprocessableEntity || a["message"] == "" {
			t.Error(path, status, a)
		}
	}
}

func TestFaultsByHTTP(t *testing.T) {
	r := newRig(t, emulator.Options{})
	token := r.token()
	get := func() int {
		_, a := r.do(http.MethodGet, "/wxaapi/newtmpl/gettemplate?access_token="+token, nil)
		return a.code()
	}
	r.do("POST", "/emulator/faults", reply{"endpoint": "gettemplate", "errcode": 45009, "times": 2})
	if got := []int{get(), get(), get()}; got[0] != 45009 || got[1] != 45009 || got[2] != 0 {
		t.Fatal("twice:", got)
	}
	r.do("POST", "/emulator/faults", reply{"endpoint": "*", "errcode": 40001, "every": 2})
	if got := []int{get(), get(), get(), get()}; got[0] != 0 || got[1] != 40001 || got[2] != 0 || got[3] != 40001 {
		t.Fatal("each second:", got)
	}
	r.do("DELETE", "/emulator/faults", nil)
	if got := []int{get(), get()}; got[0] != 0 || got[1] != 0 {
		t.Fatal("after clearing:", got)
	}
	if _, calls := r.do("GET", "/emulator/calls", nil); calls["/wxaapi/newtmpl/gettemplate"] != 9.0 {
		t.Fatal(calls)
	}
}

// A decoder that is none of ours reads the pictures. The lengths reach all sizes with a rule of their own:
// one block, several, a version number, blocks of two lengths, a long count.
func TestCodeIsAQRCode(t *testing.T) {
	r := newRig(t, emulator.Options{})
	for _, length := range []int{12, 60, 100, 130, 150, 190} {
		page := "pages/" + strings.Repeat("a", length-6)
		w := httptest.NewRecorder()
		body := `{"scene":"v=1","page":"` + page + `"}`
		r.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/wxa/getwxacodeunlimit?access_token="+r.token(), strings.NewReader(body)))
		if w.Header().Get("Content-Type") != "image/png" {
			t.Fatal(w.Body)
		}
		img, err := png.Decode(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
		if err != nil {
			t.Fatal(err)
		}
		found, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
		if err != nil || found.GetText() != page+"?scene=v=1" {
			t.Errorf("%d: %v, %v", length, found, err)
		}
	}
	if a := r.post("/wxa/getwxacodeunlimit", reply{"scene": "v=1", "page": "pages/" + strings.Repeat("a", 300)}); a.code() != 41030 {
		t.Error("too long for a code:", a)
	}
}
