// Package errs holds the errors that a caller may branch on: a kind that maps to an HTTP status,
// a stable code for clients and a Chinese sentence for people.
package errs

import (
	"errors"
	"fmt"
)

// Kind classifies an error for the outermost layer.
type Kind int

// The kinds and the HTTP status that package web gives each of them.
const (
	Internal        Kind = iota // 500
	Invalid                     // 422
	NotFound                    // 404, also for what exists outside the caller's scope
	Conflict                    // 409
	Forbidden                   // 403
	Unauthenticated             // 401
	TooMany                     // 429
	Unavailable                 // 503 with Retry-After
	TooLarge                    // 413
	Unsupported                 // 415
)

// FieldError names one faulty field of a request; Message is Chinese and may be shown as it is.
type FieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error is an error with a kind, a code "package.snake" and a Chinese sentence.
// Sentinels are compared by code, so copies made by With and Wrap still match errors.Is.
type Error struct {
	Kind    Kind
	Code    string
	Message string
	Fields  []FieldError
	cause   error
}

// New declares a sentinel.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// Field makes a FieldError.
func Field(field, message string) FieldError { return FieldError{Field: field, Message: message} }

// Error gives code and cause, never the fields: values that people typed stay out of logs.
func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %v", e.Code, e.cause)
	}
	return e.Code
}

// Unwrap gives the wrapped cause.
func (e *Error) Unwrap() error { return e.cause }

// Is matches by code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// With returns a copy that carries the faulty fields.
func (e *Error) With(fields ...FieldError) *Error {
	c := *e
	c.Fields = append(append([]FieldError(nil), e.Fields...), fields...)
	return &c
}

// Say returns a copy with a more exact Chinese sentence under the same code.
func (e *Error) Say(format string, args ...any) *Error {
	c := *e
	c.Message = fmt.Sprintf(format, args...)
	return &c
}

// Wrap returns a copy of the sentinel with a cause for the log.
func Wrap(sentinel *Error, cause error) *Error {
	c := *sentinel
	c.cause = cause
	return &c
}

// As finds the first Error in the chain.
func As(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// Sentinels used by more than one package.
var (
	ErrNotFound        = New(NotFound, "not_found", "没有找到，可能已被删除或不在您的管理范围内")
	ErrForbidden       = New(Forbidden, "forbidden", "您没有办理这件事的权限，如有需要请联系老干部局")
	ErrUnauthenticated = New(Unauthenticated, "unauthenticated", "登录已失效，请重新打开小程序")
	ErrInvalid         = New(Invalid, "invalid", "填写的内容有误，请检查后再提交")
	ErrUnavailable     = New(Unavailable, "unavailable", "系统正忙，请稍后再试")
	ErrTooMany         = New(TooMany, "too_many", "操作太频繁，请稍后再试")
)
