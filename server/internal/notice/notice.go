// Package notice brings a notice of an alliance to each of its members: draft, content check,
// publication into everybody's inbox, subscribe messages with credit, a card for the WeChat group,
// read marks, reminders, and a call list for those whom none of it reached.
package notice

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// State of a notice.
type State string

// A notice goes draft → published → closed, on the way it may wait for somebody's approval (submitted) or
// for its time (scheduled), and be taken back from there; until it is closed it may be cancelled instead.
const (
	Draft     State = "draft"
	Submitted State = "submitted"
	Scheduled State = "scheduled"
	Published State = "published"
	Cancelled State = "cancelled"
	Closed    State = "closed"
)

// Lengths that people may type, in characters.
const (
	maxTitle  = 60
	maxBody   = 2000
	maxNote   = 200
	maxReason = 100
)

// Notice is one notice of an alliance. Time and place are those of its activity, never typed twice.
type Notice struct {
	ID, Committee, Alliance id.ID // without an alliance: see Whole
	Activity                id.ID // zero: about nothing that people come to
	Title, Body             string
	State                   State
	Revision                int    // rises with each change of the text, of a draft also with that of its pictures and people
	Reason                  string // of the cancellation
	Author                  id.ID  // account
	Editor                  id.ID  // account that wrote last; zero: the author
	Keeper                  id.ID  // account that answers for it since a handover; zero: the author. Its words stay the author's
	CreatedAt, UpdatedAt    time.Time
	PublishedAt, ClosedAt   time.Time // zero: not yet

	Audience    Audience
	Follows     id.ID     // the notice that this one comes after, zero: none
	Series      id.ID     // the committee's notice of which this is a copy, or which it is itself; zero: the alliance's own
	ScheduledAt time.Time // when it goes out, or is wished to; zero: at once
	SubmittedAt time.Time // when approval was asked for
	Remark      string    // why it came back
	CorrectedAt time.Time // of the last correction after publication
	Checked     int       // revision of the text that WeChat has seen, -1: none
	Doubtful    bool      // and was unsure about
}

// Wrote reports whether the text is the account's, wholly or in its last touch.
func (n Notice) Wrote(account id.ID) bool { return n.Author == account || n.Editor == account }

// Waits reports whether the notice has left its author's hands and is not out yet.
func (n Notice) Waits() bool { return n.State == Submitted || n.State == Scheduled }

// Whole reports whether the notice is the committee's own, of which each alliance gets a copy. It has no readers.
func (n Notice) Whole() bool { return n.Alliance == 0 }

// source is the notice that keeps the pictures: the committee's are shown in every copy.
func (n Notice) source() id.ID {
	if n.Series != 0 {
		return n.Series
	}
	return n.ID
}

// At is where the notice stands in the organisation.
func (n Notice) At() actor.Place { return actor.Place{Committee: n.Committee, Alliance: n.Alliance} }

// Went reports whether members have it in their inbox.
func (n Notice) Went() bool { return !n.PublishedAt.IsZero() }

// What can go wrong.
var (
	ErrNotDraft = errs.New(errs.Conflict, "notice.not_draft", "通知已经发出，不能再修改或重发；文字有错，请点更正")
	ErrChanged  = errs.New(errs.Conflict, "notice.changed", "通知内容刚刚被修改过，请看一遍再发布")
	ErrNotOut   = errs.New(errs.Conflict, "notice.not_published", "通知还没有发布")
	ErrOver     = errs.New(errs.Conflict, "notice.over", "通知已经结束或取消")
	ErrExists   = errs.New(errs.Conflict, "notice.exists", "这个活动已经有一条通知")
	ErrNobody   = errs.New(errs.Conflict, "notice.nobody", "联盟里还没有在册的党员，请先导入台账")
	ErrActivity = errs.New(errs.Conflict, "notice.activity", "活动已经取消或结束，不能再发通知")
	ErrRisky    = errs.New(errs.Invalid, "notice.risky", "内容没有通过微信的检查，请修改文字后再发布")
	ErrReview   = errs.New(errs.Conflict, "notice.review", "微信拿不准这段文字，请改几个字，或请别的同志看过再发")
	ErrReopen   = errs.New(errs.Conflict, "notice.reopen", "请先退出小程序重新进入，再点一次发布（微信要求发布人近期打开过小程序）")
	ErrNoCheck  = errs.New(errs.Unavailable, "notice.check_down", "微信暂时连不上，通知还没有发出，已存为草稿，请稍后再发布")
	ErrNoCard   = errs.New(errs.Unavailable, "notice.card_down", "微信暂时连不上，群卡片没有生成，请稍后再试；通知本身不受影响")
	ErrTooSoon  = errs.New(errs.TooMany, "notice.too_soon", "刚刚提醒过，请过半小时再提醒，或打电话通知")
	ErrTaken    = errs.New(errs.Conflict, "notice.call_taken", "同事正在给这位同志打电话，请打下一位")
	ErrStopped  = errs.New(errs.Conflict, "notice.stopped", "这位同志已不在册，不用再通知")
	ErrNoAnswer = errs.New(errs.Invalid, "notice.no_activity", "这条通知没有活动，不用登记请假")
)

// Compose makes a draft, or reports every faulty field.
func Compose(title, body string, at actor.Place, activity, author, key id.ID, now time.Time) (Notice, error) {
	n := Notice{
		ID: key, Committee: at.Committee, Alliance: at.Alliance, Activity: activity,
		Title: line(title), Body: paragraphs(body), State: Draft, Author: author, CreatedAt: now, UpdatedAt: now,
		Audience: ToAlliance, Checked: -1,
	}
	return n, n.check()
}

// Edited gives the draft with new text; nil leaves alone.
func (n Notice) Edited(title, body *string, by id.ID, now time.Time) (Notice, error) {
	if err := n.open(); err != nil {
		return n, err
	}
	if title != nil {
		n.Title = line(*title)
	}
	if body != nil {
		n.Body = paragraphs(*body)
	}
	n.Revision++
	n.Editor, n.UpdatedAt = by, now
	return n, n.check()
}

// redrawn gives the draft in its next revision, so that nobody sends on its way what they have not read. Its text is
// the same: what WeChat said about it still counts.
func (n Notice) redrawn(now time.Time) Notice {
	if n.Checked == n.Revision {
		n.Checked++
	}
	n.Revision++
	n.UpdatedAt = now
	return n
}

// open reports why nobody may write at the notice any more, if so.
func (n Notice) open() error {
	switch {
	case n.State == Draft:
		return nil
	case n.Waits():
		return ErrWaits
	}
	return ErrNotDraft
}

// Amended gives a published notice with another text.
func (n Notice) Amended(body string, now time.Time) (Notice, error) {
	if err := n.Running(); err != nil {
		return n, err
	}
	n.Body, n.UpdatedAt = paragraphs(body), now
	n.Revision++
	return n, n.check()
}

func (n Notice) check() error {
	var f []errs.FieldError
	for _, x := range []struct {
		field, label, text string
		most               int
	}{{"title", "标题", n.Title, maxTitle}, {"body", "正文", n.Body, maxBody}} {
		switch {
		case x.text == "":
			f = append(f, errs.Field(x.field, "请填写"+x.label))
		case utf8.RuneCountInString(x.text) > x.most:
			f = append(f, errs.Field(x.field, x.label+"太长，请缩短一些"))
		}
	}
	if len(f) > 0 {
		return errs.ErrInvalid.With(f...)
	}
	return nil
}

// Publish moves a draft on, or one that has waited. A notice about an activity that is over or off is not
// published.
func (n Notice) Publish(about *Facts, now time.Time) (Notice, error) {
	switch {
	case n.State != Draft && !n.Waits():
		return n, ErrNotDraft
	case about != nil && (about.State == "cancelled" || now.After(about.EndsAt)):
		return n, ErrActivity
	}
	n.State, n.PublishedAt, n.UpdatedAt = Published, now, now
	return n, nil
}

// Running reports why nothing more can be sent for the notice, if so.
func (n Notice) Running() error {
	switch n.State {
	case Draft, Submitted, Scheduled:
		return ErrNotOut
	case Published:
		return nil
	}
	return ErrOver
}

// Close ends a published notice: what was to be said has been said.
func (n Notice) Close(now time.Time) (Notice, error) {
	if err := n.Running(); err != nil {
		return n, err
	}
	n.State, n.ClosedAt, n.UpdatedAt = Closed, now, now
	return n, nil
}

// Cancel takes a draft back or calls a published notice off; people are shown the reason.
func (n Notice) Cancel(reason string, now time.Time) (Notice, error) {
	reason = line(reason)
	switch {
	case n.State != Draft && n.State != Published && !n.Waits():
		return n, ErrOver
	case utf8.RuneCountInString(reason) > maxReason:
		return n, errs.ErrInvalid.With(errs.Field("reason", "原因太长，请缩短一些"))
	}
	n.State, n.Reason, n.ClosedAt, n.UpdatedAt = Cancelled, reason, now, now
	return n, nil
}

// Recipient is one person to whom a notice is addressed, and how far it has come. Reached means read,
// answered or told; domain.md: nobody is unreachable.
type Recipient struct {
	Notice, Person, Unit id.ID
	ReadAt               time.Time
	ReadVia              Via
	AnsweredAt           time.Time
	ToldAt               time.Time
	Outcome              Outcome   // of the last call
	StoppedAt            time.Time // moved or deceased since: never addressed again, history kept
	HeldBy               id.ID     // account that is calling
	HeldUntil            time.Time
	AgainAt              time.Time // of a correction, or of a place that came free: what reached the person before doesn't count
}

// holdFor is how long a caller keeps a person to themselves without noting what came of it.
const holdFor = 10 * time.Minute

// Taken reports whether somebody else is calling the person.
func (r Recipient) Taken(by id.ID, now time.Time) bool {
	return r.HeldBy != 0 && r.HeldBy != by && now.Before(r.HeldUntil)
}

// Reached reports whether the person knows.
func (r Recipient) Reached() bool {
	for _, at := range []time.Time{r.ReadAt, r.AnsweredAt, r.ToldAt} {
		if !at.IsZero() && !at.Before(r.AgainAt) {
			return true
		}
	}
	return false
}

// LastRead is when the person read the text as it is now, the zero time if not.
func (r Recipient) LastRead() time.Time {
	if r.ReadAt.Before(r.AgainAt) {
		return time.Time{}
	}
	return r.ReadAt
}

// Unreached reports whether somebody should call.
func (r Recipient) Unreached() bool { return !r.Reached() && r.StoppedAt.IsZero() }

// Via is the way on which somebody came to the page.
type Via string

// Ways; other_group is a group that is not the alliance's: the card was passed on.
const (
	ViaInbox      Via = "inbox"
	ViaPush       Via = "push"
	ViaGroup      Via = "group"
	ViaOtherGroup Via = "other_group"
	ViaAnswer     Via = "answer"
)

// Outcome of a call.
type Outcome string

// Outcomes; told and leave reach the person, the others stay on the list.
const (
	Told         Outcome = "told"
	NoAnswer     Outcome = "no_answer"
	OnLeave      Outcome = "leave"
	Inconvenient Outcome = "inconvenient"
	WrongNumber  Outcome = "wrong_number"
)

var outcomeNames = map[Outcome]string{
	Told: "已通知", NoAnswer: "未接", OnLeave: "请假", Inconvenient: "不便", WrongNumber: "号码有误",
}

// Name is the Chinese word of an outcome, "" for none of them.
func (o Outcome) Name() string { return outcomeNames[o] }

// Facts is what a notice shows of its activity.
type Facts struct {
	ID       id.ID
	Alliance id.ID
	Kind     string
	Title    string
	Place    string
	StartsAt time.Time
	EndsAt   time.Time
	State    string // planned, ended, cancelled
}

// Answer is what a person said to an activity: going, leave, or "" for silence.
type Answer struct {
	Answer string
	Reason string
	At     time.Time
}

// Counts sums an activity up.
type Counts struct {
	Expected, Going, Leave, Silent, Present int
	Seats, Capacity                         int // places taken, companions included, of how many; zero: no limit
}

// line trims a text of one line and drops what no keyboard types into one.
func line(s string) string {
	return strings.Join(strings.FieldsFunc(clean(s), unicode.IsSpace), " ")
}

// paragraphs keeps line breaks, at most one empty line between two paragraphs.
func paragraphs(s string) string {
	lines := strings.Split(strings.ReplaceAll(clean(s), "\r\n", "\n"), "\n")
	out := lines[:0]
	for _, l := range lines {
		l = strings.TrimRightFunc(l, unicode.IsSpace)
		if l == "" && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		out = append(out, l)
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}

func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
}
