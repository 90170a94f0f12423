package ledger

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/page"
	"bense/server/internal/web"
)

type householdView struct {
	ID      id.ID        `json:"id" doc:"Empty: the person is in none"`
	Members []PersonView `json:"members" nullable:"false" doc:"The others"`
	Hidden  int          `json:"hidden" doc:"Others that are out of sight"`
	Asked   []PersonView `json:"asked" nullable:"false" doc:"Have the same telephone, and nobody has said yet whether they are family"`
}

func viewHousehold(h Household) householdView {
	v := householdView{ID: h.ID, Hidden: h.Hidden, Members: make([]PersonView, len(h.Members)), Asked: make([]PersonView, len(h.Asked))}
	for i, m := range h.Members {
		v.Members[i] = viewPerson(m)
	}
	for i, a := range h.Asked {
		v.Asked[i] = viewPerson(a)
	}
	return v
}

type pairView struct {
	One   PersonView `json:"one"`
	Other PersonView `json:"other"`
}

func viewPair(p Pair) pairView { return pairView{viewPerson(p.One), viewPerson(p.Other)} }

func householdRoutes(api huma.API, s *Service) {
	type another struct {
		web.IDPath
		Body struct {
			PersonID id.ID `json:"person_id" doc:"The other one"`
		}
	}
	route(api, op("getHousehold", http.MethodGet, "/persons/{id}/household", "ledger", "The household of a person, and who shares the telephone"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (Household, error) {
			return s.Household(ctx, who, in.ID.ID)
		}, viewHousehold)
	route(api, op("joinHousehold", http.MethodPost, "/persons/{id}/household", "ledger", "Two people are one family"),
		func(ctx context.Context, who actor.Actor, in *another) (Household, error) {
			return s.JoinHousehold(ctx, who, in.ID.ID, in.Body.PersonID)
		}, viewHousehold)
	route(api, op("leaveHousehold", http.MethodDelete, "/persons/{id}/household", "ledger", "Take a person out of the household"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (Household, error) {
			return s.LeaveHousehold(ctx, who, in.ID.ID)
		}, viewHousehold)
	route(api, op("denyFamily", http.MethodPost, "/persons/{id}/household/apart", "ledger", "Two people with one telephone are no family"),
		func(ctx context.Context, who actor.Actor, in *another) (Household, error) {
			return s.NoFamily(ctx, who, in.ID.ID, in.Body.PersonID)
		}, viewHousehold)

	type answered struct {
		web.IDPath
		Other web.ID `path:"other_id"`
	}
	route(api, op("askFamilyAgain", http.MethodDelete, "/persons/{id}/household/apart/{other_id}", "ledger", "Take back that two people are no family"),
		func(ctx context.Context, who actor.Actor, in *answered) (Household, error) {
			return s.AskAgain(ctx, who, in.ID.ID, in.Other.ID)
		}, viewHousehold)

	type filter struct {
		web.Paging
		Alliance web.ID `query:"alliance_id"`
		Unit     web.ID `query:"unit_id"`
	}
	route(api, op("listSharedPhones", http.MethodGet, "/ledger/shared-phones", "ledger", "Who shares a telephone, and nobody has said yet whether they are family"),
		func(ctx context.Context, who actor.Actor, in *filter) (page.List[Pair], error) {
			return s.Pairs(ctx, who, Filter{Alliance: in.Alliance.ID, Unit: in.Unit.ID}, in.Page())
		}, func(l page.List[Pair]) page.List[pairView] { return listOf(l, viewPair) })
}
