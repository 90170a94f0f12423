package checkin

import (
	"context"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

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

// ReissueCard gives somebody who lost a card a new one. All cards of before are revoked, because nobody
// can tell which of them is lost; of several who reissue at once the last one's card counts.
func (s *Service) ReissueCard(ctx context.Context, who actor.Actor, person id.ID) (serial string, revoked int64, err error) {
	p, err := s.cardHolder(ctx, who, person)
	if err != nil {
		return "", 0, err
	}
	if p.Status != ledger.Active {
		return "", 0, ErrInactive
	}
	serial = newSerial()
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.Lock.Lock(ctx, p.CommitteeID); err != nil {
			return err
		}
		now := s.Clock.Now()
		if revoked, err = s.store.revokeCardsOf(ctx, person, who.Account, now); err != nil {
			return err
		}
		if err := s.store.insertCard(ctx, serial, person, who.Account, now); err != nil {
			return err
		}
		return s.Audit.Write(ctx, who, audit.Line{Action: "checkin.reissue_card", Kind: "person", Subject: person, Place: p.Place(),
			Detail: map[string]any{"revoked": revoked}})
	})
	return serial, revoked, err
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
	return p, who.Must(actor.IssueCards, p.Place())
}

// holders are those of a scope who may have cards.
type holders struct {
	kind, name string
	subject    id.ID
	place      actor.Place
	people     []ledger.Person
}

func (h holders) ids() []id.ID {
	out := make([]id.ID, len(h.people))
	for i, p := range h.people {
		out[i] = p.ID
	}
	return out
}

// holders gives the active people of a scope that the actor sees (else 404) and may issue cards in
// (else 403). Who moved away or died gets no card.
func (s *Service) holders(ctx context.Context, who actor.Actor, scope CardScope) (h holders, err error) {
	if scope.Person != 0 {
		p, err := s.cardHolder(ctx, who, scope.Person)
		h = holders{kind: "person", name: p.Name, subject: p.ID, place: p.Place()}
		if p.Status == ledger.Active {
			h.people = []ledger.Person{p}
		}
		return h, err
	}
	if scope.Unit != 0 {
		u, err := s.Directory.Unit(ctx, scope.Unit)
		if err != nil {
			return holders{}, err
		}
		h = holders{kind: "unit", name: u.Name, subject: u.ID, place: u.Place()}
	} else {
		a, err := s.Directory.Alliance(ctx, scope.Alliance)
		if err != nil {
			return holders{}, err
		}
		h = holders{kind: "alliance", name: a.Name, subject: a.ID, place: a.Place()}
	}
	if !who.Scope(actor.SeeOrg).Covers(h.place) {
		return holders{}, errs.ErrNotFound
	}
	if err := who.Must(actor.IssueCards, h.place); err != nil {
		return holders{}, err
	}
	if scope.Unit != 0 {
		h.people, err = s.Directory.ActiveInUnit(ctx, scope.Unit)
	} else {
		h.people, err = s.Directory.ActiveInAlliance(ctx, scope.Alliance)
	}
	return h, err
}

// Cards tells who of a scope has a card, and since when.
func (s *Service) Cards(ctx context.Context, who actor.Actor, scope CardScope) (CardList, error) {
	h, err := s.holders(ctx, who, scope)
	if err != nil {
		return CardList{}, err
	}
	cards, err := s.store.heldBy(ctx, h.ids())
	if err != nil {
		return CardList{}, err
	}
	list := CardList{Name: h.name, Lines: make([]CardLine, len(h.people)), Carded: len(cards)}
	for i, p := range h.people {
		list.Lines[i] = CardLine{Person: p, Issued: cards[p.ID].Issued, Cards: cards[p.ID].Cards}
	}
	return list, nil
}

// IssueCards gives a card to everybody of a scope who has none, and tells how many these are and when
// their cards were made; nobody's card of before is touched.
func (s *Service) IssueCards(ctx context.Context, who actor.Actor, scope CardScope) (n int, at time.Time, err error) {
	h, err := s.holders(ctx, who, scope)
	if err != nil {
		return 0, time.Time{}, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.Lock.Lock(ctx, h.place.Committee); err != nil {
			return err
		}
		cards, err := s.store.heldBy(ctx, h.ids())
		if err != nil {
			return err
		}
		var without []id.ID
		for _, p := range h.people {
			if _, has := cards[p.ID]; !has {
				without = append(without, p.ID)
			}
		}
		n, at = len(without), s.Clock.Now().Truncate(time.Millisecond)
		if err := s.store.insertCards(ctx, without, who.Account, at); err != nil {
			return err
		}
		return s.Audit.Write(ctx, who, audit.Line{Action: "checkin.issue_cards", Kind: h.kind, Subject: h.subject, Place: h.place,
			Detail: map[string]any{"cards": n}})
	})
	return n, at, err
}

// CardFile gives the cards of a scope to print and to cut: the newest of everybody who has one, as it
// was issued. since leaves out what was issued before it. More than cardsPerFile are cut into files,
// the first is number 1.
func (s *Service) CardFile(ctx context.Context, who actor.Actor, scope CardScope, since time.Time, file int) (name string, data []byte, err error) {
	h, err := s.holders(ctx, who, scope)
	if err != nil {
		return "", nil, err
	}
	if s.Help.Phone == "" {
		return "", nil, ErrNoHelp
	}
	cards, err := s.store.heldBy(ctx, h.ids())
	if err != nil {
		return "", nil, err
	}
	sheet := CardSheet{Title: h.name + "会员卡", Help: s.Help}
	for _, p := range h.people {
		if c, has := cards[p.ID]; has && !c.Issued.Before(since) {
			sheet.Cards = append(sheet.Cards, MemberCard{Name: p.Name, Unit: p.Unit, Alliance: p.Alliance, Code: CardPrefix + c.Serial})
		}
	}
	files := cardFiles(len(sheet.Cards))
	switch {
	case files == 0:
		return "", nil, ErrNoCards
	case file < 1 || file > files:
		return "", nil, errs.ErrNotFound
	case files > 1:
		sheet.Cards = sheet.Cards[(file-1)*cardsPerFile : min(file*cardsPerFile, len(sheet.Cards))]
		sheet.Part = file
	}
	select {
	case s.printers <- struct{}{}:
		defer func() { <-s.printers }()
	case <-ctx.Done():
		return "", nil, ctx.Err()
	}
	if data, err = sheet.PDF(); err != nil {
		return "", nil, err
	}
	err = s.Audit.Write(ctx, who, audit.Line{Action: "checkin.print_cards", Kind: h.kind, Subject: h.subject, Place: h.place,
		Detail: map[string]any{"cards": len(sheet.Cards)}})
	return sheet.FileName(), data, err
}
