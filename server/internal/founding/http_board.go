package founding

import (
	"context"
	"math"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/page"
	"bense/server/internal/web"
)

type boardCardView struct {
	UnitID       id.ID  `json:"unit_id"`
	Unit         string `json:"unit"`
	Members      int    `json:"members"`
	Regular      int    `json:"regular"`
	OwnBranch    bool   `json:"own_branch"`
	Street       string `json:"street"`
	Line         string `json:"line" doc:"Chinese name"`
	FromID       id.ID  `json:"from_id" doc:"Alliance in which it is and which it would leave; empty: none"`
	From         string `json:"from"`
	Reason       string `json:"reason" doc:"Chinese: why it stands here"`
	ProposedLead bool   `json:"proposed_lead" doc:"It leads the group"`
}

type boardGroupView struct {
	Number     int             `json:"number" doc:"Counted from 1"`
	Name       string          `json:"name" doc:"Short: 群团"`
	Basis      string          `json:"basis" doc:"地缘, 业缘 or 统筹"`
	LeadUnitID id.ID           `json:"lead_unit_id"`
	LeadUnit   string          `json:"lead_unit"`
	Units      int             `json:"units"`
	Persons    int             `json:"persons"`
	Regular    int             `json:"regular"`
	SameStreet float64         `json:"same_street" doc:"Share of pairs that are near each other"`
	SameLine   float64         `json:"same_line" doc:"Share of pairs of one line of work"`
	Cards      []boardCardView `json:"cards" nullable:"false"`
}

type boardView struct {
	Revision int              `json:"revision"`
	Score    Score            `json:"score"`
	Groups   []boardGroupView `json:"groups" nullable:"false"`
	Unplaced []boardCardView  `json:"unplaced" nullable:"false" doc:"Candidates in no group"`
}

type effectView struct {
	To     int     `json:"to" doc:"Number of the group, 0: out of all"`
	Name   string  `json:"name"`
	Before float64 `json:"before" doc:"Score"`
	After  float64 `json:"after" doc:"Score"`
	Text   string  `json:"text" doc:"Chinese: what the move does to sizes and score"`
}

func viewCard(c Card, lead id.ID) boardCardView {
	return boardCardView{UnitID: c.Unit, Unit: c.Name, Members: c.Members, Regular: c.Regular, OwnBranch: c.OwnBranch, Street: c.Street, Line: c.Line.Name(),
		FromID: c.From, From: c.FromName, Reason: c.Reason, ProposedLead: c.Unit == lead}
}

func viewBoard(b Board, revision int) boardView {
	v := boardView{Revision: revision, Score: rounded(b.Score), Groups: make([]boardGroupView, len(b.Groups)), Unplaced: []boardCardView{}}
	for i, g := range b.Groups {
		col := boardGroupView{Number: i + 1, Name: g.Name, Basis: g.Basis, LeadUnitID: g.Lead, Units: g.Units, Persons: g.Persons, Regular: g.Regular,
			SameStreet: share(g.Near), SameLine: share(g.Line), Cards: []boardCardView{}}
		for _, c := range g.Cards {
			if c.Unit == g.Lead {
				col.LeadUnit = c.Name
			}
			col.Cards = append(col.Cards, viewCard(c, g.Lead))
		}
		v.Groups[i] = col
	}
	for _, c := range b.Unplaced {
		v.Unplaced = append(v.Unplaced, viewCard(c, 0))
	}
	return v
}

// share and rounded keep what people read: hundredths of a share, tenths of a point.
func share(v float64) float64 { return math.Round(v*100) / 100 }

func rounded(s Score) Score {
	return Score{Total: math.Round(s.Total*10) / 10, Cohesion: share(s.Cohesion), Persons: share(s.Persons), Units: share(s.Units), Leads: share(s.Leads)}
}

func viewEffect(e Effect, groups []Group) effectView {
	v := effectView{To: e.To, Name: "不编入", Before: rounded(e.Before).Total, After: rounded(e.After).Total, Text: e.Text}
	if e.To > 0 {
		v.Name = groups[e.To-1].Name
	}
	return v
}

func draftRoutes(api huma.API, s *Service) {
	type propose struct {
		web.IDPath
		Body struct {
			Alliances int     `json:"alliances" doc:"How many"`
			Include   []id.ID `json:"include,omitempty" maxItems:"1000" doc:"Units that take part although they are in an alliance, or are no candidates"`
			Revision  int     `json:"revision,omitempty" doc:"Of the draft that is replaced; 0 when there is none"`
		}
	}
	route(api, op("proposeAlliances", http.MethodPut, "/surveys/{id}/draft", "Group the candidates of a survey anew"),
		func(ctx context.Context, who actor.Actor, in *propose) (boardView, error) {
			d, err := s.Propose(ctx, who, in.ID.ID, in.Body.Alliances, in.Body.Include, in.Body.Revision)
			return viewBoard(d.Board, d.Revision), err
		})
	route(api, op("getDraft", http.MethodGet, "/surveys/{id}/draft", "The arrangement that staff work on, with sizes, score and reasons"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (boardView, error) {
			d, err := s.Desk(ctx, who, in.ID.ID)
			return viewBoard(d.Board, d.Revision), err
		})

	type effects struct {
		web.IDPath
		UnitID web.ID `path:"unit_id"`
	}
	route(api, op("listMoves", http.MethodGet, "/surveys/{id}/draft/moves/{unit_id}", "What moving a unit to each of the groups would do"),
		func(ctx context.Context, who actor.Actor, in *effects) (page.List[effectView], error) {
			found, err := s.Effects(ctx, who, in.ID.ID, in.UnitID.ID)
			if err != nil {
				return page.List[effectView]{}, err
			}
			d, err := s.Desk(ctx, who, in.ID.ID)
			items := make([]effectView, 0, len(found))
			for _, e := range found {
				if e.To <= len(d.groups) {
					items = append(items, viewEffect(e, d.groups))
				}
			}
			return page.All(items), err
		})

	type moved struct {
		Board  boardView  `json:"board"`
		Effect effectView `json:"effect"`
	}
	type move struct {
		web.IDPath
		Body struct {
			UnitID   id.ID `json:"unit_id"`
			To       int   `json:"to" doc:"Number of the group, 0: out of all"`
			Revision int   `json:"revision"`
		}
	}
	route(api, op("moveUnit", http.MethodPost, "/surveys/{id}/draft/moves", "Move a unit by hand"),
		func(ctx context.Context, who actor.Actor, in *move) (moved, error) {
			d, e, err := s.Move(ctx, who, in.ID.ID, in.Body.UnitID, in.Body.To, in.Body.Revision)
			if err != nil {
				return moved{}, err
			}
			return moved{viewBoard(d.Board, d.Revision), viewEffect(e, d.groups)}, nil
		})

	type changeGroup struct {
		web.IDPath
		Number int `path:"number"`
		Body   struct {
			Name       *string `json:"name,omitempty" maxLength:"60"`
			Basis      *string `json:"basis,omitempty" maxLength:"20" doc:"Empty text: as the score finds"`
			LeadUnitID *id.ID  `json:"lead_unit_id,omitempty"`
			Revision   int     `json:"revision"`
		}
	}
	route(api, op("changeDraftGroup", http.MethodPatch, "/surveys/{id}/draft/groups/{number}", "Rename a group, or appoint the unit that leads it"),
		func(ctx context.Context, who actor.Actor, in *changeGroup) (boardView, error) {
			d, err := s.ChangeGroup(ctx, who, in.ID.ID, in.Number, GroupChange{Name: in.Body.Name, Basis: in.Body.Basis, Lead: in.Body.LeadUnitID}, in.Body.Revision)
			return viewBoard(d.Board, d.Revision), err
		})
}

type versionView struct {
	ID       id.ID     `json:"id"`
	SurveyID id.ID     `json:"survey_id"`
	Name     string    `json:"name"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
	Board    boardView `json:"board"`
}

type foundingView struct {
	AllianceID id.ID     `json:"alliance_id"`
	Alliance   string    `json:"alliance"`
	LeadUnitID id.ID     `json:"lead_unit_id"`
	Units      int       `json:"units"`
	VersionID  id.ID     `json:"version_id"`
	DocumentNo string    `json:"document_no"`
	FoundedOn  string    `json:"founded_on" doc:"YYYY-MM-DD"`
	Reference  string    `json:"reference"`
	By         string    `json:"by"`
	At         time.Time `json:"at"`
}

func (s *Service) viewVersions(ctx context.Context, list ...Version) ([]versionView, error) {
	by := make([]id.ID, len(list))
	for i, v := range list {
		by[i] = v.By
	}
	names, err := s.names(ctx, by...)
	out := make([]versionView, len(list))
	for i, v := range list {
		out[i] = versionView{ID: v.ID, SurveyID: v.Survey, Name: v.Name, By: names[v.By], At: v.At, Board: viewBoard(v.Board, 0)}
	}
	return out, err
}

func (s *Service) viewFoundings(ctx context.Context, list []Founding) (page.List[foundingView], error) {
	by := make([]id.ID, len(list))
	for i, f := range list {
		by[i] = f.By
	}
	names, err := s.names(ctx, by...)
	out := make([]foundingView, len(list))
	for i, f := range list {
		out[i] = foundingView{AllianceID: f.Alliance, Alliance: f.Name, LeadUnitID: f.Lead, Units: f.Units, VersionID: f.Version,
			DocumentNo: f.DocumentNo, FoundedOn: f.FoundedOn, Reference: f.Reference, By: names[f.By], At: f.At}
	}
	return page.All(out), err
}

func versionRoutes(api huma.API, s *Service) {
	type save struct {
		web.IDPath
		Body struct {
			Name     string `json:"name" minLength:"1" maxLength:"60"`
			Revision int    `json:"revision"`
		}
	}
	one := func(ctx context.Context, v Version, err error) (versionView, error) {
		if err != nil {
			return versionView{}, err
		}
		views, err := s.viewVersions(ctx, v)
		return views[0], err
	}
	route(api, created(op("saveVersion", http.MethodPost, "/surveys/{id}/versions", "Keep the draft under a name, for good")),
		func(ctx context.Context, who actor.Actor, in *save) (versionView, error) {
			v, err := s.SaveVersion(ctx, who, in.ID.ID, in.Body.Name, in.Body.Revision)
			return one(ctx, v, err)
		})
	route(api, op("listVersions", http.MethodGet, "/surveys/{id}/versions", "Saved versions, the newest first"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (page.List[versionView], error) {
			found, err := s.Versions(ctx, who, in.ID.ID)
			if err != nil {
				return page.List[versionView]{}, err
			}
			views, err := s.viewVersions(ctx, found...)
			return page.All(views), err
		})
	route(api, op("getVersion", http.MethodGet, "/founding-versions/{id}", "One version"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (versionView, error) {
			v, err := s.Version(ctx, who, in.ID.ID)
			return one(ctx, v, err)
		})

	type compare struct {
		web.IDPath
		With web.ID `query:"with" required:"true"`
	}
	type difference struct {
		UnitID id.ID  `json:"unit_id"`
		Unit   string `json:"unit"`
		First  string `json:"first" doc:"Group in the first version, empty: none"`
		Second string `json:"second"`
	}
	type comparison struct {
		First  versionView  `json:"first"`
		Second versionView  `json:"second"`
		Moved  []difference `json:"moved" nullable:"false"`
	}
	route(api, op("compareVersions", http.MethodGet, "/founding-versions/{id}/compare", "Which units stand elsewhere in another version of the same survey"),
		func(ctx context.Context, who actor.Actor, in *compare) (comparison, error) {
			a, b, diff, err := s.Compare(ctx, who, in.ID.ID, in.With.ID)
			if err != nil {
				return comparison{}, err
			}
			views, err := s.viewVersions(ctx, a, b)
			out := comparison{First: views[0], Second: views[1], Moved: []difference{}}
			for _, d := range diff {
				out.Moved = append(out.Moved, difference{d.Unit, d.Name, d.First, d.Second})
			}
			return out, err
		})

	type found struct {
		web.IDPath
		Body struct {
			DocumentNo string `json:"document_no" maxLength:"60" doc:"文号"`
			FoundedOn  string `json:"founded_on" maxLength:"10" doc:"YYYY-MM-DD"`
			Reference  string `json:"reference,omitempty" maxLength:"200" doc:"依据"`
		}
	}
	route(api, created(op("foundAlliances", http.MethodPost, "/founding-versions/{id}/found", "Found the alliances of a version, once and for good")),
		func(ctx context.Context, who actor.Actor, in *found) (page.List[foundingView], error) {
			list, err := s.Found(ctx, who, in.ID.ID, Order(in.Body))
			if err != nil {
				return page.List[foundingView]{}, err
			}
			return s.viewFoundings(ctx, list)
		})
	route(api, op("listFoundings", http.MethodGet, "/surveys/{id}/foundings", "The alliances that came out of a survey"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (page.List[foundingView], error) {
			list, err := s.Foundings(ctx, who, in.ID.ID)
			if err != nil {
				return page.List[foundingView]{}, err
			}
			return s.viewFoundings(ctx, list)
		})
}
