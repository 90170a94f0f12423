package bench

import (
	"context"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"

	"bense/server/internal/db"
)

// leaseSpy notes how long the worker's statements take at the database.
type leaseSpy struct {
	mu     sync.Mutex
	leases []float64 // ms of a hundred rows
	looks  []float64 // ms
}

func (s *leaseSpy) listen(d *db.DB) error {
	before := func(q *gorm.DB) { q.InstanceSet(sinceKey, time.Now()) }
	after := func(q *gorm.DB) {
		at, ok := q.InstanceGet(sinceKey)
		if !ok {
			return
		}
		took := float64(time.Since(at.(time.Time)).Microseconds()) / 1000
		s.mu.Lock()
		defer s.mu.Unlock()
		switch text, n := q.Statement.SQL.String(), q.RowsAffected; {
		case strings.Contains(text, "SKIP LOCKED") && n >= leaseSlots/2:
			s.leases = append(s.leases, took*100/float64(n))
		case strings.HasPrefix(text, "SELECT d0.channel"):
			s.looks = append(s.looks, took)
		}
	}
	c := d.Conn(context.Background()).Callback()
	for _, err := range []error{
		c.Query().Before("gorm:query").Register("bench:before_lease", before), c.Query().After("gorm:query").Register("bench:after_lease", after),
		c.Row().Before("gorm:row").Register("bench:before_look", before), c.Row().After("gorm:row").Register("bench:after_look", after),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}
