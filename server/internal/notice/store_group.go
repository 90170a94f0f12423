package notice

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

type groupRow struct {
	ID         id.ID `gorm:"primaryKey;autoIncrement:false"`
	AllianceID id.ID
	OpenGID    string `gorm:"column:open_gid"`
	State      string
	NoticeID   *id.ID
	SeenBy     *id.ID
	SeenAt     db.Time
	BoundBy    *id.ID
	BoundAt    *db.Time
	EndedBy    *id.ID
	EndedAt    *db.Time
}

func (groupRow) TableName() string { return "alliance_groups" }

func (r groupRow) group() Group {
	g := Group{ID: r.ID, Alliance: r.AllianceID, OpenGID: r.OpenGID, State: GroupState(r.State), SeenAt: r.SeenAt.Time,
		BoundAt: r.BoundAt.Std(), EndedAt: r.EndedAt.Std()}
	if r.NoticeID != nil {
		g.Notice = *r.NoticeID
	}
	if r.BoundBy != nil {
		g.BoundBy = *r.BoundBy
	}
	return g
}

func (s store) groupsBy(q *gorm.DB, alliance id.ID) ([]Group, error) {
	var rows []groupRow
	err := q.Where("alliance_id = ?", alliance).Order("id").Find(&rows).Error
	out := make([]Group, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.group())
	}
	return out, db.Unavailable(err)
}

// groups gives the groups of an alliance, the oldest first.
func (s store) groups(ctx context.Context, alliance id.ID) ([]Group, error) {
	return s.groupsBy(s.db.Conn(ctx), alliance)
}

// lockGroups gives them as they are now, not as they were when the transaction began.
func (s store) lockGroups(ctx context.Context, alliance id.ID) ([]Group, error) {
	return s.groupsBy(locked(s.db.Conn(ctx)), alliance)
}

func (s store) group(ctx context.Context, alliance, key id.ID) (Group, error) {
	var r groupRow
	err := locked(s.db.Conn(ctx)).Where("id = ? AND alliance_id = ?", key, alliance).Take(&r).Error
	return r.group(), db.NotFound(err)
}

func (s store) insertGroup(ctx context.Context, g Group, by id.ID) error {
	return db.Unavailable(s.db.Conn(ctx).Create(&groupRow{ID: g.ID, AllianceID: g.Alliance, OpenGID: g.OpenGID, State: string(g.State),
		NoticeID: nullable(g.Notice), SeenBy: nullable(by), SeenAt: db.At(g.SeenAt), BoundAt: db.AtPtr(g.BoundAt)}).Error)
}

func (s store) turnGroup(ctx context.Context, key id.ID, to GroupState, by id.ID, now time.Time) error {
	set := map[string]any{"state": string(to), "bound_by": by, "bound_at": db.At(now)}
	if to == GroupEnded {
		set = map[string]any{"state": string(to), "ended_by": by, "ended_at": db.At(now)}
	}
	return db.Unavailable(s.db.Conn(ctx).Model(&groupRow{}).Where("id = ?", key).Updates(set).Error)
}

func (s store) hangCard(ctx context.Context, card, group id.ID) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&cardRow{}).Where("id = ? AND group_id IS NULL", card).Updates(map[string]any{"group_id": group}).Error)
}

type memberRow struct {
	GroupID     id.ID  `gorm:"primaryKey;autoIncrement:false"`
	AccountID   id.ID  `gorm:"primaryKey;autoIncrement:false"`
	GroupOpenID string `gorm:"column:group_openid"`
	SeenAt      db.Time
}

func (memberRow) TableName() string { return "group_members" }

// knowMember keeps under which number WeChat knows an account in a group.
func (s store) knowMember(ctx context.Context, group, account id.ID, number string, now time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "group_id"}, {Name: "account_id"}}, UpdateAll: true}).
		Create(&memberRow{GroupID: group, AccountID: account, GroupOpenID: number, SeenAt: db.At(now)}).Error)
}

func (s store) forgetMembers(ctx context.Context, group id.ID) error {
	return db.Unavailable(s.db.Conn(ctx).Where("group_id = ?", group).Delete(&memberRow{}).Error)
}

// members gives those of the accounts that are known in a group, with their numbers in it.
func (s store) members(ctx context.Context, group id.ID, accounts []id.ID) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	for part := range slices.Chunk(accounts, 500) {
		var rows []memberRow
		if err := s.db.Conn(ctx).Where("group_id = ? AND account_id IN ?", group, part).Find(&rows).Error; err != nil {
			return nil, db.Unavailable(err)
		}
		for _, r := range rows {
			out[r.AccountID] = r.GroupOpenID
		}
	}
	return out, nil
}

// adoptGroups takes over the one group that an alliance had before it could have several.
func (s store) adoptGroups(ctx context.Context, now time.Time) error {
	var rows []struct {
		ID      id.ID
		OpenGID string `gorm:"column:open_gid"`
	}
	err := s.db.Conn(ctx).Table("alliances").Select("id, group_openid AS open_gid").Where("group_openid <> '' AND NOT EXISTS " +
		"(SELECT 1 FROM alliance_groups WHERE alliance_groups.alliance_id = alliances.id)").Scan(&rows).Error
	for _, r := range rows {
		if err != nil {
			break
		}
		// the alliance's own number: two instances that start at once make one row
		err = s.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&groupRow{ID: r.ID, AllianceID: r.ID, OpenGID: r.OpenGID,
			State: string(GroupBound), SeenAt: db.At(now), BoundAt: db.AtPtr(now)}).Error
	}
	return db.Unavailable(err)
}
