package ledger

import (
	"context"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/id"
)

const (
	contactNameContext  = "units.contact_name"
	contactPhoneContext = "units.contact_phone"
)

// contact gives whom to ring in a unit.
func (s store) contact(ctx context.Context, unitID id.ID) (name, phone string, err error) {
	var r struct{ ContactNameEnc, ContactPhoneEnc []byte }
	err = s.db.Conn(ctx).Table("units").Select("contact_name_enc, contact_phone_enc").Where("id = ?", unitID).Take(&r).Error
	if err != nil {
		return "", "", db.NotFound(err)
	}
	if name, err = s.box.OpenString(r.ContactNameEnc, contactNameContext); err != nil {
		return "", "", err
	}
	phone, err = s.box.OpenString(r.ContactPhoneEnc, contactPhoneContext)
	return name, phone, err
}

func (s store) setDesk(ctx context.Context, d Desk, now db.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&unitRow{}).Where("id = ?", d.Unit.ID).Updates(map[string]any{
		"venue": d.Venue, "contact_name_enc": s.sealed(d.ContactName, contactNameContext),
		"contact_phone_enc": s.sealed(d.ContactPhone, contactPhoneContext), "updated_at": now}).Error)
}

// sealed keeps nothing as nothing.
func (s store) sealed(text, context string) []byte {
	if text == "" {
		return nil
	}
	return s.box.SealString(text, context)
}

// branch gives one branch in sight with its unit.
func (s store) branch(ctx context.Context, scope actor.Scope, branchID id.ID) (Branch, Unit, error) {
	var r branchRow
	if err := s.db.Conn(ctx).Where("id = ?", branchID).Take(&r).Error; err != nil {
		return Branch{}, Unit{}, db.NotFound(err)
	}
	u, err := s.unit(ctx, scope, r.UnitID)
	return r.branch(), u, err
}

func (s store) renameBranch(ctx context.Context, branchID id.ID, name string) error {
	return taken(s.db.Conn(ctx).Model(&branchRow{}).Where("id = ?", branchID).Update("name", name).Error)
}

type formerRow struct {
	ID        id.ID `gorm:"primaryKey;autoIncrement:false"`
	Kind      string
	SubjectID id.ID
	Name      string
	UntilAt   db.Time
	AccountID id.ID
}

func (formerRow) TableName() string { return "org_names" }

func (s store) insertFormer(ctx context.Context, r formerRow) error {
	return db.Unavailable(s.db.Conn(ctx).Create(&r).Error)
}

// formers gives the names that something had before, the latest first.
func (s store) formers(ctx context.Context, kind string, subject id.ID) ([]Former, error) {
	q := s.db.Conn(ctx).Model(&formerRow{}).Where("subject_id = ? AND kind = ?", subject, kind).Order("id DESC").Limit(batch)
	return list(q, func(r formerRow) Former { return Former{Name: r.Name, Until: r.UntilAt.Time, Account: r.AccountID} })
}

// formerly gives the names that things of a committee had before.
func (s store) formerly(ctx context.Context, committeeID id.ID) (Formerly, error) {
	out := Formerly{Units: map[string]id.ID{}, Alliances: map[string]id.ID{}, Branches: map[id.ID]map[string]id.ID{}}
	note := func(to map[string]id.ID, name string, subject id.ID) {
		if other, known := to[name]; known && other != subject {
			subject = 0
		}
		to[name] = subject
	}
	for _, q := range []struct{ kind, from string }{
		{kindUnit, "SELECT n.name, n.subject_id, u.id AS unit_id FROM units u JOIN org_names n ON n.subject_id = u.id AND n.kind = ? WHERE u.committee_id = ?"},
		{kindAlliance, "SELECT n.name, n.subject_id, 0 AS unit_id FROM alliances a JOIN org_names n ON n.subject_id = a.id AND n.kind = ? WHERE a.committee_id = ?"},
		{kindBranch, "SELECT n.name, n.subject_id, u.id AS unit_id FROM units u JOIN branches b ON b.unit_id = u.id JOIN org_names n ON n.subject_id = b.id AND n.kind = ? WHERE u.committee_id = ?"},
	} {
		var rows []struct {
			Name              string
			SubjectID, UnitID id.ID
		}
		if err := s.db.Conn(ctx).Raw(q.from, q.kind, committeeID).Scan(&rows).Error; err != nil {
			return Formerly{}, db.Unavailable(err)
		}
		for _, r := range rows {
			switch q.kind {
			case kindUnit:
				note(out.Units, r.Name, r.SubjectID)
			case kindAlliance:
				note(out.Alliances, AllianceKey(r.Name), r.SubjectID)
			default:
				if out.Branches[r.UnitID] == nil {
					out.Branches[r.UnitID] = map[string]id.ID{}
				}
				note(out.Branches[r.UnitID], r.Name, r.SubjectID)
			}
		}
	}
	return out, nil
}
