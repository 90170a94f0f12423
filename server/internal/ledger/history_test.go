package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/clock"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/page"
)

// called names accounts as identity would.
type called map[id.ID]string

func (c called) AccountName(context.Context, []id.ID) (map[id.ID]string, error) { return c, nil }

func (w *world) history(person id.ID) []ledger.HistoryEntry {
	w.t.Helper()
	return must(w.ledger.History(context.Background(), w.office(0), person, page.Page{}))(w.t).Items
}

// lines writes a history as texts, newest first.
func lines(entries []ledger.HistoryEntry) string {
	var b strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&b, "%d %s %s\n", e.Seq, e.Cause, e.By)
		for _, c := range e.Columns {
			fmt.Fprintf(&b, "  %s: %s > %s\n", c.Label, c.From, c.To)
		}
	}
	return b.String()
}

func TestHistoryOfAPerson(t *testing.T) {
	w := newWorld(t)
	w.ledger.UseNames(called{77: "林主任"})
	ctx, who, zhang := t.Context(), w.office(0), w.zhang.Person.ID
	must(w.ledger.UpdatePerson(ctx, who, zhang, ledger.PersonChange{Fields: map[string]string{"phone": "19900000007", "hobbies": "门球"}}))(t)
	must(w.ledger.UpdatePerson(ctx, who, zhang, ledger.PersonChange{Unit: &w.unitB.ID}))(t)
	must(w.ledger.UpdatePerson(ctx, who, zhang, ledger.PersonChange{Fields: map[string]string{"hobbies": "门球"}}))(t) // nothing new
	want := `3 edit 林主任
  单位: 县妇联 > 县审计局
  所在党支部: 县妇联离退休干部党支部 > 县审计局离退休干部党支部
2 edit 林主任
  联系电话: 199****0001 > 199****0007
  爱好:  > 门球
1 create 
`
	if got := lines(w.history(zhang)); got != want {
		t.Errorf("%s", got)
	}
	first := must(w.ledger.History(ctx, who, zhang, page.Page{Limit: 2}))(t)
	if rest := must(w.ledger.History(ctx, who, zhang, page.Page{After: first.Next}))(t); len(first.Items) != 2 || len(rest.Items) != 1 || rest.Next != "" {
		t.Errorf("pages of %d and %d", len(first.Items), len(rest.Items))
	}
	shown := must(w.ledger.RevealChange(ctx, who, zhang, 2, "核对号码"))(t)
	if c := shown.Columns[0]; c.From != "19900000001" || c.To != "19900000007" || c.Masked {
		t.Errorf("%+v", shown.Columns)
	}
	if n := must(w.audit.Count(ctx, "ledger.reveal_change", zhang))(t); n != 1 {
		t.Errorf("%d audit lines", n)
	}
	for what, c := range map[string]struct{ err, want error }{
		"history of elsewhere": {second(w.ledger.History(ctx, w.office(1), zhang, page.Page{})), errs.ErrNotFound},
		"reveal elsewhere":     {second(w.ledger.RevealChange(ctx, w.office(1), zhang, 2, "x")), errs.ErrNotFound},
		"reveal by the head":   {second(w.ledger.RevealChange(ctx, as(actor.Head, w.b.Place()), zhang, 2, "x")), errs.ErrForbidden},
		"reveal without cause": {second(w.ledger.RevealChange(ctx, who, zhang, 2, " ")), ledger.ErrReason},
		"reveal of none":       {second(w.ledger.RevealChange(ctx, who, zhang, 9, "x")), errs.ErrNotFound},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v", what, c.err)
		}
	}
	var plain int
	row := w.db.SQL().QueryRow("SELECT COUNT(*) FROM person_changes WHERE changes_enc LIKE '%19900000007%' OR changes_enc LIKE '%hobbies%'")
	if err := row.Scan(&plain); err != nil || plain != 0 {
		t.Errorf("%d changes in plain text, %v", plain, err)
	}
}

func TestPersonAsOfADay(t *testing.T) {
	w := newWorld(t)
	ctx, who, zhang := t.Context(), w.office(0), w.zhang.Person.ID
	day := func(n int) string { return today.AddDate(0, 0, n).Format(time.DateOnly) }
	w.clk.Advance(48 * time.Hour)
	must(w.ledger.UpdatePerson(ctx, who, zhang, ledger.PersonChange{Unit: &w.unitB.ID, Fields: map[string]string{"name": "张爱军", "health": ""}}))(t)
	w.clk.Advance(48 * time.Hour)
	must(w.ledger.UpdateUnit(ctx, who, w.unitB.ID, ledger.UnitChange{Alliance: &w.a.ID, Move: true}))(t)
	must(w.ledger.Restate(ctx, who, zhang, ledger.Restatement{Status: ledger.Deceased, At: day(3)}))(t)
	for n, want := range []string{"张爱国 县妇联 群团 ****** active", "张爱国 县妇联 群团 ****** active", "张爱军 县审计局 津苑  active", "张爱军 县审计局 津苑  active", "张爱军 县审计局 群团  deceased"} {
		e := must(w.ledger.PersonAsOf(ctx, who, zhang, day(n)))(t)
		got := fmt.Sprintf("%s %s %s %s %s", e.Person.Name, e.Unit, strings.TrimSuffix(e.Alliance, "离退休干部党建联盟"), e.Health, e.Status)
		if got != want {
			t.Errorf("after %d days: %s, want %s", n, got, want)
		}
	}
	for what, c := range map[string]struct{ err, want error }{
		"before the first row": {second(w.ledger.PersonAsOf(ctx, who, zhang, day(-1))), ledger.ErrNotYet},
		"a day to come":        {second(w.ledger.PersonAsOf(ctx, who, zhang, day(5))), ledger.ErrFuture},
		"no day":               {second(w.ledger.PersonAsOf(ctx, who, zhang, "昨天")), errs.ErrInvalid},
		"elsewhere":            {second(w.ledger.PersonAsOf(ctx, w.office(1), zhang, day(0))), errs.ErrNotFound},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v", what, c.err)
		}
	}
}

func TestStatusWithDayAndNote(t *testing.T) {
	w := newWorld(t)
	var told []ledger.Status
	w.ledger.OnStatusChange(func(_ context.Context, p ledger.Person) error {
		told = append(told, p.Status)
		return nil
	})
	ctx, who, li := t.Context(), as(actor.Liaison, w.unitA.Place()), w.li.Person.ID
	e := must(w.ledger.Restate(ctx, who, li, ledger.Restatement{Status: ledger.Moved, At: "2026-03", Note: "转往济南"}))(t)
	if e.Status != ledger.Moved || e.StatusAt != "2026-03" || e.StatusNote != "******" {
		t.Errorf("%+v", e)
	}
	shown := must(w.ledger.Reveal(ctx, who, li, []string{"status_note"}, "核对"))(t)
	if shown["status_note"] != "转往济南" {
		t.Errorf("%v", shown)
	}
	must(w.ledger.Restate(ctx, who, li, ledger.Restatement{Status: ledger.Deceased, At: "2026-04-01"}))(t)
	if e = must(w.ledger.UndoStatus(ctx, who, li))(t); e.Status != ledger.Moved || e.StatusAt != "2026-03" || e.StatusNote == "" {
		t.Errorf("undone: %+v", e)
	}
	if _, err := w.ledger.UndoStatus(ctx, who, li); !errors.Is(err, ledger.ErrNothingToUndo) {
		t.Errorf("undone twice: %v", err)
	}
	must(w.ledger.Restate(ctx, who, w.zhang.Person.ID, ledger.Restatement{Status: ledger.Deceased}))(t)
	if e = must(w.ledger.UndoStatus(ctx, who, w.zhang.Person.ID))(t); e.Status != ledger.Active {
		t.Errorf("%+v", e)
	}
	if want := "[moved deceased moved deceased active]"; fmt.Sprint(told) != want {
		t.Errorf("hooks heard %v", told)
	}
	for what, c := range map[string]struct{ err, want error }{
		"nothing to undo":     {second(w.ledger.UndoStatus(ctx, who, w.zhang.Person.ID)), ledger.ErrNothingToUndo},
		"a day to come":       {second(w.ledger.Restate(ctx, who, li, ledger.Restatement{Status: ledger.Moved, At: "2999-01-01"})), errs.ErrInvalid},
		"a status that isn't": {second(w.ledger.Restate(ctx, who, li, ledger.Restatement{Status: "gone"})), errs.ErrInvalid},
		"by the head":         {second(w.ledger.Restate(ctx, as(actor.Head, w.a.Place()), li, ledger.Restatement{Status: ledger.Moved})), errs.ErrForbidden},
		"elsewhere":           {second(w.ledger.UndoStatus(ctx, w.office(1), li)), errs.ErrNotFound},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v", what, c.err)
		}
	}
}

func TestAUnitIsInOneAlliance(t *testing.T) {
	w := newWorld(t)
	ctx, who := t.Context(), w.office(0)
	if _, err := w.ledger.UpdateUnit(ctx, who, w.unitA.ID, ledger.UnitChange{Alliance: &w.b.ID}); !errors.Is(err, ledger.ErrInAlliance) {
		t.Errorf("%v", err)
	}
	w.clk.Advance(time.Hour)
	none := id.ID(0)
	must(w.ledger.UpdateUnit(ctx, who, w.unitA.ID, ledger.UnitChange{Alliance: &w.b.ID, Move: true}))(t)
	w.clk.Advance(time.Hour)
	must(w.ledger.UpdateUnit(ctx, who, w.unitA.ID, ledger.UnitChange{Alliance: &none}))(t)
	m := must(w.ledger.Memberships(ctx, who, w.unitA.ID))(t)
	if len(m) != 2 || m[0].AllianceID != w.a.ID || m[1].AllianceID != w.b.ID || !m[0].Until.Equal(m[1].From) || m[1].Until.IsZero() {
		t.Errorf("%+v", m)
	}
	alliances := make([]ledger.Alliance, 20)
	for i := range alliances {
		alliances[i] = must(w.ledger.CreateAlliance(ctx, who, ledger.Alliance{CommitteeID: w.counties[0].ID, Name: fmt.Sprint("第", i)}))(t)
	}
	var won atomic.Int32
	var wg sync.WaitGroup
	for _, a := range alliances {
		wg.Go(func() {
			switch _, err := w.ledger.UpdateUnit(ctx, who, w.unitA.ID, ledger.UnitChange{Alliance: &a.ID}); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, ledger.ErrInAlliance):
				t.Error(err)
			}
		})
	}
	if wg.Wait(); won.Load() != 1 {
		t.Errorf("%d alliances took the unit", won.Load())
	}
}

func TestCommitteesHaveNoCircle(t *testing.T) {
	w := newWorld(t)
	ctx, sys := t.Context(), actor.System
	below := must(w.ledger.CreateCommittee(ctx, sys, ledger.Committee{Name: "街道党工委", ParentID: w.counties[0].ID}))(t)
	for what, parent := range map[string]id.ID{"itself": w.city.ID, "its own": w.counties[0].ID, "the one below": below.ID} {
		if _, err := w.ledger.UpdateCommittee(ctx, sys, w.city.ID, ledger.CommitteeChange{Parent: &parent}); !errors.Is(err, ledger.ErrCircular) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if c := must(w.ledger.UpdateCommittee(ctx, sys, below.ID, ledger.CommitteeChange{Parent: &w.counties[1].ID}))(t); c.ParentID != w.counties[1].ID {
		t.Errorf("%+v", c)
	}
	for what, c := range map[string]struct{ err, want error }{
		"below a foreign one": {second(w.ledger.UpdateCommittee(ctx, w.office(0), w.counties[0].ID, ledger.CommitteeChange{Parent: &w.counties[1].ID})), errs.ErrNotFound},
		"a foreign one":       {second(w.ledger.UpdateCommittee(ctx, w.office(0), w.counties[1].ID, ledger.CommitteeChange{})), errs.ErrNotFound},
		"by the head":         {second(w.ledger.UpdateCommittee(ctx, as(actor.Head, w.a.Place()), w.counties[0].ID, ledger.CommitteeChange{})), errs.ErrForbidden},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v", what, c.err)
		}
	}
	// a ring of twenty, closed from all sides at once: one edge at least must fail
	ring := make([]ledger.Committee, 20)
	for i := range ring {
		ring[i] = must(w.ledger.CreateCommittee(ctx, sys, ledger.Committee{Name: fmt.Sprint("第", i, "党工委")}))(t)
	}
	var refused atomic.Int32
	var wg sync.WaitGroup
	for i, c := range ring {
		wg.Go(func() {
			_, err := w.ledger.UpdateCommittee(ctx, sys, c.ID, ledger.CommitteeChange{Parent: &ring[(i+1)%len(ring)].ID})
			if errors.Is(err, ledger.ErrCircular) {
				refused.Add(1)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	if wg.Wait(); refused.Load() != 1 {
		t.Errorf("%d of the ring refused", refused.Load())
	}
}

// stand is where a person stood in the model.
type stand struct {
	unit     id.ID
	alliance id.ID
	status   ledger.Status
}

// Whatever moves happened, every report by unit and by alliance adds up, on every day, and equals what
// was true on that day.
func TestReportsAddUpOnEveryDay(t *testing.T) {
	w := newWorld(t)
	ctx, who := t.Context(), w.office(0)
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)
	units := []id.ID{w.unitA.ID, w.unitB.ID, w.alone.ID}
	in := map[id.ID]id.ID{w.unitA.ID: w.a.ID, w.unitB.ID: w.b.ID, w.alone.ID: 0}
	alliances := []id.ID{0, w.a.ID, w.b.ID}
	people := map[id.ID]stand{w.zhang.Person.ID: {unit: w.unitA.ID, status: ledger.Active},
		w.li.Person.ID: {unit: w.unitA.ID, status: ledger.Active}, w.wang.Person.ID: {unit: w.unitB.ID, status: ledger.Active}}
	keys := []id.ID{w.zhang.Person.ID, w.li.Person.ID, w.wang.Person.ID}
	statuses := []ledger.Status{ledger.Active, ledger.Moved, ledger.Deceased, ledger.Suspended}
	pick := func(list []id.ID) id.ID { return list[rnd.IntN(len(list))] }
	days := map[string][]stand{}
	for range 40 {
		for range rnd.IntN(4) {
			who1 := pick(keys)
			now := people[who1]
			switch rnd.IntN(5) {
			case 0:
				now.unit = pick(units)
				must(w.ledger.UpdatePerson(ctx, who, who1, ledger.PersonChange{Unit: &now.unit}))(t)
			case 1:
				now.status = statuses[rnd.IntN(4)]
				must(w.ledger.Restate(ctx, who, who1, ledger.Restatement{Status: now.status}))(t)
			case 2:
				u, a := pick(units), pick(alliances)
				must(w.ledger.UpdateUnit(ctx, who, u, ledger.UnitChange{Alliance: &a, Move: true}))(t)
				in[u] = a
			case 3:
				name := "新人" + string(rune('一'+len(keys)))
				who1, now = w.person(ledger.Unit{ID: pick(units)}, ledger.Fields{Name: name}).Person.ID, stand{status: ledger.Active}
				now.unit = must(w.ledger.Person(ctx, who, who1))(t).UnitID
				keys = append(keys, who1)
			case 4:
				must(w.ledger.UpdatePerson(ctx, who, who1, ledger.PersonChange{Fields: map[string]string{"hobbies": fmt.Sprint("棋", rnd.IntN(99))}}))(t)
			}
			people[who1] = now
		}
		var state []stand
		for _, p := range people {
			p.alliance = in[p.unit]
			state = append(state, p)
		}
		days[w.clk.Now().In(clock.Shanghai).Format(time.DateOnly)] = state
		w.clk.Advance(24 * time.Hour)
	}
	for day, state := range days {
		c := must(w.ledger.Counts(ctx, who, day))(t)
		var byUnit, byAlliance int
		for _, u := range c.Units {
			byUnit += u.Total()
		}
		for _, a := range c.Alliances {
			byAlliance += a.Total()
		}
		if byUnit != len(state) || byAlliance != len(state) || c.Total.Total() != len(state) || len(c.Units) != 3 {
			t.Fatalf("%s: %d by unit, %d by alliance, %d in all, want %d", day, byUnit, byAlliance, c.Total.Total(), len(state))
		}
		for _, u := range c.Units {
			var want ledger.Count
			for _, p := range state {
				if p.unit == u.ID {
					if p.alliance != u.AllianceID {
						t.Fatalf("%s: %s in another alliance", day, u.Name)
					}
					bump(&want, p.status)
				}
			}
			if want != u.Count {
				t.Fatalf("%s: %s has %+v, want %+v", day, u.Name, u.Count, want)
			}
		}
		for _, a := range c.Alliances {
			var want ledger.Count
			for _, p := range state {
				if p.alliance == a.ID {
					bump(&want, p.status)
				}
			}
			if want != a.Count {
				t.Fatalf("%s: %s has %+v, want %+v", day, a.Name, a.Count, want)
			}
		}
	}
	now := must(w.ledger.Counts(ctx, who, ""))(t)
	if now.Total.Total() != len(keys) {
		t.Errorf("now %d, want %d", now.Total.Total(), len(keys))
	}
}

func bump(c *ledger.Count, s ledger.Status) {
	switch s {
	case ledger.Active:
		c.Active++
	case ledger.Moved:
		c.Moved++
	case ledger.Deceased:
		c.Deceased++
	case ledger.Suspended:
		c.Suspended++
	}
}

func TestCountsWithinTheScope(t *testing.T) {
	w := newWorld(t)
	day := today.Format(time.DateOnly)
	for name, c := range map[string]struct {
		who          actor.Actor
		units, total int
	}{
		"office":       {w.office(0), 3, 3},
		"other office": {w.office(1), 1, 1},
		"head":         {as(actor.Head, w.a.Place()), 1, 2},
		"liaison":      {as(actor.Liaison, w.unitB.Place()), 1, 1},
		"member":       {as(actor.Member, w.zhang.Place()), 0, 0},
		"nobody":       {actor.Actor{}, 0, 0},
	} {
		for _, at := range []string{"", day} {
			if got := must(w.ledger.Counts(t.Context(), c.who, at))(t); len(got.Units) != c.units || got.Total.Total() != c.total {
				t.Errorf("%s counts %d units with %d on %q", name, len(got.Units), got.Total.Total(), at)
			}
		}
	}
}

// An import writes history as people do, and only where something changed.
func TestImportsHaveAHistory(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	snap := must(w.ledger.Bulk().Snapshot(ctx, w.counties[0].ID, nil))(t)
	fresh := ledger.Record{ID: 4242, UnitID: w.unitA.ID, Status: ledger.Active, Fields: ledger.Fields{Name: "赵六"}}
	changed := snap.Persons[0]
	changed.Talents = "书法"
	c := ledger.Changes{By: 9, Import: 99, NewPersons: []ledger.Record{fresh}, ChangedPersons: []ledger.Record{changed, snap.Persons[1]}}
	if err := w.ledger.Bulk().Apply(ctx, c); err != nil {
		t.Fatal(err)
	}
	for person, want := range map[id.ID]string{4242: "1 import \n", changed.ID: "2 import \n  特长:  > 书法\n1 create \n", snap.Persons[1].ID: "1 create \n"} {
		h := w.history(person)
		if got := lines(h); got != want {
			t.Errorf("%s", got)
		}
		if h[0].Cause == ledger.Imported && (h[0].Import != 99 || h[0].Account != 9) {
			t.Errorf("%+v", h[0])
		}
	}
}
