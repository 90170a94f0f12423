package roster

import (
	"context"
	"errors"
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
	"bense/server/internal/job"
	"bense/server/internal/ledger"
)

// keep is how long a preview waits for its commit.
const keep = 7 * 24 * time.Hour

// Kinds of work in the background.
const (
	jobRead   = "import_read"
	jobCommit = "import_commit"
	jobUndo   = "import_undo"
	jobExport = "export"
)

// Confirmer asks a console's clerk for the confirmation on the phone.
type Confirmer interface {
	// Confirmed spends an approved confirmation in the transaction of ctx, or reports that one is needed.
	Confirmed(ctx context.Context, who actor.Actor, action string, subject id.ID) error
}

// Names gives the names of accounts.
type Names interface {
	AccountName(ctx context.Context, accounts []id.ID) (map[id.ID]string, error)
}

// Deps is what a Service needs.
type Deps struct {
	DB     *db.DB
	Box    *crypt.Box
	IDs    *id.Source
	Clock  clock.Clock
	Audit  *audit.Log
	Ledger *ledger.Service
	Jobs   *job.Service
	Names  Names
}

// Service imports files into the ledger of a committee and takes files out of it.
type Service struct {
	db      *db.DB
	store   store
	ledger  *ledger.Service
	bulk    *ledger.Bulk
	ids     *id.Source
	clk     clock.Clock
	audit   *audit.Log
	jobs    *job.Service
	parcels *job.Parcels
	names   Names
	confirm Confirmer
}

// New makes a Service.
func New(d Deps) *Service {
	return &Service{db: d.DB, store: store{db: d.DB, box: d.Box}, ledger: d.Ledger, bulk: d.Ledger.Bulk(), ids: d.IDs, clk: d.Clock,
		audit: d.Audit, jobs: d.Jobs, parcels: d.Jobs.Parcels(), names: d.Names}
}

// UseConfirm says who asks for confirmations; register before serving.
func (s *Service) UseConfirm(c Confirmer) { s.confirm = c }

func (s *Service) confirmed(ctx context.Context, who actor.Actor, action string, subject id.ID) error {
	if s.confirm == nil {
		return nil
	}
	return s.confirm.Confirmed(ctx, who, action, subject)
}

// progress is what work tells of itself; nobody may listen.
type progress struct{ p *job.Progress }

func (p progress) step(message string, total int) {
	if p.p != nil {
		p.p.Step(message, total)
	}
}

// end notes in the transaction of the work that it is done.
func (p progress) end(ctx context.Context, imp Import) error {
	if p.p == nil {
		return nil
	}
	return p.p.End(ctx, map[string]any{"import_id": imp.ID, "state": imp.State})
}

func (p progress) at(done int) {
	if p.p != nil {
		p.p.At(done)
	}
}

// of hears the total anew with every call.
func (p progress) of(message string) func(done, total int) {
	begun := false
	return func(done, total int) {
		if !begun {
			begun = true
			p.step(message, total)
		}
		p.at(done)
	}
}

func (s *Service) begin(ctx context.Context, who actor.Actor, committeeID id.ID, filename string) (Import, error) {
	if _, err := s.ledger.Committee(ctx, who, committeeID); err != nil {
		return Import{}, err
	}
	if err := who.Must(actor.ImportLedger, actor.Place{Committee: committeeID}); err != nil {
		return Import{}, err
	}
	return Import{ID: s.ids.New(), CommitteeID: committeeID, FileName: shortName(filename), CreatedAt: s.clk.Now(), CreatedBy: who.Account}, nil
}

// read reads a file and compares it with the ledger.
func (s *Service) read(ctx context.Context, imp Import, data []byte, p progress) (*Parsed, Outcome, error) {
	p.step("正在打开文件", 0)
	titles, err := s.store.titles(ctx, imp.CommitteeID)
	if err != nil {
		return nil, Outcome{}, err
	}
	own, err := s.ownColumns(ctx, imp.CommitteeID)
	if err != nil {
		return nil, Outcome{}, err
	}
	rows, err := Reader{Now: s.clk.Now(), Titles: titles.with(own), Own: own, At: p.of("正在读取表格")}.Read(imp.FileName, data)
	if err != nil {
		return nil, Outcome{}, err
	}
	p.step("正在取出台账，准备比对", 0)
	snap, err := s.bulk.Snapshot(ctx, imp.CommitteeID, rows.numbers())
	if err != nil {
		return nil, Outcome{}, err
	}
	return rows, Compare(rows, snap, s.ids.New, nil, p.of("正在与台账比对")), nil
}

// lay keeps the pages of a preview.
func (s *Service) lay(ctx context.Context, importID id.ID, o Outcome) error {
	for _, tab := range tabs {
		if err := s.parcels.Drop(ctx, importID, string(tab)); err != nil {
			return err
		}
		part, page := 0, make([]Item, 0, perPart)
		flush := func() error {
			if len(page) == 0 {
				return nil
			}
			packed, err := compress(page)
			if err != nil {
				return err
			}
			part, page = part+1, page[:0]
			return s.parcels.PutPart(ctx, importID, string(tab), part-1, packed)
		}
		for it := range o.items(tab) {
			if page = append(page, it); len(page) < perPart {
				continue
			}
			if err := flush(); err != nil {
				return err
			}
		}
		if err := flush(); err != nil {
			return err
		}
	}
	return s.keepSights(ctx, importID, o)
}

// Preview reads a file and says what its commit would do. Nothing of it reaches the ledger yet.
func (s *Service) Preview(ctx context.Context, who actor.Actor, committeeID id.ID, filename string, data []byte) (Import, error) {
	imp, err := s.begin(ctx, who, committeeID, filename)
	if err != nil {
		return Import{}, err
	}
	rows, o, err := s.read(ctx, imp, data, progress{})
	if err != nil {
		return Import{}, err
	}
	imp.State, imp.Report = Previewed, o.Report
	return imp, s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.admit(ctx, imp, data); err != nil {
			return err
		}
		if err := s.store.fill(ctx, imp, rows); err != nil {
			return err
		}
		if err := s.lay(ctx, imp.ID, o); err != nil {
			return err
		}
		return s.wrote(ctx, who, "roster.preview", imp, nil)
	})
}

// admit keeps a file that came in and forgets those that waited too long.
func (s *Service) admit(ctx context.Context, imp Import, data []byte) error {
	if err := s.forget(ctx, imp.CommitteeID); err != nil {
		return err
	}
	if err := s.store.insert(ctx, imp, data); err != nil {
		return err
	}
	return s.parcels.Put(ctx, imp.ID, parcelFile, data)
}

// Upload does what Preview does in the background: the import is Reading until its job has ended.
func (s *Service) Upload(ctx context.Context, who actor.Actor, committeeID id.ID, filename string, data []byte) (Import, error) {
	imp, err := s.begin(ctx, who, committeeID, filename)
	if err != nil {
		return Import{}, err
	}
	if err := admissible(filename, data); err != nil {
		return Import{}, err
	}
	imp.State = Reading
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.admit(ctx, imp, data); err != nil {
			return err
		}
		if err := s.wrote(ctx, who, "roster.preview", imp, nil); err != nil {
			return err
		}
		return s.later(ctx, who, &imp, jobRead, s.readIn)
	})
	return imp, err
}

// later starts work on an import in the background.
func (s *Service) later(ctx context.Context, who actor.Actor, imp *Import, kind string,
	work func(context.Context, actor.Actor, Import, progress) (Import, error)) error {
	one := *imp
	j, err := s.jobs.Start(ctx, who, kind, imp.ID, func(ctx context.Context, p *job.Progress) error {
		_, err := work(ctx, who, one, progress{p})
		return err
	})
	if err != nil {
		return err
	}
	imp.Job = j.ID
	return s.store.setJob(ctx, imp.ID, j.ID)
}

// readIn reads the file of an import that is Reading.
func (s *Service) readIn(ctx context.Context, who actor.Actor, imp Import, p progress) (Import, error) {
	imp, err := s.readFile(ctx, imp, p)
	if err != nil {
		fail := s.db.Tx(context.WithoutCancel(ctx), func(ctx context.Context) error {
			return errors.Join(s.store.fail(ctx, imp.ID), s.parcels.Drop(ctx, imp.ID, ""))
		})
		return Import{}, errors.Join(err, fail)
	}
	return imp, nil
}

func (s *Service) readFile(ctx context.Context, imp Import, p progress) (Import, error) {
	data, err := s.parcels.Get(ctx, imp.ID, parcelFile)
	if err != nil {
		return imp, err
	}
	rows, o, err := s.read(ctx, imp, data, p)
	if err != nil {
		return imp, err
	}
	imp.State, imp.Report = Previewed, o.Report
	p.step("正在整理预览", 0)
	return imp, s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.fill(ctx, imp, rows); err != nil {
			return err
		}
		if err := s.lay(ctx, imp.ID, o); err != nil {
			return err
		}
		return p.end(ctx, imp)
	})
}

// Get gives an import of a committee for which who may import, else errs.ErrNotFound.
func (s *Service) Get(ctx context.Context, who actor.Actor, importID id.ID) (Import, error) {
	if !who.May(actor.ImportLedger) {
		return Import{}, errs.ErrForbidden
	}
	return s.store.byID(ctx, who.Scope(actor.ImportLedger), importID)
}

// List gives the last imports into a committee, the newest first, without their single problems.
func (s *Service) List(ctx context.Context, who actor.Actor, committeeID id.ID) ([]Import, error) {
	if !who.May(actor.ImportLedger) {
		return nil, errs.ErrForbidden
	}
	return s.store.list(ctx, who.Scope(actor.ImportLedger), committeeID)
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
		if err := s.drop(ctx, []id.ID{importID}); err != nil {
			return err
		}
		return s.wrote(ctx, who, "roster.discard", imp, nil)
	})
}

func (s *Service) drop(ctx context.Context, imports []id.ID) error {
	for _, v := range imports {
		if err := errors.Join(s.parcels.Drop(ctx, v, ""), s.store.forgetChoices(ctx, v)); err != nil {
			return err
		}
	}
	return nil
}

// Prune removes previews that have waited too long for their commit, and exports that nobody fetched.
func (s *Service) Prune(ctx context.Context) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		return errors.Join(s.forget(ctx, 0), s.pruneExports(ctx))
	})
}

// forget removes previews that nobody committed; of every committee with committeeID zero.
func (s *Service) forget(ctx context.Context, committeeID id.ID) error {
	gone, err := s.store.forget(ctx, committeeID, s.clk.Now().Add(-keep))
	if err != nil {
		return err
	}
	return s.drop(ctx, gone)
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
