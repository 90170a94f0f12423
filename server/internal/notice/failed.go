package notice

import (
	"strings"
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/wechat"
)

// FailedMessage is a message that did not arrive, or of which nobody knows whether it did, of a notice
// that still runs.
type FailedMessage struct {
	Delivery
	Title    string // of the notice
	Alliance string
	Name     string // of the first person whom the account acts for
	Unit     string
	At       time.Time
	Attempts int // zero: no longer known
	Resent   int // how often somebody has sent it again
}

// FailedCounts are how many of each there are, and which channels send nothing at this moment.
type FailedCounts struct {
	Failed, Unknown int
	Resting         []ChannelRest
}

// ChannelRest is a channel that sends nothing until it is tried again at a time.
type ChannelRest struct {
	Channel Channel
	Until   time.Time
}

// FailedFilter narrows the list.
type FailedFilter struct {
	State  DeliveryState // Failed, Uncertain or "" for both
	Notice id.ID         // zero: of all
	After  id.ID         // zero: from the newest on
	Limit  int
}

// Resending is what came of sending messages again.
type Resending struct {
	Queued   int
	NoCredit int // the reader has not agreed to another message: call instead
	Over     int // somebody else was faster, or the notice has ended
}

// Errors of sending again.
var (
	ErrMayHaveArrived = errs.New(errs.Conflict, "notice.may_have_arrived", "其中有的消息可能已经收到，重发前请先确认")
	ErrNothingToSend  = errs.New(errs.Conflict, "notice.nothing_to_resend", "这些消息已经有人处理过了，请刷新看看")
)

// mostResent bounds one request.
const mostResent = 200

// whyFailed says in words that a clerk can act on what became of a message.
func whyFailed(d Delivery) string {
	s, code := d.State, d.Code
	switch {
	case d.Channel == SMS && s == Uncertain:
		return "短信服务没有回音，不知道对方收到没有"
	case d.Channel == SMS:
		return "短信没有发出，请系统管理员核对短信服务"
	}
	switch code {
	case wechat.Quota:
		return "今天能发的条数用完了，明天再发就赶不上活动，请打电话"
	case channelRests:
		return "微信长时间没有应答，再等就赶不上活动，请打电话"
	case "interrupted":
		return "发送时服务中断，不知道对方收到没有"
	case wechat.NoAnswer, wechat.BadAnswer:
		return "微信没有回音，不知道对方收到没有"
	case wechat.BadTemplate:
		return "消息模板不对或已被删除，请系统管理员核对"
	case wechat.BadField, wechat.BadRequest:
		return "消息内容不合微信的格式，请系统管理员核对"
	case wechat.BadPage:
		return "消息要打开的页面不存在，请系统管理员核对"
	case wechat.BadOpenID:
		return "这个微信号已不再使用本小程序"
	case wechat.Banned, wechat.NotPermitted:
		return "微信限制了小程序发消息，请系统管理员处理"
	case wechat.Sensitive:
		return "内容没有通过微信的检查"
	}
	switch {
	case strings.HasPrefix(code, "wechat."), code == wechat.Unavailable, code == wechat.Busy, code == "timeout", code == "lease_expired":
		return "微信一直没有应答，试了多次没有发出"
	case strings.HasPrefix(code, "wx_"):
		return "微信回报没有送达（代码 " + strings.TrimPrefix(code, "wx_") + "）"
	case s == Uncertain:
		return "不知道对方收到没有"
	}
	return "没有发出，请系统管理员查看日志"
}
