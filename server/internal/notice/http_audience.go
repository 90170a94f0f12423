package notice

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/web"
)

type audienceView struct {
	Kind    AudienceKind `json:"kind" enum:"alliance,units,branches,teams,silent,alliances" doc:"alliance: everybody; silent: who has not answered to the notice that this one follows; alliances: of a committee's notice"`
	IDs     []id.ID      `json:"ids,omitempty" maxItems:"500" doc:"Units, branches or alliances"`
	Teams   []string     `json:"teams,omitempty" maxItems:"500" doc:"Names of interest teams"`
	Follows id.ID        `json:"follows_id,omitempty" doc:"The notice before"`
}

type partView struct {
	ID     id.ID  `json:"id"`
	Name   string `json:"name"`
	People int    `json:"people"`
	Calls  int    `json:"calls" doc:"Of these, nobody reads for them in WeChat: they must be called"`
}

type teamView struct {
	Name   string `json:"name"`
	People int    `json:"people"`
	Calls  int    `json:"calls" doc:"As of a part"`
}

type teamSetView struct {
	Names  []string `json:"names" nullable:"false"`
	People int      `json:"people"`
	Calls  int      `json:"calls"`
}

type choiceView struct {
	People   int           `json:"people"`
	Calls    int           `json:"calls"`
	Units    []partView    `json:"units" nullable:"false"`
	Branches []partView    `json:"branches" nullable:"false"`
	Teams    []teamView    `json:"teams" nullable:"false" doc:"Interest teams that the ledger names, the largest first"`
	TeamSets []teamSetView `json:"team_sets" nullable:"false" doc:"People by the teams that they named: who is in several of those chosen counts once"`
	Silent   []partView    `json:"silent" nullable:"false" doc:"Notices about coming activities, with those who have not answered"`
}

func viewChoice(c Choice) choiceView {
	parts := func(list []Part) []partView { return each(list, func(p Part) partView { return partView(p) }) }
	return choiceView{People: c.People, Calls: c.Calls, Units: parts(c.Units), Branches: parts(c.Branches), Silent: parts(c.Silent),
		Teams:    each(c.Teams, func(p Part) teamView { return teamView{p.Name, p.People, p.Calls} }),
		TeamSets: each(c.TeamSets, func(t TeamSet) teamSetView { return teamSetView(t) })}
}

// audienceRoutes are about whom a notice addresses.
func audienceRoutes(api huma.API, s *Service) {
	route(api, op("getNoticeChoices", http.MethodGet, "/alliances/{id}/notice-choices", "Among whom a notice of an alliance can choose, counted"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (Choice, error) {
			return s.Choices(ctx, who, in.ID.ID)
		}, viewChoice)
	type address struct {
		web.IDPath
		Body audienceView
	}
	route(api, op("addressNotice", http.MethodPut, "/notices/{id}/audience", "Choose whom a draft addresses"),
		func(ctx context.Context, who actor.Actor, in *address) (Item, error) {
			b := in.Body
			return s.Address(ctx, who, in.ID.ID, Audience{Kind: b.Kind, Subjects: b.IDs, Teams: b.Teams}, b.Follows)
		}, viewItem)
}
