package emulator_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"bense/server/internal/clock"
	"bense/server/internal/wechat/emulator"
)

var start = time.Date(2026, 7, 1, 1, 0, 0, 0, time.UTC)

var zhang = emulator.User{Name: "张桂英", Phone: "13900000001"}

// rig calls an emulator as raw HTTP, so that it also meets requests which our client would never send.
type rig struct {
	*emulator.Emulator
	t     *testing.T
	clock *clock.Fake
}

func newRig(t *testing.T, o emulator.Options) rig {
	t.Helper()
	c := clock.NewFake(start)
	o.Clock, o.Retry = c, time.Millisecond
	e := emulator.New(o)
	t.Cleanup(e.Close)
	return rig{e, t, c}
}

type reply map[string]any

func (r reply) code() int { n, _ := r["errcode"].(float64); return int(n) }

// do sends body (nil: GET) and reads the JSON answer.
func (r rig) do(method, path string, body any) (int, reply) {
	r.t.Helper()
	var b bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&b).Encode(body); err != nil {
			r.t.Fatal(err)
		}
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest(method, path, &b))
	var out reply
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		r.t.Fatalf("%s %s: %q", method, path, w.Body)
	}
	return w.Code, out
}

func (r rig) token() string {
	r.t.Helper()
	cfg := r.Config("http://x")
	_, a := r.do(http.MethodPost, "/cgi-bin/stable_token", reply{"grant_type": "client_credential", "appid": cfg.AppID, "secret": cfg.Secret})
	s, _ := a["access_token"].(string)
	if s == "" {
		r.t.Fatal("no token:", a)
	}
	return s
}

// post calls an endpoint with a good token.
func (r rig) post(path string, body any) reply {
	r.t.Helper()
	status, a := r.do(http.MethodPost, path+"?access_token="+r.token(), body)
	if status != http.StatusOK {
		r.t.Fatal("the platform always answers 200, not", status)
	}
	return a
}

func (r rig) login(u emulator.User) reply {
	r.t.Helper()
	cfg := r.Config("http://x")
	_, a := r.do(http.MethodGet, "/sns/jscode2session?grant_type=authorization_code&appid="+cfg.AppID+"&secret="+cfg.Secret+"&js_code="+r.LoginCode(u), nil)
	return a
}
