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
	PublicURL  string // https://HOST, stands in the venue code
}

// Service is the check-in. Methods that take an actor check its permission first.
type Service struct {
	Deps
	store   store
	codes   Codes
	guesses *guesses
}

// NewService makes a Service. App wires it into the activities below: UseAttendance(s),
// OnCreate(s.OpenDefaultList), OnMove(s.MoveDefaultList).
func NewService(d Deps) *Service {
	d.PublicURL = strings.TrimRight(d.PublicURL, "/")
	return &Service{Deps: d, store: store{d.DB}, codes: NewCodes(d.Box), guesses: newGuesses(d.Cache, d.Clock)}
}

// OpenDefaultList gives a new activity its list; it joins the transaction of ctx.
func (s *Service) OpenDefaultList(ctx context.Context, a activity.Activity) error {
	opens, closes := Window(a.StartsAt, a.EndsAt)
	return s.store.insertList(ctx, List{ID: s.IDs.New(), Activity: a.ID, Name: DefaultList, OpensAt: opens, ClosesAt: closes}, s.Clock.Now())
}

// MoveDefaultList moves the window along with the activity; it joins the transaction of ctx.
func (s *Service) MoveDefaultList(ctx context.Context, a activity.Activity) error {
	opens, closes := Window(a.StartsAt, a.EndsAt)
	return s.store.moveList(ctx, a.ID, opens, closes)
}

// Lists gives the lists of each activity, the main one first.
func (s *Service) Lists(ctx context.Context, activities []id.ID) (map[id.ID][]activity.ListRef, error) {
	all, err := s.store.lists(ctx, activities)
	out := map[id.ID][]activity.ListRef{}
	for _, l := range all {
		out[l.Activity] = append(out[l.Activity], activity.ListRef{ID: l.ID, Name: l.Name})
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

// IssueCard makes a card for a person who comes without a phone. Cards issued before stay valid:
// people keep one at home and one at the unit; a lost one is revoked.
func (s *Service) IssueCard(ctx context.Context, who actor.Actor, person id.ID) (serial string, err error) {
	p, err := s.cardHolder(ctx, who, person)
	if err != nil {
		return "", err
	}
	if p.Status != ledger.Active {
		return "", ErrInactive
	}
	serial = newSerial()
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.insertCard(ctx, serial, person, who.Account, s.Clock.Now()); err != nil {
			return err
		}
		return s.Audit.Write(ctx, who, audit.Line{Action: "checkin.issue_card", Kind: "person", Subject: person, Place: p.Place()})
	})
	return serial, err
}

// RevokeCard makes a card worthless; twice changes nothing.
func (s *Service) RevokeCard(ctx context.Context, who actor.Actor, serial string) error {
	known, err := s.store.cards(ctx, []string{serial})
	if err != nil {
		return err
	}
	c, ok := known[serial]
	if !ok {
		return errs.ErrNotFound
	}
	p, err := s.cardHolder(ctx, who, c.Person)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.revokeCard(ctx, serial, who.Account, s.Clock.Now()); err != nil {
			return err
		}
		return s.Audit.Write(ctx, who, audit.Line{Action: "checkin.revoke_card", Kind: "person", Subject: c.Person, Place: p.Place()})
	})
}

// cardHolder gives a person whom the actor sees (else 404) and may hand a card to (else 403).
func (s *Service) cardHolder(ctx context.Context, who actor.Actor, person id.ID) (ledger.Person, error) {
	p, err := s.Directory.Person(ctx, person)
	if err != nil {
		return ledger.Person{}, err
	}
	if !who.Scope(actor.SeePerson).Covers(p.Place()) {
		return ledger.Person{}, errs.ErrNotFound
	}
	return p, who.Must(actor.ConfirmClaim, p.Place())
}
