package checkin

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/clock"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// State of somebody on the attendance sheet: 实到, 请假, 缺席.
type State string

// The states.
const (
	StatePresent State = "present"
	StateLeave   State = "leave"
	StateAbsent  State = "absent"
)

var stateNames = map[State]string{StatePresent: "到会", StateLeave: "请假", StateAbsent: "缺席"}

// Name is the Chinese word of a state.
func (s State) Name() string { return stateNames[s] }

// Tally sums a list up; Expected = Present + Leave + Absent, always.
type Tally struct {
	Expected int `json:"expected"`
	Present  int `json:"present"`
	Leave    int `json:"leave"`
	Absent   int `json:"absent"`
}

// Line is one person of a list, expected or come without being expected.
type Line struct {
	Person   ledger.Person
	Expected activity.Expected
	State    State
	Record   Record   // of those present; Happened is the earliest moment that any door has seen
	Again    []Record // second acceptances by other doors that were offline
	By       string   // who recorded the presence
}

// Roll joins those expected and those present: who came counts as present whatever they had answered,
// and who came without being expected counts as expected.
func Roll(expected []activity.Expected, present map[id.ID]Record, again map[id.ID][]Record, people map[id.ID]ledger.Person) ([]Line, Tally) {
	var lines []Line
	var sum Tally
	listed := make(map[id.ID]bool, len(expected))
	add := func(e activity.Expected) {
		listed[e.Person] = true
		l := Line{Person: people[e.Person], Expected: e, State: StateAbsent}
		r, here := present[e.Person]
		switch {
		case here:
			first := earliest(r, again[e.Person])
			r.Happened, r.Door, r.By = first.Happened, first.Door, first.By
			l.State, l.Record, l.Again = StatePresent, r, again[e.Person]
			sum.Present++
		case e.Excused():
			l.State = StateLeave
			sum.Leave++
		default:
			sum.Absent++
		}
		sum.Expected++
		lines = append(lines, l)
	}
	for _, e := range expected {
		if !listed[e.Person] {
			add(e)
		}
	}
	for person := range present {
		if !listed[person] {
			add(activity.Expected{Person: person, Unit: people[person].UnitID, WalkIn: true})
		}
	}
	slices.SortFunc(lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Expected.Unit, b.Expected.Unit), cmp.Compare(a.Person.SeqNo, b.Person.SeqNo), cmp.Compare(a.Expected.Person, b.Expected.Person))
	})
	return lines, sum
}

// Count sums up what Roll would list.
func Count(expected []activity.Expected, present map[id.ID]Record) (sum Tally) {
	came := 0
	for _, e := range expected {
		_, here := present[e.Person]
		switch {
		case here:
			came++
		case e.Excused():
			sum.Leave++
		default:
			sum.Absent++
		}
	}
	sum.Present = len(present)
	sum.Expected = len(expected) + sum.Present - came
	return sum
}

// Remark is what the sheet says beside a person.
func (l Line) Remark() string {
	var parts []string
	add := func(s string) {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if l.State == StateLeave && l.Expected.Reason != "" {
		add("事由：" + l.Expected.Reason)
	}
	if l.State == StateLeave && l.Expected.Answer == activity.Waiting {
		add("候补，没有排到位子")
	}
	if l.State == StatePresent {
		if l.Expected.WalkIn {
			add("现场补登")
		}
		if l.Record.OnBehalf {
			add("代签：" + l.By)
		}
		add(l.Record.Flag.Note())
		if len(l.Again) > 0 {
			add("两处签到，以先到为准")
		}
	}
	return strings.Join(parts, "；")
}

// Sheet is the attendance sheet that a county files.
type Sheet struct {
	Title          string
	Activity       activity.Activity
	Alliance, Host string
	Counts         Tally
	Lines          []Line
}

// NewSheet heads the lines of an activity.
func NewSheet(a activity.Activity, alliance, host string, lines []Line, counts Tally) Sheet {
	if host == "" {
		host = alliance
	}
	return Sheet{Title: alliance + a.Kind.Name() + "签到表", Activity: a, Alliance: alliance, Host: host, Counts: counts, Lines: lines}
}

// clockTime writes the time of a presence: 9:02, with the day where the activity has several.
func (s Sheet) clockTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	day := s.Activity.StartsAt
	if s.Activity.EndsAt.In(clock.Shanghai).Format(time.DateOnly) != day.In(clock.Shanghai).Format(time.DateOnly) {
		return t.In(clock.Shanghai).Format("1月2日 ") + hourOf(t, t)
	}
	return hourOf(t, day)
}
