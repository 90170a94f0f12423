package tour

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// announce plans one activity and one notice per alliance. Nine of ten phones take messages; the
// head publishes and shares the card into the alliance's group. Word of those who switched messages
// off comes late, so that the platform has to refuse some.
func (t *thread) announce(ctx context.Context) error {
	if err := t.subscribe(ctx); err != nil {
		return err
	}
	if err := t.publish(ctx); err != nil {
		return err
	}
	if err := t.inst.Drain(ctx); err != nil {
		return err
	}
	t.emu.Hold(false)
	if err := t.drain(ctx); err != nil {
		return err
	}
	b, err := t.books.notices(ctx, t.clock.Now())
	if err != nil {
		return err
	}
	t.same("通知 notices published", t.figures.Notices, b.Published)
	t.same("收件 recipients", t.figures.Persons, b.Recipients)
	t.say("通知发布 published %d notices to %d 人 recipients; 首轮推送 first round: arrived %d, refused %d", t.figures.Notices, b.Recipients, b.Sent, b.Refused)
	return nil
}

func (t *thread) publish(ctx context.Context) error {
	// whole minutes: it stands so on the sheet; inside the check-in window from the start
	start := t.clock.Now().Add(30 * time.Minute).Truncate(time.Minute)
	for _, a := range t.alliances {
		var made struct {
			ID       string `json:"id"`
			NoticeID string `json:"notice_id"`
		}
		body := map[string]any{
			"alliance_id": a.ID, "kind": "party_day", "title": "主题党日：学习交流", "place": "联盟活动室",
			"starts_at": start, "ends_at": start.Add(2 * time.Hour),
			"notice": map[string]string{"title": "主题党日活动通知", "body": "请各位老同志按时参加本月主题党日活动，有事可以请假。"},
		}
		if a.LeadUnit != "" {
			body["host_unit_id"] = a.LeadUnit
		}
		if err := a.head.post(ctx, "/activities", body, &made); err != nil {
			return err
		}
		a.activity, a.notice = made.ID, made.NoticeID
		if err := a.head.post(ctx, "/notices/"+a.notice+"/publish", map[string]int{"revision": 0}, nil); err != nil {
			return err
		}
		t.figures.Notices++
		if err := t.share(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// subscribe is the question that the mini-program asks inside a tap; credit comes from the
// platform's callback. Afterwards some switch a template off again, and that callback is held back.
func (t *thread) subscribe(ctx context.Context) error {
	templates, err := t.templates(ctx)
	if err != nil {
		return err
	}
	for _, p := range t.people {
		if !p.Bound {
			continue
		}
		choices := map[string]bool{}
		for _, id := range templates {
			choices[id] = p.Accepts || p.Regrets
		}
		if err := t.emu.Popup(p.phone.user, choices); err != nil {
			return err
		}
	}
	if err := t.emu.Flush(ctx); err != nil {
		return err
	}
	t.emu.Hold(true)
	for _, p := range t.people {
		for _, id := range templates {
			if p.Regrets {
				if err := t.emu.Change(p.phone.user, id, false); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// templates are the ids that the mini-program asks for.
func (t *thread) templates(ctx context.Context) ([]string, error) {
	type template struct {
		ID string `json:"id"`
	}
	offered, err := list[template](ctx, t.office, "/subscriptions/templates")
	var ids []string
	for _, o := range offered {
		ids = append(ids, o.ID)
	}
	return ids, err
}

// share puts the notice's card into the alliance's WeChat group and tells the server which group.
func (t *thread) share(ctx context.Context, a *alliance) error {
	var card struct {
		ActivityID string `json:"activity_id"`
		Title      string `json:"title"`
		Path       string `json:"path"`
	}
	if err := a.head.post(ctx, "/notices/"+a.notice+"/card", nil, &card); err != nil {
		return err
	}
	if _, err := t.emu.Share(a.head.user, a.Name, card.ActivityID, card.Title, card.Path); err != nil {
		return err
	}
	return a.head.post(ctx, "/notices/"+a.notice+"/card/shared", map[string]any{"group": t.emu.EnterGroup(a.head.user, a.Name)}, nil)
}

// readAndAnswer plays the members: some open the card in the group, some the inbox; most of them say
// whether they come.
func (t *thread) readAndAnswer(ctx context.Context) error {
	for _, a := range t.alliances {
		err := each(ctx, workers, a.People, func(ctx context.Context, p *person) error {
			if !p.Reads {
				return nil
			}
			body := map[string]any{"via": "inbox"}
			if p.ByGroup {
				body = map[string]any{"via": "group", "group": t.emu.EnterGroup(p.phone.user, a.Name)}
			}
			if err := p.phone.post(ctx, "/notices/"+a.notice+"/read", body, nil); err != nil {
				return err
			}
			if !p.Answers {
				return nil
			}
			answer := map[string]string{"answer": "leave", "reason": "身体不适"}
			if p.Going {
				answer = map[string]string{"answer": "going", "reason": ""}
			}
			return p.phone.call(ctx, http.MethodPut, "/activities/"+a.activity+"/answers/"+p.ID, answer, nil)
		})
		if err != nil {
			return err
		}
	}
	if err := t.drain(ctx); err != nil {
		return err
	}
	return t.countAnswers(ctx)
}

// timeline is the notice in numbers, as its head sees it.
type timeline struct {
	Recipients int `json:"recipients"`
	Queued     int `json:"queued"`
	Sent       int `json:"sent"`
	Refused    int `json:"refused"`
	Unknown    int `json:"unknown"`
	Failed     int `json:"failed"`
	Read       int `json:"read"`
	Answered   int `json:"answered"`
	Told       int `json:"told"`
	Unreached  int `json:"unreached"`
	Card       struct {
		Count int `json:"count"`
	} `json:"card"`
}

func (t *thread) timelines(ctx context.Context) (sum timeline, err error) {
	for _, a := range t.alliances {
		var one timeline
		if err := a.head.get(ctx, "/notices/"+a.notice+"/timeline", &one); err != nil {
			return sum, err
		}
		sum.Recipients += one.Recipients
		sum.Queued += one.Queued
		sum.Sent += one.Sent
		sum.Refused += one.Refused
		sum.Unknown += one.Unknown
		sum.Failed += one.Failed
		sum.Read += one.Read
		sum.Answered += one.Answered
		sum.Told += one.Told
		sum.Unreached += one.Unreached
		sum.Card.Count += one.Card.Count
	}
	return sum, nil
}

func (t *thread) countAnswers(ctx context.Context) error {
	var planned struct{ reads, answers, going int }
	for _, p := range t.people {
		planned.reads += count(p.Reads)
		planned.answers += count(p.Answers)
		planned.going += count(p.Answers && p.Going)
	}
	shown, err := t.timelines(ctx)
	if err != nil {
		return err
	}
	b, err := t.books.notices(ctx, t.clock.Now())
	if err != nil {
		return err
	}
	t.figures.Reads, t.figures.Answers = shown.Read, shown.Answered
	t.same("已读 reads made", planned.reads, b.Read)
	t.same("已读 reads shown", shown.Read, b.Read)
	t.same("回复 answers made", planned.answers, b.Answered)
	t.same("回复 answers shown", shown.Answered, b.Answered)
	t.same("参加 going", planned.going, b.Going)
	onCards := 0
	for _, a := range t.alliances {
		for _, c := range t.emu.Cards(a.Name) {
			onCards += c.Count
		}
	}
	t.same("群卡片人数 count on the cards in the groups", onCards, b.Going)
	t.say("阅读回复 read %d, answered %d (参加 going %d)", b.Read, b.Answered, b.Going)
	return nil
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// call is a line of the call list.
type call struct {
	PersonID string `json:"person_id"`
	Outcome  string `json:"outcome"`
}

// remindAndCall reminds those who have not read, prints the call lists and lets each liaison call
// the own people. Nobody stays unreached without an outcome.
func (t *thread) remindAndCall(ctx context.Context) error {
	reminded := 0
	for _, a := range t.alliances {
		var r struct {
			Count int `json:"count"`
		}
		if err := a.head.post(ctx, "/notices/"+a.notice+"/remind", nil, &r); err != nil {
			return err
		}
		reminded += r.Count
	}
	if err := t.drain(ctx); err != nil {
		return err
	}
	b, err := t.books.notices(ctx, t.clock.Now())
	if err != nil {
		return err
	}
	t.same("提醒 reminders queued", reminded, b.Reminders)
	byID := map[string]*person{}
	for _, p := range t.people {
		byID[p.ID] = p
	}
	told := 0
	for _, a := range t.alliances {
		lines, err := list[call](ctx, a.head, "/notices/"+a.notice+"/calls?state=unreached")
		if err != nil {
			return err
		}
		if err := t.liaisonsSee(ctx, a, len(lines)); err != nil {
			return err
		}
		for i, line := range lines {
			p := byID[line.PersonID]
			if p == nil {
				return fmt.Errorf("the call list names %q, who is not in the ledger", line.PersonID)
			}
			n := t.figures.CallList + i
			body := map[string]string{"outcome": outcomes[n%len(outcomes)], "note": "电话联系", "reason": ""}
			if body["outcome"] == "leave" {
				body["reason"] = "去外地看病"
			}
			told += count(body["outcome"] == "told" || body["outcome"] == "leave")
			if err := p.unit.liaison.post(ctx, "/notices/"+a.notice+"/calls/"+p.ID, body, nil); err != nil {
				return err
			}
		}
		t.figures.CallList += len(lines)
	}
	t.same("电话名单 call list", t.figures.CallList, b.Unreached)
	t.say("提醒 reminded %d; 电话名单 call list %d, 已通知 told %d", reminded, t.figures.CallList, told)
	return t.drain(ctx)
}

// liaisonsSee checks that the units' own lists add up to the head's.
func (t *thread) liaisonsSee(ctx context.Context, a *alliance, all int) error {
	sum := 0
	for _, u := range a.Units {
		lines, err := list[call](ctx, u.liaison, "/notices/"+a.notice+"/calls?state=unreached")
		if err != nil {
			return err
		}
		sum += len(lines)
	}
	if sum != all {
		t.fault("电话名单 call lists of the units of %s: %d, of the head: %d", a.Name, sum, all)
	}
	return nil
}

// pushes counts the messages that arrived on phones.
func (t *thread) pushes() int {
	n := 0
	for _, u := range t.emu.Users() {
		n += len(t.emu.Messages(u.OpenID))
	}
	return n
}
