package audit

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"bense/server/internal/clock"
	"bense/server/internal/id"
)

// Fault is a place at which the audit is not what was written. Seq is 0 for a line that is in no link.
type Fault struct {
	Seq    int64
	Line   id.ID
	At     time.Time
	Action string // "" where the line is gone
	What   string // in Chinese
}

// rank puts what is in no link behind the chain.
func (f Fault) rank() int64 {
	if f.Seq == 0 {
		return math.MaxInt64
	}
	return f.Seq
}

// String is the fault as the doctor prints it.
func (f Fault) String() string {
	where := "未入链"
	if f.Seq > 0 {
		where = fmt.Sprintf("第 %d 条", f.Seq)
	}
	if f.Line == 0 {
		return where + "：" + f.What
	}
	action := "原操作不详"
	if f.Action != "" {
		action = f.Action + " " + ActionName(f.Action)
	}
	return fmt.Sprintf("%s（编号 %s，%s，%s）：%s", where, f.Line, f.At.In(clock.Shanghai).Format("2006-01-02 15:04:05"), action, f.What)
}

// Report is what a check of the whole chain found.
type Report struct {
	Lines   int64 // linked and checked
	Waiting int64 // too young to be linked
	Anchors int
	Broken  int
	Faults  []Fault // the first ones, the first in the chain in front
	Head    Head
	Took    time.Duration
}

func (r *Report) fault(f Fault) {
	r.Broken++
	if len(r.Faults) < mostFaults {
		r.Faults = append(r.Faults, f)
	}
}

const (
	mostFaults  = 20
	verifyChunk = 2000
	// waitMost is how long a line may wait for its link while a sealer runs.
	waitMost = farWindow
)

// Verify checks every link, every line and every anchor, and those anchors that were kept outside.
func (l *Log) Verify(ctx context.Context, outside []Anchor) (Report, error) {
	began := clock.Elapsed()
	var r Report
	kept, err := l.anchors(ctx)
	if err != nil {
		return r, err
	}
	points := map[int64][]Anchor{}
	var forged []int64
	for _, a := range append(kept, outside...) {
		r.Anchors++
		if len(a.MAC) > 0 && !genuine(l.marks.anchor, a.signed(), a.MAC) {
			forged = append(forged, a.Seq)
			continue
		}
		points[a.Seq] = append(points[a.Seq], a)
	}
	if err := l.walk(ctx, 0, &r, points); err != nil {
		return r, err
	}
	for seq, list := range points { // what is left lies behind the end
		if seq > r.Head.Seq {
			r.fault(Fault{Seq: r.Head.Seq + 1, What: fmt.Sprintf("从这里起的记录被截掉了：锚点（%s）记到第 %d 条，现在只到第 %d 条",
				list[0].At.In(clock.Shanghai).Format("2006-01-02 15:04:05"), seq, r.Head.Seq)})
		}
	}
	for _, seq := range forged {
		r.fault(Fault{Seq: seq, What: "锚点的签名不对，锚点被改动过"})
	}
	err = l.checkUnlinked(ctx, &r)
	slices.SortStableFunc(r.Faults, func(a, b Fault) int { return cmp.Compare(a.rank(), b.rank()) })
	r.Took = clock.Elapsed() - began
	return r, err
}

// VerifyTail checks the newest links only; the screen of the auditor shows it.
func (l *Log) VerifyTail(ctx context.Context, most int64) (Report, error) {
	began := clock.Elapsed()
	var r Report
	head, _, err := l.head(ctx)
	if err != nil {
		return r, err
	}
	err = l.walk(ctx, max(0, head.Seq-most), &r, nil)
	r.Took = clock.Elapsed() - began
	return r, err
}

// walk follows the links above a number, and compares with what anchors say. After a fault it goes on from
// the hash that stands there, so that each fault is counted once.
func (l *Log) walk(ctx context.Context, from int64, r *Report, points map[int64][]Anchor) error {
	before := Head{Seq: from}
	if from > 0 {
		first, err := l.chainAfter(ctx, from-1, 1)
		if err != nil {
			return err
		}
		if len(first) == 1 && first[0].Seq == from {
			before.Hash = first[0].Hash
		}
	}
	for {
		part, err := l.chainAfter(ctx, before.Seq, verifyChunk)
		if err != nil {
			return err
		}
		for _, c := range part {
			if c.Seq != before.Seq+1 {
				r.fault(Fault{Seq: before.Seq + 1, What: fmt.Sprintf("第 %d 条到第 %d 条被删除了", before.Seq+1, c.Seq-1)})
			}
			what := l.judge(before, c)
			if what == "" && slices.ContainsFunc(points[c.Seq], func(a Anchor) bool { return !bytes.Equal(a.Hash, c.Hash) }) {
				what = "与锚点不一致，到这里为止的记录被换过"
			}
			if what != "" {
				r.fault(Fault{Seq: c.Seq, Line: c.LineID, At: c.LineID.At(), Action: c.Action, What: what})
			}
			delete(points, c.Seq)
			before = Head{c.Seq, c.Hash}
			r.Lines++
		}
		r.Head = before
		if len(part) < verifyChunk {
			break
		}
	}
	for seq, list := range points {
		if seq > from && seq <= r.Head.Seq { // an anchor on a link that is gone
			r.fault(Fault{Seq: seq, What: fmt.Sprintf("锚点（%s）所记的这一条不见了", list[0].At.In(clock.Shanghai).Format("2006-01-02 15:04:05"))})
		}
	}
	return nil
}

// judge says what is wrong with a link; "" is nothing. A link that follows a gap is judged by its line.
func (l *Log) judge(before Head, c chained) string {
	ours := len(c.MAC) == 0 || genuine(l.marks.line, c.canonical(), c.MAC)
	gap := c.Seq != before.Seq+1
	switch {
	case c.ID == 0:
		return "这条记录被删除了"
	case !ours:
		return "这条记录的内容被改动过"
	case gap:
		return ""
	case !genuine(l.marks.link, linked(before, c.row), c.Hash):
		if len(c.MAC) == 0 {
			return "这条记录被改动过，或者次序被调换过"
		}
		return "次序被调换过，或者链接被改动过"
	}
	return ""
}

// checkUnlinked looks at the lines without a link: young ones wait for theirs, others were put in or lost
// it.
func (l *Log) checkUnlinked(ctx context.Context, r *Report) error {
	_, newest, err := l.head(ctx)
	if err != nil {
		return err
	}
	from := id.ID(0)
	for {
		rows, err := l.unlinked(ctx, from, verifyChunk)
		if err != nil {
			return err
		}
		for _, u := range rows {
			from = u.ID
			f := Fault{Line: u.ID, At: u.ID.At(), Action: u.Action}
			switch {
			case r.Head.Seq > 0 && !genuine(l.marks.line, u.canonical(), u.MAC):
				f.What = "这条记录不是本系统写入的"
				r.fault(f)
			case r.Head.Seq > 0 && u.ID.At().Before(newest.At().Add(-waitMost)):
				f.What = "这条记录早该入链，链接被删除了"
				r.fault(f)
			default:
				r.Waiting++
			}
		}
		if len(rows) < verifyChunk {
			return nil
		}
	}
}
