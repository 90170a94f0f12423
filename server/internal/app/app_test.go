package app_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bense/server/internal/app"
	"bense/server/internal/outbox"
	pages "bense/server/web"
)

func demoOptions(t *testing.T, logs io.Writer) app.Options {
	t.Helper()
	return app.Options{
		Environ: []string{"BENSE_MODE=demo", "BENSE_WECHAT_EMULATOR=true", "BENSE_HELP_PHONE=19900009999"},
		Listen:  "127.0.0.1:0", DataDir: t.TempDir(), Log: logs,
	}
}

// serve starts the service and gives its address, and a function that stops it and gives its error.
func serve(t *testing.T, o app.Options) (url string, stop func() error) {
	t.Helper()
	r, w := io.Pipe()
	o.Log = w
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		err := app.Serve(ctx, o)
		w.Close()
		done <- err
	}()
	stop = func() error { cancel(); return <-done }
	t.Cleanup(func() { cancel(); r.Close() })
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var line struct{ Msg, Listen string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "serving" {
			go io.Copy(io.Discard, r)
			return "http://" + line.Listen, stop
		}
	}
	t.Fatal("the service did not start:", <-done)
	return "", nil
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func TestServeTheDemoTwiceAndStopCleanly(t *testing.T) {
	o := demoOptions(t, nil)
	for n, want := range []string{`"steps"`, `"steps"`} { // the second start finds the county
		url, stop := serve(t, o)
		for path, want := range map[string]string{
			"/readyz": `"database":"ok"`, "/healthz": "ok", "/demo/state": want, "/": "本色家园", "/openapi.json": "/api/v1/sessions",
		} {
			if code, body := get(t, url+path); code != http.StatusOK || !strings.Contains(body, want) {
				t.Errorf("start %d, %s: %d without %s", n+1, path, code, want)
			}
		}
		if err := stop(); err != nil {
			t.Errorf("start %d stopped with %v", n+1, err)
		}
	}
}

// A visitor may begin at the desk of the county that is about to found alliances, or of one made from nothing.
func TestTheDemoHasOffices(t *testing.T) {
	url, stop := serve(t, demoOptions(t, nil))
	post := func(path, body string, into any) {
		t.Helper()
		res, err := http.Post(url+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if err := json.NewDecoder(res.Body).Decode(into); err != nil || res.StatusCode > 201 {
			t.Fatal(path, res.StatusCode, err)
		}
	}
	read := func(frame, path string) string {
		t.Helper()
		var code struct{ Code string }
		post("/demo/login-code", `{"frame":"`+frame+`"}`, &code)
		var session struct{ Token string }
		post("/api/v1/sessions", `{"code":"`+code.Code+`"}`, &session)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api/v1"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+session.Token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	var surveys struct{ Items []struct{ ID string } }
	if err := json.Unmarshal([]byte(read("next", "/surveys")), &surveys); err != nil || len(surveys.Items) != 1 {
		t.Fatal(surveys, err)
	}
	rows := read("next", "/surveys/"+surveys.Items[0].ID+"/units")
	if n := strings.Count(rows, `"fill":"done"`); n != 24 || strings.Count(rows, `"verdict":"candidate"`) != 24 {
		t.Error(n, rows)
	}
	var made struct{ Frame string }
	post("/demo/county", `{"name":"新津县离退休干部党工委"}`, &made)
	post("/demo/county", `{"name":"新津县离退休干部党工委"}`, &made)
	if text := read(made.Frame, "/committees"); strings.Count(text, `"name"`) != 1 || !strings.Contains(text, "新津县") {
		t.Error(text)
	}
	if text := read(made.Frame, "/units"); !strings.Contains(text, `"items":[]`) {
		t.Error(text)
	}
	if code, body := get(t, url+"/demo/offices"); code != http.StatusOK || !strings.Contains(body, "西津县") {
		t.Error(code, body)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// The console's own addresses lead to its front page; without a build the server says how to make one.
func TestConsoleIsServedUnderEveryAddressOfItsOwn(t *testing.T) {
	url, stop := serve(t, demoOptions(t, nil))
	defer stop()
	want, text := http.StatusServiceUnavailable, "./scripts/up.sh"
	if _, built := pages.Console(); built {
		want, text = http.StatusOK, `<div id="app">`
	}
	for _, path := range []string{"/console/", "/console", "/console/login", "/console/persons/7?tab=history"} {
		if code, body := get(t, url+path); code != want || !strings.Contains(body, text) {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
}

func TestFramesLogInAsTheirPeople(t *testing.T) {
	url, stop := serve(t, demoOptions(t, nil))
	defer stop()
	for frame, want := range map[string]string{"head": `"role":"head"`, "liaison": `"role":"liaison"`, "member": `"persons":[]`} {
		if body := login(t, url, frame); !strings.Contains(body, want) {
			t.Errorf("%s: no %s in %s", frame, want, body)
		}
	}
	if code, _ := post(t, url+"/demo/login-code", `{"frame":"stranger"}`); code != http.StatusUnprocessableEntity {
		t.Errorf("an unknown frame: %d", code)
	}
}

func login(t *testing.T, url, frame string) string {
	t.Helper()
	_, code := post(t, url+"/demo/login-code", `{"frame":"`+frame+`"}`)
	_, body := post(t, url+"/api/v1/sessions", code)
	return body
}

func post(t *testing.T, url, body string) (int, string) {
	t.Helper()
	res, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(out)
}

func TestCommandsFoundACounty(t *testing.T) {
	o := demoOptions(t, io.Discard)
	if n, err := app.Migrate(t.Context(), o); err != nil || n == 0 {
		t.Fatal(n, err)
	}
	file := filepath.Join(t.TempDir(), "台账.xlsx")
	if err := os.WriteFile(file, app.SampleCounty(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		commit bool
		want   []string
	}{
		{false, []string{"还没有写入", "新增 517 人"}},
		{true, []string{"已写入", "联盟 4，单位 24，支部 24，党员 517", "拒收 0 行"}},
		{true, []string{"新增 0 人，变更 0 人，不变 517 人"}},
	} {
		var out bytes.Buffer
		if err := app.Import(t.Context(), o, app.ImportRequest{Committee: "某县党工委", File: file, Commit: c.commit}, &out); err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in %q", want, out.String())
			}
		}
	}
	grant := app.GrantRequest{Role: "liaison", Committee: "某县党工委", Unit: "团县委", Name: "李某", Phone: "19900020001"}
	if err := app.Grant(t.Context(), o, grant); err != nil {
		t.Error(err)
	}
	grant.Unit = "没有这个单位"
	if err := app.Grant(t.Context(), o, grant); err == nil || !strings.Contains(err.Error(), "没有这个单位") {
		t.Errorf("an unknown unit: %v", err)
	}
	var out bytes.Buffer
	if err := app.Doctor(t.Context(), o, &out); err != nil || strings.Contains(out.String(), "有问题") {
		t.Errorf("doctor: %v %s", err, out.String())
	}
}

func TestHousekeepingIsAskedOnceADay(t *testing.T) {
	inst, err := app.Isolated(t.Context(), app.IsolatedOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer inst.Close()
	for range 2 {
		if err := inst.AskHousekeeping(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := inst.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	n, err := inst.Outbox.Counts(t.Context())
	if err != nil || len(n) != 1 || n[outbox.Done] != 1 {
		t.Errorf("%v %v", n, err)
	}
}

func TestContractNeedsNoDatabase(t *testing.T) {
	var out bytes.Buffer
	if err := app.WriteContract(&out); err != nil || !strings.Contains(out.String(), "openapi: 3.1.0") {
		t.Errorf("%v: %d bytes", err, out.Len())
	}
}
