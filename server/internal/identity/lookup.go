package identity

import (
	"context"
	"errors"

	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// What other packages ask about accounts. No permission is checked here: the caller has.

// AccountsOf gives the accounts bound to each person, oldest binding first; disabled ones are left out.
func (s *Service) AccountsOf(ctx context.Context, persons []id.ID) (map[id.ID][]Account, error) {
	return s.store.accountsOf(ctx, persons)
}

// Holder is the tie of an account to a person.
type Holder struct {
	Account, Person id.ID
	Relation        Relation
}

// Holders gives the ties of enabled accounts to some persons.
func (s *Service) Holders(ctx context.Context, persons []id.ID) ([]Holder, error) {
	return s.store.holders(ctx, persons)
}

// RelationOf tells how an account is bound to a person, "" when it is not.
func (s *Service) RelationOf(ctx context.Context, account, person id.ID) (Relation, error) {
	list, err := s.store.bindings(ctx, account)
	for _, b := range list {
		if b.Person == person {
			return b.Relation, err
		}
	}
	return "", err
}

// OpenID gives an account's openid, or errs.ErrNotFound.
func (s *Service) OpenID(ctx context.Context, account id.ID) (string, error) {
	p, err := s.store.profile(ctx, account)
	return p.OpenID, err
}

// SessionKey gives the key that opens what WeChat encrypted for the account's last login.
func (s *Service) SessionKey(ctx context.Context, account id.ID) (string, error) {
	return s.store.sessionKey(ctx, account)
}

// AccountByOpenID finds the account of an openid, if it ever logged in.
func (s *Service) AccountByOpenID(ctx context.Context, openID string) (id.ID, bool, error) {
	p, err := s.store.profileByOpenID(ctx, openID)
	if errors.Is(err, errs.ErrNotFound) {
		return 0, false, nil
	}
	return p.ID, err == nil, err
}

// LiaisonOf tells whom to call about a unit: its liaison, else the office.
func (s *Service) LiaisonOf(ctx context.Context, unit id.ID) (name, phone string, err error) {
	g, err := s.store.liaison(ctx, unit, s.clk.Now())
	if errors.Is(err, errs.ErrNotFound) {
		return s.help.Name, s.help.Phone, nil
	}
	if err != nil {
		return "", "", err
	}
	if g.Phone == "" && g.Account != 0 { // given to an account by the command, without a number
		p, err := s.store.profile(ctx, g.Account)
		if err != nil {
			return "", "", err
		}
		g.Phone, g.HolderName = p.Phone, firstOf(g.HolderName, p.Name)
	}
	if g.Phone == "" {
		return s.help.Name, s.help.Phone, nil
	}
	return firstOf(g.HolderName, roleNames[g.Role]), g.Phone, nil
}

// HeadGrants gives the head roles in force at an alliance, the oldest first.
func (s *Service) HeadGrants(ctx context.Context, alliance id.ID) ([]RoleGrant, error) {
	return s.store.headsOf(ctx, alliance, s.clk.Now())
}

// AccountName gives the names under which others read what the accounts did.
func (s *Service) AccountName(ctx context.Context, accounts []id.ID) (map[id.ID]string, error) {
	profiles, err := s.store.profiles(ctx, accounts)
	if err != nil {
		return nil, err
	}
	bindings, err := s.store.bindingsOf(ctx, accounts)
	if err != nil {
		return nil, err
	}
	persons, err := s.dir.Persons(ctx, personIDs(bindings))
	if err != nil {
		return nil, err
	}
	bound := map[id.ID][]BoundPerson{}
	for _, b := range bindings {
		if p, ok := persons[b.Person]; ok {
			bound[b.Account] = append(bound[b.Account], BoundPerson{Person: p, Relation: b.Relation})
		}
	}
	out := make(map[id.ID]string, len(profiles))
	for account, p := range profiles {
		out[account] = nameOf(p.Name, bound[account])
	}
	return out, nil
}

// PersonChanged is the ledger's hook for somebody who died or moved: whoever acts for them is read
// anew. It runs inside the ledger's transaction and so tells this process only; the others forget
// within knownLife.
func (s *Service) PersonChanged(ctx context.Context, p ledger.Person) error {
	m, err := s.store.accountsOf(ctx, []id.ID{p.ID})
	if err != nil {
		return err
	}
	for _, a := range m[p.ID] {
		s.known.drop(a.ID)
	}
	return nil
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// UnionIDs gives the unionids of those of the accounts whose is known.
func (s *Service) UnionIDs(ctx context.Context, accounts []id.ID) (map[id.ID]string, error) {
	return s.store.unionIDs(ctx, accounts)
}
