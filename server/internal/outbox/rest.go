package outbox

import (
	"context"
	"time"
)

// Rest is how long a channel takes nothing, as the worker that found it out last has written down. It is for
// people and figures to see and for a worker that starts; what a worker does is decided by its own breaker.
type Rest struct{ Since, Until time.Time }

// Resting gives the channels that take nothing at this moment, by name.
func (o *Outbox) Resting(ctx context.Context) (map[string]Rest, error) {
	list, err := o.rests(ctx)
	now := o.clk.Now()
	for channel, r := range list {
		if !r.Until.After(now) {
			delete(list, channel)
		}
	}
	return list, err
}

// tell writes down that a channel rests, or, with the zero value, that it works.
func (o *Outbox) tell(ctx context.Context, channel string, r Rest) error {
	return o.db.Tx(ctx, func(ctx context.Context) error { return o.setRest(ctx, channel, r) })
}

// remember makes the breakers those that were open when the process before ended.
func (w *Worker) remember(ctx context.Context) {
	list, err := w.box.rests(ctx)
	if err != nil {
		w.log.WarnContext(ctx, "outbox rests not read", "error", err)
	}
	for channel, r := range list {
		if l := w.lanes[channel]; l != nil {
			l.gate.resume(r)
		}
	}
}
