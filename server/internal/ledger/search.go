package ledger

import (
	"cmp"
	"slices"
	"strings"

	"bense/server/internal/id"
)

// termLength bounds a term in characters, as its column does.
const termLength = 40

// lastRune stands behind every text that begins with what is before it.
const lastRune = "\U0010FFFF"

// Terms are what somebody is found by, each from its beginning: the name from every character on (国
// finds 王建国), its pinyin and its initials.
func Terms(name string) []string {
	full, initials := Pinyin(name)
	name = termOf(name)
	out := []string{clip(full, termLength), clip(initials, termLength)}
	for i := range name {
		out = append(out, clip(name[i:], termLength))
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

// Term is a row of the index.
type Term struct {
	Text string
	// CountsFrom is how many characters must be typed for the person to count under this term: with fewer,
	// one that stands before it fits too. Zero in rows that are older than the mark.
	CountsFrom int
}

// MarkedTerms are the terms of a name in order, each with the mark by which a search passes over it.
func MarkedTerms(name string) []Term {
	terms := Terms(name)
	out := make([]Term, len(terms))
	for i, t := range terms {
		out[i] = Term{t, 1}
		if i > 0 {
			out[i].CountsFrom = 1 + common(terms[i-1], t)
		}
	}
	return out
}

// common counts the characters with which both texts begin.
func common(a, b string) int {
	x, y := []rune(a), []rune(b)
	n := 0
	for n < len(x) && n < len(y) && x[n] == y[n] {
		n++
	}
	return n
}

// termOf is how terms and what people type are compared.
func termOf(s string) string {
	return strings.ToLower(strings.ReplaceAll(NormalName(s), " ", ""))
}

// hit is a person found under a term; a person counts under the first of its terms that fits.
type hit struct {
	Term     string
	PersonID id.ID
	Name     string
}

// counts reports whether the person counts here, and not under another term.
func (h hit) counts(typed string) bool {
	first, fits := hitOf(h.Name, h.PersonID, typed)
	return fits && first.Term == h.Term
}

func (h hit) compare(o hit) int {
	return cmp.Or(strings.Compare(h.Term, o.Term), cmp.Compare(h.PersonID, o.PersonID))
}

// hitOf gives the term under which a name is found; false when what was typed does not fit.
func hitOf(name string, person id.ID, typed string) (hit, bool) {
	for _, t := range Terms(name) {
		if strings.HasPrefix(t, typed) {
			return hit{t, person, name}, true
		}
	}
	return hit{}, false
}
