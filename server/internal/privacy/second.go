package privacy

import (
	"context"
	"strings"

	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
)

// Directory is what privacy needs of the tree of committees; *ledger.Directory is one.
type Directory interface {
	CommitteesAbove(ctx context.Context, committee id.ID) ([]ledger.Committee, error)
}

// Help is whom people call who can't go on by themselves.
type Help struct{ Name, Phone string }

// namesMost is how many people an advice names.
const namesMost = 3

// second says who may confirm what an account asks for: of the office itself, else of the nearest one above
// that has somebody; ready is false where nobody can.
func (s *Service) second(ctx context.Context, committee, asker id.ID) (advice string, ready bool, err error) {
	above, err := s.Directory.CommitteesAbove(ctx, committee)
	if err != nil {
		return "", false, err
	}
	ids := make([]id.ID, len(above))
	for i, c := range above {
		ids[i] = c.ID
	}
	staff, err := s.Accounts.Staff(ctx, ids)
	if err != nil {
		return "", false, err
	}
	for i, c := range above {
		here := func(o identity.Colleague) bool { return o.Committee == c.ID && o.Account != asker && o.Account != 0 }
		if names := named(staff, here); names != "" && i == 0 {
			return "可以请本单位的" + names + "核对后确认。", true, nil
		} else if names != "" {
			return "本单位没有另一位经办人。请联系上级「" + c.Name + "」的" + names + "核对：对方登录电脑端，在「删除个人资料」里确认。", true, nil
		}
	}
	if names := named(staff, func(o identity.Colleague) bool { return o.Committee == committee && o.Account == 0 }); names != "" {
		return "已请" + names + "经办，等对方用手机登录小程序后，就可以核对确认。", false, nil
	}
	advice = "现在还没有第二个人可以确认：本单位只有一位经办人"
	if len(above) > 1 {
		advice += "，上级「" + above[1].Name + "」也还没有经办人"
	}
	advice += "。请先在「职务」里再请一位同志经办"
	if s.Help.Phone != "" {
		advice += "；办不了的，请打电话问" + s.Help.Name + "：" + s.Help.Phone
	}
	return advice + "。", false, nil
}

// named names some of the staff.
func named(staff []identity.Colleague, which func(identity.Colleague) bool) string {
	var names []string
	for _, c := range staff {
		if c.Name != "" && which(c) {
			names = append(names, c.Name)
		}
	}
	if len(names) <= namesMost {
		return strings.Join(names, "、")
	}
	return strings.Join(names[:namesMost], "、") + "等同志"
}
