package privacy_test

import (
	"testing"
	"time"

	"bense/server/internal/db"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// answered lets somebody have said that they come with others and are fetched.
func (c *county) answered(person, unit id.ID, at time.Time) {
	c.t.Helper()
	_, err := c.db.SQL().ExecContext(c.t.Context(), "INSERT INTO activity_expected (activity_id, person_id, unit_id, walk_in, answer, answered_at, companions, lift, pickup_enc) "+
		"VALUES (1, ?, ?, 0, 'going', ?, 'spouse,child', 1, ?)", person, unit, db.At(at), c.box.SealString("小区门口", "activity_expected.pickup"))
	c.must(err)
}

// along is what is still known of it; going stays, since it is counted.
func (c *county) along(person id.ID) (companions string, lift int, pickUp []byte, answer string) {
	c.t.Helper()
	c.must(c.db.SQL().QueryRowContext(c.t.Context(), "SELECT companions, lift, pickup_enc, answer FROM activity_expected WHERE person_id = ?", person).
		Scan(&companions, &lift, &pickUp, &answer))
	return companions, lift, pickUp, answer
}

// Who goes along and who is fetched is forgotten after its time, and at once with the person.
func TestCompanionsAreForgotten(t *testing.T) {
	c := newCounty(t)
	c.load(two)
	c.Keep.Notes = 365 * 24 * time.Hour
	people := c.people()
	li, wang := people["李四四"], people["王五五"]
	for _, p := range []ledger.Record{li, wang} {
		c.answered(p.ID, p.UnitID, c.clk.Now())
	}
	known := func(name string, person id.ID, want bool) {
		t.Helper()
		companions, lift, pickUp, answer := c.along(person)
		if got := companions != "" || lift != 0 || pickUp != nil; got != want || answer != "going" {
			t.Errorf("%s: %q, lift %d, %d bytes, %q", name, companions, lift, len(pickUp), answer)
		}
	}
	c.must(c.erase(li.ID, "李四四"))
	known("of who was erased", li.ID, false)
	c.clk.Advance(365 * 24 * time.Hour)
	forget := func() {
		_, err := c.Forget(t.Context())
		c.must(err)
	}
	forget()
	known("to the day", wang.ID, true)
	c.clk.Advance(time.Second)
	forget()
	known("after a year", wang.ID, false)
}
