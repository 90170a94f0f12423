package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// conn is a kept-alive HTTP/1.1 connection with no more in it than the load needs: whatever the
// generator burns is missing for the side that is measured.
type conn struct {
	addr string
	c    net.Conn
	r    *bufio.Reader
	body []byte
	end  time.Time
}

func newConn(addr string, end time.Time) *conn {
	return &conn{addr: addr, r: bufio.NewReaderSize(nil, 4096), body: make([]byte, 0, 4096), end: end}
}

func (c *conn) open() error {
	if c.c != nil {
		return nil
	}
	nc, err := net.DialTimeout("tcp", c.addr, 2*time.Second)
	if err != nil {
		return err
	}
	if err := nc.SetDeadline(c.end); err != nil {
		return err
	}
	c.c = nc
	c.r.Reset(nc)
	return nil
}

func (c *conn) close() {
	if c.c != nil {
		c.c.Close()
		c.c = nil
	}
}

// do sends a prepared request and gives the status and the body, which is good until the next call.
func (c *conn) do(request []byte) (int, []byte, error) {
	if err := c.open(); err != nil {
		return 0, nil, err
	}
	status, body, err := c.exchange(request)
	if err != nil {
		c.close()
	}
	return status, body, err
}

var errAnswer = errors.New("bench: not an HTTP answer")

func (c *conn) exchange(request []byte) (int, []byte, error) {
	if _, err := c.c.Write(request); err != nil {
		return 0, nil, err
	}
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return 0, nil, err
	}
	if len(line) < 12 {
		return 0, nil, errAnswer
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil {
		return 0, nil, errAnswer
	}
	length, chunked, closing := 0, false, false
	for {
		if line, err = c.r.ReadSlice('\n'); err != nil {
			return 0, nil, err
		}
		if len(line) <= 2 {
			break
		}
		switch {
		case header(line, "content-length: "):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[16:]))); err != nil {
				return 0, nil, errAnswer
			}
		case header(line, "transfer-encoding: chunked"):
			chunked = true
		case header(line, "connection: close"):
			closing = true
		}
	}
	if chunked {
		err = c.chunks()
	} else {
		err = c.take(length)
	}
	if err == nil && closing {
		c.close()
	}
	return status, c.body, err
}

func header(line []byte, lower string) bool {
	return len(line) >= len(lower) && (line[0]|0x20) == lower[0] && bytes.EqualFold(line[:len(lower)], []byte(lower))
}

// take reads n bytes of body.
func (c *conn) take(n int) error {
	if cap(c.body) < n {
		c.body = make([]byte, n)
	}
	c.body = c.body[:n]
	_, err := io.ReadFull(c.r, c.body)
	return err
}

func (c *conn) chunks() error {
	c.body = c.body[:0]
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return errAnswer
		}
		at := len(c.body)
		c.body = append(c.body, make([]byte, n+2)...)
		if _, err := io.ReadFull(c.r, c.body[at:]); err != nil {
			return err
		}
		c.body = c.body[:at+int(n)]
		if n == 0 {
			return nil
		}
	}
}

// Request writes one out, ready to be sent again and again; a nil body is none.
func Request(method, path, token string, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: bench\r\n", method, path)
	if token != "" {
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", token)
	}
	if body != nil {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}
