package notice

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// Call is one line of the call list: a person, the number, and what came of the last call.
type Call struct {
	Reader
	Phone string
	Note  string
	// Family is whom to ring instead, of a person without a number or who wants the family to be told.
	Family ledger.Contact
	At     time.Time // of the last call
	By     string    // name of who called
	Now    string    // name of the colleague who is calling at this moment; empty: nobody else is
	Way    Way       // how the person wants to be told
	News   News      // what is new for the person
}

// News is what somebody who knew the notice does not know yet.
type News string

// Kinds of news.
const (
	Corrected News = "corrected" // the text
	Moved     News = "moved"     // time or place
	GotPlace  News = "placed"    // who waited has a place
)

// newsFor tells what is new for a person, from the earlier versions of the notice and its moves.
func newsFor(r Recipient, old []Version, moves []Move) News {
	switch {
	case r.AgainAt.IsZero() || !r.Unreached():
		return ""
	case slices.ContainsFunc(old, func(v Version) bool { return v.ReplacedAt.Equal(r.AgainAt) }):
		return Corrected
	case slices.ContainsFunc(moves, func(m Move) bool { return m.At.Equal(r.AgainAt) }):
		return Moved
	}
	return GotPlace
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
	ways, err := s.store.ways(ctx, personsOf(rows))
	if err != nil {
		return nil, err
	}
	families, err := s.Directory.Families(ctx, throughFamily(rows, phones, ways))
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
	for _, r := range rows {
		if r.Taken(who.Account, s.Clock.Now()) {
			callers = append(callers, r.HeldBy)
		}
	}
	names, err := s.Accounts.AccountName(ctx, unique(callers))
	if err != nil {
		return nil, err
	}
	old, err := s.store.versions(ctx, []id.ID{n.ID})
	if err != nil {
		return nil, err
	}
	moves, err := s.store.moves(ctx, []id.ID{n.ID})
	if err != nil {
		return nil, err
	}
	out := make([]Call, 0, len(readers))
	for _, r := range waitingFirst(byHousehold(readers), ways) {
		c := Call{Reader: r, Phone: phones[r.Person], Family: families[r.Person], Way: cmp.Or(ways[r.Person], ByWeChat), News: newsFor(r.Recipient, old[n.ID], moves[n.ID])}
		if l, ok := last[r.Person]; ok {
			if c.Note, err = s.Box.OpenString(l.Note, noteContext); err != nil {
				return nil, err
			}
			c.At, c.By = l.At, names[l.By]
		}
		if r.Taken(who.Account, s.Clock.Now()) {
			c.Now = names[r.HeldBy]
		}
		out = append(out, c)
	}
	return out, s.audit(ctx, who, "notice.call_list", n, map[string]any{"numbers": len(out), "families": len(families)})
}

// throughFamily gives those whose family is rung: who wants it so, or has no number.
func throughFamily(rows []Recipient, phones map[id.ID]string, ways map[id.ID]Way) []id.ID {
	return slices.DeleteFunc(personsOf(rows), func(p id.ID) bool { return phones[p] != "" && ways[p] != ByFamily })
}

const noteContext = "notice_calls.note"

// byHousehold puts those of one household one after the other: one call serves both of a couple.
func byHousehold(list []Reader) []Reader {
	first := map[id.ID]int{}
	for i, r := range list {
		if _, seen := first[r.Household]; !seen && r.Household != 0 {
			first[r.Household] = i
		}
	}
	at := make(map[id.ID]int, len(list))
	for i, r := range list {
		if at[r.Person] = i; r.Household != 0 {
			at[r.Person] = first[r.Household]
		}
	}
	slices.SortStableFunc(list, func(a, b Reader) int { return cmp.Compare(at[a.Person], at[b.Person]) })
	return list
}

// waitingFirst puts those at the top who get no messages and wait for the call, with their households.
func waitingFirst(list []Reader, ways map[id.ID]Way) []Reader {
	homes := map[id.ID]bool{}
	for _, r := range list {
		if ways[r.Person] == ByPhone && r.Household != 0 {
			homes[r.Household] = true
		}
	}
	first := func(r Reader) int {
		if ways[r.Person] == ByPhone || homes[r.Household] {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(list, func(a, b Reader) int { return first(a) - first(b) })
	return list
}

// TakeCall keeps a person for the caller for ten minutes, and with it those of the household who are
// reached at the same number: of several liaisons one calls. Whoever takes another person, or notes what
// came of the call, lets go.
func (s *Service) TakeCall(ctx context.Context, who actor.Actor, key, person id.ID) error {
	n, err := s.partly(ctx, who, actor.CallMembers, key)
	if err != nil {
		return err
	}
	if err := n.callable(); err != nil {
		return err
	}
	r, err := s.store.recipient(ctx, n.ID, person, who.Scope(actor.CallMembers))
	if err != nil {
		return err
	}
	if !r.StoppedAt.IsZero() {
		return ErrStopped
	}
	home, err := s.atOnePhone(ctx, n, person)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		mine, err := s.store.held(ctx, n.ID, who.Account)
		if err != nil {
			return err
		}
		rows, err := s.store.lockRecipients(ctx, n.ID, unique(slices.Concat(home, mine)))
		if err != nil {
			return err
		}
		now := s.Clock.Now()
		if slices.ContainsFunc(rows, func(o Recipient) bool { return slices.Contains(home, o.Person) && o.Taken(who.Account, now) }) {
			return ErrTaken
		}
		if err := s.store.letGo(ctx, n.ID, mine, who.Account); err != nil {
			return err
		}
		if err := s.store.hold(ctx, n.ID, home, who.Account, now.Add(holdFor)); err != nil {
			return err
		}
		place := n.At()
		place.Unit = r.Unit
		return s.Audit.Write(ctx, who, audit.Line{Action: "notice.calling", Kind: "person", Subject: person, Place: place, Detail: map[string]any{"notice": n.ID}})
	})
}

// atOnePhone gives the person and those recipients of the household, of whatever unit, who have the same number.
func (s *Service) atOnePhone(ctx context.Context, n Notice, person id.ID) ([]id.ID, error) {
	rows, err := s.store.recipients(ctx, n.ID, actor.Scope{All: true}, Everybody)
	if err != nil {
		return nil, err
	}
	known, err := s.Directory.Persons(ctx, personsOf(rows))
	if err != nil {
		return nil, err
	}
	home := []id.ID{person}
	for _, r := range rows {
		if at := known[r.Person].HouseholdID; at != 0 && at == known[person].HouseholdID && r.Person != person {
			home = append(home, r.Person)
		}
	}
	phones, err := s.Directory.Phones(ctx, home)
	return slices.DeleteFunc(home, func(p id.ID) bool { return p != person && (phones[p] == "" || phones[p] != phones[person]) }), err
}

// Spoken is what came of a call. Told reaches the person; OnLeave also records the answer with its Reason;
// the others leave the person on the list.
type Spoken struct {
	Outcome      Outcome
	Note, Reason string
	With         []id.ID // others of the household to whom the same was said; never with OnLeave
}

// RecordCall notes what came of a call, of a couple's one call for both. The latest outcome counts,
// earlier ones stay in the history.
func (s *Service) RecordCall(ctx context.Context, who actor.Actor, key, person id.ID, sp Spoken) (Call, error) {
	outcome, note, reason := sp.Outcome, sp.Note, sp.Reason
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
	others, err := s.household(ctx, n, person, sp, scope)
	if err != nil {
		return Call{}, err
	}
	c := call{Notice: n.ID, Outcome: outcome, By: who.Account, At: s.Clock.Now(), Note: s.Box.SealString(note, noteContext)}
	all := append(others, r)
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if outcome == OnLeave { // the answer that follows holds it, too: always first
			if err := s.activities.Lock(ctx, n.Activity); err != nil {
				return err
			}
		}
		mine, err := s.store.held(ctx, n.ID, who.Account)
		if err != nil {
			return err
		}
		if _, err := s.store.lockRecipients(ctx, n.ID, unique(slices.Concat(personsOf(all), mine))); err != nil {
			return err
		}
		for _, to := range all {
			c.ID, c.Person = s.IDs.New(), to.Person
			if err := s.store.insertCall(ctx, c); err != nil {
				return err
			}
			place := n.At()
			place.Unit = to.Unit
			err := s.Audit.Write(ctx, who, audit.Line{
				Action: "notice.call", Kind: "person", Subject: to.Person, Place: place,
				Detail: map[string]any{"notice": n.ID, "outcome": string(outcome)},
			})
			if err != nil {
				return err
			}
		}
		if err := s.store.letGo(ctx, n.ID, mine, who.Account); err != nil {
			return err
		}
		if outcome == OnLeave {
			return s.activities.RecordOnBehalf(ctx, who, n.Activity, person, "leave", reason)
		}
		return nil
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
	old, err3 := s.store.versions(ctx, []id.ID{n.ID})
	moves, err4 := s.store.moves(ctx, []id.ID{n.ID})
	if err := errors.Join(err, err2, err3, err4); err != nil || len(readers) == 0 {
		return Call{}, err
	}
	return Call{Reader: readers[0], Note: note, At: c.At, By: names[who.Account], News: newsFor(r, old[n.ID], moves[n.ID])}, nil
}

// household gives the others of a call: recipients in scope who live in the person's household.
func (s *Service) household(ctx context.Context, n Notice, person id.ID, sp Spoken, scope actor.Scope) ([]Recipient, error) {
	if len(sp.With) == 0 {
		return nil, nil
	}
	if sp.Outcome == OnLeave {
		return nil, errs.ErrInvalid.With(errs.Field("with", "请假要一位一位登记"))
	}
	known, err := s.Directory.Persons(ctx, append([]id.ID{person}, sp.With...))
	if err != nil {
		return nil, err
	}
	out := make([]Recipient, 0, len(sp.With))
	for _, p := range unique(sp.With) {
		home := known[person].HouseholdID
		if p == person || home == 0 || known[p].HouseholdID != home {
			return nil, errs.ErrInvalid.With(errs.Field("with", "只能一并登记同一户的人"))
		}
		r, err := s.store.recipient(ctx, n.ID, p, scope)
		if err != nil {
			return nil, err
		}
		if !r.StoppedAt.IsZero() {
			return nil, ErrStopped
		}
		out = append(out, r)
	}
	return out, nil
}

// callable reports why nobody need be called about the notice, if so.
func (n Notice) callable() error {
	switch n.State {
	case Draft:
		return ErrNotOut
	case Cancelled:
		return ErrOver
	}
	return nil
}

// checkCall is the rule of what may be noted about a call.
func checkCall(n Notice, r Recipient, o Outcome, note, reason string) (string, string, error) {
	note, reason = line(note), line(reason)
	if err := n.callable(); err != nil {
		return "", "", err
	}
	switch {
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
