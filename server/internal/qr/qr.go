// Package qr draws QR codes (ISO/IEC 18004): bytes, level M, versions 1 to 10, enough for a link.
package qr

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
)

// versions gives, from version 1 on, the check bytes per block, the data bytes of each block and
// the centres of the alignment patterns.
var versions = []struct {
	check  int
	blocks []int
	align  []int
}{
	{10, []int{16}, nil},
	{16, []int{28}, []int{6, 18}},
	{26, []int{44}, []int{6, 22}},
	{18, []int{32, 32}, []int{6, 26}},
	{24, []int{43, 43}, []int{6, 30}},
	{16, []int{27, 27, 27, 27}, []int{6, 34}},
	{18, []int{31, 31, 31, 31}, []int{6, 22, 38}},
	{22, []int{38, 38, 39, 39}, []int{6, 24, 42}},
	{22, []int{36, 36, 36, 37, 37}, []int{6, 26, 46}},
	{26, []int{43, 43, 43, 43, 44}, []int{6, 28, 50}},
}

var errTooLong = errors.New("qr: text too long for a code")

// PNG draws the text with modules of the given number of pixels and a quiet zone.
func PNG(text string, scale int) ([]byte, error) {
	m, err := Matrix([]byte(text))
	if err != nil {
		return nil, err
	}
	const quiet = 4
	side := (len(m) + 2*quiet) * scale
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range side {
		for x := range side {
			r, c := y/scale-quiet, x/scale-quiet
			if r >= 0 && c >= 0 && r < len(m) && c < len(m) && m[r][c] {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	var b bytes.Buffer
	err = png.Encode(&b, img)
	return b.Bytes(), err
}

// Matrix gives the modules, true is dark.
func Matrix(text []byte) ([][]bool, error) {
	for i, v := range versions {
		total := 0
		for _, n := range v.blocks {
			total += n
		}
		lengthBits := 8
		if i >= 9 {
			lengthBits = 16
		}
		if 4+lengthBits+8*len(text) > 8*total {
			continue
		}
		return draw(i+1, codewords(text, lengthBits, total, v.blocks, v.check)), nil
	}
	return nil, errTooLong
}

// codewords packs the text, adds the check bytes and interleaves the blocks.
func codewords(text []byte, lengthBits, total int, blocks []int, check int) []byte {
	var bits []bool
	put := func(v, n int) {
		for i := n - 1; i >= 0; i-- {
			bits = append(bits, v>>i&1 == 1)
		}
	}
	put(4, 4) // byte mode
	put(len(text), lengthBits)
	for _, b := range text {
		put(int(b), 8)
	}
	put(0, min(4, 8*total-len(bits)))
	for len(bits)%8 != 0 {
		bits = append(bits, false)
	}
	for pad := 0xEC; len(bits) < 8*total; pad ^= 0xEC ^ 0x11 {
		put(pad, 8)
	}
	data := make([]byte, total)
	for i, b := range bits {
		if b {
			data[i/8] |= 0x80 >> (i % 8)
		}
	}
	var parts, checks [][]byte
	for _, n := range blocks {
		parts, checks = append(parts, data[:n]), append(checks, checkBytes(data[:n], check))
		data = data[n:]
	}
	return append(interleave(parts), interleave(checks)...)
}

func interleave(parts [][]byte) []byte {
	var out []byte
	for i := range len(parts[len(parts)-1]) {
		for _, p := range parts {
			if i < len(p) {
				out = append(out, p[i])
			}
		}
	}
	return out
}

// multiply in GF(256) with x⁸+x⁴+x³+x²+1.
func multiply(a, b byte) byte {
	var p byte
	for ; b > 0; b >>= 1 {
		if b&1 == 1 {
			p ^= a
		}
		carry := a & 0x80
		a <<= 1
		if carry != 0 {
			a ^= 0x1D
		}
	}
	return p
}

// checkBytes is the Reed-Solomon remainder.
func checkBytes(data []byte, n int) []byte {
	generator, root := make([]byte, n), byte(1)
	generator[n-1] = 1
	for range n {
		for i := range n {
			generator[i] = multiply(generator[i], root)
			if i+1 < n {
				generator[i] ^= generator[i+1]
			}
		}
		root = multiply(root, 2)
	}
	rest := make([]byte, n)
	for _, b := range data {
		factor := b ^ rest[0]
		rest = append(rest[1:], 0)
		for i := range rest {
			rest[i] ^= multiply(generator[i], factor)
		}
	}
	return rest
}
