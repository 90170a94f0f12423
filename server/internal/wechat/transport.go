package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/silenceper/wechat/v2/util"
)

// No answer of the platform is larger (a QR code has about 100 kB).
const maxAnswer = 4 << 20

// call is one verb under way. It rides in the context through the SDK, whose global HTTP client is
// thereby led back to the client that made the call, and brings the outcome out again: the SDK's own
// error texts contain secrets and, for some calls, lose the number.
type call struct {
	client *Client
	acts   bool   // has an effect that must not be repeated blindly
	last   *Error // of the last exchange; nil after a good one
}

type callKey struct{}

// do runs one verb. fn uses the SDK; whatever text its error has is dropped here.
func (c *Client) do(ctx context.Context, acts bool, fn func(context.Context) error) error {
	k := &call{client: c, acts: acts}
	err := fn(context.WithValue(ctx, callKey{}, k))
	if k.last != nil {
		return k.last
	}
	if err == nil {
		return nil
	}
	if own, ok := As(err); ok { // the token could not be had, or a rule of ours
		return own
	}
	// The answer was JSON but not of the promised shape.
	return &Error{Code: BadAnswer, Retryable: !acts, Ambiguous: acts}
}

var errOutside = errors.New("wechat: request outside of a client's call")

// router is the transport behind the SDK's global HTTP client. It holds no state: clients with different
// accounts and addresses live side by side.
type router struct{}

// RoundTrip hands the request to the client that made it.
func (router) RoundTrip(r *http.Request) (*http.Response, error) {
	k, ok := r.Context().Value(callKey{}).(*call)
	if !ok {
		return nil, errOutside // a call without time-out and redaction: refuse
	}
	return k.client.roundTrip(r, k)
}

var routed sync.Once

// routeSDK replaces the SDK's global client, which is http.DefaultClient without a time-out.
func routeSDK() {
	routed.Do(func() {
		util.DefaultHTTPClient = &http.Client{
			Transport: router{},
			// The platform doesn't redirect; following would carry the token elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	})
}

// roundTrip makes the exchange and, if the token was refused, one more with a fresh one.
func (c *Client) roundTrip(r *http.Request, k *call) (*http.Response, error) {
	resp, fault := c.exchange(r, k)
	if fault != nil && tokenRefused(fault.Errcode) {
		if old := r.URL.Query().Get("access_token"); old != "" {
			token, err := c.tokens.renew(r.Context(), old)
			if err != nil {
				k.last, _ = As(err)
				return nil, err
			}
			again := r.Clone(r.Context())
			q := again.URL.Query()
			q.Set("access_token", token)
			again.URL.RawQuery = q.Encode()
			if r.GetBody != nil {
				if again.Body, err = r.GetBody(); err != nil {
					return nil, err
				}
			}
			resp, fault = c.exchange(again, k)
		}
	}
	k.last = fault
	if fault != nil {
		return nil, fault
	}
	return resp, nil
}

// exchange sends once and reads the whole answer. The response that it returns is good JSON with errcode 0
// or an image.
func (c *Client) exchange(r *http.Request, k *call) (*http.Response, *Error) {
	if r.URL.Host != apiHost && r.URL.Host != robotHost {
		return nil, &Error{Code: Unavailable}
	}
	path, began := r.URL.Path, time.Now()
	ctx, cancel := context.WithTimeout(r.Context(), c.cfg.Timeout)
	defer cancel()
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(i httptrace.WroteRequestInfo) {
		if i.Err == nil {
			sent.Store(true)
		}
	}})
	out := r.Clone(ctx)
	if to := c.base; r.URL.Host == apiHost || to.Host != apiHost {
		out.URL.Scheme, out.URL.Host, out.Host = to.Scheme, to.Host, to.Host
		out.URL.Path = to.Path + path
	}

	resp, body, err := c.receive(out)
	var fault *Error
	switch {
	case err != nil && sent.Load():
		fault = &Error{Code: NoAnswer, Ambiguous: k.acts, Retryable: !k.acts, cause: r.Context().Err()}
	case err != nil:
		fault = &Error{Code: Unavailable, Retryable: true, cause: r.Context().Err()}
	default:
		fault = judge(resp.StatusCode, body, k.acts)
	}
	c.note(r.Context(), path, body, fault, time.Since(began))
	if fault != nil {
		return nil, fault
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

func (c *Client) receive(r *http.Request) (*http.Response, []byte, error) {
	resp, err := c.wire.RoundTrip(r)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = io.ErrShortBuffer
	}
	return resp, body, err
}

// judge reads an answer. What certainly didn't come from the API (a gateway's 502 or 503, a page of HTML)
// wasn't carried out and may be repeated; what came from it but can't be read may have been carried out.
func judge(status int, body []byte, acts bool) *Error {
	body = bytes.TrimSpace(body)
	switch {
	case status == http.StatusBadGateway, status == http.StatusServiceUnavailable:
		return &Error{Code: Unavailable, Retryable: true}
	case status == http.StatusTooManyRequests:
		return &Error{Code: TooOften, Retryable: true}
	case status >= 500:
		return &Error{Code: Unavailable, Retryable: !acts, Ambiguous: acts}
	case status != http.StatusOK, bytes.HasPrefix(body, []byte("<")):
		return &Error{Code: Unavailable, Retryable: true}
	case isImage(body):
		return nil
	}
	var head struct {
		Errcode int `json:"errcode"`
	}
	if err := json.Unmarshal(body, &head); err != nil {
		return &Error{Code: BadAnswer, Retryable: !acts, Ambiguous: acts}
	}
	if head.Errcode != 0 {
		return fromErrcode(head.Errcode)
	}
	return nil
}

func isImage(b []byte) bool {
	return bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")) || bytes.HasPrefix(b, []byte("\xff\xd8\xff"))
}

// rid is the platform's request id: the only part of its text that support asks for, and harmless.
var rid = regexp.MustCompile(`\brid: ?([0-9a-f]{4,16}(?:-[0-9a-f]{4,16}){1,4})`)

// note logs the exchange: which endpoint, how it ended, how long it took. Never the query or a body.
func (c *Client) note(ctx context.Context, path string, body []byte, fault *Error, took time.Duration) {
	attrs := []slog.Attr{slog.String("endpoint", path), slog.Int64("ms", took.Milliseconds())}
	if fault == nil {
		c.log.LogAttrs(ctx, slog.LevelDebug, "wechat call", attrs...)
		return
	}
	attrs = append(attrs, slog.String("code", fault.Code), slog.Int("errcode", fault.Errcode), slog.Bool("ambiguous", fault.Ambiguous))
	if m := rid.FindSubmatch(body); m != nil {
		attrs = append(attrs, slog.String("rid", strings.Clone(string(m[1]))))
	}
	c.log.LogAttrs(ctx, slog.LevelWarn, "wechat call failed", attrs...)
}
