package rig

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// Server is our own service as its users get it: `bense serve` in demo mode.
type Server struct {
	*Process
	URL, Addr string
	dir       string
	watched   chan struct{} // closed when the supervisor has gone; nil without one
}

// StartServer runs program with environ, which overrides the demo's settings, and comes back when
// /readyz says so.
func StartServer(program string, environ []string) (*Server, error) {
	dir, err := os.MkdirTemp("", "bense-rig-")
	if err != nil {
		return nil, err
	}
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	s := &Server{Addr: fmt.Sprintf("127.0.0.1:%d", port), dir: dir}
	s.URL = "http://" + s.Addr
	env := append([]string{"BENSE_MODE=demo", "BENSE_WECHAT_EMULATOR=true", "BENSE_HELP_PHONE=19900009999",
		"BENSE_SERVER_LISTEN=" + s.Addr, "BENSE_DATA_DIR=" + filepath.Join(dir, "data")}, environ...)
	s.Process = &Process{name: "bense", log: filepath.Join(dir, "log"), env: env, argv: []string{program, "serve"}, ready: s.isReady}
	if err := s.Start(); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

var lookers = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

func (s *Server) isReady(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/readyz", nil)
	if err != nil {
		return err
	}
	res, err := lookers.Do(req)
	if err != nil {
		return err
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("rig: /readyz answers %d", res.StatusCode)
	}
	return nil
}

// Supervise starts the service again on its port whenever it has ended, until Stop, as systemd or
// Docker would.
func (s *Server) Supervise() {
	s.watched = make(chan struct{})
	go func() {
		defer close(s.watched)
		for {
			<-s.Done()
			if s.spawn() != nil {
				return // stopped for good
			}
		}
	}()
}

// Stop ends it for good and removes its files.
func (s *Server) Stop() {
	s.Process.Stop()
	if s.watched != nil {
		<-s.watched
	}
	os.RemoveAll(s.dir)
}
