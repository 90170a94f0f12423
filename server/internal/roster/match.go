package roster

import (
	"fmt"
	"strings"

	"bense/server/internal/ledger"
)

// person is somebody of the ledger or of the file during planning.
type person struct {
	rec   ledger.Record
	old   *ledger.Record // nil: new
	first *Row           // that named the person; nil: no row of the file yet
	no    int            // of the first row, from 1
	out   bool           // the clerk wants nothing of it
	newer bool           // somebody wrote something after the preview that stays

	conflicts []conflict
}

// conflict is a column that a later row of the same person fills in differently.
type conflict struct {
	key, have, other string
	row              *Row // the later one
}

// register finds the same person again: by identity number, else by name, unit and phone or birth.
type register struct {
	byNumber map[string]*person
	byName   map[string][]*person
	all      []*person
}

func nameKey(name, unit string) string { return name + "\x00" + unit }

func newRegister(n int) *register {
	return &register{byNumber: make(map[string]*person, n), byName: make(map[string][]*person, n)}
}

// add makes somebody findable under the name of the unit.
func (g *register) add(p *person, unit string) {
	g.all = append(g.all, p)
	if p.rec.IDNumber != "" && g.byNumber[p.rec.IDNumber] == nil {
		g.byNumber[p.rec.IDNumber] = p
	}
	k := nameKey(p.rec.Name, unit)
	g.byName[k] = append(g.byName[k], p)
}

// again makes somebody findable under what became known; key is the name and unit of before.
func (g *register) again(p *person, key, unit string) {
	if n := p.rec.IDNumber; n != "" && g.byNumber[n] == nil {
		g.byNumber[n] = p
	}
	if k := nameKey(p.rec.Name, unit); k != key {
		g.byName[k] = append(g.byName[k], p)
	}
}

// found is what the register says of a row.
type found struct {
	person *person // nil: new
	fault  string  // the row is refused
	key    string  // column of the fault
	doubt  string  // a warning
}

// find looks a row up.
func (g *register) find(r *Row) found {
	if r.Fields.IDNumber != "" {
		if p := g.byNumber[r.Fields.IDNumber]; p != nil {
			if p.first != nil && p.rec.Name != r.Fields.Name {
				return found{fault: fmt.Sprintf("身份证号与第%d行的%s相同，姓名却不同", p.first.Line, p.rec.Name), key: "id_number"}
			}
			return found{person: p}
		}
	}
	var same, bare []*person
	var doubt string
	candidates := g.byName[nameKey(r.Fields.Name, r.Unit)]
	for _, p := range candidates {
		switch likeness(&p.rec.Fields, &r.Fields) {
		case alike:
			same = append(same, p)
		case silent:
			bare = append(bare, p)
		case twin:
			doubt = "同单位已有同名同电话的人，身份证号不同，按两个人登记，请核对"
		}
	}
	switch {
	case len(same) == 1:
		return found{person: same[0]}
	case len(same) > 1:
		return found{fault: "同单位有几位同名的人都对得上，请补上身份证号", key: "name"}
	case len(bare) == 1 && len(candidates) == 1:
		return found{person: bare[0], doubt: doubt}
	case len(bare) > 0 && !tells(&r.Fields):
		return found{fault: "同单位有几位同名的人，请补上身份证号、出生年月或联系电话", key: "name"}
	}
	return found{doubt: doubt}
}

// likeness of two people of one name in one unit.
type like int

const (
	different like = iota
	twin           // different, although the phone is the same
	silent         // one of them has neither number, birth nor phone: nothing to compare
	alike
)

func likeness(a, b *ledger.Fields) like {
	phone := a.Phone != "" && a.Phone == b.Phone
	switch {
	case a.IDNumber != "" && b.IDNumber != "" && a.IDNumber != b.IDNumber:
		if phone {
			return twin
		}
		return different
	case phone || sameDate(a.Birth, b.Birth):
		return alike
	case !tells(a) || !tells(b):
		return silent
	}
	return different
}

// tells reports whether a person can be told from others of the same name.
func tells(f *ledger.Fields) bool { return f.IDNumber != "" || f.Birth != "" || f.Phone != "" }

// sameDate compares dates as far as both go, but at least to the month.
func sameDate(a, b string) bool {
	n := min(len(a), len(b))
	return n >= len("2006-01") && strings.EqualFold(a[:n], b[:n])
}

// merge takes over what the row knows and never blanks anything. When the row is not the first of
// its person in the file it only adds; the keys that it would have changed come back. keep names the
// columns that stay as they are.
func merge(into *ledger.Fields, from ledger.Fields, first bool, keep func(key string) bool) (conflicts []string) {
	if into.SeqNo == 0 && !keep(colSeq) {
		into.SeqNo = from.SeqNo // numbers differ from sheet to sheet and mean nothing to us
	}
	for _, c := range ledger.AllFields {
		have, new := c.At(into), *c.At(&from)
		switch {
		case new == "" || new == *have || keep(c.Key):
		case *have == "" || c.Date && strings.HasPrefix(new, *have): // more exact
			*have = new
		case c.Date && strings.HasPrefix(*have, new): // less exact
		case first:
			*have = new
		default:
			conflicts = append(conflicts, c.Key)
		}
	}
	return conflicts
}
