package founding

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"bense/server/internal/id"
)

// Candidate is a unit as the grouping sees it.
type Candidate struct {
	Unit             id.ID
	Name             string
	Members, Regular int
	OwnBranch        bool
	Street           string
	Spot             *Spot
	Line             Line
	From             id.ID  // alliance in which it is now; zero: none
	FromName         string // its name
}

// Group is one future alliance.
type Group struct {
	Name  string
	Lead  id.ID
	Basis string // 地缘 or 业缘; "": whatever the score finds
	Units []id.ID
}

// near is 1 on the same street or within 500 m, 0 from 3 km on, and falls evenly between the two.
func near(a, b Candidate) float64 {
	if a.Street != "" && a.Street == b.Street {
		return 1
	}
	if a.Spot == nil || b.Spot == nil {
		return 0
	}
	return min(1, max(0, (3000-metres(*a.Spot, *b.Spot))/2500))
}

// metres is the distance of two places of one county: flat, with the width of a degree at their latitude.
func metres(a, b Spot) float64 {
	const degree = 111_320.0 / 1e6
	north := float64(a.LatE6-b.LatE6) * degree
	east := float64(a.LngE6-b.LngE6) * degree * math.Cos(float64(a.LatE6)/1e6*math.Pi/180)
	return math.Hypot(north, east)
}

// sameLine is 1 for two units of one known line of work.
func sameLine(a, b Candidate) float64 {
	if a.Line != "" && a.Line != Other && a.Line == b.Line {
		return 1
	}
	return 0
}

// Bounds are how many units each of k alliances holds at least and at most: the even share, a quarter
// more or less. A proposal keeps them; a person may go beyond.
func Bounds(n, k int) (least, most int) { return max(1, 3*n/(4*k)), (5*n + 4*k - 1) / (4 * k) }

// starts bounds how many first arrangements are improved; the best one wins.
const starts = 12

// Propose groups candidates into k alliances so that Rate is as high as it finds: from several first
// arrangements (seeds far from each other, the others to their nearest), single units change place, or
// two units change places, as long as that helps. The outcome depends on the candidates alone, not on
// their order. It reports ErrCandidates or ErrTooMany.
func Propose(list []Candidate, k int) ([]Group, error) {
	n := len(list)
	switch {
	case n == 0:
		return nil, ErrCandidates
	case k < 1:
		return nil, invalid("alliances", "至少要组建一个联盟")
	case k > n:
		return nil, ErrTooMany.Say("候选单位只有%d个，组不成%d个联盟", n, k)
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Members, a.Members), cmp.Compare(a.Unit, b.Unit))
	})
	var best *search
	for first := range min(n, starts) {
		s := newSearch(list, k)
		s.begin(first)
		s.improve()
		if best == nil || s.value() > best.value()+epsilon {
			best = s
		}
	}
	return best.groups(), nil
}

// epsilon keeps rounding from passing for an improvement.
const epsilon = 1e-9

// search is an arrangement in the making. For each unit it knows how near it is to each group and how
// much of its line is there, so that a change is judged without looking at every pair.
type search struct {
	list        []Candidate
	k           int
	least, most int
	at          []int // group of each unit, -1: none yet
	near, line  [][]float64
	toN, toL    [][]float64 // unit × group
	sum         []tally
}

// tally is what Rate needs of a group. Pairs are counted once.
type tally struct {
	units, persons, own int
	near, line          float64 // sums over pairs
}

func (t tally) pairs() float64 { return float64(t.units*(t.units-1)) / 2 }

// cohesion is the better one of both ties; a lone unit disagrees with nobody.
func (t tally) cohesion() float64 {
	if t.units < 2 {
		return 1
	}
	return max(t.near, t.line) / t.pairs()
}

func newSearch(list []Candidate, k int) *search {
	n := len(list)
	s := &search{list: list, k: k, at: make([]int, n), sum: make([]tally, k)}
	s.least, s.most = Bounds(n, k)
	for i, a := range list {
		s.at[i] = -1
		s.near, s.line = append(s.near, make([]float64, n)), append(s.line, make([]float64, n))
		s.toN, s.toL = append(s.toN, make([]float64, k)), append(s.toL, make([]float64, k))
		for j, b := range list {
			if i != j {
				s.near[i][j], s.line[i][j] = near(a, b), sameLine(a, b)
			}
		}
	}
	return s
}

func (s *search) put(u, g int) {
	s.sum[g] = s.with(s.sum[g], u, g, 1, 0, 0)
	s.at[u] = g
	for v := range s.list {
		s.toN[v][g] += s.near[u][v]
		s.toL[v][g] += s.line[u][v]
	}
}

func (s *search) take(u int) {
	g := s.at[u]
	s.at[u] = -1
	for v := range s.list {
		s.toN[v][g] -= s.near[u][v]
		s.toL[v][g] -= s.line[u][v]
	}
	s.sum[g] = s.with(s.sum[g], u, g, -1, 0, 0)
}

// with is a group's tally with u added (sign 1) or taken (-1); lessN and lessL are left out of the ties.
func (s *search) with(t tally, u, g, sign int, lessN, lessL float64) tally {
	c := s.list[u]
	t.units += sign
	t.persons += sign * c.Members
	if c.OwnBranch {
		t.own += sign
	}
	t.near += float64(sign) * (s.toN[u][g] - lessN)
	t.line += float64(sign) * (s.toL[u][g] - lessL)
	return t
}

// begin makes a first arrangement: seeds that have little in common, then again and again the unit that
// fits some group best, as long as that group has room.
func (s *search) begin(first int) {
	s.put(first, 0)
	for g := 1; g < s.k; g++ {
		pick, least := -1, math.Inf(1)
		for u := range s.list {
			closest := 0.0
			for v, at := range s.at {
				if at >= 0 {
					closest = max(closest, s.near[u][v]+s.line[u][v])
				}
			}
			if s.at[u] < 0 && closest < least-epsilon {
				pick, least = u, closest
			}
		}
		s.put(pick, g)
	}
	room := (len(s.list) + s.k - 1) / s.k
	for range len(s.list) - s.k {
		pick, into, best := -1, -1, math.Inf(-1)
		for u, at := range s.at {
			for g := 0; at < 0 && g < s.k; g++ {
				fits := max(s.toN[u][g], s.toL[u][g])/float64(s.sum[g].units) - float64(s.sum[g].persons)*1e-6
				if s.sum[g].units < room && fits > best+epsilon {
					pick, into, best = u, g, fits
				}
			}
		}
		s.put(pick, into)
	}
}

// improve makes the best single change until none helps.
func (s *search) improve() {
	for {
		best, apply := s.value(), func() {}
		found := false
		for u := range s.list {
			for g := range s.k {
				if g == s.at[u] {
					continue
				}
				if v, ok := s.moved(u, g); ok && v > best+epsilon {
					best, found, apply = v, true, func() { s.take(u); s.put(u, g) }
				}
			}
			for w := u + 1; w < len(s.list); w++ {
				if s.at[u] == s.at[w] {
					continue
				}
				if v := s.swapped(u, w); v > best+epsilon {
					a, b := s.at[u], s.at[w]
					best, found, apply = v, true, func() { s.take(u); s.take(w); s.put(u, b); s.put(w, a) }
				}
			}
		}
		if !found {
			return
		}
		apply()
	}
}

func (s *search) moved(u, g int) (float64, bool) {
	from := s.at[u]
	if s.sum[from].units <= s.least || s.sum[g].units >= s.most {
		return 0, false
	}
	return s.valueWith(from, s.with(s.sum[from], u, from, -1, 0, 0), g, s.with(s.sum[g], u, g, 1, 0, 0)), true
}

func (s *search) swapped(u, w int) float64 {
	a, b := s.at[u], s.at[w]
	inA := s.with(s.with(s.sum[a], u, a, -1, 0, 0), w, a, 1, s.near[u][w], s.line[u][w])
	inB := s.with(s.with(s.sum[b], w, b, -1, 0, 0), u, b, 1, s.near[u][w], s.line[u][w])
	return s.valueWith(a, inA, b, inB)
}

func (s *search) value() float64 { return rate(s.sum).Total }

// valueWith is the value with two groups replaced.
func (s *search) valueWith(a int, inA tally, b int, inB tally) float64 {
	wasA, wasB := s.sum[a], s.sum[b]
	s.sum[a], s.sum[b] = inA, inB
	v := s.value()
	s.sum[a], s.sum[b] = wasA, wasB
	return v
}

// groups names the outcome: the largest alliance first, in each the lead unit first.
func (s *search) groups() []Group {
	parts := make([][]Candidate, s.k)
	for u, g := range s.at {
		parts[g] = append(parts[g], s.list[u])
	}
	slices.SortStableFunc(parts, func(a, b []Candidate) int {
		return cmp.Or(cmp.Compare(persons(b), persons(a)), cmp.Compare(a[0].Unit, b[0].Unit))
	})
	out := make([]Group, s.k)
	for i, part := range parts {
		out[i].Lead = lead(part)
		slices.SortStableFunc(part, func(a, b Candidate) int {
			return cmp.Or(-cmp.Compare(of(a.Unit == out[i].Lead), of(b.Unit == out[i].Lead)), cmp.Compare(b.Members, a.Members))
		})
		for _, c := range part {
			out[i].Units = append(out[i].Units, c.Unit)
		}
	}
	return out
}

func of(b bool) int {
	if b {
		return 1
	}
	return 0
}

func persons(list []Candidate) (n int) {
	for _, c := range list {
		n += c.Members
	}
	return n
}

// lead is the unit that a group may be led by: the largest with a branch of its own, else the largest.
func lead(list []Candidate) id.ID {
	if len(list) == 0 {
		return 0
	}
	return slices.MinFunc(list, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(of(b.OwnBranch), of(a.OwnBranch)), cmp.Compare(b.Members, a.Members), cmp.Compare(a.Unit, b.Unit))
	}).Unit
}

// NameGroups gives every group that has none a name after its street or its line of work, different
// from all that are taken.
func NameGroups(groups []Group, list map[id.ID]Candidate, taken []string) {
	used := map[string]bool{}
	for _, t := range taken {
		used[t] = true
	}
	for _, g := range groups {
		used[g.Name] = true
	}
	for i, g := range groups {
		if g.Name != "" {
			continue
		}
		stem := stemOf(pick(g.Units, list))
		name := stem
		for n := 2; used[name]; n++ {
			name = fmt.Sprintf("%s第%s", stem, chinese(n))
		}
		used[name], groups[i].Name = true, name
	}
}

func stemOf(list []Candidate) string {
	r := rateGroup(list)
	if r.Line > r.Near || r.Line > 0 && streetOf(list) == "" {
		if l := lineOf(list); l != "" {
			return lineNames[l][1]
		}
	}
	street := streetOf(list)
	for _, tail := range []string{"街道办事处", "街道", "社区", "镇", "乡"} {
		if short, ok := strings.CutSuffix(street, tail); ok && len([]rune(short)) >= 2 {
			return short
		}
	}
	return cmp.Or(street, "综合")
}

func chinese(n int) string {
	digits := []rune("零一二三四五六七八九十")
	if n < len(digits) {
		return string(digits[n])
	}
	return fmt.Sprint(n)
}

// streetOf and lineOf give what most of the units share.
func streetOf(list []Candidate) string {
	return most(list, func(c Candidate) string { return c.Street })
}

func lineOf(list []Candidate) Line {
	return Line(most(list, func(c Candidate) string {
		if c.Line == Other {
			return ""
		}
		return string(c.Line)
	}))
}

func most(list []Candidate, key func(Candidate) string) (best string) {
	count := map[string]int{}
	for _, c := range list {
		if k := key(c); k != "" {
			if count[k]++; count[k] > count[best] || count[k] == count[best] && k < best {
				best = k
			}
		}
	}
	return best
}

func pick(units []id.ID, list map[id.ID]Candidate) []Candidate {
	out := make([]Candidate, 0, len(units))
	for _, u := range units {
		if c, ok := list[u]; ok {
			out = append(out, c)
		}
	}
	return out
}
