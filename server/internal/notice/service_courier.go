package notice

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
	"bense/server/internal/outbox"
)

// carrier is how a courier hands one message over.
type carrier interface {
	// send runs outside of transactions; ref is the platform's number of the message, if it has one. The
	// error is judged like one of a subscribe message.
	send(ctx context.Context, p parcel) (ref string, err error)
	// returned runs in the transaction that marks a message which certainly did not arrive.
	returned(ctx context.Context, d Delivery, code string, now time.Time) error
}

// parcel is what a carrier needs.
type parcel struct {
	Delivery
	notice Notice
	about  *Facts
	open   []id.ID // those of its people who are still in the ledger
}

// courier sends what goes over another channel than the subscribe message, each at most once: the mark
// "sending" is written before the call, and an attempt that finds it ends as unknown.
type courier struct {
	s       *Service
	channel Channel
	c       carrier
}

// Dispatch sends one message.
func (c courier) Dispatch(ctx context.Context, payload []byte) (bool, error) {
	var in pushPayload
	if err := json.Unmarshal(payload, &in); err != nil {
		return false, err
	}
	p, rings, err := c.begin(ctx, in)
	if err != nil {
		return true, err
	}
	switch p.State {
	case Queued:
		return true, outbox.NotBefore(errQuiet, rings)
	case Sending:
	case Uncertain:
		return false, outbox.ErrUnknown
	default:
		return false, nil
	}
	ref, failure := c.c.send(ctx, p)
	r := judge(failure, c.s.Clock.Now())
	gone, err := c.record(context.WithoutCancel(ctx), p.Delivery, ref, r)
	switch {
	case err != nil:
		return true, fmt.Errorf("notice: record a delivery: %w", err)
	case gone:
		return false, outbox.Rests(r.later)
	}
	return told(failure, r)
}

// Divert sends what waits for a channel that rests on over the next one.
func (c courier) Divert(ctx context.Context, payloads [][]byte, until time.Time) ([]bool, error) {
	return c.s.divert(ctx, c.channel, payloads, until)
}

// begin decides whether the message still makes sense, and if so marks it as being sent; in the quiet hours
// it leaves the message queued and says when they end.
func (c courier) begin(ctx context.Context, in pushPayload) (p parcel, rings time.Time, err error) {
	err = c.s.DB.Tx(ctx, func(ctx context.Context) error {
		p = parcel{}
		if p.Delivery, err = c.s.store.delivery(ctx, in.Delivery); err != nil {
			return err
		}
		d := &p.Delivery
		move := func(to DeliveryState, code string, from DeliveryState) error {
			moved, err := c.s.store.moveDelivery(ctx, d.ID, to, code, c.s.Clock.Now(), from)
			if err == nil && !moved {
				err = errs.ErrUnavailable // another attempt has it: look again
			}
			d.State = to
			return err
		}
		switch {
		case d.Channel != c.channel: // it has gone another way
			d.State = Dropped
			return nil
		case d.State == Queued:
		case d.State == Sending: // the attempt before this one ended without a result
			return move(Uncertain, "interrupted", Sending)
		default:
			return nil
		}
		if p.notice, err = c.s.store.any(ctx, d.Notice); err != nil {
			return err
		}
		if p.about, err = c.s.facts(ctx, p.notice.Activity); err != nil {
			return err
		}
		var told bool
		if p.open, told, err = c.people(ctx, *d, in.Persons); err != nil {
			return err
		}
		now := c.s.Clock.Now()
		if why := pointless(d.Template, d.CreatedAt, p.notice, p.about, len(p.open) > 0, told, now); why != "" {
			return move(Dropped, why, Queued)
		}
		rules, err := c.s.store.rules(ctx, p.notice.Committee)
		if err != nil {
			return err
		}
		if rings = rules.rings(d.Template, p.about, now); rings.After(now) {
			return nil
		}
		return move(Sending, "", Queued)
	})
	return p, rings, err
}

// people gives those for whom the message still is: in the ledger, told by this account or, without one,
// by number, and not asking for a call instead since. told: all of them know already.
func (c courier) people(ctx context.Context, d Delivery, persons []id.ID) (open []id.ID, told bool, err error) {
	rows, err := c.s.store.mine(ctx, []id.ID{d.Notice}, persons)
	if err != nil {
		return nil, false, err
	}
	wanted, accounts, err := c.s.audience(ctx, personsOf(rows))
	if err != nil {
		return nil, false, err
	}
	known, err := c.s.Directory.Persons(ctx, wanted)
	if err != nil {
		return nil, false, err
	}
	told = true
	for _, r := range rows {
		if !slices.Contains(wanted, r.Person) || known[r.Person].Status != ledger.Active {
			continue
		}
		if d.Account != 0 && !slices.ContainsFunc(accounts[r.Person], func(a identity.Account) bool { return a.ID == d.Account }) {
			continue
		}
		open = append(open, r.Person)
		told = told && r.Reached()
	}
	return open, told, nil
}

// record writes the result down; a message that certainly did not arrive goes on over the next channel. gone:
// it waits here no longer although it might have been tried again.
func (c courier) record(ctx context.Context, d Delivery, ref string, r result) (gone bool, err error) {
	err = c.s.DB.Tx(ctx, func(ctx context.Context) error {
		gone = false
		if r.goesOn() {
			if _, err := c.s.store.lock(ctx, d.Notice); err != nil {
				return err
			}
		}
		now := c.s.Clock.Now()
		moved, err := c.s.store.settle(ctx, d.ID, r.state, r.code, ref, now)
		if err != nil || !moved {
			return err
		}
		if r.retry {
			gone, err = c.s.detour(ctx, d, r)
			return err
		}
		return c.back(ctx, d, r.state, r.code, now)
	})
	return gone, err
}

// back takes in a message that has come back for certain; the caller holds the notice's lock.
func (c courier) back(ctx context.Context, d Delivery, state DeliveryState, code string, now time.Time) error {
	if state != Refused && state != Failed {
		return nil
	}
	if err := c.c.returned(ctx, d, code, now); err != nil {
		return err
	}
	_, err := c.s.fallThrough(ctx, d)
	return err
}

// Dead draws the conclusion when the outbox gives up.
func (c courier) Dead(ctx context.Context, payload []byte, code string) error {
	return c.s.giveUp(ctx, payload, code, func(ctx context.Context, d Delivery, now time.Time) error {
		return c.c.returned(ctx, d, code, now)
	})
}
