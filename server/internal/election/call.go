package election

import (
	"context"
	"fmt"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/clock"
)

// invitation says what members are told when a round begins.
func invitation(e Election, alliance string) (title, body string) {
	title = "推选联盟负责人"
	if e.Round > 1 {
		title = "推选联盟负责人：再投一轮"
	}
	body = alliance + "推选负责人，请您参加。\n时间：" + fromTo(e.OpensAt, e.ClosesAt) + "。\n"
	if e.Form == Show {
		return title, body + "这次开会举手表决，请到会。来不了的，请告诉联络员。"
	}
	return title, body + "手机上投：打开「本色家园」首页，点「推选联盟负责人」。\n不用手机的同志，请向联络员领纸质选票。投给谁，谁也看不到。"
}

// fromTo says from when until when, in Shanghai.
func fromTo(from, until time.Time) string {
	return moment(from) + "到" + moment(until)
}

func moment(t time.Time) string {
	t = t.In(clock.Shanghai)
	return fmt.Sprintf("%d月%d日%d:%02d", t.Month(), t.Day(), t.Hour(), t.Minute())
}

// longer tells everybody on the roll that a vote ends later than its notice said.
func (s *Service) longer(ctx context.Context, who actor.Actor, e Election, before time.Time) error {
	if e.Notice == 0 {
		return nil
	}
	a, err := s.Directory.Alliance(ctx, e.Alliance)
	if err != nil {
		return err
	}
	_, body := invitation(e, a.Name)
	body += "\n【时间有变】原定" + moment(before) + "结束，现在延长到" + moment(e.ClosesAt) + "。已经投过的，不用再投。"
	return s.Notices.Amend(ctx, who, e.Notice, body)
}

// call tells everybody on the roll that a round begins; the notice of the round before is over.
func (s *Service) call(ctx context.Context, who actor.Actor, e Election) (Election, error) {
	if err := s.quiet(ctx, e, ""); err != nil {
		return e, err
	}
	a, err := s.Directory.Alliance(ctx, e.Alliance)
	if err != nil {
		return e, err
	}
	title, body := invitation(e, a.Name)
	e.Notice, err = s.Notices.Announce(ctx, who, e.At(), title, body)
	return e, err
}

// quiet ends the notice of a round; with a reason it is called off.
func (s *Service) quiet(ctx context.Context, e Election, reason string) error {
	if e.Notice == 0 {
		return nil
	}
	return s.Notices.Conclude(ctx, e.Notice, reason)
}
