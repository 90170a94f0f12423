package identity

import (
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// ClaimState is how far a claim has come.
type ClaimState string

// The states of a claim; the last two are final.
const (
	ClaimOpen      ClaimState = "open"
	ClaimConfirmed ClaimState = "confirmed"
	ClaimRefused   ClaimState = "refused"
)

// maxOpenClaims bounds what one account may ask the liaisons to look at.
const maxOpenClaims = 5

// Claim is somebody's word that they are a person of a unit, or family; the liaison decides.
type Claim struct {
	ID        id.ID
	Account   id.ID
	Name      string
	Unit      string // as it was typed
	UnitID    id.ID  // 0: no such unit, the committee's staff looks at it
	Relation  Relation
	Note      string
	State     ClaimState
	Person    id.ID
	Reason    string
	CreatedAt time.Time
	DecidedAt time.Time
}

// NewClaim checks what somebody typed.
func NewClaim(account id.ID, name, unit string, rel Relation, note string, now time.Time) (Claim, error) {
	c := Claim{Account: account, Relation: rel, State: ClaimOpen, CreatedAt: now}
	var bad, faults []errs.FieldError
	c.Name, faults = text("name", "姓名", name, 2, 30)
	bad = append(bad, faults...)
	c.Unit, faults = text("unit", "单位", unit, 2, 50)
	bad = append(bad, faults...)
	c.Note, faults = text("note", "说明", note, 0, 200)
	bad = append(bad, faults...)
	if rel != Self && rel != Family {
		bad = append(bad, errs.Field("relation", "请选择本人或家人"))
	}
	if len(bad) > 0 {
		return Claim{}, errs.ErrInvalid.With(bad...)
	}
	return c, nil
}

// proof is what a confirmed claim is worth.
func (c Claim) proof() Proof {
	if c.Relation == Family {
		return ByFamilyClaim
	}
	return ByClaim
}
