package wechat

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"bense/server/internal/clock"
)

// FieldError says which field of a subscribe message breaks which rule; the value isn't in it.
type FieldError struct {
	Field string // thing1
	Rule  string // what the platform asks
}

func (e *FieldError) Error() string { return "wechat: field " + e.Field + ": " + e.Rule }

// Kind of a template field: its name without the number.
func Kind(field string) string { return strings.TrimRight(field, "0123456789") }

// The platform's rules, "订阅消息参数值内容限制说明". Lengths are in runes.
var (
	digits     = regexp.MustCompile(`^-?\d+(\.\d+)?$`)
	letters    = regexp.MustCompile(`^[A-Za-z]+$`)
	printable  = regexp.MustCompile(`^[\x21-\x7e]+( [\x21-\x7e]+)*$`)
	amount     = regexp.MustCompile(`^[¥￥$€£]?\d{1,10}(\.\d+)?元?$`)
	telephone  = regexp.MustCompile(`^[+\d()\- ]+$`)
	carNumber  = regexp.MustCompile(`^[\p{Han}A-Z][A-Z0-9]*[\p{Han}A-Z0-9]$`)
	dayPattern = `(\d{4}年\d{1,2}月\d{1,2}日|\d{4}-\d{1,2}-\d{1,2}|\d{4}/\d{1,2}/\d{1,2})`
	hmPattern  = `([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?`
	moment     = regexp.MustCompile(`^(` + dayPattern + ` ?)?` + hmPattern + `(~(` + dayPattern + ` ?)?` + hmPattern + `)?$`)
	day        = regexp.MustCompile(`^` + dayPattern + `( ?` + hmPattern + `)?(~` + dayPattern + `( ?` + hmPattern + `)?)?$`)
)

type rule struct {
	text string
	ok   func(string) bool
}

func upTo(n int, also func(string) bool) func(string) bool {
	return func(s string) bool { return utf8.RuneCountInString(s) <= n && also(s) }
}

var rules = map[string]rule{
	"thing":            {"at most 20 characters on one line", upTo(20, oneLine)},
	"character_string": {"at most 32 digits, letters or symbols", upTo(32, printable.MatchString)},
	"number":           {"at most 32 digits", upTo(32, digits.MatchString)},
	"letter":           {"at most 32 letters", upTo(32, letters.MatchString)},
	"symbol":           {"at most 5 symbols", upTo(5, symbols)},
	"time":             {"24-hour time, with or without a date", moment.MatchString},
	"date":             {"year, month and day, with or without a time", day.MatchString},
	"amount":           {"currency sign and at most 10 digits", amount.MatchString},
	"phone_number":     {"at most 17 digits and signs", upTo(17, telephone.MatchString)},
	"car_number":       {"at most 8 letters and digits", upTo(8, carNumber.MatchString)},
	"name":             {"at most 10 Chinese characters or 20 letters", name},
	"phrase":           {"at most 5 Chinese characters", upTo(5, han)},
	"const":            {"at most 20 characters on one line", upTo(20, oneLine)},
}

// CheckField says whether the platform takes the value in this field.
func CheckField(field, value string) error {
	r, ok := rules[Kind(field)]
	if !ok {
		return &FieldError{Field: field, Rule: "unknown kind of field"}
	}
	if strings.TrimSpace(value) == "" {
		return &FieldError{Field: field, Rule: "must not be empty"}
	}
	if !utf8.ValidString(value) || !r.ok(value) {
		return &FieldError{Field: field, Rule: r.text}
	}
	return nil
}

func oneLine(s string) bool { return !strings.ContainsFunc(s, unicode.IsControl) }

func han(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.Is(unicode.Han, r) })
}

func symbols(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPunct(r) && !unicode.IsSymbol(r) })
}

// A name with any Chinese character in it counts as Chinese; digits are refused.
func name(s string) bool {
	chinese, limit := false, 20
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Han, r):
			chinese = true
		case unicode.IsDigit(r), unicode.IsControl(r):
			return false
		}
	}
	if chinese {
		limit = 10
	}
	return utf8.RuneCountInString(s) <= limit
}

// Fit makes a text fit a kind of field, as far as cutting can: long texts end in "…", characters that the kind
// doesn't take are dropped, emptiness becomes "无" where words are allowed. Times, dates and amounts can't be
// cut and come back as they are: use TimeText and DateText.
func Fit(kind, text string) string {
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, ""), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
	switch kind {
	case "thing", "const":
		return cut(orNone(text), 20)
	case "name":
		text = keep(text, func(r rune) bool { return !unicode.IsDigit(r) })
		if name(orNone(text)) {
			return orNone(text)
		}
		if strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			return cut(text, 10)
		}
		return cut(text, 20)
	case "phrase":
		return first(orNone(keep(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })), 5)
	case "character_string":
		return strings.TrimSpace(first(keep(text, func(r rune) bool { return r >= 0x20 && r <= 0x7e }), 32))
	case "letter":
		return first(keep(text, func(r rune) bool { return r < 0x80 && unicode.IsLetter(r) }), 32)
	case "phone_number":
		return first(keep(text, func(r rune) bool { return strings.ContainsRune("+0123456789()-", r) }), 17)
	}
	return text
}

func orNone(s string) string {
	if s = strings.TrimSpace(s); s == "" {
		return "无"
	}
	return s
}

func keep(s string, ok func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if ok(r) {
			return r
		}
		return -1
	}, s)
}

func first(s string, n int) string {
	r := []rune(s)
	return string(r[:min(n, len(r))])
}

func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	// A joiner or an accent must not be left hanging before the dots.
	return strings.TrimRightFunc(first(s, n-1), func(r rune) bool {
		return r == '\u200d' || unicode.IsSpace(r) || unicode.Is(unicode.Variation_Selector, r)
	}) + "…"
}

// TimeText writes an instant for a time field, as people in China read it.
func TimeText(t time.Time) string {
	t = t.In(clock.Shanghai)
	return fmt.Sprintf("%d年%d月%d日 %02d:%02d", t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute())
}

// DateText writes a day for a date field.
func DateText(t time.Time) string {
	t = t.In(clock.Shanghai)
	return fmt.Sprintf("%d年%d月%d日", t.Year(), int(t.Month()), t.Day())
}
