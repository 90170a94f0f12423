package emulator

import (
	"encoding/json"
	"regexp"
	"slices"
	"time"
)

// A robot says at most so many things a minute.
const robotRate = 20

// chatroom is a WeCom group with a robot in it.
type chatroom struct {
	said []Saying
}

// Saying is what a robot said in its group.
type Saying struct {
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// robotKeyText is what a key looks like; any of that shape has a group behind it here.
var robotKeyText = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// Said lists what a robot said, oldest first.
func (e *Emulator) Said(key string) []Saying {
	e.mu.Lock()
	defer e.mu.Unlock()
	if room, ok := e.robots.get(key); ok {
		return slices.Clone(room.said)
	}
	return []Saying{}
}

func (e *Emulator) webhookSend(r *request) answer {
	key := r.URL.Query().Get("key")
	var in struct {
		Type string `json:"msgtype"`
		Text struct {
			Content string `json:"content"`
		} `json:"text"`
	}
	switch err := json.Unmarshal(r.body, &in); {
	case !robotKeyText.MatchString(key):
		return fail(93000, "invalid webhook url")
	case err != nil:
		return fail(40008, "invalid message type")
	case in.Type != "text":
		return fail(40008, "invalid message type")
	case in.Text.Content == "" || len(in.Text.Content) > 2048:
		return fail(40058, "text.content exceed max length 2048")
	}
	room, ok := e.robots.get(key)
	if !ok {
		room = &chatroom{}
		e.robots.put(key, room)
	}
	now, lately := e.clock.Now(), 0
	for _, s := range room.said {
		if now.Sub(s.At) < time.Minute {
			lately++
		}
	}
	if lately >= robotRate {
		return fail(45009, "api freq out of limit")
	}
	room.said = keepLast(room.said, Saying{Text: in.Text.Content, At: now}, inboxSize)
	return good(nil)
}

// chatTool takes the states that the API wants, 1 to 3, of an activity that it knows. Most accounts don't have
// the ability: inject 48001 for those.
func (e *Emulator) chatTool(r *request) answer {
	var in struct {
		ActivityID  string `json:"activity_id"`
		TargetState int    `json:"target_state"`
	}
	if json.Unmarshal(r.body, &in) != nil {
		return fail(47001, "data format error")
	}
	a, ok := e.activities.get(in.ActivityID)
	if !ok || !e.clock.Now().Before(a.until) || in.TargetState < 1 || in.TargetState > 3 {
		return fail(47001, "activity_id or target_state invalid")
	}
	return good(nil)
}
