package notice

import (
	"context"
	"errors"
	"slices"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// ErrNoDate is the answer to the wish for a calendar entry of something that has no time.
var ErrNoDate = errs.New(errs.Conflict, "notice.no_date", "这条通知没有活动时间，不用加进日历")

// Forward gives a notice as it may be passed on; whoever may read it may pass it on.
func (s *Service) Forward(ctx context.Context, who actor.Actor, key id.ID) (Leaflet, error) {
	_, l, err := s.leaflet(ctx, who, key)
	return l, err
}

func (s *Service) leaflet(ctx context.Context, who actor.Actor, key id.ID) (Notice, Leaflet, error) {
	n, about, err := s.out(ctx, who, key)
	if err != nil {
		return n, Leaflet{}, err
	}
	a, err := s.Directory.Alliance(ctx, n.Alliance)
	return n, leaflet(n, about, a.Name, s.Contact, s.Clock.Now()), err
}

// Picture gives it as one picture, with the first of the notice's pictures in it. Only what has passed the check
// leaves the mini-program.
func (s *Service) Picture(ctx context.Context, who actor.Actor, key id.ID) ([]byte, error) {
	n, l, err := s.leaflet(ctx, who, key)
	if err != nil {
		return nil, err
	}
	photos, err := s.store.photos(ctx, []id.ID{n.source()})
	if err != nil {
		return nil, err
	}
	list := photos[n.source()]
	i := slices.IndexFunc(list, func(p Photo) bool { return p.State == PhotoPassed })
	if i < 0 {
		return l.Picture(nil)
	}
	_, data, err := s.store.photo(ctx, s.Box, list[i].ID)
	if errors.Is(err, ErrNoPhoto) { // taken off at this moment
		return l.Picture(nil)
	}
	if err != nil {
		return nil, err
	}
	done, err := s.slot(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	return l.Picture(data)
}

// Calendar gives the activity of a notice as an iCalendar file.
func (s *Service) Calendar(ctx context.Context, who actor.Actor, key id.ID) ([]byte, error) {
	n, about, err := s.out(ctx, who, key)
	if err != nil {
		return nil, err
	}
	if about == nil {
		return nil, ErrNoDate
	}
	moved, err := s.store.moves(ctx, []id.ID{n.ID, n.Follows})
	return calendarEntry(n, *about, n.Revision+len(moved[n.ID])+len(moved[n.Follows]), s.Clock.Now()), err
}

// out gives a notice that has been published, with its activity.
func (s *Service) out(ctx context.Context, who actor.Actor, key id.ID) (Notice, *Facts, error) {
	n, err := s.seen(ctx, who, key)
	if err != nil {
		return n, nil, err
	}
	if !n.Went() {
		return n, nil, ErrNotOut
	}
	about, err := s.facts(ctx, n.Activity)
	return n, about, err
}
