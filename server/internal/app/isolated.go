package app

import (
	"context"
	_ "embed"
	"log/slog"
	"net"
	"os"
	"time"

	"bense/server/internal/clock"
	"bense/server/internal/config"
	"bense/server/internal/id"
)

//go:embed sample/county.xlsx
var sampleCounty []byte

// SampleCounty is the workbook of an invented county: 517 people, 24 units, 4 alliances.
func SampleCounty() []byte { return sampleCounty }

// IsolatedOptions choose what an Instance stands on; zero: a temporary SQLite file, the in-process
// Redis, the machine's clock, no log.
type IsolatedOptions struct {
	Database, Redis string
	Log             *slog.Logger
	Clock           clock.Clock
	Environ         []string // further BENSE_* settings
}

// Instance is a service of its own with an emulator behind it, listening on a free port. Its worker
// runs only in Drain.
type Instance struct {
	*App
	URL  string
	stop func()
}

// Isolated starts an instance.
func Isolated(ctx context.Context, o IsolatedOptions) (_ *Instance, err error) {
	dir, err := os.MkdirTemp("", "bense-isolated-")
	if err != nil {
		return nil, err
	}
	inst := &Instance{stop: func() { os.RemoveAll(dir) }}
	defer func() {
		if err != nil {
			inst.Close()
		}
	}()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	environ := append([]string{"BENSE_MODE=demo", "BENSE_WECHAT_EMULATOR=true"}, o.Environ...)
	cfg, err := config.Load("", environ)
	if err != nil {
		return nil, err
	}
	cfg.DataDir, cfg.Database.URL = dir, o.Database
	if o.Redis != "" {
		cfg.Redis.URL = o.Redis
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	inst.URL = "http://" + ln.Addr().String()
	cfg.Server.PublicURL = inst.URL
	if inst.App, err = New(ctx, cfg, o.Log, o.Clock); err != nil {
		ln.Close()
		return nil, err
	}
	srv := inst.httpServer(o.Log)
	go srv.Serve(ln)
	inst.onClose(func() {
		grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if srv.Shutdown(grace) != nil {
			srv.Close()
		}
	})
	inst.Emulator.SetCallback(inst.URL + "/wechat/callback")
	inst.Emulator.SetOfficialCallback(inst.URL + officialCallback)
	inst.started.Store(true)
	return inst, nil
}

// Drain runs the worker until nothing is due.
func (i *Instance) Drain(ctx context.Context) error {
	_, err := i.Worker.RunOnce(ctx)
	return err
}

// Close stops serving, closes everything and removes the temporary files.
func (i *Instance) Close() {
	if i.App != nil {
		i.App.Close()
	}
	i.stop()
}

// FoundCommittee gives the id of a committee by name, making it when there is none.
func (a *App) FoundCommittee(ctx context.Context, name string) (id.ID, error) {
	return foundCommittee(ctx, a, name)
}
