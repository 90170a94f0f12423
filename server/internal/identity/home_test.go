package identity_test

import (
	"testing"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
)

// Signing in has no place of its own: every committee in which somebody has a role finds it in its audit,
// that of a committee above only where the role was given there.
func TestSigningInIsFoundByEachCommitteeOfTheRoles(t *testing.T) {
	r := newRig(t)
	found := func(account id.ID, c ledger.Committee) int {
		t.Helper()
		auditor := actor.Actor{Grants: []actor.Grant{{Role: actor.CommitteeStaff, Place: c.Place()}}}
		list, err := r.audit.Search(t.Context(), auditor, audit.Filter{Action: "identity.login", Account: account})
		r.must(err)
		return len(list.Items)
	}
	both := r.liaison(r.bank) // the first log-in was a stranger's
	_, err := r.Grant(t.Context(), actor.System, identity.GrantRequest{Role: actor.Liaison, UnitID: r.mill.ID, HolderName: "工作人员", Phone: both.user.Phone})
	r.must(err)
	both.login()
	for _, c := range []ledger.Committee{r.county, r.other} {
		if n := found(both.id, c); n != 1 {
			t.Errorf("%s finds %d", c.Name, n)
		}
	}
	if n := found(both.id, r.city); n != 0 {
		t.Errorf("the city finds %d", n)
	}
	one := r.liaison(r.farm)
	one.login()
	if here, there := found(one.id, r.county), found(one.id, r.other); here != 1 || there != 0 {
		t.Errorf("one role: %d and %d", here, there)
	}
	above := r.committeeStaff(r.city)
	above.login()
	if city, county := found(above.id, r.city), found(above.id, r.county); city != 1 || county != 0 {
		t.Errorf("a role above: %d and %d", city, county)
	}
	stranger := r.open("")
	stranger.login()
	if n := found(stranger.id, r.county) + found(stranger.id, r.city); n != 0 {
		t.Errorf("a stranger is found %d times", n)
	}
}
