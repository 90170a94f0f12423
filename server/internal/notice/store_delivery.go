package notice

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/id"
)

type deliveryRow struct {
	ID        id.ID `gorm:"primaryKey;autoIncrement:false"`
	NoticeID  id.ID
	AccountID id.ID
	PersonID  id.ID
	Template  string
	Round     int
	State     string
	Code      string
	Resent    int
	Channel   string
	Tried     string
	Word      string
	CreatedAt db.Time
	UpdatedAt db.Time
}

func (deliveryRow) TableName() string { return "notice_deliveries" }

func (r deliveryRow) delivery() Delivery {
	d := Delivery{
		ID: r.ID, Notice: r.NoticeID, Account: r.AccountID, Person: r.PersonID, Template: r.Template, Round: r.Round,
		State: DeliveryState(r.State), Code: r.Code, Channel: Channel(r.Channel), Tried: r.Tried, Word: r.Word, CreatedAt: r.CreatedAt.Time,
	}
	if d.Account == d.Person { // see target.key
		d.Account = 0
	}
	return d
}

func (s store) insertDeliveries(ctx context.Context, list []Delivery, now time.Time) error {
	rows := make([]deliveryRow, 0, len(list))
	for _, d := range list {
		rows = append(rows, deliveryRow{
			ID: d.ID, NoticeID: d.Notice, AccountID: d.to(), PersonID: d.Person, Template: d.Template, Round: d.Round,
			State: string(d.State), Code: d.Code, Channel: string(d.Channel), Tried: d.Tried, Word: d.Word, CreatedAt: db.At(now), UpdatedAt: db.At(now),
		})
	}
	if len(rows) == 0 {
		return nil
	}
	return db.Unavailable(s.db.Conn(ctx).CreateInBatches(&rows, insertBatch).Error)
}

func (s store) delivery(ctx context.Context, key id.ID) (Delivery, error) {
	var r deliveryRow
	err := s.db.Conn(ctx).Where("id = ?", key).Take(&r).Error
	return r.delivery(), db.NotFound(err)
}

// moveDelivery goes from one of the states to another and tells whether it did: of two attempts at
// the same step one wins.
func (s store) moveDelivery(ctx context.Context, key id.ID, to DeliveryState, code string, now time.Time, from ...DeliveryState) (bool, error) {
	u := s.db.Conn(ctx).Model(&deliveryRow{}).Where("id = ? AND state IN ?", key, from).
		Updates(map[string]any{"state": string(to), "code": code, "updated_at": db.At(now)})
	return u.RowsAffected == 1, db.Unavailable(u.Error)
}

// lockDeliveries gives deliveries that nobody else moves before the transaction ends.
func (s store) lockDeliveries(ctx context.Context, keys []id.ID) (map[id.ID]Delivery, error) {
	out := make(map[id.ID]Delivery, len(keys))
	if len(keys) == 0 {
		return out, nil
	}
	var rows []deliveryRow
	err := locked(s.db.Conn(ctx)).Where("id IN ?", keys).Order("id").Find(&rows).Error
	for _, r := range rows {
		out[r.ID] = r.delivery()
	}
	return out, db.Unavailable(err)
}

// moveDeliveries goes from one state to another and tells how many did.
func (s store) moveDeliveries(ctx context.Context, keys []id.ID, to DeliveryState, code string, now time.Time, from DeliveryState) (int, error) {
	u := s.db.Conn(ctx).Model(&deliveryRow{}).Where("id IN ? AND state = ?", keys, string(from)).
		Updates(map[string]any{"state": string(to), "code": code, "updated_at": db.At(now)})
	return int(u.RowsAffected), db.Unavailable(u.Error)
}

// unsent gives the messages of an occasion about a notice that have not left.
func (s store) unsent(ctx context.Context, notice id.ID, template string) ([]id.ID, error) {
	var keys []id.ID
	err := s.db.Conn(ctx).Model(&deliveryRow{}).Where("notice_id = ? AND template = ? AND state = ?", notice, template, string(Queued)).
		Order("id").Pluck("id", &keys).Error
	return keys, db.Unavailable(err)
}

// noticesOf gives the notices of deliveries.
func (s store) noticesOf(ctx context.Context, keys []id.ID) ([]id.ID, error) {
	var out []id.ID
	err := s.db.Conn(ctx).Model(&deliveryRow{}).Distinct("notice_id").Where("id IN ?", keys).Order("notice_id").Pluck("notice_id", &out).Error
	return out, db.Unavailable(err)
}

// unconfirmed finds the oldest message of a template to an account of which the platform has not told
// yet whether it arrived. Its callback names no message of ours.
func (s store) unconfirmed(ctx context.Context, account id.ID, template string) (Delivery, bool, error) {
	var rows []deliveryRow
	err := s.db.Conn(ctx).Where("account_id = ? AND template = ? AND channel = ? AND state IN ?", account, template, string(Subscribe),
		[]string{string(Sending), string(Sent), string(Uncertain)}).Order("id").Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return Delivery{}, false, db.Unavailable(err)
	}
	return rows[0].delivery(), true, nil
}

// messages are those of a notice whose first person the scope covers.
func (s store) messages(ctx context.Context, notice id.ID, scope actor.Scope) *gorm.DB {
	q := s.db.Conn(ctx).Table("notice_deliveries AS d").
		Joins("JOIN notices AS n ON n.id = d.notice_id").
		Joins("JOIN notice_recipients AS r ON r.notice_id = d.notice_id AND r.person_id = d.person_id").
		Where("d.notice_id = ?", notice)
	return db.Within(q, scope, db.Columns{Committee: "n.committee_id", Alliance: "n.alliance_id", Unit: "r.unit_id", Person: "r.person_id"})
}

// pushes sums the messages up whose first person the scope covers.
func (s store) pushes(ctx context.Context, notice id.ID, scope actor.Scope) (Pushes, error) {
	var list []struct {
		State  string
		N      int
		Latest *db.Time
	}
	err := s.messages(ctx, notice, scope).Select("d.state, COUNT(*) AS n, MAX(d.updated_at) AS latest").Group("d.state").Scan(&list).Error
	var p Pushes
	for _, l := range list {
		p.add(DeliveryState(l.State), l.N, l.Latest.Std())
	}
	return p, db.Unavailable(err)
}

// sentBy counts what went out on each channel, like pushes.
func (s store) sentBy(ctx context.Context, notice id.ID, scope actor.Scope) ([]laneCount, error) {
	var list []struct {
		Channel string
		N       int
		Latest  *db.Time
	}
	err := s.messages(ctx, notice, scope).Where("d.state IN ?", []string{string(Sent), string(Delivered)}).
		Select("d.channel, COUNT(*) AS n, MAX(d.updated_at) AS latest").Group("d.channel").Order("d.channel").Scan(&list).Error
	out := make([]laneCount, 0, len(list))
	for _, l := range list {
		out = append(out, laneCount{Channel: Channel(l.Channel), Sent: l.N, Last: l.Latest.Std()})
	}
	return out, db.Unavailable(err)
}

type reminderRow struct {
	ID        id.ID `gorm:"primaryKey;autoIncrement:false"`
	NoticeID  id.ID
	Round     int
	People    int
	CreatedBy id.ID
	CreatedAt db.Time
}

func (reminderRow) TableName() string { return "notice_reminders" }

func (s store) insertReminder(ctx context.Context, key, notice, by id.ID, r Reminder) error {
	return db.Unavailable(s.db.Conn(ctx).Create(&reminderRow{
		ID: key, NoticeID: notice, Round: r.Round, People: r.People, CreatedBy: by, CreatedAt: db.At(r.At),
	}).Error)
}

func (s store) reminders(ctx context.Context, notice id.ID) ([]Reminder, error) {
	var rows []reminderRow
	err := s.db.Conn(ctx).Where("notice_id = ?", notice).Order("round").Find(&rows).Error
	out := make([]Reminder, 0, len(rows))
	for _, r := range rows {
		out = append(out, Reminder{Round: r.Round, People: r.People, At: r.CreatedAt.Time})
	}
	return out, db.Unavailable(err)
}

type creditRow struct {
	AccountID id.ID  `gorm:"primaryKey;autoIncrement:false"`
	Template  string `gorm:"primaryKey"`
	Remaining int
	// Times of the platform's: they put events into order that arrive in any order.
	ClearedAt  *db.Time
	AcceptedAt *db.Time
	UpdatedAt  db.Time
}

func (creditRow) TableName() string { return "subscription_credits" }

var errCreditRace = errors.New("notice: credits changed under a lock")

// spend takes one message of a template from each of the accounts that have one, and gives those
// accounts. Rows are locked in the order of the key, so that two publications don't block each other
// crosswise; the update's own condition keeps the stock from falling below zero in any case.
func (s store) spend(ctx context.Context, template string, accounts []id.ID, now time.Time) (map[id.ID]bool, error) {
	out := make(map[id.ID]bool, len(accounts))
	for start := 0; start < len(accounts); start += insertBatch {
		part := accounts[start:min(start+insertBatch, len(accounts))]
		var have []id.ID
		err := locked(s.db.Conn(ctx).Model(&creditRow{})).Select("account_id").
			Where("account_id IN ? AND template = ? AND remaining > 0", part, template).Order("account_id").Find(&have).Error
		if err != nil {
			return nil, db.Unavailable(err)
		}
		if len(have) == 0 {
			continue
		}
		u := s.db.Conn(ctx).Model(&creditRow{}).Where("account_id IN ? AND template = ? AND remaining > 0", have, template).
			Updates(map[string]any{"remaining": clause.Expr{SQL: "remaining - 1"}, "updated_at": db.At(now)})
		if u.Error != nil {
			return nil, db.Unavailable(u.Error)
		}
		if int(u.RowsAffected) != len(have) {
			return nil, errCreditRace
		}
		for _, a := range have {
			out[a] = true
		}
	}
	return out, nil
}

// giveBack returns the credit of a message that was certainly not sent, unless the stock was cleared
// since it was queued.
func (s store) giveBack(ctx context.Context, d Delivery, now time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Model(&creditRow{}).
		Where("account_id = ? AND template = ? AND (cleared_at IS NULL OR cleared_at < ?)", d.Account, d.Template, db.At(d.CreatedAt)).
		Updates(map[string]any{"remaining": clause.Expr{SQL: "remaining + 1"}, "updated_at": db.At(now)}).Error)
}

func (s store) ensureCredit(ctx context.Context, account id.ID, template string, now time.Time) error {
	return db.Unavailable(s.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).
		Create(&creditRow{AccountID: account, Template: template, UpdatedAt: db.At(now)}).Error)
}

// addCredit counts an accept of the given time, unless the stock was cleared after it: callbacks come
// in any order. WeChat's times are whole seconds.
func (s store) addCredit(ctx context.Context, account id.ID, template string, at, now time.Time) error {
	if err := s.ensureCredit(ctx, account, template, now); err != nil {
		return err
	}
	return db.Unavailable(s.db.Conn(ctx).Model(&creditRow{}).
		Where("account_id = ? AND template = ? AND (cleared_at IS NULL OR cleared_at < ?)", account, template, db.At(at.Truncate(time.Second).Add(time.Second))).
		Updates(map[string]any{"remaining": clause.Expr{SQL: "remaining + 1"}, "accepted_at": db.At(at), "updated_at": db.At(now)}).Error)
}

// clearCredit empties the stock as of the given time. An accept that is known to be later stands; if
// older ones should have gone, the platform will say so with the next message.
func (s store) clearCredit(ctx context.Context, account id.ID, template string, at, now time.Time) error {
	if err := s.ensureCredit(ctx, account, template, now); err != nil {
		return err
	}
	return db.Unavailable(s.db.Conn(ctx).Model(&creditRow{}).
		Where("account_id = ? AND template = ? AND (accepted_at IS NULL OR accepted_at <= ?)", account, template, db.At(at)).
		Updates(map[string]any{"remaining": 0, "cleared_at": db.At(at), "updated_at": db.At(now)}).Error)
}

func (s store) credits(ctx context.Context, account id.ID) (map[string]int, error) {
	var rows []creditRow
	err := s.db.Conn(ctx).Where("account_id = ?", account).Find(&rows).Error
	out := make(map[string]int, len(rows))
	for _, r := range rows {
		out[r.Template] = r.Remaining
	}
	return out, db.Unavailable(err)
}

type eventRow struct {
	EventKey  []byte `gorm:"primaryKey"`
	CreatedAt db.Time
}

func (eventRow) TableName() string { return "wechat_events" }

// firstTime writes an event's key and tells whether it was new.
func (s store) firstTime(ctx context.Context, key []byte, now time.Time) (bool, error) {
	c := s.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&eventRow{EventKey: key, CreatedAt: db.At(now)})
	return c.RowsAffected == 1, db.Unavailable(c.Error)
}

func (s store) pruneEvents(ctx context.Context, before time.Time) error {
	err := s.db.Conn(ctx).Where("created_at < ?", db.At(before)).Delete(&eventRow{}).Error
	if err == nil { // no late event can put these into order any more
		err = s.db.Conn(ctx).Where("follows = ? AND changed_at < ?", false, db.At(before)).Delete(&followerRow{}).Error
	}
	return db.Unavailable(err)
}
