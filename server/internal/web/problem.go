package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"bense/server/internal/errs"
	"bense/server/internal/log"
)

// Problem is the body of every answer that is not a success (application/problem+json).
// Clients branch on Code and show Message.
type Problem struct {
	Status    int               `json:"status" doc:"HTTP status"`
	Code      string            `json:"code" doc:"Stable code, package.snake"`
	Message   string            `json:"message" doc:"Chinese sentence to show"`
	Fields    []errs.FieldError `json:"fields" nullable:"false" doc:"Faulty fields of the request"`
	RequestID string            `json:"request_id" doc:"Id to tell the help desk"`
}

// Error makes a Problem an error, as huma wants it.
func (p *Problem) Error() string { return p.Code }

// GetStatus gives the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of RFC 9457.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// retryAfter is what a client waits after a 503 or 429, in seconds.
const retryAfter = "3"

var statusOf = map[errs.Kind]int{
	errs.Internal: http.StatusInternalServerError, errs.Invalid: http.StatusUnprocessableEntity,
	errs.NotFound: http.StatusNotFound, errs.Conflict: http.StatusConflict,
	errs.Forbidden: http.StatusForbidden, errs.Unauthenticated: http.StatusUnauthorized,
	errs.TooMany: http.StatusTooManyRequests, errs.Unavailable: http.StatusServiceUnavailable,
	errs.TooLarge: http.StatusRequestEntityTooLarge, errs.Unsupported: http.StatusUnsupportedMediaType,
}

var (
	errInternal = errs.New(errs.Internal, "internal", "系统出了点问题，工作人员会尽快处理，请稍后再试")
	errRoute    = errs.New(errs.NotFound, "no_such_route", "没有这个页面")
	errTimeout  = errs.New(errs.Unavailable, "timeout", "系统响应超时，请稍后再试")
)

// Of maps any error to a Problem; what it does not know becomes a 500 with a general text.
func Of(ctx context.Context, err error) *Problem {
	e, ok := errs.As(err)
	switch {
	case ok:
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		e = errTimeout
	default:
		e = errInternal
	}
	status := statusOf[e.Kind]
	fields := e.Fields
	if fields == nil {
		fields = []errs.FieldError{}
	}
	return &Problem{Status: status, Code: e.Code, Message: e.Message, Fields: fields, RequestID: log.RequestID(ctx)}
}

// Abort answers a plain gin request with the problem of err.
func Abort(c *gin.Context, l *slog.Logger, err error) {
	p := Of(c.Request.Context(), err)
	logProblem(c.Request.Context(), l, p, err)
	if p.Status == http.StatusServiceUnavailable || p.Status == http.StatusTooManyRequests {
		c.Header("Retry-After", retryAfter)
	}
	c.Header("Content-Type", "application/problem+json")
	c.AbortWithStatusJSON(p.Status, p)
}

func logProblem(ctx context.Context, l *slog.Logger, p *Problem, err error) {
	if p.Status >= 500 {
		l.ErrorContext(ctx, "request failed", "code", p.Code, "error", err)
	}
}

// useProblems makes huma answer in this form; its hooks are package variables.
func useProblems(l *slog.Logger) {
	huma.NewError = func(status int, msg string, list ...error) huma.StatusError {
		return problemOf(context.Background(), l, status, msg, list)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, list ...error) huma.StatusError {
		p := problemOf(ctx.Context(), l, status, msg, list)
		if p.Status == http.StatusServiceUnavailable || p.Status == http.StatusTooManyRequests {
			ctx.SetHeader("Retry-After", retryAfter)
		}
		return p
	}
}

func problemOf(ctx context.Context, l *slog.Logger, status int, msg string, list []error) *Problem {
	if status == http.StatusInternalServerError && len(list) == 1 {
		p := Of(ctx, list[0])
		logProblem(ctx, l, p, list[0])
		return p
	}
	p := &Problem{Status: status, Fields: []errs.FieldError{}, RequestID: log.RequestID(ctx)}
	switch status {
	case 0: // huma asks for an example of the type
	case http.StatusRequestEntityTooLarge:
		p.Code, p.Message = "too_large", "内容太大，请缩小后再提交"
	case http.StatusUnsupportedMediaType, http.StatusNotAcceptable:
		p.Code, p.Message = "unsupported", "不支持这种格式"
	case http.StatusRequestTimeout:
		p.Code, p.Message = "timeout", "网络太慢，没有收到完整内容，请再试一次"
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		p.Status = http.StatusUnprocessableEntity
		p.Code, p.Message = errs.ErrInvalid.Code, errs.ErrInvalid.Message
	default:
		p.Code, p.Message = errInternal.Code, errInternal.Message
		l.ErrorContext(ctx, "request failed", "status", status, "error", msg)
	}
	for _, err := range list {
		if d, ok := err.(huma.ErrorDetailer); ok {
			detail := d.ErrorDetail() // its Value would echo what was typed: dropped
			p.Fields = append(p.Fields, errs.Field(fieldName(detail), detail.Message))
		}
	}
	return p
}

func fieldName(d *huma.ErrorDetail) string {
	name := d.Location
	for _, prefix := range []string{"body.", "query.", "path.", "header."} {
		name = strings.TrimPrefix(name, prefix)
	}
	return name
}
