package identity_test

import (
	"slices"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/cache"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/page"
)

// deadCache is a Redis that refuses connections.
func deadCache(t *testing.T) *cache.Cache {
	t.Helper()
	c, err := cache.Open("redis://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestStaffGetTheirRoleWithTheirPhone(t *testing.T) {
	r := newRig(t)
	number := newPhone()
	grant, err := r.Grant(t.Context(), actor.System, identity.GrantRequest{Role: actor.Liaison, UnitID: r.bank.ID,
		AllianceID: r.south.ID, CommitteeID: r.other.ID, HolderName: "陈联络", Phone: " 199-" + number[3:7] + " " + number[7:]})
	r.must(err)
	again, err := r.Grant(t.Context(), actor.System, identity.GrantRequest{Role: actor.Liaison, UnitID: r.bank.ID, HolderName: "陈联络", Phone: number})
	if err != nil || again != grant {
		t.Error("the same role twice", err)
	}
	h := r.open(number)
	if who := h.who(); len(who.Grants) != 0 {
		t.Fatal("a role before the number was confirmed")
	}
	res := h.bindPhone()
	at := actor.Place{Committee: r.county.ID, Alliance: r.north.ID, Unit: r.bank.ID}
	if len(res.Roles) != 1 || res.Roles[0].Place != at || res.Roles[0].Label != r.bank.Name+" 联络员" || res.Name != "陈联络" {
		t.Fatalf("%+v", res)
	}
	if who := h.who(); !slices.Contains(who.Grants, actor.Grant{Role: actor.Liaison, Place: at}) || len(who.Grants) != 1 {
		t.Errorf("%+v", who.Grants)
	}
	name, phone, err := r.LiaisonOf(t.Context(), r.bank.ID)
	if err != nil || name != "陈联络" || phone != number {
		t.Error(name, phone, err)
	}
	name, phone, err = r.LiaisonOf(t.Context(), r.farm.ID)
	if err != nil || name != office.Name || phone != office.Phone {
		t.Error(name, phone, err)
	}
	r.audited("grant_role", grant, 1)
	r.audited("attach_role", grant, 1)
}

func TestRoleForAKnownPhoneWorksAtOnce(t *testing.T) {
	r := newRig(t)
	h := r.open("")
	h.bindPhone()
	h.who()
	_, err := r.Grant(t.Context(), actor.System, identity.GrantRequest{Role: actor.CommitteeStaff, CommitteeID: r.city.ID, HolderName: "林主任", Phone: h.user.Phone})
	r.must(err)
	for _, c := range []id.ID{r.city.ID, r.county.ID, r.other.ID} {
		if err := h.who().Must(actor.EditOrg, actor.Place{Committee: c}); err != nil {
			t.Error("a city's staff works in its counties too")
		}
	}
}

func TestGrantByOpenIDBeforeTheFirstLogin(t *testing.T) {
	r := newRig(t)
	openID := named("oFirstStaffAccount")
	_, err := r.Grant(t.Context(), actor.System, identity.GrantRequest{Role: actor.CommitteeStaff, CommitteeID: r.county.ID, OpenID: openID})
	r.must(err)
	account, ok, err := r.AccountByOpenID(t.Context(), openID)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	_, err = r.Grant(t.Context(), actor.System, identity.GrantRequest{Role: actor.Liaison, UnitID: r.bank.ID, AccountID: account})
	r.must(err)
	_, err = r.Grant(t.Context(), actor.System, identity.GrantRequest{Role: actor.Liaison, UnitID: 999, AccountID: account})
	wantErr(t, err, errs.ErrNotFound)
}

func TestHeadIsAPersonOfTheAlliance(t *testing.T) {
	r := newRig(t)
	staff := r.leadStaff(r.north).who()
	number := newPhone()
	p := r.person(r.bank, "郭爱国", number)
	spouse := r.person(r.bank, "王秀英", "")
	h := r.open(number)
	h.bindPhone()
	grant := func(person id.ID) (id.ID, error) {
		return r.Grant(t.Context(), staff, identity.GrantRequest{Role: actor.Head, AllianceID: r.north.ID, PersonID: person})
	}
	role, err := grant(p.ID)
	r.must(err)
	if !h.who().Is(actor.Head) {
		t.Error("the head's own account has the role at once")
	}
	_, err = grant(r.person(r.farm, "李建设", "").ID)
	wantErr(t, err, errs.ErrNotFound) // not visible to the lead unit
	_, err = r.Grant(t.Context(), actor.System, identity.GrantRequest{Role: actor.Head, AllianceID: r.south.ID, PersonID: p.ID})
	wantErr(t, err, errs.ErrInvalid)
	_, err = grant(0)
	wantErr(t, err, errs.ErrInvalid)
	_, err = r.Grant(t.Context(), staff, identity.GrantRequest{Role: actor.Liaison, UnitID: r.bank.ID, PersonID: spouse.ID, HolderName: "某某", Phone: number})
	wantErr(t, err, errs.ErrInvalid)
	daughter := r.open("")
	liaison := r.liaison(r.bank)
	_, err = r.BindByCode(t.Context(), daughter.who(), r.code(liaison, p).Code, identity.Family, "")
	r.must(err)
	if daughter.who().Is(actor.Head) {
		t.Error("family inherits the head's role")
	}
	r.must(r.Revoke(t.Context(), staff, role))
	if h.who().Is(actor.Head) {
		t.Error("still head")
	}
	r.audited("revoke_role", role, 1)
}

func TestNobodyGivesMoreThanTheyHave(t *testing.T) {
	r := newRig(t)
	number := newPhone()
	p := r.person(r.bank, "郭爱国", number)
	member := r.open(number)
	member.bindPhone()
	headNumber := newPhone()
	hp := r.person(r.bank, "李建设", headNumber)
	_, err := r.Grant(t.Context(), actor.System, identity.GrantRequest{Role: actor.Head, AllianceID: r.north.ID, PersonID: hp.ID})
	r.must(err)
	head := r.open(headNumber)
	head.bindPhone()
	granters := map[string]*phone{
		"stranger": r.open(""), "member": member, "head": head, "liaison": r.liaison(r.bank),
		"lead": r.leadStaff(r.north), "county": r.committeeStaff(r.county), "city": r.committeeStaff(r.city),
	}
	wishes := map[string]identity.GrantRequest{
		"head north":     {Role: actor.Head, AllianceID: r.north.ID, PersonID: p.ID},
		"head south":     {Role: actor.Head, AllianceID: r.south.ID, PersonID: r.person(r.farm, "赵红梅", "").ID},
		"liaison bank":   {Role: actor.Liaison, UnitID: r.bank.ID},
		"liaison farm":   {Role: actor.Liaison, UnitID: r.farm.ID},
		"liaison abroad": {Role: actor.Liaison, UnitID: r.mill.ID},
		"lead north":     {Role: actor.LeadStaff, AllianceID: r.north.ID},
		"lead abroad":    {Role: actor.LeadStaff, AllianceID: r.abroad.ID},
		"county staff":   {Role: actor.CommitteeStaff, CommitteeID: r.county.ID},
		"other county":   {Role: actor.CommitteeStaff, CommitteeID: r.other.ID},
		"city staff":     {Role: actor.CommitteeStaff, CommitteeID: r.city.ID},
		"nowhere":        {Role: actor.LeadStaff, AllianceID: 12345},
	}
	allowed := map[string][]string{
		"lead":   {"head north", "liaison bank"},
		"county": {"head north", "head south", "liaison bank", "liaison farm", "lead north", "county staff"},
		"city":   {"head north", "head south", "liaison bank", "liaison farm", "liaison abroad", "lead north", "lead abroad", "county staff", "other county", "city staff"},
	}
	for granter, g := range granters {
		for wish, req := range wishes {
			if req.Role != actor.Head {
				req.HolderName, req.Phone = "自己", g.user.Phone // for oneself, if it only worked
			}
			req.AccountID, req.OpenID = 0, ""
			before := len(g.who().Grants)
			_, err := r.Grant(t.Context(), g.who(), req)
			if slices.Contains(allowed[granter], wish) {
				if err != nil {
					t.Errorf("%s may not give %s: %v", granter, wish, err)
				}
				continue
			}
			if err == nil || len(g.who().Grants) != before {
				t.Errorf("%s gave %s", granter, wish)
				continue
			}
			wantErr(t, err, errs.ErrForbidden)
		}
	}
	other := r.open("")
	_, err = r.Grant(t.Context(), granters["lead"].who(), identity.GrantRequest{Role: actor.Liaison, UnitID: r.bank.ID, AccountID: other.id})
	wantErr(t, err, errs.ErrInvalid) // by account is for the command only
}

func (r *rig) roleOf(h *phone, role actor.Role) id.ID {
	r.t.Helper()
	list, err := r.Roles(r.t.Context(), actor.System, 0, page.Page{Limit: 1000})
	r.must(err)
	for _, g := range list.Items {
		if g.Account == h.id && g.Role == role {
			return g.ID
		}
	}
	r.t.Fatal("no such role")
	return 0
}

func TestRevokeWithinOnesScope(t *testing.T) {
	r := newRig(t)
	lead, rival, liaison := r.leadStaff(r.north), r.leadStaff(r.north), r.liaison(r.bank)
	farm, county, city := r.liaison(r.farm), r.committeeStaff(r.county), r.committeeStaff(r.city)
	revoke := func(who, holder *phone, role actor.Role) error {
		return r.Revoke(t.Context(), who.who(), r.roleOf(holder, role))
	}
	wantErr(t, revoke(lead, farm, actor.Liaison), errs.ErrNotFound)
	wantErr(t, revoke(lead, county, actor.CommitteeStaff), errs.ErrNotFound)
	wantErr(t, revoke(county, city, actor.CommitteeStaff), errs.ErrNotFound)
	wantErr(t, revoke(lead, rival, actor.LeadStaff), errs.ErrForbidden)
	wantErr(t, revoke(liaison, lead, actor.LeadStaff), errs.ErrForbidden)
	wantErr(t, revoke(county, county, actor.CommitteeStaff), identity.ErrOwnRole)
	gone := r.roleOf(liaison, actor.Liaison)
	r.must(revoke(lead, liaison, actor.Liaison))
	wantErr(t, r.Revoke(t.Context(), lead.who(), gone), errs.ErrNotFound)
	if len(liaison.who().Grants) != 0 {
		t.Error("still liaison")
	}
	_, err := r.Roles(t.Context(), liaison.who(), 0, page.Page{})
	wantErr(t, err, errs.ErrForbidden)
	list, err := r.Roles(t.Context(), lead.who(), 0, page.Page{})
	if err != nil || len(list.Items) != 2 { // the two of the lead unit; farm and county are out of sight
		t.Errorf("%d roles, %v", len(list.Items), err)
	}
}

func TestDemotionTakesEffect(t *testing.T) {
	r := newRig(t)
	h, county := r.liaison(r.bank), r.committeeStaff(r.county)
	shared, cutOff := r.another(nil), r.another(deadCache(t))
	holds := func(s *identity.Service) bool {
		who, err := s.Authenticate(t.Context(), h.token)
		r.must(err)
		return who.Is(actor.Liaison)
	}
	for _, s := range []*identity.Service{r.Service, shared, cutOff} {
		if !holds(s) {
			t.Fatal("not a liaison yet")
		}
	}
	r.must(r.Revoke(t.Context(), county.who(), r.roleOf(h, actor.Liaison)))
	if holds(r.Service) {
		t.Error("the same instance still believes it")
	}
	r.clk.Advance(time.Second)
	if holds(shared) {
		t.Error("another instance still believes it after a second")
	}
	r.clk.Advance(14 * time.Second)
	if holds(cutOff) {
		t.Error("an instance without Redis still believes it after 15 s")
	}
}

func TestAuthenticateWhileRolesChange(t *testing.T) {
	r := newRig(t)
	h, county := r.open(""), r.committeeStaff(r.county)
	h.bindPhone()
	for range 10 {
		role, err := r.Grant(t.Context(), county.who(), identity.GrantRequest{Role: actor.Liaison, UnitID: r.bank.ID, HolderName: "某某", Phone: h.user.Phone})
		r.must(err)
		together(20, func(i int) {
			if i == 7 {
				if err := r.Revoke(t.Context(), county.who(), role); err != nil {
					t.Error(err)
				}
				return
			}
			if _, err := r.Authenticate(t.Context(), h.token); err != nil {
				t.Error(err)
			}
		})
		if h.who().Is(actor.Liaison) {
			t.Fatal("a stale actor was kept after the role was taken away")
		}
	}
}
