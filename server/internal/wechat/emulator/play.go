package emulator

import (
	"encoding/json"
	"errors"
	"net/http"
)

// playRoutes are the emulator's own endpoints. A user is named by openid, or by name and phone, or by one of
// these, in the body of a POST and in the query of a GET; it is made when it doesn't exist.
//
//	POST /client/login-code      {user}                                  → {code, openid}
//	POST /client/phone-code      {user}                                  → {code}
//	POST /client/popup           {user, accept: [id], reject: [id]}      → {}
//	POST /client/change          {user, template_id, accept}             → {}
//	POST /client/enter-group     {user, group}                           → {encrypted_data, iv, opengid}
//	POST /client/share           {user, group, activity_id, title, path} → the card
//	POST /client/rotate-session  {user}                                  → {}
//	GET  /client/messages        ?openid= | name= & phone=               → {items}
//	GET  /client/cards           ?group=                                 → {items}
//	GET  /client/groups, /client/users, /client/templates                → {items}
//	POST /client/follow          {user, accept: true|false}              → {}; the service account
//	GET  /client/robot           ?key=                                   → {items}; what a robot said
//	POST /client/callback        {user, event, accept, reject, delivery} → {status, body}; event popup or change
//	POST /client/verify          the console's check of the callback address
//	POST /client/flush           waits for the callbacks
//	POST /faults {endpoint, …Fault} · DELETE /faults · GET /calls
func (e *Emulator) playRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	handle := func(pattern string, f func(*http.Request, play) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { serve(w, r, f) })
	}
	handle("POST /client/login-code", func(_ *http.Request, p play) (any, error) {
		u := e.User(p.User)
		return map[string]string{"code": e.LoginCode(u), "openid": u.OpenID}, nil
	})
	handle("POST /client/phone-code", func(_ *http.Request, p play) (any, error) {
		code, err := e.PhoneCode(p.User)
		return map[string]string{"code": code}, err
	})
	handle("POST /client/popup", func(_ *http.Request, p play) (any, error) { return nil, e.Popup(p.User, p.choices()) })
	handle("POST /client/change", func(_ *http.Request, p play) (any, error) {
		var accept bool
		if err := json.Unmarshal(p.Accept, &accept); err != nil {
			return nil, errors.New("accept must be true or false")
		}
		return nil, e.Change(p.User, p.TemplateID, accept)
	})
	handle("POST /client/enter-group", func(_ *http.Request, p play) (any, error) {
		if p.Group == "" {
			return nil, errors.New("no group")
		}
		return e.EnterGroup(p.User, p.Group), nil
	})
	handle("POST /client/share", func(_ *http.Request, p play) (any, error) {
		return e.Share(p.User, p.Group, p.ActivityID, p.Title, p.Path)
	})
	handle("POST /client/rotate-session", func(_ *http.Request, p play) (any, error) {
		e.RotateSession(p.User)
		return nil, nil
	})
	handle("GET /client/messages", func(_ *http.Request, p play) (any, error) {
		return items(e.Messages(e.User(p.User).OpenID)), nil
	})
	handle("GET /client/cards", func(r *http.Request, _ play) (any, error) { return items(e.Cards(r.URL.Query().Get("group"))), nil })
	handle("GET /client/groups", func(*http.Request, play) (any, error) { return items(e.Groups()), nil })
	handle("GET /client/users", func(*http.Request, play) (any, error) { return items(e.Users()), nil })
	handle("GET /client/templates", func(*http.Request, play) (any, error) { return items(e.opts.Templates), nil })
	handle("POST /client/follow", func(_ *http.Request, p play) (any, error) {
		var yes bool
		if err := json.Unmarshal(p.Accept, &yes); err != nil {
			return nil, errors.New("accept must be true or false")
		}
		e.follow(p.User, yes)
		return nil, nil
	})
	handle("GET /client/robot", func(r *http.Request, _ play) (any, error) { return items(e.Said(r.URL.Query().Get("key"))), nil })
	handle("POST /client/callback", e.playCallback)
	handle("POST /client/verify", func(r *http.Request, p play) (any, error) { return nil, e.Verify(r.Context(), p.Delivery) })
	handle("POST /client/flush", func(r *http.Request, _ play) (any, error) { return nil, e.Flush(r.Context()) })
	handle("POST /faults", func(_ *http.Request, p play) (any, error) {
		if p.Endpoint == "" {
			return nil, errors.New(`no endpoint; "*" means everywhere`)
		}
		e.Inject(p.Endpoint, p.Fault)
		return nil, nil
	})
	handle("DELETE /faults", func(*http.Request, play) (any, error) {
		e.Clear()
		return nil, nil
	})
	handle("GET /calls", func(*http.Request, play) (any, error) { return e.Calls(), nil })
	return mux
}

// play is the body of all own endpoints together.
type play struct {
	User
	Group      string          `json:"group"`
	ActivityID string          `json:"activity_id"`
	Title      string          `json:"title"`
	Path       string          `json:"path"`
	TemplateID string          `json:"template_id"`
	Accept     json.RawMessage `json:"accept"` // a list of template ids, or true and false
	Reject     []string        `json:"reject"`
	Event      string          `json:"event"`
	Delivery   Delivery        `json:"delivery"`
	Endpoint   string          `json:"endpoint"`
	Fault
}

func (p play) choices() map[string]bool {
	out := map[string]bool{}
	for _, id := range p.Reject {
		out[id] = false
	}
	var accept []string
	_ = json.Unmarshal(p.Accept, &accept) // anything else accepts nothing
	for _, id := range accept {
		out[id] = true
	}
	return out
}

// playCallback sends an event as told, without changing any credit: for repetitions and forgeries.
func (e *Emulator) playCallback(r *http.Request, p play) (any, error) {
	u := e.User(p.User)
	v := PopupEvent(u.OpenID, e.clock.Now(), p.choices())
	if p.Event == "change" {
		v = ChangeEvent(u.OpenID, e.clock.Now(), p.choices())
	}
	status, body, err := e.Deliver(r.Context(), v, p.Delivery)
	return map[string]any{"status": status, "body": body}, err
}

func items[T any](list []T) map[string][]T {
	if list == nil {
		list = []T{}
	}
	return map[string][]T{"items": list}
}

func serve(w http.ResponseWriter, r *http.Request, f func(*http.Request, play) (any, error)) {
	q := r.URL.Query()
	p := play{User: User{Name: q.Get("name"), Phone: q.Get("phone"), OpenID: q.Get("openid")}}
	var out any
	var err error
	if r.Method == http.MethodPost && r.ContentLength != 0 {
		err = json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&p)
	}
	if err == nil {
		out, err = f(r, p)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if err != nil {
		w.WriteHeader(http.StatusUnprocessableEntity)
		out = map[string]string{"message": err.Error()}
	} else if out == nil {
		out = struct{}{}
	}
	_ = json.NewEncoder(w).Encode(out) // the client has gone
}
