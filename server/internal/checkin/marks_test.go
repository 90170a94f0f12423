package checkin_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/cache"
	"bense/server/internal/checkin"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/live"
	"bense/server/internal/testdb"
)

// instance is one more server on the county's database.
func (c *county) instance(t *testing.T, redis *cache.Cache) *checkin.Service {
	t.Helper()
	hub := live.New(redis)
	t.Cleanup(hub.Close)
	d := c.checkin.Deps
	d.Live, d.Hub = hub, hub
	d.Versions = cache.NewVersions(c.db, redis)
	t.Cleanup(d.Versions.Close)
	s := checkin.NewService(d)
	t.Cleanup(s.Close)
	hub.UseLook(s.Pulse)
	return s
}

// marks asks a server, as the second liaison.
func (c *county) marks(t *testing.T, s *checkin.Service, after string, wait time.Duration) checkin.Marks {
	t.Helper()
	return must(s.Marks(t.Context(), c.second, c.list, after, wait))(t)
}

func namesIn(m checkin.Marks) string {
	var out []string
	for _, l := range m.Lines {
		if l.State == checkin.StatePresent {
			out = append(out, l.Person.Name)
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// replay keeps a phone's roster as the marks say.
func replay(have map[id.ID]checkin.State, m checkin.Marks) {
	if m.Reset {
		clear(have)
	}
	for _, l := range m.Lines {
		have[l.Expected.Person] = l.State
	}
}

func TestMarksTellWhatChanged(t *testing.T) {
	t.Parallel()
	c := newCounty(t)
	s := c.instance(t, nil)
	all := c.marks(t, s, "", 0)
	if !all.Reset || len(all.Lines) != 8 || len(all.Units) != 2 || all.Counts.Expected != 8 || all.Units[1].Absent != 4 || all.Units[0].Name != "县水利局" {
		t.Fatalf("%+v", all)
	}
	phone := map[id.ID]checkin.State{}
	replay(phone, all)
	step := func(what string, want map[bool]int) {
		t.Helper()
		m := c.marks(t, s, all.Cursor, time.Second)
		if n, ok := want[m.Reset]; !ok || n != len(m.Lines) {
			t.Errorf("%s: reset %v with %d lines", what, m.Reset, len(m.Lines))
		}
		replay(phone, m)
		for person, state := range phone {
			if l := c.line(t, person); l.Expected.Person == 0 || l.State != state {
				t.Errorf("%s: the phone says %s, the list %+v", what, state, l)
			}
		}
		if again := c.marks(t, s, m.Cursor, 0); again.Reset || len(again.Lines) != 0 || again.Cursor != m.Cursor {
			t.Errorf("%s: told twice: %+v", what, again)
		}
		all = m
	}
	c.record(t, c.liaison, c.tap(c.persons[1][0]), c.tap(c.persons[1][1]))
	step("two of one unit", map[bool]int{false: 4})
	if all.Units[1].Present != 2 || all.Units[0].Present != 0 || all.Counts.Present != 2 || namesIn(all) != "王志强 陈德明" {
		t.Errorf("%+v", all)
	}
	if err := c.checkin.Annul(t.Context(), c.liaison, c.list, c.persons[1][0], "点错了"); err != nil {
		t.Fatal(err)
	}
	step("one is taken back", map[bool]int{false: 4})
	c.clk.Advance(-time.Hour) // another server's clock runs behind
	late := c.tap(c.persons[0][1])
	late.Offline = true
	c.record(t, c.liaison, late)
	c.clk.Advance(time.Hour)
	step("recorded by a clock that runs behind", map[bool]int{false: 4})
	must(1, c.activity.Answer(t.Context(), c.head, c.of.ID, c.persons[0][2], activity.Leave, "有事"))(t)
	step("somebody excuses themselves", map[bool]int{false: 4})
	guest := c.tap(c.persons[2][0])
	guest.WalkIn = true
	if got := c.record(t, c.head, guest); got[0].Answer == checkin.OK {
		step("a guest comes", map[bool]int{true: 9})
		if err := c.checkin.Annul(t.Context(), c.head, c.list, c.persons[2][0], ""); err != nil {
			t.Fatal(err)
		}
		step("the guest was a mistake", map[bool]int{true: 8})
	} else if got := c.record(t, c.staff, guest); got[0].Answer != checkin.OK {
		t.Fatal(got)
	} else {
		step("a guest comes", map[bool]int{true: 9})
		if err := c.checkin.Annul(t.Context(), c.staff, c.list, c.persons[2][0], ""); err != nil {
			t.Fatal(err)
		}
		step("the guest was a mistake", map[bool]int{true: 8})
	}
	for _, cursor := range []string{"x", "AAAA", strings.Repeat("A", 400), all.Cursor + "AAAA"} {
		if m := c.marks(t, s, cursor, time.Second); !m.Reset || len(m.Lines) != 8 {
			t.Errorf("cursor %q: %+v", cursor, m)
		}
	}
}

func TestMarksAreForDoors(t *testing.T) {
	t.Parallel()
	c := newCounty(t)
	s := c.instance(t, nil)
	for who, want := range map[string]struct {
		actor actor.Actor
		err   error
	}{"member": {c.member, errs.ErrForbidden}, "foreign": {c.foreign, errs.ErrNotFound}, "nobody": {actor.Actor{}, errs.ErrNotFound}} {
		if _, err := s.Marks(t.Context(), want.actor, c.list, "", 0); !errors.Is(err, want.err) {
			t.Errorf("%s: %v", who, err)
		}
		if _, err := s.OpenBoard(t.Context(), want.actor, c.list, true); !errors.Is(err, want.err) {
			t.Errorf("%s: %v", who, err)
		}
	}
	if _, err := s.Marks(t.Context(), c.staff, 1, "", 0); !errors.Is(err, errs.ErrNotFound) {
		t.Error(err)
	}
}

// reader tells when a list's people are looked up, which is after its records were read.
type reader struct {
	checkin.Directory
	reads chan struct{}
}

func (r reader) Persons(ctx context.Context, ids []id.ID) (map[id.ID]ledger.Person, error) {
	select {
	case r.reads <- struct{}{}:
	default:
	}
	return r.Directory.Persons(ctx, ids)
}

// One liaison's mark at one server ends another's long poll at another server.
func TestMarksReachOtherInstances(t *testing.T) {
	m := miniredis.RunT(t)
	for name, url := range map[string]string{"with Redis": "redis://" + m.Addr(), "without Redis": "redis://127.0.0.1:1"} {
		t.Run(name, func(t *testing.T) {
			c := newCounty(t)
			var servers [2]*checkin.Service
			for i := range servers {
				r, err := cache.Open(url)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(r.Close)
				servers[i] = c.instance(t, r)
			}
			here, there := servers[0], servers[1]
			reads := make(chan struct{})
			there.Directory = reader{there.Directory, reads}
			cursor := c.marks(t, there, "", 0).Cursor
			for i, person := range slices.Concat(c.persons[0], c.persons[1][:1]) {
				got := make(chan checkin.Marks, 1)
				go func() {
					m, err := there.Marks(t.Context(), c.second, c.list, cursor, 20*time.Second)
					if err != nil {
						t.Error(err)
					}
					got <- m
				}()
				<-reads // what is committed from now on is not in the view that the waiting begins with
				must(here.Record(t.Context(), c.liaison, c.list, []checkin.Item{c.tap(person)}))(t)
				m := <-got
				if m.Counts.Present != i+1 || m.Reset {
					t.Fatalf("%+v", m.Counts)
				}
				cursor = m.Cursor
			}
		})
	}
}

func TestMarksWaitAndLetGo(t *testing.T) {
	t.Parallel()
	c := newCounty(t)
	s := c.instance(t, nil)
	reads := make(chan struct{})
	s.Directory = reader{s.Directory, reads}
	cursor := c.marks(t, s, "", 0).Cursor
	if m := c.marks(t, s, cursor, 300*time.Millisecond); m.Cursor != cursor || len(m.Lines) != 0 {
		t.Errorf("%+v", m)
	}
	got := make(chan checkin.Marks)
	go func() {
		m, err := s.Marks(t.Context(), c.second, c.list, cursor, 25*time.Second)
		if errors.Is(err, live.ErrClosing) { // before there was anything to show
			m.Cursor = cursor
		} else if err != nil {
			t.Error(err)
		}
		got <- m
	}()
	<-reads
	s.Hub.Close() // the server goes down: an answer like any other, and at once
	select {
	case m := <-got:
		if m.Cursor != cursor {
			t.Errorf("%+v", m)
		}
	case <-time.After(testdb.Patience):
		t.Fatal("still waiting")
	}
}

func TestMarksOverHTTP(t *testing.T) {
	c := newCounty(t)
	c.checkin = c.instance(t, nil)
	call := c.serve(t)
	path := "/lists/" + c.list.String() + "/marks"
	w, all := call("liaison", "GET", path, "")
	if w.Code != 200 || all["reset"] != true || len(all["items"].([]any)) != 8 || len(all["by_unit"].([]any)) != 2 {
		t.Fatal(w.Code, w.Body)
	}
	c.record(t, c.liaison, c.tap(c.persons[0][0]))
	w, changed := call("liaison", "GET", fmt.Sprintf("%s?after=%s&wait=5", path, all["cursor"]), "")
	if w.Code != 200 || changed["reset"] != false || changed["counts"].(object)["present"] != 1.0 {
		t.Fatal(w.Code, w.Body)
	}
	for _, item := range changed["items"].([]any) {
		i := item.(object)
		if there := i["name"] == "张建国"; there != (i["present_at"] != nil) || there != (i["door"] == "roster") || there != (i["by"] == "赵联络") {
			t.Error(i)
		}
	}
	for _, bad := range []string{"?wait=26", "?wait=-1", "?after=" + strings.Repeat("A", 401)} {
		if w, _ := call("liaison", "GET", path+bad, ""); w.Code != 422 {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
}
