package roster

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/web"
)

type differenceView struct {
	Field  string `json:"field"`
	Label  string `json:"label"`
	From   string `json:"from" doc:"Masked where sensitive, unless plain"`
	To     string `json:"to" doc:"Masked where sensitive, unless plain"`
	Choice Choice `json:"choice" enum:"take,keep,later"`
}

type contradictionView struct {
	Field    string `json:"field"`
	Label    string `json:"label"`
	First    string `json:"first"`
	FirstRow string `json:"first_row" doc:"群团 第4行"`
	Later    string `json:"later"`
	LaterRow string `json:"later_row"`
	Choice   Choice `json:"choice" enum:"take,keep,later"`
}

type itemView struct {
	Item      int                 `json:"item" doc:"Names the person in choices"`
	PersonID  id.ID               `json:"person_id" doc:"Of somebody in the ledger"`
	Sheet     string              `json:"sheet"`
	Row       int                 `json:"row"`
	Name      string              `json:"name"`
	Unit      string              `json:"unit"`
	Branch    string              `json:"branch"`
	Alliance  string              `json:"alliance"`
	Choice    Choice              `json:"choice" enum:"take,keep,later" doc:"About the person as a whole"`
	Fields    []differenceView    `json:"fields" nullable:"false"`
	Conflicts []contradictionView `json:"conflicts" nullable:"false"`
	SamePhone []string            `json:"same_phone" nullable:"false" doc:"Who else has the telephone"`
}

type itemList struct {
	Items []itemView `json:"items" nullable:"false"`
	Next  string     `json:"next" doc:"after of the next page; empty on the last one"`
}

func (c Choices) of(no int, key string) Choice {
	for _, want := range []Choice{Keep, Later} {
		if c.is(no, key, want) {
			return want
		}
	}
	return Take
}

func itemsOf(items []Item, chosen Choices, tab Tab) []itemView {
	out := make([]itemView, len(items))
	for i, it := range items {
		v := itemView{Item: it.No, Sheet: it.Sheet, Row: it.Row, Name: it.Name, Unit: it.Unit, Branch: it.Branch, Alliance: it.Alliance,
			Choice: chosen.of(it.No, ""), Fields: make([]differenceView, len(it.Fields)), Conflicts: make([]contradictionView, len(it.Conflicts)),
			SamePhone: append([]string{}, it.SamePhone...)}
		if tab != TabNew { // the id of somebody new is another one at the commit
			v.PersonID = it.Person
		}
		for k, d := range it.Fields {
			v.Fields[k] = differenceView{Field: d.Key, Label: d.Label, From: d.From, To: d.To, Choice: chosen.of(it.No, d.Key)}
		}
		for k, c := range it.Conflicts {
			v.Conflicts[k] = contradictionView{Field: c.Key, Label: c.Label, First: c.First, FirstRow: c.FirstRow, Later: c.Later,
				LaterRow: c.LaterRow, Choice: chosen.of(it.No, c.Key)}
		}
		out[i] = v
	}
	return out
}

// summaryView is an import in a list.
type summaryView struct {
	ID          id.ID       `json:"id"`
	CommitteeID id.ID       `json:"committee_id"`
	FileName    string      `json:"file_name"`
	State       State       `json:"state" enum:"reading,failed,preview,committed,undone"`
	JobID       id.ID       `json:"job_id"`
	By          string      `json:"by" doc:"Name of who brought it in"`
	Persons     personsView `json:"persons"`
	RefusedRows int         `json:"refused_rows"`
	CreatedAt   string      `json:"created_at" format:"date-time"`
	CommittedAt string      `json:"committed_at" doc:"Empty before the commit"`
	UndoneAt    string      `json:"undone_at" doc:"Empty unless it was undone"`
}

type importList struct {
	Items []summaryView `json:"items" nullable:"false"`
}

type meaningView struct {
	Title  string `json:"title" minLength:"1" maxLength:"90"`
	Column string `json:"column" maxLength:"40" doc:"A column's key; empty: do not import"`
}

type columnView struct {
	Key       string `json:"key"`
	Label     string `json:"label"`
	Sensitive bool   `json:"sensitive" doc:"Masked unless asked for with a reason"`
}

type columnList struct {
	Columns []columnView  `json:"columns" nullable:"false" doc:"What a title may be said to mean"`
	Saved   []meaningView `json:"saved" nullable:"false" doc:"What the committee's clerks explained before"`
}

func previewRoutes(api huma.API, s *Service) {
	tags := []string{"roster"}
	type ofCommittee struct {
		CommitteeID web.ID `query:"committee_id"`
	}
	huma.Register(api, huma.Operation{OperationID: "listImports", Method: http.MethodGet, Path: "/imports", Tags: tags,
		Summary: "The last imports, the newest first"},
		func(ctx context.Context, in *ofCommittee) (*web.Out[importList], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			all, err := s.List(ctx, who, in.CommitteeID.ID)
			if err != nil {
				return nil, err
			}
			names, err := s.makers(ctx, all)
			if err != nil {
				return nil, err
			}
			list := importList{Items: make([]summaryView, len(all))}
			for i, imp := range all {
				r := imp.Report
				list.Items[i] = summaryView{ID: imp.ID, CommitteeID: imp.CommitteeID, FileName: imp.FileName, State: imp.State, JobID: imp.Job,
					By: names[imp.CreatedBy], Persons: personsView{New: r.New, Changed: r.Changed, Same: r.Same, Total: r.Persons},
					RefusedRows: len(r.Refused), CreatedAt: rfc3339(imp.CreatedAt), CommittedAt: rfc3339(imp.CommittedAt), UndoneAt: rfc3339(imp.UndoneAt)}
			}
			return web.JSON(list), nil
		})
	type page struct {
		web.IDPath
		Tab   Tab    `query:"tab" required:"true" enum:"new,changed,same"`
		After string `query:"after" maxLength:"10" doc:"next of the page before"`
		Plain bool   `query:"plain" doc:"Sensitive columns in plain text; leaves a line in the audit"`
	}
	huma.Register(api, huma.Operation{OperationID: "listImportItems", Method: http.MethodGet, Path: "/imports/{id}/items", Tags: tags,
		Summary: "A page of a preview: what would become of every person of the file"},
		func(ctx context.Context, in *page) (*web.Out[itemList], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			part := 0
			if in.After != "" {
				if part, err = strconv.Atoi(in.After); err != nil {
					return nil, errs.ErrInvalid.With(errs.Field("after", "翻页位置不对"))
				}
			}
			items, chosen, next, err := s.Items(ctx, who, in.ID.ID, in.Tab, part, in.Plain)
			if err != nil {
				return nil, err
			}
			list := itemList{Items: itemsOf(items, chosen, in.Tab)}
			if next > 0 {
				list.Next = strconv.Itoa(next)
			}
			return web.JSON(list), nil
		})
	type choices struct {
		web.IDPath
		Body struct {
			Items []struct {
				Item   int    `json:"item" minimum:"0" doc:"0: all persons of the file"`
				Field  string `json:"field" maxLength:"40" doc:"Empty: the person as a whole"`
				Choice Choice `json:"choice" enum:"take,keep,later"`
			} `json:"items" minItems:"1" maxItems:"500"`
		}
	}
	huma.Register(api, huma.Operation{OperationID: "chooseInImport", Method: http.MethodPut, Path: "/imports/{id}/choices", Tags: tags,
		Summary: "Say what to take and what to keep", DefaultStatus: http.StatusNoContent},
		func(ctx context.Context, in *choices) (*web.Empty, error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			list := make([]ChoiceOf, len(in.Body.Items))
			for i, c := range in.Body.Items {
				list[i] = ChoiceOf(c)
			}
			return nil, s.Choose(ctx, who, in.ID.ID, list)
		})
	type required struct {
		CommitteeID web.ID `query:"committee_id" required:"true"`
	}
	huma.Register(api, huma.Operation{OperationID: "listImportColumns", Method: http.MethodGet, Path: "/import-columns", Tags: tags,
		Summary: "What titles may mean, and what the committee's clerks explained before"},
		func(ctx context.Context, in *required) (*web.Out[columnList], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			saved, err := s.Explained(ctx, who, in.CommitteeID.ID)
			if err != nil {
				return nil, err
			}
			list := columnList{Columns: []columnView{}, Saved: make([]meaningView, len(saved))}
			own, err := s.ownColumns(ctx, in.CommitteeID.ID)
			if err != nil {
				return nil, err
			}
			for _, c := range Choosable(own) {
				list.Columns = append(list.Columns, columnView{Key: c.Key, Label: c.Label, Sensitive: sensitive[c.Key] != nil})
			}
			for i, m := range saved {
				list.Saved[i] = meaningView(m)
			}
			return web.JSON(list), nil
		})
	type explain struct {
		web.IDPath
		Body struct {
			Items []meaningView `json:"items" minItems:"1" maxItems:"200"`
		}
	}
	huma.Register(api, huma.Operation{OperationID: "explainImport", Method: http.MethodPut, Path: "/imports/{id}/columns", Tags: tags,
		Summary: "Say what titles mean, for this and the committee's later files; the file is read again in the background"},
		func(ctx context.Context, in *explain) (*web.Out[importView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			list := make([]Meaning, len(in.Body.Items))
			for i, m := range in.Body.Items {
				list[i] = Meaning(m)
			}
			imp, err := s.Explain(ctx, who, in.ID.ID, list)
			if err != nil {
				return nil, err
			}
			return web.JSON(view(imp)), nil
		})
}
