package wechat

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// EventKind tells what the platform calls back about.
type EventKind string

// Kinds of events. Other covers everything else, named by Event.Name.
const (
	EventPopup  EventKind = "subscribe_msg_popup_event"  // the user answered our question
	EventChange EventKind = "subscribe_msg_change_event" // the user changed the settings
	EventSent   EventKind = "subscribe_msg_sent_event"   // a message went out, or didn't
	EventMedia  EventKind = "wxa_media_check"            // the verdict about a picture
	EventOther  EventKind = "other"

	// Of the official account.
	EventFollow   EventKind = "subscribe"
	EventUnfollow EventKind = "unsubscribe"
	EventTemplate EventKind = "TEMPLATESENDJOBFINISH" // a template message arrived, or didn't
)

// Event is one callback.
type Event struct {
	Kind   EventKind
	Name   string // as the platform calls it
	OpenID string
	At     time.Time
	Items  []EventItem // at least one for popup, change and sent

	Trace   string  // media: which check
	Verdict Verdict // media
}

// String names the kind only.
func (e Event) String() string { return "wechat.Event(" + string(e.Kind) + ")" }

// GoString names the kind only.
func (e Event) GoString() string { return e.String() }

// LogValue names the kind only.
func (e Event) LogValue() slog.Value { return slog.StringValue(e.String()) }

// EventItem is about one template.
type EventItem struct {
	TemplateID string
	Accepted   bool   // popup and change: the user said yes (any other word counts as no)
	MessageID  string // sent
	Errcode    int    // sent and template: 0 if delivered, 43101 if the user has blocked it
}

// Delivered says whether a sent event reports success.
func (i EventItem) Delivered() bool { return i.Errcode == 0 }

var errEvent = errors.New("wechat: callback can't be read")

// ParseEvent reads a decrypted callback, JSON or XML. It is tolerant where the platform is inconsistent: List is
// an object when single and an array otherwise, numbers may be strings, the list may sit inside an object
// that is named after the event.
func ParseEvent(raw []byte) (Event, error) {
	raw = bytes.TrimSpace(raw)
	var m message
	var err error
	switch {
	case bytes.HasPrefix(raw, []byte("<")):
		err = xml.Unmarshal(raw, &m)
	case bytes.HasPrefix(raw, []byte("{")):
		err = json.Unmarshal(raw, &m)
	default:
		err = errEvent
	}
	if err != nil || m.MsgType == "" {
		return Event{}, errEvent // the cause may quote the message
	}
	e := Event{Kind: EventOther, Name: string(m.Event), OpenID: string(m.FromUserName)}
	if e.Name == "" {
		e.Name = string(m.MsgType)
	}
	if s, err := strconv.ParseInt(strings.TrimSpace(string(m.CreateTime)), 10, 64); err == nil && s > 0 && s < 1<<40 {
		e.At = time.Unix(s, 0).UTC()
	}
	if m.MsgType != "event" {
		return e, nil
	}
	kind := EventKind(e.Name)
	if kind == EventMedia {
		return m.media(e)
	}
	if kind == EventFollow || kind == EventUnfollow || kind == EventTemplate {
		return m.official(e, kind)
	}
	if kind != EventPopup && kind != EventChange && kind != EventSent {
		return e, nil
	}
	e.Kind = kind
	for _, list := range []items{m.List, m.Popup.List, m.Change.List, m.Sent.List} {
		for _, i := range list {
			code, err := strconv.Atoi(string(i.ErrorCode))
			if err != nil && i.ErrorCode != "" {
				code = -1
			}
			e.Items = append(e.Items, EventItem{
				TemplateID: string(i.TemplateID), Accepted: i.Status == "accept", MessageID: string(i.MsgID), Errcode: code,
			})
		}
	}
	if len(e.Items) == 0 || e.OpenID == "" {
		return Event{}, errEvent
	}
	return e, nil
}

// official reads an event of the official account.
func (m message) official(e Event, kind EventKind) (Event, error) {
	e.Kind = kind
	if kind == EventTemplate {
		i := EventItem{MessageID: string(m.MsgID)}
		switch status := strings.ToLower(string(m.Status)); {
		case status == "success":
		case strings.Contains(status, "block"):
			i.Errcode = 43101
		default:
			i.Errcode = -1
		}
		e.Items = []EventItem{i}
	}
	if e.OpenID == "" || kind == EventTemplate && m.MsgID == "" {
		return Event{}, errEvent
	}
	return e, nil
}

// media reads the verdict about a picture. What could not be judged, or in a word that we don't know, is for a
// person to look at.
func (m message) media(e Event) (Event, error) {
	e.Kind, e.Trace, e.Verdict = EventMedia, string(m.Trace), Review
	if v := Verdict(m.Result.Suggest); (m.Errcode == "" || m.Errcode == "0") && (v == Pass || v == Risky) {
		e.Verdict = v
	}
	if e.Trace == "" || len(e.Trace) > 100 {
		return Event{}, errEvent
	}
	return e, nil
}

type message struct {
	XMLName      xml.Name `json:"-"`
	FromUserName text     `json:"FromUserName"`
	CreateTime   text     `json:"CreateTime"`
	MsgType      text     `json:"MsgType"`
	Event        text     `json:"Event"`
	List         items    `json:"List"`
	Popup        wrapped  `json:"SubscribeMsgPopupEvent" xml:"SubscribeMsgPopupEvent"`
	Change       wrapped  `json:"SubscribeMsgChangeEvent" xml:"SubscribeMsgChangeEvent"`
	Sent         wrapped  `json:"SubscribeMsgSentEvent" xml:"SubscribeMsgSentEvent"`
	MsgID        text     `json:"MsgID" xml:"MsgID"`
	Status       text     `json:"Status" xml:"Status"`
	Trace        text     `json:"trace_id" xml:"trace_id"`
	Errcode      text     `json:"errcode" xml:"errcode"`
	Result       struct {
		Suggest text `json:"suggest" xml:"suggest"`
	} `json:"result" xml:"result"`
}

type wrapped struct {
	List items `json:"List"`
}

type item struct {
	TemplateID text `json:"TemplateId" xml:"TemplateId"`
	Status     text `json:"SubscribeStatusString" xml:"SubscribeStatusString"`
	MsgID      text `json:"MsgID" xml:"MsgID"`
	ErrorCode  text `json:"ErrorCode" xml:"ErrorCode"`
}

// text is a JSON string or number; in XML it is just a string.
type text string

// UnmarshalJSON takes anything that isn't an object or an array.
func (t *text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(t))
	}
	if len(b) > 0 && (b[0] == '{' || b[0] == '[') {
		return errEvent
	}
	if string(b) != "null" {
		*t = text(b)
	}
	return nil
}

// items is an array, or the object itself when there is only one.
type items []item

// UnmarshalJSON takes an array, an object, null or an empty string.
func (l *items) UnmarshalJSON(b []byte) error {
	switch {
	case len(b) > 0 && b[0] == '[':
		return json.Unmarshal(b, (*[]item)(l))
	case len(b) > 0 && b[0] == '{':
		*l = make(items, 1)
		return json.Unmarshal(b, &(*l)[0])
	}
	return nil
}
