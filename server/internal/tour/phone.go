package tour

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"

	"bense/server/internal/wechat/emulator"
)

// phone is somebody's WeChat with the mini-program on it: the emulator plays WeChat, the rest is the
// public API.
type phone struct {
	api  *client
	emu  *emulator.Emulator
	user emulator.User

	mu    sync.Mutex
	token string
}

func (t *thread) phoneOf(name, number string) *phone {
	return &phone{api: t.api, emu: t.emu, user: t.emu.User(emulator.User{Name: name, Phone: number})}
}

// login is wx.login and the session for its code.
func (p *phone) login(ctx context.Context) error {
	var s struct {
		Token string `json:"token"`
	}
	err := p.api.do(ctx, "", http.MethodPost, "/sessions", map[string]string{"code": p.emu.LoginCode(p.user)}, &s)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.token = s.Token
	return nil
}

func (p *phone) bearer() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.token
}

// call is a request with the session, which is renewed silently once when it has run out.
func (p *phone) call(ctx context.Context, method, path string, in, out any) error {
	err := p.api.do(ctx, p.bearer(), method, path, in, out)
	var bad *problem
	if errors.As(err, &bad) && bad.Status == http.StatusUnauthorized {
		if err := p.login(ctx); err != nil {
			return err
		}
		return p.api.do(ctx, p.bearer(), method, path, in, out)
	}
	return err
}

func (p *phone) get(ctx context.Context, path string, out any) error {
	return p.call(ctx, http.MethodGet, path, nil, out)
}

func (p *phone) post(ctx context.Context, path string, in, out any) error {
	return p.call(ctx, http.MethodPost, path, in, out)
}

// boundPerson is a person that an account acts for.
type boundPerson struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Relation string `json:"relation"`
}

// me is what binding a phone number answers.
type me struct {
	Persons []boundPerson `json:"persons"`
	Roles   []struct {
		Role string `json:"role"`
	} `json:"roles"`
	ChooseSelf bool `json:"choose_self"`
}

// has reports whether a role was given.
func (m me) has(role string) bool {
	for _, r := range m.Roles {
		if r.Role == role {
			return true
		}
	}
	return false
}

// bindPhone lets WeChat tell the server the number of this phone.
func (p *phone) bindPhone(ctx context.Context) (me, error) {
	code, err := p.emu.PhoneCode(p.user)
	if err != nil {
		return me{}, err
	}
	var m me
	err = p.post(ctx, "/me/phone", map[string]string{"code": code}, &m)
	return m, err
}

// bindTo binds the phone's number to one person. A number that a couple shares matches both: then the
// person says who it is, and gives the other one back.
func (p *phone) bindTo(ctx context.Context, person string) (bool, error) {
	m, err := p.bindPhone(ctx)
	if err != nil {
		return false, err
	}
	found := false
	for _, b := range m.Persons {
		path := "/me/persons/" + url.PathEscape(b.ID)
		switch {
		case b.ID == person:
			found = true
			if b.Relation != "self" {
				err = p.call(ctx, http.MethodPut, path, map[string]string{"relation": "self"}, nil)
			}
		default:
			err = p.call(ctx, http.MethodDelete, path, nil, nil)
		}
		if err != nil {
			return false, err
		}
	}
	return found, nil
}
