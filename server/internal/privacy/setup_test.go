package privacy_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/job"
	"bense/server/internal/ledger"
	"bense/server/internal/privacy"
	"bense/server/internal/roster"
	"bense/server/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

var today = time.Date(2026, 9, 9, 1, 0, 0, 0, time.UTC)

// accounts are the ties between accounts and persons.
type accounts struct {
	ties    map[id.ID]identity.Relation // of account 7
	unbound []id.ID
	staff   []identity.Colleague
}

func (a *accounts) Staff(_ context.Context, committees []id.ID) ([]identity.Colleague, error) {
	var out []identity.Colleague
	for _, c := range a.staff {
		if slices.Contains(committees, c.Committee) {
			out = append(out, c)
		}
	}
	return out, nil
}

func (a *accounts) RelationOf(_ context.Context, _, person id.ID) (identity.Relation, error) {
	r, ok := a.ties[person]
	if !ok {
		return "", errs.ErrNotFound
	}
	return r, nil
}

func (a *accounts) AccountName(context.Context, []id.ID) (map[id.ID]string, error) {
	return map[id.ID]string{8: "王经办"}, nil
}

func (a *accounts) Unbind(_ context.Context, _ actor.Actor, person id.ID) error {
	a.unbound = append(a.unbound, person)
	return nil
}

// county is a committee with a ledger that was imported.
type county struct {
	*privacy.Service
	t         *testing.T
	db        *db.DB
	box       *crypt.Box
	clk       *clock.Fake
	audit     *audit.Log
	ledger    *ledger.Service
	roster    *roster.Service
	accounts  *accounts
	committee id.ID
	office    actor.Actor
	colleague actor.Actor // who confirms what the office asks for
}

func newCounty(t *testing.T) *county {
	t.Helper()
	d, box, clk := testdb.Own(t), testdb.Box(t), clock.NewFake(today)
	ids := id.NewSource(1, clk.Now)
	c := &county{t: t, db: d, box: box, clk: clk, audit: audit.New(d, box, ids, clk), accounts: &accounts{ties: map[id.ID]identity.Relation{}}}
	c.ledger = ledger.New(d, box, ids, clk, c.audit)
	jobs := job.New(d, box, ids, clk, slog.New(slog.DiscardHandler))
	t.Cleanup(jobs.Close)
	c.roster = roster.New(roster.Deps{DB: d, Box: box, IDs: ids, Clock: clk, Audit: c.audit, Ledger: c.ledger, Jobs: jobs, Names: c.accounts})
	c.Service = privacy.New(privacy.Deps{DB: d, Box: box, Clock: clk, Audit: c.audit, Ledger: c.ledger, Accounts: c.accounts,
		Directory: c.ledger.Directory(), Help: privacy.Help{Name: "市委老干部局", Phone: "05468888888"},
		Keep: privacy.Keep{Departed: 365 * 24 * time.Hour, Reports: 30 * 24 * time.Hour}, List: filepath.Join(t.TempDir(), "erased.list")})
	made, err := c.ledger.CreateCommittee(t.Context(), actor.System, ledger.Committee{Name: "利津县委老干部局"})
	c.must(err)
	c.committee = made.ID
	c.office = actor.Actor{Account: 8, Grants: []actor.Grant{{Role: actor.CommitteeStaff, Place: made.Place()}}}
	c.colleague = actor.Actor{Account: 7, Grants: c.office.Grants}
	return c
}

func (c *county) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

const title = "姓名,单位,出生年月,联系电话,现居住地址,爱好\n"

func (c *county) preview(rows string) roster.Import {
	c.t.Helper()
	imp, err := c.roster.Preview(context.Background(), c.office, c.committee, "台账.csv", []byte(title+rows))
	c.must(err)
	return imp
}

func (c *county) load(rows string) roster.Import {
	c.t.Helper()
	imp, err := c.roster.Commit(context.Background(), c.office, c.preview(rows).ID)
	c.must(err)
	return imp
}

func (c *county) people() map[string]ledger.Record {
	c.t.Helper()
	snap, err := c.ledger.Bulk().Snapshot(context.Background(), c.committee, nil)
	c.must(err)
	out := map[string]ledger.Record{}
	for _, r := range snap.Persons {
		if _, twice := out[r.Name]; twice && !r.Erased() {
			c.t.Errorf("%s stands twice in the ledger", r.Name)
		}
		out[r.Name] = r
	}
	return out
}

func (c *county) erase(person id.ID, name string) error {
	if _, err := c.AskErasure(context.Background(), c.office, person, "本人来信提出"); err != nil && !errors.Is(err, privacy.ErrErased) {
		return err
	}
	_, err := c.Erase(context.Background(), c.colleague, person, name)
	return err
}
