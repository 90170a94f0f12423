package ledger

import (
	"context"
	"slices"
	"strings"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/page"
)

// UseReserved says which titles a ledger has anyway, with all their spellings: none of them may name a
// committee's own column. Register before serving.
func (s *Service) UseReserved(reserved func(title string) bool) { s.reserved = reserved }

// Columns gives a committee's own columns in their order: to its office all of them, to others those in
// use that they may see of somebody.
func (s *Service) Columns(ctx context.Context, who actor.Actor, committeeID id.ID) ([]Column, error) {
	com, err := s.Committee(ctx, who, committeeID)
	if err != nil {
		return nil, err
	}
	all, err := s.store.columnsOf(ctx, committeeID)
	if err != nil || who.Scope(actor.EditOrg).Covers(com.Place()) {
		return all, err
	}
	keeps := slices.ContainsFunc(who.Grants, func(g actor.Grant) bool { // right elsewhere is none here
		return g.Place.Committee == committeeID && actor.Actor{Grants: []actor.Grant{g}}.May(actor.EditPerson)
	})
	return slices.DeleteFunc(all, func(c Column) bool { return c.Retired() || !c.MemberSees && !keeps }), nil
}

// ColumnsAt gives those in use of which who may see what they hold of everybody at a place.
func (s *Service) ColumnsAt(ctx context.Context, who actor.Actor, at actor.Place) ([]Column, error) {
	all, err := s.Columns(ctx, who, at.Committee)
	keeps := who.Scope(actor.EditPerson).Covers(at)
	return slices.DeleteFunc(all, func(c Column) bool { return c.Retired() || !c.MemberSees && !keeps }), err
}

// holding lists whose rows hold what is asked of a committee's own column: nobody is found by what one may not
// read of that person.
func (s *Service) holding(ctx context.Context, who actor.Actor, f Filter, after place, size int) (page.List[Entry], error) {
	none := page.List[Entry]{}
	c, err := s.store.column(ctx, who.Scope(actor.SeeOrg), f.Own.Column)
	if err != nil {
		return none, err
	}
	readers := who.Scope(actor.EditPerson)
	if c.MemberSees {
		readers = who.Scope(actor.SeePerson)
	}
	if c.Retired() || readers.Empty() {
		return none, errs.ErrNotFound
	}
	own, err := c.Filter(f.Own)
	if err != nil {
		return none, err
	}
	found, next, err := s.store.holding(ctx, readers, f, own, after, size)
	if err != nil {
		return none, err
	}
	list := page.List[Entry]{}
	if next != (place{}) {
		list.Next = next.String()
	}
	list.Items, err = s.entries(ctx, who, found)
	return list, err
}

// CreateColumn adds a column behind the others.
func (s *Service) CreateColumn(ctx context.Context, who actor.Actor, c Column) (Column, error) {
	com, err := s.Committee(ctx, who, c.CommitteeID)
	if err != nil {
		return Column{}, err
	}
	if err := who.Must(actor.EditOrg, com.Place()); err != nil {
		return Column{}, err
	}
	if c, err = c.clean(); err != nil {
		return Column{}, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		all, err := s.lockColumns(ctx, c.CommitteeID)
		if err != nil {
			return err
		}
		if err := s.nameFree(c, all); err != nil {
			return err
		}
		if using(all) >= MaxColumns {
			return ErrManyColumns
		}
		c.ID, c.CreatedAt, c.RetiredAt, c.SortNo = s.ids.New(), s.clk.Now(), time.Time{}, behind(all)
		if err := s.store.insertColumn(ctx, c, s.now()); err != nil {
			return err
		}
		return s.wroteColumn(ctx, who, "ledger.create_column", c, map[string]any{"name": c.Name})
	})
	return c, err
}

// DefinitionChange names what to change of a column; nil leaves it.
type DefinitionChange struct {
	Name, Purpose            *string
	Choices                  *[]string
	LiaisonEdits, MemberSees *bool
}

// UpdateColumn changes a definition. What people's rows hold stays as it is, also where its choice is gone.
func (s *Service) UpdateColumn(ctx context.Context, who actor.Actor, columnID id.ID, ch DefinitionChange) (Column, error) {
	return s.changeColumn(ctx, who, columnID, "ledger.update_column", func(c *Column, all []Column) error {
		if ch.Name != nil {
			c.Name = *ch.Name
		}
		if ch.Purpose != nil {
			c.Purpose = *ch.Purpose
		}
		if ch.Choices != nil {
			c.Choices = *ch.Choices
		}
		if ch.LiaisonEdits != nil {
			c.LiaisonEdits = *ch.LiaisonEdits
		}
		if ch.MemberSees != nil {
			c.MemberSees = *ch.MemberSees
		}
		var err error
		if *c, err = c.clean(); err != nil {
			return err
		}
		return s.nameFree(*c, all)
	})
}

// RetireColumn hides a column everywhere; what was written stays.
func (s *Service) RetireColumn(ctx context.Context, who actor.Actor, columnID id.ID) (Column, error) {
	return s.changeColumn(ctx, who, columnID, "ledger.retire_column", func(c *Column, _ []Column) error {
		if !c.Retired() {
			c.RetiredAt = s.clk.Now()
		}
		return nil
	})
}

// RestoreColumn takes a retired column into use again, behind the others, with what was written before.
func (s *Service) RestoreColumn(ctx context.Context, who actor.Actor, columnID id.ID) (Column, error) {
	return s.changeColumn(ctx, who, columnID, "ledger.restore_column", func(c *Column, all []Column) error {
		if !c.Retired() {
			return nil
		}
		if using(all) >= MaxColumns {
			return ErrManyColumns
		}
		c.RetiredAt, c.SortNo = time.Time{}, behind(all)
		return nil
	})
}

// changeColumn changes a definition under the committee's lock.
func (s *Service) changeColumn(ctx context.Context, who actor.Actor, columnID id.ID, action string, change func(*Column, []Column) error) (Column, error) {
	c, err := s.officeColumn(ctx, who, columnID)
	if err != nil {
		return Column{}, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		all, err := s.lockColumns(ctx, c.CommitteeID)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(o Column) bool { return o.ID == columnID })
		if at < 0 {
			return errs.ErrNotFound
		}
		before := all[at].Name
		c = all[at]
		if err := change(&c, all); err != nil {
			return err
		}
		if err := s.store.updateColumn(ctx, c, s.now()); err != nil {
			return err
		}
		return s.wroteColumn(ctx, who, action, c, map[string]any{"name": c.Name, "before": before})
	})
	return c, err
}

// OrderColumns puts the columns in use into an order; it wants all of them.
func (s *Service) OrderColumns(ctx context.Context, who actor.Actor, committeeID id.ID, order []id.ID) ([]Column, error) {
	com, err := s.Committee(ctx, who, committeeID)
	if err != nil {
		return nil, err
	}
	if err := who.Must(actor.EditOrg, com.Place()); err != nil {
		return nil, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		all, err := s.lockColumns(ctx, committeeID)
		if err != nil {
			return err
		}
		if len(order) != using(all) {
			return ErrColumnsChanged
		}
		for _, c := range all {
			n := slices.Index(order, c.ID)
			switch {
			case c.Retired():
				continue
			case n < 0:
				return ErrColumnsChanged
			}
			c.SortNo = n + 1
			if err := s.store.updateColumn(ctx, c, s.now()); err != nil {
				return err
			}
		}
		return s.wrote(ctx, who, "ledger.order_columns", "committee", committeeID, com.Place(), map[string]any{"count": len(order)})
	})
	if err != nil {
		return nil, err
	}
	return s.store.columnsOf(ctx, committeeID)
}

// ColumnUse tells how many people have something in a column, and what its choices are used for.
type ColumnUse struct {
	Persons int
	Values  map[string]int // of ChoiceColumn and YesNoColumn, those that are chosen no more too
}

// ColumnUse counts what a column holds.
func (s *Service) ColumnUse(ctx context.Context, who actor.Actor, columnID id.ID) (ColumnUse, error) {
	c, err := s.officeColumn(ctx, who, columnID)
	if err != nil {
		return ColumnUse{}, err
	}
	use := ColumnUse{Values: map[string]int{}}
	err = s.store.eachOwn(ctx, c.CommitteeID, func(r Record) {
		v := r.Own(columnID)
		if v == "" {
			return
		}
		use.Persons++
		if c.Kind == ChoiceColumn || c.Kind == YesNoColumn {
			use.Values[v]++
		}
	})
	return use, err
}

// officeColumn gives a column to the office that may change it.
func (s *Service) officeColumn(ctx context.Context, who actor.Actor, columnID id.ID) (Column, error) {
	c, err := s.store.column(ctx, who.Scope(actor.SeeOrg), columnID)
	if err != nil {
		return Column{}, err
	}
	return c, who.Must(actor.EditOrg, actor.Place{Committee: c.CommitteeID})
}

func (s *Service) lockColumns(ctx context.Context, committeeID id.ID) ([]Column, error) {
	if err := s.store.lockCommittee(ctx, committeeID); err != nil {
		return nil, err
	}
	return s.store.columnsOf(ctx, committeeID)
}

// nameFree reports a name that another column has, or that the ledger has anyway.
func (s *Service) nameFree(c Column, all []Column) error {
	form := TitleForm(c.Name)
	for _, o := range all {
		if o.ID == c.ID || TitleForm(o.Name) != form {
			continue
		}
		if o.Retired() {
			return ErrColumnRetired.With(errs.Field("name", "停用的栏目里有同名的"))
		}
		return ErrColumnTaken.With(errs.Field("name", "已有同名的自定义栏"))
	}
	builtIn := slices.ContainsFunc(AllFields, func(f Field) bool { return f.Label == form })
	for _, l := range labels {
		builtIn = builtIn || l == form
	}
	if builtIn || s.reserved != nil && s.reserved(c.Name) {
		return ErrColumnBuiltIn.With(errs.Field("name", "台账本来就有“"+c.Name+"”这一栏"))
	}
	return nil
}

func using(all []Column) (n int) {
	for _, c := range all {
		if !c.Retired() {
			n++
		}
	}
	return n
}

// behind is the place after all columns.
func behind(all []Column) (n int) {
	for _, c := range all {
		n = max(n, c.SortNo)
	}
	return n + 1
}

func (s *Service) wroteColumn(ctx context.Context, who actor.Actor, action string, c Column, detail map[string]any) error {
	return s.wrote(ctx, who, action, "column", c.ID, actor.Place{Committee: c.CommitteeID}, detail)
}

// sight is how somebody reads a person's row: all of it, and which of the office's columns they may write.
type sight struct{ all, keeps, office bool }

// sightOf follows from where the person stands: who keeps the ledger sees all of its own columns, a head and the
// person those for members. A liaison's right ends at the unit; whose right goes further writes for the office.
func sightOf(who actor.Actor, at actor.Place) sight {
	keeps := who.Scope(actor.EditPerson)
	v := sight{all: keeps.Covers(at), keeps: keeps.Covers(at)}
	keeps.Units = nil
	v.office = keeps.Covers(at)
	return v
}

// own shows what columns hold of a person, in their order.
func (v sight) own(columns []Column, committee id.ID, rec Record, in func(Column) bool) []OwnValue {
	var out []OwnValue
	values := rec.custom()
	for _, c := range columns {
		if c.CommitteeID == committee && in(c) && (v.all || c.MemberSees) {
			out = append(out, OwnValue{Column: c, Value: values[c.ID.String()], Editable: v.keeps && (v.office || c.LiaisonEdits)})
		}
	}
	return out
}

func inUse(c Column) bool { return !c.Retired() }

// entries masks rows for who reads them, with their committees' own columns.
func (s *Service) entries(ctx context.Context, who actor.Actor, list []detail) ([]Entry, error) {
	var committees []id.ID
	for _, d := range list {
		if !slices.Contains(committees, d.CommitteeID) {
			committees = append(committees, d.CommitteeID)
		}
	}
	if len(list) == 0 {
		return []Entry{}, nil
	}
	columns, err := s.store.columnsOf(ctx, committees...)
	if err != nil {
		return nil, err
	}
	out := make([]Entry, len(list))
	for i, d := range list {
		out[i] = d.masked()
		out[i].Own = sightOf(who, d.Place()).own(columns, d.CommitteeID, d.Record, inUse)
	}
	return out, nil
}

// entry is entries for one row; it passes a fault on.
func (s *Service) entry(ctx context.Context, who actor.Actor, d detail, err error) (Entry, error) {
	if err != nil {
		return Entry{}, err
	}
	list, err := s.entries(ctx, who, []detail{d})
	if err != nil {
		return Entry{}, err
	}
	return list[0], nil
}

// writeOwn writes columns of the person's committee into a record, in the transaction of ctx: faults are
// those of the values; a column of the office is ErrOfficeColumn for others.
func (s *Service) writeOwn(ctx context.Context, v sight, committee id.ID, rec *Record, values map[id.ID]string) (faults []errs.FieldError, err error) {
	columns, err := s.store.columnsOf(ctx, committee)
	if err != nil {
		return nil, err
	}
	rec.leaveOwn(columns)
	for column, text := range values {
		at := slices.IndexFunc(columns, func(c Column) bool { return c.ID == column && !c.Retired() })
		if at < 0 {
			faults = append(faults, errs.Field(ColumnPrefix+column.String(), "这一栏已停用或不存在，请刷新页面"))
			continue
		}
		c := columns[at]
		if strings.TrimSpace(text) == rec.Own(column) { // a choice that is gone stays where it was
			continue
		}
		if !v.office && !c.LiaisonEdits {
			return nil, ErrOfficeColumn.With(errs.Field(c.Key(), "由党工委填写"))
		}
		value, fault := c.Clean(text)
		if fault != "" {
			faults = append(faults, errs.Field(c.Key(), fault))
			continue
		}
		rec.SetOwn(column, value)
	}
	slices.SortFunc(faults, func(a, b errs.FieldError) int { return strings.Compare(a.Field, b.Field) })
	return faults, nil
}

// applyOwn brings a change's columns of the committee's own into the record, beside faults of the others. Who comes
// into another committee leaves behind what the columns of the one before held.
func (s *Service) applyOwn(ctx context.Context, who actor.Actor, d detail, committee id.ID, c PersonChange, rec *Record, before error) error {
	if len(c.Own) == 0 && committee == d.CommitteeID {
		return before
	}
	faults, err := s.writeOwn(ctx, sightOf(who, d.Place()), committee, rec, c.Own)
	switch e, ok := errs.As(before); {
	case err != nil:
		return err
	case before != nil && (!ok || e.Kind != errs.Invalid || len(faults) == 0):
		return before
	case ok:
		return e.With(faults...)
	case len(faults) > 0:
		return errs.ErrInvalid.With(faults...)
	}
	return nil
}
