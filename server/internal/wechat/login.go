package wechat

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/url"

	"github.com/silenceper/wechat/v2/util"
)

// Session is what a login code is worth. The openid identifies, it proves nothing about the person; the
// session key opens encrypted data and never leaves the server.
type Session struct {
	OpenID     string `json:"-"`
	UnionID    string `json:"-"`
	SessionKey string `json:"-"`
}

// LogValue hides everything.
func (Session) LogValue() slog.Value { return slog.StringValue("wechat.Session") }

// String hides everything.
func (Session) String() string { return "wechat.Session" }

// GoString hides everything.
func (Session) GoString() string { return "wechat.Session" }

// Login exchanges the code of wx.login. A code is good for one exchange within five minutes.
func (c *Client) Login(ctx context.Context, code string) (Session, error) {
	if !word.MatchString(code) {
		return Session{}, &Error{Code: CodeInvalid}
	}
	var s Session
	err := c.do(ctx, true, func(ctx context.Context) error {
		r, err := c.auth.Code2SessionContext(ctx, code)
		if err == nil && r.OpenID == "" {
			err = &Error{Code: BadAnswer, Ambiguous: true}
		}
		s = Session{OpenID: r.OpenID, UnionID: r.UnionID, SessionKey: r.SessionKey}
		return err
	})
	if err != nil {
		return Session{}, err
	}
	return s, nil
}

// CheckSession reports a SessionStale error once the phone has got a newer session key.
func (c *Client) CheckSession(ctx context.Context, openID, sessionKey string) error {
	if !word.MatchString(openID) {
		return &Error{Code: BadOpenID}
	}
	// The text that is signed is empty; the key is the base64 text itself.
	mac := hmac.New(sha256.New, []byte(sessionKey))
	return c.do(ctx, false, func(ctx context.Context) error {
		return c.get(ctx, "/wxa/checksession", url.Values{
			"openid": {openID}, "signature": {hex.EncodeToString(mac.Sum(nil))}, "sig_method": {"hmac_sha256"},
		}, &struct{ util.CommonError }{})
	})
}

// Phone exchanges the code of open-type="getPhoneNumber" for the number without country code. A code is
// good for one exchange within five minutes. (The SDK's answer type fails on a numeric countryCode.)
func (c *Client) Phone(ctx context.Context, code string) (string, error) {
	if !word.MatchString(code) {
		return "", &Error{Code: CodeInvalid}
	}
	var r struct {
		util.CommonError
		PhoneInfo struct {
			PurePhoneNumber json.RawMessage `json:"purePhoneNumber"`
		} `json:"phone_info"`
	}
	var phone string
	err := c.do(ctx, true, func(ctx context.Context) error {
		if err := c.post(ctx, "/wxa/business/getuserphonenumber", map[string]string{"code": code}, &r); err != nil {
			return err
		}
		if phone = loose(r.PhoneInfo.PurePhoneNumber); phone == "" {
			return &Error{Code: BadAnswer, Ambiguous: true}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return phone, nil
}

// loose reads a JSON string or number as text: the platform isn't consistent.
func loose(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return ""
}

// openSealed decrypts what wx.getGroupEnterInfo and the like hand to the page: AES-128-CBC with the
// session key, PKCS#7. The SDK's version panics on input that is no whole block.
func openSealed(sessionKey, encryptedData, iv string) ([]byte, error) {
	key, err1 := base64.StdEncoding.DecodeString(sessionKey)
	data, err2 := base64.StdEncoding.DecodeString(encryptedData)
	vector, err3 := base64.StdEncoding.DecodeString(iv)
	if err1 != nil || err2 != nil || err3 != nil {
		return nil, &Error{Code: SessionStale}
	}
	plain, ok := decryptCBC(key, vector, data)
	if !ok {
		return nil, &Error{Code: SessionStale}
	}
	return plain, nil
}
