package emulator

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"bense/server/internal/wechat"
)

// Account is one account on the platform.
type Account struct{ AppID, Secret, Token, AESKey string }

func (e *Emulator) mini() Account {
	return Account{AppID: e.opts.AppID, Secret: e.opts.Secret, Token: e.opts.Token, AESKey: e.opts.AESKey}
}

// OfficialConfig gives the configuration of a client of the service account at baseURL. Its templates have
// the numbers of the mini-program's with an "O" before them.
func (e *Emulator) OfficialConfig(baseURL string) wechat.Config {
	a := e.opts.Official
	c := wechat.Config{AppID: a.AppID, Secret: a.Secret, Token: a.Token, AESKey: a.AESKey, BaseURL: baseURL, Templates: map[string]wechat.TemplateConfig{}}
	for _, t := range e.opts.Templates {
		if t.Occasion != "" {
			c.Templates[t.Occasion] = wechat.TemplateConfig{ID: "O" + t.ID, Fields: t.Meanings}
		}
	}
	return c
}

// officialOpenID is somebody's openid at the service account: another one than at the mini-program.
func (e *Emulator) officialOpenID(openID string) string {
	sum := sha256.Sum256([]byte(e.opts.Official.AppID + "\x00" + openID))
	return "o" + base64.RawURLEncoding.EncodeToString(sum[:])[:27]
}

// Follow plays scanning the service account's code and following it.
func (e *Emulator) Follow(u User) { e.follow(u, true) }

// Unfollow plays leaving it.
func (e *Emulator) Unfollow(u User) { e.follow(u, false) }

func (e *Emulator) follow(u User, yes bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	who := e.user(u)
	at := e.officialOpenID(who.OpenID)
	who.follows = yes
	e.followers.put(at, who.OpenID)
	e.enqueue(FollowEvent(at, e.clock.Now(), yes))
}

// Block plays switching the service account's messages off without leaving it.
func (e *Emulator) Block(u User, yes bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.user(u).blocks = yes
}

// FollowEvent tells that somebody follows the service account, or follows it no more.
func FollowEvent(openID string, at time.Time, yes bool) Event {
	v := Event{Name: "unsubscribe", OpenID: openID, At: at, Extra: map[string]any{"EventKey": ""}, Official: true}
	if yes {
		v.Name = "subscribe"
	}
	return v
}

// TemplateEvent tells what became of a template message: success, "failed:user block" or "failed: system failed".
func TemplateEvent(openID string, at time.Time, messageID int64, status string) Event {
	return Event{Name: "TEMPLATESENDJOBFINISH", OpenID: openID, At: at, Official: true,
		Extra: map[string]any{"MsgID": strconv.FormatInt(messageID, 10), "Status": status}}
}

// follower finds the user behind an openid of the service account.
func (e *Emulator) follower(openID string) (*user, bool) {
	mini, known := e.followers.get(openID)
	if !known {
		return nil, false
	}
	return e.users.get(mini)
}

func (e *Emulator) userInfo(r *request) answer {
	openID := r.URL.Query().Get("openid")
	u, known := e.follower(openID)
	if !known {
		return fail(40003, "invalid openid")
	}
	if !u.follows { // the platform then tells nothing else
		return good(map[string]any{"subscribe": 0, "openid": openID})
	}
	return good(map[string]any{"subscribe": 1, "openid": openID, "unionid": u.UnionID, "subscribe_time": e.clock.Now().Unix()})
}

func (e *Emulator) privateTemplates(r *request) answer {
	list := []map[string]any{}
	for _, t := range e.templates {
		if r.fault.Body == NoList {
			break
		}
		list = append(list, map[string]any{"template_id": "O" + t.ID, "title": t.Title, "content": t.Content})
	}
	return good(map[string]any{"template_list": list})
}

func (e *Emulator) templateSend(r *request) answer {
	var in struct {
		ToUser      string `json:"touser"`
		TemplateID  string `json:"template_id"`
		ClientMsgID string `json:"client_msg_id"`
		Mini        struct {
			AppID string `json:"appid"`
			Page  string `json:"pagepath"`
		} `json:"miniprogram"`
		Data map[string]struct {
			Value string `json:"value"`
		} `json:"data"`
	}
	if json.Unmarshal(r.body, &in) != nil {
		return fail(47001, "data format error")
	}
	u, known := e.follower(in.ToUser)
	if !known {
		return fail(40003, "invalid openid")
	}
	t, ok := e.template(strings.TrimPrefix(in.TemplateID, "O"))
	if !ok || !strings.HasPrefix(in.TemplateID, "O") {
		return fail(40037, "invalid template_id")
	}
	if in.Mini.AppID != "" && in.Mini.AppID != e.opts.AppID {
		return fail(40013, "invalid appid")
	}
	if in.Mini.Page != "" && !e.pageExists(in.Mini.Page) {
		return fail(40165, "invalid weapp pagepath")
	}
	fields := map[string]string{}
	for _, f := range t.fields() {
		fields[f] = in.Data[f].Value
		if !acceptable(f, fields[f]) {
			return fail(47003, "argument invalid! data."+f+".value invalid")
		}
	}
	switch {
	case !u.follows:
		return fail(43004, "require subscribe")
	case u.blocks:
		return fail(43101, "user refuse to accept the msg")
	}
	for _, m := range u.inbox { // a repetition is taken and dropped
		if in.ClientMsgID != "" && m.key == in.ClientMsgID && e.clock.Now().Sub(m.At) < 10*time.Minute {
			return good(map[string]any{"msgid": m.ID})
		}
	}
	m := Message{ID: int64(e.random.Uint64() >> 12), OpenID: in.ToUser, TemplateID: in.TemplateID, Title: t.Title, Page: in.Mini.Page,
		Fields: fields, At: e.clock.Now(), Official: true, key: in.ClientMsgID}
	u.inbox = keepLast(u.inbox, m, inboxSize)
	e.enqueue(TemplateEvent(in.ToUser, m.At, m.ID, "success"))
	return good(map[string]any{"msgid": m.ID})
}
