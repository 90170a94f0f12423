package ledger_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"bense/server/internal/web"
)

func call(t *testing.T, s *web.Server, who, method, path, body string) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+who)
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	s.Engine.ServeHTTP(rec, r)
	var out map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
		t.Fatalf("%s %s: %d %s", method, path, rec.Code, rec.Body)
	}
	return rec.Code, out
}

func TestStatusAndCode(t *testing.T) {
	w := newWorld(t)
	s := w.server()
	zhang, li := w.zhang.Person.ID.String(), w.li.Person.ID.String()
	unit, county := w.unitA.ID.String(), w.counties[0].ID.String()
	w.propose(w.li.Person.ID, "moved", "随子女居住济南")
	_, proposals := call(t, s, "office", "GET", "/proposals", "")
	proposal := proposals["items"].([]any)[0].(map[string]any)["id"].(string)
	for _, c := range []struct {
		who, method, path, body string
		status                  int
		want                    string // in the answer
	}{
		{"", "GET", "/persons", "", 401, "unauthenticated"},
		{"office", "GET", "/committees", "", 200, county},
		{"office", "GET", "/alliances", "", 200, "群团离退休干部党建联盟"},
		{"office", "GET", "/alliances/" + w.a.ID.String(), "", 200, `"lead_unit_id":""`},
		{"other", "GET", "/alliances/" + w.a.ID.String(), "", 404, "not_found"},
		{"office", "GET", "/alliances/abc", "", 404, "not_found"},
		{"head", "PATCH", "/alliances/" + w.a.ID.String(), `{"venue":"x"}`, 403, "forbidden"},
		{"office", "PATCH", "/alliances/" + w.a.ID.String(), `{"venue":"文化宫","group_name":"群团联盟群","lead_unit_id":"` + unit + `"}`, 200, unit},
		{"office", "GET", "/units?alliance_id=" + w.a.ID.String(), "", 200, "县妇联"},
		{"office", "GET", "/branches?unit_id=" + unit, "", 200, "县妇联离退休干部党支部"},
		{"office", "POST", "/units", `{"committee_id":"` + county + `","name":"县烟草局"}`, 201, "县烟草局"},
		{"office", "POST", "/units", `{"committee_id":"` + county + `","name":"县烟草局"}`, 409, "ledger.name_taken"},
		{"office", "POST", "/units", `{"committee_id":"` + county + `"}`, 422, "invalid"},
		{"office", "PATCH", "/units/" + w.alone.ID.String(), `{"alliance_id":"` + w.b.ID.String() + `"}`, 200, w.b.ID.String()},
		{"office", "POST", "/alliances", `{"committee_id":"` + county + `","name":"凤凰城"}`, 201, "凤凰城离退休干部党建联盟"},
		{"office", "POST", "/committees", `{"parent_id":"` + county + `","name":"下级"}`, 201, "下级"},
		{"office", "GET", "/persons?q=zag&status=active", "", 200, "199****0001"},
		{"office", "GET", "/persons?status=dead", "", 422, "status"},
		{"liaison", "GET", "/persons/" + zhang, "", 200, `"address_masked":"******"`},
		{"member", "GET", "/persons/" + zhang, "", 200, `"phone_masked":"199****0001"`},
		{"member", "GET", "/persons/" + li, "", 404, "not_found"},
		{"liaison", "POST", "/persons", `{"unit_id":"` + unit + `","name":"赵六","phone":"不详"}`, 422, "phone"},
		{"liaison", "POST", "/persons", `{"unit_id":"` + unit + `","name":"赵六","remark":"` + strings.Repeat("长", 701) + `"}`, 422, "remark"},
		{"liaison", "POST", "/persons", `{"unit_id":"` + unit + `","name":"赵六","birth":"1950-03"}`, 201, "1950-03"},
		{"liaison", "PATCH", "/persons/" + li, `{"health":"慢性病","unknown":1}`, 200, `"health_masked":"******"`},
		{"liaison", "PATCH", "/persons/" + li, `{"status":"gone"}`, 422, "status"},
		{"head", "PATCH", "/persons/" + li, `{}`, 403, "forbidden"},
		{"liaison", "POST", "/persons/" + zhang + "/reveal", `{"fields":["phone"],"reason":"电话通知"}`, 200, "19900000001"},
		{"liaison", "POST", "/persons/" + zhang + "/reveal", `{"fields":["phone"],"reason":""}`, 422, "ledger.reason"},
		{"head", "POST", "/persons/" + zhang + "/reveal", `{"fields":["phone"],"reason":"x"}`, 403, "forbidden"},
		{"liaison", "GET", "/persons/" + li + "/history", "", 200, `"label":"健康状况","masked":true`},
		{"head", "GET", "/persons/" + li + "/history", "", 200, `"to":"******"`},
		{"other", "GET", "/persons/" + li + "/history", "", 404, "not_found"},
		{"liaison", "POST", "/persons/" + li + "/history/2/reveal", `{"reason":"核对"}`, 200, "慢性病"},
		{"liaison", "POST", "/persons/" + li + "/history/x/reveal", `{"reason":"核对"}`, 404, "not_found"},
		{"office", "GET", "/persons/" + zhang + "?as_of=2026-11-23", "", 200, "张爱国"},
		{"office", "GET", "/persons/" + zhang + "?as_of=2026-11-01", "", 404, "ledger.not_yet"},
		{"office", "GET", "/ledger/counts?as_of=2026-11-23", "", 200, `"total":{"active":`},
		{"office", "GET", "/ledger/counts?as_of=2027-11-23", "", 422, "ledger.future"},
		{"liaison", "POST", "/persons/" + li + "/status", `{"status":"deceased","at":"2026-11-20"}`, 200, "从现在起不再给这位老同志发送通知"},
		{"liaison", "POST", "/persons/" + li + "/status/undo", "", 200, "已恢复在册"},
		{"liaison", "POST", "/persons/" + li + "/status/undo", "", 409, "ledger.nothing_to_undo"},
		{"office", "GET", "/units/" + unit + "/alliances", "", 200, w.a.ID.String()},
		{"office", "PATCH", "/units/" + unit, `{"alliance_id":"` + w.b.ID.String() + `"}`, 409, "一个单位只能参加一个联盟"},
		{"office", "PATCH", "/committees/" + county, `{"parent_id":"` + county + `"}`, 409, "ledger.circular"},
		{"other", "POST", "/proposals/" + proposal + "/confirm", "", 404, "not_found"},
		{"liaison", "POST", "/proposals/" + proposal + "/dismiss", "", 200, "dismissed"},
		{"liaison", "POST", "/proposals/" + proposal + "/confirm", "", 409, "ledger.decided"},
		{"liaison", "GET", "/proposals?decision=dismissed", "", 200, "随子女居住济南"},
		{"member", "GET", "/proposals", "", 200, `"items":[]`},
	} {
		status, got := call(t, s, c.who, c.method, c.path, c.body)
		text, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if status != c.status || !strings.Contains(string(text), c.want) {
			t.Errorf("%s %s %s: %d %s, want %d %s", c.who, c.method, c.path, status, text, c.status, c.want)
		}
		if status < 300 && c.method == http.MethodGet && strings.Contains(string(text), "19900000001") {
			t.Errorf("%s %s shows a whole number", c.method, c.path)
		}
	}
}
