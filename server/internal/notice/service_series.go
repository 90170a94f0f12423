package notice

import (
	"context"
	"slices"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// This file is about one notice of the committee to several alliances: a notice for each of them, so that
// head, group, call list and timeline are the alliance's, and one series that holds them together.

// ErrNoAlliance is the answer to a series that reaches nobody.
var ErrNoAlliance = errs.New(errs.Invalid, "notice.no_alliance", "请至少选一个有在册党员的联盟")

// ErrNoSeries is the answer to one that the committee never sent.
var ErrNoSeries = errs.New(errs.NotFound, "notice.no_series", "没有找到这条通知，请刷新后再看")

// Series is such a notice with what became of it in each alliance.
type Series struct {
	ID                       id.ID
	Title, Body              string
	CreatedAt, ScheduledAt   time.Time
	PublishedAt, CorrectedAt time.Time
	Parts                    []SeriesPart
}

// SeriesPart is the notice to one alliance.
type SeriesPart struct {
	Notice          id.ID
	Alliance        id.ID
	Name            string
	State           State
	People, Reached int
}

// SeriesDraft is what is asked of a new series; no alliances are all of the committee's, the zero time is now.
type SeriesDraft struct {
	Title, Body string
	Alliances   []id.ID
	At          time.Time
}

// desk checks that who writes for a whole committee.
func (s *Service) desk(ctx context.Context, who actor.Actor, committee id.ID) error {
	c, err := s.Committees.Committee(ctx, who, committee)
	if err != nil {
		return err
	}
	return who.Must(actor.WriteNotice, c.Place())
}

// SendSeries sends one text to alliances, now or at a time, to all of them or to none.
func (s *Service) SendSeries(ctx context.Context, who actor.Actor, committee id.ID, d SeriesDraft) (Series, error) {
	if err := s.desk(ctx, who, committee); err != nil {
		return Series{}, err
	}
	list, err := s.alliancesOf(ctx, who, committee, d.Alliances)
	if err != nil {
		return Series{}, err
	}
	sample, err := Compose(d.Title, d.Body, actor.Place{Committee: committee}, 0, who.Account, 0, s.Clock.Now())
	if err != nil {
		return Series{}, err
	}
	rules, err := s.store.rules(ctx, committee)
	if err != nil {
		return Series{}, err
	}
	if err := plan(d.At, rules, nil, s.Clock.Now()); err != nil {
		return Series{}, err
	}
	doubtful, err := s.check(ctx, who, sample.Title+"\n"+sample.Body)
	if err != nil {
		return Series{}, err
	}
	if doubtful {
		return Series{}, ErrReview.Say("微信拿不准这段文字，通知没有发出，请换个说法")
	}
	series := s.IDs.New()
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		for _, a := range list {
			if err := s.sendPart(ctx, who, a, sample, series, d.At); err != nil {
				return err
			}
		}
		return s.Audit.Write(ctx, who, audit.Line{Action: "notice.series", Kind: "committee", Subject: committee, Place: actor.Place{Committee: committee},
			Detail: map[string]any{"series": series, "alliances": len(list)}})
	})
	if err != nil {
		return Series{}, err
	}
	s.Outbox.Wake()
	return s.oneSeries(ctx, committee, series)
}

func (s *Service) sendPart(ctx context.Context, who actor.Actor, a ledger.Alliance, sample Notice, series id.ID, at time.Time) error {
	n, err := Compose(sample.Title, sample.Body, a.Place(), 0, who.Account, s.IDs.New(), s.Clock.Now())
	if err != nil {
		return err
	}
	n.Series = series
	if err := s.store.insert(ctx, n); err != nil {
		return err
	}
	seen := n
	seen.Checked = n.Revision
	if at.IsZero() {
		return s.publish(ctx, who, n, false)
	}
	return s.wait(ctx, who, n, seen, at)
}

// alliancesOf gives the chosen alliances of a committee that have people, without a choice all of them.
func (s *Service) alliancesOf(ctx context.Context, who actor.Actor, committee id.ID, chosen []id.ID) ([]ledger.Alliance, error) {
	all, err := s.Committees.Alliances(ctx, who)
	if err != nil {
		return nil, err
	}
	var out []ledger.Alliance
	for _, a := range all {
		if a.CommitteeID != committee || len(chosen) > 0 && !slices.Contains(chosen, a.ID) {
			continue
		}
		people, err := s.Directory.ActiveInAlliance(ctx, a.ID)
		if err != nil {
			return nil, err
		}
		if len(people) > 0 {
			out = append(out, a)
		}
	}
	if len(out) == 0 {
		return nil, ErrNoAlliance
	}
	return out, nil
}

// SeriesOf gives what a committee sent to its alliances last, the newest first.
func (s *Service) SeriesOf(ctx context.Context, who actor.Actor, committee id.ID) ([]Series, error) {
	if err := s.desk(ctx, who, committee); err != nil {
		return nil, err
	}
	return s.seriesList(ctx, committee, 0)
}

func (s *Service) oneSeries(ctx context.Context, committee, series id.ID) (Series, error) {
	list, err := s.seriesList(ctx, committee, series)
	if err == nil && len(list) == 0 {
		err = ErrNoSeries
	}
	if err != nil {
		return Series{}, err
	}
	return list[0], nil
}

func (s *Service) seriesList(ctx context.Context, committee, series id.ID) ([]Series, error) {
	list, err := s.store.series(ctx, committee, series)
	if err != nil {
		return nil, err
	}
	var keys []id.ID
	for _, n := range list {
		keys = append(keys, n.ID)
	}
	reached, err := s.store.reached(ctx, keys)
	if err != nil {
		return nil, err
	}
	out := []Series{}
	for _, n := range list {
		if len(out) == 0 || out[len(out)-1].ID != n.Series {
			out = append(out, Series{ID: n.Series, Title: n.Title, Body: n.Body, CreatedAt: n.CreatedAt, ScheduledAt: n.ScheduledAt,
				PublishedAt: n.PublishedAt, CorrectedAt: n.CorrectedAt})
		}
		a, err := s.Directory.Alliance(ctx, n.Alliance)
		if err != nil {
			return nil, err
		}
		one := &out[len(out)-1]
		one.Parts = append(one.Parts, SeriesPart{Notice: n.ID, Alliance: n.Alliance, Name: a.Name, State: n.State,
			People: reached[n.ID][0], Reached: reached[n.ID][1]})
	}
	return out, nil
}

// CancelSeries calls it off in every alliance in which it has not ended.
func (s *Service) CancelSeries(ctx context.Context, who actor.Actor, committee, series id.ID, reason string) (Series, error) {
	if err := s.desk(ctx, who, committee); err != nil {
		return Series{}, err
	}
	if _, err := s.oneSeries(ctx, committee, series); err != nil {
		return Series{}, err
	}
	list, err := s.store.series(ctx, committee, series)
	if err != nil {
		return Series{}, err
	}
	keys := make([]id.ID, len(list))
	for i, n := range list {
		keys[i] = n.ID
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		list, err := s.store.lockAll(ctx, keys)
		if err != nil {
			return err
		}
		open := 0
		for _, key := range keys {
			n := list[key]
			if n.State == Closed || n.State == Cancelled {
				continue
			}
			open++
			err := s.finish(ctx, who, n.ID, "notice.cancel", func(n Notice) (Notice, error) { return n.Cancel(reason, s.Clock.Now()) })
			if err != nil {
				return err
			}
		}
		if open == 0 {
			return ErrOver
		}
		return nil
	})
	if err != nil {
		return Series{}, err
	}
	s.Outbox.Wake()
	return s.oneSeries(ctx, committee, series)
}
