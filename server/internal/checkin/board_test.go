package checkin_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"bense/server/internal/checkin"
	"bense/server/internal/testdb"
	"bense/server/internal/web"
)

// open makes a board's token over HTTP.
func (c *county) board(t *testing.T, names bool) string {
	t.Helper()
	w, made := c.serve(t)("liaison", "POST", "/lists/"+c.list.String()+"/boards", body(object{"names": names}))
	token, _ := made["token"].(string)
	if w.Code != 201 || made["url"] != "https://a.example.cn/h5/#/packages/board/index?t="+token || made["expires_at"] == nil {
		t.Fatal(w.Code, w.Body)
	}
	return token
}

func TestBoardShowsTheListInItsStates(t *testing.T) {
	c := newCounty(t)
	c.checkin = c.instance(t, nil)
	call := c.serve(t)
	plain, named := c.board(t, false), c.board(t, true)
	show := func(token string) object {
		t.Helper()
		w, b := call("", "GET", "/boards/"+token, "")
		if w.Code != 200 || w.Header().Get("Content-Type") != "application/json" {
			t.Fatal(w.Code, w.Body)
		}
		return b
	}
	got := must(c.checkin.SignIn(t.Context(), c.member, checkin.Tap{Ticket: c.arrive(t, c.member), Nonce: newNonce(), Person: c.persons[0][0], Happened: starts}))(t)
	if got.Answer != checkin.OK {
		t.Fatal(got)
	}
	c.clk.Advance(10 * time.Second)
	c.record(t, c.liaison, c.tap(c.persons[1][0]))
	with, without := show(named), show(plain)
	latest := with["latest"].([]any)
	if len(latest) != 2 || latest[0].(object)["name"] != "王志强" || latest[1].(object)["unit"] != "县水利局" || with["counts"].(object)["present"] != 2.0 {
		t.Error(with)
	}
	if text := body(without); without["names"] != false || len(without["latest"].([]any)) != 0 || strings.Contains(text, "张建国") {
		t.Error(text)
	}
	code := with["code"].(object)
	if code["refresh_after_seconds"] != 20.0 || code["expires_after_seconds"] != 50.0 {
		t.Error(code)
	}
	if v := must(c.checkin.Arrive(t.Context(), c.member, code["url"].(string)))(t); v.Ticket == "" {
		t.Error("the code on the board opens nothing:", v)
	}
	for _, s := range []struct {
		at          time.Time
		list, state string
		code        bool
	}{
		{starts.Add(-2 * time.Hour), "before", "planned", false}, {starts.Add(-time.Hour), "open", "planned", true},
		{ends.Add(30 * time.Minute), "open", "ended", true}, {ends.Add(31 * time.Minute), "closed", "ended", false},
		{ends.Add(149 * time.Minute), "closed", "ended", false},
	} {
		c.clk.Set(s.at)
		b := show(plain)
		if b["list"].(object)["state"] != s.list || b["activity"].(object)["state"] != s.state || (b["code"] != nil) != s.code {
			t.Errorf("%v: %v", s.at, b)
		}
	}
	c.clk.Set(starts)
	must(c.activity.Cancel(t.Context(), c.head, c.of.ID, "改期"))(t)
	if b := show(plain); b["activity"].(object)["state"] != "cancelled" || b["code"] != nil {
		t.Error(b)
	}
}

func TestBoardTokensAreOurs(t *testing.T) {
	c := newCounty(t)
	c.checkin = c.instance(t, nil)
	call := c.serve(t)
	token := c.board(t, true)
	venue := must(c.checkin.VenueCode(t.Context(), c.liaison, c.list))(t).Token
	forged := []string{venue, token[:len(token)-1], token + "A", "no-such-token", strings.ToUpper(token)}
	for i := range token { // whatever is changed, it is no token of ours: neither another list nor names
		for _, r := range "Aw_" {
			if byte(r) != token[i] {
				forged = append(forged, token[:i]+string(r)+token[i+1:])
			}
		}
	}
	for _, f := range forged {
		for _, path := range []string{"/boards/" + f, "/boards/" + f + "/events"} {
			if w, p := call("", "GET", path, ""); w.Code != 404 || p["code"] != "checkin.board_unknown" {
				t.Fatalf("%s: %d %s", path, w.Code, w.Body)
			}
		}
	}
	if v := must(c.checkin.Arrive(t.Context(), c.member, token))(t); v.Answer != checkin.InvalidCode {
		t.Error("a board's token signs in:", v)
	}
	c.clk.Set(ends.Add(151 * time.Minute)) // the list closed two hours ago
	for _, path := range []string{"/boards/" + token, "/boards/" + token + "/events"} {
		if w, p := call("", "GET", path, ""); w.Code != 404 || p["code"] != "checkin.board_over" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if w, p := call("liaison", "POST", "/lists/"+c.list.String()+"/boards", body(object{"names": true})); w.Code != 409 || p["code"] != "checkin.board_over" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// pipes is a network without buffers: who does not read is noticed at once.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p pipes) Close() error   { close(p.done); return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes"} }

// pipe is one end of a connection, and knows when the other one is closed.
type pipe struct {
	net.Conn
	gone context.Context
}

// served is the server's end.
type served struct {
	net.Conn
	close context.CancelFunc
}

func (s served) Close() error {
	defer s.close()
	return s.Conn.Close()
}

// answerLimit is the server's for whole answers; a busy machine keeps it, too.
const answerLimit = 3 * time.Second

// listen serves the county with time-outs for whole answers that a stream must outlive.
func (c *county) listen(t *testing.T) (dial func() pipe, srv *http.Server) {
	t.Helper()
	s := must(web.New(web.Options{Log: slog.New(slog.DiscardHandler)}))(t)
	checkin.Routes(s.API, c.checkin, tokens{})
	ln := pipes{make(chan net.Conn), make(chan struct{})}
	srv = &http.Server{Handler: s.Engine, ReadTimeout: answerLimit, WriteTimeout: answerLimit}
	srv.RegisterOnShutdown(c.checkin.Hub.Close)
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	t.Cleanup(func() { srv.Close(); <-ended })
	return func() pipe {
		here, there := net.Pipe()
		gone, cancel := context.WithCancel(context.Background())
		ln.conns <- served{there, cancel}
		t.Cleanup(func() { here.Close() })
		return pipe{here, gone}
	}, srv
}

// events opens a board's stream and gives its lines; the channel is closed with the connection.
func events(t *testing.T, conn net.Conn, token, last string) <-chan string {
	t.Helper()
	io.WriteString(conn, "GET /api/v1/boards/"+token+"/events HTTP/1.1\r\nHost: a\r\nLast-Event-ID: "+last+"\r\n\r\n")
	res := must(http.ReadResponse(bufio.NewReader(conn), nil))(t)
	if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatal(res)
	}
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(res.Body); s.Scan(); {
			lines <- s.Text()
		}
	}()
	return lines
}

// snapshot waits for the next one.
func snapshot(t *testing.T, lines <-chan string) (id string, b object) {
	t.Helper()
	for {
		select {
		case line, open := <-lines:
			if !open {
				t.Fatal("the stream ended")
			}
			if v, ok := strings.CutPrefix(line, "id: "); ok {
				id = v
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				if err := json.Unmarshal([]byte(data), &b); err != nil {
					t.Fatal(err)
				}
				return id, b
			}
		case <-time.After(testdb.Patience):
			t.Fatal("no snapshot")
		}
	}
}

func TestBoardStreams(t *testing.T) {
	c := newCounty(t)
	c.checkin = c.instance(t, nil)
	dial, srv := c.listen(t)
	token := c.board(t, true)
	conn, began := dial(), time.Now()
	lines := events(t, conn, token, "")
	first, b := snapshot(t, lines)
	if b["counts"].(object)["present"] != 0.0 || b["version"] != first {
		t.Fatal(b)
	}
	c.record(t, c.liaison, c.tap(c.persons[0][0]))
	if _, b = snapshot(t, lines); b["latest"].([]any)[0].(object)["name"] != "张建国" {
		t.Error(b)
	}
	old := b["code"].(object)["url"]
	c.clk.Advance(30 * time.Second) // the next code comes without anybody asking, by the time of the old one
	if _, b = snapshot(t, lines); b["code"].(object)["url"] == old {
		t.Error("the same code again")
	}
	for time.Since(began) < answerLimit+time.Second { // a stream has no such limit
		c.clk.Advance(30 * time.Second)
		snapshot(t, lines)
	}
	conn.Close()
	c.record(t, c.liaison, c.tap(c.persons[1][1])) // while nobody watches
	lines = events(t, dial(), token, first)
	if _, b = snapshot(t, lines); b["counts"].(object)["present"] != 2.0 {
		t.Error("a reconnection begins with", b)
	}
	ctx, cancel := context.WithTimeout(t.Context(), testdb.Patience)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil { // streams do not hold a drain up
		t.Error(err)
	}
	for range lines {
	}
}

// A reader that takes nothing is let go; the others are not held up by it.
func TestSlowReadersAreDropped(t *testing.T) {
	c := newCounty(t)
	c.checkin = c.instance(t, nil)
	dial, _ := c.listen(t)
	token := c.board(t, true)
	slow := dial()
	io.WriteString(slow, "GET /api/v1/boards/"+token+"/events HTTP/1.1\r\nHost: a\r\n\r\n") // and never reads
	lines := events(t, dial(), token, "")
	snapshot(t, lines)
	for i, person := range c.persons[0] {
		c.record(t, c.liaison, c.tap(person))
		if _, b := snapshot(t, lines); b["counts"].(object)["present"] != float64(i+1) {
			t.Fatal(b)
		}
	}
	select {
	case <-slow.gone.Done():
	case <-time.After(testdb.Patience):
		t.Fatal("the slow reader stays")
	}
	if rest, err := io.ReadAll(slow); err != nil && !errors.Is(err, io.ErrClosedPipe) || strings.Contains(string(rest), "snapshot") {
		t.Errorf("the slow reader still got %q, %v", rest, err)
	}
}

func TestLinksAreTakenBack(t *testing.T) {
	c := newCounty(t)
	c.checkin = c.instance(t, nil)
	other := c.instance(t, nil) // another server, which nobody tells
	call := c.serve(t)
	for range 2 {
		token := c.board(t, true)
		watching := must(other.Board(t.Context(), token))(t)
		if _, err := watching.Snapshot(t.Context()); err != nil {
			t.Fatal(err)
		}
		if w, _ := call("member", "DELETE", "/lists/"+c.list.String()+"/boards", ""); w.Code != 403 {
			t.Fatal(w)
		}
		if w, _ := call("", "GET", "/boards/"+token, ""); w.Code != 200 {
			t.Fatal(w)
		}
		if w, _ := call("liaison", "DELETE", "/lists/"+c.list.String()+"/boards", ""); w.Code != 204 {
			t.Fatal(w)
		}
		if w, p := call("", "GET", "/boards/"+token, ""); w.Code != 404 || p["code"] != "checkin.board_closed" {
			t.Error(w.Code, w.Body)
		}
		ctx, cancel := context.WithTimeout(t.Context(), testdb.Patience)
		if _, err := watching.Snapshot(ctx); !errors.Is(err, checkin.ErrBoardClosed) {
			t.Error("an open screen stays:", err)
		}
		cancel()
		watching.Leave()
	}
	if n := must(c.audit.Count(t.Context(), "checkin.close_boards", c.of.ID))(t); n != 2 {
		t.Error("audit lines:", n)
	}
}

func TestSoManyScreensAndNoMore(t *testing.T) {
	c := newCounty(t)
	c.checkin = c.instance(t, nil)
	token := c.board(t, true)
	var open []*checkin.Board
	for range 1000 {
		open = append(open, must(c.checkin.Board(t.Context(), token))(t))
	}
	if w, p := c.serve(t)("", "GET", "/boards/"+token+"/events", ""); w.Code != 503 || p["code"] != "live.full" || w.Header().Get("Retry-After") == "" {
		t.Error(w.Code, w.Header(), w.Body)
	}
	if w, _ := c.serve(t)("liaison", "GET", "/lists/"+c.list.String()+"/marks", ""); w.Code != 200 { // doors have places of their own
		t.Error(w.Code)
	}
	open[0].Leave()
	if w, _ := c.serve(t)("", "GET", "/boards/"+token, ""); w.Code != 200 {
		t.Error(w.Code)
	}
	for _, b := range open[1:] {
		b.Leave()
	}
}
