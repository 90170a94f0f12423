package identity_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"bense/server/internal/actor"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
	"bense/server/internal/wechat/emulator"
)

func (r *rig) want(h *phone, method, path, body string, status int, code string) map[string]any {
	r.t.Helper()
	got, out := r.call(h, method, path, body)
	if got != status || code != "" && out["code"] != code {
		r.t.Fatalf("%s %s: %d %v, want %d %s", method, path, got, out, status, code)
	}
	return out
}

func items(out map[string]any) []any {
	list, _ := out["items"].([]any)
	return list
}

func TestThreadOverHTTP(t *testing.T) {
	r := newRig(t)
	number := newPhone()
	he, she := r.person(r.bank, "郭爱国", number), r.person(r.bank, "王秀英", number)
	liaison := r.liaison(r.bank)
	h := &phone{r: r, user: r.emu.User(emulator.User{Name: named("用户"), Phone: number})}
	out := r.want(nil, "POST", "/sessions", fmt.Sprintf(`{"code":%q}`, r.emu.LoginCode(h.user)), 200, "")
	h.token = out["token"].(string)
	me := out["me"].(map[string]any)
	if me["account_id"] == "" || len(me["persons"].([]any)) != 0 || len(me["roles"].([]any)) != 0 || out["expires_at"] == "" {
		t.Fatal(me)
	}
	code, err := r.emu.PhoneCode(h.user)
	r.must(err)
	out = r.want(h, "POST", "/me/phone", fmt.Sprintf(`{"code":%q}`, code), 200, "")
	if out["choose_self"] != true || len(out["persons"].([]any)) != 2 {
		t.Fatal(out)
	}
	out = r.want(h, "PUT", "/me/persons/"+she.ID.String(), `{"relation":"self"}`, 200, "")
	if out["relation"] != "self" || out["unit_id"] != r.bank.ID.String() || out["alliance"] != r.north.Name {
		t.Fatal(out)
	}
	r.want(h, "DELETE", "/me/persons/"+he.ID.String(), "", 204, "")
	r.want(h, "DELETE", "/me/persons/"+he.ID.String(), "", 404, "not_found")
	out = r.want(liaison, "POST", "/persons/"+he.ID.String()+"/binding-codes", "", 201, "")
	if out["qr"] != "BB1."+out["code"].(string) {
		t.Fatal("qr")
	}
	out = r.want(h, "POST", "/me/bindings", fmt.Sprintf(`{"code":%q}`, out["qr"]), 200, "")
	if p := out["person"].(map[string]any); p["id"] != he.ID.String() || p["relation"] != "family" {
		t.Fatal(p)
	}
	out = r.want(h, "GET", "/me", "", 200, "")
	if help := out["help"].(map[string]any); out["name"] != "王秀英" || help["phone"] != liaison.user.Phone {
		t.Fatal(out)
	}
	out = r.want(liaison, "GET", "/me", "", 200, "")
	role := out["roles"].([]any)[0].(map[string]any)
	if role["role"] != "liaison" || role["unit_id"] != r.bank.ID.String() || role["alliance_id"] != r.north.ID.String() {
		t.Fatal(role)
	}
}

func TestClaimsOverHTTP(t *testing.T) {
	r := newRig(t)
	p := r.person(r.bank, "郭爱国", "")
	h, liaison, foreign := r.open(""), r.liaison(r.bank), r.liaison(r.school)
	body := fmt.Sprintf(`{"name":"郭爱国","unit":%q,"relation":"family","state":"confirmed","person_id":%q}`, r.bank.Name, p.ID)
	claim := r.want(h, "POST", "/me/claims", body, 201, "")
	path := "/claims/" + claim["id"].(string)
	if claim["state"] != "open" {
		t.Fatal(claim)
	}
	r.want(h, "POST", "/me/claims", body, 409, "identity.claim_open")
	r.want(h, "POST", "/me/claims", `{"name":"郭爱国","unit":"某","relation":"family"}`, 422, "invalid")
	r.want(h, "GET", "/claims?state=open", "", 403, "forbidden")
	confirm := fmt.Sprintf(`{"person_id":%q}`, p.ID)
	r.want(foreign, "POST", path+"/confirm", confirm, 404, "not_found")
	r.want(foreign, "POST", path+"/refuse", `{"reason":"不认识"}`, 404, "not_found")
	r.want(h, "POST", path+"/confirm", confirm, 403, "forbidden")
	out := r.want(liaison, "GET", "/claims?state=open", "", 200, "")
	k := items(out)[0].(map[string]any)
	if k["unit_found"] != true || len(k["candidates"].([]any)) != 1 {
		t.Fatal(k)
	}
	r.want(liaison, "POST", "/claims/7/confirm", confirm, 404, "not_found")
	r.want(liaison, "POST", "/claims/x/confirm", confirm, 404, "not_found")
	r.want(liaison, "POST", path+"/confirm", confirm, 200, "")
	if mine := items(r.want(h, "GET", "/me/claims", "", 200, "")); mine[0].(map[string]any)["state"] != "confirmed" {
		t.Fatal(mine)
	}
}

func TestRolesOverHTTP(t *testing.T) {
	r := newRig(t)
	lead, farm := r.leadStaff(r.north), r.liaison(r.farm)
	holder := newPhone()
	body := fmt.Sprintf(`{"role":"liaison","unit_id":%q,"holder":{"name":"陈联络","phone":%q}}`, r.bank.ID, holder)
	out := r.want(lead, "POST", "/roles", body, 201, "")
	if h := out["holder"].(map[string]any); h["name"] != "陈联络" || h["phone_masked"] != ledger.MaskPhone(holder) || out["attached"] != false {
		t.Fatal(out)
	}
	r.want(farm, "POST", "/roles", body, 403, "forbidden")
	r.want(lead, "POST", "/roles", fmt.Sprintf(`{"role":"liaison","unit_id":%q,"holder":{"name":"陈联络","phone":%q}}`, r.farm.ID, holder), 403, "forbidden")
	r.want(lead, "POST", "/roles", fmt.Sprintf(`{"role":"head","alliance_id":%q}`, r.north.ID), 422, "invalid")
	r.want(lead, "POST", "/roles", `{"role":"root"}`, 422, "invalid")
	list := r.want(lead, "GET", "/roles", "", 200, "")
	if len(items(list)) != 2 {
		t.Fatal(list)
	}
	r.want(farm, "GET", "/roles", "", 403, "forbidden")
	r.want(lead, "DELETE", "/roles/"+r.roleOf(farm, actor.Liaison).String(), "", 404, "not_found")
	r.want(lead, "DELETE", "/roles/"+out["id"].(string), "", 204, "")
	r.want(lead, "DELETE", "/roles/"+out["id"].(string), "", 404, "not_found")
}

// Whatever else a body holds, nobody gets rights from it.
func TestSmuggledFieldsHaveNoEffect(t *testing.T) {
	r := newRig(t)
	p := r.person(r.bank, "郭爱国", "")
	h := r.open("")
	smuggled := fmt.Sprintf(`"role":"committee_staff","roles":[{"role":"head","alliance_id":%q}],"unit_id":%q,"alliance_id":%q,"committee_id":%q,`+
		`"account_id":"1","person_id":%q,"persons":[{"id":%q,"relation":"self"}],"openid":"x","is_admin":true,"state":"confirmed","proof":"phone"`,
		r.north.ID, r.bank.ID, r.north.ID, r.county.ID, p.ID, p.ID)
	phoneCode, err := r.emu.PhoneCode(h.user)
	r.must(err)
	r.want(nil, "POST", "/sessions", fmt.Sprintf(`{"code":%q,%s}`, r.emu.LoginCode(h.user), smuggled), 200, "")
	r.want(h, "POST", "/me/phone", fmt.Sprintf(`{"code":%q,%s}`, phoneCode, smuggled), 200, "")
	r.want(h, "POST", "/me/bindings", fmt.Sprintf(`{"code":"12345678",%s}`, smuggled), 422, "identity.binding_code")
	r.want(h, "PUT", "/me/persons/"+p.ID.String(), fmt.Sprintf(`{"relation":"self",%s}`, smuggled), 404, "not_found")
	r.want(h, "POST", "/me/claims", fmt.Sprintf(`{"name":"郭爱国","unit":%q,"relation":"self",%s}`, r.bank.Name, smuggled), 201, "")
	r.want(h, "POST", "/roles", fmt.Sprintf(`{"holder":{"name":"某某","phone":%q},%s}`, h.user.Phone, smuggled), 403, "forbidden")
	if who := h.who(); len(who.Persons)+len(who.Grants) != 0 {
		t.Errorf("%+v", who)
	}
	lead := r.leadStaff(r.north)
	r.want(lead, "POST", "/roles", fmt.Sprintf(`{"holder":{"name":"某某","phone":%q},"role":"liaison","unit_id":%q,"account_id":%q,"openid":%q,"revoked_at":null,"granted_by":"1"}`,
		newPhone(), r.bank.ID, h.id, h.user.OpenID), 201, "")
	if who := h.who(); len(who.Grants) != 0 {
		t.Errorf("a role by account through the API: %+v", who)
	}
}

func TestEveryOperationButLoginNeedsASession(t *testing.T) {
	r := newRig(t)
	n := 0
	for path, item := range r.http.OpenAPI().Paths {
		for method, op := range map[string]any{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "DELETE": item.Delete} {
			if fmt.Sprint(op) == "<nil>" || path == "/api/v1/sessions" || strings.HasPrefix(path, "/api/v1/console/") {
				continue
			}
			n++
			at := strings.TrimPrefix(strings.ReplaceAll(path, "{id}", "1"), "/api/v1")
			for _, h := range []*phone{nil, {r: r, token: "eyJhbGciOiJub25lIn0.e30."}} {
				r.want(h, method, at, "{}", http.StatusUnauthorized, "unauthenticated")
			}
		}
	}
	if n != 32 {
		t.Errorf("%d operations", n)
	}
}

func TestNothingPersonalInLogsAndProblems(t *testing.T) {
	r := newRig(t)
	number := newPhone()
	r.person(r.bank, "郭爱国", number)
	h := r.open(number)
	h.bindPhone()
	lead := r.leadStaff(r.north)
	login := r.emu.LoginCode(h.user)
	var answers strings.Builder
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/sessions", fmt.Sprintf(`{"code":%q}`, login)},
		{"POST", "/sessions", fmt.Sprintf(`{"code":%q}`, login)},
		{"POST", "/me/phone", `{"code":"` + number + `"}`},
		{"POST", "/me/bindings", `{"code":"87654321"}`},
		{"POST", "/me/claims", fmt.Sprintf(`{"name":"郭爱国","unit":"%s","relation":"%s"}`, number, number)},
		{"POST", "/roles", fmt.Sprintf(`{"role":"liaison","unit_id":"1","holder":{"name":"郭爱国","phone":"1%s"}}`, number)},
	} {
		status, out := r.call(lead, c.method, c.path, c.body)
		if status >= 400 {
			fmt.Fprintln(&answers, out)
		}
	}
	all := r.logs.String() + answers.String()
	for _, secret := range []string{number, "郭爱国", h.user.OpenID, login, h.token, "87654321"} {
		if strings.Contains(all, secret) {
			t.Errorf("%s in a log or a problem", secret)
		}
	}
	if !strings.Contains(r.logs.String(), `"route"`) || answers.Len() == 0 {
		t.Error("nothing was logged: the test proves nothing")
	}
}

func TestPhoneForm(t *testing.T) {
	for in, want := range map[string]string{
		"13900000001": "13900000001", "+86 139-0000-0001": "13900000001", "１３９００００００01": "13900000001",
		"12900000001": "", "1390000000": "", "05791234567": "", "": "", "+85212345678": "",
	} {
		got, ok := identity.Phone(in)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q %v", in, got, ok)
		}
	}
}
