package election

import (
	"fmt"
	"strings"

	"bense/server/internal/id"
)

// Result says in short sentences what came of a round, with figures and no names but the candidates'.
// Nil: it isn't counted yet.
func (d Detail) Result(r Round) []string {
	var say []string
	switch r.Outcome {
	case Elected:
		c := d.winner(r)
		say = []string{d.name(c.Person) + "当选。", fmt.Sprintf("得%d票，超过一半。", c.Votes)}
		if d.Form == Show {
			say[1] = fmt.Sprintf("%d人赞成，超过一半。", c.Votes)
		}
	case Runoff:
		say = []string{"没有人单独超过一半。", "下一轮在" + d.names(Best(r.Candidates)) + "中再选。"}
	case Nobody:
		say = []string{"赞成的没有超过一半。", "需要重新提名。"}
	case NoQuorum:
		return []string{"参加的人数不够，这次不算数。", fmt.Sprintf("应到%d人，至少%d人参加。", r.Expected, d.Need(r.Expected)), "选票没有打开，可以再投一次。"}
	default:
		return nil
	}
	return append(say, fmt.Sprintf("应到%d人，参加%d人。", r.Expected, r.Voted))
}

func (d Detail) winner(r Round) Candidate { return Best(r.Candidates)[0] }

func (d Detail) name(person id.ID) string { return d.People[person].Name }

func (d Detail) names(list []Candidate) string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = d.name(c.Person)
	}
	return strings.Join(out, "、")
}
