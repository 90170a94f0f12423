package checkin

import (
	"strings"
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// posterPrefix tells the opaque number of a poster from a token: those begin with the version.
const posterPrefix = "P"

// posterMost is the longest time that a poster may be given of its own.
const posterMost = 7 * 24 * time.Hour

// Poster is a code on paper for those who come while no screen shows a rotating one. It says nothing but
// its number, so that its window and its end are ours to decide. Code is the secret of it, ID is not.
type Poster struct {
	ID, List    id.ID
	Code        string
	IssuedBy    id.ID
	Issued      time.Time
	From, Until time.Time // zero: as the list opens and closes, also when that moves
	Revoked     time.Time // zero: valid
}

// Text is what the QR code holds besides the address, and the scene of a mini-program code.
func (p Poster) Text() string { return posterPrefix + p.Code }

// Window is when the poster counts.
func (p Poster) Window(l List) (from, until time.Time) {
	from, until = l.OpensAt, l.ClosesAt
	if !p.From.IsZero() {
		from = p.From
	}
	if !p.Until.IsZero() {
		until = p.Until
	}
	return from, until
}

// Current tells whether the poster counts at a moment. What it has no window of its own for is left to
// the list, which has better words for it.
func (p Poster) Current(at time.Time) bool {
	return (p.Revoked.IsZero() || at.Before(p.Revoked)) && !at.Before(p.From) && (p.Until.IsZero() || !at.After(p.Until))
}

// ParsePoster reads the number of a poster from what was scanned, which may be the whole link; only its
// form is checked here.
func ParsePoster(text string) (string, bool) {
	code, found := strings.CutPrefix(venueToken(text), posterPrefix)
	if !found || len(code) != encoding.EncodedLen(serialSize) {
		return "", false
	}
	b, err := encoding.DecodeString(code)
	return code, err == nil && len(b) == serialSize
}

var (
	// ErrPosterWindow tells that a poster's window makes no sense.
	ErrPosterWindow = errs.New(errs.Invalid, "checkin.poster_window", "海报的有效时间不对：最长七天，结束要在开始之后")
	// ErrPicture tells that WeChat made no mini-program code; the QR code of the poster needs none of it.
	ErrPicture = errs.New(errs.Unavailable, "checkin.picture", "小程序码暂时生成不了，请用二维码海报")
)

// posterOver is shown for a poster that was revoked or whose own window is over.
const posterOver = "这张签到海报已停用，请找工作人员"
