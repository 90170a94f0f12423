package founding_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/founding"
	"bense/server/internal/web"
)

type tokens map[string]actor.Actor

func (t tokens) Authenticate(_ context.Context, bearer string) (actor.Actor, error) {
	if a, ok := t[bearer]; ok {
		return a, nil
	}
	return actor.Actor{}, errs.ErrUnauthenticated
}

// From the survey to the alliances over HTTP: what each step answers, and what everybody else is told.
func TestHTTP(t *testing.T) {
	c := newCounty(t)
	water, archive := c.unit("县水利局", 6), c.unit("县档案馆", 3)
	liaison := as(actor.Liaison, actor.Place{Committee: c.committee, Unit: water})
	s := must(web.New(web.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Auth: tokens{"office": c.office, "other": c.other, "liaison": liaison}}))(t)
	founding.Routes(s.API, c.founding)
	call := func(who, method, path, body string) (int, map[string]any, string) {
		r := httptest.NewRequest(method, web.Prefix+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+who)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.Engine.ServeHTTP(w, r)
		var out map[string]any
		json.Unmarshal(w.Body.Bytes(), &out)
		return w.Code, out, w.Body.String()
	}
	status, made, text := call("office", "POST", "/surveys", fmt.Sprintf(`{"committee_id":"%s","name":"2022年摸底"}`, c.committee))
	if status != 201 || made["threshold"] != 5.0 || made["months"] != 12.0 || made["version_id"] != "" || made["manages"] != true {
		t.Fatal(status, text)
	}
	at := "/surveys/" + made["id"].(string)
	row := at + "/units/" + water.String()
	version := ""
	for _, x := range []struct {
		who, method, path, body string
		status                  int
		want                    string
	}{
		{"nobody", "GET", "/surveys", "", 401, "unauthenticated"},
		{"other", "GET", "/surveys", "", 200, `"items":[]`},
		{"other", "GET", at, "", 404, "not_found"},
		{"office", "GET", "/surveys/abc", "", 404, "not_found"},
		{"office", "POST", "/surveys", fmt.Sprintf(`{"committee_id":"%s","name":"x","months":61}`, c.committee), 422, "months"},
		{"liaison", "GET", at, "", 200, `"manages":false`},
		{"liaison", "GET", at + "/units", "", 200, `"missing":["有无支部","正常参加人数","街道","战线"]`},
		{"liaison", "PATCH", at, `{"threshold":3}`, 403, "forbidden"},
		{"liaison", "PUT", row, `{"regular":2,"own_branch":true,"street":"城东街道","line":"farming","latitude":37.490001,"longitude":118.25,"revision":0}`, 200, `"latitude":37.490001,"longitude":118.25`},
		{"liaison", "PUT", row, `{"revision":0}`, 409, "founding.stale"},
		{"liaison", "PUT", row, `{"regular":7,"revision":1}`, 422, "在册党员6人"},
		{"liaison", "PUT", at + "/units/" + archive.String(), `{"revision":0}`, 404, "not_found"},
		{"office", "GET", at + "/units?threshold=2", "", 200, `"why":"有支部，正常参加活动2人"`},
		{"office", "GET", at + "/units?threshold=101", "", 422, "threshold"},
		{"office", "GET", at + "/draft", "", 404, "founding.no_draft"},
		{"office", "PUT", at + "/draft", `{"alliances":2}`, 422, "候选单位只有1个，组不成2个联盟"},
		{"office", "PUT", at + "/units/" + archive.String(), `{"own_branch":false,"street":"城东街道","line":"general","revision":0}`, 200, `"verdict":"candidate"`},
		{"office", "PUT", at + "/draft", `{"alliances":1}`, 200, `"reason":"与县水利局同在城东街道"`},
		{"office", "PUT", at + "/draft", `{"alliances":1}`, 409, "founding.stale"},
		{"liaison", "GET", at + "/draft", "", 403, "forbidden"},
		{"office", "GET", at + "/draft/moves/" + water.String(), "", 200, `"to":0,"name":"不编入"`},
		{"office", "POST", at + "/draft/moves", fmt.Sprintf(`{"unit_id":"%s","to":2,"revision":1}`, water), 422, "没有这个联盟"},
		{"office", "PATCH", at + "/draft/groups/2", `{"revision":1}`, 404, "not_found"},
		{"office", "PATCH", at + "/draft/groups/1", `{"name":"城东","revision":1}`, 200, `"name":"城东","basis":"地缘"`},
		{"office", "POST", at + "/versions", `{"name":"初稿","revision":1}`, 409, "founding.stale"},
		{"office", "POST", at + "/versions", `{"name":"初稿","revision":2}`, 201, `"name":"初稿"`},
		{"office", "GET", at + "/versions", "", 200, `"total":100`},
		{"office", "POST", "VERSION/found", `{"document_no":"3号","founded_on":"2022-03-16"}`, 422, "不能在今天之后"},
		{"other", "POST", "VERSION/found", `{"document_no":"3号","founded_on":"2022-03-15"}`, 404, "not_found"},
		{"office", "GET", "VERSION/compare?with=WITH", "", 200, `"moved":[]`},
		{"office", "POST", "VERSION/found", `{"document_no":"3号","founded_on":"2022-03-15"}`, 201, `"alliance":"城东离退休干部党建联盟"`},
		{"office", "POST", "VERSION/found", `{"document_no":"3号","founded_on":"2022-03-15"}`, 409, "founding.founded"},
		{"office", "GET", at + "/foundings", "", 200, `"document_no":"3号","founded_on":"2022-03-15"`},
		{"office", "PATCH", at, `{"threshold":3}`, 409, "founding.founded"},
		{"office", "POST", at + "/count", "", 409, "founding.founded"},
	} {
		path := strings.ReplaceAll(strings.ReplaceAll(x.path, "VERSION", "/founding-versions/"+version), "WITH", version)
		status, got, text := call(x.who, x.method, path, x.body)
		if status != x.status || !strings.Contains(text, x.want) {
			t.Errorf("%s %s %s: %d %s, want %d %s", x.who, x.method, path, status, text, x.status, x.want)
		}
		if status == 201 && strings.HasSuffix(path, "/versions") {
			version = got["id"].(string)
		}
	}
}
