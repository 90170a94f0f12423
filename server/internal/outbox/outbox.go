// Package outbox keeps what has to leave the building: a message is a row that joins the caller's
// transaction, a worker leases it in a short transaction, sends it outside of any, and then marks it.
//
// A row goes waiting → leased → done, or back to waiting with a later time after a failure that may
// pass, or to dead (a failure that will not pass, or too many attempts), or to unknown (it may have
// gone out; never sent again blindly). A worker that dies leaves a lease behind; when the lease has
// expired the row is leased again, so a dispatcher must bear being called twice for one message.
//
// Each channel has a lane of its own: slots, a rate and a breaker. A channel that is slow, limited or
// broken holds up nobody else, and its rows wait without spending attempts.
package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"bense/server/internal/clock"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// State of a row.
type State string

// The states.
const (
	Waiting State = "waiting"
	Leased  State = "leased"
	Done    State = "done"
	Dead    State = "dead"
	Unknown State = "unknown"
)

// Limits of the columns.
const (
	maxChannel = 30
	maxKey     = 150
	maxPayload = 60_000
)

// Message is what a caller puts into the outbox. Payload becomes JSON; it holds ids and numbers, never
// personal data: whatever a message says is looked up when it goes out.
type Message struct {
	Channel   string
	DedupeKey string // at most 150 bytes; a second message with the same key is dropped
	Payload   any
	RunAt     time.Time // not before; zero: now
}

// ErrUnknown, anywhere in the chain of a dispatcher's error, says that the message may have gone out.
var ErrUnknown = errors.New("outbox: may have gone out")

var errNoTx = errors.New("outbox: this needs the caller's transaction")

// Dispatcher sends the messages of one channel. retryable says whether the same message may succeed
// later; without an error it is ignored. Calls come from several goroutines, without a transaction,
// with a context that ends after Options.Timeout.
type Dispatcher interface {
	Dispatch(ctx context.Context, payload []byte) (retryable bool, err error)
}

// DispatchFunc makes a function a Dispatcher.
type DispatchFunc func(ctx context.Context, payload []byte) (retryable bool, err error)

// Dispatch calls the function.
func (f DispatchFunc) Dispatch(ctx context.Context, payload []byte) (bool, error) {
	return f(ctx, payload)
}

// Letter is one message that a Courier has begun.
type Letter struct {
	Content any   // the courier's own: what Send needs, and what it found out
	Skip    bool  // nothing is to be sent; Retry and Err say what becomes of the row
	Retry   bool  // as Dispatch's retryable
	Err     error // as Dispatch's error
}

// Courier is a Dispatcher that sends in three steps, so that the two which touch the database take many
// messages at once. Send is called from many goroutines. A worker that dies after Begin and before Record
// begins the message again later: Begin must recognise that. When Begin fails for a batch, its messages
// go through Dispatch one by one, so that none holds up the others.
type Courier interface {
	Dispatcher
	// Begin marks what is about to be sent, in a transaction of its own; a letter for each payload.
	Begin(ctx context.Context, payloads [][]byte) ([]Letter, error)
	// Send talks to the outside and sets Retry, Err and what Record needs.
	Send(ctx context.Context, l *Letter)
	// Record writes down what came of letters that were sent, in the transaction that marks their rows.
	Record(ctx context.Context, letters []*Letter) error
}

// Diverter is a Dispatcher whose messages may have another way to go when their channel takes nothing for long.
type Diverter interface {
	// Divert tells which of the messages have gone another way, or were given up, because nothing leaves on the
	// channel until a time: those are done, the others wait until then. It runs in the transaction that marks
	// their rows, and is its first part.
	Divert(ctx context.Context, payloads [][]byte, until time.Time) ([]bool, error)
}

// Undertaker is a Dispatcher that wants to know when a message is given up after too many attempts.
// Dead runs in the transaction that marks the row.
type Undertaker interface {
	Dead(ctx context.Context, payload []byte, code string) error
}

// NotBefore makes an error say when the next attempt makes sense; the back-off is at least that long.
func NotBefore(err error, at time.Time) error { return &notBefore{err, at} }

type notBefore struct {
	error
	at time.Time
}

func (e *notBefore) Unwrap() error { return e.error }

// Outage makes an error the channel's instead of the message's: nobody answered, or whoever answered
// takes nothing from anybody. Some of them in a row open the channel's breaker; with a time they open it
// at once until then, as a used up quota does.
func Outage(err error, until time.Time) error { return &outage{err, until} }

type outage struct {
	error
	until time.Time
}

func (e *outage) Unwrap() error { return e.error }

// Rests is Outage for a message that is dealt with: it has gone another way.
func Rests(until time.Time) error { return &outage{errDealt, until} }

var errDealt = errors.New("outbox: dealt with")

// Outbox writes rows; a Worker reads them.
type Outbox struct {
	db   *db.DB
	ids  *id.Source
	clk  clock.Clock
	wake chan struct{}
}

// New makes an Outbox.
func New(d *db.DB, ids *id.Source, clk clock.Clock) *Outbox {
	return &Outbox{db: d, ids: ids, clk: clk, wake: make(chan struct{}, 1)}
}

// Enqueue adds a message to the transaction of ctx; without one it fails, because a message that is
// not bound to the change it tells about is worth nothing.
func (o *Outbox) Enqueue(ctx context.Context, m Message) error {
	_, err := o.EnqueueMany(ctx, []Message{m})
	return err
}

// EnqueueMany adds messages to the transaction of ctx and tells how many were new.
func (o *Outbox) EnqueueMany(ctx context.Context, ms []Message) (int, error) {
	if !o.db.InTx(ctx) {
		return 0, errNoTx
	}
	now := o.clk.Now()
	rows := make([]row, 0, len(ms))
	for _, m := range ms {
		payload, err := json.Marshal(m.Payload)
		if err != nil {
			return 0, fmt.Errorf("outbox: payload: %w", err)
		}
		if m.Channel == "" || len(m.Channel) > maxChannel || m.DedupeKey == "" || len(m.DedupeKey) > maxKey || len(payload) > maxPayload {
			return 0, fmt.Errorf("outbox: a message of channel %q does not fit its row", m.Channel)
		}
		at := m.RunAt
		if at.IsZero() {
			at = now
		}
		rows = append(rows, row{
			ID: o.ids.New(), Channel: m.Channel, DedupeKey: m.DedupeKey, Payload: string(payload),
			State: string(Waiting), RunAt: db.At(at), CreatedAt: db.At(now),
		})
	}
	n, err := o.insert(ctx, rows)
	return int(n), err
}

// Prune removes what went out before a time and tells how many rows that were. Rows that were given up,
// or whose fate is unknown, stay for somebody to look at.
func (o *Outbox) Prune(ctx context.Context, before time.Time) (int64, error) {
	return o.prune(ctx, before)
}

// Wake makes the worker of this process look at once; call it after the commit. Without it, and for
// rows of other processes, the worker's poll finds them.
func (o *Outbox) Wake() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// backoff is the wait before attempt n+1: doubling from first to longest, a quarter of it by chance, so
// that what failed together does not come back together.
func backoff(attempt int, first, longest time.Duration) time.Duration {
	d := longest
	if attempt < 30 {
		if doubled := first << max(attempt-1, 0); doubled > 0 && doubled < longest {
			d = doubled
		}
	}
	return d - time.Duration(rand.Int64N(int64(d)/4+1))
}

// code says what went wrong in a word that may stand in a row: never the error's text.
func code(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errs.As(err); ok {
		return e.Code
	}
	switch {
	case errors.Is(err, ErrUnknown):
		return "unknown"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "timeout"
	}
	return "error"
}
