package checkin

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/web"
)

type venueCodeView struct {
	Token               string    `json:"token"`
	URL                 string    `json:"url" doc:"Text of the QR code"`
	ExpiresAt           time.Time `json:"expires_at"`
	RefreshAfterSeconds int       `json:"refresh_after_seconds"`
}

type memberCodeView struct {
	Code      string    `json:"code" doc:"Text of the QR code, BM1.…"`
	ExpiresAt time.Time `json:"expires_at"`
}

func codeRoutes(api huma.API, s *Service) {
	huma.Register(api, operation("getVenueCode", http.MethodGet, "/lists/{id}/venue-code", "The rotating code for the screen at the door"),
		func(ctx context.Context, in *web.IDPath) (*web.Out[venueCodeView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			c, err := s.VenueCode(ctx, who, in.ID.ID)
			if err != nil {
				return nil, err
			}
			after := int((c.Refresh + time.Second - 1) / time.Second)
			return web.JSON(venueCodeView{Token: c.Token, URL: c.URL, ExpiresAt: c.ExpiresAt, RefreshAfterSeconds: after}), nil
		})
	huma.Register(api, operation("getMemberCode", http.MethodGet, "/me/member-code", "The code that a member shows at the door; the phone renews it"),
		func(ctx context.Context, in *struct {
			PersonID web.ID `query:"person_id" required:"true"`
		}) (*web.Out[memberCodeView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			text, expires, err := s.MemberCode(ctx, who, in.PersonID.ID)
			if err != nil {
				return nil, err
			}
			return web.JSON(memberCodeView{Code: text, ExpiresAt: expires}), nil
		})
}
