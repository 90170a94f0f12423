package ledger

import (
	"context"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

// teamsInAlliance reads what the active persons wrote; a few thousand short texts are sooner split than kept apart.
func (s store) teamsInAlliance(ctx context.Context, allianceID id.ID) (map[id.ID][]string, error) {
	var rows []struct {
		ID       id.ID
		TeamWish string
	}
	err := s.db.Conn(ctx).Table("persons").Joins("JOIN units ON units.id = persons.unit_id").Select("persons.id, persons.team_wish").
		Where("units.alliance_id = ? AND persons.status = ? AND persons.team_wish <> ''", allianceID, Active).Scan(&rows).Error
	out := make(map[id.ID][]string, len(rows))
	for _, r := range rows {
		out[r.ID] = TeamNames(r.TeamWish)
	}
	return out, db.Unavailable(err)
}
