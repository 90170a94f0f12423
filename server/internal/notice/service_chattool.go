package notice

import (
	"context"
	"slices"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/wechat"
)

// This file is about WeChat's chat tool: inside of it a tap of the head names people in the group (@…). WeChat knows
// them by a number that each has in this group alone; we learn it when somebody opens a card there.

// What keeps people from being named in a group.
var (
	ErrNoTool     = errs.New(errs.Conflict, "notice.no_chat_tool", "现在不能在群里点名提醒，请打电话通知")
	ErrOtherGroup = errs.New(errs.Conflict, "notice.other_group", "这个群不是联盟的群，请退回去，选联盟的群")
)

// titleWidth is how long WeChat lets the words of the link be; a Chinese character counts two.
const titleWidth = 30

// ToolGroup is the group in which the chat tool opens; several: WeChat asks which.
type ToolGroup struct{ OpenGID string }

// Tool is what the page inside of the chat tool shows and hands to WeChat.
type Tool struct {
	Title   string // of the link, short enough for WeChat
	Coming  bool   // the notice asks whether somebody comes
	Silent  []Named
	Unnamed int // those of Silent whom WeChat can't name
}

// Named is one person who has not answered; Number is WeChat's in the group, empty where nobody has opened a card for them.
type Named struct {
	Person     id.ID
	Name, Unit string
	Number     string
}

// toolGroup gives where the asker may name people about a notice that is out, nil for nowhere.
func (s *Service) toolGroup(ctx context.Context, who actor.Actor, n Notice) (*ToolGroup, error) {
	if !s.ChatTool || n.State != Published || who.Must(actor.WriteNotice, n.At()) != nil {
		return nil, nil
	}
	rules, err := s.store.rules(ctx, n.Committee)
	if err != nil || !rules.on(ChatTool) {
		return nil, err
	}
	list, err := s.boundGroups(ctx, n.Alliance)
	switch {
	case err != nil || len(list) == 0:
		return nil, err
	case len(list) > 1:
		return &ToolGroup{}, nil
	}
	return &ToolGroup{OpenGID: list[0].OpenGID}, nil
}

func (s *Service) boundGroups(ctx context.Context, alliance id.ID) ([]Group, error) {
	list, err := s.store.groups(ctx, alliance)
	return slices.DeleteFunc(list, func(g Group) bool { return g.State != GroupBound }), err
}

// knowMember notes WeChat's number of an account in one of the alliance's groups, where WeChat tells it.
func (s *Service) knowMember(ctx context.Context, who actor.Actor, alliance id.ID, from wechat.Group) error {
	if !s.ChatTool || from.GroupOpenID == "" {
		return nil
	}
	list, err := s.boundGroups(ctx, alliance)
	if err != nil {
		return err
	}
	for _, g := range list {
		if g.OpenGID == from.OpenGID {
			return s.store.knowMember(ctx, g.ID, who.Account, from.GroupOpenID, s.Clock.Now())
		}
	}
	return nil
}

// OpenTool gives the page inside of the chat tool those who have not answered, or for a notice without an activity
// those who have not read. The group has to be the alliance's.
func (s *Service) OpenTool(ctx context.Context, who actor.Actor, key id.ID, sealed SealedGroup) (Tool, error) {
	n, group, err := s.inGroup(ctx, who, key, &sealed)
	if err != nil {
		return Tool{}, err
	}
	rows, err := s.unanswered(ctx, n)
	if err != nil {
		return Tool{}, err
	}
	people, err := s.Directory.Persons(ctx, personsOf(rows))
	if err != nil {
		return Tool{}, err
	}
	numbers, err := s.numbers(ctx, group, personsOf(rows))
	if err != nil {
		return Tool{}, err
	}
	t := Tool{Title: clip(n.Title, titleWidth), Coming: n.Activity != 0}
	for _, r := range rows {
		p := people[r.Person]
		t.Silent = append(t.Silent, Named{Person: r.Person, Name: p.Name, Unit: p.Unit, Number: numbers[r.Person].number})
		if numbers[r.Person].number == "" {
			t.Unnamed++
		}
	}
	return t, nil
}

// Reminded notes whom a tap has just named in the group: it can't be asked of WeChat, the phone says so. Only those
// whom WeChat can name there count, once each.
func (s *Service) Reminded(ctx context.Context, who actor.Actor, key id.ID, sealed SealedGroup, persons []id.ID) (int, error) {
	n, group, err := s.inGroup(ctx, who, key, &sealed)
	if err != nil {
		return 0, err
	}
	count := 0
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		n, err := s.store.lock(ctx, n.ID)
		if err != nil {
			return err
		}
		rows, err := s.store.mine(ctx, []id.ID{n.ID}, unique(persons))
		if err != nil {
			return err
		}
		numbers, err := s.numbers(ctx, group, personsOf(rows))
		if err != nil {
			return err
		}
		round, err := s.store.nextRound(ctx, n.ID)
		if err != nil {
			return err
		}
		var list []Delivery
		told := map[id.ID]bool{}
		for _, r := range rows {
			m := numbers[r.Person]
			if m.number == "" || told[m.account] {
				continue
			}
			told[m.account] = true
			list = append(list, Delivery{ID: s.IDs.New(), Notice: n.ID, Account: m.account, Person: r.Person, Template: ForReminder,
				Round: round, State: Sent, Channel: ChatTool})
		}
		if count = len(list); count == 0 {
			return nil
		}
		if err := s.store.insertDeliveries(ctx, list, s.Clock.Now()); err != nil {
			return err
		}
		return s.audit(ctx, who, "notice.named", n, map[string]any{"count": count})
	})
	return count, err
}

// inGroup gives a notice about which the actor may name people in the group from which the phone asks.
func (s *Service) inGroup(ctx context.Context, who actor.Actor, key id.ID, sealed *SealedGroup) (Notice, id.ID, error) {
	n, err := s.running(ctx, who, key)
	if err != nil {
		return n, 0, err
	}
	if err := n.Running(); err != nil {
		return n, 0, err
	}
	where, err := s.toolGroup(ctx, who, n)
	if err != nil {
		return n, 0, err
	}
	if where == nil {
		return n, 0, ErrNoTool
	}
	from, proven := s.openGroup(ctx, who, sealed)
	list, err := s.boundGroups(ctx, n.Alliance)
	if err != nil {
		return n, 0, err
	}
	i := slices.IndexFunc(list, func(g Group) bool { return g.OpenGID == from.OpenGID })
	if !proven || i < 0 {
		return n, 0, ErrOtherGroup
	}
	return n, list[i].ID, nil
}

func (s *Service) unanswered(ctx context.Context, n Notice) ([]Recipient, error) {
	if n.Activity != 0 {
		return s.silent(ctx, n)
	}
	return s.store.recipients(ctx, n.ID, actor.Scope{All: true}, Unreached)
}

// member is an account that is known in a group.
type member struct {
	account id.ID
	number  string
}

// numbers gives under which number WeChat knows in a group somebody who reads for each of the persons. Who wants no messages has none.
func (s *Service) numbers(ctx context.Context, group id.ID, persons []id.ID) (map[id.ID]member, error) {
	persons, accounts, err := s.audience(ctx, persons)
	if err != nil {
		return nil, err
	}
	var all []id.ID
	for _, p := range persons {
		for _, a := range accounts[p] {
			all = append(all, a.ID)
		}
	}
	known, err := s.store.members(ctx, group, unique(all))
	if err != nil {
		return nil, err
	}
	out := map[id.ID]member{}
	for _, p := range persons {
		for _, a := range accounts[p] {
			if known[a.ID] != "" && out[p].number == "" {
				out[p] = member{a.ID, known[a.ID]}
			}
		}
	}
	return out, nil
}

// clip cuts a text to a width in which everything outside of ASCII counts two.
func clip(s string, most int) string {
	width := 0
	for i, r := range s {
		if width++; r > 127 {
			width++
		}
		if width > most {
			return s[:i]
		}
	}
	return s
}
