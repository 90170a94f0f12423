package founding_test

import (
	"context"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/db"
	"bense/server/internal/founding"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

var ids = id.NewSource(1, time.Now)

// county is the sample county before it has alliances: its 24 units with as many members as the survey
// says. office and other are the staff of two committees.
type county struct {
	t             *testing.T
	db            *db.DB
	clk           *clock.Fake
	audit         *audit.Log
	ledger        *ledger.Service
	founding      *founding.Service
	turns         turns
	committee     id.ID
	units         map[string]id.ID
	office, other actor.Actor
}

// turns is what attendance tells.
type turns map[id.ID]founding.Turn

func (t turns) Turnout(context.Context, id.ID, time.Time, time.Time) ([]founding.Turn, error) {
	var out []founding.Turn
	for _, v := range t {
		out = append(out, v)
	}
	return out, nil
}

type accounts struct{}

func (accounts) AccountName(_ context.Context, list []id.ID) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	for _, a := range list {
		out[a] = "账号" + a.String()
	}
	return out, nil
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newCounty(t *testing.T) *county {
	t.Helper()
	d, box := testdb.Own(t), testdb.Box(t)
	c := &county{t: t, db: d, clk: clock.NewFake(time.Date(2022, 3, 15, 2, 0, 0, 0, time.UTC)), turns: turns{}, units: map[string]id.ID{}}
	c.audit = audit.New(d, box, ids, c.clk)
	c.ledger = ledger.New(d, box, ids, c.clk, c.audit)
	c.founding = founding.NewService(founding.Deps{DB: d, IDs: ids, Clock: c.clk, Audit: c.audit, Ledger: c.ledger, Lock: c.ledger.Bulk(),
		Directory: c.ledger.Directory(), Accounts: accounts{}, Attendance: c.turns})
	ctx, sys := t.Context(), actor.System
	c.committee = must(c.ledger.CreateCommittee(ctx, sys, ledger.Committee{Name: "利津县离退休干部党工委"}))(t).ID
	elsewhere := must(c.ledger.CreateCommittee(ctx, sys, ledger.Committee{Name: "邻县离退休干部党工委"}))(t).ID
	c.office = as(actor.CommitteeStaff, actor.Place{Committee: c.committee})
	c.other = as(actor.CommitteeStaff, actor.Place{Committee: elsewhere})
	return c
}

func as(r actor.Role, p actor.Place) actor.Actor {
	return actor.Actor{Account: ids.New(), Grants: []actor.Grant{{Role: r, Place: p}}}
}

// unit adds a unit with members.
func (c *county) unit(name string, members int) id.ID {
	c.t.Helper()
	u := must(c.ledger.CreateUnit(c.t.Context(), actor.System, ledger.Unit{CommitteeID: c.committee, Name: name}))(c.t)
	c.units[name] = u.ID
	for i := range members {
		must(c.ledger.CreatePerson(c.t.Context(), actor.System, u.ID, 0, ledger.Fields{Name: "某" + string([]rune("甲乙丙丁戊己庚辛壬癸")[i%10]), SeqNo: i + 1}))(c.t)
	}
	return u.ID
}

// surveyed opens a survey of the whole sample county and fills it in.
func (c *county) surveyed() founding.Survey {
	c.t.Helper()
	list := sample(c.t)
	for _, u := range list {
		c.unit(u.Name, min(u.Members, 5)) // enough for a rule, and quick
	}
	v := must(c.founding.Open(c.t.Context(), c.office, founding.Survey{Committee: c.committee, Name: "2022年摸底", Months: 12, Threshold: 5}))(c.t)
	for _, u := range list {
		c.fill(v, c.units[u.Name], u)
	}
	return v
}

func (c *county) fill(v founding.Survey, unit id.ID, u founding.Candidate) {
	c.t.Helper()
	own, regular := u.OwnBranch, min(u.Regular, 4)
	if _, _, err := c.founding.Fill(c.t.Context(), c.office, v.ID, unit, founding.Answers{OwnBranch: &own, Regular: &regular, Street: u.Street, Line: u.Line}, 0); err != nil {
		c.t.Fatal(u.Name, err)
	}
}

// version proposes four alliances and saves them.
func (c *county) version(v founding.Survey, name string) founding.Version {
	c.t.Helper()
	revision := 0
	if d, err := c.founding.Desk(c.t.Context(), c.office, v.ID); err == nil {
		revision = d.Revision
	}
	d := must(c.founding.Propose(c.t.Context(), c.office, v.ID, 4, nil, revision))(c.t)
	return must(c.founding.SaveVersion(c.t.Context(), c.office, v.ID, name, d.Revision))(c.t)
}
