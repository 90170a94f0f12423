package app

import (
	"context"
	"slices"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/wechat/emulator"
)

// demoState is what the front door shows around the phones.
type demoState struct {
	County    string            `json:"county"`
	Group     string            `json:"group"`
	GroupSize int               `json:"group_size"`
	Head      string            `json:"head"`
	People    map[string]string `json:"people"` // by frame
	Steps     []demoStep        `json:"steps"`
	Messages  []demoMessage     `json:"messages"`
}

type demoStep struct {
	Name string `json:"name"`
	Hint string `json:"hint"`
	Seat string `json:"seat"` // the phone on which it happens
	Done bool   `json:"done"`
}

// demoMessage is a card in the group, or a subscribe message on somebody's phone.
type demoMessage struct {
	Kind string    `json:"kind"` // card, push
	At   time.Time `json:"at"`

	From  string `json:"from,omitempty"`
	Title string `json:"title,omitempty"`
	Text  string `json:"text,omitempty"`
	Path  string `json:"path,omitempty"`
	Live  bool   `json:"live"`

	To       string      `json:"to,omitempty"`
	Template string      `json:"template,omitempty"`
	Fields   []demoField `json:"fields,omitempty"`
}

type demoField struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

func (d *demo) group() string { return d.alliance.Name + "工作群" }

func (d *demo) state(ctx context.Context) (any, error) {
	d.ready.Lock()
	defer d.ready.Unlock()
	st := demoState{
		County: demoCounty, Group: d.group(), GroupSize: d.people, Head: d.users[frameHead].Name,
		People: map[string]string{
			frameHead: d.users[frameHead].Name, frameMember: d.users[frameMember].Name + " · " + d.member.Unit,
			frameLiaison: d.users[frameLiaison].Name + " · " + d.member.Unit,
		},
		Messages: d.messages(),
	}
	var err error
	st.Steps, err = d.steps(ctx)
	return st, err
}

func (d *demo) messages() []demoMessage {
	out := []demoMessage{}
	for _, c := range d.Emulator.Cards(d.group()) {
		if c.At.Before(d.since) {
			continue
		}
		out = append(out, demoMessage{Kind: "card", At: c.At, From: c.By, Title: c.Title, Text: c.Text, Path: c.Path, Live: c.State == 0})
	}
	for _, frame := range []string{frameMember, frameHead} {
		u := d.Emulator.User(d.users[frame])
		for _, m := range d.Emulator.Messages(u.OpenID) {
			if !m.At.Before(d.since) {
				out = append(out, d.push(u, m))
			}
		}
	}
	slices.SortStableFunc(out, func(a, b demoMessage) int { return a.At.Compare(b.At) })
	return out
}

func (d *demo) push(u emulator.User, m emulator.Message) demoMessage {
	out := demoMessage{Kind: "push", At: m.At, To: u.Name, Template: m.Title, Path: m.Page}
	for _, f := range []demoField{{"活动", "thing1"}, {"时间", "time2"}, {"地点", "thing3"}, {"备注", "thing4"}} {
		if v := m.Fields[f.Value]; v != "" {
			out.Fields = append(out.Fields, demoField{f.Label, v})
		}
	}
	return out
}

// latest is the newest activity that this visitor has made.
func (d *demo) latest(ctx context.Context) (*activity.Detail, error) {
	l, err := d.Activity.List(ctx, actor.System, activity.Filter{Alliance: d.alliance.ID})
	if err != nil {
		return nil, err
	}
	var newest *activity.Detail
	for i, a := range l.Items {
		if !a.CreatedAt.Before(d.since) && (newest == nil || a.ID > newest.ID) {
			newest = &l.Items[i]
		}
	}
	return newest, nil
}

// steps follows what really happened: nothing is ticked off by a click alone.
func (d *demo) steps(ctx context.Context) ([]demoStep, error) {
	steps := []demoStep{
		{Name: "发布通知", Seat: "head", Hint: "负责人：点「写通知」，选一种活动，看一眼预览，发布。"},
		{Name: "发到群里", Seat: "head", Hint: "负责人：点「发到微信群」，卡片就出现在中间的群里。"},
		{Name: "认出本人", Seat: "group", Hint: "党员：点群里的卡片，用手机号一键登录，系统在台账里找到他。"},
		{Name: "点参加", Seat: "member", Hint: "党员：看完通知，点「参加」。群里卡片上的人数会跟着变。"},
		{Name: "扫码签到", Seat: "liaison", Hint: "联络员：打开「现场签到码」。党员：点手机下面的「扫现场的签到码」。"},
		{Name: "门口代签", Seat: "liaison", Hint: "联络员：打开「点名册」，给一位没带手机的老同志点名签到。"},
	}
	a, err := d.latest(ctx)
	if err != nil || a == nil {
		return steps, err
	}
	if a.Notice != 0 {
		tl, err := d.Notice.Timeline(ctx, actor.System, a.Notice)
		if err != nil {
			return nil, err
		}
		steps[0].Done = tl.Notice.Went()
	}
	steps[1].Done = slices.ContainsFunc(d.Emulator.Cards(d.group()), func(c emulator.GroupCard) bool { return !c.At.Before(d.since) })
	bound, err := d.Identity.AccountsOf(ctx, []id.ID{d.member.ID})
	if err != nil {
		return nil, err
	}
	steps[2].Done = len(bound[d.member.ID]) > 0
	answers, err := d.Activity.Answers(ctx, a.ID, []id.ID{d.member.ID})
	if err != nil {
		return nil, err
	}
	_, steps[3].Done = answers[d.member.ID]
	present, err := d.Checkin.PresentAt(ctx, []id.ID{a.ID}, []id.ID{d.member.ID})
	if err != nil {
		return nil, err
	}
	_, steps[4].Done = present[a.ID][d.member.ID]
	others := a.Counts.Present
	if steps[4].Done {
		others--
	}
	steps[5].Done = others > 0
	return steps, nil
}
