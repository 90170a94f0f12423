package pdf_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"bense/server/internal/pdf"
)

// text reads a document back, as the clipboard of a reader would.
func text(t *testing.T, file []byte) string {
	t.Helper()
	cmd := exec.Command("pdftotext", "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(file)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal("pdftotext (Debian: poppler-utils):", err)
	}
	return string(out)
}

func draw(t *testing.T, f func(*pdf.Doc)) []byte {
	t.Helper()
	d, err := pdf.New("签到单")
	if err != nil {
		t.Fatal(err)
	}
	f(d)
	file, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTextIsReadBack(t *testing.T) {
	got := text(t, draw(t, func(d *pdf.Doc) {
		d.AddPage()
		d.Put(pdf.Box{X: 10, Y: 10, W: 180, H: 12}, 16, pdf.Left, "张建国（水利局）·买买提 № 7")
		d.Put(pdf.Box{X: 10, Y: 30, W: 180, H: 12}, 16, pdf.Right, "镕喆堃珺昇玥璟翀")
		d.AddPage()
		d.Put(pdf.Box{X: 10, Y: 10, W: 180, H: 12}, 16, pdf.Center, "第 2 页，共 2 页")
	}))
	for _, want := range []string{"张建国（水利局）·买买提 № 7", "镕喆堃珺昇玥璟翀", "第 2 页，共 2 页"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
	if n := strings.Count(got, "\f"); n != 2 {
		t.Errorf("%d pages", n)
	}
}

// Characters beyond the font become a visible square, wherever they stand in Unicode; nothing else is lost.
func TestUnknownCharactersAreVisible(t *testing.T) {
	got := text(t, draw(t, func(d *pdf.Doc) {
		d.AddPage()
		d.Put(pdf.Box{X: 10, Y: 10, W: 180, H: 12}, 16, pdf.Left, "王𠮷明")
		d.Put(pdf.Box{X: 10, Y: 30, W: 180, H: 12}, 16, pdf.Left, "李\n😀\x00\u200b强")
		d.Put(pdf.Box{X: 10, Y: 50, W: 180, H: 12}, 16, pdf.Left, "赵\ue1ff\u2028平")
		d.Put(pdf.Box{X: 10, Y: 70, W: 180, H: 12}, 16, pdf.Left, "")
		d.Put(pdf.Box{X: 10, Y: 90, W: 180, H: 12}, 16, pdf.Left, "刘桂英")
	}))
	got = strings.ReplaceAll(got, " ", "") // wide gaps are read as spaces, or not
	for _, want := range []string{"王□明", "李□强", "赵□平", "刘桂英"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
}

func TestWrapKeepsEveryCharacter(t *testing.T) {
	d, err := pdf.New("")
	if err != nil {
		t.Fatal(err)
	}
	d.AddPage()
	for _, c := range []struct {
		text  string
		width float64
		most  int
	}{
		{"张建国", 40, 1},
		{"利津县离退休干部党建联盟综合服务中心", 40, 3},
		{"买买提·艾合买提江·吐尔逊", 36, 2},
		{"Abdurehim Heyit", 36, 2},
		{"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 20, 12},
		{"", 20, 1},
		{"字", 1, 1},
	} {
		lines := d.Wrap(c.text, 14, c.width)
		if got := strings.ReplaceAll(strings.Join(lines, ""), " ", ""); got != strings.ReplaceAll(c.text, " ", "") {
			t.Errorf("%q became %q", c.text, lines)
		}
		if len(lines) > c.most {
			t.Errorf("%q takes %d lines: %q", c.text, len(lines), lines)
		}
		for _, l := range lines {
			if w := d.Measure(l, 14); w > c.width && len([]rune(l)) > 1 {
				t.Errorf("%q is %.1f mm wide, more than %.1f", l, w, c.width)
			}
		}
	}
}

func TestFitShrinksThenCuts(t *testing.T) {
	got := text(t, draw(t, func(d *pdf.Doc) {
		d.AddPage()
		d.Fit(pdf.Box{X: 10, Y: 10, W: 40, H: 12}, 14, 10, pdf.Left, "利津县老年大学二楼")
		d.Fit(pdf.Box{X: 10, Y: 30, W: 20, H: 12}, 14, 10, pdf.Left, "利津县老年大学二楼")
	}))
	if !strings.Contains(got, "利津县老年大学二楼") || !strings.Contains(got, "利津县老…") {
		t.Error(got)
	}
}

func TestAnEmptyDocumentIsAFault(t *testing.T) {
	d, err := pdf.New("")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Bytes(); err == nil {
		t.Error("a document without pages")
	}
}

func TestSquares(t *testing.T) {
	file := draw(t, func(d *pdf.Doc) {
		d.AddPage()
		d.Squares(pdf.Box{X: 10, Y: 10, W: 30, H: 30}, [][]bool{{true, true, false}, {false, true, false}, {true, false, true}})
		d.Frame(pdf.Box{X: 5, Y: 5, W: 40, H: 40})
		d.Line(5, 50, 45, 50)
	})
	if !bytes.HasPrefix(file, []byte("%PDF-")) {
		t.Error("no PDF")
	}
}

// A sheet is drawn while somebody waits for it.
func BenchmarkOnePage(b *testing.B) {
	for b.Loop() {
		d, err := pdf.New("")
		if err != nil {
			b.Fatal(err)
		}
		d.AddPage()
		d.Put(pdf.Box{X: 10, Y: 10, W: 180, H: 12}, 16, pdf.Left, "张建国")
		if _, err := d.Bytes(); err != nil {
			b.Fatal(err)
		}
	}
}
