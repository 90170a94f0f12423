package notice

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/page"
	"bense/server/internal/web"
)

type callView struct {
	PersonID id.ID      `json:"person_id"`
	Name     string     `json:"name"`
	UnitID   id.ID      `json:"unit_id"`
	Unit     string     `json:"unit"`
	Phone    string     `json:"phone"`
	Family   *kinView   `json:"family,omitempty" doc:"Whom to ring of a person without a number, or who wants the family to be told"`
	ReadAt   *time.Time `json:"read_at,omitempty"`
	Answer   string     `json:"answer"`
	Outcome  Outcome    `json:"outcome" doc:"Of the last call, or empty"`
	Note     string     `json:"note"`
	At       *time.Time `json:"at,omitempty" doc:"Of the last call"`
	By       string     `json:"by" doc:"Who made the last call"`
	// Those of one household stand one after the other.
	HouseholdID id.ID  `json:"household_id" doc:"Who has the same lives in one household; empty: none"`
	News        News   `json:"news" enum:",corrected,moved,placed" doc:"What somebody who knew the notice does not know yet: another text, another time or place, or a place after waiting; empty: nothing"`
	Calling     string `json:"calling" doc:"The colleague who is calling at this moment; empty when nobody else is"`
	Way         Way    `json:"way" enum:"wechat,family,phone" doc:"How the person wants to be told; phone: nothing else was sent"`
}

type kinView struct {
	Name     string `json:"name"`
	Relation string `json:"relation"`
	Phone    string `json:"phone"`
}

func viewKin(c ledger.Contact) *kinView {
	if c.Phone == "" {
		return nil
	}
	return &kinView{c.Name, c.Relation, c.Phone}
}

func viewCall(c Call) callView {
	return callView{
		PersonID: c.Person, Name: c.Name, UnitID: c.Unit, Unit: c.UnitName, Phone: c.Phone, Family: viewKin(c.Family), ReadAt: when(c.ReadAt),
		Answer: c.Answer, Outcome: c.Outcome, Note: c.Note, At: when(c.At), By: c.By, HouseholdID: c.Household, Calling: c.Now, Way: c.Way,
		News: c.News,
	}
}

// callRoutes are about those whom nothing else reaches.
func callRoutes(api huma.API, s *Service) {
	type list struct {
		web.IDPath
		State string `query:"state" enum:"unreached" doc:"unreached: without those who were called and are reached by now"`
	}
	route(api, op("listNoticeCalls", http.MethodGet, "/notices/{id}/calls", "Whom to call, with numbers; every look is audited"),
		func(ctx context.Context, who actor.Actor, in *list) ([]Call, error) {
			return s.Calls(ctx, who, in.ID.ID, in.State == "")
		}, func(list []Call) page.List[callView] { return all(list, viewCall) })

	type record struct {
		web.IDPath
		Person web.ID `path:"person_id"`
		Body   struct {
			Outcome Outcome `json:"outcome" enum:"told,no_answer,leave,inconvenient,wrong_number"`
			Note    string  `json:"note,omitempty" maxLength:"400"`
			Reason  string  `json:"reason,omitempty" maxLength:"200" doc:"Of leave"`
			With    []id.ID `json:"with,omitempty" maxItems:"7" doc:"Others of the household to whom the same was said; not with leave"`
		}
	}
	route(api, op("recordNoticeCall", http.MethodPost, "/notices/{id}/calls/{person_id}", "Note what came of a call"),
		func(ctx context.Context, who actor.Actor, in *record) (Call, error) {
			return s.RecordCall(ctx, who, in.ID.ID, in.Person.ID, Spoken(in.Body))
		}, viewCall)

	type take struct {
		web.IDPath
		Person web.ID `path:"person_id"`
	}
	type takenView struct {
		Seconds int `json:"seconds" doc:"For how long nobody else is offered the person"`
	}
	route(api, op("takeNoticeCall", http.MethodPost, "/notices/{id}/calls/{person_id}/take", "Say that one is about to call somebody: of several liaisons one does"),
		func(ctx context.Context, who actor.Actor, in *take) (time.Duration, error) {
			return holdFor, s.TakeCall(ctx, who, in.ID.ID, in.Person.ID)
		}, func(d time.Duration) takenView { return takenView{Seconds: int(d.Seconds())} })
}
