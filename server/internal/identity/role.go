package identity

import (
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// GrantRequest asks to give a role. A head is a person of the ledger; staff are holders with name
// and phone, who get the role when they log in and confirm that phone. OpenID and AccountID attach
// a role at once and serve the installation's own commands only.
type GrantRequest struct {
	Role        actor.Role
	CommitteeID id.ID // committee_staff
	AllianceID  id.ID // head, lead_staff
	UnitID      id.ID // liaison
	HolderName  string
	Phone       string
	PersonID    id.ID
	OpenID      string
	AccountID   id.ID
}

// RoleGrant is a role that was given and not taken back.
type RoleGrant struct {
	ID         id.ID
	Role       actor.Role
	Place      actor.Place // resolved: a unit's place holds its alliance and committee
	PlaceName  string
	Account    id.ID
	Person     id.ID
	HolderName string
	Phone      string
	CreatedAt  time.Time
}

// Attached reports whether somebody can already use the role.
func (g RoleGrant) Attached() bool { return g.Account != 0 || g.Person != 0 }

// RoleView is a role as its holder sees it.
type RoleView struct {
	Role  actor.Role
	Place actor.Place
	Label string
}

var roleNames = map[actor.Role]string{
	actor.Head: "联盟负责人", actor.Liaison: "联络员", actor.LeadStaff: "牵头单位", actor.CommitteeStaff: "老干部局",
}

// label says a role with its place, as people would.
func label(r actor.Role, place string) string {
	if place == "" {
		return roleNames[r]
	}
	return place + " " + roleNames[r]
}

// clean normalises a request and reports its faulty fields.
func (r GrantRequest) clean() (GrantRequest, error) {
	var bad []errs.FieldError
	need := func(ok bool, field, message string) {
		if !ok {
			bad = append(bad, errs.Field(field, message))
		}
	}
	// Only the scope that the role is given for counts; the rest of what came in is dropped.
	switch r.Role {
	case actor.Head, actor.LeadStaff:
		need(r.AllianceID != 0, "alliance_id", "请选择联盟")
		r.CommitteeID, r.UnitID = 0, 0
	case actor.Liaison:
		need(r.UnitID != 0, "unit_id", "请选择单位")
		r.CommitteeID, r.AllianceID = 0, 0
	case actor.CommitteeStaff:
		need(r.CommitteeID != 0, "committee_id", "请选择党工委")
		r.AllianceID, r.UnitID = 0, 0
	default:
		return r, errs.ErrInvalid.With(errs.Field("role", "没有这种职务"))
	}
	direct := r.AccountID != 0 || r.OpenID != ""
	if r.Role == actor.Head && !direct {
		need(r.PersonID != 0, "person_id", "联盟负责人请从台账中选择")
		r.HolderName, r.Phone = "", ""
	} else {
		need(r.PersonID == 0 || r.Role == actor.Head, "person_id", "工作人员不从台账中选择，请填写姓名和手机号")
		var faults []errs.FieldError
		r.HolderName, faults = text("holder.name", "姓名", r.HolderName, 1, 30)
		if !direct || r.HolderName != "" {
			bad = append(bad, faults...)
		}
		phone, ok := Phone(r.Phone)
		need(ok || direct && r.Phone == "", "holder.phone", "请填写11位手机号")
		r.Phone = phone
	}
	if len(bad) > 0 {
		return r, errs.ErrInvalid.With(bad...)
	}
	return r, nil
}

// mayGrant checks that who may give or take a role at a place: only inside the own scope, and the
// offices above an alliance's head only from a committee.
func mayGrant(who actor.Actor, r actor.Role, at actor.Place) error {
	scope := who.Scope(actor.GrantRole)
	if r == actor.LeadStaff || r == actor.CommitteeStaff {
		scope.Alliances, scope.Units, scope.Persons = nil, nil, nil
	}
	if !scope.Covers(at) {
		return errs.ErrForbidden
	}
	return nil
}
