package checkin_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/cache"
	"bense/server/internal/checkin"
	"bense/server/internal/clock"
	"bense/server/internal/db"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
	"bense/server/internal/notice"
	"bense/server/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

var ids = id.NewSource(1, time.Now)

// county is one alliance of two units with four members each, and a second alliance of one unit; the
// activity begins at starts, and it is that time.
type county struct {
	db       *db.DB
	clk      *clock.Fake
	ledger   *ledger.Service
	audit    *audit.Log
	activity *activity.Service
	checkin  *checkin.Service
	accounts accounts

	committee id.ID
	alliances [2]id.ID
	units     [3]id.ID
	persons   [3][]id.ID
	of        activity.Activity
	list      id.ID

	head, liaison, second, staff, member, foreign actor.Actor
}

// quiet are notices that nobody reads.
type quiet struct{}

func (quiet) DraftFor(context.Context, actor.Actor, id.ID, id.ID, string, string) (id.ID, error) {
	return 0, nil
}
func (quiet) ForActivities(context.Context, []id.ID) (map[id.ID]notice.Notice, error) {
	return nil, nil
}
func (quiet) Answered(context.Context, id.ID, id.ID, id.ID) error            { return nil }
func (quiet) ActivityCancelled(context.Context, id.ID, string) error         { return nil }
func (quiet) ActivityMoved(context.Context, actor.Actor, notice.Facts) error { return nil }
func (quiet) Placed(context.Context, id.ID, []id.ID) error                   { return nil }
func (quiet) Hold(context.Context, id.ID) error                              { return nil }

// accounts names every account; families lists bindings to others than oneself.
type accounts struct {
	mu       sync.RWMutex // a list is loaded in the background while a test goes on
	names    map[id.ID]string
	families map[[2]id.ID]bool
	ties     map[id.ID][]id.ID // accounts of a person
}

func (a *accounts) Holders(_ context.Context, persons []id.ID) (out []identity.Holder, err error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	for _, p := range persons {
		for _, account := range a.ties[p] {
			out = append(out, identity.Holder{Account: account, Person: p, Relation: a.relation(account, p)})
		}
	}
	return out, nil
}

func (a *accounts) AccountName(_ context.Context, list []id.ID) (map[id.ID]string, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	out := map[id.ID]string{}
	for _, k := range list {
		out[k] = a.names[k]
	}
	return out, nil
}

func (a *accounts) RelationOf(_ context.Context, account, person id.ID) (identity.Relation, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.relation(account, person), nil
}

func (a *accounts) relation(account, person id.ID) identity.Relation {
	if a.families[[2]id.ID{account, person}] {
		return identity.Family
	}
	return identity.Self
}

func (a *accounts) name(account id.ID, name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.names[account] = name
}

func (a *accounts) tie(account, person id.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ties[person] = append(a.ties[person], account)
}

func (a *accounts) untie(person id.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.ties, person)
}

// family makes the account's tie to a person that of a relative.
func (a *accounts) family(account, person id.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.families[[2]id.ID{account, person}] = true
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

var people = [3][]ledger.Fields{
	{{Name: "张建国", Phone: "19900000001"}, {Name: "李淑芬", Phone: "19900000002"}, {Name: "王志强"}, {Name: "=1+1"}},
	{{Name: "王志强", Phone: "19900000003"}, {Name: "陈德明"}, {Name: "刘桂英"}, {Name: "孙卫东"}},
	{{Name: "周秀梅"}, {Name: "吴振华"}},
}

func newCounty(t *testing.T) *county { return newCountyOn(t, testdb.Shared(t)) }

func newCountyOn(t *testing.T, d *db.DB) *county {
	t.Helper()
	box := testdb.Box(t)
	c := &county{db: d, clk: clock.NewFake(starts), accounts: accounts{names: map[id.ID]string{}, families: map[[2]id.ID]bool{}, ties: map[id.ID][]id.ID{}}}
	c.audit = audit.New(d, box, ids, c.clk)
	c.ledger = ledger.New(d, box, ids, c.clk, c.audit)
	c.found(t)
	dir := c.ledger.Directory()
	c.activity = activity.NewService(activity.Deps{DB: d, Box: box, IDs: ids, Clock: c.clk, Audit: c.audit, Directory: dir, Accounts: &c.accounts, Notices: quiet{}})
	versions := cache.NewVersions(d, testdb.Cache(t))
	t.Cleanup(versions.Close)
	c.checkin = checkin.NewService(checkin.Deps{DB: d, Box: box, IDs: ids, Clock: c.clk, Audit: c.audit, Cache: testdb.Cache(t), Directory: dir,
		Activities: c.activity, Accounts: &c.accounts, Versions: versions, PublicURL: "https://a.example.cn",
		Lock: c.ledger.Bulk(), Help: checkin.Help{Name: "县委老干部局", Phone: "0546-5628123"}})
	t.Cleanup(c.checkin.Close)
	c.activity.OnChange(c.checkin.ActivityChanged)
	c.ledger.OnStatusChange(func(ctx context.Context, p ledger.Person) error { return c.checkin.PersonChanged(ctx, p.ID) })
	c.ledger.OnMove(versions.Raise)
	c.activity.UseAttendance(c.checkin)
	c.activity.OnCreate(c.checkin.OpenDefaultList)
	c.activity.OnMove(c.checkin.MoveDefaultList)
	c.ledger.OnStatusChange(c.activity.PersonChanged)

	at := actor.Place{Committee: c.committee, Alliance: c.alliances[0], Unit: c.units[0]}
	c.head = c.actor("联盟负责人", actor.Head, at)
	c.liaison = c.actor("赵联络", actor.Liaison, at)
	at.Unit = c.units[1]
	c.second = c.actor("钱联络", actor.Liaison, at)
	c.staff = c.actor("老干部局", actor.CommitteeStaff, actor.Place{Committee: c.committee})
	c.foreign = c.actor("外联盟", actor.Liaison, actor.Place{Committee: c.committee, Alliance: c.alliances[1], Unit: c.units[2]})
	c.member = c.memberOf(0, c.persons[0][0])
	c.of = must(c.activity.Create(t.Context(), c.head, activity.Draft{Alliance: c.alliances[0], HostUnit: c.units[0], Kind: activity.PartyDay,
		Title: "七一主题党日", Place: "老年大学二楼", StartsAt: starts, EndsAt: ends}))(t)
	c.list = must(c.checkin.Lists(t.Context(), []id.ID{c.of.ID}))(t)[c.of.ID][0].ID
	return c
}

// found makes committee, alliances, units and persons.
func (c *county) found(t *testing.T) {
	t.Helper()
	ctx, sys := t.Context(), actor.System
	c.committee = must(c.ledger.CreateCommittee(ctx, sys, ledger.Committee{Name: "利津县" + ids.New().String()}))(t).ID
	for i := range c.alliances {
		a := ledger.Alliance{CommitteeID: c.committee, Name: []string{"群团离退休干部党建联盟", "城建离退休干部党建联盟"}[i]}
		c.alliances[i] = must(c.ledger.CreateAlliance(ctx, sys, a))(t).ID
	}
	var rows []ledger.Record
	for i := range c.units {
		u := ledger.Unit{CommitteeID: c.committee, AllianceID: c.alliances[i/2], Name: []string{"县水利局", "县教育局", "县档案馆"}[i]}
		c.units[i] = must(c.ledger.CreateUnit(ctx, sys, u))(t).ID
		for n, f := range people[i] {
			f.SeqNo = n + 1
			key := ids.New()
			rows = append(rows, ledger.Record{ID: key, UnitID: c.units[i], Status: ledger.Active, Fields: f})
			c.persons[i] = append(c.persons[i], key)
		}
	}
	err := c.db.Tx(ctx, func(ctx context.Context) error {
		return c.ledger.Bulk().Apply(ctx, ledger.Changes{NewPersons: rows})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (c *county) actor(name string, r actor.Role, at actor.Place) actor.Actor {
	a := actor.Actor{Account: ids.New(), Grants: []actor.Grant{{Role: r, Place: at}}}
	c.accounts.name(a.Account, name)
	return a
}

func (c *county) memberOf(unit int, persons ...id.ID) actor.Actor {
	a := actor.Actor{Account: ids.New(), Persons: persons}
	for _, p := range persons {
		c.accounts.tie(a.Account, p)
		a.Grants = append(a.Grants, actor.Grant{Role: actor.Member, Place: actor.Place{
			Committee: c.committee, Alliance: c.alliances[unit/2], Unit: c.units[unit], Person: p}})
	}
	return a
}

func newNonce() string {
	b := make([]byte, 16)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// arrive gives the ticket of somebody who scans the code on the screen.
func (c *county) arrive(t *testing.T, who actor.Actor) string {
	t.Helper()
	code := must(c.checkin.VenueCode(t.Context(), c.liaison, c.list))(t)
	v := must(c.checkin.Arrive(t.Context(), who, code.URL))(t)
	if v.Ticket == "" {
		t.Fatal(v)
	}
	return v.Ticket
}

// tap is an item of the roster, now.
func (c *county) tap(person id.ID) checkin.Item {
	return checkin.Item{Nonce: newNonce(), Happened: c.clk.Now(), Door: checkin.Roster, Person: person}
}

// scan is an item with the code that a member's phone shows.
func (c *county) scan(t *testing.T, person id.ID) checkin.Item {
	t.Helper()
	who := actor.Actor{Account: 1, Persons: []id.ID{person}}
	text, _, err := c.checkin.MemberCode(t.Context(), who, person)
	if err != nil {
		t.Fatal(err)
	}
	return checkin.Item{Nonce: newNonce(), Happened: c.clk.Now(), Door: checkin.Scan, Code: text}
}

// record sends items as a door does.
func (c *county) record(t *testing.T, who actor.Actor, items ...checkin.Item) []checkin.Result {
	t.Helper()
	return must(c.checkin.Record(t.Context(), who, c.list, items))(t)
}

func answersOf(list []checkin.Result) string {
	var out []string
	for _, r := range list {
		out = append(out, string(r.Answer))
	}
	return fmt.Sprint(out)
}

// rows counts what stands in a table for the list and a person.
func (c *county) rows(t *testing.T, table string, person id.ID) (n int64) {
	t.Helper()
	if err := c.db.Conn(t.Context()).Table(table).Where("list_id = ? AND person_id = ?", c.list, person).Count(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

// line gives somebody's line of the roster.
func (c *county) line(t *testing.T, person id.ID) checkin.Line {
	t.Helper()
	r := must(c.checkin.Roster(t.Context(), c.head, c.list))(t)
	if r.Counts.Expected != r.Counts.Present+r.Counts.Leave+r.Counts.Absent {
		t.Fatal(r.Counts)
	}
	i := slices.IndexFunc(r.Lines, func(l checkin.Line) bool { return l.Expected.Person == person })
	if i < 0 {
		return checkin.Line{}
	}
	return r.Lines[i]
}
