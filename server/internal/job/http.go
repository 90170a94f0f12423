package job

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/web"
)

type jobView struct {
	ID        id.ID          `json:"id"`
	Kind      string         `json:"kind" doc:"import_read, import_commit, import_undo, export …"`
	SubjectID id.ID          `json:"subject_id" doc:"The import, the export …"`
	State     State          `json:"state" enum:"running,done,failed,interrupted"`
	Done      int            `json:"done"`
	Total     int            `json:"total" doc:"0: not known yet"`
	Message   string         `json:"message" doc:"Chinese: what it does now, or why it ended"`
	Result    map[string]any `json:"result" doc:"What it came to; null before and for jobs without one"`
	CreatedAt time.Time      `json:"created_at"`
	EndedAt   *time.Time     `json:"ended_at"`
}

func view(j Job) jobView {
	v := jobView{ID: j.ID, Kind: j.Kind, SubjectID: j.Subject, State: j.State, Done: j.Done, Total: j.Total, Message: j.Message, CreatedAt: j.CreatedAt}
	if !j.EndedAt.IsZero() {
		v.EndedAt = &j.EndedAt
	}
	if len(j.Result) > 0 {
		_ = json.Unmarshal(j.Result, &v.Result) // written by us as an object
	}
	return v
}

type jobList struct {
	Items []jobView `json:"items" nullable:"false"`
}

// Routes registers the operations of jobs: everybody sees their own.
func Routes(api huma.API, s *Service) {
	tags := []string{"job"}
	huma.Register(api, huma.Operation{OperationID: "getJob", Method: http.MethodGet, Path: "/jobs/{id}", Tags: tags,
		Summary: "How far a job of one's own has come"},
		func(ctx context.Context, in *web.IDPath) (*web.Out[jobView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			j, err := s.Get(ctx, who, in.ID.ID)
			if err != nil {
				return nil, err
			}
			return web.JSON(view(j)), nil
		})
	huma.Register(api, huma.Operation{OperationID: "listJobs", Method: http.MethodGet, Path: "/jobs", Tags: tags,
		Summary: "The last jobs of one's own, the newest first"},
		func(ctx context.Context, _ *struct{}) (*web.Out[jobList], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			all, err := s.List(ctx, who)
			if err != nil {
				return nil, err
			}
			list := jobList{Items: make([]jobView, len(all))}
			for i, j := range all {
				list.Items[i] = view(j)
			}
			return web.JSON(list), nil
		})
}
