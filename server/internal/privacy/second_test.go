package privacy_test

import (
	"strings"
	"testing"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
)

// Two people erase somebody. Where the office has one only, the page says who of the office above can, and
// that person does; where nobody can, it says what to do.
func TestWhoConfirmsAnErasure(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	c.load(two)
	li, wang := c.people()["李四四"], c.people()["王五五"]
	city, err := c.ledger.CreateCommittee(ctx, actor.System, ledger.Committee{Name: "东营市委老干部局"})
	c.must(err)
	_, err = c.ledger.UpdateCommittee(ctx, actor.System, c.committee, ledger.CommitteeChange{Parent: &city.ID})
	c.must(err)

	c.accounts.staff = []identity.Colleague{{Account: 8, Committee: c.committee, Name: "王经办"}}
	says := func(want ...string) {
		t.Helper()
		e, err := c.Erasure(ctx, c.office, li.ID)
		c.must(err)
		for _, w := range want {
			if !strings.Contains(e.Second, w) {
				t.Errorf("no %q in %q", w, e.Second)
			}
		}
		if alone := strings.Contains(want[0], "没有第二个人") || strings.Contains(want[0], "等对方"); e.Ready == alone {
			t.Errorf("ready %v: %s", e.Ready, e.Second)
		}
	}
	says("没有第二个人可以确认", "上级「东营市委老干部局」也还没有经办人", "在「职务」里再请一位", "市委老干部局：05468888888")
	alone := c.accounts.staff
	c.accounts.staff = append(alone, identity.Colleague{Committee: c.committee, Name: "钱经办"})
	says("已请钱经办经办，等对方用手机登录小程序")
	c.accounts.staff = append(alone, identity.Colleague{Account: 20, Committee: city.ID, Name: "赵科长"})
	says("请联系上级「东营市委老干部局」的赵科长核对")

	if asked, err := c.AskErasure(ctx, c.office, li.ID, "本人来信提出"); err != nil || !asked.Ready || !strings.Contains(asked.Second, "赵科长") {
		t.Errorf("%+v %v", asked, err)
	}
	_, err = c.Erase(ctx, c.office, li.ID, "李四四")
	if e, ok := errs.As(err); !ok || e.Code != "privacy.same_person" || !strings.Contains(e.Message, "赵科长") {
		t.Errorf("%v", err)
	}
	above := actor.Actor{Account: 20, Grants: []actor.Grant{{Role: actor.CommitteeStaff, Place: city.Place()}, {Role: actor.CommitteeStaff, Place: actor.Place{Committee: c.committee}}}}
	if done, err := c.Erase(ctx, above, li.ID, "李四四"); err != nil || done.DoneAt.IsZero() {
		t.Errorf("by the office above: %+v %v", done, err)
	}

	c.accounts.staff = append(c.accounts.staff, identity.Colleague{Account: 7, Committee: c.committee, Name: "李经办"})
	if asked, err := c.AskErasure(ctx, c.office, wang.ID, "本人来信提出"); err != nil || asked.Second != "可以请本单位的李经办核对后确认。" {
		t.Errorf("%+v %v", asked, err)
	}
	if e, err := c.Erasure(ctx, c.colleague, wang.ID); err != nil || e.Own || !strings.Contains(e.Second, "李经办") {
		t.Errorf("%+v %v", e, err)
	}
}
