package identity

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/page"
	"bense/server/internal/web"
)

type confirmationView struct {
	ID        id.ID        `json:"id"`
	Action    string       `json:"action" enum:"export,reveal,role,erase,undo_import,found"`
	SubjectID id.ID        `json:"subject_id"`
	Title     string       `json:"title" doc:"What will happen, in Chinese"`
	About     string       `json:"about" doc:"What it happens to"`
	Summary   string       `json:"summary" doc:"What the desktop adds"`
	Browser   string       `json:"browser"`
	Address   string       `json:"address"`
	Number    string       `json:"number" doc:"Two digits: phone and desktop show the same"`
	State     ConfirmState `json:"state" enum:"pending,approved,refused,spent,expired"`
	CreatedAt time.Time    `json:"created_at"`
	ExpiresAt time.Time    `json:"expires_at" doc:"Until when the phone may answer"`
}

func viewConfirmation(c Confirmation) confirmationView {
	return confirmationView{ID: c.ID, Action: c.Action, SubjectID: c.Subject, Title: c.Title, About: c.About, Summary: c.Summary,
		Browser: c.Device.Browser, Address: c.Device.Address, Number: c.Number, State: c.State, CreatedAt: c.CreatedAt, ExpiresAt: c.ExpiresAt}
}

type askInput struct {
	Body struct {
		Action    string `json:"action" enum:"export,reveal,role,erase,undo_import,found"`
		SubjectID id.ID  `json:"subject_id" doc:"export, role: the committee, alliance or unit; reveal, erase: the person; undo_import: the import; found: the version"`
		Summary   string `json:"summary,omitempty" maxLength:"200" doc:"What else the phone should show"`
	}
}

func routesConfirmation(api huma.API, s *Service) {
	huma.Register(api, creates(operation("createConfirmation", "POST", "/me/confirmations",
		"Ask my phone whether this is meant; the call is then repeated with the header X-Confirmation")),
		func(ctx context.Context, in *askInput) (*web.Out[confirmationView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			c, err := s.Ask(ctx, who, in.Body.Action, in.Body.SubjectID, in.Body.Summary)
			if err != nil {
				return nil, err
			}
			return web.JSON(viewConfirmation(c)), nil
		})
	huma.Register(api, operation("listConfirmations", "GET", "/me/confirmations", "What waits for an answer on my phone"),
		func(ctx context.Context, _ *struct{}) (*web.Out[page.List[confirmationView]], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			list, err := s.Waiting(ctx, who)
			if err != nil {
				return nil, err
			}
			items := make([]confirmationView, len(list))
			for i, c := range list {
				items[i] = viewConfirmation(c)
			}
			return web.JSON(page.All(items)), nil
		})
	huma.Register(api, operation("getConfirmation", "GET", "/me/confirmations/{id}", "How a question to my phone stands"),
		func(ctx context.Context, in *web.IDPath) (*web.Out[confirmationView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			c, err := s.Asked(ctx, who, in.ID.ID)
			if err != nil {
				return nil, err
			}
			return web.JSON(viewConfirmation(c)), nil
		})
	decide := func(opID, verb, summary string, approve bool) {
		huma.Register(api, operation(opID, "POST", "/me/confirmations/{id}/"+verb, summary),
			func(ctx context.Context, in *web.IDPath) (*web.Empty, error) {
				who, err := actor.From(ctx)
				if err != nil {
					return nil, err
				}
				return nil, s.Decide(ctx, who, in.ID.ID, approve)
			})
	}
	decide("approveConfirmation", "approve", "Yes, on the phone only", true)
	decide("refuseConfirmation", "refuse", "No, on the phone only", false)
}
