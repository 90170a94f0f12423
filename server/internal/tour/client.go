package tour

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// client calls the public API as a phone or a browser would.
type client struct {
	base string // with /api/v1
	http *http.Client

	mu    sync.Mutex
	calls int
}

func newClient(base string, workers int) *client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost, t.MaxConnsPerHost = workers, workers
	return &client{base: base + "/api/v1", http: &http.Client{Transport: t, Timeout: 60 * time.Second}}
}

// made tells how many requests went out.
func (c *client) made() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls
}

// close drops idle connections.
func (c *client) close() { c.http.CloseIdleConnections() }

// problem is an answer that is not a success.
type problem struct {
	Route   string
	Status  int    `json:"status"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Fields  []struct{ Field, Message string }
}

// Error names what was called and the server's word for what went wrong.
func (p *problem) Error() string {
	return fmt.Sprintf("%s: %d %s %s %v", p.Route, p.Status, p.Code, p.Message, p.Fields)
}

// do sends in as JSON, or as it is when it is bytes, and reads the answer into out: JSON, or the
// bytes as they are for *[]byte. out may be nil.
func (c *client) do(ctx context.Context, token, method, path string, in, out any) error {
	var body io.Reader
	kind := "application/json"
	switch v := in.(type) {
	case nil:
	case []byte:
		body, kind = bytes.NewReader(v), "application/octet-stream"
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", kind)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	c.mu.Lock()
	c.calls++
	c.mu.Unlock()
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if resp.StatusCode >= 300 {
		p := &problem{Route: method + " " + path, Status: resp.StatusCode}
		_ = json.Unmarshal(answer, p) // whatever it is, the status is known
		return p
	}
	switch v := out.(type) {
	case nil:
	case *[]byte:
		*v = answer
	default:
		if err := json.Unmarshal(answer, out); err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
	return nil
}

// list reads all pages of a list; path may hold a query.
func list[T any](ctx context.Context, p *phone, path string) ([]T, error) {
	sep := "?"
	if bytes.ContainsRune([]byte(path), '?') {
		sep = "&"
	}
	var all []T
	after := ""
	for {
		var page struct {
			Items []T    `json:"items"`
			Next  string `json:"next"`
		}
		if err := p.get(ctx, path+sep+"limit=500&after="+after, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == "" {
			return all, nil
		}
		after = page.Next
	}
}

// each runs fn for every item with a few workers and gives the first error.
func each[T any](ctx context.Context, workers int, items []T, fn func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan T)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for item := range work {
				if ctx.Err() == nil {
					if err := fn(ctx, item); err != nil {
						cancel(err)
					}
				}
			}
		})
	}
	for _, item := range items {
		work <- item
	}
	close(work)
	wg.Wait()
	return context.Cause(ctx)
}
