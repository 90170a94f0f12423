package db

import (
	"database/sql/driver"
	"fmt"
	"time"
)

const timeLayout = "2006-01-02 15:04:05.000"

// Time is a point in time in a row: UTC DATETIME(3). SQLite's driver gives texts for such columns
// and compares zoned texts wrongly, so this type writes and reads one fixed form.
type Time struct{ time.Time }

// At makes a Time.
func At(t time.Time) Time { return Time{t.UTC().Truncate(time.Millisecond)} }

// AtPtr makes a nullable Time; the zero time is NULL.
func AtPtr(t time.Time) *Time {
	if t.IsZero() {
		return nil
	}
	v := At(t)
	return &v
}

// Std gives the time, zero for NULL.
func (t *Time) Std() time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Time
}

// Value writes the fixed form.
func (t Time) Value() (driver.Value, error) {
	if t.IsZero() {
		return nil, nil
	}
	return t.UTC().Format(timeLayout), nil
}

// GormDataType names the column type.
func (Time) GormDataType() string { return "datetime(3)" }

// Scan reads what MySQL and SQLite drivers give.
func (t *Time) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		t.Time = time.Time{}
		return nil
	case time.Time:
		t.Time = v.UTC()
		return nil
	case string:
		return t.parse(v)
	case []byte:
		return t.parse(string(v))
	}
	return fmt.Errorf("db: cannot read %T as a time", src)
}

func (t *Time) parse(s string) error {
	for _, layout := range []string{"2006-01-02 15:04:05.999999", time.RFC3339Nano, "2006-01-02 15:04:05.999999-07:00"} {
		if p, err := time.ParseInLocation(layout, s, time.UTC); err == nil {
			t.Time = p.UTC()
			return nil
		}
	}
	return fmt.Errorf("db: %d bytes are no time", len(s))
}
