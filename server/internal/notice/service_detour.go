package notice

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"bense/server/internal/id"
)

// This file is about messages whose channel takes nothing for a while: the day's quota is used up, or nobody
// answers. They certainly did not arrive, so the next channel has its turn. Who has none waits, unless the
// activity would have begun by then.

// detour does so for a message that has just come back, in the transaction that writes that down. It tells
// whether the message waits here no longer. The caller holds the notice's lock.
func (s *Service) detour(ctx context.Context, d Delivery, r result) (bool, error) {
	if r.later.IsZero() {
		return false, nil
	}
	n, err := s.store.any(ctx, d.Notice)
	if err != nil {
		return false, err
	}
	about, err := s.facts(ctx, n.Activity)
	if err != nil {
		return false, err
	}
	rules, err := s.store.rules(ctx, n.Committee)
	if err != nil {
		return false, err
	}
	return s.around(ctx, d, about, rules, r.code, r.later)
}

// around sends a queued message on over the next channel, or gives it up, if it can't wait until a time.
func (s *Service) around(ctx context.Context, d Delivery, about *Facts, rules Rules, code string, until time.Time) (bool, error) {
	late := about != nil && !rules.rings(d.Template, about, until).Before(about.StartsAt)
	if !late && !until.After(rules.waits(d, about)) {
		return false, nil
	}
	now := s.Clock.Now()
	if moved, err := s.store.moveDelivery(ctx, d.ID, Failed, code, now, Queued); err != nil || !moved {
		return false, err
	}
	d.State = Failed
	if on, err := s.onward(ctx, d, d.Channel); err != nil || on || late {
		if err == nil {
			err = s.refund(ctx, d, now)
		}
		return err == nil, err
	}
	_, err := s.store.moveDelivery(ctx, d.ID, Queued, code, now, Failed)
	return false, err
}

// divert does so for messages that wait for a channel which rests until a time.
func (s *Service) divert(ctx context.Context, rests Channel, payloads [][]byte, until time.Time) ([]bool, error) {
	gone := make([]bool, len(payloads))
	at := make(map[id.ID]int, len(payloads))
	var keys, notices []id.ID
	for i, payload := range payloads {
		var in pushPayload
		if json.Unmarshal(payload, &in) == nil && in.Notice != 0 {
			at[in.Delivery] = i
			keys, notices = append(keys, in.Delivery), append(notices, in.Notice)
		}
	}
	slices.Sort(keys)
	known, err := s.store.lockAll(ctx, unique(notices))
	if err != nil {
		return nil, err
	}
	if _, err := s.store.lockDeliveries(ctx, keys); err != nil {
		return nil, err
	}
	rules, facts := map[id.ID]Rules{}, map[id.ID]*Facts{}
	for _, n := range known {
		if _, read := rules[n.Committee]; !read {
			if rules[n.Committee], err = s.store.rules(ctx, n.Committee); err != nil {
				return nil, err
			}
		}
		if facts[n.ID], err = s.facts(ctx, n.Activity); err != nil {
			return nil, err
		}
	}
	for _, key := range keys {
		d, err := s.store.delivery(ctx, key) // the one before may have taken it along
		if err != nil {
			return nil, err
		}
		n := known[d.Notice]
		if d.Channel != rests {
			gone[at[key]] = true
			continue
		}
		if d.State != Queued || n.State != Published && d.Template != ForChange {
			continue // the channel itself sees to it
		}
		if gone[at[key]], err = s.around(ctx, d, facts[n.ID], rules[n.Committee], channelRests, until); err != nil {
			return nil, err
		}
	}
	return gone, nil
}

// channelRests is the code of a message that did not go out because its channel took nothing for long.
const channelRests = "channel_rests"
