package ledger

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/page"
	"bense/server/internal/web"
)

type committeeView struct {
	ID       id.ID  `json:"id"`
	ParentID id.ID  `json:"parent_id" doc:"Empty at the top"`
	Name     string `json:"name"`
}

type unitView struct {
	ID          id.ID  `json:"id"`
	CommitteeID id.ID  `json:"committee_id"`
	AllianceID  id.ID  `json:"alliance_id" doc:"Empty when in none"`
	Name        string `json:"name"`
	Venue       string `json:"venue" doc:"Where its branch meets"`
}

type branchView struct {
	ID     id.ID  `json:"id"`
	UnitID id.ID  `json:"unit_id"`
	Name   string `json:"name"`
}

type allianceView struct {
	ID          id.ID  `json:"id"`
	CommitteeID id.ID  `json:"committee_id"`
	Name        string `json:"name"`
	LeadUnitID  id.ID  `json:"lead_unit_id" doc:"Empty when none is appointed"`
	Basis       string `json:"basis" doc:"地缘 or 业缘"`
	Venue       string `json:"venue"`
	GroupName   string `json:"group_name" doc:"Name of the WeChat group"`
}

func viewCommittee(c Committee) committeeView {
	return committeeView{ID: c.ID, ParentID: c.ParentID, Name: c.Name}
}

func viewUnit(u Unit) unitView {
	return unitView{ID: u.ID, CommitteeID: u.CommitteeID, AllianceID: u.AllianceID, Name: u.Name, Venue: u.Venue}
}

func viewBranch(b Branch) branchView { return branchView{ID: b.ID, UnitID: b.UnitID, Name: b.Name} }

func viewAlliance(a Alliance) allianceView {
	return allianceView{ID: a.ID, CommitteeID: a.CommitteeID, Name: a.Name, LeadUnitID: a.LeadUnitID,
		Basis: a.Basis, Venue: a.Venue, GroupName: a.GroupName}
}

type proposalView struct {
	ID        id.ID     `json:"id"`
	PersonID  id.ID     `json:"person_id"`
	Name      string    `json:"name"`
	UnitID    id.ID     `json:"unit_id"`
	Unit      string    `json:"unit"`
	Alliance  string    `json:"alliance"`
	Current   Status    `json:"current_status" doc:"active, moved, deceased or suspended"`
	Status    Status    `json:"status" doc:"Proposed status"`
	Evidence  string    `json:"evidence" doc:"The remark in the ledger"`
	Decision  Decision  `json:"decision" doc:"Empty while open, confirmed or dismissed"`
	CreatedAt time.Time `json:"created_at"`
}

func viewProposal(p Proposal) proposalView {
	return proposalView{ID: p.ID, PersonID: p.Person.ID, Name: p.Person.Name, UnitID: p.Person.UnitID, Unit: p.Person.Unit,
		Alliance: p.Person.Alliance, Current: p.Person.Status, Status: p.Status, Evidence: p.Evidence,
		Decision: p.Decision, CreatedAt: p.CreatedAt}
}

// Routes registers the operations of the ledger.
func Routes(api huma.API, s *Service) {
	orgRoutes(api, s)
	deskRoutes(api, s)
	personRoutes(api, s)
	historyRoutes(api, s)
	householdRoutes(api, s)
	contactRoutes(api, s)
	columnRoutes(api, s)
	proposalRoutes(api, s)
}

func op(opID, method, path, tag, summary string) huma.Operation {
	return huma.Operation{OperationID: opID, Method: method, Path: path, Tags: []string{tag}, Summary: summary}
}

func created(o huma.Operation) huma.Operation {
	o.DefaultStatus = http.StatusCreated
	return o
}

// route runs a handler with who is asking and shows what it gives.
func route[I, T, V any](api huma.API, o huma.Operation, call func(context.Context, actor.Actor, *I) (T, error), view func(T) V) {
	huma.Register(api, o, func(ctx context.Context, in *I) (*web.Out[V], error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		v, err := call(ctx, who, in)
		if err != nil {
			return nil, err
		}
		return web.JSON(view(v)), nil
	})
}

func all[T, V any](view func(T) V) func([]T) page.List[V] {
	return func(items []T) page.List[V] { return listOf(page.All(items), view) }
}

func listOf[T, V any](l page.List[T], view func(T) V) page.List[V] {
	out := page.List[V]{Items: make([]V, len(l.Items)), Next: l.Next}
	for i, v := range l.Items {
		out.Items[i] = view(v)
	}
	return out
}

type none struct{}

func orgRoutes(api huma.API, s *Service) {
	route(api, op("listCommittees", http.MethodGet, "/committees", "ledger", "Committees in sight"),
		func(ctx context.Context, who actor.Actor, _ *none) ([]Committee, error) {
			return s.Committees(ctx, who)
		}, all(viewCommittee))

	type newCommittee struct {
		Body struct {
			ParentID id.ID  `json:"parent_id"`
			Name     string `json:"name" minLength:"1" maxLength:"100"`
		}
	}
	route(api, created(op("createCommittee", http.MethodPost, "/committees", "ledger", "Found a committee below another")),
		func(ctx context.Context, who actor.Actor, in *newCommittee) (Committee, error) {
			return s.CreateCommittee(ctx, who, Committee{ParentID: in.Body.ParentID, Name: in.Body.Name})
		}, viewCommittee)

	type committeePatch struct {
		web.IDPath
		Body struct {
			Name     *string `json:"name,omitempty" maxLength:"100"`
			ParentID *id.ID  `json:"parent_id,omitempty" doc:"Empty text: at the top"`
		}
	}
	route(api, op("updateCommittee", http.MethodPatch, "/committees/{id}", "ledger", "Rename a committee, or put it below another"),
		func(ctx context.Context, who actor.Actor, in *committeePatch) (Committee, error) {
			return s.UpdateCommittee(ctx, who, in.ID.ID, CommitteeChange{Name: in.Body.Name, Parent: in.Body.ParentID})
		}, viewCommittee)

	type ofAlliance struct {
		Alliance web.ID `query:"alliance_id"`
	}
	route(api, op("listUnits", http.MethodGet, "/units", "ledger", "Units in sight"),
		func(ctx context.Context, who actor.Actor, in *ofAlliance) ([]Unit, error) {
			return s.Units(ctx, who, in.Alliance.ID)
		}, all(viewUnit))

	type newUnit struct {
		Body struct {
			CommitteeID id.ID  `json:"committee_id"`
			AllianceID  id.ID  `json:"alliance_id,omitempty"`
			Name        string `json:"name" minLength:"1" maxLength:"100"`
		}
	}
	route(api, created(op("createUnit", http.MethodPost, "/units", "ledger", "Add a unit with its branch")),
		func(ctx context.Context, who actor.Actor, in *newUnit) (Unit, error) {
			return s.CreateUnit(ctx, who, Unit{CommitteeID: in.Body.CommitteeID, AllianceID: in.Body.AllianceID, Name: in.Body.Name})
		}, viewUnit)

	type unitPatch struct {
		web.IDPath
		Body struct {
			Name       *string `json:"name,omitempty" maxLength:"100"`
			AllianceID *id.ID  `json:"alliance_id,omitempty" doc:"Empty text: leaves its alliance"`
			Move       bool    `json:"move,omitempty" doc:"The unit may leave another alliance for this one; else that is a conflict"`
		}
	}
	route(api, op("updateUnit", http.MethodPatch, "/units/{id}", "ledger", "Rename a unit, or let it join an alliance"),
		func(ctx context.Context, who actor.Actor, in *unitPatch) (Unit, error) {
			return s.UpdateUnit(ctx, who, in.ID.ID, UnitChange{Name: in.Body.Name, Alliance: in.Body.AllianceID, Move: in.Body.Move})
		}, viewUnit)

	type ofUnit struct {
		Unit web.ID `query:"unit_id"`
	}
	route(api, op("listBranches", http.MethodGet, "/branches", "ledger", "Branches in sight"),
		func(ctx context.Context, who actor.Actor, in *ofUnit) ([]Branch, error) {
			return s.Branches(ctx, who, in.Unit.ID)
		}, all(viewBranch))

	route(api, op("listAlliances", http.MethodGet, "/alliances", "ledger", "Alliances in sight"),
		func(ctx context.Context, who actor.Actor, _ *none) ([]Alliance, error) { return s.Alliances(ctx, who) }, all(viewAlliance))
	route(api, op("getAlliance", http.MethodGet, "/alliances/{id}", "ledger", "One alliance"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (Alliance, error) {
			return s.Alliance(ctx, who, in.ID.ID)
		}, viewAlliance)

	type newAlliance struct {
		Body struct {
			CommitteeID id.ID  `json:"committee_id"`
			Name        string `json:"name" minLength:"1" maxLength:"100"`
			LeadUnitID  id.ID  `json:"lead_unit_id,omitempty"`
			Basis       string `json:"basis,omitempty" maxLength:"20"`
			Venue       string `json:"venue,omitempty" maxLength:"200"`
			GroupName   string `json:"group_name,omitempty" maxLength:"100"`
		}
	}
	route(api, created(op("createAlliance", http.MethodPost, "/alliances", "ledger", "Found an alliance")),
		func(ctx context.Context, who actor.Actor, in *newAlliance) (Alliance, error) {
			b := in.Body
			return s.CreateAlliance(ctx, who, Alliance{CommitteeID: b.CommitteeID, Name: b.Name, LeadUnitID: b.LeadUnitID,
				Basis: b.Basis, Venue: b.Venue, GroupName: b.GroupName})
		}, viewAlliance)

	type alliancePatch struct {
		web.IDPath
		Body struct {
			Name       *string `json:"name,omitempty" maxLength:"100"`
			LeadUnitID *id.ID  `json:"lead_unit_id,omitempty" doc:"Empty text: none"`
			Basis      *string `json:"basis,omitempty" maxLength:"20"`
			Venue      *string `json:"venue,omitempty" maxLength:"200"`
			GroupName  *string `json:"group_name,omitempty" maxLength:"100"`
		}
	}
	route(api, op("updateAlliance", http.MethodPatch, "/alliances/{id}", "ledger", "Change lead unit, venue or group of an alliance"),
		func(ctx context.Context, who actor.Actor, in *alliancePatch) (Alliance, error) {
			b := in.Body
			return s.UpdateAlliance(ctx, who, in.ID.ID, AllianceChange{Name: b.Name, Basis: b.Basis, Venue: b.Venue,
				GroupName: b.GroupName, LeadUnit: b.LeadUnitID})
		}, viewAlliance)
}

func proposalRoutes(api huma.API, s *Service) {
	type filter struct {
		web.Paging
		Alliance web.ID `query:"alliance_id"`
		Unit     web.ID `query:"unit_id"`
		Decision string `query:"decision" enum:"confirmed,dismissed" doc:"Open ones when absent"`
	}
	route(api, op("listProposals", http.MethodGet, "/proposals", "ledger", "Deaths and moves that remarks hint at"),
		func(ctx context.Context, who actor.Actor, in *filter) (page.List[Proposal], error) {
			f := ProposalFilter{Alliance: in.Alliance.ID, Unit: in.Unit.ID, Decision: Decision(in.Decision)}
			return s.Proposals(ctx, who, f, in.Page())
		}, func(l page.List[Proposal]) page.List[proposalView] { return listOf(l, viewProposal) })
	type decided struct {
		web.IDPath
		Body *struct {
			Reason string `json:"reason,omitempty" maxLength:"200" doc:"For the audit"`
		}
	}
	reason := func(in *decided) string {
		if in.Body == nil {
			return ""
		}
		return in.Body.Reason
	}
	route(api, op("confirmProposal", http.MethodPost, "/proposals/{id}/confirm", "ledger", "Give the person the proposed status"),
		func(ctx context.Context, who actor.Actor, in *decided) (Proposal, error) {
			return s.ConfirmProposal(ctx, who, in.ID.ID, reason(in))
		}, viewProposal)
	route(api, op("dismissProposal", http.MethodPost, "/proposals/{id}/dismiss", "ledger", "Close a proposal without a change"),
		func(ctx context.Context, who actor.Actor, in *decided) (Proposal, error) {
			return s.DismissProposal(ctx, who, in.ID.ID, reason(in))
		}, viewProposal)
}
