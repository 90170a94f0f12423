package checkin

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/web"
)

type listView struct {
	ID       id.ID     `json:"id"`
	Kind     ListKind  `json:"kind" enum:"main,meal,return,check_out,other"`
	Name     string    `json:"name"`
	OpensAt  time.Time `json:"opens_at"`
	ClosesAt time.Time `json:"closes_at"`
}

type rosterItem struct {
	PersonID   id.ID       `json:"person_id"`
	Name       string      `json:"name"`
	Initials   string      `json:"initials"`
	UnitID     id.ID       `json:"unit_id"`
	Unit       string      `json:"unit"`
	PhoneLast4 string      `json:"phone_last4"`
	Answer     string      `json:"answer" enum:",going,leave,unsure,waiting"`
	WalkIn     bool        `json:"walk_in"`
	PresentAt  *time.Time  `json:"present_at,omitempty"`
	RecordedAt *time.Time  `json:"recorded_at,omitempty"`
	Door       Door        `json:"door" enum:",self,scan,card,roster,paper"`
	By         string      `json:"by"`
	OnBehalf   bool        `json:"on_behalf"`
	Flag       Flag        `json:"flag" doc:"What to look at; empty in the ordinary case"`
	Note       string      `json:"note" doc:"The flag in words"`
	Bus        int         `json:"bus" doc:"0: none known"`
	No         int         `json:"no" doc:"序号 on the printed sign-in sheet; 0: not printed yet"`
	Again      []firstView `json:"again" nullable:"false" doc:"Doors that let the same person in while they were offline"`
}

type rosterView struct {
	List     listView      `json:"list"`
	Activity *activityView `json:"activity"`
	Counts   Tally         `json:"counts"`
	Items    []rosterItem  `json:"items" nullable:"false"`
}

func itemOf(l Line, last4 string) rosterItem {
	v := rosterItem{PersonID: l.Expected.Person, Name: l.Person.Name, Initials: l.Person.Initials, UnitID: l.Person.UnitID, Unit: l.Person.Unit,
		PhoneLast4: last4, Answer: l.Expected.Answer, WalkIn: l.Expected.WalkIn, Again: []firstView{}}
	if l.State == StatePresent {
		v.PresentAt, v.RecordedAt, v.Door, v.By = moment(l.Record.Happened), moment(l.Record.Recorded), l.Record.Door, l.By
		v.OnBehalf, v.Flag, v.Note = l.Record.OnBehalf, l.Record.Flag, l.Record.Flag.Note()
	}
	for _, r := range l.Again {
		v.Again = append(v.Again, firstView{At: r.Happened, Door: r.Door})
	}
	return v
}

type attendanceRow struct {
	No       int        `json:"no"`
	PersonID id.ID      `json:"person_id"`
	Name     string     `json:"name"`
	Unit     string     `json:"unit"`
	State    State      `json:"state" enum:"present,leave,absent"`
	Way      string     `json:"way" doc:"Chinese word of the door"`
	At       *time.Time `json:"at,omitempty"`
	Door     Door       `json:"door" enum:",self,scan,card,roster,paper"`
	By       string     `json:"by"`
	Reason   string     `json:"reason" doc:"Of 请假, for those who see the answers of the unit"`
	Remark   string     `json:"remark" doc:"备注"`
}

type attendanceView struct {
	Title    string          `json:"title"`
	Activity *activityView   `json:"activity"`
	Alliance string          `json:"alliance"`
	HostUnit string          `json:"host_unit"`
	When     string          `json:"when" doc:"The time in words"`
	Counts   Tally           `json:"counts"`
	Rows     []attendanceRow `json:"rows" nullable:"false"`
}

func attendanceOf(s Sheet, now time.Time) attendanceView {
	v := attendanceView{Title: s.Title, Activity: activityOf(&s.Activity, now), Alliance: s.Alliance, HostUnit: s.Host,
		When: activity.Span(s.Activity.StartsAt, s.Activity.EndsAt), Counts: s.Counts, Rows: []attendanceRow{}}
	for i, l := range s.Lines {
		v.Rows = append(v.Rows, attendanceRow{No: i + 1, PersonID: l.Expected.Person, Name: l.Person.Name, Unit: l.Person.Unit, State: l.State,
			Way: l.Record.Door.Way(), At: moment(l.Record.Happened), Door: l.Record.Door, By: l.By, Reason: l.Expected.Reason, Remark: l.Remark()})
	}
	return v
}

type fileOut struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

const xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

func rosterRoutes(api huma.API, s *Service) {
	huma.Register(api, operation("getRoster", http.MethodGet, "/lists/{id}/roster", "Everybody expected and who is there, as the door works with it"),
		func(ctx context.Context, in *web.IDPath) (*web.Out[rosterView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			r, err := s.Roster(ctx, who, in.ID.ID)
			if err != nil {
				return nil, err
			}
			v := rosterView{List: listOf(r.List),
				Activity: activityOf(&r.Activity, s.Clock.Now()), Counts: r.Counts, Items: []rosterItem{}}
			for _, l := range r.Lines {
				item := itemOf(l, r.Last4[l.Expected.Person])
				item.Bus, item.No = r.Buses[l.Expected.Person], r.Numbers[l.Expected.Person]
				v.Items = append(v.Items, item)
			}
			return web.JSON(v), nil
		})
	huma.Register(api, operation("getAttendance", http.MethodGet, "/activities/{id}/attendance", "The attendance sheet as a page"),
		func(ctx context.Context, in *web.IDPath) (*web.Out[attendanceView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			sheet, err := s.Attendance(ctx, who, in.ID.ID)
			if err != nil {
				return nil, err
			}
			return web.JSON(attendanceOf(sheet, s.Clock.Now())), nil
		})
	file := operation("getAttendanceFile", http.MethodGet, "/activities/{id}/attendance.xlsx", "The attendance sheet as a workbook to file")
	file.Responses = map[string]*huma.Response{"200": {
		Description: "Workbook", Content: map[string]*huma.MediaType{xlsxType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}}
	huma.Register(api, file, func(ctx context.Context, in *web.IDPath) (*fileOut, error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		name, data, err := s.AttendanceFile(ctx, who, in.ID.ID)
		if err != nil {
			return nil, err
		}
		return &fileOut{Type: xlsxType, Disposition: fileName(name), Body: data}, nil
	})
}
