package checkin

import (
	"context"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// RosterView is the list as the door works with it.
type RosterView struct {
	List     List
	Activity activity.Activity
	Counts   Tally
	Lines    []Line
	Last4    map[id.ID]string // of the telephone, to tell namesakes apart
	Buses    map[id.ID]int    // whose bus is known
	Numbers  map[id.ID]int    // 序号 of the printed sheet
}

// Roster gives everybody expected on a list and who is there. Before the start it brings the list in
// step with the ledger first.
func (s *Service) Roster(ctx context.Context, who actor.Actor, listID id.ID) (RosterView, error) {
	l, a, err := s.open(ctx, who, actor.CheckInOthers, listID)
	if err != nil {
		return RosterView{}, err
	}
	if err := s.Activities.Refresh(ctx, a.ID); err != nil {
		return RosterView{}, err
	}
	v := RosterView{List: l, Activity: a}
	if v.Lines, v.Counts, err = s.roll(ctx, l); err != nil {
		return RosterView{}, err
	}
	ids := make([]id.ID, len(v.Lines))
	for i, line := range v.Lines {
		ids[i] = line.Expected.Person
	}
	if v.Last4, err = s.Directory.PhoneLast4(ctx, ids); err != nil {
		return RosterView{}, err
	}
	if v.Buses, err = s.store.buses(ctx, a.ID); err != nil {
		return RosterView{}, err
	}
	v.Numbers, err = s.store.numbers(ctx, a.ID)
	return v, err
}

// roll calls a list: everybody on it, with what is recorded.
func (s *Service) roll(ctx context.Context, l List) ([]Line, Tally, error) {
	present, err := s.store.presentOn(ctx, l.ID)
	if err != nil {
		return nil, Tally{}, err
	}
	expected, err := s.due(ctx, l, present)
	if err != nil {
		return nil, Tally{}, err
	}
	again, err := s.store.conflicts(ctx, l.ID, nil)
	if err != nil {
		return nil, Tally{}, err
	}
	var ids []id.ID
	for _, e := range expected {
		ids = append(ids, e.Person)
	}
	for person := range present {
		ids = append(ids, person)
	}
	people, err := s.Directory.Persons(ctx, ids)
	if err != nil {
		return nil, Tally{}, err
	}
	lines, sum := Roll(expected, present, again, people)
	here := map[id.ID]Record{}
	for _, line := range lines {
		if line.State == StatePresent {
			here[line.Person.ID] = line.Record
		}
	}
	name, err := s.recorders(ctx, here)
	if err != nil {
		return nil, Tally{}, err
	}
	for i, line := range lines {
		if line.State == StatePresent {
			lines[i].By = name(line.Record)
		}
	}
	return lines, sum, nil
}

// Attendance gives the sheet of an activity's main list. Reasons of 请假 are there for those who see
// the answers: a liaison reads those of the own unit only.
func (s *Service) Attendance(ctx context.Context, who actor.Actor, activityID id.ID) (Sheet, error) {
	a, err := s.Activities.ByID(ctx, activityID)
	if err != nil {
		return Sheet{}, err
	}
	if !who.Scope(actor.SeeActivity).Covers(a.At()) {
		return Sheet{}, errs.ErrNotFound
	}
	if err := who.Must(actor.SeeAttendance, a.At()); err != nil {
		return Sheet{}, err
	}
	lists, err := s.store.lists(ctx, []id.ID{a.ID})
	if err != nil {
		return Sheet{}, err
	}
	if len(lists) == 0 {
		return Sheet{}, errs.ErrNotFound
	}
	lines, sum, err := s.roll(ctx, lists[0])
	if err != nil {
		return Sheet{}, err
	}
	reads := who.Scope(actor.SeeAnswers)
	for i, l := range lines {
		if !reads.Covers(actor.Place{Committee: a.Committee, Alliance: a.Alliance, Unit: l.Expected.Unit}) {
			lines[i].Expected.Reason = ""
		}
	}
	alliance, err := s.Directory.Alliance(ctx, a.Alliance)
	if err != nil {
		return Sheet{}, err
	}
	host := ""
	if a.HostUnit != 0 {
		u, err := s.Directory.Unit(ctx, a.HostUnit)
		if err != nil {
			return Sheet{}, err
		}
		host = u.Name
	}
	return NewSheet(a, alliance.Name, host, lines, sum), nil
}

// AttendanceFile gives the sheet as a workbook; who took it is written down.
func (s *Service) AttendanceFile(ctx context.Context, who actor.Actor, activityID id.ID) (name string, file []byte, err error) {
	sheet, err := s.Attendance(ctx, who, activityID)
	if err != nil {
		return "", nil, err
	}
	if file, err = sheet.XLSX(); err != nil {
		return "", nil, err
	}
	a := sheet.Activity
	err = s.Audit.Write(ctx, who, audit.Line{Action: "checkin.export_attendance", Kind: "activity", Subject: a.ID, Place: a.At()})
	return sheet.Title + a.StartsAt.In(clock.Shanghai).Format("20060102") + ".xlsx", file, err
}
