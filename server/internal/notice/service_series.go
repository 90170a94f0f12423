package notice

import (
	"context"
	"maps"
	"slices"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// This file is about the committee's notice to its alliances. It is written, given pictures, approved and planned
// like any other; when it leaves, each alliance gets a copy of its own, so that head, group, call list and timeline
// are the alliance's. The pictures stay with the committee's and are shown in every copy.

// ErrNoAlliance is the answer to a notice that reaches nobody.
var ErrNoAlliance = errs.New(errs.Conflict, "notice.no_alliance", "选中的联盟里没有在册的党员，请另选")

// Series is a committee's notice with what became of it in each alliance.
type Series struct {
	Item
	Parts []SeriesPart
}

// SeriesPart is the copy of one alliance.
type SeriesPart struct {
	Notice          id.ID
	Alliance        id.ID
	Name            string
	State           State
	People, Reached int
}

// desk checks that who writes for a whole committee.
func (s *Service) desk(ctx context.Context, who actor.Actor, committee id.ID) error {
	c, err := s.Committees.Committee(ctx, who, committee)
	if err != nil {
		return err
	}
	return who.Must(actor.WriteNotice, c.Place())
}

// CreateWhole drafts a notice of the committee to its alliances, at first to all of them.
func (s *Service) CreateWhole(ctx context.Context, who actor.Actor, committee id.ID, title, body string) (Item, error) {
	if err := s.desk(ctx, who, committee); err != nil {
		return Item{}, err
	}
	n, err := Compose(title, body, actor.Place{Committee: committee}, 0, who.Account, s.IDs.New(), s.Clock.Now())
	if err != nil {
		return Item{}, err
	}
	n.Series = n.ID
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.insert(ctx, n); err != nil {
			return err
		}
		return s.audit(ctx, who, "notice.draft", n, nil)
	})
	if err != nil {
		return Item{}, err
	}
	return s.Get(ctx, who, n.ID)
}

// spread publishes a committee's notice: to all alliances that it names and that have people for it, or to none.
func (s *Service) spread(ctx context.Context, who actor.Actor, was Notice, reviewed bool) error {
	n, err := was.Publish(nil, s.Clock.Now())
	if err != nil {
		return err
	}
	if n, err = s.withNamed(ctx, n); err != nil {
		return err
	}
	list, err := s.alliances(ctx, n.Committee)
	if err != nil {
		return err
	}
	reached := 0
	for _, a := range list {
		if n.Audience.Kind == SomeAlliances && !slices.Contains(n.Audience.Subjects, a.ID) {
			continue
		}
		sent, err := s.copyTo(ctx, who, n, a, reviewed)
		if err != nil {
			return err
		}
		if sent {
			reached++
		}
	}
	switch {
	case reached == 0 && n.Audience.Kind == SomeTeams:
		return ErrTeamEmpty
	case reached == 0:
		return ErrNoAlliance
	}
	if err := s.store.update(ctx, was, n); err != nil { // last: what reaches nobody stays as it was, and says why
		return err
	}
	return s.Audit.Write(ctx, who, audit.Line{Action: "notice.series", Kind: "committee", Subject: n.Committee, Place: n.At(),
		Detail: map[string]any{"series": n.ID, "alliances": reached}})
}

// copyTo gives one alliance its copy, unless nobody in it is meant.
func (s *Service) copyTo(ctx context.Context, who actor.Actor, n Notice, a ledger.Alliance, reviewed bool) (bool, error) {
	one, err := Compose(n.Title, n.Body, a.Place(), 0, n.Author, s.IDs.New(), s.Clock.Now())
	if err != nil {
		return false, err
	}
	one.Series, one.Editor, one.Checked, one.Doubtful = n.ID, n.Editor, one.Revision, n.Doubtful
	if n.Audience.Kind == SomeTeams {
		one.Audience = n.Audience
	}
	people, teams, err := s.members(ctx, a.ID)
	if err != nil || len(one.Audience.among(people, nil, teams)) == 0 {
		return false, err
	}
	if err := s.store.insert(ctx, one); err != nil {
		return false, err
	}
	if err := s.store.setNamed(ctx, one.ID, one.Audience); err != nil {
		return false, err
	}
	return true, s.publish(ctx, who, one, reviewed)
}

// alliances gives all of a committee.
func (s *Service) alliances(ctx context.Context, committee id.ID) ([]ledger.Alliance, error) {
	all, err := s.Committees.Alliances(ctx, actor.System)
	return slices.DeleteFunc(all, func(a ledger.Alliance) bool { return a.CommitteeID != committee }), err
}

// finishCopies ends the copies of a committee's notice that have not ended yet, in the transaction of ctx.
func (s *Service) finishCopies(ctx context.Context, who actor.Actor, n Notice, action string, next func(Notice) (Notice, error)) error {
	list, err := s.store.copies(ctx, []id.ID{n.ID})
	if err != nil {
		return err
	}
	for _, one := range list {
		if one.State == Closed || one.State == Cancelled {
			continue
		}
		if err := s.finish(ctx, who, one.ID, action, next); err != nil {
			return err
		}
	}
	return nil
}

// SeriesOf gives the latest notices of a committee to its alliances, the newest first.
func (s *Service) SeriesOf(ctx context.Context, who actor.Actor, committee id.ID) ([]Series, error) {
	if err := s.desk(ctx, who, committee); err != nil {
		return nil, err
	}
	list, err := s.store.series(ctx, committee)
	if err != nil {
		return nil, err
	}
	items, err := s.items(ctx, who, list)
	if err != nil {
		return nil, err
	}
	var keys, copied []id.ID
	for _, n := range list {
		keys = append(keys, n.ID)
	}
	copies, err := s.store.copies(ctx, keys)
	if err != nil {
		return nil, err
	}
	for _, n := range copies {
		copied = append(copied, n.ID)
	}
	reached, err := s.store.reached(ctx, copied)
	if err != nil {
		return nil, err
	}
	parts, names := map[id.ID][]SeriesPart{}, map[id.ID]string{}
	for _, n := range copies {
		if _, known := names[n.Alliance]; !known {
			a, err := s.Directory.Alliance(ctx, n.Alliance)
			if err != nil {
				return nil, err
			}
			names[n.Alliance] = a.Name
		}
		parts[n.Series] = append(parts[n.Series], SeriesPart{Notice: n.ID, Alliance: n.Alliance, Name: names[n.Alliance], State: n.State,
			People: reached[n.ID][0], Reached: reached[n.ID][1]})
	}
	out := make([]Series, 0, len(items))
	for _, i := range items {
		out = append(out, Series{Item: i, Parts: parts[i.Notice.ID]})
	}
	return out, nil
}

// CommitteeChoices counts the people among whom a committee's notice can choose.
func (s *Service) CommitteeChoices(ctx context.Context, who actor.Actor, committee id.ID) (Choice, error) {
	if err := s.desk(ctx, who, committee); err != nil {
		return Choice{}, err
	}
	list, err := s.alliances(ctx, committee)
	if err != nil {
		return Choice{}, err
	}
	var all []ledger.Person
	wishes := map[id.ID][]string{}
	for _, a := range list {
		people, teams, err := s.members(ctx, a.ID)
		if err != nil {
			return Choice{}, err
		}
		all = append(all, people...)
		maps.Copy(wishes, teams)
	}
	read, err := s.reads(ctx, all)
	return choice(all, read, wishes), err
}

// AdoptSeries gives what a committee sent before its notices stood for themselves one that stands for them; the
// start of the service calls it, and once it has been done it finds nothing.
func (s *Service) AdoptSeries(ctx context.Context) error {
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		list, err := s.store.orphans(ctx)
		if err != nil {
			return err
		}
		for _, n := range list {
			n.ID, n.Alliance = n.Series, 0
			if n.State != Cancelled {
				n.State = Published
			}
			if n.PublishedAt.IsZero() { // planned by then: its copies go out by themselves
				n.PublishedAt = n.CreatedAt
			}
			if err := s.store.adopt(ctx, n); err != nil {
				return err
			}
		}
		return nil
	})
}
