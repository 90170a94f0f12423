package checkin_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"bense/server/internal/activity"
	"bense/server/internal/checkin"
	"bense/server/internal/id"
)

// pdfText reads a PDF back, page by page.
func pdfText(t testing.TB, file []byte) []string {
	t.Helper()
	cmd := exec.Command("pdftotext", "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(file)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal("pdftotext (Debian: poppler-utils):", err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\f"), "\f")
}

const (
	surnames = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
	given    = "建国淑芬志强德明桂英卫东秀梅振华玉兰文斌长顺凤霞镕喆"
)

// bigSheet is a county's: as many rows as asked for, every name another.
func bigSheet(rows int) checkin.PaperSheet {
	s := checkin.PaperSheet{Alliance: "群团离退休干部党建联盟", Activity: activity.Activity{Kind: activity.Outing, Title: "重阳节参观黄河文化馆",
		Place: "黄河文化馆南门", StartsAt: starts, EndsAt: ends}}
	a, b := []rune(surnames), []rune(given)
	units := []string{"县水利局", "县教育局", "县档案馆", "县农业农村局离退休干部党支部联合办公室"}
	for i := range rows {
		name := string([]rune{a[i%len(a)], b[i/len(a)%len(b)], b[(i*7+i/len(b))%len(b)]})
		s.Rows = append(s.Rows, checkin.PaperRow{No: i + 1, Name: name, Unit: units[i*len(units)/rows], Leave: i%17 == 3})
	}
	return s
}

var rowOf = regexp.MustCompile(`(?m)^ *(\d+) +(\p{Han}{3}) +(\p{Han}+)( +请假)?`)

func TestEverybodyIsOnTheSheetInOrder(t *testing.T) {
	sheet := bigSheet(517)
	file := must(sheet.PDF())(t)
	if dir := os.Getenv("KEEP_SHEET"); dir != "" {
		os.WriteFile(dir, file, 0o600)
	}
	pages := pdfText(t, file)
	next, leave := 0, 0
	for n, page := range pages {
		leave -= strings.Count(page, "请假")
		for _, want := range []string{"序号", "姓名", "单位", "签名", "时间", "备注", "参观视察签到单", fmt.Sprintf("第 %d 页，共 %d 页", n+1, len(pages))} {
			if !strings.Contains(page, want) {
				t.Errorf("page %d lacks %s", n+1, want)
			}
		}
		for _, m := range rowOf.FindAllStringSubmatch(page, -1) {
			if next == len(sheet.Rows) {
				t.Fatalf("too many rows: %v", m)
			}
			r := sheet.Rows[next]
			oneLine := len([]rune(r.Unit)) < 9 // a longer one is read back around the name
			if m[1] != fmt.Sprint(r.No) || m[2] != r.Name || oneLine && (r.Unit != m[3] || (m[4] != "") != r.Leave) {
				t.Fatalf("row %d: %q, want %+v", next+1, m[0], r)
			}
			if next++; r.Leave {
				leave++
			}
		}
	}
	if leave != 0 {
		t.Errorf("请假 is marked %d times too seldom", leave)
	}
	if next != 517 {
		t.Errorf("%d of 517 names are there", next)
	}
	if first := pages[0]; !strings.Contains(first, "2026年7月1日 9:00—11:00") || !strings.Contains(first, "黄河文化馆南门") {
		t.Error(first)
	}
	t.Logf("%d pages, %d bytes", len(pages), len(file))
}

// What people put into names must not break a page.
func TestSheetHoldsOddNames(t *testing.T) {
	sheet := bigSheet(0)
	odd := []string{"王𠮷明", "买买提·艾合买提江·吐尔逊·阿卜杜热合曼", "Abdurehim Heyit", "", "李\n\x00强", strings.Repeat("长", 300), "=1+1", "赵\ue1ff平"}
	for i, name := range odd {
		sheet.Rows = append(sheet.Rows, checkin.PaperRow{No: i + 1, Name: name, Unit: strings.Repeat("县", i*9)})
	}
	sheet.Activity.Title = strings.Repeat("重阳节参观", 12)
	text := strings.Join(pdfText(t, must(sheet.PDF())(t)), "")
	for _, want := range []string{"王□明", "买买提·", "Heyit", "=1+1", "赵□平", "8"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if blank := strings.Count(text, "□"); blank < 2 {
		t.Error("characters without a glyph are not visible")
	}
}

// The sheet of the service: numbers stay when people join, leave is marked, no telephone is on it.
func TestSignInSheet(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	if err := c.activity.Answer(ctx, c.head, c.of.ID, c.persons[0][2], activity.Leave, "住院手术"); err != nil {
		t.Fatal(err)
	}
	print := func(unit id.ID) string {
		name, file, err := c.checkin.SignInSheet(ctx, c.liaison, c.of.ID, unit)
		if err != nil || !strings.HasSuffix(name, "20260701.pdf") {
			t.Fatal(name, err)
		}
		return strings.Join(pdfText(t, file), "")
	}
	all := print(0)
	if want := regexp.MustCompile(`(?s)1 +张建国 +县水利局.* 2 +李淑芬.* 3 +王志强 +县水利局 +请假.* 5 +王志强 +县教育局.* 8 +孙卫东`); !want.MatchString(all) {
		t.Error(all)
	}
	for _, secret := range []string{"199000", "0001", "住院"} {
		if strings.Contains(all, secret) {
			t.Errorf("%s is on the sheet", secret)
		}
	}
	guest := c.tap(c.persons[2][0])
	guest.WalkIn = true
	if got := must(c.checkin.Record(ctx, c.staff, c.list, []checkin.Item{guest}))(t); got[0].Answer != checkin.OK {
		t.Fatal(got)
	}
	second := print(c.units[1])
	if !regexp.MustCompile(` 5 +王志强`).MatchString(second) || strings.Contains(second, "张建国") || !strings.Contains(second, "单位：县教育局") {
		t.Error(second)
	}
	if again := print(0); !regexp.MustCompile(`(?s) 8 +孙卫东.* 9 +周秀梅 +县档案馆`).MatchString(again) {
		t.Error("who came later is not at the end:", again)
	}
	r := must(c.checkin.Roster(ctx, c.liaison, c.list))(t)
	if r.Numbers[c.persons[0][0]] != 1 || r.Numbers[c.persons[2][0]] != 9 || len(r.Numbers) != 9 {
		t.Error(r.Numbers)
	}
	if n := must(c.audit.Count(ctx, "checkin.print_sheet", c.of.ID))(t); n != 3 {
		t.Error("audit:", n)
	}
	if _, _, err := c.checkin.SignInSheet(ctx, c.member, c.of.ID, 0); err == nil {
		t.Error("a member took the sheet")
	}
}

// Several who print at once agree on the numbers.
func TestNumbersAreGivenOnce(t *testing.T) {
	c := newCounty(t)
	const printers = 20
	got := make(chan string, printers)
	for range printers {
		go func() {
			_, file, err := c.checkin.SignInSheet(t.Context(), c.liaison, c.of.ID, 0)
			if err != nil {
				got <- err.Error()
				return
			}
			got <- strings.Join(pdfText(t, file), "")
		}()
	}
	first := <-got
	for range printers - 1 {
		if other := <-got; other != first {
			t.Error("two sheets differ:", other)
		}
	}
}

func BenchmarkSheet(b *testing.B) {
	b.ReportAllocs()
	for sheet := bigSheet(500); b.Loop(); {
		if _, err := sheet.PDF(); err != nil {
			b.Fatal(err)
		}
	}
}
