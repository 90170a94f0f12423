package emulator

import (
	"net/http"
	"strings"
	"time"
)

// Kinds of spoilt bodies.
const (
	HTML      = "html"
	Truncated = "truncated" // JSON cut in the middle
	Empty     = "empty"
	// The following change a good answer.
	Numeric  = "numeric"   // getuserphonenumber: countryCode and numbers as JSON numbers
	NoList   = "no_list"   // gettemplate: an empty list
	LostCall = "lost_call" // media_check_async: the result never comes
)

// Fault says how an endpoint misbehaves.
type Fault struct {
	Errcode    int           `json:"errcode,omitempty"`
	HTTPStatus int           `json:"http_status,omitempty"`
	Body       string        `json:"body,omitempty"`
	Hang       time.Duration `json:"hang,omitempty"` // ns; then the connection gets an empty answer
	// ExpiresIn replaces the life, in seconds, of a token or activity id; negative: already over.
	ExpiresIn int `json:"expires_in,omitempty"`
	// Times limits the fault to that many calls; 0: until cleared.
	Times int `json:"times,omitempty"`
	// Every spoils only each n-th call.
	Every int `json:"every,omitempty"`
	// After carries the call out first and spoils only the answer.
	After bool `json:"after,omitempty"`
}

type injected struct {
	endpoint string
	fault    Fault
	seen     int
	left     int
}

// Everywhere is the endpoint of a fault that hits all endpoints of the platform. Token faults (40001, 40014,
// 42001) hit only those that take a token.
const Everywhere = "*"

// Inject adds a fault to an endpoint, given by its path or the end of it ("subscribe/send"), or Everywhere. Of
// several the oldest that isn't exhausted counts.
func (e *Emulator) Inject(endpoint string, f Fault) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults = keepLast(e.faults, &injected{endpoint: endpoint, fault: f, left: f.Times}, 100)
}

// Clear removes all faults.
func (e *Emulator) Clear() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults = nil
}

// fault picks the fault for a call and counts it. e.mu is held.
func (e *Emulator) fault(path string, open bool) (Fault, bool) {
	for i, f := range e.faults {
		if f.endpoint != Everywhere && !strings.HasSuffix(path, f.endpoint) {
			continue
		}
		if f.endpoint == Everywhere && open && (f.fault.Errcode == 40001 || f.fault.Errcode == 40014 || f.fault.Errcode == 42001) {
			continue
		}
		f.seen++
		if f.fault.Every > 1 && f.seen%f.fault.Every != 0 {
			return Fault{}, false
		}
		if f.fault.Times > 0 {
			if f.left--; f.left == 0 {
				e.faults = append(e.faults[:i:i], e.faults[i+1:]...)
			}
		}
		return f.fault, true
	}
	return Fault{}, false
}

// misbehave answers in place of the endpoint, if the fault is of that sort. a is what would be answered.
func (e *Emulator) misbehave(w http.ResponseWriter, r *http.Request, f Fault, a answer) bool {
	if f.Hang > 0 {
		t := time.NewTimer(f.Hang)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
		case <-e.stop.Done():
		}
		return true
	}
	kind, body := e.render(a)
	switch f.Body {
	case HTML:
		kind, body = "text/html; charset=utf-8", []byte("<html><body><h1>系统维护中</h1></body></html>")
	case Truncated:
		body = body[:len(body)/2]
	case Empty:
		body = nil
	default:
		if f.HTTPStatus == 0 && f.Errcode == 0 {
			return false
		}
		if f.Errcode != 0 && f.After {
			kind, body = e.render(fail(f.Errcode, "emulated"))
		}
	}
	w.Header().Set("Content-Type", kind)
	if f.HTTPStatus != 0 {
		w.WriteHeader(f.HTTPStatus)
		if f.Body == "" && f.Errcode == 0 {
			body = []byte("<html><head><title>" + http.StatusText(f.HTTPStatus) + "</title></head></html>")
		}
	}
	_, _ = w.Write(body)
	return true
}
