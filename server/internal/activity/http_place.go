package activity

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

type placesView struct {
	Capacity    int        `json:"capacity" doc:"Seats; 0: no limit"`
	AnswerUntil *time.Time `json:"answer_until,omitempty" doc:"When members have to ask the liaison instead; without: the start"`
	Companions  int        `json:"companions" required:"false" doc:"That one person may bring, each a seat"`
	Lift        bool       `json:"lift" required:"false" doc:"Who needs one is fetched"`
}

func viewPlaces(p Places) placesView {
	return placesView{Capacity: p.Capacity, AnswerUntil: moment(p.AnswerUntil), Companions: p.Companions, Lift: p.Lift}
}

type liftView struct {
	PersonID id.ID  `json:"person_id"`
	Name     string `json:"name"`
	UnitID   id.ID  `json:"unit_id"`
	Unit     string `json:"unit"`
	Phone    string `json:"phone"`
	PickUp   string `json:"pick_up"`
	Seats    int    `json:"seats" doc:"With companions"`
}

func placeRoutes(api huma.API, s *Service) {
	huma.Register(api, huma.Operation{
		OperationID: "setActivityPlaces", Method: http.MethodPut, Path: "/activities/{id}/places", Tags: []string{"activity"},
		Summary: "How many may come, until when they answer, what they may bring along; more places go to those who wait, fewer take none away",
	}, func(ctx context.Context, in *struct {
		web.IDPath
		Body placesView
	}) (*web.Out[view], error) {
		who, err := actor.From(ctx)
		if err == nil {
			p := Places{Capacity: in.Body.Capacity, Companions: in.Body.Companions, Lift: in.Body.Lift}
			if in.Body.AnswerUntil != nil {
				p.AnswerUntil = *in.Body.AnswerUntil
			}
			err = s.SetPlaces(ctx, who, in.ID.ID, p)
		}
		return s.show(ctx, who, in.ID.ID, err)
	})
	huma.Register(api, huma.Operation{
		OperationID: "giveActivityPlace", Method: http.MethodPut, Path: "/activities/{id}/places/{person_id}", Tags: []string{"activity"},
		Summary: "Give somebody who waits a free place before their turn, for a reason",
	}, func(ctx context.Context, in *struct {
		web.IDPath
		PersonID web.ID `path:"person_id"`
		Body     struct {
			Reason string `json:"reason" maxLength:"200"`
		}
	}) (*web.Out[view], error) {
		who, err := actor.From(ctx)
		if err == nil {
			err = s.GivePlace(ctx, who, in.ID.ID, in.PersonID.ID, in.Body.Reason)
		}
		return s.show(ctx, who, in.ID.ID, err)
	})
	huma.Register(api, huma.Operation{
		OperationID: "listActivityLifts", Method: http.MethodGet, Path: "/activities/{id}/lifts", Tags: []string{"activity"},
		Summary: "Whom to fetch where, with numbers; every look is audited",
	}, func(ctx context.Context, in *web.IDPath) (*web.Out[page.List[liftView]], error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		list, err := s.Lifts(ctx, who, in.ID.ID)
		if err != nil {
			return nil, err
		}
		out := page.List[liftView]{Items: []liftView{}}
		for _, l := range list {
			out.Items = append(out.Items, liftView{PersonID: l.Person, Name: l.Name, UnitID: l.Expected.Unit, Unit: l.Unit, Phone: l.Phone, PickUp: l.PickUp, Seats: l.Seats()})
		}
		return web.JSON(out), nil
	})
}
