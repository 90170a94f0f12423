package app

import (
	"context"
	"errors"
	"time"

	"bense/server/internal/clock"
	"bense/server/internal/outbox"
)

// What is kept how long after it has done its work.
const (
	keepOutbox = 30 * 24 * time.Hour
	keepEvents = 7 * 24 * time.Hour
	keepCodes  = 30 * 24 * time.Hour
	keepDesks  = 30 * 24 * time.Hour
	keepDrafts = 45 * 24 * time.Hour
)

// channelHousekeeping carries one message a day: the dedupe key makes any number of instances harmless.
const channelHousekeeping = "housekeeping"

// keepHouse asks for the day's housekeeping until ctx ends.
func (a *App) keepHouse(ctx context.Context) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := a.AskHousekeeping(ctx); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "housekeeping not asked for", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// AskHousekeeping puts the day's housekeeping into the outbox, once a day however often it is asked.
func (a *App) AskHousekeeping(ctx context.Context) error {
	day := a.clk.Now().In(clock.Shanghai).Format(time.DateOnly)
	return a.DB.Tx(ctx, func(ctx context.Context) error {
		return a.Outbox.Enqueue(ctx, outbox.Message{
			Channel: channelHousekeeping, DedupeKey: channelHousekeeping + ":" + day, Payload: struct{}{},
		})
	})
}

// houseKeeper removes what has done its work.
func (a *App) houseKeeper() outbox.Dispatcher {
	return outbox.DispatchFunc(func(ctx context.Context, _ []byte) (bool, error) {
		now := a.clk.Now()
		n, err := a.Outbox.Prune(ctx, now.Add(-keepOutbox))
		err = errors.Join(err, a.Notice.PruneEvents(ctx, now.Add(-keepEvents)), a.Notice.PruneChecks(ctx, now.Add(-keepEvents)),
			a.Notice.PruneDrafts(ctx, now.Add(-keepDrafts)),
			a.Identity.PruneCodes(ctx, now.Add(-keepCodes)), a.Roster.Prune(ctx), a.Papers.Prune(ctx), a.Jobs.Prune(ctx),
			a.Identity.PruneConsole(ctx, now.Add(-keepDesks)))
		_, forgot := a.Privacy.Forget(ctx)
		err = errors.Join(err, forgot, a.Privacy.KeepList(ctx))
		a.log.InfoContext(ctx, "housekeeping", "messages", n, "ok", err == nil)
		return true, err
	})
}

// work sends what waits in the outbox and links the audit until ctx ends.
func (a *App) work(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.keepHouse(ctx)
	}()
	sealed := make(chan struct{})
	go func() {
		defer close(sealed)
		a.Sealer.Run(ctx)
	}()
	if err := a.Worker.Run(ctx); err != nil {
		a.log.ErrorContext(ctx, "worker ended", "error", err)
	}
	<-done
	<-sealed
}
