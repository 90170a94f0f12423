package notice

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/page"
	"bense/server/internal/web"
)

type failedView struct {
	ID       id.ID         `json:"id"`
	NoticeID id.ID         `json:"notice_id"`
	Title    string        `json:"title"`
	Alliance string        `json:"alliance"`
	Template string        `json:"template" doc:"What kind of message, in words"`
	Channel  string        `json:"channel" doc:"On which it went, in words"`
	PersonID id.ID         `json:"person_id"`
	Name     string        `json:"name"`
	Unit     string        `json:"unit"`
	State    DeliveryState `json:"state" enum:"failed,unknown" doc:"unknown: it may have arrived"`
	Code     string        `json:"code"`
	Why      string        `json:"why" doc:"The code in words"`
	At       time.Time     `json:"at"`
	Attempts int           `json:"attempts"`
	Resent   int           `json:"resent" doc:"How often somebody has sent it again"`
}

func viewFailed(m FailedMessage) failedView {
	return failedView{
		ID: m.ID, NoticeID: m.Notice, Title: m.Title, Alliance: m.Alliance, Template: occasionNames[m.Template], PersonID: m.Person, Name: m.Name,
		Unit: m.Unit, State: m.State, Code: m.Code, Why: whyFailed(m.Delivery), Channel: m.Channel.Traits().Name, At: m.At, Attempts: m.Attempts, Resent: m.Resent,
	}
}

type failedCountsView struct {
	Failed  int `json:"failed"`
	Unknown int `json:"unknown" doc:"May have arrived"`

	Resting []restView `json:"resting" nullable:"false" doc:"Channels that send nothing at this moment"`
}

type restView struct {
	Channel string    `json:"channel" doc:"In words"`
	Until   time.Time `json:"until" doc:"When it is tried again"`
}

func viewCounts(c FailedCounts) failedCountsView {
	v := failedCountsView{Failed: c.Failed, Unknown: c.Unknown, Resting: []restView{}}
	for _, r := range c.Resting {
		v.Resting = append(v.Resting, restView{Channel: r.Channel.Traits().Name, Until: r.Until})
	}
	return v
}

type resendingView struct {
	Queued   int `json:"queued"`
	NoCredit int `json:"no_credit" doc:"Readers who have not agreed to another message: call them"`
	Over     int `json:"over" doc:"Dealt with by somebody else, or of a notice that has ended"`
}

// failedRoutes are about messages that wait for somebody's decision.
func failedRoutes(api huma.API, s *Service) {
	type list struct {
		State    string `query:"state" enum:"failed,unknown" doc:"Empty: both"`
		NoticeID web.ID `query:"notice_id"`
		After    web.ID `query:"after"`
		Limit    int    `query:"limit" minimum:"0" maximum:"1000"`
	}
	size := func(in *list) int { return page.Page{Limit: in.Limit}.Size() }
	route(api, op("listFailedMessages", http.MethodGet, "/failed-messages", "Messages of running notices that did not arrive, or may not have"),
		func(ctx context.Context, who actor.Actor, in *list) (page.List[FailedMessage], error) {
			l, err := s.FailedMessages(ctx, who, FailedFilter{State: DeliveryState(in.State), Notice: in.NoticeID.ID, After: in.After.ID, Limit: size(in) + 1})
			return page.Of(l, size(in), func(m FailedMessage) string { return m.ID.String() }), err
		},
		func(l page.List[FailedMessage]) page.List[failedView] {
			return page.List[failedView]{Items: all(l.Items, viewFailed).Items, Next: l.Next}
		})

	route(api, op("countFailedMessages", http.MethodGet, "/failed-messages/counts", "How many there are"),
		func(ctx context.Context, who actor.Actor, _ *struct{}) (FailedCounts, error) {
			return s.FailedCounts(ctx, who)
		},
		viewCounts)

	type resend struct {
		Body struct {
			IDs   []id.ID `json:"ids" minItems:"1" maxItems:"200"`
			Twice bool    `json:"may_arrive_twice,omitempty" doc:"It was confirmed that some may have arrived already"`
		}
	}
	route(api, op("resendFailedMessages", http.MethodPost, "/failed-messages/resend", "Send messages again; those that may have arrived only when confirmed"),
		func(ctx context.Context, who actor.Actor, in *resend) (Resending, error) {
			return s.Resend(ctx, who, in.Body.IDs, in.Body.Twice)
		}, func(r Resending) resendingView { return resendingView(r) })
}
