package wechat

import (
	"context"
	"strings"

	"github.com/silenceper/wechat/v2/miniprogram/security"
)

// Verdict of the content check.
type Verdict string

// Verdicts, from good to bad.
const (
	Pass   Verdict = "pass"
	Review Verdict = "review" // a person should look
	Risky  Verdict = "risky"
)

// Scenes of the content check.
const (
	SceneProfile = 1
	SceneComment = 2
	SceneForum   = 3
	SceneSocial  = 4
)

// The platform takes 2500 characters at once.
const maxCheck = 2500

// CheckText asks the platform about a text. The author must have opened the mini-program within two hours, else
// AuthorInactive: ask again after the author has come back. Long texts go in pieces, the worst verdict counts.
func (c *Client) CheckText(ctx context.Context, openID string, scene int, text string) (Verdict, error) {
	if !word.MatchString(openID) {
		return "", &Error{Code: BadOpenID}
	}
	if scene < SceneProfile || scene > SceneSocial {
		return "", &Error{Code: BadRequest}
	}
	worst := Pass
	for rest := []rune(strings.TrimSpace(text)); len(rest) > 0; {
		n := min(maxCheck, len(rest))
		v, err := c.checkPiece(ctx, openID, scene, string(rest[:n]))
		if err != nil {
			return "", err
		}
		if v == Risky {
			return Risky, nil
		}
		if v != Pass {
			worst = Review
		}
		rest = rest[n:]
	}
	return worst, nil
}

func (c *Client) checkPiece(ctx context.Context, openID string, scene int, text string) (Verdict, error) {
	var v Verdict
	err := c.do(ctx, false, func(ctx context.Context) error {
		r, err := c.security.MsgCheckContext(ctx, &security.MsgCheckRequest{
			OpenID: openID, Scene: security.MsgScene(scene), Content: text,
		})
		if err != nil {
			return err
		}
		switch v = Verdict(r.Result.Suggest); v {
		case Pass, Risky:
		case "":
			return &Error{Code: BadAnswer, Retryable: true}
		default: // review, or a word that we don't know yet
			v = Review
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return v, nil
}
