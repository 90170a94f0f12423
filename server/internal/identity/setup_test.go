package identity_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/cache"
	"bense/server/internal/clock"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
	"bense/server/internal/log"
	"bense/server/internal/testdb"
	"bense/server/internal/web"
	"bense/server/internal/wechat"
	"bense/server/internal/wechat/emulator"
)

func TestMain(m *testing.M) { testdb.Main(m) }

var (
	start  = time.Date(2026, 7, 1, 1, 0, 0, 0, time.UTC)
	office = identity.Help{Name: "老干部局", Phone: "05790000000"}
	// The database is shared by all tests of the binary: ids, names and numbers are unique in it.
	ids    = id.NewSource(1, time.Now)
	serial atomic.Int64
)

func unique() int64            { return serial.Add(1) }
func newPhone() string         { return fmt.Sprintf("199%08d", unique()) }
func named(what string) string { return fmt.Sprintf("%s%d", what, unique()) }

// rig is a county on the shared database, with a WeChat of its own.
type rig struct {
	*identity.Service
	t     *testing.T
	opts  identity.Options
	led   *ledger.Service
	emu   *emulator.Emulator
	clk   *clock.Fake
	db    *db.DB
	audit *audit.Log
	http  *web.Server
	logs  *bytes.Buffer

	city, county, other  ledger.Committee
	north, south, abroad ledger.Alliance // north and south in county, abroad in other
	bank, school         ledger.Unit     // north
	farm                 ledger.Unit     // south
	mill                 ledger.Unit     // abroad
}

func newRig(t *testing.T) *rig {
	t.Helper()
	// a time of its own: counts in a Redis that other runs use too belong to a window
	at := start.Add(time.Duration(rand.IntN(100_000)) * time.Hour)
	r := &rig{t: t, clk: clock.NewFake(at), db: testdb.Shared(t), logs: &bytes.Buffer{}}
	c, box := testdb.Cache(t), testdb.Box(t)
	r.audit = audit.New(r.db, box, ids, r.clk)
	r.led = ledger.New(r.db, box, ids, r.clk, r.audit)
	r.emu = emulator.New(emulator.Options{Clock: r.clk, Seed: uint64(unique())})
	platform := httptest.NewServer(r.emu)
	client := wechat.New(r.emu.Config(platform.URL), c.Client(), r.clk, nil)
	t.Cleanup(func() { r.emu.Close(); client.Close(); platform.Close() })
	r.opts = identity.Options{DB: r.db, Box: box, IDs: ids, Clock: r.clk, Audit: r.audit, Cache: c,
		WeChat: client, Directory: r.led.Directory(), TTL: 30 * time.Minute, Help: office,
		Console: identity.Console{Idle: 30 * time.Minute, Max: 12 * time.Hour, PublicURL: "https://a.example.cn/"}}
	r.Service = identity.New(r.opts)
	r.led.OnStatusChange(r.PersonChanged)
	s, err := web.New(web.Options{Log: log.New(&locked{w: r.logs}, "debug"), Auth: r.Service,
		Ready: func(context.Context) map[string]error { return nil }})
	r.must(err)
	identity.Routes(s.API, r.Service)
	r.http = s
	r.organise()
	return r
}

type locked struct {
	mu sync.Mutex
	w  *bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (r *rig) organise() {
	ctx := r.t.Context()
	committee := func(name string, parent id.ID) ledger.Committee {
		c, err := r.led.CreateCommittee(ctx, actor.System, ledger.Committee{Name: named(name), ParentID: parent})
		r.must(err)
		return c
	}
	alliance := func(name string, c ledger.Committee) ledger.Alliance {
		a, err := r.led.CreateAlliance(ctx, actor.System, ledger.Alliance{Name: named(name), CommitteeID: c.ID})
		r.must(err)
		return a
	}
	unit := func(name string, a ledger.Alliance) ledger.Unit {
		u, err := r.led.CreateUnit(ctx, actor.System, ledger.Unit{Name: named(name), CommitteeID: a.CommitteeID, AllianceID: a.ID})
		r.must(err)
		return u
	}
	r.city = committee("市委", 0)
	r.county, r.other = committee("甲县", r.city.ID), committee("乙县", r.city.ID)
	r.north, r.south, r.abroad = alliance("北片", r.county), alliance("南片", r.county), alliance("东片", r.other)
	r.bank, r.school = unit("银行", r.north), unit("学校", r.north)
	r.farm, r.mill = unit("农场", r.south), unit("纺织厂", r.abroad)
}

// person adds somebody to the ledger; phone may be empty.
func (r *rig) person(u ledger.Unit, name, phone string) ledger.Person {
	r.t.Helper()
	e, err := r.led.CreatePerson(r.t.Context(), actor.System, u.ID, 0, ledger.Fields{Name: name, Phone: phone})
	r.must(err)
	p, err := r.led.Directory().Person(r.t.Context(), e.ID)
	r.must(err)
	return p
}

func (r *rig) setStatus(p ledger.Person, s ledger.Status) {
	r.t.Helper()
	_, err := r.led.UpdatePerson(r.t.Context(), actor.System, p.ID, ledger.PersonChange{Status: &s})
	r.must(err)
}

// phone is somebody holding a telephone.
type phone struct {
	r     *rig
	user  emulator.User
	token string
	id    id.ID
}

// open logs somebody in who has the number (made up when empty).
func (r *rig) open(number string) *phone {
	r.t.Helper()
	if number == "" {
		number = newPhone()
	}
	h := &phone{r: r, user: r.emu.User(emulator.User{Name: named("用户"), Phone: number})}
	h.login()
	return h
}

func (h *phone) login() {
	h.r.t.Helper()
	s, err := h.r.Login(h.r.t.Context(), h.r.emu.LoginCode(h.user))
	h.r.must(err)
	h.token, h.id = s.Token, s.Account
}

// who authenticates as a request would.
func (h *phone) who() actor.Actor {
	h.r.t.Helper()
	a, err := h.r.Authenticate(h.r.t.Context(), h.token)
	h.r.must(err)
	return a
}

func (h *phone) bindPhone() identity.PhoneResult {
	h.r.t.Helper()
	code, err := h.r.emu.PhoneCode(h.user)
	h.r.must(err)
	res, err := h.r.BindPhone(h.r.t.Context(), h.who(), code)
	h.r.must(err)
	return res
}

// staff gives a role and logs its holder in.
func (r *rig) staff(req identity.GrantRequest) *phone {
	r.t.Helper()
	h := r.open("")
	req.HolderName, req.Phone = "工作人员", h.user.Phone
	_, err := r.Grant(r.t.Context(), actor.System, req)
	r.must(err)
	h.bindPhone()
	return h
}

func (r *rig) liaison(u ledger.Unit) *phone {
	return r.staff(identity.GrantRequest{Role: actor.Liaison, UnitID: u.ID})
}

func (r *rig) leadStaff(a ledger.Alliance) *phone {
	return r.staff(identity.GrantRequest{Role: actor.LeadStaff, AllianceID: a.ID})
}

func (r *rig) committeeStaff(c ledger.Committee) *phone {
	return r.staff(identity.GrantRequest{Role: actor.CommitteeStaff, CommitteeID: c.ID})
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func wantErr(t *testing.T, err error, want *errs.Error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("want %s, got %v", want.Code, err)
	}
}

// audited wants lines of an action on a subject.
func (r *rig) audited(action string, subject id.ID, want int64) {
	r.t.Helper()
	n, err := r.audit.Count(r.t.Context(), "identity."+action, subject)
	r.must(err)
	if n != want {
		r.t.Errorf("%d audit lines %s, want %d", n, action, want)
	}
}

// another is a second instance of the server on the same database and Redis.
func (r *rig) another(c *cache.Cache) *identity.Service {
	o := r.opts
	if c != nil {
		o.Cache = c
	}
	return identity.New(o)
}

// call sends a request through the router and decodes the answer.
func (r *rig) call(h *phone, method, path, body string) (int, map[string]any) {
	r.t.Helper()
	req := httptest.NewRequest(method, web.Prefix+path, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	if h != nil {
		req.Header.Set("Authorization", "Bearer "+h.token)
	}
	w := httptest.NewRecorder()
	r.http.Engine.ServeHTTP(w, req)
	out := map[string]any{}
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			r.t.Fatal(method, path, w.Code, w.Body)
		}
	}
	return w.Code, out
}

// together runs n calls at the same moment.
func together(n int, fn func(i int)) {
	var wg sync.WaitGroup
	gate := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-gate
			fn(i)
		})
	}
	close(gate)
	wg.Wait()
}
