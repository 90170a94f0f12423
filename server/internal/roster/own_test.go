package roster_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/roster"
)

func (c *county) column(name string, kind ledger.ColumnKind, choices ...string) ledger.Column {
	c.t.Helper()
	col, err := c.ledger.CreateColumn(c.t.Context(), c.staff, ledger.Column{CommitteeID: c.committee.ID, Name: name, Kind: kind, Choices: choices})
	if err != nil {
		c.t.Fatal(err)
	}
	return col
}

// owned tells what a person's own columns hold, in the order given.
func (c *county) owned(name string, columns ...ledger.Column) string {
	c.t.Helper()
	rec := c.named(name)
	out := make([]string, len(columns))
	for i, col := range columns {
		out[i] = rec.Own(col.ID)
	}
	return strings.Join(out, "|")
}

func TestTitlesThatALedgerKnows(t *testing.T) {
	for title, want := range map[string]bool{"姓 名": true, "手机号码": true, "待遇": true, "所属联盟": true, "党龄补贴": false, "慰问类别": false} {
		if roster.Reserved(title) != want {
			t.Errorf("%s: %v", title, !want)
		}
	}
}

func TestOwnColumnsComeInByTheirName(t *testing.T) {
	c := newCounty(t)
	money, kind := c.column("党龄补贴（元）", ledger.NumberColumn), c.column("慰问类别", ledger.ChoiceColumn, "一般", "重点")
	since, lives := c.column("慰问日期", ledger.DateColumn), c.column("住过院", ledger.YesNoColumn)
	file := book(t, func(f *excelize.File, s string) {
		lines(t, f, s, []any{"姓名", "单位", "党龄补贴 (元)", "慰问类别", "慰问日期", "住过院"},
			[]any{"张三三", "县妇联", 300.0, " 重 点", "2026年9月1日", "√"}, []any{"李四四", "县妇联", "很多", "特困", "哪天", "也许"},
			[]any{"王五五", "县妇联", "-", "", 46000, "无"}, []any{"赵六六", "县妇联", 0.1 + 0.2, "一般", "2027.05", "0"})
	})
	imp := c.preview("a.xlsx", file)
	if imp.Report.New != 4 || len(imp.Report.Asked)+len(imp.Report.Ignored)+len(imp.Report.Refused) != 0 {
		t.Fatalf("%+v", imp.Report)
	}
	var said []string
	for _, w := range imp.Report.Warnings {
		if w.Row == 3 && w.Column != "单位" {
			said = append(said, w.Cell+" "+w.Column+" "+w.Value+" "+w.Reason)
		}
	}
	if want := "C3 党龄补贴(元) 很多 “很多”没有采用：应是数字，例如 300 或 300.5\nD3 慰问类别 特困 “特困”没有采用：应是“一般、重点”中的一项\n" +
		"E3 慰问日期 哪天 “哪天”没有采用：应是日期，例如 2026-03 或 2026-03-05\nF3 住过院 也许 “也许”没有采用：应填“是”或“否”"; strings.Join(said, "\n") != want {
		t.Error(strings.Join(said, "\n"))
	}
	fields := c.items(imp, roster.TabNew)[0].Fields
	if at := fields[len(fields)-4]; at.Key != money.Key() || at.Label != "党龄补贴(元)" || at.To != "300" {
		t.Errorf("%+v", fields)
	}
	if _, err := c.roster.Commit(t.Context(), c.staff, imp.ID); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"张三三": "300|重点|2026-09-01|是", "李四四": "|||", "王五五": "||2025-12-09|否", "赵六六": "0.3|一般|2027-05|否"} {
		if got := c.owned(name, money, kind, since, lives); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if r := c.preview("again.xlsx", file).Report; r.Same != 4 || r.Changed+r.New != 0 {
		t.Errorf("again: %+v", sumsOf(r))
	}
}

func TestOwnColumnsInTheThreeWayPreview(t *testing.T) {
	c := newCounty(t)
	kind, role := c.column("慰问类别", ledger.ChoiceColumn, "一般", "重点"), c.column("社区职务", ledger.TextColumn)
	const title = "姓名,单位,慰问类别,社区职务\n"
	c.load("a.csv", []byte(title+"张三三,县妇联,一般,楼长\n李四四,县妇联,一般,\n王五五,县妇联,重点,组长\n"))
	imp := c.preview("b.csv", []byte(title+"张三三,县妇联,重点,会计\n李四四,县妇联,重点,出纳\n王五五,县妇联,,组长\n赵六六,县妇联,一般,甲\n赵六六,县妇联,重点,甲\n"))
	if r := imp.Report; r.New != 1 || r.Changed != 2 || r.Same != 1 || r.Conflicts != 1 {
		t.Fatalf("%+v", r)
	}
	changed := c.items(imp, roster.TabChanged)
	if d := changed[0].Fields; len(d) != 2 || d[0] != (roster.Difference{Key: kind.Key(), Label: "慰问类别", From: "一般", To: "重点"}) {
		t.Errorf("%+v", d)
	}
	fresh := c.items(imp, roster.TabNew)[0]
	if x := fresh.Conflicts; len(x) != 1 || x[0].Label != "慰问类别" || x[0].First != "一般" || x[0].Later != "重点" || x[0].LaterRow != "b 第6行" {
		t.Errorf("%+v", x)
	}
	c.choose(imp, roster.ChoiceOf{Item: changed[0].No, Field: kind.Key(), Choice: roster.Keep}, roster.ChoiceOf{Item: fresh.No, Field: kind.Key(), Choice: roster.Later})
	// newer than the file: it stays
	c.edit(c.named("李四四").ID, ledger.PersonChange{Own: map[id.ID]string{role.ID: "门卫"}})
	done, err := c.roster.Commit(t.Context(), c.staff, imp.ID)
	if err != nil || done.Report.Newer != 1 || warned(done.Report, 3) != "社区职务" {
		t.Errorf("%v %+v", err, done.Report)
	}
	for name, want := range map[string]string{"张三三": "一般|会计", "李四四": "重点|门卫", "王五五": "重点|组长", "赵六六": "重点|甲"} {
		if got := c.owned(name, kind, role); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	c.edit(c.named("张三三").ID, ledger.PersonChange{Own: map[id.ID]string{role.ID: "主任"}})
	u, err := c.roster.TryUndo(t.Context(), c.staff, imp.ID)
	if err != nil || len(u.Conflicts) != 1 || u.Conflicts[0].Column != "社区职务" || u.Conflicts[0].Wrote != "会计" || u.Conflicts[0].Now != "主任" {
		t.Errorf("%v %+v", err, u)
	}
	if err := c.undo(imp, true); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"张三三": "一般|主任", "李四四": "一般|门卫", "王五五": "重点|组长"} {
		if got := c.owned(name, kind, role); got != want {
			t.Errorf("after the undo %s: %s, want %s", name, got, want)
		}
	}
}

func TestATitleIsExplainedToMeanAnOwnColumn(t *testing.T) {
	c := newCounty(t)
	kind := c.column("慰问类别", ledger.ChoiceColumn, "一般", "重点")
	file := []byte("姓名,单位,走访档次\n张三三,县妇联,重点\n")
	imp := c.upload("a.csv", file)
	if len(imp.Report.Asked) != 1 {
		t.Fatalf("%+v", imp.Report)
	}
	explain := func(column string) error {
		_, err := c.roster.Explain(t.Context(), c.staff, imp.ID, []roster.Meaning{{Title: "走访档次", Column: column}})
		return err
	}
	if err := explain("custom.12345"); !errors.Is(err, errs.ErrInvalid) {
		t.Error(err)
	}
	if err := explain(kind.Key()); err != nil {
		t.Fatal(err)
	}
	if imp = c.settled(imp); len(imp.Report.Asked) != 0 {
		t.Errorf("%+v", imp.Report)
	}
	// a column that goes out of use before the commit is left alone, and its title asked about anew
	if _, err := c.ledger.RetireColumn(t.Context(), c.staff, kind.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := c.roster.Commit(t.Context(), c.staff, imp.ID); err != nil || c.owned("张三三", kind) != "" {
		t.Error(err, c.owned("张三三", kind))
	}
	if r := c.upload("b.csv", file).Report; len(r.Asked) != 1 || r.Same != 1 {
		t.Errorf("%+v", r)
	}
}

func TestOwnColumnsGoOutBehindTheOthers(t *testing.T) {
	c := newCounty(t)
	money, role := c.column("党龄补贴", ledger.NumberColumn), c.column("社区职务", ledger.TextColumn)
	gone := c.column("旧栏", ledger.TextColumn)
	c.load("a.csv", []byte("姓名,单位,所属联盟,党龄补贴,社区职务,旧栏\n张三三,县妇联,群团,-12.5,楼长,旧\n"))
	sees := true
	if _, err := c.ledger.UpdateColumn(t.Context(), c.staff, role.ID, ledger.DefinitionChange{MemberSees: &sees}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ledger.RetireColumn(t.Context(), c.staff, gone.ID); err != nil {
		t.Fatal(err)
	}
	e, file := c.export(c.staff, c.wish(roster.FormCounty))
	rows := texts(t, file)["群团"]
	n := len(rows[3])
	if got := strings.Join(rows[3][n-3:], "|") + " " + strings.Join(rows[4][n-2:], "|"); got != "备注|党龄补贴|社区职务 -12.5|楼长" {
		t.Error(got)
	}
	if kept, err := c.roster.ExportByID(t.Context(), c.staff, e.ID); err != nil || !slices.Equal(kept.Columns[len(kept.Columns)-2:], []string{money.Key(), role.Key()}) {
		t.Errorf("%v %v", err, kept.Columns)
	}
	f, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	at, _ := excelize.CoordinatesToCellName(n-1, 5)
	if style, _ := f.GetCellStyle("群团", at); style != 5 { // marked as quoted: nothing computes it
		t.Error("style", style)
	}
	f.Close()
	if r := c.preview("back.xlsx", file).Report; r.Same != 1 || r.Changed+len(r.Asked)+len(r.Warnings) != 0 {
		t.Errorf("comes back as %+v", r)
	}
	// the province's form has none unless asked for, a retired one is none, and a head takes out what a head sees
	_, file = c.export(c.staff, c.wish(roster.FormProvince))
	if head := fmt.Sprint(texts(t, file)["党员信息"][1]); strings.Contains(head, "党龄补贴") {
		t.Error(head)
	}
	alliance := c.snapshot().Alliances[0]
	head := actor.Actor{Account: 9, Grants: []actor.Grant{{Role: actor.Head, Place: alliance.Place()}}}
	for who, want := range map[*actor.Actor]map[string]error{&c.staff: {gone.Key(): errs.ErrInvalid, money.Key(): nil}, &head: {money.Key(): errs.ErrInvalid, role.Key(): nil}} {
		for key, fault := range want {
			w := roster.Wish{Form: roster.FormCounty, Alliance: alliance.ID, Columns: []string{"name", key}, Reason: "核对台账"}
			if _, err := c.roster.Export(t.Context(), *who, w); !errors.Is(err, fault) {
				t.Errorf("%s: %v", key, err)
			}
		}
	}
	// who keeps one unit's rows besides takes out no more than before
	head.Grants = append(head.Grants, actor.Grant{Role: actor.Liaison, Place: c.snapshot().Units[0].Place()})
	w := roster.Wish{Form: roster.FormCounty, Alliance: alliance.ID, Columns: []string{"name", money.Key()}, Reason: "核对台账"}
	if _, err := c.roster.Export(t.Context(), head, w); !errors.Is(err, errs.ErrInvalid) {
		t.Errorf("a head who is a liaison: %v", err)
	}
	w.Alliance, w.Unit = 0, c.snapshot().Units[0].ID
	if _, err := c.roster.Export(t.Context(), head, w); err != nil {
		t.Errorf("of the own unit: %v", err)
	}
	c.jobs.Wait()
}

// A file holds whom the ledger shows under the same filter, and says so on itself.
func TestAnExportHonoursTheFilterOfAnOwnColumn(t *testing.T) {
	c := newCounty(t)
	kind, hidden := c.column("慰问类别", ledger.YesNoColumn), c.column("谈话", ledger.YesNoColumn)
	sees := true
	if _, err := c.ledger.UpdateColumn(t.Context(), c.staff, kind.ID, ledger.DefinitionChange{MemberSees: &sees}); err != nil {
		t.Fatal(err)
	}
	c.load("a.csv", []byte("姓名,单位,所属联盟,慰问类别,谈话\n张三三,县妇联,群团,是,是\n李四四,县妇联,群团,否,\n王五五,县妇联,群团,,\n"))
	w := c.wish(roster.FormCounty)
	for want, ask := range map[string]ledger.OwnAsk{
		"张三三": {Column: kind.ID, Value: "是"}, "王五五": {Column: kind.ID, Blank: true}, "张三三 李四四": {Column: kind.ID},
	} {
		w.Own = ask
		e, file := c.export(c.staff, w)
		var names []string
		for _, row := range texts(t, file)["群团"][4:] {
			if len(row) > 1 {
				names = append(names, row[1])
			}
		}
		if strings.Join(names, " ") != want || e.Rows != len(names) || !strings.Contains(e.FileName, "（慰问类别") {
			t.Errorf("%v, %d rows in %s, want %s", names, e.Rows, e.FileName, want)
		}
	}
	alliance := c.snapshot().Alliances[0]
	head := actor.Actor{Account: 9, Grants: []actor.Grant{{Role: actor.Head, Place: alliance.Place()}}}
	for column, want := range map[id.ID]error{kind.ID: nil, hidden.ID: errs.ErrInvalid, 4711: errs.ErrInvalid} {
		w := roster.Wish{Form: roster.FormCounty, Alliance: alliance.ID, Own: ledger.OwnAsk{Column: column}, Reason: "核对台账"}
		if _, err := c.roster.Export(t.Context(), head, w); !errors.Is(err, want) {
			t.Errorf("a head by %s: %v, want %v", column, err, want)
		}
	}
	c.jobs.Wait()
}
