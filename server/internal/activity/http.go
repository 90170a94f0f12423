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

type view struct {
	ID           id.ID      `json:"id"`
	AllianceID   id.ID      `json:"alliance_id"`
	Alliance     string     `json:"alliance"`
	HostUnitID   id.ID      `json:"host_unit_id" doc:"Empty: the alliance itself"`
	HostUnit     string     `json:"host_unit"`
	Kind         Kind       `json:"kind" enum:"party_day,meeting,outing,lecture,red_education,volunteer,culture,sport,study"`
	Title        string     `json:"title"`
	Place        string     `json:"place"`
	StartsAt     time.Time  `json:"starts_at"`
	EndsAt       time.Time  `json:"ends_at"`
	State        State      `json:"state" enum:"planned,ended,cancelled"`
	Places       placesView `json:"places"`
	CancelReason string     `json:"cancel_reason"`
	NoticeID     id.ID      `json:"notice_id" doc:"Empty: none, or not published yet"`
	Lists        []ListRef  `json:"lists" nullable:"false" doc:"Check-in lists, the main one first"`
	Counts       Counts     `json:"counts"`
	Mine         []mineView `json:"mine" nullable:"false" doc:"The caller's own persons who are expected"`
}

type mineView struct {
	PersonID id.ID  `json:"person_id"`
	Name     string `json:"name"`
	Answer   string `json:"answer" enum:",going,leave,unsure,waiting"`
	Reason   string `json:"reason"`
	AlongView
	Ahead     int        `json:"ahead" doc:"People who have their turn before, of somebody who waits"`
	Wants     int        `json:"wants" doc:"Places that those who wait under one number want together; more than there are in all: they are passed over"`
	PresentAt *time.Time `json:"present_at,omitempty"`
}

func viewOf(d Detail, now time.Time) view {
	v := view{
		ID: d.ID, AllianceID: d.Alliance, Alliance: d.AllianceName, HostUnitID: d.HostUnit, HostUnit: d.HostName,
		Kind: d.Kind, Title: d.Title, Place: d.Place, StartsAt: d.StartsAt, EndsAt: d.EndsAt, State: d.State(now),
		Places: viewPlaces(d.Places), CancelReason: d.CancelReason, NoticeID: d.Notice, Lists: d.Lists, Counts: d.Counts, Mine: []mineView{},
	}
	if v.Lists == nil {
		v.Lists = []ListRef{}
	}
	for _, m := range d.Mine {
		v.Mine = append(v.Mine, mineView{PersonID: m.Person, Name: m.Name, Answer: m.Answer, Reason: m.Reason, AlongView: viewAlong(m.Expected),
			Ahead: m.Ahead, Wants: m.Wants, PresentAt: moment(m.PresentAt)})
	}
	return v
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

type createBody struct {
	AllianceID id.ID       `json:"alliance_id"`
	HostUnitID id.ID       `json:"host_unit_id,omitempty"`
	Kind       Kind        `json:"kind" doc:"party_day, meeting, outing, lecture, red_education, volunteer, culture, sport or study"`
	Title      string      `json:"title"`
	Place      string      `json:"place"`
	StartsAt   time.Time   `json:"starts_at"`
	EndsAt     time.Time   `json:"ends_at"`
	Notice     *noticeBody `json:"notice,omitempty" doc:"Drafts the announcement along with it"`
}

type noticeBody struct {
	Title string `json:"title"`
	Body  string `json:"body"`
}

type changeBody struct {
	HostUnitID *id.ID     `json:"host_unit_id,omitempty"`
	Kind       *Kind      `json:"kind,omitempty"`
	Title      *string    `json:"title,omitempty"`
	Place      *string    `json:"place,omitempty"`
	StartsAt   *time.Time `json:"starts_at,omitempty"`
	EndsAt     *time.Time `json:"ends_at,omitempty"`
}

func (b changeBody) change() Change {
	return Change{HostUnit: b.HostUnitID, Kind: b.Kind, Title: b.Title, Place: b.Place, StartsAt: b.StartsAt, EndsAt: b.EndsAt}
}

// Routes adds the operations of activities.
func Routes(api huma.API, s *Service) {
	huma.Register(api, huma.Operation{
		OperationID: "createActivity", Method: http.MethodPost, Path: "/activities", Tags: []string{"activity"},
		Summary: "Make an activity, its list of expected persons and, if asked, a draft of its notice", DefaultStatus: http.StatusCreated,
	}, func(ctx context.Context, in *struct{ Body createBody }) (*web.Out[view], error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		b := in.Body
		d := Draft{Alliance: b.AllianceID, HostUnit: b.HostUnitID, Kind: b.Kind, Title: b.Title, Place: b.Place, StartsAt: b.StartsAt, EndsAt: b.EndsAt}
		if b.Notice != nil {
			d.Notice = &NoticeDraft{Title: b.Notice.Title, Body: b.Notice.Body}
		}
		a, err := s.Create(ctx, who, d)
		return s.show(ctx, who, a.ID, err)
	})
	huma.Register(api, huma.Operation{
		OperationID: "listActivities", Method: http.MethodGet, Path: "/activities", Tags: []string{"activity"},
		Summary: "Activities that the caller sees: planned ones soonest first, others latest first",
	}, func(ctx context.Context, in *struct {
		AllianceID web.ID `query:"alliance_id"`
		State      string `query:"state" enum:",planned,ended,cancelled"`
		Kind       string `query:"kind" enum:",party_day,meeting,outing,lecture,red_education,volunteer,culture,sport,study"`
		web.Paging
	}) (*web.Out[page.List[view]], error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		found, err := s.List(ctx, who, Filter{Alliance: in.AllianceID.ID, State: State(in.State), Kind: Kind(in.Kind), Page: in.Paging.Page()})
		if err != nil {
			return nil, err
		}
		out := page.List[view]{Items: []view{}, Next: found.Next}
		for _, d := range found.Items {
			out.Items = append(out.Items, viewOf(d, s.Clock.Now()))
		}
		return web.JSON(out), nil
	})
	huma.Register(api, huma.Operation{
		OperationID: "getActivity", Method: http.MethodGet, Path: "/activities/{id}", Tags: []string{"activity"}, Summary: "One activity",
	}, func(ctx context.Context, in *web.IDPath) (*web.Out[view], error) {
		who, err := actor.From(ctx)
		return s.show(ctx, who, in.ID.ID, err)
	})
	huma.Register(api, huma.Operation{
		OperationID: "changeActivity", Method: http.MethodPatch, Path: "/activities/{id}", Tags: []string{"activity"},
		Summary: "Change what is given; check-in moves along with the time",
	}, func(ctx context.Context, in *struct {
		web.IDPath
		Body changeBody
	}) (*web.Out[view], error) {
		who, err := actor.From(ctx)
		if err == nil {
			_, err = s.Change(ctx, who, in.ID.ID, in.Body.change())
		}
		return s.show(ctx, who, in.ID.ID, err)
	})
	huma.Register(api, huma.Operation{
		OperationID: "cancelActivity", Method: http.MethodPost, Path: "/activities/{id}/cancel", Tags: []string{"activity"},
		Summary: "Call an activity off; its notice tells why", DefaultStatus: http.StatusOK,
	}, func(ctx context.Context, in *struct {
		web.IDPath
		Body struct {
			Reason string `json:"reason,omitempty"`
		}
	}) (*web.Out[view], error) {
		who, err := actor.From(ctx)
		if err == nil {
			_, err = s.Cancel(ctx, who, in.ID.ID, in.Body.Reason)
		}
		return s.show(ctx, who, in.ID.ID, err)
	})
	answerRoutes(api, s)
	placeRoutes(api, s)
}

// show answers with the activity as it now stands, or with err.
func (s *Service) show(ctx context.Context, who actor.Actor, activityID id.ID, err error) (*web.Out[view], error) {
	return web.After(err, func() (Detail, error) { return s.Get(ctx, who, activityID) }, func(d Detail) view { return viewOf(d, s.Clock.Now()) })
}
