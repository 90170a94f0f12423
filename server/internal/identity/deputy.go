package identity

import (
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// deputyLongest bounds a leave.
const deputyLongest = 180 * 24 * time.Hour

// DeputyRequest asks to hand one's own role to a colleague for a time.
type DeputyRequest struct {
	Role  id.ID // the own grant
	Phone string
	Term  Term
}

// What can go wrong with deputies.
var (
	ErrNoDeputy     = errs.New(errs.Conflict, "identity.no_deputy", "只能委托给本范围内已登记的同志，请先为对方登记职务，再办理委托")
	ErrOwnDeputy    = errs.New(errs.Invalid, "identity.own_deputy", "不能委托给自己，请填写代办同志的手机号")
	ErrDeputyAgain  = errs.New(errs.Forbidden, "identity.deputy_again", "代办的职务不能再委托给别人，请联系委托您的同志")
	ErrDeputyTooFar = errs.New(errs.Invalid, "identity.deputy_term", "代办时间要在您自己的任期之内，最长半年")
)

// check wants a leave that ends, inside the term of the role itself.
func (r DeputyRequest) check(own Term, now time.Time) (DeputyRequest, error) {
	var bad []errs.FieldError
	if r.Term, bad = r.Term.check(now); bad != nil {
		return r, errs.ErrInvalid.With(bad...)
	}
	if r.Term.From.Before(now) {
		r.Term.From = now.UTC().Truncate(time.Second)
	}
	until := r.Term.Until
	if until.IsZero() {
		return r, errs.ErrInvalid.With(errs.Field("until", "请选择代办到什么时候"))
	}
	if until.Sub(r.Term.From) > deputyLongest || !own.Until.IsZero() && until.After(own.Until) {
		return r, ErrDeputyTooFar
	}
	phone, ok := Phone(r.Phone)
	if !ok {
		return r, errs.ErrInvalid.With(errs.Field("phone", "请填写11位手机号"))
	}
	r.Phone = phone
	return r, nil
}

// reach is the part of the county in which a role's deputy must be known.
func reach(r actor.Role, at actor.Place, below []id.ID) actor.Scope {
	switch r {
	case actor.Liaison:
		return actor.Scope{Units: []id.ID{at.Unit}}
	case actor.Head, actor.LeadStaff:
		return actor.Scope{Alliances: []id.ID{at.Alliance}}
	}
	return actor.Scope{Committees: below}
}
