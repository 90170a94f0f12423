// Package pdf draws A4 sheets with Chinese text for the printer: text in boxes, lines, filled squares.
// All measures are millimetres from the upper left corner, sizes of type are points.
package pdf

import (
	"bytes"
	"errors"
	"strings"
	"unicode"

	"github.com/signintech/gopdf"
)

// Size of a sheet.
const (
	Width  = 210.0
	Height = 297.0
)

const (
	family  = "noto"
	perMM   = 72 / 25.4
	ascent  = 0.88 // of the size of type: from the top of a line to its base line
	leading = 1.18 // from line to line
	// missing stands for a character that the font has not: visible, so that somebody writes it in by hand.
	missing = '□'
)

// Align is where text stands in its box.
type Align int

// The alignments.
const (
	Left Align = iota
	Center
	Right
)

// Box is a part of the sheet.
type Box struct{ X, Y, W, H float64 }

// Doc is a document that is being drawn. The first fault stops all that follows; Bytes reports it.
type Doc struct {
	out  *gopdf.GoPdf
	size float64
	err  error
}

// New begins a document with no page. The font is parsed for each document, 20 ms.
func New(title string) (*Doc, error) {
	ttf, err := Font()
	if err != nil {
		return nil, err
	}
	d := &Doc{out: &gopdf.GoPdf{}}
	d.out.Start(gopdf.Config{PageSize: gopdf.Rect{W: Width * perMM, H: Height * perMM}})
	d.out.SetInfo(gopdf.PdfInfo{Title: title, Creator: "本色家园", Producer: "本色家园"})
	option := gopdf.TtfOption{OnGlyphNotFoundSubstitute: func(rune) rune { return missing }}
	return d, d.out.AddTTFFontDataWithOption(family, ttf, option)
}

// AddPage begins a page.
func (d *Doc) AddPage() {
	if d.err == nil {
		d.out.AddPage()
		d.size = 0 // a page begins without a font
		d.out.SetLineWidth(0.2 * perMM)
	}
}

func (d *Doc) do(err error) {
	if d.err == nil {
		d.err = err
	}
}

// setSize sets the size of what is written next.
func (d *Doc) setSize(size float64) {
	if d.err == nil && d.size != size {
		d.size = size
		d.do(d.out.SetFont(family, "", size))
	}
}

// tidy leaves what can be printed in one line.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		if unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) {
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// Measure tells how wide a text is.
func (d *Doc) Measure(text string, size float64) float64 {
	d.setSize(size)
	if d.err != nil {
		return 0
	}
	w, err := d.out.MeasureTextWidth(tidy(text))
	d.do(err)
	return w / perMM
}

// Wrap breaks a text into lines of at most the width, between any two characters but inside a run of
// Latin ones only where the run alone is too wide.
func (d *Doc) Wrap(text string, size, width float64) []string {
	var lines []string
	line := ""
	for _, word := range words(tidy(text)) {
		if d.Measure(line+word, size) <= width {
			line += word
			continue
		}
		if strings.TrimSpace(line) != "" {
			lines = append(lines, strings.TrimSpace(line))
		}
		line = strings.TrimLeft(word, " ")
		for r := []rune(line); len(r) > 1 && d.Measure(line, size) > width; r = []rune(line) {
			n := 1
			for n < len(r) && d.Measure(string(r[:n+1]), size) <= width {
				n++
			}
			lines, line = append(lines, string(r[:n])), string(r[n:])
		}
	}
	return append(lines, strings.TrimSpace(line))
}

// words cuts a text where a line may end.
func words(text string) []string {
	var out []string
	latin := false
	for _, r := range text {
		narrow := r < 0x2e80 && !unicode.IsSpace(r)
		if narrow && latin {
			out[len(out)-1] += string(r)
		} else {
			out = append(out, string(r))
		}
		latin = narrow
	}
	return out
}

// LineHeight is the distance of two lines of a size.
func LineHeight(size float64) float64 { return size * leading / perMM }

// Put writes lines into a box, in the middle of its height.
func (d *Doc) Put(in Box, size float64, align Align, lines ...string) {
	y := in.Y + (in.H-float64(len(lines))*LineHeight(size))/2
	for _, line := range lines {
		line = tidy(line)
		x := in.X
		if free := in.W - d.Measure(line, size); align != Left {
			x += free / float64(3-align)
		}
		if d.err == nil && line != "" {
			d.out.SetXY(x*perMM, y*perMM+size*ascent+size*(leading-1)/2)
			d.do(d.out.Text(line))
		}
		y += LineHeight(size)
	}
}

// Fit writes one line into a box, smaller where it is too long, down to the least size; what is still
// too long ends in ….
func (d *Doc) Fit(in Box, size, least float64, align Align, text string) {
	text = tidy(text)
	for size > least && d.Measure(text, size) > in.W {
		size -= 0.5
	}
	for r := []rune(text); len(r) > 1 && d.Measure(text, size) > in.W; {
		r = r[:len(r)-1]
		text = string(r) + "…"
	}
	d.Put(in, size, align, text)
}

// Frame draws the border of a box.
func (d *Doc) Frame(b Box) {
	if d.err == nil {
		d.out.RectFromUpperLeftWithStyle(b.X*perMM, b.Y*perMM, b.W*perMM, b.H*perMM, "D")
	}
}

// Fill fills a box: 0 is black, 1 white.
func (d *Doc) Fill(b Box, gray float64) {
	if d.err == nil {
		d.out.SetGrayFill(gray)
		d.out.RectFromUpperLeftWithStyle(b.X*perMM, b.Y*perMM, b.W*perMM, b.H*perMM, "F")
		d.out.SetGrayFill(0)
	}
}

// Line draws a line.
func (d *Doc) Line(x1, y1, x2, y2 float64) {
	if d.err == nil {
		d.out.Line(x1*perMM, y1*perMM, x2*perMM, y2*perMM)
	}
}

// Squares draws a matrix, a QR code for instance, into a box as wide as high; true is black. Runs of a
// row are one rectangle, so that no hairline runs through it.
func (d *Doc) Squares(at Box, rows [][]bool) {
	if len(rows) == 0 {
		return
	}
	one := at.W / float64(len(rows))
	for y, row := range rows {
		for x := 0; x < len(row); x++ {
			from := x
			for x < len(row) && row[x] {
				x++
			}
			if x > from && d.err == nil {
				d.out.RectFromUpperLeftWithStyle((at.X+float64(from)*one)*perMM, (at.Y+float64(y)*one)*perMM, float64(x-from)*one*perMM, one*1.02*perMM, "F")
			}
		}
	}
}

// Bytes ends the document and gives the file.
func (d *Doc) Bytes() ([]byte, error) {
	if d.err != nil {
		return nil, d.err
	}
	if d.out.GetNumberOfPages() == 0 {
		return nil, errors.New("pdf: no page")
	}
	var b bytes.Buffer
	_, err := d.out.WriteTo(&b)
	return b.Bytes(), err
}
