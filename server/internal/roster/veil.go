package roster

import (
	"regexp"
	"strings"

	"bense/server/internal/ledger"
)

// What is said about a faulty cell is kept longer than the file, is read by whoever may import, and names
// the cell: so the value in it is shown only as far as it tells the clerk which one is meant.

// digitRun is a number as people write one, with blanks, dashes, dots and the X of an identity number.
var digitRun = regexp.MustCompile(`[0-9](?:[-0-9 .()]*[0-9])?[Xx]?`)

// How many digits make a number of somebody: in a column of numbers, and elsewhere, where dates have eight.
const (
	digitsOfNumber = 5
	digitsOfText   = 9

	digitsOfIDNumber = 15 // of before 1999
)

// veil hides in a value of a column what would be masked elsewhere.
func veil(key, value string) string {
	least := digitsOfText
	switch key {
	case "id_number", "phone", "family_phone":
		least = digitsOfNumber
	case "address", "health", "family_contact", "remark", colFamily:
		return ledger.MaskText(value)
	}
	return digitRun.ReplaceAllStringFunc(value, func(run string) string {
		digits := len(run) - strings.Count(run, " ") - strings.Count(run, "-") - strings.Count(run, ".") - strings.Count(run, "(") - strings.Count(run, ")")
		switch {
		case digits < least:
			return run
		case digits < digitsOfIDNumber:
			return ledger.MaskPhone(run)
		}
		return ledger.MaskIDNumber(run)
	})
}
