package guard_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// parts are the files of a workbook; sheet is what stands in for its only sheet.
func parts(sheets int) map[string]string {
	types := `<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
		`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`
	list, links := "", ""
	for i := range sheets {
		list += fmt.Sprintf(`<sheet name="s%d" sheetId="%d" r:id="rId%d"/>`, i+1, i+1, i+1)
		links += fmt.Sprintf(`<Relationship Id="rId%d" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet%d.xml"/>`, i+1, i+1)
	}
	return map[string]string{
		"[Content_Types].xml": types,
		"_rels/.rels": `<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
			`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml": `<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" ` +
			`xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>` + list + `</sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` + links + `</Relationships>`,
	}
}

func pack(t *testing.T, files map[string]string, more func(*zip.Writer)) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range files {
		f, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if more != nil {
		more(z)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// bomb is a workbook of some hundred kilobytes whose sheet inflates to 600 MB of rows: one megabyte is
// deflated once and its blocks stand 600 times in a row. A lying one claims to hold a kilobyte.
func bomb(t *testing.T, lying bool) []byte {
	t.Helper()
	const rows = `<row><c t="inlineStr"><is><t>a</t></is></c></row>`
	begin := []byte(`<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	mega := bytes.Repeat([]byte(rows), 1<<20/len(rows))
	deflate := func(b []byte) []byte {
		var out bytes.Buffer
		w, err := flate.NewWriter(&out, flate.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	const times = 600
	block := deflate(mega)
	var raw bytes.Buffer
	raw.Write(deflate(begin))
	sum, size := crc32.ChecksumIEEE(begin), uint64(len(begin))
	for range times {
		raw.Write(block)
		sum, size = crc32.Update(sum, crc32.IEEETable, mega), size+uint64(len(mega))
	}
	raw.Write([]byte{0x01, 0x00, 0x00, 0xff, 0xff}) // the last block, empty
	if lying {
		size = 1 << 10
	}
	return pack(t, parts(1), func(z *zip.Writer) {
		f, err := z.CreateRaw(&zip.FileHeader{Name: "xl/worksheets/sheet1.xml", Method: zip.Deflate, CRC32: sum,
			CompressedSize64: uint64(raw.Len()), UncompressedSize64: size})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(raw.Bytes()); err != nil {
			t.Fatal(err)
		}
	})
}

func leftovers(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestBadWorkbooksAreRefusedAtOnce(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	s := start(t)
	committee, office := s.found(t, "本县老干部局", "19900039001")
	files := map[string][]byte{
		"no-sheets.xlsx": pack(t, parts(0), nil),
		"program.xlsx":   append([]byte("MZ\x90\x00\x03\x00\x00\x00"), bytes.Repeat([]byte{0x4d, 0x00, 0xff, 0x10}, 4000)...),
		"bomb.xlsx":      bomb(t, false),
		"liar.xlsx":      bomb(t, true),
		"old.xls":        append([]byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1}, make([]byte, 4096)...),
		"empty.xlsx":     {},
	}
	t.Logf("the bomb has %d KB", len(files["bomb.xlsx"])/1024)
	before, there := s.snapshot(t), leftovers(t, temp)
	for name, data := range files {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		a := s.call(t, office.token, "POST", "/imports?committee_id="+committee.String()+"&filename="+name, data)
		runtime.ReadMemStats(&after)
		p := a.problem()
		if a.Status < 400 || a.Status >= 500 || p.Message == "" || strings.ContainsAny(p.Message, "<>{}") {
			t.Errorf("%s: %d %s, want a refusal with a sentence", name, a.Status, clip(a.Body))
		}
		held := (after.TotalAlloc - before.TotalAlloc) >> 20
		if held > 32 { // of the whole process; nobody has unpacked the bomb's 600 MB
			t.Errorf("%s: refused after %d MB", name, held)
		}
		t.Logf("%s: %d %s, %d MB", name, a.Status, p.Message, held)
	}
	if tables := changed(before, s.snapshot(t)); len(tables) > 0 {
		t.Errorf("refused workbooks left something in %v", tables)
	}
	if now := leftovers(t, temp); len(now) != len(there) {
		t.Errorf("refused workbooks left files behind: %v, before %v", now, there)
	}
}

func TestFormulaAsNameIsRefused(t *testing.T) {
	s := start(t)
	committee, office := s.found(t, "本县老干部局", "19900039001")
	f, err := excelize.OpenReader(bytes.NewReader(workbook(t,
		row{Name: "关好人", Unit: "本单位", Alliance: "本地联盟", IDNumber: idNumber("19480305", 1)},
		row{Name: "x", Unit: "本单位", Alliance: "本地联盟", IDNumber: idNumber("19480305", 2)},
		row{Name: "=HYPERLINK(\"http://a\",\"关坏人\")", Unit: "本单位", Alliance: "本地联盟", IDNumber: idNumber("19480305", 3)},
	)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.SetCellFormula(f.GetSheetName(0), "B4", `=HYPERLINK("http://a","关坏人")`); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	a := s.must(t, office.token, "POST", "/imports?committee_id="+committee.String()+"&filename=a.xlsx", out.Bytes())
	var report struct {
		Refused []struct{ Reason string } `json:"refused"`
		Persons struct{ New int }         `json:"persons"`
	}
	if err := json.Unmarshal(a.Body, &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Refused) != 2 || report.Persons.New != 1 {
		t.Errorf("a formula as a name: %s, want 2 refused and 1 new", clip(a.Body))
	}
	for _, r := range report.Refused {
		if r.Reason == "" {
			t.Error("refused without a reason")
		}
	}
}
