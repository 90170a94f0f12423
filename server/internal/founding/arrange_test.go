package founding_test

import (
	"encoding/csv"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bense/server/internal/errs"
	"bense/server/internal/founding"
	"bense/server/internal/id"
)

// sample is the survey of the sample county: its 24 units with invented streets and lines of work.
func sample(t testing.TB) []founding.Candidate {
	t.Helper()
	f, err := os.Open("../app/sample/survey.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	var out []founding.Candidate
	for i, r := range rows[1:] {
		out = append(out, founding.Candidate{Unit: id.ID(i + 1), Name: r[0], Members: number(r[1]), Regular: number(r[2]),
			OwnBranch: r[3] == "有", Street: r[4], Line: founding.Line(r[5])})
	}
	return out
}

func byUnit(list []founding.Candidate) map[id.ID]founding.Candidate {
	m := map[id.ID]founding.Candidate{}
	for _, c := range list {
		m[c.Unit] = c
	}
	return m
}

// people is how the county itself grouped its 24 units (ledger-clean.xlsx), two by 业缘, two by 地缘.
var people = [][]string{
	{"县总工会", "团县委", "县妇联", "县科协", "县文联", "县残联"},
	{"县水利局", "县畜牧局", "县农机局", "县供销社", "县气象局", "县黄河河务局"},
	{"县档案馆", "县史志办", "县机关事务服务中心", "县信访局", "县融媒体中心", "县地震局"},
	{"县审计局", "县统计局", "县工商联", "县红十字会", "县烟草局", "县邮政局"},
}

func TestTheSampleCountyBecomesFourAlliances(t *testing.T) {
	list := sample(t)
	groups, err := founding.Propose(list, 4)
	if err != nil {
		t.Fatal(err)
	}
	units := byUnit(list)
	founding.NameGroups(groups, units, nil)
	where := map[string]int{}
	for i, g := range groups {
		for _, u := range g.Units {
			where[units[u].Name] = i
		}
	}
	same, pairs := 0, 0
	var all []string
	home := map[string]int{}
	for i, g := range people {
		for _, n := range g {
			all, home[n] = append(all, n), i
		}
	}
	for i, a := range all {
		for _, b := range all[:i] {
			pairs++
			if (home[a] == home[b]) == (where[a] == where[b]) {
				same++
			}
		}
	}
	score := founding.Rate(groups, units)
	var names, bases []string
	for _, g := range groups {
		r := founding.RateOf(g, units)
		names, bases = append(names, g.Name), append(bases, r.Basis)
		if r.Units < 5 || r.Units > 7 || r.Persons < 100 || r.Persons > 160 {
			t.Errorf("%s: %d units, %d persons", g.Name, r.Units, r.Persons)
		}
		t.Logf("%s %s %d家 %d人 牵头%s", g.Name, r.Basis, r.Units, r.Persons, units[g.Lead].Name)
	}
	slices.Sort(names)
	slices.Sort(bases)
	t.Logf("%d of %d pairs as people grouped them, score %.1f", same, pairs, score.Total)
	// 县科协 may as well change places with 县工商联: one shares the street of the other's group
	if same*100 < pairs*90 || score.Total < 95 {
		t.Errorf("%d of %d pairs as people grouped them, score %+v", same, pairs, score)
	}
	if !slices.Equal(names, []string{"农口", "凤凰城", "津苑", "群团"}) || !slices.Equal(bases, []string{"业缘", "业缘", "地缘", "地缘"}) {
		t.Error(names, bases)
	}
}

// invented gives n candidates with some blanks among streets, spots and lines.
func invented(r *rand.Rand, n int) []founding.Candidate {
	lines := []founding.Line{"", founding.Law, founding.Farming, founding.Economy, founding.Other}
	streets := []string{"", "城东街道", "城西街道", "津苑社区"}
	out := make([]founding.Candidate, n)
	for i := range out {
		out[i] = founding.Candidate{Unit: id.ID(100 + i), Name: "单位" + strconv.Itoa(i), Members: r.IntN(60), Regular: r.IntN(5), OwnBranch: r.IntN(2) == 0,
			Street: streets[r.IntN(len(streets))], Line: lines[r.IntN(len(lines))]}
		if r.IntN(3) == 0 {
			out[i].Spot = &founding.Spot{LatE6: 37_480_000 + r.IntN(40_000), LngE6: 118_250_000 + r.IntN(40_000)}
		}
	}
	return out
}

// Everybody is in exactly one group, the groups keep their bounds, and the order of the units changes nothing.
func TestProposalProperties(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		list := invented(r, 1+r.IntN(40))
		k := 1 + r.IntN(len(list))
		switch seed % 6 {
		case 0:
			k = 1
		case 1:
			k = len(list)
		}
		groups, err := founding.Propose(list, k)
		if err != nil {
			t.Fatal(err)
		}
		least, most := founding.Bounds(len(list), k)
		seen := map[id.ID]int{}
		for _, g := range groups {
			if len(g.Units) < least || len(g.Units) > most || g.Lead == 0 || !slices.Contains(g.Units, g.Lead) {
				t.Errorf("seed %d: %d units in one of %d groups of %d, want %d to %d; lead %d", seed, len(g.Units), k, len(list), least, most, g.Lead)
			}
			for _, u := range g.Units {
				seen[u]++
			}
		}
		for _, c := range list {
			if seen[c.Unit] != 1 {
				t.Errorf("seed %d: unit %d is in %d groups", seed, c.Unit, seen[c.Unit])
			}
		}
		if len(groups) != k || len(seen) != len(list) {
			t.Errorf("seed %d: %d groups, %d units", seed, len(groups), len(seen))
		}
		mixed := slices.Clone(list)
		r.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		again, err := founding.Propose(mixed, k)
		if err != nil || !slices.EqualFunc(groups, again, func(a, b founding.Group) bool { return a.Lead == b.Lead && slices.Equal(a.Units, b.Units) }) {
			t.Errorf("seed %d: another order, another proposal: %v", seed, err)
		}
		if s := founding.Rate(groups, byUnit(list)); s.Total < 0 || s.Total > 100 {
			t.Errorf("seed %d: %+v", seed, s)
		}
	}
}

func TestProposalsThatCannotBe(t *testing.T) {
	list := invented(rand.New(rand.NewPCG(1, 1)), 3)
	for _, c := range []struct {
		list []founding.Candidate
		k    int
		want error
		text string
	}{
		{nil, 1, founding.ErrCandidates, "候选单位"},
		{list, 0, errs.ErrInvalid, "填写的内容有误"},
		{list, 4, founding.ErrTooMany, "候选单位只有3个，组不成4个联盟"},
	} {
		_, err := founding.Propose(c.list, c.k)
		e, _ := errs.As(err)
		if !errors.Is(err, c.want) || !strings.Contains(e.Message, c.text) {
			t.Errorf("%d of %d: %v", c.k, len(c.list), err)
		}
	}
}

// A large city's survey is grouped while somebody waits.
func BenchmarkPropose(b *testing.B) {
	list := invented(rand.New(rand.NewPCG(1, 1)), 200)
	for b.Loop() {
		if _, err := founding.Propose(list, 12); err != nil {
			b.Fatal(err)
		}
	}
}

func TestReasons(t *testing.T) {
	at := func(lat, lng int) *founding.Spot { return &founding.Spot{LatE6: lat, LngE6: lng} }
	a := founding.Candidate{Unit: 1, Name: "县水利局", Street: "城东街道", Line: founding.Farming}
	both := founding.Candidate{Unit: 2, Name: "县农业农村局", Street: "城东街道", Line: founding.Farming}
	street := founding.Candidate{Unit: 3, Name: "县档案馆", Street: "城东街道", Line: founding.General}
	line := founding.Candidate{Unit: 4, Name: "县气象局", Street: "城西街道", Line: founding.Farming}
	line2 := founding.Candidate{Unit: 5, Name: "县畜牧局", Line: founding.Farming}
	line3 := founding.Candidate{Unit: 6, Name: "县农机局", Line: founding.Farming}
	spot := founding.Candidate{Unit: 7, Name: "县信访局", Spot: at(37_490_000, 118_250_000)}
	by := founding.Candidate{Unit: 8, Name: "县统计局", Spot: at(37_494_000, 118_250_000)}
	for _, c := range []struct {
		of    founding.Candidate
		group []founding.Candidate
		want  string
	}{
		{a, []founding.Candidate{a}, "单独成组"},
		{a, []founding.Candidate{a, both}, "与县农业农村局同在城东街道，同属农口"},
		{a, []founding.Candidate{a, both, street, line}, "与县农业农村局同在城东街道，同属农口；另有2家同街道或同口"},
		{a, []founding.Candidate{a, street, line}, "与县档案馆同在城东街道；与县气象局同属农口"},
		{a, []founding.Candidate{line, line2, line3, a}, "与县气象局、县畜牧局等3家同属农口"},
		{a, []founding.Candidate{spot, a}, "与组内单位街道、战线都不同，为使各联盟人数相当而编入"},
		{spot, []founding.Candidate{by, spot, a}, "与县统计局相距约450米"},
	} {
		if got := founding.Reason(c.of, c.group); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}
