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

type writingView struct {
	ScheduledAt   *time.Time `json:"scheduled_at,omitempty" doc:"When it goes out; of a submitted one, when its author wants it to"`
	SubmittedAt   *time.Time `json:"submitted_at,omitempty"`
	Remark        string     `json:"remark" doc:"Why it came back"`
	Doubtful      bool       `json:"doubtful" doc:"WeChat was unsure about the text: whoever approves it has a closer look"`
	Writer        string     `json:"writer" doc:"Name of its author, before it is out"`
	NeedsApproval bool       `json:"needs_approval" doc:"The alliance asks for an approval that the asker can't give: submit instead of publish"`
	CanApprove    bool       `json:"can_approve" doc:"It waits for approval, and the asker may give it"`
	CanChange     bool       `json:"can_change" doc:"The asker may edit, take back, correct and cancel it"`
}

func viewWriting(i Item) *writingView {
	n := i.Notice
	if !i.Writes {
		return nil
	}
	return &writingView{ScheduledAt: when(n.ScheduledAt), SubmittedAt: when(n.SubmittedAt), Remark: n.Remark, Doubtful: n.Doubtful,
		Writer: i.Writer, NeedsApproval: i.Needs, CanApprove: i.Approver, CanChange: i.Owner}
}

type changeView struct {
	Before string `json:"before" doc:"Empty: added"`
	After  string `json:"after" doc:"Empty: taken out"`
}

type correctionView struct {
	At      time.Time    `json:"at"`
	Note    string       `json:"note" doc:"In the corrector's words, may be empty"`
	Told    int          `json:"told" doc:"People who knew the text before and were told anew"`
	Changes []changeView `json:"changes" nullable:"false"`
}

func viewCorrections(list []Correction) []correctionView {
	out := make([]correctionView, 0, len(list))
	for _, c := range list {
		v := correctionView{At: c.ReplacedAt, Note: c.Note, Told: c.Told, Changes: make([]changeView, 0, len(c.Changes))}
		for _, x := range c.Changes {
			v.Changes = append(v.Changes, changeView(x))
		}
		out = append(out, v)
	}
	return out
}

type atInput struct {
	web.IDPath
	Body *struct {
		At       time.Time `json:"at,omitempty" doc:"Empty: at once"`
		Reviewed bool      `json:"reviewed,omitempty" doc:"As in publishing"`
	}
}

func (in *atInput) at() time.Time {
	if in.Body == nil {
		return time.Time{}
	}
	return in.Body.At
}

// waitingRoutes are about notices on their way out: scheduled, approved, corrected.
func waitingRoutes(api huma.API, s *Service) {
	route(api, op("scheduleNotice", http.MethodPost, "/notices/{id}/schedule", "Check the text now and send it at a time; one that is scheduled gets another time"),
		func(ctx context.Context, who actor.Actor, in *atInput) (Item, error) {
			return s.Schedule(ctx, who, in.ID.ID, in.at(), in.Body != nil && in.Body.Reviewed)
		}, viewItem)
	route(api, op("submitNotice", http.MethodPost, "/notices/{id}/submit", "Ask somebody else to read and approve a draft"),
		func(ctx context.Context, who actor.Actor, in *atInput) (Item, error) {
			return s.Submit(ctx, who, in.ID.ID, in.at())
		}, viewItem)
	route(api, op("withdrawNotice", http.MethodPost, "/notices/{id}/withdraw", "Take back what waits for approval or for its time"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (Item, error) {
			return s.Withdraw(ctx, who, in.ID.ID)
		}, viewItem)

	type approve struct {
		web.IDPath
		Body struct {
			Revision int `json:"revision" doc:"That was read"`
		}
	}
	route(api, op("approveNotice", http.MethodPost, "/notices/{id}/approve", "Send on its way what somebody else submitted"),
		func(ctx context.Context, who actor.Actor, in *approve) (Item, error) {
			return s.Approve(ctx, who, in.ID.ID, in.Body.Revision)
		}, viewItem)
	type back struct {
		web.IDPath
		Body struct {
			Remark string `json:"remark" maxLength:"200" doc:"Why; its author reads it"`
		}
	}
	route(api, op("returnNotice", http.MethodPost, "/notices/{id}/return", "Give a submitted notice back to its author"),
		func(ctx context.Context, who actor.Actor, in *back) (Item, error) {
			return s.Return(ctx, who, in.ID.ID, in.Body.Remark)
		}, viewItem)

	type correct struct {
		web.IDPath
		Body struct {
			Revision int     `json:"revision" doc:"That was read"`
			Title    *string `json:"title,omitempty" maxLength:"100"`
			Body     *string `json:"body,omitempty" maxLength:"4000"`
			Note     string  `json:"note,omitempty" maxLength:"200" doc:"What it changes, shown to members"`
		}
	}
	route(api, op("correctNotice", http.MethodPost, "/notices/{id}/correct", "Replace the text of a published notice and tell those who knew the old one"),
		func(ctx context.Context, who actor.Actor, in *correct) (Item, error) {
			b := in.Body
			return s.Correct(ctx, who, in.ID.ID, b.Revision, b.Title, b.Body, b.Note)
		}, viewItem)

	type levelView struct {
		Level Level `json:"level" enum:"none,lead,committee" doc:"Whose approval notices need: nobody's, the lead unit's or the committee's, only the committee's"`
	}
	view := func(l Level) levelView { return levelView{l} }
	route(api, op("getNoticeApproval", http.MethodGet, "/alliances/{id}/notice-approval", "Whose approval the notices of an alliance need"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (Level, error) {
			return s.Approval(ctx, who, in.ID.ID)
		}, view)
	type levelInput struct {
		web.IDPath
		Body levelView
	}
	route(api, op("setNoticeApproval", http.MethodPut, "/alliances/{id}/notice-approval", "Set it"),
		func(ctx context.Context, who actor.Actor, in *levelInput) (Level, error) {
			return s.SetApproval(ctx, who, in.ID.ID, in.Body.Level)
		}, view)
}

type seriesPartView struct {
	NoticeID   id.ID  `json:"notice_id"`
	AllianceID id.ID  `json:"alliance_id"`
	Alliance   string `json:"alliance"`
	State      State  `json:"state" enum:"draft,submitted,scheduled,published,cancelled,closed"`
	People     int    `json:"people"`
	Reached    int    `json:"reached" doc:"Have read, answered or been told"`
}

type seriesView struct {
	ID          id.ID            `json:"id"`
	Title       string           `json:"title"`
	Body        string           `json:"body"`
	CreatedAt   time.Time        `json:"created_at"`
	ScheduledAt *time.Time       `json:"scheduled_at,omitempty"`
	PublishedAt *time.Time       `json:"published_at,omitempty"`
	Alliances   []seriesPartView `json:"alliances" nullable:"false"`
}

func viewSeries(x Series) seriesView {
	v := seriesView{ID: x.ID, Title: x.Title, Body: x.Body, CreatedAt: x.CreatedAt, ScheduledAt: when(x.ScheduledAt), PublishedAt: when(x.PublishedAt),
		Alliances: make([]seriesPartView, 0, len(x.Parts))}
	for _, p := range x.Parts {
		v.Alliances = append(v.Alliances, seriesPartView{p.Notice, p.Alliance, p.Name, p.State, p.People, p.Reached})
	}
	return v
}

type audienceView struct {
	Kind    AudienceKind `json:"kind" enum:"alliance,units,branches,teams,silent" doc:"silent: who has not answered to the notice that this one follows"`
	IDs     []id.ID      `json:"ids,omitempty" maxItems:"500" doc:"Units or branches"`
	Teams   []string     `json:"teams,omitempty" maxItems:"500" doc:"Names of interest teams"`
	Follows id.ID        `json:"follows_id,omitempty" doc:"The notice before"`
}

type partView struct {
	ID     id.ID  `json:"id"`
	Name   string `json:"name"`
	People int    `json:"people"`
	Calls  int    `json:"calls" doc:"Of these, nobody reads for them in WeChat: they must be called"`
}

type teamView struct {
	Name   string `json:"name"`
	People int    `json:"people"`
	Calls  int    `json:"calls" doc:"As of a part"`
}

type teamSetView struct {
	Names  []string `json:"names" nullable:"false"`
	People int      `json:"people"`
	Calls  int      `json:"calls"`
}

type choiceView struct {
	People   int           `json:"people"`
	Calls    int           `json:"calls"`
	Units    []partView    `json:"units" nullable:"false"`
	Branches []partView    `json:"branches" nullable:"false"`
	Teams    []teamView    `json:"teams" nullable:"false" doc:"Interest teams that the ledger names, the largest first"`
	TeamSets []teamSetView `json:"team_sets" nullable:"false" doc:"People by the teams that they named: who is in several of those chosen counts once"`
	Silent   []partView    `json:"silent" nullable:"false" doc:"Notices about coming activities, with those who have not answered"`
}

func viewChoice(c Choice) choiceView {
	parts := func(list []Part) []partView { return each(list, func(p Part) partView { return partView(p) }) }
	return choiceView{People: c.People, Calls: c.Calls, Units: parts(c.Units), Branches: parts(c.Branches), Silent: parts(c.Silent),
		Teams:    each(c.Teams, func(p Part) teamView { return teamView{p.Name, p.People, p.Calls} }),
		TeamSets: each(c.TeamSets, func(t TeamSet) teamSetView { return teamSetView(t) })}
}

// audienceRoutes are about whom a notice addresses.
func audienceRoutes(api huma.API, s *Service) {
	route(api, op("getNoticeChoices", http.MethodGet, "/alliances/{id}/notice-choices", "Among whom a notice of an alliance can choose, counted"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (Choice, error) {
			return s.Choices(ctx, who, in.ID.ID)
		}, viewChoice)
	type address struct {
		web.IDPath
		Body audienceView
	}
	route(api, op("addressNotice", http.MethodPut, "/notices/{id}/audience", "Choose whom a draft addresses"),
		func(ctx context.Context, who actor.Actor, in *address) (Item, error) {
			b := in.Body
			return s.Address(ctx, who, in.ID.ID, Audience{Kind: b.Kind, Subjects: b.IDs, Teams: b.Teams}, b.Follows)
		}, viewItem)

	type send struct {
		web.IDPath
		Body struct {
			Title     string    `json:"title" minLength:"1" maxLength:"100"`
			Body      string    `json:"body" minLength:"1" maxLength:"4000"`
			Alliances []id.ID   `json:"alliance_ids,omitempty" maxItems:"500" doc:"Empty: all"`
			At        time.Time `json:"at,omitempty" doc:"Empty: at once"`
		}
	}
	made := op("sendCommitteeNotice", http.MethodPost, "/committees/{id}/notices", "One notice to all or some alliances of a committee, each with its own")
	made.DefaultStatus = http.StatusCreated
	route(api, made, func(ctx context.Context, who actor.Actor, in *send) (Series, error) {
		b := in.Body
		return s.SendSeries(ctx, who, in.ID.ID, SeriesDraft{Title: b.Title, Body: b.Body, Alliances: b.Alliances, At: b.At})
	}, viewSeries)
	route(api, op("listCommitteeNotices", http.MethodGet, "/committees/{id}/notices", "The latest of them, and how far they have come"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) ([]Series, error) {
			return s.SeriesOf(ctx, who, in.ID.ID)
		}, func(list []Series) page.List[seriesView] {
			out := make([]seriesView, 0, len(list))
			for _, x := range list {
				out = append(out, viewSeries(x))
			}
			return page.All(out)
		})
	type cancel struct {
		web.IDPath
		Series web.ID `path:"series_id"`
		Body   struct {
			Reason string `json:"reason,omitempty" maxLength:"200" doc:"Shown to members"`
		}
	}
	route(api, op("cancelCommitteeNotice", http.MethodPost, "/committees/{id}/notices/{series_id}/cancel", "Call one off in every alliance"),
		func(ctx context.Context, who actor.Actor, in *cancel) (Series, error) {
			return s.CancelSeries(ctx, who, in.ID.ID, in.Series.ID, in.Body.Reason)
		}, viewSeries)
}
