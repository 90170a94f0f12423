// Package log makes the JSON logger. Lines carry ids, codes and durations, never personal data:
// the handler masks what looks like a telephone number, an identity number or a token, as a
// second net behind code that does not log them.
package log

import (
	"context"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"sync"
)

var (
	// an identity number is told from our own 18-digit ids by the birth date inside it
	digits = regexp.MustCompile(`\b1[3-9]\d{9}\b|\b\d{6}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]\b`)
	token  = regexp.MustCompile(`(?i)(access_token|secret|authorization|bearer|js_code|session_key|openid)(["'=: ]+)[^\s"'&,}]+|\beyJ[\w-]+\.[\w-]+\.[\w-]+|\bo[A-Za-z0-9_-]{27}\b`)
)

// Redact masks telephone numbers, identity numbers, tokens and openids in a text.
func Redact(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r < 128 }) < 0 {
		return s
	}
	return token.ReplaceAllString(digits.ReplaceAllString(s, "[masked]"), "$1$2[masked]")
}

// New makes a logger at a level ("debug", "info", "warn", "error").
func New(w io.Writer, level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	if _, ok := w.(*Buffer); !ok {
		w = &locked{w: w} // two handlers and Access write to it
	}
	h := handler{Handler: slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l, ReplaceAttr: redactAttr}),
		own: ownHandler{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l})}, out: w}
	if b, ok := w.(*Buffer); ok {
		h.flush = b.Flush
	}
	return slog.New(h)
}

// locked lets one write at a time.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

func redactAttr(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(Redact(a.Value.String()))
	case slog.KindAny:
		if err, ok := a.Value.Any().(error); ok {
			a.Value = slog.StringValue(Redact(err.Error()))
		}
	}
	return a
}

type idKey struct{}

// WithRequestID puts the request's id into ctx; every line logged with it carries the id.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, idKey{}, id)
}

// RequestID gives the id of WithRequestID.
func RequestID(ctx context.Context) string {
	s, _ := ctx.Value(idKey{}).(string)
	return s
}

// handler redacts; own is the same without.
type handler struct {
	slog.Handler
	own   slog.Handler
	out   io.Writer
	flush func() error // nil: nothing is held back
}

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	r.Message = Redact(r.Message)
	if id := RequestID(ctx); id != "" {
		r.AddAttrs(slog.String("request_id", id))
	}
	err := h.Handler.Handle(ctx, r)
	if h.flush != nil && r.Level >= slog.LevelWarn {
		h.flush()
	}
	return err
}

func (h handler) WithAttrs(a []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(a), h.own.WithAttrs(a), h.out, h.flush}
}

func (h handler) WithGroup(n string) slog.Handler {
	return handler{h.Handler.WithGroup(n), h.own.WithGroup(n), h.out, h.flush}
}

type ownHandler struct{ slog.Handler }

func (h ownHandler) Handle(ctx context.Context, r slog.Record) error {
	if id := RequestID(ctx); id != "" {
		r.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, r)
}
