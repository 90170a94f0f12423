package notice

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/wechat"
)

// SealedGroup is what wx.getGroupEnterInfo gave to the page: which group it was opened from, readable
// only with the session key that stays here.
type SealedGroup struct {
	EncryptedData, IV string
	Card              id.ID // that was opened, as it stands in the page's address; zero if not told
}

func (g *SealedGroup) card() id.ID {
	if g == nil {
		return 0
	}
	return g.Card
}

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
	from, proven := s.openGroup(ctx, who, group)
	var out Reading
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		var err error
		if out.Group, err = s.whichGroup(ctx, who, n, from.OpenGID, group.card(), group != nil && !proven); err != nil {
			return err
		}
		if out.Group == "own" {
			if err := s.knowMember(ctx, who, n.Alliance, from); err != nil {
				return err
			}
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

// openGroup decrypts what the phone says about the group; no network.
func (s *Service) openGroup(ctx context.Context, who actor.Actor, sealed *SealedGroup) (g wechat.Group, proven bool) {
	if sealed == nil {
		return g, false
	}
	key, err := s.Accounts.SessionKey(ctx, who.Account)
	if err != nil {
		return g, false
	}
	g, err = s.WeChat.OpenGroup(key, sealed.EncryptedData, sealed.IV)
	return g, err == nil && g.OpenGID != ""
}

// Reader is one recipient as staff see the person.
type Reader struct {
	Recipient
	Name, UnitName, Answer string
	Household              id.ID // zero: in none
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
		out = append(out, Reader{Recipient: r, Name: p.Name, UnitName: p.Unit, Answer: answers[r.Person].Answer, Household: p.HouseholdID})
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
	var posts []Post
	var lanes []laneCount
	var moves map[id.ID][]Move
	for _, get := range []func() error{
		func() (err error) { t.Tally, err = s.store.tally(ctx, n.ID, scope); return },
		func() (err error) { t.Pushes, err = s.store.pushes(ctx, n.ID, scope); return },
		func() (err error) { t.Reminders, err = s.store.reminders(ctx, n.ID); return },
		func() (err error) { cards, err = s.store.cards(ctx, n.ID); return },
		func() (err error) { lanes, err = s.store.sentBy(ctx, n.ID, scope); return },
		func() (err error) { moves, err = s.store.moves(ctx, []id.ID{n.ID}); return },
		func() (err error) { posts, err = s.store.posts(ctx, n.ID); return },
	} {
		if err := get(); err != nil {
			return Timeline{}, err
		}
	}
	if t.Pushes.Queued > 0 {
		rules, err := s.store.rules(ctx, n.Committee)
		if err != nil {
			return Timeline{}, err
		}
		if now := s.Clock.Now(); rules.Opens(now).After(now) {
			t.RingsAt = rules.Opens(now)
		}
	}
	if t.Eve, err = s.eve(ctx, n, scope); err != nil {
		return Timeline{}, err
	}
	if len(cards) > 0 {
		t.Card = cards[len(cards)-1]
	}
	if t.Group, err = s.toolGroup(ctx, who, n); err != nil {
		return Timeline{}, err
	}
	t.CardWord = t.Card.Word(s.Clock.Now())
	t.Steps = steps(n, t.Tally, lanes, cards, posts, t.Reminders, moves[n.ID])
	return t, nil
}
