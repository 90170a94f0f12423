package roster

import (
	"context"
	"errors"
	"slices"
	"strings"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Meaning says which column a title means; an empty one: do not import it.
type Meaning struct{ Title, Column string }

// Explain remembers for the committee what titles mean and reads the file of a preview again in the
// background; what was chosen in it is forgotten.
func (s *Service) Explain(ctx context.Context, who actor.Actor, importID id.ID, meanings []Meaning) (Import, error) {
	imp, err := s.Get(ctx, who, importID)
	if err != nil {
		return Import{}, err
	}
	own, err := s.ownColumns(ctx, imp.CommitteeID)
	if err != nil {
		return Import{}, err
	}
	for _, m := range meanings {
		if TitleForm(m.Title) == "" || len(TitleForm(m.Title)) > maxTitle || !choosable(m.Column, own) {
			return Import{}, errs.ErrInvalid.With(errs.Field("items", "没有这一列"))
		}
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.explain(ctx, imp.CommitteeID, meanings, who.Account, db.At(s.clk.Now())); err != nil {
			return err
		}
		first, err := s.store.move(ctx, importID, Previewed, Reading)
		if err != nil {
			return err
		}
		if !first {
			return stateFault(imp.State)
		}
		if err := s.store.forgetChoices(ctx, importID); err != nil {
			return err
		}
		imp.State = Reading
		if err := s.wrote(ctx, who, "roster.explain", imp, map[string]any{"titles": len(meanings)}); err != nil {
			return err
		}
		return s.later(ctx, who, &imp, jobRead, s.readIn)
	})
	return imp, err
}

// Explained lists what the committee's clerks explained before, by title.
func (s *Service) Explained(ctx context.Context, who actor.Actor, committeeID id.ID) ([]Meaning, error) {
	if _, err := s.ledger.Committee(ctx, who, committeeID); err != nil {
		return nil, err
	}
	if err := who.Must(actor.ImportLedger, actor.Place{Committee: committeeID}); err != nil {
		return nil, err
	}
	titles, err := s.store.titles(ctx, committeeID)
	out := make([]Meaning, 0, len(titles))
	for title, column := range titles {
		out = append(out, Meaning{Title: title, Column: column})
	}
	slices.SortFunc(out, func(a, b Meaning) int { return strings.Compare(a.Title, b.Title) })
	return out, err
}

// stateFault says why an import that is not previewed cannot go on.
func stateFault(st State) error {
	if st == Reading {
		return ErrReading
	}
	return ErrCommitted
}

// Items gives a page of a preview's tab, counted from 0, with what was chosen about them; next is 0 on
// the last one. Sensitive columns are masked unless plain is asked for, which leaves a line in the audit.
func (s *Service) Items(ctx context.Context, who actor.Actor, importID id.ID, tab Tab, part int, plain bool) (items []Item, chosen Choices, next int, err error) {
	imp, err := s.Get(ctx, who, importID)
	if err != nil {
		return nil, nil, 0, err
	}
	if !slices.Contains(tabs, tab) || part < 0 {
		return nil, nil, 0, errs.ErrNotFound
	}
	packed, err := s.parcels.Part(ctx, importID, string(tab), part)
	if errors.Is(err, errs.ErrNotFound) {
		return []Item{}, Choices{}, 0, nil
	}
	if err == nil {
		err = decompress(packed, &items)
	}
	if err != nil {
		return nil, nil, 0, err
	}
	if len(items) == perPart {
		next = part + 1
	}
	if chosen, err = s.store.choices(ctx, importID); err != nil {
		return nil, nil, 0, err
	}
	if !plain {
		for i := range items {
			items[i] = items[i].masked()
		}
		return items, chosen, next, nil
	}
	return items, chosen, next, s.wrote(ctx, who, "roster.reveal_preview", imp, map[string]any{"tab": tab, "part": part, "rows": len(items)})
}

// Choose keeps what the clerk decided about items of a preview.
func (s *Service) Choose(ctx context.Context, who actor.Actor, importID id.ID, list []ChoiceOf) error {
	imp, err := s.Get(ctx, who, importID)
	if err != nil {
		return err
	}
	if imp.State != Previewed {
		return stateFault(imp.State)
	}
	rows := imp.Report.New + imp.Report.Changed + imp.Report.Same + imp.Report.RepeatedRows + len(imp.Report.Refused)
	for _, c := range list {
		if err := c.check(rows); err != nil {
			return err
		}
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.choose(ctx, importID, list, who.Account, db.At(s.clk.Now())); err != nil {
			return err
		}
		return s.wrote(ctx, who, "roster.choose", imp, map[string]any{"choices": len(list)})
	})
}
