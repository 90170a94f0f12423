package checkin_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"bense/server/internal/actor"
	"bense/server/internal/checkin"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/web"
)

type tokens map[string]actor.Actor

func (t tokens) Authenticate(_ context.Context, bearer string) (actor.Actor, error) {
	if a, ok := t[bearer]; ok {
		return a, nil
	}
	return actor.Actor{}, errs.ErrUnauthenticated
}

func (t tokens) Account(bearer string) (id.ID, error) {
	a, err := t.Authenticate(context.Background(), bearer)
	return a.Account, err
}

type object = map[string]any

func (c *county) serve(t *testing.T) func(who, method, path, body string) (*httptest.ResponseRecorder, object) {
	t.Helper()
	sessions := tokens{"head": c.head, "member": c.member, "liaison": c.liaison, "foreign": c.foreign}
	s, err := web.New(web.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Auth: sessions})
	if err != nil {
		t.Fatal(err)
	}
	checkin.Routes(s.API, c.checkin, sessions)
	return func(who, method, path, body string) (*httptest.ResponseRecorder, object) {
		r := httptest.NewRequest(method, web.Prefix+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+who)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.Engine.ServeHTTP(w, r)
		var out object
		json.Unmarshal(w.Body.Bytes(), &out)
		return w, out
	}
}

func body(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func TestHTTPThread(t *testing.T) {
	c := newCounty(t)
	call := c.serve(t)
	list, person := "/lists/"+c.list.String(), c.persons[0][0].String()
	w, code := call("liaison", "GET", list+"/venue-code", "")
	if w.Code != 200 || code["refresh_after_seconds"] != 30.0 || code["url"] != "https://a.example.cn/q/"+code["token"].(string) {
		t.Fatal(w)
	}
	w, visit := call("member", "POST", "/visits", body(object{"token": code["url"]}))
	if w.Code != 200 || visit["answer"] != "ok" || visit["people"].([]any)[0].(object)["name"] != "张建国" || visit["activity"].(object)["state"] != "planned" {
		t.Fatal(w)
	}
	attempt := body(object{"ticket": visit["ticket"], "nonce": nonce(1), "person_id": person, "happened_at": "2026-07-01T09:00:00+08:00"})
	w, first := call("member", "POST", "/check-ins", attempt)
	if w.Code != 200 || first["answer"] != "ok" || first["happened_at"] != "2026-07-01T01:00:00Z" || first["person"].(object)["unit"] != "县水利局" {
		t.Fatal(w)
	}
	c.clk.Advance(3e9)
	if again, _ := call("member", "POST", "/check-ins", attempt); again.Body.String() != w.Body.String() {
		t.Errorf("not word for word: %s and %s", again.Body, w.Body)
	}
	_, member := call("member", "GET", "/me/member-code?person_id="+person, "")
	w, batch := call("liaison", "POST", list+"/check-ins", body(object{"items": []object{
		{"nonce": nonce(2), "happened_at": "2026-07-01T09:00:03+08:00", "door": "scan", "code": member["code"]},
		{"nonce": nonce(3), "happened_at": "yesterday", "door": "roster", "person_id": "x"},
		{"nonce": nonce(4), "happened_at": "2026-07-01T09:00:03+08:00", "door": "roster", "query": "王志强"},
	}}))
	if w.Code != 200 {
		t.Fatal(w)
	}
	items := batch["items"].([]any)
	if a := items[0].(object); a["answer"] != "already" || a["first"].(object)["door"] != "self" || a["first"].(object)["by"] != "本人" {
		t.Error(a)
	}
	if a := items[1].(object); a["answer"] != "unknown" || a["nonce"] != nonce(3) {
		t.Error(a)
	}
	if a := items[2].(object); a["answer"] != "ambiguous" || len(a["candidates"].([]any)) != 2 {
		t.Error(a)
	}
	_, roster := call("liaison", "GET", list+"/roster", "")
	row := roster["items"].([]any)[0].(object)
	if row["phone_last4"] != "0001" || row["initials"] != "zjg" || row["door"] != "self" || row["present_at"] != "2026-07-01T01:00:00Z" || roster["counts"].(object)["absent"] != 7.0 {
		t.Error(roster)
	}
	_, sheet := call("head", "GET", "/activities/"+c.of.ID.String()+"/attendance", "")
	if sheet["title"] != "群团离退休干部党建联盟主题党日签到表" || sheet["rows"].([]any)[0].(object)["way"] != "手机扫码" {
		t.Error(sheet)
	}
	w, _ = call("head", "GET", "/activities/"+c.of.ID.String()+"/attendance.xlsx", "")
	if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/vnd.openxml") || !strings.HasPrefix(w.Body.String(), "PK") ||
		!strings.Contains(w.Header().Get("Content-Disposition"), "filename*=UTF-8''%E7%BE%A4") {
		t.Error(w.Code, w.Header())
	}
	if w, _ := call("member", "POST", list+"/check-ins/"+person+"/annul", `{"reason":"我点错了"}`); w.Code != 204 {
		t.Error(w)
	}
	if err := c.activity.Answer(t.Context(), c.head, c.of.ID, c.persons[0][0], "leave", ""); err != nil {
		t.Fatal(err)
	}
	attempt = body(object{"ticket": visit["ticket"], "nonce": nonce(5), "person_id": person, "leave_to_present": true})
	if w, came := call("member", "POST", "/check-ins", attempt); w.Code != 200 || came["answer"] != "ok" {
		t.Error(w)
	}
	w, card := call("liaison", "POST", "/persons/"+person+"/cards", "")
	if w.Code != 201 || card["qr"] != "BC1."+card["serial"].(string) {
		t.Error(w)
	}
	if w, _ := call("liaison", "DELETE", "/cards/"+card["serial"].(string), ""); w.Code != 204 {
		t.Error(w)
	}
}

func TestHTTPProblems(t *testing.T) {
	c := newCounty(t)
	call := c.serve(t)
	list, person := "/lists/"+c.list.String(), c.persons[0][1].String()
	for _, x := range []struct {
		who, method, path, body string
		status                  int
		code                    string
	}{
		{"nobody", "POST", "/visits", `{"token":"x"}`, 401, "unauthenticated"},
		{"nobody", "POST", "/check-ins", `{}`, 401, "unauthenticated"},
		{"member", "POST", "/visits", `{}`, 422, "invalid"},
		{"member", "POST", "/check-ins", `{"ticket":"x","nonce":"short","person_id":"1"}`, 422, "invalid"},
		{"member", "POST", "/check-ins", `{"ticket":"x","nonce":"` + nonce(1) + `","person_id":5}`, 422, "invalid"},
		{"liaison", "POST", list + "/check-ins", `{"items":{}}`, 422, "invalid"},
		{"liaison", "POST", list + "/check-ins", `{"items":[{"door":"scan"}]}`, 422, "invalid"},
		{"foreign", "POST", list + "/check-ins", `{"items":[]}`, 404, "not_found"},
		{"member", "POST", list + "/check-ins", `{"items":[]}`, 403, "forbidden"},
		{"foreign", "GET", list + "/venue-code", "", 404, "not_found"},
		{"member", "GET", list + "/venue-code", "", 403, "forbidden"},
		{"foreign", "GET", list + "/roster", "", 404, "not_found"},
		{"member", "GET", list + "/roster", "", 403, "forbidden"},
		{"liaison", "GET", "/lists/x/roster", "", 404, "not_found"},
		{"foreign", "GET", "/activities/" + c.of.ID.String() + "/attendance", "", 404, "not_found"},
		{"foreign", "GET", "/activities/" + c.of.ID.String() + "/attendance.xlsx", "", 404, "not_found"},
		{"member", "GET", "/activities/" + c.of.ID.String() + "/attendance.xlsx", "", 403, "forbidden"},
		{"liaison", "POST", list + "/check-ins/" + person + "/annul", `{}`, 404, "checkin.not_present"},
		{"member", "POST", list + "/check-ins/" + person + "/annul", `{}`, 403, "forbidden"},
		{"foreign", "POST", list + "/check-ins/" + person + "/annul", `{}`, 404, "not_found"},
		{"member", "GET", "/me/member-code?person_id=" + person, "", 404, "not_found"},
		{"member", "GET", "/me/member-code", "", 422, "invalid"},
		{"foreign", "POST", "/persons/" + person + "/cards", "", 404, "not_found"},
		{"liaison", "DELETE", "/cards/unknown", "", 404, "not_found"},
	} {
		w, p := call(x.who, x.method, x.path, x.body)
		if w.Code != x.status || p["code"] != x.code {
			t.Errorf("%s %s %s %s: %d %v", x.who, x.method, x.path, x.body, w.Code, p)
		}
	}
	w, p := call("member", "POST", "/check-ins", `{"ticket":"x","nonce":"`+nonce(1)+`","person_id":"1"}`)
	if w.Code != 200 || p["answer"] != "invalid_code" || p["activity"] != nil {
		t.Error(w)
	}
	for range 30 {
		w, _ = call("member", "POST", "/visits", `{"token":"x"}`)
	}
	if w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Error(w.Code)
	}
}

// The hot route writes its answers itself: byte by byte what encoding/json writes of the same result.
func TestTheHotRouteWritesTheSame(t *testing.T) {
	c := newCounty(t)
	call := c.serve(t)
	for _, title := range []string{"七一主题党日", "\"七一\" <主题> & 党日\\", "换行\u2028与\u2029"} {
		if err := c.db.Conn(t.Context()).Exec("UPDATE activities SET title = ? WHERE id = ?", title, c.of.ID).Error; err != nil {
			t.Fatal(err)
		}
		if err := c.checkin.ActivityChanged(t.Context(), c.of.ID); err != nil {
			t.Fatal(err)
		}
		for _, again := range []bool{false, true} {
			n := newNonce()
			hot, _ := call("member", "POST", "/check-ins", body(object{"ticket": c.arrive(t, c.member), "nonce": n, "person_id": c.persons[0][0], "happened_at": c.clk.Now()}))
			if again {
				n = newNonce()
				hot, _ = call("member", "POST", "/check-ins", body(object{"ticket": c.arrive(t, c.member), "nonce": n, "person_id": c.persons[0][0], "happened_at": c.clk.Now()}))
			}
			door, _ := call("liaison", "POST", "/lists/"+c.list.String()+"/check-ins", body(object{"items": []object{
				{"nonce": n, "happened_at": c.clk.Now(), "door": "roster", "person_id": c.persons[0][0]}}}))
			want := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(door.Body.String()), `{"items":[`), `]}`)
			if got := hot.Body.String(); hot.Code != 200 || got != want {
				t.Errorf("%q again %v:\nhot  %s\ndoor %s", title, again, got, want)
			}
		}
		if err := c.checkin.Annul(t.Context(), c.head, c.list, c.persons[0][0], ""); err != nil {
			t.Fatal(err)
		}
	}
	for name, bad := range map[string]struct {
		body string
		want int
	}{
		"no JSON": {"{", 422}, "nothing": {"{}", 422}, "an array": {"[]", 422}, "too large": {`{"nonce":"` + strings.Repeat("a", 5000) + `"}`, 413},
		"a number for a text": {`{"nonce":1}`, 422}, "unknown fields": {body(object{"ticket": "x", "nonce": nonce(1), "person_id": "1", "old": true}), 200},
	} {
		w, problem := call("member", "POST", "/check-ins", bad.body)
		if w.Code != bad.want || bad.want != 200 && (problem["code"] == "" || problem["message"] == "") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}
