package roster

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/web"
)

type problemView struct {
	Sheet  string `json:"sheet"`
	Row    int    `json:"row" doc:"As the spreadsheet counts"`
	Cell   string `json:"cell" doc:"D118, empty without a column"`
	Column string `json:"column" doc:"Title of the column on the sheet"`
	Value  string `json:"value" doc:"As it stands there, shortened, numbers of persons masked"`
	Reason string `json:"reason" doc:"Chinese, to be shown"`
}

type skippedView struct {
	Sheet  string `json:"sheet"`
	Reason string `json:"reason"`
}

type personsView struct {
	New     int `json:"new"`
	Changed int `json:"changed"`
	Same    int `json:"same"`
	Total   int `json:"total" doc:"In the database after the commit"`
}

type importView struct {
	ID             id.ID          `json:"id"`
	CommitteeID    id.ID          `json:"committee_id"`
	FileName       string         `json:"file_name"`
	State          State          `json:"state" enum:"reading,failed,preview,committed,undone"`
	JobID          id.ID          `json:"job_id" doc:"Of the last work in the background; empty without one"`
	CreatedAt      time.Time      `json:"created_at"`
	CommittedAt    *time.Time     `json:"committed_at"`
	UndoneAt       *time.Time     `json:"undone_at"`
	Alliances      int            `json:"alliances" doc:"In the database after the commit"`
	Units          int            `json:"units" doc:"In the database after the commit"`
	Branches       int            `json:"branches" doc:"In the database after the commit"`
	Persons        personsView    `json:"persons"`
	RefusedRows    int            `json:"refused_rows"`
	Refused        []problemView  `json:"refused" nullable:"false" doc:"One for each row that does not get in"`
	RepeatedRows   int            `json:"repeated_rows" doc:"Rows that name a person again"`
	Warnings       []problemView  `json:"warnings" nullable:"false"`
	Proposals      int            `json:"proposals" doc:"Deaths and moves that remarks hint at, undecided"`
	SkippedSheets  []skippedView  `json:"skipped_sheets" nullable:"false"`
	IgnoredColumns []problemView  `json:"ignored_columns" nullable:"false"`
	Questions      []questionView `json:"questions" nullable:"false" doc:"Columns that the clerk may explain"`
	Newer          int            `json:"newer" doc:"Persons of whom something stays as somebody wrote it after the preview; warnings say what"`
	Conflicts      int            `json:"conflicts" doc:"Persons whose rows contradict each other"`
	SamePhone      int            `json:"same_phone" doc:"Persons whose new telephone somebody else has: they are asked about after the import"`
	Kept           int            `json:"kept" doc:"Persons that the clerk left as they are, or out"`
	Undo           *undoneView    `json:"undo" doc:"What the undo did; null before"`
}

type questionView struct {
	Sheet   string   `json:"sheet"`
	Cell    string   `json:"cell"`
	Title   string   `json:"title"`
	Samples []string `json:"samples" nullable:"false" doc:"What stands below it"`
}

type undoneView struct {
	Removed  int `json:"removed" doc:"Persons taken out again"`
	Restored int `json:"restored" doc:"Persons changed back"`
	Left     int `json:"left" doc:"What was left as it was"`
}

func view(imp Import) importView {
	r := imp.Report
	v := importView{ID: imp.ID, CommitteeID: imp.CommitteeID, FileName: imp.FileName, State: imp.State, CreatedAt: imp.CreatedAt,
		Alliances: r.Alliances, Units: r.Units, Branches: r.Branches,
		Persons:     personsView{New: r.New, Changed: r.Changed, Same: r.Same, Total: r.Persons},
		RefusedRows: len(r.Refused), Refused: views(r.Refused), RepeatedRows: r.RepeatedRows, Warnings: views(r.Warnings),
		Proposals: r.Proposals, SkippedSheets: []skippedView{}, IgnoredColumns: views(r.Ignored), Questions: []questionView{}, Conflicts: r.Conflicts, Kept: r.Kept, Newer: r.Newer, SamePhone: r.SamePhone, JobID: imp.Job}
	for _, q := range r.Asked {
		v.Questions = append(v.Questions, questionView{Sheet: q.Sheet, Cell: q.Cell, Title: q.Title, Samples: append([]string{}, q.Samples...)})
	}
	if !imp.UndoneAt.IsZero() {
		v.UndoneAt, v.Undo = &imp.UndoneAt, &undoneView{Removed: r.Removed, Restored: r.Restored, Left: r.Refusals}
	}
	if !imp.CommittedAt.IsZero() {
		v.CommittedAt = &imp.CommittedAt
	}
	for _, s := range r.Skipped {
		v.SkippedSheets = append(v.SkippedSheets, skippedView(s))
	}
	return v
}

func views(list []Problem) []problemView {
	out := make([]problemView, len(list))
	for i, p := range list {
		out[i] = problemView(p)
		out[i].Value = veil("", p.Value) // reports of before were kept as the sheet had it
	}
	return out
}

// slowUpload is how long a file of MaxBytes may take over a county's line.
const slowUpload = 2 * time.Minute

// Routes registers the operations of the import.
func Routes(api huma.API, s *Service) {
	tags := []string{"roster"}
	type upload struct {
		CommitteeID web.ID `query:"committee_id" required:"true"`
		FileName    string `query:"filename" required:"true" minLength:"1" maxLength:"300"`
		Background  bool   `query:"background" doc:"Answer at once; job_id tells how far it is"`
		RawBody     []byte `contentType:"application/octet-stream"`
	}
	huma.Register(api, huma.Operation{OperationID: "previewImport", Method: http.MethodPost, Path: "/imports", Tags: tags,
		Summary: "Read a ledger file (.xlsx, .csv) and say what its commit would do", DefaultStatus: http.StatusCreated,
		MaxBodyBytes: MaxBytes, BodyReadTimeout: slowUpload},
		func(ctx context.Context, in *upload) (*web.Out[importView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			take := s.Preview
			if in.Background {
				take = s.Upload
			}
			imp, err := take(ctx, who, in.CommitteeID.ID, in.FileName, in.RawBody)
			if err != nil {
				return nil, err
			}
			return web.JSON(view(imp)), nil
		})
	one := func(opID, method, path, summary string, call func(context.Context, actor.Actor, id.ID) (Import, error)) {
		huma.Register(api, huma.Operation{OperationID: opID, Method: method, Path: path, Tags: tags, Summary: summary},
			func(ctx context.Context, in *web.IDPath) (*web.Out[importView], error) {
				who, err := actor.From(ctx)
				if err != nil {
					return nil, err
				}
				imp, err := call(ctx, who, in.ID.ID)
				if err != nil {
					return nil, err
				}
				return web.JSON(view(imp)), nil
			})
	}
	one("getImport", http.MethodGet, "/imports/{id}", "A preview, or what a commit did", s.Get)
	type commit struct {
		web.IDPath
		Background bool `query:"background" doc:"Answer at once; job_id tells how far it is"`
	}
	huma.Register(api, huma.Operation{OperationID: "commitImport", Method: http.MethodPost, Path: "/imports/{id}/commit", Tags: tags,
		Summary: "Apply a preview, with what was chosen in it, in one transaction"},
		func(ctx context.Context, in *commit) (*web.Out[importView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			apply := s.Commit
			if in.Background {
				apply = s.CommitLater
			}
			imp, err := apply(ctx, who, in.ID.ID)
			if err != nil {
				return nil, err
			}
			return web.JSON(view(imp)), nil
		})
	huma.Register(api, huma.Operation{OperationID: "discardImport", Method: http.MethodDelete, Path: "/imports/{id}", Tags: tags,
		Summary: "Remove a preview", DefaultStatus: http.StatusNoContent},
		func(ctx context.Context, in *web.IDPath) (*web.Empty, error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			return nil, s.Discard(ctx, who, in.ID.ID)
		})
	previewRoutes(api, s)
	undoRoutes(api, s)
}
