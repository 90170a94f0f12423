package checkin_test

import (
	"fmt"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/checkin"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/testdb"
)

// Who moves between units and alliances, or whose unit is renamed, is told by an instance that remembers the list what one tells that
// reads everything anew: who is on it, and the unit of today.
func TestMemoryFollowsMoves(t *testing.T) {
	const before = -30 * time.Minute // the list keeps in step with the ledger until the start, then it only grows
	person := func(unit int) func(*testing.T, *county) {
		return func(t *testing.T, c *county) {
			must(c.ledger.UpdatePerson(t.Context(), actor.System, c.persons[0][0], ledger.PersonChange{Unit: &c.units[unit]}))(t)
		}
	}
	unit := func(from, alliance int) func(*testing.T, *county) {
		return func(t *testing.T, c *county) {
			must(c.ledger.UpdateUnit(t.Context(), actor.System, c.units[from], ledger.UnitChange{Alliance: &c.alliances[alliance], Move: true}))(t)
		}
	}
	renamed := func(t *testing.T, c *county) {
		name := "县水务局"
		must(c.ledger.UpdateUnit(t.Context(), actor.System, c.units[0], ledger.UnitChange{Name: &name}))(t)
	}
	for name, c := range map[string]struct {
		at     time.Duration
		who    func(*county) (unit int, person id.ID)
		change func(*testing.T, *county)
		want   string
	}{
		"to another unit":                     {0, first, person(1), "ok 张建国 县教育局"},
		"to another unit, before":             {before, first, person(1), "ok 张建国 县教育局"},
		"to another alliance, before":         {before, first, person(2), "not_on_list 张建国 县档案馆"},
		"to another alliance, begun":          {0, first, person(2), "ok 张建国 县档案馆"},
		"the unit to another alliance":        {before, first, unit(0, 1), "not_on_list 张建国 县水利局"},
		"the unit to another alliance, begun": {0, first, unit(0, 1), "ok 张建国 县水利局"},
		"a unit comes":                        {before, foreign, unit(2, 0), "ok 周秀梅 县档案馆"},
		"somebody of another unit moves":      {before, second, person(1), "ok 王志强 县教育局"},
		"the unit has a new name":             {0, first, renamed, "ok 张建国 县水务局"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, remembered := range []bool{true, false} {
				h := newCounty(t)
				h.clk.Set(starts.Add(c.at))
				other := h.memberOf(0, h.persons[0][1])
				unit, p := c.who(h)
				m := h.memberOf(unit, p)
				if !remembered {
					h.accounts.untie(other.Persons[0])
					h.accounts.untie(p)
				}
				tap := h.tap1(t, other, h.arrive(t, other))
				for until := time.Now().Add(testdb.Patience); ; { // until the list is in memory
					if r := must(h.checkin.SignIn(t.Context(), other, tap))(t); r.Answer != checkin.OK {
						t.Fatal(r)
					}
					if !remembered || h.fromMemory(t) > 0 {
						break
					}
					if time.Now().After(until) {
						t.Fatal("still not remembered")
					}
				}
				c.change(t, h)
				must(h.checkin.Roster(t.Context(), h.head, h.list))(t) // a door opens
				ticket := checkin.NewCodes(h.checkin.Box).Ticket(checkin.Ticket{List: h.list, Account: m.Account, Issued: h.clk.Now()})
				r := must(h.checkin.SignIn(t.Context(), m, h.tap1(t, m, ticket)))(t)
				got := string(r.Answer)
				if r.Person != nil {
					got += " " + r.Person.Name + " " + r.Person.Unit
				}
				if got != c.want {
					t.Errorf("remembered %v: %s, want %s", remembered, got, c.want)
				}
			}
		})
	}
}

func first(c *county) (int, id.ID)   { return 0, c.persons[0][0] }
func second(c *county) (int, id.ID)  { return 1, c.persons[1][0] }
func foreign(c *county) (int, id.ID) { return 2, c.persons[2][0] }

// Another instance, without Redis, hears of the move too, within the time in which it trusts its memory.
func TestAMoveReachesEveryMemory(t *testing.T) {
	c := newCounty(t)
	there := c.elsewhere(t, c.db)
	other := c.memberOf(0, c.persons[0][1])
	must(there.SignIn(t.Context(), other, c.tap1(t, other, c.arrive(t, other))))(t)
	must(c.ledger.UpdatePerson(t.Context(), actor.System, c.persons[0][0], ledger.PersonChange{Unit: &c.units[1]}))(t)
	ticket, last := c.arrive(t, c.member), ""
	for until := time.Now().Add(testdb.Patience); last != "县教育局"; {
		r := must(there.SignIn(t.Context(), c.member, c.tap1(t, c.member, ticket)))(t)
		if r.Answer != checkin.OK && r.Answer != checkin.Already || time.Now().After(until) {
			t.Fatal(fmt.Sprint(r, last))
		}
		last = r.Person.Unit
	}
}
