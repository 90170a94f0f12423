package wechat

import (
	"context"

	"github.com/silenceper/wechat/v2/util"
)

// States of a chat tool's message. The SDK's constants are one too low.
const (
	ChatToolOpen   = 1
	ChatToolDone   = 2
	ChatToolClosed = 3
)

// UpdateChatTool moves the message that a member sent with the chat tool to another state. Only accounts to
// which the platform gave the ability have it: for others it answers NotPermitted.
func (c *Client) UpdateChatTool(ctx context.Context, activityID string, state int) error {
	if activityID == "" || state < ChatToolOpen || state > ChatToolClosed {
		return &Error{Code: BadRequest}
	}
	body := map[string]any{"activity_id": activityID, "target_state": state, "version_type": c.env("release", "trial", "develop")}
	return c.do(ctx, false, func(ctx context.Context) error {
		return c.post(ctx, "/cgi-bin/message/wxopen/chattoolmsg/send", body, &struct{ util.CommonError }{})
	})
}
