package roster

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"strconv"

	"bense/server/internal/id"
	"bense/server/internal/job"
	"bense/server/internal/ledger"
)

// Kinds of parcels below an import, beside the tabs of its preview.
const (
	parcelFile    = "file"
	parcelJournal = "journal"
)

// entry is one thing that an import made or changed, so that its undo can tell what it was before and
// whether somebody changed it since. From and To hold the columns that differ; of something new, To
// holds all that are filled in.
type entry struct {
	Kind string // person, proposal, branch, unit, alliance
	ID   id.ID
	New  bool              `json:",omitempty"`
	Name string            `json:",omitempty"`
	From map[string]string `json:",omitempty"`
	To   map[string]string `json:",omitempty"`
	Hint *ledger.Hint      `json:",omitempty"`
}

const (
	ofPerson   = "person"
	ofProposal = "proposal"
	ofBranch   = "branch"
	ofUnit     = "unit"
	ofAlliance = "alliance"
)

// columnsOf gives the columns of a person that an import may write, as texts.
func columnsOf(r ledger.Record) map[string]string {
	m := map[string]string{}
	for _, f := range ledger.AllFields {
		if v := *f.At(&r.Fields); v != "" {
			m[f.Key] = v
		}
	}
	for key, v := range r.Owns() {
		m[key] = v
	}
	m[colUnit], m[colBranch], m[colSeq] = r.UnitID.String(), r.BranchID.String(), strconv.Itoa(r.SeqNo)
	return m
}

// put writes a column of columnsOf.
func put(r *ledger.Record, key, value string) {
	switch key {
	case colUnit:
		r.UnitID, _ = id.Parse(value) // written by columnsOf
	case colBranch:
		r.BranchID, _ = id.Parse(value) // "": none
	case colSeq:
		r.SeqNo, _ = strconv.Atoi(value)
	default:
		if f, ok := ledger.FieldOf(key); ok {
			*f.At(&r.Fields) = value
		} else if column := ledger.ColumnID(key); column != 0 {
			r.SetOwn(column, value)
		}
	}
}

func columnsOfAlliance(a ledger.Alliance) map[string]string {
	return map[string]string{"lead_unit_id": a.LeadUnitID.String(), "basis": a.Basis, "venue": a.Venue}
}

func putAlliance(a *ledger.Alliance, key, value string) {
	switch key {
	case "lead_unit_id":
		a.LeadUnitID, _ = id.Parse(value)
	case "basis":
		a.Basis = value
	case "venue":
		a.Venue = value
	}
}

// apart gives the columns in which two sets differ.
func apart(from, to map[string]string) (before, after map[string]string) {
	before, after = map[string]string{}, map[string]string{}
	for k, v := range from {
		if to[k] != v {
			before[k], after[k] = v, to[k]
		}
	}
	for k, v := range to {
		if from[k] != v {
			before[k], after[k] = from[k], v
		}
	}
	return before, after
}

// entries lists what an outcome changes, in the order in which it is undone.
func (o Outcome) entries() iter.Seq[entry] {
	c, snap := o.Changes, o.plan.snap
	return func(yield func(entry) bool) {
		for _, h := range c.NewProposals {
			if !yield(entry{Kind: ofProposal, ID: h.Person, Hint: &h}) {
				return
			}
		}
		for _, who := range o.plan.people {
			e := entry{Kind: ofPerson, ID: who.rec.ID, Name: who.rec.Name}
			switch tab := who.tab(); {
			case tab == TabSame || who.out:
				continue
			case tab == TabNew:
				e.New, e.To = true, columnsOf(who.rec)
			default:
				e.From, e.To = apart(columnsOf(*who.old), columnsOf(who.rec))
			}
			if !yield(e) {
				return
			}
		}
		for _, a := range snap.Alliances {
			now := o.plan.alliances[ledger.AllianceKey(a.Name)].v
			if from, to := apart(columnsOfAlliance(a), columnsOfAlliance(now)); now.ID == a.ID && len(to) > 0 && !yield(entry{Kind: ofAlliance, ID: a.ID, Name: a.Name, From: from, To: to}) {
				return
			}
		}
		for _, u := range snap.Units {
			if now := o.plan.units[u.Name].v; now.AllianceID != u.AllianceID && !yield(entry{Kind: ofUnit, ID: u.ID, Name: u.Name,
				From: map[string]string{colAlliance: u.AllianceID.String()}, To: map[string]string{colAlliance: now.AllianceID.String()}}) {
				return
			}
		}
		for _, b := range c.NewBranches {
			if !yield(entry{Kind: ofBranch, ID: b.ID, Name: b.Name, New: true}) {
				return
			}
		}
		for _, u := range c.NewUnits {
			if !yield(entry{Kind: ofUnit, ID: u.ID, Name: u.Name, New: true}) {
				return
			}
		}
		for _, a := range c.NewAlliances {
			if !yield(entry{Kind: ofAlliance, ID: a.ID, Name: a.Name, New: true}) {
				return
			}
		}
	}
}

// writeJournal keeps the entries of an import in the transaction of ctx.
func writeJournal(ctx context.Context, p *job.Parcels, importID id.ID, entries iter.Seq[entry]) error {
	w := p.Writer(ctx, importID, parcelJournal)
	z := gzip.NewWriter(w)
	enc := json.NewEncoder(z)
	for e := range entries {
		if err := enc.Encode(e); err != nil {
			return err
		}
	}
	return errors.Join(z.Close(), w.Close())
}

// readJournal gives the entries in batches of at most n, each of one kind.
func readJournal(ctx context.Context, p *job.Parcels, importID id.ID, n int, batch func([]entry) error) error {
	z, err := gzip.NewReader(bufio.NewReader(p.Reader(ctx, importID, parcelJournal)))
	if errors.Is(err, io.EOF) {
		return ErrNoJournal
	}
	if err != nil {
		return err
	}
	var list []entry
	for dec := json.NewDecoder(z); ; {
		var e entry
		err := dec.Decode(&e)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		ended := err != nil
		if len(list) > 0 && (ended || len(list) == n || list[0].Kind != e.Kind || list[0].New != e.New && e.Kind != ofPerson) {
			if err := batch(list); err != nil {
				return err
			}
			list = list[:0]
		}
		if ended {
			return nil
		}
		list = append(list, e)
	}
}
