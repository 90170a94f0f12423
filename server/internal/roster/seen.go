package roster

import (
	"context"
	"errors"
	"slices"

	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// A preview and its commit lie minutes or days apart. What somebody writes into the ledger in between is
// newer than the file: it stays, column by column, and the report says where.

// parcelSeen is the kind of parcel that holds what a preview has seen.
const parcelSeen = "seen"

// sight is a person of the ledger as a preview saw one: found for a row of the file, at a version.
type sight struct {
	No      int // of the person's first row, from 1
	Person  id.ID
	Version int
}

const newerReason = "预览之后有人改过这一栏，已保留台账里的新内容，没有采用表格里的"

// sights lists whom of the ledger a file names.
func (o Outcome) sights() []sight {
	var out []sight
	for _, who := range o.plan.people {
		if who.old != nil {
			out = append(out, sight{who.no, who.rec.ID, who.old.Version()})
		}
	}
	return out
}

func (s *Service) keepSights(ctx context.Context, importID id.ID, o Outcome) error {
	packed, err := compress(o.sights())
	if err != nil {
		return err
	}
	return s.parcels.Put(ctx, importID, parcelSeen, packed)
}

// since is what became of the ledger after a preview.
type since struct {
	seen map[int]id.ID             // whom the preview found for a row
	keys map[id.ID]map[string]bool // columns that somebody changed, by the import's keys
	met  map[id.ID]bool            // whom the preview saw at all
}

// since compares what a preview saw with the ledger as it is.
func (s *Service) since(ctx context.Context, importID id.ID, snap ledger.Snapshot) (*since, error) {
	packed, err := s.parcels.Get(ctx, importID, parcelSeen)
	if errors.Is(err, errs.ErrNotFound) {
		return nil, nil
	}
	var list []sight
	if err == nil {
		err = decompress(packed, &list)
	}
	if err != nil {
		return nil, err
	}
	n := &since{seen: make(map[int]id.ID, len(list)), keys: map[id.ID]map[string]bool{}, met: make(map[id.ID]bool, len(list))}
	versions := make(map[id.ID]int, len(list))
	for _, v := range list {
		n.seen[v.No], n.met[v.Person], versions[v.Person] = v.Person, true, v.Version
	}
	changed := map[id.ID]int{}
	for i := range snap.Persons {
		p := &snap.Persons[i]
		if v, ok := versions[p.ID]; ok && v != p.Version() {
			changed[p.ID] = v
		}
	}
	found, err := s.bulk.ChangedSince(ctx, changed)
	if err != nil {
		return nil, err
	}
	for person, keys := range found {
		n.keys[person] = map[string]bool{}
		for k := range keys {
			n.keys[person][importKey(k)] = true
		}
	}
	return n, nil
}

// importKey gives the import's key of a column of the ledger's history.
func importKey(key string) string {
	switch key {
	case "unit_id":
		return colUnit
	case "branch_id":
		return colBranch
	case "seq_no":
		return colSeq
	}
	return key
}

// seenAs gives the person that the preview found for a row and that the row no longer fits, because
// somebody mended a name or a number meanwhile. Without it the row would enter them a second time.
func (p *planner) seenAs(no int) *person {
	if p.since == nil {
		return nil
	}
	person, ok := p.since.seen[no]
	if !ok {
		return nil
	}
	if p.byID == nil {
		p.byID = make(map[id.ID]int, len(p.snap.Persons))
		for i := range p.snap.Persons {
			p.byID[p.snap.Persons[i].ID] = i
		}
	}
	at, ok := p.byID[person]
	if !ok {
		return nil
	}
	return p.known[at]
}

// isNewer reports whether somebody has written a column of the ledger since the preview; of somebody whom
// the preview has not seen, whatever is filled in.
func (p *planner) isNewer(who *person, key string) bool {
	if p.since == nil || who.old == nil {
		return false
	}
	if !p.since.met[who.rec.ID] {
		return key != colSeq && key != colBranch && columnsOf(*who.old)[key] != ""
	}
	keys := p.since.keys[who.rec.ID]
	return keys[key] || key == colUnit && keys[colBranch] // a branch was chosen in this unit
}

// keepsNewer tells that a column stays as somebody wrote it after the preview.
func (p *planner) keepsNewer(who *person, r *Row, key string) bool {
	if !p.isNewer(who, key) {
		return false
	}
	p.newer(who)
	p.warn(r, key, *valueOf(r, key), newerReason)
	return true
}

func (p *planner) newer(who *person) {
	if !who.newer {
		who.newer = true
		p.report.Newer++
	}
}

// settleNewer brings the outcome in step with what was written while it was being applied.
func (o *Outcome) settleNewer(list []ledger.Newer) {
	p := o.plan
	for _, n := range list {
		at := slices.IndexFunc(p.people, func(who *person) bool { return who.rec.ID == n.Person })
		if at < 0 {
			continue
		}
		who := p.people[at]
		if n.Erased {
			who.out = true
			p.report.Changed--
			p.forgetRow(who.first)
			continue
		}
		p.newer(who)
		for _, key := range n.Keys {
			p.warn(who.first, importKey(key), "", newerReason)
			put(&who.rec, importKey(key), columnsOf(*who.old)[importKey(key)])
		}
	}
	slices.SortStableFunc(p.report.Warnings, p.inFileOrder)
	o.Report = p.report
}

// forgetRow takes what the report says of a row out of it.
func (p *planner) forgetRow(r *Row) {
	ofRow := func(q Problem) bool { return q.Row == r.Line && q.Sheet == p.in.Sheets[r.Sheet].Name }
	p.report.Warnings = slices.DeleteFunc(p.report.Warnings, ofRow)
}
