package privacy

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/page"
	"bense/server/internal/web"
)

type consentView struct {
	Version     string     `json:"version" doc:"Of the words that hold now"`
	Text        []string   `json:"text" nullable:"false" doc:"A paragraph each"`
	Current     bool       `json:"current" doc:"These words are agreed to"`
	Agreed      string     `json:"agreed" doc:"Version that is agreed to, empty for none"`
	AgreedAt    *time.Time `json:"agreed_at,omitempty"`
	WithdrawnAt *time.Time `json:"withdrawn_at,omitempty"`
}

func viewConsent(c Consent) consentView {
	return consentView{Version: c.Version, Text: c.Text, Current: c.Current(), Agreed: c.Agreed, AgreedAt: given(c.AgreedAt), WithdrawnAt: given(c.Withdrawn)}
}

func given(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

type itemView struct {
	Key   string `json:"key"`
	Label string `json:"label"`
	Value string `json:"value" doc:"Masked where it is kept sealed"`
	Why   string `json:"why" doc:"What it is kept for, in a few words"`
}

type lookView struct {
	At    time.Time `json:"at"`
	Words string    `json:"words" doc:"Who saw what and why, a sentence"`
}

type ownView struct {
	Name      string     `json:"name"`
	Unit      string     `json:"unit"`
	Branch    string     `json:"branch"`
	Alliance  string     `json:"alliance"`
	Self      bool       `json:"self" doc:"The caller is the person and may take everything along"`
	Items     []itemView `json:"items" nullable:"false"`
	Since     time.Time  `json:"since"`
	ChangedAt time.Time  `json:"changed_at"`
	Looks     []lookView `json:"looks" nullable:"false" doc:"Who saw hidden columns, the latest first, at most 50"`
	Attended  int        `json:"attended"`
	Told      int        `json:"told" doc:"Notices received"`
}

func viewOwn(o Own) ownView {
	v := ownView{Name: o.Person.Name, Unit: o.Person.Unit, Branch: o.Person.Branch, Alliance: o.Person.Alliance, Self: o.Self,
		Items: []itemView{}, Since: o.Since, ChangedAt: o.Changed, Looks: []lookView{}, Attended: o.Attended, Told: o.Told}
	for _, it := range o.Items {
		v.Items = append(v.Items, itemView{it.Key, it.Label, it.Value, it.Why})
	}
	for _, l := range o.Looks {
		v.Looks = append(v.Looks, lookView{l.At, l.Sentence()})
	}
	return v
}

type countView struct {
	Table string `json:"table"`
	Label string `json:"label" doc:"What that is, in Chinese"`
	Why   string `json:"why" doc:"Keep in Chinese"`
	Rows  int64  `json:"rows"`
	Keep  string `json:"keep" doc:"Why rows stay, emptied; empty when they go"`
}

type erasureView struct {
	PersonID id.ID       `json:"person_id"`
	Name     string      `json:"name" doc:"Empty once it is done"`
	Unit     string      `json:"unit"`
	Reason   string      `json:"reason" doc:"Empty once it is done"`
	AskedAt  *time.Time  `json:"asked_at,omitempty" doc:"Missing: nobody has asked"`
	AskedBy  string      `json:"asked_by"`
	Own      bool        `json:"own" doc:"The caller has asked: somebody else has to confirm"`
	Second   string      `json:"second" doc:"Chinese: who can confirm what is asked for, or what to do when nobody can; empty once it is done, and in lists"`
	Ready    bool        `json:"ready" doc:"Somebody can confirm"`
	DoneAt   *time.Time  `json:"done_at,omitempty"`
	DoneBy   string      `json:"done_by"`
	Counts   []countView `json:"counts" nullable:"false"`
}

func viewErasure(e Erasure) erasureView {
	v := erasureView{PersonID: e.Person, Name: e.Name, Unit: e.Unit, Reason: e.Reason, AskedAt: given(e.AskedAt), AskedBy: e.Asker, Own: e.Own, Second: e.Second, Ready: e.Ready,
		DoneAt: given(e.DoneAt), DoneBy: e.Doer, Counts: []countView{}}
	for _, c := range e.Counts {
		label, why := Words(c.Table, c.Keep)
		v.Counts = append(v.Counts, countView{Table: c.Table, Label: label, Why: why, Rows: c.Rows, Keep: c.Keep})
	}
	return v
}

type fileOut struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Cache       string `header:"Cache-Control"`
	Body        []byte
}

func operation(opID, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: opID, Method: method, Path: path, Tags: []string{"privacy"}, Summary: summary}
}

// Routes adds the operations of this package.
func Routes(api huma.API, s *Service) {
	consentRoutes(api, s)
	ownRoutes(api, s)
	erasureRoutes(api, s)
}

// asked turns a call of the service into a handler.
func asked[I, T, V any](call func(context.Context, actor.Actor, *I) (T, error), view func(T) V) func(context.Context, *I) (*web.Out[V], error) {
	return func(ctx context.Context, in *I) (*web.Out[V], error) {
		who, err := actor.From(ctx)
		if err != nil {
			return nil, err
		}
		v, err := call(ctx, who, in)
		if err != nil {
			return nil, err
		}
		return web.JSON(view(v)), nil
	}
}

func consentRoutes(api huma.API, s *Service) {
	huma.Register(api, operation("getConsent", http.MethodGet, "/me/consent", "The words about personal data, and whether I agreed to them"),
		asked(func(ctx context.Context, who actor.Actor, _ *struct{}) (Consent, error) { return s.Consent(ctx, who) }, viewConsent))
	type agreeInput struct {
		Body struct {
			Version string `json:"version" minLength:"1" maxLength:"20" doc:"Of the words that were shown"`
		}
	}
	huma.Register(api, operation("agree", http.MethodPut, "/me/consent", "Agree to the words"),
		asked(func(ctx context.Context, who actor.Actor, in *agreeInput) (Consent, error) {
			return s.Agree(ctx, who, in.Body.Version)
		}, viewConsent))
	withdraw := operation("withdrawConsent", http.MethodDelete, "/me/consent", "Take it back: this account acts for nobody any more")
	withdraw.DefaultStatus = http.StatusOK
	huma.Register(api, withdraw,
		asked(func(ctx context.Context, who actor.Actor, _ *struct{}) (Consent, error) { return s.Withdraw(ctx, who) }, viewConsent))
}

func ownRoutes(api huma.API, s *Service) {
	huma.Register(api, operation("getOwnData", http.MethodGet, "/me/persons/{id}/data", "What is kept about somebody I act for, why, since when, and who looked at it"),
		asked(func(ctx context.Context, who actor.Actor, in *web.IDPath) (Own, error) {
			return s.Own(ctx, who, in.ID.ID)
		}, viewOwn))
	export := func(opID, path, summary, kind string, make func(Export) ([]byte, error)) {
		op := operation(opID, http.MethodGet, path, summary)
		op.Responses = map[string]*huma.Response{"200": {
			Description: "File", Content: map[string]*huma.MediaType{kind: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
		}}
		huma.Register(api, op, func(ctx context.Context, in *web.IDPath) (*fileOut, error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			x, err := s.Export(ctx, who, in.ID.ID)
			if err != nil {
				return nil, err
			}
			body, err := make(x)
			if err != nil {
				return nil, err
			}
			ending := kind[len("application/"):]
			name := url.PathEscape(x.Person.Name + "的资料." + ending)
			return &fileOut{Type: kind, Disposition: `attachment; filename="my-data.` + ending + `"; filename*=UTF-8''` + name, Cache: "no-store", Body: body}, nil
		})
	}
	export("exportOwnPDF", "/me/persons/{id}/data.pdf", "Everything about myself, to read (A4)", "application/pdf", Export.PDF)
	export("exportOwnJSON", "/me/persons/{id}/data.json", "Everything about myself, for programs", "application/json", Export.JSON)
}

func erasureRoutes(api huma.API, s *Service) {
	type erasureInput struct {
		web.IDPath
		Body struct {
			Reason string `json:"reason" maxLength:"200"`
		}
	}
	type listInput struct {
		web.Paging
		Done bool `query:"done" doc:"Those that are done instead of those that wait"`
	}
	huma.Register(api, operation("listErasures", http.MethodGet, "/erasures", "Requests to erase somebody that wait for a second person"),
		asked(func(ctx context.Context, who actor.Actor, in *listInput) (page.List[Erasure], error) {
			return s.Erasures(ctx, who, in.Done, in.Page())
		}, func(l page.List[Erasure]) page.List[erasureView] {
			out := page.List[erasureView]{Items: make([]erasureView, len(l.Items)), Next: l.Next}
			for i, e := range l.Items {
				out.Items[i] = viewErasure(e)
			}
			return out
		}))
	huma.Register(api, operation("getErasure", http.MethodGet, "/persons/{id}/erasure", "What erasing a person removes and keeps, and whether it was asked for"),
		asked(func(ctx context.Context, who actor.Actor, in *web.IDPath) (Erasure, error) {
			return s.Erasure(ctx, who, in.ID.ID)
		}, viewErasure))
	ask := operation("askErasure", http.MethodPost, "/persons/{id}/erasure", "First step of erasing a person: why, and what would go")
	ask.DefaultStatus = http.StatusCreated
	huma.Register(api, ask, asked(func(ctx context.Context, who actor.Actor, in *erasureInput) (Erasure, error) {
		return s.AskErasure(ctx, who, in.ID.ID, in.Body.Reason)
	}, viewErasure))
	huma.Register(api, operation("dropErasure", http.MethodDelete, "/persons/{id}/erasure", "Take the request back"),
		func(ctx context.Context, in *web.IDPath) (*web.Empty, error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			return nil, s.DropErasure(ctx, who, in.ID.ID)
		})
	type eraseInput struct {
		web.IDPath
		Body struct {
			Name string `json:"name" maxLength:"60" doc:"The person's name, typed once more"`
		}
	}
	huma.Register(api, operation("erasePerson", http.MethodPost, "/persons/{id}/erasure/confirm", "Second step, by a second person: erase, for good"),
		asked(func(ctx context.Context, who actor.Actor, in *eraseInput) (Erasure, error) {
			return s.Erase(ctx, who, in.ID.ID, in.Body.Name)
		}, viewErasure))
}
