package checkin

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/web"
)

type posterView struct {
	ID         id.ID     `json:"id"`
	URL        string    `json:"url" doc:"Text of the QR code"`
	ValidFrom  time.Time `json:"valid_from"`
	ValidUntil time.Time `json:"valid_until"`
}

func (s *Service) posterOf(p Poster, l List) posterView {
	v := posterView{ID: p.ID, URL: s.PosterURL(p)}
	v.ValidFrom, v.ValidUntil = p.Window(l)
	return v
}

func posterRoutes(api huma.API, s *Service) {
	issue := operation("issuePoster", http.MethodPost, "/lists/{id}/posters", "A code to print and hang up; what is signed in by it is flagged, because it can be photographed")
	issue.DefaultStatus = http.StatusCreated
	huma.Register(api, issue, func(ctx context.Context, in *struct {
		web.IDPath
		Body struct {
			ValidFrom  time.Time `json:"valid_from,omitempty" doc:"As the list opens, by default"`
			ValidUntil time.Time `json:"valid_until,omitempty" doc:"As the list closes, by default"`
		}
	}) (*web.Out[posterView], error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		p, l, err := s.IssuePoster(ctx, who, in.ID.ID, in.Body.ValidFrom, in.Body.ValidUntil)
		if err != nil {
			return nil, err
		}
		return web.JSON(s.posterOf(p, l)), nil
	})
	type posters struct {
		Items []posterView `json:"items" nullable:"false"`
	}
	huma.Register(api, operation("listPosters", http.MethodGet, "/lists/{id}/posters", "The posters of a list that are not revoked"),
		func(ctx context.Context, in *web.IDPath) (*web.Out[posters], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			list, l, err := s.Posters(ctx, who, in.ID.ID)
			if err != nil {
				return nil, err
			}
			out := posters{Items: []posterView{}}
			for _, p := range list {
				out.Items = append(out.Items, s.posterOf(p, l))
			}
			return web.JSON(out), nil
		})
	revoke := operation("revokePoster", http.MethodDelete, "/posters/{id}", "Make a poster worthless")
	revoke.DefaultStatus = http.StatusNoContent
	huma.Register(api, revoke, func(ctx context.Context, in *web.IDPath) (*web.Empty, error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		return nil, s.RevokePoster(ctx, who, in.ID.ID)
	})
	const jpeg = "image/jpeg"
	picture := operation("getPosterPicture", http.MethodGet, "/posters/{id}/code.jpg", "The mini-program code of a poster")
	picture.Responses = map[string]*huma.Response{"200": {
		Description: "Picture", Content: map[string]*huma.MediaType{jpeg: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}}
	huma.Register(api, picture, func(ctx context.Context, in *web.IDPath) (*fileOut, error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		image, err := s.PosterPicture(ctx, who, in.ID.ID)
		if err != nil {
			return nil, err
		}
		return &fileOut{Type: http.DetectContentType(image), Disposition: "inline", Body: image}, nil
	})
	const document = "application/pdf"
	file := operation("getPosterFile", http.MethodGet, "/posters/{id}/poster.pdf", "A poster to print on A4")
	file.Responses = map[string]*huma.Response{"200": {
		Description: "PDF", Content: map[string]*huma.MediaType{document: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}}
	huma.Register(api, file, func(ctx context.Context, in *web.IDPath) (*fileOut, error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		data, err := s.PosterFile(ctx, who, in.ID.ID)
		if err != nil {
			return nil, err
		}
		return &fileOut{Type: document, Disposition: `inline; filename="poster.pdf"`, Body: data}, nil
	})
	confirm := operation("confirmCheckIn", http.MethodPost, "/lists/{id}/check-ins/{person_id}/confirm", "A liaison has looked at a record that is flagged: the person is here")
	confirm.DefaultStatus = http.StatusNoContent
	huma.Register(api, confirm, func(ctx context.Context, in *struct {
		web.IDPath
		PersonID web.ID `path:"person_id"`
	}) (*web.Empty, error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		return nil, s.Confirm(ctx, who, in.ID.ID, in.PersonID.ID)
	})
}
