package notice

import (
	"context"
	"errors"
	"slices"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// GroupState says what a WeChat group is to an alliance.
type GroupState string

// A group is seen when the head opens a card in it, bound when it is the alliance's, ended when it was.
const (
	GroupSeen  GroupState = "seen"
	GroupBound GroupState = "bound"
	GroupEnded GroupState = "ended"
)

// Group is a WeChat group of an alliance, or one that may become its own. WeChat tells a group's number and
// neither its name nor its members: people know it by the card that was opened in it.
type Group struct {
	ID, Alliance     id.ID
	OpenGID          string
	State            GroupState
	Notice           id.ID // whose card was opened; zero: from before
	SeenAt           time.Time
	BoundAt, EndedAt time.Time
	BoundBy          id.ID // account; zero: the first group, by itself
}

// What can go wrong.
var (
	ErrGroupBound = errs.New(errs.Conflict, "notice.group_bound", "这个群已经是联盟的群")
	ErrNoGroup    = errs.New(errs.NotFound, "notice.no_group", "没有找到这个群，请刷新后再看")
	ErrGroupEnded = errs.New(errs.Conflict, "notice.group_ended", "这个群已经不是联盟的群")
)

// GroupView is a group with the names that people know.
type GroupView struct {
	Group
	Title string // of the notice whose card was opened
	By    string
}

// GroupsOf lists the WeChat groups of an alliance: those bound first, then those that may be, then the former ones.
func (s *Service) GroupsOf(ctx context.Context, who actor.Actor, alliance id.ID) ([]GroupView, error) {
	if _, err := s.allianceFor(ctx, who, actor.WriteNotice, alliance); err != nil {
		return nil, err
	}
	list, err := s.store.groups(ctx, alliance)
	if err != nil {
		return nil, err
	}
	var notices, accounts []id.ID
	for _, g := range list {
		notices, accounts = append(notices, g.Notice), append(accounts, g.BoundBy)
	}
	titles, err := s.store.titles(ctx, unique(notices))
	if err != nil {
		return nil, err
	}
	names, err := s.Accounts.AccountName(ctx, unique(accounts))
	if err != nil {
		return nil, err
	}
	out := make([]GroupView, 0, len(list))
	for _, g := range list {
		out = append(out, GroupView{Group: g, Title: titles[g.Notice], By: names[g.BoundBy]})
	}
	rank := []GroupState{GroupBound, GroupSeen, GroupEnded}
	slices.SortStableFunc(out, func(a, b GroupView) int { return slices.Index(rank, a.State) - slices.Index(rank, b.State) })
	return out, nil
}

// BindGroup makes a group that the head was seen in one of the alliance's; it may have several.
func (s *Service) BindGroup(ctx context.Context, who actor.Actor, alliance, group id.ID) error {
	return s.turnGroup(ctx, who, alliance, group, GroupBound, "notice.bind_group", ErrGroupBound)
}

// EndGroup takes a group from the alliance: whoever opens a card in it from now on reads it from another group.
func (s *Service) EndGroup(ctx context.Context, who actor.Actor, alliance, group id.ID) error {
	return s.turnGroup(ctx, who, alliance, group, GroupEnded, "notice.end_group", ErrGroupEnded)
}

func (s *Service) turnGroup(ctx context.Context, who actor.Actor, alliance, group id.ID, to GroupState, action string, already error) error {
	place, err := s.allianceFor(ctx, who, actor.WriteNotice, alliance)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.Groups.LockAlliance(ctx, alliance); err != nil {
			return err
		}
		g, err := s.store.group(ctx, alliance, group)
		switch {
		case errors.Is(err, errs.ErrNotFound):
			return ErrNoGroup
		case err != nil:
			return err
		case g.State == to, to == GroupEnded && g.State != GroupBound:
			return already
		}
		if err := s.store.turnGroup(ctx, g.ID, to, who.Account, s.Clock.Now()); err != nil {
			return err
		}
		if to == GroupEnded { // nobody is named there any more
			if err := s.store.forgetMembers(ctx, g.ID); err != nil {
				return err
			}
		}
		return s.Audit.Write(ctx, who, audit.Line{Action: action, Kind: "alliance", Subject: alliance, Place: place})
	})
}

// whichGroup compares a proven group with the alliance's. The very first one becomes the alliance's; any
// other one is its own only after the head has said so.
func (s *Service) whichGroup(ctx context.Context, who actor.Actor, n Notice, openGID string, card id.ID, unproven bool) (string, error) {
	switch {
	case unproven:
		return "unproven", nil
	case openGID == "":
		return "", nil
	}
	list, err := s.store.groups(ctx, n.Alliance)
	if err != nil {
		return "", err
	}
	known := slices.IndexFunc(list, func(g Group) bool { return g.OpenGID == openGID })
	if known < 0 && (len(list) == 0 || who.Must(actor.WriteNotice, n.At()) == nil) {
		if err := s.Groups.LockAlliance(ctx, n.Alliance); err != nil {
			return "", err
		}
		if list, err = s.store.lockGroups(ctx, n.Alliance); err != nil {
			return "", err
		}
		if known = slices.IndexFunc(list, func(g Group) bool { return g.OpenGID == openGID }); known < 0 {
			g := Group{ID: s.IDs.New(), Alliance: n.Alliance, OpenGID: openGID, State: GroupSeen, Notice: n.ID, SeenAt: s.Clock.Now()}
			if len(list) == 0 {
				g.State, g.BoundAt = GroupBound, g.SeenAt
				if err := s.audit(ctx, who, "notice.bind_group", n, nil); err != nil {
					return "", err
				}
			} else if who.Must(actor.WriteNotice, n.At()) != nil {
				return "other", nil
			}
			if err := s.store.insertGroup(ctx, g, who.Account); err != nil {
				return "", err
			}
			list, known = append(list, g), len(list)
		}
	}
	if known < 0 || list[known].State != GroupBound {
		return "other", nil
	}
	return "own", s.hangs(ctx, n, list[known].ID, card)
}

// hangs notes in which group a card hangs. A group shows one live card of a notice: those before it end.
// Without the card's number it must be the only one whose group isn't known.
func (s *Service) hangs(ctx context.Context, n Notice, group, card id.ID) error {
	cards, err := s.store.cards(ctx, n.ID)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	homeless := slices.DeleteFunc(slices.Clone(cards), func(c Card) bool { return c.Group != 0 || !c.Live(now) || card != 0 && c.ID != card })
	if len(homeless) != 1 {
		return nil
	}
	if err := s.store.hangCard(ctx, homeless[0].ID, group); err != nil {
		return err
	}
	return s.endCards(ctx, slices.DeleteFunc(cards, func(c Card) bool { return c.Group != group || c.ID >= homeless[0].ID }))
}

// AdoptGroups takes over what was known of groups before an alliance could have several; the start of the
// service calls it, and once it has been done it finds nothing.
func (s *Service) AdoptGroups(ctx context.Context) error {
	return s.DB.Tx(ctx, func(ctx context.Context) error { return s.store.adoptGroups(ctx, s.Clock.Now()) })
}
