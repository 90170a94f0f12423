package notice

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

// reroute puts a message that has come back, waits, or was never sent onto another channel, if it still is as it was.
func (s store) reroute(ctx context.Context, was Delivery, to Channel, tried string, now time.Time) (bool, error) {
	u := s.db.Conn(ctx).Model(&deliveryRow{}).Where("id = ? AND state = ? AND channel = ?", was.ID, string(was.State), string(was.Channel)).Updates(map[string]any{
		"channel": string(to), "tried": tried, "state": string(Queued), "code": "", "ref": "", "updated_at": db.At(now)})
	return u.RowsAffected == 1, db.Unavailable(u.Error)
}

// roundOf gives the messages of the round that a message belongs to, by what they are addressed to.
func (s store) roundOf(ctx context.Context, d Delivery) (map[id.ID]Delivery, error) {
	var rows []deliveryRow
	err := s.db.Conn(ctx).Where("notice_id = ? AND template = ? AND round = ?", d.Notice, d.Template, d.Round).Find(&rows).Error
	out := make(map[id.ID]Delivery, len(rows))
	for _, r := range rows {
		out[r.AccountID] = r.delivery()
	}
	return out, db.Unavailable(err)
}

// settle ends an attempt, with the platform's number of the message.
func (s store) settle(ctx context.Context, key id.ID, to DeliveryState, code, ref string, now time.Time) (bool, error) {
	u := s.db.Conn(ctx).Model(&deliveryRow{}).Where("id = ? AND state = ?", key, string(Sending)).
		Updates(map[string]any{"state": string(to), "code": code, "ref": ref, "updated_at": db.At(now)})
	return u.RowsAffected == 1, db.Unavailable(u.Error)
}

// byRef finds a message by the platform's number.
func (s store) byRef(ctx context.Context, c Channel, ref string) (Delivery, bool, error) {
	var rows []deliveryRow
	err := s.db.Conn(ctx).Where("ref = ? AND channel = ?", ref, string(c)).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return Delivery{}, false, db.Unavailable(err)
	}
	return rows[0].delivery(), true, nil
}

// anySending reports whether some message of a channel is under way.
func (s store) anySending(ctx context.Context, c Channel) (bool, error) {
	var rows []deliveryRow
	err := s.db.Conn(ctx).Select("id").Where("channel = ? AND state = ?", string(c), string(Sending)).Limit(1).Find(&rows).Error
	return len(rows) > 0, db.Unavailable(err)
}

type followerRow struct {
	ID        id.ID  `gorm:"primaryKey;autoIncrement:false"`
	OpenID    string `gorm:"column:openid"`
	UnionID   string `gorm:"column:unionid"`
	Follows   bool
	ChangedAt db.Time // by the platform's clock: it puts events into order
	UpdatedAt db.Time
}

func (followerRow) TableName() string { return "official_followers" }

// followers gives the openids of those who follow, by unionid.
func (s store) followers(ctx context.Context, unions []string) (map[string]string, error) {
	out := map[string]string{}
	for start := 0; start < len(unions); start += insertBatch {
		var rows []followerRow
		part := unions[start:min(start+insertBatch, len(unions))]
		if err := s.db.Conn(ctx).Where("unionid IN ? AND follows = ?", part, true).Find(&rows).Error; err != nil {
			return nil, db.Unavailable(err)
		}
		for _, r := range rows {
			out[r.UnionID] = r.OpenID
		}
	}
	return out, nil
}

// follow notes that an openid follows or doesn't, unless a newer word is known, and gives its row.
func (s store) follow(ctx context.Context, key id.ID, openID string, follows bool, at, now time.Time) (id.ID, bool, error) {
	made := s.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).
		Create(&followerRow{ID: key, OpenID: openID, Follows: follows, ChangedAt: db.At(at), UpdatedAt: db.At(now)})
	if made.Error != nil {
		return 0, false, db.Unavailable(made.Error)
	}
	if made.RowsAffected == 1 {
		return key, true, nil
	}
	var row followerRow
	if err := locked(s.db.Conn(ctx)).Where("openid = ?", openID).Take(&row).Error; err != nil {
		return 0, false, db.NotFound(err)
	}
	if row.ChangedAt.After(at) {
		return row.ID, false, nil
	}
	err := s.db.Conn(ctx).Model(&followerRow{}).Where("id = ?", row.ID).
		Updates(map[string]any{"follows": follows, "changed_at": db.At(at), "updated_at": db.At(now)}).Error
	return row.ID, true, db.Unavailable(err)
}

func (s store) followerOpenID(ctx context.Context, key id.ID) (string, error) {
	var row followerRow
	err := s.db.Conn(ctx).Select("openid").Where("id = ?", key).Take(&row).Error
	return row.OpenID, db.NotFound(err)
}

// nameFollower writes down who an openid is. Who has left meanwhile has no unionid any more: the one that
// is known stays.
func (s store) nameFollower(ctx context.Context, key id.ID, union string, follows bool, now time.Time) error {
	set := map[string]any{"updated_at": db.At(now)}
	if union != "" {
		set["unionid"] = union
	}
	if !follows {
		set["follows"] = false
	}
	return db.Unavailable(s.db.Conn(ctx).Model(&followerRow{}).Where("id = ?", key).Updates(set).Error)
}

// unfollow takes the platform's word that somebody follows no more.
func (s store) unfollow(ctx context.Context, union string, now time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&followerRow{}).Where("unionid = ? AND follows = ?", union, true).
		Updates(map[string]any{"follows": false, "changed_at": db.At(now), "updated_at": db.At(now)}).Error)
}

type preferenceRow struct {
	PersonID id.ID `gorm:"primaryKey;autoIncrement:false"`
	Way      string
	SetBy    id.ID
	SetAt    db.Time
}

func (preferenceRow) TableName() string { return "notice_preferences" }

// ways gives how persons want to be told; who has said nothing is missing.
func (s store) ways(ctx context.Context, persons []id.ID) (map[id.ID]Way, error) {
	out := map[id.ID]Way{}
	for start := 0; start < len(persons); start += insertBatch {
		var rows []preferenceRow
		if err := s.db.Conn(ctx).Where("person_id IN ?", persons[start:min(start+insertBatch, len(persons))]).Find(&rows).Error; err != nil {
			return nil, db.Unavailable(err)
		}
		for _, r := range rows {
			out[r.PersonID] = Way(r.Way)
		}
	}
	return out, nil
}

func (s store) setWay(ctx context.Context, person id.ID, w Way, by id.ID, now time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "person_id"}}, UpdateAll: true}).
		Create(&preferenceRow{PersonID: person, Way: string(w), SetBy: by, SetAt: db.At(now)}).Error)
}
