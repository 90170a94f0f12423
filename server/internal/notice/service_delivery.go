package notice

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// SealedGroup is what wx.getGroupEnterInfo gave to the page: which group it was opened from, readable
// only with the session key that stays here.
type SealedGroup struct{ EncryptedData, IV string }

// Reading is what came of a read mark. Group says whether the page was opened from the alliance's group:
// "own", "other" (the card was passed on), "unproven" (the data could not be read), or "" without data.
type Reading struct {
	People []Mine
	Group  string
}

// Read marks the notice as read for everybody whom the account acts for. What is wrong with the group's
// data never keeps somebody from having read.
func (s *Service) Read(ctx context.Context, who actor.Actor, key id.ID, via Via, group *SealedGroup) (Reading, error) {
	n, err := s.seen(ctx, who, key)
	if err != nil {
		return Reading{}, err
	}
	if !n.Went() {
		return Reading{}, ErrNotOut
	}
	if via != ViaInbox && via != ViaPush && via != ViaGroup {
		return Reading{}, errs.ErrInvalid.With(errs.Field("via", "打开方式不对"))
	}
	openGID, proven := s.openGroup(ctx, who, group)
	var out Reading
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		var err error
		if out.Group, err = s.whichGroup(ctx, who, n, openGID, group != nil && !proven); err != nil {
			return err
		}
		switch {
		case out.Group == "other":
			via = ViaOtherGroup
		case via == ViaGroup && out.Group != "own":
			via = ViaInbox // said, not shown
		}
		marked, err := s.store.markRead(ctx, n.ID, who.Persons, via, who.Account, s.Clock.Now())
		if err != nil || marked == 0 {
			return err
		}
		if n.Activity == 0 {
			if err := s.cardLater(ctx, n); err != nil {
				return err
			}
		}
		return s.audit(ctx, who, "notice.read", n, map[string]any{"via": string(via), "persons": marked})
	})
	if err != nil {
		return Reading{}, err
	}
	items, err := s.items(ctx, who, []Notice{n})
	if err != nil {
		return Reading{}, err
	}
	out.People = items[0].People
	return out, nil
}

// openGroup decrypts the group's id; no network.
func (s *Service) openGroup(ctx context.Context, who actor.Actor, sealed *SealedGroup) (openGID string, proven bool) {
	if sealed == nil {
		return "", false
	}
	key, err := s.Accounts.SessionKey(ctx, who.Account)
	if err != nil {
		return "", false
	}
	g, err := s.WeChat.OpenGroup(key, sealed.EncryptedData, sealed.IV)
	return g.OpenGID, err == nil && g.OpenGID != ""
}

// whichGroup compares a proven group with the alliance's; the first one becomes the alliance's.
func (s *Service) whichGroup(ctx context.Context, who actor.Actor, n Notice, openGID string, unproven bool) (string, error) {
	switch {
	case unproven:
		return "unproven", nil
	case openGID == "":
		return "", nil
	}
	a, err := s.Directory.Alliance(ctx, n.Alliance)
	if err != nil {
		return "", err
	}
	bound := a.GroupOpenID
	if bound == "" {
		if bound, err = s.Groups.BindGroup(ctx, n.Alliance, openGID); err != nil {
			return "", err
		}
		if err := s.audit(ctx, who, "notice.bind_group", n, nil); err != nil {
			return "", err
		}
	}
	if bound != openGID {
		return "other", nil
	}
	return "own", nil
}

// Reader is one recipient as staff see the person.
type Reader struct {
	Recipient
	Name, UnitName, Answer string
}

// Recipients lists who has read, who has answered, who has not, within what the actor may see.
func (s *Service) Recipients(ctx context.Context, who actor.Actor, key id.ID, of People) ([]Reader, error) {
	n, err := s.partly(ctx, who, actor.SeeDelivery, key)
	if err != nil {
		return nil, err
	}
	if of != Everybody && of != Unread && of != HaveRead && of != Answered {
		return nil, errs.ErrInvalid.With(errs.Field("state", "没有这种名单"))
	}
	rows, err := s.store.recipients(ctx, n.ID, who.Scope(actor.SeeDelivery), of)
	if err != nil {
		return nil, err
	}
	return s.readers(ctx, n, rows)
}

// readers adds names and answers, and sorts as the ledger does: by unit, then by number.
func (s *Service) readers(ctx context.Context, n Notice, rows []Recipient) ([]Reader, error) {
	known, err := s.Directory.Persons(ctx, personsOf(rows))
	if err != nil {
		return nil, err
	}
	answers, err := s.answers(ctx, n.Activity, rows)
	if err != nil {
		return nil, err
	}
	out := make([]Reader, 0, len(rows))
	for _, r := range rows {
		p, ok := known[r.Person]
		if !ok || p.Status != ledger.Active {
			continue
		}
		out = append(out, Reader{Recipient: r, Name: p.Name, UnitName: p.Unit, Answer: answers[r.Person].Answer})
	}
	slices.SortStableFunc(out, func(a, b Reader) int {
		return cmp.Or(strings.Compare(a.UnitName, b.UnitName), cmp.Compare(known[a.Person].SeqNo, known[b.Person].SeqNo),
			cmp.Compare(a.Person, b.Person))
	})
	return out, nil
}

// Timeline is how the notice went in numbers; a liaison's are those of the own unit.
func (s *Service) Timeline(ctx context.Context, who actor.Actor, key id.ID) (Timeline, error) {
	n, err := s.partly(ctx, who, actor.SeeDelivery, key)
	if err != nil {
		return Timeline{}, err
	}
	scope := who.Scope(actor.SeeDelivery)
	t := Timeline{Notice: n}
	var cards []Card
	for _, get := range []func() error{
		func() (err error) { t.Tally, err = s.store.tally(ctx, n.ID, scope); return },
		func() (err error) { t.Pushes, err = s.store.pushes(ctx, n.ID, scope); return },
		func() (err error) { t.Reminders, err = s.store.reminders(ctx, n.ID); return },
		func() (err error) { cards, err = s.store.cards(ctx, n.ID); return },
	} {
		if err := get(); err != nil {
			return Timeline{}, err
		}
	}
	if len(cards) > 0 {
		t.Card = cards[len(cards)-1]
	}
	t.CardWord = t.Card.Word(s.Clock.Now())
	t.Steps = steps(n, t.Tally, t.Pushes, cards, t.Reminders)
	return t, nil
}

// Remind sends one more message to those who have not read, not answered and not been told, as far as
// they have agreed to reminders; the others stay on the call list. It tells how many messages go out.
func (s *Service) Remind(ctx context.Context, who actor.Actor, key id.ID) (int, error) {
	if _, err := s.writable(ctx, who, key); err != nil {
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
		rounds, err := s.store.reminders(ctx, n.ID)
		if err != nil {
			return err
		}
		r := Reminder{Round: 1, At: s.Clock.Now()}
		if len(rounds) > 0 {
			last := rounds[len(rounds)-1]
			r.Round = last.Round + 1
			if err := mayRemind(last.At, r.At); err != nil {
				return err
			}
		}
		rows, err := s.store.recipients(ctx, n.ID, actor.Scope{All: true}, Unreached)
		if err != nil {
			return err
		}
		if count, err = s.push(ctx, n, ForReminder, personsOf(rows), false); err != nil {
			return err
		}
		if count == 0 {
			return nil // nobody has agreed: no round was held, and the next one need not wait
		}
		r.People = count
		if err := s.store.insertReminder(ctx, s.IDs.New(), n.ID, who.Account, r); err != nil {
			return err
		}
		return s.audit(ctx, who, "notice.remind", n, map[string]any{"round": r.Round, "count": count})
	})
	if err != nil {
		return 0, err
	}
	s.Outbox.Wake()
	return count, nil
}

// Call is one line of the call list: a person, the number, and what came of the last call.
type Call struct {
	Reader
	Phone string
	Note  string
	At    time.Time // of the last call
	By    string    // name of who called
}

// Calls is the list of those whom nothing has reached, within the actor's scope, with telephone numbers:
// each look is written down. withCalled adds those who were called and are reached by now.
func (s *Service) Calls(ctx context.Context, who actor.Actor, key id.ID, withCalled bool) ([]Call, error) {
	n, err := s.partly(ctx, who, actor.CallMembers, key)
	if err != nil {
		return nil, err
	}
	if !n.Went() {
		return nil, ErrNotOut
	}
	scope := who.Scope(actor.CallMembers)
	find := func() ([]Recipient, error) { return s.store.recipients(ctx, n.ID, scope, Unreached) }
	if withCalled {
		find = func() ([]Recipient, error) { return s.store.callable(ctx, n.ID, scope) }
	}
	rows, err := find()
	if err != nil {
		return nil, err
	}
	readers, err := s.readers(ctx, n, rows)
	if err != nil {
		return nil, err
	}
	phones, err := s.Directory.Phones(ctx, personsOf(rows))
	if err != nil {
		return nil, err
	}
	last, err := s.store.lastCalls(ctx, n.ID)
	if err != nil {
		return nil, err
	}
	var callers []id.ID
	for _, c := range last {
		callers = append(callers, c.By)
	}
	names, err := s.Accounts.AccountName(ctx, unique(callers))
	if err != nil {
		return nil, err
	}
	out := make([]Call, 0, len(readers))
	for _, r := range readers {
		c := Call{Reader: r, Phone: phones[r.Person]}
		if l, ok := last[r.Person]; ok {
			if c.Note, err = s.Box.OpenString(l.Note, noteContext); err != nil {
				return nil, err
			}
			c.At, c.By = l.At, names[l.By]
		}
		out = append(out, c)
	}
	return out, s.audit(ctx, who, "notice.call_list", n, map[string]any{"numbers": len(out)})
}

const noteContext = "notice_calls.note"

// RecordCall notes what came of a call. told reaches the person; leave also records the answer with its
// reason; the others leave the person on the list. The latest outcome counts, earlier ones stay in the history.
func (s *Service) RecordCall(ctx context.Context, who actor.Actor, key, person id.ID, outcome Outcome, note, reason string) (Call, error) {
	n, err := s.partly(ctx, who, actor.CallMembers, key)
	if err != nil {
		return Call{}, err
	}
	scope := who.Scope(actor.CallMembers)
	r, err := s.store.recipient(ctx, n.ID, person, scope)
	if err != nil {
		return Call{}, err
	}
	if note, reason, err = checkCall(n, r, outcome, note, reason); err != nil {
		return Call{}, err
	}
	c := call{ID: s.IDs.New(), Notice: n.ID, Person: person, Outcome: outcome, By: who.Account, At: s.Clock.Now(), Note: s.Box.SealString(note, noteContext)}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.insertCall(ctx, c); err != nil {
			return err
		}
		if outcome == OnLeave {
			if err := s.activities.RecordOnBehalf(ctx, who, n.Activity, person, "leave", reason); err != nil {
				return err
			}
		}
		place := n.At()
		place.Unit = r.Unit
		return s.Audit.Write(ctx, who, audit.Line{
			Action: "notice.call", Kind: "person", Subject: person, Place: place,
			Detail: map[string]any{"notice": n.ID, "outcome": string(outcome)},
		})
	})
	if err != nil {
		return Call{}, err
	}
	s.Outbox.Wake()
	if r, err = s.store.recipient(ctx, n.ID, person, scope); err != nil {
		return Call{}, err
	}
	readers, err := s.readers(ctx, n, []Recipient{r})
	names, err2 := s.Accounts.AccountName(ctx, []id.ID{who.Account})
	if err := errors.Join(err, err2); err != nil || len(readers) == 0 {
		return Call{}, err
	}
	return Call{Reader: readers[0], Note: note, At: c.At, By: names[who.Account]}, nil
}

// checkCall is the rule of what may be noted about a call.
func checkCall(n Notice, r Recipient, o Outcome, note, reason string) (string, string, error) {
	note, reason = line(note), line(reason)
	switch {
	case n.State == Draft:
		return "", "", ErrNotOut
	case n.State == Cancelled:
		return "", "", ErrOver
	case !r.StoppedAt.IsZero():
		return "", "", ErrStopped
	case o.Name() == "":
		return "", "", errs.ErrInvalid.With(errs.Field("outcome", "请选择通话结果"))
	case utf8.RuneCountInString(note) > maxNote:
		return "", "", errs.ErrInvalid.With(errs.Field("note", "备注太长，请缩短一些"))
	case utf8.RuneCountInString(reason) > maxReason:
		return "", "", errs.ErrInvalid.With(errs.Field("reason", "原因太长，请缩短一些"))
	case o == OnLeave && n.Activity == 0:
		return "", "", ErrNoAnswer
	}
	return note, reason, nil
}
