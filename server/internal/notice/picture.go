package notice

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"bense/server/internal/pdf"
)

// Measures of the picture, in pixels: as wide as a phone's screen, so that nothing need be zoomed.
const (
	pictureWidth = 750
	margin       = 44
	bodyLines    = 14 // more is left to the mini-program
)

// MaxPicture is what WeChat sends without asking, in bytes.
const MaxPicture = 300 << 10

var typeface = sync.OnceValues(func() (*sfnt.Font, error) {
	data, err := pdf.Font()
	if err != nil {
		return nil, err
	}
	return opentype.Parse(data)
})

// shades are the blends between ground and ink, and between red and white: a palette keeps the file small.
var shades = func() color.Palette {
	var p color.Palette
	blend := func(from, to color.RGBA, steps int) {
		for i := range steps + 1 {
			mix := func(a, b uint8) uint8 { return uint8((int(a)*(steps-i) + int(b)*i) / steps) }
			p = append(p, color.RGBA{mix(from.R, to.R), mix(from.G, to.G), mix(from.B, to.B), 255})
		}
	}
	blend(ground, ink, 15)
	blend(ground, soft, 15)
	blend(red, white, 15)
	return p
}()

var (
	ground = color.RGBA{0xfc, 0xf8, 0xf0, 255}
	ink    = color.RGBA{0x1c, 0x19, 0x17, 255}
	soft   = color.RGBA{0x57, 0x53, 0x4e, 255}
	red    = color.RGBA{0x9a, 0x1b, 0x1b, 255}
	white  = color.RGBA{0xff, 0xff, 0xff, 255}
)

// block is some text of one size, broken into lines.
type block struct {
	lines  []string
	face   font.Face
	size   int
	colour color.RGBA
	above  int // room before it
}

func (b block) pitch() int { return b.size * 3 / 2 }

// Picture draws the leaflet as a PNG of at most MaxPicture bytes, with a photograph (JPEG) between the text and
// whom to call; nil: without one. What is cancelled shows none.
func (l Leaflet) Picture(photo []byte) ([]byte, error) {
	f, err := typeface()
	if err != nil {
		return nil, fmt.Errorf("notice: typeface: %w", err)
	}
	faces := map[int]font.Face{}
	for _, size := range []int{28, 34, 40, 52} {
		if faces[size], err = opentype.NewFace(f, &opentype.FaceOptions{Size: float64(size), DPI: 72, Hinting: font.HintingNone}); err != nil {
			return nil, fmt.Errorf("notice: typeface: %w", err)
		}
		defer faces[size].Close()
	}
	make := func(text string, size, above, most int, c color.RGBA) block {
		return block{lines: wrap(text, faces[size], pictureWidth-2*margin, most), face: faces[size], size: size, colour: c, above: above}
	}
	title, word := l.Title, l.Alliance+"通知"
	if l.Off {
		word = l.Alliance + "：活动取消"
	}
	head := []block{make(word, 34, 0, 2, white), make(title, 52, 8, 4, white)}
	var rest []block
	fact := func(word, text string) {
		if text != "" {
			rest = append(rest, make(word, 28, 26, 1, soft), make(text, 40, 2, 4, ink))
		}
	}
	fact("时间", l.When)
	fact("地点", l.Place)
	if l.Off {
		rest = append(rest, make("这次活动取消了，请不要前往。", 40, 30, 2, ink))
	} else if l.Body != "" {
		rest = append(rest, make(l.Body, 34, 30, bodyLines, ink))
	}
	above := len(rest)
	fact("有事请打电话", l.Contact)

	top := margin + height(head) + margin*2/3
	sheet := func(room int) *image.Paletted {
		canvas := image.NewPaletted(image.Rect(0, 0, pictureWidth, top+height(rest)+room+margin), shades)
		draw.Draw(canvas, canvas.Bounds(), image.NewUniform(ground), image.Point{}, draw.Src)
		draw.Draw(canvas, image.Rect(0, 0, pictureWidth, top), image.NewUniform(red), image.Point{}, draw.Src)
		write(canvas, head, margin)
		write(canvas, rest[:above], top)
		write(canvas, rest[above:], top+height(rest[:above])+room)
		return canvas
	}
	if photo != nil && !l.Off {
		data, err := illustrated(sheet, top+height(rest[:above]), photo)
		if err != nil || data != nil {
			return data, err
		}
	}
	return encoded(sheet(0))
}

func encoded(canvas *image.Paletted) ([]byte, error) {
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, canvas); err != nil {
		return nil, fmt.Errorf("notice: picture: %w", err)
	}
	return out.Bytes(), nil
}

func height(blocks []block) (h int) {
	for _, b := range blocks {
		h += b.above + len(b.lines)*b.pitch()
	}
	return h
}

func write(canvas draw.Image, blocks []block, y int) {
	for _, b := range blocks {
		y += b.above
		for _, line := range b.lines {
			d := font.Drawer{Dst: canvas, Src: image.NewUniform(b.colour), Face: b.face, Dot: fixed.P(margin, y+b.size*11/10)}
			d.DrawString(line)
			y += b.pitch()
		}
	}
}

// notFirst may not begin a line; what cannot begin one stays on the line before.
const notFirst = "，。、；：？！）》”’…—·%"

// wrap breaks text into lines that fit. Chinese breaks between any two characters, words and numbers in
// Latin letters stay whole. Beyond most lines the last one says where the rest is.
func wrap(text string, face font.Face, width, most int) []string {
	limit := fixed.I(width)
	var lines []string
	for _, paragraph := range strings.Split(text, "\n") {
		line := ""
		for _, piece := range pieces(paragraph) {
			if line != "" && font.MeasureString(face, line+piece) > limit && !strings.Contains(notFirst, piece) {
				lines, line = append(lines, line), strings.TrimLeft(piece, " ")
				continue
			}
			line += piece
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) > most {
		const more = "……（全文见小程序）"
		last := []rune(lines[most-1])
		for len(last) > 0 && font.MeasureString(face, string(last)+more) > limit {
			last = last[:len(last)-1]
		}
		lines = append(lines[:most-1], string(last)+more)
	}
	return lines
}

// pieces are what a line may be broken between: single Chinese characters, and runs of Latin ones.
func pieces(s string) []string {
	var out []string
	run := ""
	flush := func() {
		if run != "" {
			out, run = append(out, run), ""
		}
	}
	for _, r := range s {
		if r < 0x2000 && r != ' ' {
			if run += string(r); len(run) >= 30 { // an address without a gap
				flush()
			}
			continue
		}
		flush()
		out = append(out, string(r))
	}
	flush()
	return out
}
