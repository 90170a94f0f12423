package vault

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"bense/server/internal/db"
)

type keyRow struct {
	ID        int `gorm:"primaryKey;autoIncrement:false"`
	CheckMac  []byte
	Wrapped   []byte
	CreatedAt db.Time
	RemovedAt *db.Time
}

func (keyRow) TableName() string { return "crypt_keys" }

func (v *Vault) keys(ctx context.Context) (map[byte]key, error) {
	var rows []keyRow
	if err := v.db.Conn(ctx).Order("id").Find(&rows).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	out := make(map[byte]key, len(rows))
	for _, r := range rows {
		out[byte(r.ID)] = key{id: byte(r.ID), check: r.CheckMac, wrapped: r.Wrapped, removed: r.RemovedAt.Std()}
	}
	return out, nil
}

// insert leaves alone what another instance has registered a moment before. The first row decides for
// all: of two instances with different keys the second waits there for the first one's commit.
func (v *Vault) insert(ctx context.Context, keys []key, now time.Time) error {
	return v.db.Tx(ctx, func(ctx context.Context) error {
		for _, k := range keys {
			err := v.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).
				Create(&keyRow{ID: int(k.id), CheckMac: k.check, Wrapped: k.wrapped, CreatedAt: db.At(now)}).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (v *Vault) setWrapped(ctx context.Context, keyID byte, wrapped []byte) error {
	return v.db.Tx(ctx, func(ctx context.Context) error {
		return v.db.Conn(ctx).Model(&keyRow{}).Where("id = ?", int(keyID)).Update("wrapped", wrapped).Error
	})
}

// setRemoved notes that a key left the configuration, or, with the zero time, that it is back.
func (v *Vault) setRemoved(ctx context.Context, keyID byte, at time.Time) error {
	return v.db.Tx(ctx, func(ctx context.Context) error {
		return v.db.Conn(ctx).Model(&keyRow{}).Where("id = ?", int(keyID)).Update("removed_at", db.AtPtr(at)).Error
	})
}

// anySealed gives one sealed value of a column, nil when there is none. The few values that a column
// begins with tell as much as all of them: which keys this database knows.
func (v *Vault) anySealed(ctx context.Context, c Column) ([]byte, error) {
	var values [][]byte
	err := v.db.Conn(ctx).Table(c.Table).Where(c.Name+" IS NOT NULL").Limit(1).Pluck(c.Name, &values).Error
	if err != nil || len(values) == 0 {
		return nil, db.Unavailable(err)
	}
	return values[0], nil
}

// uses counts a column's values by the key that sealed them.
func (v *Vault) uses(ctx context.Context, c Column) ([]Use, error) {
	var rows []struct {
		KeyByte []byte
		N       int64
	}
	err := v.db.Conn(ctx).Table(c.Table).Select("SUBSTR(" + c.Name + ", 1, 1) AS key_byte, COUNT(*) AS n").
		Where(c.Name + " IS NOT NULL").Group("SUBSTR(" + c.Name + ", 1, 1)").Order("key_byte").Find(&rows).Error
	if err != nil {
		return nil, db.Unavailable(err)
	}
	var out []Use
	for _, r := range rows {
		if len(r.KeyByte) == 1 {
			out = append(out, Use{Column: c, Key: r.KeyByte[0], Values: r.N})
		}
	}
	return out, nil
}

// place is where a walk through a table stands: the values of its primary key.
type place []any

// value is one sealed value with its place.
type value struct {
	at     place
	sealed []byte
}

// stale gives the next values of a column that another key than the newest has sealed, by primary key.
func (v *Vault) stale(ctx context.Context, c Column, after place, newest byte) ([]value, error) {
	where, args := beyond(c.Key, after)
	query := "SELECT " + strings.Join(c.Key, ", ") + ", " + c.Name + " FROM " + c.Table +
		" WHERE " + c.Name + " IS NOT NULL AND SUBSTR(" + c.Name + ", 1, 1) <> ?" + where +
		" ORDER BY " + strings.Join(c.Key, ", ") + " LIMIT ?"
	args = append(append([]any{[]byte{newest}}, args...), c.batch())
	rows, err := v.db.Raw(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return nil, db.Unavailable(err)
	}
	defer rows.Close()
	var out []value
	for rows.Next() {
		one := value{at: make(place, len(c.Key))}
		into := make([]any, 0, len(c.Key)+1)
		for i := range one.at {
			into = append(into, &one.at[i])
		}
		if err := rows.Scan(append(into, &one.sealed)...); err != nil {
			return nil, err
		}
		for i, v := range one.at {
			if text, ok := v.([]byte); ok {
				one.at[i] = string(text)
			}
		}
		out = append(out, one)
	}
	return out, db.Unavailable(rows.Err())
}

// beyond narrows to what comes after a place in the order of the key.
func beyond(keys []string, after place) (string, []any) {
	if after == nil {
		return "", nil
	}
	var parts []string
	var args []any
	for i, k := range keys {
		var part strings.Builder
		for j := range i {
			part.WriteString(keys[j] + " = ? AND ")
			args = append(args, after[j])
		}
		part.WriteString(k + " > ?")
		args = append(args, after[i])
		parts = append(parts, part.String())
	}
	return " AND (" + strings.Join(parts, " OR ") + ")", args
}

// swap puts a value that was sealed anew in the place of the old one, unless somebody has written
// meanwhile: false then.
func (v *Vault) swap(ctx context.Context, c Column, old value, fresh []byte) (bool, error) {
	args := []any{fresh}
	where := make([]string, len(c.Key))
	for i, k := range c.Key {
		where[i] = k + " = ?"
		args = append(args, old.at[i])
	}
	res, err := v.db.Raw(ctx).ExecContext(ctx, "UPDATE "+c.Table+" SET "+c.Name+" = ? WHERE "+strings.Join(where, " AND ")+
		" AND "+c.Name+" = ?", append(args, old.sealed)...)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}
