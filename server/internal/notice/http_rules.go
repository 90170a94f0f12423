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
	// Nil when it is not said: then it stays.
	Channels []Channel `json:"channels,omitempty" maxItems:"8" doc:"Channels that are switched on, the first to be tried first; those that can't be switched off aren't named. Left out: as they are"`
}

func (v rulesView) rules() (Rules, error) {
	r := Rules{QuietFrom: v.QuietFrom, QuietUntil: v.QuietUntil, RemindDay: v.RemindDay, RemindHours: v.RemindHours}
	if v.Channels == nil {
		return r, nil
	}
	var err error
	r.Channels, err = OrderOf(v.Channels)
	return r, err
}

type rulesAnswer struct {
	QuietFrom   int           `json:"quiet_from"`
	QuietUntil  int           `json:"quiet_until"`
	RemindDay   bool          `json:"remind_day"`
	RemindHours bool          `json:"remind_hours"`
	Channels    []channelView `json:"channels" nullable:"false" doc:"Every channel and what it can do, the first to be tried first"`
}

// ruleRoutes are about when people may be disturbed, and how.
func ruleRoutes(api huma.API, s *Service) {
	view := func(r Rules) rulesAnswer {
		a := rulesAnswer{QuietFrom: r.QuietFrom, QuietUntil: r.QuietUntil, RemindDay: r.RemindDay, RemindHours: r.RemindHours, Channels: []channelView{}}
		for _, c := range s.states(r) {
			a.Channels = append(a.Channels, viewChannel(c))
		}
		return a
	}
	route(api, op("getNoticeRules", http.MethodGet, "/committees/{id}/notice-rules", "Quiet hours, automatic reminders and channels of a committee"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (Rules, error) {
			return s.Rules(ctx, who, in.ID.ID)
		}, view)

	type rulesInput struct {
		web.IDPath
		Body rulesView
	}
	route(api, op("setNoticeRules", http.MethodPut, "/committees/{id}/notice-rules", "Set them"),
		func(ctx context.Context, who actor.Actor, in *rulesInput) (Rules, error) {
			r, err := in.Body.rules()
			if err != nil {
				return Rules{}, err
			}
			return s.SetRules(ctx, who, in.ID.ID, r)
		}, view)
}
