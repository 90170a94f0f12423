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

// AlongView is what somebody brings along; exported because huma leaves fields of unexported ones out.
type AlongView struct {
	Companions []string   `json:"companions" nullable:"false" doc:"Who goes along, by relation: spouse, child, relative, carer"`
	Lift       bool       `json:"lift" doc:"Is fetched"`
	PickUp     string     `json:"pick_up" doc:"Where"`
	PlacedAt   *time.Time `json:"placed_at,omitempty" doc:"When somebody who waited got a place"`
}

func viewAlong(e Expected) AlongView {
	v := AlongView{Companions: e.Companions, Lift: e.Lift, PickUp: e.PickUp, PlacedAt: moment(e.PlacedAt)}
	if v.Companions == nil {
		v.Companions = []string{}
	}
	return v
}

type answerView struct {
	PersonID   id.ID      `json:"person_id"`
	Name       string     `json:"name"`
	UnitID     id.ID      `json:"unit_id"`
	Unit       string     `json:"unit"`
	Answer     string     `json:"answer" enum:",going,leave,unsure,waiting"`
	Reason     string     `json:"reason"`
	Companions []string   `json:"companions" nullable:"false"`
	Lift       bool       `json:"lift"`
	Turn       int        `json:"turn" doc:"Of somebody who waits: the number of the party in the order; those of one number get places together"`
	At         *time.Time `json:"at,omitempty"`
	By         string     `json:"by" doc:"Who recorded it"`
}

// SaidBody is what is said of one person; exported like AlongView.
type SaidBody struct {
	Answer     string    `json:"answer" doc:"going, leave or unsure; who says going when all places are taken waits"`
	Reason     string    `json:"reason,omitempty" doc:"Kept with leave only, encrypted"`
	Companions *[]string `json:"companions,omitempty" maxItems:"2" doc:"Who goes along, by relation: spouse, child, relative, carer; without: as said before"`
	Lift       *bool     `json:"lift,omitempty" doc:"Needs a lift; without: as said before"`
	PickUp     string    `json:"pick_up,omitempty" doc:"Where to be fetched, encrypted"`
}

func (b SaidBody) said(person id.ID) Said {
	return Said{Person: person, Answer: b.Answer, Reason: b.Reason, Companions: b.Companions, Lift: b.Lift, PickUp: b.PickUp}
}

func answerRoutes(api huma.API, s *Service) {
	huma.Register(api, huma.Operation{
		OperationID: "answerActivity", Method: http.MethodPut, Path: "/activities/{id}/answers/{person_id}", Tags: []string{"activity"},
		Summary: "参加, 请假 or 不确定 of a person: one's own until the deadline, on behalf by liaison, head or staff",
	}, func(ctx context.Context, in *struct {
		web.IDPath
		PersonID web.ID `path:"person_id"`
		Body     SaidBody
	}) (*web.Out[view], error) {
		who, err := actor.From(ctx)
		if err == nil {
			err = s.AnswerAll(ctx, who, in.ID.ID, []Said{in.Body.said(in.PersonID.ID)})
		}
		return s.show(ctx, who, in.ID.ID, err)
	})
	type item struct {
		PersonID id.ID `json:"person_id"`
		SaidBody
	}
	huma.Register(api, huma.Operation{
		OperationID: "answerActivityTogether", Method: http.MethodPut, Path: "/activities/{id}/answers", Tags: []string{"activity"},
		Summary: "Answers of several people at once, all or none: who says going together gets places together or waits together",
	}, func(ctx context.Context, in *struct {
		web.IDPath
		Body struct {
			Items []item `json:"items" minItems:"1" maxItems:"8"`
		}
	}) (*web.Out[view], error) {
		who, err := actor.From(ctx)
		if err == nil {
			list := make([]Said, len(in.Body.Items))
			for i, b := range in.Body.Items {
				list[i] = b.said(b.PersonID)
			}
			err = s.AnswerAll(ctx, who, in.ID.ID, list)
		}
		return s.show(ctx, who, in.ID.ID, err)
	})
	huma.Register(api, huma.Operation{
		OperationID: "listAnswers", Method: http.MethodGet, Path: "/activities/{id}/answers", Tags: []string{"activity"},
		Summary: "Who answered what: of the own unit for a liaison, of the alliance for head and staff",
	}, func(ctx context.Context, in *web.IDPath) (*web.Out[page.List[answerView]], error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		list, err := s.AnswersOf(ctx, who, in.ID.ID)
		if err != nil {
			return nil, err
		}
		out := page.List[answerView]{Items: []answerView{}}
		for _, r := range list {
			out.Items = append(out.Items, answerView{PersonID: r.Person, Name: r.Name, UnitID: r.Expected.Unit, Unit: r.Unit, Answer: r.Answer,
				Reason: r.Reason, Companions: viewAlong(r.Expected).Companions, Lift: r.Lift, Turn: r.Queue, At: moment(r.AnsweredAt), By: r.By})
		}
		return web.JSON(out), nil
	})
}
