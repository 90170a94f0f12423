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
	RoleItem
	AccountID id.ID      `json:"account_id,omitempty" doc:"Of a holder who has signed in; the audit names it"`
	PersonID  id.ID      `json:"person_id,omitempty"`
	Holder    holderView `json:"holder"`
	Attached  bool       `json:"attached" doc:"False: waits until the holder logs in and confirms the phone"`
	CreatedAt time.Time  `json:"created_at"`
}

func viewGrant(g RoleHolder) grantView {
	return grantView{AccountID: g.Account, PersonID: g.Person, Attached: g.Attached(), CreatedAt: g.CreatedAt,
		Holder:   holderView{Name: g.Name, PhoneMasked: ledger.MaskPhone(g.Phone)},
		RoleItem: viewRole(g.view())}
}

type grantInput struct {
	Body struct {
		Role        actor.Role `json:"role" enum:"head,liaison,lead_staff,committee_staff,viewer"`
		CommitteeID id.ID      `json:"committee_id,omitempty" doc:"For committee_staff and viewer: the committees below are meant, too"`
		AllianceID  id.ID      `json:"alliance_id,omitempty" doc:"For head and lead_staff"`
		UnitID      id.ID      `json:"unit_id,omitempty" doc:"For liaison"`
		PersonID    id.ID      `json:"person_id,omitempty" doc:"For head: a person of the alliance"`
		Holder      *struct {
			Name  string `json:"name" maxLength:"60"`
			Phone string `json:"phone" maxLength:"40"`
		} `json:"holder,omitempty" doc:"For staff: who gets the role on confirming this phone"`
		From  time.Time `json:"from,omitempty" doc:"At once when left out"`
		Until time.Time `json:"until,omitempty" doc:"Until it is taken back when left out"`
	}
}

func (in *grantInput) request() GrantRequest {
	r := GrantRequest{Role: in.Body.Role, CommitteeID: in.Body.CommitteeID, AllianceID: in.Body.AllianceID,
		UnitID: in.Body.UnitID, PersonID: in.Body.PersonID,
		Term: Term{From: in.Body.From, Until: in.Body.Until}}
	if in.Body.Holder != nil {
		r.HolderName, r.Phone = in.Body.Holder.Name, in.Body.Holder.Phone
	}
	return r
}

func routesRole(api huma.API, s *Service) {
	huma.Register(api, operation("listRoles", "GET", "/roles", "Roles where I may give them"),
		func(ctx context.Context, in *struct {
			web.Paging
			Unit web.ID `query:"unit_id" doc:"Of one unit only"`
		}) (*web.Out[page.List[grantView]], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			list, err := s.Roles(ctx, who, in.Unit.ID, in.Page())
			if err != nil {
				return nil, err
			}
			items := make([]grantView, 0, len(list.Items))
			for _, g := range list.Items {
				items = append(items, viewGrant(g))
			}
			return web.JSON(page.List[grantView]{Items: items, Next: list.Next}), nil
		})
	type vacancyView struct {
		UnitID     id.ID  `json:"unit_id"`
		Unit       string `json:"unit"`
		AllianceID id.ID  `json:"alliance_id" doc:"Empty when in none"`
	}
	huma.Register(api, operation("listVacancies", "GET", "/roles/vacancies", "Units without a liaison, where I may give roles"),
		func(ctx context.Context, in *web.Paging) (*web.Out[page.List[vacancyView]], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			list, err := s.Vacancies(ctx, who, in.Page())
			if err != nil {
				return nil, err
			}
			out := page.List[vacancyView]{Items: make([]vacancyView, len(list.Items)), Next: list.Next}
			for i, u := range list.Items {
				out.Items[i] = vacancyView{u.ID, u.Name, u.AllianceID}
			}
			return web.JSON(out), nil
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
