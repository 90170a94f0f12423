package notice

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/page"
	"bense/server/internal/web"
)

type readingView struct {
	People []mineView `json:"people" nullable:"false"`
	Group  string     `json:"group" enum:",own,other,unproven" doc:"Whether the page was opened from the alliance's group; empty when not told"`
}

type readerView struct {
	PersonID id.ID      `json:"person_id"`
	Name     string     `json:"name"`
	UnitID   id.ID      `json:"unit_id"`
	Unit     string     `json:"unit"`
	ReadAt   *time.Time `json:"read_at,omitempty"`
	Answer   string     `json:"answer" doc:"going, leave or empty"`
	ToldAt   *time.Time `json:"told_at,omitempty"`
	Outcome  Outcome    `json:"outcome" doc:"Of the last call: told, no_answer, leave, inconvenient, wrong_number or empty"`
}

func viewReader(r Reader) readerView {
	return readerView{
		PersonID: r.Person, Name: r.Name, UnitID: r.Unit, Unit: r.UnitName, ReadAt: when(r.ReadAt), Answer: r.Answer,
		ToldAt: when(r.ToldAt), Outcome: r.Outcome,
	}
}

type timelineView struct {
	State       State          `json:"state"`
	PublishedAt *time.Time     `json:"published_at,omitempty"`
	Recipients  int            `json:"recipients"`
	Queued      int            `json:"queued"`
	RingsAt     *time.Time     `json:"rings_at,omitempty" doc:"When messages that wait for the end of the quiet hours go out"`
	Sent        int            `json:"sent"`
	Refused     int            `json:"refused"`
	Unknown     int            `json:"unknown"`
	Failed      int            `json:"failed"`
	NoCredit    int            `json:"no_credit" doc:"Accounts that have not agreed to messages"`
	Read        int            `json:"read"`
	Answered    int            `json:"answered"`
	Told        int            `json:"told"`
	Unreached   int            `json:"unreached"`
	Eve         *eveView       `json:"eve,omitempty" doc:"Of the people of an activity, how many knew at the end of the day before; until then: by now"`
	Reminders   []reminderView `json:"reminders" nullable:"false"`
	Steps       []stepView     `json:"steps" nullable:"false"`
	Card        *timelineCard  `json:"card,omitempty"`
	ChatTool    *toolView      `json:"chat_tool,omitempty" doc:"Present where the asker may name people in the alliance's group"`
}

type toolView struct {
	Room string `json:"room" doc:"WeChat's number of the group, for wx.openChatTool; empty: there are several, WeChat asks which"`
}

type reminderView struct {
	At    time.Time `json:"at"`
	Count int       `json:"count"`
}

type stepView struct {
	At    time.Time `json:"at"`
	Kind  string    `json:"kind" doc:"created, published, pushed, posted, card_shared, read, reminded, corrected, moved, called, closed or cancelled"`
	Text  string    `json:"text"`
	Count int       `json:"count"`
}

type timelineCard struct {
	State     string     `json:"state" enum:"made,open,expired,closed"`
	SharedAt  *time.Time `json:"shared_at,omitempty"`
	Count     int        `json:"count"`
	Limit     int        `json:"limit"`
	ExpiresAt time.Time  `json:"expires_at"`
}

func viewTimeline(t Timeline) timelineView {
	v := timelineView{
		State: t.Notice.State, PublishedAt: when(t.Notice.PublishedAt), Recipients: t.Tally.Recipients,
		Queued: t.Pushes.Queued, RingsAt: when(t.RingsAt), Sent: t.Pushes.Sent, Refused: t.Pushes.Refused, Unknown: t.Pushes.Unknown, Failed: t.Pushes.Failed,
		NoCredit: t.Pushes.NoCredit, Read: t.Tally.Read, Answered: t.Tally.Answered, Told: t.Tally.Told, Unreached: t.Tally.Unreached,
		Reminders: make([]reminderView, 0, len(t.Reminders)), Steps: make([]stepView, 0, len(t.Steps)),
	}
	if t.Group != nil {
		v.ChatTool = &toolView{t.Group.OpenGID}
	}
	for _, r := range t.Reminders {
		v.Reminders = append(v.Reminders, reminderView{At: r.At, Count: r.People})
	}
	for _, s := range t.Steps {
		v.Steps = append(v.Steps, stepView(s))
	}
	if e := t.Eve; !e.Ends.IsZero() {
		v.Eve = &eveView{Ends: e.Ends, Due: e.Due, Known: e.Known}
	}
	if c := t.Card; c.ID != 0 {
		v.Card = &timelineCard{State: t.CardWord, SharedAt: when(c.SharedAt), Count: c.Count, Limit: c.Limit, ExpiresAt: c.ExpiresAt}
	}
	return v
}

// deliveryRoutes are about how far a notice has come.
func deliveryRoutes(api huma.API, s *Service) {
	type read struct {
		web.IDPath
		Body struct {
			Via   Via        `json:"via" enum:"inbox,push,group"`
			Group *groupView `json:"group,omitempty" doc:"What wx.getGroupEnterInfo gave"`
		}
	}
	route(api, op("readNotice", http.MethodPost, "/notices/{id}/read", "Mark a notice as read for everybody whom the account acts for"),
		func(ctx context.Context, who actor.Actor, in *read) (Reading, error) {
			return s.Read(ctx, who, in.ID.ID, in.Body.Via, in.Body.Group.sealed())
		}, func(r Reading) readingView { return readingView{People: viewMine(r.People), Group: r.Group} })

	route(api, op("getNoticeTimeline", http.MethodGet, "/notices/{id}/timeline", "How a notice went, in numbers"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (Timeline, error) {
			return s.Timeline(ctx, who, in.ID.ID)
		}, viewTimeline)

	type recipients struct {
		web.IDPath
		State People `query:"state" enum:"unread,read,answered" doc:"Empty: everybody"`
	}
	route(api, op("listNoticeRecipients", http.MethodGet, "/notices/{id}/recipients", "Who has read, who has answered, who has not"),
		func(ctx context.Context, who actor.Actor, in *recipients) ([]Reader, error) {
			return s.Recipients(ctx, who, in.ID.ID, in.State)
		}, func(list []Reader) page.List[readerView] { return all(list, viewReader) })

	type count struct {
		Count int `json:"count" doc:"Messages that go out; the others stay on the call list"`
	}
	route(api, op("remindNotice", http.MethodPost, "/notices/{id}/remind", "Remind those who have not read, at most every 30 minutes"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (int, error) {
			return s.Remind(ctx, who, in.ID.ID)
		}, func(n int) count { return count{Count: n} })

	type templateView struct {
		ID        string `json:"id" doc:"For wx.requestSubscribeMessage"`
		Occasion  string `json:"occasion" enum:"answer" doc:"The tap in which to ask"`
		Template  string `json:"template" enum:"activity_notice,activity_reminder,activity_change"`
		Title     string `json:"title"`
		Remaining int    `json:"remaining" doc:"Messages that the account has agreed to, as WeChat called back"`
	}
	route(api, op("listSubscriptionTemplates", http.MethodGet, "/subscriptions/templates", "Message templates that a member may be asked to agree to"),
		func(ctx context.Context, who actor.Actor, _ *struct{}) ([]Subscription, error) {
			return s.Subscriptions(ctx, who)
		},
		func(list []Subscription) page.List[templateView] {
			return all(list, func(t Subscription) templateView {
				return templateView{ID: t.TemplateID, Occasion: "answer", Template: t.Occasion, Title: occasionNames[t.Occasion], Remaining: t.Remaining}
			})
		})
}

func all[T, V any](list []T, view func(T) V) page.List[V] { return page.All(each(list, view)) }

// each shows every one of a list; it is never null.
func each[T, V any](list []T, view func(T) V) []V {
	out := make([]V, 0, len(list))
	for _, v := range list {
		out = append(out, view(v))
	}
	return out
}

type parameterView struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type shareView struct {
	ActivityID   string `json:"activity_id" doc:"For wx.updateShareMenu"`
	TemplateInfo struct {
		ParameterList []parameterView `json:"parameter_list" nullable:"false"`
	} `json:"template_info"`
	Title     string    `json:"title"`
	Path      string    `json:"path"`
	ExpiresAt time.Time `json:"expires_at"`
}

func viewShare(s Share) shareView {
	v := shareView{ActivityID: s.Card.ActivityID, Title: s.Title, Path: s.Path, ExpiresAt: s.Card.ExpiresAt}
	v.TemplateInfo.ParameterList = []parameterView{
		{"member_count", strconv.Itoa(s.Card.Count)}, {"room_limit", strconv.Itoa(s.Card.Limit)},
	}
	return v
}

// cardRoutes are about the card in the alliance's WeChat group.
func cardRoutes(api huma.API, s *Service) {
	route(api, op("makeNoticeCard", http.MethodPost, "/notices/{id}/card", "Make a card for the group; it can be updated for about a day"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (Share, error) {
			return s.ShareCard(ctx, who, in.ID.ID)
		}, viewShare)

	type shared struct {
		web.IDPath
		Body *struct {
			Group *groupView `json:"group,omitempty"`
		}
	}
	type sharedView struct {
		SharedAt *time.Time `json:"shared_at,omitempty"`
	}
	route(api, op("noteNoticeCardShared", http.MethodPost, "/notices/{id}/card/shared", "Note that the card was sent into a group"),
		func(ctx context.Context, who actor.Actor, in *shared) (Card, error) {
			var g *SealedGroup
			if in.Body != nil {
				g = in.Body.Group.sealed()
			}
			return s.CardShared(ctx, who, in.ID.ID, g)
		}, func(c Card) sharedView { return sharedView{SharedAt: when(c.SharedAt)} })
}
