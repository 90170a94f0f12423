// Package app builds the service from its configuration: it holds the constructors, the lifecycle
// and, in demo mode, the front door.
package app

import (
	"context"
	"crypto/rand"
	_ "embed"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"bense/server/internal/activity"
	"bense/server/internal/attachment"
	"bense/server/internal/audit"
	"bense/server/internal/cache"
	"bense/server/internal/checkin"
	"bense/server/internal/clock"
	"bense/server/internal/config"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/election"
	"bense/server/internal/founding"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/job"
	"bense/server/internal/ledger"
	"bense/server/internal/live"
	"bense/server/internal/notice"
	"bense/server/internal/outbox"
	"bense/server/internal/privacy"
	"bense/server/internal/roster"
	"bense/server/internal/vault"
	"bense/server/internal/web"
	"bense/server/internal/wechat"
	"bense/server/internal/wechat/emulator"
	"bense/server/migrations"
)

// App is one instance of the service.
type App struct {
	cfg    config.Config
	log    *slog.Logger
	clk    clock.Clock
	closes []func()

	DB       *db.DB
	Cache    *cache.Cache
	Box      *crypt.Box
	Vault    *vault.Vault
	IDs      *id.Source
	Audit    *audit.Log
	Sealer   *audit.Sealer
	Live     *live.Hub
	WeChat   *wechat.Client
	Official *wechat.Official   // nil without a service account
	Emulator *emulator.Emulator // nil but in demo mode
	Versions *cache.Versions
	Outbox   *outbox.Outbox
	Worker   *outbox.Worker
	Jobs     *job.Service
	Ledger   *ledger.Service
	Roster   *roster.Service
	Papers   *attachment.Service
	Identity *identity.Service
	Notice   *notice.Service
	Activity *activity.Service
	Checkin  *checkin.Service
	Founding *founding.Service
	Election *election.Service
	Privacy  *privacy.Service
	Web      *web.Server

	demo    *demo // nil but in demo mode
	started atomic.Bool
}

// New connects, migrates when asked to, and wires everything. Nothing serves or works yet. A nil
// clock is the machine's.
func New(ctx context.Context, cfg config.Config, l *slog.Logger, clk clock.Clock) (_ *App, err error) {
	if clk == nil {
		clk = clock.System()
	}
	a := &App{cfg: cfg, log: l, clk: clk}
	defer func() {
		if err != nil {
			a.Close()
		}
	}()
	if err := a.stores(ctx); err != nil {
		return nil, err
	}
	if err := a.platform(); err != nil {
		return nil, err
	}
	if err := a.services(); err != nil {
		return nil, err
	}
	if err := a.routes(); err != nil {
		return nil, err
	}
	return a, nil
}

// redisLog carries what go-redis would print by itself into our log; it is about connections only.
type redisLog struct{ l *slog.Logger }

func (r redisLog) Printf(ctx context.Context, format string, v ...any) {
	r.l.DebugContext(ctx, "redis", "message", fmt.Sprintf(format, v...))
}

// stores opens what keeps data: database, Redis, keys, and the node number that makes ids unique.
func (a *App) stores(ctx context.Context) (err error) {
	if err := completeDemo(&a.cfg); err != nil {
		return err
	}
	if a.Box, err = newBox(a.cfg.Keys.Master); err != nil {
		return err
	}
	if a.DB, err = db.Open(ctx, a.cfg.Database.URL); err != nil {
		return err
	}
	a.onClose(func() { a.DB.Close() })
	if a.cfg.Database.Migrate {
		if _, err := a.DB.Migrate(ctx, migrations.Files); err != nil {
			return err
		}
	}
	if a.Vault, err = vault.Open(ctx, a.DB, a.Box, a.clk.Now()); err != nil {
		return err
	}
	if a.Cache, err = cache.Open(a.cfg.Redis.URL); err != nil {
		return err
	}
	a.onClose(a.Cache.Close)
	redis.SetLogger(redisLog{a.log})
	return a.leaseNode(ctx)
}

// leaseNode takes a node number and keeps it until Close. The lease runs on the machine's clock even
// when rules run on another.
func (a *App) leaseNode(ctx context.Context) error {
	holder := rand.Text()
	node, err := a.DB.LeaseNode(ctx, holder, id.MaxNode+1, clock.System().Now())
	if err != nil {
		return fmt.Errorf("app: node number: %w", err)
	}
	a.IDs = id.NewSource(node, clock.System().Now)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(db.NodeLease / 4)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				node = a.renewNode(node, holder)
			}
		}
	}()
	a.onClose(func() {
		close(stop)
		<-stopped
		a.DB.ReleaseNode(context.Background(), node, holder, clock.System().Now())
	})
	return nil
}

func (a *App) renewNode(node int, holder string) int {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	now := clock.System().Now()
	ok, err := a.DB.RenewNode(ctx, node, holder, now)
	if ok || err != nil { // an unreachable database leases the number to nobody else either
		return node
	}
	fresh, err := a.DB.LeaseNode(ctx, holder, id.MaxNode+1, now)
	if err != nil {
		a.log.Error("no node number", "error", err)
		return node
	}
	a.IDs.SetNode(fresh)
	return fresh
}

func (a *App) services() error {
	a.Versions = cache.NewVersions(a.DB, a.Cache)
	a.onClose(a.Versions.Close)
	a.Audit = audit.New(a.DB, a.Box, a.IDs, a.clk)
	a.Sealer = audit.NewSealer(a.Audit, a.log, a.anchorFile())
	a.onClose(a.Sealer.Close) // after everything that writes lines while it ends
	a.Outbox = outbox.New(a.DB, a.IDs, a.clk)
	a.Jobs = job.New(a.DB, a.Box, a.IDs, a.clk, a.log)
	a.onClose(a.Jobs.Close)
	a.Ledger = ledger.New(a.DB, a.Box, a.IDs, a.clk, a.Audit)
	people := a.Ledger.Directory()
	a.Identity = identity.New(identity.Options{
		DB: a.DB, Box: a.Box, IDs: a.IDs, Clock: a.clk, Audit: a.Audit, Cache: a.Cache, WeChat: a.WeChat,
		Directory: people, TTL: a.cfg.Session.TTL, Help: identity.Help(a.cfg.Help),
		Console: identity.Console{Idle: a.cfg.Session.ConsoleIdle, Max: a.cfg.Session.ConsoleMax, PublicURL: a.publicURL()},
	})
	a.Ledger.UseConfirm(a.Identity)
	a.Audit.UseConfirm(a.Identity)
	a.Ledger.UseReserved(roster.Reserved)
	a.Roster = roster.New(roster.Deps{DB: a.DB, Box: a.Box, IDs: a.IDs, Clock: a.clk, Audit: a.Audit, Ledger: a.Ledger, Jobs: a.Jobs, Names: a.Identity})
	a.Roster.UseConfirm(a.Identity)
	a.Papers = attachment.New(attachment.Deps{DB: a.DB, Box: a.Box, IDs: a.IDs, Clock: a.clk, Audit: a.Audit, Ledger: a.Ledger, Names: a.Identity,
		Confirm: a.Identity.Confirmed})
	a.Notice = notice.New(notice.Deps{
		DB: a.DB, Box: a.Box, IDs: a.IDs, Clock: a.clk, Audit: a.Audit, Outbox: a.Outbox, Directory: people,
		Committees: a.Ledger, Groups: a.Ledger, Accounts: a.Identity, WeChat: a.WeChat, Templates: a.wechatConfig().Templates,
		Contact: notice.Contact(a.cfg.Help), PublicURL: a.publicURL(),
		Official: a.serviceAccount(), Robots: a.robots(), Texts: a.texts(), ChatTool: a.cfg.Channels.ChatTool,
	})
	a.Activity = activity.NewService(activity.Deps{
		DB: a.DB, Box: a.Box, IDs: a.IDs, Clock: a.clk, Audit: a.Audit, Directory: people, Accounts: a.Identity, Notices: a.Notice,
	})
	a.Ledger.UseNames(a.Identity)
	a.Notice.UseActivities(a.Activity)
	a.Live = live.New(a.Cache)
	a.onClose(a.Live.Close)
	a.Checkin = checkin.NewService(checkin.Deps{
		DB: a.DB, Box: a.Box, IDs: a.IDs, Clock: a.clk, Audit: a.Audit, Cache: a.Cache, Directory: people,
		Activities: a.Activity, Accounts: a.Identity, Versions: a.Versions, Pictures: a.WeChat, Live: a.Live, Hub: a.Live, PublicURL: a.publicURL(),
		Lock: a.Ledger.Bulk(), Help: checkin.Help(a.cfg.Help),
	})
	a.onClose(a.Checkin.Close)
	a.Election = election.NewService(election.Deps{
		DB: a.DB, Box: a.Box, IDs: a.IDs, Clock: a.clk, Audit: a.Audit, Outbox: a.Outbox, Directory: people,
		Accounts: a.Identity, Roles: a.Identity, Notices: a.Notice, Activities: a.Activity,
	})
	a.Live.UseLook(a.Checkin.Pulse)
	a.Activity.UseAttendance(a.Checkin)
	a.Activity.OnCreate(a.Checkin.OpenDefaultList)
	a.Activity.OnMove(a.Checkin.MoveDefaultList)
	a.Activity.OnChange(a.Checkin.ActivityChanged)
	a.Founding = founding.NewService(founding.Deps{
		DB: a.DB, IDs: a.IDs, Clock: a.clk, Audit: a.Audit, Ledger: a.Ledger, Lock: a.Ledger.Bulk(), Directory: people,
		Accounts: a.Identity, Attendance: turnout{a.Activity, a.Checkin}, Confirm: a.Identity.Confirmed,
	})
	a.Ledger.OnStatusChange(a.Identity.PersonChanged)
	a.Ledger.OnStatusChange(a.Activity.PersonChanged) // activities and notices are locked before recipients
	a.Ledger.OnStatusChange(a.Notice.PersonChanged)
	a.Ledger.OnStatusChange(func(ctx context.Context, p ledger.Person) error { return a.Checkin.PersonChanged(ctx, p.ID) })
	a.Ledger.OnStatusChange(a.Election.PersonChanged)
	a.Ledger.OnMove(a.Versions.Raise)
	a.Identity.OnTie(a.Checkin.PersonChanged)
	a.Privacy = privacy.New(privacy.Deps{
		DB: a.DB, Box: a.Box, Clock: a.clk, Audit: a.Audit, Ledger: a.Ledger, Accounts: a.Identity, Keep: privacy.Keep(a.cfg.Keep),
		Directory: people, Help: privacy.Help(a.cfg.Help), Confirm: a.Identity.Confirmed,
		List: filepath.Join(a.cfg.DataDir, "erased.list"), Changed: a.Checkin.PersonChanged,
	})
	a.Audit.UseNames(auditNames{a})
	a.Audit.UseRoot(people.Root)
	dispatchers := a.Notice.Dispatchers()
	dispatchers[channelHousekeeping] = a.houseKeeper()
	dispatchers[election.ChannelTerm] = a.Election.Dispatcher()
	c := a.cfg.Worker
	limits, err := outbox.ParseLimits(c.Limits)
	if err != nil {
		return err
	}
	a.Worker = outbox.NewWorker(a.Outbox, a.log, dispatchers, outbox.Options{
		Concurrency: c.Concurrency, Sends: c.Sends, Poll: c.Poll, Lease: c.Lease, Limits: limits, BreakAfter: c.BreakAfter, BreakFor: c.BreakFor,
	})
	return nil
}

func (a *App) publicURL() string {
	if a.cfg.Server.PublicURL != "" {
		return a.cfg.Server.PublicURL
	}
	return "http://" + a.cfg.Server.Listen
}

// start tells the parts that have to know it under which address the service listens.
func (a *App) start(ctx context.Context, url string) error {
	if a.Emulator != nil {
		a.Emulator.SetCallback(url + "/wechat/callback")
		a.Emulator.SetOfficialCallback(url + officialCallback)
	}
	if err := a.Ledger.Index(ctx); err != nil {
		return err
	}
	if err := a.Notice.AdoptSeries(ctx); err != nil {
		return err
	}
	if err := a.Notice.AdoptGroups(ctx); err != nil {
		return err
	}
	if a.demo != nil {
		if err := a.demo.seed(ctx); err != nil {
			return err
		}
	}
	a.started.Store(true)
	return nil
}

func (a *App) onClose(f func()) { a.closes = append(a.closes, f) }

// Close releases everything in the reverse order of its making.
func (a *App) Close() {
	for i := len(a.closes) - 1; i >= 0; i-- {
		a.closes[i]()
	}
	a.closes = nil
}
