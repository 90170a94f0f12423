package checkin

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/web"
)

// Sessions reads session tokens; *identity.Service does.
type Sessions interface {
	Account(bearer string) (id.ID, error)
	Authenticate(ctx context.Context, bearer string) (actor.Actor, error)
}

// checkInBody is what a member's own phone sends.
type checkInBody struct {
	Ticket         string    `json:"ticket,omitempty" maxLength:"200" doc:"Of the visit"`
	Token          string    `json:"token,omitempty" maxLength:"1000" doc:"Instead of a ticket: the venue code, of a phone that found no network when it had scanned"`
	Nonce          string    `json:"nonce" doc:"128 random bits in hexadecimal; a retry keeps them"`
	PersonID       id.ID     `json:"person_id"`
	HappenedAt     time.Time `json:"happened_at,omitempty"`
	LeaveToPresent bool      `json:"leave_to_present,omitempty" doc:"The answer to on_leave: came after all. The leave stays noted, as at the doors"`
}

var errTooLarge = errs.New(errs.TooLarge, "too_large", "内容太大，请缩小后再提交")

// hotBody bounds the body of the hot route.
const hotBody = 4 << 10

// hotRoute is the one that everybody takes in the same ten minutes: a plain gin handler, see
// decisions.md for what that saves.
func hotRoute(api huma.API, s *Service, sessions Sessions) {
	op := operation("checkIn", http.MethodPost, "/check-ins", "Sign in one of one's persons on the own phone")
	web.Hot[struct{ Body checkInBody }, web.Out[resultView]](api, op, func(c *gin.Context) error {
		ctx := c.Request.Context()
		bearer := web.Bearer(c.GetHeader("Authorization"))
		account, err := sessions.Account(bearer)
		if err != nil {
			return err
		}
		tap, err := readTap(c)
		if err != nil {
			return err
		}
		r, err := s.SignInBy(ctx, account, tap, func(ctx context.Context) (actor.Actor, error) {
			return sessions.Authenticate(ctx, bearer)
		})
		if err != nil {
			return err
		}
		buf := answers.Get().(*[]byte)
		*buf = appendResult((*buf)[:0], r)
		c.Data(http.StatusOK, "application/json; charset=utf-8", *buf)
		answers.Put(buf)
		return nil
	})
}

var (
	bodies  = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	answers = sync.Pool{New: func() any { b := make([]byte, 0, 1024); return &b }}
)

func readTap(c *gin.Context) (Tap, error) {
	var b checkInBody
	buf := bodies.Get().(*bytes.Buffer)
	defer bodies.Put(buf)
	buf.Reset()
	if n, err := buf.ReadFrom(io.LimitReader(c.Request.Body, hotBody+1)); err != nil || n > hotBody {
		c.Header("Connection", "close") // the rest of the body stays unread
		if err != nil {
			return Tap{}, errs.Wrap(errs.ErrInvalid, err)
		}
		return Tap{}, errTooLarge
	}
	if err := json.Unmarshal(buf.Bytes(), &b); err != nil {
		return Tap{}, errs.ErrInvalid
	}
	var fields []errs.FieldError
	missing := func(name string) { fields = append(fields, errs.Field(name, "缺少 "+name)) }
	if b.Ticket == "" && b.Token == "" {
		missing("ticket")
	}
	if b.Nonce == "" {
		missing("nonce")
	}
	if b.PersonID == 0 {
		missing("person_id")
	}
	if len(fields) > 0 {
		return Tap{}, errs.ErrInvalid.With(fields...)
	}
	return Tap{Ticket: b.Ticket, Token: b.Token, Nonce: b.Nonce, Person: b.PersonID, Happened: b.HappenedAt, LeaveToPresent: b.LeaveToPresent}, nil
}

// appendResult writes what the other routes write of resultOf(r); a test holds the two against each
// other. Candidates belong to doors and are not written here.
func appendResult(b []byte, r Result) []byte {
	b = appendText(append(b, `{"answer":`...), string(r.Answer))
	b = appendText(append(b, `,"message":`...), r.Message)
	b = appendText(append(b, `,"nonce":`...), r.Nonce)
	if p := r.Person; p != nil {
		b = appendID(append(b, `,"person":{"id":`...), p.ID)
		b = appendText(append(b, `,"name":`...), p.Name)
		b = appendText(append(b, `,"unit":`...), p.Unit)
		b = append(b, '}')
	}
	if a := r.Activity; a != nil {
		b = appendID(append(b, `,"activity":{"id":`...), a.ID)
		b = appendText(append(b, `,"title":`...), a.Title)
		b = appendTime(append(b, `,"starts_at":`...), a.StartsAt)
		b = append(b, '}')
	}
	b = appendID(append(b, `,"list_id":`...), r.List)
	b = appendTime(append(b, `,"happened_at":`...), r.Happened)
	if f := r.First; f != nil {
		b = appendTime(append(b, `,"first":{"at":`...), f.At)
		b = appendText(append(b, `,"door":`...), string(f.Door))
		b = appendText(append(b, `,"by":`...), f.By)
		b = append(b, '}')
	}
	if !r.Opens.IsZero() {
		b = appendTime(append(b, `,"opens_at":`...), r.Opens)
	}
	if !r.Closes.IsZero() {
		b = appendTime(append(b, `,"closes_at":`...), r.Closes)
	}
	return append(b, '}')
}

func appendID(b []byte, v id.ID) []byte {
	b = append(b, '"')
	if v != 0 {
		b = strconv.AppendInt(b, int64(v), 10)
	}
	return append(b, '"')
}

func appendTime(b []byte, t time.Time) []byte {
	return append(t.AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
}

// appendText leaves texts with anything to escape to encoding/json.
func appendText(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			return appendEscaped(b, s)
		}
	}
	if !utf8.ValidString(s) || strings.Contains(s, "\u2028") || strings.Contains(s, "\u2029") {
		return appendEscaped(b, s)
	}
	return append(append(append(b, '"'), s...), '"')
}

func appendEscaped(b []byte, s string) []byte {
	buf := bytes.NewBuffer(b)
	e := json.NewEncoder(buf)
	e.SetEscapeHTML(false)
	e.Encode(s) // a string always has a form
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}
