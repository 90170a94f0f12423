package notice

import (
	"context"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/id"
)

// Item is a notice as somebody sees it who acts for persons.
type Item struct {
	Notice   Notice
	Alliance string
	About    *Facts
	People   []Mine
}

// Mine is how far the notice has come with a person that the asker acts for.
type Mine struct {
	Person         id.ID
	Name           string
	ReadAt         time.Time
	Answer, Reason string
}

// items adds to notices what their readers see beside the text.
func (s *Service) items(ctx context.Context, who actor.Actor, list []Notice) ([]Item, error) {
	out := make([]Item, 0, len(list))
	var keys, activities []id.ID
	for _, n := range list {
		keys = append(keys, n.ID)
		if n.Activity != 0 {
			activities = append(activities, n.Activity)
		}
	}
	about := map[id.ID]Facts{}
	if len(activities) > 0 && s.activities != nil {
		var err error
		if about, err = s.activities.Facts(ctx, activities); err != nil {
			return nil, err
		}
	}
	rows, err := s.store.mine(ctx, keys, who.Persons)
	if err != nil {
		return nil, err
	}
	people, err := s.people(ctx, list, rows)
	if err != nil {
		return nil, err
	}
	alliances := map[id.ID]string{}
	for _, n := range list {
		if _, known := alliances[n.Alliance]; !known {
			a, err := s.Directory.Alliance(ctx, n.Alliance)
			if err != nil {
				return nil, err
			}
			alliances[n.Alliance] = a.Name
		}
		item := Item{Notice: n, Alliance: alliances[n.Alliance], People: people[n.ID]}
		if f, ok := about[n.Activity]; ok {
			item.About = &f
		}
		out = append(out, item)
	}
	return out, nil
}

// people turns recipient rows into persons with names and answers, by notice.
func (s *Service) people(ctx context.Context, list []Notice, rows []Recipient) (map[id.ID][]Mine, error) {
	out := map[id.ID][]Mine{}
	if len(rows) == 0 {
		return out, nil
	}
	var persons []id.ID
	by := map[id.ID][]Recipient{}
	for _, r := range rows {
		persons = append(persons, r.Person)
		by[r.Notice] = append(by[r.Notice], r)
	}
	known, err := s.Directory.Persons(ctx, unique(persons))
	if err != nil {
		return nil, err
	}
	for _, n := range list {
		answers, err := s.answers(ctx, n.Activity, by[n.ID])
		if err != nil {
			return nil, err
		}
		for _, r := range by[n.ID] {
			a := answers[r.Person]
			out[n.ID] = append(out[n.ID], Mine{Person: r.Person, Name: known[r.Person].Name, ReadAt: r.ReadAt, Answer: a.Answer, Reason: a.Reason})
		}
	}
	return out, nil
}

// answers asks for those of the recipients who have answered.
func (s *Service) answers(ctx context.Context, activity id.ID, rows []Recipient) (map[id.ID]Answer, error) {
	if activity == 0 || s.activities == nil {
		return nil, nil
	}
	var persons []id.ID
	for _, r := range rows {
		if !r.AnsweredAt.IsZero() {
			persons = append(persons, r.Person)
		}
	}
	if len(persons) == 0 {
		return nil, nil
	}
	return s.activities.Answers(ctx, activity, persons)
}

func unique(list []id.ID) []id.ID {
	seen := make(map[id.ID]bool, len(list))
	out := make([]id.ID, 0, len(list))
	for _, v := range list {
		if !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}
