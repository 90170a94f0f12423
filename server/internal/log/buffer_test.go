package log_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"bense/server/internal/log"
)

// sink counts how often it was written to.
type sink struct {
	mu    sync.Mutex
	text  bytes.Buffer
	calls int
	wrote chan struct{}
}

func (s *sink) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	select {
	case s.wrote <- struct{}{}:
	default:
	}
	return s.text.Write(b)
}

func TestBufferLosesNothingAndHoldsNothingBackForLong(t *testing.T) {
	s := &sink{wrote: make(chan struct{}, 1)}
	b := log.NewBuffer(s)
	l := log.New(b, "info")
	l.Info("one")
	select {
	case <-s.wrote: // nobody asked for it
	case <-time.After(time.Minute):
		t.Fatal("held back")
	}
	for range 500 {
		l.Info("many")
	}
	l.Warn("now")
	s.mu.Lock()
	// a machine that stands still for a while in their middle may cost a call more, not one a line
	if text := s.text.String(); strings.Count(text, "\n") != 502 || !strings.Contains(text, "now") || s.calls > 100 {
		t.Errorf("%d calls: %s", s.calls, text)
	}
	s.mu.Unlock()
	l.Info("five")
	b.Close()
	l.Info("six")
	if text := s.text.String(); !strings.Contains(text, "five") || !strings.Contains(text, "six") {
		t.Error(text)
	}
}

func TestTheLineOfARequestIsJSON(t *testing.T) {
	var text bytes.Buffer
	a := log.AccessOf(log.New(&text, "info"))
	ctx := log.WithRequestID(t.Context(), "abc")
	now := time.Date(2026, 10, 18, 1, 2, 3, 4e6, time.UTC)
	a.Write(ctx, slog.LevelInfo, now, log.Request{Method: "POST", Route: "/api/v1/check-ins", Status: 200, Bytes: 17, Took: 1234567})
	a.Write(ctx, slog.LevelDebug, now, log.Request{Method: "GET", Route: "/healthz"})
	var line map[string]any
	if err := json.Unmarshal(text.Bytes(), &line); err != nil {
		t.Fatal(err, text.String())
	}
	want := map[string]any{"time": "2026-10-18T01:02:03.004Z", "level": "INFO", "msg": "request", "method": "POST",
		"route": "/api/v1/check-ins", "status": 200.0, "ms": 1.234, "bytes": 17.0, "request_id": "abc"}
	if !reflect.DeepEqual(line, want) {
		t.Errorf("%v, want %v", line, want)
	}
	text.Reset()
	log.AccessOf(slog.New(slog.NewTextHandler(&text, nil))).Write(ctx, slog.LevelInfo, now, log.Request{Route: "/x"})
	if !strings.Contains(text.String(), "route=/x") {
		t.Error(text.String())
	}
}
