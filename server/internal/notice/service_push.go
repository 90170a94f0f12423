package notice

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/outbox"
	"bense/server/internal/wechat"
)

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
	Notice   id.ID   `json:"notice,omitempty"` // zero in rows from before it was written here
	Persons  []id.ID `json:"persons"`
}

// push queues one round of messages in the transaction of ctx and tells how many, each on the first channel
// of the committee's order that reaches its people: what is spent for it, a delivery row and an outbox row
// are written together, or none of them. Accounts that no channel reaches get a row that says so, if the
// round is to be complete.
func (s *Service) push(ctx context.Context, n Notice, occasion string, persons []id.ID, complete bool) (int, error) {
	return s.pushWord(ctx, n, occasion, "", persons, complete)
}

// pushWord is push with a word of its own about why.
func (s *Service) pushWord(ctx context.Context, n Notice, occasion, word string, persons []id.ID, complete bool) (int, error) {
	rules, err := s.store.rules(ctx, n.Committee)
	if err != nil {
		return 0, err
	}
	round, err := s.store.nextRound(ctx, n.ID)
	if err != nil {
		return 0, err
	}
	if word != placedWord { // that concerns these people alone
		if err := s.postLater(ctx, n, occasion, round, rules); err != nil {
			return 0, err
		}
	}
	persons, accounts, err := s.audience(ctx, persons)
	if err != nil || len(persons) == 0 {
		return 0, err
	}
	to := targets(persons, accounts)
	replaced, err := s.supersede(ctx, n, occasion, word, to, persons)
	if err != nil {
		return 0, err
	}
	legs, err := s.assign(ctx, occasion, rules.order(), to, persons, nil)
	if err != nil {
		return 0, err
	}
	var list []Delivery
	var messages []outbox.Message
	reached := map[id.ID]bool{}
	for _, l := range legs {
		d := Delivery{ID: s.IDs.New(), Notice: n.ID, Account: l.account, Person: l.persons[0], Template: occasion, Round: round,
			State: Queued, Channel: l.channel, Word: word}
		if was, there := replaced[l.key()]; there && word == correctedWord {
			d.Word = was // the place or time that has moved is what matters
		}
		list, messages, reached[l.key()] = append(list, d), append(messages, s.message(d, l)), true
	}
	for _, t := range to {
		if complete && !reached[t.account] && s.Templates[occasion].ID != "" {
			list = append(list, Delivery{ID: s.IDs.New(), Notice: n.ID, Account: t.account, Person: t.persons[0], Template: occasion,
				Round: round, State: NoCredit, Channel: Subscribe})
		}
	}
	if err := s.store.insertDeliveries(ctx, list, s.Clock.Now()); err != nil {
		return 0, err
	}
	return s.Outbox.EnqueueMany(ctx, messages)
}

// supersede takes back, in the transaction of ctx, messages about a change that have not left and in whose place
// a newer one goes out: one word to one person, and the credit is free for it. A cancellation replaces all of
// them; anything else those to the same accounts and persons, but not what concerned one of them alone. It
// gives what they would have said, by whom they were addressed to.
func (s *Service) supersede(ctx context.Context, n Notice, occasion, word string, to []target, persons []id.ID) (map[id.ID]string, error) {
	if occasion != ForChange || word == placedWord {
		return nil, nil
	}
	keys, err := s.store.unsent(ctx, n.ID, ForChange)
	if err != nil {
		return nil, err
	}
	have, err := s.store.lockDeliveries(ctx, keys)
	if err != nil {
		return nil, err
	}
	newly := map[id.ID]bool{}
	for _, t := range to {
		newly[t.account] = true
	}
	for _, p := range persons {
		newly[p] = true
	}
	now, out := s.Clock.Now(), map[id.ID]string{}
	for _, key := range keys {
		d := have[key]
		if d.State != Queued || n.State != Cancelled && (d.Word == placedWord || !newly[d.to()]) {
			continue
		}
		if _, err := s.store.moveDelivery(ctx, d.ID, Dropped, superseded, now, Queued); err != nil {
			return nil, err
		}
		if err := s.refund(ctx, d, now); err != nil {
			return nil, err
		}
		out[d.to()] = d.Word
	}
	return out, nil
}

// refund gives back what a message that certainly did not go out has cost.
func (s *Service) refund(ctx context.Context, d Delivery, now time.Time) error {
	if d.Channel != Subscribe {
		return nil
	}
	return s.store.giveBack(ctx, d, now)
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
	if e.Kind == wechat.EventMedia {
		return s.pictureJudged(ctx, e)
	}
	if e.Kind != wechat.EventPopup && e.Kind != wechat.EventChange && e.Kind != wechat.EventSent {
		return nil
	}
	account, known, err := s.Accounts.AccountByOpenID(ctx, e.OpenID)
	if err != nil {
		return err
	}
	notices, err := s.concerned(ctx, account, e)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.store.lockAll(ctx, notices); err != nil {
			return err
		}
		now := s.Clock.Now()
		first, err := s.store.firstTime(ctx, s.eventKey(e), now)
		if err != nil || !first || !known {
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

// concerned gives the notices of the messages that an event is about.
func (s *Service) concerned(ctx context.Context, account id.ID, e wechat.Event) (out []id.ID, err error) {
	if account == 0 || e.Kind != wechat.EventSent {
		return nil, nil
	}
	for _, item := range e.Items {
		if occasion, ok := s.occasionOf(item.TemplateID); ok {
			d, found, err := s.store.unconfirmed(ctx, account, occasion)
			if err != nil {
				return nil, err
			}
			if found {
				out = append(out, d.Notice)
			}
		}
	}
	return out, nil
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
	}
	moved, err := s.store.moveDelivery(ctx, d.ID, to, code, now, Sending, Sent, Uncertain)
	if err == nil && to == Refused {
		err = s.store.clearCredit(ctx, account, occasion, now, now)
	}
	if err != nil || !moved {
		return err
	}
	_, err = s.fallThrough(ctx, d)
	return err
}

// refusedErrcode is the platform's number for "the user said no, or the credit is used up".
const refusedErrcode = 43101
