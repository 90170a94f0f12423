package notice_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"bense/server/internal/id"
	"bense/server/internal/notice"
	"bense/server/internal/wechat"
)

const webhook = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7aaa-4bc4-97a0-0ec2sifa5aaa"

func TestRobotTellsTheGroup(t *testing.T) {
	h, o := wide(t, false)
	for name, address := range map[string]string{
		"another host":   "https://evil.example/cgi-bin/webhook/send?key=693a91f6-7aaa-4bc4-97a0-0ec2sifa5aaa",
		"no key":         "https://qyapi.weixin.qq.com/cgi-bin/webhook/send",
		"plain":          strings.Replace(webhook, "https", "http", 1),
		"another path":   strings.Replace(webhook, "webhook", "gettoken", 1),
		"something else": "机器人",
	} {
		if _, err := h.svc.SetRobot(t.Context(), head(), alliance, address); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	state, err := h.svc.SetRobot(t.Context(), head(), alliance, webhook)
	if h.must(err); !state.Set || state.Tail != "5aaa" || !state.Ready {
		t.Errorf("%+v", state)
	}
	if failure(h.svc.Robot(t.Context(), member(1101), alliance)) == nil || failure(h.svc.SetRobot(t.Context(), liaison(11), alliance, "")) == nil {
		t.Error("who doesn't write notices has no business with the robot")
	}
	key := h.published()
	h.work()
	h.work()
	if len(o.said) != 1 || !strings.Contains(o.said[0], "七一主题党日通知") || !strings.Contains(o.said[0], "黄河文化馆") || strings.Contains(o.said[0], "人1101") {
		t.Fatalf("%q", o.said)
	}
	_, err = h.svc.Cancel(t.Context(), head(), key, "下雨")
	h.must(err)
	h.work()
	if len(o.said) != 2 || !strings.HasPrefix(o.said[1], "【取消】") {
		t.Errorf("%q", o.said)
	}
	if steps := h.timeline(key).Steps; !slices.ContainsFunc(steps, func(s notice.Step) bool { return s.Kind == "posted" }) {
		t.Errorf("%+v", steps)
	}
	some := h.draft()
	h.must(failure(h.svc.Address(t.Context(), head(), some, notice.Audience{Kind: notice.SomeUnits, Subjects: []id.ID{12}}, 0)))
	h.must(failure(h.svc.Publish(t.Context(), head(), some, h.rev(some), false)))
	if h.work(); len(o.said) != 2 {
		t.Errorf("the whole group is told what concerns one unit: %q", o.said[2:])
	}
	state, err = h.svc.SetRobot(t.Context(), head(), alliance, "")
	if h.must(err); state.Set {
		t.Errorf("%+v", state)
	}
	h.another()
	if h.work(); len(o.said) != 2 {
		t.Error("a robot that was taken away speaks")
	}
}

func TestRobotsFailures(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		times int // said within the next quarter of an hour
	}{
		"too often": {&wechat.Error{Code: wechat.TooOften, Retryable: true}, 2},
		"no answer": {&wechat.Error{Code: wechat.NoAnswer, Ambiguous: true}, 1},
		"gone":      {&wechat.Error{Code: wechat.Rejected, Errcode: 93000}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			h, o := wide(t, false)
			h.must(failure(h.svc.SetRobot(t.Context(), head(), alliance, webhook)))
			o.speak = c.err
			h.published()
			h.work()
			if h.work(); len(o.said) != 1 {
				t.Errorf("at once again: %d", len(o.said))
			}
			o.speak = nil
			h.clk.Advance(15 * time.Minute)
			if h.work(); len(o.said) != c.times {
				t.Errorf("said %d times", len(o.said))
			}
		})
	}
}

// Nobody is woken by a group either, and a committee may switch the robot off.
func TestRobotKeepsTheRules(t *testing.T) {
	h, o := wide(t, false)
	h.must(failure(h.svc.SetRobot(t.Context(), head(), alliance, webhook)))
	h.clk.Advance(14 * time.Hour) // 23:00 in China
	h.published()
	if h.work(); len(o.said) != 0 {
		t.Error("it speaks at night")
	}
	h.clk.Advance(9 * time.Hour)
	if h.work(); len(o.said) != 1 {
		t.Error("it does not speak in the morning")
	}
	order, err := notice.OrderOf([]notice.Channel{notice.Subscribe})
	h.must(err)
	h.must(failure(h.svc.SetRules(t.Context(), staff(), committee, notice.Rules{Channels: order})))
	h.another()
	if h.work(); len(o.said) != 1 {
		t.Error("it speaks although it is off")
	}
}
