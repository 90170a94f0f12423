package bench

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a child with its output in a file.
type process struct {
	name string
	cmd  *exec.Cmd
	log  string
	done chan struct{}
}

func start(dir, name string, env []string, program string, args ...string) (*process, error) {
	p := &process{name: name, log: filepath.Join(dir, name+".log"), done: make(chan struct{})}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p.cmd = exec.Command(program, args...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = child()
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "BENSE_") {
			p.cmd.Env = append(p.cmd.Env, pair)
		}
	}
	p.cmd.Env = append(p.cmd.Env, env...)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("bench: %s: %w", name, err)
	}
	go func() {
		p.cmd.Wait() // how it ended is of no interest: who waits for it sees that it has
		close(p.done)
	}()
	return p, nil
}

// await asks until ready gives no error; a child that ends before fails at once.
func (p *process) await(ctx context.Context, limit time.Duration, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("bench: %s has ended:\n%s", p.name, p.tail())
		case <-ctx.Done():
			return fmt.Errorf("bench: %s is not ready: %w\n%s", p.name, err, p.tail())
		case <-tick.C:
		}
	}
}

func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// stop asks it to end, and ends it when it doesn't.
func (p *process) stop() {
	if p == nil {
		return
	}
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		p.kill()
	}
}

// kill ends it in the middle of whatever it does.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// cpu is the processor time that it has used, in steps of 10 ms.
func (p *process) cpu() time.Duration { return cpuOf(p.cmd.Process.Pid) }

func cpuOf(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	f := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(f) < 13 {
		return 0
	}
	mine, _ := strconv.Atoi(f[11]) // numbers, by the kernel's word
	kernel, _ := strconv.Atoi(f[12])
	return time.Duration(mine+kernel) * 10 * time.Millisecond
}

// resident is its memory in bytes.
func (p *process) resident() int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	var kb int64
	fmt.Sscan(rest, &kb)
	return kb << 10
}

func freePort() (int, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port, nil
}

func freeAddr() (string, error) {
	port, err := freePort()
	return fmt.Sprintf("127.0.0.1:%d", port), err
}

// mariadb is a server of our own, as durable as one in service.
type mariadb struct {
	*process
	dir  string
	port int
	root *sql.DB
}

func startMariaDB(ctx context.Context, dir string, databases ...string) (*mariadb, error) {
	m := &mariadb{dir: filepath.Join(dir, "mariadb")}
	var err error
	if m.port, err = freePort(); err != nil {
		return nil, err
	}
	if err := os.Mkdir(m.dir, 0o700); err != nil {
		return nil, err
	}
	me, err := user.Current()
	if err != nil {
		return nil, err
	}
	install := exec.CommandContext(ctx, "mariadb-install-db", "--no-defaults", "--user="+me.Username, "--datadir="+m.dir+"/data",
		"--skip-test-db", "--force", "--auth-root-authentication-method=normal")
	if out, err := install.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("bench: mariadb-install-db: %w\n%s", err, out)
	}
	if err := m.start(ctx); err != nil {
		return nil, err
	}
	for _, name := range databases {
		if _, err := m.root.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *mariadb) start(ctx context.Context) (err error) {
	me, err := user.Current()
	if err != nil {
		return err
	}
	m.process, err = start(filepath.Dir(m.dir), "mariadb", nil, "mariadbd", "--no-defaults", "--user="+me.Username, "--datadir="+m.dir+"/data",
		"--port="+strconv.Itoa(m.port), "--socket="+m.dir+"/s", "--pid-file="+m.dir+"/pid", "--bind-address=127.0.0.1", "--skip-name-resolve",
		"--skip-log-bin", "--innodb-flush-log-at-trx-commit=1", "--innodb-buffer-pool-size=1G", "--max-connections=500",
		"--character-set-server=utf8mb4", "--collation-server=utf8mb4_bin", "--performance-schema=OFF")
	if err != nil {
		return err
	}
	if m.root == nil {
		m.root, err = sql.Open("mysql", fmt.Sprintf("root@unix(%s/s)/?interpolateParams=true", m.dir))
		if err != nil {
			return err
		}
		m.root.SetMaxOpenConns(4)
	}
	return m.await(ctx, 60*time.Second, m.root.PingContext)
}

func (m *mariadb) url(database string) string {
	return fmt.Sprintf("mysql://root@127.0.0.1:%d/%s", m.port, database)
}

func (m *mariadb) dsn(database string) string {
	return fmt.Sprintf("root@tcp(127.0.0.1:%d)/%s?parseTime=true&loc=UTC&interpolateParams=true", m.port, database)
}

// status reads one of the server's counters.
func (m *mariadb) status(ctx context.Context, name string) (n int64, err error) {
	err = m.root.QueryRowContext(ctx, "SHOW GLOBAL STATUS LIKE '"+name+"'").Scan(&name, &n)
	return n, err
}

func startRedis(ctx context.Context, dir string) (*process, string, error) {
	port, err := freePort()
	if err != nil {
		return nil, "", err
	}
	p, err := start(dir, "redis", nil, "redis-server", "--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--dir", dir, "--save", "", "--appendonly", "no")
	if err != nil {
		return nil, "", err
	}
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	return p, "redis://" + addr, p.await(ctx, 20*time.Second, func(context.Context) error { return dial(addr) })
}

func dial(addr string) error {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err == nil {
		c.Close()
	}
	return err
}

var errNotReady = errors.New("bench: not ready")

// startServer serves our own service in a process of its own, as its users get it.
func startServer(ctx context.Context, program, dir, name string, env ...string) (*process, string, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, "", err
	}
	env = append([]string{"BENSE_MODE=demo", "BENSE_WECHAT_EMULATOR=true", "BENSE_HELP_PHONE=19900009999", "BENSE_SERVER_LISTEN=" + addr,
		"BENSE_DATA_DIR=" + filepath.Join(dir, name)}, env...)
	p, err := start(dir, name, env, program, "serve")
	if err != nil {
		return nil, "", err
	}
	return p, addr, p.await(ctx, 90*time.Second, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/readyz", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return errNotReady
		}
		return nil
	})
}
