package notice

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/id"
)

type audienceRow struct {
	NoticeID  id.ID `gorm:"primaryKey;autoIncrement:false"`
	SubjectID id.ID `gorm:"primaryKey;autoIncrement:false"`
}

func (audienceRow) TableName() string { return "notice_audiences" }

type teamRow struct {
	NoticeID id.ID  `gorm:"primaryKey;autoIncrement:false"`
	Name     string `gorm:"primaryKey"`
}

func (teamRow) TableName() string { return "notice_teams" }

// setNamed replaces the units, branches or teams that a notice names.
func (s store) setNamed(ctx context.Context, notice id.ID, a Audience) error {
	conn := s.db.Conn(ctx)
	if err := conn.Where("notice_id = ?", notice).Delete(&audienceRow{}).Error; err != nil {
		return db.Unavailable(err)
	}
	if err := conn.Where("notice_id = ?", notice).Delete(&teamRow{}).Error; err != nil {
		return db.Unavailable(err)
	}
	var subjects []audienceRow
	for _, sub := range a.Subjects {
		subjects = append(subjects, audienceRow{NoticeID: notice, SubjectID: sub})
	}
	var teams []teamRow
	for _, name := range a.Teams {
		teams = append(teams, teamRow{NoticeID: notice, Name: name})
	}
	if len(subjects) > 0 {
		if err := conn.CreateInBatches(&subjects, insertBatch).Error; err != nil {
			return db.Unavailable(err)
		}
	}
	if len(teams) == 0 {
		return nil
	}
	return db.Unavailable(conn.CreateInBatches(&teams, insertBatch).Error)
}

// named gives by notice what its audience names.
func (s store) named(ctx context.Context, notices []id.ID) (map[id.ID]Audience, error) {
	var subjects []audienceRow
	if err := s.db.Conn(ctx).Where("notice_id IN ?", notices).Order("notice_id, subject_id").Find(&subjects).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	out := map[id.ID]Audience{}
	for _, r := range subjects {
		a := out[r.NoticeID]
		a.Subjects = append(a.Subjects, r.SubjectID)
		out[r.NoticeID] = a
	}
	var teams []teamRow
	err := s.db.Conn(ctx).Where("notice_id IN ?", notices).Order("notice_id, name").Find(&teams).Error
	for _, r := range teams {
		a := out[r.NoticeID]
		a.Teams = append(a.Teams, r.Name)
		out[r.NoticeID] = a
	}
	return out, db.Unavailable(err)
}

// firstKnew is when somebody read or answered first; calls have a history of their own.
const firstKnew = "COALESCE(knew_at, CASE WHEN answered_at IS NULL OR read_at <= answered_at THEN read_at ELSE answered_at END)"

// again makes what reached the persons count no more, but for when they knew first.
func (s store) again(ctx context.Context, notice id.ID, persons []id.ID, at time.Time) error {
	for part := range slices.Chunk(persons, insertBatch) {
		err := s.db.Conn(ctx).Model(&recipientRow{}).Where("notice_id = ? AND person_id IN ?", notice, part).
			Updates(map[string]any{"again_at": db.At(at), "outcome": "", "knew_at": clause.Expr{SQL: firstKnew}}).Error
		if err != nil {
			return db.Unavailable(err)
		}
	}
	return nil
}

// stale gives what never went out and was left alone since a time: drafts, and those that were called off; by id, after one.
func (s store) stale(ctx context.Context, since time.Time, after id.ID, limit int) ([]Notice, error) {
	var rows []noticeRow
	err := s.db.Conn(ctx).Where("id > ? AND state IN ? AND published_at IS NULL AND updated_at < ?", after, []string{string(Draft), string(Cancelled)}, db.At(since)).
		Order("id").Limit(limit).Find(&rows).Error
	return notices(rows), db.Unavailable(err)
}

// remove deletes a notice that nobody has received, with its pictures and whom it named.
func (s store) remove(ctx context.Context, key id.ID) error {
	for _, row := range []any{&audienceRow{}, &teamRow{}, &photoRow{}} {
		if err := s.db.Conn(ctx).Where("notice_id = ?", key).Delete(row).Error; err != nil {
			return db.Unavailable(err)
		}
	}
	return db.Unavailable(s.db.Conn(ctx).Where("id = ?", key).Delete(&noticeRow{}).Error)
}

// approvalRow is a rule of an alliance, or of a committee for its own notices: ids come from one source.
type approvalRow struct {
	AllianceID id.ID `gorm:"primaryKey;autoIncrement:false"`
	Level      string
	UpdatedBy  id.ID
	UpdatedAt  db.Time
}

func (approvalRow) TableName() string { return "notice_approvals" }

// approvals gives the levels of those alliances that need approval.
func (s store) approvals(ctx context.Context, alliances []id.ID) (map[id.ID]Level, error) {
	out := map[id.ID]Level{}
	if len(alliances) == 0 {
		return out, nil
	}
	var rows []approvalRow
	err := s.db.Conn(ctx).Where("alliance_id IN ? AND level <> ?", alliances, string(NoApproval)).Find(&rows).Error
	for _, r := range rows {
		out[r.AllianceID] = Level(r.Level)
	}
	return out, db.Unavailable(err)
}

func (s store) approval(ctx context.Context, alliance id.ID) (Level, error) {
	m, err := s.approvals(ctx, []id.ID{alliance})
	if l, ok := m[alliance]; ok {
		return l, err
	}
	return NoApproval, err
}

func (s store) setApproval(ctx context.Context, alliance id.ID, l Level, by id.ID, now time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "alliance_id"}}, UpdateAll: true}).
		Create(&approvalRow{AllianceID: alliance, Level: string(l), UpdatedBy: by, UpdatedAt: db.At(now)}).Error)
}

// following gives what was published after a notice about its activity and is not over.
func (s store) following(ctx context.Context, notice id.ID) ([]Notice, error) {
	var rows []noticeRow
	err := s.db.Conn(ctx).Where("follows_id = ? AND activity_id IS NOT NULL AND state IN ?", notice, append(notOut, string(Published))).
		Order("id").Find(&rows).Error
	return notices(rows), db.Unavailable(err)
}

// running gives the published notices about activities of an alliance, without what followed them.
func (s store) running(ctx context.Context, alliance id.ID) ([]Notice, error) {
	var rows []noticeRow
	err := s.db.Conn(ctx).Where("alliance_id = ? AND state = ? AND activity_id IS NOT NULL AND follows_id IS NULL", alliance, string(Published)).
		Order("id DESC").Limit(20).Find(&rows).Error
	return notices(rows), db.Unavailable(err)
}

// silent gives the recipients of a notice who have not answered.
func (s store) silent(ctx context.Context, notice id.ID) ([]Recipient, error) {
	return s.find(s.peopleOf(ctx, notice, actor.Scope{All: true}).Where("r.answered_at IS NULL AND r.stopped_at IS NULL"))
}

// maxSeries bounds the list of what a committee sent to its alliances.
const maxSeries = 20

// series gives the committee's own notices, the newest first, without those that were thrown away as drafts.
func (s store) series(ctx context.Context, committee id.ID) ([]Notice, error) {
	var rows []noticeRow
	err := s.db.Conn(ctx).Where("committee_id = ? AND alliance_id = 0 AND NOT (state = ? AND published_at IS NULL)", committee, string(Cancelled)).
		Order("id DESC").Limit(maxSeries).Find(&rows).Error
	return notices(rows), db.Unavailable(err)
}

// copies gives the notices to alliances of the committee's, in the order in which they were made.
func (s store) copies(ctx context.Context, series []id.ID) ([]Notice, error) {
	if len(series) == 0 {
		return nil, nil
	}
	var rows []noticeRow
	err := s.db.Conn(ctx).Where("series_id IN ? AND alliance_id <> 0", series).Order("id").Find(&rows).Error
	return notices(rows), db.Unavailable(err)
}

// orphans gives the first copy of each series that was sent before a committee's notice stood for itself.
func (s store) orphans(ctx context.Context) ([]Notice, error) {
	var rows []noticeRow
	err := s.db.Conn(ctx).Where("id IN (SELECT MIN(c.id) FROM notices AS c WHERE c.series_id IS NOT NULL AND NOT EXISTS " +
		"(SELECT 1 FROM notices AS w WHERE w.id = c.series_id) GROUP BY c.series_id)").Order("id").Find(&rows).Error
	return notices(rows), db.Unavailable(err)
}

// reached counts the recipients of notices, and those of them who know.
func (s store) reached(ctx context.Context, notices []id.ID) (map[id.ID][2]int, error) {
	out := map[id.ID][2]int{}
	if len(notices) == 0 {
		return out, nil
	}
	var rows []struct {
		NoticeID       id.ID
		People, Missed int
	}
	err := s.db.Conn(ctx).Table("notice_recipients AS r").Where("r.notice_id IN ? AND r.stopped_at IS NULL", notices).Group("r.notice_id").
		Select("r.notice_id, COUNT(*) AS people, COUNT(CASE WHEN " + isUnreached + " THEN 1 END) AS missed").Scan(&rows).Error
	for _, r := range rows {
		out[r.NoticeID] = [2]int{r.People, r.People - r.Missed}
	}
	return out, db.Unavailable(err)
}
