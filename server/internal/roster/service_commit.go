package roster

import (
	"context"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// Commit applies a preview in one transaction, compared anew with the ledger as it is by then: what
// somebody wrote since the preview stays, and the report says where. A second commit of the same preview reports ErrCommitted.
func (s *Service) Commit(ctx context.Context, who actor.Actor, importID id.ID) (Import, error) {
	imp, err := s.Get(ctx, who, importID)
	if err != nil {
		return Import{}, err
	}
	return s.commit(ctx, who, imp, progress{})
}

// CommitLater does what Commit does, in the background.
func (s *Service) CommitLater(ctx context.Context, who actor.Actor, importID id.ID) (Import, error) {
	imp, err := s.Get(ctx, who, importID)
	if err != nil {
		return Import{}, err
	}
	if imp.State != Previewed {
		return Import{}, stateFault(imp.State)
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error { return s.later(ctx, who, &imp, jobCommit, s.commit) })
	return imp, err
}

// atATime is how many persons are written between two words about the progress.
const atATime = 1000

func (s *Service) commit(ctx context.Context, who actor.Actor, imp Import, p progress) (Import, error) {
	now := s.clk.Now()
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.bulk.Lock(ctx, imp.CommitteeID); err != nil {
			return err
		}
		first, err := s.store.claim(ctx, imp.ID, now)
		if err != nil {
			return err
		}
		if !first {
			return stateFault(imp.State)
		}
		p.step("正在取出台账，准备比对", 0)
		rows, err := s.store.rows(ctx, imp.ID)
		if err != nil {
			return err
		}
		choices, err := s.store.choices(ctx, imp.ID)
		if err != nil {
			return err
		}
		snap, err := s.bulk.Snapshot(ctx, imp.CommitteeID, rows.numbers())
		if err != nil {
			return err
		}
		since, err := s.since(ctx, imp.ID, snap)
		if err != nil {
			return err
		}
		o := compare(rows, snap, s.ids.New, choices, since, p.of("正在与台账比对"))
		o.Changes.By, o.Changes.Import = who.Account, imp.ID
		newer, err := s.apply(ctx, o, p)
		if err != nil {
			return err
		}
		o.settleNewer(newer)
		if err := writeJournal(ctx, s.parcels, imp.ID, o.entries()); err != nil {
			return err
		}
		imp.State, imp.CommittedAt, imp.Report = Committed, now, o.Report
		if err := s.clear(ctx, imp); err != nil {
			return err
		}
		r := o.Report
		err = s.wrote(ctx, who, "roster.commit", imp, map[string]any{"new": r.New, "changed": r.Changed,
			"same": r.Same, "kept": r.Kept, "newer": r.Newer, "refused": len(r.Refused), "proposals": r.Proposals})
		if err != nil {
			return err
		}
		return p.end(ctx, imp)
	})
	if err != nil {
		return Import{}, err
	}
	return imp, nil
}

// apply writes changes a thousand persons at a time and gives what was newer by then.
func (s *Service) apply(ctx context.Context, o Outcome, p progress) ([]ledger.Newer, error) {
	c := o.Changes
	olds := make([]*ledger.Record, 0, len(c.ChangedPersons)) // in their order
	for _, who := range o.plan.people {
		if who.tab() == TabChanged {
			olds = append(olds, who.old)
		}
	}
	var newer []ledger.Newer
	done, total := 0, len(c.NewPersons)+len(c.ChangedPersons)
	p.step("正在写入台账", total)
	fresh, changed, hints := c.NewPersons, c.ChangedPersons, c.NewProposals
	for first := true; first || len(fresh)+len(changed) > 0; first = false {
		one := ledger.Changes{By: c.By, Import: c.Import}
		if first {
			one = c
		}
		n := min(len(fresh), atATime)
		m := min(len(changed), atATime-n)
		one.NewPersons, one.ChangedPersons, one.NewProposals = fresh[:n], changed[:m], nil
		if fresh, changed = fresh[n:], changed[m:]; len(fresh)+len(changed) == 0 {
			one.NewProposals = hints
		}
		read := make(map[id.ID]ledger.Record, m)
		for _, old := range olds[:m] {
			read[old.ID] = *old
		}
		olds = olds[m:]
		some, err := s.bulk.ApplyOver(ctx, one, read)
		if err != nil {
			return nil, err
		}
		newer = append(newer, some...)
		done += n + m
		p.at(done)
	}
	return newer, nil
}

// clear keeps what an import did and forgets what it was read from.
func (s *Service) clear(ctx context.Context, imp Import) error {
	if err := s.store.settle(ctx, imp.ID, imp.Report); err != nil {
		return err
	}
	for _, kind := range []string{parcelFile, parcelSeen, string(TabNew), string(TabChanged), string(TabSame)} {
		if err := s.parcels.Drop(ctx, imp.ID, kind); err != nil {
			return err
		}
	}
	return s.store.forgetChoices(ctx, imp.ID)
}
