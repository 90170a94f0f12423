package identity

import (
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// What has to be confirmed on the phone when it is done at a desktop, and what the subject then is.
const (
	ConfirmExport     = "export"      // the committee, alliance or unit
	ConfirmReveal     = "reveal"      // the person
	ConfirmRole       = "role"        // the committee, alliance or unit that the role is for
	ConfirmErase      = "erase"       // the person
	ConfirmUndoImport = "undo_import" // the import
	ConfirmFound      = "found"       // the version of the survey's draft
)

var confirmTitles = map[string]string{
	ConfirmExport: "导出台账", ConfirmReveal: "查看完整的个人信息", ConfirmRole: "改动工作人员的职务",
	ConfirmErase: "删除个人信息", ConfirmUndoImport: "撤销一次导入", ConfirmFound: "组建联盟",
}

// How long a question waits for the phone, how long its approval is good for, and how many questions
// of an account may wait at a time.
const (
	confirmLife = 2 * time.Minute
	confirmGood = 5 * time.Minute
	confirmMost = 5
)

// ConfirmState is what became of a question.
type ConfirmState string

// ConfirmExpired is never stored.
const (
	ConfirmPending  ConfirmState = "pending"
	ConfirmApproved ConfirmState = "approved"
	ConfirmRefused  ConfirmState = "refused"
	ConfirmSpent    ConfirmState = "spent"
	ConfirmExpired  ConfirmState = "expired"
)

// Confirmation asks the holder of an account, on the phone, whether something at the desktop is meant.
type Confirmation struct {
	ID        id.ID
	Account   id.ID
	Session   id.ID // the desktop that asked; no other can spend it
	Action    string
	Subject   id.ID
	Title     string // what will happen, in the server's words
	About     string // what the subject is called
	Summary   string // what the desktop adds
	Device    Device
	Number    string // both screens show it
	State     ConfirmState
	CreatedAt time.Time
	ExpiresAt time.Time
	DecidedAt time.Time
}

// at gives the question with the state that it has at a moment.
func (c Confirmation) at(now time.Time) Confirmation {
	if c.State == ConfirmPending && !now.Before(c.ExpiresAt) || c.State == ConfirmApproved && !now.Before(c.DecidedAt.Add(confirmGood)) {
		c.State = ConfirmExpired
	}
	return c
}

// fits reports whether the question is the one that an action needs.
func (c Confirmation) fits(account, session id.ID, action string, subject id.ID) bool {
	return c.Account == account && c.Session == session && c.Action == action && c.Subject == subject
}

// What can go wrong with confirmations. Every answer to a desktop that has none to spend has the code
// of ErrConfirm: the desktop asks again.
var (
	ErrConfirm        = errs.New(errs.Forbidden, "identity.confirm_needed", "请在手机上确认这一步")
	ErrConfirmExpired = errs.New(errs.Conflict, "identity.confirm_expired", "这次确认已过期，请在电脑上重新操作")
	ErrConfirmDecided = errs.New(errs.Conflict, "identity.confirm_decided", "这次确认已经处理过了")
	ErrConsoleOnly    = errs.New(errs.Forbidden, "identity.console_only", "只有电脑端的操作才需要在手机上确认")
	ErrConfirmMany    = errs.New(errs.TooMany, "identity.confirm_many", "手机上还有几项在等您确认，请先处理完再继续")
)

// refusal says why a question can't be spent on an action.
func (c Confirmation) refusal(account, session id.ID, action string, subject id.ID) *errs.Error {
	switch {
	case !c.fits(account, session, action, subject):
		return ErrConfirm.Say("手机上确认的不是这一步，请重新确认")
	case c.State == ConfirmSpent:
		return ErrConfirm.Say("这次确认已经用过，请在手机上再确认一次")
	case c.State == ConfirmExpired:
		return ErrConfirm.Say("手机上的确认已过期，请再确认一次")
	case c.State == ConfirmRefused:
		return ErrConfirm.Say("手机上没有同意这一步")
	}
	return ErrConfirm
}
