package notice

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/attachment"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/outbox"
	"bense/server/internal/wechat"
)

// drawing bounds how many pictures are unpacked at once: each may take two hundred megabytes for a moment.
const drawing = 2

// slot waits for a turn at unpacking a picture, and gives the way to end it.
func (s *Service) slot(ctx context.Context) (func(), error) {
	select {
	case s.drawing <- struct{}{}:
		return func() { <-s.drawing }, nil
	case <-ctx.Done():
		return nil, errs.Wrap(errs.ErrUnavailable, ctx.Err())
	}
}

// AddPhoto draws a picture anew, keeps it with a draft and asks WeChat about it; the answer comes later.
func (s *Service) AddPhoto(ctx context.Context, who actor.Actor, key id.ID, data []byte) (Item, error) {
	n, err := s.ownable(ctx, who, key)
	if err != nil {
		return Item{}, err
	}
	if err := n.open(); err != nil {
		return Item{}, err
	}
	done, err := s.slot(ctx)
	if err != nil {
		return Item{}, err
	}
	defer done()
	drawn, err := attachment.Redraw(data)
	if err != nil {
		return Item{}, err
	}
	p := Photo{ID: s.IDs.New(), Notice: key, Width: drawn.Width, Height: drawn.Height, Size: len(drawn.Data), State: PhotoPending,
		By: who.Account, CreatedAt: s.Clock.Now()}
	_, err = s.change(ctx, who, key, "notice.add_picture", func(was Notice) (Notice, error) {
		if err := was.open(); err != nil {
			return was, err
		}
		have, err := s.store.photos(ctx, []id.ID{key})
		if err != nil {
			return was, err
		}
		if len(have[key]) >= maxPhotos {
			return was, ErrPhotos
		}
		was.Editor = who.Account
		return was.redrawn(p.CreatedAt), nil
	}, func(ctx context.Context) error {
		if err := s.store.insertPhoto(ctx, s.Box, p, drawn.Data); err != nil {
			return err
		}
		return s.askAbout(ctx, p)
	})
	if err != nil {
		return Item{}, err
	}
	s.Outbox.Wake()
	return s.Get(ctx, who, key)
}

// RemovePhoto takes a picture off a draft, or off a notice that is out: somebody in it may ask for that.
func (s *Service) RemovePhoto(ctx context.Context, who actor.Actor, key, photo id.ID) (Item, error) {
	n, err := s.ownable(ctx, who, key)
	if err != nil {
		return Item{}, err
	}
	return s.change(ctx, who, key, "notice.remove_picture", func(was Notice) (Notice, error) {
		switch {
		case was.Waits():
			return was, ErrWaits
		case was.State == Draft:
			return was.redrawn(s.Clock.Now()), nil
		}
		was.UpdatedAt = s.Clock.Now()
		return was, nil
	}, func(ctx context.Context) error {
		gone, err := s.store.deletePhoto(ctx, n.source(), photo)
		if err == nil && !gone {
			err = ErrNoPhoto
		}
		return err
	})
}

// Photo gives a picture to whoever sees its notice.
func (s *Service) Photo(ctx context.Context, who actor.Actor, key, photo id.ID) ([]byte, error) {
	n, err := s.seen(ctx, who, key)
	if err != nil {
		return nil, err
	}
	p, data, err := s.store.photo(ctx, s.Box, photo)
	if err == nil && p.Notice != n.source() {
		err = ErrNoPhoto
	}
	return data, err
}

// Shown gives a picture to WeChat's check, which carries no session: the address proves itself, and is dead
// once the picture has been judged.
func (s *Service) Shown(ctx context.Context, token string) ([]byte, error) {
	name, _, _ := strings.Cut(token, ".")
	key, err := id.Parse(name)
	if err != nil || subtle.ConstantTimeCompare([]byte(s.photoToken(key)), []byte(token)) != 1 {
		return nil, ErrNoPhoto
	}
	p, data, err := s.store.photo(ctx, s.Box, key)
	if err == nil && p.State != PhotoPending {
		err = ErrNoPhoto
	}
	return data, err
}

func (s *Service) photoToken(photo id.ID) string {
	return photo.String() + "." + hex.EncodeToString(s.Box.Hash("notice_picture", photo.String()))
}

// picturesReady reports whether all pictures of a notice may go out. A review by a person settles those that
// WeChat was unsure about.
func (s *Service) picturesReady(ctx context.Context, who actor.Actor, key id.ID, reviewed bool) (bool, error) {
	m, err := s.store.photos(ctx, []id.ID{key})
	if err != nil {
		return false, err
	}
	ready, err := settled(m[key], reviewed)
	if err != nil || !reviewed {
		return ready, err
	}
	for _, p := range m[key] {
		if _, err := s.store.decidePhoto(ctx, p.ID, PhotoPassed, who.Account, s.Clock.Now(), PhotoReview); err != nil {
			return false, err
		}
	}
	return ready, nil
}

type photoPayload struct {
	Photo id.ID `json:"photo"`
}

// askAbout queues the question to WeChat, and the end of waiting for its answer.
func (s *Service) askAbout(ctx context.Context, p Photo) error {
	payload := photoPayload{p.ID}
	_, err := s.Outbox.EnqueueMany(ctx, []outbox.Message{
		{Channel: channelPhoto, Payload: payload, DedupeKey: "picture:" + p.ID.String()},
		{Channel: channelPhotoLate, Payload: payload, DedupeKey: "picture_late:" + p.ID.String(), RunAt: p.CreatedAt.Add(photoWait)},
	})
	return err
}

// asker asks WeChat about pictures. What can't be asked is a person's to look at.
type asker struct{ s *Service }

// Dispatch asks about one picture, at most once after an answer: a second trace would only be a second opinion.
func (a asker) Dispatch(ctx context.Context, payload []byte) (bool, error) {
	var in photoPayload
	if err := json.Unmarshal(payload, &in); err != nil {
		return false, err
	}
	p, _, err := a.s.store.photo(ctx, a.s.Box, in.Photo)
	switch e, ok := errs.As(err); {
	case ok && e.Kind == errs.NotFound:
		return false, nil // taken off meanwhile
	case err != nil:
		return true, err
	case p.State != PhotoPending:
		return false, nil
	}
	openID, err := a.s.Accounts.OpenID(ctx, p.By)
	if err != nil {
		return true, err
	}
	trace, err := a.s.WeChat.CheckPicture(ctx, openID, wechat.SceneForum, a.s.PublicURL+"/api/v1/notice-pictures/"+a.s.photoToken(p.ID))
	if e, ok := wechat.As(err); ok && !e.Retryable {
		return false, a.Dead(ctx, payload, e.Code)
	}
	if err != nil {
		return true, err
	}
	return true, a.s.joined(ctx, trace, p.ID, "")
}

// Dead leaves the picture to a person.
func (a asker) Dead(ctx context.Context, payload []byte, _ string) error {
	_, err := a.s.photoLate(ctx, payload)
	return err
}

// pictureJudged takes in WeChat's verdict about a picture, early, late or twice.
func (s *Service) pictureJudged(ctx context.Context, e wechat.Event) error {
	return s.joined(ctx, e.Trace, 0, e.Verdict)
}

// joined puts a check's picture and its verdict together, whichever came first.
func (s *Service) joined(ctx context.Context, trace string, photo id.ID, verdict wechat.Verdict) error {
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		photo, verdict, err := s.store.joinCheck(ctx, trace, photo, verdict, s.Clock.Now())
		if err != nil || photo == 0 || verdict == "" {
			return err
		}
		to := PhotoReview
		switch verdict {
		case wechat.Pass:
			to = PhotoPassed
		case wechat.Risky:
			to = PhotoRefused
		}
		return s.decide(ctx, photo, to, PhotoPending, PhotoReview)
	})
}

// photoLate ends the waiting for an answer that did not come: a person must look.
func (s *Service) photoLate(ctx context.Context, payload []byte) (bool, error) {
	var in photoPayload
	if err := json.Unmarshal(payload, &in); err != nil {
		return false, err
	}
	return true, s.DB.Tx(ctx, func(ctx context.Context) error { return s.decide(ctx, in.Photo, PhotoReview, PhotoPending) })
}

// decide settles a picture, and lets a notice go on that has waited for it alone. The notice's row is locked
// first, so that a decision and the moment of publication don't miss each other.
func (s *Service) decide(ctx context.Context, photo id.ID, to PhotoState, from ...PhotoState) error {
	key, err := s.store.noticeOf(ctx, photo)
	if err != nil || key == 0 {
		return err
	}
	n, err := s.store.lock(ctx, key)
	if err != nil || n.Went() {
		return err
	}
	changed, err := s.store.decidePhoto(ctx, photo, to, 0, s.Clock.Now(), from...)
	if err != nil || !changed || n.State != Scheduled || n.ScheduledAt.After(s.Clock.Now()) {
		return err
	}
	s.DB.AfterCommit(ctx, s.Outbox.Wake)
	return s.dueLater(ctx, n, ":"+photo.String()+":"+string(to))
}

// PruneChecks forgets checks of pictures that WeChat won't answer any more.
func (s *Service) PruneChecks(ctx context.Context, before time.Time) error {
	return s.DB.Tx(ctx, func(ctx context.Context) error { return s.store.pruneChecks(ctx, before) })
}
