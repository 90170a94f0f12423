package notice

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/page"
	"bense/server/internal/web"
)

type channelView struct {
	Channel  Channel `json:"channel" enum:"inbox,subscribe,official,sms,group_card,robot,chat_tool,calls"`
	Name     string  `json:"name"`
	Ready    bool    `json:"ready" doc:"Set up in this installation"`
	On       bool    `json:"on" doc:"Switched on by the committee"`
	Consent  bool    `json:"consent" doc:"Only to those who agreed or follow"`
	Night    bool    `json:"night" doc:"Makes no phone ring: the quiet hours don't hold it up"`
	Confirms bool    `json:"confirms" doc:"The platform tells whether it arrived"`
	Group    bool    `json:"group" doc:"Reaches a group, nobody in particular"`
	Tap      bool    `json:"tap" doc:"A person has to tap"`
	Always   bool    `json:"always" doc:"Can't be switched off"`
}

func viewChannel(c ChannelState) channelView {
	t := c.Channel.Traits()
	return channelView{Channel: c.Channel, Name: t.Name, Ready: c.Ready, On: c.On, Consent: t.Consent, Night: t.Night, Confirms: t.Confirms,
		Group: t.Group, Tap: t.Tap, Always: t.Always}
}

type groupStateView struct {
	ID      id.ID      `json:"id"`
	State   GroupState `json:"state" enum:"seen,bound,ended"`
	Title   string     `json:"title" doc:"Of the notice whose card was opened in the group; empty: known from before"`
	SeenAt  time.Time  `json:"seen_at"`
	BoundAt *time.Time `json:"bound_at,omitempty"`
	By      string     `json:"by" doc:"Who said that it is the alliance's; empty: it was the first one"`
	EndedAt *time.Time `json:"ended_at,omitempty"`
}

func viewGroup(g GroupView) groupStateView {
	return groupStateView{ID: g.ID, State: g.State, Title: g.Title, SeenAt: g.SeenAt, BoundAt: when(g.BoundAt), By: g.By, EndedAt: when(g.EndedAt)}
}

type robotView struct {
	Ready bool       `json:"ready" doc:"This installation speaks to WeCom robots"`
	Set   bool       `json:"set"`
	At    *time.Time `json:"at,omitempty"`
	By    string     `json:"by"`
	Tail  string     `json:"tail" doc:"Last four characters of the secret key"`
}

func viewRobot(r RobotState) robotView {
	return robotView{Ready: r.Ready, Set: r.Set, At: when(r.At), By: r.By, Tail: r.Tail}
}

type wayView struct {
	Way  Way    `json:"way" enum:"wechat,family,phone"`
	Name string `json:"name"`
}

func viewWay(w Way) wayView { return wayView{Way: w, Name: w.Name()} }

// channelRoutes are about the ways on which people are reached.
func channelRoutes(api huma.API, s *Service) {
	route(api, op("getNoticeWay", http.MethodGet, "/persons/{id}/notice-way", "How somebody wants to be told"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (Way, error) {
			return s.WayOf(ctx, who, in.ID.ID)
		}, viewWay)
	type wayInput struct {
		web.IDPath
		Body struct {
			Way Way `json:"way" enum:"wechat,family,phone"`
		}
	}
	route(api, op("setNoticeWay", http.MethodPut, "/persons/{id}/notice-way", "Say how somebody wants to be told: by WeChat, through the family, or by a call only"),
		func(ctx context.Context, who actor.Actor, in *wayInput) (Way, error) {
			return s.SetWay(ctx, who, in.ID.ID, in.Body.Way)
		}, viewWay)

	groups := func(ctx context.Context, who actor.Actor, in *web.IDPath) ([]GroupView, error) {
		return s.GroupsOf(ctx, who, in.ID.ID)
	}
	viewGroups := func(list []GroupView) page.List[groupStateView] { return all(list, viewGroup) }
	route(api, op("listAllianceGroups", http.MethodGet, "/alliances/{id}/groups", "WeChat groups of an alliance: its own, those that may become so, former ones"), groups, viewGroups)
	type groupPath struct {
		web.IDPath
		Group web.ID `path:"group_id"`
	}
	turn := func(f func(context.Context, actor.Actor, id.ID, id.ID) error) func(context.Context, actor.Actor, *groupPath) ([]GroupView, error) {
		return func(ctx context.Context, who actor.Actor, in *groupPath) ([]GroupView, error) {
			if err := f(ctx, who, in.ID.ID, in.Group.ID); err != nil {
				return nil, err
			}
			return s.GroupsOf(ctx, who, in.ID.ID)
		}
	}
	route(api, op("bindAllianceGroup", http.MethodPost, "/alliances/{id}/groups/{group_id}/bind", "Say that a group is the alliance's"), turn(s.BindGroup), viewGroups)
	route(api, op("endAllianceGroup", http.MethodPost, "/alliances/{id}/groups/{group_id}/end", "Say that it is so no more"), turn(s.EndGroup), viewGroups)

	route(api, op("getAllianceRobot", http.MethodGet, "/alliances/{id}/robot", "The robot in an alliance's WeCom group; never its key"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (RobotState, error) {
			return s.Robot(ctx, who, in.ID.ID)
		}, viewRobot)
	type robotInput struct {
		web.IDPath
		Body struct {
			Address string `json:"address" maxLength:"300" doc:"The robot's webhook; empty takes it away"`
		}
	}
	route(api, op("setAllianceRobot", http.MethodPut, "/alliances/{id}/robot", "Enter it, or take it away"),
		func(ctx context.Context, who actor.Actor, in *robotInput) (RobotState, error) {
			return s.SetRobot(ctx, who, in.ID.ID, in.Body.Address)
		}, viewRobot)
}
