package ledger

import (
	"strings"
	"unicode"

	"github.com/mozillazg/go-pinyin"
)

// surnames are read otherwise than the same character elsewhere.
var surnames = map[rune]string{
	'曾': "zeng", '单': "shan", '解': "xie", '仇': "qiu", '区': "ou", '查': "zha", '翟': "zhai", '盖': "ge",
	'朴': "piao", '任': "ren", '华': "hua", '尉': "wei", '缪': "miao", '乐': "yue", '员': "yun", '繁': "po",
	'折': "she", '冼': "xian", '覃': "qin", '召': "shao", '秘': "bi", '宓': "mi", '卜': "bu", '谌': "chen",
	'重': "chong", '种': "chong", '黑': "he", '洗': "xian", '么': "yao", '宁': "ning", '万': "wan", '石': "shi",
	'贾': "jia", '都': "du", '燕': "yan", '应': "ying", '车': "che", '长': "zhang", '牟': "mu", '訾': "zi",
}

// Pinyin spells a name without tones (guoaiguo) and gives its initials (gag), as the roster search
// and the door want them. Other letters stand for themselves.
func Pinyin(name string) (full, initials string) {
	var f, i strings.Builder
	args := pinyin.NewArgs()
	for n, r := range []rune(name) {
		spelt := ""
		if n == 0 {
			spelt = surnames[r]
		}
		if spelt == "" {
			if p := pinyin.SinglePinyin(r, args); len(p) > 0 {
				spelt = p[0]
			} else if unicode.IsLetter(r) {
				spelt = strings.ToLower(string(r))
			}
		}
		if spelt == "" {
			continue
		}
		f.WriteString(spelt)
		i.WriteRune([]rune(spelt)[0])
	}
	return clip(f.String(), 200), clip(i.String(), 40)
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
