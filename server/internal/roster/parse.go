package roster

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"bense/server/internal/ledger"
)

// Row is a row that may get in, cleaned. It is stored encrypted between preview and commit.
type Row struct {
	Sheet    int // index into Parsed.Sheets
	Line     int
	Alliance string `json:",omitempty"`
	Unit     string `json:",omitempty"`
	Branch   string `json:",omitempty"`
	Fields   ledger.Fields
	Own      map[string]string `json:",omitempty"` // of the committee's own columns, by their keys
	Status   ledger.Status     `json:",omitempty"` // proposed
	Evidence string            `json:",omitempty"`
}

// note is what a sheet says about its alliance above the header.
type note struct {
	Sheet                        int
	Line                         int
	Alliance, Lead, Basis, Venue string
}

// sheetHead is what problems found later need of a sheet.
type sheetHead struct {
	Name   string
	Titles map[string]string // of columns, by key
	Cols   map[string]int
}

// Parsed is a whole file, independent of the database.
type Parsed struct {
	Sheets   []sheetHead
	Rows     []Row
	Notes    []note
	Refused  []Problem
	Warnings []Problem
	Skipped  []SkippedSheet
	Ignored  []Problem
	Asked    []Question
}

// problem makes a Problem for a column of a row.
func (p *Parsed) problem(sheetAt, line int, key, value, reason string) Problem {
	s := p.Sheets[sheetAt]
	out := Problem{Sheet: s.Name, Row: line, Value: shorten(veil(key, ledger.NormalText(value))), Reason: reason}
	if col, ok := s.Cols[key]; ok {
		out.Column, out.Cell = s.Titles[key], letter(col)+strconv.Itoa(line)
	}
	return out
}

// Reader reads the files of one committee.
type Reader struct {
	Now    time.Time             // bounds dates
	Titles Titles                // what the committee's clerks explained
	Own    []ledger.Column       // the committee's own columns in use, which Titles knows
	At     func(done, total int) // hears about rows that were read; may be nil
}

// Parse reads a file, finds the tables in its sheets and cleans their rows. now bounds dates.
func Parse(filename string, data []byte, now time.Time) (*Parsed, error) {
	return Reader{Now: now}.Read(filename, data)
}

// Read does what Parse does, for one committee. A file whose tables name nobody, but could with the
// right column, comes back without rows and with the question which column that is.
func (rd Reader) Read(filename string, data []byte) (*Parsed, error) {
	sheets, err := read(filename, data)
	if err != nil {
		return nil, err
	}
	p := &Parsed{}
	if len(sheets) == 0 {
		return nil, ErrNoSheet
	}
	skip := func(s sheet, reason string) {
		p.Skipped = append(p.Skipped, SkippedSheet{Sheet: s.name, Reason: reason})
	}
	total := 0
	for _, s := range sheets {
		total += len(s.rows)
	}
	tables, done := 0, 0
	for i := range sheets {
		s := sheets[i]
		switch {
		case s.hidden:
			skip(s, "隐藏的工作表，没有读取")
		case !slices.ContainsFunc(indexes(s.rows), func(i int) bool { _, ok := rd.Titles.headAt(s.rows, i); return ok }):
			skip(s, "没有找到表头")
		default:
			tables++
			t := &table{Parsed: p, Reader: rd, sheet: s, at: len(p.Sheets), several: len(sheets) > 1, done: done, total: total}
			p.Sheets = append(p.Sheets, sheetHead{Name: s.name})
			t.read()
		}
		done += len(s.rows)
		if tables > 0 {
			sheets[i].rows = nil // as large as all that is kept of them
		}
	}
	if tables == 0 && !p.askName(sheets, rd.Titles) {
		return nil, ErrNoHeader
	}
	return p, nil
}

func indexes[T any](list []T) []int {
	out := make([]int, len(list))
	for i := range out {
		out[i] = i
	}
	return out
}

// table reads one sheet from top to bottom.
type table struct {
	*Parsed
	Reader
	sheet   sheet
	at      int
	several bool
	done    int // rows of the sheets before, of total
	total   int
	head    *head
	note    note
	branch  string // of the rows below a section title
}

func (t *table) read() {
	t.note = note{Sheet: t.at}
	for i := 0; i < len(t.sheet.rows); i++ {
		r := t.sheet.rows[i]
		if t.At != nil && i%200 == 0 {
			t.At(t.done+i, t.total)
		}
		if h, ok := t.Titles.headAt(t.sheet.rows, i); ok {
			t.begin(r, h)
			i += h.rows - 1
			continue
		}
		if texts := distinct(r); t.head == nil {
			for _, s := range texts {
				t.above(s, r.line)
			}
		} else if len(texts) > 0 && !t.aside(r, texts) {
			t.row(r)
		}
	}
	if t.note.Alliance != "" {
		t.Notes = append(t.Notes, t.note)
	}
}

// begin takes over a header; repeated ones may stand anywhere.
func (t *table) begin(r sheetRow, h *head) {
	first := t.head == nil
	t.head = h
	titles := make(map[string]string, len(h.col))
	known := map[int]bool{}
	for key, c := range h.col {
		titles[key], known[c] = h.titles[c], true
	}
	t.Sheets[t.at].Titles, t.Sheets[t.at].Cols = titles, h.col
	if !first {
		return
	}
	for c, title := range h.titles {
		if title != "" && !known[c] && !h.out[c] && !slices.Contains(h.titles[:c], title) {
			t.ask(title, r, c)
			t.Ignored = append(t.Ignored, Problem{Sheet: t.sheet.name, Row: r.line, Cell: letter(c) + strconv.Itoa(r.line),
				Column: shorten(veil("", title)), Value: shorten(veil("", title)), Reason: "不认识的列，没有导入"})
		}
	}
	if _, ok := h.col[colAlliance]; !ok && t.note.Alliance == "" && (t.several || strings.Contains(t.sheet.name, "联盟")) {
		t.note.Alliance = allianceOfSheet(t.sheet.name)
		t.note.Line = r.line
	}
}

var (
	inTitle   = regexp.MustCompile(`^[\p{Han}A-Za-z0-9]{1,40}?联盟`)
	branchIn  = regexp.MustCompile(`^[\p{Han}A-Za-z0-9()]{2,60}?支部`)
	labels    = regexp.MustCompile(`(牵头单位|联建依据|组建依据|固定活动场所|活动场所|活动阵地|活动地点|联盟名称|所属联盟|所在党支部|党支部|支部名称|填报单位|填报日期|填报时间|填表日期|填报人|填表人|联系人|联系电话|负责人|日期)\s*:\s*`)
	generic   = regexp.MustCompile(`(?i)^sheet\s*\d*$|^工作表\d*$|名册|台账|汇总|花名册|党员|人员|明细|总表|附件|说明|\d{4}`)
	sums      = regexp.MustCompile(`^(合计|总计|共计|小计|累计)`)
	asideText = regexp.MustCompile(`^(合计|总计|共计|小计|累计|注|说明|备注|填表|填报|制表|审核|审批|单位负责人|负责人|联系人|经办|签字|盖章|\d{4}年\d+月\d+日)`)
)

// above reads a text over the header: the title, or lead unit, basis and venue.
func (t *table) above(text string, line int) {
	s := ledger.NormalText(text)
	at := labels.FindAllStringSubmatchIndex(s, -1)
	for i, m := range at {
		end := len(s)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		v := strings.Trim(s[m[1]:end], " ,，;；。、|")
		if v == "" || ledger.LooksLikeFormula(v) {
			continue
		}
		v = string([]rune(v)[:min(len([]rune(v)), 100)])
		switch s[m[2]:m[3]] {
		case "牵头单位":
			t.note.Lead = ledger.NormalUnit(v)
		case "联建依据", "组建依据":
			t.note.Basis = string([]rune(v)[:min(len([]rune(v)), 20)])
		case "固定活动场所", "活动场所", "活动阵地", "活动地点":
			t.note.Venue = v
		case "联盟名称", "所属联盟":
			t.note.Alliance, t.note.Line = ledger.NormalAlliance(v), line
		case "所在党支部", "党支部", "支部名称":
			t.branch = ledger.NormalBranch(v)
		default:
			continue
		}
		if t.note.Line == 0 {
			t.note.Line = line
		}
	}
	if len(at) > 0 || ledger.LooksLikeFormula(s) {
		return
	}
	bare := strings.ReplaceAll(s, " ", "")
	if m := inTitle.FindString(bare); m != "" && t.note.Alliance == "" {
		t.note.Alliance, t.note.Line = ledger.NormalAlliance(m), line
	} else if m := branchIn.FindString(bare); m != "" && t.branch == "" {
		t.branch = m
	}
}

// allianceOfSheet takes the name of a sheet for that of its alliance unless it is a general word.
func allianceOfSheet(name string) string {
	name = strings.ReplaceAll(ledger.NormalText(name), " ", "")
	if m := inTitle.FindString(name); m != "" {
		return m
	}
	if generic.MatchString(name) || !ledger.IsName(name) {
		return ""
	}
	return ledger.NormalAlliance(name)
}

// aside reports rows that are no persons: sums, signatures, titles of sections.
func (t *table) aside(r sheetRow, texts []string) bool {
	name := r.at(t.head.col["name"])
	first := ledger.NormalText(texts[0])
	bare := strings.ReplaceAll(first, " ", "")
	if len(texts) == 1 && !name.Formula && (name.Text == "" || name.Text == r.cells[0].Text) && len(r.cells) > 1 {
		if m := branchIn.FindString(bare); m != "" { // a section of one branch
			t.branch = m
			return true
		}
	}
	if sums.MatchString(bare) {
		return true
	}
	if asideText.MatchString(bare) && (name.Text == "" || texts[0] == name.Text) {
		return true
	}
	if asideText.MatchString(strings.ReplaceAll(ledger.NormalText(name.Text), " ", "")) {
		return true
	}
	if name.Text != "" || name.Formula {
		return false
	}
	// a number and a unit filled down over empty lines
	for key, c := range t.head.col {
		if key != colSeq && key != colUnit && key != colBranch && key != colAlliance && strings.TrimSpace(r.at(c).Text) != "" {
			return false
		}
	}
	return true
}

// distinct gives the different texts of a row from left to right.
func distinct(r sheetRow) []string {
	var out []string
	for _, c := range r.cells {
		if s := strings.TrimSpace(c.Text); s != "" && !slices.Contains(out, c.Text) {
			out = append(out, c.Text)
		} else if s == "" && c.Formula {
			out = append(out, c.Text)
		}
		if len(out) > 60 {
			break
		}
	}
	return out
}
