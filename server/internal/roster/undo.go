package roster

import (
	"context"
	"errors"
	"slices"
	"strings"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// Undoing is what the undo of an import comes to.
type Undoing struct {
	Removed   int // persons that the import entered
	Restored  int // persons that it changed
	Units     int // that it founded
	Branches  int
	Alliances int
	Proposals int // that nobody has decided
	Conflicts []UndoConflict
}

// UndoConflict is something that somebody changed or used since; the undo leaves it as it is now.
type UndoConflict struct {
	Kind   string // person, unit, branch, alliance
	ID     id.ID
	Name   string
	Column string // empty: the thing as a whole
	Wrote  string // by the import, masked
	Now    string // masked
	Reason string // Chinese
}

// usedBy says in Chinese what a mention in a table means.
var usedBy = map[string]string{
	"account_persons": "已经绑定微信", "role_grants": "已经担任职务", "activity_expected": "已经列入活动名单",
	"erasures": "已经提出或办理删除", "notice_recipients": "已经收到通知", "checkins": "已经有签到记录", "cards": "已经发了党员卡", "persons": "里面还有别的同志",
	"branches": "还有支部", "units": "还有成员单位", "activities": "已经办过活动", "notices": "已经发过通知",
}

func used(table string) string {
	if s, ok := usedBy[table]; ok {
		return s
	}
	return "别处的登记已经用到"
}

// errTried ends the transaction of a trial.
var errTried = errors.New("roster: only tried")

// TryUndo says what Undo would do, by doing it in a transaction that is rolled back.
func (s *Service) TryUndo(ctx context.Context, who actor.Actor, importID id.ID) (Undoing, error) {
	imp, err := s.Get(ctx, who, importID)
	if err != nil {
		return Undoing{}, err
	}
	var u Undoing
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if u, err = s.undo(ctx, who, imp, progress{}); err != nil {
			return err
		}
		return errTried
	})
	if errors.Is(err, errTried) {
		err = nil
	}
	return u, err
}

// Undo takes back what an import did, once. What somebody changed or used since stays as it is: without
// rest that is a reason to change nothing (ErrUndo), with rest everything else is taken back.
func (s *Service) Undo(ctx context.Context, who actor.Actor, importID id.ID, rest bool) (Import, error) {
	imp, err := s.Get(ctx, who, importID)
	if err != nil {
		return Import{}, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.confirmed(ctx, who, "undo_import", importID); err != nil {
			return err
		}
		imp, err = s.takeBack(ctx, who, imp, rest, progress{})
		return err
	})
	return imp, err
}

// UndoLater does what Undo does, in the background.
func (s *Service) UndoLater(ctx context.Context, who actor.Actor, importID id.ID, rest bool) (Import, error) {
	imp, err := s.Get(ctx, who, importID)
	if err != nil {
		return Import{}, err
	}
	if imp.State != Committed {
		return Import{}, ErrNotCommit
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.confirmed(ctx, who, "undo_import", importID); err != nil {
			return err
		}
		return s.later(ctx, who, &imp, jobUndo, func(ctx context.Context, who actor.Actor, imp Import, p progress) (Import, error) {
			return s.takeBack(ctx, who, imp, rest, p)
		})
	})
	return imp, err
}

func (s *Service) takeBack(ctx context.Context, who actor.Actor, imp Import, rest bool, p progress) (Import, error) {
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		u, err := s.undo(ctx, who, imp, p)
		if err != nil {
			return err
		}
		if len(u.Conflicts) > 0 && !rest {
			return ErrUndo
		}
		imp.State, imp.UndoneAt = Undone, s.clk.Now()
		imp.Report.Restored, imp.Report.Removed, imp.Report.Refusals = u.Restored, u.Removed, len(u.Conflicts)
		if err := s.store.settle(ctx, imp.ID, imp.Report); err != nil {
			return err
		}
		if err := s.parcels.Drop(ctx, imp.ID, ""); err != nil {
			return err
		}
		err = s.wrote(ctx, who, "roster.undo", imp, map[string]any{"removed": u.Removed, "restored": u.Restored, "units": u.Units,
			"branches": u.Branches, "alliances": u.Alliances, "proposals": u.Proposals, "left": len(u.Conflicts)})
		if err != nil {
			return err
		}
		return p.end(ctx, imp)
	})
	return imp, err
}

// undo takes an import back in the transaction of ctx and says what stayed.
func (s *Service) undo(ctx context.Context, who actor.Actor, imp Import, p progress) (Undoing, error) {
	if err := s.bulk.Lock(ctx, imp.CommitteeID); err != nil {
		return Undoing{}, err
	}
	first, err := s.store.undone(ctx, imp.ID, s.clk.Now())
	if err != nil {
		return Undoing{}, err
	}
	if !first {
		return Undoing{}, ErrNotCommit
	}
	p.step("正在撤销", imp.Report.New+imp.Report.Changed)
	own, err := s.bulk.Columns(ctx, imp.CommitteeID)
	if err != nil {
		return Undoing{}, err
	}
	b := &undoer{Service: s, by: who.Account, imp: imp, own: own}
	err = readJournal(ctx, s.parcels, imp.ID, atATime/2, func(list []entry) error {
		defer func() { p.at(b.Removed + b.Restored) }()
		switch {
		case list[0].Kind == ofPerson:
			return b.persons(ctx, list)
		case list[0].Kind == ofProposal:
			return b.proposals(ctx, list)
		case list[0].New:
			return b.founded(ctx, list)
		case list[0].Kind == ofUnit:
			return b.units(ctx, list)
		}
		return b.alliances(ctx, list)
	})
	return b.Undoing, err
}

// undoer takes back one batch of the journal after another.
type undoer struct {
	*Service
	Undoing
	by  id.ID
	imp Import
	own []ledger.Column
}

func (b *undoer) stays(e entry, column, wrote, now, reason string) {
	b.Conflicts = append(b.Conflicts, UndoConflict{Kind: e.Kind, ID: e.ID, Name: e.Name, Column: label(column, b.own),
		Wrote: mask(column, wrote), Now: mask(column, now), Reason: reason})
}

// label is the title of a column; own are the committee's.
func label(key string, own []ledger.Column) string {
	switch key {
	case colUnit:
		return "单位"
	case colBranch:
		return "所在党支部"
	case colSeq:
		return "序号"
	case colAlliance:
		return "所属联盟"
	case "lead_unit_id":
		return "牵头单位"
	case "basis":
		return "联建依据"
	case "venue":
		return "固定活动场所"
	}
	for _, c := range own {
		if c.Key() == key {
			return c.Name
		}
	}
	return ledger.LabelOf(key)
}

func idsOf(list []entry, want func(entry) bool) []id.ID {
	var out []id.ID
	for _, e := range list {
		if want(e) {
			out = append(out, e.ID)
		}
	}
	return out
}

const changedSince = "导入之后有人改过"

func (b *undoer) persons(ctx context.Context, list []entry) error {
	records, err := b.bulk.Records(ctx, idsOf(list, func(entry) bool { return true }))
	if err != nil {
		return err
	}
	mentioned, err := b.bulk.Mentions(ctx, "person_id", idsOf(list, func(e entry) bool { return e.New }))
	if err != nil {
		return err
	}
	var back []ledger.Record
	var out []id.ID
	for _, e := range list {
		rec, ok := records[e.ID]
		switch {
		case !ok: // taken out since
		case rec.Erased():
			e.Name = ledger.ErasedName
			b.stays(e, "", "", "", "已按要求删除，不再恢复")
		case !e.New:
			if now, changed := b.restored(e, rec); changed {
				back = append(back, now)
			}
		case mentioned[e.ID] != "":
			b.stays(e, "", "", "", used(mentioned[e.ID]))
		case rec.Status != ledger.Active:
			b.stays(e, "", "", "", "导入之后登记了状态变化")
		default:
			_, now := apart(e.To, columnsOf(rec))
			keys := make([]string, 0, len(now))
			for k := range now {
				keys = append(keys, label(k, b.own))
			}
			if len(keys) > 0 {
				slices.Sort(keys)
				b.stays(e, "", "", "", changedSince+strings.Join(keys, "、"))
				continue
			}
			out = append(out, e.ID)
		}
	}
	b.Removed, b.Restored = b.Removed+len(out), b.Restored+len(back)
	newer, err := b.bulk.ApplyOver(ctx, ledger.Changes{By: b.by, Import: b.imp.ID, ChangedPersons: back}, records)
	if err != nil {
		return err
	}
	for _, n := range newer { // written between the look and the lock
		at := slices.IndexFunc(list, func(e entry) bool { return e.ID == n.Person })
		for _, key := range n.Keys {
			b.stays(list[at], importKey(key), "", "", changedSince)
		}
	}
	return b.bulk.RemovePersons(ctx, out)
}

// restored gives the record with the columns that nobody touched since as they were before.
func (b *undoer) restored(e entry, rec ledger.Record) (ledger.Record, bool) {
	now, changed := columnsOf(rec), false
	for _, key := range sortedKeys(e.To) {
		switch now[key] {
		case e.To[key]:
			put(&rec, key, e.From[key])
			changed = true
		case e.From[key]: // back already
		default:
			wrote, is := e.To[key], now[key]
			if key == colUnit || key == colBranch {
				wrote, is = "", ""
			}
			b.stays(e, key, wrote, is, changedSince)
		}
	}
	return rec, changed
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (b *undoer) proposals(ctx context.Context, list []entry) error {
	hints := make([]ledger.Hint, len(list))
	for i, e := range list {
		hints[i] = *e.Hint
	}
	n, err := b.bulk.DropHints(ctx, hints)
	b.Proposals += n
	return err
}

func (b *undoer) units(ctx context.Context, list []entry) error {
	var back []ledger.Unit
	for _, e := range list {
		u, err := b.bulk.Unit(ctx, e.ID)
		if errors.Is(err, errs.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		switch u.AllianceID.String() {
		case e.To[colAlliance]:
			u.AllianceID, _ = id.Parse(e.From[colAlliance]) // "": in none
			back = append(back, u)
		case e.From[colAlliance]:
		default:
			b.stays(e, colAlliance, "", "", changedSince)
		}
	}
	return b.bulk.Apply(ctx, ledger.Changes{By: b.by, Import: b.imp.ID, ChangedUnits: back})
}

func (b *undoer) alliances(ctx context.Context, list []entry) error {
	var back []ledger.Alliance
	for _, e := range list {
		a, err := b.bulk.Alliance(ctx, e.ID)
		if errors.Is(err, errs.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		now, changed := columnsOfAlliance(a), false
		for _, key := range sortedKeys(e.To) {
			switch now[key] {
			case e.To[key]:
				putAlliance(&a, key, e.From[key])
				changed = true
			case e.From[key]:
			default:
				b.stays(e, key, "", "", changedSince)
			}
		}
		if changed {
			back = append(back, a)
		}
	}
	return b.bulk.Apply(ctx, ledger.Changes{By: b.by, Import: b.imp.ID, ChangedAlliances: back})
}

// founded takes out branches, units and alliances that nothing uses any more.
func (b *undoer) founded(ctx context.Context, list []entry) error {
	kind := list[0].Kind
	column, remove, n := "branch_id", b.bulk.RemoveBranches, &b.Branches
	switch kind {
	case ofUnit:
		column, remove, n = "unit_id", b.bulk.RemoveUnits, &b.Units
	case ofAlliance:
		column, remove, n = "alliance_id", b.bulk.RemoveAlliances, &b.Alliances
	}
	mentioned, err := b.bulk.Mentions(ctx, column, idsOf(list, func(entry) bool { return true }))
	if err != nil {
		return err
	}
	for _, e := range list {
		if mentioned[e.ID] != "" {
			b.stays(e, "", "", "", used(mentioned[e.ID]))
		}
	}
	out := idsOf(list, func(e entry) bool { return mentioned[e.ID] == "" })
	*n += len(out)
	return remove(ctx, out)
}
