package notice

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"slices"

	"golang.org/x/image/draw"
)

// A photograph in few colours is small as a PNG. sizes are tried in turn until the whole picture is small enough:
// how wide and how tall the photograph is at most, and in how many colours.
var sizes = []struct{ width, height, colours int }{
	{pictureWidth - 2*margin, 560, 200}, {pictureWidth - 2*margin, 560, 80}, {520, 440, 64}, {360, 300, 32},
}

// photoGap is the room above a photograph.
const photoGap = 30

// illustrated puts a photograph into a sheet, at y; sheet draws it with some room there. It gives nothing when
// no size is small enough.
func illustrated(sheet func(room int) *image.Paletted, y int, photo []byte) ([]byte, error) {
	img, err := jpeg.Decode(bytes.NewReader(photo))
	if err != nil {
		return nil, fmt.Errorf("notice: picture: %w", err)
	}
	for _, s := range sizes {
		small := fitted(img, s.width, s.height)
		canvas := sheet(photoGap + small.Rect.Dy())
		place(canvas, small, colours(small, s.colours), image.Pt((pictureWidth-small.Rect.Dx())/2, y+photoGap))
		data, err := encoded(canvas)
		if err != nil || len(data) <= MaxPicture {
			return data, err
		}
	}
	return nil, nil
}

// fitted draws an image anew, as large as fits.
func fitted(img image.Image, width, height int) *image.RGBA {
	b := img.Bounds()
	w, h := width, max(1, b.Dy()*width/b.Dx())
	if h > height {
		w, h = max(1, b.Dx()*height/b.Dy()), height
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(out, out.Rect, img, b, draw.Src, nil)
	return out
}

// cell is a corner of the cube of colours, five bits a side, and how many points lie in it.
type cell struct {
	rgb    [3]int
	points int
}

func cellOf(r, g, b uint8) int { return int(r)>>3<<10 | int(g)>>3<<5 | int(b)>>3 }

// colours are the ones that stand best for an image: its colours are cut into boxes at their medians, the box with
// most points along its longest side first, and each box gives its mean.
func colours(img *image.RGBA, most int) color.Palette {
	var counts [1 << 15]int
	for i := 0; i < len(img.Pix); i += 4 {
		counts[cellOf(img.Pix[i], img.Pix[i+1], img.Pix[i+2])]++
	}
	var all []cell
	for c, n := range counts {
		if n > 0 {
			all = append(all, cell{[3]int{c >> 10, c >> 5 & 31, c & 31}, n})
		}
	}
	boxes := [][]cell{all}
	for len(boxes) < most {
		at, side := widest(boxes)
		if at < 0 {
			break
		}
		box := boxes[at]
		slices.SortFunc(box, func(a, b cell) int { return cmp.Compare(a.rgb[side], b.rgb[side]) })
		half, cut := points(box)/2, 0
		for sum := 0; cut < len(box)-1 && (cut == 0 || sum+box[cut].points <= half); cut++ {
			sum += box[cut].points
		}
		boxes[at] = box[:cut]
		boxes = append(boxes, box[cut:])
	}
	out := make(color.Palette, len(boxes))
	for i, box := range boxes {
		var sum [3]int
		for _, c := range box {
			for k := range sum {
				sum[k] += (c.rgb[k]<<3 + 4) * c.points
			}
		}
		n := points(box)
		out[i] = color.RGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255}
	}
	return out
}

func points(box []cell) (n int) {
	for _, c := range box {
		n += c.points
	}
	return n
}

// widest gives the box to cut next and the side along which it is cut; none when all hold one colour.
func widest(boxes [][]cell) (at, side int) {
	at, best := -1, 0
	for i, box := range boxes {
		for k := range 3 {
			low, high := 31, 0
			for _, c := range box {
				low, high = min(low, c.rgb[k]), max(high, c.rgb[k])
			}
			if w := (high - low) * points(box); w > best {
				at, side, best = i, k, w
			}
		}
	}
	return at, side
}

// place puts an image onto the canvas in colours that the canvas doesn't know yet.
func place(canvas *image.Paletted, img *image.RGBA, in color.Palette, at image.Point) {
	first := len(canvas.Palette)
	canvas.Palette = append(slices.Clone(canvas.Palette), in...)
	var nearest [1 << 15]uint8 // plus one; zero: not looked for yet
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			p := img.Pix[img.PixOffset(x, y):]
			c := cellOf(p[0], p[1], p[2])
			if nearest[c] == 0 {
				nearest[c] = uint8(in.Index(color.RGBA{p[0]&^7 + 4, p[1]&^7 + 4, p[2]&^7 + 4, 255}) + 1)
			}
			canvas.SetColorIndex(at.X+x, at.Y+y, uint8(first)+nearest[c]-1)
		}
	}
}
