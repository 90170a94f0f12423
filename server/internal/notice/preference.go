package notice

import (
	"context"
	"slices"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// WayOf tells how a person wants to be told. Everybody who sees the person may look.
func (s *Service) WayOf(ctx context.Context, who actor.Actor, person id.ID) (Way, error) {
	if _, err := s.personFor(ctx, who, person); err != nil {
		return "", err
	}
	return s.wayOf(ctx, person)
}

func (s *Service) wayOf(ctx context.Context, person id.ID) (Way, error) {
	m, err := s.store.ways(ctx, []id.ID{person})
	if m[person] == "" {
		return ByWeChat, err
	}
	return m[person], err
}

// SetWay says how a person wants to be told: the person's own word, or that of whoever keeps the ledger row.
// It counts from the next message on; one that waits already is dropped if it isn't wanted any more.
func (s *Service) SetWay(ctx context.Context, who actor.Actor, person id.ID, w Way) (Way, error) {
	p, err := s.personFor(ctx, who, person)
	if err != nil {
		return "", err
	}
	if !slices.Contains(who.Persons, person) {
		if err := who.Must(actor.EditPerson, p.Place()); err != nil {
			return "", err
		}
	}
	if w.Name() == "" {
		return "", errs.ErrInvalid.With(errs.Field("way", "请选择怎样通知"))
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.setWay(ctx, person, w, who.Account, s.Clock.Now()); err != nil {
			return err
		}
		return s.Audit.Write(ctx, who, audit.Line{Action: "notice.way", Kind: "person", Subject: person, Place: p.Place(), Detail: map[string]any{"way": string(w)}})
	})
	return w, err
}

// personFor gives a person whom the actor sees.
func (s *Service) personFor(ctx context.Context, who actor.Actor, person id.ID) (ledger.Person, error) {
	m, err := s.Directory.Persons(ctx, []id.ID{person})
	if err != nil {
		return ledger.Person{}, err
	}
	p, known := m[person]
	if !known || !who.Scope(actor.SeePerson).Covers(p.Place()) {
		return ledger.Person{}, errs.ErrNotFound
	}
	return p, nil
}
