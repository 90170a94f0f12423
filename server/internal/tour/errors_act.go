package tour

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"time"

	"bense/server/internal/wechat"
)

// What the lab does while the platform fails.

// draft writes a notice about nothing that people come to.
func (l *lab) draft(ctx context.Context, title string) (string, error) {
	var n struct {
		ID string `json:"id"`
	}
	// the content check wants an author who was here lately
	if err := l.office.login(ctx); err != nil {
		return "", err
	}
	err := l.office.post(ctx, "/notices", map[string]string{"alliance_id": l.alliance, "title": title, "body": "请各位老同志留意。"}, &n)
	return n.ID, err
}

// send publishes a notice, lets the platform fail, and waits what comes of it.
func (l *lab) send(ctx context.Context, t trial) (notice string, err error) {
	if notice, err = l.draft(ctx, "验证通知"); err != nil {
		return "", err
	}
	if err := l.office.post(ctx, "/notices/"+notice+"/publish", map[string]int{"revision": 0}, nil); err != nil {
		return "", err
	}
	if t.endpoint == atToken {
		l.emu.Expire()
	}
	if t.fault.Times > 0 {
		l.emu.Inject(t.endpoint, t.fault)
	}
	return notice, l.run(ctx)
}

// message is what became of the message to the lab's member.
func (l *lab) message(ctx context.Context, notice string) (string, error) {
	var row struct{ Channel, State string }
	err := l.inst.DB.Conn(ctx).Raw("SELECT channel, state FROM notice_deliveries WHERE notice_id = ? AND person_id = ? AND account_id <> person_id",
		notice, l.person).Scan(&row).Error
	if err != nil {
		return "", err
	}
	state := row.State
	if row.Channel != "subscribe" {
		state = row.Channel + " " + state
	}
	return state, l.office.post(ctx, "/notices/"+notice+"/close", nil, nil)
}

func (l *lab) push(ctx context.Context, t trial) (string, error) {
	if err := l.emu.Popup(l.member.user, map[string]bool{l.template: true}); err != nil {
		return "", err
	}
	if err := l.emu.Flush(ctx); err != nil {
		return "", err
	}
	notice, err := l.send(ctx, t)
	if err != nil {
		return "", err
	}
	return l.message(ctx, notice)
}

// pushFollower is push to somebody who follows the official account, too.
func (l *lab) pushFollower(ctx context.Context, t trial) (string, error) {
	if err := l.follow(ctx); err != nil {
		return "", err
	}
	state, err := l.push(ctx, t)
	l.emu.Unfollow(l.member.user)
	if err != nil {
		return "", err
	}
	return state, l.drain(ctx)
}

// pushBeforeMidnight is pushFollower with the next day's quota for whatever comes after.
func (l *lab) pushBeforeMidnight(ctx context.Context, t trial) (string, error) {
	state, err := l.pushFollower(ctx, t)
	l.clock.forward(25 * time.Hour)
	return state, err
}

// pushAlone is push where the committee wants no other channel: the call list has whom nothing reaches today.
func (l *lab) pushAlone(ctx context.Context, t trial) (string, error) {
	err := l.office.call(ctx, http.MethodPut, "/committees/"+l.committee+"/notice-rules", map[string]any{
		"quiet_from": 0, "quiet_until": 0, "remind_day": false, "remind_hours": false, "channels": []string{"subscribe"},
	}, nil)
	if err != nil {
		return "", err
	}
	return l.push(ctx, t)
}

func (l *lab) follow(ctx context.Context) error {
	l.emu.Follow(l.member.user)
	return l.drain(ctx)
}

// official writes to a follower who has agreed to no messages of the mini-program.
func (l *lab) official(ctx context.Context, t trial) (string, error) {
	if err := l.emu.Change(l.member.user, l.template, false); err != nil {
		return "", err
	}
	if err := l.follow(ctx); err != nil {
		return "", err
	}
	notice, err := l.send(ctx, t)
	if err != nil {
		return "", err
	}
	return l.message(ctx, notice)
}

func (l *lab) robot(ctx context.Context, t trial) (string, error) {
	const webhook = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7aaa-4bc4-97a0-0ec2c1fa5aaa"
	path := "/alliances/" + l.alliance + "/robot"
	if err := l.office.call(ctx, http.MethodPut, path, map[string]string{"address": webhook}, nil); err != nil {
		return "", err
	}
	notice, err := l.send(ctx, t)
	if err != nil {
		return "", err
	}
	state, err := l.one(ctx, "SELECT state FROM notice_posts WHERE notice_id = ?", notice)
	if err != nil {
		return "", err
	}
	if err := l.office.post(ctx, "/notices/"+notice+"/close", nil, nil); err != nil {
		return "", err
	}
	return state, l.office.call(ctx, http.MethodPut, path, map[string]string{"address": ""}, nil)
}

func (l *lab) enter(ctx context.Context, t trial) (string, error) {
	l.emu.Inject(t.endpoint, t.fault)
	return status(l.phoneOf("验证客", "19900041009").login(ctx), "logged in")
}

func (l *lab) session(ctx context.Context, t trial) (string, error) {
	l.emu.Inject(t.endpoint, t.fault)
	return word(l.inst.WeChat.CheckSession(ctx, l.member.user.OpenID, "c2Vzc2lvbg=="), "good")
}

// word is our word for the platform's error.
func word(err error, good string) (string, error) {
	if err == nil {
		return good, nil
	}
	if e, ok := wechat.As(err); ok {
		return e.Code, nil
	}
	return "", err
}

func (l *lab) bind(ctx context.Context, t trial) (string, error) {
	l.emu.Inject(t.endpoint, t.fault)
	_, err := l.member.bindPhone(ctx)
	return status(err, "bound")
}

func (l *lab) bindTwice(ctx context.Context, _ trial) (string, error) {
	code, err := l.emu.PhoneCode(l.member.user)
	if err != nil {
		return "", err
	}
	body := map[string]string{"code": code}
	if err := l.member.post(ctx, "/me/phone", body, nil); err != nil {
		return "", err
	}
	return status(l.member.post(ctx, "/me/phone", body, nil), "bound")
}

func (l *lab) templates(ctx context.Context, t trial) (string, error) {
	l.emu.Inject(t.endpoint, t.fault)
	if err := l.inst.WeChat.CheckTemplates(ctx); err == nil {
		return "not noticed", nil
	}
	return "told by doctor", nil
}

// hung publishes a notice and hangs its card into the lab's group.
func (l *lab) hung(ctx context.Context) (notice string, card struct {
	ActivityID string `json:"activity_id"`
	Title      string `json:"title"`
	Path       string `json:"path"`
}, err error) {
	if notice, err = l.draft(ctx, "验证卡片"); err != nil {
		return notice, card, err
	}
	if err = l.office.post(ctx, "/notices/"+notice+"/publish", map[string]int{"revision": 0}, nil); err != nil {
		return notice, card, err
	}
	if err = l.office.post(ctx, "/notices/"+notice+"/card", nil, &card); err != nil {
		return notice, card, err
	}
	if _, err = l.emu.Share(l.office.user, "验证群", card.ActivityID, card.Title, card.Path); err != nil {
		return notice, card, err
	}
	return notice, card, l.office.post(ctx, "/notices/"+notice+"/card/shared", map[string]any{"group": l.emu.EnterGroup(l.office.user, "验证群")}, nil)
}

// readOn lets the member read, so that the card has something new to show.
func (l *lab) readOn(ctx context.Context, notice string) (string, error) {
	err := l.member.post(ctx, "/notices/"+notice+"/read", map[string]any{"via": "group", "group": l.emu.EnterGroup(l.member.user, "验证群")}, nil)
	if err != nil {
		return "", err
	}
	if err := l.run(ctx); err != nil {
		return "", err
	}
	return l.one(ctx, "SELECT state FROM outbox WHERE channel = 'wechat_card' ORDER BY id DESC LIMIT 1")
}

func (l *lab) card(ctx context.Context, t trial) (string, error) {
	notice, _, err := l.hung(ctx)
	if err != nil {
		return "", err
	}
	l.emu.Inject(t.endpoint, t.fault)
	return l.readOn(ctx, notice)
}

// closedCard is a card that the platform has ended already.
func (l *lab) closedCard(ctx context.Context, _ trial) (string, error) {
	notice, card, err := l.hung(ctx)
	if err != nil {
		return "", err
	}
	l.emu.EndCard(card.ActivityID)
	return l.readOn(ctx, notice)
}

func (l *lab) shareExpired(ctx context.Context, t trial) (string, error) {
	notice, err := l.draft(ctx, "验证卡片")
	if err != nil {
		return "", err
	}
	if err := l.office.post(ctx, "/notices/"+notice+"/publish", map[string]int{"revision": 0}, nil); err != nil {
		return "", err
	}
	l.emu.Inject(t.endpoint, t.fault)
	return status(l.office.post(ctx, "/notices/"+notice+"/card", nil, nil), "made")
}

func (l *lab) chatTool(ctx context.Context, t trial) (string, error) {
	l.emu.Inject(t.endpoint, t.fault)
	return word(l.inst.WeChat.UpdateChatTool(ctx, "any", wechat.ChatToolDone), "good")
}

func (l *lab) code(ctx context.Context, t trial) (string, error) {
	if t.fault.Times > 0 {
		l.emu.Inject(t.endpoint, t.fault)
	}
	return status(l.office.get(ctx, "/posters/"+l.poster+"/code.jpg", nil), "image")
}

// badScene is one that the product never makes: the adapter keeps it from going out.
func (l *lab) badScene(ctx context.Context, _ trial) (string, error) {
	_, err := l.inst.WeChat.QRCode(ctx, "签到", "packages/checkin/visit")
	return word(err, "image")
}

// pictured drafts a notice with a picture about which the platform was asked.
func (l *lab) pictured(ctx context.Context, t trial) (string, error) {
	notice, err := l.draft(ctx, "验证图片")
	if err != nil {
		return "", err
	}
	if t.fault.Times > 0 {
		l.emu.Inject(t.endpoint, t.fault)
	}
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		return "", err
	}
	if err := l.office.post(ctx, "/notices/"+notice+"/pictures", file.Bytes(), nil); err != nil {
		return "", err
	}
	_, err = l.inst.Worker.RunOnce(ctx)
	return notice, err
}

// withPicture is the revision of a draft to which one picture was added.
const withPicture = 1

// pictureLate publishes before the verdict about a picture has come: the notice waits for it alone.
func (l *lab) pictureLate(ctx context.Context, t trial) (string, error) {
	l.emu.Hold(true)
	notice, err := l.pictured(ctx, t)
	if err == nil {
		err = l.office.post(ctx, "/notices/"+notice+"/publish", map[string]int{"revision": withPicture}, nil)
	}
	if err != nil {
		return "", err
	}
	before, err := l.stateOf(ctx, notice)
	if err != nil {
		return "", err
	}
	l.emu.Hold(false)
	if err := l.emu.Flush(ctx); err != nil {
		return "", err
	}
	if err := l.run(ctx); err != nil {
		return "", err
	}
	after, err := l.stateOf(ctx, notice)
	if before == "scheduled" && after == "published" {
		return "waited, then published", l.office.post(ctx, "/notices/"+notice+"/close", nil, nil)
	}
	return before + ", then " + after, err
}

// pictureLost waits in vain: after half an hour a person must look at the picture.
func (l *lab) pictureLost(ctx context.Context, t trial) (string, error) {
	notice, err := l.pictured(ctx, t)
	if err != nil {
		return "", err
	}
	l.clock.forward(31 * time.Minute)
	if err := l.drain(ctx); err != nil {
		return "", err
	}
	return status(l.office.post(ctx, "/notices/"+notice+"/publish", map[string]int{"revision": withPicture}, nil), "published")
}

func (l *lab) stateOf(ctx context.Context, notice string) (string, error) {
	var n struct {
		State string `json:"state"`
	}
	err := l.office.get(ctx, "/notices/"+notice, &n)
	return n.State, err
}

func (l *lab) risky(ctx context.Context, t trial) (string, error) {
	return l.publishTitled(ctx, t, "代开发票")
}

func (l *lab) review(ctx context.Context, t trial) (string, error) {
	return l.publishTitled(ctx, t, "免费领取")
}

func (l *lab) publishOnly(ctx context.Context, t trial) (string, error) {
	return l.publishTitled(ctx, t, "验证通知")
}

// publishTitled tries to publish; whatever the answer, the draft must still be there.
func (l *lab) publishTitled(ctx context.Context, t trial, title string) (string, error) {
	notice, err := l.draft(ctx, title)
	if err != nil {
		return "", err
	}
	if t.fault.Times > 0 {
		l.emu.Inject(t.endpoint, t.fault)
	}
	said, err := status(l.office.post(ctx, "/notices/"+notice+"/publish", map[string]int{"revision": 0}, nil), "published")
	if err != nil {
		return "", err
	}
	state, err := l.stateOf(ctx, notice)
	if err != nil {
		return "", err
	}
	if state != "draft" {
		return fmt.Sprintf("%s, the notice is %s", said, state), nil
	}
	l.clock.forward(time.Second)
	return said, nil
}
