package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"time"

	"github.com/xuri/excelize/v2"

	"bense/server/internal/crypt"
	"bense/server/internal/id"
)

// importer drives the import of a server of ours as the console does.
type importer struct {
	*ledgerBench
	server    *process
	addr      string
	token     string
	committee id.ID
}

// imports is I and K: a county's whole ledger comes in, is changed and taken back; then the keys change.
func (x *ledgerBench) imports(ctx context.Context) error {
	d, err := x.schema(ctx, "county")
	if err != nil {
		return err
	}
	c, err := Settle(ctx, d, x.master, 1)
	if err != nil {
		return err
	}
	m := importer{ledgerBench: x, token: c.staff, committee: c.committee}
	m.redis = "embedded"
	if m.server, m.addr, err = x.serve(ctx, "importer", "county"); err != nil {
		return err
	}
	defer func() { m.server.stop() }()
	first, err := sheet(x.Sheet, "门球")
	if err != nil {
		return err
	}
	second, err := sheet(x.Sheet, "太极拳")
	if err != nil {
		return err
	}
	fresh, freshTook, err := m.bring(ctx, "new", first)
	if err != nil {
		return err
	}
	_, changedTook, err := m.bring(ctx, "changed", second)
	if err != nil {
		return err
	}
	if x.want("I") {
		if err := m.takeBack(ctx, fresh); err != nil {
			return err
		}
		x.goal(most("I1", fmt.Sprintf("seconds for %d new rows, preview and commit", x.Sheet), freshTook, 30))
		x.goal(most("I2", fmt.Sprintf("seconds for %d changed rows, history included", x.Sheet), changedTook, 30))
		x.goal(most("I4", "resident MB of the server, at the most", m.server.peak(), 300))
	}
	if x.want("K") {
		m.server.stop() // it knows the first key only
		return x.rotate(ctx)
	}
	return nil
}

// takeBack undoes an import that another has changed since, and one that nobody has touched.
func (m *importer) takeBack(ctx context.Context, fresh string) error {
	undone, err := m.step(ctx, "undo of the older, all changed since", fresh, "undo", `{"rest":true}`, "undone")
	if err != nil {
		return err
	}
	again, _, err := m.bring(ctx, "new, other people", shifted(m.Sheet))
	if err != nil {
		return err
	}
	back, err := m.step(ctx, "undo", again, "undo", `{}`, "undone")
	if err != nil {
		return err
	}
	m.goal(most("I3", "seconds of the slower undo", max(undone, back), 30))
	return nil
}

// peak is the most memory that a process ever held, in MB.
func (p *process) peak() float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(text)
	if m == nil {
		return 0
	}
	kb, _ := strconv.Atoi(string(m[1])) // digits only
	return float64(kb) / 1024
}

// bring uploads a file, waits for the preview and commits it.
func (m *importer) bring(ctx context.Context, name string, file []byte) (imported string, took float64, err error) {
	begun := time.Now()
	path := fmt.Sprintf("/imports?committee_id=%s&filename=%s&background=true", m.committee, url.QueryEscape("台账.xlsx"))
	made, err := m.call(ctx, http.MethodPost, path, bytes.NewReader(file))
	if err != nil {
		return "", 0, err
	}
	if err := m.await(ctx, made.ID, "preview"); err != nil {
		return "", 0, err
	}
	read := time.Since(begun).Seconds()
	m.took(name+": preview", read)
	wrote, err := m.step(ctx, name+": commit", made.ID, "commit?background=true", "", "committed")
	if err != nil {
		return "", 0, err
	}
	got, err := m.call(ctx, http.MethodGet, "/imports/"+made.ID, nil)
	if err != nil {
		return "", 0, err
	}
	if n := got.Persons.New + got.Persons.Changed; n != m.Sheet {
		return "", 0, fmt.Errorf("%s: %d persons instead of %d came in", name, n, m.Sheet)
	}
	return made.ID, read + wrote, nil
}

func (m *importer) took(name string, seconds float64) {
	f := StepFigures{Name: name, Rows: m.Sheet, Seconds: seconds, PeakMB: m.server.peak()}
	m.report.Steps = append(m.report.Steps, f)
	m.say("import, %s: %.1f s, %.0f MB at the most", name, f.Seconds, f.PeakMB)
}

// step starts something on an import and waits until the import is in a state.
func (m *importer) step(ctx context.Context, name, imported, action, body, state string) (float64, error) {
	begun := time.Now()
	var in io.Reader
	if body != "" {
		in = bytes.NewReader([]byte(body))
	}
	if _, err := m.call(ctx, http.MethodPost, "/imports/"+imported+"/"+action, in); err != nil {
		return 0, err
	}
	if err := m.await(ctx, imported, state); err != nil {
		return 0, err
	}
	took := time.Since(begun).Seconds()
	m.took(name, took)
	return took, nil
}

// importAnswer is what the bench reads of an answer.
type importAnswer struct {
	ID      string `json:"id"`
	State   string `json:"state"`
	JobID   string `json:"job_id"`
	Message string `json:"message"`
	Persons struct {
		New     int `json:"new"`
		Changed int `json:"changed"`
	} `json:"persons"`
}

func (m *importer) call(ctx context.Context, method, path string, body io.Reader) (a importAnswer, err error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+m.addr+"/api/v1"+path, body)
	if err != nil {
		return a, err
	}
	req.Header.Set("Authorization", "Bearer "+m.token)
	switch body.(type) {
	case *bytes.Reader:
		req.Header.Set("Content-Type", "application/json")
		if method == http.MethodPost && regexp.MustCompile(`^/imports\?`).MatchString(path) {
			req.Header.Set("Content-Type", "application/octet-stream")
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return a, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return a, err
	}
	if res.StatusCode >= 300 {
		return a, fmt.Errorf("%s %s: %d %s", method, path, res.StatusCode, text)
	}
	return a, json.Unmarshal(text, &a)
}

// await looks at the job, as the console does, until it has ended.
func (m *importer) await(ctx context.Context, imported, state string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	imp, err := m.call(ctx, http.MethodGet, "/imports/"+imported, nil)
	for err == nil {
		var job importAnswer
		if job, err = m.call(ctx, http.MethodGet, "/jobs/"+imp.JobID, nil); err != nil {
			break
		}
		if job.State != "running" {
			if imp, err = m.call(ctx, http.MethodGet, "/imports/"+imported, nil); err == nil && imp.State != state {
				err = fmt.Errorf("the import is %s instead of %s: %s", imp.State, state, job.Message)
			}
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return err
}

// sheet is a workbook of n persons in units of 50, with what an office fills in.
func sheet(n int, hobby string) ([]byte, error) { return sheetFrom(n, 0, hobby) }

func shifted(n int) []byte {
	b, err := sheetFrom(n, 50_000, "门球")
	if err != nil {
		panic(err) // it was written once already
	}
	return b
}

func sheetFrom(n, from int, hobby string) ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		return nil, err
	}
	title := []any{"序号", "姓名", "性别", "民族", "出生年月", "文化程度", "入党时间", "参加工作时间", "离退休时间", "原单位及职务", "单位", "所属联盟", "联系电话", "现居住地址", "居住情况", "健康状况", "特长", "爱好", "家属联系人", "家属电话", "备注"}
	if err := w.SetRow("A1", title); err != nil {
		return nil, err
	}
	given := []rune(firsts + seconds)
	for i := range n {
		k := from + i
		name := []rune(surnames[k%len(surnames)])[:1]
		name = append(name, given[k/7%len(given)], given[k/3%len(given)])
		row := []any{i + 1, string(name), []string{"男", "女"}[k%2], "汉族", fmt.Sprintf("19%02d.%02d", 35+k%25, k%12+1), "大专", "1970.07", "1966.10", "2005.03", "办公室主任",
			fmt.Sprintf("第%d局", k/50), fmt.Sprintf("第%d片", k/1000), fmt.Sprintf("199%08d", k), fmt.Sprintf("幸福家园%d号楼%d单元", k%90+1, k%4+1), "与配偶", "高血压", "书法", hobby,
			"王女士", fmt.Sprintf("198%08d", k), "活动时请照顾"}
		if err := w.SetRow(fmt.Sprintf("A%d", i+2), row); err != nil {
			return nil, err
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// rotate is K: everything comes under a new key, by the command, while the service runs.
func (x *ledgerBench) rotate(ctx context.Context) error {
	keys := x.master + "," + crypt.NewKey(2)
	p, err := start(x.dir, "rotate", []string{"BENSE_MODE=demo", "BENSE_WECHAT_EMULATOR=true", "BENSE_HELP_PHONE=19900009999", "BENSE_DATABASE_URL=" + x.maria.url("county"), "BENSE_REDIS_URL=embedded", "BENSE_KEYS_MASTER=" + keys,
		"BENSE_DATA_DIR=" + x.dir}, x.bench.Server, "rotate-keys")
	if err != nil {
		return err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		p.kill()
		return ctx.Err()
	}
	m := regexp.MustCompile(`重新加密 (\d+) 处，用时 ([0-9.]+) 秒`).FindStringSubmatch(p.tail())
	if p.cmd.ProcessState.ExitCode() != 0 || m == nil {
		return fmt.Errorf("rotate-keys: %s", p.tail())
	}
	f := StepFigures{Name: "rotate-keys, values"}
	fmt.Sscan(m[1]+" "+m[2], &f.Rows, &f.Seconds)
	x.report.Steps = append(x.report.Steps, f)
	x.goal(least("K1", "values sealed anew in a second", float64(f.Rows)/f.Seconds, 1000))
	return nil
}
