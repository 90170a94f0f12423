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

type surveyView struct {
	ID          id.ID      `json:"id"`
	CommitteeID id.ID      `json:"committee_id"`
	Name        string     `json:"name"`
	Months      int        `json:"months" doc:"How far back taking part counts"`
	Threshold   int        `json:"threshold" doc:"Fewer regular participants make a candidate"`
	CountedAt   *time.Time `json:"counted_at" doc:"When attendance was counted last"`
	VersionID   id.ID      `json:"version_id" doc:"The version that was founded; empty while the survey is open"`
	CreatedAt   time.Time  `json:"created_at"`
	Manages     bool       `json:"manages" doc:"The caller may change the survey, group and found"`
}

type rowView struct {
	UnitID       id.ID      `json:"unit_id"`
	Unit         string     `json:"unit"`
	AllianceID   id.ID      `json:"alliance_id" doc:"Empty when in none"`
	Alliance     string     `json:"alliance"`
	Members      int        `json:"members" doc:"Active persons of the ledger"`
	Counted      *int       `json:"counted" doc:"Persons who were present at half of the activities that expected them, or more; null when there were none"`
	Regular      *int       `json:"regular" doc:"Typed by a person; goes before what was counted"`
	TypedBy      string     `json:"typed_by"`
	TypedAt      *time.Time `json:"typed_at"`
	OwnBranch    *bool      `json:"own_branch"`
	Address      string     `json:"address"`
	Street       string     `json:"street"`
	Latitude     *float64   `json:"latitude" doc:"Degrees"`
	Longitude    *float64   `json:"longitude" doc:"Degrees"`
	Line         Line       `json:"line" enum:",party_mass,law,farming,education_health,economy,culture,construction,general,other"`
	Fill         Fill       `json:"fill" enum:"empty,partly,done"`
	Missing      []string   `json:"missing" nullable:"false" doc:"Chinese names of what is not filled in"`
	Verdict      Verdict    `json:"verdict" enum:"unknown,candidate,none"`
	Why          string     `json:"why" doc:"Chinese, to be shown"`
	Revision     int        `json:"revision"`
	LeadsAnother bool       `json:"leads_alliance" doc:"It leads the alliance in which it is"`
}

type sheetView struct {
	Survey surveyView `json:"survey"`
	Items  []rowView  `json:"items" nullable:"false"`
}

type answersBody struct {
	Revision  int      `json:"revision" doc:"That was read"`
	OwnBranch *bool    `json:"own_branch,omitempty"`
	Regular   *int     `json:"regular,omitempty"`
	Address   string   `json:"address,omitempty" maxLength:"400"`
	Street    string   `json:"street,omitempty" maxLength:"100"`
	Latitude  *float64 `json:"latitude,omitempty"`
	Longitude *float64 `json:"longitude,omitempty"`
	Line      Line     `json:"line,omitempty" maxLength:"20"`
}

func (b answersBody) answers() Answers {
	a := Answers{OwnBranch: b.OwnBranch, Regular: b.Regular, Address: b.Address, Street: b.Street, Line: b.Line}
	if b.Latitude != nil && b.Longitude != nil {
		a.Spot = &Spot{LatE6: int(math.Round(*b.Latitude * 1e6)), LngE6: int(math.Round(*b.Longitude * 1e6))}
	}
	return a
}

func viewSurvey(who actor.Actor, v Survey) surveyView {
	return surveyView{ID: v.ID, CommitteeID: v.Committee, Name: v.Name, Months: v.Months, Threshold: v.Threshold,
		CountedAt: moment(v.CountedAt), VersionID: v.Version, CreatedAt: v.CreatedAt, Manages: who.Must(actor.EditOrg, v.Place()) == nil}
}

func viewRow(r Row, threshold int, names map[id.ID]string) rowView {
	verdict, why := r.Judge(threshold)
	v := rowView{UnitID: r.Unit, Unit: r.Name, AllianceID: r.Alliance, Alliance: r.AllianceName, Members: r.Members, Counted: r.Counted,
		Regular: r.Regular, TypedBy: names[r.TypedBy], TypedAt: moment(r.TypedAt), OwnBranch: r.OwnBranch, Address: r.Address, Street: r.Street,
		Line: r.Line, Fill: r.Fill(), Missing: r.Missing(), Verdict: verdict, Why: why, Revision: r.Revision, LeadsAnother: r.Leads}
	if r.Spot != nil {
		lat, lng := float64(r.Spot.LatE6)/1e6, float64(r.Spot.LngE6)/1e6
		v.Latitude, v.Longitude = &lat, &lng
	}
	return v
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func op(opID, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: opID, Method: method, Path: path, Tags: []string{"founding"}, Summary: summary}
}

func created(o huma.Operation) huma.Operation {
	o.DefaultStatus = http.StatusCreated
	return o
}

// route runs a handler with who is asking and answers with what it gives.
func route[I, V any](api huma.API, o huma.Operation, call func(context.Context, actor.Actor, *I) (V, error)) {
	huma.Register(api, o, func(ctx context.Context, in *I) (*web.Out[V], error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		v, err := call(ctx, who, in)
		if err != nil {
			return nil, err
		}
		return web.JSON(v), nil
	})
}

// Routes registers the operations of surveys and foundings.
func Routes(api huma.API, s *Service) {
	surveyRoutes(api, s)
	draftRoutes(api, s)
	versionRoutes(api, s)
}

func surveyRoutes(api huma.API, s *Service) {
	type filter struct {
		Committee web.ID `query:"committee_id"`
	}
	route(api, op("listSurveys", http.MethodGet, "/surveys", "Surveys of branches that ask the caller's units"),
		func(ctx context.Context, who actor.Actor, in *filter) (page.List[surveyView], error) {
			found, err := s.Surveys(ctx, who, in.Committee.ID)
			items := make([]surveyView, len(found))
			for i, v := range found {
				items[i] = viewSurvey(who, v)
			}
			return page.All(items), err
		})

	type open struct {
		Body struct {
			CommitteeID id.ID  `json:"committee_id"`
			Name        string `json:"name" minLength:"1" maxLength:"60"`
			Months      int    `json:"months,omitempty" doc:"12 when absent"`
			Threshold   int    `json:"threshold,omitempty" doc:"5 when absent"`
		}
	}
	route(api, created(op("openSurvey", http.MethodPost, "/surveys", "Ask all units of a committee how their branches stand")),
		func(ctx context.Context, who actor.Actor, in *open) (surveyView, error) {
			b := Survey{Committee: in.Body.CommitteeID, Name: in.Body.Name, Months: in.Body.Months, Threshold: in.Body.Threshold}
			if b.Months == 0 {
				b.Months = DefaultMonths
			}
			if b.Threshold == 0 {
				b.Threshold = DefaultThreshold
			}
			v, err := s.Open(ctx, who, b)
			return viewSurvey(who, v), err
		})

	route(api, op("getSurvey", http.MethodGet, "/surveys/{id}", "One survey"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (surveyView, error) {
			v, err := s.Survey(ctx, who, in.ID.ID)
			return viewSurvey(who, v), err
		})

	type change struct {
		web.IDPath
		Body struct {
			Name      *string `json:"name,omitempty" maxLength:"60"`
			Months    *int    `json:"months,omitempty"`
			Threshold *int    `json:"threshold,omitempty"`
		}
	}
	route(api, op("changeSurvey", http.MethodPatch, "/surveys/{id}", "Rename a survey, move its threshold or the months that count"),
		func(ctx context.Context, who actor.Actor, in *change) (surveyView, error) {
			v, err := s.Change(ctx, who, in.ID.ID, SurveyChange{Name: in.Body.Name, Months: in.Body.Months, Threshold: in.Body.Threshold})
			return viewSurvey(who, v), err
		})
	route(api, op("countSurvey", http.MethodPost, "/surveys/{id}/count", "Count attendance anew"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (surveyView, error) {
			v, err := s.Count(ctx, who, in.ID.ID)
			return viewSurvey(who, v), err
		})

	type sheet struct {
		web.IDPath
		Threshold int `query:"threshold" minimum:"0" maximum:"100" doc:"Judges by another threshold than the survey's, without changing that"`
	}
	route(api, op("listSurveyUnits", http.MethodGet, "/surveys/{id}/units", "The units of a survey that the caller fills in, with the verdict on each"),
		func(ctx context.Context, who actor.Actor, in *sheet) (sheetView, error) {
			v, rows, err := s.Rows(ctx, who, in.ID.ID)
			if err != nil {
				return sheetView{}, err
			}
			typists := make([]id.ID, len(rows))
			for i, r := range rows {
				typists[i] = r.TypedBy
			}
			names, err := s.names(ctx, typists...)
			threshold := v.Threshold
			if in.Threshold > 0 {
				threshold = in.Threshold
			}
			out := sheetView{Survey: viewSurvey(who, v), Items: make([]rowView, len(rows))}
			for i, r := range rows {
				out.Items[i] = viewRow(r, threshold, names)
			}
			return out, err
		})

	type fill struct {
		web.IDPath
		UnitID web.ID `path:"unit_id"`
		Body   answersBody
	}
	route(api, op("fillSurveyUnit", http.MethodPut, "/surveys/{id}/units/{unit_id}", "Fill in the row of a unit: by its liaison or by staff"),
		func(ctx context.Context, who actor.Actor, in *fill) (rowView, error) {
			v, r, err := s.Fill(ctx, who, in.ID.ID, in.UnitID.ID, in.Body.answers(), in.Body.Revision)
			if err != nil {
				return rowView{}, err
			}
			names, err := s.names(ctx, r.TypedBy)
			return viewRow(r, v.Threshold, names), err
		})
}
