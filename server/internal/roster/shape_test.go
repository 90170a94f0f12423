package roster_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"bense/server/internal/ledger"
	"bense/server/internal/roster"
)

// brief is a row as the shape tests compare it.
func brief(r roster.Row) string {
	f := r.Fields
	return strings.TrimRight(fmt.Sprintf("%d %s|%s|%s|%s|%s|%s|%s", r.Line, f.Name, r.Alliance, r.Unit, r.Branch, f.Phone, f.FamilyContact, f.FamilyPhone), "|")
}

func TestShapesOfSheets(t *testing.T) {
	merge := func(f *excelize.File, s string, cells ...string) {
		for i := 0; i < len(cells); i += 2 {
			if err := f.MergeCell(s, cells[i], cells[i+1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		fill    func(f *excelize.File, s string)
		want    []string
		refused int
		skipped int
	}{
		"header far below, unit merged downwards, sums": {func(f *excelize.File, s string) {
			lines(t, f, s, []any{"县直离退休干部党建联盟党员台账"}, nil, []any{"填报人：王五", "填报日期：2022-03-15"}, nil,
				[]any{"序号", "单 位", "姓名", "联系电话"}, []any{1, "县总工会", "张三", 19900000001}, []any{2, nil, "李四"}, []any{"合计", nil, "2人"},
				[]any{"填表人：王五", nil, nil, "审核：赵六"})
			merge(f, s, "A1", "D1", "B6", "B7")
		}, []string{"6 张三|县直离退休干部党建联盟|县总工会||19900000001", "7 李四|县直离退休干部党建联盟|县总工会"}, 0, 0},
		"titles above titles": {func(f *excelize.File, s string) {
			lines(t, f, s, []any{"姓名", "单位", "联系电话", "家属", nil}, []any{nil, nil, nil, "姓名", "电话"}, []any{"张三", "县妇联", "19900000001", "张四", "19900000002"})
			merge(f, s, "A1", "A2", "B1", "B2", "C1", "C2", "D1", "E1")
		}, []string{"3 张三||县妇联||19900000001|张四|19900000002"}, 0, 0},
		"two numbers of one title, contact and number in one": {func(f *excelize.File, s string) {
			lines(t, f, s, []any{"姓名", "单位", "电话", "家属姓名", "电话"}, []any{"张三", "县妇联(原)", "19900000001", "张四", "19900000002"},
				[]any{"姓名", "单位", "电话", "家属联系人及电话"}, []any{"李四", "原县妇联", "", "李五 199-0000-0003"})
		}, []string{"2 张三||县妇联||19900000001|张四|19900000002", "4 李四||县妇联|||李五|19900000003"}, 0, 0},
		"a section for each branch": {func(f *excelize.File, s string) {
			lines(t, f, s, []any{"序号", "姓名", "联系电话"}, []any{"县总工会离退休干部党支部（2人）"}, []any{1, "张三", "19900000001"}, []any{"县妇联退休党支部"}, []any{1, "李四", "19900000002"})
			merge(f, s, "A2", "C2", "A4", "C4")
		}, []string{"3 张三||县总工会|县总工会离退休干部党支部|19900000001", "5 李四||县妇联|县妇联退休党支部|19900000002"}, 0, 0},
		"one branch in the title, empty numbered lines": {func(f *excelize.File, s string) {
			lines(t, f, s, []any{"县科协离退休干部党支部党员花名册"}, []any{"序号", "姓名", "身份证号"}, []any{1, "张三", "370599194312060047"}, []any{2}, []any{3})
		}, []string{"3 张三||县科协|县科协离退休干部党支部"}, 0, 0},
		"a branch in the column of the unit": {func(f *excelize.File, s string) {
			lines(t, f, s, []any{"姓名", "单位", "所属联盟"}, []any{"张三", "县科协老干部党支部", "津苑"})
		}, []string{"2 张三|津苑离退休干部党建联盟|县科协|县科协老干部党支部"}, 0, 0},
		"one sheet per alliance, named so; hidden and empty ones": {func(f *excelize.File, s string) {
			lines(t, f, s, []any{"说明"})
			for _, name := range []string{"津苑", "旧表"} {
				if _, err := f.NewSheet(name); err != nil {
					t.Fatal(err)
				}
				lines(t, f, name, []any{"姓名", "单位", "联系电话"}, []any{"张三", "县审计局", "19900000001"})
			}
			if err := f.SetSheetVisible("旧表", false); err != nil {
				t.Fatal(err)
			}
		}, []string{"2 张三|津苑离退休干部党建联盟|县审计局||19900000001"}, 0, 2},
		"formulas": {func(f *excelize.File, s string) {
			lines(t, f, s, []any{"姓名", "单位", "联系电话"}, []any{"张三", "县审计局"}, []any{"李四", "县审计局"}, []any{"王五", "=1+1"}, []any{"赵六", "县审计局", "=2+3"})
			if err := f.SetCellFormula(s, "A2", `HYPERLINK("http://x.invalid","张三")`); err != nil {
				t.Fatal(err)
			}
		}, []string{"3 李四||县审计局", "5 赵六||县审计局"}, 2, 0},
	} {
		p, err := roster.Parse("台账.xlsx", book(t, c.fill), today)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, r := range p.Rows {
			got = append(got, brief(r))
		}
		if diff := cmp.Diff(c.want, got); diff != "" || len(p.Refused) != c.refused || len(p.Skipped) != c.skipped {
			t.Errorf("%s: refused %v, skipped %v\n%s", name, p.Refused, p.Skipped, diff)
		}
	}
}

func TestTitlesAreKnownInManySpellings(t *testing.T) {
	title := "姓　名,性别 ,民 族,出生年月\n(1948.03),公民身份号码,学历,加入党组织时间,参加工作\n时间,离/退类别,离（退）休时间,原单位及职务,职级,所在党支部,党内职务," +
		"所属联盟,手机号/电话,现居住地址/社区,是否异地居住,居住情况,身体状况,特 长,兴趣爱好,文体队伍,志愿服务意愿,社区报到,家属联系人,家属电话," +
		"是否使用智能手机/同用手机人,联络员,状态,备 注,政治面貌\n"
	quoted := `"` + strings.ReplaceAll(strings.TrimSuffix(title, "\n"), ",", `","`) + "\"\n"
	values := "张三,女,汉,1943.12,370599194312060047,大学,1964.02,1961.02,退休,1998.12,原县总工会工程师,科级,县总工会党支部,书记,群团,19900000001,滨河花园,否,独居," +
		"健康,书法,门球,合唱队,愿意,已报到,李四,19900000002,是,王五,在册,无,中共党员\n"
	p, err := roster.Parse("a.csv", []byte(quoted+values), today)
	if err != nil || len(p.Rows) != 1 || len(p.Warnings) != 0 {
		t.Fatalf("%v %+v", err, p)
	}
	want := ledger.Fields{Name: "张三", Sex: "女", Ethnicity: "汉族", Birth: "1943-12-06", IDNumber: "370599194312060047", Education: "大学",
		JoinedParty: "1964-02", StartedWork: "1961-02", LeaveKind: "退休", LeftAt: "1998-12", FormerPost: "原县总工会工程师", JobRank: "科级",
		PartyPost: "书记", Phone: "19900000001", Address: "滨河花园", Elsewhere: "否", Living: "独居", Health: "健康", Talents: "书法", Hobbies: "门球",
		TeamWish: "合唱队", Volunteer: "愿意", CommunityRegistered: "已报到", FamilyContact: "李四", FamilyPhone: "19900000002", Smartphone: "是",
		LiaisonName: "王五", Remark: "无"}
	if diff := cmp.Diff(want, p.Rows[0].Fields); diff != "" {
		t.Error(diff)
	}
	if len(p.Ignored) != 1 || p.Ignored[0].Column != "政治面貌" {
		t.Errorf("ignored: %+v", p.Ignored)
	}
}

func TestDoubtfulCellsWarnAndKeepTheRow(t *testing.T) {
	p, err := roster.Parse("a.csv", []byte("姓名,单位,性别,身份证号,出生年月,入党时间,电话,住址,备注\n"+
		"张三,县妇联,男,370599194312060047,1943.11,农历三月,不详,=cmd|' /C calc'!A0,"+strings.Repeat("长", 800)+"\n"), today)
	if err != nil || len(p.Rows) != 1 {
		t.Fatalf("%v %+v", err, p)
	}
	var got []string
	for _, w := range p.Warnings {
		got = append(got, w.Cell+" "+w.Column+" "+w.Reason)
	}
	want := []string{"E2 出生年月 出生年月与身份证号不一致，按表中填写的登记", "F2 入党时间 日期“农历三月”无法识别，已留空",
		"G2 电话 电话“不详”不是有效号码，已留空", "H2 住址 内容像公式，没有采用", "I2 备注 内容太长，只保留前700个字", "C2 性别 性别与身份证号不一致，按身份证号登记为女"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if f := p.Rows[0].Fields; f.Birth != "1943-11" || f.Sex != "女" || f.Address != "" || f.Phone != "" {
		t.Errorf("%+v", f)
	}
}
