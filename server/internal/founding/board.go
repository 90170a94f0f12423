package founding

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"bense/server/internal/id"
)

// Draft is the arrangement that staff work on; a survey has one.
type Draft struct {
	Survey, Committee id.ID
	Revision          int
	Groups            []Group
}

// Board is an arrangement as people see it. In a version it is frozen with all that it was judged by.
type Board struct {
	Groups   []BoardGroup
	Unplaced []Card // candidates that stand in no group
	Score    Score
}

// BoardGroup is a column of the board.
type BoardGroup struct {
	GroupRate
	Name  string
	Lead  id.ID
	Cards []Card
}

// Card is a unit on the board.
type Card struct {
	Candidate
	Reason string
}

// Look shows groups with what the survey knows of their units. Candidates in none of them are unplaced.
func Look(groups []Group, list map[id.ID]Candidate, candidates []id.ID) Board {
	b := Board{Groups: make([]BoardGroup, len(groups)), Unplaced: []Card{}, Score: Rate(groups, list)}
	placed := map[id.ID]bool{}
	for i, g := range groups {
		members := pick(g.Units, list)
		col := BoardGroup{GroupRate: rateGroup(members), Name: g.Name, Lead: g.Lead, Cards: make([]Card, len(members))}
		if g.Basis != "" {
			col.Basis = g.Basis
		}
		for j, c := range members {
			placed[c.Unit] = true
			col.Cards[j] = Card{c, Reason(c, members)}
		}
		b.Groups[i] = col
	}
	for _, u := range candidates {
		if c, ok := list[u]; ok && !placed[u] {
			reason := "还没有编入"
			if c.From != 0 {
				reason = "已在" + c.FromName
			}
			b.Unplaced = append(b.Unplaced, Card{c, reason})
		}
	}
	return b
}

// Moved puts a unit into the group of a number, counted from 1, or out of all groups with 0. Whoever leads
// a group and leaves it is followed by the unit that can lead best.
func Moved(groups []Group, list map[id.ID]Candidate, unit id.ID, to int) ([]Group, error) {
	if to < 0 || to > len(groups) {
		return nil, invalid("to", "没有这个联盟，请刷新后再移")
	}
	out := make([]Group, len(groups))
	for i, g := range groups {
		g.Units = slices.Clone(g.Units)
		at := slices.Index(g.Units, unit)
		switch {
		case i == to-1 && at < 0:
			g.Units = append(g.Units, unit)
		case i != to-1 && at >= 0:
			g.Units = slices.Delete(g.Units, at, at+1)
		}
		if !slices.Contains(g.Units, g.Lead) {
			g.Lead = lead(pick(g.Units, list))
		}
		out[i] = g
	}
	return out, nil
}

// Effect is what a move does to sizes and score.
type Effect struct {
	To            int // number of the group, 0: out
	Before, After Score
	Text          string // Chinese, to be shown
}

// EffectOf compares two arrangements of the same groups.
func EffectOf(unit Candidate, to int, before, after []Group, list map[id.ID]Candidate) Effect {
	e := Effect{To: to, Before: Rate(before, list), After: Rate(after, list)}
	var parts []string
	for i := range before {
		b, a := RateOf(before[i], list), RateOf(after[i], list)
		if b.Units != a.Units {
			parts = append(parts, fmt.Sprintf("%s%d→%d家、%d→%d人", before[i].Name, b.Units, a.Units, b.Persons, a.Persons))
		}
	}
	if len(parts) == 0 {
		e.Text = unit.Name + "就在这里"
		return e
	}
	e.Text = strings.Join(parts, "；") + fmt.Sprintf("；得分%.1f→%.1f", e.Before.Total, e.After.Total)
	var why []string
	for _, d := range []struct {
		name       string
		was, is, w float64
	}{{"同街道或同口", e.Before.Cohesion, e.After.Cohesion, weightCohesion}, {"人数均衡", e.Before.Persons, e.After.Persons, weightPersons},
		{"单位数均衡", e.Before.Units, e.After.Units, weightUnits}, {"有单位可牵头", e.Before.Leads, e.After.Leads, weightLeads}} {
		if by := (d.is - d.was) * d.w; by >= 0.05 || by <= -0.05 {
			why = append(why, fmt.Sprintf("%s%+.1f", d.name, by))
		}
	}
	if len(why) > 0 {
		e.Text += "（" + strings.Join(why, "，") + "）"
	}
	return e
}

// Version is a board that was saved: it never changes.
type Version struct {
	ID, Survey, Committee id.ID
	Name                  string
	Board                 Board
	By                    id.ID
	At                    time.Time
}

// Difference is a unit that stands in different groups in two versions; "" is none.
type Difference struct {
	Unit          id.ID
	Name          string
	First, Second string // names of the groups
}

// Compare tells which units stand elsewhere in the second version. A group is the same one in both when
// most of its units are.
func Compare(a, b Board) []Difference {
	match := map[int]int{} // group of b → group of a
	type pair struct{ a, b, shared int }
	var pairs []pair
	for i, ga := range a.Groups {
		for j, gb := range b.Groups {
			n := len(keep(candidates(ga.Cards), func(c Candidate) bool {
				return slices.ContainsFunc(gb.Cards, func(o Card) bool { return o.Unit == c.Unit })
			}))
			pairs = append(pairs, pair{i, j, n})
		}
	}
	slices.SortStableFunc(pairs, func(x, y pair) int { return cmp.Compare(y.shared, x.shared) })
	taken := map[int]bool{}
	for _, p := range pairs {
		if _, done := match[p.b]; !done && !taken[p.a] && p.shared > 0 {
			match[p.b], taken[p.a] = p.a, true
		}
	}
	before, after := place(a), place(b)
	names := map[id.ID]string{}
	for _, board := range []Board{a, b} {
		for _, g := range board.Groups {
			for _, c := range g.Cards {
				names[c.Unit] = c.Name
			}
		}
	}
	out := []Difference{}
	for u, name := range names {
		i, was := before[u]
		j, is := after[u]
		if same, ok := match[j]; was && is && ok && same == i {
			continue
		}
		d := Difference{Unit: u, Name: name}
		if was {
			d.First = a.Groups[i].Name
		}
		if is {
			d.Second = b.Groups[j].Name
		}
		out = append(out, d)
	}
	slices.SortFunc(out, func(x, y Difference) int { return cmp.Compare(x.Unit, y.Unit) })
	return out
}

func candidates(cards []Card) []Candidate {
	out := make([]Candidate, len(cards))
	for i, c := range cards {
		out[i] = c.Candidate
	}
	return out
}

func place(b Board) map[id.ID]int {
	at := map[id.ID]int{}
	for i, g := range b.Groups {
		for _, c := range g.Cards {
			at[c.Unit] = i
		}
	}
	return at
}

// Founding is an alliance that came out of a survey, with the document that founded it.
type Founding struct {
	Alliance, Committee, Survey, Version id.ID
	Name                                 string // of the alliance, as it is called now
	Lead                                 id.ID
	Units                                int
	Order
	By id.ID
	At time.Time
}

// Order is the document by which alliances are founded.
type Order struct {
	DocumentNo string // 文号: 利老干党发〔2022〕3号
	FoundedOn  string // YYYY-MM-DD
	Reference  string // 依据: what the document rests on
}
