package notice

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
	"bense/server/internal/outbox"
)

// lane is a channel on which the server sends to one account or person at a time.
type lane interface {
	// serves reports whether the channel is set up and can carry the occasion.
	serves(occasion string) bool
	// byPerson: it reaches persons, not accounts.
	byPerson() bool
	// reserve tells, in the transaction of ctx, which of the targets (by key) it reaches, and pays for them.
	reserve(ctx context.Context, occasion string, to []target, now time.Time) (map[id.ID]bool, error)
	// outbox is the outbox channel on which its messages wait.
	outbox() string
}

func (s *Service) lanes() map[Channel]lane {
	return map[Channel]lane{Subscribe: subscribeLane{s}, Official: officialLane{s}, SMS: smsLane{s}}
}

// subscribeLane spends what people agreed to; pusher sends.
type subscribeLane struct{ s *Service }

func (l subscribeLane) serves(occasion string) bool { return l.s.Templates[occasion].ID != "" }
func (l subscribeLane) byPerson() bool              { return false }
func (l subscribeLane) outbox() string              { return channelPush }

func (l subscribeLane) reserve(ctx context.Context, occasion string, to []target, now time.Time) (map[id.ID]bool, error) {
	keys := make([]id.ID, 0, len(to))
	for _, t := range to {
		keys = append(keys, t.account)
	}
	slices.Sort(keys)
	return l.s.store.spend(ctx, occasion, keys, now)
}

// assign gives each target the first channel of the order that reaches it; a target all of whose people are
// told by another one already is left out. persons are who shall be told, also those without an account; gone,
// if given, says on which channels it has been tried in vain.
func (s *Service) assign(ctx context.Context, occasion string, order []Channel, to []target, persons []id.ID, gone func(to id.ID, c Channel) bool) ([]leg, error) {
	var out []leg
	told, taken := map[id.ID]bool{}, map[id.ID]bool{}
	lanes, now := s.lanes(), s.Clock.Now()
	for _, c := range order {
		l := lanes[c]
		if l == nil || !l.serves(occasion) {
			continue
		}
		open := slices.DeleteFunc(slices.Clone(to), func(t target) bool {
			return taken[t.key()] || !slices.ContainsFunc(t.persons, func(p id.ID) bool { return !told[p] })
		})
		if l.byPerson() {
			open = nil
			for _, p := range persons {
				if !told[p] {
					open = append(open, target{persons: []id.ID{p}})
				}
			}
		}
		if gone != nil {
			open = slices.DeleteFunc(open, func(t target) bool { return gone(t.key(), c) })
		}
		if len(open) == 0 {
			continue
		}
		got, err := l.reserve(ctx, occasion, open, now)
		if err != nil {
			return nil, err
		}
		for _, t := range open {
			if got[t.key()] {
				out, taken[t.key()] = append(out, leg{t, c}), true
				for _, p := range t.persons {
					told[p] = true
				}
			}
		}
	}
	return out, nil
}

// audience leaves out who wants to be called, and gives the accounts that the others are told by: those of
// the family alone where somebody wants it so and the family is bound.
func (s *Service) audience(ctx context.Context, persons []id.ID) ([]id.ID, map[id.ID][]identity.Account, error) {
	ways, err := s.store.ways(ctx, persons)
	if err != nil {
		return nil, nil, err
	}
	persons = slices.DeleteFunc(slices.Clone(persons), func(p id.ID) bool { return ways[p] == ByPhone })
	accounts, err := s.Accounts.AccountsOf(ctx, persons)
	if err != nil {
		return nil, nil, err
	}
	var family []id.ID
	for _, p := range persons {
		if ways[p] == ByFamily {
			family = append(family, p)
		}
	}
	if len(family) == 0 {
		return persons, accounts, nil
	}
	holders, err := s.Accounts.Holders(ctx, family)
	if err != nil {
		return nil, nil, err
	}
	kin := map[id.ID][]id.ID{}
	for _, h := range holders {
		if h.Relation == identity.Family {
			kin[h.Person] = append(kin[h.Person], h.Account)
		}
	}
	for p, own := range kin {
		accounts[p] = slices.DeleteFunc(slices.Clone(accounts[p]), func(a identity.Account) bool { return !slices.Contains(own, a.ID) })
	}
	return persons, accounts, nil
}

// fallThrough looks for the next channel of a message that certainly did not arrive, in the transaction
// that says so. It is the same row that moves on: there is never a second message beside one that may
// have arrived. Who has no channel left stays on the call list. It tells whether anything goes on.
//
// The caller has locked the notice before it read anything: when two messages of one person come back at
// once, the later one sees that there is no hope in the other, and goes on for both.
func (s *Service) fallThrough(ctx context.Context, d Delivery) (bool, error) {
	return s.onward(ctx, d, "")
}

// onward is fallThrough while a channel rests: what is queued there has no hope either.
func (s *Service) onward(ctx context.Context, d Delivery, rests Channel) (bool, error) {
	n, err := s.store.any(ctx, d.Notice)
	if err != nil {
		return false, err
	}
	rules, err := s.store.rules(ctx, n.Committee)
	if err != nil {
		return false, err
	}
	lanes := s.lanes()
	order := slices.DeleteFunc(rules.order(), func(c Channel) bool { return !lanes[c].serves(d.Template) })
	if len(left(order, d.gone())) == 0 {
		return false, nil
	}
	meant, err := s.meant(ctx, d)
	if err != nil {
		return false, err
	}
	rows, err := s.store.roundOf(ctx, d)
	if err != nil {
		return false, err
	}
	persons, to, err := s.stillOpen(ctx, d, rows, meant, rests)
	if err != nil || len(persons) == 0 {
		return false, err
	}
	if persons, err = s.unrung(ctx, rows, persons); err != nil {
		return false, err
	}
	legs, err := s.assign(ctx, d.Template, order, to, persons, func(to id.ID, c Channel) bool {
		r, there := rows[to]
		return there && slices.Contains(strings.Split(r.gone(), ","), string(c))
	})
	if err != nil || len(legs) == 0 {
		return false, err
	}
	now := s.Clock.Now()
	var list []Delivery
	var messages []outbox.Message
	for _, l := range legs {
		next := Delivery{ID: s.IDs.New(), Notice: d.Notice, Account: l.account, Person: l.persons[0], Template: d.Template, Round: d.Round,
			State: Queued, Channel: l.channel, Tried: d.gone(), Word: d.Word}
		if old, there := rows[l.key()]; there {
			next.ID, next.Tried = old.ID, old.gone()
			moved, err := s.store.reroute(ctx, old, l.channel, next.Tried, now)
			if err != nil {
				return false, err
			}
			if !moved {
				continue
			}
			if old.State == Queued {
				if err := s.refund(ctx, old, now); err != nil {
					return false, err
				}
			}
		} else {
			list = append(list, next)
		}
		messages = append(messages, s.message(next, l))
	}
	if err := s.store.insertDeliveries(ctx, list, now); err != nil {
		return false, err
	}
	if _, err := s.Outbox.EnqueueMany(ctx, messages); err != nil {
		return false, err
	}
	s.DB.AfterCommit(ctx, s.Outbox.Wake)
	return len(messages) > 0, nil
}

// unrung leaves out those at whose number a text message of the round has arrived for somebody else, or still
// may: a couple's one telephone rings once.
func (s *Service) unrung(ctx context.Context, round map[id.ID]Delivery, persons []id.ID) ([]id.ID, error) {
	var texted []id.ID
	for _, r := range round {
		if r.Channel == SMS && slices.Contains(hopeful, r.State) {
			texted = append(texted, r.Person)
		}
	}
	if len(texted) == 0 {
		return persons, nil
	}
	phones, err := s.Directory.Phones(ctx, slices.Concat(texted, persons))
	return slices.DeleteFunc(persons, func(p id.ID) bool {
		return slices.ContainsFunc(texted, func(o id.ID) bool { return phones[o] != "" && phones[o] == phones[p] })
	}), err
}

// message is what the outbox keeps of a delivery.
func (s *Service) message(d Delivery, l leg) outbox.Message {
	return outbox.Message{
		Channel: s.lanes()[l.channel].outbox(), Payload: pushPayload{Delivery: d.ID, Notice: d.Notice, Persons: l.persons}, DedupeKey: d.key(),
	}
}

// meant gives those for whom a message is, which may be fewer than its account acts for: a correction is for
// who knew, a free place for who has got one. Of a message that the outbox has forgotten it is the first.
func (s *Service) meant(ctx context.Context, d Delivery) ([]id.ID, error) {
	payload, err := s.Outbox.Payload(ctx, d.key())
	if err != nil || payload == nil {
		return []id.ID{d.Person}, err
	}
	var in pushPayload
	err = json.Unmarshal(payload, &in)
	return in.Persons, err
}

// stillOpen gives those of the people a message is meant for for whom no other message of its round has hope,
// and the accounts that they are told by: its own, and those of the round that have come back as well.
func (s *Service) stillOpen(ctx context.Context, d Delivery, round map[id.ID]Delivery, meant []id.ID, rests Channel) ([]id.ID, []target, error) {
	rows, err := s.store.recipients(ctx, d.Notice, actor.Scope{All: true}, Everybody)
	if err != nil {
		return nil, nil, err
	}
	persons, accounts, err := s.audience(ctx, personsOf(rows))
	if err != nil {
		return nil, nil, err
	}
	known, err := s.Directory.Persons(ctx, persons)
	if err != nil {
		return nil, nil, err
	}
	hope := func(key id.ID) bool {
		r, there := round[key]
		stuck := r.State == Queued && r.Channel == rests
		return there && r.ID != d.ID && slices.Contains(hopeful, r.State) && !stuck
	}
	mine := func(p id.ID) bool {
		if d.Account == 0 {
			return p == d.Person
		}
		return slices.ContainsFunc(accounts[p], func(a identity.Account) bool { return a.ID == d.Account })
	}
	persons = slices.DeleteFunc(persons, func(p id.ID) bool {
		return !mine(p) || !slices.Contains(meant, p) || known[p].Status != ledger.Active || hope(p) ||
			slices.ContainsFunc(accounts[p], func(a identity.Account) bool { return hope(a.ID) })
	})
	to := slices.DeleteFunc(targets(persons, accounts), func(t target) bool {
		r, there := round[t.key()]
		if !there {
			return d.Account != 0
		}
		return r.ID != d.ID && (r.State == Dropped || hope(t.key()))
	})
	return persons, to, nil
}
