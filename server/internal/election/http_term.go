package election

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/clock"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/page"
	"bense/server/internal/web"
)

type termView struct {
	ID         id.ID     `json:"id"`
	AllianceID id.ID     `json:"alliance_id"`
	Alliance   string    `json:"alliance"`
	PersonID   id.ID     `json:"person_id"`
	Name       string    `json:"name"`
	Unit       string    `json:"unit"`
	Acting     bool      `json:"acting"`
	State      TermState `json:"state" enum:"planned,serving,ended"`
	StartsOn   string    `json:"starts_on" doc:"YYYY-MM-DD"`
	EndsOn     string    `json:"ends_on" doc:"The last day, YYYY-MM-DD"`
	Former     string    `json:"former" doc:"Who had the post before"`
	EndsSoon   bool      `json:"ends_soon" doc:"For those who run elections: it is time for one"`
	Own        bool      `json:"own" doc:"The caller acts for the holder"`
	Seen       bool      `json:"seen" doc:"The holder has read the handover"`
}

func termViewOf(d TermDetail) termView {
	return termView{ID: d.ID, AllianceID: d.Alliance, Alliance: d.AllianceName, PersonID: d.Person, Name: d.Name, Unit: d.Unit, Acting: d.Acting,
		State: d.State, StartsOn: d.StartsAt.In(clock.Shanghai).Format(time.DateOnly), EndsOn: d.LastDay().Format(time.DateOnly),
		Former: d.FormerName, EndsSoon: d.EndsSoon, Own: d.Own, Seen: !d.SeenAt.IsZero()}
}

type itemView struct {
	Kind      Kind       `json:"kind" enum:"activity,notice,draft"`
	SubjectID id.ID      `json:"subject_id"`
	Title     string     `json:"title"`
	Note      string     `json:"note"`
	HappensAt *time.Time `json:"happens_at,omitempty"`
}

type handoverView struct {
	Term  termView   `json:"term"`
	Items []itemView `json:"items" nullable:"false" doc:"What waited when the term began"`
}

// dayOf reads a day in Shanghai.
func dayOf(field, text string) (time.Time, error) {
	t, err := time.ParseInLocation(time.DateOnly, text, clock.Shanghai)
	if err != nil {
		return time.Time{}, errs.ErrInvalid.With(errs.Field(field, "请填写日期"))
	}
	return t, nil
}

// termRoutes adds the operations of terms of office.
func termRoutes(api huma.API, s *Service) {
	huma.Register(api, huma.Operation{
		OperationID: "confirmElection", Method: http.MethodPost, Path: "/elections/{id}/confirm", Tags: []string{"election"},
		Summary: "Make the result final; the successor's term begins on a day, today at once", DefaultStatus: http.StatusOK,
	}, func(ctx context.Context, in *struct {
		web.IDPath
		Body struct {
			StartsOn string `json:"starts_on" doc:"YYYY-MM-DD, today or later"`
		}
	}) (*web.Out[view], error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		starts, err := dayOf("starts_on", in.Body.StartsOn)
		if err == nil {
			_, err = s.Confirm(ctx, who, in.ID.ID, starts)
		}
		return s.show(ctx, who, in.ID.ID, err)
	})
	huma.Register(api, huma.Operation{
		OperationID: "listTerms", Method: http.MethodGet, Path: "/terms", Tags: []string{"election"},
		Summary: "Who heads, headed and will head the alliances that the caller sees, the latest first",
	}, func(ctx context.Context, in *struct {
		AllianceID web.ID `query:"alliance_id"`
	}) (*web.Out[page.List[termView]], error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		list, err := s.Terms(ctx, who, in.AllianceID.ID)
		if err != nil {
			return nil, err
		}
		out := page.List[termView]{Items: []termView{}}
		for _, d := range list {
			out.Items = append(out.Items, termViewOf(d))
		}
		return web.JSON(out), nil
	})
	huma.Register(api, huma.Operation{
		OperationID: "appointActingHead", Method: http.MethodPost, Path: "/terms", Tags: []string{"election"},
		Summary: "Let somebody act as head for some days", DefaultStatus: http.StatusCreated,
	}, func(ctx context.Context, in *struct {
		Body struct {
			AllianceID id.ID  `json:"alliance_id"`
			PersonID   id.ID  `json:"person_id"`
			StartsOn   string `json:"starts_on" doc:"YYYY-MM-DD, today or later"`
			EndsOn     string `json:"ends_on" doc:"The last day, YYYY-MM-DD"`
			Reason     string `json:"reason,omitempty"`
		}
	}) (*web.Out[termView], error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		from, err := dayOf("starts_on", in.Body.StartsOn)
		if err != nil {
			return nil, err
		}
		until, err := dayOf("ends_on", in.Body.EndsOn)
		if err != nil {
			return nil, err
		}
		t, err := s.Appoint(ctx, who, Stand{Alliance: in.Body.AllianceID, Person: in.Body.PersonID, From: from, Until: until, Reason: in.Body.Reason})
		if err != nil {
			return nil, err
		}
		d, err := s.termDetails(ctx, who, []Term{t})
		if err != nil {
			return nil, err
		}
		return web.JSON(termViewOf(d[0])), nil
	})
	huma.Register(api, huma.Operation{
		OperationID: "endTerm", Method: http.MethodDelete, Path: "/terms/{id}", Tags: []string{"election"},
		Summary: "End a term before its time, or withdraw one that hasn't begun", DefaultStatus: http.StatusNoContent,
	}, func(ctx context.Context, in *web.IDPath) (*web.Empty, error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		return nil, s.End(ctx, who, in.ID.ID)
	})
	huma.Register(api, huma.Operation{
		OperationID: "getHandover", Method: http.MethodGet, Path: "/terms/{id}/handover", Tags: []string{"election"},
		Summary: "What was handed over at the beginning of a term",
	}, func(ctx context.Context, in *web.IDPath) (*web.Out[handoverView], error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		d, items, err := s.Handover(ctx, who, in.ID.ID)
		if err != nil {
			return nil, err
		}
		out := handoverView{Term: termViewOf(d), Items: []itemView{}}
		for _, i := range items {
			v := itemView{Kind: i.Kind, SubjectID: i.Subject, Title: i.Title, Note: i.Note}
			if !i.HappensAt.IsZero() {
				v.HappensAt = &i.HappensAt
			}
			out.Items = append(out.Items, v)
		}
		return web.JSON(out), nil
	})
	huma.Register(api, huma.Operation{
		OperationID: "acknowledgeHandover", Method: http.MethodPost, Path: "/terms/{id}/seen", Tags: []string{"election"},
		Summary: "The holder has read the handover", DefaultStatus: http.StatusNoContent,
	}, func(ctx context.Context, in *web.IDPath) (*web.Empty, error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		return nil, s.Acknowledge(ctx, who, in.ID.ID)
	})
}
