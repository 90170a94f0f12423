package tour

import (
	"math/rand/v2"
	"slices"
)

// seed makes every choice of the tour repeatable: the same ledger gives the same figures on every
// database.
const seed = 1

// choice is what one person of the ledger does during the tour.
type choice struct {
	Bound    bool // has a WeChat account
	Accepts  bool // takes subscription messages
	Regrets  bool // accepted, then switched them off without the server hearing of it in time
	Reads    bool
	ByGroup  bool // opens the notice from the group's card, not from the inbox
	Answers  bool
	Going    bool // with Answers: 参加, else 请假
	Shuffled int  // rank in a random order over all, for choices that depend on what happened
}

// choose decides for persons in ledger order, bound telling who has a phone: of the bound 9 in 10
// accept messages (half of the others did so before), 8 in 10 read, half of those from the group, 7 in 10 answer (they read first), and
// of these 6 in 7 are going.
func choose(bound []bool) []choice {
	random := rand.New(rand.NewPCG(seed, seed))
	out := make([]choice, len(bound))
	var have []int
	for i, b := range bound {
		out[i].Bound = b
		if b {
			have = append(have, i)
		}
	}
	pick := func(num, den int) []int {
		random.Shuffle(len(have), func(i, j int) { have[i], have[j] = have[j], have[i] })
		return have[:share(len(have), num, den)]
	}
	accepting := pick(9, 10)
	for _, i := range accepting {
		out[i].Accepts = true
	}
	for n, i := range have[len(accepting):] {
		out[i].Regrets = n%2 == 0
	}
	readers := slices.Clone(pick(8, 10))
	for n, i := range readers {
		out[i].Reads, out[i].ByGroup = true, n%2 == 0
	}
	answering := readers[:share(len(have), 7, 10)]
	for n, i := range answering {
		out[i].Answers, out[i].Going = true, n < share(len(answering), 6, 7)
	}
	for rank, i := range random.Perm(len(bound)) {
		out[i].Shuffled = rank
	}
	return out
}

// share is n·num/den, rounded to the nearest.
func share(n, num, den int) int { return (n*num + den/2) / den }

// The ways through the door, as the API names them.
const (
	doorSelf   = "self"
	doorScan   = "scan"
	doorCard   = "card"
	doorRoster = "roster"
)

// entry is one person's way into one activity.
type entry struct {
	Who   *person
	Door  string
	Again bool // tries a second time
}

// enter sends people through three doors, a third each: own phone, the liaison's scan, a tap in the
// roster. Only the bound can use their own phone; who has none shows a printed card, and so does
// every second of the others. Each fifth tries again; before is how many came to other activities.
func enter(people []*person, before int) []entry {
	people = slices.Clone(people)
	slices.SortFunc(people, func(a, b *person) int { return a.Shuffled - b.Shuffled })
	third := share(len(people), 1, 3)
	var out []entry
	own, scanned := 0, 0
	for _, p := range people {
		e := entry{Who: p}
		switch {
		case p.Bound && own < third:
			own++
			e.Door = doorSelf
		case scanned < third:
			scanned++
			e.Door = doorScan
			if !p.Bound || scanned%2 == 0 {
				e.Door = doorCard
			}
		default:
			e.Door = doorRoster
		}
		out = append(out, e)
	}
	for i := range out {
		out[i].Again = (before+i)%5 == 4
	}
	return out
}

// outcomes is what people say when they are called, ten calls at a time.
var outcomes = []string{
	"told", "told", "no_answer", "told", "leave", "told", "told", "inconvenient", "told", "wrong_number",
}
