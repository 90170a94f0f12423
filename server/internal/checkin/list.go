package checkin

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"bense/server/internal/activity"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// ListKind is what a list is for.
type ListKind string

// The kinds: the list that every activity has, and the further ones that a liaison makes.
const (
	MainList  ListKind = "main"
	Meal      ListKind = "meal"      // 午餐
	Return    ListKind = "return"    // 返程点名
	CheckOut  ListKind = "check_out" // 离场
	OtherList ListKind = "other"
)

// furtherNames are the names that further lists have unless they are given another.
var furtherNames = map[ListKind]string{Meal: "午餐", Return: "返程点名", CheckOut: "离场", OtherList: ""}

// further reports whether the kind is that of a list beside the main one.
func (k ListKind) further() bool { _, ok := furtherNames[k]; return ok }

// ofThosePresent reports whether the list calls those who are there, not all who are expected.
func (k ListKind) ofThosePresent() bool { return k == Return || k == CheckOut }

// Limits of lists.
const (
	maxListName  = 20 // characters
	maxLists     = 12 // of an activity
	windowBeyond = 24 * time.Hour
	maxBus       = 99
)

// WindowOf gives the default opening hours of a list of a kind.
func WindowOf(k ListKind, starts, ends time.Time) (opens, closes time.Time) {
	switch k {
	case Meal:
		return starts, ends
	case Return:
		return starts, ends.Add(4 * time.Hour)
	case CheckOut:
		return starts, ends.Add(2 * time.Hour)
	}
	return Window(starts, ends)
}

// ListDraft is what is asked of a new list; what is missing has a default.
type ListDraft struct {
	Kind              ListKind
	Name              string
	OpensAt, ClosesAt *time.Time
}

// ListChange names what shall be different; nil leaves alone.
type ListChange struct {
	Name              *string
	OpensAt, ClosesAt *time.Time
}

var (
	// ErrListName tells that the activity has another list of that name.
	ErrListName = errs.New(errs.Conflict, "checkin.list_name", "已经有同名的点名，请换一个名称")
	// ErrMainList refuses to change or remove what every activity has.
	ErrMainList = errs.New(errs.Conflict, "checkin.main_list", "到会签到随活动走，不能单独修改或删除")
	// ErrListUsed refuses to remove a list that somebody is on.
	ErrListUsed = errs.New(errs.Conflict, "checkin.list_used", "已经有人签到，不能删除")
	// ErrManyLists tells that an activity has enough lists.
	ErrManyLists = errs.New(errs.Conflict, "checkin.many_lists", "这次活动的点名已经够多了")
)

// NewList makes a list of a draft, or reports every faulty field. taken are the names in use: a default
// name that is taken gets a number, one that was asked for is a conflict.
func NewList(d ListDraft, a activity.Activity, key id.ID, taken []string) (List, error) {
	l := List{ID: key, Activity: a.ID, Kind: d.Kind, Name: strings.Join(strings.Fields(d.Name), " ")}
	named := l.Name != ""
	if !named {
		l.Name = numbered(furtherNames[d.Kind], taken)
	}
	l.OpensAt, l.ClosesAt = WindowOf(d.Kind, a.StartsAt, a.EndsAt)
	l.window(d.OpensAt, d.ClosesAt)
	if err := l.check(a); err != nil {
		return List{}, err
	}
	if named && slices.Contains(taken, l.Name) {
		return List{}, ErrListName
	}
	return l, nil
}

// numbered gives the name, or the name with the first number from 2 on that is free.
func numbered(name string, taken []string) string {
	free := name
	for n := 2; slices.Contains(taken, free); n++ {
		free = fmt.Sprint(name, n)
	}
	return free
}

// Changed gives the list with the change in it; taken are the names of the other lists.
func (l List) Changed(c ListChange, a activity.Activity, taken []string) (List, error) {
	if !l.Kind.further() {
		return l, ErrMainList
	}
	if c.Name != nil {
		l.Name = strings.Join(strings.Fields(*c.Name), " ")
	}
	l.window(c.OpensAt, c.ClosesAt)
	if err := l.check(a); err != nil {
		return l, err
	}
	if slices.Contains(taken, l.Name) {
		return l, ErrListName
	}
	return l, nil
}

// Moved gives the list with the window that follows from the activity's new time; one whose window was
// chosen keeps it.
func (l List) Moved(a activity.Activity) List {
	if !l.OwnWindow {
		l.OpensAt, l.ClosesAt = WindowOf(l.Kind, a.StartsAt, a.EndsAt)
	}
	return l
}

func (l *List) window(opens, closes *time.Time) {
	if opens != nil {
		l.OpensAt, l.OwnWindow = opens.UTC().Truncate(time.Millisecond), true
	}
	if closes != nil {
		l.ClosesAt, l.OwnWindow = closes.UTC().Truncate(time.Millisecond), true
	}
}

func (l List) check(a activity.Activity) error {
	var f []errs.FieldError
	bad := func(field, text string) { f = append(f, errs.Field(field, text)) }
	if !l.Kind.further() {
		bad("kind", "请选择点名的种类")
	}
	switch n := utf8.RuneCountInString(l.Name); {
	case n == 0:
		bad("name", "请填写名称")
	case n > maxListName:
		bad("name", "名称太长，请缩短一些")
	}
	if l.OpensAt.Before(a.StartsAt.Add(-windowBeyond)) || l.OpensAt.After(a.EndsAt.Add(windowBeyond)) {
		bad("opens_at", "开始时间离活动太远")
	}
	switch {
	case !l.ClosesAt.After(l.OpensAt):
		bad("closes_at", "结束时间应晚于开始时间")
	case l.ClosesAt.After(a.EndsAt.Add(windowBeyond)):
		bad("closes_at", "结束时间离活动太远")
	}
	if len(f) > 0 {
		return errs.ErrInvalid.With(f...)
	}
	return nil
}

// Due tells whether somebody is expected on a list, and with which answer. expected reports that the
// activity expects them, came that they are on the main list, ticked that they are on this one. 请假
// counts on a further list only for who did not come.
func (k ListKind) Due(e activity.Expected, expected, came, ticked bool) (activity.Expected, bool) {
	if !k.further() {
		return e, expected
	}
	if came && e.Excused() {
		e.Answer, e.Reason = "", ""
	}
	if k.ofThosePresent() {
		return e, came || ticked && expected
	}
	return e, expected || came
}

// dueOn filters those whom the activity expects down to those due on a list.
func dueOn(k ListKind, expected []activity.Expected, came, ticked map[id.ID]Record) []activity.Expected {
	if !k.further() {
		return expected
	}
	var out []activity.Expected
	listed := map[id.ID]bool{}
	for _, e := range expected {
		listed[e.Person] = true
		_, there := came[e.Person]
		_, here := ticked[e.Person]
		if e, due := k.Due(e, true, there, here); due {
			out = append(out, e)
		}
	}
	for person := range came {
		if !listed[person] { // came without being expected
			out = append(out, activity.Expected{Person: person, WalkIn: true})
		}
	}
	return out
}

// PaperRow is a person on the sign-in sheet.
type PaperRow struct {
	No         int
	Name, Unit string
	Leave      bool
}

// paperRows puts the lines of a list in the order of their numbers, of one unit or (zero) of all.
func paperRows(lines []Line, numbers map[id.ID]int, unit id.ID) []PaperRow {
	var rows []PaperRow
	for _, l := range lines {
		if unit == 0 || l.Expected.Unit == unit {
			rows = append(rows, PaperRow{numbers[l.Expected.Person], l.Person.Name, l.Person.Unit, l.Expected.Answer == activity.Leave})
		}
	}
	slices.SortStableFunc(rows, func(a, b PaperRow) int { return cmp.Compare(a.No, b.No) })
	return rows
}

// numberNew gives those of the lines who have no number yet the next ones, in the order of the lines.
func numberNew(lines []Line, known map[id.ID]int) map[id.ID]int {
	next := 0
	for _, n := range known {
		next = max(next, n)
	}
	out := map[id.ID]int{}
	for _, l := range lines {
		if person := l.Expected.Person; known[person] == 0 && out[person] == 0 {
			next++
			out[person] = next
		}
	}
	return out
}
