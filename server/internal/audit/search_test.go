package audit_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/page"
)

// names of a small county; one of them would like to be computed.
type names struct{}

func (names) AccountName(context.Context, []id.ID) (map[id.ID]string, error) {
	return map[id.ID]string{5: "李明", 6: "＝HYPERLINK(1)"}, nil
}

func (names) SubjectName(_ context.Context, kind string, _ []id.ID) (map[id.ID]string, error) {
	return map[id.ID]string{100: "王建国", 101: "=1+1"}, nil
}

func staff(committee id.ID) actor.Actor {
	return actor.Actor{Account: 5, Grants: []actor.Grant{{Role: actor.CommitteeStaff, Place: actor.Place{Committee: committee}}}}
}

func newLibrary(t *testing.T) *office {
	o := newOffice(t)
	o.log.UseNames(names{})
	for i, l := range []audit.By{
		{Account: 5, Line: audit.Line{Action: "ledger.reveal_person", Kind: "person", Subject: 100, Place: actor.Place{Committee: 7},
			Detail: map[string]any{"fields": []string{"phone", "id_number"}, "reason": "慰问联系"}}},
		{Account: 6, Line: audit.Line{Action: "ledger.update_person", Kind: "person", Subject: 101, Place: actor.Place{Committee: 7, Unit: 3}, Detail: map[string]any{"columns": []string{"address"}}}},
		{Account: 5, Line: audit.Line{Action: "roster.commit", Kind: "import", Subject: 9, Place: actor.Place{Committee: 8}}},
		{Account: 5, Line: audit.Line{Action: "identity.login", Kind: "account", Subject: 5}},
	} {
		o.clk.Set(start.AddDate(0, 0, i))
		if err := o.log.WriteAll(t.Context(), []audit.By{l}); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func (o *office) search(who actor.Actor, f audit.Filter) []audit.Entry {
	o.Helper()
	list, err := o.log.Search(o.Context(), who, f)
	if err != nil {
		o.Fatal(err)
	}
	return list.Items
}

func TestSearch(t *testing.T) {
	o := newLibrary(t)
	all := o.search(staff(7), audit.Filter{})
	if len(all) != 2 || all[1].Sentence != "李明 查看了 王建国 的手机号、身份证号，理由：慰问联系" || all[0].Sentence != "＝HYPERLINK(1) 更改了 =1+1 的台账（住址）" {
		t.Fatalf("%+v", all)
	}
	if n := len(o.search(staff(8), audit.Filter{})); n != 1 {
		t.Error("another committee's lines:", n)
	}
	for name, c := range map[string]struct {
		f    audit.Filter
		want int
	}{
		"person":  {audit.Filter{Kind: "person", Subject: 100}, 1},
		"account": {audit.Filter{Account: 6}, 1},
		"action":  {audit.Filter{Action: "ledger.reveal_person"}, 1},
		"kind":    {audit.Filter{Kind: "import"}, 0},
		"from":    {audit.Filter{From: start.AddDate(0, 0, 1)}, 1},
		"until":   {audit.Filter{Until: start.AddDate(0, 0, 1)}, 1},
		"never":   {audit.Filter{Until: start}, 0},
		"after":   {audit.Filter{Page: page.Page{After: all[0].ID.String()}}, 1},
	} {
		if n := len(o.search(staff(7), c.f)); n != c.want {
			t.Errorf("%s: %d lines, want %d", name, n, c.want)
		}
	}
	list, err := o.log.Search(t.Context(), staff(7), audit.Filter{Page: page.Page{Limit: 1}})
	if err != nil || list.Next != all[0].ID.String() {
		t.Error(list, err)
	}
	liaison := actor.Actor{Grants: []actor.Grant{{Role: actor.Liaison, Place: actor.Place{Committee: 7, Unit: 3}}}}
	if _, err := o.log.Search(t.Context(), liaison, audit.Filter{}); !errors.Is(err, errs.ErrForbidden) {
		t.Error(err)
	}
	if _, err := o.log.ChainState(t.Context(), liaison); !errors.Is(err, errs.ErrForbidden) {
		t.Error(err)
	}
	o.seal()
	if s, err := o.log.ChainState(t.Context(), staff(7)); err != nil || s.Head.Seq != 4 || s.Tail.Lines != 4 || s.Tail.Broken != 0 || s.Waiting != 0 || s.Anchor.Seq != 4 {
		t.Errorf("%+v %v", s, err)
	}
}

// Log-ins have no place: the auditor of the one committee at the top finds them, nobody else's does.
func TestOwnColumnsHaveTheirNames(t *testing.T) {
	o := newLibrary(t)
	err := o.log.WriteAll(t.Context(), []audit.By{{Account: 5, Line: audit.Line{Action: "ledger.update_person", Kind: "person", Subject: 100,
		Place: actor.Place{Committee: 7}, Detail: map[string]any{"columns": []string{"education", "custom.101", "custom.102", "custom.x"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := o.search(staff(7), audit.Filter{})[0].Sentence; got != "李明 更改了 王建国 的台账（文化程度、=1+1、自定义栏、custom.x）" {
		t.Error(got)
	}
}

func TestLinesWithoutAPlaceAreTheTopsOwn(t *testing.T) {
	o := newLibrary(t)
	top := id.ID(7)
	o.log.UseRoot(func(context.Context) (id.ID, error) { return top, nil })
	logins := audit.Filter{Action: "identity.login"}
	if n := len(o.search(staff(7), logins)); n != 1 {
		t.Error("the top committee finds", n)
	}
	if all := o.search(staff(7), audit.Filter{}); len(all) != 3 {
		t.Errorf("with its own: %+v", all)
	}
	for name, f := range map[string]audit.Filter{"itself": {Committee: 7}, "another one": {Committee: 8}, "an alliance": {Alliance: 4}} {
		want := map[string]int{"itself": 3}[name]
		if n := len(o.search(staff(7), f)); n != want {
			t.Errorf("%s: %d lines, want %d", name, n, want)
		}
	}
	if n := len(o.search(staff(8), logins)); n != 0 {
		t.Error("a committee below finds", n)
	}
	top = 0
	if n := len(o.search(staff(7), logins)); n != 0 {
		t.Error("of several at the top each finds", n)
	}
}

func TestExportIsSafeAndLeavesALine(t *testing.T) {
	o := newLibrary(t)
	if _, err := o.log.Export(t.Context(), staff(7), audit.Filter{}, " "); !errors.Is(err, audit.ErrReason) {
		t.Error(err)
	}
	list, err := o.log.Export(t.Context(), staff(7), audit.Filter{}, "季度检查")
	if err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	after := o.search(staff(7), audit.Filter{Action: "audit.export"})
	if len(after) != 1 || after[0].Sentence != "李明 导出了审计记录，理由：季度检查" {
		t.Errorf("%+v", after)
	}
	text, err := audit.CSV(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\ufeff时间,", ",'=1+1,", ",'＝HYPERLINK(1),", "王建国"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is missing in %s", want, text)
		}
	}
	book, err := audit.XLSX(list)
	if err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(book))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if v, _ := f.GetCellValue("审计记录", "D2"); v != "=1+1" {
		t.Error(v)
	}
	if formula, _ := f.GetCellFormula("审计记录", "D2"); formula != "" {
		t.Error("a name is computed:", formula)
	}
}
