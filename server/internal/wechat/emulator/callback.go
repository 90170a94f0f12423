package emulator

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"bense/server/internal/wechat"
)

// Delivery says how a callback is sent. The zero value is what the platform does.
type Delivery struct {
	XML           bool `json:"xml,omitempty"`
	Array         bool `json:"array,omitempty"`             // List as an array also for one item
	Twice         bool `json:"twice,omitempty"`             // the platform repeats what it thinks unanswered
	Stale         bool `json:"stale,omitempty"`             // time stamp of an hour ago
	BadSignature  bool `json:"bad_signature,omitempty"`     // of time stamp and nonce
	BadMessageSig bool `json:"bad_msg_signature,omitempty"` // of the encrypted message
	Plaintext     bool `json:"plaintext,omitempty"`
}

// mailbox holds callbacks that wait; guarded by the emulator's lock.
type mailbox struct {
	url       string
	official  string // address of the service account's events
	how       Delivery
	queue     []Event
	busy      bool
	held      bool
	idle      chan struct{} // closed when the queue has run empty; nil if nobody waits
	delivered int
	lost      int
}

// SetCallback sets the address that is called back; empty stops callbacks.
func (e *Emulator) SetCallback(address string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.post.url = address
}

// SetOfficialCallback sets the address to which the service account's events go.
func (e *Emulator) SetOfficialCallback(address string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.post.official = address
}

// SetDelivery sets how the callbacks are sent from now on.
func (e *Emulator) SetDelivery(d Delivery) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.post.how = d
}

// Hold keeps callbacks back (they are late) until it is called with false.
func (e *Emulator) Hold(held bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.post.held = held
	e.startPost()
}

// Callbacks tells how many callbacks were answered well and how many were given up.
func (e *Emulator) Callbacks() (delivered, lost int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.post.delivered, e.post.lost
}

// enqueue hands an event to the background. e.mu is held.
func (e *Emulator) enqueue(v Event) {
	if e.post.url == "" && !v.Official || e.post.official == "" && v.Official {
		return
	}
	if len(e.post.queue) >= e.opts.Max {
		e.post.queue = e.post.queue[1:]
		e.post.lost++
	}
	e.post.queue = append(e.post.queue, v)
	e.startPost()
}

func (e *Emulator) startPost() {
	if !e.post.busy && !e.post.held && len(e.post.queue) > 0 {
		e.post.busy = true
		go e.drain()
	}
}

// drain delivers one after the other, so that a user's events keep their order.
func (e *Emulator) drain() {
	for {
		e.mu.Lock()
		if e.stop.Err() != nil {
			e.post.queue = nil
		}
		if e.post.held || len(e.post.queue) == 0 {
			e.post.busy = false
			if len(e.post.queue) == 0 && e.post.idle != nil {
				close(e.post.idle)
				e.post.idle = nil
			}
			e.mu.Unlock()
			return
		}
		v, how := e.post.queue[0], e.post.how
		e.post.queue = e.post.queue[1:]
		e.mu.Unlock()
		ok := e.insist(v, how)
		e.mu.Lock()
		if ok {
			e.post.delivered++
		} else {
			e.post.lost++
		}
		e.mu.Unlock()
	}
}

// insist tries three times, as the platform does.
func (e *Emulator) insist(v Event, how Delivery) bool {
	for try := range 3 {
		if try > 0 {
			t := time.NewTimer(e.opts.Retry)
			select {
			case <-t.C:
			case <-e.stop.Done():
				t.Stop()
				return false
			}
		}
		if status, body, err := e.Deliver(e.stop, v, how); err == nil && status == http.StatusOK && body == "success" {
			return true
		}
	}
	return false
}

// Flush waits until all callbacks have been delivered or given up. Held ones are an error.
func (e *Emulator) Flush(ctx context.Context) error {
	for {
		e.mu.Lock()
		if len(e.post.queue) == 0 && !e.post.busy {
			e.mu.Unlock()
			return nil
		}
		if e.post.held {
			e.mu.Unlock()
			return errors.New("callbacks are held back")
		}
		if e.post.idle == nil {
			e.post.idle = make(chan struct{})
		}
		idle := e.post.idle
		e.mu.Unlock()
		select {
		case <-idle:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Deliver sends one callback now and gives the (last) answer.
func (e *Emulator) Deliver(ctx context.Context, v Event, d Delivery) (status int, body string, err error) {
	raw := v.json(d.Array)
	if d.XML {
		raw = v.xml()
	}
	if d.Twice {
		if status, body, err = e.send(ctx, raw, v, d); err != nil {
			return status, body, err
		}
	}
	return e.send(ctx, raw, v, d)
}

func (e *Emulator) send(ctx context.Context, raw []byte, v Event, d Delivery) (int, string, error) {
	e.mu.Lock()
	address, from := e.post.url, e.mini()
	if v.Official {
		address, from = e.post.official, e.opts.Official
	}
	q, stamp, nonce := e.signed(from.Token, d)
	random := make([]byte, 16)
	_, _ = e.random.Read(random)
	e.mu.Unlock()

	q.Set("openid", v.OpenID)
	if !d.Plaintext {
		sealed := from.seal(random, raw)
		sig := wechat.Signature(from.Token, stamp, nonce, sealed)
		if d.BadMessageSig {
			sig = wechat.Signature("somebody else's token", stamp, nonce, sealed)
		}
		q.Set("encrypt_type", "aes")
		q.Set("msg_signature", sig)
		raw = envelope(sealed, d.XML)
	}
	kind := "application/json"
	if d.XML {
		kind = "text/xml"
	}
	return e.fetch(ctx, http.MethodPost, address, q, kind, raw)
}

// Verify does what the platform's console does when the address is entered: the server must echo.
func (e *Emulator) Verify(ctx context.Context, d Delivery) error {
	e.mu.Lock()
	address := e.post.url
	q, _, _ := e.signed(e.opts.Token, d)
	echo := e.text(12)
	e.mu.Unlock()
	q.Set("echostr", echo)
	status, body, err := e.fetch(ctx, http.MethodGet, address, q, "", nil)
	if err != nil {
		return err
	}
	if status != http.StatusOK || body != echo {
		return errors.New("the server did not echo: status " + strconv.Itoa(status))
	}
	return nil
}

// signed makes the parameters of a callback. e.mu is held.
func (e *Emulator) signed(token string, d Delivery) (q url.Values, stamp, nonce string) {
	at := e.clock.Now()
	if d.Stale {
		at = at.Add(-time.Hour)
	}
	stamp, nonce = strconv.FormatInt(at.Unix(), 10), strconv.FormatUint(e.random.Uint64()>>33, 10)
	if d.BadSignature {
		token = "somebody else's token"
	}
	return url.Values{"timestamp": {stamp}, "nonce": {nonce}, "signature": {wechat.Signature(token, stamp, nonce)}}, stamp, nonce
}

func (e *Emulator) fetch(ctx context.Context, method, address string, q url.Values, kind string, body []byte) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, method, address+"?"+q.Encode(), bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	resp, err := e.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	return resp.StatusCode, string(b), err
}

// seal encrypts a message: 16 bytes of chance, length, message, app id; AES-256-CBC, padded to 32.
func (a Account) seal(random, raw []byte) string {
	key, err := base64.StdEncoding.DecodeString(a.AESKey + "=")
	if err != nil || len(key) != 32 {
		panic("emulator: the AES key must have 43 characters of base64")
	}
	plain := binary.BigEndian.AppendUint32(random[:16:16], uint32(len(raw)))
	plain = append(append(plain, raw...), a.AppID...)
	return base64.StdEncoding.EncodeToString(encryptCBC(key, key[:16], plain, 32))
}

func envelope(sealed string, asXML bool) []byte {
	if asXML {
		return []byte("<xml><ToUserName><![CDATA[" + account + "]]></ToUserName><Encrypt><![CDATA[" + sealed + "]]></Encrypt></xml>")
	}
	b, err := json.Marshal(map[string]string{"ToUserName": account, "Encrypt": sealed})
	if err != nil {
		panic(err) // strings
	}
	return b
}
