package activity

import (
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/page"
)

// Deps are what a Service works with.
type Deps struct {
	DB        *db.DB
	Box       *crypt.Box
	IDs       *id.Source
	Clock     clock.Clock
	Audit     *audit.Log
	Directory Directory
	Accounts  Accounts
	Notices   Notices
}

// Service is the activities. Methods that take an actor check its permission first; the others are
// called by packages that have done so.
type Service struct {
	Deps
	store      store
	attendance Attendance
	onCreate   []func(context.Context, Activity) error
	onMove     []func(context.Context, Activity) error
	onChange   []func(context.Context, id.ID) error
}

// NewService makes a Service without attendance; UseAttendance follows before the first request.
func NewService(d Deps) *Service {
	return &Service{Deps: d, store: store{d.DB, d.Box}, attendance: noAttendance{}}
}

// UseAttendance wires the package above: before the first request.
func (s *Service) UseAttendance(a Attendance) { s.attendance = a }

// OnCreate runs f in the transaction that creates an activity.
func (s *Service) OnCreate(f func(context.Context, Activity) error) {
	s.onCreate = append(s.onCreate, f)
}

// OnMove runs f in the transaction that moves an activity to another time.
func (s *Service) OnMove(f func(context.Context, Activity) error) { s.onMove = append(s.onMove, f) }

// OnChange runs f in every transaction after which what somebody remembers of an activity, or of whom
// it expects, may be wrong: changed, cancelled, answered, taken off the list. Additions are not told.
func (s *Service) OnChange(f func(context.Context, id.ID) error) { s.onChange = append(s.onChange, f) }

func (s *Service) changed(ctx context.Context, activityID id.ID) error {
	for _, f := range s.onChange {
		if err := f(ctx, activityID); err != nil {
			return err
		}
	}
	return nil
}

// Create makes an activity of an alliance, with everybody expected who is active there at this moment,
// and drafts its notice when one is asked for.
func (s *Service) Create(ctx context.Context, who actor.Actor, d Draft) (Activity, error) {
	alliance, err := s.Directory.Alliance(ctx, d.Alliance)
	if err != nil {
		return Activity{}, err
	}
	if !who.Scope(actor.SeeActivity).Covers(alliance.Place()) {
		return Activity{}, errs.ErrNotFound
	}
	if err := who.Must(actor.RunActivity, alliance.Place()); err != nil {
		return Activity{}, err
	}
	a, err := New(d, alliance.Place(), who.Account, s.IDs.New(), s.Clock.Now())
	if err != nil {
		return Activity{}, err
	}
	if err := s.checkHost(ctx, a); err != nil {
		return Activity{}, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.insert(ctx, a); err != nil {
			return err
		}
		if err := s.fill(ctx, a); err != nil {
			return err
		}
		for _, f := range s.onCreate {
			if err := f(ctx, a); err != nil {
				return err
			}
		}
		if d.Notice != nil {
			if _, err := s.Notices.DraftFor(ctx, who, a.ID, a.Alliance, d.Notice.Title, d.Notice.Body); err != nil {
				return err
			}
		}
		return s.log(ctx, who, "activity.create", a, nil)
	})
	return a, err
}

// checkHost wants a host unit to be one of the alliance.
func (s *Service) checkHost(ctx context.Context, a Activity) error {
	if a.HostUnit == 0 {
		return nil
	}
	u, err := s.Directory.Unit(ctx, a.HostUnit)
	if e, ok := errs.As(err); ok && e.Kind != errs.NotFound || err != nil && !ok {
		return err
	}
	if err != nil || u.AllianceID != a.Alliance {
		return errs.ErrInvalid.With(errs.Field("host_unit_id", "承办单位不在这个联盟里"))
	}
	return nil
}

// Change alters an activity that is neither cancelled nor over.
func (s *Service) Change(ctx context.Context, who actor.Actor, activityID id.ID, c Change) (Activity, error) {
	a, err := s.visible(ctx, who, actor.RunActivity, activityID)
	if err != nil {
		return Activity{}, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		before, err := s.lock(ctx, activityID)
		if err != nil {
			return err
		}
		if a, err = before.Changed(c, s.Clock.Now()); err != nil {
			return err
		}
		if err := s.checkHost(ctx, a); err != nil {
			return err
		}
		if err := s.store.update(ctx, a); err != nil {
			return err
		}
		moved := !a.StartsAt.Equal(before.StartsAt) || !a.EndsAt.Equal(before.EndsAt)
		for _, f := range s.onMove {
			if !moved {
				break
			}
			if err := f(ctx, a); err != nil {
				return err
			}
		}
		if moved { // what had begun and is put off has its free places again
			if err := s.moveUp(ctx, a); err != nil {
				return err
			}
		}
		if moved || a.Place != before.Place {
			if err := s.Notices.ActivityMoved(ctx, who, factsOf(before, s.Clock.Now())); err != nil {
				return err
			}
		}
		if err := s.changed(ctx, a.ID); err != nil {
			return err
		}
		return s.log(ctx, who, "activity.change", a, nil)
	})
	return a, err
}

// Cancel calls an activity off; its notice says so. Calling off twice changes nothing.
func (s *Service) Cancel(ctx context.Context, who actor.Actor, activityID id.ID, reason string) (Activity, error) {
	a, err := s.visible(ctx, who, actor.RunActivity, activityID)
	if err != nil {
		return Activity{}, err
	}
	reason = tidy(reason)
	if utf8.RuneCountInString(reason) > maxReason {
		return Activity{}, errs.ErrInvalid.With(errs.Field("reason", "原因太长，请缩短一些"))
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if a, err = s.lock(ctx, activityID); err != nil {
			return err
		}
		switch a.State(s.Clock.Now()) {
		case Cancelled:
			return nil
		case Ended:
			return ErrEnded
		}
		a.Cancelled, a.CancelReason, a.UpdatedAt = true, reason, s.Clock.Now()
		if err := s.store.update(ctx, a); err != nil {
			return err
		}
		if err := s.Notices.ActivityCancelled(ctx, a.ID, reason); err != nil {
			return err
		}
		if err := s.changed(ctx, a.ID); err != nil {
			return err
		}
		return s.log(ctx, who, "activity.cancel", a, map[string]any{"reason": reason})
	})
	return a, err
}

var everything = actor.Scope{All: true}

// visible gives an activity that the actor sees (else 404) and holds the permission over (else 403).
func (s *Service) visible(ctx context.Context, who actor.Actor, perm actor.Permission, activityID id.ID) (Activity, error) {
	a, err := s.store.byID(ctx, who.Scope(actor.SeeActivity), activityID)
	if err != nil {
		return Activity{}, err
	}
	return a, who.Must(perm, a.At())
}

// lock holds an activity and then its notices until the end of the transaction of ctx: the one order in which
// everybody takes them, recipients and messages after them. It comes before anything is read, so that what is
// read afterwards is as it is under the lock.
func (s *Service) lock(ctx context.Context, activityID id.ID) (Activity, error) {
	a, err := s.store.lock(ctx, activityID)
	if err == nil {
		err = s.Notices.Hold(ctx, activityID)
	}
	return a, err
}

func (s *Service) log(ctx context.Context, who actor.Actor, action string, a Activity, detail map[string]any) error {
	return s.Audit.Write(ctx, who, audit.Line{Action: action, Kind: "activity", Subject: a.ID, Place: a.At(), Detail: detail})
}

// Mine is what one of the caller's persons has to do with an activity.
type Mine struct {
	Expected
	Name      string
	Ahead     int       // people who will have places before, of somebody who waits
	Wants     int       // places that those who wait under one number want together
	PresentAt time.Time // zero: not there
}

// Detail is an activity with what a page about it shows.
type Detail struct {
	Activity
	AllianceName, HostName string
	Notice                 id.ID // zero: none, or a draft of others
	Lists                  []ListRef
	Counts                 Counts
	Mine                   []Mine
}

// Get gives one activity.
func (s *Service) Get(ctx context.Context, who actor.Actor, activityID id.ID) (Detail, error) {
	a, err := s.store.byID(ctx, who.Scope(actor.SeeActivity), activityID)
	if err != nil {
		return Detail{}, err
	}
	d, err := s.details(ctx, who, []Activity{a})
	if err != nil {
		return Detail{}, err
	}
	return d[0], nil
}

// List gives the activities that the actor sees.
func (s *Service) List(ctx context.Context, who actor.Actor, f Filter) (page.List[Detail], error) {
	found, err := s.store.list(ctx, who.Scope(actor.SeeActivity), f, s.Clock.Now())
	if err != nil {
		return page.List[Detail]{}, err
	}
	cut := page.Of(found, f.Page.Size(), cursor)
	d, err := s.details(ctx, who, cut.Items)
	return page.List[Detail]{Items: d, Next: cut.Next}, err
}

func (s *Service) details(ctx context.Context, who actor.Actor, list []Activity) ([]Detail, error) {
	out := make([]Detail, 0, len(list))
	if len(list) == 0 {
		return out, nil
	}
	ids := make([]id.ID, len(list))
	for i, a := range list {
		ids[i] = a.ID
	}
	counts, err := s.counts(ctx, ids)
	if err != nil {
		return nil, err
	}
	lists, err := s.attendance.Lists(ctx, ids)
	if err != nil {
		return nil, err
	}
	mine, err := s.mine(ctx, who, list)
	if err != nil {
		return nil, err
	}
	notices, err := s.Notices.ForActivities(ctx, ids)
	if err != nil {
		return nil, err
	}
	name := s.names()
	for _, a := range list {
		d := Detail{Activity: a, Lists: lists[a.ID], Counts: counts[a.ID], Mine: mine[a.ID]}
		if d.AllianceName, err = name.alliance(ctx, a.Alliance); err != nil {
			return nil, err
		}
		if d.HostName, err = name.unit(ctx, a.HostUnit); err != nil {
			return nil, err
		}
		if n, ok := notices[a.ID]; ok && (n.Went() || who.Must(actor.WriteNotice, a.At()) == nil) {
			d.Notice = n.ID
		}
		out = append(out, d)
	}
	return out, nil
}

// mine tells what the caller's own persons have to do with activities.
func (s *Service) mine(ctx context.Context, who actor.Actor, activities []Activity) (map[id.ID][]Mine, error) {
	out := map[id.ID][]Mine{}
	if len(who.Persons) == 0 {
		return out, nil
	}
	ids, capacity := make([]id.ID, len(activities)), map[id.ID]int{}
	for i, a := range activities {
		ids[i], capacity[a.ID] = a.ID, a.Places.Capacity
	}
	rows, err := s.store.expectedIn(ctx, ids, who.Persons)
	if err != nil {
		return nil, err
	}
	people, err := s.Directory.Persons(ctx, who.Persons)
	if err != nil {
		return nil, err
	}
	present, err := s.attendance.PresentAt(ctx, ids, who.Persons)
	if err != nil {
		return nil, err
	}
	queues, err := s.queues(ctx, rows)
	if err != nil {
		return nil, err
	}
	for activityID, list := range rows {
		for _, e := range list {
			m := Mine{Expected: e, Name: people[e.Person].Name, PresentAt: present[activityID][e.Person]}
			if e.Answer == Waiting {
				m.Ahead, m.Wants = newHall(capacity[activityID], false, queues[activityID]).before(e.Queue)
			}
			out[activityID] = append(out[activityID], m)
		}
		slices.SortFunc(out[activityID], func(a, b Mine) int {
			return slices.Index(who.Persons, a.Person) - slices.Index(who.Persons, b.Person)
		})
	}
	return out, nil
}

// queues gives all who wait, of those activities in which one of the rows does.
func (s *Service) queues(ctx context.Context, rows map[id.ID][]Expected) (map[id.ID][]Expected, error) {
	var ids []id.ID
	for activityID, list := range rows {
		if slices.ContainsFunc(list, func(e Expected) bool { return e.Answer == Waiting }) {
			ids = append(ids, activityID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return s.store.queues(ctx, ids)
}
