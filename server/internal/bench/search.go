package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/page"
)

// SearchFigures are those of one search, through the service as a page asks it, fifty a page.
type SearchFigures struct {
	Name       string   `json:"name"`
	P50        float64  `json:"p50_ms"` // of the whole service, opening what is sealed included
	P95        float64  `json:"p95_ms"`
	P99        float64  `json:"p99_ms"`
	Database   float64  `json:"database_p50_ms"` // its statements alone
	Ratio      float64  `json:"ratio,omitempty"` // of Database to that of a person by id
	Statements float64  `json:"statements"`      // for one search
	Found      int      `json:"found"`
	Scans      bool     `json:"scans"` // the plan reads a whole table of persons or terms
	Plan       []string `json:"plan"`
}

// probe is one kind of search.
type probe struct {
	name string
	run  func(ctx context.Context) (int, error)
}

// statement is one that the service sent.
type statement struct {
	sql  string
	args []any
}

// searcher runs the service itself on the province, and listens to what it asks the database.
type searcher struct {
	db     *db.DB
	ledger *ledger.Service
	p      *Province

	spent time.Duration
	sent  []statement
}

func newSearcher(d *db.DB, p *Province, master string) (*searcher, error) {
	key, err := crypt.ParseKey(master)
	if err != nil {
		return nil, err
	}
	box, err := crypt.New(key)
	if err != nil {
		return nil, err
	}
	ids, clk := id.NewSource(id.MaxNode-1, time.Now), clock.System()
	s := &searcher{db: d, p: p, ledger: ledger.New(d, box, ids, clk, audit.New(d, box, ids, clk))}
	return s, s.listen()
}

// byID is what all searches are held against: one person, read by id through the same service.
func (s *searcher) byID() probe {
	n := 0
	some := s.p.Persons[:min(50, len(s.p.Persons))] // in memory, as what a clerk has just looked at
	return probe{"a person by id", func(ctx context.Context) (int, error) {
		n++
		_, err := s.ledger.Person(ctx, actor.System, some[n%len(some)])
		return 1, err
	}}
}

func staffOf(role actor.Role, at actor.Place) actor.Actor {
	return actor.Actor{Account: 1, Grants: []actor.Grant{{Role: role, Place: at}}}
}

const wholeProvince = "province"

// cases are the searches that a clerk makes, in the largest county, in the whole province and in a unit.
func (s *searcher) cases(ctx context.Context) ([]probe, error) {
	p := s.p
	large := staffOf(actor.CommitteeStaff, actor.Place{Committee: p.Large})
	small := staffOf(actor.CommitteeStaff, actor.Place{Committee: p.Small})
	unit := staffOf(actor.Liaison, actor.Place{Committee: p.Large, Alliance: p.Alliance, Unit: p.Unit})
	var out []probe
	add := func(where string, who actor.Actor, what string, f ledger.Filter, after string) {
		out = append(out, probe{where + ": " + what, func(ctx context.Context) (int, error) {
			l, err := s.ledger.Persons(ctx, who, f, page.Page{After: after})
			return len(l.Items), err
		}})
	}
	for _, w := range []struct {
		name string
		who  actor.Actor
	}{{"county", large}, {wholeProvince, actor.System}, {"unit", unit}} {
		add(w.name, w.who, "list", ledger.Filter{}, "")
		add(w.name, w.who, "name 王建国", ledger.Filter{Query: "王建国"}, "")
		add(w.name, w.who, "beginning 王", ledger.Filter{Query: "王"}, "")
		add(w.name, w.who, "beginning 王建", ledger.Filter{Query: "王建"}, "")
		add(w.name, w.who, "inside 建国", ledger.Filter{Query: "建国"}, "")
		add(w.name, w.who, "pinyin wangjian", ledger.Filter{Query: "wangjian"}, "")
		add(w.name, w.who, "initials wjg", ledger.Filter{Query: "wjg"}, "")
		add(w.name, w.who, "one letter w", ledger.Filter{Query: "w"}, "")
		add(w.name, w.who, "last four digits", ledger.Filter{Query: p.Last4}, "")
		add(w.name, w.who, "number", ledger.Filter{Query: p.Phone}, "")
		add(w.name, w.who, "nobody 欧阳欧", ledger.Filter{Query: "欧阳欧"}, "")
		for _, st := range []ledger.Status{ledger.Active, ledger.Deceased, ledger.Suspended} {
			add(w.name, w.who, "list, "+string(st), ledger.Filter{Status: st}, "")
			add(w.name, w.who, "王, "+string(st), ledger.Filter{Query: "王", Status: st}, "")
		}
		if w.name == "unit" {
			continue
		}
		add(w.name, w.who, "unit", ledger.Filter{Unit: p.Unit}, "")
		add(w.name, w.who, "unit, 王", ledger.Filter{Unit: p.Unit, Query: "王"}, "")
		add(w.name, w.who, "alliance, active, 建", ledger.Filter{Alliance: p.Alliance, Status: ledger.Active, Query: "建"}, "")
		committee := p.Large
		if w.who.System {
			committee = 0
		}
		middle, err := s.deep(ctx, committee, "王", 2)
		if err != nil {
			return nil, err
		}
		add(w.name, w.who, "王, page in the middle", ledger.Filter{Query: "王"}, middle)
		last, err := s.deep(ctx, committee, "w", 1)
		if err != nil {
			return nil, err
		}
		add(w.name, w.who, "w, last page", ledger.Filter{Query: "w"}, last)
		add(w.name, w.who, "list, page in the middle", ledger.Filter{}, p.Persons[min(p.largePersons, len(p.Persons))/2].String())
	}
	add("small county", small, "list", ledger.Filter{}, "")
	add("small county", small, "beginning 王", ledger.Filter{Query: "王"}, "")
	add("small county", small, "list, suspended", ledger.Filter{Status: ledger.Suspended}, "")
	return out, nil
}

// deep gives the cursor of a page far into a search: the middle, or, with 1, the last pinyin of all.
func (s *searcher) deep(ctx context.Context, committee id.ID, typed string, part int64) (string, error) {
	where, args := "term >= ? AND term < ?", []any{typed, typed + "\U0010FFFF"}
	if part == 1 { // what follows the last pinyin, wu…, are initials of people who were counted under their pinyin
		args = []any{typed + "u", typed + "v"}
	}
	if committee != 0 {
		where, args = where+" AND committee_id = ?", append(args, committee)
	}
	q := s.db.Conn(ctx).Table("person_terms").Where(where, args...)
	var n int64
	if err := q.Count(&n).Error; err != nil {
		return "", err
	}
	if n == 0 {
		return "", nil
	}
	order := "term, person_id"
	if part == 1 {
		order = "term DESC, person_id DESC"
	}
	var found []id.ID
	err := s.db.Conn(ctx).Table("person_terms").Where(where, args...).Order(order).Limit(1).Offset(int(n/2)*int(part-1)).Pluck("person_id", &found).Error
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0].String(), nil
}

// How often a search is made: so that the slow ones are seen too, but none takes the whole evening.
const (
	searchesMost  = 200
	searchesLeast = 5
	searchFor     = 3 * time.Second
)

// measure makes a search again and again.
func (s *searcher) measure(ctx context.Context, c probe) (SearchFigures, error) {
	f := SearchFigures{Name: c.name}
	var whole Hist
	var database []float64
	statements := 0
	if _, err := c.run(ctx); err != nil { // the first one warms up
		return f, err
	}
	begun := time.Now()
	for n := 0; n < searchesMost && (n < searchesLeast || time.Since(begun) < searchFor); n++ {
		s.spent, s.sent = 0, s.sent[:0]
		at := time.Now()
		found, err := c.run(ctx)
		if err != nil {
			return f, err
		}
		whole.Add(time.Since(at))
		database = append(database, s.spent.Seconds()*1000)
		statements, f.Found = statements+len(s.sent), found
	}
	f.P50, f.P95, f.P99 = ms(whole.Quantile(.5)), ms(whole.Quantile(.95)), ms(whole.Quantile(.99))
	f.Database, f.Statements = median(database), float64(statements)/float64(len(database))
	return f, s.explain(ctx, &f)
}

// explain asks for the plan of every different statement of the last search.
func (s *searcher) explain(ctx context.Context, f *SearchFigures) error {
	seen := map[string]bool{}
	for _, q := range append([]statement{}, s.sent...) {
		if seen[q.sql] || len(seen) == 4 { // the further ones of a search differ in their length only
			continue
		}
		seen[q.sql] = true
		rows, err := s.db.SQL().QueryContext(ctx, "EXPLAIN "+q.sql, q.args...)
		if err != nil {
			return fmt.Errorf("explain: %w", err)
		}
		var steps []string
		for rows.Next() {
			var no, kind, table, access, possible, key, length, ref, count, extra *string
			if err := rows.Scan(&no, &kind, &table, &access, &possible, &key, &length, &ref, &count, &extra); err != nil {
				rows.Close()
				return err
			}
			text := func(p *string) string {
				if p == nil {
					return "-"
				}
				return *p
			}
			t := text(table)
			steps = append(steps, fmt.Sprintf("%s %s/%s %s %s", t, text(access), text(key), text(count), text(extra)))
			whole := text(access) == "ALL" || text(access) == "index" && !strings.Contains(q.sql, "LIMIT")
			f.Scans = f.Scans || whole && (t == "persons" || t == "p" || t == "t" || t == "person_terms")
		}
		if err := rows.Err(); err != nil {
			return err
		}
		rows.Close()
		f.Plan = append(f.Plan, strings.Join(steps, "; "))
	}
	return nil
}
