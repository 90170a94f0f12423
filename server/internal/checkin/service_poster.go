package checkin

import (
	"context"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Pictures makes mini-program codes; *wechat.Client does.
type Pictures interface {
	QRCode(ctx context.Context, scene, page string) ([]byte, error)
}

// visitPage is the page of the mini-program that a poster opens.
const visitPage = "packages/checkin/visit"

// PosterURL is the text of a poster's QR code.
func (s *Service) PosterURL(p Poster) string { return s.PublicURL + venuePath + p.Text() }

// IssuePoster makes a poster of a list. It has the list's window unless it is given one of its own.
func (s *Service) IssuePoster(ctx context.Context, who actor.Actor, listID id.ID, from, until time.Time) (Poster, List, error) {
	l, a, err := s.open(ctx, who, actor.CheckInOthers, listID)
	if err != nil {
		return Poster{}, List{}, err
	}
	if a.Cancelled {
		return Poster{}, List{}, activity.ErrCancelled
	}
	now := s.Clock.Now()
	p := Poster{ID: s.IDs.New(), List: l.ID, Code: newSerial(), IssuedBy: who.Account, Issued: now, From: from.UTC(), Until: until.UTC()}
	if first, last := p.Window(l); !first.Before(last) || last.Sub(first) > max(posterMost, l.ClosesAt.Sub(l.OpensAt)) {
		return Poster{}, List{}, ErrPosterWindow
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.insertPoster(ctx, p); err != nil {
			return err
		}
		return s.Audit.Write(ctx, who, audit.Line{Action: "checkin.issue_poster", Kind: "activity", Subject: a.ID, Place: a.At(),
			Detail: map[string]any{"list": l.ID, "poster": p.ID}})
	})
	return p, l, err
}

// Posters gives the valid posters of a list.
func (s *Service) Posters(ctx context.Context, who actor.Actor, listID id.ID) ([]Poster, List, error) {
	l, _, err := s.open(ctx, who, actor.CheckInOthers, listID)
	if err != nil {
		return nil, List{}, err
	}
	list, err := s.store.posters(ctx, l.ID)
	return list, l, err
}

// RevokePoster makes a poster worthless; twice changes nothing.
func (s *Service) RevokePoster(ctx context.Context, who actor.Actor, posterID id.ID) error {
	p, _, a, err := s.openPoster(ctx, who, posterID)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.revokePoster(ctx, p.ID, who.Account, s.Clock.Now()); err != nil {
			return err
		}
		return s.Audit.Write(ctx, who, audit.Line{Action: "checkin.revoke_poster", Kind: "activity", Subject: a.ID, Place: a.At(),
			Detail: map[string]any{"list": p.List, "poster": p.ID}})
	})
}

// PosterPicture gives the mini-program code of a poster, which opens without the ordinary link being
// registered with WeChat.
func (s *Service) PosterPicture(ctx context.Context, who actor.Actor, posterID id.ID) ([]byte, error) {
	p, _, _, err := s.openPoster(ctx, who, posterID)
	if err != nil {
		return nil, err
	}
	if !p.Revoked.IsZero() || s.Pictures == nil {
		return nil, errs.ErrNotFound
	}
	image, err := s.Pictures.QRCode(ctx, p.Text(), visitPage)
	if err != nil {
		return nil, errs.Wrap(ErrPicture, err)
	}
	return image, nil
}

// PosterFile gives a poster as a PDF to print.
func (s *Service) PosterFile(ctx context.Context, who actor.Actor, posterID id.ID) ([]byte, error) {
	p, l, a, err := s.openPoster(ctx, who, posterID)
	if err != nil {
		return nil, err
	}
	if !p.Revoked.IsZero() {
		return nil, errs.ErrNotFound
	}
	from, until := p.Window(l)
	return PosterSheet{Activity: a, List: l, URL: s.PosterURL(p), Window: activity.Span(from, until)}.PDF()
}

// openPoster gives a poster whose list the actor may check in on.
func (s *Service) openPoster(ctx context.Context, who actor.Actor, posterID id.ID) (Poster, List, activity.Activity, error) {
	p, err := s.store.poster(ctx, posterID)
	if err != nil {
		return Poster{}, List{}, activity.Activity{}, err
	}
	l, a, err := s.open(ctx, who, actor.CheckInOthers, p.List)
	return p, l, a, err
}

// admission is what a scanned code admits to: a list, and what its record would have to be flagged for.
type admission struct {
	List        id.ID
	Current     bool
	Old, Poster bool
}

// admit reads a venue code or a poster; ok is false for what is none of ours.
func (s *Service) admit(ctx context.Context, text string, at time.Time) (a admission, ok bool, err error) {
	if code, form := ParsePoster(text); form {
		p, known, err := s.store.posterOf(ctx, code)
		if err != nil || !known {
			return admission{}, false, err
		}
		return admission{List: p.List, Current: p.Current(at), Poster: true}, true, nil
	}
	v, ok := s.codes.OpenVenue(text, at)
	return admission{List: v.List, Current: v.Current, Old: v.Old}, ok, nil
}
