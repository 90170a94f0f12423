package emulator

import (
	"encoding/json"
	"time"
)

const (
	tokenLife = 2 * time.Hour
	// In its last five minutes a stable token is replaced; the old one stays good until its end.
	tokenTail = 5 * time.Minute
)

func (e *Emulator) stableToken(r *request) answer {
	var in struct {
		GrantType    string `json:"grant_type"`
		AppID        string `json:"appid"`
		Secret       string `json:"secret"`
		ForceRefresh bool   `json:"force_refresh"`
	}
	if json.Unmarshal(r.body, &in) != nil {
		return fail(47001, "data format error")
	}
	secret := map[string]string{e.opts.AppID: e.opts.Secret, e.opts.Official.AppID: e.opts.Official.Secret}[in.AppID]
	switch {
	case in.GrantType != "client_credential":
		return fail(40002, "invalid grant_type")
	case secret == "":
		return fail(40013, "invalid appid")
	case in.Secret != secret:
		return fail(40125, "invalid appsecret")
	}
	now := e.clock.Now()
	current := e.current[in.AppID]
	until, ok := e.tokens.get(current)
	left := until.Sub(now)
	if in.ForceRefresh {
		if a, ok := e.force(now); !ok {
			return a
		}
		if ok && left > 0 {
			e.tokens.put(current, now.Add(min(left, tokenTail)))
		}
		left = 0
	}
	if !ok || left <= tokenTail {
		current, left = e.kindOfToken(in.AppID)+e.text(96), tokenLife
		e.current[in.AppID] = current
		e.tokens.put(current, now.Add(left))
	}
	seconds := int(left / time.Second)
	if r.fault.ExpiresIn != 0 {
		seconds = r.fault.ExpiresIn
		e.tokens.put(current, now.Add(time.Duration(seconds)*time.Second))
	}
	return good(map[string]any{"access_token": current, "expires_in": seconds})
}

// force counts forced refreshes: 20 a day, half a minute apart.
func (e *Emulator) force(now time.Time) (answer, bool) {
	var today []time.Time
	for _, t := range e.forced {
		if now.Sub(t) < 24*time.Hour {
			today = append(today, t)
		}
	}
	e.forced = today
	if n := len(today); n >= 20 {
		return fail(45009, "reach max api daily quota limit"), false
	} else if n > 0 && now.Sub(today[n-1]) < 30*time.Second {
		return fail(45011, "api minute-quota reach limit, must slower, retry next minute"), false
	}
	e.forced = append(e.forced, now)
	return answer{}, true
}

// kindOfToken is how a token shows whose it is.
func (e *Emulator) kindOfToken(appID string) string {
	if appID == e.opts.Official.AppID {
		return "O"
	}
	return "T"
}

// authorize checks an access token of one of the two accounts.
func (e *Emulator) authorize(token string, official bool) (answer, bool) {
	if token == "" {
		return fail(41001, "access_token missing"), false
	}
	until, ok := e.tokens.get(token)
	if !ok || (token[:1] == "O") != official {
		return fail(40001, "invalid credential, access_token is invalid or not latest"), false
	}
	if !e.clock.Now().Before(until) {
		return fail(42001, "access_token expired"), false
	}
	return answer{}, true
}

// Expire ends the current tokens at once, as a refresh elsewhere would.
func (e *Emulator) Expire() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for app, token := range e.current {
		e.tokens.put(token, e.clock.Now())
		delete(e.current, app)
	}
}
