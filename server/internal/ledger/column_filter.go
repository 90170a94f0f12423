package ledger

import (
	"math/big"

	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// OwnAsk narrows a list by what one of a committee's own columns holds; the zero OwnAsk narrows nothing, one
// with nothing but a column asks for anything that was written.
type OwnAsk struct {
	Column   id.ID
	Value    string // of ChoiceColumn and YesNoColumn; one that is chosen no more, too
	From, To string // of NumberColumn and DateColumn, both included; "" for an open end
	Blank    bool   // nothing was written
}

// OwnFilter is an OwnAsk that fits its column.
type OwnFilter struct {
	OwnAsk
	Of Column
}

// Filter checks an ask against the column that it names.
func (c Column) Filter(a OwnAsk) (OwnFilter, error) {
	f := OwnFilter{OwnAsk: a, Of: c}
	bad := func(key, words string) (OwnFilter, error) {
		return OwnFilter{}, errs.ErrInvalid.With(errs.Field(key, words))
	}
	ranged := c.Kind == NumberColumn || c.Kind == DateColumn
	switch {
	case a.Blank && a.Value+a.From+a.To != "":
		return bad("column_blank", "查没有填的，就不用再填别的条件")
	case a.Value != "" && c.Kind != ChoiceColumn && c.Kind != YesNoColumn:
		return bad("column_value", "这一栏不能按选项查找")
	case a.From+a.To != "" && !ranged:
		return bad("column_from", "这一栏不能按范围查找")
	}
	f.Value = NormalText(a.Value)
	if len([]rune(f.Value)) > maxChoice {
		return bad("column_value", "没有这个选项")
	}
	if f.Value != "" && c.Kind == YesNoColumn {
		var fault string
		if f.Value, fault = c.Clean(f.Value); fault != "" {
			return bad("column_value", fault)
		}
	}
	if ranged {
		var fault string
		if f.From, fault = c.Clean(a.From); fault != "" {
			return bad("column_from", fault)
		}
		if f.To, fault = c.Clean(a.To); fault != "" {
			return bad("column_to", fault)
		}
		if f.From != "" && f.To != "" && f.before(c.last(f.To), c.first(f.From)) {
			return bad("column_to", "范围的起止写反了")
		}
	}
	return f, nil
}

// Fits reports whether what a person's row holds is what was asked for. A date that is known by its year or
// month fits where all of it lies within.
func (f OwnFilter) Fits(value string) bool {
	switch {
	case f.Blank || value == "":
		return f.Blank && value == ""
	case f.Value != "":
		return value == f.Value
	}
	return (f.From == "" || !f.before(f.Of.first(value), f.Of.first(f.From))) &&
		(f.To == "" || !f.before(f.Of.last(f.To), f.Of.last(value)))
}

// first and last are the ends of what a value stands for: a year begins and ends with its days.
func (c Column) first(v string) string { return c.whole(v, "-01-01") }
func (c Column) last(v string) string  { return c.whole(v, "-12-31") }

func (c Column) whole(v, rest string) string {
	if c.Kind != DateColumn {
		return v
	}
	return v + rest[min(len(v)-len("2006"), len(rest)):]
}

func (f OwnFilter) before(a, b string) bool {
	if f.Of.Kind != NumberColumn {
		return a < b
	}
	x, ok := new(big.Rat).SetString(a)
	y, too := new(big.Rat).SetString(b)
	return ok && too && x.Cmp(y) < 0 // both are texts of Column.Clean
}

// Words say what is asked for, as it stands on a file.
func (f OwnFilter) Words() string {
	words := f.Value
	switch {
	case f.Blank:
		words = "没有填的"
	case f.From != "" && f.From == f.To:
		words = f.From
	case f.From != "" && f.To != "":
		words = f.From + "至" + f.To
	case f.From != "":
		words = f.From + "起"
	case f.To != "":
		words = "至" + f.To
	case words == "":
		words = "填了的"
	}
	return f.Of.Name + words
}
