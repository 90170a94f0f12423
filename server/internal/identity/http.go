package identity

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/page"
	"bense/server/internal/web"
)

type personView struct {
	ID         id.ID    `json:"id"`
	Name       string   `json:"name"`
	UnitID     id.ID    `json:"unit_id"`
	Unit       string   `json:"unit"`
	AllianceID id.ID    `json:"alliance_id"`
	Alliance   string   `json:"alliance"`
	Relation   Relation `json:"relation" enum:"self,family"`
}

type RoleItem struct {
	ID          id.ID      `json:"id,omitempty"`
	Role        actor.Role `json:"role"`
	CommitteeID id.ID      `json:"committee_id,omitempty"`
	AllianceID  id.ID      `json:"alliance_id,omitempty"`
	UnitID      id.ID      `json:"unit_id,omitempty"`
	Label       string     `json:"label" doc:"Role with its place, in Chinese"`
	From        *time.Time `json:"from,omitempty" doc:"Counts from then on"`
	Until       *time.Time `json:"until,omitempty" doc:"Counts until then"`
	Deputy      bool       `json:"deputy,omitempty" doc:"Stands in for a holder who is away: may do everything but give roles"`
	DeputyOf    id.ID      `json:"deputy_of,omitempty" doc:"The role whose holder is away"`
}

func viewRole(r RoleView) RoleItem {
	return RoleItem{ID: r.ID, Role: r.Role, CommitteeID: r.Place.Committee, AllianceID: r.Place.Alliance, UnitID: r.Place.Unit, Label: r.Label,
		From: optional(r.Term.From), Until: optional(r.Term.Until), Deputy: r.DeputyOf != 0, DeputyOf: r.DeputyOf}
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

type helpView struct {
	Name  string `json:"name"`
	Phone string `json:"phone"`
}

type meView struct {
	AccountID id.ID        `json:"account_id"`
	Name      string       `json:"name"`
	Persons   []personView `json:"persons" nullable:"false"`
	Roles     []RoleItem   `json:"roles" nullable:"false"`
	Help      helpView     `json:"help" doc:"Whom to call"`
}

type sessionView struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
	Me        meView    `json:"me"`
}

type phoneView struct {
	Persons    []personView `json:"persons" nullable:"false"`
	Roles      []RoleItem   `json:"roles" nullable:"false"`
	ChooseSelf bool         `json:"choose_self" doc:"The number belongs to several: ask who is holding the phone"`
}

func viewPerson(p BoundPerson) personView {
	return personView{ID: p.ID, Name: p.Name, UnitID: p.UnitID, Unit: p.Unit, AllianceID: p.AllianceID, Alliance: p.Alliance, Relation: p.Relation}
}

func viewMe(m Me) meView {
	v := meView{AccountID: m.Account, Name: m.Name, Persons: []personView{}, Roles: []RoleItem{}, Help: helpView(m.Help)}
	for _, p := range m.Persons {
		v.Persons = append(v.Persons, viewPerson(p))
	}
	for _, r := range m.Roles {
		v.Roles = append(v.Roles, viewRole(r))
	}
	return v
}

// wxCode is a code that WeChat gave to the phone.
type wxCode struct {
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"128"`
	}
}

// Origin is where a request comes from, as far as the trusted proxies say.
type Origin struct{ address string }

// Resolve reads the address; huma calls it.
func (o *Origin) Resolve(ctx huma.Context) []error {
	o.address = humagin.Unwrap(ctx).ClientIP()
	return nil
}

type codeInput struct {
	Origin
	Body struct {
		Code     string   `json:"code" minLength:"1" maxLength:"40" doc:"Eight digits, or the text of the QR"`
		Relation Relation `json:"relation,omitempty" enum:"self,family" doc:"Oneself by default, while the account is nobody"`
	}
}

type relationInput struct {
	web.IDPath
	Body struct {
		Relation Relation `json:"relation" enum:"self,family"`
	}
}

type boundView struct {
	Person personView `json:"person"`
}

type bindingCodeView struct {
	Code      string    `json:"code"`
	QR        string    `json:"qr" doc:"Text for a QR"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Routes adds the operations of this package.
func Routes(api huma.API, s *Service) {
	routesAccount(api, s)
	routesBinding(api, s)
	routesClaim(api, s)
	routesRole(api, s)
	routesDeputy(api, s)
	routesConsole(api, s)
	routesSession(api, s)
	routesConfirmation(api, s)
}

func operation(opID, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: opID, Method: method, Path: path, Tags: []string{"identity"}, Summary: summary}
}

func creates(op huma.Operation) huma.Operation {
	op.DefaultStatus = http.StatusCreated
	return op
}

func routesAccount(api huma.API, s *Service) {
	huma.Register(api, web.Public(operation("logIn", "POST", "/sessions", "Exchange a wx.login code for a session")),
		func(ctx context.Context, in *wxCode) (*web.Out[sessionView], error) {
			ses, err := s.Login(ctx, in.Body.Code)
			if err != nil {
				return nil, err
			}
			m, err := s.Me(ctx, actor.Actor{Account: ses.Account})
			if err != nil {
				return nil, err
			}
			return web.JSON(sessionView{Token: ses.Token, ExpiresAt: ses.ExpiresAt, Me: viewMe(m)}), nil
		})
	huma.Register(api, operation("getMe", "GET", "/me", "Who I am, for whom I act, whom to call"),
		func(ctx context.Context, _ *struct{}) (*web.Out[meView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			m, err := s.Me(ctx, who)
			if err != nil {
				return nil, err
			}
			return web.JSON(viewMe(m)), nil
		})
	huma.Register(api, operation("bindPhone", "POST", "/me/phone", "Bind whoever has my phone number"),
		func(ctx context.Context, in *wxCode) (*web.Out[phoneView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			r, err := s.BindPhone(ctx, who, in.Body.Code)
			if err != nil {
				return nil, err
			}
			v := viewMe(r.Me)
			return web.JSON(phoneView{Persons: v.Persons, Roles: v.Roles, ChooseSelf: r.ChooseSelf}), nil
		})
}

type tieView struct {
	AccountID id.ID     `json:"account_id"`
	Name      string    `json:"name"`
	Relation  Relation  `json:"relation" enum:"self,family"`
	Proof     Proof     `json:"proof" doc:"How it was confirmed: phone, code, claim"`
	Since     time.Time `json:"since"`
}

type tieInput struct {
	ID      web.ID `path:"id"`
	Account web.ID `path:"account_id"`
}

func routesBinding(api huma.API, s *Service) {
	huma.Register(api, operation("setRelation", "PUT", "/me/persons/{id}", "Say whether a bound person is myself or family"),
		func(ctx context.Context, in *relationInput) (*web.Out[personView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			p, err := s.SetRelation(ctx, who, in.ID.ID, in.Body.Relation)
			if err != nil {
				return nil, err
			}
			return web.JSON(viewPerson(p)), nil
		})
	huma.Register(api, operation("unbindPerson", "DELETE", "/me/persons/{id}", "Stop acting for a person"),
		func(ctx context.Context, in *web.IDPath) (*web.Empty, error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			return nil, s.Unbind(ctx, who, in.ID.ID)
		})
	huma.Register(api, operation("bindByCode", "POST", "/me/bindings", "Bind a person with the liaison's one-time code"),
		func(ctx context.Context, in *codeInput) (*web.Out[boundView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			p, err := s.BindByCode(ctx, who, in.Body.Code, in.Body.Relation, in.address)
			if err != nil {
				return nil, err
			}
			return web.JSON(boundView{Person: viewPerson(p)}), nil
		})
	huma.Register(api, operation("listTies", "GET", "/persons/{id}/accounts", "Accounts that act for a person"),
		func(ctx context.Context, in *web.IDPath) (*web.Out[page.List[tieView]], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			ties, err := s.Ties(ctx, who, in.ID.ID)
			if err != nil {
				return nil, err
			}
			list := make([]tieView, len(ties))
			for i, t := range ties {
				list[i] = tieView{AccountID: t.Account, Name: t.Name, Relation: t.Relation, Proof: t.Proof, Since: t.Since}
			}
			return web.JSON(page.All(list)), nil
		})
	huma.Register(api, operation("endTie", "DELETE", "/persons/{id}/accounts/{account_id}", "Take a person away from an account bound by mistake"),
		func(ctx context.Context, in *tieInput) (*web.Empty, error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			return nil, s.EndTie(ctx, who, in.ID.ID, in.Account.ID)
		})
	huma.Register(api, creates(operation("createBindingCode", "POST", "/persons/{id}/binding-codes", "Make a one-time code for a person")),
		func(ctx context.Context, in *web.IDPath) (*web.Out[bindingCodeView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			if in.ID.ID == 0 {
				return nil, errs.ErrNotFound
			}
			c, err := s.NewBindingCode(ctx, who, in.ID.ID)
			if err != nil {
				return nil, err
			}
			return web.JSON(bindingCodeView{Code: c.Code, QR: c.QR(), ExpiresAt: c.ExpiresAt}), nil
		})
}
