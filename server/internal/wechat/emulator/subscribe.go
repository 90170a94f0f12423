package emulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Message is a subscribe message, or one of the service account, that arrived on a phone.
type Message struct {
	ID         int64             `json:"id,string"`
	OpenID     string            `json:"openid"`
	TemplateID string            `json:"template_id"`
	Title      string            `json:"title"`
	Page       string            `json:"page"`
	Fields     map[string]string `json:"fields"`
	At         time.Time         `json:"at"`
	// Official: a template message of the service account.
	Official bool `json:"official,omitempty"`
	key      string
}

// Messages lists what arrived for a user, oldest first; the last hundred are kept.
func (e *Emulator) Messages(openID string) []Message {
	e.mu.Lock()
	defer e.mu.Unlock()
	if u, ok := e.users.get(openID); ok {
		return slices.Clone(u.inbox)
	}
	return []Message{}
}

// Credit tells how many messages of a template a user will still take.
func (e *Emulator) Credit(openID, templateID string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	if u, ok := e.users.get(openID); ok {
		return u.credit[templateID]
	}
	return 0
}

func (e *Emulator) template(id string) (Template, bool) {
	i := slices.IndexFunc(e.templates, func(t Template) bool { return t.ID == id })
	if i < 0 {
		return Template{}, false
	}
	return e.templates[i], true
}

func (e *Emulator) getTemplate(r *request) answer {
	list := []map[string]any{}
	for _, t := range e.templates {
		if r.fault.Body == NoList {
			break
		}
		list = append(list, map[string]any{"priTmplId": t.ID, "title": t.Title, "content": t.Content, "example": "", "type": t.Type})
	}
	return good(map[string]any{"data": list})
}

func (e *Emulator) subscribeSend(r *request) answer {
	var in struct {
		ToUser     string `json:"touser"`
		TemplateID string `json:"template_id"`
		Page       string `json:"page"`
		State      string `json:"miniprogram_state"`
		Data       map[string]struct {
			Value any `json:"value"`
		} `json:"data"`
	}
	if json.Unmarshal(r.body, &in) != nil {
		return fail(47001, "data format error")
	}
	if !e.issued(in.ToUser) {
		return fail(40003, "invalid openid")
	}
	t, ok := e.template(in.TemplateID)
	if !ok {
		return fail(40037, "invalid template_id")
	}
	if in.Page != "" && !e.pageExists(in.Page) {
		return fail(41030, "invalid page")
	}
	if !slices.Contains([]string{"", "formal", "trial", "developer"}, in.State) {
		return fail(47003, "argument invalid! miniprogram_state")
	}
	fields := map[string]string{}
	for _, f := range t.fields() {
		fields[f] = fmt.Sprint(in.Data[f].Value)
		if in.Data[f].Value == nil || !acceptable(f, fields[f]) {
			return fail(47003, "argument invalid! data."+f+".value invalid")
		}
	}
	u, known := e.users.get(in.ToUser)
	if !known || u.refused[t.ID] || u.credit[t.ID] == 0 {
		return fail(43101, "user refuse to accept the msg")
	}
	if t.Type != 3 { // a long-term subscription isn't used up
		u.credit[t.ID]--
	}
	m := Message{
		ID: int64(e.random.Uint64() >> 12), OpenID: u.OpenID, TemplateID: t.ID, Title: t.Title, Page: in.Page,
		Fields: fields, At: e.clock.Now(),
	}
	u.inbox = keepLast(u.inbox, m, inboxSize)
	e.enqueue(SentEvent(u.OpenID, m.At, t.ID, m.ID, 0))
	return good(map[string]any{"msgid": m.ID})
}

// Popup plays the user's answer to wx.requestSubscribeMessage: accepted templates gain one message each. At most
// three templates may be asked for at once, and one-time and long-term ones not together.
func (e *Emulator) Popup(u User, choices map[string]bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if n := len(choices); n == 0 || n > 3 {
		return fmt.Errorf("ask for one to three templates, not %d", n)
	}
	kinds := map[int]bool{}
	for id := range choices {
		t, ok := e.template(id)
		if !ok {
			return fmt.Errorf("no template %s", id)
		}
		kinds[t.Type] = true
	}
	if len(kinds) > 1 {
		return fmt.Errorf("one-time and long-term templates can't be asked for together")
	}
	who := e.user(u)
	for id, yes := range choices {
		switch {
		case yes && kinds[3]:
			who.credit[id], who.refused[id] = 1, false
		case yes:
			who.credit[id]++
			who.refused[id] = false
		}
	}
	e.enqueue(PopupEvent(who.OpenID, e.clock.Now(), choices))
	return nil
}

// Change plays the switch in the user's settings: off ends all credit of the template.
func (e *Emulator) Change(u User, templateID string, accept bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ok := e.template(templateID); !ok {
		return fmt.Errorf("no template %s", templateID)
	}
	who := e.user(u)
	who.refused[templateID] = !accept
	if !accept {
		who.credit[templateID] = 0
	}
	e.enqueue(ChangeEvent(who.OpenID, e.clock.Now(), map[string]bool{templateID: accept}))
	return nil
}

var pagePath = regexp.MustCompile(`^[\w-]+(/[\w-]+)+$`)

// pageExists takes a page with or without query.
func (e *Emulator) pageExists(page string) bool {
	page, _, _ = strings.Cut(strings.TrimPrefix(page, "/"), "?")
	if e.opts.Pages == nil {
		return pagePath.MatchString(page)
	}
	return slices.Contains(e.opts.Pages, page)
}

func sorted(choices map[string]bool) []string { return slices.Sorted(maps.Keys(choices)) }
