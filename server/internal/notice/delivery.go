package notice

import (
	"strconv"
	"strings"
	"time"

	"bense/server/internal/clock"
	"bense/server/internal/id"
	"bense/server/internal/wechat"
)

// Occasions of subscribe messages, the keys of wechat.Config.Templates.
const (
	ForNotice   = "activity_notice"
	ForReminder = "activity_reminder"
	ForChange   = "activity_change"
)

var occasions = []string{ForNotice, ForReminder, ForChange}

var occasionNames = map[string]string{ForNotice: "活动通知", ForReminder: "活动提醒", ForChange: "活动变更"}

// DeliveryState says what became of one message to one account.
type DeliveryState string

// A delivery goes queued → sending → sent → delivered. A message is never sent twice: the mark
// "sending" is written before the call, and an attempt that finds it (its predecessor died between
// the call and the mark) ends as unknown instead of sending again.
const (
	Queued    DeliveryState = "queued"
	Sending   DeliveryState = "sending"
	Sent      DeliveryState = "sent"      // the platform took it
	Delivered DeliveryState = "delivered" // the platform called back: it arrived
	Refused   DeliveryState = "refused"   // 43101: the user said no, or the credit was used up
	Uncertain DeliveryState = "unknown"   // no answer came: it may have arrived
	Failed    DeliveryState = "failed"
	NoCredit  DeliveryState = "no_credit" // never agreed to: not sent
	Dropped   DeliveryState = "dropped"   // nobody left to tell, or nothing left to say
)

// Delivery is one message to one account about one notice. An account that acts for several persons
// gets one message; Person is the first of them. A text message goes to a person: Account is zero.
type Delivery struct {
	ID, Notice, Account, Person id.ID
	Template                    string // occasion
	Round                       int    // 0 for the notice itself, then one per reminder or change
	State                       DeliveryState
	Code                        string
	Channel                     Channel // on which it goes now
	Tried                       string  // channels that it has come back from
	Word                        string  // what it says instead of the occasion's own, on whatever channel
	CreatedAt                   time.Time
}

// to is what it is addressed to; see target.key.
func (d Delivery) to() id.ID {
	if d.Account == 0 {
		return d.Person
	}
	return d.Account
}

// key is the message's in the outbox: another one on each channel that it comes to.
func (d Delivery) key() string {
	parts := []string{"push", d.Notice.String(), d.to().String(), d.Template, strconv.Itoa(d.Round)}
	if d.Tried != "" {
		parts = append(parts, string(d.Channel))
	}
	return strings.Join(parts, ":")
}

// credit is what a result does to the account's stock of agreed messages. It was spent when the
// message was queued.
type credit int

const (
	spent  credit = iota // stays spent
	refund               // certainly not used: give it back
	clear                // the platform says there is none
)

// result of one attempt to send.
type result struct {
	state  DeliveryState
	code   string
	credit credit
	retry  bool
	later  time.Time // retry not before
}

// goesOn reports whether another channel may have its turn.
func (r result) goesOn() bool { return r.state == Refused || r.state == Failed || !r.later.IsZero() }

// judge turns the platform's answer into a result.
func judge(err error, now time.Time) result {
	if err == nil {
		return result{state: Sent}
	}
	e, ok := wechat.As(err)
	switch {
	case !ok || e.Ambiguous:
		return result{state: Uncertain, code: wechat.NoAnswer}
	case e.Code == wechat.Refused:
		return result{state: Refused, code: e.Code, credit: clear}
	case e.Code == wechat.NotFollower:
		return result{state: Refused, code: e.Code}
	case e.Code == wechat.Quota: // of the day; it starts anew at midnight
		return result{state: Queued, code: e.Code, retry: true, later: nextDay(now)}
	case e.Retryable:
		return result{state: Queued, code: e.Code, retry: true}
	}
	return result{state: Failed, code: e.Code, credit: refund}
}

func nextDay(now time.Time) time.Time {
	t := now.In(clock.Shanghai)
	return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 5, 0, 0, clock.Shanghai)
}

// pointless says why a message that was queued at a time need not go out any more, "" if it shall. told means
// that all its people know already. What was about a change is said by the cancellation's own message; what
// announces or reminds has no point once it has begun.
func pointless(occasion string, queued time.Time, n Notice, about *Facts, anyone, told bool, now time.Time) string {
	switch {
	case !anyone:
		return "nobody"
	case occasion == ForChange:
		if n.State != Published && n.State != Cancelled {
			return "over"
		}
		if n.State == Cancelled && queued.Before(n.ClosedAt) {
			return superseded
		}
	case n.State != Published:
		return "over"
	case occasion == ForReminder && told:
		return "told"
	}
	if about == nil {
		return ""
	}
	late := occasion != ForChange && queued.Before(about.StartsAt) && !now.Before(about.StartsAt)
	if late || now.After(about.EndsAt) {
		return "over"
	}
	return ""
}

// superseded is the code of a message in whose place a newer one goes out.
const superseded = "superseded"

// What messages about a change say instead of the occasion's own words, within WeChat's twenty characters.
const (
	correctedWord = "通知有更正，请点开看看"
	placedWord    = "您排到位子了，请点开看看"
)

// patience is how long a message waits for a channel that takes nothing before it goes on over the next one.
const patience = 30 * time.Minute

// waits gives the time until which a message waits so: from when it may ring first, but not into the last hours
// before the activity.
func (r Rules) waits(d Delivery, about *Facts) time.Time {
	at := r.rings(d.Template, about, d.CreatedAt).Add(patience)
	if about != nil && about.StartsAt.Add(-hoursBefore).Before(at) {
		return about.StartsAt.Add(-hoursBefore)
	}
	return at
}

// meanings fills the fields of a message. Times and places are the activity's; a notice about nothing
// that people come to carries the time of its publication.
func meanings(d Delivery, n Notice, about *Facts) map[string]string {
	occasion := d.Template
	m := map[string]string{"title": n.Title, "time": wechat.TimeText(n.PublishedAt), "place": "详见通知", "note": "请点开查看"}
	if about != nil {
		m["title"], m["time"], m["place"], m["note"] = about.Title, wechat.TimeText(about.StartsAt), about.Place, "请点开告知是否参加"
	}
	switch {
	case occasion == ForReminder && about != nil:
		m["note"] = "您还没看这条通知，请点开看看"
	case occasion == ForChange && about != nil && about.State == "cancelled":
		m["note"] = "活动取消，请您知悉"
	case occasion == ForChange && n.State == Cancelled:
		m["note"] = "这条通知已取消，请您知悉"
	case d.Word != "":
		m["note"] = d.Word
	case occasion == ForChange:
		m["note"] = "时间或地点有变动，请点开看看"
	}
	return m
}

// remindEvery is the shortest time between two rounds of reminders.
const remindEvery = 30 * time.Minute

// mayRemind applies it; last is zero before the first round.
func mayRemind(last, now time.Time) error {
	if !last.IsZero() && now.Sub(last) < remindEvery {
		return ErrTooSoon
	}
	return nil
}

// Card is one sharing of a notice into the group. It lives as long as the platform says, usually 24 hours.
type Card struct {
	ID, Notice   id.ID
	Group        id.ID  // in which it hangs, once somebody has opened it there
	ActivityID   string // the platform's
	State        int    // wechat.CardOpen or CardClosed
	Count, Limit int    // as last shown
	CreatedAt    time.Time
	ExpiresAt    time.Time
	SharedAt     time.Time // zero: made, but not sent into the group yet
	UpdatedAt    time.Time
}

// Live reports whether the platform still takes updates for a card that hangs in a group.
func (c Card) Live(now time.Time) bool {
	return c.State == wechat.CardOpen && !c.SharedAt.IsZero() && now.Before(c.ExpiresAt)
}

// cardReuse is how much life a card that was never shared must have left to be offered again.
const cardReuse = time.Hour

func (c Card) reusable(now time.Time) bool {
	return c.State == wechat.CardOpen && c.SharedAt.IsZero() && now.Add(cardReuse).Before(c.ExpiresAt)
}

// Word is the card's state as the timeline tells it.
func (c Card) Word(now time.Time) string {
	switch {
	case c.ID == 0:
		return "none"
	case c.State != wechat.CardOpen:
		return "closed"
	case !now.Before(c.ExpiresAt):
		return "expired"
	case c.SharedAt.IsZero():
		return "made"
	}
	return "open"
}

// cardSlot groups updates of a card: all changes within one slot go out together when it has ended.
// The slack lets transactions that began inside the slot commit before the count is read.
func cardSlot(now time.Time, every time.Duration) (slot int64, runAt time.Time) {
	slot = now.UnixMilli() / every.Milliseconds()
	return slot, time.UnixMilli((slot + 1) * every.Milliseconds()).UTC().Add(every / 5)
}
