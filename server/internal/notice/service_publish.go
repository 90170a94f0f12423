package notice

import (
	"context"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/wechat"
)

// Publish checks the text with WeChat, then in one transaction puts the notice into the inbox of every
// active member of the alliance and the messages into the outbox. reviewed says that a person has
// looked at a text that WeChat was unsure about; that must be somebody other than its author.
func (s *Service) Publish(ctx context.Context, who actor.Actor, key id.ID, reviewed bool) (Item, error) {
	draft, err := s.writable(ctx, who, key)
	if err != nil {
		return Item{}, err
	}
	about, err := s.facts(ctx, draft.Activity)
	if err != nil {
		return Item{}, err
	}
	if _, err := draft.Publish(about, s.Clock.Now()); err != nil {
		return Item{}, err
	}
	if err := s.check(ctx, who, draft, reviewed && who.Account != draft.Author); err != nil {
		return Item{}, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error { return s.publish(ctx, who, draft, reviewed) })
	if err != nil {
		return Item{}, err
	}
	s.Outbox.Wake()
	return s.Get(ctx, who, key)
}

// check asks WeChat about the text. Without an answer nothing is published: the draft stays.
func (s *Service) check(ctx context.Context, who actor.Actor, n Notice, reviewed bool) error {
	openID, err := s.Accounts.OpenID(ctx, who.Account)
	if err != nil {
		return err
	}
	verdict, err := s.WeChat.CheckText(ctx, openID, wechat.SceneForum, n.Title+"\n"+n.Body)
	if err != nil {
		e, ok := wechat.As(err)
		switch {
		case ok && (e.Code == wechat.AuthorInactive || e.Code == wechat.BadOpenID):
			return errs.Wrap(ErrReopen, err)
		case ok && e.Code == wechat.Sensitive:
			return errs.Wrap(ErrRisky, err)
		}
		return errs.Wrap(ErrNoCheck, err)
	}
	switch {
	case verdict == wechat.Risky:
		return ErrRisky
	case verdict != wechat.Pass && !reviewed:
		return ErrReview
	}
	return nil
}

// publish is the transaction. checked is the text that WeChat saw: one that was edited since is refused.
func (s *Service) publish(ctx context.Context, who actor.Actor, checked Notice, reviewed bool) error {
	was, err := s.store.lock(ctx, checked.ID)
	if err != nil {
		return err
	}
	about, err := s.facts(ctx, was.Activity)
	if err != nil {
		return err
	}
	n, err := was.Publish(about, s.Clock.Now())
	if err != nil {
		return err
	}
	if was.Revision != checked.Revision {
		return ErrChanged
	}
	people, err := s.Directory.ActiveInAlliance(ctx, n.Alliance)
	if err != nil {
		return err
	}
	if len(people) == 0 {
		return ErrNobody
	}
	if err := s.store.update(ctx, was, n); err != nil {
		return err
	}
	if err := s.store.insertRecipients(ctx, n.ID, people); err != nil {
		return err
	}
	persons := make([]id.ID, 0, len(people))
	for _, p := range people {
		persons = append(persons, p.ID)
	}
	queued, err := s.push(ctx, n, ForNotice, persons, true)
	if err != nil {
		return err
	}
	if err := s.closeLater(ctx, n, about); err != nil {
		return err
	}
	if err := s.remindLater(ctx, n, about); err != nil {
		return err
	}
	return s.audit(ctx, who, "notice.publish", n, map[string]any{"recipients": len(people), "queued": queued, "reviewed": reviewed})
}
