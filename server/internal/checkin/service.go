package checkin

import (
	"context"
	"strings"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/cache"
	"bense/server/internal/clock"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/live"
)

// Deps are what a Service works with.
type Deps struct {
	DB         *db.DB
	Box        *crypt.Box
	IDs        *id.Source
	Clock      clock.Clock
	Audit      *audit.Log
	Cache      *cache.Cache // nil: wrong codes are counted in this process only
	Directory  Directory
	Activities Activities
	Accounts   Accounts
	Versions   *cache.Versions
	Live       Live      // told after each commit; nil: nobody is
	Hub        *live.Hub // whom doors and big screens listen to; nil: they look every few seconds
	Pictures   Pictures  // nil: posters have a QR code only
	PublicURL  string    // https://HOST, stands in the venue code
	Lock       Lock      // of those who issue cards
	Help       Help      // whom a printed card says to call
}

// Service is the check-in. Methods that take an actor check its permission first.
type Service struct {
	Deps
	store     store
	codes     Codes
	guesses   *guesses
	writer    *writer
	snapshots *snapshots
	told      *told
	shared    shared
	metrics   metrics
	feeds     *live.Feeds[*picture]
	boards    *live.Feeds[*screen]
	waiting   live.Gate // doors
	screens   live.Gate // big screens
	printers  chan struct{}
}

// NewService makes a Service. App wires it into the activities below: UseAttendance(s),
// OnCreate(s.OpenDefaultList), OnMove(s.MoveDefaultList), OnChange(s.ActivityChanged); Close ends it.
func NewService(d Deps) *Service {
	d.PublicURL = strings.TrimRight(d.PublicURL, "/")
	s := &Service{Deps: d, store: store{d.DB}, codes: NewCodes(d.Box), guesses: newGuesses(d.Cache, d.Clock), metrics: newMetrics(),
		waiting: live.NewGate(marksWaiting), screens: live.NewGate(boardViewers),
		printers: make(chan struct{}, drawnAtOnce)}
	s.feeds = live.NewFeeds(d.Hub, s.look)
	s.boards = live.NewFeeds(d.Hub, s.lookAtBoard)
	s.shared = shared{d.Cache, d.Box, d.Clock}
	s.told = &told{tell: d.Audit.WriteAll}
	s.writer = newWriter(s.commit)
	s.snapshots = newSnapshots(d.Clock, s.loadSnapshot)
	return s
}

// OpenDefaultList gives a new activity its list; it joins the transaction of ctx.
func (s *Service) OpenDefaultList(ctx context.Context, a activity.Activity) error {
	opens, closes := Window(a.StartsAt, a.EndsAt)
	return s.store.insertList(ctx, List{ID: s.IDs.New(), Activity: a.ID, Kind: MainList, Name: DefaultList, OpensAt: opens, ClosesAt: closes}, s.Clock.Now())
}

// MoveDefaultList moves the windows along with the activity, but those that were chosen by hand; it
// joins the transaction of ctx.
func (s *Service) MoveDefaultList(ctx context.Context, a activity.Activity) error {
	all, err := s.store.allLists(ctx, a.ID)
	if err != nil {
		return err
	}
	for _, l := range all {
		if err := s.store.changeList(ctx, l.Moved(a)); err != nil {
			return err
		}
	}
	return s.Versions.Raise(ctx, a.ID)
}

// Lists gives the lists of each activity, the main one first.
func (s *Service) Lists(ctx context.Context, activities []id.ID) (map[id.ID][]activity.ListRef, error) {
	all, err := s.store.lists(ctx, activities)
	out := map[id.ID][]activity.ListRef{}
	for _, l := range all {
		out[l.Activity] = append(out[l.Activity], activity.ListRef{ID: l.ID, Name: l.Name, Kind: string(l.Kind)})
	}
	return out, err
}

// PresentCounts counts who is there, on the main list of each activity.
func (s *Service) PresentCounts(ctx context.Context, activities []id.ID) (map[id.ID]int, error) {
	return s.store.presentCounts(ctx, activities)
}

// PresentAt tells since when those of the persons are there who are, on the main lists.
func (s *Service) PresentAt(ctx context.Context, activities, persons []id.ID) (map[id.ID]map[id.ID]time.Time, error) {
	return s.store.presentAt(ctx, activities, persons)
}

// open gives a list and its activity, which the actor sees (else 404) and holds the permission over
// (else 403).
func (s *Service) open(ctx context.Context, who actor.Actor, perm actor.Permission, listID id.ID) (List, activity.Activity, error) {
	l, a, err := s.listOf(ctx, listID)
	if err != nil {
		return List{}, activity.Activity{}, err
	}
	if !who.Scope(actor.SeeActivity).Covers(a.At()) {
		return List{}, activity.Activity{}, errs.ErrNotFound
	}
	return l, a, who.Must(perm, a.At())
}

// ScreenCode is the venue code with the link that a phone's camera opens.
type ScreenCode struct {
	VenueCode
	URL string
}

// VenueCode gives what the screen at the door shows now.
func (s *Service) VenueCode(ctx context.Context, who actor.Actor, listID id.ID) (ScreenCode, error) {
	l, a, err := s.open(ctx, who, actor.CheckInOthers, listID)
	if err != nil {
		return ScreenCode{}, err
	}
	if a.Cancelled {
		return ScreenCode{}, activity.ErrCancelled
	}
	if err := s.Activities.Refresh(ctx, a.ID); err != nil {
		return ScreenCode{}, err
	}
	s.snapshots.warm(l.ID)
	code := s.codes.Venue(l.ID, s.Clock.Now())
	return ScreenCode{VenueCode: code, URL: s.PublicURL + venuePath + code.Token}, nil
}

// MemberCode gives what a member's phone shows at the door: for a person the account is confirmed for.
func (s *Service) MemberCode(ctx context.Context, who actor.Actor, person id.ID) (text string, expires time.Time, err error) {
	if !who.ActsFor(person) {
		return "", time.Time{}, errs.ErrNotFound
	}
	p, err := s.Directory.Person(ctx, person)
	if err != nil {
		return "", time.Time{}, err
	}
	if p.Status != ledger.Active {
		return "", time.Time{}, ErrInactive
	}
	text, expires = s.codes.MemberCode(person, s.Clock.Now())
	return text, expires, nil
}
