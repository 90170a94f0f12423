package ledger

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/web"
)

type deskView struct {
	UnitID       id.ID  `json:"unit_id"`
	Venue        string `json:"venue" doc:"Where the branch meets"`
	ContactName  string `json:"contact_name" doc:"Somebody in service"`
	ContactPhone string `json:"contact_phone" doc:"The office's number"`
}

func viewDesk(d Desk) deskView {
	return deskView{UnitID: d.Unit.ID, Venue: d.Venue, ContactName: d.ContactName, ContactPhone: d.ContactPhone}
}

type formerView struct {
	Name  string    `json:"name"`
	Until time.Time `json:"until"`
	By    string    `json:"by" doc:"Who changed it; empty: nobody knows the account"`
}

func viewFormer(f Former) formerView { return formerView{Name: f.Name, Until: f.Until, By: f.By} }

func deskRoutes(api huma.API, s *Service) {
	route(api, op("getUnitDesk", http.MethodGet, "/units/{id}/desk", "ledger", "Venue and contact of a unit"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (Desk, error) {
			return s.Desk(ctx, who, in.ID.ID)
		}, viewDesk)

	type desk struct {
		web.IDPath
		Body struct {
			Venue        string `json:"venue" maxLength:"200"`
			ContactName  string `json:"contact_name" maxLength:"60"`
			ContactPhone string `json:"contact_phone" maxLength:"40"`
		}
	}
	route(api, op("setUnitDesk", http.MethodPut, "/units/{id}/desk", "ledger", "Change venue and contact of a unit"),
		func(ctx context.Context, who actor.Actor, in *desk) (Desk, error) {
			b := in.Body
			return s.SetDesk(ctx, who, in.ID.ID, Desk{Venue: b.Venue, ContactName: b.ContactName, ContactPhone: b.ContactPhone})
		}, viewDesk)

	type newBranch struct {
		Body struct {
			UnitID id.ID  `json:"unit_id"`
			Name   string `json:"name" minLength:"1" maxLength:"100"`
		}
	}
	route(api, created(op("createBranch", http.MethodPost, "/branches", "ledger", "Add a branch to a unit")),
		func(ctx context.Context, who actor.Actor, in *newBranch) (Branch, error) {
			return s.CreateBranch(ctx, who, Branch{UnitID: in.Body.UnitID, Name: in.Body.Name})
		}, viewBranch)

	type branchPatch struct {
		web.IDPath
		Body struct {
			Name string `json:"name" minLength:"1" maxLength:"100"`
		}
	}
	route(api, op("renameBranch", http.MethodPatch, "/branches/{id}", "ledger", "Rename a branch"),
		func(ctx context.Context, who actor.Actor, in *branchPatch) (Branch, error) {
			return s.RenameBranch(ctx, who, in.ID.ID, in.Body.Name)
		}, viewBranch)

	for _, of := range []struct {
		opID, path, what string
		names            func(context.Context, actor.Actor, id.ID) ([]Former, error)
	}{
		{"listUnitNames", "/units/{id}/names", "unit", s.UnitNames},
		{"listBranchNames", "/branches/{id}/names", "branch", s.BranchNames},
		{"listAllianceNames", "/alliances/{id}/names", "alliance", s.AllianceNames},
	} {
		route(api, op(of.opID, http.MethodGet, of.path, "ledger", "Former names of this "+of.what+", the latest first"),
			func(ctx context.Context, who actor.Actor, in *web.IDPath) ([]Former, error) {
				return of.names(ctx, who, in.ID.ID)
			},
			all(viewFormer))
	}
}
