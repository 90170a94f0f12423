package roster_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"bense/server/internal/errs"
	"bense/server/internal/roster"
)

const csvTable = "利津县党员名册,,,\n序 号,姓 名,身份证号码,所在党支部,手机号\n1,郭爱国,370599194312060047,县总工会离退休干部党支部,19900000007\n" +
	"2,贾涛,37059919530908005X,县总工会离退休干部党支部,不详\n"

// book makes a workbook; fill writes its first sheet.
func book(t testing.TB, fill func(f *excelize.File, sheet string)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	fill(f, f.GetSheetName(0))
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// lines writes rows of values from A1.
func lines(t testing.TB, f *excelize.File, sheet string, rows ...[]any) {
	t.Helper()
	for i, r := range rows {
		if err := f.SetSheetRow(sheet, fmt.Sprintf("A%d", i+1), &r); err != nil {
			t.Fatal(err)
		}
	}
}

type part struct {
	name string
	data io.Reader
}

// zipped makes a zip of parts.
func zipped(t testing.TB, parts ...part) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range parts {
		w, err := z.Create(p.name)
		if err != nil {
			t.Fatal(err)
		}
		if p.data == nil {
			continue
		}
		if _, err := io.Copy(w, p.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rawBook is a workbook whose one sheet is the given XML.
func rawBook(t testing.TB, sheets int, data io.Reader) []byte {
	t.Helper()
	var list strings.Builder
	for i := range sheets {
		fmt.Fprintf(&list, `<sheet name="s%d" sheetId="%d" r:id="rId1"/>`, i, i+1)
	}
	return zipped(t,
		part{"xl/workbook.xml", strings.NewReader(`<workbook xmlns:r="r"><sheets>` + list.String() + `</sheets></workbook>`)},
		part{"xl/_rels/workbook.xml.rels", strings.NewReader(`<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`)},
		part{"xl/worksheets/sheet1.xml", data})
}

// bomb is a workbook whose sheet unpacks to 600 MB; its directory says declared bytes.
func bomb(t testing.TB, declared uint64) []byte {
	t.Helper()
	var piece, b bytes.Buffer
	w, err := flate.NewWriter(&piece, 9)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(bytes.Repeat([]byte(" "), 1<<20))
	w.Flush() // ends at a whole byte: pieces may follow each other
	packed := bytes.Repeat(piece.Bytes(), 600)
	z := zip.NewWriter(&b)
	for _, p := range []part{
		{"xl/workbook.xml", strings.NewReader(`<workbook xmlns:r="r"><sheets><sheet name="s" r:id="a"/></sheets></workbook>`)},
		{"xl/_rels/workbook.xml.rels", strings.NewReader(`<Relationships><Relationship Id="a" Type="x/worksheet" Target="s.xml"/></Relationships>`)},
	} {
		w, err := z.Create(p.name)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(w, p.data)
	}
	raw, err := z.CreateRaw(&zip.FileHeader{Name: "xl/s.xml", Method: zip.Deflate,
		CompressedSize64: uint64(len(packed)), UncompressedSize64: declared})
	if err != nil {
		t.Fatal(err)
	}
	raw.Write(packed)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTextTables(t *testing.T) {
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(csvTable)
	if err != nil {
		t.Fatal(err)
	}
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.ReplaceAll(csvTable, ",", "\t"))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{
		"UTF-8": csvTable, "BOM": "\xEF\xBB\xBF" + csvTable, "GBK": gbk, "UTF-16": utf16, "CRLF": strings.ReplaceAll(csvTable, "\n", "\r\n"),
		"tabs": strings.ReplaceAll(csvTable, ",", "\t"), "semicolons": strings.ReplaceAll(csvTable, ",", ";"),
		"kept texts": strings.ReplaceAll(csvTable, "370599194312060047", `"=""370599194312060047"""`),
	} {
		p, err := roster.Parse("名册.CSV", []byte(data), today)
		if err != nil || len(p.Rows) != 2 || len(p.Refused) != 0 || len(p.Warnings) != 1 {
			t.Errorf("%s: %v %+v", name, err, p)
			continue
		}
		if r := p.Rows[0]; r.Line != 3 || r.Unit != "县总工会" || r.Fields.Phone != "19900000007" || r.Fields.Birth != "1943-12-06" || r.Fields.Sex != "女" {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestFilesThatAreNoLedger(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	ole := append([]byte{0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1}, make([]byte, 4096)...)
	locked := append(bytes.Clone(ole), "E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00"...)
	wide := new(bytes.Buffer)
	wide.WriteString("<worksheet><sheetData><row>")
	for range 1_000_000 {
		wide.WriteString("<c><v>1</v></c>")
	}
	var far, long strings.Builder
	for i := range 50_001 {
		fmt.Fprintf(&far, `<row r="%d"><c r="XFD%d"><v>1</v></c></row>`, i+1, i+1)
		fmt.Fprintf(&long, `<row><c t="inlineStr"><is><t>张三</t></is></c></row>`)
	}
	atOnce := map[string]bool{"no sheet": true, "renamed program": true, "zip bomb": true, "bomb that lies": true, "10⁶ columns": true}
	for _, c := range []struct {
		name, file string
		data       []byte
		want       error
	}{
		{"nothing", "a.xlsx", nil, roster.ErrEmpty},
		{"old Excel", "台账.xls", ole, roster.ErrOldExcel},
		{"old Excel renamed", "台账.xlsx", ole, roster.ErrOldExcel},
		{"with a password", "台账.xlsx", locked, roster.ErrEncrypted},
		{"renamed program", "台账.xlsx", append([]byte("MZ\x90\x00"), make([]byte, 1<<20)...), roster.ErrNoTable},
		{"program as text", "台账.csv", append([]byte("MZ,"), make([]byte, 100)...), roster.ErrNoTable},
		{"web page as .xls", "台账.xls", []byte("<html><table>"), roster.ErrOldExcel},
		{"picture", "台账.png", []byte("\x89PNG"), roster.ErrNoTable},
		{"no known encoding", "台账.csv", []byte("姓名,\xff\xff\xff\n"), roster.ErrEncoding},
		{"zip of something else", "台账.xlsx", zipped(t, part{"a.txt", strings.NewReader("x")}), roster.ErrNoTable},
		{"empty zip", "台账.xlsx", zipped(t), roster.ErrNoTable},
		{"cut off", "台账.xlsx", sample(t, "ledger-clean.xlsx")[:30_000], roster.ErrBroken},
		{"no sheet", "台账.xlsx", zipped(t, part{"xl/workbook.xml", strings.NewReader("<workbook><sheets/></workbook>")}), roster.ErrNoSheet},
		{"no header", "台账.xlsx", book(t, func(f *excelize.File, s string) { lines(t, f, s, []any{"张三", "19900000001"}) }), roster.ErrNoHeader},
		{"no header in text", "台账.csv", []byte("张三,19900000001\n"), roster.ErrNoHeader},
		{"zip bomb", "台账.xlsx", bomb(t, 600<<20), roster.ErrBomb},
		{"too many parts", "台账.xlsx", zipped(t, make([]part, 2001)...), roster.ErrBomb},
		{"bomb that lies", "台账.xlsx", bomb(t, 100), roster.ErrBroken},
		{"10⁶ columns", "台账.xlsx", rawBook(t, 1, wide), roster.ErrTooWide},
		{"far columns", "台账.xlsx", rawBook(t, 1, strings.NewReader("<worksheet><sheetData>"+far.String()+"</sheetData></worksheet>")), roster.ErrTooWide},
		{"beyond the last column", "台账.xlsx", rawBook(t, 1, strings.NewReader(`<worksheet><sheetData><row><c r="AAAA1"><v>1</v></c></row></sheetData></worksheet>`)), roster.ErrTooWide},
		{"too many rows", "台账.xlsx", rawBook(t, 1, strings.NewReader("<worksheet><sheetData>"+long.String()+"</sheetData></worksheet>")), roster.ErrTooManyRow},
		{"one part as many sheets", "台账.xlsx", rawBook(t, 90, strings.NewReader("<worksheet/>")), roster.ErrBroken},
		{"101 sheets", "台账.xlsx", rawBook(t, 101, strings.NewReader("<worksheet/>")), roster.ErrBroken},
		{"wide text", "台账.csv", []byte("姓名,单位" + strings.Repeat(",x", 600)), roster.ErrTooWide},
		{"long text", "台账.csv", []byte(strings.Repeat("张三,李四\n", 60_000)), roster.ErrTooManyRow},
		{"too large", "台账.csv", make([]byte, roster.MaxBytes+1), roster.ErrTooLarge},
	} {
		var err error
		held := allocated(func() { _, err = roster.Parse(c.file, c.data, today) })
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if e, ok := errs.As(err); !ok || e.Message == "" || e.Kind == errs.Internal {
			t.Errorf("%s: nothing to show: %v", c.name, err)
		}
		if atOnce[c.name] && held > 1<<20 { // a look at the directory; 600 MB are in it
			t.Errorf("%s: refused after %d KB were unpacked", c.name, held>>10)
		}
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// allocated is how much memory f asked for, whether it was freed or not: what nobody reads costs nothing.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
