package ledger

import (
	"regexp"
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Desk is how a unit is found: the fixed venue of its branch and whom to ring at the office, who is
// somebody in service.
type Desk struct {
	Unit                             Unit
	Venue, ContactName, ContactPhone string
}

// Former is a name that a unit, branch or alliance had until somebody changed it.
type Former struct {
	Name    string
	Until   time.Time
	Account id.ID
	By      string // the account's name, empty when nobody knows it
}

// Kinds of what has former names.
const (
	kindUnit     = "unit"
	kindBranch   = "branch"
	kindAlliance = "alliance"
)

const (
	maxVenue   = 200
	maxContact = 30
)

// officePhone takes mobile numbers, and numbers of the fixed network with area code and extension.
var officePhone = regexp.MustCompile(`^[0-9]{3,4}-?[0-9]{7,8}(-[0-9]{1,5})?$|^1[0-9]{10}$|^[0-9]{7,8}$`)

// clean brings a desk into its stored form, or reports every faulty field.
func (d Desk) clean() (Desk, error) {
	var bad []errs.FieldError
	d.Venue, d.ContactName = FreeText(d.Venue), FreeText(d.ContactName)
	for _, t := range []struct {
		field, label, text string
		most               int
	}{{"venue", "活动场所", d.Venue, maxVenue}, {"contact_name", "联系人", d.ContactName, maxContact}} {
		switch {
		case len([]rune(t.text)) > t.most:
			bad = append(bad, errs.Field(t.field, t.label+"太长，请缩短一些"))
		case LooksLikeFormula(t.text):
			bad = append(bad, errs.Field(t.field, t.label+"不能以 = + - @ 开头"))
		}
	}
	if d.ContactPhone = NormalText(d.ContactPhone); d.ContactPhone != "" && !officePhone.MatchString(d.ContactPhone) {
		bad = append(bad, errs.Field("contact_phone", "请填写办公电话或11位手机号，例如 0546-5621234"))
	}
	if len(bad) > 0 {
		return d, errs.ErrInvalid.With(bad...)
	}
	return d, nil
}
