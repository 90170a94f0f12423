package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/page"
)

func TestFiltersOfColumns(t *testing.T) {
	number, date := ledger.Column{Name: "补贴", Kind: ledger.NumberColumn}, ledger.Column{Name: "走访", Kind: ledger.DateColumn}
	choice, yes := ledger.Column{Name: "类别", Kind: ledger.ChoiceColumn, Choices: []string{"一般", "重点"}}, ledger.Column{Name: "党小组长", Kind: ledger.YesNoColumn}
	text := ledger.Column{Name: "职务", Kind: ledger.TextColumn}
	for _, c := range []struct {
		of          ledger.Column
		ask         ledger.OwnAsk
		fits, else_ string // values, by spaces; - is none
		words       string
	}{
		{number, ledger.OwnAsk{From: "９", To: "260.50"}, "9 10 260.5", "8.999999 260.500001 -9 -", "补贴9至260.5"},
		{number, ledger.OwnAsk{From: "100000000000.000001"}, "100000000000.000001 999999999999", "100000000000 0 -", "补贴100000000000.000001起"},
		{number, ledger.OwnAsk{To: "-1"}, "-1 -20", "0 1 -", "补贴至-1"},
		{number, ledger.OwnAsk{From: "300", To: "300.0"}, "300", "30 3000 -", "补贴300"},
		{date, ledger.OwnAsk{From: "2026年3月", To: "2026-06"}, "2026-03 2026-03-01 2026-06-30 2026-06", "2026 2026-02-28 2026-07-01 2025 -", "走访2026-03至2026-06"},
		{date, ledger.OwnAsk{From: "2026-03-05"}, "2026-03-05 2026-04 2027", "2026-03 2026 2026-03-04 -", "走访2026-03-05起"},
		{date, ledger.OwnAsk{To: "2026"}, "2026 2026-12-31 1999-01", "2027 2027-01-01 -", "走访至2026"},
		{choice, ledger.OwnAsk{Value: "特困"}, "特困", "一般 -", "类别特困"}, // chosen no more
		{choice, ledger.OwnAsk{}, "一般 特困", "-", "类别填了的"},
		{choice, ledger.OwnAsk{Blank: true}, "-", "一般 特困", "类别没有填的"},
		{yes, ledger.OwnAsk{Value: "是"}, "是", "否 -", "党小组长是"},
		{text, ledger.OwnAsk{}, "楼长", "-", "职务填了的"},
		{text, ledger.OwnAsk{Blank: true}, "-", "楼长", "职务没有填的"},
	} {
		f, err := c.of.Filter(c.ask)
		if err != nil || f.Words() != c.words {
			t.Errorf("%+v: %q, %v", c.ask, f.Words(), err)
		}
		for want, values := range map[bool]string{true: c.fits, false: c.else_} {
			for _, v := range strings.Fields(values) {
				if v == "-" {
					v = ""
				}
				if f.Fits(v) != want {
					t.Errorf("%s fits %q: %v", f.Words(), v, !want)
				}
			}
		}
	}
	for _, c := range []struct {
		of  ledger.Column
		ask ledger.OwnAsk
	}{
		{number, ledger.OwnAsk{From: "很多"}}, {number, ledger.OwnAsk{From: "3", To: "2"}}, {number, ledger.OwnAsk{Value: "3"}},
		{date, ledger.OwnAsk{To: "2026-13"}}, {date, ledger.OwnAsk{From: "2026-03-05", To: "2026-03-04"}}, {choice, ledger.OwnAsk{From: "1"}},
		{text, ledger.OwnAsk{Value: "楼长"}}, {yes, ledger.OwnAsk{Value: "也许"}}, {choice, ledger.OwnAsk{Value: "一般", Blank: true}},
	} {
		if _, err := c.of.Filter(c.ask); !errors.Is(err, errs.ErrInvalid) {
			t.Errorf("%+v of %s: %v", c.ask, c.of.Kind, err)
		}
	}
	if _, err := date.Filter(ledger.OwnAsk{From: "2026-03-05", To: "2026-03"}); err != nil {
		t.Errorf("the rest of a month: %v", err)
	}
}

// found lists who is found, page by page.
func (w *world) found(who actor.Actor, f ledger.Filter, limit int) (out []string) {
	w.t.Helper()
	for after := ""; ; {
		l := must(w.ledger.Persons(w.t.Context(), who, f, page.Page{After: after, Limit: limit}))(w.t)
		if len(l.Items) > limit {
			w.t.Errorf("%d on a page of %d", len(l.Items), limit)
		}
		for _, e := range l.Items {
			out = append(out, e.Person.Name)
		}
		if after = l.Next; after == "" {
			return out
		}
	}
}

func TestTheLedgerIsFilteredByAnOwnColumn(t *testing.T) {
	w := newWorld(t)
	office := w.office(0)
	kind := w.column(ledger.Column{Name: "慰问类别", Kind: ledger.ChoiceColumn, Choices: []string{"一般", "重点"}})
	money := w.column(ledger.Column{Name: "党龄补贴", Kind: ledger.NumberColumn, MemberSees: true})
	for person, v := range map[id.ID]map[id.ID]string{
		w.zhang.Person.ID: {kind.ID: "重点", money.ID: "300"}, w.li.Person.ID: {money.ID: "1200"}, w.wang.Person.ID: {kind.ID: "重点", money.ID: "30"},
	} {
		if err := w.write(office, person, v); err != nil {
			t.Fatal(err)
		}
	}
	chosen, rich := ledger.OwnAsk{Column: kind.ID, Value: "重点"}, ledger.OwnAsk{Column: money.ID, From: "100"}
	head, liaison := as(actor.Head, w.a.Place()), as(actor.Liaison, w.unitA.Place())
	moved := ledger.Moved
	must(w.ledger.UpdatePerson(t.Context(), office, w.li.Person.ID, ledger.PersonChange{Status: &moved}))(t)
	for name, c := range map[string]struct {
		who  actor.Actor
		f    ledger.Filter
		want string
	}{
		"the county":          {office, ledger.Filter{Own: chosen}, "张爱国 王爱国"},
		"a range":             {office, ledger.Filter{Own: rich}, "张爱国 李秀英"},
		"an alliance":         {office, ledger.Filter{Own: chosen, Alliance: w.b.ID}, "王爱国"},
		"a unit":              {office, ledger.Filter{Own: chosen, Unit: w.unitA.ID}, "张爱国"},
		"a status":            {office, ledger.Filter{Own: rich, Status: ledger.Moved}, "李秀英"},
		"a name":              {office, ledger.Filter{Own: chosen, Query: "wag"}, "王爱国"},
		"digits":              {office, ledger.Filter{Own: rich, Query: "0001"}, "张爱国 李秀英"},
		"nothing in it":       {office, ledger.Filter{Own: ledger.OwnAsk{Column: kind.ID, Blank: true}}, "李秀英"},
		"something in it":     {office, ledger.Filter{Own: ledger.OwnAsk{Column: money.ID}}, "张爱国 李秀英 王爱国"},
		"a liaison":           {liaison, ledger.Filter{Own: chosen}, "张爱国"},
		"a head":              {head, ledger.Filter{Own: rich}, "张爱国 李秀英"},
		"a member":            {as(actor.Member, w.zhang.Place()), ledger.Filter{Own: rich}, "张爱国"},
		"the installation":    {actor.System, ledger.Filter{Own: ledger.OwnAsk{Column: money.ID, Blank: true}}, ""}, // of that committee only
		"keeper of elsewhere": {actor.Actor{Grants: append(head.Grants, actor.Grant{Role: actor.Liaison, Place: w.unitF.Place()})}, ledger.Filter{Own: chosen}, ""},
	} {
		for _, limit := range []int{1, 2, 50} {
			got := w.found(c.who, c.f, limit)
			if slices.Sort(got); strings.Join(got, " ") != sorted(c.want) {
				t.Errorf("%s, %d a page: %v, want %s", name, limit, got, c.want)
			}
		}
	}
	for name, c := range map[string]struct {
		who  actor.Actor
		ask  ledger.OwnAsk
		want error
	}{
		"a head by what is kept from members": {head, chosen, errs.ErrNotFound},
		"a member":                            {as(actor.Member, w.zhang.Place()), chosen, errs.ErrNotFound},
		"another county":                      {w.office(1), rich, errs.ErrNotFound},
		"a viewer":                            {as(actor.Viewer, w.counties[0].Place()), rich, errs.ErrNotFound},
		"what does not fit the column":        {office, ledger.OwnAsk{Column: money.ID, Value: "重点"}, errs.ErrInvalid},
	} {
		l, err := w.ledger.Persons(t.Context(), c.who, ledger.Filter{Own: c.ask}, page.Page{})
		if !errors.Is(err, c.want) || len(l.Items) > 0 {
			t.Errorf("%s: %v, %v", name, l.Items, err)
		}
	}
	must(w.ledger.RetireColumn(t.Context(), office, kind.ID))(t)
	if _, err := w.ledger.Persons(t.Context(), office, ledger.Filter{Own: chosen}, page.Page{}); !errors.Is(err, errs.ErrNotFound) {
		t.Errorf("a column out of use: %v", err)
	}
}

func sorted(names string) string {
	list := strings.Fields(names)
	slices.Sort(list)
	return strings.Join(list, " ")
}

// A page ends when enough has been looked through, and says so: the next one goes on.
func TestAFilterLooksThroughManyInPortions(t *testing.T) {
	w := newWorld(t)
	money := w.column(ledger.Column{Name: "党龄补贴", Kind: ledger.NumberColumn})
	var rows []ledger.Record
	var units []ledger.Unit
	for u := range 13 {
		units = append(units, ledger.Unit{ID: id.ID(1000 + u), CommitteeID: w.counties[0].ID, Name: fmt.Sprintf("第%d单位", u)})
		for i := range 500 {
			r := ledger.Record{ID: id.ID(1_000_000 + 1000*u + i), UnitID: units[u].ID, Status: ledger.Active, Fields: ledger.Fields{Name: "周"}}
			r.SetOwn(money.ID, "1")
			rows = append(rows, r)
		}
	}
	rows[len(rows)-1].SetOwn(money.ID, "2")
	err := w.db.Tx(t.Context(), func(ctx context.Context) error {
		return w.ledger.Bulk().Apply(ctx, ledger.Changes{NewUnits: units, NewPersons: rows})
	})
	if err != nil {
		t.Fatal(err)
	}
	f := ledger.Filter{Own: ledger.OwnAsk{Column: money.ID, From: "2"}}
	l := must(w.ledger.Persons(t.Context(), w.office(0), f, page.Page{}))(t)
	if len(l.Items) != 0 || l.Next == "" {
		t.Errorf("the first page: %d, next %q", len(l.Items), l.Next)
	}
	if got := w.found(w.office(0), f, 50); len(got) != 1 {
		t.Errorf("found %v", got)
	}
}
