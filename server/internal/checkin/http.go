package checkin

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/web"
)

// Routes adds the operations of check-in; sessions reads the tokens of the hot one.
func Routes(api huma.API, s *Service, sessions Sessions) {
	hotRoute(api, s, sessions)
	attemptRoutes(api, s)
	codeRoutes(api, s)
	cardRoutes(api, s)
	packRoutes(api, s)
	posterRoutes(api, s)
	rosterRoutes(api, s)
	marksRoutes(api, s)
	boardRoutes(api, s)
	listRoutes(api, s)
}

func operation(id, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"checkin"}, DefaultStatus: http.StatusOK}
}

type activityView struct {
	ID       id.ID          `json:"id"`
	Kind     activity.Kind  `json:"kind" enum:"party_day,meeting,outing,lecture,red_education,volunteer,culture,sport,study"`
	Title    string         `json:"title"`
	Place    string         `json:"place"`
	StartsAt time.Time      `json:"starts_at"`
	EndsAt   time.Time      `json:"ends_at"`
	State    activity.State `json:"state" enum:"planned,ended,cancelled"`
}

func activityOf(a *activity.Activity, now time.Time) *activityView {
	if a == nil {
		return nil
	}
	return &activityView{ID: a.ID, Kind: a.Kind, Title: a.Title, Place: a.Place, StartsAt: a.StartsAt, EndsAt: a.EndsAt, State: a.State(now)}
}

type personView struct {
	ID   id.ID  `json:"id"`
	Name string `json:"name"`
	Unit string `json:"unit"`
}

type candidateView struct {
	PersonID id.ID  `json:"person_id"`
	Name     string `json:"name"`
	Unit     string `json:"unit"`
}

type resultActivity struct {
	ID       id.ID     `json:"id"`
	Title    string    `json:"title"`
	StartsAt time.Time `json:"starts_at"`
}

type firstView struct {
	At   time.Time `json:"at"`
	Door Door      `json:"door" enum:"self,scan,card,roster,paper"`
	By   string    `json:"by"`
}

type resultView struct {
	Answer     Answer          `json:"answer" enum:"ok,already,invalid_code,code_expired,cancelled,unknown,inactive,not_on_list,ambiguous,too_early,too_late,on_leave"`
	Message    string          `json:"message" doc:"Chinese sentence to show"`
	Nonce      string          `json:"nonce"`
	Person     *personView     `json:"person,omitempty"`
	Activity   *resultActivity `json:"activity,omitempty"`
	ListID     id.ID           `json:"list_id"`
	HappenedAt time.Time       `json:"happened_at"`
	First      *firstView      `json:"first,omitempty" doc:"With already"`
	OpensAt    *time.Time      `json:"opens_at,omitempty" doc:"With too_early and too_late"`
	ClosesAt   *time.Time      `json:"closes_at,omitempty"`
	Candidates []candidateView `json:"candidates,omitempty" doc:"With ambiguous"`
}

func resultOf(r Result) resultView {
	v := resultView{Answer: r.Answer, Message: r.Message, Nonce: r.Nonce, ListID: r.List, HappenedAt: r.Happened,
		OpensAt: moment(r.Opens), ClosesAt: moment(r.Closes)}
	if r.Person != nil {
		v.Person = &personView{ID: r.Person.ID, Name: r.Person.Name, Unit: r.Person.Unit}
	}
	if r.Activity != nil {
		v.Activity = &resultActivity{ID: r.Activity.ID, Title: r.Activity.Title, StartsAt: r.Activity.StartsAt}
	}
	if r.First != nil {
		v.First = &firstView{At: r.First.At, Door: r.First.Door, By: r.First.By}
	}
	for _, p := range r.Candidates {
		v.Candidates = append(v.Candidates, candidate(p))
	}
	return v
}

func candidate(p ledger.Person) candidateView {
	return candidateView{PersonID: p.ID, Name: p.Name, Unit: p.Unit}
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

type visitorView struct {
	PersonID  id.ID      `json:"person_id"`
	Name      string     `json:"name"`
	PresentAt *time.Time `json:"present_at,omitempty"`
}

type visitView struct {
	Answer    Answer        `json:"answer" enum:"ok,already,invalid_code,code_expired,cancelled,unknown,inactive,not_on_list,ambiguous,too_early,too_late,on_leave"`
	Message   string        `json:"message"`
	Ticket    string        `json:"ticket,omitempty" doc:"For 10 minutes, for this account only; there also with unknown, so that a first binding may follow"`
	ExpiresAt *time.Time    `json:"expires_at,omitempty"`
	ListID    id.ID         `json:"list_id"`
	Activity  *activityView `json:"activity,omitempty"`
	People    []visitorView `json:"people" nullable:"false"`
}

type itemBody struct {
	Nonce          string `json:"nonce" doc:"128 random bits in hexadecimal, made by the device: the same attempt keeps the same nonce"`
	HappenedAt     string `json:"happened_at,omitempty" doc:"RFC 3339; believed inside the window and not in the future"`
	Door           Door   `json:"door" doc:"scan, card, roster or paper"`
	Code           string `json:"code,omitempty" doc:"BM1.… or BC1.…"`
	PersonID       string `json:"person_id,omitempty"`
	Query          string `json:"query,omitempty" doc:"Name, initials or last four digits of the telephone"`
	WalkIn         bool   `json:"walk_in,omitempty"`
	LeaveToPresent bool   `json:"leave_to_present,omitempty"`
	Offline        bool   `json:"offline,omitempty" doc:"The door had shown it as accepted before it reached the server"`
}

// item reads what a device sent; what can't be read is judged, not refused, for the sake of the others.
func (b itemBody) item() Item {
	it := Item{Nonce: b.Nonce, Door: b.Door, Code: b.Code, Query: b.Query, WalkIn: b.WalkIn, LeaveToPresent: b.LeaveToPresent, Offline: b.Offline}
	it.Happened, _ = time.Parse(time.RFC3339, b.HappenedAt)
	it.Person, _ = id.Parse(b.PersonID)
	return it
}

func attemptRoutes(api huma.API, s *Service) {
	huma.Register(api, operation("visit", http.MethodPost, "/visits", "Exchange a venue code for a ticket"),
		func(ctx context.Context, in *struct {
			Body struct {
				Token string `json:"token" maxLength:"1000" doc:"The token, or the whole link that holds it"`
				Scene int    `json:"scene,omitempty" minimum:"0" maximum:"9999" doc:"In which WeChat opened the mini-program by this code: one that was read from a picture is flagged"`
			}
		}) (*web.Out[visitView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			r, err := s.ArriveBy(ctx, who, in.Body.Token, in.Body.Scene)
			if err != nil {
				return nil, err
			}
			v := visitView{Answer: r.Answer, Message: r.Message, Ticket: r.Ticket, ExpiresAt: moment(r.Expires), ListID: r.List,
				Activity: activityOf(r.Activity, s.Clock.Now()), People: []visitorView{}}
			for _, p := range r.People {
				v.People = append(v.People, visitorView{PersonID: p.Person.ID, Name: p.Person.Name, PresentAt: moment(p.PresentAt)})
			}
			return web.JSON(v), nil
		})
	type results struct {
		Items []resultView `json:"items" nullable:"false" doc:"One for each item, in the same order"`
	}
	huma.Register(api, operation("recordCheckIns", http.MethodPost, "/lists/{id}/check-ins", "What a door saw: scans, names, paper; each item gets its own answer"),
		func(ctx context.Context, in *struct {
			web.IDPath
			Body struct {
				Items []itemBody `json:"items" nullable:"false" maxItems:"500"`
			}
		}) (*web.Out[results], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			items := make([]Item, len(in.Body.Items))
			for i, b := range in.Body.Items {
				items[i] = b.item()
			}
			found, err := s.Record(ctx, who, in.ID.ID, items)
			if err != nil {
				return nil, err
			}
			out := results{Items: []resultView{}}
			for _, r := range found {
				out.Items = append(out.Items, resultOf(r))
			}
			return web.JSON(out), nil
		})
	annul := operation("annulCheckIn", http.MethodPost, "/lists/{id}/check-ins/{person_id}/annul",
		"Take a presence back: the member within 10 minutes, who recorded it within 15, head and lead unit later")
	annul.DefaultStatus = http.StatusNoContent
	huma.Register(api, annul, func(ctx context.Context, in *struct {
		web.IDPath
		PersonID web.ID `path:"person_id"`
		Body     struct {
			Reason string `json:"reason,omitempty"`
		}
	}) (*web.Empty, error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		return nil, s.Annul(ctx, who, in.ID.ID, in.PersonID.ID, in.Body.Reason)
	})
}

// fileName writes a Chinese file name into a header.
func fileName(name string) string {
	return `attachment; filename="attendance.xlsx"; filename*=UTF-8''` + url.PathEscape(name)
}
