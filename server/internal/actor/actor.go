// Package actor says who is asking, what they may do and which part of the county they see.
package actor

import (
	"context"
	"slices"

	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Role is what somebody is in the organisation (domain.md, "Who uses it").
type Role string

// The roles of the main job. A member's grant follows from a confirmed binding, not from a row.
const (
	Member         Role = "member"
	Head           Role = "head"
	Liaison        Role = "liaison"
	LeadStaff      Role = "lead_staff"
	CommitteeStaff Role = "committee_staff"
	Viewer         Role = "viewer" // 上级查看: the organisation and its totals, nothing about persons
)

// Place is where a thing stands. A zero id means that the thing has no such place.
type Place struct {
	Committee, Alliance, Unit, Person id.ID
}

// Grant is a role together with the place for which it was given.
type Grant struct {
	Role   Role
	Place  Place
	Deputy bool // for a holder on leave: everything but giving roles
}

// Actor is who is asking: an account with the persons it may act for and its roles.
type Actor struct {
	Account id.ID
	Persons []id.ID // confirmed bindings
	Grants  []Grant // member grants included
	System  bool    // worker and commands: sees and may do everything

	Console      bool  // asks from a desktop session; what weighs more is confirmed on the phone
	Session      id.ID // that session
	Confirmation id.ID // what the request gives as its confirmation; it proves nothing before it was spent
}

// System acts for the installation itself.
var System = Actor{System: true}

// Scope is what an actor may see: everything, or the union of the listed places.
// The zero Scope sees nothing.
type Scope struct {
	All                                   bool
	Committees, Alliances, Units, Persons []id.ID
}

// Empty reports whether the scope holds nothing.
func (s Scope) Empty() bool {
	return !s.All && len(s.Committees)+len(s.Alliances)+len(s.Units)+len(s.Persons) == 0
}

// Covers reports whether a thing at p is inside the scope.
func (s Scope) Covers(p Place) bool {
	in := func(list []id.ID, v id.ID) bool { return v != 0 && slices.Contains(list, v) }
	return s.All || in(s.Committees, p.Committee) || in(s.Alliances, p.Alliance) ||
		in(s.Units, p.Unit) || in(s.Persons, p.Person)
}

// Scope is the union of the places in which the actor holds the permission.
func (a Actor) Scope(perm Permission) Scope {
	if a.System {
		return Scope{All: true}
	}
	var s Scope
	add := func(list *[]id.ID, v id.ID) {
		if v != 0 && !slices.Contains(*list, v) {
			*list = append(*list, v)
		}
	}
	for _, g := range a.Grants {
		if g.Deputy && perm == GrantRole {
			continue
		}
		switch reach[g.Role][perm] {
		case overCommittee:
			add(&s.Committees, g.Place.Committee)
		case overAlliance:
			add(&s.Alliances, g.Place.Alliance)
		case overUnit:
			add(&s.Units, g.Place.Unit)
		case overPerson:
			add(&s.Persons, g.Place.Person)
		}
	}
	return s
}

// Must reports errs.ErrForbidden unless the actor holds the permission over p.
func (a Actor) Must(perm Permission, p Place) error {
	if a.Scope(perm).Covers(p) {
		return nil
	}
	return errs.ErrForbidden
}

// May reports whether the actor holds the permission anywhere.
func (a Actor) May(perm Permission) bool { return !a.Scope(perm).Empty() }

// Is reports whether the actor holds a role anywhere.
func (a Actor) Is(r Role) bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool { return g.Role == r })
}

// Staff reports whether the actor holds an office of any kind.
func (a Actor) Staff() bool {
	return a.System || slices.ContainsFunc(a.Grants, func(g Grant) bool { return g.Role != Member })
}

// ActsFor reports whether the account is confirmed for the person.
func (a Actor) ActsFor(person id.ID) bool { return slices.Contains(a.Persons, person) }

type key struct{}

// With puts the actor into the context.
func With(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, key{}, a) }

// From gives the actor of the request, or ErrUnauthenticated.
func From(ctx context.Context) (Actor, error) {
	a, ok := ctx.Value(key{}).(Actor)
	if !ok {
		return Actor{}, errs.ErrUnauthenticated
	}
	return a, nil
}
