package roster

import (
	"regexp"
	"strings"

	"bense/server/internal/ledger"
)

var (
	deathWords = regexp.MustCompile(`去世|逝世|病逝|病故|已故|亡故|身故|过世|辞世|离世|死亡|仙逝|牺牲`)
	moveWords  = regexp.MustCompile(`迁居|迁往|迁至|移居|搬至|搬到|搬往|定居|随(子女|儿子|女儿|子|女)(在|到|去)?.{0,4}(居住|生活)|(组织)?关系(已)?转(出|走|至|往|到)|转出|调出|调离|调往`)
	// about somebody else: 老伴去世, 其妻2019年因病去世; but not 家属反映已去世
	others = regexp.MustCompile(`(老伴|配偶|爱人|妻子?|丈夫|夫|父亲?|母亲?|父母|儿子?|女儿|子女|家属|兄|弟|姐|妹|亲属)` +
		`(已经?|于|也|均|都|先后|因病|患病|不幸|\d{2,4}年|\d{1,2}月份?|\d{1,2}[日号]|年?[初底]|[ .、])*$`)
	negated = regexp.MustCompile(`(未|没有?|不|无|并非|误报)[^,，。;；、]{0,2}$`)
)

// Hint reads from a remark whether somebody died or moved away. It only proposes: people decide.
func Hint(remark string) (ledger.Status, bool) {
	if says(remark, deathWords) {
		return ledger.Deceased, true
	}
	if says(remark, moveWords) {
		return ledger.Moved, true
	}
	return "", false
}

func says(remark string, words *regexp.Regexp) bool {
	for _, at := range words.FindAllStringIndex(remark, -1) {
		before := remark[:at[0]]
		if !others.MatchString(before) && !negated.MatchString(before) {
			return true
		}
	}
	return false
}

// statusHint reads the column 状态: what is not 在册 is proposed too.
func statusHint(s string) (ledger.Status, bool) {
	switch {
	case strings.Contains(s, "调出"), strings.Contains(s, "转出"), strings.Contains(s, "迁"):
		return ledger.Moved, true
	}
	return Hint(s)
}
