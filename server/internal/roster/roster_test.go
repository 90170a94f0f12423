package roster_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/db"
	"bense/server/internal/id"
	"bense/server/internal/job"
	"bense/server/internal/ledger"
	"bense/server/internal/roster"
	"bense/server/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

var today = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

// county is an installation with one committee whose ledger is empty.
type county struct {
	t         testing.TB
	db        *db.DB
	ids       *id.Source
	clk       *clock.Fake
	audit     *audit.Log
	ledger    *ledger.Service
	jobs      *job.Service
	roster    *roster.Service
	committee ledger.Committee
	staff     actor.Actor
}

// names calls every account by one name.
type names struct{}

func (names) AccountName(_ context.Context, accounts []id.ID) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	for _, a := range accounts {
		out[a] = "经办人"
	}
	return out, nil
}

func newCounty(t testing.TB) *county {
	t.Helper()
	d, box, clk := testdb.Own(t), testdb.Box(t), clock.NewFake(today)
	c := &county{t: t, db: d, ids: id.NewSource(1, clk.Now), clk: clk}
	c.audit = audit.New(d, box, c.ids, clk)
	c.ledger = ledger.New(d, box, c.ids, clk, c.audit)
	c.jobs = job.New(d, box, c.ids, clk, slog.New(slog.DiscardHandler))
	t.Cleanup(c.jobs.Close)
	c.roster = roster.New(roster.Deps{DB: d, Box: box, IDs: c.ids, Clock: clk, Audit: c.audit, Ledger: c.ledger, Jobs: c.jobs, Names: names{}})
	var err error
	if c.committee, err = c.ledger.CreateCommittee(t.Context(), actor.System, ledger.Committee{Name: "利津县委老干部局"}); err != nil {
		t.Fatal(err)
	}
	c.staff = staffOf(c.committee.ID)
	return c
}

func staffOf(committee id.ID) actor.Actor {
	return actor.Actor{Account: 7, Grants: []actor.Grant{{Role: actor.CommitteeStaff, Place: actor.Place{Committee: committee}}}}
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (c *county) preview(name string, data []byte) roster.Import {
	c.t.Helper()
	imp, err := c.roster.Preview(context.Background(), c.staff, c.committee.ID, name, data)
	if err != nil {
		c.t.Fatal(err)
	}
	return imp
}

func (c *county) load(name string, data []byte) roster.Import {
	c.t.Helper()
	imp, err := c.roster.Commit(context.Background(), c.staff, c.preview(name, data).ID)
	if err != nil {
		c.t.Fatal(err)
	}
	return imp
}

func (c *county) loadSample(name string) roster.Import {
	c.t.Helper()
	return c.load(name, sample(c.t, name))
}

// records gives the whole ledger in plain text, by identity number.
func (c *county) records() map[string]ledger.Record {
	c.t.Helper()
	snap, err := c.ledger.Bulk().Snapshot(context.Background(), c.committee.ID, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	out := map[string]ledger.Record{}
	for _, r := range snap.Persons {
		out[r.IDNumber] = r
	}
	if len(out) != len(snap.Persons) {
		c.t.Fatalf("%d persons, %d identity numbers", len(snap.Persons), len(out))
	}
	return out
}
