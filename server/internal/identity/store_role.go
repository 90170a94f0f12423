package identity

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/page"
)

const (
	sealHolderName  = "role_grants.holder_name"
	sealHolderPhone = "role_grants.phone"
)

type grantRow struct {
	ID            id.ID `gorm:"primaryKey;autoIncrement:false"`
	Role          string
	CommitteeID   *id.ID
	AllianceID    *id.ID
	UnitID        *id.ID
	AccountID     *id.ID
	PersonID      *id.ID
	HolderNameEnc []byte
	PhoneEnc      []byte
	PhoneHash     []byte
	GrantedBy     id.ID
	CreatedAt     db.Time
	RevokedAt     *db.Time
	RevokedBy     *id.ID
	ValidFrom     *db.Time
	ValidUntil    *db.Time
	DeputyOf      *id.ID
}

func (grantRow) TableName() string { return "role_grants" }

// placedRow is a grant with its place as the organisation stands today: a unit may have joined
// another alliance since.
type placedRow struct {
	Grant          grantRow `gorm:"embedded"`
	PlaceCommittee *id.ID
	PlaceAlliance  *id.ID
	PlaceName      string
}

const (
	placeCommittee = "COALESCE(g.committee_id, a.committee_id, u.committee_id)"
	placeAlliance  = "COALESCE(g.alliance_id, u.alliance_id)"
)

// placed selects the grants that are neither taken back nor over, with their places. Some are still to
// begin.
func (s *store) placed(ctx context.Context, now time.Time) *gorm.DB {
	return s.db.Conn(ctx).Table("role_grants AS g").
		Select("g.*, "+placeCommittee+" AS place_committee, "+placeAlliance+" AS place_alliance, "+
			"COALESCE(u.name, a.name, c.name, '') AS place_name").
		Joins("LEFT JOIN units AS u ON u.id = g.unit_id").
		Joins("LEFT JOIN alliances AS a ON a.id = g.alliance_id").
		Joins("LEFT JOIN committees AS c ON c.id = g.committee_id").
		Where("g.revoked_at IS NULL AND (g.valid_until IS NULL OR g.valid_until > ?)", db.At(now))
}

func (s *store) grantOf(placed placedRow) (RoleGrant, error) {
	r := placed.Grant
	name, err := s.box.OpenString(r.HolderNameEnc, sealHolderName)
	if err != nil {
		return RoleGrant{}, fmt.Errorf("identity: holder name: %w", err)
	}
	phone, err := s.box.OpenString(r.PhoneEnc, sealHolderPhone)
	if err != nil {
		return RoleGrant{}, fmt.Errorf("identity: holder phone: %w", err)
	}
	return RoleGrant{ID: r.ID, Role: actor.Role(r.Role), PlaceName: placed.PlaceName,
		Place:   actor.Place{Committee: value(placed.PlaceCommittee), Alliance: value(placed.PlaceAlliance), Unit: value(r.UnitID)},
		Account: value(r.AccountID), Person: value(r.PersonID), HolderName: name, Phone: phone, CreatedAt: r.CreatedAt.Time,
		Term: Term{From: moment(r.ValidFrom), Until: moment(r.ValidUntil)}, DeputyOf: value(r.DeputyOf)}, nil
}

func (s *store) grants(q *gorm.DB) ([]RoleGrant, error) {
	var rows []placedRow
	if err := q.Scan(&rows).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	out := make([]RoleGrant, 0, len(rows))
	for _, r := range rows {
		g, err := s.grantOf(r)
		if err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, nil
}

// grantsOf gives what an account holds itself and through the persons that it is.
func (s *store) grantsOf(ctx context.Context, account id.ID, persons []id.ID, now time.Time) ([]RoleGrant, error) {
	q := s.placed(ctx, now)
	if len(persons) == 0 {
		return s.grants(q.Where("g.account_id = ?", account).Order("g.id"))
	}
	return s.grants(q.Where("(g.account_id = ? OR g.person_id IN ?)", account, persons).Order("g.id"))
}

func (s *store) grantsWithin(ctx context.Context, scope actor.Scope, now time.Time) *gorm.DB {
	return db.Within(s.placed(ctx, now), scope, db.Columns{Committee: placeCommittee, Alliance: placeAlliance, Unit: "g.unit_id"})
}

// staffOf gives the grants of the office of committees, also those that nobody has taken up yet.
func (s *store) staffOf(ctx context.Context, committees []id.ID, now time.Time) ([]RoleGrant, error) {
	if len(committees) == 0 {
		return nil, nil
	}
	return s.grants(s.placed(ctx, now).Where("g.role = ? AND g.committee_id IN ?", string(actor.CommitteeStaff), committees).Order("g.id"))
}

// vacancies gives units of a scope for which nobody holds the role of a liaison.
func (s *store) vacancies(ctx context.Context, scope actor.Scope, p page.Page, now time.Time) ([]ledger.Unit, error) {
	q := db.Within(s.db.Conn(ctx).Table("units AS u"), scope, db.Columns{Committee: "u.committee_id", Alliance: "u.alliance_id", Unit: "u.id"}).
		Select("u.id, u.name, u.alliance_id").
		Where("NOT EXISTS (SELECT 1 FROM role_grants AS g WHERE g.unit_id = u.id AND g.role = ? AND g.revoked_at IS NULL AND (g.valid_until IS NULL OR g.valid_until > ?))",
			string(actor.Liaison), db.At(now))
	if after, err := id.Parse(p.After); err == nil {
		q = q.Where("u.id > ?", after)
	}
	var rows []struct {
		ID         id.ID
		Name       string
		AllianceID *id.ID
	}
	if err := q.Order("u.id").Limit(p.Size() + 1).Scan(&rows).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	out := make([]ledger.Unit, len(rows))
	for i, r := range rows {
		out[i] = ledger.Unit{ID: r.ID, Name: r.Name, AllianceID: value(r.AllianceID)}
	}
	return out, nil
}

func (s *store) grantsIn(ctx context.Context, scope actor.Scope, unit id.ID, p page.Page, now time.Time) ([]RoleGrant, error) {
	q := s.grantsWithin(ctx, scope, now)
	if unit != 0 {
		q = q.Where("g.unit_id = ?", unit)
	}
	if after, err := id.Parse(p.After); err == nil {
		q = q.Where("g.id > ?", after)
	}
	return s.grants(q.Order("g.id").Limit(p.Size() + 1))
}

func (s *store) grant(ctx context.Context, scope actor.Scope, grant id.ID, now time.Time) (RoleGrant, error) {
	var r placedRow
	if err := s.grantsWithin(ctx, scope, now).Where("g.id = ?", grant).Take(&r).Error; err != nil {
		return RoleGrant{}, db.NotFound(err)
	}
	return s.grantOf(r)
}

// sameGrants gives what was given of the same role at the same place to the same holder, of any term.
func (s *store) sameGrants(ctx context.Context, g RoleGrant, now time.Time) ([]RoleGrant, error) {
	q := s.placed(ctx, now).Where("g.role = ?", string(g.Role))
	switch g.Role {
	case actor.Liaison:
		q = q.Where("g.unit_id = ?", g.Place.Unit)
	case actor.Head, actor.LeadStaff:
		q = q.Where("g.alliance_id = ?", g.Place.Alliance)
	default:
		q = q.Where("g.committee_id = ?", g.Place.Committee)
	}
	switch {
	case g.Person != 0:
		q = q.Where("g.person_id = ?", g.Person)
	case g.Account != 0:
		q = q.Where("g.account_id = ?", g.Account)
	default:
		q = q.Where("g.phone_hash = ?", s.box.Hash(hashPhone, g.Phone))
	}
	return s.grants(q.Order("g.id"))
}

func (s *store) insertGrant(ctx context.Context, g RoleGrant, by id.ID) error {
	r := grantRow{ID: g.ID, Role: string(g.Role), AccountID: null(g.Account), PersonID: null(g.Person),
		HolderNameEnc: s.box.SealString(g.HolderName, sealHolderName),
		PhoneEnc:      s.box.SealString(g.Phone, sealHolderPhone), PhoneHash: s.box.Hash(hashPhone, g.Phone),
		GrantedBy: by, CreatedAt: db.At(g.CreatedAt), ValidFrom: orNever(g.Term.From), ValidUntil: orNever(g.Term.Until), DeputyOf: null(g.DeputyOf)}
	switch g.Role { // only the scope itself: what it lies in may change
	case actor.Liaison:
		r.UnitID = null(g.Place.Unit)
	case actor.Head, actor.LeadStaff:
		r.AllianceID = null(g.Place.Alliance)
	default:
		r.CommitteeID = null(g.Place.Committee)
	}
	return db.Unavailable(s.db.Conn(ctx).Create(&r).Error)
}

// revoke ends grants and reports how many were still in force.
func (s *store) revoke(ctx context.Context, grants []id.ID, by id.ID, now time.Time) (int64, error) {
	res := s.db.Conn(ctx).Model(&grantRow{}).Where("id IN ? AND revoked_at IS NULL", grants).
		Updates(map[string]any{"revoked_at": db.At(now), "revoked_by": by})
	return res.RowsAffected, db.Unavailable(res.Error)
}

// pending gives the grants that wait for the holder of a number.
func (s *store) pending(ctx context.Context, phone string, now time.Time) ([]RoleGrant, error) {
	return s.grants(s.placed(ctx, now).
		Where("g.phone_hash = ? AND g.account_id IS NULL AND g.person_id IS NULL", s.box.Hash(hashPhone, phone)).Order("g.id"))
}

// attach gives a waiting grant to an account and reports whether it still waited.
func (s *store) attach(ctx context.Context, grant, account id.ID) (bool, error) {
	res := s.db.Conn(ctx).Model(&grantRow{}).
		Where("id = ? AND account_id IS NULL AND person_id IS NULL AND revoked_at IS NULL", grant).
		Update("account_id", account)
	return res.RowsAffected == 1, db.Unavailable(res.Error)
}

// headsOf gives the head roles of an alliance.
func (s *store) headsOf(ctx context.Context, alliance id.ID, now time.Time) ([]RoleGrant, error) {
	return s.grants(s.placed(ctx, now).Where("g.role = ? AND g.alliance_id = ?", string(actor.Head), alliance).Order("g.id"))
}

// liaison gives the unit's newest liaison in office, ErrNotFound when it has none. Who stands in for
// one is newer than the one.
func (s *store) liaison(ctx context.Context, unit id.ID, now time.Time) (RoleGrant, error) {
	var r placedRow
	err := s.placed(ctx, now).Where("(g.valid_from IS NULL OR g.valid_from <= ?)", db.At(now)).Where("g.unit_id = ? AND g.role = ?", unit, string(actor.Liaison)).Order("g.id DESC").Take(&r).Error
	if err != nil {
		return RoleGrant{}, db.NotFound(err)
	}
	return s.grantOf(r)
}

// deputies gives those who stand in for the holders of some grants, now or later.
func (s *store) deputies(ctx context.Context, grants []id.ID, now time.Time) ([]RoleGrant, error) {
	if len(grants) == 0 {
		return nil, nil
	}
	return s.grants(s.placed(ctx, now).Where("g.deputy_of IN ?", grants).Order("g.id"))
}

func moment(t *db.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Time
}

func orNever(t time.Time) *db.Time {
	if t.IsZero() {
		return nil
	}
	at := db.At(t)
	return &at
}
