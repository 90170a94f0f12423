package guard_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/identity"
)

// Fields that a request has no business with, and that a careless binding of bodies to rows would take.
func (w *world) smuggled() map[string]any {
	far := w.sites[foreign]
	return map[string]any{
		"is_admin": true, "role": "committee_staff", "roles": []string{"committee_staff"}, "grants": []string{"committee_staff"},
		"committee_id": far["committee"], "alliance_id": far["alliance"], "unit_id": far["unit"], "branch_id": far["branch"],
		"account_id": "4611686018427387904", "created_by": "4611686018427387904", "confirmed_by": "4611686018427387904",
		"proof": "claim", "decision": "confirmed", "status": "deceased", "state": "confirmed", "id": "4611686018427387904",
	}
}

// A member sends every body of the table with more in it than belongs there. Whatever of it is a
// member's right happens; nobody's roles, bindings or ledger rows change.
func TestBodiesCannotSmuggleFields(t *testing.T) {
	m := &matrix{world: newWorld(t)}
	before := m.snapshot(t)
	tried := 0
	for _, r := range readRules(t) {
		if r.body == "" || r.target == "cross" {
			continue
		}
		body := map[string]any{}
		if err := json.Unmarshal([]byte(r.body), &body); err != nil {
			t.Fatalf("%s %s: %v", r.method, r.call, err)
		}
		for k, v := range m.smuggled() {
			if _, own := body[k]; !own {
				body[k] = v
				tried++
			}
		}
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		r.body = string(text)
		m.cells++
		if a := m.send(t, r, "member", m.sites[itself], m.sites[itself], false, itself); a.Status >= 500 {
			t.Errorf("%s %s: %d %s", r.method, r.call, a.Status, clip(a.Body))
		}
	}
	for _, table := range changed(before, m.snapshot(t)) {
		if slices.Contains([]string{"role_grants", "account_persons", "persons", "branches", "units", "alliances", "committees", "cards", "imports", "activities", "notices"}, table) {
			t.Errorf("a member with smuggled fields changed %s", table)
		}
	}
	t.Logf("smuggled fields: %d tried", tried)
	if tried < 200 {
		t.Errorf("only %d fields were tried", tried)
	}
}

// Who has lost a role has lost it with the next request on this server, and within a minute on every
// other, though the session goes on.
func TestTakenRolesEndAtOnce(t *testing.T) {
	w := newWorld(t)
	s, office := w.sites[itself], w.offices[itself]
	role := w.grant(t, identity.GrantRequest{Role: actor.Liaison, UnitID: parse(t, s["unit"]), HolderName: "代理联络员", Phone: "19900038077"})
	deputy := w.login(t, "代理联络员", "19900038077")
	path := "/persons/" + s["person"]
	wantStatus(t, "a liaison reads the own unit", w.call(t, deputy.token, "GET", path, nil), 200)
	w.must(t, office.token, "DELETE", "/roles/"+role.String(), nil)
	wantStatus(t, "the role is gone, the session is not", w.call(t, deputy.token, "GET", path, nil), 404)
	wantStatus(t, "the session goes on", w.call(t, deputy.token, "GET", "/me", nil), 200)

	// Another server learns it from the database at the latest when its memory has grown old.
	if err := w.DB.Conn(t.Context()).Exec("UPDATE role_grants SET revoked_at = ? WHERE revoked_at IS NULL", w.clock.Now().Format("2006-01-02 15:04:05.000")).Error; err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	a := w.call(t, w.actors["liaison"].token, "GET", path, nil)
	wantStatus(t, "a role that ended elsewhere", a, 404)
	if strings.Contains(string(a.Body), "关本人") {
		t.Error("the refusal names the person")
	}
}

// A draft is there for those who write: others neither list nor guess it.
func TestDraftsAreForWriters(t *testing.T) {
	w := newWorld(t)
	for who, want := range map[string]bool{"member": false, "liaison": false, "head": true, "lead_staff": true, "committee_staff": true, "foreign_staff": false} {
		got := w.must(t, w.actors[who].token, "GET", "/notices", nil)
		if has := strings.Contains(string(got.Body), w.sites[itself]["draft"]); has != want {
			t.Errorf("the list of notices of %s holds the draft: %v, want %v", who, has, want)
		}
	}
}
