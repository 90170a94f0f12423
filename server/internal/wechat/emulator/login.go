package emulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

const codeLife = 5 * time.Minute

type code struct {
	openID string
	phone  bool
	until  time.Time
	used   bool
}

// LoginCode plays wx.login.
func (e *Emulator) LoginCode(u User) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.mint(e.user(u), false)
}

// PhoneCode plays open-type="getPhoneNumber", consent given.
func (e *Emulator) PhoneCode(u User) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	who := e.user(u)
	if who.Phone == "" {
		return "", errors.New("this user has no phone number")
	}
	return e.mint(who, true), nil
}

func (e *Emulator) mint(u *user, phone bool) string {
	c := "0" + e.text(24)
	e.codes.put(c, &code{openID: u.OpenID, phone: phone, until: e.clock.Now().Add(codeLife)})
	return c
}

// redeem spends a code.
func (e *Emulator) redeem(text string, phone bool) (*user, answer) {
	c, ok := e.codes.get(text)
	switch {
	case !ok || c.phone != phone:
		return nil, fail(40029, "invalid code")
	case c.used:
		return nil, fail(40163, "code been used")
	case !e.clock.Now().Before(c.until):
		return nil, fail(40029, "invalid code")
	}
	c.used = true
	return e.user(User{OpenID: c.openID}), answer{}
}

func (e *Emulator) code2session(r *request) answer {
	q := r.URL.Query()
	switch {
	case q.Get("appid") != e.opts.AppID:
		return fail(40013, "invalid appid")
	case q.Get("secret") != e.opts.Secret:
		return fail(40125, "invalid appsecret")
	case q.Get("grant_type") != "authorization_code":
		return fail(40002, "invalid grant_type")
	}
	u, bad := e.redeem(q.Get("js_code"), false)
	if u == nil {
		return bad
	}
	u.login = e.clock.Now()
	return good(map[string]any{"openid": u.OpenID, "unionid": u.UnionID, "session_key": u.key})
}

func (e *Emulator) checkSession(r *request) answer {
	q := r.URL.Query()
	u, ok := e.users.get(q.Get("openid"))
	if !ok {
		return fail(40003, "invalid openid")
	}
	mac := hmac.New(sha256.New, []byte(u.key))
	if q.Get("sig_method") != "hmac_sha256" || q.Get("signature") != hex.EncodeToString(mac.Sum(nil)) {
		return fail(87009, "invalid signature")
	}
	return good(nil)
}

func (e *Emulator) phoneNumber(r *request) answer {
	var in struct {
		Code string `json:"code"`
	}
	if json.Unmarshal(r.body, &in) != nil {
		return fail(47001, "data format error")
	}
	u, bad := e.redeem(in.Code, true)
	if u == nil {
		return bad
	}
	info := map[string]any{
		"phoneNumber": u.Phone, "purePhoneNumber": u.Phone, "countryCode": "86",
		"watermark": map[string]any{"timestamp": e.clock.Now().Unix(), "appid": e.opts.AppID},
	}
	if r.fault.Body == Numeric {
		info["countryCode"] = 86
		if n, err := strconv.ParseInt(u.Phone, 10, 64); err == nil {
			info["purePhoneNumber"] = n
		}
	}
	return good(map[string]any{"phone_info": info})
}
