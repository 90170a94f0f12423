//go:build faults

package fault_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// proxy puts toxiproxy before an address.
func proxy(t *testing.T, upstream string) *toxiproxy.Proxy {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	p := toxiproxy.NewProxy(server, t.Name(), "127.0.0.1:0", upstream)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p
}

// toxic adds a fault to a proxy and gives its end.
func toxic(t *testing.T, p *toxiproxy.Proxy, kind, stream, attributes string) (end func()) {
	t.Helper()
	w, err := p.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(`{"name":"%s-%s","type":"%s","stream":"%s","attributes":%s}`, kind, stream, kind, stream, attributes)))
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := p.Toxics.RemoveToxic(t.Context(), w.Name); err != nil {
			t.Error(err)
		}
	}
}

// blackHole swallows everything both ways and closes nothing.
func blackHole(t *testing.T, p *toxiproxy.Proxy) (end func()) {
	up, down := toxic(t, p, "timeout", "upstream", `{"timeout":0}`), toxic(t, p, "timeout", "downstream", `{"timeout":0}`)
	return func() { up(); down() }
}

// forward accepts connections until the end of the test.
func forward(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go handle(c)
		}
	}()
	return ln.Addr().String()
}

// cutter stands before MariaDB and, when armed, tears a connection exactly when the answer to COMMIT
// comes back: the transaction stands, and who asked for it cannot know.
type cutter struct {
	upstream string
	every    atomic.Int64 // tear each n-th COMMIT; 0: none
	commits  atomic.Int64
	torn     atomic.Int64
}

const comQuery = 3 // first byte of a statement in MySQL's protocol

func (k *cutter) handle(client net.Conn) {
	server, err := net.Dial("tcp", k.upstream)
	if err != nil {
		client.Close()
		return
	}
	var tear atomic.Bool
	var once sync.Once
	end := func() { once.Do(func() { client.Close(); server.Close() }) }
	defer end()
	go func() {
		defer end()
		buf := make([]byte, 32<<10)
		for {
			n, err := server.Read(buf)
			if n > 0 && tear.Load() {
				k.torn.Add(1)
				client.(*net.TCPConn).SetLinger(0) // a reset, no orderly end
				return
			}
			if _, werr := client.Write(buf[:n]); errors.Join(err, werr) != nil {
				return
			}
		}
	}()
	head := make([]byte, 4)
	for { // a packet: 3 bytes of length, its number, the payload
		if _, err := io.ReadFull(client, head); err != nil {
			return
		}
		body := make([]byte, int(head[0])|int(head[1])<<8|int(head[2])<<16)
		if _, err := io.ReadFull(client, body); err != nil {
			return
		}
		if len(body) > 0 && body[0] == comQuery && strings.EqualFold(string(body[1:]), "COMMIT") {
			if n, every := k.commits.Add(1), k.every.Load(); every > 0 && n%every == 0 {
				tear.Store(true)
			}
		}
		if _, err := server.Write(append(head[:4:4], body...)); err != nil {
			return
		}
	}
}

// balancer hands each connection to the next of its servers that says it is ready, as any balancer with
// a health check does, or else to one that takes it.
type balancer struct {
	mu      sync.Mutex
	servers []string
	next    int
}

func (b *balancer) set(servers ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.servers = servers
}

func (b *balancer) order() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next++
	n := b.next % len(b.servers)
	turn := append(append([]string{}, b.servers[n:]...), b.servers[:n]...)
	slices.SortStableFunc(turn, func(a, b string) int { return unready(a) - unready(b) })
	return turn
}

// unready is 1 for a server that is not there, starts, or is about to end.
func unready(addr string) int {
	res, err := client.Get("http://" + addr + "/readyz")
	if err != nil {
		return 1
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return 1
	}
	return 0
}

func (b *balancer) handle(client net.Conn) {
	defer client.Close()
	for _, addr := range b.order() {
		server, err := net.Dial("tcp", addr)
		if err != nil {
			continue
		}
		defer server.Close()
		go func() {
			io.Copy(server, client)
			server.(*net.TCPConn).CloseWrite()
		}()
		io.Copy(client, server)
		return
	}
}
