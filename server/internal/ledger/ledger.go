// Package ledger keeps the organisation and its people: committees, units, branches, alliances, the
// persons of the ledger with their columns, and proposals to change somebody's status. Affiliation
// (person → branch → unit) never changes because a unit joins an alliance.
package ledger

import (
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Committee is a 党工委; a city's stands above those of its counties.
type Committee struct {
	ID       id.ID
	ParentID id.ID // zero: top
	Name     string
}

// Place is where the committee stands.
func (c Committee) Place() actor.Place { return actor.Place{Committee: c.ID} }

// Unit is a 单位. It belongs to at most one alliance.
type Unit struct {
	ID          id.ID
	CommitteeID id.ID
	AllianceID  id.ID // zero: in none
	Name        string
	Venue       string // where its branch meets
}

// Place is where the unit stands.
func (u Unit) Place() actor.Place {
	return actor.Place{Committee: u.CommitteeID, Alliance: u.AllianceID, Unit: u.ID}
}

// Branch is a 党支部 of a unit.
type Branch struct {
	ID     id.ID
	UnitID id.ID
	Name   string
}

// Alliance is a 联盟 of several units' branches.
type Alliance struct {
	ID          id.ID
	CommitteeID id.ID
	Name        string // 群团离退休干部党建联盟
	LeadUnitID  id.ID  // zero: none appointed
	Basis       string // 地缘 or 业缘, or whatever the sheet says
	Venue       string // fixed venue
	GroupName   string // of the WeChat group
}

// Place is where the alliance stands.
func (a Alliance) Place() actor.Place {
	return actor.Place{Committee: a.CommitteeID, Alliance: a.ID}
}

// Membership is a unit's time in an alliance.
type Membership struct {
	UnitID, AllianceID id.ID
	From, Until        time.Time // Until zero: still
	Account            id.ID     // who let it join; zero: the installation itself
}

// Proposal says that a ledger's remark hints at a death or a move. A person decides.
type Proposal struct {
	ID        id.ID
	Person    Person
	Status    Status
	Evidence  string // the remark itself
	CreatedAt time.Time
	Decision  Decision
}

// Decision is what became of a proposal.
type Decision string

// Decisions on a proposal.
const (
	Open      Decision = ""
	Confirmed Decision = "confirmed"
	Dismissed Decision = "dismissed"
)

// Errors of this package.
var (
	ErrNameTaken     = errs.New(errs.Conflict, "ledger.name_taken", "已有同名的登记，请换一个名称")
	ErrIDNumberTaken = errs.New(errs.Conflict, "ledger.id_number_taken", "这个身份证号已经登记在册")
	ErrDecided       = errs.New(errs.Conflict, "ledger.decided", "这条建议已经处理过了")
	ErrAmbiguous     = errs.New(errs.Conflict, "ledger.ambiguous", "有几处同名，请写明属于哪个党工委")
	ErrInAlliance    = errs.New(errs.Conflict, "ledger.in_alliance", "这个单位已属于另一个联盟，一个单位只能参加一个联盟；确要调整，请选择“转到新联盟”")
	ErrCircular      = errs.New(errs.Conflict, "ledger.circular", "上级不能是它自己，也不能是它的下级，请另选上级党工委")
	ErrReason        = errs.New(errs.Invalid, "ledger.reason", "请写明查看的原因")
)

// maxOrgName is the length of the names of units, alliances and committees in characters.
const maxOrgName = 100

func checkOrgName(field, name string) error {
	switch {
	case name == "":
		return errs.ErrInvalid.With(errs.Field(field, "请填写名称"))
	case len([]rune(name)) > maxOrgName:
		return errs.ErrInvalid.With(errs.Field(field, "名称太长"))
	case LooksLikeFormula(name):
		return errs.ErrInvalid.With(errs.Field(field, "名称不能以 = + - @ 开头"))
	}
	return nil
}
