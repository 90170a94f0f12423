package ledger_test

import (
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

func TestTerms(t *testing.T) {
	for name, want := range map[string]string{
		"王建国":     "wangjianguo wjg 国 建国 王建国",
		"国国国":     "ggg guoguoguo 国 国国 国国国",
		"阿布都·热西提": "abdrxt abudourexiti ·热西提 布都·热西提 提 热西提 西提 都·热西提 阿布都·热西提",
	} {
		if got := strings.Join(ledger.Terms(name), " "); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := ledger.Terms(strings.Repeat("长", 30)); len(got) != 32 || len([]rune(got[1])) > 40 {
		t.Errorf("%v", got)
	}
}

// A search in pages gives everybody once, in the order of what was found, and follows names and moves.
func TestSearchInPages(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	for i := range 30 {
		w.person([]ledger.Unit{w.unitA, w.unitB, w.alone}[i%3], ledger.Fields{Name: "国" + string(rune('一'+i*7)) + "国"}) // 国 fits twice
	}
	both := actor.Actor{Grants: append(w.office(0).Grants, w.office(1).Grants...)}
	mixed := actor.Actor{Grants: append(as(actor.Head, w.a.Place()).Grants, w.office(1).Grants...)}
	for name, c := range map[string]struct {
		who  actor.Actor
		f    ledger.Filter
		want int
	}{
		"office":            {w.office(0), ledger.Filter{Query: "国"}, 32},
		"two offices":       {both, ledger.Filter{Query: "国"}, 33},
		"head and office":   {mixed, ledger.Filter{Query: "国"}, 12},
		"installation":      {actor.System, ledger.Filter{Query: "国", Status: ledger.Active}, 33},
		"alliance":          {w.office(0), ledger.Filter{Query: "国", Alliance: w.a.ID}, 11},
		"unit":              {w.office(0), ledger.Filter{Query: "G", Unit: w.alone.ID}, 10},
		"nobody died":       {w.office(0), ledger.Filter{Query: "国", Status: ledger.Deceased}, 0},
		"member":            {as(actor.Member, w.zhang.Place()), ledger.Filter{Query: "爱"}, 1},
		"with a blank":      {w.office(0), ledger.Filter{Query: "zhang ai"}, 1},
		"end of the pinyin": {w.office(0), ledger.Filter{Query: "aiguo"}, 0},
	} {
		var all []id.ID
		for after := ""; ; {
			l := must(w.ledger.Persons(ctx, c.who, c.f, page.Page{After: after, Limit: 4}))(t)
			for _, e := range l.Items {
				all = append(all, e.Person.ID)
			}
			if after = l.Next; after == "" {
				break
			}
		}
		once := slices.Clone(all)
		slices.Sort(once)
		if once = slices.Compact(once); len(all) != c.want || len(once) != c.want {
			t.Errorf("%s: %d found, %d of them different, want %d", name, len(all), len(once), c.want)
		}
	}
	find := func(who actor.Actor, q string) string {
		return names(must(w.ledger.Persons(ctx, who, ledger.Filter{Query: q}, page.Page{}))(t).Items)
	}
	must(w.ledger.UpdatePerson(ctx, w.office(0), w.zhang.Person.ID, ledger.PersonChange{Fields: map[string]string{"name": "欧阳修远"}}))(t)
	if find(w.office(0), "阳修") != "县妇联欧阳修远" || find(w.office(0), "oyx") != "县妇联欧阳修远" || find(w.office(0), "张爱国") != "" {
		t.Error("a new name is not found, or the old one is")
	}
	must(w.ledger.UpdatePerson(ctx, actor.System, w.zhang.Person.ID, ledger.PersonChange{Unit: &w.unitF.ID}))(t)
	if find(w.office(0), "欧阳") != "" || find(w.office(1), "欧阳") != "县妇联欧阳修远" {
		t.Error("found where they were before")
	}
}

// Whatever is typed fits a person under exactly one term whose mark says that they count there, and it
// is the first that fits.
func TestMarksOfTerms(t *testing.T) {
	for _, name := range []string{"王建国", "国国国", "吴伟", "阿布都·热西提", "欧阳修远", "王A", "Ab", "吴", strings.Repeat("长", 60)} {
		marked := ledger.MarkedTerms(name)
		for _, long := range marked {
			for n := range []rune(long.Text) {
				typed := string([]rune(long.Text)[:n+1])
				var fits, counts []string
				for _, m := range marked {
					if strings.HasPrefix(m.Text, typed) {
						fits = append(fits, m.Text)
						if m.CountsFrom <= n+1 {
							counts = append(counts, m.Text)
						}
					}
				}
				if len(counts) != 1 || counts[0] != slices.Min(fits) {
					t.Errorf("%s, typed %s: counts under %v of %v", name, typed, counts, fits)
				}
			}
		}
	}
}

// The index is made for rows that are older than it, and its marks for rows that are older than these; a
// row without a mark is found once all the same.
func TestIndexOfOldRows(t *testing.T) {
	w := newWorld(t)
	for _, before := range []string{"DELETE FROM person_terms", "UPDATE person_terms SET counts_from = 0"} {
		if _, err := w.db.SQL().Exec(before); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(before, "UPDATE") {
			if got := must(w.ledger.Persons(t.Context(), w.office(0), ledger.Filter{Query: "z"}, page.Page{Limit: 1}))(t); len(got.Items) != 1 {
				t.Errorf("before: %s", names(got.Items))
			}
		}
		for range 2 {
			if err := w.ledger.Index(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		var unmarked int
		if err := w.db.SQL().QueryRow("SELECT COUNT(*) FROM person_terms WHERE counts_from = 0").Scan(&unmarked); err != nil || unmarked > 0 {
			t.Errorf("%d without a mark, %v", unmarked, err)
		}
		if got := must(w.ledger.Persons(t.Context(), w.office(0), ledger.Filter{Query: "爱国"}, page.Page{}))(t); len(got.Items) != 2 {
			t.Errorf("%s", names(got.Items))
		}
	}
}

// The engine walks through the index and sorts nothing by itself but the few who share four digits.
func TestSearchPlan(t *testing.T) {
	w := newWorld(t)
	for _, scope := range []actor.Scope{{All: true}, {Committees: []id.ID{w.counties[0].ID}}} {
		for _, f := range []ledger.Filter{{Query: "国"}, {Query: "wang", Status: ledger.Active}, {Query: "0001"}} {
			plan := must(w.ledger.Probe().Plan(t.Context(), scope, f, 50))(t)
			text := strings.Join(plan, "\n")
			if w.db.Engine() == "sqlite" && (strings.Contains(text, "SCAN") || strings.Contains(text, "TEMP B-TREE") && f.Query != "0001") {
				t.Errorf("%v %v:\n%s", scope, f, text)
			}
			found := must(w.ledger.Probe().Find(t.Context(), scope, f, 50))(t)
			if len(found) == 0 {
				t.Error(fmt.Sprint(scope, f), "finds nobody")
			}
		}
	}
}

// A list in pages gives everybody in sight once, unit by unit, whatever the scope and however small the
// pages; somebody who moves between two pages does not stop it.
func TestListInPages(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	for i := range 20 {
		w.person([]ledger.Unit{w.unitA, w.unitB, w.alone}[i%3], ledger.Fields{Name: "国" + string(rune('一'+i*7))})
	}
	var units []ledger.Unit // more than are looked through at once, most of them empty
	for i := range 40 {
		units = append(units, must(w.ledger.CreateUnit(ctx, actor.System, ledger.Unit{CommitteeID: w.counties[0].ID, Name: "第" + string(rune('一'+i)) + "局"}))(t))
	}
	last := w.person(units[39], ledger.Fields{Name: "最后一位"})
	suspended := ledger.Suspended
	must(w.ledger.UpdatePerson(ctx, actor.System, last.Person.ID, ledger.PersonChange{Status: &suspended}))(t)
	own := w.office(0)
	own.Persons = []id.ID{w.stranger.Person.ID} // of the other county
	own.Grants = append(own.Grants, actor.Grant{Role: actor.Member, Place: w.stranger.Person.Place()})
	for name, c := range map[string]struct {
		who  actor.Actor
		f    ledger.Filter
		want int
	}{
		"office": {w.office(0), ledger.Filter{}, 24}, "with an own person elsewhere": {own, ledger.Filter{}, 25}, "installation": {actor.System, ledger.Filter{}, 25},
		"active": {w.office(0), ledger.Filter{Status: ledger.Active}, 23}, "rare": {w.office(0), ledger.Filter{Status: ledger.Suspended}, 1},
		"unit": {w.office(0), ledger.Filter{Unit: w.alone.ID}, 6}, "foreign unit": {w.office(0), ledger.Filter{Unit: w.unitF.ID}, 0},
		"alliance": {w.office(0), ledger.Filter{Alliance: w.a.ID}, 9}, "head": {as(actor.Head, w.a.Place()), ledger.Filter{}, 9},
		"member": {as(actor.Member, w.zhang.Place()), ledger.Filter{}, 1}, "nobody": {actor.Actor{}, ledger.Filter{}, 0},
	} {
		var all []id.ID
		for after := ""; ; {
			l := must(w.ledger.Persons(ctx, c.who, c.f, page.Page{After: after, Limit: 4}))(t)
			for _, e := range l.Items {
				all = append(all, e.Person.ID)
			}
			if after = l.Next; after == "" {
				break
			}
		}
		once := slices.Clone(all)
		slices.Sort(once)
		if once = slices.Compact(once); len(all) != c.want || len(once) != c.want {
			t.Errorf("%s: %d found, %d of them different, want %d", name, len(all), len(once), c.want)
		}
	}
	first := must(w.ledger.Persons(ctx, w.office(0), ledger.Filter{}, page.Page{Limit: 4}))(t)
	must(w.ledger.UpdatePerson(ctx, actor.System, first.Items[3].Person.ID, ledger.PersonChange{Unit: &units[39].ID}))(t)
	rest := must(w.ledger.Persons(ctx, w.office(0), ledger.Filter{}, page.Page{After: first.Next, Limit: 100}))(t)
	if len(rest.Items) != 21 { // the one who moved is met again where they are now
		t.Errorf("%d after the page", len(rest.Items))
	}
	byID := must(w.ledger.Persons(ctx, w.office(0), ledger.Filter{}, page.Page{After: first.Items[2].Person.ID.String(), Limit: 100}))(t)
	if len(byID.Items) != 21 {
		t.Errorf("%d after an id alone", len(byID.Items))
	}
	for _, wrong := range []string{"x", "1-x", "x-1", "-"} {
		if _, err := w.ledger.Persons(ctx, w.office(0), ledger.Filter{}, page.Page{After: wrong}); wrong != "-" && !errors.Is(err, errs.ErrInvalid) {
			t.Errorf("cursor %q: %v", wrong, err)
		}
	}
}
