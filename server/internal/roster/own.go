package roster

import (
	"context"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// ownColumns gives the columns that the committee has added to its ledger and uses.
func (s *Service) ownColumns(ctx context.Context, committeeID id.ID) ([]ledger.Column, error) {
	all, err := s.bulk.Columns(ctx, committeeID)
	return slices.DeleteFunc(all, ledger.Column.Retired), err
}

// ahead is how far a date of a committee's own column may lie ahead.
const ahead = 50 // years

// cleanOwn reads a committee's own column. What fits its kind in no way is left out, and the warning says what
// was expected.
func cleanOwn(v Cell, c ledger.Column, now time.Time) (value, warning string) {
	s := plain(v)
	if s == "" || nothing.MatchString(s) {
		return "", ""
	}
	switch c.Kind {
	case ledger.TextColumn:
		return cleanText(v, ledger.MaxOwnText)
	case ledger.DateColumn:
		for _, until := range []time.Time{now, now.AddDate(ahead, 0, 0)} {
			if d, ok := ParseDate(v, until); ok {
				return d, ""
			}
		}
	case ledger.NumberColumn:
		if f, err := strconv.ParseFloat(s, 64); v.Number && err == nil {
			s = strconv.FormatFloat(math.Round(f*1e6)/1e6, 'f', -1, 64) // the spreadsheet's 0.30000000000000004
		}
	}
	value, fault := c.Clean(s)
	if fault != "" {
		return "", "“" + shorten(veil(c.Key(), s)) + "”没有采用：" + fault
	}
	return value, ""
}

func (r *Row) setOwn(key, value string) {
	if r.Own == nil {
		r.Own = map[string]string{}
	}
	r.Own[key] = value
}

func nobodyKeeps(string) bool { return false }

// mergeOwn is merge for the committee's own columns. Those that went out of use since the file was read are
// left alone.
func (p *planner) mergeOwn(into *ledger.Record, r *Row, first bool, keep func(key string) bool) (conflicts []string) {
	if len(r.Own) == 0 {
		return nil
	}
	own, changed := into.Owns(), false
	take := func(key, v string) { own[key], changed = v, true }
	for _, key := range slices.Sorted(maps.Keys(r.Own)) {
		at := slices.IndexFunc(p.own, func(c ledger.Column) bool { return c.Key() == key })
		if at < 0 {
			continue
		}
		c := p.own[at]
		have, fresh, date := own[key], r.Own[key], c.Kind == ledger.DateColumn
		switch {
		case fresh == have || keep(key):
		case have == "" || date && strings.HasPrefix(fresh, have):
			take(key, fresh)
		case date && strings.HasPrefix(have, fresh):
		case first:
			take(key, fresh)
		default:
			conflicts = append(conflicts, key)
		}
	}
	if changed {
		into.SetOwns(own)
	}
	return conflicts
}

// label names a column of the preview.
func (p *planner) label(key string) string { return label(key, p.own) }
