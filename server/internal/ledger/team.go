package ledger

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// notTeams is what people write where they mean none.
var notTeams = []string{"无", "没有", "暂无", "否", "不参加", "未参加", "-", "--", "—", "——"}

// TeamNames gives the interest teams that a cell of the ledger names, as they are written there, each once.
// Several are separated by marks, or by blanks where each piece is a word: 合 唱 队 is one team.
func TeamNames(wish string) []string {
	var out, keys []string
	add := func(name string) {
		name = strings.TrimSpace(name)
		if key := TeamKey(name); key != "" && !slices.Contains(notTeams, key) && !slices.Contains(keys, key) {
			out, keys = append(out, name), append(keys, key)
		}
	}
	for _, part := range strings.FieldsFunc(NormalText(wish), func(r rune) bool { return strings.ContainsRune(",;、/|\\+&。", r) }) {
		words := strings.Fields(part)
		if slices.ContainsFunc(words, func(w string) bool { return utf8.RuneCountInString(w) < 2 }) {
			words = []string{strings.Join(words, "")}
		}
		for _, w := range words {
			add(w)
		}
	}
	return out
}

// TeamKey is what two spellings of one team share: width, blanks and case tell nothing.
func TeamKey(name string) string {
	return strings.ToLower(strings.ReplaceAll(NormalText(name), " ", ""))
}
