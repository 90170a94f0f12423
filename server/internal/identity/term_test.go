package identity_test

import (
	"fmt"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/cache"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
)

// during gives somebody's phone a role for a time.
func (r *rig) during(h *phone, req identity.GrantRequest, from, until time.Duration) id.ID {
	r.t.Helper()
	req.HolderName, req.Phone = "工作人员", h.user.Phone
	req.Term = identity.Term{From: r.clk.Now().Add(from), Until: r.clk.Now().Add(until)}
	g, err := r.Grant(r.t.Context(), actor.System, req)
	r.must(err)
	return g
}

func TestRolesCountFromAndUntil(t *testing.T) {
	r := newRig(t)
	h := r.open("")
	h.bindPhone()
	r.during(h, identity.GrantRequest{Role: actor.Liaison, UnitID: r.bank.ID}, 10*time.Second, 20*time.Second)
	far := r.another(nil)
	for at, want := range []bool{false, true, false} { // remembered for fifteen seconds otherwise
		for _, s := range []*identity.Service{r.Service, far} {
			who, err := s.Authenticate(t.Context(), h.token)
			r.must(err)
			if who.Is(actor.Liaison) != want {
				t.Errorf("after %d times ten seconds: liaison %v, want %v", at, !want, want)
			}
		}
		me, err := r.Me(t.Context(), h.who())
		r.must(err)
		if (len(me.Roles) == 1) != want {
			t.Errorf("%+v", me.Roles)
		}
		name, _, err := r.LiaisonOf(t.Context(), r.bank.ID)
		r.must(err)
		if (name == "工作人员") != want {
			t.Errorf("the unit's members are told to call %q", name)
		}
		r.clk.Advance(10 * time.Second)
	}
}

func TestTermsThatMakeNoSense(t *testing.T) {
	r := newRig(t)
	county, now := r.committeeStaff(r.county).who(), r.clk.Now()
	for _, term := range []identity.Term{{Until: now}, {Until: now.Add(-time.Hour)}, {From: now.Add(2 * time.Hour), Until: now.Add(time.Hour)}} {
		_, err := r.Grant(t.Context(), county, identity.GrantRequest{Role: actor.Liaison, UnitID: r.bank.ID, HolderName: "某某", Phone: newPhone(), Term: term})
		wantErr(t, err, errs.ErrInvalid)
	}
}

func TestSameTermIsGivenOnce(t *testing.T) {
	r := newRig(t)
	h := r.open("")
	h.bindPhone()
	req := identity.GrantRequest{Role: actor.Liaison, UnitID: r.bank.ID}
	one, two := r.during(h, req, 0, time.Hour), r.during(h, req, 0, time.Hour)
	longer := r.during(h, req, 0, 2*time.Hour)
	if one != two || one == longer {
		t.Error(one, two, longer)
	}
	r.must(r.Revoke(t.Context(), r.committeeStaff(r.county).who(), one))
	if h.who().Is(actor.Liaison) {
		t.Error("taken back, and still held for another term")
	}
}

func TestCitySeesTheCountiesBelow(t *testing.T) {
	r := newRig(t)
	viewer := r.staff(identity.GrantRequest{Role: actor.Viewer, CommitteeID: r.city.ID})
	who := viewer.who()
	for _, c := range []id.ID{r.city.ID, r.county.ID, r.other.ID} {
		if !who.Scope(actor.SeeOrg).Covers(actor.Place{Committee: c}) {
			t.Error("out of sight:", c)
		}
	}
	if who.May(actor.SeePerson) || who.May(actor.EditOrg) || who.May(actor.GrantRole) || who.May(actor.RevealPerson) {
		t.Error("a viewer only looks at the organisation")
	}
	below := r.staff(identity.GrantRequest{Role: actor.Viewer, CommitteeID: r.county.ID}).who()
	if below.Scope(actor.SeeOrg).Covers(r.city.Place()) || below.Scope(actor.SeeOrg).Covers(r.other.Place()) {
		t.Error("sees upwards or sideways")
	}
	county, lead := r.committeeStaff(r.county), r.leadStaff(r.north)
	req := func(c id.ID) identity.GrantRequest {
		return identity.GrantRequest{Role: actor.Viewer, CommitteeID: c, HolderName: "某某", Phone: newPhone()}
	}
	_, err := r.Grant(t.Context(), county.who(), req(r.county.ID))
	r.must(err)
	for _, c := range []id.ID{r.city.ID, r.other.ID} {
		_, err = r.Grant(t.Context(), county.who(), req(c))
		wantErr(t, err, errs.ErrForbidden)
	}
	_, err = r.Grant(t.Context(), lead.who(), req(r.county.ID))
	wantErr(t, err, errs.ErrForbidden)
	if d := viewer.signedIn(); !d.who().Console {
		t.Error("a viewer works at a desktop")
	}
}

// Two instances over one database, and no Redis between them.
func TestTakenAwayEverywhereWithoutRedis(t *testing.T) {
	r := newRig(t)
	dead, err := cache.Open("redis://127.0.0.1:1/0")
	r.must(err)
	t.Cleanup(dead.Close)
	here, there := r.another(dead), r.another(dead)
	county, h := r.committeeStaff(r.county), r.liaison(r.bank)
	d := h.signedIn()
	for _, token := range []string{h.token, d.token} {
		if who, err := there.Authenticate(t.Context(), token); err != nil || !who.Is(actor.Liaison) {
			t.Fatal(who, err)
		}
	}
	r.must(here.Revoke(t.Context(), county.who(), h.roleID()))
	r.clk.Advance(time.Minute)
	if who, err := there.Authenticate(t.Context(), h.token); err != nil || who.Is(actor.Liaison) {
		t.Error("a minute later the old token still has the role:", who, err)
	}
	_, err = there.Authenticate(t.Context(), d.token)
	wantErr(t, err, identity.ErrConsoleEnded)
}

func (h *phone) roleID() id.ID {
	h.r.t.Helper()
	me, err := h.r.Me(h.r.t.Context(), h.who())
	h.r.must(err)
	return me.Roles[0].ID
}

func (h *phone) stands(role id.ID, in *phone, from, until time.Duration) (identity.RoleHolder, error) {
	now := h.r.clk.Now()
	return h.r.Delegate(h.r.t.Context(), h.who(), identity.DeputyRequest{Role: role, Phone: in.user.Phone,
		Term: identity.Term{From: now.Add(from), Until: now.Add(until)}})
}

func TestDeputyWhileOnLeave(t *testing.T) {
	r := newRig(t)
	boss, colleague := r.leadStaff(r.north), r.liaison(r.bank)
	role := boss.roleID()
	d, err := boss.stands(role, colleague, time.Minute, time.Hour)
	r.must(err)
	r.audited("delegate_role", d.ID, 1)
	if colleague.who().Is(actor.LeadStaff) {
		t.Error("before its time")
	}
	r.clk.Advance(2 * time.Minute)
	who := colleague.who()
	if who.Must(actor.WriteNotice, r.north.Place()) != nil || who.May(actor.GrantRole) {
		t.Errorf("%+v", who)
	}
	third := r.liaison(r.school)
	_, err = colleague.stands(d.ID, third, 0, time.Minute)
	wantErr(t, err, identity.ErrDeputyAgain)
	if list, err := r.Deputies(t.Context(), boss.who()); err != nil || len(list) != 1 || list[0].ID != d.ID {
		t.Error(list, err)
	}
	r.clk.Advance(time.Hour)
	for _, h := range []*phone{boss, colleague, third} {
		h.login()
	}
	if colleague.who().Is(actor.LeadStaff) || !colleague.who().Is(actor.Liaison) {
		t.Error("it ends by itself, and only it")
	}
	again, err := boss.stands(role, colleague, 0, time.Hour)
	r.must(err)
	wantErr(t, r.Recall(t.Context(), third.who(), again.ID), errs.ErrNotFound)
	r.must(r.Recall(t.Context(), boss.who(), again.ID))
	if colleague.who().Is(actor.LeadStaff) {
		t.Error("back, and still there is a deputy")
	}
	_, err = boss.stands(role, colleague, 0, time.Hour)
	r.must(err)
	r.must(r.Revoke(t.Context(), r.committeeStaff(r.county).who(), role))
	if colleague.who().Is(actor.LeadStaff) {
		t.Error("the deputy of somebody without the role")
	}
}

func TestWhoCannotBeADeputy(t *testing.T) {
	r := newRig(t)
	boss := r.liaison(r.bank)
	role := boss.roleID()
	number := newPhone()
	member := r.open(number)
	r.person(r.bank, "郭爱国", number)
	member.bindPhone()
	for _, c := range []struct {
		in          *phone
		role        id.ID
		from, until time.Duration
		want        *errs.Error
	}{
		{r.liaison(r.school), role, 0, time.Hour, identity.ErrNoDeputy},
		{r.open(""), role, 0, time.Hour, identity.ErrNoDeputy},
		{boss, role, 0, time.Hour, identity.ErrOwnDeputy},
		{member, role, 0, -time.Hour, errs.ErrInvalid},
		{member, role, 0, 200 * 24 * time.Hour, identity.ErrDeputyTooFar},
		{member, r.liaison(r.bank).roleID(), 0, time.Hour, errs.ErrNotFound},
		{member, role, 0, time.Hour, nil},
	} {
		_, err := boss.stands(c.role, c.in, c.from, c.until)
		if c.want == nil {
			r.must(err)
			continue
		}
		wantErr(t, err, c.want)
	}
	for range 2 { // known to the ledger here, until the ledger says otherwise
		if got := member.who().Is(actor.Liaison); !got {
			t.Error("no deputy")
		}
		r.clk.Advance(time.Minute)
	}
}

func TestRolesWaitForThePhoneAtADesktop(t *testing.T) {
	r := newRig(t)
	h := r.committeeStaff(r.county)
	d := h.signedIn()
	req := identity.GrantRequest{Role: actor.Liaison, UnitID: r.bank.ID, HolderName: "某某", Phone: newPhone()}
	_, err := r.Grant(t.Context(), d.who(), req)
	wantErr(t, err, identity.ErrConfirm)
	elsewhere, who := d.asks(identity.ConfirmRole, r.school.ID)
	r.must(r.Decide(t.Context(), h.who(), elsewhere.ID, true))
	_, err = r.Grant(t.Context(), who, req)
	wantErr(t, err, identity.ErrConfirm)
	c, who := d.asks(identity.ConfirmRole, r.bank.ID)
	r.must(r.Decide(t.Context(), h.who(), c.ID, true))
	role, err := r.Grant(t.Context(), who, req)
	r.must(err)
	wantErr(t, r.Revoke(t.Context(), who, role), identity.ErrConfirm) // spent
	c, who = d.asks(identity.ConfirmRole, r.bank.ID)
	r.must(r.Decide(t.Context(), h.who(), c.ID, true))
	r.must(r.Revoke(t.Context(), who, role))
}

func TestRevealWaitsForThePhoneAtADesktop(t *testing.T) {
	r := newRig(t)
	r.led.UseConfirm(r.Service)
	h := r.liaison(r.bank)
	d := h.signedIn()
	number := newPhone()
	p := r.person(r.bank, "郭爱国", number)
	reveal := func(who actor.Actor) error {
		got, err := r.led.Reveal(t.Context(), who, p.ID, []string{"phone"}, "核对号码")
		if err == nil && got["phone"] != number {
			t.Error(got)
		}
		return err
	}
	r.must(reveal(h.who()))
	wantErr(t, reveal(d.who()), identity.ErrConfirm)
	c, who := d.asks(identity.ConfirmReveal, p.ID)
	r.must(r.Decide(t.Context(), h.who(), c.ID, true))
	r.must(reveal(who))
	wantErr(t, reveal(who), identity.ErrConfirm)
	unwired := ledger.New(r.db, r.opts.Box, ids, r.clk, r.audit)
	_, err := unwired.Reveal(t.Context(), d.who(), p.ID, []string{"phone"}, "核对号码")
	wantErr(t, err, errs.ErrForbidden)
}

func TestTermsOverHTTP(t *testing.T) {
	r := newRig(t)
	county, lead, colleague := r.committeeStaff(r.county), r.leadStaff(r.north), r.liaison(r.bank)
	until := r.clk.Now().Add(24 * time.Hour).Format(time.RFC3339)
	out := r.want(county, "POST", "/roles", fmt.Sprintf(`{"role":"viewer","committee_id":%q,"holder":{"name":"某某","phone":%q},"until":%q}`,
		r.county.ID, newPhone(), until), 201, "")
	if out["until"] != until || out["from"] != nil || out["id"] == "" || out["label"] != r.county.Name+" 上级查看" {
		t.Fatal(out)
	}
	path := "/me/roles/" + lead.roleID().String() + "/deputies"
	out = r.want(lead, "POST", path, fmt.Sprintf(`{"phone":%q,"until":%q}`, colleague.user.Phone, until), 201, "")
	if out["deputy"] != true || out["role"] != "lead_staff" {
		t.Fatal(out)
	}
	if list := items(r.want(lead, "GET", "/me/deputies", "", 200, "")); len(list) != 1 {
		t.Fatal(list)
	}
	r.want(colleague, "DELETE", "/me/deputies/"+out["id"].(string), "", 404, "not_found")
	r.want(lead, "DELETE", "/me/deputies/"+out["id"].(string), "", 204, "")
	r.want(lead, "POST", path, fmt.Sprintf(`{"phone":%q,"until":%q}`, newPhone(), until), 409, "identity.no_deputy")
}

// A liaison who fell ill leaves no deputy: the lead unit names one, of the unit's own people.
func TestDeputyForSomebodyWhoIsAway(t *testing.T) {
	r := newRig(t)
	ill, mate, lead := r.liaison(r.bank), r.liaison(r.bank), r.leadStaff(r.north)
	ask := func(who *phone, phone string) (identity.RoleHolder, error) {
		return r.DelegateFor(t.Context(), who.who(), identity.DeputyRequest{Role: ill.roleID(), Phone: phone,
			Term: identity.Term{Until: r.clk.Now().Add(time.Hour)}})
	}
	d, err := ask(lead, mate.user.Phone)
	r.must(err)
	if d.DeputyOf != ill.roleID() || d.Account != mate.who().Account {
		t.Errorf("%+v", d)
	}
	r.audited("delegate_role", d.ID, 1)
	_, err = ask(lead, ill.user.Phone)
	wantErr(t, err, identity.ErrOwnDeputy)
	_, err = ask(lead, r.liaison(r.school).user.Phone)
	wantErr(t, err, identity.ErrNoDeputy)
	_, err = ask(mate, mate.user.Phone)
	wantErr(t, err, errs.ErrForbidden)
	_, err = ask(r.leadStaff(r.south), mate.user.Phone)
	wantErr(t, err, errs.ErrNotFound)
}
