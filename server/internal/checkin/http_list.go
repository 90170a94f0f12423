package checkin

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/web"
)

func listOf(l List) listView {
	return listView{ID: l.ID, Kind: l.Kind, Name: l.Name, OpensAt: l.OpensAt, ClosesAt: l.ClosesAt}
}

type listStateView struct {
	ID       id.ID     `json:"id"`
	Kind     ListKind  `json:"kind" enum:"main,meal,return,check_out,other"`
	Name     string    `json:"name"`
	OpensAt  time.Time `json:"opens_at"`
	ClosesAt time.Time `json:"closes_at"`
	Counts   Tally     `json:"counts"`
}

func listStateOf(s ListCounts) listStateView {
	l := s.List
	return listStateView{ID: l.ID, Kind: l.Kind, Name: l.Name, OpensAt: l.OpensAt, ClosesAt: l.ClosesAt, Counts: s.Counts}
}

const pdfType = "application/pdf"

func listRoutes(api huma.API, s *Service) {
	type lists struct {
		Items []listStateView `json:"items" nullable:"false" doc:"The main one first"`
	}
	huma.Register(api, operation("getLists", http.MethodGet, "/activities/{id}/lists", "The check-in lists of an activity with their counts"),
		func(ctx context.Context, in *web.IDPath) (*web.Out[lists], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			found, err := s.ListsOf(ctx, who, in.ID.ID)
			if err != nil {
				return nil, err
			}
			out := lists{Items: []listStateView{}}
			for _, l := range found {
				out.Items = append(out.Items, listStateOf(l))
			}
			return web.JSON(out), nil
		})
	huma.Register(api, operation("createList", http.MethodPost, "/activities/{id}/lists", "Open a further list: meal, return, check-out or another"),
		func(ctx context.Context, in *struct {
			web.IDPath
			Body struct {
				Kind     ListKind   `json:"kind" enum:"meal,return,check_out,other"`
				Name     string     `json:"name,omitempty" doc:"By default that of the kind; other wants one"`
				OpensAt  *time.Time `json:"opens_at,omitempty"`
				ClosesAt *time.Time `json:"closes_at,omitempty"`
			}
		}) (*web.Out[listStateView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			b := in.Body
			l, err := s.CreateList(ctx, who, in.ID.ID, ListDraft{Kind: b.Kind, Name: b.Name, OpensAt: b.OpensAt, ClosesAt: b.ClosesAt})
			if err != nil {
				return nil, err
			}
			return web.JSON(listStateOf(l)), nil
		})
	huma.Register(api, operation("changeList", http.MethodPatch, "/lists/{id}", "Give a further list another name or window"),
		func(ctx context.Context, in *struct {
			web.IDPath
			Body struct {
				Name     *string    `json:"name,omitempty"`
				OpensAt  *time.Time `json:"opens_at,omitempty"`
				ClosesAt *time.Time `json:"closes_at,omitempty"`
			}
		}) (*web.Out[listStateView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			l, err := s.ChangeList(ctx, who, in.ID.ID, ListChange{Name: in.Body.Name, OpensAt: in.Body.OpensAt, ClosesAt: in.Body.ClosesAt})
			if err != nil {
				return nil, err
			}
			return web.JSON(listStateOf(l)), nil
		})
	remove := operation("removeList", http.MethodDelete, "/lists/{id}", "Remove a further list that nobody is on")
	remove.DefaultStatus = http.StatusNoContent
	huma.Register(api, remove, func(ctx context.Context, in *web.IDPath) (*web.Empty, error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		return nil, s.RemoveList(ctx, who, in.ID.ID)
	})
	seat := operation("seatBuses", http.MethodPut, "/activities/{id}/buses", "Seat persons on a bus; 0 takes them off theirs")
	seat.DefaultStatus = http.StatusNoContent
	huma.Register(api, seat, func(ctx context.Context, in *struct {
		web.IDPath
		Body struct {
			Bus       int     `json:"bus"`
			PersonIDs []id.ID `json:"person_ids" nullable:"false" maxItems:"2000"`
		}
	}) (*web.Empty, error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		return nil, s.Seat(ctx, who, in.ID.ID, in.Body.Bus, in.Body.PersonIDs)
	})
	file := operation("getSignInSheet", http.MethodGet, "/activities/{id}/sign-in-sheet.pdf", "The sheet to be signed with a pen, A4")
	file.Responses = map[string]*huma.Response{"200": {
		Description: "PDF", Content: map[string]*huma.MediaType{pdfType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}}
	huma.Register(api, file, func(ctx context.Context, in *struct {
		web.IDPath
		UnitID web.ID `query:"unit_id" doc:"Of one unit only"`
	}) (*fileOut, error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		name, data, err := s.SignInSheet(ctx, who, in.ID.ID, in.UnitID.ID)
		if err != nil {
			return nil, err
		}
		return &fileOut{Type: pdfType, Disposition: `attachment; filename="sign-in-sheet.pdf"; filename*=UTF-8''` + url.PathEscape(name), Body: data}, nil
	})
}
