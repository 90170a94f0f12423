package election

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

type view struct {
	ID           id.ID           `json:"id"`
	AllianceID   id.ID           `json:"alliance_id"`
	Alliance     string          `json:"alliance"`
	Form         Form            `json:"form" enum:"ballot,show"`
	Phase        Phase           `json:"phase" enum:"draft,waiting,voting,over,counted,confirmed,cancelled" doc:"over: ended and not counted yet"`
	Round        int             `json:"round"`
	Quorum       int             `json:"quorum" doc:"Percent of those expected; more must take part"`
	TermYears    int             `json:"term_years"`
	OpensAt      time.Time       `json:"opens_at"`
	ClosesAt     time.Time       `json:"closes_at"`
	CancelReason string          `json:"cancel_reason"`
	Candidates   []CandidateView `json:"candidates" nullable:"false" doc:"Of the current round"`
	Results      []resultView    `json:"results" nullable:"false" doc:"Of the counted rounds, the latest first"`
	ElectedID    id.ID           `json:"elected_id"`
	Elected      string          `json:"elected"`
	Progress     *progressView   `json:"progress,omitempty" doc:"While it runs, for those who may see it"`
	Mine         []mineView      `json:"mine" nullable:"false" doc:"The caller's own persons on the roll"`
	MayRun       bool            `json:"may_run"`
}

// CandidateView is a candidate on the wire; exported, or the contract would lose its fields where it is embedded.
type CandidateView struct {
	PersonID id.ID  `json:"person_id"`
	Name     string `json:"name"`
	Unit     string `json:"unit"`
}

type resultView struct {
	Round    int         `json:"round"`
	Outcome  Outcome     `json:"outcome" enum:"elected,runoff,no_quorum,nobody"`
	Words    []string    `json:"words" nullable:"false" doc:"The result in short sentences"`
	Expected int         `json:"expected"`
	Voted    int         `json:"voted"`
	Blank    int         `json:"blank"`
	Counts   []countView `json:"counts" nullable:"false" doc:"Empty without a quorum: nothing was opened"`
}

type countView struct {
	CandidateView
	Votes   int `json:"votes"`
	Against int `json:"against" doc:"Of a show of hands"`
	Abstain int `json:"abstain" doc:"Of a show of hands"`
}

type progressView struct {
	Expected  int  `json:"expected"`
	Voted     *int `json:"voted,omitempty" doc:"Missing below three: two know each other's ballots"`
	Need      int  `json:"need"`
	Enough    bool `json:"enough"`
	PapersOut int  `json:"papers_out" doc:"Handed out and not entered yet"`
}

type mineView struct {
	PersonID id.ID  `json:"person_id"`
	Name     string `json:"name"`
	State    string `json:"state" enum:"open,voted,paper"`
}

func viewOf(d Detail, now time.Time) view {
	v := view{ID: d.ID, AllianceID: d.Alliance, Alliance: d.AllianceName, Form: d.Form, Phase: d.Phase(now), Round: d.Round,
		Quorum: d.Quorum, TermYears: d.TermYears, OpensAt: d.OpensAt, ClosesAt: d.ClosesAt, CancelReason: d.CancelReason,
		Candidates: []CandidateView{}, Results: []resultView{}, ElectedID: d.Elected, Elected: d.name(d.Elected), Mine: []mineView{}, MayRun: d.MayRun}
	for _, c := range d.Current().Candidates {
		v.Candidates = append(v.Candidates, d.candidate(c))
	}
	for _, r := range d.Rounds {
		if r.Outcome != "" {
			v.Results = append([]resultView{d.resultOf(r)}, v.Results...)
		}
	}
	if t := d.Turnout; t != nil {
		p := progressView{Expected: t.Expected, Need: d.Need(t.Expected), Enough: t.Voted >= d.Need(t.Expected), PapersOut: t.PapersOut}
		if n := shown(t.Voted); n >= 0 {
			p.Voted = &n
		}
		v.Progress = &p
	}
	for _, m := range d.Mine {
		state := "open"
		switch {
		case m.Cast:
			state = "voted"
		case m.Door == Paper:
			state = "paper"
		}
		v.Mine = append(v.Mine, mineView{PersonID: m.Person, Name: m.Name, State: state})
	}
	return v
}

func (d Detail) candidate(c Candidate) CandidateView {
	p := d.People[c.Person]
	return CandidateView{PersonID: c.Person, Name: p.Name, Unit: p.Unit}
}

func (d Detail) resultOf(r Round) resultView {
	v := resultView{Round: r.No, Outcome: r.Outcome, Words: d.Result(r), Expected: r.Expected, Voted: r.Voted, Blank: r.Blank, Counts: []countView{}}
	for _, c := range r.Candidates {
		if r.Outcome != NoQuorum {
			v.Counts = append(v.Counts, countView{CandidateView: d.candidate(c), Votes: c.Votes, Against: c.Against, Abstain: c.Abstain})
		}
	}
	return v
}

// PlanBody is a plan on the wire; exported, or the contract would lose its fields where it is embedded.
type PlanBody struct {
	Form       Form      `json:"form" doc:"ballot (secret) or show (of hands)"`
	Quorum     int       `json:"quorum,omitempty" doc:"Percent of those expected that must be exceeded; 50 by default"`
	TermYears  int       `json:"term_years,omitempty" doc:"3 by default"`
	OpensAt    time.Time `json:"opens_at"`
	ClosesAt   time.Time `json:"closes_at"`
	Candidates []id.ID   `json:"candidates" doc:"Active persons of the alliance, in the order of the ballot"`
}

func (b PlanBody) plan(alliance id.ID) Plan {
	return Plan{Alliance: alliance, Form: b.Form, Quorum: b.Quorum, TermYears: b.TermYears, OpensAt: b.OpensAt, ClosesAt: b.ClosesAt, Candidates: b.Candidates}
}

type createBody struct {
	AllianceID id.ID `json:"alliance_id"`
	PlanBody
}

// Routes adds the operations of elections.
func Routes(api huma.API, s *Service) {
	huma.Register(api, huma.Operation{
		OperationID: "createElection", Method: http.MethodPost, Path: "/elections", Tags: []string{"election"},
		Summary: "Draft the election of an alliance's head", DefaultStatus: http.StatusCreated,
	}, func(ctx context.Context, in *struct{ Body createBody }) (*web.Out[view], error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		e, err := s.Create(ctx, who, in.Body.plan(in.Body.AllianceID))
		return s.show(ctx, who, e.ID, err)
	})
	huma.Register(api, huma.Operation{
		OperationID: "listElections", Method: http.MethodGet, Path: "/elections", Tags: []string{"election"},
		Summary: "Elections that the caller sees, the newest first",
	}, func(ctx context.Context, in *struct {
		AllianceID web.ID `query:"alliance_id"`
		State      string `query:"state" enum:",draft,open,counted,confirmed,cancelled"`
		web.Paging
	}) (*web.Out[page.List[view]], error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		found, err := s.List(ctx, who, Filter{Alliance: in.AllianceID.ID, State: State(in.State), Page: in.Paging.Page()})
		if err != nil {
			return nil, err
		}
		out := page.List[view]{Items: []view{}, Next: found.Next}
		for _, d := range found.Items {
			out.Items = append(out.Items, viewOf(d, s.Clock.Now()))
		}
		return web.JSON(out), nil
	})
	huma.Register(api, huma.Operation{
		OperationID: "getElection", Method: http.MethodGet, Path: "/elections/{id}", Tags: []string{"election"},
		Summary: "One election: candidates, the caller's persons on the roll, figures once counted",
	}, func(ctx context.Context, in *web.IDPath) (*web.Out[view], error) {
		who, err := actor.From(ctx)
		return s.show(ctx, who, in.ID.ID, err)
	})
	huma.Register(api, huma.Operation{
		OperationID: "changeElection", Method: http.MethodPut, Path: "/elections/{id}", Tags: []string{"election"},
		Summary: "Plan a draft anew",
	}, func(ctx context.Context, in *struct {
		web.IDPath
		Body PlanBody
	}) (*web.Out[view], error) {
		who, err := actor.From(ctx)
		if err == nil {
			_, err = s.Replan(ctx, who, in.ID.ID, in.Body.plan(0))
		}
		return s.show(ctx, who, in.ID.ID, err)
	})
	huma.Register(api, huma.Operation{
		OperationID: "openElection", Method: http.MethodPost, Path: "/elections/{id}/open", Tags: []string{"election"},
		Summary: "Freeze the roll and start the vote", DefaultStatus: http.StatusOK,
	}, func(ctx context.Context, in *web.IDPath) (*web.Out[view], error) {
		who, err := actor.From(ctx)
		if err == nil {
			_, err = s.Open(ctx, who, in.ID.ID)
		}
		return s.show(ctx, who, in.ID.ID, err)
	})
	huma.Register(api, huma.Operation{
		OperationID: "prolongElection", Method: http.MethodPost, Path: "/elections/{id}/prolong", Tags: []string{"election"},
		Summary: "Let a running vote end later", DefaultStatus: http.StatusOK,
	}, func(ctx context.Context, in *struct {
		web.IDPath
		Body struct {
			ClosesAt time.Time `json:"closes_at"`
		}
	}) (*web.Out[view], error) {
		who, err := actor.From(ctx)
		if err == nil {
			_, err = s.Prolong(ctx, who, in.ID.ID, in.Body.ClosesAt)
		}
		return s.show(ctx, who, in.ID.ID, err)
	})
	huma.Register(api, huma.Operation{
		OperationID: "nextElectionRound", Method: http.MethodPost, Path: "/elections/{id}/rounds", Tags: []string{"election"},
		Summary: "Another round among the best, or among all when too few took part", DefaultStatus: http.StatusOK,
	}, func(ctx context.Context, in *struct {
		web.IDPath
		Body struct {
			OpensAt  time.Time `json:"opens_at"`
			ClosesAt time.Time `json:"closes_at"`
		}
	}) (*web.Out[view], error) {
		who, err := actor.From(ctx)
		if err == nil {
			_, err = s.Further(ctx, who, in.ID.ID, in.Body.OpensAt, in.Body.ClosesAt)
		}
		return s.show(ctx, who, in.ID.ID, err)
	})
	huma.Register(api, huma.Operation{
		OperationID: "cancelElection", Method: http.MethodPost, Path: "/elections/{id}/cancel", Tags: []string{"election"},
		Summary: "Give an election up that isn't confirmed", DefaultStatus: http.StatusOK,
	}, func(ctx context.Context, in *struct {
		web.IDPath
		Body struct {
			Reason string `json:"reason,omitempty"`
		}
	}) (*web.Out[view], error) {
		who, err := actor.From(ctx)
		if err == nil {
			_, err = s.Cancel(ctx, who, in.ID.ID, in.Body.Reason)
		}
		return s.show(ctx, who, in.ID.ID, err)
	})
	voteRoutes(api, s)
	termRoutes(api, s)
}

// show answers with the election as it now stands, or with err.
func (s *Service) show(ctx context.Context, who actor.Actor, key id.ID, err error) (*web.Out[view], error) {
	return web.After(err, func() (Detail, error) { return s.Get(ctx, who, key) }, func(d Detail) view { return viewOf(d, s.Clock.Now()) })
}
