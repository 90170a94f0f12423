package notice

import (
	"slices"
	"time"
	"unicode/utf8"

	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Wording is what a correction makes of a published notice: nil leaves alone, Note says what it changes.
type Wording struct {
	Title, Body *string
	Note        string
}

func (w Wording) tidy() (Wording, error) {
	if w.Note = line(w.Note); utf8.RuneCountInString(w.Note) > maxReason {
		return w, errs.ErrInvalid.With(errs.Field("note", "写得太长，请缩短一些"))
	}
	return w, nil
}

// Proposal is a correction that somebody else reads before it goes out; until then the old text stands.
type Proposal struct {
	ID                id.ID // a new one each time it is submitted: whoever approves it names what was read
	Notice            id.ID
	Revision          int // of the notice that it corrects
	Title, Body, Note string
	State             State // Submitted, or Draft: its author has it back
	Author            id.ID
	Remark            string // why it came back
	Doubtful          bool   // WeChat was unsure about it
	SubmittedAt       time.Time
}

// What can go wrong with corrections that wait.
var (
	ErrCorrecting   = errs.New(errs.Conflict, "notice.correcting", "这条通知有一份更正正在等人看，请先收回来再改")
	ErrNoCorrection = errs.New(errs.Conflict, "notice.no_correction", "这份更正已经不在等待，请回上一页看看现在的情况")
)

// remarkOvertaken is what the author of a waiting correction reads when somebody else was faster.
const remarkOvertaken = "原文刚刚由别人更正过，请对照新的内容再改"

// waits reports ErrNoCorrection unless the correction that was read is the one that still waits.
func (p Proposal) waits(read id.ID) error {
	if p.State != Submitted || read != 0 && p.ID != read {
		return ErrNoCorrection
	}
	return nil
}

// back gives a waiting correction to its author again, with the reason.
func (p Proposal) back(remark string) (Proposal, error) {
	if remark = line(remark); utf8.RuneCountInString(remark) > maxRemark {
		return p, errs.ErrInvalid.With(errs.Field("remark", "写得太长，请缩短一些"))
	}
	p.State, p.Remark = Draft, remark
	return p, nil
}

// Version is a text that was replaced by a correction, with what the correction changed.
type Version struct {
	Notice      id.ID
	Revision    int
	Title, Body string
	Note        string // what its replacement changed, in somebody's words
	Told        int    // people who knew this text and were told anew
	Editor      id.ID
	ReplacedAt  time.Time
	Changes     []Change
}

// corrections gives the replaced texts of a notice, the latest first. What each correction changed is kept with
// it; texts from before that was kept (nil) are compared with what followed them.
func corrections(n Notice, old []Version) []Version {
	out := slices.Clone(old)
	title, body := n.Title, n.Body
	for i, v := range slices.Backward(out) {
		if v.Changes == nil {
			out[i].Changes = Changes(v.Title, v.Body, title, body)
		}
		title, body = v.Title, v.Body
	}
	slices.Reverse(out)
	return out
}
