package wechat_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"bense/server/internal/clock"
	"bense/server/internal/wechat"
	"bense/server/internal/wechat/emulator"
)

var start = time.Date(2026, 7, 1, 1, 0, 0, 0, time.UTC)

// logs is a writer that many goroutines may use.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// rig is a client that talks over HTTP to an emulator of its own.
type rig struct {
	*wechat.Client
	emu   *emulator.Emulator
	cfg   wechat.Config
	clock *clock.Fake
	redis *miniredis.Miniredis
	rdb   redis.UniversalClient
	logs  *logs
}

func newRig(t *testing.T, changes ...func(*wechat.Config, *emulator.Options)) *rig {
	t.Helper()
	r := &rig{clock: clock.NewFake(start), redis: miniredis.RunT(t), logs: &logs{}}
	r.rdb = redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{r.redis.Addr()}, MaxRetries: -1})
	o := emulator.Options{Clock: r.clock, Seed: 1, Retry: time.Millisecond}
	var cfg wechat.Config
	for _, f := range changes {
		f(&cfg, &o)
	}
	r.emu = emulator.New(o)
	server := httptest.NewServer(r.emu)
	made := r.emu.Config(server.URL + "/emulator")
	made.Timeout, made.Env = cfg.Timeout, cfg.Env
	r.cfg = made
	r.Client = wechat.New(made, r.rdb, r.clock, slog.New(slog.NewTextHandler(r.logs, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() {
		r.emu.Close()
		r.Close()
		server.Close()
		_ = r.rdb.Close()
	})
	return r
}

// second makes another client on the same account and Redis, as another instance of the server has it.
func (r *rig) second(t *testing.T) *wechat.Client {
	t.Helper()
	c := wechat.New(r.cfg, r.rdb, r.clock, nil)
	t.Cleanup(c.Close)
	return c
}

var zhang = emulator.User{Name: "张桂英", Phone: "13900000001"}

// login gives the openid of a user who has just opened the mini-program.
func (r *rig) login(t *testing.T, u emulator.User) wechat.Session {
	t.Helper()
	s, err := r.Login(context.Background(), r.emu.LoginCode(u))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// message is a good message of the first template.
func (r *rig) message(openID string) wechat.SubscribeMessage {
	t, _ := r.Template("activity_notice")
	return t.Message(openID, "pages/notice/detail?id=1", map[string]string{
		"title": "七一主题党日", "time": wechat.TimeText(start), "place": "老干部活动中心", "note": "请带身份证",
	})
}

// credit lets the user accept the first template once.
func (r *rig) credit(t *testing.T, u emulator.User) {
	t.Helper()
	tpl, _ := r.Template("activity_notice")
	if err := r.emu.Popup(u, map[string]bool{tpl.ID: true}); err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code string) *wechat.Error {
	t.Helper()
	e, ok := wechat.As(err)
	if !ok || e.Code != code {
		t.Fatalf("want %s, got %v", code, err)
	}
	return e
}
