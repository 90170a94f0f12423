package bench

import (
	"context"
	"time"

	"gorm.io/gorm"
)

const sinceKey = "bench:since"

// listen notes every statement and how long it took, rows included.
func (s *searcher) listen() error {
	before := func(q *gorm.DB) { q.InstanceSet(sinceKey, time.Now()) }
	after := func(q *gorm.DB) {
		if at, ok := q.InstanceGet(sinceKey); ok {
			s.spent += time.Since(at.(time.Time))
			s.sent = append(s.sent, statement{q.Statement.SQL.String(), append([]any{}, q.Statement.Vars...)})
		}
	}
	c := s.db.Conn(context.Background()).Callback()
	for _, err := range []error{
		c.Query().Before("gorm:query").Register("bench:before_query", before), c.Query().After("gorm:query").Register("bench:after_query", after),
		c.Row().Before("gorm:row").Register("bench:before_row", before), c.Row().After("gorm:row").Register("bench:after_row", after),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}
