package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/web"
)

type auth struct{}

func (auth) Authenticate(_ context.Context, bearer string) (actor.Actor, error) {
	if bearer != "good" {
		return actor.Actor{}, errs.ErrUnauthenticated
	}
	return actor.Actor{Account: 7}, nil
}

var errTaken = errs.New(errs.Conflict, "thing.taken", "已被占用")

type thing struct {
	ID   id.ID  `json:"id"`
	Name string `json:"name" minLength:"1" maxLength:"5"`
}

func server(t *testing.T, logs io.Writer) *web.Server {
	t.Helper()
	s, err := web.New(web.Options{
		Log: slog.New(slog.NewTextHandler(logs, nil)), Auth: auth{},
		Ready: func(context.Context) map[string]error { return map[string]error{"db": nil} },
	})
	if err != nil {
		t.Fatal(err)
	}
	huma.Register(s.API, huma.Operation{OperationID: "getThing", Method: "GET", Path: "/things/{id}"},
		func(ctx context.Context, in *web.IDPath) (*web.Out[thing], error) {
			switch in.ID.ID {
			case -1:
				return nil, errs.ErrNotFound
			case 2:
				return nil, errTaken
			case 3:
				return nil, errors.New("secret internals")
			case 4:
				panic("19900000001")
			case 5:
				return nil, errs.ErrUnavailable
			}
			return web.JSON(thing{ID: in.ID.ID}), nil
		})
	huma.Register(s.API, huma.Operation{OperationID: "makeThing", Method: "POST", Path: "/things"},
		func(ctx context.Context, in *struct{ Body thing }) (*web.Out[thing], error) {
			return web.JSON(in.Body), nil
		})
	return s
}

func call(s *web.Server, method, path, token, body string) (*httptest.ResponseRecorder, web.Problem) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.Engine.ServeHTTP(w, r)
	var p web.Problem
	json.Unmarshal(w.Body.Bytes(), &p)
	return w, p
}

func TestProblems(t *testing.T) {
	var logs bytes.Buffer
	s := server(t, &logs)
	for name, c := range map[string]struct {
		method, path, token, body string
		status                    int
		code, field               string
	}{
		"no session":    {"GET", "/api/v1/things/1", "bad", "", 401, "unauthenticated", ""},
		"foreign":       {"GET", "/api/v1/things/x", "good", "", 404, "not_found", ""},
		"conflict":      {"GET", "/api/v1/things/2", "good", "", 409, "thing.taken", ""},
		"internal":      {"GET", "/api/v1/things/3", "good", "", 500, "internal", ""},
		"panic":         {"GET", "/api/v1/things/4", "good", "", 500, "internal", ""},
		"unavailable":   {"GET", "/api/v1/things/5", "good", "", 503, "unavailable", ""},
		"no route":      {"GET", "/api/v1/nothing", "good", "", 404, "no_such_route", ""},
		"body":          {"POST", "/api/v1/things", "good", `{"id":"1","name":"toolong"}`, 422, "invalid", "name"},
		"body no id":    {"POST", "/api/v1/things", "good", `{"id":5,"name":"x"}`, 422, "invalid", "id"},
		"body not json": {"POST", "/api/v1/things", "good", `{`, 422, "invalid", ""},
	} {
		w, p := call(s, c.method, c.path, c.token, c.body)
		if w.Code != c.status || p.Code != c.code || p.Message == "" || p.Status != c.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
			t.Errorf("%s: content type %s", name, ct)
		}
		if c.field != "" && (len(p.Fields) == 0 || p.Fields[0].Field != c.field) {
			t.Errorf("%s: fields %v", name, p.Fields)
		}
		if c.status == 503 && w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", name)
		}
		if strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: internals leak", name)
		}
	}
	if strings.Contains(logs.String(), "19900000001") {
		t.Error("a panic's text reached the log")
	}
}

func TestIDsAreStrings(t *testing.T) {
	s := server(t, io.Discard)
	w, _ := call(s, "GET", "/api/v1/things/4611686018427387905", "good", "")
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"id":"4611686018427387905"`) {
		t.Fatal(w.Code, w.Body)
	}
	w, _ = call(s, "POST", "/api/v1/things", "good", `{"id":"9","name":"x","unknown":1}`)
	if w.Code != 200 {
		t.Fatal(w.Code, w.Body)
	}
	doc, err := s.Document()
	if err != nil || !strings.Contains(string(doc), "/api/v1/things/{id}") {
		t.Fatal(err, string(doc))
	}
}

func TestOps(t *testing.T) {
	s := server(t, io.Discard)
	for _, path := range []string{"/healthz", "/readyz"} {
		if w, _ := call(s, "GET", path, "", ""); w.Code != http.StatusOK {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w, _ := call(s, "GET", "/metrics", "", ""); w.Code != http.StatusNotFound {
		t.Errorf("metrics open to %d", w.Code)
	}
}
