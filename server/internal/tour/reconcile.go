package tour

import "context"

// closeBooks holds the figures of the whole tour against the database.
func (t *thread) closeBooks(ctx context.Context) error {
	shown, err := t.timelines(ctx)
	if err != nil {
		return err
	}
	n, err := t.books.notices(ctx, t.clock.Now())
	if err != nil {
		return err
	}
	d, err := t.books.door(ctx)
	if err != nil {
		return err
	}
	f := &t.figures
	asked := t.emu.Calls()["/cgi-bin/message/subscribe/send"]
	f.PushesSent = t.pushes()
	f.PushesRefused = asked - f.PushesSent
	f.DuplicateRows = d.Excess

	t.same("推送 pushes that arrived", n.Sent, f.PushesSent)
	t.same("推送 pushes shown as sent", shown.Sent, n.Sent)
	t.same("推送 pushes undelivered", 0, n.Undelivered)
	t.same("待发 outbox still waiting", 0, n.Waiting)
	t.same("收件 recipients shown", shown.Recipients, n.Recipients)
	t.same("未通知到 unreached shown", shown.Unreached, n.Unreached)
	if delivered, lost := t.emu.Callbacks(); lost > 0 {
		t.fault("回调 callbacks lost %d, delivered %d", lost, delivered)
	}

	tried, again := 0, 0
	for _, a := range t.alliances {
		tried += len(a.entries)
		for _, e := range a.entries {
			again += count(e.Again)
		}
	}
	t.same("签到 signed in", tried, d.Rows)
	t.same("重复签到 answered already", f.DuplicateScans, again)
	t.same("多余记录 rows in excess", 0, d.Excess)
	t.same("撤销 annulled", 0, d.Annulled)
	t.same("应到 expected", f.Expected, d.Expected)
	t.same("实到 present", f.Present, d.Present)
	t.same("请假 excused", f.Excused, d.Excused)
	t.same("缺席 absent", f.Absent, d.Absent)
	t.same("应到=实到+请假+缺席 sum", f.Present+f.Excused+f.Absent, d.Expected)
	if err := t.countsAgree(ctx); err != nil {
		return err
	}
	if len(t.faults) == 0 {
		t.say("核对 reconciled: 接口与数据库一致 the API and the database agree (%d requests)", t.api.made())
	}
	return nil
}

// countsAgree holds the activity pages against the sheets.
func (t *thread) countsAgree(ctx context.Context) error {
	expected, present := 0, 0
	for _, a := range t.alliances {
		var page struct {
			Counts struct {
				Expected int `json:"expected"`
				Going    int `json:"going"`
				Leave    int `json:"leave"`
				Silent   int `json:"silent"`
				Present  int `json:"present"`
			} `json:"counts"`
		}
		if err := a.head.get(ctx, "/activities/"+a.activity, &page); err != nil {
			return err
		}
		c := page.Counts
		expected += c.Expected
		present += c.Present
		if c.Going+c.Leave+c.Silent != c.Expected {
			t.fault("%s: going %d + leave %d + silent %d ≠ expected %d", a.Name, c.Going, c.Leave, c.Silent, c.Expected)
		}
	}
	t.same("活动页应到 expected on the activity page", expected, t.figures.Expected)
	t.same("活动页实到 present on the activity page", present, t.figures.Present)
	return nil
}
