package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"bense/server/internal/config"
	"bense/server/internal/crypt"
	"bense/server/internal/log"
)

// Options are what every command gets from its caller.
type Options struct {
	ConfigFile string
	Environ    []string
	Listen     string // overrides server.listen
	DataDir    string // overrides data_dir
	Log        io.Writer
}

func (o Options) load() (config.Config, *slog.Logger, error) {
	cfg, err := config.Load(o.ConfigFile, o.Environ)
	if err != nil {
		return cfg, nil, err
	}
	if o.Listen != "" {
		cfg.Server.Listen = o.Listen
	}
	if o.DataDir != "" {
		cfg.DataDir = o.DataDir
	}
	return cfg, log.New(o.Log, cfg.Log.Level), nil
}

// completeDemo fills in what a demo makes up by itself: a database file and a master key in its folder.
func completeDemo(cfg *config.Config) error {
	if cfg.Mode != config.Demo {
		return nil
	}
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return fmt.Errorf("app: %w", err)
	}
	if cfg.Database.URL == "" {
		cfg.Database.URL = "sqlite://" + filepath.Join(cfg.DataDir, "bense.db")
	}
	if cfg.Keys.Master != "" {
		return nil
	}
	file := filepath.Join(cfg.DataDir, "master.key")
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		text = []byte(crypt.NewKey(1) + "\n")
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("app: %w", err)
	}
	cfg.Keys.Master = string(text)
	return nil
}

func newBox(master string) (*crypt.Box, error) {
	var keys []crypt.Key
	for _, part := range strings.FieldsFunc(master, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' || r == '\t' }) {
		k, err := crypt.ParseKey(part)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return crypt.New(keys...)
}

// httpServer has the time-outs that a slow or hostile client runs into.
func httpServer(h http.Handler, l *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 60 * time.Second,
		WriteTimeout: 90 * time.Second, IdleTimeout: 120 * time.Second, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(l.Handler(), slog.LevelDebug),
	}
}

// httpServer serves this instance; who is connected for the sake of the hub is let go first when it
// shuts down.
func (a *App) httpServer(l *slog.Logger) *http.Server {
	srv := httpServer(a.Web.Engine, l)
	srv.RegisterOnShutdown(a.Live.Close)
	return srv
}

// drainFor is how long an instance that was told to end still serves: it says that it is not ready and
// closes each connection with its answer, so that whoever balances goes elsewhere first.
const drainFor = 700 * time.Millisecond

// Serve runs the service until ctx ends, then shuts down in the order that loses nothing: no new
// connections, requests in flight answered, the worker's sends finished, connections closed.
func Serve(ctx context.Context, o Options) error {
	lines := log.NewBuffer(o.Log)
	defer lines.Close()
	o.Log = lines
	cfg, l, err := o.load()
	if err != nil {
		return err
	}
	a, err := New(ctx, cfg, l, nil)
	if err != nil {
		return err
	}
	defer a.Close()
	ln, err := net.Listen("tcp", cfg.Server.Listen)
	if err != nil {
		return fmt.Errorf("app: %w", err)
	}
	if cfg.Server.Pprof != "" {
		stop, err := serveProfiles(cfg.Server.Pprof)
		if err != nil {
			ln.Close()
			return err
		}
		defer stop()
	}
	srv := a.httpServer(l)
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		if cfg.Worker.Embedded {
			a.work(work)
		}
	}()
	if err := a.start(ctx, "http://"+ln.Addr().String()); err != nil {
		if ctx.Err() != nil {
			err = nil // told to stop before it was ready
		} else {
			l.Error("not started", "error", err)
		}
		err = errors.Join(err, srv.Close())
		stopWork()
		<-worked
		return err
	}
	go a.checkTemplates(work)
	l.Info("serving", "listen", ln.Addr().String(), "mode", cfg.Mode)
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	l.Info("shutting down")
	a.started.Store(false)
	a.Web.Drain()
	select {
	case err = <-failed:
	case <-time.After(drainFor):
	}
	grace, cancel := context.WithTimeout(context.Background(), cfg.Server.ShutdownTimeout)
	defer cancel()
	err = errors.Join(ignoreClosed(err), srv.Shutdown(grace))
	stopWork()
	<-worked
	return err
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Work runs only the worker.
func Work(ctx context.Context, o Options) error {
	cfg, l, err := o.load()
	if err != nil {
		return err
	}
	a, err := New(ctx, cfg, l, nil)
	if err != nil {
		return err
	}
	defer a.Close()
	l.Info("working")
	a.work(ctx)
	return nil
}
