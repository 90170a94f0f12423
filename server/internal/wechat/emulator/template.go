package emulator

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Template is a subscribe template of the emulated account.
type Template struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Content string `json:"content"` // as the platform writes it, with {{thing1.DATA}}
	Type    int    `json:"type"`    // 2 one-time, 3 long-term
	// Occasion and Meanings (title → thing1) tell the product what the template is for.
	Occasion string            `json:"occasion"`
	Meanings map[string]string `json:"meanings"`
}

// DefaultTemplates are the three that the product uses.
func DefaultTemplates() []Template {
	one := func(occasion, title, note string) Template {
		sum := sha256.Sum256([]byte("template " + occasion))
		return Template{
			ID: base64.RawURLEncoding.EncodeToString(sum[:]), Title: title, Type: 2, Occasion: occasion,
			Content:  "标题:{{thing1.DATA}}\n时间:{{time2.DATA}}\n地点:{{thing3.DATA}}\n" + note + ":{{thing4.DATA}}\n",
			Meanings: map[string]string{"title": "thing1", "time": "time2", "place": "thing3", "note": "thing4"},
		}
	}
	return []Template{
		one("activity_notice", "活动通知", "备注"),
		one("activity_reminder", "活动提醒", "备注"),
		one("activity_change", "活动变更", "备注"),
	}
}

var dataField = regexp.MustCompile(`\{\{(\w+)\.DATA\}\}`)

func (t Template) fields() []string {
	var out []string
	for _, m := range dataField.FindAllStringSubmatch(t.Content, -1) {
		out = append(out, m[1])
	}
	return out
}

// What the platform takes in each kind of field. Written apart from the client's rules on purpose: each
// checks the other.
var (
	anyLine   = `[^\p{Cc}]+`
	aDate     = `(\d{4}年\d{1,2}月\d{1,2}日|\d{4}[-/]\d{1,2}[-/]\d{1,2})`
	aTime     = `([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?`
	fieldKind = map[string]struct {
		max     int
		pattern *regexp.Regexp
	}{
		"thing":            {20, regexp.MustCompile(`^` + anyLine + `$`)},
		"const":            {20, regexp.MustCompile(`^` + anyLine + `$`)},
		"character_string": {32, regexp.MustCompile(`^[ -~]+$`)},
		"number":           {32, regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)},
		"letter":           {32, regexp.MustCompile(`^[A-Za-z]+$`)},
		"symbol":           {5, regexp.MustCompile(`^[\p{P}\p{S}]+$`)},
		"time":             {64, regexp.MustCompile(`^(` + aDate + ` ?)?` + aTime + `(~(` + aDate + ` ?)?` + aTime + `)?$`)},
		"date":             {64, regexp.MustCompile(`^` + aDate + `( ?` + aTime + `)?(~` + aDate + `( ?` + aTime + `)?)?$`)},
		"amount":           {13, regexp.MustCompile(`^\p{Sc}?[0-9]{1,10}(\.[0-9]+)?元?$`)},
		"phone_number":     {17, regexp.MustCompile(`^[-+0-9() ]+$`)},
		"car_number":       {8, regexp.MustCompile(`^[\p{Han}A-Z][A-Z0-9]*[\p{Han}A-Z0-9]$`)},
		"name":             {20, regexp.MustCompile(`^[^\p{Cc}\p{Nd}]+$`)},
		"phrase":           {5, regexp.MustCompile(`^\p{Han}+$`)},
	}
	hanRune = regexp.MustCompile(`\p{Han}`)
)

// acceptable says whether the platform would take the value.
func acceptable(field, value string) bool {
	kind := strings.TrimRight(field, "0123456789")
	k, ok := fieldKind[kind]
	if !ok || strings.TrimSpace(value) == "" || !k.pattern.MatchString(value) {
		return false
	}
	limit := k.max
	if kind == "name" && hanRune.MatchString(value) {
		limit = 10
	}
	return utf8.RuneCountInString(value) <= limit
}
