package founding

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"bense/server/internal/id"
)

// Score says how good an arrangement is, between 0 and 100, and what it is made of (each between 0 and
// 1): what holds the units together (weight 50), how even the alliances are in persons (25) and in units
// (15), and how many of them have a unit with a branch of its own that can lead (10).
type Score struct {
	Total    float64 `json:"total" doc:"0 to 100"`
	Cohesion float64 `json:"cohesion" doc:"0 to 1: how many pairs of an alliance share street or line of work, whichever are more"`
	Persons  float64 `json:"persons" doc:"0 to 1: 1 minus the mean deviation from the mean number of persons"`
	Units    float64 `json:"units" doc:"0 to 1: the same of units"`
	Leads    float64 `json:"leads" doc:"0 to 1: share of alliances with a unit that has a branch of its own"`
}

const (
	weightCohesion = 50
	weightPersons  = 25
	weightUnits    = 15
	weightLeads    = 10
)

func rate(sums []tally) Score {
	var s Score
	var units, people float64
	for _, t := range sums {
		units += float64(t.units)
		people += float64(t.persons)
		s.Cohesion += float64(t.units) * t.cohesion()
		if t.own > 0 {
			s.Leads++
		}
	}
	k := float64(len(sums))
	if k == 0 || units == 0 {
		return Score{}
	}
	s.Cohesion /= units
	s.Leads /= k
	s.Units = even(sums, units/k, func(t tally) float64 { return float64(t.units) })
	s.Persons = even(sums, people/k, func(t tally) float64 { return float64(t.persons) })
	s.Total = weightCohesion*s.Cohesion + weightPersons*s.Persons + weightUnits*s.Units + weightLeads*s.Leads
	return s
}

func even(sums []tally, mean float64, size func(tally) float64) float64 {
	if mean == 0 {
		return 1
	}
	off := 0.0
	for _, t := range sums {
		off += math.Abs(size(t) - mean)
	}
	return max(0, 1-off/mean/float64(len(sums)))
}

// GroupRate is what one alliance looks like: its size and which share of its pairs have something in common.
type GroupRate struct {
	Units, Persons, Regular int
	Near, Line              float64
	Basis                   string
}

func tallyOf(list []Candidate) tally {
	var t tally
	for i, a := range list {
		t.units++
		t.persons += a.Members
		t.own += of(a.OwnBranch)
		for _, b := range list[:i] {
			t.near += near(a, b)
			t.line += sameLine(a, b)
		}
	}
	return t
}

func rateGroup(list []Candidate) GroupRate {
	t := tallyOf(list)
	r := GroupRate{Units: t.units, Persons: t.persons}
	for _, c := range list {
		r.Regular += c.Regular
	}
	if t.units > 1 {
		r.Near, r.Line = t.near/t.pairs(), t.line/t.pairs()
	}
	switch {
	case r.Line > r.Near:
		r.Basis = "业缘"
	case r.Near > 0:
		r.Basis = "地缘"
	default:
		r.Basis = "统筹"
	}
	return r
}

// Rate scores an arrangement; units that are not in list are left out.
func Rate(groups []Group, list map[id.ID]Candidate) Score {
	sums := make([]tally, len(groups))
	for i, g := range groups {
		sums[i] = tallyOf(pick(g.Units, list))
	}
	return rate(sums)
}

// Reason says in Chinese why a unit stands where it stands: with whom it shares street and line.
func Reason(c Candidate, group []Candidate) string {
	others := slices.DeleteFunc(slices.Clone(group), func(o Candidate) bool { return o.Unit == c.Unit })
	if len(others) == 0 {
		return "单独成组"
	}
	both := func(o Candidate) bool { return sameStreet(c, o) && sameLine(c, o) > 0 }
	if i := slices.IndexFunc(others, both); i >= 0 {
		rest := len(keep(others, func(o Candidate) bool { return sameStreet(c, o) || sameLine(c, o) > 0 })) - 1
		text := fmt.Sprintf("与%s同在%s，同属%s", others[i].Name, c.Street, c.Line.Name())
		if rest > 0 {
			text += fmt.Sprintf("；另有%d家同街道或同口", rest)
		}
		return text
	}
	var parts []string
	if on := keep(others, func(o Candidate) bool { return sameStreet(c, o) }); len(on) > 0 {
		parts = append(parts, "与"+namesOf(on)+"同在"+c.Street)
	} else if by := keep(others, func(o Candidate) bool { return near(c, o) > 0 }); len(by) > 0 {
		next := slices.MinFunc(by, func(a, b Candidate) int { return int(metres(*c.Spot, *a.Spot) - metres(*c.Spot, *b.Spot)) })
		parts = append(parts, fmt.Sprintf("与%s相距约%d米", next.Name, roundTo(metres(*c.Spot, *next.Spot), 50)))
	}
	if in := keep(others, func(o Candidate) bool { return sameLine(c, o) > 0 }); len(in) > 0 {
		with := "与" + namesOf(in)
		parts = append(parts, with+"同属"+c.Line.Name())
	}
	if len(parts) == 0 {
		return "与组内单位街道、战线都不同，为使各联盟人数相当而编入"
	}
	return strings.Join(parts, "；")
}

func sameStreet(a, b Candidate) bool { return a.Street != "" && a.Street == b.Street }

func keep(list []Candidate, fits func(Candidate) bool) []Candidate {
	var out []Candidate
	for _, c := range list {
		if fits(c) {
			out = append(out, c)
		}
	}
	return out
}

// namesOf names at most two units.
func namesOf(list []Candidate) string {
	switch len(list) {
	case 1:
		return list[0].Name
	case 2:
		return list[0].Name + "、" + list[1].Name
	}
	return fmt.Sprintf("%s、%s等%d家", list[0].Name, list[1].Name, len(list))
}

func roundTo(v float64, step int) int { return max(step, int(v/float64(step)+0.5)*step) }

// RateOf looks at one group; units that are not in list are left out.
func RateOf(g Group, list map[id.ID]Candidate) GroupRate { return rateGroup(pick(g.Units, list)) }
