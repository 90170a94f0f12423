package roster

import (
	"fmt"

	"bense/server/internal/clock"
	"bense/server/internal/pdf"
)

// The printed roster in millimetres, type in points.
const (
	pageMargin = 10.0
	pageBottom = 14.0
	lineMM     = 8.0
	textSize   = 10.5
	leastSize  = 7.0
)

// paper draws the roster: for each alliance its units, for each unit its people.
type paper struct {
	*pdf.Doc
	mark    string
	columns []ExportColumn
	widths  []float64
	page    int
	y       float64
	pages   int // of the whole; 0 during the first run, which counts them
}

// printed writes the roster as a PDF. It is drawn twice: the first time to count its pages.
func printed(e Export, groups []group, columns []ExportColumn, by string) ([]byte, error) {
	first, err := draw(e, groups, columns, by, 0)
	if err != nil {
		return nil, err
	}
	second, err := draw(e, groups, columns, by, first.page)
	if err != nil {
		return nil, err
	}
	return second.Bytes()
}

func draw(e Export, groups []group, columns []ExportColumn, by string, pages int) (*paper, error) {
	title := e.ScopeName + "离退休干部党员名册"
	d, err := pdf.New(title)
	if err != nil {
		return nil, err
	}
	p := &paper{Doc: d, mark: e.mark(by), columns: columns, pages: pages}
	total := 0.0
	for _, c := range columns {
		total += c.mm
	}
	for _, c := range columns {
		p.widths = append(p.widths, c.mm*(pdf.Width-2*pageMargin)/total)
	}
	p.turn()
	p.Fit(pdf.Box{X: pageMargin, Y: p.y, W: pdf.Width - 2*pageMargin, H: 12}, 18, 12, pdf.Center, title)
	p.y += 13
	n := 0
	for _, g := range groups {
		n += len(g.members)
	}
	p.Put(pdf.Box{X: pageMargin, Y: p.y, W: pdf.Width - 2*pageMargin, H: 6}, textSize, pdf.Center,
		fmt.Sprintf("共 %d 人　%s", n, e.CreatedAt.In(clock.Shanghai).Format("2006年1月2日")))
	p.y += 9
	for _, g := range groups {
		name := g.alliance.Name
		if g.alliance.ID == 0 {
			name = "未加入联盟的单位"
		}
		unit := ""
		for _, m := range g.members {
			if m.Unit != unit {
				unit = m.Unit
				p.section(name + " · " + unit)
			}
			p.row(m.line(columns, e.Plain))
		}
	}
	return p, nil
}

// turn begins a page with its mark at the foot.
func (p *paper) turn() {
	p.AddPage()
	p.page, p.y = p.page+1, pageMargin
	foot := pdf.Box{X: pageMargin, Y: pdf.Height - pageBottom + 4, W: pdf.Width - 2*pageMargin - 30, H: 6}
	p.Fit(foot, 8, 6, pdf.Left, p.mark)
	p.Put(pdf.Box{X: pdf.Width - pageMargin - 30, Y: foot.Y, W: 30, H: 6}, 8, pdf.Right, fmt.Sprintf("第 %d 页 共 %d 页", p.page, p.pages))
}

// section heads the people of a unit; it never stands alone at the end of a page.
func (p *paper) section(title string) {
	if p.y+3*lineMM > pdf.Height-pageBottom {
		p.turn()
	}
	p.Fit(pdf.Box{X: pageMargin, Y: p.y, W: pdf.Width - 2*pageMargin, H: lineMM}, 12, 8, pdf.Left, title)
	p.y += lineMM
	p.head()
}

func (p *paper) head() {
	x := pageMargin
	for i, c := range p.columns {
		at := pdf.Box{X: x, Y: p.y, W: p.widths[i], H: lineMM}
		p.Fill(at, 0.93)
		p.Frame(at)
		p.Fit(inner(at), textSize, leastSize, pdf.Center, c.Label)
		x += p.widths[i]
	}
	p.y += lineMM
}

func (p *paper) row(texts []string) {
	if p.y+lineMM > pdf.Height-pageBottom {
		p.turn()
		p.head()
	}
	x := pageMargin
	for i, t := range texts {
		at := pdf.Box{X: x, Y: p.y, W: p.widths[i], H: lineMM}
		p.Frame(at)
		p.Fit(inner(at), textSize, leastSize, pdf.Center, t)
		x += p.widths[i]
	}
	p.y += lineMM
}

func inner(b pdf.Box) pdf.Box { return pdf.Box{X: b.X + 1, Y: b.Y, W: b.W - 2, H: b.H} }
