package identity

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/cache"
	"bense/server/internal/clock"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/wechat"
)

// WeChat is what identity needs of the platform; *wechat.Client is one.
type WeChat interface {
	Login(ctx context.Context, code string) (wechat.Session, error)
	Phone(ctx context.Context, code string) (string, error)
}

// Directory is what identity needs of the ledger; *ledger.Directory is one.
type Directory interface {
	Person(ctx context.Context, personID id.ID) (ledger.Person, error)
	Persons(ctx context.Context, ids []id.ID) (map[id.ID]ledger.Person, error)
	ByPhone(ctx context.Context, phone string) ([]ledger.Person, error)
	Strangers(ctx context.Context, persons []id.ID) (bool, error)
	ByNameInUnit(ctx context.Context, name, unitName string) ([]ledger.Person, error)
	Unit(ctx context.Context, unitID id.ID) (ledger.Unit, error)
	UnitByName(ctx context.Context, committeeID id.ID, name string) (ledger.Unit, error)
	Alliance(ctx context.Context, allianceID id.ID) (ledger.Alliance, error)
	Committee(ctx context.Context, committeeID id.ID) (ledger.Committee, error)
	CommitteeTree(ctx context.Context, root id.ID) ([]id.ID, error)
}

// Options are what a Service needs.
type Options struct {
	DB        *db.DB
	Box       *crypt.Box
	IDs       *id.Source
	Clock     clock.Clock
	Audit     *audit.Log
	Cache     *cache.Cache
	WeChat    WeChat
	Directory Directory
	TTL       time.Duration // of a session token
	Help      Help          // whom to call where a unit has no liaison
	Console   Console
}

// Service logs accounts in, binds them to persons and keeps the roles.
type Service struct {
	db      *db.DB
	store   *store
	ids     *id.Source
	clk     clock.Clock
	audit   *audit.Log
	wx      WeChat
	dir     Directory
	help    Help
	console Console
	tokens  *tokens
	known   *known
	guesses *guesses
	onTie   []func(ctx context.Context, person id.ID) error
}

// New makes a Service.
func New(o Options) *Service {
	r := &remote{client: o.Cache.Client(), clk: o.Clock}
	return &Service{
		db: o.DB, store: &store{db: o.DB, box: o.Box}, ids: o.IDs, clk: o.Clock, audit: o.Audit,
		wx: o.WeChat, dir: o.Directory, help: o.Help, console: o.Console,
		tokens: newTokens(o.Box.DeriveEach("session"), o.TTL, o.Clock), known: newKnown(r), guesses: newGuesses(r),
	}
}

// OnTie runs f in the transaction that ends or changes the tie of an account to a person.
func (s *Service) OnTie(f func(ctx context.Context, person id.ID) error) {
	s.onTie = append(s.onTie, f)
}

func (s *Service) tieChanged(ctx context.Context, person id.ID) error {
	for _, f := range s.onTie {
		if err := f(ctx, person); err != nil {
			return err
		}
	}
	return nil
}

// Login exchanges a wx.login code for a session, making the account when it is new.
func (s *Service) Login(ctx context.Context, code string) (Session, error) {
	ws, err := s.wx.Login(ctx, code)
	if err != nil {
		return Session{}, wechatFault(err, ErrLoginCode)
	}
	var p profile
	enter := func(ctx context.Context) (err error) {
		if p, err = s.account(ctx, ws.OpenID); err != nil {
			return err
		}
		if p.Disabled {
			return ErrDisabled
		}
		if err := s.store.loggedIn(ctx, p.ID, ws.UnionID, ws.SessionKey, s.clk.Now()); err != nil {
			return err
		}
		who := actor.Actor{Account: p.ID}
		if err := s.attachPending(ctx, who, p, p.Phone); err != nil {
			return err
		}
		return s.note(ctx, who, "login", "account", p.ID, actor.Place{}, nil)
	}
	if err := s.twice(ctx, enter); err != nil {
		return Session{}, err
	}
	s.known.drop(p.ID)
	token, until, err := s.tokens.issue(p.ID)
	return Session{Token: token, ExpiresAt: until, Account: p.ID}, err
}

// twice repeats a transaction that lost a race for a unique key: the second time it finds the
// winner's row.
func (s *Service) twice(ctx context.Context, fn func(context.Context) error) error {
	err := s.db.Tx(ctx, fn)
	if db.IsDuplicate(err) {
		err = s.db.Tx(ctx, fn)
	}
	return err
}

// account finds an account by openid or makes it; for use inside a transaction.
func (s *Service) account(ctx context.Context, openID string) (profile, error) {
	p, err := s.store.profileByOpenID(ctx, openID)
	if !errors.Is(err, errs.ErrNotFound) {
		return p, err
	}
	p = profile{Account: Account{ID: s.ids.New(), OpenID: openID}}
	if err := s.store.insertAccount(ctx, p.ID, openID, s.clk.Now()); err != nil {
		return profile{}, err
	}
	return p, s.note(ctx, actor.Actor{Account: p.ID}, "create_account", "account", p.ID, actor.Place{}, nil)
}

// Account gives the account of a genuine, current session token. It says nothing about rights, nor
// whether the account is still enabled.
func (s *Service) Account(bearer string) (id.ID, error) { return s.tokens.read(bearer) }

// Authenticate turns a session token into who is asking. Roles are those of at most a few seconds
// ago (knownCheck with Redis, knownLife without), and of this moment when they changed here.
func (s *Service) Authenticate(ctx context.Context, bearer string) (actor.Actor, error) {
	if strings.HasPrefix(bearer, consolePrefix) {
		return s.consoleActor(ctx, bearer)
	}
	account, err := s.tokens.read(bearer)
	if err != nil {
		return actor.Actor{}, err
	}
	return s.known.get(ctx, account, s.actor)
}

// holding is an account with everything that rights follow from.
type holding struct {
	profile
	bound  []BoundPerson // those that the account may act for
	grants []RoleGrant   // in office now
	edge   time.Time     // the next moment at which one begins or ends; zero: none
}

func (s *Service) holding(ctx context.Context, account id.ID) (holding, error) {
	p, err := s.store.profile(ctx, account)
	if err != nil {
		return holding{}, err
	}
	h := holding{profile: p}
	bindings, err := s.store.bindings(ctx, account)
	if err != nil {
		return holding{}, err
	}
	persons, err := s.dir.Persons(ctx, personIDs(bindings))
	if err != nil {
		return holding{}, err
	}
	var self []id.ID
	for _, b := range bindings {
		person, ok := persons[b.Person]
		if !ok || !acts(person.Status) {
			continue
		}
		h.bound = append(h.bound, BoundPerson{Person: person, Relation: b.Relation})
		if b.Relation == Self {
			self = append(self, b.Person)
		}
	}
	now := s.clk.Now()
	all, err := s.store.grantsOf(ctx, account, self, now)
	for _, g := range all {
		if g.Term.covers(now) {
			h.grants = append(h.grants, g)
		}
		if e := g.Term.edge(now); !e.IsZero() && (h.edge.IsZero() || e.Before(h.edge)) {
			h.edge = e
		}
	}
	return h, err
}

func personIDs(bindings []Binding) []id.ID {
	ids := make([]id.ID, 0, len(bindings))
	for _, b := range bindings {
		ids = append(ids, b.Person)
	}
	return ids
}

// actor reads an account's rights from the database, and until when they may be remembered at most.
func (s *Service) actor(ctx context.Context, account id.ID) (actor.Actor, time.Time, error) {
	h, err := s.holding(ctx, account)
	if errors.Is(err, errs.ErrNotFound) {
		return actor.Actor{}, time.Time{}, errs.ErrUnauthenticated
	}
	if err != nil {
		return actor.Actor{}, time.Time{}, err
	}
	if h.Disabled {
		return actor.Actor{}, time.Time{}, ErrDisabled
	}
	a := actor.Actor{Account: account}
	for _, p := range h.bound {
		a.Persons = append(a.Persons, p.ID)
		a.Grants = append(a.Grants, actor.Grant{Role: actor.Member, Place: p.Place()})
	}
	for _, g := range h.grants {
		switch {
		case g.Place.Committee == 0: // what it was given for is gone
		case g.Role == actor.CommitteeStaff || g.Role == actor.Viewer: // over the committees below, too
			below, err := s.dir.CommitteeTree(ctx, g.Place.Committee)
			if err != nil {
				return actor.Actor{}, time.Time{}, err
			}
			for _, c := range below {
				a.Grants = append(a.Grants, actor.Grant{Role: g.Role, Place: actor.Place{Committee: c}, Deputy: g.DeputyOf != 0})
			}
		default:
			a.Grants = append(a.Grants, actor.Grant{Role: g.Role, Place: g.Place, Deputy: g.DeputyOf != 0})
		}
	}
	return a, h.edge, nil
}

// Me tells an account what is known about it.
func (s *Service) Me(ctx context.Context, who actor.Actor) (Me, error) {
	h, err := s.holding(ctx, who.Account)
	if err != nil {
		return Me{}, err
	}
	m := Me{Account: h.ID, Name: nameOf(h.Name, h.bound), Persons: h.bound}
	for _, g := range h.grants {
		m.Roles = append(m.Roles, g.view())
	}
	m.Help, err = s.helpFor(ctx, h.bound)
	return m, err
}

// helpFor names the liaison of oneself, else of the first person that one acts for.
func (s *Service) helpFor(ctx context.Context, bound []BoundPerson) (Help, error) {
	if len(bound) == 0 {
		return s.help, nil
	}
	unit := bound[0].UnitID
	for _, p := range bound {
		if p.Relation == Self {
			unit = p.UnitID
		}
	}
	name, phone, err := s.LiaisonOf(ctx, unit)
	return Help{Name: name, Phone: phone}, err
}

// nameOf is how others read an account: the person it is, the staff's name, or whose family.
func nameOf(own string, bound []BoundPerson) string {
	for _, p := range bound {
		if p.Relation == Self {
			return p.Name
		}
	}
	if own == "" && len(bound) > 0 {
		return bound[0].Name + "的家人"
	}
	return own
}

// home is the committee to which all roles of somebody belong: what is done in no place in particular,
// like signing in, is its auditor's to find. Strangers have none, people of several committees several.
func home(who actor.Actor) (at actor.Place) {
	for _, g := range who.Grants {
		if at.Committee != 0 && g.Place.Committee != at.Committee {
			return actor.Place{}
		}
		at.Committee = g.Place.Committee
	}
	return at
}

// homes gives the committees whose auditors find what an account does for itself: those in which it has
// been given a role, or is a member. The committees below one of them come with it.
func (s *Service) homes(ctx context.Context, who actor.Actor) ([]actor.Place, error) {
	if at := home(who); at.Committee != 0 || who.Account == 0 {
		return []actor.Place{at}, nil
	}
	h, err := s.holding(ctx, who.Account) // who signs in comes without the rights that this gives
	if err != nil {
		return nil, err
	}
	var out []actor.Place
	add := func(committee id.ID) {
		if at := (actor.Place{Committee: committee}); committee != 0 && !slices.Contains(out, at) {
			out = append(out, at)
		}
	}
	for _, g := range h.grants {
		add(g.Place.Committee)
	}
	for _, p := range h.bound {
		add(p.CommitteeID)
	}
	if len(out) == 0 {
		return []actor.Place{{}}, nil
	}
	return out, nil
}

// note writes an audit line of this package; one for each home where it has no place of its own.
func (s *Service) note(ctx context.Context, who actor.Actor, verb, kind string, subject id.ID, at actor.Place, detail map[string]any) error {
	places := []actor.Place{at}
	if at == (actor.Place{}) {
		var err error
		if places, err = s.homes(ctx, who); err != nil {
			return err
		}
	}
	lines := make([]audit.By, len(places))
	for i, at := range places {
		lines[i] = audit.By{Account: who.Account, Line: audit.Line{Action: "identity." + verb, Kind: kind, Subject: subject, Place: at, Detail: detail}}
	}
	return s.audit.WriteAll(ctx, lines)
}

// wechatFault says in our words what the platform refused; badCode is what a used or stale code means
// at this place.
func wechatFault(err error, badCode *errs.Error) error {
	switch {
	case errors.Is(err, wechat.ErrCode):
		return errs.Wrap(badCode, err)
	case errors.Is(err, wechat.ErrBlocked):
		return errs.Wrap(ErrBlocked, err)
	case errors.Is(err, wechat.ErrTooOften):
		return errs.Wrap(errs.ErrTooMany, err)
	case errors.Is(err, wechat.ErrRejected):
		return err
	}
	return errs.Wrap(ErrWeChatDown, err)
}
