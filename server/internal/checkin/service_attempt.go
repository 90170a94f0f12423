package checkin

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
)

// answerWithin is how long a phone at the door is kept waiting at most: then it is told to come again,
// which its nonce makes harmless. Three seconds are promised; the rest is for the way.
const answerWithin = 2800 * time.Millisecond

// SignIn is a member's own phone: a ticket from the visit, and one of the persons that the account is
// confirmed for. What the phone says about the time is believed as far as the ticket goes.
func (s *Service) SignIn(ctx context.Context, who actor.Actor, tap Tap) (Result, error) {
	return s.SignInBy(ctx, who.Account, tap, func(context.Context) (actor.Actor, error) { return who, nil })
}

// SignInBy is SignIn of an account whose rights are looked up only where the ordinary case does not
// answer.
func (s *Service) SignInBy(ctx context.Context, account id.ID, tap Tap, rights func(context.Context) (actor.Actor, error)) (Result, error) {
	by := clock.Elapsed() + answerWithin
	if r, done, err := s.quick(ctx, account, tap, by); done || err != nil {
		s.metrics.memory.Inc()
		return r, err
	}
	s.metrics.asked.Inc()
	ctx, cancel := context.WithTimeout(ctx, by-clock.Elapsed())
	defer cancel()
	who, err := rights(ctx)
	if err != nil {
		return Result{}, err
	}
	return s.signIn(ctx, who, tap)
}

func (s *Service) signIn(ctx context.Context, who actor.Actor, tap Tap) (Result, error) {
	now := s.Clock.Now()
	t := &attempt{text: tap.Nonce, door: Self, coded: true, trusted: true, person: tap.Person}
	var ok bool
	var err error
	if t.nonce, ok = ParseNonce(tap.Nonce); !ok {
		return Result{}, errs.ErrInvalid.With(errs.Field("nonce", "格式不对"))
	}
	var l List
	var a activity.Activity
	if tap.Ticket == "" {
		l, a, err = s.readToken(ctx, t, tap, now)
	} else {
		l, a, err = s.readTicket(ctx, who, t, tap, now)
	}
	if errors.Is(err, errs.ErrNotFound) {
		return s.wrongCode(ctx, who, tap.Nonce, now)
	}
	if err != nil {
		return Result{}, err
	}
	t.facts.Genuine, t.facts.LeaveToPresent = true, tap.LeaveToPresent
	if !who.ActsFor(tap.Person) {
		t.person = 0
	} else if rel, err := s.Accounts.RelationOf(ctx, who.Account, tap.Person); err != nil {
		return Result{}, err
	} else {
		t.onBehalf = rel != identity.Self
	}
	out, err := s.settle(ctx, who, l, a, now, []*attempt{t})
	if err != nil {
		return Result{}, err
	}
	return out[0], nil
}

// readTicket reads an attempt with a ticket; errs.ErrNotFound where it is none of the caller's.
func (s *Service) readTicket(ctx context.Context, who actor.Actor, t *attempt, tap Tap, now time.Time) (List, activity.Activity, error) {
	tk, ok := s.codes.OpenTicket(tap.Ticket)
	if !ok || tk.Account != who.Account {
		return List{}, activity.Activity{}, errs.ErrNotFound
	}
	l, a, err := s.listOf(ctx, tk.List)
	if err != nil {
		return List{}, activity.Activity{}, err
	}
	at, flag, late := Moment(l, a.StartsAt, tap.Happened, now, Self, false)
	if !at.Equal(now) && !tk.Covers(at) {
		at, flag, late = now, FlagClock, false
	}
	live := tk.Covers(now)
	switch {
	case late && !live:
		flag = FlagLate
	case flag == "":
		flag = tk.Doubt()
	}
	t.flag, t.facts.At, t.facts.Current = flag, at, live || late && now.Sub(at) <= selfLate
	return l, a, nil
}

// readToken reads an attempt of a phone that scanned the venue code and then found no network. The code
// bounds the moment that the phone claims, but nobody saw the phone at that moment: what comes later
// than the code itself would count is recorded with a flag, for unseenLate.
func (s *Service) readToken(ctx context.Context, t *attempt, tap Tap, now time.Time) (List, activity.Activity, error) {
	claimed := tap.Happened.UTC().Truncate(time.Millisecond)
	if ahead := claimed.Sub(now); claimed.IsZero() || ahead > 0 && ahead <= skew {
		claimed = now
	}
	scanned, ok, err := s.admit(ctx, tap.Token, claimed)
	if err == nil && !ok {
		err = errs.ErrNotFound
	}
	if err != nil {
		return List{}, activity.Activity{}, err
	}
	l, a, err := s.listOf(ctx, scanned.List)
	if err != nil {
		return List{}, activity.Activity{}, err
	}
	t.facts.At = claimed
	t.facts.Current = scanned.Current && !claimed.After(now) && now.Sub(claimed) <= unseenLate
	switch {
	case scanned.Poster && now.Sub(claimed) <= lateAfter:
		t.flag = FlagPoster
	case scanned.Poster || !s.codes.venueCurrent(tap.Token, now):
		t.flag = FlagUnseen
	case scanned.Old:
		t.flag = FlagOldCode
	}
	return l, a, nil
}

// wrongCode answers a code that names no list, and slows down whoever tries many.
func (s *Service) wrongCode(ctx context.Context, who actor.Actor, nonce string, now time.Time) (Result, error) {
	if s.guesses.wrong(ctx, who.Account, 1, guessPhone) {
		return Result{}, ErrGuessing
	}
	return Result{Answer: InvalidCode, Message: Message(InvalidCode, now, now, now), Nonce: nonce, Happened: now}, nil
}

// Record is what a door sends: attempts one by one or, after a while without network, many. Each gets
// its own answer; a bad one holds no other up.
func (s *Service) Record(ctx context.Context, who actor.Actor, listID id.ID, items []Item) ([]Result, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	l, a, err := s.open(ctx, who, actor.CheckInOthers, listID)
	if err != nil || len(items) == 0 {
		return []Result{}, err
	}
	if len(items) > chunk {
		return nil, errs.ErrInvalid.With(errs.Field("items", "一次最多上传500条"))
	}
	now := s.Clock.Now()
	list, err := s.read(ctx, l, a, now, items)
	if err != nil {
		return nil, err
	}
	out, err := s.settle(ctx, who, l, a, now, list)
	if err != nil {
		return nil, err
	}
	if err := s.witnessed(ctx, who, l, a, list); err != nil {
		return nil, err
	}
	wrong := 0
	for _, t := range list {
		if t.coded && t.answer == InvalidCode || t.nothing {
			wrong++
		}
	}
	if wrong > 0 && s.guesses.wrong(ctx, who.Account, wrong, guessDoor) && wrong == len(list) {
		return nil, ErrGuessing
	}
	return out, nil
}

// settle judges attempts on one list, records those that are accepted and answers each.
func (s *Service) settle(ctx context.Context, who actor.Actor, l List, a activity.Activity, now time.Time, list []*attempt) ([]Result, error) {
	if err := s.learn(ctx, who, l, a, list); err != nil {
		return nil, err
	}
	stand, err := s.standing(ctx, l, list)
	if err != nil {
		return nil, err
	}
	for _, t := range list {
		t.judge()
	}
	if stand, err = s.write(ctx, who, l, a, now, list, stand); err != nil {
		return nil, err
	}
	return s.results(ctx, l, a, now, list, stand)
}

// persons names each person of the attempts once.
func persons(list []*attempt) []id.ID {
	var ids []id.ID
	for _, t := range list {
		if t.person != 0 {
			ids = append(ids, t.person)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// learn finds out whom the attempts are about. A mere id reveals nobody outside of the list, the
// alliance and what the caller sees of the ledger.
func (s *Service) learn(ctx context.Context, who actor.Actor, l List, a activity.Activity, list []*attempt) error {
	ids := persons(list)
	people, err := s.Directory.Persons(ctx, ids)
	if err != nil {
		return err
	}
	listed, err := s.dueAmong(ctx, l, ids)
	if err != nil {
		return err
	}
	sees := who.Scope(actor.SeePerson)
	for _, t := range list {
		t.facts.Cancelled, t.facts.Opens, t.facts.Closes = a.Cancelled, l.OpensAt, l.ClosesAt
		p, ok := people[t.person]
		e, on := listed[t.person]
		if !ok || !t.trusted && !on && p.AllianceID != a.Alliance && !sees.Covers(p.Place()) {
			t.person = 0
			continue
		}
		t.about = &p
		t.facts.Known, t.facts.Active = true, p.Status == ledger.Active
		t.facts.OnList, t.facts.Excused = on, e.Answer == activity.Leave
	}
	return nil
}

// standing completes the facts with what is recorded already, and gives those records.
func (s *Service) standing(ctx context.Context, l List, list []*attempt) (map[id.ID]Record, error) {
	ids := persons(list)
	present, err := s.store.present(ctx, l.ID, ids)
	if err != nil {
		return nil, err
	}
	annulled, err := s.store.annulled(ctx, l.ID, ids)
	if err != nil {
		return nil, err
	}
	for _, t := range list {
		r, there := present[t.person]
		t.facts.Own = there && r.Attempt == t.nonce
		t.facts.Present = there && !t.facts.Own
		t.facts.Annulled = !t.facts.Own && slices.Contains(annulled[t.person], t.nonce)
	}
	return present, nil
}

// auditPersons is how many persons one audit line names.
const auditPersons = 150

// write records what was accepted, in one transaction with walk-ins, conflicts and the audit line, and
// gives the records that stand then.
func (s *Service) write(ctx context.Context, who actor.Actor, l List, a activity.Activity, now time.Time, list []*attempt, before map[id.ID]Record) (map[id.ID]Record, error) {
	rows := accepted(list, l, who.Account, now)
	if len(rows) == 0 && len(conflicting(list, before, l, who.Account, now)) == 0 {
		return before, nil
	}
	var stand map[id.ID]Record
	err := s.DB.Tx(ctx, func(ctx context.Context) error {
		stand = maps.Clone(before)
		if len(rows) > 0 {
			recorded, _, err := s.store.record(ctx, slices.Clone(rows)) // first in the transaction
			if err != nil {
				return err
			}
			maps.Copy(stand, recorded)
		}
		var walkIns []ledger.Person
		var made []id.ID
		for _, t := range list {
			if r := stand[t.person]; !t.accept || r.Attempt != t.nonce {
				continue
			}
			made = append(made, t.person)
			if !t.facts.OnList && !l.Kind.further() {
				walkIns = append(walkIns, *t.about)
			}
		}
		if err := s.Activities.AddWalkIns(ctx, a.ID, walkIns); err != nil {
			return err
		}
		again := conflicting(list, stand, l, who.Account, now)
		if err := s.store.addConflicts(ctx, again); err != nil {
			return err
		}
		for _, r := range again {
			made = append(made, r.Person)
		}
		if len(again) > 0 {
			if err := s.Versions.Raise(ctx, l.ID); err != nil { // an earlier moment than the one remembered
				return err
			}
		}
		for part := range slices.Chunk(made, auditPersons) {
			err := s.Audit.Write(ctx, who, audit.Line{Action: "checkin.record", Kind: "activity", Subject: a.ID, Place: a.At(),
				Detail: map[string]any{"list": l.ID, "persons": part}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		s.changed(l.ID)
	}
	return stand, err
}

// results answers each attempt from the records that stand now, so that a repetition is told the same
// word for word.
func (s *Service) results(ctx context.Context, l List, a activity.Activity, now time.Time, list []*attempt, stand map[id.ID]Record) ([]Result, error) {
	for _, t := range list {
		if t.accept && stand[t.person].Attempt != t.nonce {
			t.answer = Already // somebody was faster
		}
	}
	first, err := s.firsts(ctx, l, list, stand)
	if err != nil {
		return nil, err
	}
	out := make([]Result, len(list))
	for i, t := range list {
		r := Result{Answer: t.answer, Nonce: t.text, Person: t.about, Activity: &a, List: l.ID, Happened: t.facts.At, Candidates: t.matches}
		switch t.answer {
		case OK:
			r.Happened = stand[t.person].Happened
		case Already:
			f := first[t.person]
			r.First = &f
		case TooEarly, TooLate:
			r.Opens, r.Closes = l.OpensAt, l.ClosesAt
		case InvalidCode:
			r.Person = nil
		}
		r.Message = Message(t.answer, first[t.person].At, l.OpensAt, now)
		switch {
		case t.damaged:
			r.Message = damagedMessage
		case t.facts.Annulled:
			r.Message = "这次签到已撤销，请重新签到"
		case t.answer == CodeExpired && t.door == Card:
			r.Message = cardOver
		}
		out[i] = r
	}
	return out, nil
}

// firsts tells, for those who are told 已签到, since when: the earliest that any door has seen.
func (s *Service) firsts(ctx context.Context, l List, list []*attempt, stand map[id.ID]Record) (map[id.ID]First, error) {
	var ids []id.ID
	for _, t := range list {
		if t.answer == Already {
			ids = append(ids, t.person)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	again, err := s.store.conflicts(ctx, l.ID, ids)
	if err != nil {
		return nil, err
	}
	early := make(map[id.ID]Record, len(ids))
	for _, p := range ids {
		early[p] = earliest(stand[p], again[p])
	}
	name, err := s.recorders(ctx, early)
	if err != nil {
		return nil, err
	}
	out := make(map[id.ID]First, len(ids))
	for p, r := range early {
		out[p] = First{At: r.Happened, Door: r.Door, By: name(r)}
	}
	return out, nil
}

// recorders looks up who recorded the records, and gives the words for it.
func (s *Service) recorders(ctx context.Context, rows map[id.ID]Record) (func(Record) string, error) {
	var accounts []id.ID
	for _, r := range rows {
		if r.Door != Self || r.OnBehalf {
			accounts = append(accounts, r.By)
		}
	}
	slices.Sort(accounts)
	names, err := s.Accounts.AccountName(ctx, slices.Compact(accounts))
	return func(r Record) string {
		switch name := names[r.By]; {
		case r.Door == Self && !r.OnBehalf:
			return "本人"
		case name != "":
			return name
		case r.Door == Self:
			return "家人"
		}
		return "工作人员"
	}, err
}

func (s *Service) listOf(ctx context.Context, listID id.ID) (List, activity.Activity, error) {
	l, err := s.store.list(ctx, listID)
	if err != nil {
		return List{}, activity.Activity{}, err
	}
	a, err := s.Activities.ByID(ctx, l.Activity)
	return l, a, err
}
