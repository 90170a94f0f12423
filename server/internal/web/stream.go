package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
)

// writeLimit is how long a reader may take for one event: who is slower is let go, and comes back.
const writeLimit = 5 * time.Second

// Stream is an answer of server-sent events. The server's time-outs for whole answers do not end it.
type Stream struct {
	w  http.ResponseWriter
	rc *http.ResponseController
}

// OpenStream begins the answer; retry is what the browser waits before it comes back.
func OpenStream(ctx huma.Context, retry time.Duration) (*Stream, error) {
	ctx.SetHeader("Content-Type", "text/event-stream; charset=utf-8")
	ctx.SetHeader("X-Accel-Buffering", "no") // for proxies
	ctx.SetStatus(http.StatusOK)
	w := humagin.Unwrap(ctx).Writer
	s := &Stream{w: w, rc: http.NewResponseController(w)}
	_ = s.rc.SetReadDeadline(time.Time{}) // else the end of the time for reading the request ends its context
	return s, s.write("retry: " + strconv.FormatInt(retry.Milliseconds(), 10) + "\n\n")
}

// Send writes one event; data must be a single line, as JSON is.
func (s *Stream) Send(event, id string, data []byte) error {
	return s.write("event: " + event + "\nid: " + id + "\ndata: " + string(data) + "\n\n")
}

// KeepAlive writes an event alive, so that neither the reader nor what is in between takes the
// connection for dead: a page never sees comments.
func (s *Stream) KeepAlive() error { return s.write("event: alive\ndata: \n\n") }

func (s *Stream) write(text string) error {
	_ = s.rc.SetWriteDeadline(time.Now().Add(writeLimit)) // recorders of tests have none
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.rc.Flush()
}

// EventStream describes such an answer in the contract.
func EventStream(description string, event *huma.Schema) map[string]*huma.Response {
	return map[string]*huma.Response{"200": {Description: description, Content: map[string]*huma.MediaType{"text/event-stream": {Schema: event}}}}
}
