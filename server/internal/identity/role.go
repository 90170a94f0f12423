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
	CommitteeID id.ID // committee_staff, viewer
	AllianceID  id.ID // head, lead_staff
	UnitID      id.ID // liaison
	HolderName  string
	Phone       string
	PersonID    id.ID
	OpenID      string
	AccountID   id.ID
	Term        Term
}

// Term is from when until when a role counts; a zero end is open.
type Term struct{ From, Until time.Time }

// covers reports whether a moment lies in the term.
func (t Term) covers(now time.Time) bool {
	return !now.Before(t.From) && (t.Until.IsZero() || now.Before(t.Until))
}

func (t Term) equal(o Term) bool { return t.From.Equal(o.From) && t.Until.Equal(o.Until) }

// edge gives the next moment at which the term begins or ends, zero when none is to come.
func (t Term) edge(now time.Time) time.Time {
	switch {
	case now.Before(t.From):
		return t.From
	case now.Before(t.Until):
		return t.Until
	}
	return time.Time{}
}

// check wants an end that is still to come and after the beginning. Terms are kept to the second.
func (t Term) check(now time.Time) (Term, []errs.FieldError) {
	t = Term{From: t.From.UTC().Truncate(time.Second), Until: t.Until.UTC().Truncate(time.Second)}
	switch {
	case t.Until.IsZero():
		return t, nil
	case !t.Until.After(now):
		return t, []errs.FieldError{errs.Field("until", "截止时间已经过了，请重新选择")}
	case !t.Until.After(t.From):
		return t, []errs.FieldError{errs.Field("until", "截止时间要晚于开始时间")}
	}
	return t, nil
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
	Term       Term
	DeputyOf   id.ID // the role that it stands in for while its holder is away
}

// Attached reports whether somebody can already use the role.
func (g RoleGrant) Attached() bool { return g.Account != 0 || g.Person != 0 }

// view is the role as its holder sees it.
func (g RoleGrant) view() RoleView {
	return RoleView{ID: g.ID, Role: g.Role, Place: g.Place, Label: label(g.Role, g.PlaceName), Term: g.Term, DeputyOf: g.DeputyOf}
}

// RoleView is a role as its holder sees it.
type RoleView struct {
	ID       id.ID
	Role     actor.Role
	Place    actor.Place
	Label    string
	Term     Term
	DeputyOf id.ID // the role whose holder is away
}

var roleNames = map[actor.Role]string{
	actor.Head: "联盟负责人", actor.Liaison: "联络员", actor.LeadStaff: "牵头单位", actor.CommitteeStaff: "老干部局",
	actor.Viewer: "上级查看",
}

// label says a role with its place, as people would.
func label(r actor.Role, place string) string {
	if place == "" {
		return roleNames[r]
	}
	return place + " " + roleNames[r]
}

// clean normalises a request and reports its faulty fields.
func (r GrantRequest) clean(now time.Time) (GrantRequest, error) {
	var bad []errs.FieldError
	r.Term, bad = r.Term.check(now)
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
	case actor.CommitteeStaff, actor.Viewer:
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
	if r == actor.LeadStaff || r == actor.CommitteeStaff || r == actor.Viewer {
		scope.Alliances, scope.Units, scope.Persons = nil, nil, nil
	}
	if !scope.Covers(at) {
		return errs.ErrForbidden
	}
	return nil
}

// seat gives the id of the place that a role is for.
func seat(r actor.Role, at actor.Place) id.ID {
	switch r {
	case actor.Liaison:
		return at.Unit
	case actor.Head, actor.LeadStaff:
		return at.Alliance
	}
	return at.Committee
}
