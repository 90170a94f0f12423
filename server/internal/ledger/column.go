package ledger

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// ColumnKind says what a committee's own column holds.
type ColumnKind string

// Kinds of columns; the wire has the same words.
const (
	TextColumn   ColumnKind = "text"
	NumberColumn ColumnKind = "number"
	DateColumn   ColumnKind = "date"
	ChoiceColumn ColumnKind = "choice"
	YesNoColumn  ColumnKind = "yes_no"
)

// Valid reports whether k is one of the kinds.
func (k ColumnKind) Valid() bool {
	return slices.Contains([]ColumnKind{TextColumn, NumberColumn, DateColumn, ChoiceColumn, YesNoColumn}, k)
}

// Column is a column that a committee has added to its ledger. Its kind never changes: what was written
// under one kind would make no sense under another.
type Column struct {
	ID, CommitteeID id.ID
	Name            string
	Kind            ColumnKind
	Choices         []string // of ChoiceColumn; what was chosen stays when its choice goes
	Purpose         string   // what it is kept for, as the member reads it; may be empty
	SortNo          int
	LiaisonEdits    bool // else the lead unit and the office alone
	MemberSees      bool // the person and the head; who keeps the ledger sees all
	CreatedAt       time.Time
	RetiredAt       time.Time // zero: in use; what was written stays and is hidden
}

// Retired reports whether the column is hidden.
func (c Column) Retired() bool { return !c.RetiredAt.IsZero() }

// in reports whether the column was in use at a moment.
func (c Column) in(at time.Time) bool {
	return !c.CreatedAt.After(at) && (!c.Retired() || c.RetiredAt.After(at))
}

// ColumnPrefix begins the keys of committees' own columns wherever columns are named by keys.
const ColumnPrefix = "custom."

// Key names the column among those of the ledger.
func (c Column) Key() string { return ColumnPrefix + c.ID.String() }

// ColumnID reads a key; zero when it is not that of a committee's own column.
func ColumnID(key string) id.ID {
	text, ok := strings.CutPrefix(key, ColumnPrefix)
	if !ok {
		return 0
	}
	v, err := id.Parse(text)
	if err != nil {
		return 0
	}
	return v
}

// Limits of columns, in characters and pieces.
const (
	MaxColumns    = 30 // in use in one committee
	maxColumnName = 20
	maxPurpose    = 30
	maxChoices    = 40
	maxChoice     = 20
	MaxOwnText    = 200 // of a TextColumn
)

// Errors of columns.
var (
	ErrColumnTaken    = errs.New(errs.Conflict, "ledger.column_taken", "已有同名的自定义栏，请换一个名称")
	ErrColumnRetired  = errs.New(errs.Conflict, "ledger.column_retired_name", "停用的自定义栏里有同名的，请恢复它，或者换一个名称")
	ErrColumnBuiltIn  = errs.New(errs.Conflict, "ledger.column_built_in", "台账本来就有这一栏，请直接用它，或者换一个名称")
	ErrManyColumns    = errs.New(errs.Conflict, "ledger.many_columns", "一个党工委最多用30个自定义栏，请先停用一个")
	ErrColumnsChanged = errs.New(errs.Conflict, "ledger.columns_changed", "自定义栏刚刚有变动，请刷新后再排")
	ErrOfficeColumn   = errs.New(errs.Forbidden, "ledger.office_column", "这一栏由党工委填写，联络员不能改；写错了请告诉党工委")
)

var titleMarks = regexp.MustCompile(`[^\p{Han}\p{L}\p{N}]`)

// TitleForm is a column's title without blanks and punctuation: titles of one form are the same.
func TitleForm(title string) string { return titleMarks.ReplaceAllString(NormalText(title), "") }

// clean brings a definition into its stored form, or reports every faulty part of it.
func (c Column) clean() (Column, error) {
	var faults []errs.FieldError
	fault := func(key, message string) { faults = append(faults, errs.Field(key, message)) }
	c.Name, c.Purpose = NormalText(c.Name), FreeText(c.Purpose)
	switch {
	case TitleForm(c.Name) == "":
		fault("name", "请填写栏目名称")
	case len([]rune(c.Name)) > maxColumnName:
		fault("name", "名称最多20个字")
	case LooksLikeFormula(c.Name):
		fault("name", "名称不能以 = + - @ 开头")
	}
	if !c.Kind.Valid() {
		fault("kind", "请选择填写方式")
	}
	if len([]rune(c.Purpose)) > maxPurpose || LooksLikeFormula(c.Purpose) {
		fault("purpose", "用途最多30个字，不能以 = + - @ 开头")
	}
	if c.Kind != ChoiceColumn {
		c.Choices = nil
	} else {
		var bad string
		if c.Choices, bad = cleanChoices(c.Choices); bad != "" {
			fault("choices", bad)
		}
	}
	if len(faults) > 0 {
		return c, errs.ErrInvalid.With(faults...)
	}
	return c, nil
}

func cleanChoices(list []string) (out []string, bad string) {
	for _, text := range list {
		text = NormalText(text)
		switch {
		case text == "":
			continue
		case len([]rune(text)) > maxChoice:
			return nil, "每个选项最多20个字"
		case LooksLikeFormula(text):
			return nil, "选项不能以 = + - @ 开头"
		case slices.ContainsFunc(out, func(o string) bool { return sameChoice(o, text) }):
			return nil, "选项“" + text + "”写了两遍"
		}
		out = append(out, text)
	}
	switch {
	case len(out) < 2:
		return nil, "请至少写两个选项"
	case len(out) > maxChoices:
		return nil, "最多40个选项"
	}
	return out, ""
}

func sameChoice(a, b string) bool { return withoutSpaces(a) == withoutSpaces(b) }

var (
	plainNumber = regexp.MustCompile(`^([-+]?)0*(\d{1,12})(?:\.(\d{1,6}))?$`)
	ownDate     = regexp.MustCompile(`^(\d{4})(?:[-./年](\d{1,2})(?:[-./月](\d{1,2})日?|月)?|年)?$`)
	yesWords    = []string{"是", "有", "对", "√", "✓", "✔", "y", "yes", "true", "1"}
	noWords     = []string{"否", "无", "没有", "不是", "×", "✗", "✘", "x", "n", "no", "false", "0"}
)

// Clean brings a value into its stored form; fault says in Chinese what was expected. Nothing is always
// a value.
func (c Column) Clean(text string) (value, fault string) {
	s := NormalText(text)
	if s == "" {
		return "", ""
	}
	switch c.Kind {
	case NumberColumn:
		if m := plainNumber.FindStringSubmatch(strings.ReplaceAll(s, ",", "")); m != nil {
			return number64(m), ""
		}
		return "", "应是数字，例如 300 或 300.5"
	case DateColumn:
		if d, ok := calendarDate(s); ok {
			return d, ""
		}
		return "", "应是日期，例如 2026-03 或 2026-03-05"
	case ChoiceColumn:
		if i := slices.IndexFunc(c.Choices, func(o string) bool { return sameChoice(o, s) }); i >= 0 {
			return c.Choices[i], ""
		}
		return "", "应是“" + clip(strings.Join(c.Choices, "、"), 60) + "”中的一项"
	case YesNoColumn:
		switch word := strings.ToLower(s); {
		case slices.Contains(yesWords, word):
			return "是", ""
		case slices.Contains(noWords, word):
			return "否", ""
		}
		return "", "应填“是”或“否”"
	}
	s = FreeText(text)
	switch {
	case len([]rune(s)) > MaxOwnText:
		return "", "最多200个字"
	case LooksLikeFormula(s):
		return "", "不能以 = + - @ 开头"
	}
	return s, ""
}

// number64 writes a number in the one way in which equal numbers are equal texts.
func number64(m []string) string {
	out, part := m[2], strings.TrimRight(m[3], "0")
	if part != "" {
		out += "." + part
	}
	if m[1] == "-" && strings.Trim(out, "0.") != "" {
		out = "-" + out
	}
	return out
}

// calendarDate reads a date as far as it goes; it may lie ahead.
func calendarDate(s string) (string, bool) {
	m := ownDate.FindStringSubmatch(s)
	if m == nil {
		return "", false
	}
	out := m[1]
	for _, part := range m[2:] {
		if n, err := strconv.Atoi(part); err == nil {
			out += "-" + strconv.Itoa(n/10) + strconv.Itoa(n%10)
		}
	}
	return out, ValidDate(out, time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC))
}

// custom gives what committees' own columns hold of a person, by id; columns without a value are missing.
func (r Record) custom() map[string]string {
	out := map[string]string{}
	if r.Custom != "" {
		_ = json.Unmarshal([]byte(r.Custom), &out) // written by setCustom
	}
	return out
}

// Own gives what a committee's own column holds; "" for nothing.
func (r Record) Own(column id.ID) string {
	if r.Custom == "" {
		return ""
	}
	return r.custom()[column.String()]
}

// Owns gives what all of the committees' own columns hold, by Column.Key.
func (r Record) Owns() map[string]string {
	out := map[string]string{}
	for column, v := range r.custom() {
		out[ColumnPrefix+column] = v
	}
	return out
}

// SetOwn writes a committee's own column.
func (r *Record) SetOwn(column id.ID, value string) {
	m := r.custom()
	m[column.String()] = value
	r.setCustom(m)
}

// SetOwns writes all of the committees' own columns, by Column.Key: what is missing becomes empty.
func (r *Record) SetOwns(values map[string]string) {
	m := make(map[string]string, len(values))
	for key, v := range values {
		if column := ColumnID(key); column != 0 {
			m[column.String()] = v
		}
	}
	r.setCustom(m)
}

// setCustom stores values; the text has one form for one set of them, so that records can be compared.
func (r *Record) setCustom(m map[string]string) {
	maps.DeleteFunc(m, func(_, v string) bool { return v == "" })
	if r.Custom = ""; len(m) > 0 {
		text, err := json.Marshal(m) // by sorted keys
		if err != nil {
			panic(err) // texts only: this cannot happen
		}
		r.Custom = string(text)
	}
}

// leaveOwn drops what other committees' columns hold: the history keeps it.
func (r *Record) leaveOwn(columns []Column) {
	for key := range r.Owns() {
		if !slices.ContainsFunc(columns, func(c Column) bool { return c.Key() == key }) {
			r.SetOwn(ColumnID(key), "")
		}
	}
}

// ownDifferences compares the committees' own columns of two states of one person.
func ownDifferences(before, after Record) []Difference {
	if before.Custom == after.Custom {
		return nil
	}
	from, to := before.Owns(), after.Owns()
	var keys []string
	for key, v := range from {
		if to[key] != v {
			keys = append(keys, key)
		}
	}
	for key, v := range to {
		if from[key] == "" && v != "" {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	out := make([]Difference, len(keys))
	for i, key := range keys {
		out[i] = Difference{key, from[key], to[key]}
	}
	return out
}

// OwnValue is a committee's own column with what it holds of a person.
type OwnValue struct {
	Column
	Value    string
	Editable bool // by whoever reads it
}
