package roster

import "bense/server/internal/ledger"

// A workbook is often older than a reform: it calls a unit as it was called before. Such a row belongs to the
// unit of today, with a remark; a unit that bears the name today comes first.

// today gives the row as it reads with the names of today: the row itself, or a changed copy, since what was
// read from the file is kept as it is.
func (p *planner) today(r *Row) *Row {
	if r.Unit == "" || p.units[r.Unit] != nil {
		return r
	}
	unit, known := p.snap.Formerly.Units[r.Unit]
	if !known {
		return r
	}
	now := p.unitName[unit]
	if first := !p.warned["former "+r.Unit]; first {
		p.warned["former "+r.Unit] = true
		if now == "" {
			p.warn(r, colUnit, r.Unit, "有几个单位以前都叫这个名称，已按新单位登记，请核对")
		} else {
			p.warn(r, colUnit, r.Unit, "这是“"+now+"”以前的名称，这份表里写这个名称的人都归入“"+now+"”；如果是另一个单位，请先在“组织”里新建它，再导入")
		}
	}
	if now == "" {
		return r
	}
	c := *r
	c.Unit = now
	if c.Branch == ledger.BranchOf(r.Unit) && len(p.branches[unit]) == 1 {
		c.Branch = "" // the unit's own
	}
	return &c
}

// formerAlliance gives the alliance that had a name before.
func (p *planner) formerAlliance(r *Row) *org[ledger.Alliance] {
	key := ledger.AllianceKey(r.Alliance)
	for _, a := range p.snap.Alliances {
		if a.ID != p.snap.Formerly.Alliances[key] {
			continue
		}
		if !p.warned["former "+key] {
			p.warned["former "+key] = true
			p.warn(r, colAlliance, r.Alliance, "这是“"+a.Name+"”以前的名称，已按现在的名称登记")
		}
		return p.alliances[ledger.AllianceKey(a.Name)]
	}
	return nil
}
