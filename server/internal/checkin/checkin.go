// Package checkin is the record of who came: lists of an activity, three doors to one and the same
// record, the answers that every door gives, and the attendance sheet.
package checkin

import (
	"time"

	"bense/server/internal/clock"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Answer is how one attempt to sign in was judged. Each has a sentence of its own; all are successes
// of the protocol (HTTP 200).
type Answer string

// The answers of domain.md.
const (
	OK          Answer = "ok"
	Already     Answer = "already"
	InvalidCode Answer = "invalid_code"
	CodeExpired Answer = "code_expired"
	Cancelled   Answer = "cancelled"
	Unknown     Answer = "unknown"
	Inactive    Answer = "inactive"
	NotOnList   Answer = "not_on_list"
	Ambiguous   Answer = "ambiguous"
	TooEarly    Answer = "too_early"
	TooLate     Answer = "too_late"
	OnLeave     Answer = "on_leave"
)

// Door is how somebody was signed in.
type Door string

// The doors: the member's own phone, the liaison's scan of a phone or of a printed card, the name
// tapped in the roster, a paper sheet entered afterwards.
const (
	Self   Door = "self"
	Scan   Door = "scan"
	Card   Door = "card"
	Roster Door = "roster"
	Paper  Door = "paper"
)

// OnSite is the way of taking part that doors record; others come with their own features.
const OnSite = "on_site"

// DefaultList is the list that every activity has from the start.
const DefaultList = "到会"

// The default window of a list around the activity.
const (
	opensBefore = 60 * time.Minute
	closesAfter = 30 * time.Minute
)

// How long a record may be taken back by whom.
const (
	annulOwn    = 10 * time.Minute // the member, of the own phone's record
	annulSameBy = 15 * time.Minute // the liaison who made it
)

// What a device may claim about the time.
const (
	skew       = time.Minute    // a clock that runs ahead by less is taken for now
	lateAfter  = time.Minute    // what happened longer ago was shown green before it reached us
	selfLate   = 24 * time.Hour // for so long a phone may bring an attempt that found no network
	unseenLate = 2 * time.Hour  // … and one that found none even for the visit: only its code vouches for it
)

// List is one roll call of an activity.
type List struct {
	ID, Activity      id.ID
	Kind              ListKind
	Name              string
	OpensAt, ClosesAt time.Time
	OwnWindow         bool // chosen by hand: it stays when the activity moves
}

// Window gives the default opening hours of a list.
func Window(starts, ends time.Time) (opens, closes time.Time) {
	return starts.Add(-opensBefore), ends.Add(closesAfter)
}

// Record is a person's presence on a list. Happened is when they came, Recorded when we learned it.
type Record struct {
	List, Person       id.ID
	Attempt            [16]byte // the device's nonce
	Door               Door
	Happened, Recorded time.Time
	By                 id.ID // account
	OnBehalf           bool
	Flag               Flag
}

// earliest gives the record of the earliest moment at which a door has seen the person.
func earliest(r Record, again []Record) Record {
	for _, c := range again {
		if c.Happened.Before(r.Happened) {
			r = c
		}
	}
	return r
}

// Flag marks what a liaison should look at; "" is the ordinary case.
type Flag string

// The flags. A late flag says what the rules would have answered had the attempt come in time.
const (
	FlagClock    Flag = "clock"    // the device's time was not believed
	FlagOldCode  Flag = "old_code" // the venue code was that of the step before: perhaps a picture
	FlagPicture  Flag = "picture"  // WeChat says that the code was read from a picture, not by the camera
	FlagPoster   Flag = "poster"   // the code was on paper, which anybody may have photographed
	FlagLate     Flag = "late"     // uploaded after it had been shown as accepted
	FlagUnseen   Flag = "unseen"   // scanned without network, told afterwards: perhaps a picture
	flagLateWith Flag = "late_"    // … followed by the answer it would have had
)

var flagNotes = map[Flag]string{
	FlagClock: "手机时间不准，按收到时间记", FlagOldCode: "使用的是上一个签到码，不在现场？请核对", FlagLate: "断网补传",
	FlagPicture: "签到码是从图片识别的，不在现场？请核对", FlagPoster: "纸质签到码，请核对是否在场",
	FlagUnseen:                       "断网时扫的码，事后补传，不在现场？请核对",
	flagLateWith + Flag(CodeExpired): "断网补传，签到码已失效，请核对", flagLateWith + Flag(Cancelled): "断网补传，活动已取消，请核对",
	flagLateWith + Flag(Inactive): "断网补传，已不在册，请核对", flagLateWith + Flag(NotOnList): "断网补传，不在名单，已补登",
	flagLateWith + Flag(OnLeave):  "断网补传，曾请假",
	flagLateWith + Flag(TooEarly): "断网补传，手机时间不准，当时还没有开始签到，请核对",
	flagLateWith + Flag(TooLate):  "断网补传，手机时间不准，上传时签到已结束，请核对",
}

// Note is the sentence that a flag has on the roster and on the sheet.
func (f Flag) Note() string { return flagNotes[f] }

// Moment settles when an attempt happened. The device's time counts inside the window and not in the
// future; else it is ours that counts, and the record is flagged. late tells that the device had
// already shown the attempt as accepted. A paper sheet is entered afterwards: a time outside the
// window becomes the start of the activity. What a door has shown green stays late, and green, also
// when its time is not believed.
func Moment(l List, starts, claimed, now time.Time, door Door, offline bool) (at time.Time, flag Flag, late bool) {
	claimed = claimed.UTC().Truncate(time.Millisecond)
	ahead := claimed.Sub(now)
	switch {
	case claimed.IsZero():
		at, late = now, offline
	case ahead > 0 && ahead <= skew:
		at = now
	case ahead > skew:
		at, flag, late = now, FlagClock, offline
	case l.open(claimed):
		at, late = claimed, offline || -ahead > lateAfter
	case -ahead <= lateAfter: // before the doors open, or just after they closed
		at = now
	default:
		at, flag, late = now, FlagClock, offline
	}
	if door == Paper {
		late = false
		if at.After(l.ClosesAt) {
			at, flag = starts, FlagClock
		}
	}
	return at, flag, late
}

func (l List) open(t time.Time) bool { return !t.Before(l.OpensAt) && !t.After(l.ClosesAt) }

// Facts is all that the judgement of one attempt depends on.
type Facts struct {
	Genuine        bool // the code is ours; true where the door has no code
	Own            bool // this very attempt has been recorded before
	Annulled       bool // … and was taken back since
	Current        bool // the code is inside its window and not revoked
	Cancelled      bool // the activity was called off
	Matches        int  // persons that a roster search found
	Known          bool // the person is in the ledger, the account bound to them
	Active         bool // neither moved away, nor deceased, nor suspended
	OnList         bool
	WalkIn         bool // a liaison asks to add the person
	Present        bool // by another attempt
	At             time.Time
	Opens, Closes  time.Time
	Excused        bool // said 请假
	LeaveToPresent bool // and came after all
}

// Judge applies the checks in the order that domain.md fixes; the first failure wins. An attempt that
// succeeded before succeeds again whatever has changed since; one that was annulled is used up.
func Judge(f Facts) Answer {
	switch {
	case !f.Genuine:
		return InvalidCode
	case f.Own:
		return OK
	case f.Annulled, !f.Current:
		return CodeExpired
	case f.Cancelled:
		return Cancelled
	case f.Matches > 1:
		return Ambiguous
	case !f.Known:
		return Unknown
	case !f.Active:
		return Inactive
	case !f.OnList && !f.WalkIn:
		return NotOnList
	case f.Present:
		return Already
	case f.At.Before(f.Opens):
		return TooEarly
	case f.At.After(f.Closes):
		return TooLate
	case f.Excused && !f.LeaveToPresent:
		return OnLeave
	}
	return OK
}

// JudgeLate judges what a door had accepted while it was offline: that is never turned red. What the
// rules would have refused of a person whom we know is recorded with a flag.
func JudgeLate(f Facts) (Answer, Flag) {
	a := Judge(f)
	if f.Annulled || f.Matches > 1 || !f.Known {
		return a, ""
	}
	switch a {
	case OK:
		return OK, FlagLate
	case CodeExpired, Cancelled, Inactive, NotOnList, TooEarly, TooLate, OnLeave:
		if f.Present {
			return Already, ""
		}
		return OK, flagLateWith + Flag(a)
	}
	return a, ""
}

// Message is the sentence shown with an answer. first is when the person was there before, opens the
// beginning of the window; both as they stand in the answer.
func Message(a Answer, first, opens, now time.Time) string {
	switch a {
	case OK:
		return "签到成功"
	case Already:
		return "您已在" + hourOf(first, now) + "签到"
	case InvalidCode:
		return "这不是本活动的签到码，请找工作人员"
	case CodeExpired:
		return "签到码已更新，请重新扫一扫"
	case Cancelled:
		return "活动已取消"
	case Unknown:
		return "还没有找到您的登记，请找联络员"
	case Inactive:
		return "请找联络员"
	case NotOnList:
		return "不在名单，可现场补登"
	case Ambiguous:
		return "有同名，请选单位"
	case TooEarly:
		return hourOf(opens, now) + " 开始签到"
	case TooLate:
		return "签到已结束，请找联络员"
	case OnLeave:
		return "您请过假，改为到场?"
	}
	return ""
}

// hourOf writes 9:02, with the day in front when that is not today.
func hourOf(t, now time.Time) string {
	t, now = t.In(clock.Shanghai), now.In(clock.Shanghai)
	hour := t.Format("15:04")
	if hour[0] == '0' {
		hour = hour[1:]
	}
	if t.Format(time.DateOnly) != now.Format(time.DateOnly) {
		return t.Format("1月2日") + hour
	}
	return hour
}

// doorWays are the words of the attendance sheet.
var doorWays = map[Door]string{
	Self: "手机扫码", Scan: "出示手机码", Card: "出示卡片", Roster: "名册点名", Paper: "纸质签到",
}

// Way is the Chinese word of a door.
func (d Door) Way() string { return doorWays[d] }

var (
	// ErrAnnulLate tells that taking back is now up to the head or the lead unit.
	ErrAnnulLate = errs.New(errs.Forbidden, "checkin.annul_late", "已过了可撤销的时间，请找联盟负责人")
	// ErrNotPresent tells that there is nothing to take back.
	ErrNotPresent = errs.New(errs.NotFound, "checkin.not_present", "这位同志还没有签到")
	// ErrGuessing slows down whoever shows one wrong code after the other.
	ErrGuessing = errs.New(errs.TooMany, "checkin.guessing", "扫错的次数太多，请稍等几分钟，或请工作人员帮忙")
	// ErrInactive tells that no code is given out for somebody who is no longer a member here.
	ErrInactive = errs.New(errs.Conflict, "checkin.inactive", "请找联络员")
)

// Right is what the caller may do with a record that is to be taken back.
type Right struct {
	Any  bool // head or lead unit
	Door bool // works at doors of this activity
	Own  bool // acts for the person
}

// MayAnnul reports ErrAnnulLate unless the caller may take the record back now.
func (r Record) MayAnnul(by id.ID, right Right, now time.Time) error {
	age := now.Sub(r.Recorded)
	switch {
	case right.Any:
		return nil
	case right.Own && r.Door == Self && r.By == by && age <= annulOwn:
		return nil
	case right.Door && r.By == by && age <= annulSameBy:
		return nil
	}
	return ErrAnnulLate
}
