package attachment

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	_ "image/png" // what phones send beside JPEG

	xdraw "golang.org/x/image/draw"

	"bense/server/internal/errs"
)

// Measures of pictures that many people look at on a phone.
const (
	MaxPictureBytes = 6 << 20 // as it comes in
	longSide        = 1280    // pixels, as it is kept
	maxPixels       = 40 << 20
	maxUnpacked     = 192 << 20 // bytes in memory
	minSide         = 64
	quality         = 80
)

// Errors of pictures.
var (
	ErrPictureLarge = errs.New(errs.TooLarge, "attachment.picture_large", "图片太大，请换一张小一点的，或截图后再选")
	ErrPictureKind  = errs.New(errs.Unsupported, "attachment.picture_kind", "这不是能用的图片，请换一张照片")
	ErrPictureSmall = errs.New(errs.Invalid, "attachment.picture_small", "图片太小，看不清，请换一张")
)

// Picture is a picture as it is kept: a JPEG that stands upright and says nothing of where, when and with
// which phone it was taken.
type Picture struct {
	Data          []byte
	Width, Height int
}

// Redraw reads a JPEG or PNG and draws it anew, at most longSide pixels long. What a file holds beside its
// pixels does not survive that.
func Redraw(data []byte) (Picture, error) {
	if len(data) > MaxPictureBytes {
		return Picture{}, ErrPictureLarge
	}
	head, format, err := image.DecodeConfig(bytes.NewReader(data))
	switch {
	case err != nil || format != string(JPEG) && format != string(PNG):
		return Picture{}, ErrPictureKind
	case head.Width < minSide || head.Height < minSide:
		return Picture{}, ErrPictureSmall
	case head.Width > maxPixels/head.Height, head.Width*head.Height > maxUnpacked/unpacked(head.ColorModel, format, data): // before a bomb is unpacked
		return Picture{}, ErrPictureLarge
	}
	src, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return Picture{}, ErrPictureKind
	}
	w, h := head.Width, head.Height
	if most := max(w, h); most > longSide {
		w, h = max(1, w*longSide/most), max(1, h*longSide/most)
	}
	flat := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(flat, flat.Rect, image.NewUniform(color.White), image.Point{}, draw.Src) // behind what is transparent
	xdraw.ApproxBiLinear.Scale(flat, flat.Rect, src, src.Bounds(), xdraw.Over, nil)
	up := upright(flat, orientation(data))
	var out bytes.Buffer
	if err := jpeg.Encode(&out, up, &jpeg.Options{Quality: quality}); err != nil {
		return Picture{}, err
	}
	return Picture{Data: out.Bytes(), Width: up.Rect.Dx(), Height: up.Rect.Dy()}, nil
}

// unpacked is how many bytes a pixel takes at most while it is read. A progressive JPEG is kept as coefficients
// of four bytes until its last scan has come, which makes the smallest file the largest picture. Its mark is looked
// for everywhere, since decoders forgive what stands before it; among the pixels it can't stand.
func unpacked(m color.Model, format string, data []byte) int {
	size := 4
	switch m {
	case color.GrayModel:
		size = 1
	case color.YCbCrModel:
		size = 3
	case color.RGBA64Model, color.NRGBA64Model:
		size = 8
	}
	if format == string(JPEG) && bytes.Contains(data, []byte{0xff, 0xc2}) {
		size *= 5
	}
	return size
}

// orientation gives the EXIF tag of that name (1…8), 1 when there is none: phones turn the tag, not the pixels.
func orientation(data []byte) int {
	if !bytes.HasPrefix(data, []byte{0xff, 0xd8}) {
		return 1
	}
	for at := 2; at+4 <= len(data) && data[at] == 0xff; {
		size := int(binary.BigEndian.Uint16(data[at+2:]))
		if data[at+1] == 0xda || size < 2 || at+2+size > len(data) {
			return 1 // the pixels begin, or the file is torn
		}
		part := data[at+4 : at+2+size]
		if data[at+1] == 0xe1 && bytes.HasPrefix(part, []byte("Exif\x00\x00")) {
			return tiffOrientation(part[6:])
		}
		at += 2 + size
	}
	return 1
}

func tiffOrientation(b []byte) int {
	if len(b) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if b[0] == 'I' {
		order = binary.LittleEndian
	}
	first := int(order.Uint32(b[4:]))
	if first < 8 || first+2 > len(b) {
		return 1
	}
	for i := range int(order.Uint16(b[first:])) {
		at := first + 2 + 12*i
		if at+12 > len(b) {
			return 1
		}
		if order.Uint16(b[at:]) == 0x0112 {
			if o := int(order.Uint16(b[at+8:])); o >= 1 && o <= 8 {
				return o
			}
			return 1
		}
	}
	return 1
}

// upright turns and mirrors a picture as its orientation asks.
func upright(src *image.RGBA, o int) *image.RGBA {
	w, h := src.Rect.Dx(), src.Rect.Dy()
	if o <= 1 || o > 8 {
		return src
	}
	turned := image.Rect(0, 0, w, h)
	if o >= 5 {
		turned = image.Rect(0, 0, h, w)
	}
	dst := image.NewRGBA(turned)
	for y := range h {
		for x := range w {
			var tx, ty int
			switch o {
			case 2:
				tx, ty = w-1-x, y
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				tx, ty = x, h-1-y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			dst.SetRGBA(tx, ty, src.RGBAAt(x, y))
		}
	}
	return dst
}
