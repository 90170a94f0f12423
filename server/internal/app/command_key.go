package app

import (
	"context"
	"fmt"
	"io"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/vault"
)

// RotateKeys brings everything under the newest key of keys.master and tells what is under which key
// afterwards. It may run while the service does, more than once, and again after it was stopped.
func RotateKeys(ctx context.Context, o Options, out io.Writer) error {
	a, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	fmt.Fprintf(out, "改用密钥 %d，一边运行一边可以照常使用\n", a.Box.Newest())
	start := clock.System().Now()
	last, told := vault.Column{}, start
	n, err := a.Vault.Rotate(ctx, func(c vault.Column, done int) {
		now := clock.System().Now()
		if c.Table == last.Table && c.Name == last.Name && now.Sub(told) < time.Second {
			return
		}
		last, told = c, now
		fmt.Fprintf(out, "  %s.%s：已重新加密 %d 处\n", c.Table, c.Name, done)
	})
	took := clock.System().Now().Sub(start)
	fmt.Fprintf(out, "重新加密 %d 处，用时 %.1f 秒，每秒 %.0f 处\n", n, took.Seconds(), float64(n)/max(took.Seconds(), 0.001))
	if err != nil {
		return fmt.Errorf("没有做完，请再运行一次（做完的不会重做）：%w", err)
	}
	if err := a.Audit.Write(ctx, actor.System, audit.Line{Action: "vault.rotate_keys", Kind: "key", Detail: map[string]any{
		"newest": a.Box.Newest(), "values": n}}); err != nil {
		return err
	}
	return a.PrintKeys(ctx, out)
}

// PrintKeys says which keys are in use, and which may be taken out of the configuration.
func (a *App) PrintKeys(ctx context.Context, out io.Writer) error {
	uses, err := a.Vault.Uses(ctx)
	if err != nil {
		return err
	}
	for _, line := range vault.Summary(uses) {
		fmt.Fprintln(out, "  "+line)
	}
	free, err := a.Vault.Removable(ctx, uses)
	if err != nil {
		return err
	}
	switch {
	case len(free) > 0:
		fmt.Fprintf(out, "  可以从 keys.master 里拿掉的密钥：%s\n", vault.List(free))
	case len(a.Box.IDs()) > 1:
		fmt.Fprintln(out, "  旧密钥还在用：运行 bense rotate-keys 之后才能拿掉")
	}
	return nil
}

// Reapply erases again whoever was erased and came back with an old backup.
func Reapply(ctx context.Context, o Options, out io.Writer) error {
	a, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	n, err := a.Privacy.Reapply(ctx)
	fmt.Fprintf(out, "按删除名单重新删除 %d 人\n", n)
	return say(err)
}

// Forget lists what the rules of keep would forget today, or, when really is true, forgets it.
func Forget(ctx context.Context, o Options, really bool, out io.Writer) error {
	a, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	ask, word := a.Privacy.Due, "到期，还没有清除"
	if really {
		ask, word = a.Privacy.Forget, "已清除"
	}
	due, err := ask(ctx)
	for _, d := range due {
		fmt.Fprintf(out, "%s（保存 %d 天）：%d 条%s\n", d.Rule.Word, int(d.Rule.Age.Hours()/24), d.Rows, word)
	}
	return err
}
