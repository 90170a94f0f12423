package ledger

import (
	"context"

	"gorm.io/gorm"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/id"
)

type proposalRow struct {
	ID           id.ID `gorm:"primaryKey;autoIncrement:false"`
	PersonID     id.ID
	Status       Status
	EvidenceEnc  []byte
	EvidenceHash []byte
	CreatedAt    db.Time
	Decision     Decision
	DecidedBy    *id.ID
	DecidedAt    *db.Time
}

func (proposalRow) TableName() string { return "status_proposals" }

const evidenceContext = "status_proposals.evidence"

func (s store) proposals(ctx context.Context, scope actor.Scope, f ProposalFilter, after id.ID, limit int) ([]Proposal, error) {
	q := db.Within(s.proposalBase(ctx), scope, personPlaces).
		Where("status_proposals.id > ? AND status_proposals.decision = ?", after, f.Decision)
	if f.Alliance != 0 {
		q = q.Where("units.alliance_id = ?", f.Alliance)
	}
	if f.Unit != 0 {
		q = q.Where("persons.unit_id = ?", f.Unit)
	}
	return s.readProposals(ctx, q.Order("status_proposals.id").Limit(limit))
}

func (s store) proposal(ctx context.Context, scope actor.Scope, proposalID id.ID) (Proposal, error) {
	q := db.Within(s.proposalBase(ctx), scope, personPlaces).Where("status_proposals.id = ?", proposalID)
	found, err := s.readProposals(ctx, q)
	return only(found, err)
}

func (s store) proposalBase(ctx context.Context) *gorm.DB {
	return s.db.Conn(ctx).Model(&proposalRow{}).Select("status_proposals.*").
		Joins("JOIN persons ON persons.id = status_proposals.person_id").
		Joins("JOIN units ON units.id = persons.unit_id")
}

func (s store) readProposals(ctx context.Context, q *gorm.DB) ([]Proposal, error) {
	var rows []proposalRow
	if err := q.Find(&rows).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	ids := make([]id.ID, len(rows))
	for i, r := range rows {
		ids[i] = r.PersonID
	}
	people, err := s.personsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Proposal, len(rows))
	for i, r := range rows {
		evidence, err := s.box.OpenString(r.EvidenceEnc, evidenceContext)
		if err != nil {
			return nil, err
		}
		out[i] = Proposal{ID: r.ID, Person: people[r.PersonID], Status: r.Status, Evidence: evidence,
			CreatedAt: r.CreatedAt.Time, Decision: r.Decision}
	}
	return out, nil
}

// decide closes an open proposal; false when it was decided before.
func (s store) decide(ctx context.Context, proposalID id.ID, d Decision, by id.ID, now db.Time) (bool, error) {
	r := s.db.Conn(ctx).Model(&proposalRow{}).Where("id = ? AND decision = ?", proposalID, Open).
		Updates(map[string]any{"decision": d, "decided_by": by, "decided_at": now})
	return r.RowsAffected == 1, db.Unavailable(r.Error)
}

// proposalKey is what makes two proposals the same one.
type proposalKey struct {
	Person   id.ID
	Status   Status
	Evidence string // its look-up hash
}

func (s store) keyOf(p Hint) proposalKey {
	return proposalKey{p.Person, p.Status, string(s.box.Hash("evidence", p.Evidence))}
}

// proposalsOf gives the proposals of a committee's persons with their decisions.
func (s store) proposalsOf(ctx context.Context, committeeID id.ID) (map[proposalKey]Decision, error) {
	var rows []proposalRow
	err := s.proposalBase(ctx).Where("units.committee_id = ?", committeeID).Find(&rows).Error
	if err != nil {
		return nil, db.Unavailable(err)
	}
	out := make(map[proposalKey]Decision, len(rows))
	for _, r := range rows {
		out[proposalKey{r.PersonID, r.Status, string(r.EvidenceHash)}] = r.Decision
	}
	return out, nil
}

func (s store) insertProposals(ctx context.Context, hints []Hint, newID func() id.ID, now db.Time) error {
	return insertAll(s.db.Conn(ctx), hints, func(h Hint) proposalRow {
		return proposalRow{ID: newID(), PersonID: h.Person, Status: h.Status, EvidenceEnc: s.box.SealString(h.Evidence, evidenceContext),
			EvidenceHash: s.box.Hash("evidence", h.Evidence), CreatedAt: now}
	})
}
