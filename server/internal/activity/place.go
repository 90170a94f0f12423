package activity

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Who goes along, by relation: a companion is nobody of the ledger and has no name here.
var relations = map[string]string{"spouse": "老伴", "child": "子女", "relative": "其他亲属", "carer": "照看的人"}

// Bounds of what the head sets.
const (
	maxCapacity   = 5000
	maxCompanions = 2
	maxPickUp     = 40
)

// Places is how many may come and what they may bring along. The zero value asks nothing: everybody may
// come, alone, until the start.
type Places struct {
	Capacity    int       // seats; zero: no limit
	AnswerUntil time.Time // when members have to ask the liaison instead; zero: the start
	Companions  int       // that one person may bring, each a seat
	Lift        bool      // who needs one is fetched
}

func (p Places) check(a Activity) error {
	var f []errs.FieldError
	if p.Capacity < 0 || p.Capacity > maxCapacity {
		f = append(f, errs.Field("capacity", "名额请填0到5000，0是不限"))
	}
	if p.Companions < 0 || p.Companions > maxCompanions {
		f = append(f, errs.Field("companions", "每人最多带2位陪同"))
	}
	if p.AnswerUntil.After(a.StartsAt) {
		f = append(f, errs.Field("answer_until", "截止时间要早于活动开始"))
	}
	if len(f) > 0 {
		return errs.ErrInvalid.With(f...)
	}
	return nil
}

// along gives the deadline of an activity that is put off or brought forward by some time: as long before the
// start as it was. One that would be over by then, and was not, is the start.
func (p Places) along(by time.Duration, now time.Time) time.Time {
	if p.AnswerUntil.IsZero() {
		return time.Time{}
	}
	until := p.AnswerUntil.Add(by)
	if p.AnswerUntil.After(now) && !until.After(now) {
		return time.Time{}
	}
	return until
}

// Said is what somebody says to an activity. Of Companions and Lift, nil leaves alone what was said before.
type Said struct {
	Person         id.ID
	Answer, Reason string
	Companions     *[]string // relations
	Lift           *bool
	PickUp         string // where to be fetched, with Lift
}

// onto gives the row that follows from what is said, or reports what is wrong with it.
func (s Said) onto(e Expected, a Activity) (Expected, error) {
	answer, reason, err := Reply(s.Answer, s.Reason)
	if err != nil {
		return e, err
	}
	if e.Answer != Going && e.Answer != Waiting || answer != Going {
		e.Companions, e.Lift, e.PickUp, e.Queue, e.PlacedAt = nil, false, "", 0, time.Time{}
	}
	e.Answer, e.Reason = answer, reason
	if answer != Going {
		return e, nil
	}
	if s.Companions != nil {
		if len(*s.Companions) > max(a.Places.Companions, len(e.Companions)) { // who said so before the head took it back keeps it
			return e, errs.ErrInvalid.With(errs.Field("companions", "这次活动带不了这么多陪同"))
		}
		for _, r := range *s.Companions {
			if relations[r] == "" {
				return e, errs.ErrInvalid.With(errs.Field("companions", "请选择陪同是什么人"))
			}
		}
		e.Companions = slices.Clone(*s.Companions)
	}
	if s.Lift == nil {
		return e, nil
	}
	place := tidy(s.PickUp)
	switch {
	case *s.Lift && !a.Places.Lift && !e.Lift:
		return e, errs.ErrInvalid.With(errs.Field("lift", "这次活动没有接送，请找联络员"))
	case utf8.RuneCountInString(place) > maxPickUp:
		return e, errs.ErrInvalid.With(errs.Field("pick_up", "接的地方请写短一些"))
	}
	if e.Lift, e.PickUp = *s.Lift, place; !e.Lift {
		e.PickUp = ""
	}
	return e, nil
}

// Seats is how many places a person takes, or waits for.
func (e Expected) Seats() int { return 1 + len(e.Companions) }

// Excused reports whether somebody who does not come is not missed: excused, or without a place.
func (e Expected) Excused() bool { return e.Answer == Leave || e.Answer == Waiting }

// What is wrong with asking for a place.
var (
	ErrDeadline   = errs.New(errs.Conflict, "activity.deadline", "报名已经截止，如有变动请告诉联络员")
	ErrFull       = errs.New(errs.Conflict, "activity.full", "位子满了，陪同加不上，您自己的位子还在")
	ErrNoPlace    = errs.New(errs.Conflict, "activity.no_place", "没有空位了，请先增加名额")
	ErrNotWaiting = errs.New(errs.Conflict, "activity.not_waiting", "这位同志现在不在候补名单上")
)

// hall is who has a place and who waits for one. People who said 参加 together wait together, under one
// number, and get their places together. Nobody is overtaken: a free place that is too few for the first
// party stays free until somebody leaves, the first party wants less, or the head decides otherwise. Only a
// party that wants more than there are places in all, because their number was lowered, holds up nobody: no
// departure would help it. It keeps its number, and has its turn once it wants less or there are more.
type hall struct {
	capacity, taken, last int
	queue                 []party // by number
	begun                 bool    // from the start on nobody moves up by themselves
}

type party struct {
	no, seats int
	persons   []id.ID
}

func newHall(capacity int, begun bool, rows []Expected) *hall {
	h := &hall{capacity: capacity, begun: begun}
	for _, e := range rows {
		h.put(e)
	}
	return h
}

// put counts a row in as it stands.
func (h *hall) put(e Expected) {
	switch e.Answer {
	case Going:
		h.taken += e.Seats()
	case Waiting:
		h.last = max(h.last, e.Queue)
		at, found := slices.BinarySearchFunc(h.queue, e.Queue, func(p party, no int) int { return cmp.Compare(p.no, no) })
		if !found {
			h.queue = slices.Insert(h.queue, at, party{no: e.Queue})
		}
		h.queue[at].seats += e.Seats()
		h.queue[at].persons = append(h.queue[at].persons, e.Person)
	}
}

// take counts a row out.
func (h *hall) take(e Expected) {
	switch e.Answer {
	case Going:
		h.taken -= e.Seats()
	case Waiting:
		for i, p := range h.queue {
			if p.no != e.Queue {
				continue
			}
			h.queue[i].seats -= e.Seats()
			h.queue[i].persons = slices.DeleteFunc(p.persons, func(x id.ID) bool { return x == e.Person })
			if len(h.queue[i].persons) == 0 {
				h.queue = slices.Delete(h.queue, i, i+1)
			}
			return
		}
	}
}

// fits reports whether so many more have a place, whoever waits.
func (h *hall) fits(seats int) bool { return h.capacity == 0 || h.taken+seats <= h.capacity }

// hopeless reports whether a party wants more places than there are in all.
func (p party) hopeless(capacity int) bool { return capacity > 0 && p.seats > capacity }

// claimed reports whether somebody waits whose turn comes before anybody new.
func (h *hall) claimed() bool {
	return slices.ContainsFunc(h.queue, func(p party) bool { return !p.hopeless(h.capacity) })
}

// before tells how many people have their turn before a number, and how many places those of that number want.
func (h *hall) before(no int) (people, seats int) {
	for _, p := range h.queue {
		switch {
		case p.no == no:
			seats = p.seats
		case p.no < no && !p.hopeless(h.capacity):
			people += len(p.persons)
		}
	}
	return people, seats
}

// promote gives places to those whose turn it is.
func (h *hall) promote() (placed []id.ID) {
	var stay []party
	for i, p := range h.queue {
		switch {
		case p.hopeless(h.capacity):
			stay = append(stay, p)
			continue
		case h.begun || !h.fits(p.seats):
			h.queue = append(stay, h.queue[i:]...)
			return placed
		}
		h.taken += p.seats
		placed = append(placed, p.persons...)
	}
	h.queue = stay
	return placed
}

// seat decides about what several people say at once: rows as they were and as they ask to be, in one
// order. It gives the rows as they become, and who of the others got a place by it.
func (h *hall) seat(before, asked []Expected) (after []Expected, placed []id.ID, err error) {
	after = slices.Clone(asked)
	for _, e := range before {
		h.take(e)
	}
	more, fresh := 0, 0 // places that others have the first claim on
	for i, e := range after {
		switch was := before[i]; {
		case e.Answer != Going:
		case was.Answer == Going:
			more += max(0, e.Seats()-was.Seats())
			h.taken += min(e.Seats(), was.Seats())
			continue
		case was.Answer == Waiting: // keeps the number
			after[i].Answer, after[i].Queue = Waiting, was.Queue
		default:
			fresh += e.Seats()
			continue
		}
		h.put(after[i])
	}
	wants := fresh
	for _, p := range h.queue {
		if slices.ContainsFunc(after, func(e Expected) bool { return slices.Contains(p.persons, e.Person) }) {
			wants = max(wants, p.seats)
		}
	}
	if h.capacity > 0 && wants > h.capacity { // they would wait for ever, and everybody behind them
		return nil, nil, errs.ErrInvalid.With(errs.Field("companions", "一共没有这么多位子，请少带一位"))
	}
	placed = h.promote()
	if more > 0 {
		if h.claimed() && h.capacity > 0 || !h.fits(more) {
			return nil, nil, ErrFull
		}
		h.taken += more
	}
	wait, no := fresh > 0 && (h.claimed() || !h.fits(fresh)), h.last+1
	for i, e := range after {
		if e.Answer != Going || before[i].Answer == Going {
			continue
		}
		if wait {
			after[i].Answer, after[i].Queue = Waiting, no
		}
		h.put(after[i])
	}
	for i, e := range after {
		if e.Answer == Waiting && slices.Contains(placed, e.Person) {
			after[i].Answer, after[i].Queue = Going, 0
			placed = slices.DeleteFunc(placed, func(p id.ID) bool { return p == e.Person })
		}
	}
	return after, placed, nil
}

func joined(companions []string) string { return strings.Join(companions, ",") }

func split(companions string) []string {
	if companions == "" {
		return nil
	}
	return strings.Split(companions, ",")
}
