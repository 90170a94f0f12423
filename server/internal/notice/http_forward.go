package notice

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/web"
)

type leafletView struct {
	Text string `json:"text" doc:"Plain lines for a group chat"`
}

type pictureOut struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

// forwardRoutes are about a notice outside of the mini-program.
func forwardRoutes(api huma.API, s *Service) {
	route(api, op("forwardNotice", http.MethodGet, "/notices/{id}/forward", "A notice in plain words, to be passed on"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (Leaflet, error) {
			return s.Forward(ctx, who, in.ID.ID)
		}, func(l Leaflet) leafletView { return leafletView{Text: l.Text()} })

	file := func(opID, path, summary, kind, name string, make func(context.Context, actor.Actor, *web.IDPath) ([]byte, error)) {
		o := op(opID, http.MethodGet, path, summary)
		o.Responses = map[string]*huma.Response{"200": {
			Description: "File", Content: map[string]*huma.MediaType{kind: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
		}}
		huma.Register(api, o, func(ctx context.Context, in *web.IDPath) (*pictureOut, error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			data, err := make(ctx, who, in)
			if err != nil {
				return nil, err
			}
			return &pictureOut{Type: kind, Disposition: `inline; filename="` + name + `"`, Body: data}, nil
		})
	}
	file("getNoticePicture", "/notices/{id}/notice.png", "A notice as one picture of at most 300 KB, with the first of its own pictures in it", "image/png", "notice.png",
		func(ctx context.Context, who actor.Actor, in *web.IDPath) ([]byte, error) {
			return s.Picture(ctx, who, in.ID.ID)
		})
	file("getNoticeCalendar", "/notices/{id}/notice.ics", "The activity of a notice for a calendar", "text/calendar", "notice.ics",
		func(ctx context.Context, who actor.Actor, in *web.IDPath) ([]byte, error) {
			return s.Calendar(ctx, who, in.ID.ID)
		})
}
