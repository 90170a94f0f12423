package notice

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/attachment"
	"bense/server/internal/id"
	"bense/server/internal/web"
)

type pictureView struct {
	ID     id.ID      `json:"id"`
	Width  int        `json:"width"`
	Height int        `json:"height"`
	State  PhotoState `json:"state" enum:"pending,passed,review,refused" doc:"pending: WeChat has not said yet; review: a person must look"`
}

func viewPictures(list []Photo) []pictureView {
	out := make([]pictureView, 0, len(list))
	for _, p := range list {
		out = append(out, pictureView{p.ID, p.Width, p.Height, p.State})
	}
	return out
}

// slowPicture is how long a picture may take over a phone's line.
const slowPicture = time.Minute

// pictureRoutes are about the pictures of a notice.
func pictureRoutes(api huma.API, s *Service) {
	type upload struct {
		web.IDPath
		RawBody []byte `contentType:"application/octet-stream"`
	}
	add := op("addNoticePicture", http.MethodPost, "/notices/{id}/pictures", "Add a picture (JPEG, PNG) to a draft; it is drawn anew, and WeChat is asked about it")
	add.DefaultStatus, add.MaxBodyBytes, add.BodyReadTimeout = http.StatusCreated, attachment.MaxPictureBytes, slowPicture
	route(api, add, func(ctx context.Context, who actor.Actor, in *upload) (Item, error) {
		return s.AddPhoto(ctx, who, in.ID.ID, in.RawBody)
	}, viewItem)

	type one struct {
		web.IDPath
		Picture web.ID `path:"picture_id"`
	}
	route(api, op("removeNoticePicture", http.MethodDelete, "/notices/{id}/pictures/{picture_id}", "Take a picture off a draft, or off a notice that is out"),
		func(ctx context.Context, who actor.Actor, in *one) (Item, error) {
			return s.RemovePhoto(ctx, who, in.ID.ID, in.Picture.ID)
		}, viewItem)

	type jpeg struct {
		Type  string `header:"Content-Type"`
		Cache string `header:"Cache-Control"`
		Body  []byte
	}
	file := func(o huma.Operation) huma.Operation {
		o.Responses = map[string]*huma.Response{"200": {Description: "File", Content: map[string]*huma.MediaType{
			"image/jpeg": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}}
		return o
	}
	huma.Register(api, file(op("getPictureOfNotice", http.MethodGet, "/notices/{id}/pictures/{picture_id}", "A picture of a notice")),
		func(ctx context.Context, in *one) (*jpeg, error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			data, err := s.Photo(ctx, who, in.ID.ID, in.Picture.ID)
			return &jpeg{"image/jpeg", "private, max-age=86400", data}, err
		})
	type token struct {
		Token string `path:"token" maxLength:"120"`
	}
	huma.Register(api, file(web.Public(op("showPictureToWeChat", http.MethodGet, "/notice-pictures/{token}", "A picture for WeChat's check, until it is judged"))),
		func(ctx context.Context, in *token) (*jpeg, error) {
			data, err := s.Shown(ctx, in.Token)
			return &jpeg{"image/jpeg", "no-store", data}, err
		})
}
