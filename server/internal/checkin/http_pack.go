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

type packList struct {
	ID       id.ID     `json:"id"`
	Name     string    `json:"name"`
	OpensAt  time.Time `json:"opens_at"`
	ClosesAt time.Time `json:"closes_at"`
}

type packActivity struct {
	ID       id.ID     `json:"id"`
	Title    string    `json:"title"`
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
	State    string    `json:"state" enum:"planned,ended,cancelled"`
}

type packPerson struct {
	PersonID id.ID    `json:"person_id"`
	Name     string   `json:"name"`
	UnitID   id.ID    `json:"unit_id"`
	Unit     string   `json:"unit"`
	Initials string   `json:"initials"`
	Answer   string   `json:"answer" enum:",going,leave,unsure,waiting"`
	Present  bool     `json:"present"`
	Codes    []string `json:"codes" nullable:"false" doc:"The first 16 hexadecimal digits of SHA-256 over the salt followed by BC1.SERIAL of a card or BD1.PASS of a day"`
}

type packView struct {
	List      packList     `json:"list"`
	Activity  packActivity `json:"activity"`
	WipeAfter time.Time    `json:"wipe_after" doc:"When the phone deletes the pack"`
	Salt      string       `json:"salt" doc:"Text, put before what is hashed as it stands here"`
	People    []packPerson `json:"people" nullable:"false"`
}

func packRoutes(api huma.API, s *Service) {
	huma.Register(api, operation("getDoorPack", http.MethodGet, "/lists/{id}/door-pack",
		"What a door needs in order to go on without network: names and hashes of codes"),
		func(ctx context.Context, in *web.IDPath) (*web.Out[packView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			p, err := s.DoorPack(ctx, who, in.ID.ID)
			if err != nil {
				return nil, err
			}
			a := p.Activity
			v := packView{List: packList{p.List.ID, p.List.Name, p.List.OpensAt, p.List.ClosesAt}, WipeAfter: p.Wipe, Salt: p.Salt, People: []packPerson{},
				Activity: packActivity{ID: a.ID, Title: a.Title, StartsAt: a.StartsAt, EndsAt: a.EndsAt, State: string(a.State(s.Clock.Now()))}}
			for _, x := range p.People {
				v.People = append(v.People, packPerson{PersonID: x.Person.ID, Name: x.Person.Name, UnitID: x.Person.UnitID, Unit: x.Person.Unit,
					Initials: x.Person.Initials, Answer: x.Answer, Present: x.Present, Codes: x.Codes})
			}
			return web.JSON(v), nil
		})
}
