package log

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"time"
)

// Access writes the line of each request: our own words and numbers only, so nothing in it is looked
// at again for personal data, and put together without slog, which would take a twentieth of a sign-in.
type Access struct {
	l     *slog.Logger
	out   io.Writer // nil: the logger is not ours
	lines sync.Pool
}

// Request is what such a line tells.
type Request struct {
	Method, Route string // of a fixed set each: never what a client sent
	Status, Bytes int
	Took          time.Duration
}

// AccessOf gives the Access beside a logger of New; of any other it goes through the logger.
func AccessOf(l *slog.Logger) *Access {
	a := &Access{l: l, lines: sync.Pool{New: func() any { b := make([]byte, 0, 256); return &b }}}
	if h, ok := l.Handler().(handler); ok {
		a.l, a.out = slog.New(h.own), h.out
	}
	return a
}

// Write writes one line at a level.
func (a *Access) Write(ctx context.Context, level slog.Level, now time.Time, r Request) {
	if !a.l.Enabled(ctx, level) {
		return
	}
	ms := float64(r.Took.Microseconds()) / 1000
	if a.out == nil {
		a.l.LogAttrs(ctx, level, "request", slog.String("method", r.Method), slog.String("route", r.Route),
			slog.Int("status", r.Status), slog.Float64("ms", ms), slog.Int("bytes", r.Bytes))
		return
	}
	line := a.lines.Get().(*[]byte)
	b := now.AppendFormat(append((*line)[:0], `{"time":"`...), "2006-01-02T15:04:05.000Z07:00")
	b = append(append(b, `","level":"`...), level.String()...)
	b = append(append(b, `","msg":"request","method":"`...), r.Method...)
	b = append(append(b, `","route":"`...), r.Route...)
	b = strconv.AppendInt(append(b, `","status":`...), int64(r.Status), 10)
	b = strconv.AppendFloat(append(b, `,"ms":`...), ms, 'f', -1, 64)
	b = strconv.AppendInt(append(b, `,"bytes":`...), int64(r.Bytes), 10)
	if id := RequestID(ctx); id != "" {
		b = append(append(append(b, `,"request_id":"`...), id...), '"')
	}
	b = append(b, "}\n"...)
	a.out.Write(b)
	*line = b
	a.lines.Put(line)
}
