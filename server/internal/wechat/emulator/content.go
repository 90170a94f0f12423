package emulator

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

// An author must have opened the mini-program within this time.
const authorActive = 2 * time.Hour

type checkRequest struct {
	OpenID    string `json:"openid"`
	Scene     int    `json:"scene"`
	Version   int    `json:"version"`
	Content   string `json:"content"`
	MediaURL  string `json:"media_url"`
	MediaType int    `json:"media_type"`
}

// author applies the rules that both checks share.
func (e *Emulator) author(in checkRequest) (answer, bool) {
	switch {
	case in.Version != 2:
		return fail(44991, "version must be 2"), false
	case in.Scene < 1 || in.Scene > 4:
		return fail(40097, "invalid args: scene"), false
	case !e.issued(in.OpenID):
		return fail(40003, "invalid openid"), false
	}
	u, ok := e.users.get(in.OpenID)
	if !ok || e.clock.Now().Sub(u.login) >= authorActive {
		return fail(61010, "code is expired"), false
	}
	return answer{}, true
}

func (e *Emulator) suggest(text string) (suggest string, label int) {
	for _, k := range e.opts.Risky {
		if strings.Contains(text, k) {
			return "risky", 20006
		}
	}
	for _, k := range e.opts.Review {
		if strings.Contains(text, k) {
			return "review", 10001
		}
	}
	return "pass", 100
}

func (e *Emulator) checkText(r *request) answer {
	var in checkRequest
	if json.Unmarshal(r.body, &in) != nil || in.Content == "" {
		return fail(47001, "data format error")
	}
	if utf8.RuneCountInString(in.Content) > 2500 {
		return fail(45002, "content size out of limit")
	}
	if a, ok := e.author(in); !ok {
		return a
	}
	suggest, label := e.suggest(in.Content)
	return good(map[string]any{
		"trace_id": e.hex(16), "result": map[string]any{"suggest": suggest, "label": label},
		"detail": []map[string]any{{"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90}},
	})
}

// checkMedia judges by the words in the address.
func (e *Emulator) checkMedia(r *request) answer {
	var in checkRequest
	if json.Unmarshal(r.body, &in) != nil || in.MediaURL == "" || in.MediaType < 1 || in.MediaType > 2 {
		return fail(47001, "data format error")
	}
	if a, ok := e.author(in); !ok {
		return a
	}
	trace := e.hex(16)
	if r.fault.Body != LostCall {
		suggest, label := e.suggest(in.MediaURL)
		e.enqueue(mediaEvent(in.OpenID, e.clock.Now(), e.opts.AppID, trace, suggest, label))
	}
	return good(map[string]any{"trace_id": trace})
}
