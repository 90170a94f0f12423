package notice

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/outbox"
)

// This file is what other packages tell notices, in their own transaction.

// ForActivity gives the notice of an activity that was not cancelled: the published one, else the draft.
func (s *Service) ForActivity(ctx context.Context, activity id.ID) (id.ID, bool, error) {
	m, err := s.ForActivities(ctx, []id.ID{activity})
	n, ok := m[activity]
	return n.ID, ok, err
}

// ForActivities does so for a page of activities. Drafts exist only for those who write notices: look at Went.
func (s *Service) ForActivities(ctx context.Context, activities []id.ID) (map[id.ID]Notice, error) {
	if len(activities) == 0 {
		return map[id.ID]Notice{}, nil
	}
	list, err := s.store.ofActivities(ctx, activities)
	out := make(map[id.ID]Notice, len(list))
	for _, n := range list {
		if _, better := out[n.Activity]; !better {
			out[n.Activity] = n
		}
	}
	return out, err
}

// Hold locks the notices of an activity whose row is locked already.
func (s *Service) Hold(ctx context.Context, activity id.ID) error {
	return s.store.lockOf(ctx, activity)
}

// Answered is called when somebody's answer to an activity was recorded: the person is reached, and the
// card in the group will show the new count. It counts as read when the account that answered acts for
// the person, and not when staff wrote the answer down.
func (s *Service) Answered(ctx context.Context, activity, person, byAccount id.ID) error {
	m, err := s.ForActivities(ctx, []id.ID{activity})
	n, ok := m[activity]
	if err != nil || !ok || !n.Went() {
		return err
	}
	own, err := s.actsFor(ctx, byAccount, person)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		now := s.Clock.Now()
		after, err := s.store.following(ctx, n.ID)
		if err != nil {
			return err
		}
		for _, one := range append(after, n) {
			if own {
				if _, err := s.store.markRead(ctx, one.ID, []id.ID{person}, ViaAnswer, byAccount, now); err != nil {
					return err
				}
			}
			if err := s.store.markAnswered(ctx, one.ID, person, now); err != nil {
				return err
			}
		}
		return s.cardLater(ctx, n)
	})
}

func (s *Service) actsFor(ctx context.Context, account, person id.ID) (bool, error) {
	if account == 0 {
		return false, nil
	}
	m, err := s.Accounts.AccountsOf(ctx, []id.ID{person})
	for _, a := range m[person] {
		if a.ID == account {
			return true, err
		}
	}
	return false, err
}

// ActivityCancelled calls the activity's notice off with it; people are told if they had the notice.
func (s *Service) ActivityCancelled(ctx context.Context, activity id.ID, reason string) error {
	m, err := s.ForActivities(ctx, []id.ID{activity})
	n, ok := m[activity]
	if err != nil || !ok {
		return err
	}
	if runes := []rune(reason); len(runes) > maxReason {
		reason = string(runes[:maxReason])
	}
	call := func(n Notice) (Notice, error) { return n.Cancel(reason, s.Clock.Now()) }
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		if n.State != Closed {
			return s.finish(ctx, actor.System, n.ID, "notice.cancel", call)
		}
		// nobody hears from the closed one any more: what followed it tells its own people
		after, err := s.store.following(ctx, n.ID)
		for _, f := range after {
			if err := s.finish(ctx, actor.System, f.ID, "notice.cancel", call); err != nil {
				return err
			}
		}
		return err
	})
}

// endFollowing calls off what followed a notice that was called off, without a word of its own: its people
// have the notice too.
func (s *Service) endFollowing(ctx context.Context, n Notice) error {
	after, err := s.store.following(ctx, n.ID)
	for _, f := range after {
		if err := s.quietly(ctx, f, n.Reason); err != nil {
			return err
		}
	}
	return err
}

// announce queues messages about a change or a cancellation to everybody who had the notice.
func (s *Service) announce(ctx context.Context, n Notice) error {
	rows, err := s.store.recipients(ctx, n.ID, actor.Scope{All: true}, Everybody)
	if err != nil {
		return err
	}
	_, err = s.push(ctx, n, ForChange, personsOf(rows), false)
	return err
}

// PersonChanged is the ledger's hook: who has moved away or died is not addressed any more, from this
// very commit on; who comes back is.
func (s *Service) PersonChanged(ctx context.Context, p ledger.Person) error {
	var at time.Time
	if p.Status != ledger.Active {
		at = s.Clock.Now()
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error { return s.store.stop(ctx, p.ID, at) })
}

// InHand is a notice that somebody has to see through: a draft, or one that is out and not closed.
type InHand struct {
	Notice
	Unreached int // of one that is out
}

// InHand gives what an alliance has in hand, the oldest first.
func (s *Service) InHand(ctx context.Context, alliance id.ID) ([]InHand, error) {
	list, err := s.store.unfinished(ctx, alliance)
	if err != nil {
		return nil, err
	}
	out := make([]InHand, len(list))
	for i, n := range list {
		out[i].Notice = n
		if !n.Went() {
			continue
		}
		t, err := s.store.tally(ctx, n.ID, actor.Scope{All: true})
		if err != nil {
			return nil, err
		}
		out[i].Unreached = t.Unreached
	}
	return out, nil
}

// Titles gives the titles of those of the notices that exist.
func (s *Service) Titles(ctx context.Context, keys []id.ID) (map[id.ID]string, error) {
	return s.store.titles(ctx, keys)
}

// PassDrafts makes an account answer for an alliance's drafts that others answered for. Who wrote them stays their
// author: nobody comes to approve their own words by handing over.
func (s *Service) PassDrafts(ctx context.Context, alliance id.ID, from []id.ID, to id.ID) error {
	return s.DB.Tx(ctx, func(ctx context.Context) error { return s.store.passDrafts(ctx, alliance, from, to) })
}

// PruneEvents forgets WeChat's events that came before a time; WeChat repeats none for that long. Who stopped following the
// official account before it is forgotten with them.
func (s *Service) PruneEvents(ctx context.Context, before time.Time) error {
	return s.DB.Tx(ctx, func(ctx context.Context) error { return s.store.pruneEvents(ctx, before) })
}

// Outbox channels of this package.
const (
	channelPush   = "wechat_push"
	channelCard   = "wechat_card"
	channelClose  = "notice_close"
	channelRemind = "notice_remind"
	channelDue    = "notice_due"
	channelPhoto  = "notice_picture"

	channelPhotoLate = "notice_picture_late"
)

// Dispatchers are this package's part of the outbox worker.
func (s *Service) Dispatchers() map[string]outbox.Dispatcher {
	list := map[string]outbox.Dispatcher{
		channelPush:   pusher{s},
		channelCard:   outbox.DispatchFunc(s.dispatchCard),
		channelClose:  outbox.DispatchFunc(s.dispatchClose),
		channelRemind: outbox.DispatchFunc(s.dispatchRemind),
		channelDue:    outbox.DispatchFunc(s.dispatchDue),
		channelPhoto:  asker{s},

		channelPhotoLate: outbox.DispatchFunc(s.photoLate),
	}
	if s.Official != nil {
		list[channelOfficial], list[channelFollower] = courier{s, Official, officialLane{s}}, outbox.DispatchFunc(s.dispatchFollower)
	}
	if s.Texts != nil {
		list[channelSMS] = courier{s, SMS, smsLane{s}}
	}
	if s.Robots != nil {
		list[channelRobot] = outbox.DispatchFunc(s.dispatchRobot)
	}
	return list
}

type closePayload struct {
	Notice id.ID `json:"notice"`
}

// closeLater ends the notice when its activity is over.
func (s *Service) closeLater(ctx context.Context, n Notice, about *Facts) error {
	if about == nil {
		return nil
	}
	return s.Outbox.Enqueue(ctx, outbox.Message{
		Channel: channelClose, DedupeKey: "close:" + n.ID.String() + ":" + about.EndsAt.UTC().Format(secondsText),
		Payload: closePayload{Notice: n.ID}, RunAt: about.EndsAt.Add(time.Second),
	})
}

func (s *Service) dispatchClose(ctx context.Context, payload []byte) (bool, error) {
	var p closePayload
	if err := json.Unmarshal(payload, &p); err != nil {
		return false, err
	}
	err := s.DB.Tx(ctx, func(ctx context.Context) error {
		n, err := s.store.lock(ctx, p.Notice)
		if err != nil || n.State != Published {
			return err
		}
		about, err := s.facts(ctx, n.Activity)
		if err != nil || about == nil {
			return err
		}
		if s.Clock.Now().Before(about.EndsAt) {
			return s.closeLater(ctx, n, about) // it was put off
		}
		return s.finish(ctx, actor.System, n.ID, "notice.close", func(n Notice) (Notice, error) { return n.Close(s.Clock.Now()) })
	})
	if e, ok := errs.As(err); ok && e.Kind == errs.NotFound {
		return false, err
	}
	return true, err
}

func personsOf(rows []Recipient) []id.ID {
	out := make([]id.ID, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.Person)
	}
	return slices.Clip(out)
}

// quietly calls a notice off without telling anybody.
func (s *Service) quietly(ctx context.Context, was Notice, reason string) error {
	n, err := was.Cancel(reason, s.Clock.Now())
	if err != nil {
		return err
	}
	if err := s.store.update(ctx, was, n); err != nil {
		return err
	}
	if err := s.closeCards(ctx, n.ID); err != nil {
		return err
	}
	if err := s.store.dropProposal(ctx, n.ID); err != nil {
		return err
	}
	return s.audit(ctx, actor.System, "notice.cancel", n, nil)
}
