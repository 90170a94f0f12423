package checkin

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/web"
)

type cardView struct {
	Serial string `json:"serial"`
	QR     string `json:"qr" doc:"Text of the QR code, BC1.…"`
}

type reissuedView struct {
	Serial  string `json:"serial"`
	QR      string `json:"qr" doc:"Text of the QR code, BC1.…"`
	Revoked int64  `json:"revoked" doc:"How many cards of before are worthless now"`
}

type cardLineView struct {
	PersonID id.ID      `json:"person_id"`
	Name     string     `json:"name"`
	UnitID   id.ID      `json:"unit_id"`
	Unit     string     `json:"unit"`
	IssuedAt *time.Time `json:"issued_at" doc:"Of the newest valid card; null: none"`
	Cards    int        `json:"cards" doc:"How many count"`
}

type cardListView struct {
	Name      string         `json:"name" doc:"Of the person, the unit or the alliance"`
	Items     []cardLineView `json:"items" nullable:"false" doc:"Active people, by unit and ledger number"`
	Carded    int            `json:"carded" doc:"How many of them have a card"`
	Files     int            `json:"files" doc:"Into how many files these cards are cut"`
	HelpName  string         `json:"help_name" doc:"What the cards say whom to call"`
	HelpPhone string         `json:"help_phone" doc:"Empty: nothing is printed before it is configured"`
}

func (s *Service) cardListOf(l CardList) cardListView {
	v := cardListView{Name: l.Name, Items: make([]cardLineView, len(l.Lines)), Carded: l.Carded, Files: cardFiles(l.Carded), HelpName: s.Help.Name, HelpPhone: s.Help.Phone}
	for i, c := range l.Lines {
		v.Items[i] = cardLineView{PersonID: c.Person.ID, Name: c.Person.Name, UnitID: c.Person.UnitID, Unit: c.Person.Unit, IssuedAt: moment(c.Issued), Cards: c.Cards}
	}
	return v
}

type issuedView struct {
	Issued   int       `json:"issued" doc:"How many had none and have one now"`
	IssuedAt time.Time `json:"issued_at" doc:"Given to the file as since it prints these alone"`
	Files    int       `json:"files"`
}

func cardRoutes(api huma.API, s *Service) {
	issue := operation("issueCard", http.MethodPost, "/persons/{id}/cards", "A printed card for somebody who comes without a phone")
	issue.DefaultStatus = http.StatusCreated
	huma.Register(api, issue, func(ctx context.Context, in *web.IDPath) (*web.Out[cardView], error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		serial, err := s.IssueCard(ctx, who, in.ID.ID)
		if err != nil {
			return nil, err
		}
		return web.JSON(cardView{Serial: serial, QR: CardPrefix + serial}), nil
	})
	reissue := operation("reissueCard", http.MethodPost, "/persons/{id}/cards/reissue", "A card was lost: a new one, and all of before are worthless")
	reissue.DefaultStatus = http.StatusCreated
	huma.Register(api, reissue, func(ctx context.Context, in *web.IDPath) (*web.Out[reissuedView], error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		serial, revoked, err := s.ReissueCard(ctx, who, in.ID.ID)
		if err != nil {
			return nil, err
		}
		return web.JSON(reissuedView{Serial: serial, QR: CardPrefix + serial, Revoked: revoked}), nil
	})
	revoke := operation("revokeCard", http.MethodDelete, "/cards/{serial}", "Make a lost card worthless")
	revoke.DefaultStatus = http.StatusNoContent
	huma.Register(api, revoke, func(ctx context.Context, in *struct {
		Serial string `path:"serial" maxLength:"64"`
	}) (*web.Empty, error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		return nil, s.RevokeCard(ctx, who, in.Serial)
	})
	for _, of := range []struct {
		name, path, words string
		scope             func(id.ID) CardScope
	}{
		{"Person", "/persons/{id}", "a person", func(v id.ID) CardScope { return CardScope{Person: v} }},
		{"Unit", "/units/{id}", "a unit", func(v id.ID) CardScope { return CardScope{Unit: v} }},
		{"Alliance", "/alliances/{id}", "an alliance", func(v id.ID) CardScope { return CardScope{Alliance: v} }},
	} {
		huma.Register(api, operation("list"+of.name+"Cards", http.MethodGet, of.path+"/cards", "Who has a card, of "+of.words),
			func(ctx context.Context, in *web.IDPath) (*web.Out[cardListView], error) {
				who, err := actor.From(ctx)
				if err != nil {
					return nil, err
				}
				list, err := s.Cards(ctx, who, of.scope(in.ID.ID))
				if err != nil {
					return nil, err
				}
				return web.JSON(s.cardListOf(list)), nil
			})
		if of.name != "Person" {
			huma.Register(api, operation("issue"+of.name+"Cards", http.MethodPost, of.path+"/cards", "A card for everybody who has none, of "+of.words),
				func(ctx context.Context, in *web.IDPath) (*web.Out[issuedView], error) {
					who, err := actor.From(ctx)
					if err != nil {
						return nil, err
					}
					n, at, err := s.IssueCards(ctx, who, of.scope(in.ID.ID))
					if err != nil {
						return nil, err
					}
					return web.JSON(issuedView{Issued: n, IssuedAt: at, Files: cardFiles(n)}), nil
				})
		}
		file := operation("print"+of.name+"Cards", http.MethodGet, of.path+"/cards.pdf", "The cards to print on A4 and to cut, of "+of.words)
		file.Responses = map[string]*huma.Response{"200": {
			Description: "PDF", Content: map[string]*huma.MediaType{pdfType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
		}}
		huma.Register(api, file, func(ctx context.Context, in *struct {
			web.IDPath
			Since time.Time `query:"since" doc:"Only what was issued then or later"`
			File  int       `query:"file" default:"1" minimum:"1" doc:"Of several, which"`
		}) (*fileOut, error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			name, data, err := s.CardFile(ctx, who, of.scope(in.ID.ID), in.Since, in.File)
			if err != nil {
				return nil, err
			}
			return &fileOut{Type: pdfType, Disposition: `attachment; filename="cards.pdf"; filename*=UTF-8''` + url.PathEscape(name), Body: data}, nil
		})
	}
}
