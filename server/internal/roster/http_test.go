package roster_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http/httptest"
	"testing"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/roster"
	"bense/server/internal/web"
)

// session lets the bearer token choose the actor.
type session map[string]actor.Actor

func (s session) Authenticate(_ context.Context, bearer string) (actor.Actor, error) {
	if a, ok := s[bearer]; ok {
		return a, nil
	}
	return actor.Actor{}, errs.ErrUnauthenticated
}

// answer is what the tests read of any body.
type answer struct {
	ID, State, Code, Message    string
	Alliances, Units, Branches  int
	Persons                     struct{ New, Changed, Same, Total int }
	Refused, Warnings           []struct{ Sheet, Cell, Column, Value, Reason string }
	RefusedRows                 int    `json:"refused_rows"`
	RepeatedRows                int    `json:"repeated_rows"`
	Proposals                   int    `json:"proposals"`
	FileName                    string `json:"file_name"`
	SkippedSheets, IgnoredCells []any
}

func TestImportOverHTTP(t *testing.T) {
	c := newCounty(t)
	s, err := web.New(web.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Auth: session{"office": c.staff, "other": staffOf(5)},
		Ready: func(context.Context) map[string]error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	roster.Routes(s.API, c.roster)
	call := func(who, method, path string, body []byte) (int, answer) {
		t.Helper()
		r := httptest.NewRequest(method, "/api/v1"+path, bytes.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+who)
		r.Header.Set("Content-Type", "application/octet-stream")
		rec := httptest.NewRecorder()
		s.Engine.ServeHTTP(rec, r)
		var a answer
		if rec.Body.Len() > 0 {
			if err := json.Unmarshal(rec.Body.Bytes(), &a); err != nil {
				t.Fatalf("%s %s: %d %s", method, path, rec.Code, rec.Body)
			}
		}
		return rec.Code, a
	}
	upload := "/imports?committee_id=" + c.committee.ID.String() + "&filename=%E5%8F%B0%E8%B4%A6.xlsx"
	data := sample(t, "ledger-broken.xlsx")
	status, a := call("office", "POST", upload, data)
	if status != 201 || a.State != "preview" || a.FileName != "台账.xlsx" || a.Alliances != 4 || a.Units != 24 || a.Branches != 24 || a.Persons.New != 487 ||
		a.Persons.Total != 487 || a.RefusedRows != 30 || len(a.Refused) != 30 || a.RepeatedRows != 6 || len(a.Warnings) != 15 || a.Proposals != 44 {
		t.Errorf("%d %+v", status, a)
	}
	if r := a.Refused[0]; r.Sheet != "离退休党员名册" || r.Cell != "B16" || r.Column != "姓名" || r.Reason != "没有姓名" {
		t.Errorf("%+v", r)
	}
	one := "/imports/" + a.ID
	_, gone := call("office", "POST", upload, sample(t, "ledger-clean.xlsx"))
	for _, step := range []struct {
		who, method, path string
		body              []byte
		status            int
		code              string
	}{
		{"", "GET", one, nil, 401, "unauthenticated"},
		{"other", "GET", one, nil, 404, "not_found"},
		{"other", "POST", upload, data, 404, "not_found"},
		{"other", "POST", one + "/commit", nil, 404, "not_found"},
		{"other", "DELETE", one, nil, 404, "not_found"},
		{"office", "GET", one, nil, 200, ""},
		{"office", "POST", one + "/commit", nil, 200, ""},
		{"office", "POST", one + "/commit", nil, 409, "roster.committed"},
		{"office", "DELETE", one, nil, 409, "roster.committed"},
		{"office", "DELETE", "/imports/" + gone.ID, nil, 204, ""},
		{"office", "GET", "/imports/" + gone.ID, nil, 404, "not_found"},
		{"office", "GET", "/imports/abc", nil, 404, "not_found"},
		{"office", "POST", "/imports?filename=a.xlsx", data, 422, "invalid"},
		{"office", "POST", "/imports?filename=a.xlsx&committee_id=abc", data, 404, "not_found"},
		{"office", "POST", upload, []byte("MZ\x90\x00"), 422, "roster.not_a_table"},
		{"office", "POST", upload, nil, 422, "invalid"},
		{"office", "POST", upload, make([]byte, roster.MaxBytes+1), 413, "too_large"},
	} {
		if status, a := call(step.who, step.method, step.path, step.body); status != step.status || a.Code != step.code {
			t.Errorf("%s %s %s: %d %s %s, want %d %s", step.who, step.method, step.path, status, a.Code, a.Message, step.status, step.code)
		}
	}
	if n := len(c.records()); n != 487 {
		t.Errorf("%d persons", n)
	}
}
