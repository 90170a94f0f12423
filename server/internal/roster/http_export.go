package roster

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/web"
)

type exportView struct {
	ID        id.ID     `json:"id"`
	Form      Form      `json:"form" enum:"county,province,print"`
	ScopeName string    `json:"scope_name"`
	Plain     bool      `json:"plain"`
	Columns   []string  `json:"columns" nullable:"false"`
	Reason    string    `json:"reason"`
	Rows      int       `json:"rows"`
	FileName  string    `json:"file_name" doc:"Empty until it is ready"`
	Ready     bool      `json:"ready"`
	Expired   bool      `json:"expired"`
	JobID     id.ID     `json:"job_id"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (s *Service) exportView(e Export) exportView {
	return exportView{ID: e.ID, Form: e.Form, ScopeName: e.ScopeName, Plain: e.Plain, Columns: append([]string{}, e.Columns...), Reason: e.Reason,
		Rows: e.Rows, FileName: e.FileName, Ready: !e.ReadyAt.IsZero(), Expired: !e.ExpiresAt.After(s.clk.Now()), JobID: e.Job,
		CreatedAt: e.CreatedAt, ExpiresAt: e.ExpiresAt}
}

type exportList struct {
	Items   []exportView `json:"items" nullable:"false"`
	Columns []columnView `json:"columns" nullable:"false" doc:"All that may be chosen, in the order of the sheet"`
}

// ownAsk is what is asked of one of the committee's own columns.
type ownAsk struct {
	ColumnID id.ID  `json:"column_id"`
	Value    string `json:"value,omitempty" maxLength:"60" doc:"Of choice and yes_no"`
	From     string `json:"from,omitempty" maxLength:"20" doc:"Of number and date, included"`
	To       string `json:"to,omitempty" maxLength:"20" doc:"Of number and date, included"`
	Blank    bool   `json:"blank,omitempty" doc:"Who has nothing in it"`
}

func (a *ownAsk) ask() ledger.OwnAsk {
	if a == nil {
		return ledger.OwnAsk{}
	}
	return ledger.OwnAsk{Column: a.ColumnID, Value: a.Value, From: a.From, To: a.To, Blank: a.Blank}
}

type exportFile struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

const (
	typePDF  = "application/pdf"
	typeXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// ExportRoutes registers the operations of the export.
func ExportRoutes(api huma.API, s *Service) {
	tags := []string{"export"}
	type wish struct {
		Body struct {
			Form        Form     `json:"form" enum:"county,province,print"`
			CommitteeID id.ID    `json:"committee_id,omitempty" doc:"One of committee, alliance and unit"`
			AllianceID  id.ID    `json:"alliance_id,omitempty"`
			UnitID      id.ID    `json:"unit_id,omitempty"`
			Columns     []string `json:"columns,omitempty" nullable:"false" maxItems:"80" doc:"Keys; none: those that belong to the form"`
			Own         *ownAsk  `json:"own,omitempty" doc:"Only those whose row holds it, as in the list of persons"`
			Plain       bool     `json:"plain,omitempty" doc:"Sensitive columns in plain text"`
			Reason      string   `json:"reason" maxLength:"200"`
		}
	}
	huma.Register(api, huma.Operation{OperationID: "createExport", Method: http.MethodPost, Path: "/exports", Tags: tags,
		Summary: "Prepare a file of the ledger in the background", DefaultStatus: http.StatusCreated},
		func(ctx context.Context, in *wish) (*web.Out[exportView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			b := in.Body
			e, err := s.Export(ctx, who, Wish{Form: b.Form, Committee: b.CommitteeID, Alliance: b.AllianceID, Unit: b.UnitID, Columns: b.Columns, Own: b.Own.ask(), Plain: b.Plain, Reason: b.Reason})
			if err != nil {
				return nil, err
			}
			return web.JSON(s.exportView(e)), nil
		})
	huma.Register(api, huma.Operation{OperationID: "listExports", Method: http.MethodGet, Path: "/exports", Tags: tags,
		Summary: "The last exports of one's own, the newest first"},
		func(ctx context.Context, _ *struct{}) (*web.Out[exportList], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			all, err := s.Exports(ctx, who)
			if err != nil {
				return nil, err
			}
			list := exportList{Items: make([]exportView, len(all)), Columns: []columnView{}}
			for i, e := range all {
				list.Items[i] = s.exportView(e)
			}
			for _, c := range ExportColumns {
				list.Columns = append(list.Columns, columnView{Key: c.Key, Label: c.Label, Sensitive: sensitive[c.Key] != nil})
			}
			return web.JSON(list), nil
		})
	huma.Register(api, huma.Operation{OperationID: "getExport", Method: http.MethodGet, Path: "/exports/{id}", Tags: tags,
		Summary: "An export of one's own"},
		func(ctx context.Context, in *web.IDPath) (*web.Out[exportView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			e, err := s.ExportByID(ctx, who, in.ID.ID)
			if err != nil {
				return nil, err
			}
			return web.JSON(s.exportView(e)), nil
		})
	binary := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	huma.Register(api, huma.Operation{OperationID: "downloadExport", Method: http.MethodGet, Path: "/exports/{id}/file", Tags: tags,
		Summary:   "The file of an export, for its maker, for a day",
		Responses: map[string]*huma.Response{"200": {Description: "Workbook or PDF", Content: map[string]*huma.MediaType{typeXLSX: binary, typePDF: binary}}}},
		func(ctx context.Context, in *web.IDPath) (*exportFile, error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			e, file, err := s.Download(ctx, who, in.ID.ID)
			if err != nil {
				return nil, err
			}
			kind, plain := typeXLSX, "export.xlsx"
			if strings.HasSuffix(e.FileName, ".pdf") {
				kind, plain = typePDF, "export.pdf"
			}
			return &exportFile{Type: kind, Disposition: `attachment; filename="` + plain + `"; filename*=UTF-8''` + url.PathEscape(e.FileName), Body: file}, nil
		})
}
