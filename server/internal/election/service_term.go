package election

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
	"bense/server/internal/outbox"
)

// Confirm makes the result of an election final and lets the successor's term begin at a day: today at
// once, with the handover, later by the worker.
func (s *Service) Confirm(ctx context.Context, who actor.Actor, key id.ID, starts time.Time) (Election, error) {
	return s.step(ctx, who, key, "election.confirm", func(ctx context.Context, e Election) (Election, map[string]any, error) {
		switch {
		case e.State == Confirmed || e.State == Cancelled:
			return e, nil, ErrDone
		case e.State != Counted:
			return e, nil, ErrNotCounted
		case e.Elected == 0:
			return e, nil, ErrNobody
		}
		if err := s.Roles.Confirmed(ctx, who, "role", e.Alliance); err != nil {
			return e, nil, err
		}
		t, err := elected(e, starts, who.Account, s.IDs.New(), s.Clock.Now())
		if err != nil {
			return e, nil, err
		}
		e.State, e.UpdatedAt = Confirmed, s.Clock.Now()
		return e, map[string]any{"person": t.Person, "from": t.StartsAt, "until": t.EndsAt}, s.plan(ctx, who, t)
	})
}

// Appoint lets somebody act as head for some days while the head is away or the post is empty. The
// head, if there is one, keeps the role beside.
func (s *Service) Appoint(ctx context.Context, who actor.Actor, a Stand) (Term, error) {
	alliance, err := s.Directory.Alliance(ctx, a.Alliance)
	if err != nil {
		return Term{}, err
	}
	if !who.Scope(actor.SeeElection).Covers(alliance.Place()) {
		return Term{}, errs.ErrNotFound
	}
	if err := who.Must(actor.RunElection, alliance.Place()); err != nil {
		return Term{}, err
	}
	p, err := s.person(ctx, who, a.Person)
	switch {
	case err != nil:
		return Term{}, err
	case p.AllianceID != a.Alliance || p.Status != ledger.Active:
		return Term{}, errs.ErrInvalid.With(errs.Field("person_id", "请选这个联盟在册的同志"))
	}
	a.Reason = strings.TrimSpace(a.Reason)
	t, err := acting(a, alliance.Place(), who.Account, s.IDs.New(), s.Clock.Now())
	if err != nil {
		return Term{}, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		others, err := s.store.unfinished(ctx, a.Person)
		if err != nil {
			return err
		}
		for _, o := range others {
			if o.Acting && o.Alliance == t.Alliance && o.StartsAt.Before(t.EndsAt) && t.StartsAt.Before(o.EndsAt) {
				return ErrOverlap
			}
		}
		if err := s.Roles.Confirmed(ctx, who, "role", t.Alliance); err != nil {
			return err
		}
		if err := s.plan(ctx, who, t); err != nil {
			return err
		}
		return s.logTerm(ctx, who, "election.appoint", t, map[string]any{"from": t.StartsAt, "until": t.EndsAt, "reason": t.Reason})
	})
	if err != nil {
		return Term{}, err
	}
	return s.store.term(ctx, actor.Scope{All: true}, t.ID)
}

// plan writes a term; one that begins today begins now.
func (s *Service) plan(ctx context.Context, who actor.Actor, t Term) error {
	if err := s.store.insertTerm(ctx, t); err != nil {
		return err
	}
	if t.Acting {
		if err := s.later(ctx, t, false); err != nil {
			return err
		}
	}
	if t.StartsAt.After(s.Clock.Now()) {
		return s.later(ctx, t, true)
	}
	return s.takeOffice(ctx, who, t)
}

// takeOffice begins a term: the role is given, and what waits in the alliance is listed and goes over.
// The beginning of an elected head ends every other head's time in the alliance.
func (s *Service) takeOffice(ctx context.Context, who actor.Actor, t Term) error {
	heads, err := s.Roles.HeadGrants(ctx, t.Alliance)
	if err != nil {
		return err
	}
	running, err := s.store.inOffice(ctx, t.Alliance)
	if err != nil {
		return err
	}
	t.Former = former(t, running, heads)
	items, err := s.inHand(ctx, t.Alliance)
	if err != nil {
		return err
	}
	has := false
	for _, g := range heads {
		if g.Person == t.Person {
			has = true
		} else if !t.Acting {
			if err := s.Roles.Revoke(ctx, actor.System, g.ID); err != nil && !isNotFound(err) {
				return err
			}
		}
	}
	for _, o := range running {
		if t.Acting {
			break
		}
		if o.Person == t.Person {
			t.Grant = o.Grant
		}
		o.State, o.EndedAt = Ended, s.Clock.Now()
		if err := s.store.updateTerm(ctx, o); err != nil {
			return err
		}
	}
	if !has {
		t.Grant, err = s.Roles.Grant(ctx, actor.System, identity.GrantRequest{Role: actor.Head, AllianceID: t.Alliance, PersonID: t.Person})
		if err != nil {
			return err
		}
	}
	if err := s.passDrafts(ctx, t); err != nil {
		return err
	}
	if err := s.store.insertItems(ctx, t.ID, items, s.IDs.New); err != nil {
		return err
	}
	t.State, t.BegunAt = Serving, s.Clock.Now()
	if err := s.store.updateTerm(ctx, t); err != nil {
		return err
	}
	return s.logTerm(ctx, who, "election.hand_over", t, map[string]any{"former": t.Former, "items": len(items)})
}

// former is who had the post before: by a term, else by the role.
func former(t Term, running []Term, heads []identity.RoleGrant) id.ID {
	for _, o := range running {
		if !o.Acting && o.Person != t.Person {
			return o.Person
		}
	}
	for _, g := range heads {
		if g.Person != 0 && g.Person != t.Person {
			return g.Person
		}
	}
	return 0
}

// inHand lists what waits in an alliance.
func (s *Service) inHand(ctx context.Context, alliance id.ID) ([]Item, error) {
	waiting, err := s.Notices.InHand(ctx, alliance)
	if err != nil {
		return nil, err
	}
	ahead, err := s.Activities.Ahead(ctx, alliance)
	if err != nil {
		return nil, err
	}
	var items []Item
	for _, a := range ahead {
		items = append(items, Item{Kind: AnOuting, Subject: a.ID, Title: a.Title, Note: a.Place, HappensAt: a.StartsAt})
	}
	for _, n := range waiting {
		it := Item{Kind: ADraft, Subject: n.ID, Title: n.Title, Note: noteDraft}
		if n.Went() {
			it.Kind, it.Note = ANotice, "已发出，都联系上了"
			if n.Unreached > 0 {
				it.Note = fmt.Sprintf("已发出，%d位还没联系上", n.Unreached)
			}
		}
		items = append(items, it)
	}
	return items, nil
}

// passDrafts makes the successor the author of what the predecessor had begun to write. Without an
// account of the successor's own they stay as they are: whoever heads the alliance sees them all.
func (s *Service) passDrafts(ctx context.Context, t Term) error {
	if t.Former == 0 || t.Acting { // who is only away comes back to the own drafts
		return nil
	}
	ties, err := s.Accounts.Holders(ctx, []id.ID{t.Former, t.Person})
	if err != nil {
		return err
	}
	var from []id.ID
	var to id.ID
	for _, h := range ties {
		switch {
		case h.Person == t.Former:
			from = append(from, h.Account)
		case h.Relation == identity.Self && to == 0:
			to = h.Account
		}
	}
	if to == 0 || len(from) == 0 {
		return nil
	}
	return s.Notices.PassDrafts(ctx, t.Alliance, from, to)
}

// End ends a term before its time, or withdraws one that hasn't begun.
func (s *Service) End(ctx context.Context, who actor.Actor, key id.ID) error {
	t, err := s.store.term(ctx, who.Scope(actor.SeeElection), key)
	if err != nil {
		return err
	}
	if err := who.Must(actor.RunElection, t.At()); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		t, err := s.store.lockTerm(ctx, key)
		if err != nil {
			return err
		}
		if t.State == Ended {
			return ErrTermOver
		}
		return s.leaveOffice(ctx, who, t)
	})
}

// leaveOffice ends a term and takes the role back that it gave.
func (s *Service) leaveOffice(ctx context.Context, who actor.Actor, t Term) error {
	running, err := s.store.inOffice(ctx, t.Alliance)
	if err != nil {
		return err
	}
	// an acting head who was elected meanwhile stays head
	stays := slices.ContainsFunc(running, func(o Term) bool { return o.ID != t.ID && o.Person == t.Person })
	if !stays {
		if err := s.takeRole(ctx, t); err != nil {
			return err
		}
	}
	t.State, t.EndedAt = Ended, s.Clock.Now()
	if err := s.store.updateTerm(ctx, t); err != nil {
		return err
	}
	return s.logTerm(ctx, who, "election.end_term", t, nil)
}

// takeRole takes back what a term gave, and from an elected head also what came from elsewhere.
func (s *Service) takeRole(ctx context.Context, t Term) error {
	heads, err := s.Roles.HeadGrants(ctx, t.Alliance)
	if err != nil {
		return err
	}
	for _, g := range heads {
		if g.ID == t.Grant || g.Person == t.Person && !t.Acting && t.State == Serving {
			if err := s.Roles.Revoke(ctx, actor.System, g.ID); err != nil && !isNotFound(err) {
				return err
			}
		}
	}
	return nil
}

func isNotFound(err error) bool {
	e, ok := errs.As(err)
	return ok && e.Kind == errs.NotFound
}

// PersonChanged is the ledger's hook: who has died, moved or is suspended heads nothing any more.
func (s *Service) PersonChanged(ctx context.Context, p ledger.Person) error {
	if p.Status == ledger.Active {
		return nil
	}
	list, err := s.store.unfinished(ctx, p.ID)
	if err != nil {
		return err
	}
	for _, t := range list {
		if err := s.leaveOffice(ctx, actor.System, t); err != nil {
			return err
		}
	}
	return nil
}

// ChannelTerm carries the beginnings and ends of terms in the outbox.
const ChannelTerm = "head_term"

type termPayload struct {
	Term  id.ID `json:"term"`
	Begin bool  `json:"begin"`
}

func (s *Service) later(ctx context.Context, t Term, begin bool) error {
	at := t.EndsAt
	if begin {
		at = t.StartsAt
	}
	return s.Outbox.Enqueue(ctx, outbox.Message{Channel: ChannelTerm, DedupeKey: fmt.Sprintf("term:%s:%t", t.ID, begin),
		Payload: termPayload{Term: t.ID, Begin: begin}, RunAt: at})
}

// Dispatcher begins and ends terms on their days.
func (s *Service) Dispatcher() outbox.Dispatcher {
	return outbox.DispatchFunc(func(ctx context.Context, payload []byte) (bool, error) {
		var p termPayload
		if err := json.Unmarshal(payload, &p); err != nil {
			return false, err
		}
		err := s.DB.Tx(ctx, func(ctx context.Context) error {
			t, err := s.store.lockTerm(ctx, p.Term)
			switch {
			case err != nil:
				return err
			case p.Begin && t.State == Planned:
				return s.takeOffice(ctx, actor.System, t)
			case !p.Begin && t.State != Ended:
				return s.leaveOffice(ctx, actor.System, t)
			}
			return nil
		})
		e, ours := errs.As(err)
		return !ours || e.Kind == errs.Unavailable || e.Kind == errs.Internal, err
	})
}

// TermDetail is a term with the names on it.
type TermDetail struct {
	Term
	Name, Unit, AllianceName, FormerName string
	EndsSoon                             bool // for those who run elections
	Own                                  bool // the asker acts for the holder
}

// Terms gives who headed the alliances that the actor sees, the latest first.
func (s *Service) Terms(ctx context.Context, who actor.Actor, alliance id.ID) ([]TermDetail, error) {
	list, err := s.store.termsIn(ctx, who.Scope(actor.SeeElection), alliance)
	if err != nil {
		return nil, err
	}
	return s.termDetails(ctx, who, list)
}

func (s *Service) termDetails(ctx context.Context, who actor.Actor, list []Term) ([]TermDetail, error) {
	var persons []id.ID
	for _, t := range list {
		persons = append(persons, t.Person)
		if t.Former != 0 {
			persons = append(persons, t.Former)
		}
	}
	people, err := s.Directory.Persons(ctx, persons)
	if err != nil {
		return nil, err
	}
	out := make([]TermDetail, 0, len(list))
	for _, t := range list {
		a, err := s.Directory.Alliance(ctx, t.Alliance)
		if err != nil {
			return nil, err
		}
		p := people[t.Person]
		out = append(out, TermDetail{Term: t, Name: p.Name, Unit: p.Unit, AllianceName: a.Name, FormerName: people[t.Former].Name,
			EndsSoon: t.EndsSoon(s.Clock.Now()) && who.Must(actor.RunElection, t.At()) == nil, Own: who.ActsFor(t.Person)})
	}
	return out, nil
}

// Handover gives a term with what was handed over at its beginning: to its holder, to whoever heads
// the alliance and to those above.
func (s *Service) Handover(ctx context.Context, who actor.Actor, key id.ID) (TermDetail, []Item, error) {
	t, err := s.store.term(ctx, who.Scope(actor.SeeElection), key)
	if err != nil {
		return TermDetail{}, nil, err
	}
	if err := who.Must(actor.WriteNotice, t.At()); err != nil && !who.ActsFor(t.Person) {
		return TermDetail{}, nil, err
	}
	d, err := s.termDetails(ctx, who, []Term{t})
	if err != nil {
		return TermDetail{}, nil, err
	}
	items, err := s.store.items(ctx, t.ID)
	return d[0], items, err
}

// Acknowledge notes that the holder has read the handover. A second time changes nothing.
func (s *Service) Acknowledge(ctx context.Context, who actor.Actor, key id.ID) error {
	t, err := s.store.term(ctx, who.Scope(actor.SeeElection), key)
	if err != nil {
		return err
	}
	if !who.ActsFor(t.Person) {
		return errs.ErrForbidden
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.markSeen(ctx, t.ID, s.Clock.Now()); err != nil {
			return err
		}
		return s.logTerm(ctx, who, "election.acknowledge", t, nil)
	})
}

func (s *Service) logTerm(ctx context.Context, who actor.Actor, action string, t Term, detail map[string]any) error {
	if detail == nil {
		detail = map[string]any{}
	}
	detail["person"], detail["acting"] = t.Person, t.Acting
	return s.Audit.Write(ctx, who, audit.Line{Action: action, Kind: "term", Subject: t.ID, Place: t.At(), Detail: detail})
}
