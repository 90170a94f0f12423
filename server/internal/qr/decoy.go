package qr

// Readers of the ZXing family look for finders and alignment patterns by the lengths of runs, with a
// tolerance of half a module, and take the first or the most even ones that they meet. A code of random
// bytes holds such a pattern by chance in one of some hundred cases and is then hard to read however well
// it is printed; another mask has another chance.

// decoyPenalty is more than all the standard counts taken together differ by.
const decoyPenalty = 1000

// falseFinders counts the modules besides the three finders that could be the middle of one: runs of 1,
// 1, 2 to 5, 1 and 1 cross in them.
func (c *canvas) falseFinders() (n int) {
	across := make([][]bool, c.size) // by row
	for r := range c.size {
		across[r] = middles(c.size, func(k int) bool { return c.dark[r][k] })
	}
	for k := range c.size {
		for r, middle := range middles(c.size, func(r int) bool { return c.dark[r][k] }) {
			corner := r < 7 && (k < 7 || k >= c.size-7) || r >= c.size-7 && k < 7
			if middle && across[r][k] && !corner {
				n++
			}
		}
	}
	return n
}

// middles tells which modules of a line stand in the middle of a finder's runs.
func middles(size int, dark func(int) bool) []bool {
	var length []int
	for k := range size {
		if k == 0 || dark(k) != dark(k-1) {
			length = append(length, 0)
		}
		length[len(length)-1]++
	}
	out, at := make([]bool, size), 0
	for i, l := range length {
		if i >= 2 && i+2 < len(length) && dark(at) && l >= 2 && l <= 5 &&
			length[i-2] == 1 && length[i-1] == 1 && length[i+1] == 1 && length[i+2] == 1 {
			for k := range l {
				out[at+k] = true
			}
		}
		at += l
	}
	return out
}

// falseAlignments counts the dark modules near an alignment pattern that look like its middle: a light
// and then a dark one on all four sides.
func (c *canvas) falseAlignments() (n int) {
	const near = 5
	dark := func(r, k int) bool { return r >= 0 && k >= 0 && r < c.size && k < c.size && c.dark[r][k] }
	align := versions[(c.size-17)/4-1].align
	for _, ar := range align {
		for _, ak := range align {
			for r := ar - near; r <= ar+near; r++ {
				for k := ak - near; k <= ak+near; k++ {
					if (r != ar || k != ak) && dark(r, k) && !dark(r-1, k) && !dark(r+1, k) && !dark(r, k-1) && !dark(r, k+1) &&
						dark(r-2, k) && dark(r+2, k) && dark(r, k-2) && dark(r, k+2) {
						n++
					}
				}
			}
		}
	}
	return n
}
