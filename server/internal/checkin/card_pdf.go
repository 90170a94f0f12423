package checkin

import (
	"fmt"
	"strings"

	"bense/server/internal/pdf"
	"bense/server/internal/qr"
)

// MemberCard is one card to print. It holds no identity number and no telephone of the member: it may
// be lost in the street.
type MemberCard struct{ Name, Unit, Alliance, Code string }

// CardSheet are cards to print on A4 and to cut.
type CardSheet struct {
	Title string
	Part  int // of several files; 0: the only one
	Help  Help
	Cards []MemberCard
}

// FileName is what the file is called on a desktop.
func (s CardSheet) FileName() string {
	if s.Part > 0 {
		return fmt.Sprintf("%s-%d.pdf", s.Title, s.Part)
	}
	return s.Title + ".pdf"
}

// Eight cards stand on a sheet, in millimetres; type in points. A name keeps to the band above the code,
// everything else to the column on its left, so that nothing can run into the quiet zone whatever its
// length. elder.md E34: the name has at least 28 points, the code at least 30 mm and four modules around.
const (
	cardsAcross, cardsDown = 2, 4

	cardW, cardH = 90.0, 68.0
	edgeX        = (pdf.Width - cardsAcross*cardW) / 2
	edgeY        = (pdf.Height - cardsDown*cardH) / 2

	codeSide     = 31.0
	codeModules  = 25                                           // version 2: prefix and serial are 26 bytes
	codeZone     = codeSide * (codeModules + 2*4) / codeModules // with its quiet zone
	quiet        = (codeZone - codeSide) / 2
	codeInset    = 0.8 // between quiet zone and cut
	bandTop      = 2.4
	bandInset    = 4.5
	columnW      = cardW - codeZone - codeInset - bandInset - 1.5
	columnTop    = cardH - codeZone - codeInset + 1
	columnBottom = cardH - 3.5

	cardNameSize, cardNameLeast = 40.0, 28.0
	allianceSize                = 10.0
	markLength, markGap         = 5.0, 1.5
	hair                        = 0.2
)

// PDF draws the sheets.
func (s CardSheet) PDF() ([]byte, error) {
	d, err := pdf.New(s.Title)
	if err != nil {
		return nil, err
	}
	const onePage = cardsAcross * cardsDown
	pages := (len(s.Cards) + onePage - 1) / onePage
	for n, c := range s.Cards {
		at := n % onePage
		if at == 0 {
			d.AddPage()
			cutMarks(d)
			foot := fmt.Sprintf("%s　第 %d 页，共 %d 页", s.Title, n/onePage+1, pages)
			if s.Part > 0 {
				foot = fmt.Sprintf("%s　第 %d 份　第 %d 页，共 %d 页", s.Title, s.Part, n/onePage+1, pages)
			}
			d.Fit(pdf.Box{X: edgeX + 3, Y: pdf.Height - 10.5, W: cardW - 6, H: 5}, 9, 7, pdf.Left, foot) // between two marks
		}
		if err := c.draw(d, s.Help, edgeX+float64(at%cardsAcross)*cardW, edgeY+float64(at/cardsAcross)*cardH); err != nil {
			return nil, err
		}
	}
	return d.Bytes()
}

// cutMarks shows where to cut: lines in the margin for a guillotine, small crosses between the cards for
// scissors. Both stay outside of the quiet zones.
func cutMarks(d *pdf.Doc) {
	const dark, pale = 0.2, 0.6
	for i := range cardsAcross + 1 {
		x := edgeX + float64(i)*cardW - hair/2
		d.Fill(pdf.Box{X: x, Y: edgeY - markGap - markLength, W: hair, H: markLength}, dark)
		d.Fill(pdf.Box{X: x, Y: pdf.Height - edgeY + markGap, W: hair, H: markLength}, dark)
		for k := range cardsDown + 1 {
			d.Fill(pdf.Box{X: x, Y: edgeY + float64(k)*cardH - 2, W: hair, H: 4}, pale)
		}
	}
	for k := range cardsDown + 1 {
		y := edgeY + float64(k)*cardH - hair/2
		d.Fill(pdf.Box{X: edgeX - markGap - markLength, Y: y, W: markLength, H: hair}, dark)
		d.Fill(pdf.Box{X: pdf.Width - edgeX + markGap, Y: y, W: markLength, H: hair}, dark)
		for i := range cardsAcross + 1 {
			d.Fill(pdf.Box{X: edgeX + float64(i)*cardW - 2, Y: y, W: 4, H: hair}, pale)
		}
	}
}

func (c MemberCard) draw(d *pdf.Doc, help Help, x, y float64) error {
	rows, err := qr.Matrix([]byte(c.Code))
	if err != nil {
		return err
	}
	zone := pdf.Box{X: x + cardW - codeInset - codeZone, Y: y + cardH - codeInset - codeZone, W: codeZone, H: codeZone}
	d.Squares(pdf.Box{X: zone.X + quiet, Y: zone.Y + quiet, W: codeSide, H: codeSide}, rows)

	band := pdf.Box{X: x + bandInset, Y: y + bandTop, W: cardW - 2*bandInset, H: zone.Y - y - bandTop}
	size, lines := cardName(d, c.Name, band.W)
	d.Put(band, size, pdf.Left, lines...)

	left := pdf.Box{X: x + bandInset, Y: y + columnTop, W: columnW}
	call := pdf.Box{X: left.X, Y: y + columnBottom - 12, W: columnW, H: 5}
	left.Y = column(d, left, c.Unit, 15, 3) + 1
	if room := int((call.Y - left.Y) / pdf.LineHeight(allianceSize)); room > 0 && c.Alliance != "" {
		column(d, left, c.Alliance, allianceSize, min(room, 2))
	}
	d.Fit(call, 11, 8, pdf.Left, "丢失请告诉"+help.Name)
	call.Y, call.H = call.Y+5, 7
	d.Fit(call, 16, 9, pdf.Left, help.Phone)
	return nil
}

// cardName gives the size and the lines of a name: one as large as there is room for, else two of the
// least size, broken after a dot where that serves.
func cardName(d *pdf.Doc, name string, width float64) (float64, []string) {
	size := cardNameSize
	for size > cardNameLeast && d.Measure(name, size) > width {
		size--
	}
	lines := d.Wrap(name, size, width)
	if len(lines) > 1 {
		for at := strings.LastIndex(name, "·"); at > 0; at = strings.LastIndex(name[:at], "·") {
			first, second := name[:at+len("·")], name[at+len("·"):]
			if d.Measure(first, size) <= width && d.Measure(second, size) <= width {
				return size, []string{first, second}
			}
		}
	}
	return size, clipped(lines, 2)
}

// column writes a text from the top of a box on, smaller where it takes too many lines, and gives where
// the next may begin.
func column(d *pdf.Doc, b pdf.Box, text string, size float64, most int) float64 {
	lines := d.Wrap(text, size, b.W)
	for size > 9 && len(lines) > most {
		size--
		lines = d.Wrap(text, size, b.W)
	}
	lines = clipped(lines, most)
	b.H = float64(len(lines)) * pdf.LineHeight(size)
	d.Put(b, size, pdf.Left, lines...)
	return b.Y + b.H
}

// clipped keeps the first lines and shows that there are more.
func clipped(lines []string, most int) []string {
	if len(lines) <= most {
		return lines
	}
	last := []rune(lines[most-1])
	return append(lines[:most-1:most-1], string(last[:len(last)-1])+"…")
}
