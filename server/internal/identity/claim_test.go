package identity_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
	"bense/server/internal/page"
)

func TestNewClaim(t *testing.T) {
	for name, c := range map[string]struct {
		name, unit, note string
		rel              identity.Relation
		field            string
	}{
		"good":        {"郭爱国", "银行", "", identity.Self, ""},
		"no name":     {" ", "银行", "", identity.Self, "name"},
		"no unit":     {"郭爱国", "", "", identity.Self, "unit"},
		"no relation": {"郭爱国", "银行", "", "", "relation"},
		"self-made":   {"郭爱国", "银行", "", "head", "relation"},
		"long name":   {string(make([]rune, 40)), "银行", "", identity.Self, "name"},
	} {
		_, err := identity.NewClaim(1, c.name, c.unit, c.rel, c.note, start)
		e, _ := errs.As(err)
		if c.field == "" && err != nil || c.field != "" && (e == nil || e.Fields[0].Field != c.field) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func (r *rig) claim(h *phone, name, unit string, rel identity.Relation) identity.Claim {
	r.t.Helper()
	c, err := r.MakeClaim(r.t.Context(), h.who(), name, unit, rel, "退休前在办公室")
	r.must(err)
	return c
}

func (r *rig) sees(h *phone, claim id.ID) *identity.ClaimCase {
	r.t.Helper()
	list, err := r.Claims(r.t.Context(), h.who(), identity.ClaimOpen, page.Page{Limit: 1000})
	r.must(err)
	for _, c := range list.Items {
		if c.ID == claim {
			return &c
		}
	}
	return nil
}

func TestClaimIsConfirmedByTheLiaison(t *testing.T) {
	r := newRig(t)
	p := r.person(r.bank, "郭爱国", "")
	r.person(r.school, "郭爱国", "")
	h, liaison := r.open(""), r.liaison(r.bank)
	c := r.claim(h, "郭 爱国", r.bank.Name, identity.Self)
	k := r.sees(liaison, c.ID)
	if k == nil || len(k.Candidates) != 1 || k.Candidates[0].ID != p.ID {
		t.Fatalf("%+v", k)
	}
	done, err := r.ConfirmClaim(t.Context(), liaison.who(), c.ID, p.ID)
	if err != nil || done.State != identity.ClaimConfirmed {
		t.Fatal(done.State, err)
	}
	me, err := r.Me(t.Context(), h.who())
	if err != nil || len(me.Persons) != 1 || me.Persons[0].Relation != identity.Self {
		t.Fatal(me.Persons, err)
	}
	_, err = r.ConfirmClaim(t.Context(), liaison.who(), c.ID, p.ID)
	wantErr(t, err, identity.ErrClaimDecided)
	_, err = r.RefuseClaim(t.Context(), liaison.who(), c.ID, "弄错了")
	wantErr(t, err, identity.ErrClaimDecided)
	r.audited("make_claim", c.ID, 1)
	r.audited("confirm_claim", c.ID, 1)
	if me.Help.Name != "工作人员" || me.Help.Phone != liaison.user.Phone {
		t.Errorf("whom to call: %+v", me.Help)
	}
}

func TestClaimIsRefusedWithAReason(t *testing.T) {
	r := newRig(t)
	h, liaison := r.open(""), r.liaison(r.bank)
	c := r.claim(h, "郭爱国", r.bank.Name, identity.Family)
	_, err := r.RefuseClaim(t.Context(), liaison.who(), c.ID, "  ")
	wantErr(t, err, errs.ErrInvalid)
	_, err = r.RefuseClaim(t.Context(), liaison.who(), c.ID, "名册里没有这位同志")
	r.must(err)
	mine, err := r.MyClaims(t.Context(), h.who())
	if err != nil || len(mine) != 1 || mine[0].State != identity.ClaimRefused || mine[0].Reason != "名册里没有这位同志" || mine[0].DecidedAt.IsZero() {
		t.Fatalf("%+v %v", mine, err)
	}
	r.claim(h, "郭爱国", r.bank.Name, identity.Family) // may ask again
}

func TestOpenClaimsAreBounded(t *testing.T) {
	r := newRig(t)
	h := r.open("")
	var made, refused atomic.Int32
	together(20, func(int) {
		switch _, err := r.MakeClaim(t.Context(), h.who(), "郭爱国", r.bank.Name, identity.Self, ""); {
		case err == nil:
			made.Add(1)
		case errors.Is(err, identity.ErrClaimOpen):
			refused.Add(1)
		default:
			t.Error(err)
		}
	})
	if made.Load() != 1 || refused.Load() != 19 {
		t.Errorf("%d claims for one name", made.Load())
	}
	for _, name := range []string{"王秀英", "李建设", "赵红梅", "孙卫东"} {
		r.claim(h, name, r.bank.Name, identity.Family)
	}
	_, err := r.MakeClaim(t.Context(), h.who(), "周解放", r.bank.Name, identity.Family, "")
	wantErr(t, err, identity.ErrTooManyClaims)
}

func TestClaimsOfOthersAreNotThere(t *testing.T) {
	r := newRig(t)
	p := r.person(r.bank, "郭爱国", "")
	h := r.open("")
	c := r.claim(h, "郭爱国", r.bank.Name, identity.Self)
	lost := r.claim(h, "王秀英", "从没有过的单位", identity.Self)
	own, school, farm := r.liaison(r.bank), r.liaison(r.school), r.liaison(r.farm)
	lead, staff := r.leadStaff(r.north), r.committeeStaff(r.county)
	foreign, city := r.committeeStaff(r.other), r.committeeStaff(r.city)
	for name, x := range map[string]struct {
		who         *phone
		claim, lost bool
	}{
		"liaison": {own, true, false}, "of another unit": {school, false, false}, "of another alliance": {farm, false, false},
		"lead unit": {lead, true, false}, "county": {staff, true, false}, "another county": {foreign, false, false},
		"city": {city, true, true},
	} {
		if got := r.sees(x.who, c.ID) != nil; got != x.claim {
			t.Errorf("%s sees the claim: %v", name, got)
		}
		if got := r.sees(x.who, lost.ID) != nil; got != x.lost {
			t.Errorf("%s sees the claim of an unknown unit: %v", name, got)
		}
		if x.claim {
			continue
		}
		_, err := r.ConfirmClaim(t.Context(), x.who.who(), c.ID, p.ID)
		wantErr(t, err, errs.ErrNotFound)
		_, err = r.RefuseClaim(t.Context(), x.who.who(), c.ID, "不认识")
		wantErr(t, err, errs.ErrNotFound)
	}
	for _, nobody := range []*phone{h, r.open("")} {
		_, err := r.Claims(t.Context(), nobody.who(), "", page.Page{})
		wantErr(t, err, errs.ErrForbidden)
		_, err = r.ConfirmClaim(t.Context(), nobody.who(), c.ID, p.ID)
		wantErr(t, err, errs.ErrForbidden)
	}
	stranger := r.person(r.school, "别单位的", "") // the liaison's claim, somebody else's person
	_, err := r.ConfirmClaim(t.Context(), own.who(), c.ID, stranger.ID)
	wantErr(t, err, errs.ErrNotFound)
	r.setStatus(p, ledger.Moved)
	_, err = r.ConfirmClaim(t.Context(), own.who(), c.ID, p.ID)
	wantErr(t, err, identity.ErrInactive)
	_, err = r.ConfirmClaim(t.Context(), city.who(), lost.ID, stranger.ID)
	r.must(err)
}

func TestFamilyCannotBecomeThePerson(t *testing.T) {
	r := newRig(t)
	p := r.person(r.bank, "郭爱国", "")
	daughter, liaison := r.open(""), r.liaison(r.bank)
	c := r.claim(daughter, "郭爱国", r.bank.Name, identity.Family)
	_, err := r.ConfirmClaim(t.Context(), liaison.who(), c.ID, p.ID)
	r.must(err)
	_, err = r.SetRelation(t.Context(), daughter.who(), p.ID, identity.Self)
	wantErr(t, err, identity.ErrNotSelf)
}

func TestNobodyVouchesForThemselves(t *testing.T) {
	r := newRig(t)
	p := r.person(r.bank, "郭爱国", "")
	liaison := r.liaison(r.bank)
	c := r.claim(liaison, "郭爱国", r.bank.Name, identity.Self)
	_, err := r.ConfirmClaim(t.Context(), liaison.who(), c.ID, p.ID)
	wantErr(t, err, identity.ErrOwnClaim)
	_, err = r.ConfirmClaim(t.Context(), r.leadStaff(r.north).who(), c.ID, p.ID)
	r.must(err)
}

func TestClaimsComeInPages(t *testing.T) {
	r := newRig(t)
	for range 3 {
		r.claim(r.open(""), "郭爱国", r.bank.Name, identity.Self)
		r.clk.Advance(time.Second)
	}
	who := r.liaison(r.bank).who()
	first, err := r.Claims(t.Context(), who, identity.ClaimOpen, page.Page{Limit: 2})
	if err != nil || len(first.Items) != 2 || first.Next == "" {
		t.Fatal(first, err)
	}
	rest, err := r.Claims(t.Context(), who, identity.ClaimOpen, page.Page{Limit: 2, After: first.Next})
	if err != nil || len(rest.Items) != 1 || rest.Next != "" || rest.Items[0].ID == first.Items[1].ID {
		t.Fatal(rest, err)
	}
}
