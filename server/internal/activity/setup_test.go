package activity_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/notice"
	"bense/server/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

var (
	ids    = id.NewSource(1, time.Now)
	starts = time.Date(2026, 7, 1, 9, 0, 0, 0, clock.Shanghai).UTC()
)

// county is a small county: one alliance of two units with three members each, and a second alliance.
type county struct {
	db        *db.DB
	clk       *clock.Fake
	ledger    *ledger.Service
	audit     *audit.Log
	activity  *activity.Service
	notices   *notices
	committee id.ID
	alliances [2]id.ID
	units     [3]id.ID // two of the first alliance, one of the second
	persons   [3][]id.ID

	head, liaison, staff, member, foreign actor.Actor
}

// notices remembers what it is told.
type notices struct {
	mu        sync.Mutex
	drafted   map[id.ID]notice.Notice
	answered  []id.ID
	cancelled []id.ID
	changed   []id.ID
	placed    []id.ID
}

func (n *notices) DraftFor(_ context.Context, _ actor.Actor, activity, _ id.ID, title, _ string) (id.ID, error) {
	if title == "" {
		return 0, errs.ErrInvalid
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	d := notice.Notice{ID: ids.New(), Activity: activity, Title: title}
	n.drafted[activity] = d
	return d.ID, nil
}

func (n *notices) ForActivities(_ context.Context, list []id.ID) (map[id.ID]notice.Notice, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := map[id.ID]notice.Notice{}
	for _, a := range list {
		if d, ok := n.drafted[a]; ok {
			out[a] = d
		}
	}
	return out, nil
}

func (n *notices) tell(list *[]id.ID, v id.ID) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	*list = append(*list, v)
	return nil
}

func (n *notices) Hold(context.Context, id.ID) error { return nil }

func (n *notices) Answered(_ context.Context, _, person, _ id.ID) error {
	return n.tell(&n.answered, person)
}
func (n *notices) ActivityCancelled(_ context.Context, a id.ID, _ string) error {
	return n.tell(&n.cancelled, a)
}
func (n *notices) ActivityMoved(_ context.Context, _ actor.Actor, was notice.Facts) error {
	return n.tell(&n.changed, was.ID)
}

func (n *notices) Placed(_ context.Context, _ id.ID, persons []id.ID) error {
	for _, p := range persons {
		n.tell(&n.placed, p)
	}
	return nil
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
	d, box := testdb.Shared(t), testdb.Box(t)
	c := &county{db: d, clk: clock.NewFake(starts.Add(-24 * time.Hour)), notices: &notices{drafted: map[id.ID]notice.Notice{}}}
	c.audit = audit.New(d, box, ids, c.clk)
	c.ledger = ledger.New(d, box, ids, c.clk, c.audit)
	ctx, sys := t.Context(), actor.System
	c.committee = must(c.ledger.CreateCommittee(ctx, sys, ledger.Committee{Name: "利津县" + ids.New().String()}))(t).ID
	for i := range c.alliances {
		a := ledger.Alliance{CommitteeID: c.committee, Name: fmt.Sprintf("第%d离退休干部党建联盟", i+1)}
		c.alliances[i] = must(c.ledger.CreateAlliance(ctx, sys, a))(t).ID
	}
	for i := range c.units {
		u := ledger.Unit{CommitteeID: c.committee, AllianceID: c.alliances[i/2], Name: []string{"县水利局", "县教育局", "县档案馆"}[i]}
		c.units[i] = must(c.ledger.CreateUnit(ctx, sys, u))(t).ID
		for n := range 3 {
			c.persons[i] = append(c.persons[i], c.person(t, i, n+1))
		}
	}
	c.activity = activity.NewService(activity.Deps{DB: d, Box: box, IDs: ids, Clock: c.clk, Audit: c.audit,
		Directory: c.ledger.Directory(), Accounts: accounts{}, Notices: c.notices})
	c.ledger.OnStatusChange(c.activity.PersonChanged)

	at := actor.Place{Committee: c.committee, Alliance: c.alliances[0], Unit: c.units[0]}
	c.head = c.actor(actor.Head, at)
	c.liaison = c.actor(actor.Liaison, at)
	c.staff = c.actor(actor.CommitteeStaff, actor.Place{Committee: c.committee})
	c.foreign = c.actor(actor.Liaison, actor.Place{Committee: c.committee, Alliance: c.alliances[1], Unit: c.units[2]})
	c.member = c.memberOf(0, c.persons[0][0])
	return c
}

var names = []string{"张建国", "李淑芬", "王志强", "赵玉兰", "陈德明", "刘桂英", "孙卫东", "周秀梅", "吴振华"}

// person adds somebody to a unit.
func (c *county) person(t *testing.T, unit, seq int) id.ID {
	t.Helper()
	f := ledger.Fields{Name: names[(unit*3+seq-1)%len(names)], SeqNo: seq}
	return must(c.ledger.CreatePerson(t.Context(), actor.System, c.units[unit], 0, f))(t).ID
}

func (c *county) actor(r actor.Role, at actor.Place) actor.Actor {
	return actor.Actor{Account: ids.New(), Grants: []actor.Grant{{Role: r, Place: at}}}
}

// memberOf is an account bound to persons of a unit.
func (c *county) memberOf(unit int, persons ...id.ID) actor.Actor {
	a := actor.Actor{Account: ids.New(), Persons: persons}
	for _, p := range persons {
		a.Grants = append(a.Grants, actor.Grant{Role: actor.Member, Place: actor.Place{
			Committee: c.committee, Alliance: c.alliances[unit/2], Unit: c.units[unit], Person: p}})
	}
	return a
}

func (c *county) draft() activity.Draft {
	return activity.Draft{Alliance: c.alliances[0], Kind: activity.PartyDay, Title: "七一主题党日", Place: "老年大学二楼",
		StartsAt: starts, EndsAt: starts.Add(2 * time.Hour)}
}

func (c *county) create(t *testing.T) activity.Activity {
	t.Helper()
	return must(c.activity.Create(t.Context(), c.head, c.draft()))(t)
}
