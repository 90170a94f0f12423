package notice

import (
	"context"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/outbox"
	"bense/server/internal/page"
	"bense/server/internal/wechat"
)

// Deps are what a Service works with.
type Deps struct {
	DB         *db.DB
	Box        *crypt.Box
	IDs        *id.Source
	Clock      clock.Clock
	Audit      *audit.Log
	Outbox     *outbox.Outbox
	Directory  Directory
	Committees Committees
	Groups     Groups
	Accounts   Accounts
	WeChat     WeChat
	// Templates by occasion, as wechat.Config has them; an occasion without one is not pushed.
	Templates map[string]wechat.TemplateConfig
	// Further channels; each is nil where the installation doesn't have it.
	Official ServiceAccount
	Robots   GroupRobot
	Texts    Texts
	ChatTool bool
	// Page is what a message and a card open; the notice's id is appended.
	// Empty: packages/notice/detail?id=
	Page string
	// PublicURL is where WeChat fetches the pictures that it checks.
	PublicURL string
	// Contact stands on what is passed on outside of the mini-program.
	Contact Contact
	// CardEvery is the shortest time between two updates of a group card; zero: 10 s.
	CardEvery time.Duration
}

// Service is the notices. Methods that take an actor check its permission first; the others are
// called by packages that have done so, in their transaction.
type Service struct {
	Deps
	store      store
	activities Activities
	drawing    chan struct{}
}

// New makes a Service; UseActivities follows before the first request.
func New(d Deps) *Service {
	if d.Page == "" {
		d.Page = "packages/notice/detail?id="
	}
	if d.CardEvery <= 0 {
		d.CardEvery = 10 * time.Second
	}
	return &Service{Deps: d, store: store{db: d.DB}, drawing: make(chan struct{}, drawing)}
}

// UseActivities wires the package above: notices ask it for facts, it tells notices what happened.
func (s *Service) UseActivities(a Activities) { s.activities = a }

// Create makes a draft for an alliance; the activity, if any, must be one of that alliance.
func (s *Service) Create(ctx context.Context, who actor.Actor, alliance, activity id.ID, title, body string) (Item, error) {
	a, err := s.Directory.Alliance(ctx, alliance)
	if err != nil {
		return Item{}, err
	}
	if !who.Scope(actor.SeeOrg).Covers(a.Place()) {
		return Item{}, errs.ErrNotFound
	}
	if err := who.Must(actor.WriteNotice, a.Place()); err != nil {
		return Item{}, err
	}
	if activity != 0 {
		about, err := s.facts(ctx, activity)
		if err != nil {
			return Item{}, err
		}
		if about == nil || about.Alliance != alliance {
			return Item{}, errs.ErrNotFound
		}
	}
	var key id.ID
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if activity != 0 {
			if err := s.activities.Lock(ctx, activity); err != nil {
				return err
			}
		}
		key, err = s.draft(ctx, who, a.Place(), activity, title, body)
		return err
	})
	if err != nil {
		return Item{}, err
	}
	return s.Get(ctx, who, key)
}

// DraftFor drafts the announcement of an activity in the transaction that makes it.
func (s *Service) DraftFor(ctx context.Context, who actor.Actor, activity, alliance id.ID, title, body string) (id.ID, error) {
	a, err := s.Directory.Alliance(ctx, alliance)
	if err != nil {
		return 0, err
	}
	if err := who.Must(actor.WriteNotice, a.Place()); err != nil {
		return 0, err
	}
	var key id.ID
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		key, err = s.draft(ctx, who, a.Place(), activity, title, body)
		return err
	})
	return key, err
}

func (s *Service) draft(ctx context.Context, who actor.Actor, at actor.Place, activity id.ID, title, body string) (id.ID, error) {
	n, err := Compose(title, body, at, activity, who.Account, s.IDs.New(), s.Clock.Now())
	if err != nil {
		return 0, err
	}
	if activity != 0 {
		_, exists, err := s.ForActivity(ctx, activity)
		if err != nil {
			return 0, err
		}
		if exists {
			return 0, ErrExists
		}
	}
	if err := s.store.insert(ctx, n); err != nil {
		return 0, err
	}
	return n.ID, s.audit(ctx, who, "notice.draft", n, nil)
}

// Edit changes a draft; nil leaves alone.
func (s *Service) Edit(ctx context.Context, who actor.Actor, key id.ID, title, body *string) (Item, error) {
	if _, err := s.ownable(ctx, who, key); err != nil {
		return Item{}, err
	}
	err := s.DB.Tx(ctx, func(ctx context.Context) error {
		was, err := s.store.lock(ctx, key)
		if err != nil {
			return err
		}
		n, err := was.Edited(title, body, who.Account, s.Clock.Now())
		if err != nil {
			return err
		}
		if err := s.store.update(ctx, was, n); err != nil {
			return err
		}
		return s.audit(ctx, who, "notice.edit", n, nil)
	})
	if err != nil {
		return Item{}, err
	}
	return s.Get(ctx, who, key)
}

// Get gives one notice with the persons that the asker acts for. Drafts exist only for those who write.
func (s *Service) Get(ctx context.Context, who actor.Actor, key id.ID) (Item, error) {
	n, err := s.seen(ctx, who, key)
	if err != nil {
		return Item{}, err
	}
	items, err := s.items(ctx, who, []Notice{n})
	if err != nil {
		return Item{}, err
	}
	return items[0], nil
}

// List gives the notices of alliances, the newest first.
func (s *Service) List(ctx context.Context, who actor.Actor, f Filter) (page.List[Item], error) {
	list, err := s.store.list(ctx, who.Scope(actor.SeeActivity), who.Scope(actor.WriteNotice), f)
	if err != nil {
		return page.List[Item]{}, err
	}
	return s.page(ctx, who, list, f.Page, func(n Notice) string { return n.ID.String() })
}

// Inbox gives what was published to the persons that the account acts for, the newest first.
func (s *Service) Inbox(ctx context.Context, who actor.Actor, p page.Page) (page.List[Item], error) {
	list, err := s.store.inbox(ctx, who.Persons, p)
	if err != nil {
		return page.List[Item]{}, err
	}
	return s.page(ctx, who, list, p, cursor)
}

func (s *Service) page(ctx context.Context, who actor.Actor, list []Notice, p page.Page, cursor func(Notice) string) (page.List[Item], error) {
	cut := page.Of(list, p.Size(), cursor)
	items, err := s.items(ctx, who, cut.Items)
	return page.List[Item]{Items: items, Next: cut.Next}, err
}

// Close ends a published notice before its activity does.
func (s *Service) Close(ctx context.Context, who actor.Actor, key id.ID) (Item, error) {
	return s.end(ctx, who, key, "notice.close", func(n Notice) (Notice, error) { return n.Close(s.Clock.Now()) })
}

// Cancel takes a draft back, or calls a published notice off and tells those who agreed to messages.
func (s *Service) Cancel(ctx context.Context, who actor.Actor, key id.ID, reason string) (Item, error) {
	return s.end(ctx, who, key, "notice.cancel", func(n Notice) (Notice, error) { return n.Cancel(reason, s.Clock.Now()) })
}

func (s *Service) end(ctx context.Context, who actor.Actor, key id.ID, action string, next func(Notice) (Notice, error)) (Item, error) {
	if _, err := s.ownable(ctx, who, key); err != nil {
		return Item{}, err
	}
	err := s.DB.Tx(ctx, func(ctx context.Context) error { return s.finish(ctx, who, key, action, next) })
	if err != nil {
		return Item{}, err
	}
	s.Outbox.Wake()
	return s.Get(ctx, who, key)
}

// finish ends a notice with what hangs on it: cards, and the word about a cancellation.
func (s *Service) finish(ctx context.Context, who actor.Actor, key id.ID, action string, next func(Notice) (Notice, error)) error {
	was, err := s.store.lock(ctx, key)
	if err != nil {
		return err
	}
	n, err := next(was)
	if err != nil {
		return err
	}
	if err := s.store.update(ctx, was, n); err != nil {
		return err
	}
	if n.Whole() {
		if err := s.finishCopies(ctx, who, n, action, next); err != nil {
			return err
		}
		return s.audit(ctx, who, action, n, nil)
	}
	if err := s.closeCards(ctx, n.ID); err != nil {
		return err
	}
	if err := s.store.dropProposal(ctx, n.ID); err != nil {
		return err
	}
	if n.State == Cancelled && n.Went() {
		if err := s.announce(ctx, n); err != nil {
			return err
		}
		if err := s.endFollowing(ctx, n); err != nil {
			return err
		}
	}
	return s.audit(ctx, who, action, n, nil)
}

// seen gives a notice that the actor may see.
func (s *Service) seen(ctx context.Context, who actor.Actor, key id.ID) (Notice, error) {
	return s.store.byID(ctx, who.Scope(actor.SeeActivity), who.Scope(actor.WriteNotice), key)
}

// running gives a notice to readers that the actor may share, have reminded and see through.
func (s *Service) running(ctx context.Context, who actor.Actor, key id.ID) (Notice, error) {
	n, err := s.writable(ctx, who, key)
	if err == nil && n.Whole() {
		return Notice{}, errs.ErrNotFound // each alliance has its own
	}
	return n, err
}

// writable gives a notice that the actor may change, publish and have reminded.
func (s *Service) writable(ctx context.Context, who actor.Actor, key id.ID) (Notice, error) {
	n, err := s.seen(ctx, who, key)
	if err != nil {
		return Notice{}, err
	}
	return n, who.Must(actor.WriteNotice, n.At())
}

// partly gives a notice over which the actor holds the permission, wholly or for a unit of its alliance;
// queries then narrow to the actor's scope.
func (s *Service) partly(ctx context.Context, who actor.Actor, perm actor.Permission, key id.ID) (Notice, error) {
	n, err := s.seen(ctx, who, key)
	if err != nil || who.Must(perm, n.At()) == nil {
		return n, err
	}
	for _, g := range who.Grants {
		if one := (actor.Actor{Grants: []actor.Grant{g}}); g.Place.Alliance == n.Alliance && one.May(perm) {
			return n, nil
		}
	}
	return Notice{}, errs.ErrForbidden
}

// facts gives the activity of a notice, nil when it has none.
func (s *Service) facts(ctx context.Context, activity id.ID) (*Facts, error) {
	if activity == 0 || s.activities == nil {
		return nil, nil
	}
	m, err := s.activities.Facts(ctx, []id.ID{activity})
	if f, ok := m[activity]; ok && err == nil {
		return &f, nil
	}
	return nil, err
}

func (s *Service) audit(ctx context.Context, who actor.Actor, action string, n Notice, detail map[string]any) error {
	return s.Audit.Write(ctx, who, audit.Line{Action: action, Kind: "notice", Subject: n.ID, Place: n.At(), Detail: detail})
}
