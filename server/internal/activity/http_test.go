package activity_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/web"
)

type tokens map[string]actor.Actor

func (t tokens) Authenticate(_ context.Context, bearer string) (actor.Actor, error) {
	if a, ok := t[bearer]; ok {
		return a, nil
	}
	return actor.Actor{}, errs.ErrUnauthenticated
}

func (c *county) serve(t *testing.T) func(who, method, path, body string) (int, map[string]any) {
	t.Helper()
	s, err := web.New(web.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Auth: tokens{"head": c.head, "member": c.member, "liaison": c.liaison, "foreign": c.foreign, "staff": c.staff}})
	if err != nil {
		t.Fatal(err)
	}
	activity.Routes(s.API, c.activity)
	return func(who, method, path, body string) (int, map[string]any) {
		r := httptest.NewRequest(method, web.Prefix+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+who)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.Engine.ServeHTTP(w, r)
		var out map[string]any
		json.Unmarshal(w.Body.Bytes(), &out)
		return w.Code, out
	}
}

func TestHTTP(t *testing.T) {
	c := newCounty(t)
	call := c.serve(t)
	body := `{"alliance_id":"` + c.alliances[0].String() + `","host_unit_id":"` + c.units[0].String() + `","kind":"party_day","title":"七一主题党日","place":"老年大学",
		"starts_at":"2026-07-01T09:00:00+08:00","ends_at":"2026-07-01T11:00:00+08:00","notice":{"title":"通知","body":"请参加"}}`
	status, made := call("head", "POST", "/activities", body)
	if status != 201 || made["state"] != "planned" || made["host_unit"] != "县水利局" || made["alliance"] != "第1离退休干部党建联盟" || made["notice_id"] == "" {
		t.Fatal(status, made)
	}
	key := made["id"].(string)
	person := c.persons[0][0].String()
	for _, x := range []struct {
		who, method, path, body string
		status                  int
		code                    string
	}{
		{"nobody", "GET", "/activities", "", 401, "unauthenticated"},
		{"head", "POST", "/activities", `{"title":1}`, 422, "invalid"},
		{"head", "POST", "/activities", strings.Replace(body, "party_day", "party", 1), 422, "invalid"},
		{"member", "POST", "/activities", body, 403, "forbidden"},
		{"foreign", "POST", "/activities", body, 404, "not_found"},
		{"foreign", "GET", "/activities/" + key, "", 404, "not_found"},
		{"member", "GET", "/activities/abc", "", 404, "not_found"},
		{"member", "GET", "/activities?after=x", "", 422, "invalid"},
		{"member", "GET", "/activities?state=x", "", 422, "invalid"},
		{"member", "PATCH", "/activities/" + key, `{"title":"新"}`, 403, "forbidden"},
		{"head", "PATCH", "/activities/" + key, `{"ends_at":"2026-07-01T08:00:00+08:00"}`, 422, "invalid"},
		{"member", "PUT", "/activities/" + key + "/answers/" + c.persons[0][1].String(), `{"answer":"going"}`, 404, "not_found"},
		{"member", "PUT", "/activities/" + key + "/answers/" + person, `{"answer":"maybe"}`, 422, "invalid"},
		{"member", "GET", "/activities/" + key + "/answers", "", 403, "forbidden"},
		{"liaison", "POST", "/activities/" + key + "/cancel", `{}`, 403, "forbidden"},
	} {
		status, p := call(x.who, x.method, x.path, x.body)
		if status != x.status || p["code"] != x.code {
			t.Errorf("%s %s %s: %d %v", x.who, x.method, x.path, status, p)
		}
	}
	status, got := call("member", "PUT", "/activities/"+key+"/answers/"+person, `{"answer":"leave","reason":"住院"}`)
	mine := got["mine"].([]any)
	if status != 200 || len(mine) != 1 || mine[0].(map[string]any)["answer"] != "leave" || got["counts"].(map[string]any)["leave"] != 1.0 {
		t.Error(status, got)
	}
	if status, got = call("liaison", "GET", "/activities/"+key+"/answers", ""); status != 200 || len(got["items"].([]any)) != 3 {
		t.Error(status, got)
	}
	if status, got = call("member", "GET", "/activities?state=planned", ""); status != 200 || len(got["items"].([]any)) != 1 || got["next"] != "" {
		t.Error(status, got)
	}
	if status, got = call("head", "PATCH", "/activities/"+key, `{"title":"新名称","host_unit_id":""}`); status != 200 || got["title"] != "新名称" || got["host_unit_id"] != "" {
		t.Error(status, got)
	}
	if status, got = call("head", "POST", "/activities/"+key+"/cancel", `{"reason":"暴雨"}`); status != 200 || got["state"] != "cancelled" || got["cancel_reason"] != "暴雨" {
		t.Error(status, got)
	}
	if status, got = call("member", "PUT", "/activities/"+key+"/answers/"+person, `{"answer":"going"}`); status != 409 || got["message"] != "活动已取消" {
		t.Error(status, got)
	}
}

func TestPlacesHTTP(t *testing.T) {
	c := newCounty(t)
	call := c.serve(t)
	at := "/activities/" + c.create(t).ID.String()
	own, second, third := c.persons[0][0].String(), c.persons[0][1].String(), c.persons[1][0].String()
	status, got := call("head", "PUT", at+"/places", `{"capacity":2,"answer_until":"2026-06-30T17:00:00+08:00","companions":1,"lift":true}`)
	places := got["places"].(map[string]any)
	if status != 200 || places["capacity"] != 2.0 || places["answer_until"] != "2026-06-30T09:00:00Z" || places["lift"] != true {
		t.Fatal(status, got)
	}
	for _, x := range []struct {
		who, method, path, body string
		status                  int
		code                    string
	}{
		{"member", "PUT", "/places", `{"capacity":0}`, 403, "forbidden"},
		{"foreign", "PUT", "/places", `{"capacity":0}`, 404, "not_found"},
		{"head", "PUT", "/places", `{"capacity":-1}`, 422, "invalid"},
		{"member", "PUT", "/answers", `{"items":[]}`, 422, "invalid"},
		{"member", "PUT", "/answers", `{"items":[{"person_id":"` + second + `","answer":"going"}]}`, 404, "not_found"},
		{"member", "PUT", "/answers/" + own, `{"answer":"going","companions":["neighbour"]}`, 422, "invalid"},
		{"liaison", "PUT", "/answers", `{"items":[{"person_id":"` + own + `","answer":"going","lift":true,"pick_up":"单位门口"},{"person_id":"` + second + `","answer":"unsure"}]}`, 200, ""},
		{"head", "PUT", "/answers/" + third, `{"answer":"going","companions":["spouse"]}`, 200, ""},
		{"liaison", "PUT", "/places/" + third, `{"reason":"要带队"}`, 403, "forbidden"},
		{"head", "PUT", "/places/" + third, `{"reason":"要带队"}`, 409, "activity.no_place"},
		{"head", "PUT", "/places/" + own, `{"reason":"要带队"}`, 409, "activity.not_waiting"},
		{"member", "GET", "/lifts", "", 403, "forbidden"},
	} {
		if status, p := call(x.who, x.method, at+x.path, x.body); status != x.status || x.code != "" && p["code"] != x.code {
			t.Errorf("%s %s %s: %d %v", x.who, x.method, x.path, status, p)
		}
	}
	_, got = call("member", "GET", at, "")
	mine, counts := got["mine"].([]any)[0].(map[string]any), got["counts"].(map[string]any)
	if mine["answer"] != "going" || mine["lift"] != true || mine["pick_up"] != "单位门口" || counts["seats"] != 1.0 || counts["waiting"] != 1.0 || counts["unsure"] != 1.0 {
		t.Error(got)
	}
	_, got = call("liaison", "GET", at+"/lifts", "")
	if lift := got["items"].([]any)[0].(map[string]any); lift["pick_up"] != "单位门口" || lift["seats"] != 1.0 || lift["name"] != names[0] {
		t.Error(got)
	}
	_, got = call("head", "GET", at+"/answers", "")
	if r := got["items"].([]any)[3].(map[string]any); r["answer"] != "waiting" || r["turn"] != 1.0 || r["companions"].([]any)[0] != "spouse" {
		t.Error(r)
	}
}
