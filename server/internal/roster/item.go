package roster

import (
	"iter"
	"strconv"
	"strings"

	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// Tab is a part of the preview.
type Tab string

// The three ways in which a person of a file stands to the ledger.
const (
	TabNew     Tab = "new"
	TabChanged Tab = "changed"
	TabSame    Tab = "same"
)

var tabs = []Tab{TabNew, TabChanged, TabSame}

// perPart is the number of items on one page of the preview.
const perPart = 100

// Item is one person of the file beside the ledger.
type Item struct {
	No        int // of the person's first row among the file's rows, from 1: choices name it
	Person    id.ID
	Sheet     string
	Row       int
	Name      string
	Unit      string
	Branch    string
	Alliance  string          `json:",omitempty"`
	Fields    []Difference    `json:",omitempty"` // of somebody new: what is to be entered
	Conflicts []Contradiction `json:",omitempty"`
	SamePhone []string        `json:",omitempty"` // who else has the telephone
}

// Difference is what a column becomes. Sensitive ones are shown masked.
type Difference struct{ Key, Label, From, To string }

// Contradiction is a column for which two rows of one person say different things.
type Contradiction struct {
	Key, Label   string
	First, Later string
	FirstRow     string // 群团 第4行
	LaterRow     string
}

// tab tells where the person stands in the preview.
func (p *person) tab() Tab {
	switch {
	case p.old == nil:
		return TabNew
	case p.rec != *p.old:
		return TabChanged
	}
	return TabSame
}

// items gives the persons of a tab in the order of the file.
func (o Outcome) items(tab Tab) iter.Seq[Item] {
	branch := map[id.ID]string{}
	for _, list := range o.plan.branches {
		for _, b := range list {
			branch[b.ID] = b.Name
		}
	}
	return func(yield func(Item) bool) {
		for _, who := range o.plan.people {
			if who.tab() == tab && !yield(o.plan.item(who, tab, branch)) {
				return
			}
		}
	}
}

func (p *planner) item(who *person, tab Tab, branch map[id.ID]string) Item {
	it := Item{No: who.no, Person: who.rec.ID, Sheet: p.in.Sheets[who.first.Sheet].Name, Row: who.first.Line, Name: who.rec.Name,
		Unit: p.unitName[who.rec.UnitID], Branch: branch[who.rec.BranchID], Alliance: who.first.Alliance}
	if tab == TabNew {
		it.Fields = p.differences(ledger.Record{}, who.rec, branch)
	} else if tab == TabChanged {
		it.Fields = p.differences(*who.old, who.rec, branch)
	}
	it.SamePhone = p.sharing(who)
	for _, c := range who.conflicts {
		first := p.in.Sheets[who.first.Sheet].Name + " 第" + strconv.Itoa(who.first.Line) + "行"
		if *valueOf(who.first, c.key) == "" {
			first = "台账"
		}
		it.Conflicts = append(it.Conflicts, Contradiction{Key: c.key, Label: p.label(c.key), First: c.have, Later: c.other, FirstRow: first,
			LaterRow: p.in.Sheets[c.row.Sheet].Name + " 第" + strconv.Itoa(c.row.Line) + "行"})
	}
	return it
}

// differences gives the columns in which two records differ, in the order of the sheet.
func (p *planner) differences(from, to ledger.Record, branch map[id.ID]string) []Difference {
	unit := p.unitName
	var out []Difference
	add := func(key, label, a, b string) {
		if a != b {
			out = append(out, Difference{Key: key, Label: label, From: a, To: b})
		}
	}
	for _, f := range ledger.AllFields {
		add(f.Key, f.Label, *f.At(&from.Fields), *f.At(&to.Fields))
	}
	if from.UnitID != to.UnitID {
		add(colUnit, "单位", unit[from.UnitID], unit[to.UnitID])
	}
	if from.BranchID != to.BranchID {
		add(colBranch, "所在党支部", branch[from.BranchID], branch[to.BranchID])
	}
	add(colSeq, "序号", number(from.SeqNo), number(to.SeqNo))
	before, after := from.Owns(), to.Owns()
	for _, c := range p.own {
		add(c.Key(), c.Name, before[c.Key()], after[c.Key()])
	}
	return out
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// sensitive columns are masked wherever nobody asked for them with a reason.
var sensitive = map[string]func(string) string{
	"birth":     func(s string) string { return s[:min(len(s), len("2006-01"))] },
	"id_number": ledger.MaskIDNumber, "phone": ledger.MaskPhone, "family_phone": ledger.MaskPhone,
	"address": ledger.MaskText, "health": ledger.MaskText, "family_contact": ledger.MaskText, "remark": ledger.MaskText,
}

// mask hides a sensitive value.
func mask(key, value string) string {
	if f, ok := sensitive[key]; ok {
		return f(value)
	}
	return value
}

// masked hides what is sensitive in an item.
func (it Item) masked() Item {
	fields := make([]Difference, len(it.Fields))
	for i, d := range it.Fields {
		fields[i] = Difference{Key: d.Key, Label: d.Label, From: mask(d.Key, d.From), To: mask(d.Key, d.To)}
	}
	conflicts := make([]Contradiction, len(it.Conflicts))
	for i, c := range it.Conflicts {
		c.First, c.Later = mask(c.Key, c.First), mask(c.Key, c.Later)
		conflicts[i] = c
	}
	it.Fields, it.Conflicts = fields, conflicts
	return it
}

// Choice is what the clerk decided about a column of an item, or about a whole one.
type Choice string

// The choices. Without one the file's first row is taken.
const (
	Take  Choice = "take"
	Keep  Choice = "keep"  // what the ledger says; of somebody new: do not enter
	Later Choice = "later" // what the later of two contradicting rows says
)

// Choices are those of one import: by item, and by column, "" for the whole item. Item 0 stands for all.
type Choices map[int]map[string]Choice

// ChoiceOf is one entry of Choices.
type ChoiceOf struct {
	Item   int
	Field  string
	Choice Choice
}

func (c Choices) is(no int, key string, want Choice) bool {
	if one, ok := c[no][key]; ok {
		return one == want
	}
	return c[0][key] == want
}

func (c Choices) keeps(no int, key string) bool { return c.is(no, key, Keep) }
func (c Choices) later(no int, key string) bool { return c.is(no, key, Later) }

// check reports an entry that fits no item.
func (c ChoiceOf) check(rows int) error {
	_, isField := ledger.FieldOf(c.Field)
	isField = isField || ledger.ColumnID(c.Field) != 0
	known := isField || strings.Contains(" "+colUnit+" "+colBranch+" "+colSeq+" ", " "+c.Field+" ")
	switch {
	case c.Item < 0 || c.Item > rows, c.Field != "" && !known, c.Choice != Take && c.Choice != Keep && c.Choice != Later,
		c.Choice == Later && (c.Item == 0 || !isField):
		return ErrNoItem
	}
	return nil
}
