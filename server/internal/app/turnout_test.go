package app_test

import (
	"fmt"
	"testing"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/app"
	"bense/server/internal/checkin"
	"bense/server/internal/clock"
	"bense/server/internal/founding"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/testdb"
)

// A survey counts from real attendance: one comes to both activities, one to one of two, one to none; an
// activity that was called off and one that still lies ahead count for nobody.
func TestSurveysCountAttendance(t *testing.T) {
	clk := clock.NewFake(time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC))
	a, err := app.Isolated(t.Context(), app.IsolatedOptions{Database: testdb.OwnURL(t), Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	ctx, who := t.Context(), actor.System
	fail := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	c, err := a.Ledger.CreateCommittee(ctx, who, ledger.Committee{Name: "利津县离退休干部党工委"})
	fail(err)
	al, err := a.Ledger.CreateAlliance(ctx, who, ledger.Alliance{CommitteeID: c.ID, Name: "农口"})
	fail(err)
	u, err := a.Ledger.CreateUnit(ctx, who, ledger.Unit{CommitteeID: c.ID, AllianceID: al.ID, Name: "县水利局"})
	fail(err)
	alone, err := a.Ledger.CreateUnit(ctx, who, ledger.Unit{CommitteeID: c.ID, Name: "县档案馆"})
	fail(err)
	var people []id.ID
	for _, name := range []string{"张三", "李四", "王五"} {
		p, err := a.Ledger.CreatePerson(ctx, who, u.ID, 0, ledger.Fields{Name: name})
		fail(err)
		people = append(people, p.Person.ID)
	}
	tries := 0
	hold := func(in time.Duration, present ...id.ID) activity.Activity {
		t.Helper()
		start := clk.Now().Add(in)
		made, err := a.Activity.Create(ctx, who, activity.Draft{Alliance: al.ID, Kind: activity.Study, Title: "学习", Place: "活动室", StartsAt: start, EndsAt: start.Add(time.Hour)})
		fail(err)
		if len(present) == 0 {
			return made
		}
		lists, err := a.Checkin.Lists(ctx, []id.ID{made.ID})
		fail(err)
		clk.Set(start)
		for _, p := range present {
			tries++
			_, err := a.Checkin.Record(ctx, who, lists[made.ID][0].ID, []checkin.Item{{Nonce: fmt.Sprintf("%032x", tries), Door: checkin.Roster, Person: p, Happened: start}})
			fail(err)
		}
		return made
	}
	hold(2*time.Hour, people[0], people[1])
	hold(48*time.Hour, people[0])
	off := hold(96 * time.Hour)
	_, err = a.Activity.Cancel(ctx, who, off.ID, "下雨")
	fail(err)
	hold(500 * time.Hour)
	clk.Advance(120 * time.Hour)

	v, err := a.Founding.Open(ctx, who, founding.Survey{Committee: c.ID, Name: "摸底", Months: 12, Threshold: 5})
	fail(err)
	_, rows, err := a.Founding.Rows(ctx, who, v.ID)
	fail(err)
	if len(rows) != 2 || rows[0].Counted == nil || *rows[0].Counted != 2 || rows[1].Unit != alone.ID || rows[1].Counted != nil {
		t.Errorf("%+v", rows)
	}
}
