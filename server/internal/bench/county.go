package bench

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"bense/server/internal/checkin"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/id"
	"bense/server/internal/wechat/emulator"
)

const (
	title    = "主题党日"
	units    = 24
	route    = "/api/v1/check-ins"
	tokenFor = 12 * time.Hour
	rowsOnce = 1000    // of one INSERT
	phones   = 200_000 // at most so many people sign in; the others only stand on the list
)

func unitName(n int) string { return fmt.Sprintf("第%d单位", n+1) }

// County is an invented county of one alliance, written straight into the schema: people, an account
// for each, bound to its own person.
type County struct {
	sql       *sql.DB
	ids       *id.Source
	codes     checkin.Codes
	key       []byte // of session tokens
	committee id.ID
	alliance  id.ID
	units     []id.ID
	persons   []id.ID
	accounts  []id.ID
	tokens    []string
	staff     string // the token of an account of the committee's staff
}

// List is a fresh activity with its main list, everybody expected.
type List struct{ Activity, ID id.ID }

// Settle makes a county of n people. The schema is there already.
func Settle(ctx context.Context, d *db.DB, master string, n int) (*County, error) {
	key, err := crypt.ParseKey(master)
	if err != nil {
		return nil, err
	}
	box, err := crypt.New(key)
	if err != nil {
		return nil, err
	}
	c := &County{sql: d.SQL(), ids: id.NewSource(id.MaxNode, time.Now), codes: checkin.NewCodes(box), key: box.Derive("session")}
	return c, c.settle(ctx, n)
}

func (c *County) settle(ctx context.Context, n int) error {
	now := db.At(time.Now())
	c.committee, c.alliance = c.ids.New(), c.ids.New()
	if err := c.insert(ctx, "committees (id, name, created_at)", 1, func(int) []any { return []any{c.committee, c.unique("压测党工委"), now} }); err != nil {
		return err
	}
	err := c.insert(ctx, "alliances (id, committee_id, name, created_at, updated_at)", 1,
		func(int) []any { return []any{c.alliance, c.committee, "压测联盟", now, now} })
	if err != nil {
		return err
	}
	for range units {
		c.units = append(c.units, c.ids.New())
	}
	for range n {
		c.persons = append(c.persons, c.ids.New())
	}
	for range n + 1 { // the last is the staff's
		c.accounts = append(c.accounts, c.ids.New())
	}
	unit := func(i int) id.ID { return c.units[i%units] }
	for _, t := range []struct {
		into string
		n    int
		row  func(int) []any
	}{
		{"units (id, committee_id, alliance_id, name, created_at, updated_at)", units,
			func(i int) []any { return []any{c.units[i], c.committee, c.alliance, unitName(i), now, now} }},
		{"persons (id, unit_id, name, created_at, updated_at)", n,
			func(i int) []any { return []any{c.persons[i], unit(i), fmt.Sprintf("党员%d", i), now, now} }},
		{"accounts (id, openid, created_at, last_login_at)", n + 1,
			func(i int) []any { return []any{c.accounts[i], c.openID(i), now, now} }},
		{"account_persons (account_id, person_id, relation, proof, created_at)", n,
			func(i int) []any { return []any{c.accounts[i], c.persons[i], "self", "phone", now} }},
		{"role_grants (id, role, committee_id, account_id, granted_by, created_at)", 1,
			func(int) []any {
				return []any{c.ids.New(), "committee_staff", c.committee, c.accounts[n], c.accounts[n], now}
			}},
	} {
		if err := c.insert(ctx, t.into, t.n, t.row); err != nil {
			return fmt.Errorf("bench: %s: %w", t.into, err)
		}
	}
	c.tokens = make([]string, min(n, phones))
	split(len(c.tokens), func(from, to int) {
		for i := from; i < to; i++ {
			c.tokens[i] = c.token(c.accounts[i])
		}
	})
	c.staff = c.token(c.accounts[n])
	return nil
}

func (c *County) unique(name string) string { return name + c.committee.String() }

// split shares n things among the processors.
func split(n int, do func(from, to int)) {
	parts := runtime.GOMAXPROCS(0)
	var wg sync.WaitGroup
	for p := range parts {
		wg.Go(func() { do(n*p/parts, n*(p+1)/parts) })
	}
	wg.Wait()
}

// openID is the account's on every emulator of the platform.
func (c *County) openID(i int) string {
	return emulator.OpenID(emulator.User{Name: c.accounts[i].String(), Phone: "bench"})
}

// token makes a session token as the service itself does after a log-in, but for its long life.
func (c *County) token(account id.ID) string {
	now := time.Now()
	s, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Issuer: "bense", Audience: jwt.ClaimStrings{"bense/api"}, Subject: account.String(),
		IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(tokenFor)),
	}).SignedString(c.key)
	if err != nil {
		panic(err) // an HMAC of a short text cannot fail
	}
	return s
}

// insert writes n rows, many in a statement.
func (c *County) insert(ctx context.Context, into string, n int, row func(int) []any) error {
	return insertRows(ctx, c.sql, into, n, row)
}

func insertRows(ctx context.Context, to executor, into string, n int, row func(int) []any) error {
	for from := 0; from < n; from += rowsOnce {
		var args []any
		var q strings.Builder
		q.WriteString("INSERT INTO " + into + " VALUES ")
		for i := from; i < min(from+rowsOnce, n); i++ {
			vals := row(i)
			if i > from {
				q.WriteByte(',')
			}
			q.WriteString("(?" + strings.Repeat(",?", len(vals)-1) + ")")
			args = append(args, vals...)
		}
		if _, err := to.ExecContext(ctx, q.String(), args...); err != nil {
			return err
		}
	}
	return nil
}

// Open makes a fresh activity that begins in half an hour: its list is open, and people may still excuse
// themselves.
func (c *County) Open(ctx context.Context) (List, error) {
	now := time.Now()
	l := List{Activity: c.ids.New(), ID: c.ids.New()}
	starts, ends := now.Add(30*time.Minute), now.Add(3*time.Hour)
	if _, err := c.sql.ExecContext(ctx, "INSERT INTO activities (id, committee_id, alliance_id, kind, title, place, starts_at, ends_at, state, created_by, created_at, updated_at) "+
		"VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", l.Activity, c.committee, c.alliance, "party_day", title, "礼堂", db.At(starts), db.At(ends), "planned",
		c.accounts[len(c.accounts)-1], db.At(now), db.At(now)); err != nil {
		return l, err
	}
	if _, err := c.sql.ExecContext(ctx, "INSERT INTO activity_expected (activity_id, person_id, unit_id) SELECT ?, id, unit_id FROM persons WHERE id >= ? AND id <= ?",
		l.Activity, c.persons[0], c.persons[len(c.persons)-1]); err != nil {
		return l, err
	}
	opens, closes := checkin.Window(starts, ends)
	_, err := c.sql.ExecContext(ctx, "INSERT INTO checkin_lists (id, activity_id, name, opens_at, closes_at, created_at) VALUES (?,?,?,?,?,?)",
		l.ID, l.Activity, checkin.DefaultList, db.At(opens), db.At(closes), db.At(now))
	return l, err
}

// Taps prepares the request of each of the persons from..to: what their phones send after the visit.
func (c *County) Taps(l List, from, to int, named bool) *Batch {
	parts := runtime.GOMAXPROCS(0)
	some := make([]*Batch, parts)
	now := time.Now().UTC()
	var wg sync.WaitGroup
	for p := range parts {
		wg.Go(func() {
			b := &Batch{}
			for i := from + (to-from)*p/parts; i < from+(to-from)*(p+1)/parts; i++ {
				attempt := nonce()
				b.Add(c.tap(l, i, attempt, now, named))
				b.attempts = append(b.attempts, attempt)
			}
			some[p] = b
		})
	}
	wg.Wait()
	all := some[0]
	for _, b := range some[1:] {
		at := len(all.arena)
		all.arena = append(all.arena, b.arena...)
		all.attempts = append(all.attempts, b.attempts...)
		for _, end := range b.ends {
			all.ends = append(all.ends, at+end)
		}
	}
	return all
}

func (c *County) tap(l List, i int, attempt [16]byte, now time.Time, named bool) []byte {
	ticket := c.codes.Ticket(checkin.Ticket{List: l.ID, Account: c.accounts[i], Issued: now})
	extra := ""
	if named {
		extra = fmt.Sprintf(`,"list_id":"%s"`, l.ID)
	}
	return Request("POST", route, c.tokens[i], fmt.Appendf(nil, `{"ticket":"%s","nonce":"%s","person_id":"%s","happened_at":"%s"%s}`,
		ticket, hex.EncodeToString(attempt[:]), c.persons[i], now.Format("2006-01-02T15:04:05.000Z07:00"), extra))
}

func nonce() (b [16]byte) {
	rand.Read(b[:]) // never fails (crypto/rand)
	return b
}

// OpenUsual makes a fresh list for side B, its people beside it.
func (c *County) OpenUsual(ctx context.Context, d *sql.DB) (List, error) {
	now := time.Now()
	l := List{ID: c.ids.New()}
	_, err := d.ExecContext(ctx, "INSERT INTO usual_lists (id, name, opens_at, closes_at, present) VALUES (?,?,?,?,0)",
		l.ID, checkin.DefaultList, db.At(now.Add(-time.Hour)), db.At(now.Add(3*time.Hour)))
	return l, err
}

// SettleUsual makes the tables and the people of side B.
func (c *County) SettleUsual(ctx context.Context, d *sql.DB) error {
	for _, q := range usualTables {
		if _, err := d.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	other := &County{sql: d}
	return other.insert(ctx, "usual_members (person_id, name, status)", len(c.persons),
		func(i int) []any { return []any{c.persons[i], fmt.Sprintf("党员%d", i), "active"} })
}
