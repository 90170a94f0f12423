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

type activityView struct {
	ID       id.ID     `json:"id"`
	Kind     string    `json:"kind"`
	Title    string    `json:"title"`
	Place    string    `json:"place"`
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
	State    string    `json:"state" doc:"planned, ended or cancelled"`
}

type mineView struct {
	PersonID id.ID      `json:"person_id"`
	Name     string     `json:"name"`
	ReadAt   *time.Time `json:"read_at,omitempty"`
	Answer   string     `json:"answer" doc:"going, leave or empty"`
	Reason   string     `json:"reason"`
}

type noticeView struct {
	ID          id.ID         `json:"id"`
	Title       string        `json:"title"`
	Body        string        `json:"body"`
	State       State         `json:"state" enum:"draft,submitted,scheduled,published,cancelled,closed"`
	Reason      string        `json:"reason" doc:"Of a cancellation"`
	CreatedAt   time.Time     `json:"created_at"`
	PublishedAt *time.Time    `json:"published_at,omitempty"`
	AllianceID  id.ID         `json:"alliance_id" doc:"0 of a committee's own, of which each alliance gets a copy"`
	Alliance    string        `json:"alliance" doc:"Empty of a committee's own"`
	Activity    *activityView `json:"activity,omitempty"`
	People      []mineView    `json:"people" nullable:"false" doc:"The recipients that the account acts for"`

	Revision    int              `json:"revision" doc:"Rises with each change of the text, of a draft also with that of its pictures and people"`
	FromOffice  bool             `json:"from_office" doc:"Sent by the committee to several alliances"`
	Audience    audienceView     `json:"audience"`
	Pictures    []pictureView    `json:"pictures" nullable:"false"`
	CorrectedAt *time.Time       `json:"corrected_at,omitempty" doc:"Of the last correction"`
	Corrections []correctionView `json:"corrections" nullable:"false" doc:"The latest first"`
	Moved       *movedView       `json:"moved,omitempty" doc:"The last change of time or place since it went out"`
	Writing     *writingView     `json:"writing,omitempty" doc:"To whoever writes for the alliance"`
}

func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func viewActivity(f *Facts) *activityView {
	if f == nil {
		return nil
	}
	return &activityView{ID: f.ID, Kind: f.Kind, Title: f.Title, Place: f.Place, StartsAt: f.StartsAt, EndsAt: f.EndsAt, State: f.State}
}

func viewMine(list []Mine) []mineView {
	out := make([]mineView, 0, len(list))
	for _, m := range list {
		out = append(out, mineView{PersonID: m.Person, Name: m.Name, ReadAt: when(m.ReadAt), Answer: m.Answer, Reason: m.Reason})
	}
	return out
}

func viewItem(i Item) noticeView {
	n := i.Notice
	return noticeView{
		ID: n.ID, Title: n.Title, Body: n.Body, State: n.State, Reason: n.Reason, CreatedAt: n.CreatedAt, PublishedAt: when(n.PublishedAt),
		AllianceID: n.Alliance, Alliance: i.Alliance, Activity: viewActivity(i.About), People: viewMine(i.People),
		Revision: n.Revision, FromOffice: n.Series != 0, CorrectedAt: when(n.CorrectedAt), Corrections: viewCorrections(i.Corrections),
		Audience: audienceView{Kind: n.Audience.Kind, IDs: n.Audience.Subjects, Teams: n.Audience.Teams, Follows: n.Follows}, Pictures: viewPictures(i.Photos), Moved: viewMoved(i.Moves), Writing: viewWriting(i),
	}
}

func viewItems(l page.List[Item]) page.List[noticeView] {
	out := page.List[noticeView]{Items: make([]noticeView, 0, len(l.Items)), Next: l.Next}
	for _, i := range l.Items {
		out.Items = append(out.Items, viewItem(i))
	}
	return out
}

type groupView struct {
	EncryptedData string `json:"encrypted_data" maxLength:"4096"`
	IV            string `json:"iv" maxLength:"64"`
	Card          id.ID  `json:"card_id,omitempty" doc:"The card that was opened, as it stands in the page's address"`
}

func (g *groupView) sealed() *SealedGroup {
	if g == nil || g.EncryptedData == "" {
		return nil
	}
	return &SealedGroup{EncryptedData: g.EncryptedData, IV: g.IV, Card: g.Card}
}

// always is what the phone says, also when that is nothing.
func (g *groupView) always() SealedGroup {
	return SealedGroup{EncryptedData: g.EncryptedData, IV: g.IV}
}

func op(opID, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: opID, Method: method, Path: path, Tags: []string{"notice"}, Summary: summary}
}

// route runs a handler with who is asking and shows what it gives.
func route[I, T, V any](api huma.API, o huma.Operation, call func(context.Context, actor.Actor, *I) (T, error), view func(T) V) {
	huma.Register(api, o, func(ctx context.Context, in *I) (*web.Out[V], error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		v, err := call(ctx, who, in)
		if err != nil {
			return nil, err
		}
		return web.JSON(view(v)), nil
	})
}

// Routes registers the operations of notices.
func Routes(api huma.API, s *Service) {
	textRoutes(api, s)
	waitingRoutes(api, s)
	correctingRoutes(api, s)
	audienceRoutes(api, s)
	seriesRoutes(api, s)
	pictureRoutes(api, s)
	deliveryRoutes(api, s)
	cardRoutes(api, s)
	toolRoutes(api, s)
	callRoutes(api, s)
	failedRoutes(api, s)
	ruleRoutes(api, s)
	channelRoutes(api, s)
	forwardRoutes(api, s)
	eveRoutes(api, s)
}

// textRoutes are about the notice itself: writing it, sending it out, ending it, reading it.
func textRoutes(api huma.API, s *Service) {
	type create struct {
		Body struct {
			AllianceID id.ID  `json:"alliance_id"`
			ActivityID id.ID  `json:"activity_id,omitempty" doc:"Empty: a notice about nothing that people come to"`
			Title      string `json:"title" minLength:"1" maxLength:"100"`
			Body       string `json:"body" minLength:"1" maxLength:"4000"`
		}
	}
	made := op("createNotice", http.MethodPost, "/notices", "Write a draft")
	made.DefaultStatus = http.StatusCreated
	route(api, made, func(ctx context.Context, who actor.Actor, in *create) (Item, error) {
		return s.Create(ctx, who, in.Body.AllianceID, in.Body.ActivityID, in.Body.Title, in.Body.Body)
	}, viewItem)

	type edit struct {
		web.IDPath
		Body struct {
			Title *string `json:"title,omitempty" maxLength:"100"`
			Body  *string `json:"body,omitempty" maxLength:"4000"`
		}
	}
	route(api, op("updateNotice", http.MethodPatch, "/notices/{id}", "Change a draft"),
		func(ctx context.Context, who actor.Actor, in *edit) (Item, error) {
			return s.Edit(ctx, who, in.ID.ID, in.Body.Title, in.Body.Body)
		}, viewItem)

	type list struct {
		web.Paging
		Alliance web.ID `query:"alliance_id"`
		State    State  `query:"state" enum:"draft,submitted,scheduled,published,cancelled,closed"`
		Asks     bool   `query:"asks" doc:"Only what waits for somebody's approval: notices, and corrections of those that are out"`
	}
	route(api, op("listNotices", http.MethodGet, "/notices", "Notices of alliances in sight, the newest first"),
		func(ctx context.Context, who actor.Actor, in *list) (page.List[Item], error) {
			return s.List(ctx, who, Filter{Alliance: in.Alliance.ID, State: in.State, Asks: in.Asks, Page: in.Page()})
		}, viewItems)
	route(api, op("listMyNotices", http.MethodGet, "/me/notices", "The inbox: what was published to the persons that the account acts for"),
		func(ctx context.Context, who actor.Actor, in *web.Paging) (page.List[Item], error) {
			return s.Inbox(ctx, who, in.Page())
		}, viewItems)
	route(api, op("getNotice", http.MethodGet, "/notices/{id}", "One notice"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (Item, error) {
			return s.Get(ctx, who, in.ID.ID)
		}, viewItem)

	route(api, op("publishNotice", http.MethodPost, "/notices/{id}/publish", "Check the text and send it to every member of the alliance"),
		func(ctx context.Context, who actor.Actor, in *sendInput) (Item, error) {
			return s.Publish(ctx, who, in.ID.ID, in.Body.Revision, in.Body.Reviewed)
		}, viewItem)
	route(api, op("closeNotice", http.MethodPost, "/notices/{id}/close", "End a notice before its activity does"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (Item, error) {
			return s.Close(ctx, who, in.ID.ID)
		}, viewItem)

	type cancel struct {
		web.IDPath
		Body *struct {
			Reason string `json:"reason,omitempty" maxLength:"200" doc:"Shown to members"`
		}
	}
	route(api, op("cancelNotice", http.MethodPost, "/notices/{id}/cancel", "Take a draft back, or call a notice off"),
		func(ctx context.Context, who actor.Actor, in *cancel) (Item, error) {
			var reason string
			if in.Body != nil {
				reason = in.Body.Reason
			}
			return s.Cancel(ctx, who, in.ID.ID, reason)
		}, viewItem)
}
