package notice

import (
	"slices"
	"strings"

	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Channel is a way on which a notice reaches people.
type Channel string

// The channels, from the truth to the last resort.
const (
	Inbox     Channel = "inbox"
	Subscribe Channel = "subscribe"
	Official  Channel = "official"
	SMS       Channel = "sms"
	GroupCard Channel = "group_card"
	Robot     Channel = "robot"
	ChatTool  Channel = "chat_tool"
	CallList  Channel = "calls"
)

// Traits are what a channel can do.
type Traits struct {
	Name     string // in Chinese
	Consent  bool   // only to those who agreed, once or for good
	Night    bool   // makes no phone ring, so that the quiet hours don't hold it up
	Confirms bool   // the platform tells whether it arrived
	Group    bool   // reaches a group, nobody in particular
	Tap      bool   // a person has to tap; no server can do it alone
	Always   bool   // can't be switched off
}

var traits = map[Channel]Traits{
	Inbox:     {Name: "小程序收件箱", Night: true, Always: true},
	Subscribe: {Name: "小程序订阅消息", Consent: true, Confirms: true},
	Official:  {Name: "公众号消息", Consent: true, Confirms: true},
	SMS:       {Name: "短信"},
	GroupCard: {Name: "微信群卡片", Night: true, Group: true, Tap: true, Always: true},
	Robot:     {Name: "企业微信群机器人", Group: true},
	ChatTool:  {Name: "群聊工具提醒", Consent: true, Night: true, Group: true, Tap: true},
	CallList:  {Name: "电话名单", Tap: true, Always: true},
}

// Traits gives what the channel can do.
func (c Channel) Traits() Traits { return traits[c] }

// Channels in the order in which they are shown.
var Channels = []Channel{Inbox, Subscribe, Official, SMS, GroupCard, Robot, ChatTool, CallList}

// personal are those on which the server sends to one account or person, in the order that holds unless a
// committee sets another. A text message costs money and can't be answered: it comes last.
var personal = []Channel{Subscribe, Official, SMS}

// chosen are those of the channels that a committee chooses between.
func chosen(c Channel) bool {
	t, known := traits[c]
	return known && !t.Always
}

// defaultChannels hold until a committee says otherwise; what isn't set up is skipped.
var defaultChannels = []Channel{Subscribe, Official, SMS, Robot, ChatTool}

// Order is the channels that a committee has switched on, the first to be tried first, as one word. Its
// zero value says that nobody has chosen: then the default ones count, also those set up later.
type Order string

// noChannels says that none is switched on.
const noChannels = "-"

// OrderOf makes an order, or reports a channel that is named twice or can't be chosen.
func OrderOf(list []Channel) (Order, error) {
	words := make([]string, len(list))
	for i, c := range list {
		if !chosen(c) || slices.Contains(list[:i], c) {
			return "", errs.ErrInvalid.With(errs.Field("channels", "通知渠道的次序不对，请刷新页面再选"))
		}
		words[i] = string(c)
	}
	if len(words) == 0 {
		return noChannels, nil
	}
	return Order(strings.Join(words, ",")), nil
}

// List gives the channels of the order.
func (o Order) List() []Channel {
	switch o {
	case "":
		return slices.Clone(defaultChannels)
	case noChannels:
		return []Channel{}
	}
	var out []Channel
	for _, w := range strings.Split(string(o), ",") {
		if c := Channel(w); chosen(c) {
			out = append(out, c)
		}
	}
	return out
}

// order gives the personal channels of the rules, the first one first.
func (r Rules) order() []Channel {
	return slices.DeleteFunc(r.Channels.List(), func(c Channel) bool { return !slices.Contains(personal, c) })
}

func (r Rules) on(c Channel) bool { return c.Traits().Always || slices.Contains(r.Channels.List(), c) }

// Way is how a person wants to be told.
type Way string

// Ways; the zero value is ByWeChat.
const (
	ByWeChat Way = "wechat"
	ByFamily Way = "family" // somebody of the family gets the messages, as far as one is bound
	ByPhone  Way = "phone"  // no messages: somebody calls
)

var wayNames = map[Way]string{ByWeChat: "微信通知", ByFamily: "先告诉家里人", ByPhone: "不发微信，打电话"}

// Name is the Chinese word of a way, "" for none of them.
func (w Way) Name() string { return wayNames[w] }

// target is an account to send to, and those of the recipients for whom it acts. Without an account it is
// one person, reached by telephone number.
type target struct {
	account id.ID
	persons []id.ID
}

// key names the target in a delivery's row: ids come from one source, so that a person's is no account's.
func (t target) key() id.ID {
	if t.account != 0 {
		return t.account
	}
	return t.persons[0]
}

// leg is a target with the channel on which it is reached.
type leg struct {
	target
	channel Channel
}

// hopeful are the states of a message that has arrived, or still may have or may do so: beside it no second
// one goes out.
var hopeful = []DeliveryState{Queued, Sending, Sent, Delivered, Uncertain}

// gone are the channels that a message which does not wait any more has been tried on.
func (d Delivery) gone() string {
	switch {
	case d.State == NoCredit:
		return d.Tried
	case d.Tried == "":
		return string(d.Channel)
	}
	return d.Tried + "," + string(d.Channel)
}

// left are the channels of an order that a message hasn't failed on yet.
func left(order []Channel, done string) []Channel {
	gone := strings.Split(done, ",")
	return slices.DeleteFunc(slices.Clone(order), func(c Channel) bool { return slices.Contains(gone, string(c)) })
}
