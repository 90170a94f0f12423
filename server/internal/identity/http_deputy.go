package identity

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/page"
	"bense/server/internal/web"
)

type deputyInput struct {
	web.IDPath
	Body struct {
		Phone string    `json:"phone" maxLength:"40" doc:"Of a colleague in the role's place who has confirmed it"`
		From  time.Time `json:"from,omitempty" doc:"At once when left out"`
		Until time.Time `json:"until"`
	}
}

func routesDeputy(api huma.API, s *Service) {
	huma.Register(api, creates(operation("delegateRole", "POST", "/me/roles/{id}/deputies", "Have a colleague stand in for me for a time")),
		func(ctx context.Context, in *deputyInput) (*web.Out[grantView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			d, err := s.Delegate(ctx, who, DeputyRequest{Role: in.ID.ID, Phone: in.Body.Phone, Term: Term{From: in.Body.From, Until: in.Body.Until}})
			if err != nil {
				return nil, err
			}
			return web.JSON(viewGrant(d)), nil
		})
	huma.Register(api, creates(operation("delegateRoleFor", "POST", "/roles/{id}/deputies", "Have a colleague stand in for somebody who is away")),
		func(ctx context.Context, in *deputyInput) (*web.Out[grantView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			d, err := s.DelegateFor(ctx, who, DeputyRequest{Role: in.ID.ID, Phone: in.Body.Phone, Term: Term{From: in.Body.From, Until: in.Body.Until}})
			if err != nil {
				return nil, err
			}
			return web.JSON(viewGrant(d)), nil
		})
	huma.Register(api, operation("listDeputies", "GET", "/me/deputies", "Who stands in for me, now or later"),
		func(ctx context.Context, _ *struct{}) (*web.Out[page.List[grantView]], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			list, err := s.Deputies(ctx, who)
			if err != nil {
				return nil, err
			}
			items := make([]grantView, len(list))
			for i, d := range list {
				items[i] = viewGrant(d)
			}
			return web.JSON(page.All(items)), nil
		})
	huma.Register(api, operation("recallDeputy", "DELETE", "/me/deputies/{id}", "I am back: the deputy's time ends"),
		func(ctx context.Context, in *web.IDPath) (*web.Empty, error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			return nil, s.Recall(ctx, who, in.ID.ID)
		})
}
