package notice

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/outbox"
	"bense/server/internal/wechat"
)

// Share is what the head's phone needs for wx.updateShareMenu and for sharing.
type Share struct {
	Card  Card
	Title string
	Path  string
}

// ShareCard makes a card for the group, or offers again one that was made and not shared. A card that
// hangs in the group already says 已结束 from then on: a card lives a day, a notice often a week.
func (s *Service) ShareCard(ctx context.Context, who actor.Actor, key id.ID) (Share, error) {
	n, err := s.running(ctx, who, key)
	if err != nil {
		return Share{}, err
	}
	if err := n.Running(); err != nil {
		return Share{}, err
	}
	cards, err := s.store.cards(ctx, n.ID)
	if err != nil {
		return Share{}, err
	}
	if i := len(cards) - 1; i >= 0 && cards[i].reusable(s.Clock.Now()) {
		return s.share(n, cards[i]), nil
	}
	made, err := s.WeChat.CreateCard(ctx)
	if err != nil {
		return Share{}, errs.Wrap(ErrNoCard, err)
	}
	now := s.Clock.Now()
	c := Card{ID: s.IDs.New(), Notice: n.ID, ActivityID: made.ActivityID, State: wechat.CardOpen, CreatedAt: now, UpdatedAt: now, ExpiresAt: made.ExpiresAt}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		n, err := s.store.lock(ctx, key)
		if err != nil {
			return err
		}
		if err := n.Running(); err != nil {
			return err
		}
		if c.Count, c.Limit, err = s.cardCount(ctx, n); err != nil {
			return err
		}
		groups, err := s.store.groups(ctx, n.Alliance)
		if err != nil {
			return err
		}
		// with several groups it shows later in which of them the new card hangs
		if n := slices.DeleteFunc(groups, func(g Group) bool { return g.State != GroupBound }); len(n) < 2 {
			if err := s.closeCards(ctx, key); err != nil {
				return err
			}
		}
		if err := s.store.insertCard(ctx, c, who.Account); err != nil {
			return err
		}
		return s.audit(ctx, who, "notice.card", n, nil)
	})
	if err != nil {
		return Share{}, err
	}
	s.Outbox.Wake()
	return s.share(n, c), nil
}

func (s *Service) share(n Notice, c Card) Share {
	return Share{Card: c, Title: n.Title, Path: s.Page + n.ID.String() + "&card=" + c.ID.String()}
}

// CardShared notes that the head has sent the card into a group; the group may come along.
func (s *Service) CardShared(ctx context.Context, who actor.Actor, key id.ID, group *SealedGroup) (Card, error) {
	n, err := s.running(ctx, who, key)
	if err != nil {
		return Card{}, err
	}
	if err := n.Running(); err != nil {
		return Card{}, err
	}
	from, proven := s.openGroup(ctx, who, group)
	var c Card
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		cards, err := s.store.cards(ctx, n.ID)
		if err != nil {
			return err
		}
		if len(cards) == 0 || cards[len(cards)-1].State != wechat.CardOpen {
			return errs.ErrNotFound
		}
		c = cards[len(cards)-1]
		now := s.Clock.Now()
		first, err := s.store.shareCard(ctx, c.ID, now)
		if err != nil || !first {
			return err
		}
		c.SharedAt = now
		if _, err := s.whichGroup(ctx, who, n, from.OpenGID, c.ID, group != nil && !proven); err != nil {
			return err
		}
		if err := s.cardLater(ctx, n); err != nil {
			return err
		}
		return s.audit(ctx, who, "notice.card_shared", n, nil)
	})
	return c, err
}

type cardPayload struct {
	Card  id.ID `json:"card"`
	Close bool  `json:"close,omitempty"`
}

// cardLater queues an update of the cards that hang in groups: one per slot of CardEvery, however many
// answers come in.
func (s *Service) cardLater(ctx context.Context, n Notice) error {
	cards, err := s.store.cards(ctx, n.ID)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	slot, runAt := cardSlot(now, s.CardEvery)
	var list []outbox.Message
	for _, c := range cards {
		if c.Live(now) {
			list = append(list, outbox.Message{
				Channel: channelCard, DedupeKey: "card:" + c.ID.String() + ":" + strconv.FormatInt(slot, 10),
				Payload: cardPayload{Card: c.ID}, RunAt: runAt,
			})
		}
	}
	_, err = s.Outbox.EnqueueMany(ctx, list)
	return err
}

// closeCards ends all cards of a notice; those that hang in a group are told so.
func (s *Service) closeCards(ctx context.Context, notice id.ID) error {
	cards, err := s.store.cards(ctx, notice)
	if err != nil {
		return err
	}
	return s.endCards(ctx, cards)
}

func (s *Service) endCards(ctx context.Context, cards []Card) error {
	now := s.Clock.Now()
	for _, c := range cards {
		if c.State != wechat.CardOpen {
			continue
		}
		if err := s.store.closeCard(ctx, c.ID, now); err != nil {
			return err
		}
		if !c.Live(now) {
			continue
		}
		err := s.Outbox.Enqueue(ctx, outbox.Message{
			Channel: channelCard, DedupeKey: "card:" + c.ID.String() + ":close", Payload: cardPayload{Card: c.ID, Close: true},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// cardCount is what the card shows: who comes of who is expected, or, without an activity, who has read.
func (s *Service) cardCount(ctx context.Context, n Notice) (count, limit int, err error) {
	if n.Activity != 0 && s.activities != nil {
		c, err := s.activities.Counts(ctx, n.Activity)
		if c.Capacity > 0 { // of the places; fewer than are taken when their number was lowered
			return c.Seats, max(c.Capacity, c.Seats), err
		}
		return c.Going, c.Expected, err
	}
	t, err := s.store.tally(ctx, n.ID, actor.Scope{All: true})
	return t.Read, t.Recipients, err
}

// dispatchCard shows the present state of a card in the group. It always tells what is true when it
// runs, so messages that were queued before it lose nothing by being skipped.
func (s *Service) dispatchCard(ctx context.Context, payload []byte) (bool, error) {
	var p cardPayload
	if err := json.Unmarshal(payload, &p); err != nil {
		return false, err
	}
	c, err := s.store.card(ctx, p.Card)
	if err != nil {
		return true, err
	}
	now := s.Clock.Now()
	if !now.Before(c.ExpiresAt) || c.SharedAt.IsZero() {
		return false, nil // nothing hangs anywhere any more
	}
	if p.Close {
		return answered(s.WeChat.UpdateCard(ctx, c.ActivityID, wechat.CardUpdate{State: wechat.CardClosed}))
	}
	if c.State != wechat.CardOpen {
		return false, nil
	}
	n, err := s.store.any(ctx, c.Notice)
	if err != nil {
		return true, err
	}
	count, limit, err := s.cardCount(ctx, n)
	if err != nil {
		return true, err
	}
	if n.State != Published || (count == c.Count && limit == c.Limit) {
		return false, nil
	}
	if next := c.UpdatedAt.Add(s.CardEvery); now.Before(next) {
		return true, outbox.NotBefore(errTooFast, next)
	}
	if retryable, err := answered(s.WeChat.UpdateCard(ctx, c.ActivityID, wechat.CardUpdate{State: wechat.CardOpen, Count: count, Limit: limit})); err != nil {
		return retryable, err
	}
	err = s.DB.Tx(context.WithoutCancel(ctx), func(ctx context.Context) error {
		return s.store.showCard(ctx, c.ID, count, limit, s.Clock.Now())
	})
	return true, err
}

var errTooFast = errs.New(errs.TooMany, "notice.card_too_fast", "群卡片刚刚更新过")

// answered is the protocol of calls that do no harm when repeated.
func answered(err error) (bool, error) {
	e, ok := wechat.As(err)
	if wechat.Down(err) {
		err = outbox.Outage(err, time.Time{})
	}
	return !ok || e.Retryable || e.Ambiguous, err
}
