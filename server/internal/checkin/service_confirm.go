package checkin

import (
	"context"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/id"
)

// absent are the flags that say: perhaps not here. Who is scanned at a door afterwards is.
var absent = map[Flag]bool{FlagOldCode: true, FlagPicture: true, FlagPoster: true, FlagUnseen: true}

// Confirm says of somebody whose record is flagged that a liaison has looked: 已核对. Without a flag
// there is nothing to do.
func (s *Service) Confirm(ctx context.Context, who actor.Actor, listID, person id.ID) error {
	l, a, err := s.open(ctx, who, actor.CheckInOthers, listID)
	if err != nil {
		return err
	}
	present, err := s.store.present(ctx, l.ID, []id.ID{person})
	if err != nil {
		return err
	}
	r, there := present[person]
	if !there {
		return ErrNotPresent
	}
	if r.Flag == "" {
		return nil
	}
	return s.confirm(ctx, who, l, a, []Record{r}, "checkin.confirm")
}

// confirm takes the flags off records, says who did, and tells the pages that watch.
func (s *Service) confirm(ctx context.Context, who actor.Actor, l List, a activity.Activity, rows []Record, action string) error {
	err := s.DB.Tx(ctx, func(ctx context.Context) error {
		for _, r := range rows {
			gone, err := s.store.clearFlag(ctx, l.ID, r.Person, r.Flag)
			if err != nil {
				return err
			}
			if !gone {
				continue
			}
			err = s.Audit.Write(ctx, who, audit.Line{Action: action, Kind: "activity", Subject: a.ID, Place: a.At(),
				Detail: map[string]any{"list": l.ID, "person": r.Person, "flag": r.Flag}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		s.changed(l.ID)
	}
	return err
}

// witnessed takes the doubt off those whose code or card a door has scanned now: they stand in front of
// it. A name tapped in the roster proves nothing of the kind.
func (s *Service) witnessed(ctx context.Context, who actor.Actor, l List, a activity.Activity, list []*attempt) error {
	var ids []id.ID
	for _, t := range list {
		if (t.door == Scan || t.door == Card) && t.answer == Already && t.facts.Genuine && t.facts.Current {
			ids = append(ids, t.person)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	present, err := s.store.present(ctx, l.ID, ids)
	if err != nil {
		return err
	}
	var rows []Record
	for _, r := range present {
		if absent[r.Flag] {
			rows = append(rows, r)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return s.confirm(ctx, who, l, a, rows, "checkin.witness")
}
