package election

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/page"
	"bense/server/internal/web"
)

// VoterPath is the input of operations on one person of the roll.
type VoterPath struct {
	web.IDPath
	PersonID web.ID `path:"person_id"`
}

type rollView struct {
	PersonID id.ID  `json:"person_id"`
	Name     string `json:"name"`
	UnitID   id.ID  `json:"unit_id"`
	Unit     string `json:"unit"`
	State    string `json:"state" enum:"none,phone,paper_out,paper" doc:"paper_out: holds a paper that isn't entered yet"`
	OnBehalf bool   `json:"on_behalf" doc:"Family voted for them"`
}

type pileCount struct {
	PersonID id.ID `json:"person_id"`
	Votes    int   `json:"votes"`
}

type showCount struct {
	PersonID id.ID `json:"person_id"`
	For      int   `json:"for"`
	Against  int   `json:"against"`
	Abstain  int   `json:"abstain"`
}

func voteRoutes(api huma.API, s *Service) {
	huma.Register(api, huma.Operation{
		OperationID: "vote", Method: http.MethodPost, Path: "/elections/{id}/voters/{person_id}/ballot", Tags: []string{"election"},
		Summary: "Vote for one candidate, secretly and once, for oneself or for family", DefaultStatus: http.StatusOK,
	}, func(ctx context.Context, in *struct {
		VoterPath
		Body struct {
			Choice id.ID `json:"choice,omitempty" doc:"A candidate; empty: a blank ballot"`
		}
	}) (*web.Out[view], error) {
		who, err := actor.From(ctx)
		if err == nil {
			err = s.Vote(ctx, who, in.ID.ID, in.PersonID.ID, in.Body.Choice)
		}
		return s.show(ctx, who, in.ID.ID, err)
	})
	huma.Register(api, huma.Operation{
		OperationID: "listVoters", Method: http.MethodGet, Path: "/elections/{id}/voters", Tags: []string{"election"},
		Summary: "The roll with who has taken part, never what they chose",
	}, func(ctx context.Context, in *web.IDPath) (*web.Out[page.List[rollView]], error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		list, err := s.Roll(ctx, who, in.ID.ID)
		if err != nil {
			return nil, err
		}
		out := page.List[rollView]{Items: []rollView{}}
		for _, v := range list {
			state := map[Door]string{"": "none", Phone: "phone", Paper: "paper"}[v.Door]
			if v.Door == Paper && !v.Cast {
				state = "paper_out"
			}
			out.Items = append(out.Items, rollView{PersonID: v.Person, Name: v.Name, UnitID: v.Unit, Unit: v.UnitName, State: state, OnBehalf: v.OnBehalf})
		}
		return web.JSON(out), nil
	})
	huma.Register(api, huma.Operation{
		OperationID: "handOutPaper", Method: http.MethodPut, Path: "/elections/{id}/voters/{person_id}/paper", Tags: []string{"election"},
		Summary: "Note that somebody was given a paper ballot", DefaultStatus: http.StatusNoContent,
	}, func(ctx context.Context, in *VoterPath) (*web.Empty, error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		return nil, s.HandOut(ctx, who, in.ID.ID, in.PersonID.ID)
	})
	huma.Register(api, huma.Operation{
		OperationID: "takePaperBack", Method: http.MethodDelete, Path: "/elections/{id}/voters/{person_id}/paper", Tags: []string{"election"},
		Summary: "A paper was returned unused", DefaultStatus: http.StatusNoContent,
	}, func(ctx context.Context, in *VoterPath) (*web.Empty, error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		return nil, s.TakeBack(ctx, who, in.ID.ID, in.PersonID.ID)
	})
	huma.Register(api, huma.Operation{
		OperationID: "enterPapers", Method: http.MethodPost, Path: "/elections/{id}/papers", Tags: []string{"election"},
		Summary: "Enter a pile of paper ballots: as many as were handed out", DefaultStatus: http.StatusOK,
	}, func(ctx context.Context, in *struct {
		web.IDPath
		Body struct {
			UnitID id.ID       `json:"unit_id,omitempty" doc:"Empty: of the whole alliance, for the lead unit"`
			Votes  []pileCount `json:"votes"`
			Blank  int         `json:"blank" doc:"Blank and spoilt ones"`
		}
	}) (*web.Out[view], error) {
		who, err := actor.From(ctx)
		if err == nil {
			b := Batch{Unit: in.Body.UnitID, Blank: in.Body.Blank}
			for _, c := range in.Body.Votes {
				b.Votes = append(b.Votes, Candidate{Person: c.PersonID, Votes: c.Votes})
			}
			err = s.EnterPapers(ctx, who, in.ID.ID, b)
		}
		return s.show(ctx, who, in.ID.ID, err)
	})
	huma.Register(api, huma.Operation{
		OperationID: "countElection", Method: http.MethodPost, Path: "/elections/{id}/count", Tags: []string{"election"},
		Summary: "End the secret ballot and count", DefaultStatus: http.StatusOK,
	}, func(ctx context.Context, in *web.IDPath) (*web.Out[view], error) {
		who, err := actor.From(ctx)
		if err == nil {
			_, err = s.Count(ctx, who, in.ID.ID)
		}
		return s.show(ctx, who, in.ID.ID, err)
	})
	huma.Register(api, huma.Operation{
		OperationID: "recordShowOfHands", Method: http.MethodPost, Path: "/elections/{id}/show", Tags: []string{"election"},
		Summary: "Write down what was counted at the meeting", DefaultStatus: http.StatusOK,
	}, func(ctx context.Context, in *struct {
		web.IDPath
		Body struct {
			Present int         `json:"present"`
			Counts  []showCount `json:"counts"`
		}
	}) (*web.Out[view], error) {
		who, err := actor.From(ctx)
		if err == nil {
			var counts []Candidate
			for _, c := range in.Body.Counts {
				counts = append(counts, Candidate{Person: c.PersonID, Votes: c.For, Against: c.Against, Abstain: c.Abstain})
			}
			_, err = s.RecordShow(ctx, who, in.ID.ID, in.Body.Present, counts)
		}
		return s.show(ctx, who, in.ID.ID, err)
	})
}
