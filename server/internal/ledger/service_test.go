package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/page"
)

func names(l []ledger.Entry) string {
	var out []string
	for _, e := range l {
		out = append(out, e.Unit+e.Person.Name)
	}
	return strings.Join(out, " ")
}

func TestEverybodySeesTheirPart(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		who                          actor.Actor
		committees, alliances, units int
		persons                      string
	}{
		"office":       {w.office(0), 1, 2, 3, "县妇联张爱国 县妇联李秀英 县审计局王爱国"},
		"other office": {w.office(1), 1, 1, 1, "县妇联张爱国"},
		"city":         {as(actor.CommitteeStaff, w.city.Place()), 1, 0, 0, ""},
		"lead unit":    {as(actor.LeadStaff, w.a.Place()), 1, 1, 1, "县妇联张爱国 县妇联李秀英"},
		"head":         {as(actor.Head, w.a.Place()), 1, 1, 1, "县妇联张爱国 县妇联李秀英"},
		"liaison":      {as(actor.Liaison, w.unitB.Place()), 1, 1, 1, "县审计局王爱国"},
		"member":       {as(actor.Member, w.zhang.Place()), 1, 1, 1, "县妇联张爱国"},
		"nobody":       {actor.Actor{}, 0, 0, 0, ""},
		"system":       {actor.System, 3, 3, 4, "县妇联张爱国 县妇联李秀英 县审计局王爱国 县妇联张爱国"},
	} {
		ctx := t.Context()
		cs := must(w.ledger.Committees(ctx, c.who))(t)
		as := must(w.ledger.Alliances(ctx, c.who))(t)
		us := must(w.ledger.Units(ctx, c.who, 0))(t)
		bs := must(w.ledger.Branches(ctx, c.who, 0))(t)
		ps := must(w.ledger.Persons(ctx, c.who, ledger.Filter{}, page.Page{}))(t)
		if len(cs) != c.committees || len(as) != c.alliances || len(us) != c.units || len(bs) != c.units || names(ps.Items) != c.persons {
			t.Errorf("%s sees %d committees, %d alliances, %d units, %d branches, %s", name, len(cs), len(as), len(us), len(bs), names(ps.Items))
		}
	}
}

func TestOutsideOfTheScopeIsNotFound(t *testing.T) {
	w := newWorld(t)
	ctx, name := t.Context(), "新名"
	other, head := w.office(1), as(actor.Head, w.a.Place())
	for what, c := range map[string]struct{ err, want error }{
		"alliance":                       {second(w.ledger.Alliance(ctx, other, w.a.ID)), errs.ErrNotFound},
		"alliance change":                {second(w.ledger.UpdateAlliance(ctx, other, w.a.ID, ledger.AllianceChange{})), errs.ErrNotFound},
		"alliance change by the head":    {second(w.ledger.UpdateAlliance(ctx, head, w.a.ID, ledger.AllianceChange{})), errs.ErrForbidden},
		"foreign lead unit":              {second(w.ledger.UpdateAlliance(ctx, w.office(0), w.a.ID, ledger.AllianceChange{LeadUnit: &w.unitF.ID})), errs.ErrNotFound},
		"alliance elsewhere":             {second(w.ledger.CreateAlliance(ctx, other, ledger.Alliance{CommitteeID: w.counties[0].ID, Name: "新"})), errs.ErrNotFound},
		"alliance by the head":           {second(w.ledger.CreateAlliance(ctx, head, ledger.Alliance{CommitteeID: w.counties[0].ID, Name: "新"})), errs.ErrForbidden},
		"unit":                           {second(w.ledger.UpdateUnit(ctx, other, w.unitA.ID, ledger.UnitChange{Name: &name})), errs.ErrNotFound},
		"unit into a foreign alliance":   {second(w.ledger.UpdateUnit(ctx, w.office(0), w.alone.ID, ledger.UnitChange{Alliance: &w.foreign.ID})), errs.ErrNotFound},
		"unit by the head":               {second(w.ledger.CreateUnit(ctx, head, ledger.Unit{CommitteeID: w.counties[0].ID, Name: name})), errs.ErrForbidden},
		"committee at the top":           {second(w.ledger.CreateCommittee(ctx, w.office(0), ledger.Committee{Name: name})), errs.ErrForbidden},
		"committee below another":        {second(w.ledger.CreateCommittee(ctx, w.office(0), ledger.Committee{Name: name, ParentID: w.city.ID})), errs.ErrNotFound},
		"person":                         {second(w.ledger.Person(ctx, other, w.zhang.Person.ID)), errs.ErrNotFound},
		"person change":                  {second(w.ledger.UpdatePerson(ctx, other, w.zhang.Person.ID, ledger.PersonChange{})), errs.ErrNotFound},
		"person change by the head":      {second(w.ledger.UpdatePerson(ctx, head, w.zhang.Person.ID, ledger.PersonChange{})), errs.ErrForbidden},
		"own row changed by the member":  {second(w.ledger.UpdatePerson(ctx, as(actor.Member, w.zhang.Place()), w.zhang.Person.ID, ledger.PersonChange{})), errs.ErrForbidden},
		"person into a foreign unit":     {second(w.ledger.UpdatePerson(ctx, w.office(0), w.zhang.Person.ID, ledger.PersonChange{Unit: &w.unitF.ID})), errs.ErrNotFound},
		"person into a foreign branch":   {second(w.ledger.UpdatePerson(ctx, w.office(0), w.zhang.Person.ID, ledger.PersonChange{Branch: &w.wang.BranchID})), errs.ErrNotFound},
		"liaison moves somebody out":     {second(w.ledger.UpdatePerson(ctx, as(actor.Liaison, w.unitA.Place()), w.zhang.Person.ID, ledger.PersonChange{Unit: &w.unitB.ID})), errs.ErrNotFound},
		"new person in a foreign unit":   {second(w.ledger.CreatePerson(ctx, other, w.unitA.ID, 0, ledger.Fields{Name: "新人"})), errs.ErrNotFound},
		"new person by the head":         {second(w.ledger.CreatePerson(ctx, head, w.unitA.ID, 0, ledger.Fields{Name: "新人"})), errs.ErrForbidden},
		"reveal":                         {second(w.ledger.Reveal(ctx, other, w.zhang.Person.ID, []string{"phone"}, "核对")), errs.ErrNotFound},
		"reveal by the head":             {second(w.ledger.Reveal(ctx, head, w.zhang.Person.ID, []string{"phone"}, "核对")), errs.ErrForbidden},
		"reveal by another unit":         {second(w.ledger.Reveal(ctx, as(actor.Liaison, w.unitB.Place()), w.zhang.Person.ID, []string{"phone"}, "核对")), errs.ErrNotFound},
		"reveal without a reason":        {second(w.ledger.Reveal(ctx, w.office(0), w.zhang.Person.ID, []string{"phone"}, " ")), ledger.ErrReason},
		"reveal of nothing":              {second(w.ledger.Reveal(ctx, w.office(0), w.zhang.Person.ID, nil, "核对")), errs.ErrInvalid},
		"reveal of what is no secret":    {second(w.ledger.Reveal(ctx, w.office(0), w.zhang.Person.ID, []string{"status"}, "核对")), errs.ErrInvalid},
		"name of an alliance taken":      {second(w.ledger.CreateAlliance(ctx, w.office(0), ledger.Alliance{CommitteeID: w.counties[0].ID, Name: "群团"})), ledger.ErrNameTaken},
		"name of a unit taken":           {second(w.ledger.CreateUnit(ctx, w.office(0), ledger.Unit{CommitteeID: w.counties[0].ID, Name: "县妇联（原）"})), ledger.ErrNameTaken},
		"name of a unit that calculates": {second(w.ledger.CreateUnit(ctx, w.office(0), ledger.Unit{CommitteeID: w.counties[0].ID, Name: "=1"})), errs.ErrInvalid},
		"no name":                        {second(w.ledger.CreateUnit(ctx, w.office(0), ledger.Unit{CommitteeID: w.counties[0].ID, Name: " "})), errs.ErrInvalid},
		"status that is none":            {second(w.ledger.Persons(ctx, w.office(0), ledger.Filter{Status: "x"}, page.Page{})), errs.ErrInvalid},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", what, c.err, c.want)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestSearch(t *testing.T) {
	w := newWorld(t)
	for q, want := range map[string]string{
		"爱国": "县妇联张爱国 县审计局王爱国", "张 爱国": "县妇联张爱国", "zag": "县妇联张爱国", "ZAG": "县妇联张爱国", "zhangai": "县妇联张爱国", "lxy": "县妇联李秀英",
		"0001": "县妇联张爱国 县妇联李秀英 县审计局王爱国", "199-0000-0001": "县妇联张爱国 县妇联李秀英", "%": "", "_": "", "!": "", "爱": "县妇联张爱国 县审计局王爱国", "0002": "",
		"' OR 1=1 --": "", "": "县妇联张爱国 县妇联李秀英 县审计局王爱国",
	} {
		got := must(w.ledger.Persons(t.Context(), w.office(0), ledger.Filter{Query: q}, page.Page{}))(t)
		if names(got.Items) != want {
			t.Errorf("%q finds %s", q, names(got.Items))
		}
	}
	dir := w.ledger.Directory()
	if found := must(dir.SearchIn(t.Context(), w.a.ID, "ag"))(t); len(found) != 0 {
		t.Errorf("initials from the middle: %v", found)
	}
	if found := must(dir.SearchIn(t.Context(), w.a.ID, "爱国"))(t); len(found) != 1 || found[0].ID != w.zhang.Person.ID {
		t.Errorf("%v", found)
	}
	if found := must(dir.SearchIn(t.Context(), w.a.ID, " "))(t); len(found) != 0 {
		t.Errorf("nothing typed: %v", found)
	}
}

func TestFilterAndPages(t *testing.T) {
	w := newWorld(t)
	for i := range 25 {
		w.person(w.unitB, ledger.Fields{Name: "钱" + string(rune('一'+i))})
	}
	var all []string
	after := ""
	for range 10 {
		l := must(w.ledger.Persons(t.Context(), w.office(0), ledger.Filter{Alliance: w.b.ID}, page.Page{After: after, Limit: 10}))(t)
		for _, e := range l.Items {
			all = append(all, e.Person.ID.String())
		}
		if after = l.Next; after == "" {
			break
		}
	}
	if len(all) != 26 || !slices.IsSorted(all) {
		t.Errorf("%d persons on pages", len(all))
	}
	if l := must(w.ledger.Persons(t.Context(), w.office(0), ledger.Filter{Unit: w.unitA.ID, Status: ledger.Active}, page.Page{}))(t); len(l.Items) != 2 {
		t.Errorf("%s", names(l.Items))
	}
	if _, err := w.ledger.Persons(t.Context(), w.office(0), ledger.Filter{}, page.Page{After: "x"}); !errors.Is(err, errs.ErrInvalid) {
		t.Errorf("a cursor that is none: %v", err)
	}
}

func TestRevealWritesALine(t *testing.T) {
	w := newWorld(t)
	e := must(w.ledger.Person(t.Context(), w.office(0), w.zhang.Person.ID))(t)
	if e.Phone != "199****0001" || e.IDNumber != "37************0047" || e.Address != "******" || e.Birth != "1943-12" || e.Health != "******" {
		t.Errorf("not masked: %+v", e.Fields)
	}
	shown := must(w.ledger.Reveal(t.Context(), as(actor.Liaison, w.unitA.Place()), w.zhang.Person.ID, []string{"phone", "birth"}, "电话通知"))(t)
	if len(shown) != 2 || shown["phone"] != "19900000001" || shown["birth"] != "1943-12-06" {
		t.Errorf("%v", shown)
	}
	if n := must(w.audit.Count(t.Context(), "ledger.reveal_person", w.zhang.Person.ID))(t); n != 1 {
		t.Errorf("%d audit lines", n)
	}
	var plain int
	row := w.db.SQL().QueryRow("SELECT COUNT(*) FROM persons WHERE phone_enc LIKE '%19900000001%' OR address_enc LIKE '%幸福%'")
	if err := row.Scan(&plain); err != nil || plain != 0 {
		t.Errorf("%d rows in plain text, %v", plain, err)
	}
}

func TestUpdatePerson(t *testing.T) {
	w := newWorld(t)
	who, ctx := w.office(0), t.Context()
	e := must(w.ledger.UpdatePerson(ctx, who, w.zhang.Person.ID, ledger.PersonChange{Unit: &w.unitB.ID,
		Fields: map[string]string{"name": "张爱军", "phone": "199 0000 0007", "address": ""}}))(t)
	if e.Person.Name != "张爱军" || e.Initials != "zaj" || e.UnitID != w.unitB.ID || e.BranchID != w.wang.BranchID || e.AllianceID != w.b.ID || e.Address != "" {
		t.Errorf("%+v", e)
	}
	dir := w.ledger.Directory()
	if by := must(dir.ByPhone(ctx, "199-0000-0007"))(t); len(by) != 1 || by[0].ID != e.Person.ID {
		t.Errorf("%v", by)
	}
	if by := must(dir.ByPhone(ctx, "19900000001"))(t); len(by) != 1 || by[0].ID != w.li.Person.ID {
		t.Errorf("the old number still finds: %v", by)
	}
	_, err := w.ledger.UpdatePerson(ctx, who, w.li.Person.ID, ledger.PersonChange{Fields: map[string]string{"id_number": "370599194312060047"}})
	if !errors.Is(err, ledger.ErrIDNumberTaken) {
		t.Errorf("a number twice: %v", err)
	}
	if _, err := w.ledger.UpdatePerson(ctx, who, w.li.Person.ID, ledger.PersonChange{Fields: map[string]string{"birth": "昨天"}}); !errors.Is(err, errs.ErrInvalid) {
		t.Errorf("a birth that is none: %v", err)
	}
}

func TestOneIdentityNumberOnce(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	results := make([]error, 20)
	for i := range results {
		wg.Go(func() {
			u := []ledger.Unit{w.unitA, w.unitB}[i%2]
			_, results[i] = w.ledger.CreatePerson(context.Background(), w.office(0), u.ID, 0,
				ledger.Fields{Name: "新人", IDNumber: "37059919530908005X", Remark: fmt.Sprint(i)})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range results {
		if err == nil {
			won++
		} else if !errors.Is(err, ledger.ErrIDNumberTaken) {
			t.Errorf("a loser hears %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d of 20 won", won)
	}
}

func TestProposals(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	var told []ledger.Person
	w.ledger.OnStatusChange(func(ctx context.Context, p ledger.Person) error {
		if !w.db.InTx(ctx) {
			t.Error("the hook runs outside of the transaction")
		}
		told = append(told, p)
		return nil
	})
	w.propose(w.zhang.Person.ID, ledger.Deceased, "2021年去世")
	w.propose(w.li.Person.ID, ledger.Moved, "随子女居住济南")
	liaison := as(actor.Liaison, w.unitA.Place())
	open := must(w.ledger.Proposals(ctx, liaison, ledger.ProposalFilter{}, page.Page{}))(t).Items
	if len(open) != 2 || open[0].Evidence != "2021年去世" || open[0].Person.Name != "张爱国" || open[0].Status != ledger.Deceased {
		t.Fatalf("%+v", open)
	}
	for name, who := range map[string]actor.Actor{"other office": w.office(1), "other unit": as(actor.Liaison, w.unitB.Place())} {
		if l := must(w.ledger.Proposals(ctx, who, ledger.ProposalFilter{}, page.Page{}))(t); len(l.Items) != 0 {
			t.Errorf("%s sees %v", name, l.Items)
		}
		if _, err := w.ledger.ConfirmProposal(ctx, who, open[0].ID, ""); !errors.Is(err, errs.ErrNotFound) {
			t.Errorf("%s confirms: %v", name, err)
		}
	}
	if _, err := w.ledger.ConfirmProposal(ctx, as(actor.Head, w.a.Place()), open[0].ID, ""); !errors.Is(err, errs.ErrForbidden) {
		t.Errorf("the head confirms: %v", err)
	}
	if p := must(w.ledger.ConfirmProposal(ctx, liaison, open[0].ID, ""))(t); p.Decision != ledger.Confirmed || p.Person.Status != ledger.Deceased {
		t.Errorf("%+v", p)
	}
	if p := must(w.ledger.DismissProposal(ctx, liaison, open[1].ID, ""))(t); p.Decision != ledger.Dismissed || p.Person.Status != ledger.Active {
		t.Errorf("%+v", p)
	}
	if _, err := w.ledger.ConfirmProposal(ctx, liaison, open[1].ID, ""); !errors.Is(err, ledger.ErrDecided) {
		t.Errorf("a second decision: %v", err)
	}
	if len(told) != 1 || told[0].ID != w.zhang.Person.ID || told[0].Status != ledger.Deceased {
		t.Errorf("hooks heard %+v", told)
	}
	if active := must(w.ledger.Directory().ActiveInAlliance(ctx, w.a.ID))(t); len(active) != 1 || active[0].ID != w.li.Person.ID {
		t.Errorf("active: %+v", active)
	}
}

func TestAFailingHookKeepsTheStatus(t *testing.T) {
	w := newWorld(t)
	broken := errors.New("broken")
	w.ledger.OnStatusChange(func(context.Context, ledger.Person) error { return broken })
	gone := ledger.Moved
	if _, err := w.ledger.UpdatePerson(t.Context(), w.office(0), w.zhang.Person.ID, ledger.PersonChange{Status: &gone}); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if p := must(w.ledger.Directory().Person(t.Context(), w.zhang.Person.ID))(t); p.Status != ledger.Active {
		t.Errorf("status %s", p.Status)
	}
}

func TestDirectory(t *testing.T) {
	w := newWorld(t)
	ctx, dir := t.Context(), w.ledger.Directory()
	if tree := must(dir.CommitteeTree(ctx, w.city.ID))(t); !slices.Equal(tree, []id.ID{w.city.ID, w.counties[0].ID, w.counties[1].ID}) {
		t.Errorf("tree %v", tree)
	}
	if a := must(dir.AllianceByName(ctx, w.counties[0].ID, "群团"))(t); a.ID != w.a.ID {
		t.Errorf("%+v", a)
	}
	if _, err := dir.AllianceByName(ctx, 0, "群团党建联盟"); !errors.Is(err, ledger.ErrAmbiguous) {
		t.Errorf("one name in two counties: %v", err)
	}
	if u := must(dir.UnitByName(ctx, w.counties[0].ID, "县妇联（原）"))(t); u.ID != w.unitA.ID {
		t.Errorf("%+v", u)
	}
	if _, err := dir.UnitByName(ctx, 0, "县妇联"); !errors.Is(err, ledger.ErrAmbiguous) {
		t.Errorf("%v", err)
	}
	if c := must(dir.CommitteeByName(ctx, "市委老干部局"))(t); c.ID != w.city.ID {
		t.Errorf("%+v", c)
	}
	for _, err := range []error{second(dir.Person(ctx, 1)), second(dir.Unit(ctx, 1)), second(dir.Alliance(ctx, 1)), second(dir.Committee(ctx, 1)),
		second(dir.CommitteeByName(ctx, "无")), second(dir.UnitByName(ctx, 0, "无")), second(dir.AllianceByName(ctx, 0, "无"))} {
		if !errors.Is(err, errs.ErrNotFound) {
			t.Errorf("%v", err)
		}
	}
	people := must(dir.Persons(ctx, []id.ID{w.zhang.Person.ID, w.wang.Person.ID, 5}))(t)
	if p := people[w.zhang.Person.ID]; len(people) != 2 || p.Place() != (actor.Place{Committee: w.counties[0].ID, Alliance: w.a.ID, Unit: w.unitA.ID, Person: p.ID}) ||
		p.Unit != "县妇联" || p.Branch != "县妇联离退休干部党支部" || p.Alliance != "群团离退休干部党建联盟" || p.Initials != "zag" {
		t.Errorf("%+v", people)
	}
	if active := must(dir.ActiveInAlliance(ctx, w.a.ID))(t); len(active) != 2 || active[0].ID != w.li.Person.ID {
		t.Errorf("not by ledger number: %+v", active)
	}
	if by := must(dir.ByPhone(ctx, "１９９-0000-0001"))(t); len(by) != 2 {
		t.Errorf("a couple's phone finds %v", by)
	}
	if by := must(dir.ByPhone(ctx, "1"))(t); len(by) != 0 {
		t.Errorf("%v", by)
	}
	if by := must(dir.ByNameInUnit(ctx, "张 爱国", "县妇联(原)"))(t); len(by) != 2 {
		t.Errorf("%v", by)
	}
	last := must(dir.PhoneLast4(ctx, []id.ID{w.zhang.Person.ID, 5}))(t)
	if phones := must(dir.Phones(ctx, []id.ID{w.zhang.Person.ID}))(t); phones[w.zhang.Person.ID] != "19900000001" || last[w.zhang.Person.ID] != "0001" || len(last) != 1 {
		t.Errorf("%v %v", phones, last)
	}
}

func TestUpdateAlliance(t *testing.T) {
	w := newWorld(t)
	venue, lead := "文化宫 ３楼", w.unitB.ID
	a := must(w.ledger.UpdateAlliance(t.Context(), w.office(0), w.a.ID, ledger.AllianceChange{Venue: &venue, LeadUnit: &lead}))(t)
	if a.Venue != "文化宫 3楼" || a.LeadUnitID != lead || a.Name != w.a.Name {
		t.Errorf("%+v", a)
	}
}
