package notice

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"bense/server/internal/clock"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// What can go wrong between the draft and everybody's inbox.
var (
	ErrWaits     = errs.New(errs.Conflict, "notice.waits", "通知正在等审批或等着发出，请先收回来再改")
	ErrNotWaits  = errs.New(errs.Conflict, "notice.not_waiting", "这条通知没有在等待，请回上一页看看现在的情况")
	ErrQuiet     = errs.New(errs.Invalid, "notice.quiet", "那时大家在休息，请换个时间")
	ErrPast      = errs.New(errs.Invalid, "notice.past", "这个时间已经过了，请选晚一点的时间")
	ErrTooFar    = errs.New(errs.Invalid, "notice.too_far", "最多提前六十天定好，请选早一点的时间")
	ErrTooLate   = errs.New(errs.Invalid, "notice.after_start", "到那时活动已经开始了，请选早一点的时间")
	ErrApproval  = errs.New(errs.Conflict, "notice.needs_approval", "本联盟的通知要先请人看过，请点送审")
	ErrOwn       = errs.New(errs.Conflict, "notice.own", "自己写的通知，要请另一位同志看过才能发")
	ErrRemark    = errs.New(errs.Invalid, "notice.remark", "请写一句为什么退回，写的人好改")
	ErrUnchanged = errs.New(errs.Invalid, "notice.unchanged", "文字没有变化，不用更正")
	ErrCommittee = errs.New(errs.Forbidden, "notice.of_committee", "这是县里统一发的通知，要改要取消，请联系老干部局")
)

// Times between which a notice can be planned ahead.
const (
	maxAhead  = 60 * 24 * time.Hour
	maxRemark = 100
)

// remarkMoved is what the author of an approved notice reads when its activity has moved since.
const remarkMoved = "活动的时间或地点改了，请看一遍，再送审"

// remarkLate is what the author of a planned notice reads when its activity begins before it would go out.
const remarkLate = "活动改得早了，原定的发出时间太晚，请重新定时间"

// plan reports why the notice can't go out at a time, if so; the zero time is "at once".
func plan(at time.Time, r Rules, about *Facts, now time.Time) error {
	switch {
	case at.IsZero():
		return nil
	case !at.After(now):
		return ErrPast
	case at.After(now.Add(maxAhead)):
		return ErrTooFar
	case about != nil && !at.Before(about.StartsAt):
		return ErrTooLate
	case r.Opens(at).After(at):
		return ErrQuiet.Say("%s是休息时间，手机不响。请选%s以后", r.quietWords(), hourWords(r.Opens(at)))
	}
	return nil
}

func (r Rules) quietWords() string {
	clockOf := func(minute int) string {
		return hourWords(time.Date(2000, 1, 1, minute/60, minute%60, 0, 0, clock.Shanghai))
	}
	return clockOf(r.QuietFrom) + "到" + clockOf(r.QuietUntil)
}

// Submit asks for somebody's approval, with the time at which the notice shall go out then.
func (n Notice) Submit(at, now time.Time) (Notice, error) {
	if err := n.open(); err != nil {
		return n, err
	}
	n.State, n.SubmittedAt, n.ScheduledAt, n.Remark, n.UpdatedAt = Submitted, now, at, "", now
	return n, nil
}

// Schedule lets the notice wait for its time; one that waits already gets another.
func (n Notice) Schedule(at, now time.Time) (Notice, error) {
	if n.State != Draft && !n.Waits() {
		return n, ErrNotDraft
	}
	n.State, n.ScheduledAt, n.Remark, n.UpdatedAt = Scheduled, at.Truncate(time.Millisecond), "", now
	return n, nil
}

// Back makes a notice that waits a draft again; remark says why, if it wasn't its author who took it back.
func (n Notice) Back(remark string, now time.Time) (Notice, error) {
	remark = line(remark)
	switch {
	case !n.Waits():
		return n, ErrNotWaits
	case utf8.RuneCountInString(remark) > maxRemark:
		return n, errs.ErrInvalid.With(errs.Field("remark", "写得太长，请缩短一些"))
	}
	n.State, n.ScheduledAt, n.SubmittedAt, n.Remark, n.UpdatedAt = Draft, time.Time{}, time.Time{}, remark, now
	return n, nil
}

// Correct gives a published notice with new text; nil leaves alone.
func (n Notice) Correct(title, body *string, by id.ID, now time.Time) (Notice, error) {
	if err := n.Running(); err != nil {
		return n, err
	}
	was := n
	if title != nil {
		n.Title = line(*title)
	}
	if body != nil {
		n.Body = paragraphs(*body)
	}
	if n.Title == was.Title && n.Body == was.Body {
		return n, ErrUnchanged
	}
	n.Revision++
	n.Editor, n.CorrectedAt, n.UpdatedAt = by, now, now
	return n, n.check()
}

// Change is one place at which two texts differ: what stood there, and what stands there now.
type Change struct{ Before, After string }

// Changes compares two versions of a notice, the title and then the body by its lines.
func Changes(titleBefore, bodyBefore, titleAfter, bodyAfter string) []Change {
	var out []Change
	if titleBefore != titleAfter {
		out = append(out, Change{titleBefore, titleAfter})
	}
	a, b := strings.Split(bodyBefore, "\n"), strings.Split(bodyAfter, "\n")
	common := make([][]int, len(a)+1) // length of what both still share from here on
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := range slices.Backward(a) {
		for j := range slices.Backward(b) {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var gone, come []string
	flush := func() {
		before, after := strings.TrimSpace(strings.Join(gone, "\n")), strings.TrimSpace(strings.Join(come, "\n"))
		if before != after {
			out = append(out, Change{before, after})
		}
		gone, come = nil, nil
	}
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			flush()
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			gone = append(gone, a[i])
			i++
		default:
			come = append(come, b[j])
			j++
		}
	}
	flush()
	return out
}

// Level says whose approval the notices of an alliance need.
type Level string

// Levels of approval.
const (
	NoApproval        Level = "none"
	LeadApproval      Level = "lead"      // of the lead unit or the committee
	CommitteeApproval Level = "committee" // of the committee
)
