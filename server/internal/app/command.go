package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
	"bense/server/internal/roster"
	"bense/server/migrations"
)

// open builds an App for a command.
func (o Options) open(ctx context.Context) (*App, error) {
	cfg, l, err := o.load()
	if err != nil {
		return nil, err
	}
	return New(ctx, cfg, l, nil)
}

// Migrate brings the schema up to date and tells how many migrations ran.
func Migrate(ctx context.Context, o Options) (int, error) {
	cfg, _, err := o.load()
	if err != nil {
		return 0, err
	}
	if err := completeDemo(&cfg); err != nil {
		return 0, err
	}
	d, err := db.Open(ctx, cfg.Database.URL)
	if err != nil {
		return 0, err
	}
	defer d.Close()
	return d.Migrate(ctx, migrations.Files)
}

func foundCommittee(ctx context.Context, a *App, name string) (id.ID, error) {
	c, err := a.Ledger.Directory().CommitteeByName(ctx, name)
	if errors.Is(err, errs.ErrNotFound) {
		c, err = a.Ledger.CreateCommittee(ctx, actor.System, ledger.Committee{Name: name})
	}
	return c.ID, err
}

// GrantRequest is what the grant command was asked for.
type GrantRequest struct{ Role, Committee, Alliance, Unit, Name, Phone string }

// Grant gives a role that its holder gets with the first log-in under the telephone number.
func Grant(ctx context.Context, o Options, r GrantRequest) error {
	a, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	g := identity.GrantRequest{Role: actor.Role(r.Role), HolderName: r.Name, Phone: r.Phone}
	if g.CommitteeID, err = foundCommittee(ctx, a, r.Committee); err != nil {
		return say(err)
	}
	people := a.Ledger.Directory()
	if r.Alliance != "" {
		al, err := people.AllianceByName(ctx, g.CommitteeID, r.Alliance)
		if err != nil {
			return fmt.Errorf("联盟“%s”：%w", r.Alliance, say(err))
		}
		g.AllianceID = al.ID
	}
	if r.Unit != "" {
		u, err := people.UnitByName(ctx, g.CommitteeID, r.Unit)
		if err != nil {
			return fmt.Errorf("单位“%s”：%w", r.Unit, say(err))
		}
		g.UnitID = u.ID
	}
	_, err = a.Identity.Grant(ctx, actor.System, g)
	return say(err)
}

// say shows the sentence for people in front of the code.
func say(err error) error {
	if e, ok := errs.As(err); ok {
		msg := e.Message
		for _, f := range e.Fields {
			msg += "；" + f.Field + "：" + f.Message
		}
		return fmt.Errorf("%s (%w)", msg, err)
	}
	return err
}

// ImportRequest is what the import command was asked for.
type ImportRequest struct {
	Committee, File string
	Commit          bool
}

// Import previews a workbook and, when asked to, commits it; the report goes to out.
func Import(ctx context.Context, o Options, r ImportRequest, out io.Writer) error {
	a, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	committee, err := foundCommittee(ctx, a, r.Committee)
	if err != nil {
		return say(err)
	}
	report, err := a.Roster.ImportFile(ctx, actor.System, committee, r.File, r.Commit)
	if err != nil {
		return say(err)
	}
	printImport(out, report)
	return nil
}

// printImport writes a report as a clerk reads it.
func printImport(out io.Writer, imp roster.Import) {
	r := imp.Report
	word := "预览，还没有写入（加 --commit 写入）"
	if imp.State == roster.Committed {
		word = "已写入"
	}
	fmt.Fprintf(out, "%s：%s\n", imp.FileName, word)
	fmt.Fprintf(out, "联盟 %d，单位 %d，支部 %d，党员 %d\n", r.Alliances, r.Units, r.Branches, r.Persons)
	fmt.Fprintf(out, "新增 %d 人，变更 %d 人，不变 %d 人；重复 %d 行，拒收 %d 行，提醒 %d 条，待确认 %d 条\n",
		r.New, r.Changed, r.Same, r.RepeatedRows, len(r.Refused), len(r.Warnings), r.Proposals)
	for _, part := range []struct {
		word string
		list []roster.Problem
	}{{"拒收", r.Refused}, {"提醒", r.Warnings}} {
		for _, p := range part.list {
			fmt.Fprintf(out, "%s  %s 第%d行 %s “%s”：%s\n", part.word, p.Sheet, p.Row, p.Column, p.Value, p.Reason)
		}
	}
}

// Doctor checks what an installation needs and prints a line for each; it fails when one fails.
func Doctor(ctx context.Context, o Options, out io.Writer) error {
	faults := 0
	line := func(name string, err error) {
		word := "正常"
		if err != nil {
			faults++
			word = "有问题：" + err.Error()
		}
		fmt.Fprintf(out, "%-10s %s\n", name, word)
	}
	a, err := o.open(ctx)
	if err != nil {
		line("启动", err)
		return errors.New("doctor: 1 fault")
	}
	defer a.Close()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	line("数据库", a.DB.Ping(ctx))
	migrated, err := a.DB.Migrated(ctx, migrations.Files)
	if err == nil && !migrated {
		err = errors.New("表结构不是最新，请运行 migrate")
	}
	line("表结构", err)
	line("Redis", a.Cache.Ping(ctx))
	line("密钥", a.PrintKeys(ctx, out))
	line("微信模板", a.WeChat.CheckTemplates(ctx))
	off := func(name string) { fmt.Fprintf(out, "%-10s 没有启用\n", name) }
	if a.Official != nil {
		line("公众号模板", a.Official.CheckTemplates(ctx))
	} else {
		off("公众号")
	}
	if a.cfg.Channels.Robot {
		fmt.Fprintf(out, "%-10s 已启用，已填 %d 个联盟\n", "企业微信机器人", a.Notice.CountRobots(ctx))
	} else {
		off("企业微信机器人")
	}
	if a.cfg.Channels.SMS == "log" {
		fmt.Fprintf(out, "%-10s 只记次数，不发送：没有短信服务商\n", "短信")
	} else {
		off("短信")
	}
	if faults > 0 {
		return fmt.Errorf("doctor: %d faults", faults)
	}
	return nil
}
