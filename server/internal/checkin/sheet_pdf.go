package checkin

import (
	"fmt"

	"bense/server/internal/activity"
	"bense/server/internal/pdf"
)

// PaperSheet is the sheet that people sign with a pen. It holds no telephone and no identity number:
// it lies on a table at the door.
type PaperSheet struct {
	Activity       activity.Activity
	Alliance, Unit string // Unit: "" for all
	Rows           []PaperRow
}

// Title heads the sheet.
func (s PaperSheet) Title() string { return s.Alliance + s.Activity.Kind.Name() + "签到单" }

// The sheet in millimetres, type in points: large, because it is read and signed at eighty.
const (
	margin     = 12.0
	bottom     = 16.0
	headRowMM  = 9.0
	paperRowMM = 12.0
	nameSize   = 16.0
	unitSize   = 12.0
	blankRows  = 8 // at least, for those who come without being expected

	smallUnitSize = 10.0 // of a unit that would take three lines
	maxRowLines   = 6
)

// paperColumns: heading and width, together as wide as the sheet.
var paperColumns = []struct {
	word  string
	width float64
}{{"序号", 14}, {"姓名", 36}, {"单位", 44}, {"签名", 46}, {"时间", 22}, {"备注", 24}}

// printed is a row with its lines, ready to be drawn.
type printed struct {
	no, note   string
	name, unit []string
	unitSize   float64
	height     float64
}

// PDF draws the sheet on A4.
func (s PaperSheet) PDF() ([]byte, error) {
	d, err := pdf.New(s.Title())
	if err != nil {
		return nil, err
	}
	d.AddPage() // measuring wants a page; it is the first
	rows := make([]printed, 0, len(s.Rows)+blankRows)
	for _, r := range s.Rows {
		rows = append(rows, prepare(d, r))
	}
	first := s.head(d)
	pages := paginate(rows, first, margin+6, pdf.Height-bottom)
	for n, page := range pages {
		y := first
		if n > 0 {
			d.AddPage()
			d.Fit(pdf.Box{X: margin, Y: margin - 3, W: pdf.Width - 2*margin, H: 7}, 10, 8, pdf.Left, s.Title()+"　"+s.Activity.Title)
			y = margin + 6
		}
		y = headings(d, y)
		for _, r := range page {
			r.draw(d, y)
			y += r.height
		}
		d.Put(pdf.Box{X: margin, Y: pdf.Height - 13, W: pdf.Width - 2*margin, H: 6}, 10, pdf.Center, fmt.Sprintf("第 %d 页，共 %d 页", n+1, len(pages)))
	}
	return d.Bytes()
}

func prepare(d *pdf.Doc, r PaperRow) printed {
	const inset = 2.0
	lines := func(text string, size, width float64) []string {
		all := d.Wrap(text, size, width-inset)
		if len(all) > maxRowLines {
			all = append(all[:maxRowLines-1], "…")
		}
		return all
	}
	p := printed{no: fmt.Sprint(r.No), name: lines(r.Name, nameSize, paperColumns[1].width), unit: lines(r.Unit, unitSize, paperColumns[2].width)}
	p.unitSize = unitSize
	if len(p.unit) > 2 {
		p.unitSize = smallUnitSize
		p.unit = lines(r.Unit, p.unitSize, paperColumns[2].width)
	}
	if r.Leave {
		p.note = "请假"
	}
	p.height = max(paperRowMM, float64(len(p.name))*pdf.LineHeight(nameSize)+1, float64(len(p.unit))*pdf.LineHeight(p.unitSize)+1)
	return p
}

// head draws what stands above the first page's table, and tells where that begins.
func (s PaperSheet) head(d *pdf.Doc) float64 {
	w := pdf.Width - 2*margin
	d.Fit(pdf.Box{X: margin, Y: margin, W: w, H: 11}, 20, 13, pdf.Center, s.Title())
	y := margin + 13
	line := func(size float64, text string) {
		for _, t := range d.Wrap(text, size, w) {
			d.Put(pdf.Box{X: margin, Y: y, W: w, H: 7}, size, pdf.Left, t)
			y += 7
		}
	}
	line(13, "活动："+s.Activity.Title)
	line(13, "时间："+activity.Span(s.Activity.StartsAt, s.Activity.EndsAt))
	line(13, "地点："+s.Activity.Place)
	if s.Unit != "" {
		line(13, "单位："+s.Unit)
	}
	return y + 2
}

// headings draws the first row of the table, and tells where the second begins.
func headings(d *pdf.Doc, y float64) float64 {
	x := margin
	for _, c := range paperColumns {
		b := pdf.Box{X: x, Y: y, W: c.width, H: headRowMM}
		d.Fill(b, 0.9)
		d.Frame(b)
		d.Put(b, 13, pdf.Center, c.word)
		x += c.width
	}
	return y + headRowMM
}

func (r printed) draw(d *pdf.Doc, y float64) {
	x := margin
	for i, c := range paperColumns {
		b := pdf.Box{X: x, Y: y, W: c.width, H: r.height}
		d.Frame(b)
		inner := pdf.Box{X: x + 1, Y: y, W: c.width - 2, H: r.height}
		switch i {
		case 0:
			d.Put(inner, 13, pdf.Center, r.no)
		case 1:
			d.Put(inner, nameSize, pdf.Left, r.name...)
		case 2:
			d.Put(inner, r.unitSize, pdf.Left, r.unit...)
		case 5:
			d.Put(inner, 12, pdf.Center, r.note)
		}
		x += c.width
	}
}

// paginate deals rows out to pages and fills the last with blank ones, at least blankRows. first and
// next are where the table begins on the first and on every other page, end is where it must end.
func paginate(rows []printed, first, next, end float64) [][]printed {
	for range blankRows {
		rows = append(rows, printed{height: paperRowMM})
	}
	pages := [][]printed{nil}
	y := first + headRowMM
	for _, r := range rows {
		if last := len(pages) - 1; y+r.height > end && len(pages[last]) > 0 {
			pages = append(pages, nil)
			y = next + headRowMM
		}
		last := len(pages) - 1
		pages[last] = append(pages[last], r)
		y += r.height
	}
	for last := len(pages) - 1; y+paperRowMM <= end; y += paperRowMM {
		pages[last] = append(pages[last], printed{height: paperRowMM})
	}
	return pages
}
