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

// A notice goes draft → published → closed; from the first two it may be cancelled instead.
const (
	Draft     State = "draft"
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
	ID, Committee, Alliance id.ID
	Activity                id.ID // zero: about nothing that people come to
	Title, Body             string
	State                   State
	Revision                int    // rises with each change of the text
	Reason                  string // of the cancellation
	Author                  id.ID  // account
	CreatedAt, UpdatedAt    time.Time
	PublishedAt, ClosedAt   time.Time // zero: not yet
}

// At is where the notice stands in the organisation.
func (n Notice) At() actor.Place { return actor.Place{Committee: n.Committee, Alliance: n.Alliance} }

// Went reports whether members have it in their inbox.
func (n Notice) Went() bool { return !n.PublishedAt.IsZero() }

// What can go wrong.
var (
	ErrNotDraft = errs.New(errs.Conflict, "notice.not_draft", "通知已经发出，不能再修改或重发；如有变动请发一条新通知")
	ErrChanged  = errs.New(errs.Conflict, "notice.changed", "通知内容刚刚被修改过，请看一遍再发布")
	ErrNotOut   = errs.New(errs.Conflict, "notice.not_published", "通知还没有发布")
	ErrOver     = errs.New(errs.Conflict, "notice.over", "通知已经结束或取消")
	ErrExists   = errs.New(errs.Conflict, "notice.exists", "这个活动已经有一条通知")
	ErrNobody   = errs.New(errs.Conflict, "notice.nobody", "联盟里还没有在册的党员，请先导入台账")
	ErrActivity = errs.New(errs.Conflict, "notice.activity", "活动已经取消或结束，不能再发通知")
	ErrRisky    = errs.New(errs.Invalid, "notice.risky", "内容没有通过微信的检查，请修改文字后再发布")
	ErrReview   = errs.New(errs.Conflict, "notice.review", "微信提示这段文字需要人工核对：请修改文字，或请牵头单位、老干部局的同志核对后发布")
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
	}
	return n, n.check()
}

// Edited gives the draft with new text; nil leaves alone.
func (n Notice) Edited(title, body *string, now time.Time) (Notice, error) {
	if n.State != Draft {
		return n, ErrNotDraft
	}
	if title != nil {
		n.Title = line(*title)
	}
	if body != nil {
		n.Body = paragraphs(*body)
	}
	n.Revision++
	n.UpdatedAt = now
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

// Publish moves a draft on. A notice about an activity that is over or off is not published.
func (n Notice) Publish(about *Facts, now time.Time) (Notice, error) {
	switch {
	case n.State != Draft:
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
	case Draft:
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
	case n.State != Draft && n.State != Published:
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
	AgainAt              time.Time // something new for this person that they do not know yet
	HeldBy               id.ID     // account that is calling
	HeldUntil            time.Time
}

// holdFor is how long a caller keeps a person to themselves without noting what came of it.
const holdFor = 10 * time.Minute

// Taken reports whether somebody else is calling the person.
func (r Recipient) Taken(by id.ID, now time.Time) bool {
	return r.HeldBy != 0 && r.HeldBy != by && now.Before(r.HeldUntil)
}

// Reached reports whether the person knows.
func (r Recipient) Reached() bool {
	return r.AgainAt.IsZero() && (!r.ReadAt.IsZero() || !r.AnsweredAt.IsZero() || !r.ToldAt.IsZero())
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
