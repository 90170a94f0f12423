// Command bense runs 本色家园: the service, its worker and the commands of the people who keep it.
package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"bense/server/internal/app"
	"bense/server/internal/bench"
	"bense/server/internal/crypt"
	"bense/server/internal/tour"
)

type cli struct {
	Config string `help:"YAML file; BENSE_* variables override it." type:"existingfile" placeholder:"FILE"`

	Serve      serveCmd      `cmd:"" help:"Serve the API, the pages and, unless told otherwise, the worker."`
	Worker     workerCmd     `cmd:"" help:"Send what waits in the outbox, without serving."`
	Migrate    migrateCmd    `cmd:"" help:"Bring the database's schema up to date."`
	Grant      grantCmd      `cmd:"" help:"Give a role, such as the first committee staff account."`
	Import     importCmd     `cmd:"" help:"Import a ledger workbook: a preview, or the commit with --commit."`
	Tour       tourCmd       `cmd:"" help:"Drive the public API through the whole main job on an isolated server."`
	Bench      benchCmd      `cmd:"" help:"Measure, on servers of its own, the sign-in beside two sides of comparison, the ledger, or the messages."`
	Doctor     doctorCmd     `cmd:"" help:"Check configuration, database, Redis, keys and WeChat."`
	Keygen     keygenCmd     `cmd:"" help:"Print a new master key for keys.master."`
	RotateKeys rotateKeysCmd `cmd:"" help:"Seal everything anew with the newest key; safe while the service runs."`
	Erase      eraseCmd      `cmd:"" help:"Erase again, after a backup was restored, whoever had been erased."`
	Forget     forgetCmd     `cmd:"" help:"List what is kept beyond its time; with --really forget it now instead of tonight."`
	Outbox     outboxCmd     `cmd:"" help:"List what could not be sent; with --again put what was given up back into the queue."`
	Openapi    openapiCmd    `cmd:"" help:"Print the HTTP contract (OpenAPI 3.1)."`

	BenchSide benchSideCmd `cmd:"" hidden:""`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	k := kong.Parse(&c, kong.Name("bense"), kong.Description("本色家园: alliances of retired cadres' Party branches."),
		kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)))
	if err := k.Run(&c); err != nil {
		fmt.Fprintln(os.Stderr, "bense:", err)
		os.Exit(1)
	}
}

type serveCmd struct {
	Listen string `help:"HOST:PORT instead of server.listen." placeholder:"ADDR"`
	Data   string `help:"Folder instead of data_dir." placeholder:"DIR"`
}

func (s serveCmd) Run(ctx context.Context, c *cli) error {
	return app.Serve(ctx, app.Options{ConfigFile: c.Config, Environ: os.Environ(), Listen: s.Listen, DataDir: s.Data, Log: os.Stderr})
}

type workerCmd struct{}

func (workerCmd) Run(ctx context.Context, c *cli) error {
	return app.Work(ctx, app.Options{ConfigFile: c.Config, Environ: os.Environ(), Log: os.Stderr})
}

type migrateCmd struct{}

func (migrateCmd) Run(ctx context.Context, c *cli) error {
	n, err := app.Migrate(ctx, app.Options{ConfigFile: c.Config, Environ: os.Environ(), Log: os.Stderr})
	if err == nil {
		fmt.Printf("%d migrations applied\n", n)
	}
	return err
}

type grantCmd struct {
	Role      string `required:"" enum:"committee_staff,lead_staff,liaison,head" help:"committee_staff, lead_staff, liaison or head."`
	Committee string `required:"" help:"Name of the committee; made when it does not exist."`
	Alliance  string `help:"Name of the alliance, for lead_staff and head."`
	Unit      string `help:"Name of the unit, for liaison."`
	Name      string `required:"" help:"Who holds the role."`
	Phone     string `required:"" help:"The number that the holder's WeChat account will be bound with."`
}

func (g grantCmd) Run(ctx context.Context, c *cli) error {
	err := app.Grant(ctx, app.Options{ConfigFile: c.Config, Environ: os.Environ(), Log: os.Stderr}, app.GrantRequest(g))
	if err == nil {
		fmt.Println("已授权：对方在小程序里用这个手机号登录后生效")
	}
	return err
}

type importCmd struct {
	Committee string `required:"" help:"Name of the committee; made when it does not exist."`
	File      string `arg:"" type:"existingfile" help:".xlsx or .csv"`
	Commit    bool   `help:"Write the result; without it only the preview is shown."`
}

func (i importCmd) Run(ctx context.Context, c *cli) error {
	return app.Import(ctx, app.Options{ConfigFile: c.Config, Environ: os.Environ(), Log: os.Stderr},
		app.ImportRequest{Committee: i.Committee, File: i.File, Commit: i.Commit}, os.Stdout)
}

type tourCmd struct {
	Ledger   string `type:"existingfile" help:"Workbook to import; the sample county by default." placeholder:"FILE"`
	Database string `help:"sqlite:// or mysql:// URL of an empty database; a temporary file by default." placeholder:"URL"`
	Redis    string `help:"redis:// URL, or embedded." default:"embedded" placeholder:"URL"`
	JSON     bool   `name:"json" help:"Print one object on the last line."`
}

func (t tourCmd) Run(ctx context.Context) error {
	return tour.Run(ctx, tour.Options{Ledger: t.Ledger, Database: t.Database, Redis: t.Redis, JSON: t.JSON}, os.Stdout)
}

type benchCmd struct {
	What       string   `arg:"" optional:"" enum:"check-in,ledger,notice,all" default:"check-in" help:"check-in, ledger, notice or all."`
	Goal       []string `help:"Only these goals, by number; of the ledger S, I or K, of the notice T or L." placeholder:"N"`
	Quick      bool     `help:"Few short rounds."`
	Full       bool     `help:"Also what takes long: ten million rows, ten minutes."`
	JSON       bool     `name:"json" help:"Print one object on the last line."`
	Members    int      `help:"People of the county." placeholder:"N"`
	Rows       int      `help:"People of the province whose ledger is searched." default:"1000000" placeholder:"N"`
	Sheet      int      `help:"Rows of the file that is imported." default:"20000" placeholder:"N"`
	Dir        string   `type:"existingdir" help:"Folder on a disk for the servers' files; a temporary one by default." placeholder:"DIR"`
	Pocketbase string   `type:"existingfile" help:"PocketBase, to compare with." placeholder:"FILE"`
	Server     string   `type:"existingfile" help:"Program to measure; this one by default." placeholder:"FILE"`
	Profile    string   `help:"Folder for the server's processor profile at 128 connections." placeholder:"DIR"`
}

func (b benchCmd) Run(ctx context.Context) error {
	if b.What == "notice" || b.What == "all" {
		o := bench.NoticeOptions{Goals: b.Goal, Quick: b.Quick, JSON: b.JSON, Dir: b.Dir, Server: b.Server}
		if err := bench.RunNotice(ctx, o, os.Stdout); err != nil || b.What == "notice" {
			return err
		}
	}
	if b.What != "check-in" {
		o := bench.LedgerOptions{Goals: b.Goal, Rows: b.Rows, Sheet: b.Sheet, JSON: b.JSON, Dir: b.Dir, Server: b.Server}
		if err := bench.RunLedger(ctx, o, os.Stdout); err != nil || b.What == "ledger" {
			return err
		}
	}
	return bench.Run(ctx, bench.Options{Goals: b.Goal, Quick: b.Quick, Full: b.Full, JSON: b.JSON, Members: b.Members, Dir: b.Dir,
		PocketBase: b.Pocketbase, Server: b.Server, Profile: b.Profile}, os.Stdout)
}

type benchSideCmd struct {
	Kind   string `arg:"" enum:"a,b"`
	Listen string `arg:""`
}

func (b benchSideCmd) Run(ctx context.Context) error {
	key, err := hex.DecodeString(os.Getenv("BENCH_KEY"))
	if err != nil {
		return err
	}
	return bench.ServeSide(ctx, b.Kind, b.Listen, os.Getenv("BENCH_DATABASE"), key)
}

type doctorCmd struct {
	Audit  bool     `help:"Check the whole chain of the audit instead."`
	Anchor []string `help:"With --audit: a head that was kept elsewhere, SEQ:HASH, or a file of them." placeholder:"ANCHOR"`
	Data   string   `help:"Folder instead of data_dir." placeholder:"DIR"`
}

func (d doctorCmd) Run(ctx context.Context, c *cli) error {
	o := app.Options{ConfigFile: c.Config, Environ: os.Environ(), DataDir: d.Data, Log: os.Stderr}
	if d.Audit {
		return app.DoctorAudit(ctx, o, d.Anchor, os.Stdout)
	}
	return app.Doctor(ctx, o, os.Stdout)
}

type keygenCmd struct {
	ID byte `default:"1" help:"Key id, higher than those in use."`
}

func (k keygenCmd) Run() error {
	if k.ID == 0 {
		return fmt.Errorf("a key id lies between 1 and 255")
	}
	fmt.Println(crypt.NewKey(k.ID))
	return nil
}

type rotateKeysCmd struct{}

func (rotateKeysCmd) Run(ctx context.Context, c *cli) error {
	return app.RotateKeys(ctx, app.Options{ConfigFile: c.Config, Environ: os.Environ(), Log: os.Stderr}, os.Stdout)
}

type eraseCmd struct {
	Reapply bool `required:"" help:"Go through the list of those erased (erased.list in the data folder, and the database's)."`
}

func (eraseCmd) Run(ctx context.Context, c *cli) error {
	return app.Reapply(ctx, app.Options{ConfigFile: c.Config, Environ: os.Environ(), Log: os.Stderr}, os.Stdout)
}

type forgetCmd struct {
	Really bool `help:"Forget it; without it only the list is shown."`
}

func (f forgetCmd) Run(ctx context.Context, c *cli) error {
	return app.Forget(ctx, app.Options{ConfigFile: c.Config, Environ: os.Environ(), Log: os.Stderr}, f.Really, os.Stdout)
}

type outboxCmd struct {
	Again string `help:"A channel of the list: try what was given up there once more." placeholder:"CHANNEL"`
}

func (x outboxCmd) Run(ctx context.Context, c *cli) error {
	return app.Leftovers(ctx, app.Options{ConfigFile: c.Config, Environ: os.Environ(), Log: os.Stderr}, x.Again, os.Stdout)
}

type openapiCmd struct{}

func (openapiCmd) Run() error { return app.WriteContract(os.Stdout) }
