package wechat

import (
	"context"
	"log/slog"
	"net/url"
	"strconv"

	"github.com/redis/go-redis/v9"
	oa "github.com/silenceper/wechat/v2/officialaccount/message"
	"github.com/silenceper/wechat/v2/util"

	"bense/server/internal/clock"
)

// Official is the alliance committees' service account (公众号), which may write to its followers without
// asking each time. It is another account on the same platform: own secret, own token, own callbacks, and
// an openid of its own for everybody. Only the unionid is common to both.
type Official struct {
	c    *Client
	mini string // app id of the mini-program that a message opens
}

// NewOfficial makes the client of a service account; messages open pages of the mini-program mini.
func NewOfficial(cfg Config, mini string, rdb redis.UniversalClient, clk clock.Clock, log *slog.Logger) *Official {
	return &Official{c: New(cfg, rdb, clk, log), mini: mini}
}

// Close drops idle connections.
func (o *Official) Close() { o.c.Close() }

// Callback makes the receiver of this account's events; see Client.Callback.
func (o *Official) Callback(handle func(context.Context, Event) error) *Receiver {
	return o.c.Callback(handle)
}

// Template gives the configured template of an occasion.
func (o *Official) Template(occasion string) (TemplateConfig, bool) { return o.c.Template(occasion) }

// SendTemplate sends a template message to a follower and gives the platform's number for it, under which
// the callback tells later whether it arrived. key makes the platform drop a repetition within ten minutes.
// NotFollower: the person follows no more; an Ambiguous error means that it may have arrived.
func (o *Official) SendTemplate(ctx context.Context, m SubscribeMessage, key string) (ref string, err error) {
	if err := m.Check(); err != nil {
		return "", err
	}
	body := oa.TemplateMessage{ToUser: m.OpenID, TemplateID: m.TemplateID, ClientMsgID: key, Data: make(map[string]*oa.TemplateDataItem, len(m.Fields))}
	for field, value := range m.Fields {
		body.Data[field] = &oa.TemplateDataItem{Value: value}
	}
	body.MiniProgram.AppID, body.MiniProgram.PagePath = o.mini, m.Page
	var answer struct {
		util.CommonError
		MsgID int64 `json:"msgid"`
	}
	err = o.c.do(ctx, true, func(ctx context.Context) error {
		return o.c.post(ctx, "/cgi-bin/message/template/send", body, &answer)
	})
	if err != nil {
		return "", err
	}
	return strconv.FormatInt(answer.MsgID, 10), nil
}

// Follower is somebody's tie to the service account.
type Follower struct {
	Follows bool
	UnionID string // empty: the two accounts are not bound to one open platform
}

// Follower asks who is behind an openid of the service account.
func (o *Official) Follower(ctx context.Context, openID string) (Follower, error) {
	if !word.MatchString(openID) {
		return Follower{}, &Error{Code: BadOpenID}
	}
	var answer struct {
		util.CommonError
		Subscribe int    `json:"subscribe"`
		UnionID   string `json:"unionid"`
	}
	err := o.c.do(ctx, false, func(ctx context.Context) error {
		return o.c.get(ctx, "/cgi-bin/user/info", url.Values{"openid": {openID}, "lang": {"zh_CN"}}, &answer)
	})
	return Follower{Follows: answer.Subscribe == 1, UnionID: answer.UnionID}, err
}

// CheckTemplates compares the configured templates with the account's.
func (o *Official) CheckTemplates(ctx context.Context) error {
	var answer struct {
		util.CommonError
		List []oa.TemplateItem `json:"template_list"`
	}
	err := o.c.do(ctx, false, func(ctx context.Context) error {
		return o.c.get(ctx, "/cgi-bin/template/get_all_private_template", nil, &answer)
	})
	if err != nil {
		return err
	}
	have := make([]Template, 0, len(answer.List))
	for _, t := range answer.List {
		have = append(have, Template{ID: t.TemplateID, Title: t.Title, Fields: fieldsOf(t.Content)})
	}
	return o.c.compare(have)
}
