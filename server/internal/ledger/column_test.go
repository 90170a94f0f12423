package ledger_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/page"
)

func (w *world) column(c ledger.Column) ledger.Column {
	w.t.Helper()
	if c.CommitteeID == 0 {
		c.CommitteeID = w.counties[0].ID
	}
	return must(w.ledger.CreateColumn(w.t.Context(), w.office(0), c))(w.t)
}

func (w *world) write(who actor.Actor, person id.ID, values map[id.ID]string) error {
	_, err := w.ledger.UpdatePerson(w.t.Context(), who, person, ledger.PersonChange{Own: values})
	return err
}

// holds tells what somebody sees of a person's own columns: 党龄补贴=300 慰问类别=.
func holds(e ledger.Entry) string {
	var out []string
	for _, v := range e.Own {
		out = append(out, v.Name+"="+v.Value)
	}
	return strings.Join(out, " ")
}

func fieldsOf(err error) string {
	e, _ := errs.As(err)
	var out []string
	if e != nil {
		for _, f := range e.Fields {
			out = append(out, f.Message)
		}
	}
	return strings.Join(out, " ")
}

func TestValuesOfColumns(t *testing.T) {
	choice := ledger.Column{Kind: ledger.ChoiceColumn, Choices: []string{"一般", "特困 户"}}
	for _, c := range []struct {
		kind     ledger.ColumnKind
		in, want string
		bad      bool
	}{
		{ledger.NumberColumn, "３００", "300", false}, {ledger.NumberColumn, "007", "7", false}, {ledger.NumberColumn, "1,250.50", "1250.5", false},
		{ledger.NumberColumn, "-0.0", "0", false}, {ledger.NumberColumn, "-12.340", "-12.34", false}, {ledger.NumberColumn, "300元", "", true},
		{ledger.NumberColumn, "=1+1", "", true}, {ledger.NumberColumn, "1234567890123", "", true}, {ledger.NumberColumn, "", "", false},
		{ledger.DateColumn, "2026-3-5", "2026-03-05", false}, {ledger.DateColumn, "2026年3月", "2026-03", false}, {ledger.DateColumn, "2030.12.01", "2030-12-01", false},
		{ledger.DateColumn, "1968", "1968", false}, {ledger.DateColumn, "2026-02-30", "", true}, {ledger.DateColumn, "明年", "", true},
		{ledger.YesNoColumn, "√", "是", false}, {ledger.YesNoColumn, "无", "否", false}, {ledger.YesNoColumn, "是", "是", false}, {ledger.YesNoColumn, "也许", "", true},
		{ledger.ChoiceColumn, "特困户", "特困 户", false}, {ledger.ChoiceColumn, "困难", "", true},
		{ledger.TextColumn, "  书法、 二胡 ", "书法、 二胡", false}, {ledger.TextColumn, "=cmd", "", true}, {ledger.TextColumn, strings.Repeat("长", 201), "", true},
	} {
		choice.Kind = c.kind
		got, fault := choice.Clean(c.in)
		if got != c.want || (fault != "") != c.bad {
			t.Errorf("%s %q: %q, %q", c.kind, c.in, got, fault)
		}
	}
}

func TestRecordsWithOwnColumnsCanBeCompared(t *testing.T) {
	var a, b ledger.Record
	for n := range 12 {
		a.SetOwn(id.ID(n+1), fmt.Sprint(n))
		b.SetOwn(id.ID(12-n), fmt.Sprint(11-n))
	}
	if a != b || a.Own(3) != "2" || len(a.Owns()) != 12 {
		t.Errorf("%s\n%s", a.Custom, b.Custom)
	}
	for n := range 12 {
		a.SetOwn(id.ID(n+1), "")
	}
	if a != (ledger.Record{}) {
		t.Error(a.Custom)
	}
}

func TestDefinitionOfColumns(t *testing.T) {
	w := newWorld(t)
	w.ledger.UseReserved(func(title string) bool { return title == "手机号" })
	ctx, office := t.Context(), w.office(0)
	money := w.column(ledger.Column{Name: "党龄补贴（元）", Kind: ledger.NumberColumn, Choices: []string{"x"}, LiaisonEdits: true})
	visit := w.column(ledger.Column{Name: "慰问类别", Kind: ledger.ChoiceColumn, Choices: []string{"一般", " 重点 ", ""}, Purpose: "走访慰问"})
	if money.Name != "党龄补贴(元)" || money.Choices != nil || !slices.Equal(visit.Choices, []string{"一般", "重点"}) || visit.SortNo != 2 {
		t.Errorf("%+v %+v", money, visit)
	}
	other := must(w.ledger.CreateColumn(ctx, w.office(1), ledger.Column{CommitteeID: w.counties[1].ID, Name: "慰问类别", Kind: ledger.TextColumn}))(t)
	rename := func(who actor.Actor, c ledger.Column, name string) error {
		return second(w.ledger.UpdateColumn(ctx, who, c.ID, ledger.DefinitionChange{Name: &name}))
	}
	create := func(who actor.Actor, c ledger.Column) error {
		if c.CommitteeID == 0 {
			c.CommitteeID = w.counties[0].ID
		}
		return second(w.ledger.CreateColumn(ctx, who, c))
	}
	text := func(name string) ledger.Column { return ledger.Column{Name: name, Kind: ledger.TextColumn} }
	for what, c := range map[string]struct{ err, want error }{
		"the same":            {create(office, text("党龄补贴 元")), ledger.ErrColumnTaken},
		"built in":            {create(office, text("特长")), ledger.ErrColumnBuiltIn},
		"built in, history":   {create(office, text("所在党支部")), ledger.ErrColumnBuiltIn},
		"an alias":            {create(office, text("手机号")), ledger.ErrColumnBuiltIn},
		"no name":             {create(office, text(" （） ")), errs.ErrInvalid},
		"a long name":         {create(office, text(strings.Repeat("长", 21))), errs.ErrInvalid},
		"a formula":           {create(office, text("=1")), errs.ErrInvalid},
		"no kind":             {create(office, ledger.Column{Name: "甲"}), errs.ErrInvalid},
		"one choice":          {create(office, ledger.Column{Name: "甲", Kind: ledger.ChoiceColumn, Choices: []string{"一"}}), errs.ErrInvalid},
		"a choice twice":      {create(office, ledger.Column{Name: "甲", Kind: ledger.ChoiceColumn, Choices: []string{"一", "一 "}}), errs.ErrInvalid},
		"a choice's formula":  {create(office, ledger.Column{Name: "甲", Kind: ledger.ChoiceColumn, Choices: []string{"一", "=2"}}), errs.ErrInvalid},
		"renamed to another":  {rename(office, visit, "党龄补贴元"), ledger.ErrColumnTaken},
		"elsewhere":           {create(office, ledger.Column{CommitteeID: w.counties[1].ID, Name: "甲", Kind: ledger.TextColumn}), errs.ErrNotFound},
		"elsewhere, renamed":  {rename(office, other, "甲"), errs.ErrNotFound},
		"a liaison":           {create(as(actor.Liaison, w.unitA.Place()), text("甲")), errs.ErrForbidden},
		"a liaison, renaming": {rename(as(actor.Liaison, w.unitA.Place()), money, "甲"), errs.ErrForbidden},
		"a member":            {create(as(actor.Member, w.zhang.Place()), text("甲")), errs.ErrForbidden},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", what, c.err, c.want)
		}
	}
	if err := rename(office, visit, "慰问 类别"); err != nil {
		t.Error("its own name, spelt otherwise:", err)
	}

	must(w.ledger.RetireColumn(ctx, office, visit.ID))(t)
	if err := create(office, text("慰问类别")); !errors.Is(err, ledger.ErrColumnRetired) {
		t.Error("the name of a retired one:", err)
	}
	third := w.column(text("社区职务"))
	if _, err := w.ledger.OrderColumns(ctx, office, w.counties[0].ID, []id.ID{third.ID}); !errors.Is(err, ledger.ErrColumnsChanged) {
		t.Error(err)
	}
	names := func(who actor.Actor) string {
		var out []string
		for _, c := range must(w.ledger.Columns(ctx, who, w.counties[0].ID))(t) {
			out = append(out, c.Name)
		}
		return strings.Join(out, " ")
	}
	must(w.ledger.OrderColumns(ctx, office, w.counties[0].ID, []id.ID{third.ID, money.ID}))(t)
	must(w.ledger.RestoreColumn(ctx, office, visit.ID))(t)
	if got := names(office); got != "社区职务 党龄补贴(元) 慰问 类别" {
		t.Error(got)
	}
	sees := true
	must(w.ledger.UpdateColumn(ctx, office, third.ID, ledger.DefinitionChange{MemberSees: &sees}))(t)
	must(w.ledger.RetireColumn(ctx, office, money.ID))(t)
	for who, want := range map[actor.Role]string{actor.Liaison: "社区职务 慰问 类别", actor.Head: "社区职务", actor.Member: "社区职务"} {
		if got := names(as(who, w.zhang.Place())); got != want {
			t.Errorf("%s sees %s", who, got)
		}
	}
	for action, n := range map[string]int64{"ledger.create_column": 1, "ledger.retire_column": 1, "ledger.restore_column": 1, "ledger.update_column": 1} {
		if got := must(w.audit.Count(ctx, action, visit.ID))(t); got != n {
			t.Errorf("%s: %d lines", action, got)
		}
	}
}

func TestWhoWritesAndSeesOwnColumns(t *testing.T) {
	w := newWorld(t)
	ctx, zhang := t.Context(), w.zhang.Person.ID
	money := w.column(ledger.Column{Name: "党龄补贴", Kind: ledger.NumberColumn})
	visit := w.column(ledger.Column{Name: "慰问类别", Kind: ledger.ChoiceColumn, Choices: []string{"一般", "重点"}, LiaisonEdits: true})
	role := w.column(ledger.Column{Name: "社区职务", Kind: ledger.TextColumn, LiaisonEdits: true, MemberSees: true})
	foreign := must(w.ledger.CreateColumn(ctx, w.office(1), ledger.Column{CommitteeID: w.counties[1].ID, Name: "邻县栏", Kind: ledger.TextColumn}))(t)
	liaison, lead, office := as(actor.Liaison, w.unitA.Place()), as(actor.LeadStaff, w.a.Place()), w.office(0)

	elsewhere := as(actor.Member, w.zhang.Place())
	elsewhere.Grants = append(elsewhere.Grants, actor.Grant{Role: actor.CommitteeStaff, Place: w.counties[1].Place()})
	if list := must(w.ledger.Columns(ctx, elsewhere, w.counties[0].ID))(t); len(list) != 1 || list[0].ID != role.ID {
		t.Errorf("a member who keeps another committee's rows knows %+v", list)
	}
	if list := must(w.ledger.Columns(ctx, liaison, w.counties[0].ID))(t); len(list) != 3 {
		t.Errorf("a liaison knows %+v", list)
	}
	for what, c := range map[string]struct {
		err  error
		want error
		says string
	}{
		"the office's, by a liaison": {w.write(liaison, zhang, map[id.ID]string{money.ID: "300"}), ledger.ErrOfficeColumn, "由党工委填写"},
		"no number":                  {w.write(lead, zhang, map[id.ID]string{money.ID: "很多"}), errs.ErrInvalid, "应是数字，例如 300 或 300.5"},
		"no choice":                  {w.write(liaison, zhang, map[id.ID]string{visit.ID: "没有的"}), errs.ErrInvalid, "应是“一般、重点”中的一项"},
		"another committee's":        {w.write(office, zhang, map[id.ID]string{foreign.ID: "x"}), errs.ErrInvalid, "这一栏已停用或不存在，请刷新页面"},
		"the head":                   {w.write(as(actor.Head, w.a.Place()), zhang, map[id.ID]string{role.ID: "x"}), errs.ErrForbidden, ""},
		"oneself":                    {w.write(as(actor.Member, w.zhang.Place()), zhang, map[id.ID]string{role.ID: "x"}), errs.ErrForbidden, ""},
		"both, with a faulty name": {second(w.ledger.UpdatePerson(ctx, office, zhang, ledger.PersonChange{Fields: map[string]string{"name": "1"}, Own: map[id.ID]string{money.ID: "x"}})),
			errs.ErrInvalid, "请填写姓名 应是数字，例如 300 或 300.5"},
	} {
		if !errors.Is(c.err, c.want) || fieldsOf(c.err) != c.says {
			t.Errorf("%s: %v %s", what, c.err, fieldsOf(c.err))
		}
	}
	if err := w.write(lead, zhang, map[id.ID]string{money.ID: "0300.0", visit.ID: "重点", role.ID: "楼长"}); err != nil {
		t.Fatal(err)
	}
	if err := w.write(liaison, zhang, map[id.ID]string{money.ID: "300", visit.ID: "一般"}); err != nil {
		t.Error("an unchanged value of the office's:", err)
	}
	for who, want := range map[string]struct {
		actor    actor.Actor
		sees     string
		editable int
	}{
		"office": {office, "党龄补贴=300 慰问类别=一般 社区职务=楼长", 3}, "liaison": {liaison, "党龄补贴=300 慰问类别=一般 社区职务=楼长", 2},
		"head": {as(actor.Head, w.a.Place()), "社区职务=楼长", 0}, "member": {as(actor.Member, w.zhang.Place()), "社区职务=楼长", 0},
	} {
		e := must(w.ledger.Person(ctx, want.actor, zhang))(t)
		n := 0
		for _, v := range e.Own {
			if v.Editable {
				n++
			}
		}
		if holds(e) != want.sees || n != want.editable {
			t.Errorf("%s: %s, %d editable", who, holds(e), n)
		}
		l := must(w.ledger.Persons(ctx, want.actor, ledger.Filter{}, page.Page{Limit: 20}))(t)
		at := slices.IndexFunc(l.Items, func(e ledger.Entry) bool { return e.Person.ID == zhang })
		if holds(l.Items[at]) != want.sees {
			t.Errorf("%s lists %s", who, holds(l.Items[at]))
		}
	}
	// a choice that is gone stays where it was chosen, and can't be chosen anew
	left := []string{"重点", "特困"}
	must(w.ledger.UpdateColumn(ctx, office, visit.ID, ledger.DefinitionChange{Choices: &left}))(t)
	if err := w.write(liaison, zhang, map[id.ID]string{visit.ID: "一般", role.ID: "组长"}); err != nil {
		t.Error(err)
	}
	if err := w.write(liaison, w.li.Person.ID, map[id.ID]string{visit.ID: "一般"}); !errors.Is(err, errs.ErrInvalid) {
		t.Error(err)
	}
	use := must(w.ledger.ColumnUse(ctx, office, visit.ID))(t)
	if use.Persons != 1 || use.Values["一般"] != 1 {
		t.Errorf("%+v", use)
	}
	if _, err := w.ledger.ColumnUse(ctx, liaison, visit.ID); !errors.Is(err, errs.ErrForbidden) {
		t.Error(err)
	}
	var plain int
	row := w.db.SQL().QueryRow("SELECT COUNT(*) FROM persons WHERE custom_enc LIKE '%楼%' OR custom_enc LIKE '%组长%' OR custom_enc LIKE '%一般%'")
	if err := row.Scan(&plain); err != nil || plain != 0 {
		t.Errorf("%d values in plain text, %v", plain, err)
	}
}

func TestHistoryOfOwnColumns(t *testing.T) {
	w := newWorld(t)
	w.ledger.UseNames(called{77: "林主任"})
	ctx, zhang, office := t.Context(), w.zhang.Person.ID, w.office(0)
	w.clk.Advance(24 * time.Hour)
	role := w.column(ledger.Column{Name: "社区职务", Kind: ledger.TextColumn, MemberSees: true})
	money := w.column(ledger.Column{Name: "党龄补贴", Kind: ledger.NumberColumn})
	if err := w.write(office, zhang, map[id.ID]string{role.ID: "楼长", money.ID: "300"}); err != nil {
		t.Fatal(err)
	}
	first := w.clk.Now().Format("2006-01-02")
	w.clk.Advance(48 * time.Hour)
	if err := w.write(office, zhang, map[id.ID]string{role.ID: "", money.ID: "400"}); err != nil {
		t.Fatal(err)
	}
	if err := w.write(office, zhang, map[id.ID]string{money.ID: "500"}); err != nil {
		t.Fatal(err)
	}
	must(w.ledger.RetireColumn(ctx, office, money.ID))(t)
	text := lines(w.history(zhang))
	for _, want := range []string{"党龄补贴", "社区职务", "楼长", "400", "500", "林主任"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	l := must(w.ledger.History(ctx, as(actor.Member, w.zhang.Place()), zhang, page.Page{Limit: 20}))(t)
	if own := lines(l.Items); strings.Contains(own, "400") || strings.Contains(own, "补贴") || !strings.Contains(own, "楼长") || len(l.Items) != 3 {
		t.Errorf("what the member reads, %d changes: %s", len(l.Items), own)
	}
	if now := must(w.ledger.Person(ctx, office, zhang))(t); holds(now) != "社区职务=" {
		t.Error(holds(now))
	}
	past := must(w.ledger.PersonAsOf(ctx, office, zhang, first))(t)
	if holds(past) != "社区职务=楼长 党龄补贴=300" || past.Own[0].Editable {
		t.Error(holds(past))
	}
	if before := must(w.ledger.PersonAsOf(ctx, office, zhang, today.Format("2006-01-02")))(t); holds(before) != "" {
		t.Error(holds(before))
	}
	must(w.ledger.RestoreColumn(ctx, office, money.ID))(t)
	if now := must(w.ledger.Person(ctx, office, zhang))(t); holds(now) != "社区职务= 党龄补贴=500" {
		t.Error(holds(now))
	}
}

// Who moves to another committee's unit leaves the values of the one before behind, in the history.
func TestMovingToAnotherCommitteesColumns(t *testing.T) {
	w := newWorld(t)
	ctx, zhang := t.Context(), w.zhang.Person.ID
	here := w.column(ledger.Column{Name: "社区职务", Kind: ledger.TextColumn})
	there := must(w.ledger.CreateColumn(ctx, w.office(1), ledger.Column{CommitteeID: w.counties[1].ID, Name: "邻县栏", Kind: ledger.TextColumn}))(t)
	if err := w.write(w.office(0), zhang, map[id.ID]string{here.ID: "楼长"}); err != nil {
		t.Fatal(err)
	}
	day := w.clk.Now().Format("2006-01-02")
	w.clk.Advance(24 * time.Hour)
	e := must(w.ledger.UpdatePerson(ctx, actor.System, zhang, ledger.PersonChange{Unit: &w.unitF.ID, Own: map[id.ID]string{there.ID: "新来"}}))(t)
	if holds(e) != "邻县栏=新来" {
		t.Error(holds(e))
	}
	if past := must(w.ledger.PersonAsOf(ctx, w.office(1), zhang, day))(t); holds(past) != "社区职务=楼长" {
		t.Error(holds(past))
	}
	l := must(w.ledger.History(ctx, w.office(1), zhang, page.Page{}))(t)
	if text := lines(l.Items); !strings.Contains(text, "社区职务") || !strings.Contains(text, "楼长") {
		t.Error(text)
	}
}

// Of those who write different columns at once nobody loses; of those who make one of a name at once one does it.
func TestOwnColumnsAtOnce(t *testing.T) {
	w := newWorld(t)
	var columns []ledger.Column
	for i := range 20 {
		columns = append(columns, w.column(ledger.Column{Name: fmt.Sprint("栏", i), Kind: ledger.NumberColumn}))
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for i := range 20 {
		wg.Add(2)
		go func() {
			defer wg.Done()
			if err := w.write(w.office(0), w.zhang.Person.ID, map[id.ID]string{columns[i].ID: fmt.Sprint(i)}); err != nil {
				t.Error(err)
			}
		}()
		go func() {
			defer wg.Done()
			_, err := w.ledger.CreateColumn(t.Context(), w.office(0), ledger.Column{CommitteeID: w.counties[0].ID, Name: "同一个", Kind: ledger.TextColumn})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				made++
			} else if !errors.Is(err, ledger.ErrColumnTaken) {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	e := must(w.ledger.Person(t.Context(), w.office(0), w.zhang.Person.ID))(t)
	for i, v := range e.Own[:20] {
		if v.Value != fmt.Sprint(i) {
			t.Errorf("%s: %q", v.Name, v.Value)
		}
	}
	if made != 1 {
		t.Errorf("%d columns of one name", made)
	}
	for i := len(e.Own); i < ledger.MaxColumns; i++ {
		w.column(ledger.Column{Name: fmt.Sprint("另", i), Kind: ledger.TextColumn})
	}
	if _, err := w.ledger.CreateColumn(t.Context(), w.office(0), ledger.Column{CommitteeID: w.counties[0].ID, Name: "太多", Kind: ledger.TextColumn}); !errors.Is(err, ledger.ErrManyColumns) {
		t.Error(err)
	}
}

func TestOwnColumnsOverHTTP(t *testing.T) {
	w := newWorld(t)
	s := w.server()
	county, zhang := "/committees/"+w.counties[0].ID.String()+"/columns", "/persons/"+w.zhang.Person.ID.String()
	status, made := call(t, s, "office", "POST", county, `{"name":"党龄补贴","kind":"number","liaison_edits":true,"purpose":"发放补贴"}`)
	if status != 201 || made["key"] != "custom."+made["id"].(string) || fmt.Sprint(made["choices"]) != "[]" {
		t.Fatal(status, made)
	}
	column := made["id"].(string)
	for _, c := range []struct {
		who, method, path, body string
		status                  int
		want                    string
	}{
		{"office", "POST", county, `{"name":"党龄补贴","kind":"text"}`, 409, "ledger.column_taken"},
		{"office", "POST", county, `{"name":"民族","kind":"text"}`, 409, "ledger.column_built_in"},
		{"office", "POST", county, `{"name":"甲","kind":"picture"}`, 422, "kind"},
		{"liaison", "POST", county, `{"name":"甲","kind":"text"}`, 403, "forbidden"},
		{"other", "GET", county, "", 404, "not_found"},
		{"liaison", "GET", county, "", 200, column},
		{"member", "GET", county, "", 200, `"items":[]`},
		{"liaison", "PATCH", zhang, `{"own":{"` + column + `":"很多"}}`, 422, `"field":"custom.` + column + `"`},
		{"liaison", "PATCH", zhang, `{"own":{"abc":"1"}}`, 422, "not an identifier"},
		{"liaison", "PATCH", zhang, `{"own":{"` + column + `":"300.0"}}`, 200, `"value":"300"`},
		{"liaison", "GET", "/persons?q=zag", "", 200, `"own":{"` + column + `":"300"}`},
		{"member", "GET", zhang, "", 200, `"columns":[]`},
		{"liaison", "GET", zhang + "/history", "", 200, `"label":"党龄补贴"`},
		{"office", "GET", "/columns/" + column + "/use", "", 200, `"persons":1`},
		{"other", "PATCH", "/columns/" + column, `{"name":"甲"}`, 404, "not_found"},
		{"liaison", "POST", "/columns/" + column + "/retire", "", 403, "forbidden"},
		{"office", "PUT", county + "/order", `{"ids":[]}`, 409, "ledger.columns_changed"},
		{"office", "PUT", county + "/order", `{"ids":["` + column + `"]}`, 200, column},
		{"office", "POST", "/columns/" + column + "/retire", "", 200, "retired_at"},
		{"liaison", "PATCH", zhang, `{"own":{"` + column + `":"400"}}`, 422, "已停用"},
		{"liaison", "GET", county, "", 200, `"items":[]`},
		{"office", "POST", "/columns/" + column + "/restore", "", 200, "党龄补贴"},
		{"liaison", "GET", zhang, "", 200, `"value":"300"`},
	} {
		status, out := call(t, s, c.who, c.method, c.path, c.body)
		text, _ := json.Marshal(out)
		if status != c.status || !strings.Contains(string(text), c.want) {
			t.Errorf("%s %s %s %s: %d %s, want %d %s", c.who, c.method, c.path, c.body, status, text, c.status, c.want)
		}
	}
}
