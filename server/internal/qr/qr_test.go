package qr_test

import (
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"bense/server/internal/qr"
)

// picture draws a code as a scan in grey sees it: modules of no whole number of points, edges in between.
func picture(m [][]bool, module, shift float64) *image.Gray {
	off, side := shift+4*module, int(float64(len(m)+8)*module)+2
	at := func(y, x float64) int {
		r, c := (y-off)/module, (x-off)/module
		if r < 0 || c < 0 || int(r) >= len(m) || int(c) >= len(m) || !m[int(r)][int(c)] {
			return 255
		}
		return 0
	}
	img := image.NewGray(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			fy, fx := float64(y), float64(x)
			sum := at(fy+.25, fx+.25) + at(fy+.25, fx+.75) + at(fy+.75, fx+.25) + at(fy+.75, fx+.75)
			img.SetGray(x, y, color.Gray{Y: uint8(sum / 4)})
		}
	}
	return img
}

func read(img image.Image) string {
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		return err.Error()
	}
	found, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
	if err != nil {
		return err.Error()
	}
	return found.GetText()
}

// A decoder that is none of ours reads every version, and random codes of a card's length at a cheap
// printer's 7.3 points a module. Without a look at decoys one in two hundred of these was not read.
func TestCodesAreRead(t *testing.T) {
	random := rand.New(rand.NewPCG(31, 2026))
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	text := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = letters[random.IntN(len(letters))]
		}
		return string(b)
	}
	sizes, again := map[int]bool{}, 0
	for i := range 400 {
		n := 26
		if i < 40 {
			n = 5 * (i + 1)
		}
		want := text(n)
		m, err := qr.Matrix([]byte(want))
		if err != nil {
			t.Fatal(err)
		}
		sizes[len(m)] = true
		got := read(picture(m, 7.32, float64(i%7)/7))
		if got != want { // a phone takes many pictures
			again++
			got = read(picture(m, 7.32, float64(i%7+3)/7))
		}
		if got != want {
			t.Errorf("%q is read as %q", want, got)
		}
	}
	if again > 1 {
		t.Errorf("%d codes were not read at once", again)
	}
	if len(sizes) != 10 {
		t.Error(fmt.Sprint("not every version was drawn: ", sizes))
	}
	if _, err := qr.Matrix(make([]byte, 214)); err == nil {
		t.Error("a text too long for a code")
	}
}
