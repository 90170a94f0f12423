// Package founding surveys the branches of a committee (摸底), proposes how to group the small ones
// into alliances, and founds the alliances that a person has confirmed (组建).
package founding

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// Survey is one round of asking the units of a committee how their branches stand.
type Survey struct {
	ID        id.ID
	Committee id.ID
	Name      string
	Months    int       // how far back taking part counts
	Threshold int       // fewer regular participants make a candidate
	CountedAt time.Time // when attendance was counted last; zero: never
	Version   id.ID     // the version that was founded; zero: the survey is open
	CreatedAt time.Time
}

// Place is where the survey stands.
func (s Survey) Place() actor.Place { return actor.Place{Committee: s.Committee} }

// The seed's own figures: fewer than 5 take part normally, judged over a year.
const (
	DefaultThreshold = 5
	DefaultMonths    = 12
)

// Line is the line of work (业缘) of a unit.
type Line string

// The lines of work of a county's units, in the usual order.
const (
	PartyMass    Line = "party_mass"
	Law          Line = "law"
	Farming      Line = "farming"
	EducationAnd Line = "education_health"
	Economy      Line = "economy"
	Culture      Line = "culture"
	Construction Line = "construction"
	General      Line = "general"
	Other        Line = "other"
)

// lineNames are what people call the lines; the second name goes into that of an alliance.
var lineNames = map[Line][2]string{
	PartyMass: {"党群口", "群团"}, Law: {"政法口", "政法"}, Farming: {"农口", "农口"}, EducationAnd: {"教育卫生口", "教卫"},
	Economy: {"经济口", "经济"}, Culture: {"宣传文化口", "文宣"}, Construction: {"城建交通口", "城建"}, General: {"综合口", "综合"}, Other: {"其他", "综合"},
}

// Name is the Chinese name of a line.
func (l Line) Name() string { return lineNames[l][0] }

// Answers are what a unit fills in. Nil and "" mean: not yet.
type Answers struct {
	OwnBranch *bool
	Regular   *int // typed where attendance tells nothing, or tells it wrongly
	Address   string
	Street    string // 街道, 社区 or 乡镇
	Spot      *Spot
	Line      Line
}

// Spot is a place on the map in millionths of a degree.
type Spot struct{ LatE6, LngE6 int }

// Row is one unit of a survey: what the ledger and attendance say, and what was filled in.
type Row struct {
	Answers
	Unit, Committee, Alliance id.ID
	Name, AllianceName        string
	Leads                     bool // the unit leads the alliance in which it is
	Members                   int  // active persons of the ledger
	Counted                   *int // regular participants by attendance; nil: there were no activities to count
	TypedBy                   id.ID
	TypedAt                   time.Time
	UpdatedAt                 time.Time
	Revision                  int
}

// Place is where the unit stands.
func (r Row) Place() actor.Place {
	return actor.Place{Committee: r.Committee, Alliance: r.Alliance, Unit: r.Unit}
}

// RegularNow is how many take part regularly: what was typed goes before what was counted.
func (r Row) RegularNow() *int {
	if r.Regular != nil {
		return r.Regular
	}
	return r.Counted
}

// Missing names what has to be filled in before the unit can be judged and grouped.
func (r Row) Missing() []string {
	missing := []string{}
	for _, m := range []struct {
		lacks bool
		name  string
	}{
		{r.OwnBranch == nil, "有无支部"}, {r.RegularNow() == nil, "正常参加人数"},
		{r.Street == "" && r.Spot == nil, "街道"}, {r.Line == "", "战线"},
	} {
		if m.lacks {
			missing = append(missing, m.name)
		}
	}
	return missing
}

// Fill is how far a row is filled in.
type Fill string

// The states of a row.
const (
	Empty  Fill = "empty"
	Partly Fill = "partly"
	Done   Fill = "done"
)

// Fill tells how far the row is filled in.
func (r Row) Fill() Fill {
	switch n := len(r.Missing()); {
	case n == 0:
		return Done
	case r.UpdatedAt.IsZero():
		return Empty
	}
	return Partly
}

// Verdict says whether a unit should join an alliance.
type Verdict string

// The verdicts; Unknown until the survey tells enough.
const (
	Unknown      Verdict = "unknown"
	IsCandidate  Verdict = "candidate"
	NotCandidate Verdict = "none"
)

// Judge applies the seed's rule (组织联建): no branch of its own, or fewer regular participants than
// the threshold. The text is shown.
func (r Row) Judge(threshold int) (Verdict, string) {
	n := r.RegularNow()
	switch {
	case r.OwnBranch != nil && !*r.OwnBranch:
		return IsCandidate, "未成立离退休干部党支部"
	case n != nil && *n < threshold:
		return IsCandidate, fmt.Sprintf("正常参加活动%d人，不足%d人", *n, threshold)
	case r.OwnBranch == nil || n == nil:
		return Unknown, "待填：" + strings.Join(r.Missing(), "、")
	}
	return NotCandidate, fmt.Sprintf("有支部，正常参加活动%d人", *n)
}

// Turn is how often somebody came: Expected counts the activities of the time that are over, were not
// called off and expected the person; Present those of them at whose main list the person stands, by
// whatever door and way (domain.md: on_site, online and home_visit count alike).
type Turn struct {
	Person            id.ID
	Expected, Present int
}

// Regular reports whether somebody takes part normally: at half of the activities or more.
func (t Turn) Regular() bool { return t.Present > 0 && 2*t.Present >= t.Expected }

// Errors of this package.
var (
	ErrNameTaken  = errs.New(errs.Conflict, "founding.name_taken", "已有同名的，请换一个名称")
	ErrStale      = errs.New(errs.Conflict, "founding.stale", "刚刚有别人改过，已为您取来最新内容，请看过后再改")
	ErrFounded    = errs.New(errs.Conflict, "founding.founded", "这次摸底已经组建了联盟，不能再改；如有变化，请新开一次摸底")
	ErrNoDraft    = errs.New(errs.NotFound, "founding.no_draft", "还没有组建方案，请先生成一个")
	ErrTooMany    = errs.New(errs.Invalid, "founding.too_many", "联盟个数多于候选单位")
	ErrCandidates = errs.New(errs.Invalid, "founding.no_candidates", "还没有候选单位：请先填摸底表，或调整人数线")
	ErrEmpty      = errs.New(errs.Conflict, "founding.empty_group", "有联盟一个单位也没有，请先移入单位")
	ErrChanged    = errs.New(errs.Conflict, "founding.changed", "保存这一版之后，有单位的联盟变了，请重新保存一版再确认")
	ErrLeads      = errs.New(errs.Conflict, "founding.leads", "有单位正牵头别的联盟，请先为那个联盟另定牵头单位")
)

// invalid is one faulty field.
func invalid(field, message string) error { return errs.ErrInvalid.With(errs.Field(field, message)) }

// clean checks a survey's own columns.
func (s Survey) clean() (Survey, error) {
	s.Name = ledger.FreeText(s.Name)
	switch {
	case s.Name == "" || len([]rune(s.Name)) > 60:
		return Survey{}, invalid("name", "请给这次摸底起个名称，60字以内")
	case s.Months < 1 || s.Months > 60:
		return Survey{}, invalid("months", "统计的月数在1到60之间")
	case s.Threshold < 1 || s.Threshold > 100:
		return Survey{}, invalid("threshold", "人数线在1到100之间")
	}
	return s, nil
}

// clean brings answers into their stored form. members bounds how many can take part.
func (a Answers) clean(members int) (Answers, error) {
	a.Address, a.Street = ledger.FreeText(a.Address), strings.ReplaceAll(ledger.NormalText(a.Street), " ", "")
	_, known := lineNames[a.Line]
	switch {
	case a.Regular != nil && (*a.Regular < 0 || *a.Regular > members):
		return Answers{}, invalid("regular", "正常参加人数在0到在册党员"+strconv.Itoa(members)+"人之间")
	case len([]rune(a.Address)) > 200:
		return Answers{}, invalid("address", "地址太长")
	case len([]rune(a.Street)) > 40:
		return Answers{}, invalid("street", "街道名称太长")
	case a.Line != "" && !known:
		return Answers{}, invalid("line", "请从列表中选择战线")
	case a.Spot != nil && (a.Spot.LatE6 < 3_000_000 || a.Spot.LatE6 > 54_000_000 || a.Spot.LngE6 < 73_000_000 || a.Spot.LngE6 > 136_000_000):
		return Answers{}, invalid("latitude", "坐标不在国内，请核对经度和纬度是否填反")
	}
	for field, text := range map[string]string{"address": a.Address, "street": a.Street} {
		if ledger.LooksLikeFormula(text) {
			return Answers{}, invalid(field, "不能以 = + - @ 开头")
		}
	}
	return a, nil
}
