package notice

import (
	"slices"
	"strings"

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
	Subjects []id.ID  // units, branches or alliances
	Teams    []string // names of interest teams, as the ledger has them
}

// The ways of choosing. Whoever moved away or died belongs to none of them.
const (
	AllOfAlliance AudienceKind = "alliance"
	SomeUnits     AudienceKind = "units"
	SomeBranches  AudienceKind = "branches"
	SomeTeams     AudienceKind = "teams"     // who wants to be in one of the teams
	SomeAlliances AudienceKind = "alliances" // of the committee, for its own notice
	NotAnswered   AudienceKind = "silent"    // who has not answered to the activity of the notice that this one follows
)

// ToAlliance is the audience of a notice that chooses nobody.
var ToAlliance = Audience{Kind: AllOfAlliance}

// Errors of choosing.
var (
	ErrAudience  = errs.New(errs.Invalid, "notice.audience", "请选好发给谁")
	ErrFollows   = errs.New(errs.Conflict, "notice.follows", "只能接着一条已经发出、还没结束的活动通知再发")
	ErrNoneLeft  = errs.New(errs.Conflict, "notice.none_left", "大家都答复过了，不用再发")
	ErrNoneThere = errs.New(errs.Conflict, "notice.none_there", "选中的单位里没有在册的党员，请另选")
	ErrTeamEmpty = errs.New(errs.Conflict, "notice.team_empty", "选中的兴趣队里现在没有在册的党员，请另选")
)

// maxSubjects bounds what one notice names.
const maxSubjects = 500

func (a Audience) check(follows id.ID) error {
	units, teams := a.Kind == SomeUnits || a.Kind == SomeBranches || a.Kind == SomeAlliances, a.Kind == SomeTeams
	switch {
	case !units && !teams && a.Kind != AllOfAlliance && a.Kind != NotAnswered,
		units != (len(a.Subjects) > 0), len(a.Subjects) > maxSubjects,
		teams != (len(a.Teams) > 0), len(a.Teams) > maxSubjects, (a.Kind == NotAnswered) != (follows != 0):
		return ErrAudience
	}
	return nil
}

// names reports whether the audience has a list of its own.
func (a Audience) names() bool { return len(a.Subjects)+len(a.Teams) > 0 }

// among gives those of the alliance's active people whom the audience names; silent are the persons who
// have not answered, for NotAnswered, teams what each person wants to be in, for SomeTeams.
func (a Audience) among(people []ledger.Person, silent map[id.ID]bool, teams map[id.ID][]string) []ledger.Person {
	keys := map[string]bool{}
	for _, name := range a.Teams {
		keys[ledger.TeamKey(name)] = true
	}
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
		case SomeTeams:
			in = slices.ContainsFunc(teams[p.ID], func(name string) bool { return keys[ledger.TeamKey(name)] })
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
	case SomeTeams:
		return ErrTeamEmpty
	}
	return ErrNobody
}

// Part is a unit, branch or team that can be chosen, or those silent about a notice's activity: how many people
// it has, and how many of them nobody reads for, so that they must be called.
type Part struct {
	ID            id.ID // zero: a team, which has only a name
	Name          string
	People, Calls int
}

// Choice is everything among which the people of a notice are chosen.
type Choice struct {
	People, Calls                             int
	Alliances, Units, Branches, Teams, Silent []Part
	TeamSets                                  []TeamSet
}

// TeamSet counts those who named just these teams: who is in two of those chosen is told once.
type TeamSet struct {
	Names         []string
	People, Calls int
}

// parts counts people by what they belong to, in the order in which it is met.
type parts[K comparable] struct {
	list []Part
	at   map[K]int
}

// count adds one person, and gives the name under which the part was met first.
func (p *parts[K]) count(key K, part Part, calls int) string {
	if p.at == nil {
		p.at = map[K]int{}
	}
	i, known := p.at[key]
	if !known {
		i = len(p.list)
		p.at[key] = i
		p.list = append(p.list, part)
	}
	p.list[i].People++
	p.list[i].Calls += calls
	return p.list[i].Name
}

// choice counts active people, of one alliance or of several; read tells whether an account acts for somebody, teams what
// somebody wants to be in. The largest team comes first.
func choice(people []ledger.Person, read func(id.ID) bool, teams map[id.ID][]string) Choice {
	var c Choice
	var alliances, units, branches parts[id.ID]
	var groups, sets parts[string]
	for _, p := range people {
		calls := 1
		if read(p.ID) {
			calls = 0
		}
		c.People++
		c.Calls += calls
		alliances.count(p.AllianceID, Part{ID: p.AllianceID, Name: p.Alliance}, calls)
		units.count(p.UnitID, Part{ID: p.UnitID, Name: p.Unit}, calls)
		if p.BranchID != 0 {
			branches.count(p.BranchID, Part{ID: p.BranchID, Name: p.Branch}, calls)
		}
		var set []string
		for _, name := range teams[p.ID] {
			set = append(set, groups.count(ledger.TeamKey(name), Part{Name: name}, calls))
		}
		if slices.Sort(set); len(set) > 0 {
			sets.count(strings.Join(set, "、"), Part{Name: strings.Join(set, "、")}, calls)
		}
	}
	for _, p := range sets.list {
		c.TeamSets = append(c.TeamSets, TeamSet{Names: strings.Split(p.Name, "、"), People: p.People, Calls: p.Calls})
	}
	slices.SortStableFunc(groups.list, func(a, b Part) int { return b.People - a.People })
	c.Alliances, c.Units, c.Branches, c.Teams = alliances.list, units.list, branches.list, groups.list
	return c
}
