// Package identity knows who is asking: accounts that log in with WeChat, the persons of the ledger
// that each of them is confirmed for, and the roles that were given. Nobody has a password.
package identity

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// Relation is what an account is to a person that it acts for.
type Relation string

// An account is at most one person itself, and family to any number of others.
const (
	Self   Relation = "self"
	Family Relation = "family"
)

// Proof is how a binding was confirmed; it decides whether the account may call itself the person.
type Proof string

// A claim that was confirmed as family can't be turned into oneself later: a relative would inherit
// the person's roles.
const (
	ByPhone       Proof = "phone"
	ByCode        Proof = "code"
	ByClaim       Proof = "claim"
	ByFamilyClaim Proof = "claim_family"
)

// mayBeSelf reports whether the holder of a binding may say "this is me".
func (p Proof) mayBeSelf() bool { return p != ByFamilyClaim }

// Account is one WeChat identity. The openid identifies, it proves nothing about a person.
type Account struct {
	ID     id.ID
	OpenID string
}

// Binding joins an account to a person.
type Binding struct {
	Account  id.ID
	Person   id.ID
	Relation Relation
	Proof    Proof
}

// Session is what a login gives.
type Session struct {
	Token     string
	ExpiresAt time.Time
	Account   id.ID
}

// Me is what an account is told about itself.
type Me struct {
	Account id.ID
	Name    string
	Persons []BoundPerson
	Roles   []RoleView
	Help    Help
}

// BoundPerson is a person as the accounts bound to it see it.
type BoundPerson struct {
	ledger.Person
	Relation Relation
}

// Tie is an account that acts for a person, as the liaison sees it.
type Tie struct {
	Account  id.ID
	Name     string
	Relation Relation
	Proof    Proof
	Since    time.Time
}

// PhoneResult is what a confirmed phone number led to.
type PhoneResult struct {
	Me
	ChooseSelf bool // the number belongs to several: ask who is holding the phone
}

// Help is whom to call.
type Help struct{ Name, Phone string }

// acts reports whether an account may act for somebody of this status: a suspended member still
// reads and is told at the door whom to see; who moved or died is left in peace.
func acts(s ledger.Status) bool { return s == ledger.Active || s == ledger.Suspended }

// What can go wrong.
var (
	ErrDisabled      = errs.New(errs.Forbidden, "identity.disabled", "这个账号已停用，如有疑问请联系老干部局")
	ErrLoginCode     = errs.New(errs.Invalid, "identity.login_code", "微信登录没有成功，请退出小程序重新进入")
	ErrPhoneCode     = errs.New(errs.Invalid, "identity.phone_code", "手机号验证已过期，请再点一次「用手机号登记」")
	ErrForeignPhone  = errs.New(errs.Invalid, "identity.foreign_phone", "只能用国内手机号登记，请联系联络员")
	ErrWeChatDown    = errs.New(errs.Unavailable, "identity.wechat_down", "微信暂时连不上，请稍后再试")
	ErrBlocked       = errs.New(errs.Forbidden, "identity.blocked", "微信提示该账号暂时不能登录，请联系联络员")
	ErrNotSelf       = errs.New(errs.Conflict, "identity.not_self", "登记的是家人关系，如需改为本人，请联系联络员")
	ErrInactive      = errs.New(errs.Conflict, "identity.person_inactive", "这位同志的登记已停用，请先核对台账")
	ErrCode          = errs.New(errs.Invalid, "identity.binding_code", "登记码不对或已过期，请找联络员重新要一个")
	ErrOwnCode       = errs.New(errs.Forbidden, "identity.own_code", "自己开的登记码不能自己用，请由其他工作人员办理")
	ErrGuessing      = errs.New(errs.TooMany, "identity.too_many_codes", "输错次数较多，请半小时后再试，或联系联络员")
	ErrTooManyClaims = errs.New(errs.TooMany, "identity.too_many_claims", "您提交的登记申请较多，请等联络员处理后再提交")
	ErrClaimOpen     = errs.New(errs.Conflict, "identity.claim_open", "这位同志的登记申请已提交，请等联络员核对")
	ErrClaimDecided  = errs.New(errs.Conflict, "identity.claim_decided", "这份申请已经处理过了")
	ErrOwnClaim      = errs.New(errs.Forbidden, "identity.own_claim", "自己的申请不能自己核对，请由其他工作人员办理")
	ErrOwnRole       = errs.New(errs.Conflict, "identity.own_role", "不能撤销自己的职务，请由其他工作人员办理")
)

var mobile = regexp.MustCompile(`^1[3-9]\d{9}$`)

// Phone brings a mobile number into the ledger's form, eleven digits; false when it is none.
func Phone(s string) (string, bool) {
	s, ok := ledger.NormalPhone(s)
	return s, ok && mobile.MatchString(s)
}

// text trims and collapses what somebody typed and checks its length in characters.
func text(field, label, s string, least, most int) (string, []errs.FieldError) {
	s = strings.Join(strings.Fields(s), " ")
	switch n := utf8.RuneCountInString(s); {
	case n < least:
		return s, []errs.FieldError{errs.Field(field, "请填写"+label)}
	case n > most:
		return s, []errs.FieldError{errs.Field(field, label+"太长")}
	}
	return s, nil
}
