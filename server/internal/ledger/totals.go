package ledger

import (
	"context"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// CommitteeTotal is a committee in figures: nobody is named, and nothing smaller than it is counted apart.
type CommitteeTotal struct {
	Committee
	Alliances int
	Units     int
	Loose     int // units of no alliance
	Count
}

// Totals gives the committees for which who may see totals, by name, each on its own without those below it.
func (s *Service) Totals(ctx context.Context, who actor.Actor) ([]CommitteeTotal, error) {
	scope := who.Scope(actor.SeeTotals)
	if scope.Empty() {
		return nil, errs.ErrForbidden
	}
	list, err := s.store.committees(ctx, scope)
	if err != nil {
		return nil, err
	}
	ids := make([]id.ID, len(list))
	for i, c := range list {
		ids[i] = c.ID
	}
	counted, err := s.store.totals(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]CommitteeTotal, len(list))
	for i, c := range list {
		if t := counted[c.ID]; t != nil {
			out[i] = *t
		}
		out[i].Committee = c
	}
	return out, nil
}

// totals counts what stands in committees; those with nothing are missing.
func (s store) totals(ctx context.Context, committees []id.ID) (map[id.ID]*CommitteeTotal, error) {
	out := map[id.ID]*CommitteeTotal{}
	for part := range parts(committees) {
		for _, q := range []struct {
			query string
			put   func(*CommitteeTotal, int, int, Status)
		}{
			{"SELECT committee_id, COUNT(*) AS n FROM alliances WHERE committee_id IN ? GROUP BY committee_id",
				func(t *CommitteeTotal, n, _ int, _ Status) { t.Alliances = n }},
			{"SELECT committee_id, COUNT(*) AS n, SUM(CASE WHEN alliance_id IS NULL THEN 1 ELSE 0 END) AS loose FROM units WHERE committee_id IN ? GROUP BY committee_id",
				func(t *CommitteeTotal, n, loose int, _ Status) { t.Units, t.Loose = n, loose }},
			{"SELECT u.committee_id, p.status, COUNT(*) AS n FROM units u JOIN persons p ON p.unit_id = u.id WHERE u.committee_id IN ? GROUP BY u.committee_id, p.status",
				func(t *CommitteeTotal, n, _ int, st Status) { t.put(st, n) }},
		} {
			var rows []struct {
				CommitteeID id.ID
				Status      Status
				N, Loose    int
			}
			if err := s.db.Conn(ctx).Raw(q.query, part).Scan(&rows).Error; err != nil {
				return nil, db.Unavailable(err)
			}
			for _, r := range rows {
				if out[r.CommitteeID] == nil {
					out[r.CommitteeID] = &CommitteeTotal{}
				}
				q.put(out[r.CommitteeID], r.N, r.Loose, r.Status)
			}
		}
	}
	return out, nil
}
