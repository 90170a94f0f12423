package bench

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"time"
)

// pocketbase is the side that stands ready-made: a collection with a unique index, the API as it comes.
type pocketbase struct {
	*process
	addr, token string
}

const (
	pbMail     = "bench@example.com"
	pbPassword = "bench-bench-bench"
)

func startPocketBase(ctx context.Context, dir, program string) (*pocketbase, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	data := "--dir=" + filepath.Join(dir, "pocketbase")
	p, err := start(dir, "pocketbase-superuser", nil, program, "superuser", "upsert", pbMail, pbPassword, data)
	if err != nil {
		return nil, err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		p.kill()
		return nil, ctx.Err()
	}
	s := &pocketbase{addr: addr}
	if s.process, err = start(dir, "pocketbase", nil, program, "serve", "--http="+addr, data); err != nil {
		return nil, err
	}
	if err := s.await(ctx, 30*time.Second, func(context.Context) error { return dial(addr) }); err != nil {
		return nil, err
	}
	return s, s.setUp(ctx)
}

// setUp makes the collection and a user whose token goes with every request.
func (s *pocketbase) setUp(ctx context.Context) error {
	var in struct {
		Token string `json:"token"`
	}
	base := "http://" + s.addr + "/api/collections"
	if err := call(ctx, "POST", base+"/_superusers/auth-with-password", "", map[string]any{"identity": pbMail, "password": pbPassword}, &in); err != nil {
		return err
	}
	field := func(name string) map[string]any {
		return map[string]any{"name": name, "type": "text", "required": true}
	}
	err := call(ctx, "POST", base, in.Token, map[string]any{
		"name": "checkins", "type": "base", "createRule": "@request.auth.id != ''", "viewRule": "@request.auth.id != ''",
		"fields":  []any{field("list"), field("person"), field("attempt"), field("happened_at")},
		"indexes": []string{"CREATE UNIQUE INDEX uq_checkins ON checkins (list, person)"},
	}, nil)
	if err != nil {
		return err
	}
	user := map[string]any{"email": "member@example.com", "password": pbPassword, "passwordConfirm": pbPassword}
	if err := call(ctx, "POST", base+"/users/records", in.Token, user, nil); err != nil {
		return err
	}
	err = call(ctx, "POST", base+"/users/auth-with-password", "", map[string]any{"identity": "member@example.com", "password": pbPassword}, &in)
	s.token = in.Token
	return err
}

// records prepares n sign-ins on a list of their own.
func (s *pocketbase) records(list string, n int) *Batch {
	b := &Batch{}
	for i := range n {
		attempt := nonce()
		b.Add(Request("POST", "/api/collections/checkins/records", s.token, fmt.Appendf(nil, `{"list":"%s","person":"%d","attempt":"%s","happened_at":"%s"}`,
			list, i, hex.EncodeToString(attempt[:]), time.Now().UTC().Format(time.RFC3339))))
	}
	return b
}

func recorded(body []byte) Ack {
	if bytes.Contains(body, []byte(`"collectionName":"checkins"`)) {
		return New
	}
	return None
}

// call makes one ordinary JSON request; out may be nil.
func call(ctx context.Context, method, url, token string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return &refusal{Status: res.StatusCode, text: fmt.Sprintf("bench: %s %s: %d %s", method, url, res.StatusCode, answer)}
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

// refusal is an answer that is no success.
type refusal struct {
	Status int
	text   string
}

func (r *refusal) Error() string { return r.text }
