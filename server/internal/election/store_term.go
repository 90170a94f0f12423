package election

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/id"
)

type termRow struct {
	ID          id.ID `gorm:"primaryKey;autoIncrement:false"`
	CommitteeID id.ID
	AllianceID  id.ID
	PersonID    id.ID
	Acting      int
	ElectionID  *id.ID
	State       string
	StartsAt    db.Time
	EndsAt      db.Time
	Reason      string
	GrantID     *id.ID
	FormerID    *id.ID
	BegunAt     *db.Time
	EndedAt     *db.Time
	SeenAt      *db.Time
	CreatedBy   id.ID
	CreatedAt   db.Time
}

func (termRow) TableName() string { return "head_terms" }

func (r termRow) term() Term {
	return Term{ID: r.ID, Committee: r.CommitteeID, Alliance: r.AllianceID, Person: r.PersonID, Acting: r.Acting != 0, Election: orZero(r.ElectionID),
		State: TermState(r.State), StartsAt: r.StartsAt.Time, EndsAt: r.EndsAt.Time, Reason: r.Reason, Grant: orZero(r.GrantID),
		Former: orZero(r.FormerID), BegunAt: r.BegunAt.Std(), EndedAt: r.EndedAt.Std(), SeenAt: r.SeenAt.Std(), CreatedBy: r.CreatedBy, CreatedAt: r.CreatedAt.Time}
}

func terms(rows []termRow) []Term {
	out := make([]Term, len(rows))
	for i, r := range rows {
		out[i] = r.term()
	}
	return out
}

var termPlace = db.Columns{Committee: "head_terms.committee_id", Alliance: "head_terms.alliance_id"}

func (s store) insertTerm(ctx context.Context, t Term) error {
	r := termRow{ID: t.ID, CommitteeID: t.Committee, AllianceID: t.Alliance, PersonID: t.Person, Acting: bit(t.Acting), ElectionID: null(t.Election),
		State: string(t.State), StartsAt: db.At(t.StartsAt), EndsAt: db.At(t.EndsAt), Reason: t.Reason, CreatedBy: t.CreatedBy, CreatedAt: db.At(t.CreatedAt)}
	return db.Unavailable(s.db.Conn(ctx).Create(&r).Error)
}

func (s store) term(ctx context.Context, scope actor.Scope, key id.ID) (Term, error) {
	var r termRow
	err := db.Within(s.db.Conn(ctx).Model(&termRow{}), scope, termPlace).Where("head_terms.id = ?", key).Take(&r).Error
	return r.term(), db.NotFound(err)
}

// lockTerm reads a term so that it begins and ends once.
func (s store) lockTerm(ctx context.Context, key id.ID) (Term, error) {
	var r termRow
	err := s.db.Conn(ctx).Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Where("id = ?", key).Take(&r).Error
	return r.term(), db.NotFound(err)
}

// termsIn gives the terms within a scope, of an alliance if one is given: the latest first.
func (s store) termsIn(ctx context.Context, scope actor.Scope, alliance id.ID) ([]Term, error) {
	q := db.Within(s.db.Conn(ctx).Model(&termRow{}), scope, termPlace)
	if alliance != 0 {
		q = q.Where("head_terms.alliance_id = ?", alliance)
	}
	var rows []termRow
	err := q.Order("head_terms.id DESC").Limit(chunk).Find(&rows).Error
	return terms(rows), db.Unavailable(err)
}

// inOffice gives the terms of an alliance that run.
func (s store) inOffice(ctx context.Context, alliance id.ID) ([]Term, error) {
	var rows []termRow
	err := s.db.Conn(ctx).Where("alliance_id = ? AND state = ?", alliance, string(Serving)).Order("id").Find(&rows).Error
	return terms(rows), db.Unavailable(err)
}

// unfinished gives the terms of a person that run or are planned.
func (s store) unfinished(ctx context.Context, person id.ID) ([]Term, error) {
	var rows []termRow
	err := s.db.Conn(ctx).Where("person_id = ? AND state <> ?", person, string(Ended)).Order("id").Find(&rows).Error
	return terms(rows), db.Unavailable(err)
}

func (s store) updateTerm(ctx context.Context, t Term) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&termRow{}).Where("id = ?", t.ID).Updates(map[string]any{
		"state": string(t.State), "grant_id": null(t.Grant), "former_id": null(t.Former), "begun_at": db.AtPtr(t.BegunAt),
		"ended_at": db.AtPtr(t.EndedAt), "seen_at": db.AtPtr(t.SeenAt),
	}).Error)
}

type itemRow struct {
	ID        id.ID `gorm:"primaryKey;autoIncrement:false"`
	TermID    id.ID
	Kind      string
	SubjectID id.ID
	Title     string
	Note      string
	HappensAt *db.Time
}

func (itemRow) TableName() string { return "handover_items" }

func (s store) insertItems(ctx context.Context, term id.ID, list []Item, key func() id.ID) error {
	if len(list) == 0 {
		return nil
	}
	rows := make([]itemRow, len(list))
	for i, it := range list {
		rows[i] = itemRow{ID: key(), TermID: term, Kind: string(it.Kind), SubjectID: it.Subject, Title: it.Title, Note: it.Note, HappensAt: db.AtPtr(it.HappensAt)}
	}
	return db.Unavailable(s.db.Conn(ctx).CreateInBatches(&rows, 100).Error)
}

func (s store) items(ctx context.Context, term id.ID) ([]Item, error) {
	var rows []itemRow
	err := s.db.Conn(ctx).Where("term_id = ?", term).Order("id").Find(&rows).Error
	out := make([]Item, len(rows))
	for i, r := range rows {
		out[i] = Item{Kind: Kind(r.Kind), Subject: r.SubjectID, Title: r.Title, Note: r.Note, HappensAt: r.HappensAt.Std()}
	}
	return out, db.Unavailable(err)
}

func (s store) markSeen(ctx context.Context, term id.ID, at time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&termRow{}).Where("id = ? AND seen_at IS NULL", term).Update("seen_at", db.At(at)).Error)
}

func orZero(v *id.ID) id.ID {
	if v == nil {
		return 0
	}
	return *v
}
