package wechat

import (
	"errors"
	"strconv"

	"bense/server/internal/errs"
)

// What can go wrong, in our words. A code is stable; the platform's number is kept beside it for
// the operator.
const (
	Unavailable    = "unavailable"     // not reached, or answered by something that isn't the API
	NoAnswer       = "no_answer"       // the request went out, nothing came back in time
	BadAnswer      = "bad_answer"      // an answer that can't be read
	Busy           = "busy"            // -1
	TokenRefused   = "token"           // still refused with a fresh token
	Misconfigured  = "misconfigured"   // app id, secret or IP list; an operator must act
	Quota          = "quota"           // 45009
	TooOften       = "too_often"       // 45011
	CodeInvalid    = "code_invalid"    // 40029
	CodeUsed       = "code_used"       // 40163
	UserBlocked    = "user_blocked"    // 40226
	SessionStale   = "session_stale"   // 87009, or data that the session key doesn't open
	Refused        = "refused"         // 43101: the user said no, or the credit is used up
	NotFollower    = "not_follower"    // 43004: doesn't follow the official account
	Banned         = "banned"          // 43107: the template or the account may not send
	Concurrent     = "concurrent"      // 43108: another message to the same user is under way
	Sensitive      = "sensitive"       // 45168, 87014
	BadOpenID      = "bad_openid"      // 40003
	BadTemplate    = "bad_template"    // 40037, or not in our list
	BadPage        = "bad_page"        // 41030
	BadField       = "bad_field"       // 47003, or found before sending
	BadRequest     = "bad_request"     // 47001 and other malformed parameters
	BadScene       = "bad_scene"       // 40169, or found before sending
	AuthorInactive = "author_inactive" // 61010: the author hasn't opened the mini-program lately
	NotPermitted   = "not_permitted"   // 48001: the account lacks this ability
	Rejected       = "rejected"        // any other number
)

// Error is every failure of this package. It never carries the platform's text.
type Error struct {
	Code    string // one of the constants above
	Errcode int    // the platform's number; 0 if it gave none
	// Retryable: the same call may succeed later.
	Retryable bool
	// Ambiguous: the call may have been carried out; never repeat it blindly.
	Ambiguous bool

	cause error // a context error or a *FieldError, nothing else
}

// Error gives our word and the number.
func (e *Error) Error() string {
	s := "wechat: " + e.Code
	if e.Errcode != 0 {
		s += " (" + strconv.Itoa(e.Errcode) + ")"
	}
	return s
}

// Sentences for people, for callers that let the error through to HTTP.
var (
	ErrUnavailable = errs.New(errs.Unavailable, "wechat.unavailable", "微信暂时没有回应，请稍后再试")
	ErrCode        = errs.New(errs.Invalid, "wechat.code", "微信凭证已失效，请退出后重新进入")
	ErrBlocked     = errs.New(errs.Forbidden, "wechat.blocked", "微信提示该账号暂时不能登录，请联系联络员")
	ErrTooOften    = errs.New(errs.TooMany, "wechat.too_often", "操作太频繁，请稍后再试")
	ErrStale       = errs.New(errs.Conflict, "wechat.stale", "请退出小程序重新进入，再试一次")
	ErrSensitive   = errs.New(errs.Invalid, "wechat.sensitive", "内容没有通过微信的检查，请修改后再试")
	ErrRejected    = errs.New(errs.Internal, "wechat.rejected", "微信没有接受这次请求，请联系管理员")
)

// Unwrap gives the sentence that fits and, if the caller gave up or a field is wrong, that cause.
func (e *Error) Unwrap() []error {
	var s error
	switch e.Code {
	case CodeInvalid, CodeUsed:
		s = ErrCode
	case UserBlocked:
		s = ErrBlocked
	case TooOften:
		s = ErrTooOften
	case SessionStale, AuthorInactive:
		s = ErrStale
	case Sensitive:
		s = ErrSensitive
	case Unavailable, NoAnswer, BadAnswer, Busy, TokenRefused, Misconfigured, Quota, Concurrent:
		s = ErrUnavailable
	default:
		s = ErrRejected
	}
	if e.cause != nil {
		return []error{s, e.cause}
	}
	return []error{s}
}

// As finds the package's error in a chain.
func As(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// Down reports whether an error is the platform's state and not this call's fault: whoever calls next
// would hear the same.
func Down(err error) bool {
	e, ok := As(err)
	if !ok {
		return false
	}
	switch e.Code {
	case Unavailable, NoAnswer, BadAnswer, Busy, TokenRefused, Misconfigured, Quota, TooOften:
		return true
	}
	return false
}

// fromErrcode translates the platform's number (published list, "全局返回码").
func fromErrcode(n int) *Error {
	e := &Error{Errcode: n}
	switch n {
	case -1:
		e.Code, e.Retryable = Busy, true
	case 40001, 40014, 42001:
		e.Code, e.Retryable = TokenRefused, true
	case 40013, 40125, 40164, 41002, 41004, 50002, 61024:
		// Nothing is wrong with the call: it may go out once the operator has acted.
		e.Code, e.Retryable = Misconfigured, true
	case 45009:
		e.Code, e.Retryable = Quota, true
	case 45011:
		e.Code, e.Retryable = TooOften, true
	case 40029:
		e.Code = CodeInvalid
	case 40163:
		e.Code = CodeUsed
	case 40226:
		e.Code = UserBlocked
	case 87009:
		e.Code = SessionStale
	case 43101:
		e.Code = Refused
	case 43004:
		e.Code = NotFollower
	case 43107:
		e.Code = Banned
	case 43108:
		e.Code, e.Retryable = Concurrent, true
	case 45168, 87014:
		e.Code = Sensitive
	case 40003:
		e.Code = BadOpenID
	case 40037:
		e.Code = BadTemplate
	case 41030:
		e.Code = BadPage
	case 47003:
		e.Code = BadField
	case 47001, 40097:
		e.Code = BadRequest
	case 40169:
		e.Code = BadScene
	case 61010:
		e.Code = AuthorInactive
	case 48001:
		e.Code = NotPermitted
	default:
		e.Code = Rejected
	}
	return e
}

// tokenRefused are the numbers that a fresh token may cure.
func tokenRefused(n int) bool { return n == 40001 || n == 40014 || n == 42001 }
