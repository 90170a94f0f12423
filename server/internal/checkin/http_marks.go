package checkin

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/web"
)

type markView struct {
	PersonID   id.ID      `json:"person_id"`
	Name       string     `json:"name"`
	UnitID     id.ID      `json:"unit_id"`
	Unit       string     `json:"unit"`
	Initials   string     `json:"initials"`
	WalkIn     bool       `json:"walk_in"`
	Answer     string     `json:"answer" enum:",going,leave,unsure,waiting"`
	PresentAt  *time.Time `json:"present_at" doc:"null: not there, or taken back"`
	RecordedAt *time.Time `json:"recorded_at"`
	Door       Door       `json:"door" enum:",self,scan,card,roster,paper"`
	By         string     `json:"by"`
	OnBehalf   bool       `json:"on_behalf"`
	Flag       Flag       `json:"flag"`
	Note       string     `json:"note"`
}

type unitTallyView struct {
	UnitID id.ID  `json:"unit_id"`
	Unit   string `json:"unit"`
	Tally
}

type marksView struct {
	Cursor string          `json:"cursor" doc:"Goes into after of the next call, at whichever instance"`
	Counts Tally           `json:"counts"`
	ByUnit []unitTallyView `json:"by_unit" nullable:"false"`
	Items  []markView      `json:"items" nullable:"false" doc:"Replace what is known of the same persons; more than changed may be there"`
	Reset  bool            `json:"reset" doc:"The items replace everything that is known"`
}

func markOf(l Line) markView {
	v := markView{PersonID: l.Expected.Person, Name: l.Person.Name, UnitID: l.Expected.Unit, Unit: l.Person.Unit, Initials: l.Person.Initials,
		WalkIn: l.Expected.WalkIn, Answer: l.Expected.Answer}
	if l.State == StatePresent {
		v.PresentAt, v.RecordedAt, v.Door, v.By = moment(l.Record.Happened), moment(l.Record.Recorded), l.Record.Door, l.By
		v.OnBehalf, v.Flag, v.Note = l.Record.OnBehalf, l.Record.Flag, l.Record.Flag.Note()
	}
	return v
}

func marksOf(m Marks) marksView {
	v := marksView{Cursor: m.Cursor, Counts: m.Counts, ByUnit: []unitTallyView{}, Items: []markView{}, Reset: m.Reset}
	for _, u := range m.Units {
		v.ByUnit = append(v.ByUnit, unitTallyView{UnitID: u.Unit, Unit: u.Name, Tally: u.Tally})
	}
	for _, l := range m.Lines {
		v.Items = append(v.Items, markOf(l))
	}
	return v
}

func marksRoutes(api huma.API, s *Service) {
	huma.Register(api, operation("getMarks", http.MethodGet, "/lists/{id}/marks", "What changed on a list, at all doors; held until something does when asked to"),
		func(ctx context.Context, in *struct {
			web.IDPath
			After string `query:"after" maxLength:"400" doc:"Cursor of the answer before; without it everything comes"`
			Wait  int    `query:"wait" minimum:"0" maximum:"25" doc:"Seconds to wait for a change"`
		}) (*web.Out[marksView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			m, err := s.Marks(ctx, who, in.ID.ID, in.After, time.Duration(in.Wait)*time.Second)
			if err != nil {
				return nil, err
			}
			return web.JSON(marksOf(m)), nil
		})
}
