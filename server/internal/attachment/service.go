package attachment

import (
	"context"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// Ledger is what attachment needs of the ledger; *ledger.Service is one.
type Ledger interface {
	Person(ctx context.Context, who actor.Actor, person id.ID) (ledger.Entry, error)
}

// Names tells under which names others read what accounts did; identity has them.
type Names interface {
	AccountName(ctx context.Context, accounts []id.ID) (map[id.ID]string, error)
}

// Deps are what a Service needs.
type Deps struct {
	DB     *db.DB
	Box    *crypt.Box
	IDs    *id.Source
	Clock  clock.Clock
	Audit  *audit.Log
	Ledger Ledger
	Names  Names
	// Confirm spends the look on the phone that a desktop needs; nil asks for none.
	Confirm func(ctx context.Context, who actor.Actor, action string, subject id.ID) error
}

// Service keeps files for people: every method checks what who may do.
type Service struct {
	Deps
	store store
}

// New makes a Service.
func New(d Deps) *Service { return &Service{Deps: d, store: store{db: d.DB, box: d.Box}} }

// person gives a person that who sees, if who has the permission there.
func (s *Service) person(ctx context.Context, who actor.Actor, person id.ID, may actor.Permission) (ledger.Person, error) {
	e, err := s.Ledger.Person(ctx, who, person)
	if err != nil {
		return ledger.Person{}, err
	}
	return e.Person, who.Must(may, e.Person.Place())
}

// List gives the files of a person, the newest first, with those that can still be brought back.
func (s *Service) List(ctx context.Context, who actor.Actor, person id.ID) ([]Attachment, error) {
	if _, err := s.person(ctx, who, person, actor.RevealPerson); err != nil {
		return nil, err
	}
	list, err := s.store.list(ctx, person)
	if err != nil {
		return nil, err
	}
	accounts := make([]id.ID, len(list))
	for i, a := range list {
		accounts[i] = a.By
	}
	names, err := s.Names.AccountName(ctx, accounts)
	for i := range list {
		list[i].ByName = names[list[i].By]
	}
	return list, err
}

// Add keeps a file. What it is follows from its bytes, of the name only the last part counts.
func (s *Service) Add(ctx context.Context, who actor.Actor, person id.ID, name string, data []byte) (Attachment, error) {
	p, err := s.person(ctx, who, person, actor.EditPerson)
	if err != nil {
		return Attachment{}, err
	}
	kind, err := KindOf(data)
	if err != nil {
		return Attachment{}, err
	}
	a := Attachment{ID: s.IDs.New(), Person: person, Name: NameOf(name, kind), Kind: kind, Size: len(data), By: who.Account, CreatedAt: s.Clock.Now()}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.room(ctx, person); err != nil {
			return err
		}
		if err := s.store.insert(ctx, a, data); err != nil {
			return err
		}
		return s.wrote(ctx, who, "attachment.add", p, a)
	})
	return a, err
}

// room locks the person and reports ErrMany when no further file fits.
func (s *Service) room(ctx context.Context, person id.ID) error {
	if err := s.store.lockPerson(ctx, person); err != nil {
		return err
	}
	n, err := s.store.count(ctx, person)
	if err == nil && n >= maxFiles {
		err = ErrMany
	}
	return err
}

// Open gives a file with its bytes; the look is written down, and a desktop asks the phone first.
func (s *Service) Open(ctx context.Context, who actor.Actor, person, attachment id.ID) (Attachment, []byte, error) {
	p, err := s.person(ctx, who, person, actor.RevealPerson)
	if err != nil {
		return Attachment{}, nil, err
	}
	a, data, err := s.store.one(ctx, person, attachment, true)
	if err != nil {
		return Attachment{}, nil, err
	}
	if !a.RemovedAt.IsZero() {
		return Attachment{}, nil, ErrNone
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if who.Console && s.Confirm != nil {
			if err := s.Confirm(ctx, who, "reveal", person); err != nil {
				return err
			}
		}
		return s.wrote(ctx, who, "attachment.open", p, a)
	})
	if err != nil {
		return Attachment{}, nil, err
	}
	return a, data, nil
}

// Remove takes a file off. It can be brought back for KeepRemoved; taken off twice is taken off once.
func (s *Service) Remove(ctx context.Context, who actor.Actor, person, attachment id.ID) error {
	return s.mark(ctx, who, person, attachment, "attachment.remove", func(ctx context.Context, a Attachment) error {
		if !a.RemovedAt.IsZero() {
			return nil
		}
		return s.store.setRemoved(ctx, attachment, s.Clock.Now())
	})
}

// Restore brings a file back that was taken off.
func (s *Service) Restore(ctx context.Context, who actor.Actor, person, attachment id.ID) error {
	return s.mark(ctx, who, person, attachment, "attachment.restore", func(ctx context.Context, a Attachment) error {
		if a.RemovedAt.IsZero() {
			return nil
		}
		if err := s.room(ctx, person); err != nil {
			return err
		}
		return s.store.setRemoved(ctx, attachment, time.Time{})
	})
}

func (s *Service) mark(ctx context.Context, who actor.Actor, person, attachment id.ID, action string, step func(context.Context, Attachment) error) error {
	p, err := s.person(ctx, who, person, actor.EditPerson)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		a, _, err := s.store.one(ctx, person, attachment, false)
		if err != nil {
			return err
		}
		if err := step(ctx, a); err != nil {
			return err
		}
		return s.wrote(ctx, who, action, p, a)
	})
}

// Prune deletes for good what was taken off before KeepRemoved.
func (s *Service) Prune(ctx context.Context) error {
	return s.DB.Tx(ctx, func(ctx context.Context) error { return s.store.prune(ctx, s.Clock.Now().Add(-KeepRemoved)) })
}

// wrote leaves a line; the name of a file tells of a person and stays out of it.
func (s *Service) wrote(ctx context.Context, who actor.Actor, action string, p ledger.Person, a Attachment) error {
	return s.Audit.Write(ctx, who, audit.Line{Action: action, Kind: "person", Subject: p.ID, Place: p.Place(),
		Detail: map[string]any{"attachment": a.ID, "kind": a.Kind, "size": a.Size}})
}
