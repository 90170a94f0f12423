package roster

import (
	"fmt"
	"slices"

	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// planner compares rows with a snapshot of the database.
type planner struct {
	in        *Parsed
	snap      ledger.Snapshot
	newID     func() id.ID
	choices   Choices
	since     *since    // the preview; nil: this is one
	known     []*person // of the ledger, in the order of the snapshot
	byID      map[id.ID]int
	alliances map[string]*org[ledger.Alliance]
	units     map[string]*org[ledger.Unit]
	unitName  map[id.ID]string
	branches  map[id.ID][]ledger.Branch
	register  *register
	people    []*person // of the file, in its order
	hints     map[ledger.Hint]bool
	warned    map[string]bool
	byPhone   map[string][]*person // filled in when all rows are compared
	own       []ledger.Column      // the committee's own columns in use
	changes   ledger.Changes
	report    Report
}

// org is an alliance or a unit with what is to be done about it.
type org[T any] struct {
	v            T
	new, changed bool
	sheet, line  int // where a new one was met
}

// Outcome is what a file comes to beside a ledger.
type Outcome struct {
	Changes ledger.Changes
	Report  Report

	plan *planner
}

// Compare compares a file with the database; newID names what is new, at hears about rows that were
// compared and may be nil.
func Compare(in *Parsed, snap ledger.Snapshot, newID func() id.ID, choices Choices, at func(done, total int)) Outcome {
	return compare(in, snap, newID, choices, nil, at)
}

func compare(in *Parsed, snap ledger.Snapshot, newID func() id.ID, choices Choices, since *since, at func(done, total int)) Outcome {
	p := &planner{in: in, since: since, snap: snap, newID: newID, choices: choices, alliances: map[string]*org[ledger.Alliance]{}, units: map[string]*org[ledger.Unit]{},
		unitName: map[id.ID]string{}, branches: map[id.ID][]ledger.Branch{}, register: newRegister(len(snap.Persons) + len(in.Rows)),
		hints: map[ledger.Hint]bool{}, warned: map[string]bool{}, own: snap.Columns}
	p.report = Report{Refused: slices.Clone(in.Refused), Warnings: slices.Clone(in.Warnings), Skipped: in.Skipped, Ignored: in.Ignored, Asked: in.Asked}
	p.learn()
	for i := range in.Rows {
		p.row(i+1, &in.Rows[i])
		if at != nil && i%200 == 0 {
			at(i, len(in.Rows))
		}
	}
	for _, n := range in.Notes {
		p.note(n)
	}
	p.finish()
	return Outcome{Changes: p.changes, Report: p.report, plan: p}
}

func (p *planner) learn() {
	for _, a := range p.snap.Alliances {
		p.alliances[ledger.AllianceKey(a.Name)] = &org[ledger.Alliance]{v: a}
	}
	for _, u := range p.snap.Units {
		p.units[u.Name], p.unitName[u.ID] = &org[ledger.Unit]{v: u}, u.Name
	}
	for _, b := range p.snap.Branches {
		p.branches[b.UnitID] = append(p.branches[b.UnitID], b)
	}
	for i := range p.snap.Persons {
		old := &p.snap.Persons[i]
		p.known = append(p.known, &person{rec: *old, old: old})
		p.register.add(p.known[i], p.unitName[old.UnitID])
	}
}

func (p *planner) refuse(r *Row, key, value, reason string) {
	p.report.Refused = append(p.report.Refused, p.in.problem(r.Sheet, r.Line, key, value, reason))
}

func (p *planner) warn(r *Row, key, value, reason string) {
	p.report.Warnings = append(p.report.Warnings, p.in.problem(r.Sheet, r.Line, key, value, reason))
}

// row takes in one row; no counts the file's rows from 1.
func (p *planner) row(no int, r *Row) {
	r = p.today(r)
	f := p.register.find(r)
	if f.person == nil && f.fault == "" {
		if f.person = p.seenAs(no); f.person != nil && f.person.rec.Erased() {
			f = found{fault: "预览之后这位同志的资料已按要求删除，没有写入", key: "name"}
		}
	}
	switch {
	case f.fault != "":
		p.refuse(r, f.key, *valueOf(r, f.key), f.fault)
		return
	case f.person == nil && p.snap.Elsewhere[r.Fields.IDNumber]:
		p.refuse(r, "id_number", r.Fields.IDNumber, "此人已在其他党工委的台账中，请先由对方办理转出")
		return
	case f.person == nil && r.Unit == "":
		p.refuse(r, colUnit, "", "没有写明单位或党支部")
		return
	}
	if f.doubt != "" {
		p.warn(r, "name", r.Fields.Name, f.doubt)
	}
	who := f.person
	if who == nil && p.choices.keeps(no, "") {
		who = &person{rec: ledger.Record{Status: ledger.Active, Fields: r.Fields}, out: true}
		p.mergeOwn(&who.rec, r, true, nobodyKeeps)
		p.register.add(who, r.Unit)
	} else if who == nil {
		u := p.unit(r)
		who = &person{rec: ledger.Record{ID: p.newID(), UnitID: u.ID, Status: ledger.Active, Fields: r.Fields}}
		who.rec.BranchID = p.branch(u, r.Branch)
		p.mergeOwn(&who.rec, r, true, nobodyKeeps)
		p.register.add(who, u.Name)
	} else {
		if who.first == nil {
			who.no, who.out = no, p.choices.keeps(no, "")
		}
		p.again(who, r)
	}
	if who.first == nil {
		who.first, who.no = r, no
		p.people = append(p.people, who)
	} else {
		p.report.RepeatedRows++
	}
	if !who.out {
		p.propose(who, r)
	}
}

func valueOf(r *Row, key string) *string {
	if c, ok := ledger.FieldOf(key); ok {
		return c.At(&r.Fields)
	}
	if ledger.ColumnID(key) != 0 {
		v := r.Own[key]
		return &v
	}
	return &r.Unit
}

// again brings a known person up to date with a row.
func (p *planner) again(who *person, r *Row) {
	if who.out {
		return
	}
	first := who.first == nil
	if r.Unit != "" && !p.choices.keeps(who.no, colUnit) {
		if before := p.unitName[who.rec.UnitID]; before == ledger.NormalUnit(r.Unit) {
			u := p.unit(r)
			if (who.rec.BranchID == 0 || r.Branch != "" && first) && !p.choices.keeps(who.no, colBranch) && !p.isNewer(who, colBranch) {
				who.rec.BranchID = p.branch(u, r.Branch)
			}
		} else if p.keepsNewer(who, r, colUnit) {
		} else if first {
			u := p.unit(r)
			who.rec.UnitID, who.rec.BranchID = u.ID, p.branch(u, r.Branch)
			p.warn(r, colUnit, r.Unit, "所在单位由"+before+"改为"+u.Name)
		} else {
			p.warn(r, colUnit, r.Unit, "同一人在前面的行中属于"+before+"，没有采用")
		}
	}
	if first && who.rec.Name != r.Fields.Name && !p.choices.keeps(who.no, "name") && !p.isNewer(who, "name") {
		p.warn(r, "name", r.Fields.Name, "姓名由"+who.rec.Name+"改为"+r.Fields.Name)
	}
	was := nameKey(who.rec.Name, p.unitName[who.rec.UnitID])
	keep := func(key string) bool {
		return p.choices.keeps(who.no, key) || key == colSeq && p.isNewer(who, key) || key != colSeq && p.keepsNewer(who, r, key)
	}
	contradicted := merge(&who.rec.Fields, r.Fields, first, keep)
	for _, key := range append(contradicted, p.mergeOwn(&who.rec, r, first, keep)...) {
		who.conflicts = append(who.conflicts, conflict{key: key, have: columnsOf(who.rec)[key], other: *valueOf(r, key), row: r})
		if p.choices.later(who.no, key) {
			put(&who.rec, key, *valueOf(r, key))
			continue
		}
		p.warn(r, key, *valueOf(r, key), fmt.Sprintf("与%s第%d行写的同一人不一致，没有采用", p.in.Sheets[who.first.Sheet].Name, who.first.Line))
	}
	p.register.again(who, was, p.unitName[who.rec.UnitID])
}

// unit gives the row's unit, founding it and its alliance when they are new.
func (p *planner) unit(r *Row) ledger.Unit {
	u := p.units[r.Unit]
	if u == nil {
		u = &org[ledger.Unit]{v: ledger.Unit{ID: p.newID(), CommitteeID: p.snap.CommitteeID, Name: r.Unit}, new: true, sheet: r.Sheet, line: r.Line}
		p.units[r.Unit], p.unitName[u.v.ID] = u, r.Unit
		p.changes.NewUnits = append(p.changes.NewUnits, u.v) // brought up to date at the end
	}
	if r.Alliance == "" {
		return u.v
	}
	a := p.alliance(r)
	switch {
	case u.v.AllianceID == a.ID:
	case u.v.AllianceID == 0:
		u.v.AllianceID, u.changed = a.ID, !u.new
	case !p.warned[r.Unit+a.ID.String()]:
		p.warned[r.Unit+a.ID.String()] = true
		p.warn(r, colAlliance, r.Alliance, r.Unit+"已属于另一个联盟，没有改动；如需调整请在联盟管理中办理")
	}
	return u.v
}

func (p *planner) alliance(r *Row) ledger.Alliance {
	key := ledger.AllianceKey(r.Alliance)
	a := p.alliances[key]
	if a == nil {
		a = p.formerAlliance(r)
	}
	if a == nil {
		a = &org[ledger.Alliance]{v: ledger.Alliance{ID: p.newID(), CommitteeID: p.snap.CommitteeID, Name: r.Alliance}, new: true}
		p.alliances[key] = a
		p.changes.NewAlliances = append(p.changes.NewAlliances, a.v)
	}
	return a.v
}

// branch gives the branch of that name; without one the unit's own, founded when there is none.
func (p *planner) branch(u ledger.Unit, name string) id.ID {
	own := p.branches[u.ID]
	if name == "" {
		if len(own) == 1 {
			return own[0].ID
		}
		name = ledger.BranchOf(u.Name)
	}
	if i := slices.IndexFunc(own, func(b ledger.Branch) bool { return b.Name == name }); i >= 0 {
		return own[i].ID
	}
	if former := p.snap.Formerly.Branches[u.ID][name]; former != 0 {
		return former
	}
	b := ledger.Branch{ID: p.newID(), UnitID: u.ID, Name: name}
	p.branches[u.ID] = append(own, b)
	p.changes.NewBranches = append(p.changes.NewBranches, b)
	return b.ID
}

// propose counts what a remark hints at, unless it is so already or was decided before.
func (p *planner) propose(who *person, r *Row) {
	h := ledger.Hint{Person: who.rec.ID, Status: r.Status, Evidence: r.Evidence}
	if r.Status == "" || who.rec.Status == r.Status || p.hints[h] {
		return
	}
	decision, known := p.snap.Decided(h)
	if known && decision != ledger.Open {
		return
	}
	p.hints[h] = true
	p.report.Proposals++
	if !known {
		p.changes.NewProposals = append(p.changes.NewProposals, h)
	}
}

// note takes over what a sheet says of its alliance.
func (p *planner) note(n note) {
	a := p.alliances[ledger.AllianceKey(n.Alliance)]
	if a == nil {
		a = p.formerAlliance(&Row{Sheet: n.Sheet, Line: n.Line, Alliance: n.Alliance})
	}
	if a == nil {
		return // not one row of it got in
	}
	before := a.v
	if n.Basis != "" {
		a.v.Basis = n.Basis
	}
	if n.Venue != "" {
		a.v.Venue = n.Venue
	}
	if n.Lead != "" {
		if u := p.units[n.Lead]; u != nil {
			a.v.LeadUnitID = u.v.ID
		} else if former := p.snap.Formerly.Units[n.Lead]; former != 0 {
			a.v.LeadUnitID = former
		} else {
			p.report.Warnings = append(p.report.Warnings, Problem{Sheet: p.in.Sheets[n.Sheet].Name, Row: n.Line,
				Column: "牵头单位", Value: shorten(n.Lead), Reason: "牵头单位不在台账的单位中，没有登记"})
		}
	}
	a.changed = a.changed || !a.new && a.v != before
}

// finish gathers what changed and counts it.
func (p *planner) finish() {
	c, r := &p.changes, &p.report
	for i, u := range c.NewUnits {
		now := p.units[u.Name]
		c.NewUnits[i] = now.v
		if now.v.AllianceID == 0 {
			r.Warnings = append(r.Warnings, p.in.problem(now.sheet, now.line, colUnit, u.Name, "没有写明所属联盟，这个单位暂不属于任何联盟"))
		}
	}
	for i, a := range c.NewAlliances {
		c.NewAlliances[i] = p.alliances[ledger.AllianceKey(a.Name)].v
	}
	for _, u := range p.snap.Units {
		if now := p.units[u.Name]; now.changed {
			c.ChangedUnits = append(c.ChangedUnits, now.v)
		}
	}
	for _, a := range p.snap.Alliances {
		if now := p.alliances[ledger.AllianceKey(a.Name)]; now.v.ID == a.ID && now.changed {
			c.ChangedAlliances = append(c.ChangedAlliances, now.v)
		}
	}
	p.phones()
	for _, who := range p.people {
		if !who.out && len(p.sharing(who)) > 0 {
			r.SamePhone++
		}
		if len(who.conflicts) > 0 {
			r.Conflicts++
		}
		switch tab := who.tab(); {
		case who.out && (who.old == nil || tab == TabSame):
			r.Kept++
		case tab == TabNew:
			c.NewPersons = append(c.NewPersons, who.rec)
		case tab == TabChanged:
			c.ChangedPersons = append(c.ChangedPersons, who.rec)
		default:
			r.Same++
		}
	}
	r.New, r.Changed = len(c.NewPersons), len(c.ChangedPersons)
	r.Alliances = len(p.snap.Alliances) + len(c.NewAlliances)
	r.Units = len(p.snap.Units) + len(c.NewUnits)
	r.Branches = len(p.snap.Branches) + len(c.NewBranches)
	r.Persons = len(p.snap.Persons) + r.New
	slices.SortStableFunc(r.Refused, p.inFileOrder)
	slices.SortStableFunc(r.Warnings, p.inFileOrder)
}

func (p *planner) inFileOrder(a, b Problem) int {
	at := func(name string) int {
		return slices.IndexFunc(p.in.Sheets, func(s sheetHead) bool { return s.Name == name })
	}
	if d := at(a.Sheet) - at(b.Sheet); d != 0 {
		return d
	}
	return a.Row - b.Row
}

// phones finds out who takes part and has which telephone.
func (p *planner) phones() {
	p.byPhone = map[string][]*person{}
	for _, who := range p.register.all {
		if f := who.rec.Phone; f != "" && !who.out && (who.rec.Status == ledger.Active || who.rec.Status == ledger.Suspended) {
			p.byPhone[f] = append(p.byPhone[f], who)
		}
	}
}

// sharing names those who have the same telephone as somebody whose telephone is new: whether they are
// family is asked after the import. It refuses nobody.
func (p *planner) sharing(who *person) []string {
	if who.old != nil && who.old.Phone == who.rec.Phone {
		return nil
	}
	var out []string
	for _, other := range p.byPhone[who.rec.Phone] {
		if other != who && (who.rec.HouseholdID == 0 || other.rec.HouseholdID != who.rec.HouseholdID) {
			out = append(out, other.rec.Name+"（"+p.unitName[other.rec.UnitID]+"）")
		}
	}
	return out
}
