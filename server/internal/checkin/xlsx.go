package checkin

import (
	"fmt"

	"github.com/xuri/excelize/v2"

	"bense/server/internal/activity"
)

const sheetName = "签到表"

// columnsOf the sheet: heading and width in characters; together as wide as A4 upright.
var sheetColumns = []struct {
	name  string
	width float64
}{{"序号", 6}, {"姓名", 12}, {"单位", 25}, {"到会情况", 10}, {"签到方式", 12}, {"签到时间", 13}, {"备注", 24}}

const headRow = 6 // of the table; repeated on every printed page

// XLSX writes the sheet as a workbook that prints on A4. Names and remarks are cells of type text:
// one that begins with = is shown, never computed.
func (s Sheet) XLSX() ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	w := &workbook{f: f}
	w.do(f.SetSheetName("Sheet1", sheetName))
	w.styles()
	for i, c := range sheetColumns {
		col, _ := excelize.ColumnNumberToName(i + 1)
		w.do(f.SetColWidth(sheetName, col, col, c.width))
	}
	w.head(s)
	last := w.table(s)
	w.foot(last + 2)
	w.page(last + 2)
	if w.err != nil {
		return nil, fmt.Errorf("checkin: write workbook: %w", w.err)
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		return nil, fmt.Errorf("checkin: write workbook: %w", err)
	}
	return b.Bytes(), nil
}

// workbook keeps the first error.
type workbook struct {
	f                                *excelize.File
	err                              error
	title, fact, sum, heading, cells int
	left, sign                       int
}

func (w *workbook) do(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *workbook) style(s *excelize.Style) int {
	n, err := w.f.NewStyle(s)
	w.do(err)
	return n
}

func (w *workbook) styles() {
	font := func(size float64, bold bool) *excelize.Font {
		return &excelize.Font{Family: "宋体", Size: size, Bold: bold}
	}
	var lines []excelize.Border
	for _, side := range []string{"left", "right", "top", "bottom"} {
		lines = append(lines, excelize.Border{Type: side, Color: "000000", Style: 1})
	}
	centre := &excelize.Alignment{Horizontal: "center", Vertical: "center", WrapText: true}
	left := &excelize.Alignment{Horizontal: "left", Vertical: "center", WrapText: true}
	w.title = w.style(&excelize.Style{Font: font(18, true), Alignment: centre})
	w.fact = w.style(&excelize.Style{Font: font(12, false), Alignment: left})
	w.sum = w.style(&excelize.Style{Font: font(12, true), Alignment: left})
	w.heading = w.style(&excelize.Style{Font: font(12, true), Alignment: centre, Border: lines,
		Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"EDEDED"}}})
	w.cells = w.style(&excelize.Style{Font: font(12, false), Alignment: centre, Border: lines})
	w.left = w.style(&excelize.Style{Font: font(12, false), Alignment: left, Border: lines})
	w.sign = w.style(&excelize.Style{Font: font(12, false), Alignment: &excelize.Alignment{Vertical: "bottom"}})
}

func cell(column, row int) string {
	name, _ := excelize.CoordinatesToCellName(column, row)
	return name
}

// span writes a text over several columns of a row.
func (w *workbook) span(row, from, to int, text string, style int) {
	w.do(w.f.MergeCell(sheetName, cell(from, row), cell(to, row)))
	w.do(w.f.SetCellStyle(sheetName, cell(from, row), cell(to, row), style))
	w.do(w.f.SetCellStr(sheetName, cell(from, row), text))
}

func (w *workbook) head(s Sheet) {
	const middle = 4
	last := len(sheetColumns)
	w.span(1, 1, last, s.Title, w.title)
	w.do(w.f.SetRowHeight(sheetName, 1, 36))
	w.span(2, 1, middle, "活动名称："+s.Activity.Title, w.fact)
	w.span(2, middle+1, last, "活动类型："+s.Activity.Kind.Name(), w.fact)
	w.span(3, 1, middle, "活动时间："+activity.Span(s.Activity.StartsAt, s.Activity.EndsAt), w.fact)
	w.span(3, middle+1, last, "活动地点："+s.Activity.Place, w.fact)
	w.span(4, 1, middle, "承办单位："+s.Host, w.fact)
	w.span(4, middle+1, last, "所属联盟："+s.Alliance, w.fact)
	w.span(5, 1, last, fmt.Sprintf("应到 %d 人　　实到 %d 人　　请假 %d 人　　缺席 %d 人",
		s.Counts.Expected, s.Counts.Present, s.Counts.Leave, s.Counts.Absent), w.sum)
	for row := 2; row <= 5; row++ {
		w.do(w.f.SetRowHeight(sheetName, row, 32))
	}
}

// table writes the people and gives its last row.
func (w *workbook) table(s Sheet) int {
	for i, c := range sheetColumns {
		w.do(w.f.SetCellStr(sheetName, cell(i+1, headRow), c.name))
	}
	last := len(sheetColumns)
	w.do(w.f.SetCellStyle(sheetName, cell(1, headRow), cell(last, headRow), w.heading))
	w.do(w.f.SetRowHeight(sheetName, headRow, 26))
	row := headRow
	for i, l := range s.Lines {
		row++
		w.do(w.f.SetCellInt(sheetName, cell(1, row), int64(i+1)))
		for j, text := range []string{l.Person.Name, l.Person.Unit, l.State.Name(), l.Record.Door.Way(), s.clockTime(l.Record.Happened), l.Remark()} {
			w.do(w.f.SetCellStr(sheetName, cell(j+2, row), text))
		}
		w.do(w.f.SetCellStyle(sheetName, cell(1, row), cell(last, row), w.cells))
		w.do(w.f.SetCellStyle(sheetName, cell(3, row), cell(3, row), w.left))
		w.do(w.f.SetCellStyle(sheetName, cell(last, row), cell(last, row), w.left))
		w.do(w.f.SetRowHeight(sheetName, row, rowHeight(l.Person.Unit, l.Remark())))
	}
	return row
}

// rowHeight gives room for what wraps: Excel does not fit rows by itself that a program wrote.
func rowHeight(unit, remark string) float64 {
	lines := max(1, (len([]rune(unit))+11)/12, (len([]rune(remark))+11)/12)
	return 8 + 16*float64(lines)
}

func (w *workbook) foot(row int) {
	w.span(row, 1, 3, "填表人：", w.sign)
	w.span(row, 4, 5, "联盟负责人：", w.sign)
	w.span(row, 6, 7, "日期：　　　年　　月　　日", w.sign)
	w.do(w.f.SetRowHeight(sheetName, row, 36))
}

func (w *workbook) page(last int) {
	a4, upright, one, many := 9, "portrait", 1, 0
	yes, margin, edge := true, 0.6, 0.3
	w.do(w.f.SetPageLayout(sheetName, &excelize.PageLayoutOptions{Size: &a4, Orientation: &upright, FitToWidth: &one, FitToHeight: &many}))
	w.do(w.f.SetSheetProps(sheetName, &excelize.SheetPropsOptions{FitToPage: &yes}))
	w.do(w.f.SetPageMargins(sheetName, &excelize.PageLayoutMarginsOptions{Left: &margin, Right: &margin, Top: &margin, Bottom: &margin,
		Header: &edge, Footer: &edge, Horizontally: &yes}))
	w.do(w.f.SetHeaderFooter(sheetName, &excelize.HeaderFooterOptions{OddFooter: "&C第 &P 页，共 &N 页"}))
	w.do(w.f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: fmt.Sprintf("'%s'!$%d:$%d", sheetName, headRow, headRow), Scope: sheetName}))
	w.do(w.f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Area", RefersTo: fmt.Sprintf("'%s'!$A$1:$G$%d", sheetName, last), Scope: sheetName}))
	w.do(w.f.SetPanes(sheetName, &excelize.Panes{Freeze: true, YSplit: headRow, TopLeftCell: cell(1, headRow+1), ActivePane: "bottomLeft"}))
	w.do(w.f.SetDocProps(&excelize.DocProperties{Creator: "本色家园", Title: sheetName}))
}
