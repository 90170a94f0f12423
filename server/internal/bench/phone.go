package bench

import (
	"time"

	"bense/server/internal/checkin"
	"bense/server/internal/id"
)

// Phone gives the session token and the person of a member; Staff the token of an account that may
// stand at every door. The fault tests drive their own load with them.
func (c *County) Phone(i int) (token string, person id.ID) { return c.tokens[i], c.persons[i] }

// Staff is the token of an account of the committee's staff.
func (c *County) Staff() string { return c.staff }

// Ticket is what the visit of a member gave.
func (c *County) Ticket(l List, i int) string {
	return c.codes.Ticket(checkin.Ticket{List: l.ID, Account: c.accounts[i], Issued: time.Now().UTC()})
}
