package notice

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/outbox"
)

// Rules gives the quiet hours and automatic reminders of a committee.
func (s *Service) Rules(ctx context.Context, who actor.Actor, committee id.ID) (Rules, error) {
	if err := s.mayRule(ctx, who, committee); err != nil {
		return Rules{}, err
	}
	return s.store.rules(ctx, committee)
}

// ChannelState is a channel under the rules of a committee.
type ChannelState struct {
	Channel Channel
	Ready   bool // set up in this installation
	On      bool
}

// states gives every channel, those of the committee's order first in that order.
func (s *Service) states(r Rules) []ChannelState {
	list := r.Channels.List()
	for _, c := range Channels {
		if !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	lanes, out := s.lanes(), make([]ChannelState, 0, len(list))
	for _, c := range list {
		st := ChannelState{Channel: c, On: r.on(c), Ready: c.Traits().Always}
		switch l := lanes[c]; {
		case l != nil:
			st.Ready = l.serves(ForNotice)
		case c == Robot:
			st.Ready = s.Robots != nil
		case c == ChatTool:
			st.Ready = s.ChatTool
		}
		out = append(out, st)
	}
	return out
}

// SetRules sets them. A message that waits already keeps its time; channels that aren't named stay as they are.
func (s *Service) SetRules(ctx context.Context, who actor.Actor, committee id.ID, r Rules) (Rules, error) {
	if err := s.mayRule(ctx, who, committee); err != nil {
		return Rules{}, err
	}
	if err := r.check(); err != nil {
		return Rules{}, err
	}
	err := s.DB.Tx(ctx, func(ctx context.Context) error {
		if r.Channels == "" {
			was, err := s.store.rules(ctx, committee)
			if err != nil {
				return err
			}
			r.Channels = was.Channels
		}
		if err := s.store.setRules(ctx, committee, r, who.Account, s.Clock.Now()); err != nil {
			return err
		}
		return s.Audit.Write(ctx, who, audit.Line{
			Action: "notice.rules", Kind: "committee", Subject: committee, Place: actor.Place{Committee: committee},
			Detail: map[string]any{"quiet_from": r.QuietFrom, "quiet_until": r.QuietUntil, "day": r.RemindDay, "hours": r.RemindHours, "channels": string(r.Channels)},
		})
	})
	return r, err
}

func (s *Service) mayRule(ctx context.Context, who actor.Actor, committee id.ID) error {
	c, err := s.Committees.Committee(ctx, who, committee)
	if err != nil {
		return err
	}
	return who.Must(actor.EditOrg, c.Place())
}

// Remind sends one more message to those who have not read, not answered and not been told, as far as
// they have agreed to reminders; the others stay on the call list. It tells how many messages go out.
func (s *Service) Remind(ctx context.Context, who actor.Actor, key id.ID) (int, error) {
	if _, err := s.running(ctx, who, key); err != nil {
		return 0, err
	}
	var count int
	err := s.DB.Tx(ctx, func(ctx context.Context) error {
		n, err := s.store.lock(ctx, key)
		if err != nil {
			return err
		}
		if err := n.Running(); err != nil {
			return err
		}
		count, err = s.remind(ctx, who, n)
		return err
	})
	if err != nil {
		return 0, err
	}
	s.Outbox.Wake()
	return count, nil
}

// remind is one round, under the lock of the notice.
func (s *Service) remind(ctx context.Context, who actor.Actor, n Notice) (int, error) {
	rounds, err := s.store.reminders(ctx, n.ID)
	if err != nil {
		return 0, err
	}
	r := Reminder{Round: 1, At: s.Clock.Now()}
	if len(rounds) > 0 {
		last := rounds[len(rounds)-1]
		r.Round = last.Round + 1
		if err := mayRemind(last.At, r.At); err != nil {
			return 0, err
		}
	}
	rows, err := s.store.recipients(ctx, n.ID, actor.Scope{All: true}, Unreached)
	if err != nil {
		return 0, err
	}
	count, err := s.push(ctx, n, ForReminder, personsOf(rows), false)
	if err != nil || count == 0 {
		return 0, err // nobody has agreed: no round was held, and the next one need not wait
	}
	r.People = count
	if err := s.store.insertReminder(ctx, s.IDs.New(), n.ID, who.Account, r); err != nil {
		return 0, err
	}
	return count, s.audit(ctx, who, "notice.remind", n, map[string]any{"round": r.Round, "count": count})
}

// remindPayload names the beginning that the reminder was made for: of an activity that was moved since,
// it has no point.
type remindPayload struct {
	Notice id.ID     `json:"notice"`
	Starts time.Time `json:"starts"`
}

// remindLater plans the automatic reminders of a notice in the transaction of ctx.
func (s *Service) remindLater(ctx context.Context, n Notice, about *Facts) error {
	if about == nil {
		return nil
	}
	rules, err := s.store.rules(ctx, n.Committee)
	if err != nil {
		return err
	}
	var list []outbox.Message
	for _, at := range rules.reminders(about.StartsAt, s.Clock.Now()) {
		list = append(list, outbox.Message{
			Channel: channelRemind, Payload: remindPayload{Notice: n.ID, Starts: about.StartsAt}, RunAt: at,
			DedupeKey: "remind:" + n.ID.String() + ":" + about.StartsAt.UTC().Format(secondsText) + ":" + at.UTC().Format(secondsText),
		})
	}
	_, err = s.Outbox.EnqueueMany(ctx, list)
	return err
}

const secondsText = "20060102150405"

// dispatchRemind holds an automatic round, unless somebody has just reminded by hand.
func (s *Service) dispatchRemind(ctx context.Context, payload []byte) (bool, error) {
	var p remindPayload
	if err := json.Unmarshal(payload, &p); err != nil {
		return false, err
	}
	err := s.DB.Tx(ctx, func(ctx context.Context) error {
		n, err := s.store.lock(ctx, p.Notice)
		if err != nil || n.State != Published {
			return err
		}
		about, err := s.facts(ctx, n.Activity)
		if err != nil || about == nil || !about.StartsAt.Equal(p.Starts) || !s.Clock.Now().Before(about.StartsAt) {
			return err
		}
		_, err = s.remind(ctx, actor.System, n)
		return err
	})
	if e, ok := errs.As(err); ok && (e.Kind == errs.NotFound || e.Code == ErrTooSoon.Code) {
		return false, nil
	}
	if err == nil {
		s.Outbox.Wake()
	}
	return true, err
}
