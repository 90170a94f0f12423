package notice

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/web"
)

type namedView struct {
	PersonID id.ID  `json:"person_id"`
	Name     string `json:"name"`
	Unit     string `json:"unit"`
	Number   string `json:"number" doc:"WeChat's group_openid; empty: WeChat can't name the person in this group"`
}

type namingView struct {
	Title   string      `json:"title" doc:"Of the link, short enough for wx.notifyGroupMembers"`
	Coming  bool        `json:"coming" doc:"The notice asks whether somebody comes"`
	People  []namedView `json:"people" nullable:"false" doc:"Who has not answered, without an activity who has not read"`
	Unnamed int         `json:"unnamed" doc:"Those of them whom WeChat can't name"`
}

// toolRoutes are about WeChat's chat tool, in which a tap names people in the group.
func toolRoutes(api huma.API, s *Service) {
	type openInput struct {
		web.IDPath
		Body groupView
	}
	route(api, op("openChatTool", http.MethodPost, "/notices/{id}/chat-tool", "Who can be named in the group from which the phone asks"),
		func(ctx context.Context, who actor.Actor, in *openInput) (Tool, error) {
			return s.OpenTool(ctx, who, in.ID.ID, in.Body.always())
		}, func(t Tool) namingView {
			return namingView{t.Title, t.Coming, each(t.Silent, func(n Named) namedView { return namedView{n.Person, n.Name, n.Unit, n.Number} }), t.Unnamed}
		})
	type namedInput struct {
		web.IDPath
		Body struct {
			Group   groupView `json:"group"`
			Persons []id.ID   `json:"person_ids" maxItems:"500"`
		}
	}
	type countView struct {
		Count int `json:"count"`
	}
	route(api, op("noteNamed", http.MethodPost, "/notices/{id}/chat-tool/named", "Note whom a tap has just named in the group"),
		func(ctx context.Context, who actor.Actor, in *namedInput) (int, error) {
			return s.Reminded(ctx, who, in.ID.ID, in.Body.Group.always(), in.Body.Persons)
		}, func(n int) countView { return countView{n} })
}
