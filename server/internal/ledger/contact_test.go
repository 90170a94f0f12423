package ledger_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

func namesOf(e ledger.Entry) string {
	var out []string
	for _, c := range e.Contacts {
		out = append(out, c.Relation+c.Phone)
	}
	return strings.Join(out, " ")
}

func TestSeveralFamilyContacts(t *testing.T) {
	w := newWorld(t)
	w.ledger.UseNames(called{77: "林主任"})
	ctx, who, wang := t.Context(), w.office(0), w.wang.Person.ID
	must(w.ledger.UpdatePerson(ctx, who, wang, ledger.PersonChange{Fields: map[string]string{"family_contact": "王小明", "family_phone": "19900020001"}}))(t)
	e := must(w.ledger.Person(ctx, who, wang))(t)
	if len(e.Contacts) != 1 || e.Contacts[0].ID != wang || namesOf(e) != "199****0001" {
		t.Fatalf("of the sheet alone: %+v", e.Contacts)
	}
	relation := "儿子"
	must(w.ledger.UpdateContact(ctx, who, wang, wang, ledger.ContactChange{Relation: &relation}))(t)
	must(w.ledger.AddContact(ctx, who, wang, ledger.Contact{Name: "王小红", Relation: "女儿", Phone: "199-0002-0002"}, false))(t)
	dir := w.ledger.Directory()
	if kin := must(dir.Families(ctx, []id.ID{wang, w.zhang.Person.ID}))(t); len(kin) != 1 || kin[wang].Phone == "" {
		t.Errorf("whom to ring: %+v", kin)
	}
	e = must(w.ledger.AddContact(ctx, who, wang, ledger.Contact{Name: "王小军", Relation: "侄子", Phone: "0546-5621234", Note: "住同城"}, true))(t)
	if namesOf(e) != "侄子054****1234 儿子199****0001 女儿199****0002" || e.FamilyPhone != "054****1234" || strings.Contains(fmt.Sprint(e), "小") {
		t.Errorf("%s %s", namesOf(e), e.FamilyPhone)
	}
	e = must(w.ledger.UpdateContact(ctx, who, wang, e.Contacts[2].ID, ledger.ContactChange{First: true}))(t)
	if namesOf(e) != "女儿199****0002 侄子054****1234 儿子199****0001" {
		t.Error(namesOf(e))
	}
	shown := must(w.ledger.Reveal(ctx, who, wang, []string{"contacts", "contact." + e.Contacts[1].ID.String(), "family_contact"}, "走访前联系"))(t)
	if shown["contacts"] != "王小红（女儿） 19900020002；王小军（侄子） 05465621234 住同城；王小明（儿子） 19900020001" ||
		shown["contact."+e.Contacts[1].ID.String()] != "王小军（侄子） 05465621234 住同城" || shown["family_contact"] != "王小红" {
		t.Errorf("%v", shown)
	}
	e = must(w.ledger.RemoveContact(ctx, who, wang, e.Contacts[0].ID))(t)
	if namesOf(e) != "侄子054****1234 儿子199****0001" {
		t.Error(namesOf(e))
	}
	// a sheet that names somebody else: the relation was not theirs
	e = must(w.ledger.UpdatePerson(ctx, who, wang, ledger.PersonChange{Fields: map[string]string{"family_contact": "王大嫂"}}))(t)
	if namesOf(e) != "054****1234 儿子199****0001" {
		t.Error(namesOf(e))
	}
	text := lines(w.history(wang))
	if !strings.Contains(text, "家属联系人名单") || !strings.Contains(text, "家属（女儿） 199****0002") || strings.Contains(text, "小") {
		t.Error(text)
	}
	for _, h := range w.history(wang) {
		for _, c := range must(w.ledger.RevealChange(ctx, who, wang, h.Seq, "核对"))(t).Columns {
			if strings.ContainsAny(c.From+c.To, `{"*`) {
				t.Errorf("%d: %+v", h.Seq, c)
			}
		}
	}
	past := must(w.ledger.PersonAsOf(ctx, who, wang, today.Format("2006-01-02")))(t)
	if namesOf(past) != namesOf(e) {
		t.Error(namesOf(past))
	}
	for action, n := range map[string]int64{"ledger.add_contact": 2, "ledger.change_contact": 2, "ledger.remove_contact": 1} {
		if got := must(w.audit.Count(ctx, action, wang))(t); got != n {
			t.Errorf("%s: %d lines", action, got)
		}
	}
	var plain int
	row := w.db.SQL().QueryRow("SELECT COUNT(*) FROM persons WHERE contacts_enc LIKE '%1990002%' OR contacts_enc LIKE '%小%'")
	if err := row.Scan(&plain); err != nil || plain != 0 {
		t.Errorf("%d lists in plain text, %v", plain, err)
	}
}

// Who was taken off by mistake comes back to where they stood, whatever else was changed meanwhile, for a day.
func TestAContactComesBack(t *testing.T) {
	w := newWorld(t)
	ctx, who, wang := t.Context(), w.office(0), w.wang.Person.ID
	add := func(name, relation, phone string) ledger.Entry {
		return must(w.ledger.AddContact(ctx, who, wang, ledger.Contact{Name: name, Relation: relation, Phone: phone, Note: "住同城"}, false))(t)
	}
	add("王小明", "儿子", "19900020001")
	e := add("王小红", "女儿", "19900020002")
	son, daughter := e.Contacts[0].ID, e.Contacts[1].ID
	must(w.ledger.RemoveContact(ctx, who, wang, son))(t)
	must(w.ledger.UpdatePerson(ctx, who, wang, ledger.PersonChange{Fields: map[string]string{"hobbies": "门球"}}))(t)
	add("王小军", "侄子", "19900020003")
	e = must(w.ledger.RestoreContact(ctx, who, wang, son))(t)
	if namesOf(e) != "儿子199****0001 女儿199****0002 侄子199****0003" || e.Contacts[0].ID != son {
		t.Errorf("%s", namesOf(e))
	}
	e = must(w.ledger.RestoreContact(ctx, who, wang, son))(t) // a second tap
	if len(e.Contacts) != 3 {
		t.Errorf("%s", namesOf(e))
	}
	if shown := must(w.ledger.Reveal(ctx, who, wang, []string{"contact." + son.String()}, "核对"))(t); shown["contact."+son.String()] != "王小明（儿子） 19900020001 住同城" {
		t.Errorf("%v", shown)
	}
	must(w.ledger.RemoveContact(ctx, who, wang, daughter))(t)
	add("王小红", "女儿", "19900020002") // typed again
	for what, c := range map[string]struct{ err, want error }{
		"there again":  {second(w.ledger.RestoreContact(ctx, who, wang, daughter)), ledger.ErrContactTwice},
		"never there":  {second(w.ledger.RestoreContact(ctx, who, wang, 5)), ledger.ErrContactGone},
		"by oneself":   {second(w.ledger.RestoreContact(ctx, as(actor.Member, w.wang.Place()), wang, son)), errs.ErrForbidden},
		"by a foreign": {second(w.ledger.RestoreContact(ctx, w.office(1), wang, son)), errs.ErrNotFound},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v", what, c.err)
		}
	}
	must(w.ledger.RemoveContact(ctx, who, wang, son))(t)
	w.clk.Advance(25 * time.Hour)
	if _, err := w.ledger.RestoreContact(ctx, who, wang, son); !errors.Is(err, ledger.ErrContactGone) {
		t.Errorf("a day later: %v", err)
	}
}

func TestContactsOfOthers(t *testing.T) {
	w := newWorld(t)
	ctx, zhang := t.Context(), w.zhang.Person.ID
	good := ledger.Contact{Name: "张小明", Phone: "19900020009"}
	add := func(who actor.Actor, c ledger.Contact) error {
		return second(w.ledger.AddContact(ctx, who, zhang, c, false))
	}
	liaison := as(actor.Liaison, w.unitA.Place())
	if err := add(liaison, good); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct{ err, want error }{
		"elsewhere":      {add(w.office(1), good), errs.ErrNotFound},
		"the head":       {add(as(actor.Head, w.a.Place()), good), errs.ErrForbidden},
		"oneself":        {add(as(actor.Member, w.zhang.Place()), good), errs.ErrForbidden},
		"twice":          {add(liaison, good), ledger.ErrContactTwice},
		"no name":        {add(liaison, ledger.Contact{Phone: "19900020008"}), errs.ErrInvalid},
		"no number":      {add(liaison, ledger.Contact{Name: "张", Phone: "12"}), errs.ErrInvalid},
		"a formula":      {add(liaison, ledger.Contact{Name: "=1+1"}), errs.ErrInvalid},
		"a long note":    {add(liaison, ledger.Contact{Name: "张小红", Note: strings.Repeat("长", 101)}), errs.ErrInvalid},
		"change of none": {second(w.ledger.UpdateContact(ctx, liaison, zhang, 5, ledger.ContactChange{})), errs.ErrNotFound},
		"removal, head":  {second(w.ledger.RemoveContact(ctx, as(actor.Head, w.a.Place()), zhang, 5)), errs.ErrForbidden},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v", what, c.err)
		}
	}
}

// Of clerks who add somebody at once nobody loses, and together they don't pass the limit.
func TestContactsAddedAtOnce(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	refused := 0
	for i := range 20 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, err := w.ledger.AddContact(t.Context(), w.office(0), w.zhang.Person.ID, ledger.Contact{Name: "家属", Phone: fmt.Sprintf("199000200%02d", i)}, i%2 == 0)
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, ledger.ErrManyContacts) {
				refused++
			} else if err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	if e := must(w.ledger.Person(t.Context(), w.office(0), w.zhang.Person.ID))(t); len(e.Contacts) != 6 || refused != 14 {
		t.Errorf("%d contacts, %d refused", len(e.Contacts), refused)
	}
}
