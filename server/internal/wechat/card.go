package wechat

import (
	"context"
	"strconv"
	"time"

	"github.com/silenceper/wechat/v2/util"
)

// States of a group card. The card may go 0→0, 0→1, 0→2 and 1→2.
const (
	CardOpen    = 0 // "成员正在加入，当前 m/n 人"
	CardStarted = 1 // "已开始"
	CardClosed  = 2 // "已结束"
)

// Card is the right to update one shared card, usually for 24 hours.
type Card struct {
	ActivityID string
	ExpiresAt  time.Time
}

// CreateCard asks for an activity id; the page gives it to wx.updateShareMenu before it shares.
func (c *Client) CreateCard(ctx context.Context) (Card, error) {
	var r struct {
		util.CommonError
		ActivityID     string `json:"activity_id"`
		ExpirationTime int64  `json:"expiration_time"`
	}
	var card Card
	err := c.do(ctx, false, func(ctx context.Context) error {
		if err := c.get(ctx, "/cgi-bin/message/wxopen/activityid/create", nil, &r); err != nil {
			return err
		}
		card = Card{ActivityID: r.ActivityID, ExpiresAt: time.Unix(r.ExpirationTime, 0).UTC()}
		if card.ActivityID == "" || !card.ExpiresAt.After(c.clock.Now()) {
			return &Error{Code: BadAnswer, Retryable: true} // an id that has expired already can't be shared
		}
		return nil
	})
	if err != nil {
		return Card{}, err
	}
	return card, nil
}

// CardUpdate is what the card shows next.
type CardUpdate struct {
	State int    // CardOpen, CardStarted or CardClosed
	Count int    // m, of an open card
	Limit int    // n, of an open card
	Path  string // page behind a started card; may be empty
}

// UpdateCard changes a shared card in every chat in which it hangs. Repeating it does no harm: at worst the platform
// answers BadRequest, because a started or closed card was there already. So it does for an expired one.
func (c *Client) UpdateCard(ctx context.Context, activityID string, u CardUpdate) error {
	if activityID == "" || u.State < CardOpen || u.State > CardClosed || u.Count < 0 || u.Limit < 0 {
		return &Error{Code: BadRequest}
	}
	type parameter struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	var list []parameter
	switch u.State {
	case CardOpen:
		list = []parameter{{"member_count", strconv.Itoa(u.Count)}, {"room_limit", strconv.Itoa(u.Limit)}}
	case CardStarted:
		if u.Path != "" {
			list = append(list, parameter{"path", u.Path})
		}
		list = append(list, parameter{"version_type", c.env("release", "trial", "develop")})
	}
	body := map[string]any{
		"activity_id": activityID, "target_state": u.State,
		"template_info": map[string]any{"parameter_list": append([]parameter{}, list...)},
	}
	return c.do(ctx, false, func(ctx context.Context) error {
		return c.post(ctx, "/cgi-bin/message/wxopen/updatablemsg/send", body, &struct{ util.CommonError }{})
	})
}
