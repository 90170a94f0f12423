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

type columnView struct {
	ID           id.ID      `json:"id"`
	CommitteeID  id.ID      `json:"committee_id"`
	Key          string     `json:"key" doc:"Names the column in imports, exports and the history"`
	Name         string     `json:"name"`
	Kind         ColumnKind `json:"kind" enum:"text,number,date,choice,yes_no"`
	Choices      []string   `json:"choices" nullable:"false"`
	Purpose      string     `json:"purpose" doc:"What it is kept for, as the member reads it"`
	LiaisonEdits bool       `json:"liaison_edits" doc:"Else only the lead unit and the office write it"`
	MemberSees   bool       `json:"member_sees" doc:"The person and the head; who keeps the ledger sees it anyway"`
	RetiredAt    *time.Time `json:"retired_at,omitempty" doc:"Hidden since; what was written stays"`
}

func viewColumn(c Column) columnView {
	v := columnView{ID: c.ID, CommitteeID: c.CommitteeID, Key: c.Key(), Name: c.Name, Kind: c.Kind, Choices: append([]string{}, c.Choices...),
		Purpose: c.Purpose, LiaisonEdits: c.LiaisonEdits, MemberSees: c.MemberSees}
	if c.Retired() {
		v.RetiredAt = &c.RetiredAt
	}
	return v
}

// ownValueView is a column with what it holds of one person.
type ownValueView struct {
	ID       id.ID      `json:"id"`
	Name     string     `json:"name"`
	Kind     ColumnKind `json:"kind" enum:"text,number,date,choice,yes_no"`
	Choices  []string   `json:"choices" nullable:"false"`
	Value    string     `json:"value"`
	Editable bool       `json:"editable" doc:"By who asks"`
}

func viewOwnValues(list []OwnValue) []ownValueView {
	out := make([]ownValueView, len(list))
	for i, v := range list {
		out[i] = ownValueView{ID: v.ID, Name: v.Name, Kind: v.Kind, Choices: append([]string{}, v.Choices...), Value: v.Value, Editable: v.Editable}
	}
	return out
}

func viewOwn(list []OwnValue) map[string]string {
	out := map[string]string{}
	for _, v := range list {
		if v.Value != "" {
			out[v.ID.String()] = v.Value
		}
	}
	return out
}

type useView struct {
	Persons int            `json:"persons" doc:"Who have something in the column"`
	Values  map[string]int `json:"values" nullable:"false" doc:"Of choice and yes_no: how often each stands there"`
}

func columnRoutes(api huma.API, s *Service) {
	route(api, op("listColumns", http.MethodGet, "/committees/{id}/columns", "ledger", "A committee's own columns of the ledger, retired ones only for its office"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) ([]Column, error) {
			return s.Columns(ctx, who, in.ID.ID)
		}, all(viewColumn))

	type newColumn struct {
		web.IDPath
		Body struct {
			Name         string     `json:"name" maxLength:"60"`
			Kind         ColumnKind `json:"kind" enum:"text,number,date,choice,yes_no"`
			Choices      []string   `json:"choices,omitempty" nullable:"false" maxItems:"60"`
			Purpose      string     `json:"purpose,omitempty" maxLength:"60"`
			LiaisonEdits bool       `json:"liaison_edits,omitempty"`
			MemberSees   bool       `json:"member_sees,omitempty"`
		}
	}
	route(api, created(op("createColumn", http.MethodPost, "/committees/{id}/columns", "ledger", "Add a column behind the others")),
		func(ctx context.Context, who actor.Actor, in *newColumn) (Column, error) {
			b := in.Body
			return s.CreateColumn(ctx, who, Column{CommitteeID: in.ID.ID, Name: b.Name, Kind: b.Kind, Choices: b.Choices, Purpose: b.Purpose,
				LiaisonEdits: b.LiaisonEdits, MemberSees: b.MemberSees})
		}, viewColumn)

	type columnOrder struct {
		web.IDPath
		Body struct {
			IDs []id.ID `json:"ids" nullable:"false" maxItems:"60" doc:"All columns in use"`
		}
	}
	route(api, op("orderColumns", http.MethodPut, "/committees/{id}/columns/order", "ledger", "Put the columns into an order"),
		func(ctx context.Context, who actor.Actor, in *columnOrder) ([]Column, error) {
			return s.OrderColumns(ctx, who, in.ID.ID, in.Body.IDs)
		}, func(l []Column) page.List[columnView] { return all(viewColumn)(l) })

	type columnPatch struct {
		web.IDPath
		Body struct {
			Name         *string   `json:"name,omitempty" maxLength:"60"`
			Choices      *[]string `json:"choices,omitempty" nullable:"false" maxItems:"60"`
			Purpose      *string   `json:"purpose,omitempty" maxLength:"60"`
			LiaisonEdits *bool     `json:"liaison_edits,omitempty"`
			MemberSees   *bool     `json:"member_sees,omitempty"`
		}
	}
	route(api, op("updateColumn", http.MethodPatch, "/columns/{id}", "ledger", "Change a column; what people's rows hold stays"),
		func(ctx context.Context, who actor.Actor, in *columnPatch) (Column, error) {
			b := in.Body
			return s.UpdateColumn(ctx, who, in.ID.ID, DefinitionChange{Name: b.Name, Purpose: b.Purpose, Choices: b.Choices,
				LiaisonEdits: b.LiaisonEdits, MemberSees: b.MemberSees})
		}, viewColumn)
	route(api, op("columnUse", http.MethodGet, "/columns/{id}/use", "ledger", "How many people have something in a column"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (ColumnUse, error) {
			return s.ColumnUse(ctx, who, in.ID.ID)
		}, func(u ColumnUse) useView { return useView(u) })
	for _, step := range []struct {
		opID, path, what string
		call             func(context.Context, actor.Actor, id.ID) (Column, error)
	}{
		{"retireColumn", "/columns/{id}/retire", "Hide a column; what was written stays", s.RetireColumn},
		{"restoreColumn", "/columns/{id}/restore", "Take a column into use again", s.RestoreColumn},
	} {
		route(api, op(step.opID, http.MethodPost, step.path, "ledger", step.what),
			func(ctx context.Context, who actor.Actor, in *web.IDPath) (Column, error) {
				return step.call(ctx, who, in.ID.ID)
			}, viewColumn)
	}
}
