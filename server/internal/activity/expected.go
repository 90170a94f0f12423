package activity

import (
	"context"
	"time"

	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// The list of those expected is a snapshot of the alliance's active persons at the creation of the
// activity. Until the start it is kept in step: Refresh, when a door opens, adds who came into the
// ledger and takes off who left it; an answer of somebody new adds them too; a death or a move takes
// them off at once (PersonChanged). Who is already present stays, and so does a walk-in. From the start
// on the list only grows, by walk-ins: the sheet that is filed later is that of the day.

// ByID gives one activity to packages above.
func (s *Service) ByID(ctx context.Context, activityID id.ID) (Activity, error) {
	return s.store.byID(ctx, everything, activityID)
}

// Expected gives everybody on the list.
func (s *Service) Expected(ctx context.Context, activityID id.ID) ([]Expected, error) {
	return s.store.expectedOf(ctx, activityID)
}

// Listed is Expected in short: who, of which unit, walk-ins and answers. A long list is told often.
func (s *Service) Listed(ctx context.Context, activityID id.ID) ([]Expected, error) {
	return s.store.listed(ctx, activityID)
}

// ExpectedBetween gives whom the activities of a committee's alliances expected that began from the first moment
// on and before the second, are over by then and were not called off: persons by activity.
func (s *Service) ExpectedBetween(ctx context.Context, committee id.ID, from, to time.Time) (map[id.ID][]id.ID, error) {
	return s.store.expectedBetween(ctx, committee, from, to)
}

// ExpectedAfter gives at most limit persons of the list, those after a person in the order of ids.
func (s *Service) ExpectedAfter(ctx context.Context, activityID, person id.ID, limit int) ([]Expected, error) {
	return s.store.expectedAfter(ctx, activityID, person, limit)
}

// ExpectedAmong gives those of the persons who are on the list.
func (s *Service) ExpectedAmong(ctx context.Context, activityID id.ID, persons []id.ID) (map[id.ID]Expected, error) {
	return s.store.expectedAmong(ctx, activityID, persons)
}

// AddWalkIns puts persons on the list who came without being on it; it joins the transaction of ctx.
func (s *Service) AddWalkIns(ctx context.Context, activityID id.ID, persons []ledger.Person) error {
	rows := make([]Expected, len(persons))
	for i, p := range persons {
		rows[i] = Expected{Person: p.ID, Unit: p.UnitID, WalkIn: true}
	}
	return s.store.add(ctx, activityID, rows)
}

// DropWalkIn takes a walk-in off the list again, after their presence was annulled.
func (s *Service) DropWalkIn(ctx context.Context, activityID, person id.ID) error {
	if err := s.store.dropWalkIn(ctx, activityID, person); err != nil {
		return err
	}
	return s.changed(ctx, activityID)
}

// fill expects everybody who is active in the alliance.
func (s *Service) fill(ctx context.Context, a Activity) error {
	people, err := s.Directory.ActiveInAlliance(ctx, a.Alliance)
	if err != nil {
		return err
	}
	rows := make([]Expected, len(people))
	for i, p := range people {
		rows[i] = Expected{Person: p.ID, Unit: p.UnitID}
	}
	return s.store.add(ctx, a.ID, rows)
}

// Refresh brings the list of an activity that has not begun in step with the ledger. It writes only
// when something differs.
func (s *Service) Refresh(ctx context.Context, activityID id.ID) error {
	a, err := s.ByID(ctx, activityID)
	if err != nil || a.Cancelled || !s.Clock.Now().Before(a.StartsAt) {
		return err
	}
	if came, left, err := s.difference(ctx, a); err != nil || len(came)+len(left) == 0 {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		if a, err = s.lock(ctx, activityID); err != nil {
			return err
		}
		came, left, err := s.difference(ctx, a)
		if err != nil {
			return err
		}
		if err := s.store.add(ctx, a.ID, came); err != nil {
			return err
		}
		return s.dropAbsent(ctx, a.ID, left)
	})
}

func (s *Service) difference(ctx context.Context, a Activity) (came []Expected, left []id.ID, err error) {
	people, err := s.Directory.ActiveInAlliance(ctx, a.Alliance)
	if err != nil {
		return nil, nil, err
	}
	rows, err := s.store.expectedOf(ctx, a.ID)
	if err != nil {
		return nil, nil, err
	}
	listed, active := map[id.ID]bool{}, map[id.ID]bool{}
	for _, e := range rows {
		listed[e.Person] = true
	}
	for _, p := range people {
		active[p.ID] = true
		if !listed[p.ID] {
			came = append(came, Expected{Person: p.ID, Unit: p.UnitID})
		}
	}
	var gone []id.ID
	for _, e := range rows {
		if !active[e.Person] && !e.WalkIn {
			gone = append(gone, e.Person)
		}
	}
	left, err = s.absent(ctx, a.ID, gone)
	return came, left, err
}

// absent gives those of the persons who are not present.
func (s *Service) absent(ctx context.Context, activityID id.ID, persons []id.ID) ([]id.ID, error) {
	if len(persons) == 0 {
		return nil, nil
	}
	present, err := s.attendance.PresentAt(ctx, []id.ID{activityID}, persons)
	if err != nil {
		return nil, err
	}
	var out []id.ID
	for _, p := range persons {
		if present[activityID][p].IsZero() {
			out = append(out, p)
		}
	}
	return out, nil
}

func (s *Service) dropAbsent(ctx context.Context, activityID id.ID, persons []id.ID) error {
	gone, err := s.absent(ctx, activityID, persons)
	if err != nil || len(gone) == 0 {
		return err
	}
	a, err := s.lock(ctx, activityID)
	if err != nil {
		return err
	}
	if err := s.store.drop(ctx, activityID, gone); err != nil {
		return err
	}
	if err := s.moveUp(ctx, a); err != nil { // whoever goes leaves a place
		return err
	}
	return s.changed(ctx, activityID)
}

// PersonChanged takes somebody who is no longer active off every list that still lies ahead; who
// becomes active again comes back with the next Refresh. It is a hook of the ledger and runs in its
// transaction.
func (s *Service) PersonChanged(ctx context.Context, p ledger.Person) error {
	if p.Status == ledger.Active {
		return nil
	}
	ids, err := s.store.ahead(ctx, p.ID, s.Clock.Now())
	if err != nil {
		return err
	}
	for _, activityID := range ids {
		if err := s.dropAbsent(ctx, activityID, []id.ID{p.ID}); err != nil {
			return err
		}
	}
	return nil
}

// names looks names up once each.
type names struct {
	dir       Directory
	alliances map[id.ID]string
	units     map[id.ID]string
}

func (s *Service) names() names {
	return names{s.Directory, map[id.ID]string{}, map[id.ID]string{0: ""}}
}

func (n names) alliance(ctx context.Context, key id.ID) (string, error) {
	if name, ok := n.alliances[key]; ok {
		return name, nil
	}
	a, err := n.dir.Alliance(ctx, key)
	n.alliances[key] = a.Name
	return a.Name, err
}

func (n names) unit(ctx context.Context, key id.ID) (string, error) {
	if name, ok := n.units[key]; ok {
		return name, nil
	}
	u, err := n.dir.Unit(ctx, key)
	n.units[key] = u.Name
	return u.Name, err
}
