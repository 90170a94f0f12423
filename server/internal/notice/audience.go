package notice

import (
	"slices"

	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// AudienceKind says how the people of a notice are chosen among those of its alliance.
type AudienceKind string

// Audience is whom a notice addresses: those active in its alliance, or the part of them that is named.
// The zero of Subjects is everybody.
type Audience struct {
	Kind     AudienceKind
	Subjects []id.ID // units or branches
}

// The ways of choosing. Whoever moved away or died belongs to none of them.
const (
	AllOfAlliance AudienceKind = "alliance"
	SomeUnits     AudienceKind = "units"
	SomeBranches  AudienceKind = "branches"
	NotAnswered   AudienceKind = "silent" // who has not answered to the activity of the notice that this one follows
)

// ToAlliance is the audience of a notice that chooses nobody.
var ToAlliance = Audience{Kind: AllOfAlliance}

// Errors of choosing.
var (
	ErrAudience  = errs.New(errs.Invalid, "notice.audience", "请选好发给谁")
	ErrFollows   = errs.New(errs.Conflict, "notice.follows", "只能接着一条已经发出、还没结束的活动通知再发")
	ErrNoneLeft  = errs.New(errs.Conflict, "notice.none_left", "大家都答复过了，不用再发")
	ErrNoneThere = errs.New(errs.Conflict, "notice.none_there", "选中的单位里没有在册的党员，请另选")
)

// maxSubjects bounds what one notice names.
const maxSubjects = 500

func (a Audience) check(follows id.ID) error {
	named := a.Kind == SomeUnits || a.Kind == SomeBranches
	switch {
	case !named && a.Kind != AllOfAlliance && a.Kind != NotAnswered,
		named != (len(a.Subjects) > 0), len(a.Subjects) > maxSubjects, (a.Kind == NotAnswered) != (follows != 0):
		return ErrAudience
	}
	return nil
}

// among gives those of the alliance's active people whom the audience names; silent are the persons who
// have not answered, for NotAnswered.
func (a Audience) among(people []ledger.Person, silent map[id.ID]bool) []ledger.Person {
	out := make([]ledger.Person, 0, len(people))
	for _, p := range people {
		in := true
		switch a.Kind {
		case SomeUnits:
			in = slices.Contains(a.Subjects, p.UnitID)
		case SomeBranches:
			in = p.BranchID != 0 && slices.Contains(a.Subjects, p.BranchID)
		case NotAnswered:
			in = silent[p.ID]
		}
		if in {
			out = append(out, p)
		}
	}
	return out
}

// nobody is why an audience without people gets nothing.
func (a Audience) nobody() error {
	switch a.Kind {
	case NotAnswered:
		return ErrNoneLeft
	case SomeUnits, SomeBranches:
		return ErrNoneThere
	}
	return ErrNobody
}

// Part is a unit or branch that can be chosen, or those silent about a notice's activity: how many people
// it has, and how many of them nobody reads for, so that they must be called.
type Part struct {
	ID            id.ID
	Name          string
	People, Calls int
}

// Choice is everything among which the people of a notice are chosen.
type Choice struct {
	People, Calls           int
	Units, Branches, Silent []Part
}

// choice counts the active people of an alliance; read tells whether an account acts for somebody.
func choice(people []ledger.Person, read func(id.ID) bool) Choice {
	var c Choice
	units, branches := map[id.ID]int{}, map[id.ID]int{}
	count := func(list *[]Part, at map[id.ID]int, key id.ID, name string, calls int) {
		if key == 0 {
			return
		}
		i, known := at[key]
		if !known {
			i = len(*list)
			at[key] = i
			*list = append(*list, Part{ID: key, Name: name})
		}
		(*list)[i].People++
		(*list)[i].Calls += calls
	}
	for _, p := range people {
		calls := 1
		if read(p.ID) {
			calls = 0
		}
		c.People++
		c.Calls += calls
		count(&c.Units, units, p.UnitID, p.Unit, calls)
		count(&c.Branches, branches, p.BranchID, p.Branch, calls)
	}
	return c
}
