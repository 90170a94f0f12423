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

type undoConflictView struct {
	Kind   string `json:"kind" enum:"person,unit,branch,alliance"`
	ID     id.ID  `json:"id"`
	Name   string `json:"name"`
	Column string `json:"column" doc:"Empty: the thing as a whole"`
	Wrote  string `json:"wrote" doc:"By the import, masked where sensitive"`
	Now    string `json:"now" doc:"Masked where sensitive"`
	Reason string `json:"reason" doc:"Chinese, to be shown"`
}

type undoingView struct {
	Removed   int                `json:"removed" doc:"Persons that would be taken out again"`
	Restored  int                `json:"restored" doc:"Persons that would be changed back"`
	Units     int                `json:"units"`
	Branches  int                `json:"branches"`
	Alliances int                `json:"alliances"`
	Proposals int                `json:"proposals"`
	Left      int                `json:"left" doc:"What would stay as it is"`
	Conflicts []undoConflictView `json:"conflicts" nullable:"false" doc:"The first 200 of them, with the reason"`
}

// shownConflicts is how many a page lists.
const shownConflicts = 200

func rfc3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// makers gives the names of who brought the imports in.
func (s *Service) makers(ctx context.Context, all []Import) (map[id.ID]string, error) {
	accounts := make([]id.ID, 0, len(all))
	for _, imp := range all {
		if imp.CreatedBy != 0 {
			accounts = append(accounts, imp.CreatedBy)
		}
	}
	return s.names.AccountName(ctx, accounts)
}

func undoRoutes(api huma.API, s *Service) {
	tags := []string{"roster"}
	huma.Register(api, huma.Operation{OperationID: "tryUndoImport", Method: http.MethodGet, Path: "/imports/{id}/undo", Tags: tags,
		Summary: "What the undo of an import would do"},
		func(ctx context.Context, in *web.IDPath) (*web.Out[undoingView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			u, err := s.TryUndo(ctx, who, in.ID.ID)
			if err != nil {
				return nil, err
			}
			v := undoingView{Removed: u.Removed, Restored: u.Restored, Units: u.Units, Branches: u.Branches, Alliances: u.Alliances,
				Proposals: u.Proposals, Left: len(u.Conflicts), Conflicts: []undoConflictView{}}
			for _, c := range u.Conflicts[:min(len(u.Conflicts), shownConflicts)] {
				v.Conflicts = append(v.Conflicts, undoConflictView(c))
			}
			return web.JSON(v), nil
		})
	type undo struct {
		web.IDPath
		Body struct {
			Rest bool `json:"rest,omitempty" doc:"Undo the rest although something was changed since"`
		}
	}
	huma.Register(api, huma.Operation{OperationID: "undoImport", Method: http.MethodPost, Path: "/imports/{id}/undo", Tags: tags,
		Summary: "Take back what an import did, in the background"},
		func(ctx context.Context, in *undo) (*web.Out[importView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			imp, err := s.UndoLater(ctx, who, in.ID.ID, in.Body.Rest)
			if err != nil {
				return nil, err
			}
			return web.JSON(view(imp)), nil
		})
}
