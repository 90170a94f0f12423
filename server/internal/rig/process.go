// Package rig starts real servers as child processes on free loopback ports — MariaDB, Redis and our
// own service — and kills, stops and restarts them: what the fault tests and the bench stand on. A
// child dies with its parent.
package rig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// How long a child is waited for.
const (
	readyWithin = 60 * time.Second
	stopWithin  = 20 * time.Second
	lookEvery   = 10 * time.Millisecond
)

// Process is a child with its output in a file. It can be started again with the same arguments, and
// so on the same port and data.
type Process struct {
	name, log string
	env       []string
	argv      []string
	ready     func(context.Context) error

	mu    sync.Mutex
	cmd   *exec.Cmd
	done  chan struct{}
	ended bool // on purpose, for good
}

// Start runs the child, again when it has ended, and comes back when it serves.
func (p *Process) Start() error {
	if err := p.spawn(); err != nil {
		return err
	}
	return p.Await(readyWithin)
}

func (p *Process) spawn() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return errors.New("rig: " + p.name + " was stopped for good")
	}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("rig: %w", err)
	}
	defer out.Close()
	cmd := exec.Command(p.argv[0], p.argv[1:]...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "BENSE_") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	cmd.Env = append(cmd.Env, p.env...)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("rig: %s: %w", p.name, err)
	}
	done := make(chan struct{})
	p.cmd, p.done = cmd, done
	go func() {
		cmd.Wait() // whoever waits for the end looks at ProcessState
		close(done)
	}()
	return nil
}

// Await asks the child until it serves; one that has ended fails at once.
func (p *Process) Await(limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		err := p.ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.Done():
			return fmt.Errorf("rig: %s has ended:\n%s", p.name, p.Tail())
		case <-ctx.Done():
			return fmt.Errorf("rig: %s is not ready: %w\n%s", p.name, err, p.Tail())
		case <-tick.C:
		}
	}
}

// Done is closed when the child that runs now has ended.
func (p *Process) Done() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done
}

func (p *Process) command() (*exec.Cmd, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd, p.done
}

// PID is the number of the child that runs now, or ran last.
func (p *Process) PID() int {
	cmd, _ := p.command()
	return cmd.Process.Pid
}

// Kill ends the child in the middle of whatever it does (SIGKILL) and comes back when it is gone.
func (p *Process) Kill() {
	cmd, done := p.command()
	cmd.Process.Signal(syscall.SIGKILL) // gone already is as good
	<-done
}

// Pause stops the child without ending it (SIGSTOP): its connections stand and nothing is answered. It
// comes back when every thread has stopped: on a busy machine some go on for a while after the signal.
func (p *Process) Pause() error {
	if err := p.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	for limit := time.Now().Add(stopWithin); !stopped(p.PID()); time.Sleep(lookEvery) {
		if time.Now().After(limit) {
			return fmt.Errorf("rig: %s still runs %s after it was told to pause", p.name, stopWithin)
		}
	}
	return nil
}

// stopped reports whether no thread of a process runs, as far as the system tells (proc(5): the state
// follows the name in brackets).
func stopped(pid int) bool {
	stats, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // a thread that has ended
		}
		if _, state, _ := strings.Cut(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " "); !strings.HasPrefix(state, "T") {
			return false
		}
	}
	return true
}

// Resume lets a paused child go on (SIGCONT).
func (p *Process) Resume() error { return p.signal(syscall.SIGCONT) }

// Terminate asks the child to end (SIGTERM); Wait waits for it.
func (p *Process) Terminate() error { return p.signal(syscall.SIGTERM) }

func (p *Process) signal(s syscall.Signal) error {
	cmd, _ := p.command()
	return cmd.Process.Signal(s)
}

// Wait waits until the child has ended and gives its exit code; -1 for one that a signal ended.
func (p *Process) Wait(limit time.Duration) (int, error) {
	cmd, done := p.command()
	select {
	case <-done:
		return cmd.ProcessState.ExitCode(), nil
	case <-time.After(limit):
		return 0, fmt.Errorf("rig: %s still runs after %s", p.name, limit)
	}
}

// Stop ends the child for good: it is asked first, and killed when it does not go.
func (p *Process) Stop() {
	p.mu.Lock()
	p.ended = true
	cmd, done := p.cmd, p.done
	p.mu.Unlock()
	if cmd == nil {
		return
	}
	cmd.Process.Signal(syscall.SIGCONT)
	cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-done:
	case <-time.After(stopWithin):
		p.Kill()
	}
}

// Tail is the end of what the child has written.
func (p *Process) Tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// FreePort finds a port of the loopback that nobody listens on, below those that the system hands out
// to whoever connects: nobody gets it before it is used.
func FreePort() (port int, err error) {
	for range 100 {
		port = 15_000 + rand.IntN(17_000)
		var ln net.Listener
		if ln, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return port, ln.Close()
		}
	}
	return 0, err
}

// folder makes a folder for a server's files below dir.
func folder(dir, name string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return os.MkdirTemp(dir, name+"-")
}
