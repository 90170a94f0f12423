package ledger

import (
	"strconv"
	"strings"
	"time"
)

// IDNumberFault says why a text is no identity number; it is Chinese and may be shown.
type IDNumberFault string

// Faults of an identity number.
const (
	IDNumberOK     IDNumberFault = ""
	IDNumberForm   IDNumberFault = "身份证号应为18位数字（最后一位可以是X）"
	IDNumberDate   IDNumberFault = "身份证号中的出生日期不对"
	IDNumberCheck  IDNumberFault = "身份证号校验位不对，请核对是否抄错"
	IDNumberDigits IDNumberFault = "身份证号被表格软件变成了数字，后几位已丢失，请改为文本格式重新填写"
)

// IDNumber is what an identity number tells.
type IDNumber struct {
	Number string // 18 characters, capital X
	Birth  string // YYYY-MM-DD
	Sex    string // 男 or 女
}

// ParseIDNumber cleans and checks an identity number (GB 11643): form, date, check digit. Old ones
// of 15 digits are completed. now bounds the date of birth. The region is not looked up.
func ParseIDNumber(s string, now time.Time) (IDNumber, IDNumberFault) {
	s = strings.ToUpper(strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -—–'`‘’\"", r) {
			return -1
		}
		return r
	}, NormalText(s)))
	s = strings.NewReplacer("×", "X", "✕", "X", "╳", "X").Replace(s)
	if strings.Contains(s, "E+") {
		return IDNumber{}, IDNumberDigits
	}
	if len(s) == 15 && digits(s) {
		s = s[:6] + "19" + s[6:]
		s += string(checkDigit(s))
	}
	if len(s) != 18 || !digits(s[:17]) || !digits(s[17:]) && s[17] != 'X' {
		return IDNumber{}, IDNumberForm
	}
	birth, err := time.Parse("20060102", s[6:14])
	if err != nil || birth.Year() < 1890 || birth.After(now) {
		return IDNumber{}, IDNumberDate
	}
	if checkDigit(s[:17]) != s[17] {
		if strings.HasSuffix(s, "000") { // spreadsheets keep 15 digits and fill up with zeros
			return IDNumber{}, IDNumberDigits
		}
		return IDNumber{}, IDNumberCheck
	}
	sex := "女"
	if n, _ := strconv.Atoi(s[16:17]); n%2 == 1 { // a digit, checked above
		sex = "男"
	}
	return IDNumber{Number: s, Birth: birth.Format("2006-01-02"), Sex: sex}, IDNumberOK
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// checkDigit computes the last character of 17 digits (ISO 7064, MOD 11-2).
func checkDigit(s string) byte {
	sum := 0
	for i := range 17 {
		sum += int(s[i]-'0') * (1 << (17 - i) % 11)
	}
	return "10X98765432"[sum%11]
}

// ValidDate reports whether s is empty or a date that is not after now: YYYY, YYYY-MM or YYYY-MM-DD.
func ValidDate(s string, now time.Time) bool {
	if s == "" {
		return true
	}
	for _, layout := range []string{"2006", "2006-01", "2006-01-02"} {
		if len(s) == len(layout) {
			t, err := time.Parse(layout, s)
			return err == nil && t.Year() >= 1890 && !t.After(now)
		}
	}
	return false
}
