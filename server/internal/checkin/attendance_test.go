package checkin_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/checkin"
	"bense/server/internal/clock"
)

// held is an activity after which every kind of line is on the sheet.
func held(t *testing.T) *county {
	t.Helper()
	c := newCounty(t)
	ctx := t.Context()
	for person, reason := range map[int]string{1: "住院", 2: "探亲"} {
		if err := c.activity.Answer(ctx, c.head, c.of.ID, c.persons[1][person], "leave", reason); err != nil {
			t.Fatal(err)
		}
	}
	c.clk.Set(starts.Add(-10 * time.Minute))
	must(c.checkin.SignIn(ctx, c.member, checkin.Tap{Ticket: c.arrive(t, c.member), Nonce: newNonce(), Person: c.persons[0][0], Happened: c.clk.Now()}))(t)
	c.clk.Set(starts.Add(2 * time.Minute))
	walkIn := c.scan(t, c.persons[2][0])
	walkIn.WalkIn = true
	come := c.tap(c.persons[1][2])
	come.LeaveToPresent = true
	c.record(t, c.liaison, c.scan(t, c.persons[0][1]), c.tap(c.persons[0][3]), walkIn, come)
	c.clk.Set(ends.Add(20 * time.Hour))
	paper := c.tap(c.persons[1][0])
	paper.Door, paper.Happened = checkin.Paper, starts.Add(5*time.Minute)
	c.record(t, c.second, paper)
	return c
}

var wantSheet = [][]string{
	{"群团离退休干部党建联盟主题党日签到表"},
	{"活动名称：七一主题党日", "", "", "", "活动类型：主题党日"},
	{"活动时间：2026年7月1日 9:00—11:00", "", "", "", "活动地点：老年大学二楼"},
	{"承办单位：县水利局", "", "", "", "所属联盟：群团离退休干部党建联盟"},
	{"应到 9 人　　实到 6 人　　请假 1 人　　缺席 2 人"},
	{"序号", "姓名", "单位", "到会情况", "签到方式", "签到时间", "备注"},
	{"1", "张建国", "县水利局", "到会", "手机扫码", "8:50"},
	{"2", "李淑芬", "县水利局", "到会", "出示手机码", "9:02"},
	{"3", "王志强", "县水利局", "缺席"},
	{"4", "=1+1", "县水利局", "到会", "名册点名", "9:02", "代签：赵联络"},
	{"5", "王志强", "县教育局", "到会", "纸质签到", "9:05", "代签：钱联络"},
	{"6", "陈德明", "县教育局", "请假", "", "", "事由：住院"},
	{"7", "刘桂英", "县教育局", "到会", "名册点名", "9:02", "代签：赵联络"},
	{"8", "孙卫东", "县教育局", "缺席"},
	{"9", "周秀梅", "县档案馆", "到会", "出示手机码", "9:02", "现场补登"},
	nil,
	{"填表人：", "", "", "联盟负责人：", "", "日期：　　　年　　月　　日"},
}

func TestAttendanceFile(t *testing.T) {
	c := held(t)
	name, file, err := c.checkin.AttendanceFile(t.Context(), c.head, c.of.ID)
	if err != nil || name != "群团离退休干部党建联盟主题党日签到表20260701.xlsx" {
		t.Fatal(name, err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const sheet = "签到表"
	rows := must(f.GetRows(sheet))(t)
	for i, r := range rows { // empty styled cells at the end of a row
		rows[i] = strings.Split(strings.TrimRight(strings.Join(r, "|"), "|"), "|")
		if len(rows[i]) == 1 && rows[i][0] == "" {
			rows[i] = nil
		}
	}
	if d := cmp.Diff(wantSheet, rows); d != "" {
		t.Error(d)
	}
	if formula := must(f.GetCellFormula(sheet, "B10"))(t); formula != "" {
		t.Error("a name is computed:", formula)
	}
	if kind := must(f.GetCellType(sheet, "B10"))(t); kind != excelize.CellTypeSharedString {
		t.Error("a name is no text:", kind)
	}
	layout := must(f.GetPageLayout(sheet))(t)
	if *layout.Size != 9 || *layout.Orientation != "portrait" || *layout.FitToWidth != 1 || *layout.FitToHeight != 0 {
		t.Error("not for A4")
	}
	found := map[string]string{}
	for _, n := range f.GetDefinedName() {
		found[n.Name] = n.RefersTo
	}
	if found["_xlnm.Print_Titles"] != "'签到表'!$6:$6" || found["_xlnm.Print_Area"] != "'签到表'!$A$1:$G$17" {
		t.Error(found)
	}
	style := must(f.GetStyle(must(f.GetCellStyle(sheet, "G8"))(t)))(t)
	if len(style.Border) != 4 || style.Font.Family != "宋体" {
		t.Error(style)
	}
	if n := must(c.audit.Count(t.Context(), "checkin.export_attendance", c.of.ID))(t); n != 1 {
		t.Error("not written down")
	}
}

// A liaison files the whole alliance's sheet, but reads the reasons of the own unit only.
func TestReasonsStayInTheUnit(t *testing.T) {
	c := held(t)
	for name, x := range map[string]struct {
		who  actor.Actor
		want string
	}{"own unit": {c.second, "住院"}, "other unit": {c.liaison, ""}, "head": {c.head, "住院"}} {
		s := must(c.checkin.Attendance(t.Context(), x.who, c.of.ID))(t)
		if l := s.Lines[5]; l.Expected.Reason != x.want || l.State != checkin.StateLeave || len(s.Lines) != 9 {
			t.Errorf("%s: %+v", name, l)
		}
	}
}

func TestSheetOfSeveralDays(t *testing.T) {
	c := newCounty(t)
	end := starts.Add(30 * time.Hour)
	if _, err := c.activity.Change(t.Context(), c.head, c.of.ID, activity.Change{EndsAt: &end}); err != nil {
		t.Fatal(err)
	}
	c.clk.Set(time.Date(2026, 7, 2, 8, 5, 0, 0, clock.Shanghai))
	c.record(t, c.liaison, c.tap(c.persons[0][0]))
	s := must(c.checkin.Attendance(t.Context(), c.head, c.of.ID))(t)
	f := must(excelize.OpenReader(bytes.NewReader(must(s.XLSX())(t))))(t)
	defer f.Close()
	if at := must(f.GetCellValue("签到表", "F7"))(t); at != "7月2日 8:05" {
		t.Error(at)
	}
}

// Who waits for a place and comes is let in like anybody on the list; who stays away is not missed.
func TestWhoWaitsMayCome(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	c.clk.Set(starts.Add(-24 * time.Hour))
	if err := c.activity.SetPlaces(ctx, c.head, c.of.ID, activity.Places{Capacity: 1}); err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		if err := c.activity.Answer(ctx, c.head, c.of.ID, c.persons[0][n], activity.Going, ""); err != nil {
			t.Fatal(err)
		}
	}
	before := must(c.activity.Get(ctx, c.head, c.of.ID))(t).Counts
	c.clk.Set(starts.Add(-10 * time.Minute))
	if r := c.record(t, c.liaison, c.tap(c.persons[0][1])); r[0].Answer != checkin.OK {
		t.Errorf("somebody without a place is told %s", r[0].Answer)
	}
	if l := c.line(t, c.persons[0][1]); l.State != checkin.StatePresent {
		t.Error(l.State)
	}
	if l := c.line(t, c.persons[0][2]); l.State != checkin.StateLeave || l.Remark() != "候补，没有排到位子" {
		t.Errorf("%s %q", l.State, l.Remark())
	}
	after := must(c.activity.Get(ctx, c.head, c.of.ID))(t).Counts
	if before.Present++; after != before || after.Waiting != 2 {
		t.Errorf("%+v, then %+v", before, after)
	}
}
