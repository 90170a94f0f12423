package db

import (
	"strings"

	"gorm.io/gorm"

	"bense/server/internal/actor"
	"bense/server/internal/id"
)

// Columns names the columns of a query in which places stand; "" where it has none.
type Columns struct{ Committee, Alliance, Unit, Person string }

// Within narrows a query to a scope: every list query and every look-up by id goes through it.
func Within(q *gorm.DB, s actor.Scope, c Columns) *gorm.DB {
	if s.All {
		return q
	}
	var parts []string
	var args []any
	add := func(column string, ids []id.ID) {
		if column != "" && len(ids) > 0 {
			parts = append(parts, column+" IN ?")
			args = append(args, ids)
		}
	}
	add(c.Committee, s.Committees)
	add(c.Alliance, s.Alliances)
	add(c.Unit, s.Units)
	add(c.Person, s.Persons)
	if len(parts) == 0 {
		return q.Where("1 = 0")
	}
	return q.Where("("+strings.Join(parts, " OR ")+")", args...)
}
