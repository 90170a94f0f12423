package notice

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/outbox"
	"bense/server/internal/wechat"
)

// Publish checks the text with WeChat, then in one transaction puts the notice into the inbox of every
// active member whom it addresses and the messages into the outbox. revision is the one that was read: what
// was changed since is not sent. reviewed says that a person has looked at what WeChat was unsure about; that must
// be somebody other than who wrote it. A notice whose pictures are still being looked at goes out by itself when
// they have been.
func (s *Service) Publish(ctx context.Context, who actor.Actor, key id.ID, revision int, reviewed bool) (Item, error) {
	return s.send(ctx, who, key, revision, time.Time{}, reviewed)
}

// Schedule does so at a later time; the text is checked now. A notice that waits for its time already gets
// another one.
func (s *Service) Schedule(ctx context.Context, who actor.Actor, key id.ID, revision int, at time.Time, reviewed bool) (Item, error) {
	if at.IsZero() {
		return Item{}, ErrPast
	}
	return s.send(ctx, who, key, revision, at, reviewed)
}

func (s *Service) send(ctx context.Context, who actor.Actor, key id.ID, revision int, at time.Time, reviewed bool) (Item, error) {
	n, err := s.ownable(ctx, who, key)
	if err != nil {
		return Item{}, err
	}
	if n.Revision != revision && !n.Went() {
		return Item{}, ErrChanged
	}
	if n.State == Submitted || n.State == Scheduled && at.IsZero() {
		return Item{}, ErrWaits
	}
	if err := s.approved(ctx, who, n); err != nil {
		return Item{}, err
	}
	return s.release(ctx, who, n, at, reviewed && !n.Wrote(who.Account))
}

// release sends a notice on its way, at once or at a time, once nothing stands against it.
func (s *Service) release(ctx context.Context, who actor.Actor, n Notice, at time.Time, reviewed bool) (Item, error) {
	if err := s.sendable(ctx, n, at); err != nil {
		return Item{}, err
	}
	seen, err := s.checked(ctx, who, n, reviewed)
	if err != nil {
		return Item{}, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		was, err := s.store.lock(ctx, n.ID)
		if err != nil {
			return err
		}
		if was.Revision != n.Revision || was.State != n.State && !was.Went() {
			return ErrChanged
		}
		ready, err := s.picturesReady(ctx, who, n.source(), reviewed)
		if err != nil {
			return err
		}
		if at.IsZero() && ready {
			return s.publish(ctx, who, was, reviewed)
		}
		return s.wait(ctx, who, was, seen, at)
	})
	if err != nil {
		return Item{}, err
	}
	s.Outbox.Wake()
	return s.Get(ctx, who, n.ID)
}

// sendable reports what stands against sending a notice at a time, before anybody else is asked.
func (s *Service) sendable(ctx context.Context, n Notice, at time.Time) error {
	about, err := s.facts(ctx, n.Activity)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	if _, err := n.Publish(about, now); err != nil {
		return err
	}
	rules, err := s.store.rules(ctx, n.Committee)
	if err != nil {
		return err
	}
	return plan(at, rules, about, now)
}

// wait makes a notice wait for its time under the lock of its row; without one it waits for its pictures alone.
func (s *Service) wait(ctx context.Context, who actor.Actor, was, seen Notice, at time.Time) error {
	now := s.Clock.Now()
	if at.IsZero() {
		at = now
	}
	n, err := was.Schedule(at, now)
	if err != nil {
		return err
	}
	n.Checked, n.Doubtful = seen.Checked, seen.Doubtful
	if err := s.store.update(ctx, was, n); err != nil {
		return err
	}
	if err := s.dueLater(ctx, n, ""); err != nil {
		return err
	}
	return s.audit(ctx, who, "notice.schedule", n, map[string]any{"at": n.ScheduledAt})
}

// checked asks WeChat about a text that it hasn't seen, and notes what it said. Doubt is an error unless
// somebody else has reviewed the text.
func (s *Service) checked(ctx context.Context, who actor.Actor, n Notice, reviewed bool) (Notice, error) {
	if n.Checked != n.Revision {
		doubtful, err := s.check(ctx, who, n.Title+"\n"+n.Body)
		if err != nil {
			return n, err
		}
		n.Checked, n.Doubtful = n.Revision, doubtful
	}
	if n.Doubtful && !reviewed {
		return n, ErrReview
	}
	return n, nil
}

// check asks WeChat about a text; doubtful asks for a person's look. Without an answer nothing is
// published: the draft stays.
func (s *Service) check(ctx context.Context, who actor.Actor, text string) (doubtful bool, err error) {
	openID, err := s.Accounts.OpenID(ctx, who.Account)
	if err != nil {
		return false, err
	}
	verdict, err := s.WeChat.CheckText(ctx, openID, wechat.SceneForum, text)
	if err != nil {
		e, ok := wechat.As(err)
		switch {
		case ok && (e.Code == wechat.AuthorInactive || e.Code == wechat.BadOpenID):
			return false, errs.Wrap(ErrReopen, err)
		case ok && e.Code == wechat.Sensitive:
			return false, errs.Wrap(ErrRisky, err)
		}
		return false, errs.Wrap(ErrNoCheck, err)
	}
	if verdict == wechat.Risky {
		return false, ErrRisky
	}
	return verdict != wechat.Pass, nil
}

// publish is what happens under the lock of the notice's row.
func (s *Service) publish(ctx context.Context, who actor.Actor, was Notice, reviewed bool) error {
	if was.Whole() {
		return s.spread(ctx, who, was, reviewed)
	}
	about, err := s.facts(ctx, was.Activity)
	if err != nil {
		return err
	}
	n, err := was.Publish(about, s.Clock.Now())
	if err != nil {
		return err
	}
	people, err := s.addressees(ctx, n)
	if err != nil {
		return err
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
	if n.Follows == 0 { // else the one before reminds
		if err := s.remindLater(ctx, n, about); err != nil {
			return err
		}
	}
	return s.audit(ctx, who, "notice.publish", n, map[string]any{"recipients": len(people), "queued": queued, "reviewed": reviewed})
}

// duePayload names the plan that was made: a notice that was taken back or put off since is left alone.
type duePayload struct {
	Notice   id.ID     `json:"notice"`
	Revision int       `json:"revision"`
	At       time.Time `json:"at"`
}

// dueLater lets the outbox publish a scheduled notice at its time; why tells several wishes for one time apart.
func (s *Service) dueLater(ctx context.Context, n Notice, why string) error {
	return s.Outbox.Enqueue(ctx, outbox.Message{
		Channel: channelDue, Payload: duePayload{Notice: n.ID, Revision: n.Revision, At: n.ScheduledAt}, RunAt: n.ScheduledAt,
		DedupeKey: "due:" + n.ID.String() + ":" + strconv.Itoa(n.Revision) + ":" + strconv.FormatInt(n.ScheduledAt.UnixMilli(), 10) + why,
	})
}

// dispatchDue publishes what its time has come for. What can't go out any more is a draft again and says why.
func (s *Service) dispatchDue(ctx context.Context, payload []byte) (bool, error) {
	var p duePayload
	if err := json.Unmarshal(payload, &p); err != nil {
		return false, err
	}
	err := s.DB.Tx(ctx, func(ctx context.Context) error {
		n, err := s.store.lock(ctx, p.Notice)
		if err != nil || n.State != Scheduled || n.Revision != p.Revision || !n.ScheduledAt.Equal(p.At) {
			return err
		}
		return s.due(ctx, n)
	})
	switch e, ok := errs.As(err); {
	case err == nil:
		s.Outbox.Wake()
	case ok && e.Kind == errs.NotFound:
		return false, nil
	}
	return true, err
}

// due publishes a notice under the lock of its row, unless its pictures still want to be looked at.
func (s *Service) due(ctx context.Context, n Notice) error {
	ready, err := s.picturesReady(ctx, actor.System, n.source(), false)
	if err == nil && ready {
		err = s.publish(ctx, actor.System, n, false)
	}
	if e, ok := errs.As(err); ok && e.Kind == errs.Conflict && e.Code != ErrChanged.Code {
		return s.back(ctx, actor.System, n, "没有发出："+e.Message, "notice.held")
	}
	return err
}

// back makes a waiting notice a draft again, with the reason.
func (s *Service) back(ctx context.Context, who actor.Actor, was Notice, remark, action string) error {
	if r := []rune(remark); len(r) > maxRemark {
		remark = string(r[:maxRemark])
	}
	n, err := was.Back(remark, s.Clock.Now())
	if err != nil {
		return err
	}
	if err := s.store.update(ctx, was, n); err != nil {
		return err
	}
	return s.audit(ctx, who, action, n, nil)
}
