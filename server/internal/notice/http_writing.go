package notice

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/web"
)

type writingView struct {
	ScheduledAt   *time.Time `json:"scheduled_at,omitempty" doc:"When it goes out; of a submitted one, when its author wants it to"`
	SubmittedAt   *time.Time `json:"submitted_at,omitempty"`
	Remark        string     `json:"remark" doc:"Why it came back"`
	Doubtful      bool       `json:"doubtful" doc:"WeChat was unsure about the text: whoever approves it has a closer look"`
	Writer        string     `json:"writer" doc:"Name of its author, before it is out"`
	Keeper        string     `json:"keeper" doc:"Name of who answers for it since a handover, before it is out; empty: its author"`
	NeedsApproval bool       `json:"needs_approval" doc:"The alliance asks for an approval that the asker can't give: submit instead of publish, and a correction likewise"`
	CanApprove    bool       `json:"can_approve" doc:"It waits for approval, and the asker may give it"`
	CanChange     bool       `json:"can_change" doc:"The asker may edit, take back, correct and cancel it"`

	Correction *proposalView `json:"correction,omitempty" doc:"That waits for approval or came back; the text of the notice is the old one"`
}

type proposalView struct {
	ID          id.ID        `json:"id" doc:"A new one each time it is submitted"`
	Title       string       `json:"title"`
	Body        string       `json:"body"`
	Note        string       `json:"note"`
	State       State        `json:"state" enum:"draft,submitted" doc:"draft: its author has it back"`
	SubmittedAt time.Time    `json:"submitted_at"`
	Remark      string       `json:"remark" doc:"Why it came back; empty: taken back"`
	Doubtful    bool         `json:"doubtful" doc:"WeChat was unsure about it"`
	Writer      string       `json:"writer"`
	Own         bool         `json:"own" doc:"The asker wrote it"`
	CanApprove  bool         `json:"can_approve" doc:"It waits for approval, and the asker may give it"`
	Changes     []changeView `json:"changes" nullable:"false"`
}

func viewProposal(p *Proposed) *proposalView {
	if p == nil {
		return nil
	}
	return &proposalView{ID: p.ID, Title: p.Title, Body: p.Body, Note: p.Note, State: p.State, SubmittedAt: p.SubmittedAt, Remark: p.Remark,
		Doubtful: p.Doubtful, Writer: p.Writer, Own: p.Own, CanApprove: p.Approver, Changes: viewChanges(p.Changes)}
}

func viewWriting(i Item) *writingView {
	n := i.Notice
	if !i.Writes {
		return nil
	}
	return &writingView{ScheduledAt: when(n.ScheduledAt), SubmittedAt: when(n.SubmittedAt), Remark: n.Remark, Doubtful: n.Doubtful,
		Writer: i.Writer, Keeper: i.Keeper, NeedsApproval: i.Needs, CanApprove: i.Approver, CanChange: i.Owner, Correction: viewProposal(i.Proposal)}
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

func viewChanges(list []Change) []changeView {
	out := make([]changeView, 0, len(list))
	for _, c := range list {
		out = append(out, changeView(c))
	}
	return out
}

func viewCorrections(list []Version) []correctionView {
	out := make([]correctionView, 0, len(list))
	for _, c := range list {
		out = append(out, correctionView{At: c.ReplacedAt, Note: c.Note, Told: c.Told, Changes: viewChanges(c.Changes)})
	}
	return out
}

type movedView struct {
	At      time.Time    `json:"at"`
	Told    int          `json:"told" doc:"People who knew and were told anew"`
	Changes []changeView `json:"changes" nullable:"false"`
}

// viewMoved shows the last of the moves.
func viewMoved(list []Move) *movedView {
	if len(list) == 0 {
		return nil
	}
	m := list[len(list)-1]
	return &movedView{m.At, m.Told, viewChanges(m.Changes())}
}

type sendInput struct {
	web.IDPath
	Body struct {
		Revision int       `json:"revision" doc:"That was read: what was changed since is not sent"`
		At       time.Time `json:"at,omitempty" doc:"Of scheduling"`
		Reviewed bool      `json:"reviewed,omitempty" doc:"Somebody other than the author has looked at what WeChat was unsure about"`
	}
}

type atInput struct {
	web.IDPath
	Body *struct {
		At time.Time `json:"at,omitempty" doc:"Empty: at once"`
	}
}

func (in *atInput) at() time.Time {
	if in.Body == nil {
		return time.Time{}
	}
	return in.Body.At
}

// waitingRoutes are about notices on their way out: scheduled, approved.
func waitingRoutes(api huma.API, s *Service) {
	route(api, op("scheduleNotice", http.MethodPost, "/notices/{id}/schedule", "Check the text now and send it at a time; one that is scheduled gets another time"),
		func(ctx context.Context, who actor.Actor, in *sendInput) (Item, error) {
			return s.Schedule(ctx, who, in.ID.ID, in.Body.Revision, in.Body.At, in.Body.Reviewed)
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

	levelRoutes(api, s)
}

type levelView struct {
	Level Level `json:"level" enum:"none,lead,committee" doc:"Whose approval notices need: nobody's, the lead unit's or the committee's, only the committee's"`
}

func viewLevel(l Level) levelView { return levelView{l} }

type levelInput struct {
	web.IDPath
	Body levelView
}

// levelRoutes are about whose approval notices need.
func levelRoutes(api huma.API, s *Service) {
	route(api, op("getNoticeApproval", http.MethodGet, "/alliances/{id}/notice-approval", "Whose approval the notices of an alliance need"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (Level, error) {
			return s.Approval(ctx, who, in.ID.ID)
		}, viewLevel)
	route(api, op("setNoticeApproval", http.MethodPut, "/alliances/{id}/notice-approval", "Set it"),
		func(ctx context.Context, who actor.Actor, in *levelInput) (Level, error) {
			return s.SetApproval(ctx, who, in.ID.ID, in.Body.Level)
		}, viewLevel)
	route(api, op("getCommitteeApproval", http.MethodGet, "/committees/{id}/notice-approval", "Whose approval a committee's notices to its alliances need: nobody's, or that of another one of its people"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (Level, error) {
			return s.OwnApproval(ctx, who, in.ID.ID)
		}, viewLevel)
	route(api, op("setCommitteeApproval", http.MethodPut, "/committees/{id}/notice-approval", "Set it: none or committee"),
		func(ctx context.Context, who actor.Actor, in *levelInput) (Level, error) {
			return s.SetOwnApproval(ctx, who, in.ID.ID, in.Body.Level)
		}, viewLevel)
}

// correctingRoutes are about the text of notices that are out.
func correctingRoutes(api huma.API, s *Service) {
	type correct struct {
		web.IDPath
		Body struct {
			Revision int     `json:"revision" doc:"That was read"`
			Title    *string `json:"title,omitempty" maxLength:"100"`
			Body     *string `json:"body,omitempty" maxLength:"4000"`
			Note     string  `json:"note,omitempty" maxLength:"200" doc:"What it changes, shown to members"`
		}
	}
	words := func(in *correct) Wording {
		return Wording{Title: in.Body.Title, Body: in.Body.Body, Note: in.Body.Note}
	}
	route(api, op("correctNotice", http.MethodPost, "/notices/{id}/correct", "Replace the text of a published notice and tell those who knew the old one"),
		func(ctx context.Context, who actor.Actor, in *correct) (Item, error) {
			return s.Correct(ctx, who, in.ID.ID, in.Body.Revision, words(in))
		}, viewItem)
	route(api, op("submitCorrection", http.MethodPost, "/notices/{id}/correction/submit", "Ask somebody else to read a correction; until then the old text stands"),
		func(ctx context.Context, who actor.Actor, in *correct) (Item, error) {
			return s.SubmitCorrection(ctx, who, in.ID.ID, in.Body.Revision, words(in))
		}, viewItem)
	route(api, op("withdrawCorrection", http.MethodPost, "/notices/{id}/correction/withdraw", "Take back a correction that waits"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (Item, error) {
			return s.WithdrawCorrection(ctx, who, in.ID.ID)
		}, viewItem)
	type approveCorrection struct {
		web.IDPath
		Body struct {
			Correction id.ID `json:"correction_id" doc:"That was read"`
		}
	}
	route(api, op("approveCorrection", http.MethodPost, "/notices/{id}/correction/approve", "Let out a correction that somebody else submitted"),
		func(ctx context.Context, who actor.Actor, in *approveCorrection) (Item, error) {
			return s.ApproveCorrection(ctx, who, in.ID.ID, in.Body.Correction)
		}, viewItem)
	type returnCorrection struct {
		web.IDPath
		Body struct {
			Correction id.ID  `json:"correction_id" doc:"That was read"`
			Remark     string `json:"remark" maxLength:"200" doc:"Why; its author reads it"`
		}
	}
	route(api, op("returnCorrection", http.MethodPost, "/notices/{id}/correction/return", "Give a submitted correction back to its author"),
		func(ctx context.Context, who actor.Actor, in *returnCorrection) (Item, error) {
			return s.ReturnCorrection(ctx, who, in.ID.ID, in.Body.Correction, in.Body.Remark)
		}, viewItem)
}
