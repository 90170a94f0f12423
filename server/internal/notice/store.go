package notice

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/page"
)

// store is the notice tables.
type store struct{ db *db.DB }

type noticeRow struct {
	ID          id.ID `gorm:"primaryKey;autoIncrement:false"`
	CommitteeID id.ID
	AllianceID  id.ID
	ActivityID  *id.ID
	Title       string
	Body        string
	State       string
	Revision    int
	Reason      string
	AuthorID    id.ID
	CreatedAt   db.Time
	UpdatedAt   db.Time
	PublishedAt *db.Time
	ClosedAt    *db.Time

	EditorID        *id.ID
	KeeperID        *id.ID
	Audience        string
	FollowsID       *id.ID
	SeriesID        *id.ID
	ScheduledAt     *db.Time
	SubmittedAt     *db.Time
	Remark          string
	CorrectedAt     *db.Time
	CheckedRevision *int
	Doubtful        bool
	Rounds          int // of messages and posts: the next one's number
}

func (noticeRow) TableName() string { return "notices" }

func (r noticeRow) notice() Notice {
	n := Notice{
		ID: r.ID, Committee: r.CommitteeID, Alliance: r.AllianceID, Title: r.Title, Body: r.Body, State: State(r.State),
		Revision: r.Revision, Reason: r.Reason, Author: r.AuthorID, CreatedAt: r.CreatedAt.Time, UpdatedAt: r.UpdatedAt.Time,
		PublishedAt: r.PublishedAt.Std(), ClosedAt: r.ClosedAt.Std(),
		Activity: given(r.ActivityID), Editor: given(r.EditorID), Keeper: given(r.KeeperID), Follows: given(r.FollowsID), Series: given(r.SeriesID),
		Audience: Audience{Kind: AudienceKind(r.Audience)}, ScheduledAt: r.ScheduledAt.Std(), SubmittedAt: r.SubmittedAt.Std(),
		Remark: r.Remark, CorrectedAt: r.CorrectedAt.Std(), Checked: -1, Doubtful: r.Doubtful,
	}
	if r.CheckedRevision != nil {
		n.Checked = *r.CheckedRevision
	}
	return n
}

func given(v *id.ID) id.ID {
	if v == nil {
		return 0
	}
	return *v
}

func notices(rows []noticeRow) []Notice {
	out := make([]Notice, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.notice())
	}
	return out
}

func nullable(v id.ID) *id.ID {
	if v == 0 {
		return nil
	}
	return &v
}

func rowOf(n Notice) noticeRow {
	return noticeRow{
		ID: n.ID, CommitteeID: n.Committee, AllianceID: n.Alliance, ActivityID: nullable(n.Activity), Title: n.Title, Body: n.Body,
		State: string(n.State), Revision: n.Revision, AuthorID: n.Author, CreatedAt: db.At(n.CreatedAt), UpdatedAt: db.At(n.UpdatedAt),
		Audience: string(n.Audience.Kind), FollowsID: nullable(n.Follows), SeriesID: nullable(n.Series), EditorID: nullable(n.Editor),
		PublishedAt: db.AtPtr(n.PublishedAt),
	}
}

func (s store) insert(ctx context.Context, n Notice) error {
	r := rowOf(n)
	return db.Unavailable(s.db.Conn(ctx).Create(&r).Error)
}

// adopt inserts a notice that another instance may be inserting, too.
func (s store) adopt(ctx context.Context, n Notice) error {
	r := rowOf(n)
	return db.Unavailable(s.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&r).Error)
}

var noticePlace = db.Columns{Committee: "notices.committee_id", Alliance: "notices.alliance_id"}

// visible is what somebody may see: published ones within see, drafts only within write.
func (s store) visible(ctx context.Context, see, write actor.Scope) *gorm.DB {
	q := db.Within(s.db.Conn(ctx).Model(&noticeRow{}), see, noticePlace)
	if write.All {
		return q
	}
	own := db.Within(s.db.Conn(ctx), write, noticePlace)
	return q.Where(s.db.Conn(ctx).Where("notices.published_at IS NOT NULL").Or(own))
}

func (s store) byID(ctx context.Context, see, write actor.Scope, key id.ID) (Notice, error) {
	var r noticeRow
	err := s.visible(ctx, see, write).Where("notices.id = ?", key).Take(&r).Error
	return r.notice(), db.NotFound(err)
}

// anyOf gives those of the notices that exist, to the package's own work.
func (s store) anyOf(ctx context.Context, keys []id.ID) (map[id.ID]Notice, error) {
	var rows []noticeRow
	err := s.db.Conn(ctx).Where("id IN ?", keys).Find(&rows).Error
	out := make(map[id.ID]Notice, len(rows))
	for _, n := range notices(rows) {
		out[n.ID] = n
	}
	return out, db.Unavailable(err)
}

// any gives a notice to the package's own work; callers have checked, or act for the system.
func (s store) any(ctx context.Context, key id.ID) (Notice, error) {
	var r noticeRow
	err := s.db.Conn(ctx).Where("id = ?", key).Take(&r).Error
	return r.notice(), db.NotFound(err)
}

// lock reads a notice so that no other transaction changes it before the end of this one.
func (s store) lock(ctx context.Context, key id.ID) (Notice, error) {
	var r noticeRow
	err := s.db.Conn(ctx).Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Where("id = ?", key).Take(&r).Error
	return r.notice(), db.NotFound(err)
}

// lockAll does so for several, always in one order.
func (s store) lockAll(ctx context.Context, keys []id.ID) (map[id.ID]Notice, error) {
	out := make(map[id.ID]Notice, len(keys))
	if len(keys) == 0 {
		return out, nil
	}
	var rows []noticeRow
	err := locked(s.db.Conn(ctx)).Where("id IN ?", keys).Order("id").Find(&rows).Error
	for _, n := range notices(rows) {
		out[n.ID] = n
	}
	return out, db.Unavailable(err)
}

// lockOf does so for all notices of an activity, those that followed too.
func (s store) lockOf(ctx context.Context, activity id.ID) error {
	var keys []id.ID
	err := locked(s.db.Conn(ctx).Model(&noticeRow{})).Where("activity_id = ?", activity).Order("id").Pluck("id", &keys).Error
	return db.Unavailable(err)
}

// nextRound numbers what is sent about a notice, whatever the occasion. The number stands in the notice's row,
// because a transaction that has begun to read before it got the lock would not see the latest messages.
func (s store) nextRound(ctx context.Context, key id.ID) (int, error) {
	u := s.db.Conn(ctx).Model(&noticeRow{}).Where("id = ?", key).Update("rounds", clause.Expr{SQL: "rounds + 1"})
	if u.Error != nil {
		return 0, db.Unavailable(u.Error)
	}
	var r noticeRow
	err := s.db.Conn(ctx).Select("rounds").Where("id = ?", key).Take(&r).Error
	return r.Rounds - 1, db.NotFound(err)
}

// update writes the next version of a notice, if it is still as was; else it reports ErrChanged. MySQL counts
// a row that had all these values already as untouched: under the caller's lock that is no surprise.
func (s store) update(ctx context.Context, was, n Notice) error {
	checked := &n.Checked
	if n.Checked < 0 {
		checked = nil
	}
	u := s.db.Conn(ctx).Model(&noticeRow{}).Where("id = ? AND state = ? AND revision = ?", was.ID, string(was.State), was.Revision).
		Updates(map[string]any{
			"title": n.Title, "body": n.Body, "state": string(n.State), "revision": n.Revision, "reason": n.Reason,
			"updated_at": db.At(n.UpdatedAt), "published_at": db.AtPtr(n.PublishedAt), "closed_at": db.AtPtr(n.ClosedAt),
			"activity_id": nullable(n.Activity), "editor_id": nullable(n.Editor), "audience": string(n.Audience.Kind), "follows_id": nullable(n.Follows),
			"scheduled_at": db.AtPtr(n.ScheduledAt), "submitted_at": db.AtPtr(n.SubmittedAt), "remark": n.Remark,
			"corrected_at": db.AtPtr(n.CorrectedAt), "checked_revision": checked, "doubtful": n.Doubtful,
		})
	if u.Error == nil && u.RowsAffected == 0 && (was.State != n.State || was.Revision != n.Revision) {
		return ErrChanged
	}
	return db.Unavailable(u.Error)
}

// Filter narrows the list of notices.
type Filter struct {
	Alliance id.ID
	State    State
	Asks     bool // only what waits for somebody's approval, as a notice or as a correction
	Page     page.Page
}

func (s store) list(ctx context.Context, see, write actor.Scope, f Filter) ([]Notice, error) {
	q := s.visible(ctx, see, write)
	if f.Alliance != 0 {
		q = q.Where("notices.alliance_id = ?", f.Alliance)
	}
	if f.State != "" {
		q = q.Where("notices.state = ?", string(f.State))
	}
	if f.Asks {
		q = q.Where("(notices.state = ? OR notices.id IN (SELECT notice_id FROM notice_corrections WHERE state = ?))", string(Submitted), string(Submitted))
	}
	if f.Page.After != "" {
		after, err := id.Parse(f.Page.After)
		if err != nil {
			return nil, errs.ErrInvalid.With(errs.Field("after", "页码不对，请重新打开"))
		}
		q = q.Where("notices.id < ?", after)
	}
	var rows []noticeRow
	err := q.Order("notices.id DESC").Limit(f.Page.Size() + 1).Find(&rows).Error
	return notices(rows), db.Unavailable(err)
}

// notOut are the states of what is not out yet.
var notOut = []string{string(Draft), string(Submitted), string(Scheduled)}

// unfinished gives the drafts and the running notices of an alliance.
func (s store) unfinished(ctx context.Context, alliance id.ID) ([]Notice, error) {
	var rows []noticeRow
	err := s.db.Conn(ctx).Where("alliance_id = ? AND state IN ?", alliance, append(notOut, string(Published))).Order("id").Find(&rows).Error
	return notices(rows), db.Unavailable(err)
}

func (s store) passDrafts(ctx context.Context, alliance id.ID, from []id.ID, to id.ID) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&noticeRow{}).
		Where("alliance_id = ? AND state IN ? AND COALESCE(keeper_id, author_id) IN ?", alliance, notOut, from).Update("keeper_id", to).Error)
}

// inbox gives what was published to any of the persons, newest first.
func (s store) inbox(ctx context.Context, persons []id.ID, p page.Page) ([]Notice, error) {
	if len(persons) == 0 {
		return nil, nil
	}
	mine := s.db.Conn(ctx).Model(&recipientRow{}).Select("notice_id").Where("person_id IN ? AND stopped_at IS NULL", persons)
	q := s.db.Conn(ctx).Where("id IN (?) AND published_at IS NOT NULL", mine)
	if p.After != "" {
		at, key, err := parseCursor(p.After)
		if err != nil {
			return nil, err
		}
		q = q.Where("published_at < ? OR (published_at = ? AND id < ?)", db.At(at), db.At(at), key)
	}
	var rows []noticeRow
	err := q.Order("published_at DESC, id DESC").Limit(p.Size() + 1).Find(&rows).Error
	return notices(rows), db.Unavailable(err)
}

// cursor names a place in the inbox: time of publication and id.
func cursor(n Notice) string {
	return strconv.FormatInt(n.PublishedAt.UnixMilli(), 10) + "-" + n.ID.String()
}

func parseCursor(s string) (time.Time, id.ID, error) {
	ms, rest, _ := strings.Cut(s, "-")
	at, err := strconv.ParseInt(ms, 10, 64)
	key, err2 := id.Parse(rest)
	if err != nil || err2 != nil || at < 0 || at > 1<<43 {
		return time.Time{}, 0, errs.ErrInvalid.With(errs.Field("after", "页码不对，请重新打开"))
	}
	return time.UnixMilli(at), key, nil
}

// ofActivities gives the notices of activities that were not cancelled, the published one first. What was
// sent after one of them is not the activity's notice.
func (s store) ofActivities(ctx context.Context, activities []id.ID) ([]Notice, error) {
	var rows []noticeRow
	err := s.db.Conn(ctx).Where("activity_id IN ? AND state <> ? AND follows_id IS NULL", activities, string(Cancelled)).
		Order("published_at DESC, id DESC").Find(&rows).Error
	return notices(rows), db.Unavailable(err)
}

func (s store) titles(ctx context.Context, keys []id.ID) (map[id.ID]string, error) {
	out := make(map[id.ID]string, len(keys))
	for part := range slices.Chunk(keys, 500) {
		var rows []struct {
			ID    id.ID
			Title string
		}
		if err := s.db.Conn(ctx).Table("notices").Select("id, title").Where("id IN ?", part).Find(&rows).Error; err != nil {
			return nil, db.Unavailable(err)
		}
		for _, r := range rows {
			out[r.ID] = r.Title
		}
	}
	return out, nil
}
