package roster_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"bense/server/internal/ledger"
	"bense/server/internal/roster"
)

func text(s string) roster.Cell   { return roster.Cell{Text: s} }
func number(s string) roster.Cell { return roster.Cell{Text: s, Number: true} }

func TestParseDate(t *testing.T) {
	for _, c := range []struct {
		in   roster.Cell
		want string // empty: refused
	}{
		{text("1948.03.05"), "1948-03-05"}, {text("1948年3月5日"), "1948-03-05"}, {text("1948-03"), "1948-03"},
		{text("1948/3/5"), "1948-03-05"}, {text("194803"), "1948-03"}, {text("19480305"), "1948-03-05"},
		{text("1948.3"), "1948-03"}, {text("1948年03月"), "1948-03"}, {text("1948年"), "1948"}, {text("1948"), "1948"},
		{text("１９４８．０３"), "1948-03"}, {text("1948 年 3 月"), "1948-03"}, {text("48.3"), "1948-03"}, {text("15.3"), "2015-03"},
		{text("1948-03-05 00:00:00"), "1948-03-05"}, {text("1948-03-05T00:00:00"), "1948-03-05"},
		{text("一九四八年三月五日"), "1948-03-05"}, {text("一九四八年十二月"), "1948-12"}, {text("1948年十月"), "1948-10"},
		{text("一九四八年十月三十一日"), "1948-10-31"}, {text("1948、3"), "1948-03"}, {text("194800"), "1948"},
		{number("1943.12"), "1943-12"}, {number("1943.1"), "1943-10"}, {number("1943.01"), "1943-01"}, {number("1943"), "1943"},
		{number("194312"), "1943-12"}, {number("19431206"), "1943-12-06"}, {number("16046"), "1943-12-06"}, {number("16046.0"), "1943-12-06"},
		{text("1948.13"), ""}, {text("1948.02.30"), ""}, {text("2048.03"), ""}, {text("1848.03"), ""}, {text("农历三月"), ""},
		{text("不详"), ""}, {text(""), ""}, {number("1943.99"), ""}, {number("99999999"), ""}, {number("-5"), ""}, {text("3月5日"), ""},
	} {
		got, ok := roster.ParseDate(c.in, today)
		if ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%q: %q %v, want %q", c.in.Text, got, ok, c.want)
		}
	}
}

func TestCleanPhone(t *testing.T) {
	for _, c := range []struct {
		in     roster.Cell
		want   string
		warned bool
	}{
		{text("19900000061"), "19900000061", false}, {text("１９９００００００８５"), "19900000085", false},
		{text("199-0000-0060"), "19900000060", false}, {text(" 199 0000 0060 "), "19900000060", false},
		{number("19900000061"), "19900000061", false}, {number("1.9900000061E10"), "19900000061", false},
		{number("19900000061.0"), "19900000061", false}, {text("+86 199 0000 0061"), "19900000061", false},
		{text("008619900000061"), "19900000061", false}, {text("0546-5621234"), "05465621234", false}, {text("5621234"), "5621234", false},
		{text("(0546)5621234"), "05465621234", false}, {text("5621234/19900000061"), "19900000061", true},
		{text("19900000061、19900000062"), "19900000061", true}, {text("19900000061（儿子）"), "19900000061", false},
		{text("儿子19900000061"), "19900000061", false},
		{text(""), "", false}, {text("无"), "", false}, {text("-"), "", false}, {text("——"), "", false},
		{text("不详"), "", true}, {text("1990000006"), "", true}, {text("199****0061"), "", true}, {text("空号"), "", true},
		{text("=1+1"), "", true}, {number("1.99E10"), "19900000000", false}, {text("12345678901"), "", true},
	} {
		got, warning := roster.CleanPhone(c.in)
		if got != c.want || (warning != "") != c.warned {
			t.Errorf("%q: %q %q, want %q", c.in.Text, got, warning, c.want)
		}
	}
}

func TestCleanName(t *testing.T) {
	for _, c := range []struct{ in, name, note, fault string }{
		{" 崔 文海 ", "崔文海", "", ""}, {"崔　文", "崔文", "", ""}, {"崔\u200b文\ufeff海", "崔文海", "", ""}, {"张三（女）", "张三", "女", ""},
		{"张三(已故", "张三", "已故", ""}, {"阿布都•热西提", "阿布都·热西提", "", ""}, {"John Smith", "John Smith", "", ""},
		{"䶮\ue000", "䶮\ue000", "", ""},
		{"", "", "", "没有姓名"}, {"-", "", "", "没有姓名"}, {"张", "", "", "姓名不完整"}, {"张三3", "", "", "不能识别"}, {"张?", "", "", "不能识别"},
		{`=HYPERLINK("http://x.invalid","张三")`, "", "", "像是公式"}, {"＝张三", "", "", "像是公式"}, {"+张三", "", "", "像是公式"},
		{"-张三", "", "", "像是公式"}, {"@张三", "", "", "像是公式"}, {" \t=张三", "", "", "像是公式"}, {strings.Repeat("张", 31), "", "", "不能识别"},
	} {
		name, note, fault := roster.CleanName(text(c.in))
		if name != c.name || note != c.note || !strings.Contains(fault, c.fault) || (fault == "") != (c.fault == "") {
			t.Errorf("%q: %q %q %q", c.in, name, note, fault)
		}
	}
	if _, _, fault := roster.CleanName(roster.Cell{Text: "张三", Formula: true}); !strings.Contains(fault, "公式") {
		t.Errorf("a formula cell: %q", fault)
	}
}

func TestCleanIDNumber(t *testing.T) {
	for _, c := range []struct {
		in    roster.Cell
		want  string
		fault string
	}{
		{text("370599194312060047"), "370599194312060047", ""}, {text("37059919530908005x "), "37059919530908005X", ""},
		{text("370599 19431206 0047"), "370599194312060047", ""}, {text("'370599194312060047"), "370599194312060047", ""},
		{text("３７０５９９１９４３１２０６００４７"), "370599194312060047", ""}, {text("370599431206004"), "370599194312060047", ""},
		{text(""), "", ""}, {text("不详"), "", ""}, {text("370***********0047"), "", ""},
		{text("370599194312060048"), "", "校验位"}, {text("37059919431306004X"), "", "出生日期"}, {text("37059919431206"), "", "18位"},
		{number("370599193201010000"), "", "变成了数字"}, {number("3.7059919320101E+17"), "", "变成了数字"},
		{text("3.70599E+17"), "", "变成了数字"}, {text("370599193201020000"), "", "变成了数字"}, {number("370599431206004"), "", "变成了数字"},
	} {
		n, _, fault := roster.CleanIDNumber(c.in, today)
		if n.Number != c.want || !strings.Contains(fault, c.fault) || (fault == "") != (c.fault == "") {
			t.Errorf("%q: %q %q, want %q %q", c.in.Text, n.Number, fault, c.want, c.fault)
		}
	}
}

func TestHint(t *testing.T) {
	for remark, want := range map[string]ledger.Status{
		"2021年去世": ledger.Deceased, "已病故": ledger.Deceased, "于2020年3月逝世": ledger.Deceased, "老伴去世，2021年本人病故": ledger.Deceased,
		"随子女居住济南": ledger.Moved, "已迁居青岛": ledger.Moved, "组织关系转出": ledger.Moved, "2020年随女儿在外地居住": ledger.Moved, "调出": ledger.Moved,
		"家属反映已去世": ledger.Deceased, "王凤妹同志2021年去世": ledger.Deceased,
		"": "", "老伴去世": "", "配偶2019年病故": "", "未迁居": "", "丧偶": "", "与子女同住": "", "其妻已故": "", "误报去世": "", "爱好门球": "", "其妻2019年3月因病去世": "", "父母均已过世": "",
	} {
		if got, _ := roster.Hint(remark); got != want {
			t.Errorf("%q: %q, want %q", remark, got, want)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"1948.03.05", "一九四八年十月", "1943.1", "16046", "1e9", "年月日", "48.3"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, s string, n bool) {
		if d, ok := roster.ParseDate(roster.Cell{Text: s, Number: n}, today); ok && (d == "" || !ledger.ValidDate(d, today)) {
			t.Errorf("%q gives %q", s, d)
		}
	})
}

func FuzzCleanPhone(f *testing.F) {
	for _, s := range []string{"19900000061", "199-0000-0060", "不详", "1.99E10", "0546-5621234/19900000061", "+86"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, s string, n bool) {
		got, _ := roster.CleanPhone(roster.Cell{Text: s, Number: n})
		if again, ok := ledger.NormalPhone(got); got != "" && (!ok || again != got) {
			t.Errorf("%q gives %q", s, got)
		}
	})
}

func FuzzCleanIDNumber(f *testing.F) {
	for _, s := range []string{"370599194312060047", "37059919530908005x ", "370599431206004", "3.7E+17", "１２３"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, _, fault := roster.CleanIDNumber(text(s), today)
		if again, why := ledger.ParseIDNumber(n.Number, today); n.Number != "" && (fault != "" || why != "" || again != n) {
			t.Errorf("%q gives %+v %q", s, n, fault)
		}
	})
}

// FuzzParse maps any text table: whatever comes in, rows that get in are clean.
func FuzzParse(f *testing.F) {
	f.Add("姓名,身份证号,单位,联系电话\n张三,370599194312060047,县总工会,19900000001\n")
	f.Add("标题\n序 号,姓 名,出生年月,所在党支部,家属,\n,,,,姓名,电话\n1,李四,1948.3,县妇联党支部,李五,199\n合计,1\n")
	f.Add("姓名;单位;备注\n=1+1;@x;去世\n赵六;县科协(原);\"去世\n\"")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := roster.Parse("名册.csv", []byte(s), today)
		if err != nil {
			return
		}
		for _, r := range p.Rows {
			if !ledger.IsName(r.Fields.Name) || !utf8.ValidString(r.Unit) {
				t.Errorf("%q lets %q of %q in", s, r.Fields.Name, r.Unit)
			}
			if _, err := r.Fields.Clean(today); err != nil {
				t.Errorf("%q lets in what the ledger refuses: %+v", s, r.Fields)
			}
		}
		for _, bad := range p.Refused {
			if bad.Reason == "" || bad.Row == 0 {
				t.Errorf("%q refuses without a place: %+v", s, bad)
			}
		}
	})
}
