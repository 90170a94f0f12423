package attachment_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"bense/server/internal/attachment"
)

// halves is red on the left and blue on the right.
func halves(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{220, 0, 0, 255}
			if x >= w/2 {
				c = color.RGBA{0, 0, 220, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

// withExif puts a tag of orientation and a secret into a JPEG.
func withExif(t *testing.T, img image.Image, orientation uint16) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	tiff := []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00GPS-SECRET")
	binary.BigEndian.PutUint16(tiff[18:], orientation)
	part := append([]byte("Exif\x00\x00"), tiff...)
	head := []byte{0xff, 0xd8, 0xff, 0xe1, 0, 0}
	binary.BigEndian.PutUint16(head[4:], uint16(len(part)+2))
	return append(append(head, part...), b.Bytes()[2:]...)
}

func TestRedrawMakesPicturesSmallUprightAndSilent(t *testing.T) {
	p, err := attachment.Redraw(withExif(t, halves(2000, 1000), 6)) // taken with the phone turned to the left
	if err != nil {
		t.Fatal(err)
	}
	img, err := jpeg.Decode(bytes.NewReader(p.Data))
	if err != nil || p.Width != 640 || p.Height != 1280 || bytes.Contains(p.Data, []byte("Exif")) || bytes.Contains(p.Data, []byte("SECRET")) {
		t.Fatalf("%d×%d %v", p.Width, p.Height, err)
	}
	if r, _, b, _ := img.At(320, 100).RGBA(); r < b {
		t.Error("the left of the sensor is not at the top")
	}
	for o := range uint16(10) {
		p, err := attachment.Redraw(withExif(t, halves(200, 100), o))
		if turned := o >= 5 && o <= 8; err != nil || turned != (p.Width == 100) {
			t.Errorf("orientation %d: %d×%d %v", o, p.Width, p.Height, err)
		}
	}
}

func TestRedrawJudgesBytes(t *testing.T) {
	var small, fine bytes.Buffer
	if err := errors.Join(png.Encode(&small, halves(20, 20)), png.Encode(&fine, halves(300, 200))); err != nil {
		t.Fatal(err)
	}
	bomb := bytes.Clone(fine.Bytes())
	binary.BigEndian.PutUint32(bomb[16:], 60000) // width and height of the head
	binary.BigEndian.PutUint32(bomb[20:], 60000)
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"text":  {[]byte("<html>"), attachment.ErrPictureKind},
		"empty": {nil, attachment.ErrPictureKind},
		"pdf":   {[]byte("%PDF-1.4\n%%EOF"), attachment.ErrPictureKind},
		"torn":  {fine.Bytes()[:200], attachment.ErrPictureKind},
		"small": {small.Bytes(), attachment.ErrPictureSmall},
		"bomb":  {bomb, nil},
		"big":   {make([]byte, attachment.MaxPictureBytes+1), attachment.ErrPictureLarge},
		"png":   {fine.Bytes(), nil},
	} {
		_, err := attachment.Redraw(c.data)
		if name == "bomb" {
			if err == nil {
				t.Error("a bomb was unpacked")
			}
			continue
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A few bytes may ask for hundreds of megabytes: by scans that are all kept, by sixteen bits a color.
func TestRedrawBoundsItsMemory(t *testing.T) {
	var photo, deep bytes.Buffer
	if err := errors.Join(jpeg.Encode(&photo, halves(200, 100), nil), png.Encode(&deep, image.NewNRGBA64(image.Rect(0, 0, 100, 100)))); err != nil {
		t.Fatal(err)
	}
	scans := photo.Bytes()
	at := bytes.Index(scans, []byte{0xff, 0xc0})
	scans[at+1] = 0xc2 // progressive
	binary.BigEndian.PutUint16(scans[at+5:], 6000)
	binary.BigEndian.PutUint16(scans[at+7:], 6000)
	colors := deep.Bytes()
	binary.BigEndian.PutUint32(colors[16:], 6000)
	binary.BigEndian.PutUint32(colors[20:], 6000)
	binary.BigEndian.PutUint32(colors[29:], crc32.ChecksumIEEE(colors[12:29]))
	for name, data := range map[string][]byte{"scans": scans, "behind a filling": bytes.Replace(scans, []byte{0xff, 0xc2}, []byte{0xff, 0xff, 0xc2}, 1), "colors": colors} {
		if _, err := attachment.Redraw(data); !errors.Is(err, attachment.ErrPictureLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	binary.BigEndian.PutUint16(scans[at+5:], 3000) // what a phone takes
	binary.BigEndian.PutUint16(scans[at+7:], 4000)
	if _, err := attachment.Redraw(scans); errors.Is(err, attachment.ErrPictureLarge) {
		t.Error(err)
	}
}

func FuzzRedraw(f *testing.F) {
	f.Add([]byte{0xff, 0xd8, 0xff, 0xe1, 0, 4, 'E', 'x'})
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := attachment.Redraw(data)
		if err == nil && (p.Width > 1280 || p.Height > 1280) {
			t.Errorf("%d×%d", p.Width, p.Height)
		}
	})
}
