package tour

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/identity"
)

// report is what the import says about a workbook, before and after the commit.
type report struct {
	ID        string `json:"id"`
	State     string `json:"state"`
	Alliances int    `json:"alliances"`
	Units     int    `json:"units"`
	Branches  int    `json:"branches"`
	Persons   struct {
		New     int `json:"new"`
		Changed int `json:"changed"`
		Same    int `json:"same"`
	} `json:"persons"`
	Refused   []any `json:"refused"`
	Repeated  int   `json:"repeated_rows"`
	Warnings  []any `json:"warnings"`
	Proposals int   `json:"proposals"`
}

var errNotEmpty = errors.New("the database already holds a ledger; the tour needs an empty one")

// importLedger gives the county its first staff account, which then brings in the workbook: preview,
// commit, and once more to see that nothing changes.
func (t *thread) importLedger(ctx context.Context, name string, book []byte) error {
	if there, err := t.books.county(ctx); err != nil {
		return err
	} else if there.Persons+there.Units > 0 {
		return errNotEmpty
	}
	if err := t.foundCommittee(ctx); err != nil {
		return err
	}
	path := "/imports?committee_id=" + t.committee + "&filename=" + url.QueryEscape(name)
	var preview, done, again report
	if err := t.office.post(ctx, path, book, &preview); err != nil {
		return err
	}
	before, err := t.books.county(ctx)
	if err != nil {
		return err
	}
	t.same("预览不写台账 persons written by the preview", 0, before.Persons)
	if err := t.office.post(ctx, "/imports/"+preview.ID+"/commit", nil, &done); err != nil {
		return err
	}
	if err := t.office.post(ctx, path, book, &again); err != nil {
		return err
	}
	t.same("再次导入 changed by the same file", 0, again.Persons.New+again.Persons.Changed)
	after, err := t.books.county(ctx)
	if err != nil {
		return err
	}
	f := &t.figures
	f.Persons, f.Units, f.Branches, f.Alliances = after.Persons, after.Units, after.Branches, after.Alliances
	f.RefusedRows, f.RepeatedRows = len(done.Refused), done.Repeated
	f.Warnings, f.Proposals = len(done.Warnings), done.Proposals
	t.same("党员 persons", preview.Persons.New, after.Persons)
	t.same("单位 units", preview.Units, after.Units)
	t.same("支部 branches", preview.Branches, after.Branches)
	t.same("联盟 alliances", preview.Alliances, after.Alliances)
	t.same("待确认 open proposals", done.Proposals, after.OpenProposals)
	t.same("在册 active persons", after.Persons, after.Active)
	t.say("台账导入 imported %s: %d 联盟 alliances, %d 单位 units, %d 支部 branches, %d 人 persons; 拒收 refused %d, 重复 repeated %d, 提醒 warnings %d, 待确认 proposals %d",
		name, f.Alliances, f.Units, f.Branches, f.Persons, f.RefusedRows, f.RepeatedRows, f.Warnings, f.Proposals)
	return nil
}

// Numbers of the staff: invented, and in nobody's ledger.
const (
	officeNumber  = "19900029999"
	liaisonNumber = "199000200%02d"
)

func (t *thread) foundCommittee(ctx context.Context) error {
	committee, err := t.inst.FoundCommittee(ctx, "巡览县委老干部局")
	if err != nil {
		return err
	}
	t.committee = committee.String()
	_, err = t.inst.Identity.Grant(ctx, actor.System, identity.GrantRequest{
		Role: actor.CommitteeStaff, CommitteeID: committee, HolderName: "老干部局", Phone: officeNumber,
	})
	if err != nil {
		return err
	}
	if t.office, err = t.hire(ctx, "老干部局", officeNumber, "committee_staff"); err != nil {
		return err
	}
	// a tour may run at night, and its messages are to ring while it looks
	return t.office.call(ctx, "PUT", "/committees/"+t.committee+"/notice-rules",
		map[string]any{"quiet_from": 0, "quiet_until": 0, "remind_day": false, "remind_hours": false}, nil)
}

// hire logs somebody in whose role waits for the phone number.
func (t *thread) hire(ctx context.Context, name, number, role string) (*phone, error) {
	p := t.phoneOf(name, number)
	if err := p.login(ctx); err != nil {
		return nil, err
	}
	m, err := p.bindPhone(ctx)
	if err != nil {
		return nil, err
	}
	if !m.has(role) {
		return nil, fmt.Errorf("%s logged in without the role %s", name, role)
	}
	return p, nil
}

// ledgerRow is a person as the API lists it.
type ledgerRow struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	UnitID     string `json:"unit_id"`
	AllianceID string `json:"alliance_id"`
	Masked     string `json:"phone_masked"`
	Status     string `json:"status"`
}

// meetStaff reads the county back, gives every unit a liaison and every alliance a head (its first
// person with a phone), and logs the liaisons in.
func (t *thread) meetStaff(ctx context.Context) error {
	type named struct {
		ID         string `json:"id"`
		Name       string `json:"name"`
		AllianceID string `json:"alliance_id"`
		LeadUnitID string `json:"lead_unit_id"`
	}
	alliances, err := list[named](ctx, t.office, "/alliances")
	if err != nil {
		return err
	}
	units, err := list[named](ctx, t.office, "/units")
	if err != nil {
		return err
	}
	rows, err := list[ledgerRow](ctx, t.office, "/persons")
	if err != nil {
		return err
	}
	t.same("名册 persons listed", len(rows), t.figures.Persons)
	byID := map[string]*alliance{}
	for _, a := range alliances {
		made := &alliance{ID: a.ID, Name: a.Name, LeadUnit: a.LeadUnitID}
		byID[a.ID] = made
		t.alliances = append(t.alliances, made)
	}
	unitByID := map[string]*unit{}
	var staff []*unit
	for _, u := range units {
		made := &unit{ID: u.ID, Name: u.Name}
		unitByID[u.ID] = made
		staff = append(staff, made)
		if a := byID[u.AllianceID]; a != nil {
			a.Units = append(a.Units, made)
		}
	}
	bound := make([]bool, len(rows))
	for i, r := range rows {
		bound[i] = r.Masked != ""
	}
	for i, c := range choose(bound) {
		p := &person{choice: c, ID: rows[i].ID, Name: rows[i].Name, unit: unitByID[rows[i].UnitID]}
		if p.unit == nil || byID[rows[i].AllianceID] == nil {
			return fmt.Errorf("person %s stands in no listed unit or alliance", p.ID)
		}
		t.people = append(t.people, p)
		byID[rows[i].AllianceID].People = append(byID[rows[i].AllianceID].People, p)
	}
	if err := t.appoint(ctx, staff); err != nil {
		return err
	}
	t.say("工作人员 staff: 老干部局 1 office, 联络员 %d liaisons, 联盟负责人 %d heads", len(staff), len(t.alliances))
	return nil
}

func (t *thread) appoint(ctx context.Context, units []*unit) error {
	for i, u := range units {
		key, err := id.Parse(u.ID)
		if err != nil {
			return err
		}
		number := fmt.Sprintf(liaisonNumber, i)
		_, err = t.inst.Identity.Grant(ctx, actor.System, identity.GrantRequest{
			Role: actor.Liaison, UnitID: key, HolderName: u.Name + "联络员", Phone: number,
		})
		if err != nil {
			return err
		}
		if u.liaison, err = t.hire(ctx, u.Name+"联络员", number, "liaison"); err != nil {
			return err
		}
	}
	for _, a := range t.alliances {
		head, err := first(a.People)
		if err != nil {
			return fmt.Errorf("%s: %w", a.Name, err)
		}
		person, err := id.Parse(head.ID)
		if err != nil {
			return err
		}
		place, err := id.Parse(a.ID)
		if err != nil {
			return err
		}
		_, err = t.inst.Identity.Grant(ctx, actor.System, identity.GrantRequest{Role: actor.Head, AllianceID: place, PersonID: person})
		if err != nil {
			return err
		}
	}
	return nil
}

func first(people []*person) (*person, error) {
	for _, p := range people {
		if p.Bound {
			return p, nil
		}
	}
	return nil, errors.New("nobody has a phone")
}

// bindMembers lets everybody with a phone sign in with a WeChat account of their own and be found in
// the ledger by the number. The tour learns the numbers as staff do: field by field, with a reason.
func (t *thread) bindMembers(ctx context.Context) error {
	var have []*person
	for _, p := range t.people {
		if p.Bound {
			have = append(have, p)
		}
	}
	err := each(ctx, workers, have, func(ctx context.Context, p *person) error {
		var shown struct {
			Phone string `json:"phone"`
		}
		body := map[string]any{"fields": []string{"phone"}, "reason": "巡览核对"}
		if err := p.unit.liaison.post(ctx, "/persons/"+p.ID+"/reveal", body, &shown); err != nil {
			return err
		}
		p.Number = shown.Phone
		p.phone = t.phoneOf(p.Name, p.Number)
		if err := p.phone.login(ctx); err != nil {
			return err
		}
		found, err := p.phone.bindTo(ctx, p.ID)
		if err == nil && !found {
			t.fault("手机号没有找到本人 a phone number did not find person %s", p.ID)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, a := range t.alliances {
		head, err := first(a.People)
		if err != nil {
			return err
		}
		a.head = head.phone
	}
	b, err := t.books.bindings(ctx)
	if err != nil {
		return err
	}
	t.figures.Bound = b.Persons
	t.same("绑定 bound", len(have), b.Persons)
	t.same("查看号码留痕 reveals in the audit", len(have), b.Reveals)
	t.say("登录绑定 bound %d 人 persons by phone number", b.Persons)
	return nil
}
