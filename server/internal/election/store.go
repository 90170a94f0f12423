package election

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bense/server/internal/actor"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/page"
)

type store struct {
	db  *db.DB
	box *crypt.Box
}

// chunk bounds the rows and ids of one statement.
const chunk = 500

type electionRow struct {
	ID           id.ID `gorm:"primaryKey;autoIncrement:false"`
	CommitteeID  id.ID
	AllianceID   id.ID
	Form         string
	State        string
	Round        int
	Quorum       int
	TermYears    int
	OpensAt      db.Time
	ClosesAt     db.Time
	ElectedID    *id.ID
	CancelReason string
	NoticeID     *id.ID
	RunningIn    *id.ID // the alliance, while open or counted: one at a time
	CreatedBy    id.ID
	CreatedAt    db.Time
	UpdatedAt    db.Time `gorm:"autoUpdateTime:false"`
}

func (electionRow) TableName() string { return "elections" }

func (r electionRow) election() Election {
	e := Election{ID: r.ID, Committee: r.CommitteeID, Alliance: r.AllianceID, Form: Form(r.Form), State: State(r.State), Round: r.Round,
		Quorum: r.Quorum, TermYears: r.TermYears, OpensAt: r.OpensAt.Time, ClosesAt: r.ClosesAt.Time, CancelReason: r.CancelReason,
		CreatedBy: r.CreatedBy, CreatedAt: r.CreatedAt.Time, UpdatedAt: r.UpdatedAt.Time}
	e.Elected, e.Notice = orZero(r.ElectedID), orZero(r.NoticeID)
	return e
}

func elections(rows []electionRow) []Election {
	out := make([]Election, len(rows))
	for i, r := range rows {
		out[i] = r.election()
	}
	return out
}

var columns = db.Columns{Committee: "elections.committee_id", Alliance: "elections.alliance_id"}

func (s store) insert(ctx context.Context, e Election) error {
	r := electionRow{ID: e.ID, CommitteeID: e.Committee, AllianceID: e.Alliance, Form: string(e.Form), State: string(e.State), Round: e.Round,
		Quorum: e.Quorum, TermYears: e.TermYears, OpensAt: db.At(e.OpensAt), ClosesAt: db.At(e.ClosesAt), CancelReason: e.CancelReason,
		CreatedBy: e.CreatedBy, CreatedAt: db.At(e.CreatedAt), UpdatedAt: db.At(e.UpdatedAt)}
	return db.Unavailable(s.db.Conn(ctx).Create(&r).Error)
}

// update writes what may change; the caller holds the row. Of two elections that start in one alliance
// the second is refused.
func (s store) update(ctx context.Context, e Election) error {
	var running id.ID
	if e.State == Open || e.State == Counted {
		running = e.Alliance
	}
	err := s.db.Conn(ctx).Model(&electionRow{}).Where("id = ?", e.ID).Updates(map[string]any{
		"running_in": null(running), "notice_id": null(e.Notice),
		"form": string(e.Form), "state": string(e.State), "round": e.Round, "quorum": e.Quorum, "term_years": e.TermYears,
		"opens_at": db.At(e.OpensAt), "closes_at": db.At(e.ClosesAt), "elected_id": null(e.Elected),
		"cancel_reason": e.CancelReason, "updated_at": db.At(e.UpdatedAt),
	}).Error
	if db.IsDuplicate(err) {
		return errs.Wrap(ErrRunning, err)
	}
	return db.Unavailable(err)
}

// visible is what somebody may see: drafts only those who run elections.
func (s store) visible(ctx context.Context, see, run actor.Scope) *gorm.DB {
	q := db.Within(s.db.Conn(ctx).Model(&electionRow{}), see, columns)
	if run.All {
		return q
	}
	own := db.Within(s.db.Conn(ctx), run, columns)
	return q.Where(s.db.Conn(ctx).Where("elections.state <> ?", string(Draft)).Or(own))
}

func (s store) byID(ctx context.Context, see, run actor.Scope, key id.ID) (Election, error) {
	var r electionRow
	err := s.visible(ctx, see, run).Where("elections.id = ?", key).Take(&r).Error
	return r.election(), db.NotFound(err)
}

// lock reads an election so that no ballot comes in and nothing is counted beside this transaction.
func (s store) lock(ctx context.Context, key id.ID) (Election, error) {
	var r electionRow
	err := s.db.Conn(ctx).Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Where("id = ?", key).Take(&r).Error
	return r.election(), db.NotFound(err)
}

// Filter narrows a list of elections.
type Filter struct {
	Alliance id.ID
	State    State // "": all
	Page     page.Page
}

// list gives the newest first.
func (s store) list(ctx context.Context, see, run actor.Scope, f Filter) ([]Election, error) {
	q := s.visible(ctx, see, run)
	if f.Alliance != 0 {
		q = q.Where("elections.alliance_id = ?", f.Alliance)
	}
	if f.State != "" {
		q = q.Where("elections.state = ?", string(f.State))
	}
	if f.Page.After != "" {
		after, err := id.Parse(f.Page.After)
		if err != nil {
			return nil, errs.ErrInvalid.With(errs.Field("after", "翻页参数不对，请从头再看"))
		}
		q = q.Where("elections.id < ?", after)
	}
	var rows []electionRow
	err := q.Order("elections.id DESC").Limit(f.Page.Size() + 1).Find(&rows).Error
	return elections(rows), db.Unavailable(err)
}

type roundRow struct {
	ElectionID id.ID `gorm:"primaryKey;autoIncrement:false"`
	Round      int   `gorm:"primaryKey;autoIncrement:false"`
	Expected   int
	Voted      int
	Blank      int
	Outcome    string
	OpensAt    db.Time
	ClosesAt   db.Time
	CountedAt  *db.Time
}

func (roundRow) TableName() string { return "election_rounds" }

type candidateRow struct {
	ElectionID id.ID `gorm:"primaryKey;autoIncrement:false"`
	Round      int   `gorm:"primaryKey;autoIncrement:false"`
	PersonID   id.ID `gorm:"primaryKey;autoIncrement:false"`
	Place      int
	Votes      int
	Against    int
	Abstain    int
}

func (candidateRow) TableName() string { return "election_candidates" }

// nominate writes the candidates of a round anew.
func (s store) nominate(ctx context.Context, key id.ID, round int, persons []id.ID) error {
	if err := s.db.Conn(ctx).Where("election_id = ? AND round = ?", key, round).Delete(&candidateRow{}).Error; err != nil {
		return db.Unavailable(err)
	}
	rows := make([]candidateRow, len(persons))
	for i, p := range persons {
		rows[i] = candidateRow{ElectionID: key, Round: round, PersonID: p, Place: i + 1}
	}
	return db.Unavailable(s.db.Conn(ctx).Create(&rows).Error)
}

func (s store) insertRound(ctx context.Context, e Election, expected int) error {
	r := roundRow{ElectionID: e.ID, Round: e.Round, Expected: expected, OpensAt: db.At(e.OpensAt), ClosesAt: db.At(e.ClosesAt)}
	return db.Unavailable(s.db.Conn(ctx).Create(&r).Error)
}

// counted writes the figures of a round.
func (s store) counted(ctx context.Context, key id.ID, r Round) error {
	at := s.db.Conn(ctx).Model(&roundRow{}).Where("election_id = ? AND round = ?", key, r.No)
	err := at.Updates(map[string]any{"voted": r.Voted, "blank": r.Blank, "outcome": string(r.Outcome),
		"closes_at": db.At(r.ClosesAt), "counted_at": db.AtPtr(r.CountedAt)}).Error
	if err != nil {
		return db.Unavailable(err)
	}
	for _, c := range r.Candidates {
		err := s.db.Conn(ctx).Model(&candidateRow{}).Where("election_id = ? AND round = ? AND person_id = ?", key, r.No, c.Person).
			Updates(map[string]any{"votes": c.Votes, "against": c.Against, "abstain": c.Abstain}).Error
		if err != nil {
			return db.Unavailable(err)
		}
	}
	return nil
}

// rounds gives the rounds of some elections with their candidates, the first round first. A draft has
// candidates only: its round is made here.
func (s store) rounds(ctx context.Context, keys []id.ID) (map[id.ID][]Round, error) {
	out := make(map[id.ID][]Round, len(keys))
	if len(keys) == 0 {
		return out, nil
	}
	var rows []roundRow
	if err := s.db.Conn(ctx).Where("election_id IN ?", keys).Order("election_id, round").Find(&rows).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	for _, r := range rows {
		out[r.ElectionID] = append(out[r.ElectionID], Round{No: r.Round, Expected: r.Expected, Voted: r.Voted, Blank: r.Blank,
			Outcome: Outcome(r.Outcome), OpensAt: r.OpensAt.Time, ClosesAt: r.ClosesAt.Time, CountedAt: r.CountedAt.Std()})
	}
	var all []candidateRow
	if err := s.db.Conn(ctx).Where("election_id IN ?", keys).Order("election_id, round, place").Find(&all).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	for _, c := range all {
		list := out[c.ElectionID]
		if len(list) < c.Round {
			list = append(list, Round{No: c.Round})
		}
		at := &list[c.Round-1]
		at.Candidates = append(at.Candidates, Candidate{Person: c.PersonID, Votes: c.Votes, Against: c.Against, Abstain: c.Abstain})
		out[c.ElectionID] = list
	}
	return out, nil
}

// round gives the current round of an election.
func (s store) round(ctx context.Context, e Election) (Round, error) {
	m, err := s.rounds(ctx, []id.ID{e.ID})
	if err != nil {
		return Round{}, err
	}
	if list := m[e.ID]; len(list) >= e.Round {
		return list[e.Round-1], nil
	}
	return Round{No: e.Round}, nil
}

// until moves the end of a round that runs.
func (s store) until(ctx context.Context, key id.ID, round int, closes time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&roundRow{}).Where("election_id = ? AND round = ?", key, round).
		Update("closes_at", db.At(closes)).Error)
}

func null(v id.ID) *id.ID {
	if v == 0 {
		return nil
	}
	return &v
}
