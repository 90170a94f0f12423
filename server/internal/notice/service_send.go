package notice

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
	"bense/server/internal/outbox"
	"bense/server/internal/wechat"
)

// pusher sends subscribe messages, each at most once. Whatever happens between the mark "sending" and the
// mark of the result (a crash, a lost database, a lease that another worker took over) ends as unknown,
// never as a second message.
type pusher struct{ s *Service }

// sending is a message under way.
type sending struct {
	delivery Delivery
	message  wechat.SubscribeMessage
	failure  error
	result   result
}

// Dispatch sends one message.
func (p pusher) Dispatch(ctx context.Context, payload []byte) (bool, error) {
	letters, err := p.Begin(ctx, [][]byte{payload})
	if err != nil {
		return true, err
	}
	l := &letters[0]
	if l.Skip {
		return l.Retry, l.Err
	}
	p.Send(ctx, l)
	// the attempt's deadline may be the reason of a failure: it must not lose the result too
	ctx = context.WithoutCancel(ctx)
	if err := p.s.DB.Tx(ctx, func(ctx context.Context) error { return p.Record(ctx, []*outbox.Letter{l}) }); err != nil {
		return true, err
	}
	return l.Retry, l.Err
}

// errQuiet is no failure: people sleep.
var errQuiet = errs.New(errs.Unavailable, "notice.quiet_hours", "现在是休息时间，提醒稍后发出")

// Begin decides which messages still make sense, and marks those as being sent; in the quiet hours it
// leaves them queued and says when they end.
func (p pusher) Begin(ctx context.Context, payloads [][]byte) (out []outbox.Letter, err error) {
	in := make([]pushPayload, len(payloads))
	bad := make([]error, len(payloads))
	keys := make([]id.ID, 0, len(in))
	for i, payload := range payloads {
		if bad[i] = json.Unmarshal(payload, &in[i]); bad[i] == nil {
			keys = append(keys, in[i].Delivery)
		}
	}
	err = p.s.DB.Tx(ctx, func(ctx context.Context) error {
		out = make([]outbox.Letter, len(in))
		have, err := p.s.store.lockDeliveries(ctx, keys)
		if err != nil {
			return err
		}
		b := batch{now: p.s.Clock.Now()}
		var interrupted []id.ID
		for i := range in {
			d, known := have[in[i].Delivery]
			l := &out[i]
			l.Skip = true
			switch {
			case bad[i] != nil:
				l.Err = bad[i]
			case !known:
				l.Err = errs.ErrNotFound
			case d.Channel != Subscribe: // it has gone another way
			case d.State == Queued:
				b.queued = append(b.queued, waiting{letter: l, d: d, in: in[i]})
			case d.State == Sending: // the attempt before this one ended without a result
				interrupted = append(interrupted, d.ID)
				l.Err = outbox.ErrUnknown
			case d.State == Uncertain:
				l.Err = outbox.ErrUnknown
			}
			// what is sent, dropped or answered for already is done
		}
		if err := p.move(ctx, interrupted, Uncertain, "interrupted", Sending); err != nil {
			return err
		}
		return p.beginQueued(ctx, &b)
	})
	return out, err
}

// waiting is a queued message of a batch.
type waiting struct {
	letter *outbox.Letter
	d      Delivery
	in     pushPayload
}

// batch is what the messages of a batch are judged by.
type batch struct {
	now      time.Time
	queued   []waiting
	notices  map[id.ID]Notice
	facts    map[id.ID]Facts
	rows     map[[2]id.ID]Recipient // by notice and person
	people   map[id.ID]ledger.Person
	accounts map[id.ID][]identity.Account
	rules    map[id.ID]Rules // by committee
}

func (p pusher) beginQueued(ctx context.Context, b *batch) error {
	if len(b.queued) == 0 {
		return nil
	}
	if err := p.gather(ctx, b); err != nil {
		return err
	}
	var begun []id.ID
	for _, w := range b.queued {
		n := b.notices[w.d.Notice]
		about := b.about(n)
		openID, told := b.reader(w)
		if why := pointless(w.d.Template, w.d.CreatedAt, n, about, openID != "", told, b.now); why != "" {
			if err := p.move(ctx, []id.ID{w.d.ID}, Dropped, why, Queued); err != nil {
				return err
			}
			if err := p.s.store.giveBack(ctx, w.d, b.now); err != nil {
				return err
			}
			continue
		}
		if rings := b.rules[n.Committee].rings(w.d.Template, about, b.now); rings.After(b.now) {
			w.letter.Retry, w.letter.Err = true, outbox.NotBefore(errQuiet, rings)
			continue
		}
		w.d.State = Sending
		w.letter.Skip = false
		words := meanings(w.d, n, about)
		w.letter.Content = &sending{delivery: w.d, message: p.s.Templates[w.d.Template].Message(openID, p.s.Page+n.ID.String(), words)}
		begun = append(begun, w.d.ID)
	}
	return p.move(ctx, begun, Sending, "", Queued)
}

// gather reads what the batch's messages are about, each kind of thing once.
func (p pusher) gather(ctx context.Context, b *batch) (err error) {
	var keys, persons []id.ID
	for _, w := range b.queued {
		keys = append(keys, w.d.Notice)
		persons = append(persons, w.in.Persons...)
	}
	keys, persons = unique(keys), unique(persons)
	if b.notices, err = p.s.store.anyOf(ctx, keys); err != nil {
		return err
	}
	var activities, committees []id.ID
	for _, n := range b.notices {
		committees = append(committees, n.Committee)
		if n.Activity != 0 {
			activities = append(activities, n.Activity)
		}
	}
	if p.s.activities != nil && len(activities) > 0 {
		if b.facts, err = p.s.activities.Facts(ctx, unique(activities)); err != nil {
			return err
		}
	}
	b.rules = map[id.ID]Rules{}
	for _, c := range unique(committees) {
		if b.rules[c], err = p.s.store.rules(ctx, c); err != nil {
			return err
		}
	}
	rows, err := p.s.store.mine(ctx, keys, persons)
	if err != nil {
		return err
	}
	b.rows = make(map[[2]id.ID]Recipient, len(rows))
	for _, r := range rows {
		b.rows[[2]id.ID{r.Notice, r.Person}] = r
	}
	if b.people, err = p.s.Directory.Persons(ctx, persons); err != nil {
		return err
	}
	_, b.accounts, err = p.s.audience(ctx, persons) // somebody may want a call instead since
	return err
}

func (b *batch) about(n Notice) *Facts {
	if f, ok := b.facts[n.Activity]; ok && n.Activity != 0 {
		return &f
	}
	return nil
}

// reader gives the openid of the message's account if it still acts for one of the persons who are still
// in the ledger, and whether all of those know already.
func (b *batch) reader(w waiting) (openID string, told bool) {
	told = true
	for _, person := range w.in.Persons {
		r, ok := b.rows[[2]id.ID{w.d.Notice, person}]
		if !ok || b.people[person].Status != ledger.Active {
			continue
		}
		for _, a := range b.accounts[person] {
			if a.ID == w.d.Account {
				openID = a.OpenID
				told = told && r.Reached()
			}
		}
	}
	return openID, told
}

// move changes the state of deliveries that are locked, so that each of them moves.
func (p pusher) move(ctx context.Context, keys []id.ID, to DeliveryState, code string, from DeliveryState) error {
	if len(keys) == 0 {
		return nil
	}
	moved, err := p.s.store.moveDeliveries(ctx, keys, to, code, p.s.Clock.Now(), from)
	if err == nil && moved != len(keys) {
		return errs.ErrUnavailable // an engine without row locks: look again at the next attempt
	}
	return err
}

// Send makes the call and judges the answer.
func (p pusher) Send(ctx context.Context, l *outbox.Letter) {
	s := l.Content.(*sending)
	s.failure = p.s.WeChat.SendSubscribe(ctx, s.message)
	s.result = judge(s.failure, p.s.Clock.Now())
	l.Retry, l.Err = told(s.failure, s.result)
}

// told says to the outbox what came of an attempt, and whether it was the channel that failed.
func told(failure error, r result) (retry bool, err error) {
	switch {
	case r.state == Uncertain:
		err = outbox.ErrUnknown
	case r.retry && !r.later.IsZero(): // nothing that is sent today would be taken
		return true, outbox.Outage(outbox.NotBefore(failure, r.later), r.later)
	case r.state == Refused:
		return false, nil // an answer, not a failure
	default:
		retry, err = r.retry, failure
	}
	if err != nil && wechat.Down(failure) {
		err = outbox.Outage(err, time.Time{})
	}
	return retry, err
}

// Divert sends what waits for a channel that rests on over the next one.
func (p pusher) Divert(ctx context.Context, payloads [][]byte, until time.Time) ([]bool, error) {
	return p.s.divert(ctx, Subscribe, payloads, until)
}

// Record writes results down. A callback may have been faster: then its word stands. Notices are locked first,
// and accounts come in their order, as everywhere.
func (p pusher) Record(ctx context.Context, letters []*outbox.Letter) error {
	now := p.s.Clock.Now()
	var sent, keys []id.ID
	var others []*outbox.Letter
	for _, l := range letters {
		s := l.Content.(*sending)
		if s.result.state == Sent {
			sent = append(sent, s.delivery.ID)
			continue
		}
		if others = append(others, l); s.result.goesOn() {
			keys = append(keys, s.delivery.Notice)
		}
	}
	if _, err := p.s.store.lockAll(ctx, unique(keys)); err != nil {
		return err
	}
	slices.SortFunc(others, func(a, b *outbox.Letter) int {
		return cmp.Compare(a.Content.(*sending).delivery.Account, b.Content.(*sending).delivery.Account)
	})
	for _, l := range others {
		s := l.Content.(*sending)
		l.Retry, l.Err = told(s.failure, s.result) // again: the transaction may be repeated
		gone, err := p.recordOne(ctx, s, now)
		if err != nil {
			return err
		}
		if gone {
			l.Retry, l.Err = false, outbox.Rests(s.result.later)
		}
	}
	if len(sent) == 0 {
		return nil
	}
	_, err := p.s.store.moveDeliveries(ctx, sent, Sent, "", now, Sending)
	return err
}

// recordOne writes one down that did not simply go out; gone: it waits here no longer although it might have
// been tried again.
func (p pusher) recordOne(ctx context.Context, s *sending, now time.Time) (gone bool, err error) {
	d, r := s.delivery, s.result
	moved, err := p.s.store.moveDelivery(ctx, d.ID, r.state, r.code, now, Sending)
	if err != nil || !moved {
		return false, err
	}
	if r.retry {
		return p.s.detour(ctx, d, r)
	}
	switch r.credit {
	case refund:
		err = p.s.store.giveBack(ctx, d, now)
	case clear:
		err = p.s.store.clearCredit(ctx, d.Account, d.Template, now, now)
	}
	if err == nil && r.goesOn() {
		_, err = p.s.fallThrough(ctx, d)
	}
	return false, err
}

// Dead draws the conclusion when the outbox gives up.
func (p pusher) Dead(ctx context.Context, payload []byte, code string) error {
	return p.s.giveUp(ctx, payload, code, p.s.store.giveBack)
}

// giveUp marks a message that the outbox gives up: it was never sent. returned is what that means on its
// channel; then the next channel has its turn.
func (s *Service) giveUp(ctx context.Context, payload []byte, code string, returned func(context.Context, Delivery, time.Time) error) error {
	var in pushPayload
	if err := json.Unmarshal(payload, &in); err != nil {
		return err
	}
	if in.Notice != 0 {
		if _, err := s.store.lock(ctx, in.Notice); err != nil {
			return err
		}
	}
	d, err := s.store.delivery(ctx, in.Delivery)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	if d.State == Sending {
		_, err := s.store.moveDelivery(ctx, d.ID, Uncertain, "interrupted", now, Sending)
		return err
	}
	moved, err := s.store.moveDelivery(ctx, d.ID, Failed, code, now, Queued)
	if err != nil || !moved {
		return err
	}
	if err := returned(ctx, d, now); err != nil {
		return err
	}
	_, err = s.fallThrough(ctx, d)
	return err
}
