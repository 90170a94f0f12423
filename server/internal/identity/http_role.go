package identity

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/page"
	"bense/server/internal/web"
)

type holderView struct {
	Name        string `json:"name"`
	PhoneMasked string `json:"phone_masked"`
}

type grantView struct {
	ID id.ID `json:"id"`
	RoleItem
	PersonID  id.ID      `json:"person_id,omitempty"`
	Holder    holderView `json:"holder"`
	Attached  bool       `json:"attached" doc:"False: waits until the holder logs in and confirms the phone"`
	CreatedAt time.Time  `json:"created_at"`
}

func viewGrant(g RoleHolder) grantView {
	return grantView{ID: g.ID, PersonID: g.Person, Attached: g.Attached(), CreatedAt: g.CreatedAt,
		Holder: holderView{Name: g.Name, PhoneMasked: ledger.MaskPhone(g.Phone)},
		RoleItem: RoleItem{Role: g.Role, CommitteeID: g.Place.Committee, AllianceID: g.Place.Alliance,
			UnitID: g.Place.Unit, Label: label(g.Role, g.PlaceName)}}
}

type grantInput struct {
	Body struct {
		Role        actor.Role `json:"role" enum:"head,liaison,lead_staff,committee_staff"`
		CommitteeID id.ID      `json:"committee_id,omitempty" doc:"For committee_staff"`
		AllianceID  id.ID      `json:"alliance_id,omitempty" doc:"For head and lead_staff"`
		UnitID      id.ID      `json:"unit_id,omitempty" doc:"For liaison"`
		PersonID    id.ID      `json:"person_id,omitempty" doc:"For head: a person of the alliance"`
		Holder      *struct {
			Name  string `json:"name" maxLength:"60"`
			Phone string `json:"phone" maxLength:"40"`
		} `json:"holder,omitempty" doc:"For staff: who gets the role on confirming this phone"`
	}
}

func (in *grantInput) request() GrantRequest {
	r := GrantRequest{Role: in.Body.Role, CommitteeID: in.Body.CommitteeID, AllianceID: in.Body.AllianceID,
		UnitID: in.Body.UnitID, PersonID: in.Body.PersonID}
	if in.Body.Holder != nil {
		r.HolderName, r.Phone = in.Body.Holder.Name, in.Body.Holder.Phone
	}
	return r
}

func routesRole(api huma.API, s *Service) {
	huma.Register(api, operation("listRoles", "GET", "/roles", "Roles where I may give them"),
		func(ctx context.Context, in *web.Paging) (*web.Out[page.List[grantView]], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			list, err := s.Roles(ctx, who, in.Page())
			if err != nil {
				return nil, err
			}
			items := make([]grantView, 0, len(list.Items))
			for _, g := range list.Items {
				items = append(items, viewGrant(g))
			}
			return web.JSON(page.List[grantView]{Items: items, Next: list.Next}), nil
		})
	huma.Register(api, creates(operation("grantRole", "POST", "/roles", "Give a role")),
		func(ctx context.Context, in *grantInput) (*web.Out[grantView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			grant, err := s.Grant(ctx, who, in.request())
			if err != nil {
				return nil, err
			}
			g, err := s.Role(ctx, who, grant)
			if err != nil {
				return nil, err
			}
			return web.JSON(viewGrant(g)), nil
		})
	huma.Register(api, operation("revokeRole", "DELETE", "/roles/{id}", "Take a role back"),
		func(ctx context.Context, in *web.IDPath) (*web.Empty, error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			return nil, s.Revoke(ctx, who, in.ID.ID)
		})
}
