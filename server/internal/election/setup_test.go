package election_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/election"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
	"bense/server/internal/notice"
	"bense/server/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

var (
	ids   = id.NewSource(1, time.Now)
	opens = time.Date(2026, 7, 1, 9, 0, 0, 0, clock.Shanghai).UTC()
)

// county is one alliance of three units with four members each, and a second alliance of one unit.
type county struct {
	db        *db.DB
	box       *crypt.Box
	clk       *clock.Fake
	ledger    *ledger.Service
	audit     *audit.Log
	election  *election.Service
	ties      *ties
	told      *told
	committee id.ID
	alliances [2]id.ID
	units     [4]id.ID
	persons   [4][]id.ID

	head, liaison, lead, staff, foreign actor.Actor
}

// ties remembers who is family to whom; everybody else is the person.
type ties struct {
	mu     sync.Mutex
	family map[id.ID]id.ID // account: person
}

func (t *ties) RelationOf(_ context.Context, account, person id.ID) (identity.Relation, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.family[account] == person {
		return identity.Family, nil
	}
	return identity.Self, nil
}

func (t *ties) Holders(context.Context, []id.ID) ([]identity.Holder, error) { return nil, nil }

// told remembers what members were told.
type told struct {
	mu         sync.Mutex
	last       id.ID
	bodies     []string
	amended    []string
	over, gone []id.ID
}

func (n *told) Announce(_ context.Context, _ actor.Actor, _ actor.Place, title, body string) (id.ID, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.last = ids.New()
	n.bodies = append(n.bodies, title+"\n"+body)
	return n.last, nil
}

func (n *told) Amend(_ context.Context, _ actor.Actor, key id.ID, body string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.amended = append(n.amended, key.String()+"\n"+body)
	return nil
}

func (n *told) Conclude(_ context.Context, key id.ID, reason string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if reason != "" {
		n.gone = append(n.gone, key)
		return nil
	}
	n.over = append(n.over, key)
	return nil
}

func (n *told) InHand(context.Context, id.ID) ([]notice.InHand, error) { return nil, nil }

func (n *told) PassDrafts(context.Context, id.ID, []id.ID, id.ID) error { return nil }

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
	c := &county{db: d, box: box, clk: clock.NewFake(opens.Add(-time.Hour)), ties: &ties{family: map[id.ID]id.ID{}}, told: &told{}}
	c.audit = audit.New(d, box, ids, c.clk)
	c.ledger = ledger.New(d, box, ids, c.clk, c.audit)
	ctx, sys := t.Context(), actor.System
	c.committee = must(c.ledger.CreateCommittee(ctx, sys, ledger.Committee{Name: "东津县" + ids.New().String()}))(t).ID
	for i := range c.alliances {
		a := ledger.Alliance{CommitteeID: c.committee, Name: fmt.Sprintf("第%d离退休干部党建联盟", i+1)}
		c.alliances[i] = must(c.ledger.CreateAlliance(ctx, sys, a))(t).ID
	}
	for i := range c.units {
		u := ledger.Unit{CommitteeID: c.committee, AllianceID: c.alliances[i/3], Name: []string{"县水利局", "县教育局", "县档案馆", "县林业局"}[i]}
		c.units[i] = must(c.ledger.CreateUnit(ctx, sys, u))(t).ID
		for n := range 4 {
			f := ledger.Fields{Name: names[(i*4+n)%len(names)], SeqNo: n + 1}
			c.persons[i] = append(c.persons[i], must(c.ledger.CreatePerson(ctx, sys, c.units[i], 0, f))(t).ID)
		}
	}
	c.election = election.NewService(election.Deps{DB: d, Box: box, IDs: ids, Clock: c.clk, Audit: c.audit,
		Directory: c.ledger.Directory(), Accounts: c.ties, Notices: c.told})
	at := actor.Place{Committee: c.committee, Alliance: c.alliances[0], Unit: c.units[0]}
	c.head, c.liaison, c.lead = c.actor(actor.Head, at), c.actor(actor.Liaison, at), c.actor(actor.LeadStaff, at)
	c.staff = c.actor(actor.CommitteeStaff, actor.Place{Committee: c.committee})
	c.foreign = c.actor(actor.LeadStaff, actor.Place{Committee: c.committee, Alliance: c.alliances[1], Unit: c.units[3]})
	return c
}

var names = []string{"张建国", "李淑芬", "王志强", "赵玉兰", "陈德明", "刘桂英", "孙卫东", "周秀梅", "吴振华", "郑文斌", "高凤霞", "何秀珍",
	"马宝山", "罗桂兰", "梁振山", "宋玉琴"}

func (c *county) actor(r actor.Role, at actor.Place) actor.Actor {
	return actor.Actor{Account: ids.New(), Grants: []actor.Grant{{Role: r, Place: at}}}
}

// member is an account bound to one person of the first alliance.
func (c *county) member(unit, n int) actor.Actor {
	p := c.persons[unit][n]
	return actor.Actor{Account: ids.New(), Persons: []id.ID{p}, Grants: []actor.Grant{{Role: actor.Member, Place: actor.Place{
		Committee: c.committee, Alliance: c.alliances[unit/3], Unit: c.units[unit], Person: p}}}}
}

// plan has three candidates, one of each unit.
func (c *county) plan() election.Plan {
	return election.Plan{Alliance: c.alliances[0], Form: election.Ballot, OpensAt: opens, ClosesAt: opens.Add(48 * time.Hour),
		Candidates: []id.ID{c.persons[0][0], c.persons[1][0], c.persons[2][0]}}
}

// open starts an election at its opening time.
func (c *county) open(t *testing.T, p election.Plan) election.Election {
	t.Helper()
	e := must(c.election.Create(t.Context(), c.lead, p))(t)
	e = must(c.election.Open(t.Context(), c.lead, e.ID))(t)
	c.clk.Set(opens.Add(time.Minute))
	return e
}

// vote lets somebody choose a candidate by number; -1 is a blank ballot.
func (c *county) vote(t *testing.T, e election.Election, unit, n, choice int) error {
	t.Helper()
	var chosen id.ID
	if choice >= 0 {
		chosen = c.plan().Candidates[choice]
	}
	return c.election.Vote(t.Context(), c.member(unit, n), e.ID, c.persons[unit][n], chosen)
}

// rows runs a query past all services, as somebody with the database in hand would.
func (c *county) rows(t *testing.T, query string, args ...any) [][]string {
	t.Helper()
	found, err := c.db.SQL().QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for found.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new([]byte)
		}
		if err := found.Scan(cells...); err != nil {
			t.Fatal(err)
		}
		line := make([]string, len(columns))
		for i, cell := range cells {
			line[i] = string(*cell.(*[]byte))
		}
		out = append(out, line)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
