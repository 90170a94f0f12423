package notice

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
	"bense/server/internal/outbox"
	"bense/server/internal/wechat"
)

// target is an account to send to, and those of the recipients for whom it acts.
type target struct {
	account id.ID
	persons []id.ID
}

// targets groups recipients by account: who acts for several persons gets one message.
func targets(persons []id.ID, accounts map[id.ID][]identity.Account) []target {
	var out []target
	at := map[id.ID]int{}
	for _, p := range persons {
		for _, a := range accounts[p] {
			i, known := at[a.ID]
			if !known {
				i = len(out)
				at[a.ID] = i
				out = append(out, target{account: a.ID})
			}
			out[i].persons = append(out[i].persons, p)
		}
	}
	return out
}

type pushPayload struct {
	Delivery id.ID   `json:"delivery"`
	Persons  []id.ID `json:"persons"`
	Word     string  `json:"word,omitempty"` // instead of the occasion's own
}

// push queues one round of messages in the transaction of ctx and tells how many: a credit is spent,
// a delivery row and an outbox row are written together, or none of them. Accounts without credit get
// a row that says so, if the round is to be complete.
func (s *Service) push(ctx context.Context, n Notice, occasion string, persons []id.ID, complete bool) (int, error) {
	return s.pushWord(ctx, n, occasion, "", persons, complete)
}

// pushWord is push with a word of its own about why.
func (s *Service) pushWord(ctx context.Context, n Notice, occasion, word string, persons []id.ID, complete bool) (int, error) {
	if s.Templates[occasion].ID == "" || len(persons) == 0 {
		return 0, nil
	}
	accounts, err := s.Accounts.AccountsOf(ctx, persons)
	if err != nil {
		return 0, err
	}
	to := targets(persons, accounts)
	round, err := s.store.lastRound(ctx, n.ID, occasion)
	if err != nil {
		return 0, err
	}
	round++
	keys := make([]id.ID, 0, len(to))
	for _, t := range to {
		keys = append(keys, t.account)
	}
	slices.Sort(keys)
	now := s.Clock.Now()
	paid, err := s.store.spend(ctx, occasion, keys, now)
	if err != nil {
		return 0, err
	}
	var list []Delivery
	var messages []outbox.Message
	for _, t := range to {
		d := Delivery{ID: s.IDs.New(), Notice: n.ID, Account: t.account, Person: t.persons[0], Template: occasion, Round: round, State: NoCredit}
		if paid[t.account] {
			d.State = Queued
			messages = append(messages, outbox.Message{
				Channel: channelPush, Payload: pushPayload{Delivery: d.ID, Persons: t.persons, Word: word},
				DedupeKey: strings.Join([]string{"push", n.ID.String(), t.account.String(), occasion, strconv.Itoa(round)}, ":"),
			})
		} else if !complete {
			continue
		}
		list = append(list, d)
	}
	if err := s.store.insertDeliveries(ctx, list, now); err != nil {
		return 0, err
	}
	return s.Outbox.EnqueueMany(ctx, messages)
}

// pusher sends subscribe messages, each at most once.
type pusher struct{ s *Service }

// Dispatch sends one message. Whatever happens between the mark "sending" and the mark of the result (a
// crash, a lost database, a lease that another worker took over) ends as unknown, never as a second message.
func (p pusher) Dispatch(ctx context.Context, payload []byte) (bool, error) {
	var in pushPayload
	if err := json.Unmarshal(payload, &in); err != nil {
		return false, err
	}
	d, message, rings, err := p.begin(ctx, in)
	if err != nil {
		return true, err
	}
	switch d.State {
	case Queued:
		return true, outbox.NotBefore(errQuiet, rings)
	case Sending:
	case Uncertain:
		return false, outbox.ErrUnknown
	default:
		return false, nil // sent, dropped or answered for already
	}
	failure := p.s.WeChat.SendSubscribe(ctx, message)
	r := judge(failure, p.s.Clock.Now())
	// the attempt's deadline may be the reason of the failure: it must not lose the result too
	if err := p.record(context.WithoutCancel(ctx), d, r); err != nil {
		return true, fmt.Errorf("notice: record a delivery: %w", err)
	}
	switch {
	case r.state == Uncertain:
		return false, outbox.ErrUnknown
	case r.retry && !r.later.IsZero():
		return true, outbox.NotBefore(failure, r.later)
	case r.retry:
		return true, failure
	case r.state == Refused:
		return false, nil // an answer, not a failure
	}
	return false, failure
}

// errQuiet is no failure: people sleep.
var errQuiet = errs.New(errs.Unavailable, "notice.quiet_hours", "现在是休息时间，提醒稍后发出")

// begin decides whether the message still makes sense, and if so marks it as being sent; in the quiet
// hours it leaves the message queued and says when they end.
func (p pusher) begin(ctx context.Context, in pushPayload) (d Delivery, m wechat.SubscribeMessage, rings time.Time, err error) {
	err = p.s.DB.Tx(ctx, func(ctx context.Context) error {
		if d, err = p.s.store.delivery(ctx, in.Delivery); err != nil {
			return err
		}
		switch d.State {
		case Queued:
		case Sending: // the attempt before this one ended without a result
			return p.move(ctx, &d, Uncertain, "interrupted", Sending)
		default:
			return nil
		}
		n, err := p.s.store.any(ctx, d.Notice)
		if err != nil {
			return err
		}
		about, err := p.s.facts(ctx, n.Activity)
		if err != nil {
			return err
		}
		openID, told, err := p.reader(ctx, d, in.Persons)
		if err != nil {
			return err
		}
		if why := pointless(d.Template, n, about, openID != "", told, p.s.Clock.Now()); why != "" {
			if err := p.move(ctx, &d, Dropped, why, Queued); err != nil {
				return err
			}
			return p.s.store.giveBack(ctx, d, p.s.Clock.Now())
		}
		rules, err := p.s.store.rules(ctx, n.Committee)
		if err != nil {
			return err
		}
		now := p.s.Clock.Now()
		if rings = rules.rings(d.Template, about, now); rings.After(now) {
			return nil
		}
		words := meanings(d.Template, n, about)
		if in.Word != "" {
			words["note"] = in.Word
		}
		m = p.s.Templates[d.Template].Message(openID, p.s.Page+n.ID.String(), words)
		return p.move(ctx, &d, Sending, "", Queued)
	})
	return d, m, rings, err
}

// move changes the delivery's state; one that another attempt has changed is left to that attempt.
func (p pusher) move(ctx context.Context, d *Delivery, to DeliveryState, code string, from ...DeliveryState) error {
	moved, err := p.s.store.moveDelivery(ctx, d.ID, to, code, p.s.Clock.Now(), from...)
	if err != nil {
		return err
	}
	if !moved {
		return errs.ErrUnavailable // look again at the next attempt
	}
	d.State = to
	return nil
}

// reader gives the openid of the account if it still acts for one of the persons who are still in the
// ledger, and whether all of those know already.
func (p pusher) reader(ctx context.Context, d Delivery, persons []id.ID) (openID string, told bool, err error) {
	rows, err := p.s.store.mine(ctx, []id.ID{d.Notice}, persons)
	if err != nil {
		return "", false, err
	}
	known, err := p.s.Directory.Persons(ctx, persons)
	if err != nil {
		return "", false, err
	}
	rows = slices.DeleteFunc(rows, func(r Recipient) bool { return known[r.Person].Status != ledger.Active })
	accounts, err := p.s.Accounts.AccountsOf(ctx, personsOf(rows))
	if err != nil {
		return "", false, err
	}
	told = true
	for _, r := range rows {
		for _, a := range accounts[r.Person] {
			if a.ID == d.Account {
				openID = a.OpenID
				told = told && r.Reached()
			}
		}
	}
	return openID, told, nil
}

// record writes the result down. A callback may have been faster: then its word stands.
func (p pusher) record(ctx context.Context, d Delivery, r result) error {
	return p.s.DB.Tx(ctx, func(ctx context.Context) error {
		now := p.s.Clock.Now()
		moved, err := p.s.store.moveDelivery(ctx, d.ID, r.state, r.code, now, Sending)
		if err != nil || !moved {
			return err
		}
		switch r.credit {
		case refund:
			return p.s.store.giveBack(ctx, d, now)
		case clear:
			return p.s.store.clearCredit(ctx, d.Account, d.Template, now, now)
		}
		return nil
	})
}

// Dead draws the conclusion when the outbox gives up: the message was never sent.
func (p pusher) Dead(ctx context.Context, payload []byte, code string) error {
	var in pushPayload
	if err := json.Unmarshal(payload, &in); err != nil {
		return err
	}
	d, err := p.s.store.delivery(ctx, in.Delivery)
	if err != nil {
		return err
	}
	now := p.s.Clock.Now()
	if d.State == Sending {
		_, err := p.s.store.moveDelivery(ctx, d.ID, Uncertain, "interrupted", now, Sending)
		return err
	}
	moved, err := p.s.store.moveDelivery(ctx, d.ID, Failed, code, now, Queued)
	if err != nil || !moved {
		return err
	}
	return p.s.store.giveBack(ctx, d, now)
}

// Subscription is a template that a member may be asked to agree to, and how many messages the account
// has left for it, as far as WeChat's callbacks told.
type Subscription struct {
	Occasion   string
	TemplateID string
	Remaining  int
}

// Subscriptions lists the templates by occasion. Anybody who is logged in may ask; it tells of no one else.
func (s *Service) Subscriptions(ctx context.Context, who actor.Actor) ([]Subscription, error) {
	have, err := s.store.credits(ctx, who.Account)
	if err != nil {
		return nil, err
	}
	out := []Subscription{}
	for _, o := range occasions {
		if t := s.Templates[o]; t.ID != "" {
			out = append(out, Subscription{Occasion: o, TemplateID: t.ID, Remaining: have[o]})
		}
	}
	return out, nil
}

// HandleEvent takes in what WeChat calls back: agreements and refusals change the account's credit, a
// delivery report completes a message. Events come twice, late and in any order.
func (s *Service) HandleEvent(ctx context.Context, e wechat.Event) error {
	if e.Kind != wechat.EventPopup && e.Kind != wechat.EventChange && e.Kind != wechat.EventSent {
		return nil
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		now := s.Clock.Now()
		first, err := s.store.firstTime(ctx, s.eventKey(e), now)
		if err != nil || !first {
			return err
		}
		account, known, err := s.Accounts.AccountByOpenID(ctx, e.OpenID)
		if err != nil || !known {
			return err
		}
		at := e.At
		if at.IsZero() {
			at = now
		}
		for _, item := range e.Items {
			occasion, ok := s.occasionOf(item.TemplateID)
			if !ok {
				continue
			}
			switch {
			case e.Kind == wechat.EventPopup && item.Accepted:
				err = s.store.addCredit(ctx, account, occasion, at, now)
			case e.Kind == wechat.EventChange && !item.Accepted:
				err = s.store.clearCredit(ctx, account, occasion, at, now)
			case e.Kind == wechat.EventSent:
				err = s.confirm(ctx, account, occasion, item)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// eventKey is the same for each repetition of an event, and tells nothing about whom it concerns.
func (s *Service) eventKey(e wechat.Event) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s|%s|%d", e.Kind, e.OpenID, e.At.Unix())
	for _, i := range e.Items {
		fmt.Fprintf(&b, "|%s,%t,%s,%d", i.TemplateID, i.Accepted, i.MessageID, i.Errcode)
	}
	return s.Box.Hash("wechat_event", b.String())
}

func (s *Service) occasionOf(templateID string) (string, bool) {
	for _, o := range occasions {
		if t := s.Templates[o]; t.ID != "" && t.ID == templateID {
			return o, true
		}
	}
	return "", false
}

// confirm completes the oldest unconfirmed message of the account.
func (s *Service) confirm(ctx context.Context, account id.ID, occasion string, item wechat.EventItem) error {
	d, found, err := s.store.unconfirmed(ctx, account, occasion)
	if err != nil || !found {
		return err
	}
	now := s.Clock.Now()
	if item.Delivered() {
		_, err = s.store.moveDelivery(ctx, d.ID, Delivered, "", now, Sending, Sent, Uncertain)
		return err
	}
	to, code := Failed, "wx_"+strconv.Itoa(item.Errcode)
	if item.Errcode == refusedErrcode {
		to, code = Refused, wechat.Refused
		if err := s.store.clearCredit(ctx, account, occasion, now, now); err != nil {
			return err
		}
	}
	_, err = s.store.moveDelivery(ctx, d.ID, to, code, now, Sending, Sent, Uncertain)
	return err
}

// refusedErrcode is the platform's number for "the user said no, or the credit is used up".
const refusedErrcode = 43101
