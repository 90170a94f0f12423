package notice

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// insertBatch keeps a statement below the engines' limits of parameters.
const insertBatch = 200

type recipientRow struct {
	NoticeID   id.ID `gorm:"primaryKey;autoIncrement:false"`
	PersonID   id.ID `gorm:"primaryKey;autoIncrement:false"`
	UnitID     id.ID
	ReadAt     *db.Time
	ReadVia    string
	ReadBy     *id.ID
	AnsweredAt *db.Time
	ToldAt     *db.Time
	Outcome    string
	StoppedAt  *db.Time
	HeldBy     *id.ID
	HeldUntil  *db.Time
	AgainAt    *db.Time
	KnewAt     *db.Time // first reading or answer, kept when something was told again: those times may be written anew
}

func (recipientRow) TableName() string { return "notice_recipients" }

func (r recipientRow) recipient() Recipient {
	out := Recipient{
		Notice: r.NoticeID, Person: r.PersonID, Unit: r.UnitID, ReadAt: r.ReadAt.Std(), ReadVia: Via(r.ReadVia),
		AnsweredAt: r.AnsweredAt.Std(), ToldAt: r.ToldAt.Std(), Outcome: Outcome(r.Outcome), StoppedAt: r.StoppedAt.Std(),
		HeldUntil: r.HeldUntil.Std(), AgainAt: r.AgainAt.Std(),
	}
	if r.HeldBy != nil {
		out.HeldBy = *r.HeldBy
	}
	return out
}

func recipients(rows []recipientRow) []Recipient {
	out := make([]Recipient, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.recipient())
	}
	return out
}

func (s store) insertRecipients(ctx context.Context, notice id.ID, people []ledger.Person) error {
	rows := make([]recipientRow, 0, len(people))
	for _, p := range people {
		rows = append(rows, recipientRow{NoticeID: notice, PersonID: p.ID, UnitID: p.UnitID})
	}
	return db.Unavailable(s.db.Conn(ctx).CreateInBatches(&rows, insertBatch).Error)
}

// Parts of queries over the recipients of one notice. What reached somebody before a correction doesn't count.
const (
	hasRead     = "(r.read_at IS NOT NULL AND (r.again_at IS NULL OR r.read_at >= r.again_at))"
	hasAnswered = "(r.answered_at IS NOT NULL AND (r.again_at IS NULL OR r.answered_at >= r.again_at))"
	wasTold     = "(r.told_at IS NOT NULL AND (r.again_at IS NULL OR r.told_at >= r.again_at))"
	isUnread    = "NOT " + hasRead + " AND NOT " + hasAnswered + " AND r.stopped_at IS NULL"
	isUnreached = isUnread + " AND NOT " + wasTold
)

// peopleOf are the recipients of a notice whom the scope covers, by the unit that they had when it went out.
func (s store) peopleOf(ctx context.Context, notice id.ID, scope actor.Scope) *gorm.DB {
	q := s.db.Conn(ctx).Table("notice_recipients AS r").Joins("JOIN notices AS n ON n.id = r.notice_id").Where("r.notice_id = ?", notice)
	return db.Within(q, scope, db.Columns{Committee: "n.committee_id", Alliance: "n.alliance_id", Unit: "r.unit_id", Person: "r.person_id"})
}

func (s store) find(q *gorm.DB) ([]Recipient, error) {
	var rows []recipientRow
	err := q.Select("r.*").Order("r.unit_id, r.person_id").Find(&rows).Error
	return recipients(rows), db.Unavailable(err)
}

// People narrows the recipients of a notice.
type People string

// Who is asked for; "" is everybody still in the ledger.
const (
	Everybody People = ""
	Unread    People = "unread"
	HaveRead  People = "read"
	Answered  People = "answered"
	Unreached People = "unreached"
)

func (s store) recipients(ctx context.Context, notice id.ID, scope actor.Scope, who People) ([]Recipient, error) {
	q := s.peopleOf(ctx, notice, scope)
	switch who {
	case Unread:
		q = q.Where(isUnread)
	case HaveRead:
		q = q.Where(hasRead + " AND r.stopped_at IS NULL")
	case Answered:
		q = q.Where("r.answered_at IS NOT NULL AND r.stopped_at IS NULL")
	case Unreached:
		q = q.Where(isUnreached)
	default:
		q = q.Where("r.stopped_at IS NULL")
	}
	return s.find(q)
}

// callable are those to call, and those whom somebody has called already.
func (s store) callable(ctx context.Context, notice id.ID, scope actor.Scope) ([]Recipient, error) {
	return s.find(s.peopleOf(ctx, notice, scope).Where("r.stopped_at IS NULL AND (r.outcome <> '' OR (" + isUnreached + "))"))
}

func (s store) recipient(ctx context.Context, notice, person id.ID, scope actor.Scope) (Recipient, error) {
	var r recipientRow
	err := s.peopleOf(ctx, notice, scope).Where("r.person_id = ?", person).Select("r.*").Take(&r).Error
	return r.recipient(), db.NotFound(err)
}

// mine gives the rows of some persons in some notices.
func (s store) mine(ctx context.Context, notices, persons []id.ID) ([]Recipient, error) {
	if len(notices) == 0 || len(persons) == 0 {
		return nil, nil
	}
	var rows []recipientRow
	err := s.db.Conn(ctx).Where("notice_id IN ? AND person_id IN ? AND stopped_at IS NULL", notices, persons).
		Order("notice_id, person_id").Find(&rows).Error
	return recipients(rows), db.Unavailable(err)
}

// markRead keeps the first reading of the text as it is now, and tells how many were new.
func (s store) markRead(ctx context.Context, notice id.ID, persons []id.ID, via Via, by id.ID, at time.Time) (int, error) {
	if len(persons) == 0 {
		return 0, nil
	}
	u := s.db.Conn(ctx).Model(&recipientRow{}).
		Where("notice_id = ? AND person_id IN ? AND (read_at IS NULL OR read_at < again_at) AND stopped_at IS NULL", notice, persons).
		Updates(map[string]any{"read_at": db.At(at), "read_via": string(via), "read_by": nullable(by)})
	return int(u.RowsAffected), db.Unavailable(u.Error)
}

// markAnswered keeps the first answer's time.
func (s store) markAnswered(ctx context.Context, notice, person id.ID, at time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&recipientRow{}).
		Where("notice_id = ? AND person_id = ? AND (answered_at IS NULL OR answered_at < again_at)", notice, person).
		Updates(map[string]any{"answered_at": db.At(at)}).Error)
}

// stop ends (or, with the zero time, resumes) everything addressed to a person.
func (s store) stop(ctx context.Context, person id.ID, at time.Time) error {
	q := s.db.Conn(ctx).Model(&recipientRow{}).Where("person_id = ?", person)
	if at.IsZero() {
		q = q.Where("stopped_at IS NOT NULL")
	} else {
		q = q.Where("stopped_at IS NULL")
	}
	return db.Unavailable(q.Updates(map[string]any{"stopped_at": db.AtPtr(at)}).Error)
}

func (s store) tally(ctx context.Context, notice id.ID, scope actor.Scope) (Tally, error) {
	var t struct {
		Recipients, Seen, Answered, Told, Unreached int
		LastRead, LastTold                          *db.Time
	}
	err := s.peopleOf(ctx, notice, scope).Select(
		"COUNT(*) AS recipients, COUNT(CASE WHEN " + hasRead + " THEN 1 END) AS seen, COUNT(r.answered_at) AS answered, " +
			"COUNT(CASE WHEN " + wasTold + " THEN 1 END) AS told, " +
			"COUNT(CASE WHEN " + isUnreached + " THEN 1 END) AS unreached, " +
			"MAX(r.read_at) AS last_read, MAX(r.told_at) AS last_told").Scan(&t).Error
	return Tally{
		Recipients: t.Recipients, Read: t.Seen, Answered: t.Answered, Told: t.Told, Unreached: t.Unreached,
		LastRead: t.LastRead.Std(), LastTold: t.LastTold.Std(),
	}, db.Unavailable(err)
}

type callRow struct {
	ID        id.ID `gorm:"primaryKey;autoIncrement:false"`
	NoticeID  id.ID
	PersonID  id.ID
	Outcome   string
	NoteEnc   []byte
	CalledBy  id.ID
	CreatedAt db.Time
}

func (callRow) TableName() string { return "notice_calls" }

// call is one call that somebody made.
type call struct {
	ID, Notice, Person id.ID
	Outcome            Outcome
	Note               []byte // sealed
	By                 id.ID
	At                 time.Time
}

// insertCall adds a call to the history and makes its outcome the person's present one: the latest
// word counts, also when it corrects an earlier "told".
func (s store) insertCall(ctx context.Context, c call) error {
	r := callRow{ID: c.ID, NoticeID: c.Notice, PersonID: c.Person, Outcome: string(c.Outcome), NoteEnc: c.Note, CalledBy: c.By, CreatedAt: db.At(c.At)}
	if err := s.db.Conn(ctx).Create(&r).Error; err != nil {
		return db.Unavailable(err)
	}
	var told *db.Time
	if c.Outcome == Told {
		told = db.AtPtr(c.At)
	}
	return db.Unavailable(s.db.Conn(ctx).Model(&recipientRow{}).Where("notice_id = ? AND person_id = ?", c.Notice, c.Person).
		Updates(map[string]any{"outcome": string(c.Outcome), "told_at": told}).Error)
}

// lastCalls gives the latest call per person.
func (s store) lastCalls(ctx context.Context, notice id.ID) (map[id.ID]call, error) {
	var rows []callRow
	err := s.db.Conn(ctx).Where("notice_id = ?", notice).Order("id").Find(&rows).Error
	out := make(map[id.ID]call, len(rows))
	for _, r := range rows {
		out[r.PersonID] = call{ID: r.ID, Notice: r.NoticeID, Person: r.PersonID, Outcome: Outcome(r.Outcome), Note: r.NoteEnc, By: r.CalledBy, At: r.CreatedAt.Time}
	}
	return out, db.Unavailable(err)
}

// locked takes row locks where the engine has them; SQLite's one writer needs none.
func locked(q *gorm.DB) *gorm.DB {
	return q.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
}

// lockRecipients gives rows that nobody else changes before the transaction ends, always in one order.
func (s store) lockRecipients(ctx context.Context, notice id.ID, persons []id.ID) ([]Recipient, error) {
	var rows []recipientRow
	err := locked(s.db.Conn(ctx)).Where("notice_id = ? AND person_id IN ?", notice, persons).Order("person_id").Find(&rows).Error
	return recipients(rows), db.Unavailable(err)
}

// lockEverybody does so for all to whom a notice is still addressed.
func (s store) lockEverybody(ctx context.Context, notice id.ID) ([]Recipient, error) {
	var rows []recipientRow
	err := locked(s.db.Conn(ctx)).Where("notice_id = ? AND stopped_at IS NULL", notice).Order("person_id").Find(&rows).Error
	return recipients(rows), db.Unavailable(err)
}

// held gives whom a caller keeps; without a lock, which would reach over everybody's rows.
func (s store) held(ctx context.Context, notice, by id.ID) (persons []id.ID, err error) {
	err = s.db.Conn(ctx).Model(&recipientRow{}).Where("notice_id = ? AND held_by = ?", notice, by).Order("person_id").Pluck("person_id", &persons).Error
	return persons, db.Unavailable(err)
}

func (s store) hold(ctx context.Context, notice id.ID, persons []id.ID, by id.ID, until time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&recipientRow{}).Where("notice_id = ? AND person_id IN ?", notice, persons).
		Updates(map[string]any{"held_by": by, "held_until": db.At(until)}).Error)
}

func (s store) letGo(ctx context.Context, notice id.ID, persons []id.ID, by id.ID) error {
	if len(persons) == 0 {
		return nil
	}
	return db.Unavailable(s.db.Conn(ctx).Model(&recipientRow{}).Where("notice_id = ? AND person_id IN ? AND held_by = ?", notice, persons, by).
		Updates(map[string]any{"held_by": nil, "held_until": nil}).Error)
}
