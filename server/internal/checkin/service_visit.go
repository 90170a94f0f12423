package checkin

import (
	"context"
	"errors"
	"slices"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// Visit is what a phone learns that scanned the venue code: the activity, the persons it may sign in,
// and a ticket, so that what follows, a first binding for instance, may outlast the code.
type Visit struct {
	Answer   Answer
	Message  string
	Ticket   string // "" where nothing can follow
	Expires  time.Time
	List     id.ID
	Activity *activity.Activity
	People   []Visitor
}

// Visitor is a person of the account; PresentAt is zero for those who have not signed in.
type Visitor struct {
	Person    ledger.Person
	PresentAt time.Time
}

// Arrive exchanges a venue code or a poster's, or the link that holds it, for a ticket.
func (s *Service) Arrive(ctx context.Context, who actor.Actor, text string) (Visit, error) {
	return s.ArriveBy(ctx, who, text, 0)
}

// fromPicture are the scenes in which WeChat says that a code was read from a picture in a chat or in the
// album, not by the camera.
var fromPicture = []int{1012, 1013, 1048, 1049}

// ArriveBy is Arrive with the scene in which WeChat opened the mini-program. What the phone says of
// itself only ever adds a doubt.
func (s *Service) ArriveBy(ctx context.Context, who actor.Actor, text string, scene int) (Visit, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	now := s.Clock.Now()
	scanned, ok, err := s.admit(ctx, text, now)
	if err != nil {
		return Visit{}, err
	}
	if !ok {
		return s.wrongVisit(ctx, who, now)
	}
	l, a, err := s.listOf(ctx, scanned.List)
	if errors.Is(err, errs.ErrNotFound) {
		return s.wrongVisit(ctx, who, now)
	}
	if err != nil {
		return Visit{}, err
	}
	s.snapshots.warm(l.ID)
	v := Visit{List: l.ID, Activity: &a, People: []Visitor{}}
	if v.People, err = s.visitors(ctx, who, l); err != nil {
		return Visit{}, err
	}
	v.Answer = judgeVisit(scanned.Current, a.Cancelled, l, v.People, now)
	v.Message = Message(v.Answer, now, l.OpensAt, now)
	switch v.Answer {
	case OK:
		v.Message = "请点一下签到"
	case CodeExpired:
		if scanned.Poster {
			v.Message = posterOver
		}
		return v, nil
	case Cancelled:
		return v, nil
	}
	t := Ticket{List: l.ID, Account: who.Account, Issued: now, Old: scanned.Old, Poster: scanned.Poster, Picture: slices.Contains(fromPicture, scene)}
	v.Ticket, v.Expires = s.codes.Ticket(t), t.Expires()
	return v, nil
}

// judgeVisit is the part of Judge that is known on arrival. Somebody who is there already is shown that,
// whatever the hour.
func judgeVisit(current, cancelled bool, l List, people []Visitor, now time.Time) Answer {
	f := Facts{Genuine: true, Current: current, Cancelled: cancelled, Known: len(people) > 0, OnList: true,
		At: now, Opens: l.OpensAt, Closes: l.ClosesAt}
	for _, v := range people {
		f.Active = f.Active || v.Person.Status == ledger.Active
		f.Own = f.Own || current && !cancelled && !v.PresentAt.IsZero()
	}
	return Judge(f)
}

func (s *Service) visitors(ctx context.Context, who actor.Actor, l List) ([]Visitor, error) {
	people, err := s.Directory.Persons(ctx, who.Persons)
	if err != nil {
		return nil, err
	}
	present, err := s.store.present(ctx, l.ID, who.Persons)
	if err != nil {
		return nil, err
	}
	out := []Visitor{}
	for _, personID := range who.Persons {
		if p, ok := people[personID]; ok {
			out = append(out, Visitor{Person: p, PresentAt: present[personID].Happened})
		}
	}
	return out, nil
}

func (s *Service) wrongVisit(ctx context.Context, who actor.Actor, now time.Time) (Visit, error) {
	r, err := s.wrongCode(ctx, who, "", now)
	return Visit{Answer: r.Answer, Message: r.Message, People: []Visitor{}}, err
}
