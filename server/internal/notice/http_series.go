package notice

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/page"
	"bense/server/internal/web"
)

type seriesPartView struct {
	NoticeID   id.ID  `json:"notice_id"`
	AllianceID id.ID  `json:"alliance_id"`
	Alliance   string `json:"alliance"`
	State      State  `json:"state" enum:"published,cancelled,closed,scheduled"`
	People     int    `json:"people"`
	Reached    int    `json:"reached" doc:"Have read, answered or been told"`
}

type seriesView struct {
	Notice    noticeView       `json:"notice" doc:"The committee's own, which is written, given pictures, approved and planned like any other"`
	Alliances []seriesPartView `json:"alliances" nullable:"false" doc:"Their copies, once it is out"`
}

type committeeChoiceView struct {
	People    int           `json:"people"`
	Calls     int           `json:"calls"`
	Alliances []partView    `json:"alliances" nullable:"false" doc:"Those with people"`
	Teams     []teamView    `json:"teams" nullable:"false" doc:"Interest teams that the ledger names, the largest first"`
	TeamSets  []teamSetView `json:"team_sets" nullable:"false"`
}

// seriesRoutes are about notices of a committee to its alliances.
func seriesRoutes(api huma.API, s *Service) {
	type write struct {
		web.IDPath
		Body struct {
			Title string `json:"title" minLength:"1" maxLength:"100"`
			Body  string `json:"body" minLength:"1" maxLength:"4000"`
		}
	}
	made := op("createCommitteeNotice", http.MethodPost, "/committees/{id}/notices", "Draft a committee's notice to its alliances; each gets a copy when it leaves")
	made.DefaultStatus = http.StatusCreated
	route(api, made, func(ctx context.Context, who actor.Actor, in *write) (Item, error) {
		return s.CreateWhole(ctx, who, in.ID.ID, in.Body.Title, in.Body.Body)
	}, viewItem)
	route(api, op("listCommitteeNotices", http.MethodGet, "/committees/{id}/notices", "The latest of them, and how far they have come"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) ([]Series, error) {
			return s.SeriesOf(ctx, who, in.ID.ID)
		}, func(list []Series) page.List[seriesView] {
			return all(list, func(x Series) seriesView {
				return seriesView{viewItem(x.Item), each(x.Parts, func(p SeriesPart) seriesPartView {
					return seriesPartView{p.Notice, p.Alliance, p.Name, p.State, p.People, p.Reached}
				})}
			})
		})
	route(api, op("getCommitteeNoticeChoices", http.MethodGet, "/committees/{id}/notice-choices", "Among whom a committee's notice can choose, counted"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (Choice, error) {
			return s.CommitteeChoices(ctx, who, in.ID.ID)
		}, func(c Choice) committeeChoiceView {
			v := viewChoice(c)
			return committeeChoiceView{v.People, v.Calls, each(c.Alliances, func(p Part) partView { return partView(p) }), v.Teams, v.TeamSets}
		})
}
