package election_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/election"
	"bense/server/internal/errs"
	"bense/server/internal/ledger"
	"bense/server/internal/web"
)

type tokens map[string]actor.Actor

func (t tokens) Authenticate(_ context.Context, bearer string) (actor.Actor, error) {
	if a, ok := t[bearer]; ok {
		return a, nil
	}
	return actor.Actor{}, errs.ErrUnauthenticated
}

func fieldsOf(name string) ledger.Fields { return ledger.Fields{Name: name} }

func (c *county) serve(t *testing.T) func(who, method, path, body string) (int, map[string]any) {
	t.Helper()
	s, err := web.New(web.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Auth: tokens{"head": c.head, "member": c.member(0, 0),
		"other": c.member(0, 1), "liaison": c.liaison, "lead": c.lead, "foreign": c.foreign, "staff": c.staff}})
	if err != nil {
		t.Fatal(err)
	}
	election.Routes(s.API, c.election)
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
	first, own := c.persons[0][0].String(), c.persons[0][0].String()
	body := `{"alliance_id":"` + c.alliances[0].String() + `","form":"ballot","opens_at":"2026-07-01T09:00:00+08:00","closes_at":"2026-07-03T18:00:00+08:00",
		"candidates":["` + first + `","` + c.persons[1][0].String() + `"]}`
	status, made := call("lead", "POST", "/elections", body)
	if status != 201 || made["phase"] != "draft" || made["quorum"] != 50.0 || made["may_run"] != true || len(made["candidates"].([]any)) != 2 {
		t.Fatal(status, made)
	}
	at := "/elections/" + made["id"].(string)
	for _, x := range []struct {
		who, method, path, body string
		status                  int
		code                    string
	}{
		{"nobody", "GET", "/elections", "", 401, "unauthenticated"},
		{"lead", "POST", "/elections", strings.Replace(body, "ballot", "shout", 1), 422, "invalid"},
		{"foreign", "POST", "/elections", body, 404, "not_found"},
		{"member", "GET", at, "", 404, "not_found"},
		{"lead", "PUT", at, strings.Replace(body, `"form"`, `"quorum":80,"form"`, 1), 200, ""},
		{"head", "POST", at + "/open", "", 404, "not_found"},
		{"lead", "POST", at + "/open", "", 200, ""},
		{"member", "POST", at + "/voters/" + own + "/ballot", `{"choice":"` + first + `"}`, 409, "election.not_yet"},
		{"member", "GET", at + "/voters", "", 403, "forbidden"},
		{"liaison", "PUT", at + "/voters/" + c.persons[0][2].String() + "/paper", "", 204, ""},
		{"liaison", "DELETE", at + "/voters/" + c.persons[0][2].String() + "/paper", "", 204, ""},
		{"liaison", "POST", at + "/papers", `{"votes":[],"blank":0}`, 403, "forbidden"},
		{"liaison", "POST", at + "/count", "", 403, "forbidden"},
		{"lead", "POST", at + "/show", `{"present":3,"counts":[]}`, 409, "election.form"},
		{"lead", "POST", at + "/prolong", `{"closes_at":"2026-07-02T18:00:00+08:00"}`, 422, "invalid"},
		{"lead", "POST", at + "/prolong", `{"closes_at":"2026-07-04T18:00:00+08:00"}`, 200, ""},
		{"lead", "POST", at + "/rounds", `{"opens_at":"2026-07-05T18:00:00+08:00","closes_at":"2026-07-06T18:00:00+08:00"}`, 409, "election.no_further"},
	} {
		status, p := call(x.who, x.method, x.path, x.body)
		code, _ := p["code"].(string)
		if status != x.status || code != x.code {
			t.Errorf("%s %s %s: %d %v", x.who, x.method, x.path, status, p)
		}
	}
	c.clk.Set(opens.Add(time.Hour))
	status, v := call("member", "POST", at+"/voters/"+own+"/ballot", `{"choice":"`+first+`"}`)
	if mine := v["mine"].([]any)[0].(map[string]any); status != 200 || mine["state"] != "voted" || mine["name"] != "张建国" {
		t.Error(status, v)
	}
	status, v = call("member", "POST", at+"/voters/"+own+"/ballot", `{}`)
	if status != 409 || v["code"] != "election.voted" || v["message"] != "您已经投过票了" {
		t.Error(status, v)
	}
	if _, list := call("other", "GET", "/elections?state=open", ""); len(list["items"].([]any)) != 1 {
		t.Error(list)
	}
	status, v = call("lead", "POST", at+"/cancel", `{"reason":"改用举手表决"}`)
	if status != 200 || v["phase"] != "cancelled" || v["cancel_reason"] != "改用举手表决" {
		t.Error(status, v)
	}
}
