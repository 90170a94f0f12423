package notice

import (
	"context"
	"slices"
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

	Photos      []Photo
	Corrections []Version
	Moves       []Move // the oldest first
	// To whoever Writes for the alliance: does it (of one that is out: its correction) want approval that the asker
	// can't give, may the asker give it, may the asker end and correct it, and who wrote and answers for what is not out.
	Writes, Needs, Approver, Owner bool
	Writer, Keeper                 string
	Proposal                       *Proposed
}

// Proposed is a correction that waits or came back, as those see it who write for the alliance.
type Proposed struct {
	Proposal
	Changes  []Change
	Writer   string
	Own      bool // the asker wrote it
	Approver bool // it waits, and the asker may approve it
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
	w, err := s.written(ctx, who, list)
	if err != nil {
		return nil, err
	}
	alliances := map[id.ID]string{}
	for _, n := range list {
		if _, known := alliances[n.Alliance]; !known && !n.Whole() {
			a, err := s.Directory.Alliance(ctx, n.Alliance)
			if err != nil {
				return nil, err
			}
			alliances[n.Alliance] = a.Name
		}
		item := Item{Notice: n, Alliance: alliances[n.Alliance], People: people[n.ID]}
		w.complete(who, &item)
		if f, ok := about[n.Activity]; ok {
			item.About = &f
		}
		out = append(out, item)
	}
	return out, nil
}

// written is what hangs on a page of notices beside their text.
type written struct {
	named     map[id.ID]Audience
	photos    map[id.ID][]Photo
	old       map[id.ID][]Version
	moves     map[id.ID][]Move
	proposals map[id.ID]Proposal
	levels    map[id.ID]Level
	names     map[id.ID]string
}

func (s *Service) written(ctx context.Context, who actor.Actor, list []Notice) (w written, err error) {
	var named, corrected, rules, authors, running, sources, moves []id.ID
	for _, n := range list {
		sources = append(sources, n.source())
		if moves = append(moves, n.ID); n.Follows != 0 {
			moves = append(moves, n.Follows)
		}
		if n.Audience.Kind != AllOfAlliance && n.Audience.Kind != NotAnswered {
			named = append(named, n.ID)
		}
		if !n.CorrectedAt.IsZero() {
			corrected = append(corrected, n.ID)
		}
		if !writes(who, n) {
			continue
		}
		rules = append(rules, n.asks())
		if n.State == Published {
			running = append(running, n.ID)
		}
		if !n.Went() {
			authors = append(authors, n.Author)
			if n.Keeper != 0 {
				authors = append(authors, n.Keeper)
			}
		}
	}
	if len(named) > 0 {
		if w.named, err = s.store.named(ctx, named); err != nil {
			return w, err
		}
	}
	if w.photos, err = s.store.photos(ctx, sources); err != nil {
		return w, err
	}
	if w.old, err = s.store.versions(ctx, corrected); err != nil {
		return w, err
	}
	if w.moves, err = s.store.moves(ctx, unique(moves)); err != nil {
		return w, err
	}
	if w.proposals, err = s.store.proposals(ctx, running); err != nil {
		return w, err
	}
	for _, p := range w.proposals {
		authors = append(authors, p.Author)
	}
	if w.levels, err = s.store.approvals(ctx, unique(rules)); err != nil || len(authors) == 0 {
		return w, err
	}
	w.names, err = s.Accounts.AccountName(ctx, unique(authors))
	return w, err
}

func (w written) complete(who actor.Actor, i *Item) {
	n := i.Notice
	i.Notice.Audience.Subjects, i.Notice.Audience.Teams = w.named[n.ID].Subjects, w.named[n.ID].Teams
	i.Photos = w.photos[n.source()]
	i.Corrections, i.Moves = corrections(n, w.old[n.ID]), w.seenMoves(n)
	if !writes(who, n) {
		return
	}
	i.Writes = true
	i.Owner = n.Series == 0 || who.Must(actor.WriteNotice, actor.Place{Committee: n.Committee}) == nil
	level, ok := w.levels[n.asks()]
	if !ok {
		level = NoApproval
	}
	if n.Went() {
		w.propose(who, level, i)
		return
	}
	i.Needs, i.Approver = needs(who, level, n), n.State == Submitted && may(who, level, n)
	i.Writer, i.Keeper = w.names[n.Author], w.names[n.Keeper]
}

// seenMoves gives the moves that the readers of a notice have been through: where people were told with the notice
// before this one, those since this one is out.
func (w written) seenMoves(n Notice) []Move {
	if n.Follows == 0 || !n.Went() {
		return w.moves[n.ID]
	}
	since := slices.DeleteFunc(slices.Clone(w.moves[n.Follows]), func(m Move) bool { return m.At.Before(n.PublishedAt) })
	return append(since, w.moves[n.ID]...)
}

// propose adds to a notice that is out what there is about correcting it.
func (w written) propose(who actor.Actor, level Level, i *Item) {
	mine := i.Notice
	mine.Editor = who.Account // the words of a correction are its writer's
	i.Needs = needs(who, level, mine)
	if p, ok := w.proposals[mine.ID]; ok && i.Owner { // what waits at the committee's desk is nothing for an alliance's yet
		own := p.Author == who.Account
		i.Proposal = &Proposed{Proposal: p, Changes: Changes(mine.Title, mine.Body, p.Title, p.Body), Writer: w.names[p.Author],
			Own: own, Approver: p.State == Submitted && !own && reads(who, level, mine)}
	}
}

func writes(who actor.Actor, n Notice) bool { return who.Must(actor.WriteNotice, n.At()) == nil }

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
			out[n.ID] = append(out[n.ID], Mine{Person: r.Person, Name: known[r.Person].Name, ReadAt: r.LastRead(), Answer: a.Answer, Reason: a.Reason})
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
