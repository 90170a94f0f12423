package privacy_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
	"bense/server/internal/privacy"
)

// Consent belongs to a version of the words, is kept once, and taking it back unties the account.
func TestConsent(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	who := actor.Actor{Account: 7, Persons: []id.ID{41, 42}}
	if got, err := c.Consent(ctx, who); err != nil || got.Current() || got.Version != privacy.Version || len(got.Text) == 0 {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := c.Agree(ctx, who, "2020-01"); !errors.Is(err, privacy.ErrVersion) {
		t.Errorf("words of yesterday: %v", err)
	}
	for range 2 {
		if got, err := c.Agree(ctx, who, privacy.Version); err != nil || !got.Current() || !got.AgreedAt.Equal(today) {
			t.Errorf("%+v %v", got, err)
		}
	}
	if other, err := c.Consent(ctx, actor.Actor{Account: 6}); err != nil || other.Current() {
		t.Errorf("somebody else agreed: %+v %v", other, err)
	}
	c.clk.Advance(time.Hour)
	got, err := c.Withdraw(ctx, who)
	if err != nil || got.Current() || !got.Withdrawn.Equal(today.Add(time.Hour)) || !slices.Equal(c.accounts.unbound, who.Persons) {
		t.Errorf("%+v %v, untied %v", got, err, c.accounts.unbound)
	}
	if got, err = c.Withdraw(ctx, who); err != nil || len(c.accounts.unbound) != 2 {
		t.Errorf("taken back twice: %+v %v", got, err)
	}
	if got, err = c.Agree(ctx, who, privacy.Version); err != nil || !got.Current() {
		t.Errorf("agreed again: %+v %v", got, err)
	}
	for action, want := range map[string]int64{"privacy.agree": 2, "privacy.withdraw": 1} {
		if n, err := c.audit.Count(ctx, action, who.Account); err != nil || n != want {
			t.Errorf("%s: %d lines, %v", action, n, err)
		}
	}
}

// A person sees what is kept, masked, with the reason and who looked; only the person takes it along.
func TestOwnData(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	c.load(two)
	li, wang := c.people()["李四四"], c.people()["王五五"]
	c.accounts.ties[li.ID], c.accounts.ties[wang.ID] = identity.Self, identity.Family
	who := actor.Actor{Account: 7, Persons: []id.ID{li.ID, wang.ID}}
	for _, p := range who.Persons {
		who.Grants = append(who.Grants, actor.Grant{Role: actor.Member, Place: actor.Place{Person: p}})
	}
	if _, err := c.ledger.Reveal(ctx, c.office, li.ID, []string{"phone"}, "走访前核对"); err != nil {
		t.Fatal(err)
	}
	own, err := c.Own(ctx, who, li.ID)
	if err != nil || !own.Self || len(own.Looks) != 1 || own.Looks[0].Sentence() != "王经办看了联系电话，原因是：走访前核对" || own.Since.IsZero() {
		t.Fatalf("%+v %v", own, err)
	}
	at := slices.IndexFunc(own.Items, func(i privacy.Item) bool { return i.Key == "phone" })
	if at < 0 || own.Items[at].Value != "199****0002" || own.Items[at].Why == "" || !own.Items[at].Sealed {
		t.Errorf("%+v", own.Items)
	}
	if _, err := c.db.SQL().ExecContext(ctx, "INSERT INTO notice_preferences (person_id, way, set_by, set_at) VALUES ("+li.ID.String()+", 'phone', 7, '2026-01-01 00:00:00.000')"); err != nil {
		t.Fatal(err)
	}
	x, err := c.Export(ctx, who, li.ID)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x.JSON()
	if err != nil || !json.Valid(text) || !strings.Contains(string(text), "不发微信，打电话") || !strings.Contains(string(text), "19900000002") || !strings.Contains(string(text), "旧址二") {
		t.Errorf("%s %v", text, err)
	}
	if n, err := c.audit.Count(ctx, "privacy.export_own", li.ID); err != nil || n != 1 {
		t.Errorf("%d lines: %v", n, err)
	}
	if o, err := c.Own(ctx, who, wang.ID); err != nil || o.Self {
		t.Errorf("the family: %+v %v", o, err)
	}
	if _, err := c.Export(ctx, who, wang.ID); !errors.Is(err, privacy.ErrNotOwn) {
		t.Errorf("the family took it along: %v", err)
	}
	for name, stranger := range map[string]actor.Actor{"another member": {Account: 5, Persons: []id.ID{wang.ID}}, "the office": c.office} {
		if _, err := c.Own(ctx, stranger, li.ID); !errors.Is(err, errs.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := c.Export(ctx, stranger, li.ID); !errors.Is(err, errs.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What a rule would forget is listed and stays; forgotten is what is due, once, and a line is left. A rule
// without a time keeps for good.
func TestForget(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	c.load(two)
	li := c.people()["李四四"]
	moved := ledger.Moved
	if _, err := c.ledger.UpdatePerson(ctx, c.office, li.ID, ledger.PersonChange{Status: &moved}); err != nil {
		t.Fatal(err)
	}
	due := func(list []privacy.Due, err error) map[string]int64 {
		t.Helper()
		c.must(err)
		out := map[string]int64{}
		for _, d := range list {
			out[d.Rule.Key] = d.Rows
		}
		return out
	}
	if len(c.Keep.Rules()) != 2 {
		t.Errorf("%d rules", len(c.Keep.Rules()))
	}
	c.clk.Advance(364 * 24 * time.Hour)
	if got := due(c.Due(ctx)); got["departed"] != 0 || got["import_reports"] != 1 {
		t.Errorf("%v", got)
	}
	c.clk.Advance(2 * 24 * time.Hour)
	if got := due(c.Due(ctx)); got["departed"] != 1 || c.people()["李四四"].Phone == "" {
		t.Errorf("%v", got)
	}
	if got := due(c.Forget(ctx)); got["departed"] != 1 || got["import_reports"] != 1 {
		t.Errorf("%v", got)
	}
	people := c.people()
	if r := people["李四四"]; r.Phone+r.Address != "" || r.Birth != "1948-04" || people["王五五"].Phone == "" {
		t.Errorf("%+v %+v", r.Fields, people["王五五"].Fields)
	}
	if got := due(c.Forget(ctx)); got["departed"]+got["import_reports"] != 0 {
		t.Errorf("again: %v", got)
	}
	if n, err := c.audit.Count(ctx, "privacy.forget", 0); err != nil || n != 1 {
		t.Errorf("%d lines: %v", n, err)
	}
}
