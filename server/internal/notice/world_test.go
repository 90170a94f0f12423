package notice_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
	"bense/server/internal/notice"
	"bense/server/internal/outbox"
	"bense/server/internal/testdb"
	"bense/server/internal/wechat"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// The world of these tests: committee 1, alliances 100 (units 11 and 12) and 200 (unit 21). Persons
// 1101… belong to unit 11, 1201… to unit 12, 2101 to unit 21. Account = person + 50 000 unless bound otherwise.
const (
	committee = id.ID(1)
	alliance  = id.ID(100)
	other     = id.ID(200)
	headID    = id.ID(1101)
	party     = id.ID(7000) // an activity of alliance 100
)

var start = time.Date(2026, 7, 1, 1, 0, 0, 0, time.UTC)

// world stands in for ledger, identity, activity and WeChat.
type world struct {
	mu       sync.Mutex
	clk      *clock.Fake
	people   map[id.ID]ledger.Person
	bound    map[id.ID][]id.ID // person → accounts
	open     map[id.ID]string  // openids that are not openID's
	session  map[id.ID]string
	phones   map[id.ID]string // where it is not one's own; empty: none
	families map[id.ID]ledger.Contact
	wishes   map[id.ID]string // of teams
	facts    map[id.ID]notice.Facts
	answers  map[id.ID]notice.Answer
	svc      *notice.Service
	fault    error                              // of AccountsOf
	lock     func(context.Context, id.ID) error // of LockAlliance
	verdict  wechat.Verdict
	checkErr error
	onCheck  func()
	send     func(m wechat.SubscribeMessage) error
	sent     []wechat.SubscribeMessage
	cards    int
	cardErr  error
	updates  []wechat.CardUpdate
	checked  []string
	asked    []string // addresses of pictures

	pictureErr error
}

func accountOf(person id.ID) id.ID { return person + 50_000 }

func openID(account id.ID) string { return fmt.Sprintf("open-%d", account) }

func (w *world) openID(account id.ID) string {
	if o, ok := w.open[account]; ok {
		return o
	}
	return openID(account)
}

func newWorld(clk *clock.Fake) *world {
	w := &world{
		clk: clk, people: map[id.ID]ledger.Person{}, bound: map[id.ID][]id.ID{}, open: map[id.ID]string{}, session: map[id.ID]string{},
		answers: map[id.ID]notice.Answer{}, verdict: wechat.Pass,
		facts: map[id.ID]notice.Facts{party: {
			ID: party, Alliance: alliance, Kind: "party_day", Title: "七一主题党日", Place: "黄河文化馆", State: "planned",
			StartsAt: start.Add(48 * time.Hour), EndsAt: start.Add(50 * time.Hour),
		}},
	}
	for unit, n := range map[id.ID]int{11: 5, 12: 4, 21: 1} {
		for i := range n {
			w.addPerson(unit*100+id.ID(i)+1, unit)
		}
	}
	return w
}

func (w *world) addPerson(person, unit id.ID) {
	a := alliance
	if unit == 21 {
		a = other
	}
	w.people[person] = ledger.Person{
		ID: person, UnitID: unit, AllianceID: a, CommitteeID: committee, SeqNo: int(person % 100), Name: fmt.Sprintf("人%d", person),
		Unit: fmt.Sprintf("单位%d", unit), Status: ledger.Active,
	}
	w.bound[person] = []id.ID{accountOf(person)}
}

func (w *world) Persons(_ context.Context, ids []id.ID) (map[id.ID]ledger.Person, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[id.ID]ledger.Person{}
	for _, i := range ids {
		if p, ok := w.people[i]; ok {
			out[i] = p
		}
	}
	return out, nil
}

func (w *world) ActiveInAlliance(_ context.Context, a id.ID) ([]ledger.Person, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []ledger.Person
	for _, p := range w.people {
		if p.AllianceID == a && p.Status == ledger.Active {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b ledger.Person) int { return int(a.ID - b.ID) })
	return out, nil
}

func (w *world) TeamsInAlliance(_ context.Context, a id.ID) (map[id.ID][]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[id.ID][]string{}
	for p, wish := range w.wishes {
		if w.people[p].AllianceID == a && w.people[p].Status == ledger.Active {
			out[p] = ledger.TeamNames(wish)
		}
	}
	return out, nil
}

func (w *world) Phones(_ context.Context, ids []id.ID) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	for _, i := range ids {
		phone, other := w.phones[i]
		if !other {
			phone = fmt.Sprintf("1990000%04d", i)
		}
		if phone != "" {
			out[i] = phone
		}
	}
	return out, nil
}

func (w *world) Families(_ context.Context, ids []id.ID) (map[id.ID]ledger.Contact, error) {
	out := map[id.ID]ledger.Contact{}
	for _, i := range ids {
		if c, ok := w.families[i]; ok {
			out[i] = c
		}
	}
	return out, nil
}

func (w *world) Alliance(_ context.Context, a id.ID) (ledger.Alliance, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a != alliance && a != other {
		return ledger.Alliance{}, errs.ErrNotFound
	}
	return ledger.Alliance{ID: a, CommitteeID: committee, Name: fmt.Sprintf("联盟%d", a)}, nil
}

func (w *world) Committee(_ context.Context, who actor.Actor, c id.ID) (ledger.Committee, error) {
	if c != committee || !slices.ContainsFunc(who.Grants, func(g actor.Grant) bool { return g.Place.Committee == c }) {
		return ledger.Committee{}, errs.ErrNotFound
	}
	return ledger.Committee{ID: c, Name: "某县委老干部局"}, nil
}

func (w *world) Alliances(ctx context.Context, who actor.Actor) ([]ledger.Alliance, error) {
	var out []ledger.Alliance
	for _, a := range []id.ID{alliance, other} {
		one, err := w.Alliance(ctx, a)
		if err != nil {
			return nil, err
		}
		if who.Scope(actor.SeeOrg).Covers(one.Place()) {
			out = append(out, one)
		}
	}
	return out, nil
}

func (w *world) CheckPicture(_ context.Context, _ string, _ int, address string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, address)
	return fmt.Sprintf("trace-%d", len(w.asked)), w.pictureErr
}

func (w *world) LockAlliance(ctx context.Context, a id.ID) error {
	if w.lock == nil {
		return nil
	}
	return w.lock(ctx, a)
}

func (w *world) Holders(_ context.Context, persons []id.ID) (out []identity.Holder, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range persons {
		for _, a := range w.bound[p] {
			r := identity.Family
			if a == accountOf(p) {
				r = identity.Self
			}
			out = append(out, identity.Holder{Account: a, Person: p, Relation: r})
		}
	}
	return out, nil
}

func (w *world) UnionIDs(_ context.Context, accounts []id.ID) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	for _, a := range accounts {
		out[a] = fmt.Sprintf("union-%d", a)
	}
	return out, nil
}

func (w *world) AccountsOf(_ context.Context, persons []id.ID) (map[id.ID][]identity.Account, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[id.ID][]identity.Account{}
	for _, p := range persons {
		for _, a := range w.bound[p] {
			out[p] = append(out[p], identity.Account{ID: a, OpenID: w.openID(a)})
		}
	}
	return out, w.fault
}

func (w *world) OpenID(_ context.Context, account id.ID) (string, error) {
	return w.openID(account), nil
}

func (w *world) SessionKey(_ context.Context, account id.ID) (string, error) {
	return w.session[account], nil
}

func (w *world) AccountByOpenID(_ context.Context, o string) (id.ID, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, accounts := range w.bound {
		for _, a := range accounts {
			if w.openID(a) == o {
				return a, true, nil
			}
		}
	}
	return 0, false, nil
}

func (w *world) AccountName(_ context.Context, accounts []id.ID) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	for _, a := range accounts {
		out[a] = "账号" + a.String()
	}
	return out, nil
}

func (w *world) Facts(_ context.Context, ids []id.ID) (map[id.ID]notice.Facts, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[id.ID]notice.Facts{}
	for _, i := range ids {
		if f, ok := w.facts[i]; ok {
			out[i] = f
		}
	}
	return out, nil
}

func (w *world) Answers(_ context.Context, _ id.ID, persons []id.ID) (map[id.ID]notice.Answer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[id.ID]notice.Answer{}
	for _, p := range persons {
		if a, ok := w.answers[p]; ok {
			out[p] = a
		}
	}
	return out, nil
}

func (w *world) Counts(context.Context, id.ID) (notice.Counts, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := notice.Counts{Expected: 9}
	for _, a := range w.answers {
		if a.Answer == "going" {
			c.Going++
		}
	}
	return c, nil
}

func (w *world) Lock(context.Context, id.ID) error { return nil }

func (w *world) RecordOnBehalf(ctx context.Context, who actor.Actor, activity, person id.ID, answer, reason string) error {
	w.mu.Lock()
	w.answers[person] = notice.Answer{Answer: answer, Reason: reason}
	w.mu.Unlock()
	return w.svc.Answered(ctx, activity, person, who.Account)
}

func (w *world) CheckText(_ context.Context, _ string, _ int, text string) (wechat.Verdict, error) {
	w.mu.Lock()
	hook := w.onCheck
	w.checked = append(w.checked, text)
	w.mu.Unlock()
	if hook != nil {
		hook()
	}
	return w.verdict, w.checkErr
}

func (w *world) SendSubscribe(_ context.Context, m wechat.SubscribeMessage) error {
	if err := m.Check(); err != nil {
		return err
	}
	w.mu.Lock()
	w.sent = append(w.sent, m)
	send := w.send
	w.mu.Unlock()
	if send != nil {
		return send(m)
	}
	return nil
}

func (w *world) CreateCard(context.Context) (wechat.Card, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cards++
	return wechat.Card{ActivityID: fmt.Sprintf("card-%d", w.cards), ExpiresAt: w.clk.Now().Add(24 * time.Hour)}, w.cardErr
}

func (w *world) UpdateCard(_ context.Context, _ string, u wechat.CardUpdate) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.updates = append(w.updates, u)
	return w.cardErr
}

func (w *world) OpenGroup(_, data, _ string) (wechat.Group, error) {
	if data == "broken" {
		return wechat.Group{}, &wechat.Error{Code: wechat.SessionStale}
	}
	gid, account, ok := strings.Cut(data, "#")
	g := wechat.Group{OpenGID: gid}
	if ok {
		g.GroupOpenID = "in-" + gid + "-" + account
	}
	return g, nil
}

// house is a service on a real database in that world.
type house struct {
	*world
	t      *testing.T
	db     *db.DB
	ids    *id.Source
	svc    *notice.Service
	worker *outbox.Worker
	audits *audit.Log
}

// empty is the shared database without what earlier tests left: the world's ids are the same each time.
func empty(t *testing.T) *db.DB {
	t.Helper()
	d := testdb.Shared(t)
	for _, table := range []string{
		"notices", "notice_recipients", "notice_deliveries", "notice_reminders", "notice_calls", "notice_cards",
		"notice_corrections", "notice_moves",
		"notice_rules", "notice_preferences", "notice_posts", "alliance_groups", "group_members", "alliance_robots", "official_followers",
		"notice_audiences", "notice_teams", "notice_versions", "notice_pictures", "picture_checks", "notice_approvals", "subscription_credits", "wechat_events", "outbox", "outbox_rests", "audit_lines",
	} {
		if _, err := d.SQL().ExecContext(t.Context(), "DELETE FROM "+table); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func template(name string) wechat.TemplateConfig {
	return wechat.TemplateConfig{ID: "tpl_" + name, Fields: map[string]string{"title": "thing1", "time": "time2", "place": "thing3", "note": "thing4"}}
}

func newHouse(t *testing.T, change ...func(*house, *notice.Deps)) *house {
	t.Helper()
	clk := clock.NewFake(start)
	d, w := empty(t), newWorld(clk)
	ids := id.NewSource(1, clk.Now)
	box := testdb.Box(t)
	ob := outbox.New(d, ids, clk)
	h := &house{world: w, t: t, db: d, ids: ids, audits: audit.New(d, box, ids, clk)}
	deps := notice.Deps{
		DB: d, Box: box, IDs: ids, Clock: clk, Audit: h.audits, Outbox: ob,
		Directory: w, Committees: w, Groups: w, Accounts: w, WeChat: w, Templates: map[string]wechat.TemplateConfig{
			notice.ForNotice: template("notice"), notice.ForReminder: template("reminder"), notice.ForChange: template("change"),
		},
	}
	for _, f := range change {
		f(h, &deps)
	}
	h.svc = notice.New(deps)
	h.svc.UseActivities(w)
	w.svc = h.svc
	h.worker = outbox.NewWorker(ob, nil, h.svc.Dispatchers(), outbox.Options{MaxAttempts: 5})
	return h
}

func head() actor.Actor {
	return actor.Actor{Account: accountOf(headID), Persons: []id.ID{headID}, Grants: []actor.Grant{
		memberGrant(headID, 11), {Role: actor.Head, Place: actor.Place{Committee: committee, Alliance: alliance}},
	}}
}

func memberGrant(person, unit id.ID) actor.Grant {
	a := alliance
	if unit == 21 {
		a = other
	}
	return actor.Grant{Role: actor.Member, Place: actor.Place{Committee: committee, Alliance: a, Unit: unit, Person: person}}
}

func member(person id.ID) actor.Actor {
	unit := person / 100
	return actor.Actor{Account: accountOf(person), Persons: []id.ID{person}, Grants: []actor.Grant{memberGrant(person, unit)}}
}

func liaison(unit id.ID) actor.Actor {
	a := alliance
	if unit == 21 {
		a = other
	}
	return actor.Actor{Account: 60_000 + unit, Grants: []actor.Grant{{Role: actor.Liaison, Place: actor.Place{Committee: committee, Alliance: a, Unit: unit}}}}
}

func staff() actor.Actor {
	return actor.Actor{Account: 61_000, Grants: []actor.Grant{{Role: actor.CommitteeStaff, Place: actor.Place{Committee: committee}}}}
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) want(err, want error) {
	h.t.Helper()
	if !errors.Is(err, want) {
		h.t.Errorf("got %v, want %v", err, want)
	}
}

// rev is the revision that somebody has read who looks now.
func (h *house) rev(key id.ID) int {
	h.t.Helper()
	i, err := h.svc.Get(h.t.Context(), staff(), key)
	h.must(err)
	return i.Notice.Revision
}

func (h *house) draft() id.ID {
	h.t.Helper()
	n, err := h.svc.Create(h.t.Context(), head(), alliance, party, "七一主题党日通知", "请各位老同志参加。")
	h.must(err)
	return n.Notice.ID
}

func (h *house) published() id.ID {
	h.t.Helper()
	key := h.draft()
	_, err := h.svc.Publish(h.t.Context(), head(), key, h.rev(key), false)
	h.must(err)
	return key
}

// accept plays WeChat's callback after somebody said yes n times.
func (h *house) accept(occasion string, n int, persons ...id.ID) {
	h.t.Helper()
	for _, p := range persons {
		for i := range n {
			h.must(h.svc.HandleEvent(h.t.Context(), popup(accountOf(p), occasion, true, h.clk.Now().Add(-time.Duration(i)*time.Minute))))
		}
	}
}

func popup(account id.ID, occasion string, yes bool, at time.Time) wechat.Event {
	return wechat.Event{Kind: wechat.EventPopup, OpenID: openID(account), At: at, Items: []wechat.EventItem{{TemplateID: templateID(occasion), Accepted: yes}}}
}

func templateID(occasion string) string { return "tpl_" + occasion[len("activity_"):] }

func (h *house) work() int {
	h.t.Helper()
	n, err := h.worker.RunOnce(h.t.Context())
	h.must(err)
	return n
}

// group is the alliance's WeChat group, "" when it has none.
func (h *house) group() string {
	h.t.Helper()
	list, err := h.svc.GroupsOf(h.t.Context(), head(), alliance)
	h.must(err)
	if len(list) == 0 || list[0].State != notice.GroupBound {
		return ""
	}
	return list[0].OpenGID
}

func (h *house) timeline(key id.ID) notice.Timeline {
	h.t.Helper()
	t, err := h.svc.Timeline(h.t.Context(), head(), key)
	h.must(err)
	return t
}

func (h *house) remaining(person id.ID, occasion string) int {
	h.t.Helper()
	list, err := h.svc.Subscriptions(h.t.Context(), member(person))
	h.must(err)
	for _, s := range list {
		if s.Occasion == occasion {
			return s.Remaining
		}
	}
	return -1
}

func (h *house) calls(who actor.Actor, key id.ID) []id.ID {
	h.t.Helper()
	list, err := h.svc.Calls(h.t.Context(), who, key, false)
	h.must(err)
	var out []id.ID
	for _, c := range list {
		out = append(out, c.Person)
	}
	return out
}
