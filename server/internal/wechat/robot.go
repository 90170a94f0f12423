package wechat

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/silenceper/wechat/v2/util"
)

// robotHost is WeCom's; its robots post into one group each and are addressed by a secret key.
const robotHost = "qyapi.weixin.qq.com"

// robotText is how many bytes of text a robot takes.
const robotText = 2048

var robotKey = regexp.MustCompile(`^[0-9A-Za-z-]{16,64}$`)

// RobotKey takes the key out of a robot's webhook address, or takes the key itself. Any other address is
// refused: the server posts nowhere else.
func RobotKey(address string) (string, bool) {
	address = strings.TrimSpace(address)
	if robotKey.MatchString(address) {
		return address, true
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host != robotHost || u.Path != "/cgi-bin/webhook/send" {
		return "", false
	}
	key := u.Query().Get("key")
	return key, robotKey.MatchString(key)
}

// PostRobot lets a robot say a text in its WeCom group. TooOften: more than 20 in a minute; an Ambiguous
// error means that the text may stand in the group.
func (c *Client) PostRobot(ctx context.Context, key, text string) error {
	if !robotKey.MatchString(key) {
		return &Error{Code: BadRequest}
	}
	body := map[string]any{"msgtype": "text", "text": map[string]string{"content": cutBytes(text, robotText)}}
	err := c.do(ctx, true, func(ctx context.Context) error {
		u := "https://" + robotHost + "/cgi-bin/webhook/send?" + url.Values{"key": {key}}.Encode()
		b, err := util.PostJSONContext(ctx, u, body)
		if err != nil {
			return err
		}
		return util.DecodeWithError(b, &struct{ util.CommonError }{}, "webhook/send")
	})
	if e, ok := As(err); ok && e.Code == Quota { // the same number means a day elsewhere and a minute here
		e.Code = TooOften
	}
	return err
}

// cutBytes shortens a text to a number of bytes without cutting a character.
func cutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n -= len("…")
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
