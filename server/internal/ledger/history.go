package ledger

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"bense/server/internal/clock"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Cause says in which way a change of a person came about.
type Cause string

// Causes of changes; the wire has the same words.
const (
	Created  Cause = "create"
	Edited   Cause = "edit"
	Restated Cause = "status" // a status with its date and note
	Undone   Cause = "undo"   // a status given by mistake was taken back
	Imported Cause = "import"
	Proposed Cause = "proposal" // what a remark hinted at was confirmed
	Removed  Cause = "remove"
	Housed   Cause = "household" // two people are one family, or not any more
)

// Standing is where a person stood and how; the zero Unit means: not in the ledger.
type Standing struct {
	Unit   id.ID
	Status Status
}

// Difference is one column before and after, as texts; its short keys keep a stored set compact.
type Difference struct {
	Key  string `json:"k"`
	From string `json:"f,omitempty"`
	To   string `json:"t,omitempty"`
}

// Change is what somebody changed of a person at once. Seq counts a person's changes from 1.
type Change struct {
	Person        id.ID
	Seq           int
	At            time.Time
	Account       id.ID // zero: the installation itself
	Cause         Cause
	Import        id.ID // zero: by no import
	Before, After Standing
	Differences   []Difference
}

// Moved reports whether the change counts in what the ledger adds up to.
func (c Change) Moved() bool { return c.Before != c.After }

// keys names the columns that changed.
func (c Change) keys() []string {
	out := make([]string, len(c.Differences))
	for i, d := range c.Differences {
		out[i] = d.Key
	}
	return out
}

// By is who changes, and in which way.
type By struct {
	Account id.ID
	Cause   Cause
	Import  id.ID
}

// Errors of the history.
var (
	ErrNotYet        = errs.New(errs.NotFound, "ledger.not_yet", "那一天台账里还没有这位同志")
	ErrFuture        = errs.New(errs.Invalid, "ledger.future", "日期不能晚于今天")
	ErrNothingToUndo = errs.New(errs.Conflict, "ledger.nothing_to_undo", "这位同志的状态没有登记错过，不用恢复")
)

// columns of a record beside those of AllFields, as texts; unreadable ones are left as they are.
var recordColumns = []struct {
	key string
	get func(*Record) string
	set func(*Record, string)
}{
	{"seq_no", func(r *Record) string { return number(r.SeqNo) }, func(r *Record, s string) { r.SeqNo, _ = strconv.Atoi(s) }},
	{"unit_id", func(r *Record) string { return r.UnitID.String() }, func(r *Record, s string) { setID(&r.UnitID, s) }},
	{"branch_id", func(r *Record) string { return r.BranchID.String() }, func(r *Record, s string) { setID(&r.BranchID, s) }},
	{"status", func(r *Record) string { return string(r.Status) }, func(r *Record, s string) { r.Status = Status(s) }},
	{"status_at", func(r *Record) string { return r.StatusAt }, func(r *Record, s string) { r.StatusAt = s }},
	{"status_note", func(r *Record) string { return r.StatusNote }, func(r *Record, s string) { r.StatusNote = s }},
	{"household_id", func(r *Record) string { return r.HouseholdID.String() }, func(r *Record, s string) { setID(&r.HouseholdID, s) }},
	{contactsKey, func(r *Record) string { return r.Contacts }, func(r *Record, s string) { r.Contacts = s }},
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func setID(at *id.ID, s string) { *at, _ = id.Parse(s) } // "" is none

// differences compares two states of one person.
func differences(before, after Record) []Difference {
	var out []Difference
	add := func(key, from, to string) {
		if from != to {
			out = append(out, Difference{key, from, to})
		}
	}
	for _, f := range AllFields {
		add(f.Key, *f.At(&before.Fields), *f.At(&after.Fields))
	}
	for _, c := range recordColumns {
		add(c.key, c.get(&before), c.get(&after))
	}
	return append(out, ownDifferences(before, after)...)
}

// changeOf makes the change from one state to another; the sequence follows that of before.
func changeOf(before, after Record, by By, at time.Time) Change {
	return Change{Person: after.ID, Seq: before.version + 1, At: at, Account: by.Account, Cause: by.Cause, Import: by.Import,
		Before: before.standing(), After: after.standing(), Differences: differences(before, after)}
}

// creation makes the change that begins a person's history; what was written first follows from the
// row and the later changes.
func creation(rec Record, by By, at time.Time) Change {
	return Change{Person: rec.ID, Seq: 1, At: at, Account: by.Account, Cause: by.Cause, Import: by.Import, After: rec.standing()}
}

func (r Record) standing() Standing { return Standing{r.UnitID, r.Status} }

// back takes a change back: the record becomes what it was before.
func (r *Record) back(c Change) {
	for _, d := range c.Differences {
		r.set(d.Key, d.From)
	}
}

// over brings what a record changes of the one that it was made from into the one that stands there now.
// Columns that somebody wrote meanwhile stay; nothing comes back of somebody who was erased.
func (r Record) over(base, now Record) (Record, Newer) {
	n := Newer{Person: r.ID}
	if now.Erased() && !base.Erased() {
		n.Erased = true
		return now, n
	}
	theirs := map[string]string{}
	for _, d := range differences(base, now) {
		theirs[d.Key] = d.To
	}
	if _, moved := theirs["unit_id"]; !moved && base.BranchID != now.BranchID { // a branch was chosen in this unit
		theirs["unit_id"] = now.UnitID.String()
	}
	out := now
	for _, d := range differences(base, r) {
		if is, written := theirs[d.Key]; written {
			if is != d.To {
				n.Keys = append(n.Keys, d.Key)
			}
			continue
		}
		out.set(d.Key, d.To)
	}
	if slices.Contains(n.Keys, "unit_id") { // the branch belongs to the unit
		out.BranchID = now.BranchID
	}
	return out, n
}

// set writes a column by its key.
func (r *Record) set(key, text string) {
	if f, ok := FieldOf(key); ok {
		*f.At(&r.Fields) = text
	}
	for _, col := range recordColumns {
		if col.key == key {
			col.set(r, text)
		}
	}
	if column := ColumnID(key); column != 0 {
		r.SetOwn(column, text)
	}
}

// EndOf gives the last moment of a day in Shanghai. The day is YYYY-MM-DD and not after today.
func EndOf(day string, now time.Time) (time.Time, error) {
	start, err := time.ParseInLocation(time.DateOnly, day, clock.Shanghai)
	switch {
	case err != nil:
		return time.Time{}, errs.ErrInvalid.With(errs.Field("as_of", "日期应写成 2026-03-01"))
	case start.After(now):
		return time.Time{}, ErrFuture.With(errs.Field("as_of", "日期不能晚于今天"))
	}
	return start.AddDate(0, 0, 1).Add(-time.Millisecond), nil
}

// labels of the columns that AllFields does not have.
var labels = map[string]string{
	"seq_no": "序号", "unit_id": "单位", "branch_id": "所在党支部", "status": "状态", "status_at": "状态日期", "status_note": "状态说明", "household_id": "同一户的人", contactsKey: "家属联系人名单",
}

// LabelOf gives a column's name as people read it.
func LabelOf(key string) string {
	if f, ok := FieldOf(key); ok {
		return f.Label
	}
	if strings.HasPrefix(key, contactPrefix) {
		return "一位家属联系人"
	}
	if ColumnID(key) != 0 {
		return "自定义栏"
	}
	return labels[key]
}

// statusLabels are the words of the sheet.
var statusLabels = map[Status]string{Active: "在册", Moved: "调出", Deceased: "去世", Suspended: "暂停"}

// masked hides a column's text as the pages do; what is not sensitive stays.
func masked(key, text string) string {
	switch key {
	case "birth":
		return clip(text, len("2006-01"))
	case "id_number":
		return MaskIDNumber(text)
	case "phone", "family_phone":
		return MaskPhone(text)
	case "address", "health", "family_contact", "remark", "status_note":
		return MaskText(text)
	case contactsKey:
		return contactWords(text, true)
	}
	return text
}

// sortAlliances orders by id, with the units of no alliance last.
func sortAlliances(list []AllianceCount) {
	slices.SortFunc(list, func(a, b AllianceCount) int {
		if (a.ID == 0) != (b.ID == 0) {
			return cmp.Compare(b.ID, a.ID)
		}
		return cmp.Compare(a.ID, b.ID)
	})
}
