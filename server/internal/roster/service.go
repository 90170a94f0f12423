package roster

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// keep is how long a preview waits for its commit.
const keep = 7 * 24 * time.Hour

// Service imports files into the ledger of a committee.
type Service struct {
	db     *db.DB
	store  store
	ledger *ledger.Service
	bulk   *ledger.Bulk
	ids    *id.Source
	clk    clock.Clock
	audit  *audit.Log
}

// New makes a Service.
func New(d *db.DB, box *crypt.Box, ids *id.Source, clk clock.Clock, auditLog *audit.Log, l *ledger.Service) *Service {
	return &Service{db: d, store: store{db: d, box: box}, ledger: l, bulk: l.Bulk(), ids: ids, clk: clk, audit: auditLog}
}

// Preview reads a file and says what its commit would do. Nothing of it reaches the ledger yet.
func (s *Service) Preview(ctx context.Context, who actor.Actor, committeeID id.ID, filename string, data []byte) (Import, error) {
	if _, err := s.ledger.Committee(ctx, who, committeeID); err != nil {
		return Import{}, err
	}
	if err := who.Must(actor.ImportLedger, actor.Place{Committee: committeeID}); err != nil {
		return Import{}, err
	}
	now := s.clk.Now()
	rows, err := Parse(filename, data, now)
	if err != nil {
		return Import{}, err
	}
	snap, err := s.bulk.Snapshot(ctx, committeeID, rows.numbers())
	if err != nil {
		return Import{}, err
	}
	_, report := Plan(rows, snap, s.ids.New)
	imp := Import{ID: s.ids.New(), CommitteeID: committeeID, FileName: shortName(filename), State: Previewed, Report: report, CreatedAt: now}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.forget(ctx, committeeID, now.Add(-keep)); err != nil {
			return err
		}
		if err := s.store.insert(ctx, imp, data, rows, who.Account); err != nil {
			return err
		}
		return s.wrote(ctx, who, "roster.preview", imp, nil)
	})
	return imp, err
}

// Commit applies a preview in one transaction, compared anew with the ledger as it is by then. A
// second commit of the same preview reports ErrCommitted.
func (s *Service) Commit(ctx context.Context, who actor.Actor, importID id.ID) (Import, error) {
	imp, err := s.Get(ctx, who, importID)
	if err != nil {
		return Import{}, err
	}
	now := s.clk.Now()
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.bulk.Lock(ctx, imp.CommitteeID); err != nil {
			return err
		}
		first, err := s.store.claim(ctx, importID, now)
		if err != nil {
			return err
		}
		if !first {
			return ErrCommitted
		}
		rows, err := s.store.rows(ctx, importID)
		if err != nil {
			return err
		}
		snap, err := s.bulk.Snapshot(ctx, imp.CommitteeID, rows.numbers())
		if err != nil {
			return err
		}
		changes, report := Plan(rows, snap, s.ids.New)
		if err := s.bulk.Apply(ctx, changes); err != nil {
			return err
		}
		imp.State, imp.CommittedAt, imp.Report = Committed, now, report
		if err := s.store.settle(ctx, importID, report); err != nil {
			return err
		}
		return s.wrote(ctx, who, "roster.commit", imp, map[string]any{"new": report.New, "changed": report.Changed,
			"same": report.Same, "refused": len(report.Refused), "proposals": report.Proposals})
	})
	if err != nil {
		return Import{}, err
	}
	return imp, nil
}

// Get gives an import of a committee for which who may import, else errs.ErrNotFound.
func (s *Service) Get(ctx context.Context, who actor.Actor, importID id.ID) (Import, error) {
	if !who.May(actor.ImportLedger) {
		return Import{}, errs.ErrForbidden
	}
	return s.store.byID(ctx, who.Scope(actor.ImportLedger), importID)
}

// Discard removes a preview with all that was read from the file.
func (s *Service) Discard(ctx context.Context, who actor.Actor, importID id.ID) error {
	imp, err := s.Get(ctx, who, importID)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		gone, err := s.store.discard(ctx, importID)
		if err != nil {
			return err
		}
		if !gone {
			return ErrCommitted
		}
		return s.wrote(ctx, who, "roster.discard", imp, nil)
	})
}

// Prune removes previews that have waited too long for their commit.
func (s *Service) Prune(ctx context.Context) error {
	return s.db.Tx(ctx, func(ctx context.Context) error { return s.store.forget(ctx, 0, s.clk.Now().Add(-keep)) })
}

func (s *Service) wrote(ctx context.Context, who actor.Actor, action string, imp Import, detail map[string]any) error {
	return s.audit.Write(ctx, who, audit.Line{Action: action, Kind: "import", Subject: imp.ID,
		Place: actor.Place{Committee: imp.CommitteeID}, Detail: detail})
}

// numbers are the identity numbers of the file.
func (p *Parsed) numbers() []string {
	var out []string
	for _, r := range p.Rows {
		if r.Fields.IDNumber != "" {
			out = append(out, r.Fields.IDNumber)
		}
	}
	return out
}

// shortName keeps the last part of a path, at a length that the column holds.
func shortName(name string) string {
	name = ledger.FreeText(filepath.Base(strings.ReplaceAll(name, `\`, "/")))
	if r := []rune(name); len(r) > 200 {
		return string(r[len(r)-200:])
	}
	return name
}
