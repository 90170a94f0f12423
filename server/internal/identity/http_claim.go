package identity

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/page"
	"bense/server/internal/web"
)

type ClaimItem struct {
	ID        id.ID      `json:"id"`
	Name      string     `json:"name"`
	Unit      string     `json:"unit"`
	Relation  Relation   `json:"relation" enum:"self,family"`
	Note      string     `json:"note"`
	State     ClaimState `json:"state" enum:"open,confirmed,refused"`
	Reason    string     `json:"reason" doc:"Why it was refused"`
	CreatedAt time.Time  `json:"created_at"`
	DecidedAt *time.Time `json:"decided_at,omitempty"`
}

type candidateView struct {
	ID   id.ID  `json:"id"`
	Name string `json:"name"`
	Unit string `json:"unit"`
	Sex  string `json:"sex"`
}

type claimCaseView struct {
	ClaimItem
	UnitFound  bool            `json:"unit_found" doc:"False: no unit of that name is known"`
	Candidates []candidateView `json:"candidates" nullable:"false" doc:"Persons of that name in that unit"`
}

func viewClaim(c Claim) ClaimItem {
	v := ClaimItem{ID: c.ID, Name: c.Name, Unit: c.Unit, Relation: c.Relation, Note: c.Note, State: c.State, Reason: c.Reason, CreatedAt: c.CreatedAt}
	if !c.DecidedAt.IsZero() {
		v.DecidedAt = &c.DecidedAt
	}
	return v
}

type claimInput struct {
	Body struct {
		Name     string   `json:"name" maxLength:"60"`
		Unit     string   `json:"unit" maxLength:"100"`
		Relation Relation `json:"relation" enum:"self,family"`
		Note     string   `json:"note,omitempty" maxLength:"400"`
	}
}

type claimFilter struct {
	web.Paging
	State ClaimState `query:"state" enum:"open,confirmed,refused" doc:"All by default"`
}

type confirmInput struct {
	web.IDPath
	Body struct {
		PersonID id.ID `json:"person_id"`
	}
}

type refuseInput struct {
	web.IDPath
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"200"`
	}
}

func routesClaim(api huma.API, s *Service) {
	huma.Register(api, creates(operation("makeClaim", "POST", "/me/claims", "Ask the liaison to confirm who I am")),
		func(ctx context.Context, in *claimInput) (*web.Out[ClaimItem], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			c, err := s.MakeClaim(ctx, who, in.Body.Name, in.Body.Unit, in.Body.Relation, in.Body.Note)
			if err != nil {
				return nil, err
			}
			return web.JSON(viewClaim(c)), nil
		})
	huma.Register(api, operation("listMyClaims", "GET", "/me/claims", "My claims and what became of them"),
		func(ctx context.Context, _ *struct{}) (*web.Out[page.List[ClaimItem]], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			claims, err := s.MyClaims(ctx, who)
			if err != nil {
				return nil, err
			}
			items := make([]ClaimItem, 0, len(claims))
			for _, c := range claims {
				items = append(items, viewClaim(c))
			}
			return web.JSON(page.All(items)), nil
		})
	huma.Register(api, operation("listClaims", "GET", "/claims", "Claims that I may decide on"),
		func(ctx context.Context, in *claimFilter) (*web.Out[page.List[claimCaseView]], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			list, err := s.Claims(ctx, who, in.State, in.Page())
			if err != nil {
				return nil, err
			}
			items := make([]claimCaseView, 0, len(list.Items))
			for _, k := range list.Items {
				v := claimCaseView{ClaimItem: viewClaim(k.Claim), UnitFound: k.UnitID != 0, Candidates: []candidateView{}}
				for _, p := range k.Candidates {
					v.Candidates = append(v.Candidates, candidateView{ID: p.ID, Name: p.Name, Unit: p.Unit, Sex: p.Sex})
				}
				items = append(items, v)
			}
			return web.JSON(page.List[claimCaseView]{Items: items, Next: list.Next}), nil
		})
	huma.Register(api, operation("confirmClaim", "POST", "/claims/{id}/confirm", "Bind the claim's account to a person"),
		func(ctx context.Context, in *confirmInput) (*web.Out[ClaimItem], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			c, err := s.ConfirmClaim(ctx, who, in.ID.ID, in.Body.PersonID)
			if err != nil {
				return nil, err
			}
			return web.JSON(viewClaim(c)), nil
		})
	huma.Register(api, operation("refuseClaim", "POST", "/claims/{id}/refuse", "Refuse a claim with a reason"),
		func(ctx context.Context, in *refuseInput) (*web.Out[ClaimItem], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			c, err := s.RefuseClaim(ctx, who, in.ID.ID, in.Body.Reason)
			if err != nil {
				return nil, err
			}
			return web.JSON(viewClaim(c)), nil
		})
}
