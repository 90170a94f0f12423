package notice

import (
	"context"
	"encoding/json"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

type versionRow struct {
	NoticeID  id.ID `gorm:"primaryKey;autoIncrement:false"`
	Revision  int   `gorm:"primaryKey;autoIncrement:false"`
	Title     string
	Body      string
	Note      string
	Told      int
	EditorID  id.ID
	CreatedAt db.Time
	Changes   *string // JSON; NULL in rows from before it was kept
}

func (versionRow) TableName() string { return "notice_versions" }

func (s store) insertVersion(ctx context.Context, v Version) error {
	changes, err := json.Marshal(v.Changes)
	if err != nil {
		return err
	}
	text := string(changes)
	return db.Unavailable(s.db.Conn(ctx).Create(&versionRow{
		NoticeID: v.Notice, Revision: v.Revision, Title: v.Title, Body: v.Body, Note: v.Note, Told: v.Told, EditorID: v.Editor, CreatedAt: db.At(v.ReplacedAt),
		Changes: &text,
	}).Error)
}

// versions gives the replaced texts by notice, the oldest first.
func (s store) versions(ctx context.Context, notices []id.ID) (map[id.ID][]Version, error) {
	out := map[id.ID][]Version{}
	if len(notices) == 0 {
		return out, nil
	}
	var rows []versionRow
	if err := s.db.Conn(ctx).Where("notice_id IN ?", notices).Order("notice_id, revision").Find(&rows).Error; err != nil {
		return out, db.Unavailable(err)
	}
	for _, r := range rows {
		v := Version{Notice: r.NoticeID, Revision: r.Revision, Title: r.Title, Body: r.Body,
			Note: r.Note, Told: r.Told, Editor: r.EditorID, ReplacedAt: r.CreatedAt.Time}
		if r.Changes != nil {
			if err := json.Unmarshal([]byte(*r.Changes), &v.Changes); err != nil {
				return out, err
			}
		}
		out[r.NoticeID] = append(out[r.NoticeID], v)
	}
	return out, nil
}

type correctionRow struct {
	NoticeID    id.ID `gorm:"primaryKey;autoIncrement:false"`
	ID          id.ID
	Revision    int
	Title       string
	Body        string
	Note        string
	State       string
	AuthorID    id.ID
	Remark      string
	Doubtful    bool
	SubmittedAt db.Time
}

func (correctionRow) TableName() string { return "notice_corrections" }

// setProposal keeps a correction in the place of one that was there; the notice's row is the lock.
func (s store) setProposal(ctx context.Context, p Proposal) error {
	if err := s.dropProposal(ctx, p.Notice); err != nil {
		return err
	}
	return db.Unavailable(s.db.Conn(ctx).Create(&correctionRow{NoticeID: p.Notice, ID: p.ID, Revision: p.Revision, Title: p.Title, Body: p.Body,
		Note: p.Note, State: string(p.State), AuthorID: p.Author, Remark: p.Remark, Doubtful: p.Doubtful, SubmittedAt: db.At(p.SubmittedAt)}).Error)
}

func (s store) dropProposal(ctx context.Context, notice id.ID) error {
	return db.Unavailable(s.db.Conn(ctx).Where("notice_id = ?", notice).Delete(&correctionRow{}).Error)
}

// proposals gives the corrections that wait or came back, by notice.
func (s store) proposals(ctx context.Context, notices []id.ID) (map[id.ID]Proposal, error) {
	out := map[id.ID]Proposal{}
	if len(notices) == 0 {
		return out, nil
	}
	var rows []correctionRow
	err := s.db.Conn(ctx).Where("notice_id IN ?", notices).Find(&rows).Error
	for _, r := range rows {
		out[r.NoticeID] = Proposal{ID: r.ID, Notice: r.NoticeID, Revision: r.Revision, Title: r.Title, Body: r.Body, Note: r.Note, State: State(r.State),
			Author: r.AuthorID, Remark: r.Remark, Doubtful: r.Doubtful, SubmittedAt: r.SubmittedAt.Time}
	}
	return out, db.Unavailable(err)
}

// proposal gives the correction of one notice, the zero one if there is none.
func (s store) proposal(ctx context.Context, notice id.ID) (Proposal, error) {
	m, err := s.proposals(ctx, []id.ID{notice})
	return m[notice], err
}
