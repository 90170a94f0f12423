package log

import (
	"io"
	"sync"
	"time"
)

// What a Buffer holds at most, and for how long.
const (
	bufferSize = 64 << 10
	bufferTime = 100 * time.Millisecond
)

// Buffer gathers lines before it writes them: on an event day a system call for every request would
// cost more than the request's own line. A line of warning or above is written at once, and with it all
// before; a process that is killed loses the other lines of its last tenth of a second.
type Buffer struct {
	w io.Writer

	mu     sync.Mutex
	lines  []byte
	timed  bool
	closed bool
}

// NewBuffer makes a Buffer in front of w; Close it at the end.
func NewBuffer(w io.Writer) *Buffer { return &Buffer{w: w} }

// Write takes one line.
func (b *Buffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, line...)
	switch {
	case b.closed || len(b.lines) >= bufferSize:
		return len(line), b.flush()
	case !b.timed:
		b.timed = true
		time.AfterFunc(bufferTime, func() { b.Flush() })
	}
	return len(line), nil
}

// Flush writes what has gathered.
func (b *Buffer) Flush() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.timed = false
	return b.flush()
}

func (b *Buffer) flush() error {
	if len(b.lines) == 0 {
		return nil
	}
	_, err := b.w.Write(b.lines)
	b.lines = b.lines[:0]
	return err
}

// Close writes what has gathered; later lines are written one by one.
func (b *Buffer) Close() error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	return b.Flush()
}
