package notice

import (
	"context"
	"slices"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

func failedStates(of DeliveryState) ([]string, error) {
	switch of {
	case "":
		return []string{string(Failed), string(Uncertain)}, nil
	case Failed, Uncertain:
		return []string{string(of)}, nil
	}
	return nil, errs.ErrInvalid.With(errs.Field("state", "没有这种名单"))
}

// FailedMessages lists the messages that did not arrive or may not have, within what the actor may see,
// the newest first.
func (s *Service) FailedMessages(ctx context.Context, who actor.Actor, f FailedFilter) ([]FailedMessage, error) {
	states, err := failedStates(f.State)
	if err != nil {
		return nil, err
	}
	list, err := s.store.failed(ctx, who.Scope(actor.SeeDelivery), states, f)
	if err != nil || len(list) == 0 {
		return list, err
	}
	var persons []id.ID
	keys := make([]string, 0, len(list))
	for _, m := range list {
		persons = append(persons, m.Person)
		keys = append(keys, m.key())
	}
	known, err := s.Directory.Persons(ctx, unique(persons))
	if err != nil {
		return nil, err
	}
	fates, err := s.Outbox.Fates(ctx, keys)
	if err != nil {
		return nil, err
	}
	for i := range list {
		m := &list[i]
		p := known[m.Person]
		m.Name, m.Unit, m.Alliance, m.Attempts = p.Name, p.Unit, p.Alliance, fates[m.key()].Attempts
	}
	return list, nil
}

// FailedCounts tells how many there are, and why there may be more soon: channels that rest.
func (s *Service) FailedCounts(ctx context.Context, who actor.Actor) (FailedCounts, error) {
	scope := who.Scope(actor.SeeDelivery)
	c, err := s.store.countFailed(ctx, scope)
	if err != nil || scope.Empty() {
		return c, err
	}
	resting, err := s.Outbox.Resting(ctx)
	for _, channel := range personal {
		if r, rests := resting[s.lanes()[channel].outbox()]; rests {
			c.Resting = append(c.Resting, ChannelRest{channel, r.Until})
		}
	}
	return c, err
}

// Resend sends messages again, because somebody wants it: those that certainly did not go out for a fresh
// credit, those that may have arrived only when it was said that a second one is no harm.
func (s *Service) Resend(ctx context.Context, who actor.Actor, keys []id.ID, twice bool) (Resending, error) {
	keys = unique(keys)
	if len(keys) == 0 || len(keys) > mostResent {
		return Resending{}, errs.ErrInvalid.With(errs.Field("ids", "请选 1 到 200 条消息"))
	}
	slices.Sort(keys)
	notices, err := s.store.noticesOf(ctx, keys)
	if err != nil {
		return Resending{}, err
	}
	var out Resending
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		out = Resending{}
		if _, err := s.store.lockAll(ctx, notices); err != nil { // nothing falls through to another channel meanwhile
			return err
		}
		have, err := s.store.lockDeliveries(ctx, keys)
		if err != nil {
			return err
		}
		by, order, err := s.resendable(ctx, who, keys, have)
		if err != nil {
			return err
		}
		for _, n := range order {
			if err := s.resend(ctx, who, n, by[n.ID], twice, &out); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Resending{}, err
	}
	if out == (Resending{Over: out.Over}) {
		return out, ErrNothingToSend
	}
	s.Outbox.Wake()
	return out, nil
}

// resendable sorts deliveries by notice; one that the actor may not send is refused with all of them.
func (s *Service) resendable(ctx context.Context, who actor.Actor, keys []id.ID, have map[id.ID]Delivery) (by map[id.ID][]Delivery, order []Notice, err error) {
	by = map[id.ID][]Delivery{}
	for _, key := range keys {
		d, ok := have[key]
		if !ok {
			return nil, nil, errs.ErrNotFound
		}
		if by[d.Notice] == nil {
			n, err := s.writable(ctx, who, d.Notice)
			if err != nil {
				return nil, nil, err
			}
			order = append(order, n)
		}
		by[d.Notice] = append(by[d.Notice], d)
	}
	return by, order, nil
}

// resend queues the messages of one notice anew.
func (s *Service) resend(ctx context.Context, who actor.Actor, n Notice, list []Delivery, twice bool, out *Resending) error {
	var again []id.ID
	var names []string
	unsure := 0
	keys := make([]id.ID, len(list))
	for i, d := range list {
		keys[i] = d.ID
	}
	gone, err := s.store.goneOn(ctx, keys)
	if err != nil {
		return err
	}
	for _, d := range list {
		switch {
		case n.State != Published, slices.Contains(gone, d.ID), d.State != Failed && d.State != Uncertain:
			out.Over++
			continue
		case d.State == Uncertain && !twice:
			return ErrMayHaveArrived
		case d.State == Uncertain:
			unsure++ // its credit was spent when it was queued first
		default:
			to := target{account: d.Account, persons: []id.ID{d.Person}}
			reached, err := s.lanes()[d.Channel].reserve(ctx, d.Template, []target{to}, s.Clock.Now())
			if err != nil {
				return err
			}
			if !reached[to.key()] {
				out.NoCredit++
				continue
			}
		}
		again = append(again, d.ID)
		names = append(names, d.key())
	}
	if len(again) == 0 {
		return nil
	}
	queued, err := s.Outbox.Again(ctx, names)
	if err != nil {
		return err
	}
	if queued != len(again) {
		return ErrNothingToSend // pruned long ago
	}
	if err := s.store.requeue(ctx, again, s.Clock.Now()); err != nil {
		return err
	}
	out.Queued += queued
	return s.Audit.Write(ctx, who, audit.Line{Action: "notice.resend", Kind: "notice", Subject: n.ID, Place: n.At(),
		Detail: map[string]any{"messages": queued, "may_have_arrived": unsure}})
}
