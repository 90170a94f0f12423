package wechat

import (
	"context"
	"regexp"
	"strings"

	"github.com/silenceper/wechat/v2/util"
)

var scenePattern = regexp.MustCompile("^[0-9A-Za-z!#$&'()*+,/:;=?@._~-]{1,32}$")

// QRCode makes a mini-program code that opens the page with the scene; they number without limit and never
// expire, so a time window is the server's business. The image is JPEG or PNG (the SDK refuses PNG).
func (c *Client) QRCode(ctx context.Context, scene, page string) ([]byte, error) {
	if !scenePattern.MatchString(scene) {
		return nil, &Error{Code: BadScene}
	}
	if page == "" || strings.HasPrefix(page, "/") || strings.ContainsAny(page, "?& ") {
		return nil, &Error{Code: BadPage}
	}
	var image []byte
	err := c.do(ctx, false, func(ctx context.Context) error {
		u, err := c.api(ctx, "/wxa/getwxacodeunlimit", nil)
		if err != nil {
			return err
		}
		env := c.env("release", "trial", "develop")
		image, err = util.PostJSONContext(ctx, u, map[string]any{
			"scene": scene, "page": page, "env_version": env, "check_path": env == "release",
		})
		if err == nil && !isImage(image) {
			err = &Error{Code: BadAnswer, Retryable: true}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return image, nil
}
