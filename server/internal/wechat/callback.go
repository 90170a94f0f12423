package wechat

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/silenceper/wechat/v2/util"
)

const (
	callbackSkew  = 5 * time.Minute
	callbackBody  = 256 << 10
	callbackWait  = 3 * time.Second // the platform gives up after 5 s and asks again, three times in all
	callbackLimit = 30 * time.Second
	callbackMany  = 64
	// Longer than any repetition that the time stamp lets through.
	seenFor = 2*callbackSkew + 5*time.Minute
)

var errPanicked = errors.New("wechat: callback handler panicked")

// Receiver is the address to which the platform calls back. Only requests with both signatures, encrypted, from
// within five minutes are believed; a repetition is answered but not handled again.
type Receiver struct {
	c      *Client
	handle func(context.Context, Event) error
	slots  chan struct{}
	work   sync.WaitGroup
}

// Callback makes the receiver. handle should only write the event down. It must bear being called twice for one event in
// rare cases (a crash, Redis gone). If it fails within three seconds the platform is told so and calls
// again; if it takes longer the platform gets its answer and the work goes on.
func (c *Client) Callback(handle func(context.Context, Event) error) *Receiver {
	return &Receiver{c: c, handle: handle, slots: make(chan struct{}, callbackMany)}
}

// Wait returns when no event is being handled any more: call it after the HTTP server has shut down.
func (r *Receiver) Wait() { r.work.Wait() }

// ServeHTTP answers the console's check (GET) and events (POST).
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch req.Method {
	case http.MethodGet:
		r.echo(w, req)
	case http.MethodPost:
		r.receive(w, req)
	default:
		w.Header().Set("Allow", "GET, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// echo proves to the platform's console that this server knows the token.
func (r *Receiver) echo(w http.ResponseWriter, req *http.Request) {
	q := req.URL.Query()
	echo := q.Get("echostr")
	if !r.fresh(q.Get("timestamp")) || !r.signed(q.Get("signature"), q.Get("timestamp"), q.Get("nonce")) || len(echo) > 256 {
		r.refuse(w, req, "echo")
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(w, echo)
}

func (r *Receiver) receive(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, callbackBody))
	if err != nil {
		r.refuse(w, req, "body")
		return
	}
	raw, why := r.open(req, body)
	if why != "" {
		r.refuse(w, req, why)
		return
	}
	event, err := ParseEvent(raw)
	if err != nil {
		// Genuine, but nothing that we can read: repeating it won't help, so it is accepted and dropped.
		r.c.log.WarnContext(req.Context(), "wechat callback not understood", slog.Int("bytes", len(raw)))
		succeed(w)
		return
	}
	sum := sha256.Sum256(raw)
	key := hex.EncodeToString(sum[:])
	if !r.c.first.claim(req.Context(), key) {
		succeed(w)
		return
	}
	select {
	case r.slots <- struct{}{}:
	default:
		r.c.first.release(key)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	done := make(chan error, 1)
	r.work.Add(1)
	go r.run(context.WithoutCancel(req.Context()), key, event, done)
	timer := time.NewTimer(callbackWait)
	defer timer.Stop()
	select {
	case err = <-done:
	case <-timer.C:
	}
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	succeed(w)
}

func (r *Receiver) run(ctx context.Context, key string, event Event, done chan<- error) {
	defer r.work.Done()
	defer func() { <-r.slots }()
	ctx, cancel := context.WithTimeout(ctx, callbackLimit)
	defer cancel()
	err := r.guarded(ctx, event)
	if err != nil {
		r.c.first.release(key)
		r.c.log.ErrorContext(ctx, "wechat callback failed", slog.String("event", string(event.Kind)), slog.Any("error", err))
	}
	done <- err
}

// guarded turns a panic into a failure: outside of the request's goroutine it would end the process.
func (r *Receiver) guarded(ctx context.Context, event Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.c.log.ErrorContext(ctx, "wechat callback panicked", slog.String("stack", string(debug.Stack())))
			err = errPanicked
		}
	}()
	return r.handle(ctx, event)
}

// open checks time, both signatures and the encryption; it gives the plain message or the reason for the log.
func (r *Receiver) open(req *http.Request, body []byte) ([]byte, string) {
	q := req.URL.Query()
	stamp, nonce := q.Get("timestamp"), q.Get("nonce")
	switch {
	case !r.fresh(stamp):
		return nil, "time"
	case !r.signed(q.Get("signature"), stamp, nonce):
		return nil, "signature"
	case q.Get("encrypt_type") != "aes" || r.c.cfg.AESKey == "":
		return nil, "plaintext"
	}
	var envelope struct {
		XMLName xml.Name `json:"-"`
		Encrypt string   `json:"Encrypt" xml:"Encrypt"`
	}
	var err error
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		err = xml.Unmarshal(body, &envelope)
	} else {
		err = json.Unmarshal(body, &envelope)
	}
	if err != nil || envelope.Encrypt == "" {
		return nil, "envelope"
	}
	if !r.signed(q.Get("msg_signature"), stamp, nonce, envelope.Encrypt) {
		return nil, "msg_signature"
	}
	_, raw, err := util.DecryptMsg(r.c.cfg.AppID, envelope.Encrypt, r.c.cfg.AESKey)
	if err != nil {
		return nil, "encryption"
	}
	return raw, ""
}

func (r *Receiver) fresh(stamp string) bool {
	s, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || s < 0 || s > 1<<40 {
		return false
	}
	return r.c.clock.Now().Sub(time.Unix(s, 0)).Abs() <= callbackSkew
}

func (r *Receiver) signed(signature string, parts ...string) bool {
	if r.c.cfg.Token == "" {
		return false
	}
	want := Signature(append([]string{r.c.cfg.Token}, parts...)...)
	return subtle.ConstantTimeCompare([]byte(want), []byte(signature)) == 1
}

// Signature is the platform's: SHA-1 over the sorted parts.
func Signature(parts ...string) string {
	parts = slices.Sorted(slices.Values(parts))
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

func (r *Receiver) refuse(w http.ResponseWriter, req *http.Request, why string) {
	r.c.log.WarnContext(req.Context(), "wechat callback refused", slog.String("reason", why))
	w.WriteHeader(http.StatusForbidden)
}

func succeed(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "success")
}
