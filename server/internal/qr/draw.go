package qr

// canvas is a code under construction; fixed marks what isn't data.
type canvas struct {
	size        int
	dark, fixed [][]bool
}

func newCanvas(version int) *canvas {
	c := &canvas{size: 17 + 4*version}
	for range c.size {
		c.dark, c.fixed = append(c.dark, make([]bool, c.size)), append(c.fixed, make([]bool, c.size))
	}
	return c
}

func (c *canvas) set(row, col int, dark bool) { c.dark[row][col], c.fixed[row][col] = dark, true }

// draw places everything and picks the mask with the least penalty.
func draw(version int, words []byte) [][]bool {
	c := newCanvas(version)
	c.patterns(version)
	c.place(words)
	best, least := 0, -1
	for mask := range 8 {
		c.mask(mask)
		c.format(mask)
		if p := c.penalty(); least < 0 || p < least {
			best, least = mask, p
		}
		c.mask(mask) // twice is not at all
	}
	c.mask(best)
	c.format(best)
	return c.dark
}

func (c *canvas) patterns(version int) {
	for i := range c.size { // timing
		c.set(6, i, i%2 == 0)
		c.set(i, 6, i%2 == 0)
	}
	for _, at := range [][2]int{{3, 3}, {3, c.size - 4}, {c.size - 4, 3}} { // finders with their margin
		for dr := -4; dr <= 4; dr++ {
			for dc := -4; dc <= 4; dc++ {
				r, k := at[0]+dr, at[1]+dc
				if r >= 0 && k >= 0 && r < c.size && k < c.size {
					ring := max(abs(dr), abs(dc))
					c.set(r, k, ring != 2 && ring != 4)
				}
			}
		}
	}
	align := versions[version-1].align
	for i, r := range align {
		for j, k := range align {
			last := len(align) - 1
			if i == 0 && j == 0 || i == 0 && j == last || i == last && j == 0 {
				continue // a finder is there
			}
			for dr := -2; dr <= 2; dr++ {
				for dc := -2; dc <= 2; dc++ {
					c.set(r+dr, k+dc, max(abs(dr), abs(dc)) != 1)
				}
			}
		}
	}
	c.format(0) // reserves the place
	if version >= 7 {
		bits := remainder(version, 12, 0x1F25)
		for i := range 18 {
			dark := bits>>i&1 == 1
			c.set(i/3, c.size-11+i%3, dark)
			c.set(c.size-11+i%3, i/3, dark)
		}
	}
}

// remainder appends the BCH check bits to v.
func remainder(v, n, generator int) int {
	rest := v
	for range n {
		rest = rest<<1 ^ (rest>>(n-1))*generator
	}
	return v<<n | rest
}

// format writes level M (00) and the mask, twice.
func (c *canvas) format(mask int) {
	bits := remainder(mask, 10, 0x537) ^ 0x5412
	at := func(i int) bool { return bits>>i&1 == 1 }
	for i := range 15 {
		switch { // around the upper left finder
		case i < 6:
			c.set(i, 8, at(i))
		case i < 8:
			c.set(i+1, 8, at(i))
		case i == 8:
			c.set(8, 7, at(i))
		default:
			c.set(8, 14-i, at(i))
		}
		if i < 8 { // beside the other two
			c.set(8, c.size-1-i, at(i))
		} else {
			c.set(c.size-15+i, 8, at(i))
		}
	}
	c.set(c.size-8, 8, true)
}

// place winds the data upwards and downwards in columns of two, from the right.
func (c *canvas) place(words []byte) {
	i := 0
	for right := c.size - 1; right > 0; right -= 2 {
		if right == 6 {
			right = 5
		}
		for step := range c.size {
			row := step
			if (right+1)&2 == 0 {
				row = c.size - 1 - step
			}
			for col := right; col > right-2; col-- {
				if c.fixed[row][col] {
					continue
				}
				if i < 8*len(words) {
					c.dark[row][col] = words[i/8]>>(7-i%8)&1 == 1
				}
				i++
			}
		}
	}
}

func (c *canvas) mask(n int) {
	for r := range c.size {
		for k := range c.size {
			if c.fixed[r][k] {
				continue
			}
			var flip bool
			switch n {
			case 0:
				flip = (r+k)%2 == 0
			case 1:
				flip = r%2 == 0
			case 2:
				flip = k%3 == 0
			case 3:
				flip = (r+k)%3 == 0
			case 4:
				flip = (r/2+k/3)%2 == 0
			case 5:
				flip = r*k%2+r*k%3 == 0
			case 6:
				flip = (r*k%2+r*k%3)%2 == 0
			case 7:
				flip = ((r+k)%2+r*k%3)%2 == 0
			}
			c.dark[r][k] = c.dark[r][k] != flip
		}
	}
}

// penalty counts what makes a code hard to read: runs, blocks of four, imbalance and what looks like a
// finder with a margin. Beyond the standard it counts the decoys by which readers are led astray.
func (c *canvas) penalty() int {
	p, dark := 0, 0
	for r := range c.size {
		for _, line := range []func(int) bool{
			func(k int) bool { return c.dark[r][k] },
			func(k int) bool { return c.dark[k][r] },
		} {
			run, last := 1, 0 // last: the eleven modules before, the quiet zone is light
			for k := range c.size + lookLight {
				last = last << 1 & (1<<lookLength - 1)
				if k < c.size && line(k) {
					last |= 1
				}
				if last == lookBefore || last == lookAfter {
					p += 40
				}
			}
			for k := 1; k < c.size; k++ {
				if line(k) != line(k-1) {
					run = 1
					continue
				}
				if run++; run == 5 {
					p += 3
				} else if run > 5 {
					p++
				}
			}
		}
		for k := range c.size {
			if c.dark[r][k] {
				dark++
			}
			if r > 0 && k > 0 && c.dark[r][k] == c.dark[r-1][k] && c.dark[r][k] == c.dark[r][k-1] && c.dark[r][k] == c.dark[r-1][k-1] {
				p += 3
			}
		}
	}
	p += decoyPenalty * (c.falseFinders() + c.falseAlignments())
	return p + 10*(abs(dark*20-c.size*c.size*10)/(c.size*c.size))
}

// What looks like a finder: 1:1:3:1:1 with four light modules on one side.
const (
	lookLength = 11
	lookLight  = 4
	lookBefore = 0b00001011101
	lookAfter  = 0b10111010000
)

func abs(n int) int { return max(n, -n) }
