package ledger

import (
	"context"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/page"
)

// Names tells under which names others read what accounts did; identity has them.
type Names interface {
	AccountName(ctx context.Context, accounts []id.ID) (map[id.ID]string, error)
}

// UseNames gives the service the names of accounts. Without it the history shows none.
func (s *Service) UseNames(n Names) { s.names = n }

// save writes a person that was locked as before, with the change itself, and tells the hooks of
// another status. Where nothing changed nothing is written.
func (s *Service) save(ctx context.Context, by By, before, after Record) (Change, error) {
	c := changeOf(before, after, by, s.clk.Now())
	if len(c.Differences) == 0 {
		return c, nil
	}
	after.version = c.Seq
	if err := s.store.updatePerson(ctx, after, s.now()); err != nil {
		return c, err
	}
	if err := s.store.changeTerms(ctx, []Record{before}, []Record{after}); err != nil {
		return c, err
	}
	if err := s.store.insertChanges(ctx, []Change{c}); err != nil {
		return c, err
	}
	if before.UnitID != after.UnitID {
		if err := s.unitsChanged(ctx, []id.ID{before.UnitID, after.UnitID}); err != nil {
			return c, err
		}
	}
	return c, s.tellChanged(ctx, after.ID, before.Status, after.Status)
}

// HistoryEntry is a change as people read it: masked, with names instead of ids.
type HistoryEntry struct {
	Change
	By      string // name of the account, empty when nobody knows it
	Columns []ColumnChange
}

// ColumnChange is one column before and after; Masked says that both are hidden.
type ColumnChange struct {
	Key, Label, From, To string
	Masked               bool
}

// History gives the changes of a person that who sees, newest first; the cursor is a sequence.
func (s *Service) History(ctx context.Context, who actor.Actor, personID id.ID, p page.Page) (page.List[HistoryEntry], error) {
	none := page.List[HistoryEntry]{}
	d, err := s.store.person(ctx, who.Scope(actor.SeePerson), personID)
	if err != nil {
		return none, err
	}
	below, err := cursor(p)
	if err != nil {
		return none, err
	}
	if below == 0 {
		below = 1 << 30
	}
	changes, err := s.store.changes(ctx, personID, int(min(below, 1<<30)), p.Size()+1)
	if err != nil {
		return none, err
	}
	l := page.Of(changes, p.Size(), func(c Change) string { return id.ID(c.Seq).String() })
	entries, err := s.readable(ctx, l.Items, sightOf(who, d.Place()), masked)
	return page.List[HistoryEntry]{Items: entries, Next: l.Next}, err
}

// RevealChange shows what a change hides of one person; the reason goes into the audit line.
func (s *Service) RevealChange(ctx context.Context, who actor.Actor, personID id.ID, seq int, reason string) (HistoryEntry, error) {
	d, err := s.store.person(ctx, who.Scope(actor.SeePerson), personID)
	if err != nil {
		return HistoryEntry{}, err
	}
	if err := who.Must(actor.RevealPerson, d.Place()); err != nil {
		return HistoryEntry{}, err
	}
	if reason = FreeText(reason); reason == "" {
		return HistoryEntry{}, ErrReason.With(errs.Field("reason", "请写明查看的原因"))
	}
	found, err := s.store.changes(ctx, personID, seq+1, 1)
	if err != nil {
		return HistoryEntry{}, err
	}
	if len(found) == 0 || found[0].Seq != seq {
		return HistoryEntry{}, errs.ErrNotFound
	}
	entries, err := s.readable(ctx, found, sightOf(who, d.Place()), func(_, text string) string { return text })
	if err != nil {
		return HistoryEntry{}, err
	}
	if len(entries) == 0 { // of nothing but columns that are not for the reader
		return HistoryEntry{}, errs.ErrNotFound
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.confirmed(ctx, who, "reveal", personID); err != nil {
			return err
		}
		return s.wrote(ctx, who, "ledger.reveal_change", "person", personID, d.Place(),
			map[string]any{"change": seq, "fields": found[0].keys(), "reason": clip(reason, 200)})
	})
	if err != nil {
		return HistoryEntry{}, err
	}
	return entries[0], nil
}

// readable turns changes into what people read; mask hides what is sensitive. Changes of nothing but columns
// that are not for the reader are left out.
func (s *Service) readable(ctx context.Context, changes []Change, v sight, mask func(key, text string) string) ([]HistoryEntry, error) {
	units, branches, homes, accounts := map[id.ID]string{}, map[id.ID]string{}, map[id.ID]string{}, map[id.ID]string{}
	columns := map[id.ID]Column{}
	var asked []id.ID
	for _, c := range changes {
		asked = append(asked, c.Account)
		for _, d := range c.Differences {
			if column := ColumnID(d.Key); column != 0 {
				columns[column] = Column{}
				continue
			}
			for _, text := range []string{d.From, d.To} {
				var v id.ID
				switch setID(&v, text); d.Key {
				case "unit_id":
					units[v] = ""
				case "branch_id":
					branches[v] = ""
				case "household_id":
					homes[v] = ""
				}
			}
		}
	}
	if err := s.store.orgNames(ctx, units, branches); err != nil {
		return nil, err
	}
	if err := s.store.householdNames(ctx, homes, changes); err != nil {
		return nil, err
	}
	if err := s.store.columnNames(ctx, columns); err != nil {
		return nil, err
	}
	if s.names != nil {
		var err error
		if accounts, err = s.names.AccountName(ctx, asked); err != nil {
			return nil, err
		}
	}
	out := make([]HistoryEntry, 0, len(changes))
	for _, c := range changes {
		h := HistoryEntry{Change: c, By: accounts[c.Account]}
		for _, d := range c.Differences {
			own, isOwn := columns[ColumnID(d.Key)]
			if isOwn && !v.all && !own.MemberSees {
				continue
			}
			show := func(text string) string {
				var v id.ID
				switch setID(&v, text); d.Key {
				case "unit_id":
					return units[v]
				case "branch_id":
					return branches[v]
				case "household_id":
					return homes[v]
				case contactsKey:
					return contactWords(text, mask(d.Key, text) != text)
				}
				return mask(d.Key, text)
			}
			col := ColumnChange{Key: d.Key, Label: LabelOf(d.Key), From: show(d.From), To: show(d.To)}
			if own.Name != "" {
				col.Label = own.Name
			}
			col.Masked = mask(d.Key, d.From) != d.From || mask(d.Key, d.To) != d.To
			h.Columns = append(h.Columns, col)
		}
		if len(h.Columns) > 0 || len(c.Differences) == 0 {
			out = append(out, h)
		}
	}
	return out, nil
}

// PersonAsOf gives the masked row as the ledger held it at the end of a day (YYYY-MM-DD in Shanghai).
// Who may see the person today sees the earlier row; before the person came in it is ErrNotYet.
func (s *Service) PersonAsOf(ctx context.Context, who actor.Actor, personID id.ID, day string) (Entry, error) {
	d, err := s.store.person(ctx, who.Scope(actor.SeePerson), personID)
	if err != nil {
		return Entry{}, err
	}
	at, err := EndOf(day, s.clk.Now())
	if err != nil {
		return Entry{}, err
	}
	v := sightOf(who, d.Place()) // who sees the person today sees the earlier row
	if d, err = s.backTo(ctx, d, at); err != nil {
		return Entry{}, err
	}
	columns, err := s.store.columnsOf(ctx, d.CommitteeID)
	if err != nil {
		return Entry{}, err
	}
	e := d.masked()
	e.Own = v.own(columns, d.CommitteeID, d.Record, func(c Column) bool { return c.in(at) })
	for i := range e.Own {
		e.Own[i].Editable = false
	}
	return e, nil
}

// backTo takes back all changes after a moment.
func (s *Service) backTo(ctx context.Context, d detail, at time.Time) (detail, error) {
	later, err := s.store.changesAfter(ctx, d.Person.ID, at)
	if err != nil {
		return d, err
	}
	rec := d.Record
	for _, c := range later {
		if c.Before.Unit == 0 {
			return d, ErrNotYet
		}
		rec.back(c)
	}
	if d.createdAt.After(at) { // older than the history
		return d, ErrNotYet
	}
	u, err := s.store.unitAt(ctx, rec.UnitID, at)
	if err != nil {
		return d, err
	}
	units, branches := map[id.ID]string{}, map[id.ID]string{rec.BranchID: ""}
	if err := s.store.orgNames(ctx, units, branches); err != nil {
		return d, err
	}
	p := &d.Person
	p.CommitteeID = u.CommitteeID
	p.UnitID, p.Unit, p.BranchID, p.Branch = u.ID, u.Name, rec.BranchID, branches[rec.BranchID]
	p.Name, p.Sex, p.PartyPost, p.SeqNo, p.Status = rec.Name, rec.Sex, rec.PartyPost, rec.SeqNo, rec.Status
	p.Pinyin, p.Initials = Pinyin(rec.Name)
	p.HouseholdID = rec.HouseholdID
	if p.AllianceID, p.Alliance = u.AllianceID, ""; u.AllianceID != 0 {
		a, err := s.store.alliance(ctx, everywhere, u.AllianceID)
		if err != nil {
			return d, err
		}
		p.Alliance = a.Name
	}
	d.Record = rec
	return d, nil
}

// Count is how many persons stand in the ledger in each way.
type Count struct{ Active, Moved, Deceased, Suspended int }

// Total is everybody, whatever their status.
func (c Count) Total() int { return c.Active + c.Moved + c.Deceased + c.Suspended }

func (c *Count) add(o Count) {
	c.Active, c.Moved, c.Deceased, c.Suspended = c.Active+o.Active, c.Moved+o.Moved, c.Deceased+o.Deceased, c.Suspended+o.Suspended
}

func (c *Count) put(s Status, n int) {
	switch s {
	case Active:
		c.Active += n
	case Moved:
		c.Moved += n
	case Deceased:
		c.Deceased += n
	default:
		c.Suspended += n
	}
}

// Counts are the ledger by unit and by alliance; both add up to the same total, because a person stands
// in one unit and a unit in at most one alliance.
type Counts struct {
	Total     Count
	Alliances []AllianceCount // by id; units of none stand last, under the zero id
	Units     []UnitCount
}

// AllianceCount is an alliance with its units' persons.
type AllianceCount struct {
	ID    id.ID
	Name  string
	Units int
	Count
}

// UnitCount is a unit, in the alliance it was in, with its persons.
type UnitCount struct {
	Unit
	Alliance string
	Count
}

// Counts adds up the units in which who sees everybody, as they stand or, with a day (YYYY-MM-DD in
// Shanghai), as the ledger held them at its end.
func (s *Service) Counts(ctx context.Context, who actor.Actor, day string) (Counts, error) {
	var at time.Time
	if day != "" {
		var err error
		if at, err = EndOf(day, s.clk.Now()); err != nil {
			return Counts{}, err
		}
	}
	scope := who.Scope(actor.SeePerson)
	scope.Persons = nil // nobody's own row says how many others there are
	units, err := s.store.unitsAt(ctx, scope, at)
	if err != nil {
		return Counts{}, err
	}
	ids := make([]id.ID, len(units))
	for i, u := range units {
		ids[i] = u.ID
	}
	var rows []countRow
	if at.IsZero() {
		rows, err = s.store.countNow(ctx, ids)
	} else {
		rows, err = s.store.countAt(ctx, ids, at)
	}
	if err != nil {
		return Counts{}, err
	}
	names, err := s.store.allianceNames(ctx)
	if err != nil {
		return Counts{}, err
	}
	return addUp(units, rows, names), nil
}

// addUp sorts counts into units and alliances.
func addUp(units []Unit, rows []countRow, names map[id.ID]string) Counts {
	out := Counts{Alliances: []AllianceCount{}, Units: make([]UnitCount, len(units))}
	at := make(map[id.ID]*UnitCount, len(units))
	for i, u := range units {
		out.Units[i] = UnitCount{Unit: u, Alliance: names[u.AllianceID]}
		at[u.ID] = &out.Units[i]
	}
	for _, r := range rows {
		at[r.UnitID].put(r.Status, r.N)
	}
	alliances := map[id.ID]*AllianceCount{}
	for _, u := range out.Units {
		a := alliances[u.AllianceID]
		if a == nil {
			a = &AllianceCount{ID: u.AllianceID, Name: names[u.AllianceID]}
			alliances[u.AllianceID] = a
		}
		a.Units++
		a.add(u.Count)
		out.Total.add(u.Count)
	}
	for _, a := range alliances {
		out.Alliances = append(out.Alliances, *a)
	}
	sortAlliances(out.Alliances)
	return out
}
