package wechat

import (
	"context"
	"net/url"

	"github.com/silenceper/wechat/v2/util"
)

// post and get serve the calls for which the SDK has no context, no usable error or wrong constants.
// answer embeds util.CommonError.
func (c *Client) post(ctx context.Context, path string, body, answer any) error {
	u, err := c.api(ctx, path, nil)
	if err != nil {
		return err
	}
	b, err := util.PostJSONContext(ctx, u, body)
	if err != nil {
		return err
	}
	return util.DecodeWithError(b, answer, path)
}

func (c *Client) get(ctx context.Context, path string, query url.Values, answer any) error {
	u, err := c.api(ctx, path, query)
	if err != nil {
		return err
	}
	b, err := util.HTTPGetContext(ctx, u)
	if err != nil {
		return err
	}
	return util.DecodeWithError(b, answer, path)
}
