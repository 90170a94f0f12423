package ledger

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// NormalText folds full-width forms, drops what cannot be seen and trims; inner blanks become one.
func NormalText(s string) string {
	s = norm.NFKC.String(strings.ToValidUTF8(s, ""))
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Cf, r), unicode.IsControl(r): // zero-width blanks, byte order marks
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// FreeText cleans a text that people read, such as a remark: digits and letters become ordinary ones,
// Chinese punctuation stays.
func FreeText(s string) string {
	s = norm.NFC.String(strings.ToValidUTF8(s, ""))
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Cf, r), unicode.IsControl(r):
			return -1
		case r >= '０' && r <= '９', r >= 'Ａ' && r <= 'Ｚ', r >= 'ａ' && r <= 'ｚ':
			return r - '０' + '0'
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// withoutSpaces is NormalText without any blank.
func withoutSpaces(s string) string { return strings.ReplaceAll(NormalText(s), " ", "") }

// NormalName is how a person's name is stored: 张 三 becomes 张三, 阿布都•热西提 gets the usual dot.
func NormalName(s string) string {
	s = NormalText(s)
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		s = strings.ReplaceAll(s, " ", "")
	}
	return strings.NewReplacer("•", "·", "・", "·", "‧", "·", "●", "·").Replace(s)
}

// IsName reports whether a normal name can be somebody's.
func IsName(s string) bool {
	n := 0
	for _, r := range s {
		// rare characters live in the private use area of old fonts
		if !unicode.In(r, unicode.Letter, unicode.Co) && r != '·' && r != ' ' && r != '.' {
			return false
		}
		n++
	}
	return n >= 2 && n <= 30
}

// LooksLikeFormula reports a text that a spreadsheet would take for a formula.
func LooksLikeFormula(s string) bool {
	s = strings.TrimSpace(s)
	return s != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(s)[0])
}

var (
	formerUnit = regexp.MustCompile(`\((原|原单位|退休|离休|离退休|已?撤并|撤销)\)$`)
	formerMark = regexp.MustCompile(`^原(县|市|区|省|镇|乡)`)
	branchTail = regexp.MustCompile(`(机关)?(离退休|离休|退休|老)?(干部)?(职工|党员)?(党支部|党总支|党委|支部委员会|支部)(委员会)?$`)
)

// branchSuffix is what the branch of a unit is called when a sheet names none.
const branchSuffix = "离退休干部党支部"

// NormalUnit is how a unit's name is stored: 县总工会(原) becomes 县总工会.
func NormalUnit(s string) string {
	s = withoutSpaces(s)
	for {
		t := formerUnit.ReplaceAllString(s, "")
		t = formerMark.ReplaceAllString(t, "$1")
		if t == s {
			return s
		}
		s = t
	}
}

// NormalBranch is how a branch's name is stored.
func NormalBranch(s string) string { return withoutSpaces(s) }

// BranchOf names the branch of a unit.
func BranchOf(unit string) string { return unit + branchSuffix }

// UnitOf reads the unit from a branch's name: 县总工会离退休干部党支部 gives 县总工会.
func UnitOf(branch string) string {
	b := NormalBranch(branch)
	if u := branchTail.ReplaceAllString(b, ""); u != "" {
		return NormalUnit(u)
	}
	return NormalUnit(b)
}

var allianceTail = regexp.MustCompile(`(离退休|老)?(干部)?(党建)?联盟$`)

// allianceSuffix completes a short name.
const allianceSuffix = "离退休干部党建联盟"

// NormalAlliance is how an alliance's name is stored: the short 群团 becomes 群团离退休干部党建联盟.
func NormalAlliance(s string) string {
	s = withoutSpaces(s)
	if s == "" || strings.HasSuffix(s, "联盟") {
		return s
	}
	return s + allianceSuffix
}

// AllianceKey is what two spellings of one alliance share: its short name.
func AllianceKey(s string) string {
	s = withoutSpaces(s)
	if short := allianceTail.ReplaceAllString(s, ""); short != "" {
		return short
	}
	return s
}

var (
	mobile   = regexp.MustCompile(`^1[3-9][0-9]{9}$`)
	landline = regexp.MustCompile(`^(0[0-9]{2,3}[2-9][0-9]{6,7}|[2-9][0-9]{6,7})$`)
	country  = regexp.MustCompile(`^(\+|00)?86(1[3-9][0-9]{9})$`)
)

// NormalPhone gives the digits of a mobile or landline number; false when it is none.
func NormalPhone(s string) (string, bool) {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -—–－.()·'", r) {
			return -1
		}
		return r
	}, NormalText(s))
	if m := country.FindStringSubmatch(s); m != nil {
		s = m[2]
	}
	return s, mobile.MatchString(s) || landline.MatchString(s)
}

func last4(phone string) string {
	if len(phone) < 4 {
		return ""
	}
	return phone[len(phone)-4:]
}
