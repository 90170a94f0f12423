package audit

import (
	"context"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/page"
	"bense/server/internal/web"
)

type lineView struct {
	ID         id.ID     `json:"id"`
	At         time.Time `json:"at"`
	AccountID  id.ID     `json:"account_id" doc:"Empty: the system itself"`
	Who        string    `json:"who"`
	Action     string    `json:"action"`
	ActionName string    `json:"action_name"`
	Kind       string    `json:"subject_kind"`
	SubjectID  id.ID     `json:"subject_id"`
	Subject    string    `json:"subject" doc:"Name of the subject; empty where it has none"`
	Reason     string    `json:"reason"`
	Fields     []string  `json:"fields" nullable:"false" doc:"Chinese words of the fields that were shown or changed"`
	Sentence   string    `json:"sentence" doc:"The line in plain words"`
}

func viewLine(e Entry) lineView {
	v := lineView{ID: e.ID, At: e.At, AccountID: e.Account, Who: e.Who, Action: e.Action, ActionName: ActionName(e.Action), Kind: e.Kind, SubjectID: e.Subject,
		Subject: e.Of, Reason: e.Reason, Fields: e.Fields, Sentence: e.Sentence}
	if v.Fields == nil {
		v.Fields = []string{}
	}
	return v
}

type chainView struct {
	Seq      int64      `json:"seq" doc:"Number of the last link"`
	Hash     string     `json:"hash"`
	Checked  int64      `json:"checked" doc:"How many of the newest links were checked just now"`
	Broken   int        `json:"broken"`
	First    string     `json:"first" doc:"The first fault in words"`
	Waiting  int64      `json:"waiting" doc:"Lines of the last moments"`
	AnchorAt *time.Time `json:"anchor_at,omitempty"`
}

type actionView struct {
	Action string `json:"action"`
	Name   string `json:"name"`
}

// Query is what narrows a search.
type Query struct {
	Committee web.ID    `query:"committee_id" doc:"One of the caller's committees"`
	Alliance  web.ID    `query:"alliance_id"`
	Kind      string    `query:"kind" maxLength:"30" doc:"What subject_id is: person, unit, alliance …"`
	SubjectID web.ID    `query:"subject_id"`
	AccountID web.ID    `query:"account_id"`
	Action    string    `query:"action" maxLength:"60"`
	From      time.Time `query:"from"`
	Until     time.Time `query:"until" doc:"Exclusive"`
}

func (q Query) filter() Filter {
	return Filter{Committee: q.Committee.ID, Alliance: q.Alliance.ID, Kind: q.Kind, Subject: q.SubjectID.ID, Account: q.AccountID.ID, Action: q.Action, From: q.From, Until: q.Until}
}

type fileOut struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func operation(opID, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: opID, Method: method, Path: path, Tags: []string{"audit"}, Summary: summary}
}

// Routes registers the operations of the audit.
func Routes(api huma.API, l *Log) {
	huma.Register(api, operation("searchAudit", http.MethodGet, "/audit/lines", "Who did what, the newest first"),
		func(ctx context.Context, in *struct {
			Query
			web.Paging
		}) (*web.Out[page.List[lineView]], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			f := in.filter()
			f.Page = in.Page()
			list, err := l.Search(ctx, who, f)
			if err != nil {
				return nil, err
			}
			out := page.List[lineView]{Items: make([]lineView, len(list.Items)), Next: list.Next}
			for i, e := range list.Items {
				out.Items[i] = viewLine(e)
			}
			return web.JSON(out), nil
		})
	huma.Register(api, operation("getAuditChain", http.MethodGet, "/audit/chain", "Whether the newest lines are as they were written"),
		func(ctx context.Context, _ *struct{}) (*web.Out[chainView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			s, err := l.ChainState(ctx, who)
			if err != nil {
				return nil, err
			}
			v := chainView{Seq: s.Head.Seq, Hash: hex.EncodeToString(s.Head.Hash), Checked: s.Tail.Lines, Broken: s.Tail.Broken, Waiting: s.Waiting}
			if s.Tail.Broken > 0 {
				v.First = s.Tail.Faults[0].String()
			}
			if !s.Anchor.At.IsZero() {
				v.AnchorAt = &s.Anchor.At
			}
			return web.JSON(v), nil
		})
	type actionList struct {
		Items []actionView `json:"items" nullable:"false"`
	}
	huma.Register(api, operation("listAuditActions", http.MethodGet, "/audit/actions", "Every action with its name, to search by"),
		func(ctx context.Context, _ *struct{}) (*web.Out[actionList], error) {
			if _, err := actor.From(ctx); err != nil {
				return nil, err
			}
			out := actionList{Items: []actionView{}}
			for action, a := range actions {
				out.Items = append(out.Items, actionView{action, a.name})
			}
			slices.SortFunc(out.Items, func(a, b actionView) int { return strings.Compare(a.Action, b.Action) })
			return web.JSON(out), nil
		})
	exportRoute(api, l, "exportAuditCSV", "/audit/export.csv", csvType, CSV)
	exportRoute(api, l, "exportAuditWorkbook", "/audit/export.xlsx", xlsxType, XLSX)
}

func exportRoute(api huma.API, l *Log, opID, path, kind string, write func([]Entry) ([]byte, error)) {
	op := operation(opID, http.MethodPost, path, "The lines of a search as a file; the export has a line of its own")
	op.Responses = map[string]*huma.Response{"200": {
		Description: "File", Content: map[string]*huma.MediaType{kind: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}}
	huma.Register(api, op, func(ctx context.Context, in *struct {
		Body struct {
			Committee id.ID     `json:"committee_id,omitempty"`
			Alliance  id.ID     `json:"alliance_id,omitempty"`
			Kind      string    `json:"kind,omitempty" maxLength:"30"`
			SubjectID id.ID     `json:"subject_id,omitempty"`
			AccountID id.ID     `json:"account_id,omitempty"`
			Action    string    `json:"action,omitempty" maxLength:"60"`
			From      time.Time `json:"from,omitempty"`
			Until     time.Time `json:"until,omitempty" doc:"Exclusive"`
			Reason    string    `json:"reason" maxLength:"200"`
		}
	}) (*fileOut, error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		b := in.Body
		f := Filter{Committee: b.Committee, Alliance: b.Alliance, Kind: b.Kind, Subject: b.SubjectID, Account: b.AccountID, Action: b.Action, From: b.From, Until: b.Until}
		list, err := l.Export(ctx, who, f, b.Reason)
		if err != nil {
			return nil, err
		}
		data, err := write(list)
		if err != nil {
			return nil, err
		}
		return &fileOut{Type: kind, Disposition: `attachment; filename="audit` + path[len("/audit/export"):] + `"`, Body: data}, nil
	})
}
