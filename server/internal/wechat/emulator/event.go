package emulator

import (
	"encoding/json"
	"encoding/xml"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Event is a callback before it is written as JSON or XML.
type Event struct {
	Name   string
	OpenID string
	At     time.Time
	Items  []map[string]string // the elements of List
	Extra  map[string]any      // further members; in XML those that are texts
	// Official: from the service account.
	Official bool
}

// PopupEvent tells that the user answered the question; true accepts.
func PopupEvent(openID string, at time.Time, choices map[string]bool) Event {
	e := Event{Name: "subscribe_msg_popup_event", OpenID: openID, At: at}
	for _, id := range sorted(choices) {
		e.Items = append(e.Items, map[string]string{"TemplateId": id, "SubscribeStatusString": status(choices[id]), "PopupScene": "0"})
	}
	return e
}

// ChangeEvent tells that the user changed the settings.
func ChangeEvent(openID string, at time.Time, choices map[string]bool) Event {
	e := Event{Name: "subscribe_msg_change_event", OpenID: openID, At: at}
	for _, id := range sorted(choices) {
		e.Items = append(e.Items, map[string]string{"TemplateId": id, "SubscribeStatusString": status(choices[id])})
	}
	return e
}

// SentEvent tells how sending ended; errcode 0 is success.
func SentEvent(openID string, at time.Time, templateID string, messageID int64, errcode int) Event {
	text := "success"
	if errcode != 0 {
		text = "failed"
	}
	return Event{Name: "subscribe_msg_sent_event", OpenID: openID, At: at, Items: []map[string]string{{
		"TemplateId": templateID, "MsgID": strconv.FormatInt(messageID, 10), "ErrorCode": strconv.Itoa(errcode), "ErrorStatus": text,
	}}}
}

func mediaEvent(openID string, at time.Time, appID, trace, suggest string, label int) Event {
	return Event{Name: "wxa_media_check", OpenID: openID, At: at, Extra: map[string]any{
		"appid": appID, "trace_id": trace, "version": 2, "errcode": 0, "errmsg": "ok",
		"result": map[string]any{"suggest": suggest, "label": label}, "detail": []any{},
	}}
}

func status(yes bool) string {
	if yes {
		return "accept"
	}
	return "reject"
}

const account = "gh_emulator000" // the "original id" of the mini-program

// json writes the event with List as an object where there is one item, unless array is set. Like the
// platform it is of two minds about CreateTime.
func (e Event) json(array bool) []byte {
	m := map[string]any{
		"ToUserName": account, "FromUserName": e.OpenID, "CreateTime": e.At.Unix(), "MsgType": "event", "Event": e.Name,
	}
	if len(e.Items) == 1 && !array {
		m["List"], m["CreateTime"] = e.Items[0], strconv.FormatInt(e.At.Unix(), 10)
	} else if len(e.Items) > 0 {
		m["List"] = e.Items
	}
	for k, v := range e.Extra {
		m[k] = v
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // plain types
	}
	return b
}

// The element around the lists in XML.
var wrappers = map[string]string{
	"subscribe_msg_popup_event":  "SubscribeMsgPopupEvent",
	"subscribe_msg_change_event": "SubscribeMsgChangeEvent",
	"subscribe_msg_sent_event":   "SubscribeMsgSentEvent",
}

func (e Event) xml() []byte {
	var b strings.Builder
	tag := func(name, value string) {
		b.WriteString("<" + name + ">")
		_ = xml.EscapeText(&b, []byte(value)) // a Builder never fails
		b.WriteString("</" + name + ">")
	}
	b.WriteString("<xml>")
	tag("ToUserName", account)
	tag("FromUserName", e.OpenID)
	tag("CreateTime", strconv.FormatInt(e.At.Unix(), 10))
	tag("MsgType", "event")
	tag("Event", e.Name)
	if w := wrappers[e.Name]; w != "" {
		b.WriteString("<" + w + ">")
		for _, i := range e.Items {
			b.WriteString("<List>")
			for _, k := range []string{"TemplateId", "SubscribeStatusString", "PopupScene", "MsgID", "ErrorCode", "ErrorStatus"} {
				if v, ok := i[k]; ok {
					tag(k, v)
				}
			}
			b.WriteString("</List>")
		}
		b.WriteString("</" + w + ">")
	}
	for _, k := range slices.Sorted(maps.Keys(e.Extra)) {
		if v, ok := e.Extra[k].(string); ok {
			tag(k, v)
		}
	}
	b.WriteString("</xml>")
	return []byte(b.String())
}
