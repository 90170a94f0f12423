package checkin

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/live"
	"bense/server/internal/web"
)

// boardAlive is the longest silence on a board's connection.
const boardAlive = 12 * time.Second

type boardLinkView struct {
	Token     string    `json:"token"`
	URL       string    `json:"url" doc:"Page to open on the big screen; needs no log-in"`
	ExpiresAt time.Time `json:"expires_at" doc:"Moves along with the list"`
}

type boardActivityView struct {
	Title    string         `json:"title"`
	Place    string         `json:"place"`
	StartsAt time.Time      `json:"starts_at"`
	EndsAt   time.Time      `json:"ends_at"`
	State    activity.State `json:"state" enum:"planned,ended,cancelled"`
}

type boardListView struct {
	Name     string    `json:"name"`
	OpensAt  time.Time `json:"opens_at"`
	ClosesAt time.Time `json:"closes_at"`
	State    ListState `json:"state" enum:"before,open,closed" doc:"By the server's clock"`
}

type boardCodeView struct {
	URL                 string  `json:"url" doc:"Text of the QR code"`
	RefreshAfterSeconds int     `json:"refresh_after_seconds" doc:"The next code is pushed by then"`
	ExpiresAfterSeconds float64 `json:"expires_after_seconds" doc:"Seconds from now until nobody can sign in with it: then it must be hidden"`
}

type arrivalView struct {
	Name string    `json:"name"`
	Unit string    `json:"unit"`
	At   time.Time `json:"at"`
}

type boardView struct {
	Activity boardActivityView `json:"activity"`
	List     boardListView     `json:"list"`
	Code     *boardCodeView    `json:"code" doc:"null: nobody can sign in now"`
	Counts   Tally             `json:"counts"`
	Latest   []arrivalView     `json:"latest" nullable:"false" doc:"Newest first; empty without names"`
	Names    bool              `json:"names"`
	Now      time.Time         `json:"now" doc:"The server's clock"`
	Version  string            `json:"version" doc:"Equal versions look the same"`
}

// view gives what a board shows, rendered once for all that show the same.
func (b *Board) view(ctx context.Context) (data []byte, version string, err error) {
	p, version, err := b.next(ctx)
	if err != nil {
		return nil, "", err
	}
	f := &p.frames[0]
	if b.token.Names {
		f = &p.frames[1]
	}
	f.once.Do(func() { f.data, _ = json.Marshal(b.service.boardOf(p, b.token.Names, version)) }) // no value in it that JSON lacks
	return f.data, version, nil
}

// Snapshot waits for what a board shows next, as JSON.
func (b *Board) Snapshot(ctx context.Context) ([]byte, error) {
	data, _, err := b.view(ctx)
	return data, err
}

func (s *Service) boardOf(p *screen, names bool, version string) boardView {
	a := p.Activity
	v := boardView{Activity: boardActivityView{a.Title, a.Place, a.StartsAt, a.EndsAt, a.State(p.At)},
		List:   boardListView{p.List.Name, p.List.OpensAt, p.List.ClosesAt, p.listState()},
		Counts: p.Counts, Latest: []arrivalView{}, Names: names, Now: p.At, Version: version}
	if c, _ := s.boardCode(p); c.Token != "" {
		v.Code = &boardCodeView{URL: c.URL, RefreshAfterSeconds: int((c.Refresh + time.Second - 1) / time.Second),
			ExpiresAfterSeconds: c.ExpiresAt.Sub(p.At).Seconds()}
	}
	if names {
		for _, r := range p.Latest {
			v.Latest = append(v.Latest, arrivalView{Name: p.People[r.Person].Name, Unit: p.People[r.Person].Unit, At: r.Happened})
		}
	}
	return v
}

type boardTokenPath struct {
	Token string `path:"token" maxLength:"200"`
}

func boardRoutes(api huma.API, s *Service) {
	open := operation("openBoard", http.MethodPost, "/lists/{id}/boards", "A link for the big screen at the venue")
	open.DefaultStatus = http.StatusCreated
	huma.Register(api, open, func(ctx context.Context, in *struct {
		web.IDPath
		Body struct {
			Names bool `json:"names" doc:"Show the names of who has just arrived"`
		}
	}) (*web.Out[boardLinkView], error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		l, err := s.OpenBoard(ctx, who, in.ID.ID, in.Body.Names)
		if err != nil {
			return nil, err
		}
		return web.JSON(boardLinkView{Token: l.Token, URL: l.URL, ExpiresAt: l.Expires}), nil
	})
	shut := operation("closeBoards", http.MethodDelete, "/lists/{id}/boards", "Take all links of the big screens back")
	shut.DefaultStatus = http.StatusNoContent
	huma.Register(api, shut, func(ctx context.Context, in *web.IDPath) (*web.Empty, error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		return nil, s.CloseBoards(ctx, who, in.ID.ID)
	})

	view := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[boardView](), true, "BoardView")
	once := web.Public(operation("getBoard", http.MethodGet, "/boards/{token}", "What a big screen shows now"))
	once.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"application/json": {Schema: view}}}}
	type raw struct {
		Type string `header:"Content-Type"`
		Body []byte
	}
	huma.Register(api, once, func(ctx context.Context, in *boardTokenPath) (*raw, error) {
		b, err := s.Board(ctx, in.Token)
		if err != nil {
			return nil, err
		}
		defer b.Leave()
		data, _, err := b.view(ctx)
		return &raw{Type: "application/json", Body: data}, err
	})

	events := web.Public(operation("watchBoard", http.MethodGet, "/boards/{token}/events", "The same as server-sent events"))
	events.Responses = web.EventStream("Event snapshot with the same body, at once and after every change; event alive whenever there was none for 12 seconds", view)
	huma.Register(api, events, func(ctx context.Context, in *boardTokenPath) (*huma.StreamResponse, error) {
		b, err := s.Board(ctx, in.Token)
		if err != nil {
			return nil, err
		}
		data, version, err := b.view(ctx) // what can't be shown is a problem, not a stream
		if err != nil {
			b.Leave()
			return nil, err
		}
		return &huma.StreamResponse{Body: func(out huma.Context) {
			defer b.Leave()
			watch(out, b, data, version)
		}}, nil
	})
}

// watch sends what a board shows until its reader is gone or too slow, its time is over, or the
// server goes down.
func watch(out huma.Context, b *Board, data []byte, version string) {
	ctx := out.Context()
	retry := 2*time.Second + rand.N(2*time.Second) // not all at once after an interruption
	stream, err := web.OpenStream(out, retry)
	for err == nil && data != nil {
		if err = stream.Send("snapshot", version, data); err != nil {
			return
		}
		for data = nil; err == nil && data == nil; {
			data, version, err = b.viewWithin(ctx, boardAlive)
			if data == nil && err == nil {
				err = stream.KeepAlive()
			}
		}
	}
}

// viewWithin gives nothing when nothing changes in time, or nothing can be rendered just now.
func (b *Board) viewWithin(ctx context.Context, d time.Duration) ([]byte, string, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	data, version, err := b.view(ctx)
	if e, known := errs.As(err); errors.Is(err, context.DeadlineExceeded) || known && e.Kind == errs.Unavailable && !errors.Is(err, live.ErrClosing) {
		return nil, "", nil
	}
	return data, version, err
}
