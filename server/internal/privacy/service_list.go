package privacy

import (
	"cmp"
	"context"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/page"
)

// Erasures gives the requests of the committees for which who may erase, those that wait or those that are
// done, the latest first.
func (s *Service) Erasures(ctx context.Context, who actor.Actor, done bool, p page.Page) (page.List[Erasure], error) {
	scope := who.Scope(actor.ErasePerson)
	if scope.Empty() {
		return page.List[Erasure]{}, errs.ErrForbidden
	}
	found, err := s.store.erasures(ctx, scope, done, p)
	if err != nil {
		return page.List[Erasure]{}, err
	}
	list := page.Of(found, p.Size(), func(e Erasure) string { return e.Person.String() })
	accounts := make([]id.ID, 0, 2*len(list.Items))
	for _, e := range list.Items {
		accounts = append(accounts, e.AskedBy, e.DoneBy)
	}
	names, err := s.Accounts.AccountName(ctx, accounts)
	for i := range list.Items {
		e := &list.Items[i]
		e.Asker, e.Doer, e.Own = names[e.AskedBy], names[e.DoneBy], e.AskedBy == who.Account
	}
	return list, err
}

// Erasure tells what an erasure of a person removes and what it keeps, and whether it was asked for; one
// that wasn't has no time. Nothing is told once it is done.
func (s *Service) Erasure(ctx context.Context, who actor.Actor, person id.ID) (Erasure, error) {
	p, err := s.forErasure(ctx, who, person)
	if err != nil {
		return Erasure{}, err
	}
	e, err := s.store.erasure(ctx, person)
	if err != nil && !isGone(err) {
		return Erasure{}, err
	}
	e.Person, e.Unit, e.Own = person, p.Person.Unit, e.AskedBy != 0 && e.AskedBy == who.Account
	if !e.DoneAt.IsZero() {
		return e, nil
	}
	e.Name = p.Person.Name
	names, err := s.Accounts.AccountName(ctx, []id.ID{e.AskedBy})
	if err != nil {
		return Erasure{}, err
	}
	e.Asker = names[e.AskedBy]
	if e.Second, e.Ready, err = s.second(ctx, p.Person.CommitteeID, cmp.Or(e.AskedBy, who.Account)); err != nil {
		return Erasure{}, err
	}
	e.Counts, err = s.store.count(ctx, person)
	return e, err
}
