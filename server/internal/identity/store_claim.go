package identity

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/id"
	"bense/server/internal/page"
)

const (
	sealClaimName = "claims.name"
	sealClaimNote = "claims.note"
)

type claimRow struct {
	ID        id.ID `gorm:"primaryKey;autoIncrement:false"`
	AccountID id.ID
	NameEnc   []byte
	UnitName  string
	UnitID    *id.ID
	Relation  string
	NoteEnc   []byte
	State     string
	PersonID  *id.ID
	Reason    string
	DecidedBy *id.ID
	DecidedAt *db.Time
	CreatedAt db.Time
}

func (claimRow) TableName() string { return "claims" }

func (s *store) claimOf(r claimRow) (Claim, error) {
	name, err := s.box.OpenString(r.NameEnc, sealClaimName)
	if err != nil {
		return Claim{}, fmt.Errorf("identity: claim name: %w", err)
	}
	note, err := s.box.OpenString(r.NoteEnc, sealClaimNote)
	if err != nil {
		return Claim{}, fmt.Errorf("identity: claim note: %w", err)
	}
	return Claim{ID: r.ID, Account: r.AccountID, Name: name, Unit: r.UnitName, UnitID: value(r.UnitID),
		Relation: Relation(r.Relation), Note: note, State: ClaimState(r.State), Person: value(r.PersonID),
		Reason: r.Reason, CreatedAt: r.CreatedAt.Time, DecidedAt: r.DecidedAt.Std()}, nil
}

func (s *store) claims(q *gorm.DB) ([]Claim, error) {
	var rows []claimRow
	if err := q.Find(&rows).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	out := make([]Claim, 0, len(rows))
	for _, r := range rows {
		c, err := s.claimOf(r)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func (s *store) insertClaim(ctx context.Context, c Claim) error {
	r := claimRow{ID: c.ID, AccountID: c.Account, NameEnc: s.box.SealString(c.Name, sealClaimName),
		UnitName: c.Unit, UnitID: null(c.UnitID), Relation: string(c.Relation),
		NoteEnc: s.box.SealString(c.Note, sealClaimNote), State: string(c.State), CreatedAt: db.At(c.CreatedAt)}
	return db.Unavailable(s.db.Conn(ctx).Create(&r).Error)
}

// openClaims gives what the account still waits for.
func (s *store) openClaims(ctx context.Context, account id.ID) ([]Claim, error) {
	return s.claims(s.db.Conn(ctx).Where("account_id = ? AND state = ?", account, string(ClaimOpen)))
}

// claimsOf gives the account's last fifty claims, newest first.
func (s *store) claimsOf(ctx context.Context, account id.ID) ([]Claim, error) {
	return s.claims(s.db.Conn(ctx).Where("account_id = ?", account).Order("id DESC").Limit(page.DefaultLimit))
}

// visibleClaims narrows to claims on units inside the scope. Claims on a unit that nobody found have
// no place: the staff of a topmost committee sees them, and no other county's.
func (s *store) visibleClaims(ctx context.Context, scope actor.Scope) *gorm.DB {
	conn := s.db.Conn(ctx)
	in := db.Within(conn, scope, db.Columns{Committee: "u.committee_id", Alliance: "u.alliance_id", Unit: "u.id"})
	q := conn.Table("claims").Select("claims.*").Joins("LEFT JOIN units AS u ON u.id = claims.unit_id")
	switch {
	case scope.All:
		return q
	case len(scope.Committees) > 0:
		top := s.db.Conn(ctx).Table("committees").Select("id").Where("parent_id IS NULL AND id IN ?", scope.Committees)
		return q.Where(in.Or("claims.unit_id IS NULL AND EXISTS (?)", top))
	}
	return q.Where(in)
}

func (s *store) claimsIn(ctx context.Context, scope actor.Scope, state ClaimState, p page.Page) ([]Claim, error) {
	q := s.visibleClaims(ctx, scope)
	if state != "" {
		q = q.Where("claims.state = ?", string(state))
	}
	if after, err := id.Parse(p.After); err == nil {
		q = q.Where("claims.id > ?", after)
	}
	return s.claims(q.Order("claims.id").Limit(p.Size() + 1))
}

func (s *store) claim(ctx context.Context, scope actor.Scope, claim id.ID) (Claim, error) {
	var r claimRow
	if err := s.visibleClaims(ctx, scope).Where("claims.id = ?", claim).Take(&r).Error; err != nil {
		return Claim{}, db.NotFound(err)
	}
	return s.claimOf(r)
}

// decide ends an open claim and reports whether it was still open.
func (s *store) decide(ctx context.Context, claim id.ID, to ClaimState, person id.ID, reason string, by id.ID, now time.Time) (bool, error) {
	res := s.db.Conn(ctx).Model(&claimRow{}).Where("id = ? AND state = ?", claim, string(ClaimOpen)).
		Updates(map[string]any{"state": string(to), "person_id": null(person), "reason": reason,
			"decided_by": by, "decided_at": db.At(now)})
	return res.RowsAffected == 1, db.Unavailable(res.Error)
}
