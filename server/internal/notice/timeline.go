package notice

import (
	"fmt"
	"slices"
	"time"
)

// Tally sums up the people of a notice, within what the asker may see.
type Tally struct {
	Recipients, Read, Answered, Told, Unreached int
	LastRead, LastTold                          time.Time
}

// Pushes sums up its messages.
type Pushes struct {
	Queued, Sent, Refused, Unknown, Failed, NoCredit int
	LastSent                                         time.Time
}

func (p *Pushes) add(s DeliveryState, n int, at time.Time) {
	switch s {
	case Queued, Sending:
		p.Queued += n
	case Sent, Delivered:
		p.Sent += n
		if at.After(p.LastSent) {
			p.LastSent = at
		}
	case Refused:
		p.Refused += n
	case Uncertain:
		p.Unknown += n
	case Failed:
		p.Failed += n
	case NoCredit:
		p.NoCredit += n
	}
}

// Reminder is one round.
type Reminder struct {
	Round, People int
	At            time.Time
}

// Step is one line of the timeline.
type Step struct {
	At    time.Time
	Kind  string // created published pushed posted card_shared read reminded corrected moved called closed cancelled
	Text  string
	Count int
}

// Timeline is how a notice went, in numbers.
type Timeline struct {
	Notice    Notice
	Tally     Tally
	Pushes    Pushes
	Reminders []Reminder
	Card      Card
	Eve       Eve
	CardWord  string
	Group     *ToolGroup // where the chat tool may name people; nil: not here
	RingsAt   time.Time  // when the messages that wait for the end of the quiet hours go out; zero: none waits
	Steps     []Step
}

// laneCount is how many messages went out on a channel.
type laneCount struct {
	Channel Channel
	Sent    int
	Last    time.Time
}

var pushedWords = map[Channel]string{Subscribe: "微信提醒已发出%d条", Official: "公众号消息已发出%d条", SMS: "短信已发出%d条", ChatTool: "在微信群里提醒了%d位"}

// steps tells the story in the order in which it happened.
func steps(n Notice, t Tally, lanes []laneCount, cards []Card, posts []Post, rs []Reminder, moves []Move) []Step {
	out := []Step{{At: n.CreatedAt, Kind: "created", Text: "写好草稿"}}
	add := func(at time.Time, kind string, count int, format string) {
		if !at.IsZero() {
			out = append(out, Step{At: at, Kind: kind, Count: count, Text: fmt.Sprintf(format, count)})
		}
	}
	if n.Went() {
		add(n.PublishedAt, "published", t.Recipients, "已发布，送达%d人的收件箱")
	}
	for _, l := range lanes {
		add(l.Last, "pushed", l.Sent, pushedWords[l.Channel])
	}
	for _, p := range posts {
		if p.State == Sent {
			add(p.UpdatedAt, "posted", 1, "已发到企业微信群（%d次）")
		}
	}
	for _, c := range cards {
		add(c.SharedAt, "card_shared", c.Count, "卡片已发到微信群，显示%d人")
	}
	add(t.LastRead, "read", t.Read, "%d人已经看过")
	for _, r := range rs {
		add(r.At, "reminded", r.People, "又提醒了%d人")
	}
	for _, m := range moves {
		add(m.At, "moved", m.Told, "改了时间地点，知道的%d人再通知")
	}
	if !n.CorrectedAt.IsZero() {
		out = append(out, Step{At: n.CorrectedAt, Kind: "corrected", Text: "更正了文字，看过旧的已再通知"})
	}
	add(t.LastTold, "called", t.Told, "电话通知到%d人")
	slices.SortStableFunc(out, func(a, b Step) int { return a.At.Compare(b.At) })
	switch n.State {
	case Closed:
		out = append(out, Step{At: n.ClosedAt, Kind: "closed", Text: "通知已结束"})
	case Cancelled:
		out = append(out, Step{At: n.ClosedAt, Kind: "cancelled", Text: "通知已取消"})
	}
	return out
}
