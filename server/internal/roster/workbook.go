package roster

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"bense/server/internal/ledger"
)

// book writes an .xlsx row by row into memory: a general library keeps every cell as an object, or
// spills the people's data into a temporary file. Every text is a cell of type string, and one that a
// spreadsheet would take for a formula is marked as quoted, so that editing it computes nothing either.
type book struct {
	buf    bytes.Buffer
	zip    *zip.Writer
	sheets []string
	err    error
}

// Styles of cells, by their place in cellXfs.
const (
	styleTitle  = 1
	styleFact   = 2
	styleHead   = 3
	styleText   = 4
	styleQuoted = 5
	styleMark   = 6
)

func newBook() *book {
	b := &book{}
	b.zip = zip.NewWriter(&b.buf)
	return b
}

func (b *book) part(name string) io.Writer {
	w, err := b.zip.Create(name)
	if b.err == nil {
		b.err = err
	}
	if w == nil {
		return io.Discard
	}
	return w
}

// bookSheet is the sheet that is being written; one at a time.
type bookSheet struct {
	b      *book
	w      io.Writer
	row    int
	merged []string
	mark   string // at the foot of every printed page
}

// sheet begins a sheet; widths are in characters, frozen rows stay in sight and on every printed page.
func (b *book) sheet(name, mark string, widths []float64, frozen int) *bookSheet {
	b.sheets = append(b.sheets, sheetTitle(name, b.sheets))
	s := &bookSheet{b: b, w: b.part(fmt.Sprintf("xl/worksheets/sheet%d.xml", len(b.sheets))), mark: mark}
	s.put(xml.Header + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>` +
		`<sheetViews><sheetView workbookViewId="0"><pane ySplit="` + strconv.Itoa(frozen) + `" topLeftCell="A` + strconv.Itoa(frozen+1) +
		`" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>`)
	for i, w := range widths {
		s.put(fmt.Sprintf(`<col min="%d" max="%d" width="%g" customWidth="1"/>`, i+1, i+1, w))
	}
	s.put("</cols><sheetData>")
	return s
}

// sheetTitle keeps a sheet's name within what a workbook takes: 31 characters, none of []:*?/\, unique.
func sheetTitle(name string, taken []string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\'`, r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, name)
	if r := []rune(name); len(r) > 26 {
		name = string(r[:26])
	}
	if name == "" {
		name = "名册"
	}
	out := name
	for n := 2; ; n++ {
		clash := false
		for _, t := range taken {
			clash = clash || strings.EqualFold(t, out)
		}
		if !clash {
			return out
		}
		out = name + strconv.Itoa(n)
	}
}

func (s *bookSheet) put(text string) {
	if _, err := io.WriteString(s.w, text); err != nil && s.b.err == nil {
		s.b.err = err
	}
}

// span writes a text over the first columns of a row.
func (s *bookSheet) span(text string, columns, style int, height float64) {
	s.begin(height)
	s.cell(0, text, style)
	s.put("</row>")
	s.merged = append(s.merged, "A"+strconv.Itoa(s.row)+":"+letter(columns-1)+strconv.Itoa(s.row))
}

func (s *bookSheet) begin(height float64) {
	s.row++
	s.put(fmt.Sprintf(`<row r="%d" ht="%g" customHeight="1">`, s.row, height))
}

// line writes a row of texts.
func (s *bookSheet) line(texts []string, style int, height float64) {
	s.begin(height)
	for i, t := range texts {
		s.cell(i, t, style)
	}
	s.put("</row>")
}

func (s *bookSheet) cell(col int, text string, style int) {
	at := letter(col) + strconv.Itoa(s.row)
	if text == "" {
		s.put(fmt.Sprintf(`<c r="%s" s="%d"/>`, at, style))
		return
	}
	if style == styleText && computes(text) {
		style = styleQuoted
	}
	s.put(fmt.Sprintf(`<c r="%s" s="%d" t="inlineStr"><is><t xml:space="preserve">`, at, style))
	if err := xml.EscapeText(s.w, []byte(visible(text))); err != nil && s.b.err == nil {
		s.b.err = err
	}
	s.put("</t></is></c>")
}

// computes reports a text that a spreadsheet may take for a formula when somebody edits it or saves it
// as .csv, full-width signs included.
func computes(text string) bool {
	first := []rune(text)[0]
	return unicode.IsControl(first) || strings.ContainsRune("=+-@＝＋－＠", first) || ledger.LooksLikeFormula(text)
}

// visible leaves what a cell may hold: no control characters.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

func (s *bookSheet) end() {
	s.put("</sheetData>")
	if len(s.merged) > 0 {
		s.put(fmt.Sprintf(`<mergeCells count="%d">`, len(s.merged)))
		for _, m := range s.merged {
			s.put(`<mergeCell ref="` + m + `"/>`)
		}
		s.put("</mergeCells>")
	}
	s.put(`<printOptions horizontalCentered="1"/><pageMargins left="0.4" right="0.4" top="0.5" bottom="0.6" header="0.3" footer="0.3"/>` +
		`<pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/><headerFooter><oddFooter>`)
	if err := xml.EscapeText(s.w, []byte("&L"+strings.ReplaceAll(s.mark, "&", "&&")+"&R第 &P 页 共 &N 页")); err != nil && s.b.err == nil {
		s.b.err = err
	}
	s.put("</oddFooter></headerFooter></worksheet>")
}

const (
	relsHead   = xml.Header + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	officeRels = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	mainNS     = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	packageTyp = "application/vnd.openxmlformats-officedocument.spreadsheetml."
)

// styles: fonts, fills and borders of the cells named above.
const styles = xml.Header + `<styleSheet xmlns="` + mainNS + `"><fonts count="4"><font><sz val="11"/><name val="宋体"/></font>` +
	`<font><b/><sz val="18"/><name val="宋体"/></font><font><b/><sz val="11"/><name val="宋体"/></font>` +
	`<font><sz val="9"/><color rgb="FF595959"/><name val="宋体"/></font></fonts><fills count="3"><fill><patternFill patternType="none"/></fill>` +
	`<fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FFEDEDED"/></patternFill></fill></fills>` +
	`<borders count="2"><border><left/><right/><top/><bottom/><diagonal/></border><border><left style="thin"/><right style="thin"/>` +
	`<top style="thin"/><bottom style="thin"/><diagonal/></border></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="7"><xf/>` +
	`<xf fontId="1" applyFont="1" applyAlignment="1"><alignment horizontal="center" vertical="center"/></xf>` +
	`<xf applyAlignment="1"><alignment vertical="center"/></xf>` +
	`<xf fontId="2" fillId="2" borderId="1" applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1"><alignment horizontal="center" vertical="center" wrapText="1"/></xf>` +
	`<xf numFmtId="49" borderId="1" applyNumberFormat="1" applyBorder="1" applyAlignment="1"><alignment vertical="center" wrapText="1"/></xf>` +
	`<xf numFmtId="49" borderId="1" quotePrefix="1" applyNumberFormat="1" applyBorder="1" applyAlignment="1"><alignment vertical="center" wrapText="1"/></xf>` +
	`<xf fontId="3" applyFont="1" applyAlignment="1"><alignment vertical="center"/></xf></cellXfs></styleSheet>`

// bytes ends the workbook.
func (b *book) bytes() ([]byte, error) {
	types, rels, list := "", "", ""
	for i, name := range b.sheets {
		n := strconv.Itoa(i + 1)
		var escaped bytes.Buffer
		if err := xml.EscapeText(&escaped, []byte(name)); err != nil {
			return nil, err
		}
		types += `<Override PartName="/xl/worksheets/sheet` + n + `.xml" ContentType="` + packageTyp + `worksheet+xml"/>`
		rels += `<Relationship Id="rId` + n + `" Type="` + officeRels + `/worksheet" Target="worksheets/sheet` + n + `.xml"/>`
		list += `<sheet name="` + escaped.String() + `" sheetId="` + n + `" r:id="rId` + n + `"/>`
	}
	for name, text := range map[string]string{
		"[Content_Types].xml": xml.Header + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="` + packageTyp + `sheet.main+xml"/>` +
			`<Override PartName="/xl/styles.xml" ContentType="` + packageTyp + `styles+xml"/>` + types + `</Types>`,
		"_rels/.rels":                relsHead + `<Relationship Id="rId1" Type="` + officeRels + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/_rels/workbook.xml.rels": relsHead + rels + `<Relationship Id="rStyles" Type="` + officeRels + `/styles" Target="styles.xml"/></Relationships>`,
		"xl/workbook.xml":            xml.Header + `<workbook xmlns="` + mainNS + `" xmlns:r="` + officeRels + `"><sheets>` + list + `</sheets></workbook>`,
		"xl/styles.xml":              styles,
	} {
		if _, err := io.WriteString(b.part(name), text); err != nil {
			return nil, err
		}
	}
	if err := b.zip.Close(); err != nil {
		return nil, err
	}
	return b.buf.Bytes(), b.err
}
