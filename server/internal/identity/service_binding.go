package identity

import (
	"context"
	"errors"
	"slices"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// BindPhone exchanges a getPhoneNumber code for the account's number, binds everybody in the ledger
// who has that number and gives the account the roles that wait for it. One match is oneself; several
// are a couple's shared phone, bound as family until somebody says who they are. Where somebody has said
// that they are no family, the number binds nobody.
func (s *Service) BindPhone(ctx context.Context, who actor.Actor, code string) (PhoneResult, error) {
	raw, err := s.wx.Phone(ctx, code)
	if err != nil {
		return PhoneResult{}, wechatFault(err, ErrPhoneCode)
	}
	phone, ok := Phone(raw)
	if !ok {
		return PhoneResult{}, ErrForeignPhone
	}
	matches, err := s.dir.ByPhone(ctx, phone)
	if err != nil {
		return PhoneResult{}, err
	}
	matches = slices.DeleteFunc(matches, func(p ledger.Person) bool { return !acts(p.Status) })
	if len(matches) > 1 {
		strangers, err := s.dir.Strangers(ctx, personsOf(matches))
		if err != nil {
			return PhoneResult{}, err
		}
		if strangers { // a number that no family shares proves nothing: the liaison knows who asks
			matches = nil
		}
	}
	var out PhoneResult
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		p, err := s.store.lock(ctx, who.Account)
		if err != nil {
			return err
		}
		bound, err := s.store.bindings(ctx, who.Account)
		if err != nil {
			return err
		}
		hasSelf := slices.ContainsFunc(bound, isSelf)
		out.ChooseSelf = len(matches) > 1 && !hasSelf
		rel := Family
		if len(matches) == 1 && !hasSelf {
			rel = Self
		}
		for _, m := range matches {
			b := Binding{Account: who.Account, Person: m.ID, Relation: rel, Proof: ByPhone}
			if err := s.bind(ctx, who, bound, b, m.Place(), 0); err != nil {
				return err
			}
		}
		if err := s.store.setPhone(ctx, who.Account, phone); err != nil {
			return err
		}
		if err := s.note(ctx, who, "set_phone", "account", who.Account, actor.Place{}, nil); err != nil {
			return err
		}
		return s.attachPending(ctx, who, p, phone)
	})
	if err != nil {
		return PhoneResult{}, err
	}
	s.known.changed(ctx, who.Account)
	out.Me, err = s.Me(ctx, who)
	return out, err
}

func personsOf(list []ledger.Person) []id.ID {
	out := make([]id.ID, len(list))
	for i, p := range list {
		out[i] = p.ID
	}
	return out
}

func isSelf(b Binding) bool { return b.Relation == Self }

// bind adds a binding to those that the account has; one that it has already stays as it is.
func (s *Service) bind(ctx context.Context, who actor.Actor, have []Binding, b Binding, at actor.Place, by id.ID) error {
	if slices.ContainsFunc(have, func(h Binding) bool { return h.Person == b.Person }) {
		return nil
	}
	if err := s.store.insertBinding(ctx, b, by, s.clk.Now()); err != nil {
		return err
	}
	return s.note(ctx, who, "bind", "person", b.Person, at,
		map[string]any{"account": b.Account, "relation": b.Relation, "proof": b.Proof})
}

// attachPending gives an account the roles that wait for its number, and the holder's name with them.
func (s *Service) attachPending(ctx context.Context, who actor.Actor, p profile, phone string) error {
	if phone == "" {
		return nil
	}
	waiting, err := s.store.pending(ctx, phone, s.clk.Now())
	if err != nil {
		return err
	}
	for _, g := range waiting {
		ok, err := s.store.attach(ctx, g.ID, p.ID)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if p.Name == "" && g.HolderName != "" {
			p.Name = g.HolderName
			if err := s.store.setName(ctx, p.ID, p.Name); err != nil {
				return err
			}
		}
		if err := s.note(ctx, who, "attach_role", "role", g.ID, g.Place, map[string]any{"role": g.Role}); err != nil {
			return err
		}
	}
	return nil
}

// SetRelation says whether a bound person is the account's holder; whoever was so before becomes family.
func (s *Service) SetRelation(ctx context.Context, who actor.Actor, person id.ID, rel Relation) (BoundPerson, error) {
	if rel != Self && rel != Family {
		return BoundPerson{}, errs.ErrInvalid.With(errs.Field("relation", "请选择本人或家人"))
	}
	p, err := s.dir.Person(ctx, person)
	if err != nil {
		return BoundPerson{}, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		have, err := s.locked(ctx, who.Account)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(have, func(b Binding) bool { return b.Person == person })
		switch {
		case at < 0:
			return errs.ErrNotFound
		case have[at].Relation == rel:
			return nil
		case rel == Self && !have[at].Proof.mayBeSelf():
			return ErrNotSelf
		case rel == Self:
			if err := s.store.onlyFamily(ctx, who.Account); err != nil {
				return err
			}
		}
		if err := s.store.setRelation(ctx, who.Account, person, rel); err != nil {
			return err
		}
		if err := s.tieChanged(ctx, person); err != nil {
			return err
		}
		return s.note(ctx, who, "set_relation", "person", person, p.Place(), map[string]any{"relation": rel})
	})
	if err != nil {
		return BoundPerson{}, err
	}
	s.known.changed(ctx, who.Account)
	return BoundPerson{Person: p, Relation: rel}, nil
}

// locked locks the account's row and gives its bindings as they now are.
func (s *Service) locked(ctx context.Context, account id.ID) ([]Binding, error) {
	if _, err := s.store.lock(ctx, account); err != nil {
		return nil, err
	}
	return s.store.bindings(ctx, account)
}

// Unbind ends the account's tie to a person.
func (s *Service) Unbind(ctx context.Context, who actor.Actor, person id.ID) error {
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.store.lock(ctx, who.Account); err != nil {
			return err
		}
		if err := s.store.deleteBinding(ctx, who.Account, person); err != nil {
			return err
		}
		if err := s.tieChanged(ctx, person); err != nil {
			return err
		}
		return s.note(ctx, who, "unbind", "person", person, actor.Place{Person: person}, nil)
	})
	if err != nil {
		return err
	}
	s.known.changed(ctx, who.Account)
	return nil
}

// Ties gives the accounts that act for a person.
func (s *Service) Ties(ctx context.Context, who actor.Actor, person id.ID) ([]Tie, error) {
	if _, err := s.personFor(ctx, who, person); err != nil {
		return nil, err
	}
	ties, err := s.store.ties(ctx, person)
	if err != nil {
		return nil, err
	}
	accounts := make([]id.ID, len(ties))
	for i, t := range ties {
		accounts[i] = t.Account
	}
	names, err := s.AccountName(ctx, accounts)
	if err != nil {
		return nil, err
	}
	for i := range ties {
		ties[i].Name = names[ties[i].Account]
	}
	return ties, nil
}

// EndTie takes a person away from an account that was bound by mistake; an account without such a tie
// is left as it is.
func (s *Service) EndTie(ctx context.Context, who actor.Actor, person, account id.ID) error {
	p, err := s.personFor(ctx, who, person)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		err := s.store.deleteBinding(ctx, account, person)
		if errors.Is(err, errs.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.tieChanged(ctx, person); err != nil {
			return err
		}
		return s.note(ctx, who, "end_tie", "person", person, p.Place(), map[string]any{"account": account})
	})
	if err != nil {
		return err
	}
	s.known.changed(ctx, account)
	return nil
}

// NewBindingCode makes a code with which one account can bind the person.
func (s *Service) NewBindingCode(ctx context.Context, who actor.Actor, person id.ID) (BindingCode, error) {
	p, err := s.personFor(ctx, who, person)
	if err != nil {
		return BindingCode{}, err
	}
	if !acts(p.Status) {
		return BindingCode{}, ErrInactive
	}
	now := s.clk.Now()
	for range 5 { // digits that were drawn before: draw again
		c := BindingCode{Person: person, ExpiresAt: now.Add(codeLife)}
		if c.Code, err = newCode(); err != nil {
			return BindingCode{}, err
		}
		codeID := s.ids.New()
		err = s.db.Tx(ctx, func(ctx context.Context) error {
			if err := s.store.insertCode(ctx, codeID, c, who.Account, now); err != nil {
				return err
			}
			return s.note(ctx, who, "create_binding_code", "person", person, p.Place(), map[string]any{"code_id": codeID})
		})
		if !db.IsDuplicate(err) {
			return c, err
		}
	}
	return BindingCode{}, err
}

// personFor gives a person whose bindings who may confirm; outside of what who sees it is not found.
func (s *Service) personFor(ctx context.Context, who actor.Actor, person id.ID) (ledger.Person, error) {
	p, err := s.dir.Person(ctx, person)
	if err != nil {
		return ledger.Person{}, err
	}
	if !who.Scope(actor.SeePerson).Covers(p.Place()) {
		return ledger.Person{}, errs.ErrNotFound
	}
	return p, who.Must(actor.ConfirmClaim, p.Place())
}

// PruneCodes removes binding codes that ran out before a time; the audit lines stay.
func (s *Service) PruneCodes(ctx context.Context, before time.Time) error {
	return s.db.Tx(ctx, func(ctx context.Context) error { return s.store.pruneCodes(ctx, before) })
}

// BindByCode binds the person of a binding code: as oneself when the account is nobody yet and rel
// doesn't say otherwise. The answer to every wrong code is the same, and wrong ones are counted.
func (s *Service) BindByCode(ctx context.Context, who actor.Actor, typed string, rel Relation, address string) (BoundPerson, error) {
	digits, ok := parseCode(typed)
	if !ok {
		return BoundPerson{}, ErrCode
	}
	allowed, right := s.guesses.begin(ctx, who.Account, address)
	if !allowed {
		return BoundPerson{}, ErrGuessing
	}
	b, err := s.redeem(ctx, who, digits, rel)
	if !errors.Is(err, ErrCode) { // right, or it couldn't be judged
		right()
	}
	if err != nil {
		return BoundPerson{}, err
	}
	s.known.changed(ctx, who.Account)
	return b, nil
}

func (s *Service) redeem(ctx context.Context, who actor.Actor, digits string, rel Relation) (BoundPerson, error) {
	c, err := s.store.code(ctx, digits)
	if errors.Is(err, errs.ErrNotFound) {
		return BoundPerson{}, ErrCode
	}
	if err != nil {
		return BoundPerson{}, err
	}
	now := s.clk.Now()
	again := c.UsedBy == who.Account // the answer to the first try was lost
	if !again && (c.UsedBy != 0 || !now.Before(c.ExpiresAt)) {
		return BoundPerson{}, ErrCode
	}
	if c.CreatedBy == who.Account {
		return BoundPerson{}, ErrOwnCode
	}
	p, err := s.dir.Person(ctx, c.Person)
	if err != nil && !errors.Is(err, errs.ErrNotFound) {
		return BoundPerson{}, err
	}
	if err != nil || !acts(p.Status) {
		return BoundPerson{}, ErrCode
	}
	out := BoundPerson{Person: p}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		have, err := s.locked(ctx, who.Account)
		if err != nil {
			return err
		}
		if at := slices.IndexFunc(have, func(b Binding) bool { return b.Person == p.ID }); at >= 0 {
			out.Relation = have[at].Relation
			if again {
				return nil
			}
		} else if again { // bound by it once, and unbound since: a code works once
			return ErrCode
		} else {
			out.Relation = codeRelation(have, rel)
		}
		won, err := s.store.useCode(ctx, c.ID, who.Account, now)
		if err != nil {
			return err
		}
		if !won {
			return ErrCode
		}
		b := Binding{Account: who.Account, Person: p.ID, Relation: out.Relation, Proof: ByCode}
		return s.bind(ctx, who, have, b, p.Place(), c.CreatedBy)
	})
	return out, err
}

func codeRelation(have []Binding, asked Relation) Relation {
	if asked == Family || slices.ContainsFunc(have, isSelf) {
		return Family
	}
	return Self
}
