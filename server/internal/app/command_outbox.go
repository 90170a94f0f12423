package app

import (
	"context"
	"fmt"
	"io"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/outbox"
)

// Leftovers lists what the outbox has given up or is not sure about, by channel and reason. With a
// channel it puts what was given up there back into the queue; what may have gone out stays as it is.
func Leftovers(ctx context.Context, o Options, again string, out io.Writer) error {
	a, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	if again != "" {
		var n int
		err := a.DB.Tx(ctx, func(ctx context.Context) (err error) {
			if n, err = a.Outbox.AgainIn(ctx, again); err != nil || n == 0 {
				return err
			}
			return a.Audit.Write(ctx, actor.System, audit.Line{Action: "outbox.again", Kind: "outbox", Detail: map[string]any{"channel": again, "messages": n}})
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s：%d 条已重新排队\n", again, n)
	}
	left, err := a.Outbox.Leftovers(ctx)
	if err != nil {
		return err
	}
	if len(left) == 0 {
		fmt.Fprintln(out, "没有发不出去的")
	}
	words := map[outbox.State]string{outbox.Dead: "已放弃", outbox.Unknown: "不知道发出没有"}
	for _, l := range left {
		fmt.Fprintf(out, "%-14s %s %6d 条  %s\n", l.Channel, words[l.State], l.Rows, l.Code)
	}
	return nil
}
