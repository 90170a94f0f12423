package roster

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"bense/server/internal/ledger"
)

var (
	dateParts  = regexp.MustCompile(`^(\d{4}|\d{2})[-./年,、](\d{1,2})(?:[-./月,、](\d{1,2})?日?|月)?(?: .*|T.*)?$`)
	dateYear   = regexp.MustCompile(`^(\d{4})年?$`)
	dateDigits = regexp.MustCompile(`^((?:19|20)\d{2})(\d{2})(\d{2})?$`)
	dateBlanks = regexp.MustCompile(` *([年月]) *`)
	chinese    = strings.NewReplacer("〇", "0", "○", "0", "零", "0", "一", "1", "二", "2", "三", "3", "四", "4", "五", "5",
		"六", "6", "七", "7", "八", "8", "九", "9", "元", "1")
	chineseTens = regexp.MustCompile(`([1-9]?)十([1-9]?)`)
)

// ParseDate reads a date in any of the forms that sheets hold and gives YYYY, YYYY-MM or YYYY-MM-DD;
// false when it is none, or not between 1890 and now.
func ParseDate(c Cell, now time.Time) (string, bool) {
	s := ledger.NormalText(c.Text)
	if c.Number {
		if d, ok := numberDate(s); ok {
			return d, ledger.ValidDate(d, now)
		}
	}
	s = strings.NewReplacer("—", "-", "–", "-", "。", ".", "·", ".").Replace(s)
	if strings.Contains(s, "年") {
		s = dateBlanks.ReplaceAllString(s, "$1")
		s = chinese.Replace(s)
		s = chineseTens.ReplaceAllStringFunc(s, func(m string) string {
			p := chineseTens.FindStringSubmatch(m)
			tens, ones := p[1], p[2]
			if tens == "" {
				tens = "1"
			}
			if ones == "" {
				ones = "0"
			}
			return tens + ones
		})
	}
	d := ""
	if m := dateYear.FindStringSubmatch(s); m != nil {
		d = m[1]
	} else if m := dateDigits.FindStringSubmatch(s); m != nil {
		d = join(m[1], m[2], m[3])
	} else if m := dateParts.FindStringSubmatch(s); m != nil {
		d = join(century(m[1], now), m[2], m[3])
	}
	return d, d != "" && ledger.ValidDate(d, now)
}

// numberDate reads a date that a spreadsheet keeps as a number: days since 1900, 1943, 194312,
// 19431206, or 1943.12. Of 1943.1 the zero of 1943.10 is lost: nobody writes January so.
func numberDate(s string) (string, bool) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < 0 || f > 99999999 {
		return "", false
	}
	whole, part := math.Modf(f)
	switch n := int(whole); {
	case n >= 1890 && n <= 2100 && part > 0.005:
		return join(strconv.Itoa(n), strconv.Itoa(int(math.Round(part*100))), ""), true
	case n >= 1890 && n <= 2100:
		return strconv.Itoa(n), true
	case n >= 3000 && n <= 80000:
		return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n).Format("2006-01-02"), true
	}
	return "", false
}

func join(year, month, day string) string {
	m, _ := strconv.Atoi(month) // digits by the pattern
	if day == "" || day == "00" {
		if m == 0 {
			return year
		}
		return fmt.Sprintf("%s-%02d", year, m)
	}
	d, _ := strconv.Atoi(day)
	return fmt.Sprintf("%s-%02d-%02d", year, m, d)
}

// century completes a year of two digits: nobody in a ledger has dates in the future.
func century(year string, now time.Time) string {
	if len(year) == 4 {
		return year
	}
	if n, _ := strconv.Atoi(year); n > now.Year()%100 {
		return "19" + year
	}
	return "20" + year
}
