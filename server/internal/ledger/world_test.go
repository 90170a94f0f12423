package ledger_test

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/testdb"
	"bense/server/internal/web"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// world is two counties. The first has two alliances of a unit each and a unit in none; every unit
// has two persons.
type world struct {
	t               testing.TB
	db              *db.DB
	ledger          *ledger.Service
	audit           *audit.Log
	clk             *clock.Fake
	city            ledger.Committee
	counties        [2]ledger.Committee
	a, b, foreign   ledger.Alliance
	unitA, unitB    ledger.Unit
	alone, unitF    ledger.Unit
	zhang, li, wang ledger.Entry // in unitA, unitA, unitB
	stranger        ledger.Entry // in the other county
}

func must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newWorld(t testing.TB) *world {
	t.Helper()
	d, box, clk := testdb.Own(t), testdb.Box(t), clock.NewFake(today)
	ids := id.NewSource(1, clk.Now)
	w := &world{t: t, db: d, clk: clk, audit: audit.New(d, box, ids, clk)}
	w.ledger = ledger.New(d, box, ids, clk, w.audit)
	ctx, sys := t.Context(), actor.System
	w.city = must(w.ledger.CreateCommittee(ctx, sys, ledger.Committee{Name: "市委老干部局"}))(t)
	for i, name := range []string{"利津县委老干部局", "邻县县委老干部局"} {
		w.counties[i] = must(w.ledger.CreateCommittee(ctx, sys, ledger.Committee{Name: name, ParentID: w.city.ID}))(t)
	}
	alliance := func(county int, name string) ledger.Alliance {
		return must(w.ledger.CreateAlliance(ctx, sys, ledger.Alliance{CommitteeID: w.counties[county].ID, Name: name}))(t)
	}
	w.a, w.b, w.foreign = alliance(0, "群团"), alliance(0, "津苑"), alliance(1, "群团")
	unit := func(a ledger.Alliance, name string) ledger.Unit {
		return must(w.ledger.CreateUnit(ctx, sys, ledger.Unit{CommitteeID: a.CommitteeID, AllianceID: a.ID, Name: name}))(t)
	}
	w.unitA, w.unitB, w.unitF = unit(w.a, "县妇联"), unit(w.b, "县审计局"), unit(w.foreign, "县妇联")
	w.alone = unit(ledger.Alliance{CommitteeID: w.counties[0].ID}, "县科协(原)")
	w.zhang = w.person(w.unitA, ledger.Fields{Name: "张爱国", IDNumber: "370599194312060047", Phone: "19900000001", Address: "幸福家园", Health: "健康", SeqNo: 2})
	w.li = w.person(w.unitA, ledger.Fields{Name: "李秀英", Phone: "19900000001", SeqNo: 1})
	w.wang = w.person(w.unitB, ledger.Fields{Name: "王爱国", Phone: "19900010001"})
	w.stranger = w.person(w.unitF, ledger.Fields{Name: "张爱国", Phone: "19900000009"})
	return w
}

func (w *world) person(u ledger.Unit, f ledger.Fields) ledger.Entry {
	w.t.Helper()
	return must(w.ledger.CreatePerson(context.Background(), actor.System, u.ID, 0, f))(w.t)
}

func as(role actor.Role, p actor.Place) actor.Actor {
	a := actor.Actor{Account: 77, Grants: []actor.Grant{{Role: role, Place: p}}}
	if role == actor.Member {
		a.Persons = []id.ID{p.Person}
	}
	return a
}

func (w *world) office(county int) actor.Actor {
	return as(actor.CommitteeStaff, w.counties[county].Place())
}

// propose stores a hint as the import does.
func (w *world) propose(person id.ID, s ledger.Status, evidence string) {
	w.t.Helper()
	if err := w.ledger.Bulk().Apply(context.Background(), ledger.Changes{NewProposals: []ledger.Hint{{Person: person, Status: s, Evidence: evidence}}}); err != nil {
		w.t.Fatal(err)
	}
}

// session lets the bearer token choose the actor.
type session map[string]actor.Actor

func (s session) Authenticate(_ context.Context, bearer string) (actor.Actor, error) {
	if a, ok := s[bearer]; ok {
		return a, nil
	}
	return actor.Actor{}, errs.ErrUnauthenticated
}

func (w *world) server() *web.Server {
	w.t.Helper()
	s := must(web.New(web.Options{
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Auth: session{"office": w.office(0), "other": w.office(1), "liaison": as(actor.Liaison, w.unitA.Place()),
			"head": as(actor.Head, w.a.Place()), "member": as(actor.Member, w.zhang.Place())},
		Ready: func(context.Context) map[string]error { return nil },
	}))(w.t)
	ledger.Routes(s.API, w.ledger)
	return s
}
