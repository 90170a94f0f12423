package rig

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"time"

	_ "github.com/go-sql-driver/mysql" // for the databases' making
)

// MariaDB is a server as durable as one in service: every commit is flushed before it is answered.
type MariaDB struct {
	*Process
	Port int
	dir  string
	root *sql.DB
}

// StartMariaDB makes an empty server below dir. Further arguments go to mariadbd, such as
// --log-bin --sync-binlog=1.
func StartMariaDB(dir string, args ...string) (*MariaDB, error) {
	dir, err := folder(dir, "mariadb")
	if err != nil {
		return nil, err
	}
	m := &MariaDB{dir: dir}
	if m.Port, err = FreePort(); err != nil {
		return nil, err
	}
	me, err := user.Current()
	if err != nil {
		return nil, err
	}
	install := exec.Command("mariadb-install-db", "--no-defaults", "--user="+me.Username, "--datadir="+dir+"/data",
		"--skip-test-db", "--force", "--auth-root-authentication-method=normal")
	install.Env = append(os.Environ(), "TMPDIR="+dir) // a server that starts clears away the temporary tables of others
	out, err := install.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("rig: mariadb-install-db: %w\n%s", err, out)
	}
	if m.root, err = sql.Open("mysql", fmt.Sprintf("root@unix(%s/s)/", dir)); err != nil {
		return nil, err
	}
	m.root.SetMaxIdleConns(0) // a connection of before a kill tells nothing
	m.Process = &Process{name: "mariadbd", log: dir + "/log", ready: m.root.PingContext, argv: append([]string{"mariadbd", "--no-defaults",
		"--user=" + me.Username, "--datadir=" + dir + "/data", "--port=" + strconv.Itoa(m.Port), "--socket=" + dir + "/s",
		"--pid-file=" + dir + "/pid", "--tmpdir=" + dir, "--bind-address=127.0.0.1", "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=1",
		"--max-connections=500", "--character-set-server=utf8mb4", "--collation-server=utf8mb4_bin"}, args...)}
	if err := m.Start(); err != nil {
		m.Stop()
		return nil, err
	}
	return m, nil
}

// Create makes a database and gives its URL.
func (m *MariaDB) Create(name string) (string, error) {
	_, err := m.root.Exec("CREATE DATABASE IF NOT EXISTS " + name + " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
	return m.URL(name), err
}

// URL is that of a database on this server.
func (m *MariaDB) URL(name string) string {
	return fmt.Sprintf("mysql://root@127.0.0.1:%d/%s", m.Port, name)
}

// Addr is where it listens.
func (m *MariaDB) Addr() string { return fmt.Sprintf("127.0.0.1:%d", m.Port) }

// Stop ends it for good.
func (m *MariaDB) Stop() {
	m.root.Close()
	m.Process.Stop()
}

// Redis is a server without persistence.
type Redis struct {
	*Process
	Port int
}

// StartRedis makes an empty server below dir. Further arguments go to redis-server.
func StartRedis(dir string, args ...string) (*Redis, error) {
	dir, err := folder(dir, "redis")
	if err != nil {
		return nil, err
	}
	r := &Redis{}
	if r.Port, err = FreePort(); err != nil {
		return nil, err
	}
	r.Process = &Process{name: "redis-server", log: dir + "/log", ready: func(context.Context) error { _, err := r.Do("PING"); return err },
		argv: append([]string{"redis-server", "--bind", "127.0.0.1", "--port", strconv.Itoa(r.Port), "--dir", dir, "--save", "",
			"--appendonly", "no"}, args...)}
	if err := r.Start(); err != nil {
		r.Stop()
		return nil, err
	}
	return r, nil
}

// URL is that of the server.
func (r *Redis) URL() string { return "redis://" + r.Addr() }

// Addr is where it listens.
func (r *Redis) Addr() string { return fmt.Sprintf("127.0.0.1:%d", r.Port) }

// Do runs one command of plain words over a connection of its own and gives the first line of the answer.
func (r *Redis) Do(words ...string) (string, error) {
	c, err := net.DialTimeout("tcp", r.Addr(), time.Second)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return "", err
	}
	fmt.Fprintf(c, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(c, "$%d\r\n%s\r\n", len(w), w)
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	line = strings.TrimSpace(line)
	if err == nil && strings.HasPrefix(line, "-") {
		err = fmt.Errorf("rig: %s: %s", words[0], line)
	}
	return line, err
}
