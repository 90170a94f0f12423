package roster

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"bense/server/internal/ledger"
)

// plain gives the text of a cell; a number loses its exponent and trailing zeros: 1.9900000061E10.
func plain(c Cell) string {
	if c.Number && strings.ContainsAny(c.Text, "eE.") {
		if f, err := strconv.ParseFloat(c.Text, 64); err == nil && f == float64(int64(f)) {
			return strconv.FormatInt(int64(f), 10)
		}
	}
	return ledger.NormalText(c.Text)
}

var nothing = regexp.MustCompile(`^([-—–/\\.。、*?_~]+|N/?A|null|NULL|#.*[!?A]|空)$`)

// cleanText reads an ordinary column. The warning is empty when nothing was lost.
func cleanText(c Cell, limit int) (value, warning string) {
	s := plain(c)
	switch {
	case nothing.MatchString(s):
		return "", ""
	case c.Text != "" && !c.Number && ledger.LooksLikeFormula(s):
		return "", "内容像公式，没有采用"
	}
	if !c.Number {
		s = ledger.FreeText(c.Text)
	}
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]), "内容太长，只保留前" + strconv.Itoa(limit) + "个字"
	}
	return s, ""
}

var brackets = regexp.MustCompile(`[(\[【〔][^)\]】〕]*[)\]】〕]?`)

// CleanName reads a name; note is what stood in brackets behind it. A fault refuses the row.
func CleanName(c Cell) (name, note, fault string) {
	s := ledger.NormalText(c.Text)
	if c.Formula {
		return "", "", "姓名是公式，不能导入"
	}
	if nothing.MatchString(s) || s == "" {
		return "", "", "没有姓名"
	}
	if ledger.LooksLikeFormula(s) {
		return "", "", "姓名以“" + string([]rune(s)[:1]) + "”开头，像是公式，不能导入"
	}
	note = strings.Trim(strings.Join(brackets.FindAllString(s, -1), " "), "()[]【】〔〕 ")
	name = ledger.NormalName(brackets.ReplaceAllString(s, ""))
	switch {
	case len([]rune(name)) < 2 && ledger.IsName(name+"一"):
		return "", "", "姓名不完整"
	case !ledger.IsName(name):
		return "", "", "姓名中有不能识别的字符"
	}
	return name, note, ""
}

// CleanIDNumber reads an identity number. What the spreadsheet keeps as a number has lost digits.
func CleanIDNumber(c Cell, now time.Time) (n ledger.IDNumber, warning, fault string) {
	s := ledger.NormalText(c.Text)
	switch {
	case s == "" || nothing.MatchString(s):
		return ledger.IDNumber{}, "", ""
	case c.Number:
		return ledger.IDNumber{}, "", string(ledger.IDNumberDigits)
	case strings.Contains(s, "*"):
		return ledger.IDNumber{}, "身份证号有遮挡，没有采用", ""
	case unknown.MatchString(s):
		return ledger.IDNumber{}, "身份证号“" + s + "”无法识别，已留空", ""
	}
	n, why := ledger.ParseIDNumber(s, now)
	return n, "", string(why)
}

var (
	unknown  = regexp.MustCompile(`^(不详|未知|不明|待补|待补充|待查|待核实|未提供|不清楚)$`)
	noPhone  = regexp.MustCompile(`^(无|没有|无电话|无手机|没有手机|没有电话|未配手机)$`)
	splitter = regexp.MustCompile(`[,，、;；/|\s和或及]+`)
)

// CleanPhone reads a number as people write them: with dashes, blanks, two at a time, or 不详.
func CleanPhone(c Cell) (number, warning string) {
	s := plain(c)
	switch {
	case s == "" || nothing.MatchString(s) || noPhone.MatchString(s):
		return "", ""
	case strings.Contains(s, "*"):
		return "", "号码有遮挡，没有采用"
	}
	if n, ok := ledger.NormalPhone(s); ok {
		return n, ""
	}
	var found []string
	for _, part := range splitter.Split(brackets.ReplaceAllString(s, " "), -1) {
		part = strings.TrimFunc(part, func(r rune) bool { return !strings.ContainsRune("0123456789+", r) })
		if n, ok := ledger.NormalPhone(part); ok {
			found = append(found, n)
		}
	}
	if len(found) == 0 {
		return "", "电话“" + shorten(veil("phone", s)) + "”不是有效号码，已留空"
	}
	best := found[0]
	for _, n := range found { // a mobile number can be called and bound
		if strings.HasPrefix(n, "1") {
			best = n
			break
		}
	}
	if len(found) > 1 {
		return best, "有几个号码，登记了其中一个"
	}
	return best, ""
}

// cleanSex reads 男 or 女; an unknown word gives nothing.
func cleanSex(s string) string {
	switch strings.ToLower(ledger.NormalText(s)) {
	case "男", "男性", "m", "1":
		return "男"
	case "女", "女性", "f", "2":
		return "女"
	}
	return ""
}

// cleanEthnicity completes 汉 to 汉族.
func cleanEthnicity(s string) string {
	if n := len([]rune(s)); n > 0 && n <= 4 && !strings.HasSuffix(s, "族") && s != "其他" {
		return s + "族"
	}
	return s
}

var numbers = regexp.MustCompile(`[+0-9][-0-9 ]{5,}[0-9]`)

// cleanFamily parts 张三 19900000001 into contact and number.
func cleanFamily(c Cell) (contact, number, warning string) {
	s := plain(c)
	if at := numbers.FindString(s); at != "" {
		number, warning = CleanPhone(Cell{Text: at})
		s = strings.Replace(s, at, "", 1)
	}
	contact, w := cleanText(Cell{Text: strings.Trim(s, " ,，、;；:：/()")}, 100)
	if warning == "" {
		warning = w
	}
	return contact, number, warning
}

// shorten keeps a report readable.
func shorten(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
