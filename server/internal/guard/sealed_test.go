package guard_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"bense/server/internal/actor"
	"bense/server/internal/app"
	"bense/server/internal/clock"
	"bense/server/internal/crypt"
	"bense/server/internal/ledger"
	"bense/server/internal/page"
	"bense/server/internal/testdb"
	"bense/server/internal/vault"
)

// Every column that is sealed stands in the inventory, or a rotation would leave it behind; and what the
// service has stored opens in the context that the inventory says.
func TestEverySealedColumnIsInTheInventory(t *testing.T) {
	w := newWorld(t)
	known := map[string]vault.Column{}
	for _, c := range vault.Columns {
		known[c.Table+"."+c.Name] = c
	}
	opened := 0
	for _, table := range w.tables(t) {
		columns, err := w.DB.Conn(t.Context()).Migrator().ColumnTypes(table)
		if err != nil {
			t.Fatal(err)
		}
		for _, column := range columns {
			name := table + "." + column.Name()
			if !strings.HasSuffix(name, "_enc") {
				continue
			}
			c, ok := known[name]
			if !ok {
				t.Errorf("%s is sealed and does not stand in vault.Columns", name)
				continue
			}
			delete(known, name)
			if err := w.Vault.Each(t.Context(), c, func([]byte) error { opened++; return nil }); err != nil {
				t.Error(err)
			}
		}
	}
	for name := range known {
		t.Errorf("%s stands in vault.Columns and not in the schema", name)
	}
	if n, err := w.Vault.Rotate(t.Context(), nil); err != nil || n != 0 { // every table has the key that the inventory says
		t.Errorf("%d values under the only key were sealed anew: %v", n, err)
	}
	if opened < 100 {
		t.Errorf("only %d values were opened", opened)
	}
}

// A new key interrupts nobody, and when the old one has gone what it signed has ended, while everything
// that it sealed is still there.
func TestKeysChangeWithoutLoss(t *testing.T) {
	database, first, second := testdb.OwnURL(t), crypt.NewKey(1), crypt.NewKey(2)
	under := func(keys string) *service {
		s := &service{database: database, clock: clock.NewFake(clock.System().Now()), logged: &buffer{}, http: http.DefaultClient}
		var err error
		s.Instance, err = app.Isolated(t.Context(), app.IsolatedOptions{Database: database, Clock: s.clock, Environ: []string{"BENSE_KEYS_MASTER=" + keys}})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	found := func(s *service) int {
		l, err := s.Ledger.Persons(t.Context(), actor.System, ledger.Filter{Query: canary.Phone}, page.Page{})
		if err != nil {
			t.Fatal(err)
		}
		return len(l.Items)
	}
	s := under(first)
	_, office := s.found(t, "本县老干部局", "19900039001", canary)
	s.Close()

	s = under(first + " " + second)
	if _, err := s.Identity.Account(office.token); err != nil {
		t.Error("a new key has ended a session:", err)
	}
	fresh := s.login(t, "路人", "19900037999")
	if n, err := s.Vault.Rotate(t.Context(), nil); err != nil || n < 10 {
		t.Fatalf("%d values sealed anew: %v", n, err)
	}
	s.Close()

	s = under(second)
	t.Cleanup(s.Close)
	if _, err := s.Identity.Account(office.token); err == nil {
		t.Error("a session that the old key signed goes on without it")
	}
	if _, err := s.Identity.Account(fresh.token); err != nil {
		t.Error("a session that the new key signed has ended:", err)
	}
	if n := found(s); n != 1 {
		t.Errorf("%d persons found by the telephone number", n)
	}
	var out bytes.Buffer
	if err := s.PrintKeys(t.Context(), &out); err != nil || !strings.Contains(out.String(), "密钥 2") {
		t.Error(out.String(), err)
	}
}
