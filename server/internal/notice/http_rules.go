package notice

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/web"
)

type rulesView struct {
	QuietFrom   int  `json:"quiet_from" minimum:"0" maximum:"1439" doc:"Minutes after midnight in China"`
	QuietUntil  int  `json:"quiet_until" minimum:"0" maximum:"1439" doc:"Equal to quiet_from: messages ring at any hour"`
	RemindDay   bool `json:"remind_day" doc:"Remind those whom nothing has reached a day before the activity"`
	RemindHours bool `json:"remind_hours" doc:"And two hours before"`
}

// ruleRoutes are about when people may be disturbed.
func ruleRoutes(api huma.API, s *Service) {
	view := func(r Rules) rulesView { return rulesView(r) }
	route(api, op("getNoticeRules", http.MethodGet, "/committees/{id}/notice-rules", "Quiet hours and automatic reminders of a committee"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (Rules, error) {
			return s.Rules(ctx, who, in.ID.ID)
		}, view)

	type rulesInput struct {
		web.IDPath
		Body rulesView
	}
	route(api, op("setNoticeRules", http.MethodPut, "/committees/{id}/notice-rules", "Set them"),
		func(ctx context.Context, who actor.Actor, in *rulesInput) (Rules, error) {
			return s.SetRules(ctx, who, in.ID.ID, Rules(in.Body))
		}, view)
}
