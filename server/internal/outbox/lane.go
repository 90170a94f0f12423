package outbox

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"bense/server/internal/errs"
)

// Sizes of what goes through the database at once. A group is as large as what gathered while the one
// before it was being committed.
const (
	largestLease = 256
	largestGroup = 256
)

// How a mark is repeated while the database is away: its row is leased, and a message that went out and
// was not marked ends as unknown.
const (
	markTries = 10
	markPause = 500 * time.Millisecond
)

// lane is the way of one channel's messages: slots bound how many are under way, so memory too; the
// gate says how many may leave.
type lane struct {
	w       *Worker
	channel string
	to      Dispatcher
	courier Courier // nil: to sends one by one
	slots   chan struct{}
	gate    *gate
	busy    sync.WaitGroup // letters under way

	mu        sync.Mutex
	running   bool
	again     bool
	runs      sync.WaitGroup
	ended     []*item // sent, not marked yet
	recording bool
}

// item is a leased row on its way.
type item struct {
	row
	letter Letter
	own    bool // not the courier's to record: it went through Dispatch, or nowhere
	back   bool // not even tried
	ended  State
}

func newLane(w *Worker, channel string, d Dispatcher) *lane {
	l := &lane{w: w, channel: channel, to: d, gate: newGate(w.opt.Limits[channel], w.opt.BreakAfter, w.opt.BreakFor, w.opt.LongestRest)}
	slots := w.opt.Concurrency
	if c, ok := d.(Courier); ok {
		l.courier, slots = c, w.opt.Sends
	}
	l.slots = make(chan struct{}, slots)
	return l
}

// start makes the lane look for messages, or look once more if it does already.
func (l *lane) start(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.again = true
	if l.running {
		return
	}
	l.running = true
	l.runs.Go(func() {
		for l.more() {
			if _, err := l.pass(ctx, true); err != nil && ctx.Err() == nil {
				l.w.log.WarnContext(ctx, "outbox lane", "channel", l.channel, "error", err)
			}
		}
	})
}

func (l *lane) more() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running, l.again = l.again, false
	return l.running
}

// wait comes back when nothing of the lane is under way.
func (l *lane) wait() {
	l.runs.Wait()
	l.busy.Wait()
}

// pass takes messages as slots become free and the gate allows, until none is due, and tells how many.
// It does not wait for what is under way. A patient one waits for the next token of a rate.
func (l *lane) pass(ctx context.Context, patient bool) (tried int, err error) {
	for {
		n := l.room(ctx)
		if n == 0 {
			return tried, nil
		}
		may := l.gate.take(l.w.box.clk.Now(), n)
		l.free(n - may)
		if may == 0 {
			if patient && l.rest(ctx) {
				continue
			}
			return tried, l.divert(ctx)
		}
		rows, err := l.w.lease(ctx, l.channel, may)
		l.gate.unused(may - len(rows))
		l.free(may - len(rows))
		if err != nil || len(rows) == 0 {
			return tried, err
		}
		tried += l.forth(ctx, rows)
	}
}

// longRest is how long a channel takes nothing before its messages may look for another way: those of a
// hiccup stay where they are.
const longRest = 10 * time.Minute

// divert lets what is due on a channel that takes nothing for long go another way; the rest waits until the
// channel is tried again.
func (l *lane) divert(ctx context.Context) error {
	d, ok := l.to.(Diverter)
	since, until := l.gate.open()
	if !ok || !until.After(l.w.box.clk.Now()) || until.Sub(since) < longRest {
		return nil
	}
	for ctx.Err() == nil {
		rows, err := l.w.lease(ctx, l.channel, largestLease)
		if err != nil || len(rows) == 0 {
			return err
		}
		err = l.guard(ctx, func() error { return l.w.divert(context.WithoutCancel(ctx), d, rows, until) })
		if err != nil {
			return err // their leases expire
		}
	}
	return nil
}

// room waits for a free slot and takes those that are free; none when ctx ends.
func (l *lane) room(ctx context.Context) int {
	if ctx.Err() != nil {
		return 0
	}
	select {
	case <-ctx.Done():
		return 0
	case l.slots <- struct{}{}:
	}
	for n := 1; n < largestLease; n++ {
		select {
		case l.slots <- struct{}{}:
		default:
			return n
		}
	}
	return largestLease
}

func (l *lane) free(n int) {
	for range n {
		<-l.slots
	}
}

// rest waits for the next tokens if they come before the worker looks anyway.
func (l *lane) rest(ctx context.Context) bool {
	d := l.gate.pause(l.w.box.clk.Now())
	if d < 0 || d > l.w.opt.Poll {
		return false
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(max(d, 10*time.Millisecond)): // some more of them at once
		return true
	}
}

// forth begins leased messages and sends them, each on a goroutine of its own; it holds their slots. A
// worker that is to stop gives them back. What has begun is finished also while it stops.
func (l *lane) forth(ctx context.Context, rows []row) (tried int) {
	live := context.WithoutCancel(ctx)
	items := make([]*item, len(rows))
	for i, r := range rows {
		items[i] = &item{row: r}
	}
	l.busy.Add(len(items))
	if ctx.Err() != nil {
		for _, i := range items {
			i.own, i.back = true, true
			l.gate.unused(1)
		}
		l.end(live, items)
		return 0
	}
	l.begin(live, items)
	for _, i := range items {
		go func() {
			l.send(live, i)
			l.end(live, []*item{i})
		}()
	}
	return len(items)
}

// begin lets the courier mark the whole batch; one that it cannot is sent one by one.
func (l *lane) begin(ctx context.Context, items []*item) {
	for _, i := range items {
		i.own = true
	}
	if l.courier == nil {
		return
	}
	payloads := make([][]byte, len(items))
	for i := range items {
		payloads[i] = []byte(items[i].Payload)
	}
	limited, cancel := context.WithTimeout(ctx, l.w.opt.Timeout)
	defer cancel()
	var letters []Letter
	err := l.guard(ctx, func() (err error) {
		letters, err = l.courier.Begin(limited, payloads)
		return err
	})
	if err != nil || len(letters) != len(items) {
		l.w.log.WarnContext(ctx, "outbox batch not begun", "channel", l.channel, "rows", len(items), "code", code(err))
		return
	}
	for i := range items {
		items[i].own, items[i].letter = false, letters[i]
	}
}

// send makes the call of one message and tells the gate how the channel is.
func (l *lane) send(ctx context.Context, i *item) {
	t := &i.letter
	if !i.own && t.Skip {
		l.gate.unused(1)
	} else {
		limited, cancel := context.WithTimeout(ctx, l.w.opt.Timeout)
		defer cancel()
		err := l.guard(ctx, func() error {
			if i.own {
				t.Retry, t.Err = l.to.Dispatch(limited, []byte(i.Payload))
			} else {
				l.courier.Send(limited, t)
			}
			return nil
		})
		if err != nil { // it may have got as far as the call: what the courier marked tells the next attempt
			i.own, t.Retry, t.Err = true, true, err
		}
		l.heard(ctx, t.Err)
	}
}

func (l *lane) heard(ctx context.Context, err error) {
	var away *outage
	if !errors.As(err, &away) {
		if l.gate.answered() {
			l.w.log.InfoContext(ctx, "outbox channel works again", "channel", l.channel)
			l.tell(ctx, Rest{})
		}
		return
	}
	if until, opened := l.gate.failed(l.w.box.clk.Now(), away.until); opened {
		l.w.log.ErrorContext(ctx, "outbox channel rests", "channel", l.channel, "until", until, "code", code(err))
		since, _ := l.gate.open()
		l.tell(ctx, Rest{since, until})
	}
}

func (l *lane) tell(ctx context.Context, r Rest) {
	if err := l.w.box.tell(ctx, l.channel, r); err != nil {
		l.w.log.WarnContext(ctx, "outbox rest not written", "channel", l.channel, "error", err)
	}
}

var errPanicked = errs.New(errs.Internal, "outbox.panicked", "发送时程序出错")

// guard turns a panic into a failure: in a goroutine it would end the process, again and again.
func (l *lane) guard(ctx context.Context, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			l.w.log.ErrorContext(ctx, "outbox dispatcher panicked", "channel", l.channel,
				"type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			err = errPanicked
		}
	}()
	return f()
}

// end puts messages among those that have ended. Whoever finds nobody marking does it, for all that come
// meanwhile too.
func (l *lane) end(ctx context.Context, items []*item) {
	l.mu.Lock()
	l.ended = append(l.ended, items...)
	if l.recording {
		l.mu.Unlock()
		return
	}
	l.recording = true
	for len(l.ended) > 0 {
		n := min(len(l.ended), largestGroup)
		group := l.ended[:n:n]
		l.ended = l.ended[n:]
		l.mu.Unlock()
		l.mark(ctx, group)
		l.free(n)
		l.busy.Add(-n)
		l.mu.Lock()
	}
	l.ended, l.recording = nil, false
	l.mu.Unlock()
}

// mark writes a group down, patiently while the database is away; a group that it refuses is taken
// apart. What cannot be written leaves its lease to expire.
func (l *lane) mark(ctx context.Context, group []*item) {
	var err error
	for n := range markTries {
		if n > 0 {
			<-time.After(markPause)
		}
		if err = l.guard(ctx, func() error { return l.together(ctx, group) }); !away(err) {
			break
		}
	}
	switch {
	case err == nil:
	case len(group) > 1 && !away(err):
		for _, i := range group {
			l.mark(ctx, []*item{i})
		}
	default:
		l.w.log.ErrorContext(ctx, "outbox marks not written", "channel", l.channel, "rows", len(group), "error", err)
	}
}

func away(err error) bool {
	e, ok := errs.As(err)
	return ok && e.Kind == errs.Unavailable
}

// together writes what the courier has to say about a group and marks its rows, in one transaction.
func (l *lane) together(ctx context.Context, group []*item) error {
	var sent []*Letter
	for _, i := range group {
		if !i.own && !i.letter.Skip {
			sent = append(sent, &i.letter)
		}
	}
	err := l.w.box.db.Tx(ctx, func(ctx context.Context) error {
		if len(sent) > 0 {
			if err := l.courier.Record(ctx, sent); err != nil {
				return err
			}
		}
		var rows []settled
		for _, i := range group {
			if i.back {
				rows = append(rows, settled{i.row, outcome{state: Waiting, runAt: l.w.box.clk.Now(), code: i.LastCode, back: true}})
				continue
			}
			out, bury := l.w.judge(ctx, i.row, i.letter.Retry, i.letter.Err)
			i.ended = out.state
			if !bury {
				rows = append(rows, settled{i.row, out})
			} else if err := l.w.bury(ctx, i.row, out.code); err != nil {
				return err
			}
		}
		if len(rows) == 0 {
			return nil
		}
		return l.w.settle(ctx, rows)
	})
	if err == nil {
		l.count(group)
	}
	return err
}
