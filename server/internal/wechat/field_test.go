package wechat_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"bense/server/internal/wechat"
)

func TestCheckField(t *testing.T) {
	for _, c := range []struct {
		field, value string
		ok           bool
	}{
		{"thing1", strings.Repeat("党", 20), true},
		{"thing1", strings.Repeat("党", 21), false},
		{"thing1", "两\n行", false},
		{"thing1", "", false},
		{"thing1", "坏\xff字", false},
		{"name1", "十个汉字十个汉字十个", true},
		{"name1", "十个汉字十个汉字十个一", false},
		{"name1", "Abcdefghij Klmnopqrs", true},
		{"name1", "Abcdefghij Klmnopqrstu", false},
		{"name1", "王Abcdefghijk", false}, // mixed counts as Chinese
		{"name1", "王3", false},
		{"phrase1", "活动通知啦", true},
		{"phrase1", "活动通知来啦", false},
		{"phrase1", "活动a", false},
		{"character_string1", strings.Repeat("a", 32), true},
		{"character_string1", strings.Repeat("a", 33), false},
		{"character_string1", "汉", false},
		{"number1", "12.5", true},
		{"number1", "12a", false},
		{"number1", strings.Repeat("1", 33), false},
		{"time1", "15:01", true},
		{"time1", "2026年7月1日 09:00", true},
		{"time1", "2026年7月1日 09:00~11:00", true},
		{"time1", "2026-07-01 09:00", true},
		{"time1", "24:00", false},
		{"time1", "9点", false},
		{"time1", "2026年7月1日", false},
		{"date1", "2026年7月1日", true},
		{"date1", "2026-7-1", true},
		{"date1", "2026-7-1 09:00", true},
		{"date1", "7月1日", false},
		{"amount1", "¥100.5元", true},
		{"amount1", "一百", false},
		{"phone_number1", "0571-8888888", true},
		{"phone_number1", "1234567890123456789", false},
		{"symbol1", "!!", true},
		{"letter1", "abc", true},
		{"letter1", "ab1", false},
		{"blob1", "x", false},
	} {
		if err := wechat.CheckField(c.field, c.value); (err == nil) != c.ok {
			t.Errorf("%s %q: %v", c.field, c.value, err)
		} else if err != nil && c.value != "" && strings.Contains(err.Error(), c.value) && c.value != "x" {
			t.Errorf("the value is in the error: %v", err)
		}
	}
}

func TestFit(t *testing.T) {
	for _, c := range []struct{ kind, in, want string }{
		{"thing", "七一", "七一"},
		{"thing", strings.Repeat("长", 30), strings.Repeat("长", 19) + "…"},
		{"thing", " 两\n 行\t", "两 行"},
		{"thing", "", "无"},
		{"thing", strings.Repeat("长", 18) + "👨\u200d👩", strings.Repeat("长", 18) + "👨…"},
		{"name", "欧阳春华欧阳春华欧阳春华", "欧阳春华欧阳春华欧…"},
		{"name", "王3", "王"},
		{"phrase", "活动通知来啦!", "活动通知来"},
		{"character_string", "编号 A-1", "A-1"},
		{"time", "15:01", "15:01"},
	} {
		if got := wechat.Fit(c.kind, c.in); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.kind, c.in, got, c.want)
		}
	}
	if got := wechat.TimeText(time.Date(2026, 7, 1, 1, 5, 0, 0, time.UTC)); got != "2026年7月1日 09:05" || wechat.CheckField("time1", got) != nil {
		t.Error(got)
	}
	if got := wechat.DateText(time.Date(2026, 6, 30, 16, 0, 0, 0, time.UTC)); got != "2026年7月1日" || wechat.CheckField("date1", got) != nil {
		t.Error(got)
	}
}

// Whatever people type, what Fit makes of it is taken where words are allowed.
func FuzzFit(f *testing.F) {
	f.Add("七一\n主题党日 \xff")
	f.Add("")
	f.Add("\u200d\ufe0f…👨‍👩‍👧")
	f.Fuzz(func(t *testing.T, s string) {
		for _, field := range []string{"thing1", "name1", "phrase1"} {
			got := wechat.Fit(wechat.Kind(field), s)
			if err := wechat.CheckField(field, got); err != nil || !utf8.ValidString(got) {
				t.Errorf("%s: %q became %q: %v", field, s, got, err)
			}
		}
	})
}
