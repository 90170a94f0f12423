package roster

import (
	"slices"
	"strconv"
	"strings"

	"bense/server/internal/ledger"
)

// Question asks the clerk what a column holds. The answer is remembered for the committee.
type Question struct {
	Sheet   string
	Cell    string // of the title
	Title   string
	Samples []string // what stands below, shortened and without numbers of persons
}

// maxSamples is enough to recognise a column by.
const maxSamples = 3

// Choosable lists the columns that a title may be said to mean, in the order of the sheet, the committee's own behind.
func Choosable(own []ledger.Column) []struct{ Key, Label string } {
	out := []struct{ Key, Label string }{{colSeq, "序号"}, {colUnit, "单位"}, {colBranch, "所在党支部"}, {colAlliance, "所属联盟"}, {colStatus, "状态"}, {colFamily, "家属联系人及电话（同一列）"}}
	for _, f := range ledger.AllFields {
		out = append(out, struct{ Key, Label string }{f.Key, f.Label})
	}
	for _, c := range own {
		out = append(out, struct{ Key, Label string }{c.Key(), c.Name})
	}
	return out
}

// choosable reports whether a title may mean the column; "" is "do not import".
func choosable(key string, own []ledger.Column) bool {
	return key == "" || slices.ContainsFunc(Choosable(own), func(c struct{ Key, Label string }) bool { return c.Key == key })
}

// askAbout adds a question about column c of the header row r, once for each title of the file.
func (p *Parsed) askAbout(sheetName, title string, rows []sheetRow, at, c int) {
	if slices.ContainsFunc(p.Asked, func(q Question) bool { return TitleForm(q.Title) == TitleForm(title) }) || TitleForm(title) == "" {
		return
	}
	q := Question{Sheet: sheetName, Cell: letter(c) + strconv.Itoa(rows[at].line), Title: shorten(title)}
	for _, r := range rows[at+1 : min(at+200, len(rows))] {
		s := veil("", strings.TrimSpace(ledger.NormalText(r.at(c).Text)))
		if s != "" && !slices.Contains(q.Samples, s) && len(q.Samples) < maxSamples {
			q.Samples = append(q.Samples, shorten(s))
		}
	}
	p.Asked = append(p.Asked, q)
}

// ask asks about a title of the sheet that is being read.
func (t *table) ask(title string, r sheetRow, c int) {
	at := slices.IndexFunc(t.sheet.rows, func(x sheetRow) bool { return x.line == r.line })
	t.askAbout(t.sheet.name, title, t.sheet.rows, at, c)
}

// askName looks for tables without a column of names and asks about all their unknown columns; false
// when there are none.
func (p *Parsed) askName(sheets []sheet, known Titles) bool {
	for _, s := range sheets {
		if s.hidden {
			continue
		}
		h, at := known.nameless(s.rows)
		if h == nil {
			continue
		}
		taken := map[int]bool{}
		for _, c := range h.col {
			taken[c] = true
		}
		for c, title := range h.titles {
			if title != "" && !taken[c] && !h.out[c] {
				p.askAbout(s.name, title, s.rows, at, c)
			}
		}
	}
	return len(p.Asked) > 0
}
