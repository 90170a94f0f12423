package identity

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/page"
	"bense/server/internal/web"
)

type startedLoginView struct {
	ID        id.ID     `json:"id"`
	Secret    string    `json:"secret" doc:"To poll with; it never leaves the page"`
	QR        string    `json:"qr" doc:"Text for the QR that the phone scans"`
	Number    string    `json:"number" doc:"Two digits: phone and desktop show the same"`
	ExpiresAt time.Time `json:"expires_at"`
}

type consoleLoginView struct {
	ID        id.ID     `json:"id"`
	Number    string    `json:"number" doc:"Two digits: phone and desktop show the same"`
	Browser   string    `json:"browser"`
	Address   string    `json:"address" doc:"Network of the desktop, without its last part"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

type loginPollView struct {
	State     LoginState `json:"state" enum:"pending,scanned,approved,refused,used,expired" doc:"approved comes once, with the session's cookie; used, refused and expired want a new code"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Of the session, when approved"`
	Me        *meView    `json:"me,omitempty" doc:"When approved"`
}

// Browser is where a desktop's request comes from, and what it is.
type Browser struct {
	Origin
	Agent string `header:"User-Agent"`
}

type pollInput struct {
	web.IDPath
	Console string `header:"X-Console" required:"true" doc:"1: a foreign page cannot send it"`
	Body    struct {
		Secret string `json:"secret" minLength:"1" maxLength:"64"`
	}
}

type pollOutput struct {
	Cookies []http.Cookie `header:"Set-Cookie"`
	Body    loginPollView
}

type scanInput struct {
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"500" doc:"Text of the QR, or what follows /c/ in it"`
	}
}

// overTLS reports whether the cookie may be kept to encrypted connections.
func (s *Service) overTLS() bool { return strings.HasPrefix(s.console.PublicURL, "https://") }

func routesConsole(api huma.API, s *Service) {
	huma.Register(api, creates(web.Public(operation("startConsoleLogin", "POST", "/console/logins", "Begin a sign-in at a desktop: a code for the phone"))),
		func(ctx context.Context, in *Browser) (*web.Out[startedLoginView], error) {
			l, err := s.StartLogin(ctx, in.Agent, in.address)
			if err != nil {
				return nil, err
			}
			return web.JSON(startedLoginView{ID: l.ID, Secret: l.Secret, QR: l.QR, Number: l.Number, ExpiresAt: l.ExpiresAt}), nil
		})
	huma.Register(api, web.Public(operation("pollConsoleLogin", "POST", "/console/logins/{id}/poll", "How the sign-in stands; every two seconds. Approved sets the session's cookie")),
		func(ctx context.Context, in *pollInput) (*pollOutput, error) {
			p, err := s.PollLogin(ctx, in.ID.ID, in.Body.Secret)
			if err != nil {
				return nil, err
			}
			out := &pollOutput{Body: loginPollView{State: p.State}}
			if p.Token == "" {
				return out, nil
			}
			m, err := s.Me(ctx, actor.Actor{Account: p.Account})
			if err != nil {
				return nil, err
			}
			me := viewMe(m)
			out.Body.ExpiresAt, out.Body.Me = &p.ExpiresAt, &me
			out.Cookies = []http.Cookie{web.SetConsole(p.Token, s.overTLS())}
			return out, nil
		})
	huma.Register(api, operation("scanConsoleLogin", "POST", "/me/console-logins", "What waits behind the code that my phone scanned"),
		func(ctx context.Context, in *scanInput) (*web.Out[consoleLoginView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			l, err := s.ScanLogin(ctx, who, in.Body.Code)
			if err != nil {
				return nil, err
			}
			return web.JSON(consoleLoginView{ID: l.ID, Number: l.Number, Browser: l.Device.Browser, Address: l.Device.Address,
				CreatedAt: l.CreatedAt, ExpiresAt: l.ExpiresAt}), nil
		})
	decide := func(opID, verb, summary string, approve bool) {
		huma.Register(api, operation(opID, "POST", "/me/console-logins/{id}/"+verb, summary),
			func(ctx context.Context, in *web.IDPath) (*web.Empty, error) {
				who, err := actor.From(ctx)
				if err != nil {
					return nil, err
				}
				return nil, s.DecideLogin(ctx, who, in.ID.ID, approve)
			})
	}
	decide("approveConsoleLogin", "approve", "Sign the desktop in, from the phone that scanned", true)
	decide("refuseConsoleLogin", "refuse", "It wasn't me", false)
}

type consoleSessionView struct {
	ID        id.ID     `json:"id"`
	Browser   string    `json:"browser"`
	Address   string    `json:"address" doc:"Network of the desktop, without its last part"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at" doc:"Last request, to the minute"`
	ExpiresAt time.Time `json:"expires_at" doc:"At the latest; without a request earlier"`
	Current   bool      `json:"current" doc:"The one that asks"`
}

type endedOutput struct {
	Cookies []http.Cookie `header:"Set-Cookie"`
}

type endedView struct {
	Ended int `json:"ended"`
}

func routesSession(api huma.API, s *Service) {
	huma.Register(api, operation("listSessions", "GET", "/me/sessions", "Desktops at which I am signed in"),
		func(ctx context.Context, _ *struct{}) (*web.Out[page.List[consoleSessionView]], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			list, err := s.Sessions(ctx, who)
			if err != nil {
				return nil, err
			}
			items := make([]consoleSessionView, len(list))
			for i, c := range list {
				items[i] = consoleSessionView{ID: c.ID, Browser: c.Device.Browser, Address: c.Device.Address,
					CreatedAt: c.CreatedAt, SeenAt: c.SeenAt, ExpiresAt: c.ExpiresAt, Current: c.ID == who.Session}
			}
			return web.JSON(page.All(items)), nil
		})
	huma.Register(api, operation("endSession", "DELETE", "/me/sessions/{id}", "Sign one of my desktops out; the one that asks loses its cookie"),
		func(ctx context.Context, in *web.IDPath) (*endedOutput, error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			if err := s.EndSession(ctx, who, in.ID.ID); err != nil {
				return nil, err
			}
			out := &endedOutput{}
			if in.ID.ID == who.Session {
				out.Cookies = []http.Cookie{web.ForgetConsole(s.overTLS())}
			}
			return out, nil
		})
	huma.Register(api, operation("endOtherSessions", "DELETE", "/me/sessions", "Sign all my desktops out but the one that asks"),
		func(ctx context.Context, _ *struct{}) (*web.Out[endedView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			n, err := s.EndOtherSessions(ctx, who)
			if err != nil {
				return nil, err
			}
			return web.JSON(endedView{Ended: n}), nil
		})
}
