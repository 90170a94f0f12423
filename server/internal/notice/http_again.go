package notice

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/page"
)

type eveView struct {
	Ends  time.Time `json:"ends" doc:"The midnight before the activity"`
	Due   int       `json:"due"`
	Known int       `json:"known"`
}

type allianceEvesView struct {
	AllianceID id.ID  `json:"alliance_id"`
	Alliance   string `json:"alliance"`
	Notices    int    `json:"notices"`
	Due        int    `json:"due"`
	Known      int    `json:"known"`
}

// eveRoutes are about who knew in time.
func eveRoutes(api huma.API, s *Service) {
	type query struct {
		Days int `query:"days" minimum:"1" maximum:"366" default:"90"`
	}
	route(api, op("listEveContacts", http.MethodGet, "/eve-contacts", "By alliance in sight: of the people invited, how many knew at the end of the day before"),
		func(ctx context.Context, who actor.Actor, in *query) ([]AllianceEves, error) {
			return s.Eves(ctx, who, in.Days)
		},
		func(list []AllianceEves) page.List[allianceEvesView] {
			return all(list, func(a AllianceEves) allianceEvesView {
				return allianceEvesView{AllianceID: a.Alliance, Alliance: a.Name, Notices: a.Notices, Due: a.Due, Known: a.Known}
			})
		})
}
