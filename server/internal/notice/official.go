package notice

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/outbox"
	"bense/server/internal/wechat"
)

// ServiceAccount is the official account; *wechat.Official is one.
type ServiceAccount interface {
	Template(occasion string) (wechat.TemplateConfig, bool)
	SendTemplate(ctx context.Context, m wechat.SubscribeMessage, key string) (ref string, err error)
	Follower(ctx context.Context, openID string) (wechat.Follower, error)
}

// Outbox channels of the official account.
const (
	channelOfficial = "official_push"
	channelFollower = "official_follower"
)

// officialLane reaches those who follow the official account. Its openids are others than the
// mini-program's; the unionid says who is who.
type officialLane struct{ s *Service }

func (l officialLane) serves(occasion string) bool {
	if l.s.Official == nil {
		return false
	}
	t, ok := l.s.Official.Template(occasion)
	return ok && t.ID != ""
}

func (l officialLane) byPerson() bool { return false }
func (l officialLane) outbox() string { return channelOfficial }

func (l officialLane) reserve(ctx context.Context, _ string, to []target, _ time.Time) (map[id.ID]bool, error) {
	keys := make([]id.ID, 0, len(to))
	for _, t := range to {
		keys = append(keys, t.account)
	}
	found, err := l.followers(ctx, keys)
	out := make(map[id.ID]bool, len(found))
	for account := range found {
		out[account] = true
	}
	return out, err
}

// followers gives the openids at the official account of those of the accounts that follow it.
func (l officialLane) followers(ctx context.Context, accounts []id.ID) (map[id.ID]string, error) {
	union, err := l.s.Accounts.UnionIDs(ctx, accounts)
	if err != nil || len(union) == 0 {
		return nil, err
	}
	all := make([]string, 0, len(union))
	for _, u := range union {
		all = append(all, u)
	}
	slices.Sort(all)
	open, err := l.s.store.followers(ctx, slices.Compact(all))
	out := map[id.ID]string{}
	for account, u := range union {
		if o := open[u]; o != "" {
			out[account] = o
		}
	}
	return out, err
}

func (l officialLane) send(ctx context.Context, p parcel) (string, error) {
	open, err := l.followers(ctx, []id.ID{p.Account})
	if err != nil {
		return "", &wechat.Error{Code: wechat.Unavailable, Retryable: true} // nothing was sent yet
	}
	if open[p.Account] == "" {
		return "", &wechat.Error{Code: wechat.NotFollower}
	}
	t, _ := l.s.Official.Template(p.Template)
	m := t.Message(open[p.Account], l.s.Page+p.notice.ID.String(), meanings(p.Delivery, p.notice, p.about))
	return l.s.Official.SendTemplate(ctx, m, p.ID.String())
}

// returned remembers that somebody follows no more, so that the next message doesn't begin here.
func (l officialLane) returned(ctx context.Context, d Delivery, code string, now time.Time) error {
	if code != wechat.NotFollower {
		return nil
	}
	union, err := l.s.Accounts.UnionIDs(ctx, []id.ID{d.Account})
	if err != nil || union[d.Account] == "" {
		return err
	}
	return l.s.store.unfollow(ctx, union[d.Account], now)
}

type followerPayload struct {
	Follower id.ID `json:"follower"`
}

// HandleOfficialEvent takes in what the official account's callback tells: who follows it, and what became of
// a message.
func (s *Service) HandleOfficialEvent(ctx context.Context, e wechat.Event) error {
	switch e.Kind {
	case wechat.EventFollow, wechat.EventUnfollow:
		return s.followed(ctx, e)
	case wechat.EventTemplate:
		return s.arrived(ctx, e.Items[0])
	}
	return nil
}

// followed notes the newest word; who is behind an openid has to be asked, in the worker.
func (s *Service) followed(ctx context.Context, e wechat.Event) error {
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		now := s.Clock.Now()
		first, err := s.store.firstTime(ctx, s.eventKey(e), now)
		if err != nil || !first {
			return err
		}
		at := e.At
		if at.IsZero() {
			at = now
		}
		key, fresh, err := s.store.follow(ctx, s.IDs.New(), e.OpenID, e.Kind == wechat.EventFollow, at, now)
		if err != nil || !fresh || e.Kind != wechat.EventFollow {
			return err
		}
		s.DB.AfterCommit(ctx, s.Outbox.Wake)
		return s.Outbox.Enqueue(ctx, outbox.Message{
			Channel: channelFollower, Payload: followerPayload{Follower: key}, DedupeKey: "follower:" + key.String() + ":" + at.UTC().Format(secondsText),
		})
	})
}

// dispatchFollower asks the platform who follows.
func (s *Service) dispatchFollower(ctx context.Context, payload []byte) (bool, error) {
	var p followerPayload
	if err := json.Unmarshal(payload, &p); err != nil {
		return false, err
	}
	openID, err := s.store.followerOpenID(ctx, p.Follower)
	if err != nil {
		return true, err
	}
	f, err := s.Official.Follower(ctx, openID)
	if err != nil {
		return answered(err)
	}
	return true, s.DB.Tx(ctx, func(ctx context.Context) error {
		return s.store.nameFollower(ctx, p.Follower, f.UnionID, f.Follows, s.Clock.Now())
	})
}

// arrived completes the message that the platform names. Its word may come before our own mark: then the
// platform is asked to repeat it.
func (s *Service) arrived(ctx context.Context, item wechat.EventItem) error {
	meant, _, err := s.store.byRef(ctx, Official, item.MessageID)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.store.lockAll(ctx, []id.ID{meant.Notice}); err != nil {
			return err
		}
		d, found, err := s.store.byRef(ctx, Official, item.MessageID)
		if err != nil {
			return err
		}
		if !found {
			waiting, err := s.store.anySending(ctx, Official)
			if err == nil && waiting {
				err = errs.ErrUnavailable
			}
			return err
		}
		now := s.Clock.Now()
		if item.Delivered() {
			_, err := s.store.moveDelivery(ctx, d.ID, Delivered, "", now, Sending, Sent, Uncertain)
			return err
		}
		to, code := Failed, "system"
		if item.Errcode == refusedErrcode {
			to, code = Refused, wechat.Refused
		}
		moved, err := s.store.moveDelivery(ctx, d.ID, to, code, now, Sending, Sent, Uncertain)
		if err != nil || !moved {
			return err
		}
		return courier{s, Official, officialLane{s}}.back(ctx, d, to, code, now)
	})
}
