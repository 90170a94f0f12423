package checkin

import (
	"cmp"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/cache"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
)

// snapshot is what an instance remembers of one list to judge a member's own phone without asking the
// database: who is expected, who acts for whom, and who is known to be present. It may only say yes:
// whatever it would refuse is judged again from the database, and whether somebody is there for the
// first time is decided by the database alone. It is trusted as long as its watch has not moved.
//
// A million people fit into some 60 MB: everything lies in slices without pointers. Fields with capital
// letters travel between instances (share.go).
type snapshot struct {
	columns
	watch *cache.Watch
	seq   uint64

	mu    sync.RWMutex
	marks []mark // made with the first one
}

// columns are what was read from the database.
type columns struct {
	List     List
	Activity activity.Activity
	Loaded   time.Time

	Persons   []id.ID // ascending; the index below is the place in here
	State     []uint8
	NameEnds  []uint32
	Names     []byte
	Unit      []uint32
	Units     []string
	Ties      []tie             // by account, then person
	Spent     map[[16]byte]bool // attempts that were taken back
	Contested map[id.ID]bool    // whom a second door had let in while it was offline
}

const (
	stateActive  = 1 << iota // a member here, and of the activity's alliance
	stateExcused             // said 请假
)

// tie says that an account acts for a person.
type tie struct {
	Account id.ID
	Person  uint32
	Family  bool
}

// mark is a presence that the member's own phone recorded and that no other door contests.
type mark struct {
	attempt  [16]byte
	happened int64 // Unix milliseconds; 0: not known to be present
}

func (s *snapshot) current() bool { return s.watch.Seq() == s.seq && s.watch.Fresh() }

// add takes over a page of the expected persons, in ascending order.
func (s *snapshot) add(expected []activity.Expected, people map[id.ID]ledger.Person, holders []identity.Holder, units map[string]uint32) {
	for _, e := range expected {
		p, ok := people[e.Person]
		if !ok {
			continue
		}
		var st uint8
		if p.Status == ledger.Active && p.AllianceID == s.Activity.Alliance {
			st |= stateActive
		}
		if e.Answer == activity.Leave {
			st |= stateExcused
		}
		n, known := units[p.Unit]
		if !known {
			n = uint32(len(s.Units))
			units[p.Unit] = n
			s.Units = append(s.Units, p.Unit)
		}
		s.Persons = append(s.Persons, p.ID)
		s.State = append(s.State, st)
		s.Names = append(s.Names, p.Name...)
		s.NameEnds = append(s.NameEnds, uint32(len(s.Names)))
		s.Unit = append(s.Unit, n)
	}
	for _, h := range holders {
		if at, ok := slices.BinarySearch(s.Persons, h.Person); ok {
			s.Ties = append(s.Ties, tie{h.Account, uint32(at), h.Relation != identity.Self})
		}
	}
}

// seal ends the loading: nothing grows any more, so nothing keeps room to grow. What the growing of a
// large one has left behind goes back to the system at once, not in the course of the day.
func (s *snapshot) seal() {
	slices.SortFunc(s.Ties, func(a, b tie) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Person, b.Person))
	})
	s.Persons, s.State, s.NameEnds = exact(s.Persons), exact(s.State), exact(s.NameEnds)
	s.Names, s.Unit, s.Ties = exact(s.Names), exact(s.Unit), exact(s.Ties)
	if len(s.Persons) > 10*snapshotLarge {
		debug.FreeOSMemory()
	}
}

func exact[T any](s []T) []T { return append(make([]T, 0, len(s)), s...) }

// tied finds the person among those that an account acts for.
func (s *snapshot) tied(account, person id.ID) (tie, bool) {
	at, _ := slices.BinarySearchFunc(s.Ties, account, func(t tie, a id.ID) int { return cmp.Compare(t.Account, a) })
	for ; at < len(s.Ties) && s.Ties[at].Account == account; at++ {
		if s.Persons[s.Ties[at].Person] == person {
			return s.Ties[at], true
		}
	}
	return tie{}, false
}

func (s *snapshot) person(at uint32) ledger.Person {
	from := uint32(0)
	if at > 0 {
		from = s.NameEnds[at-1]
	}
	return ledger.Person{ID: s.Persons[at], Name: string(s.Names[from:s.NameEnds[at]]), Unit: s.Units[s.Unit[at]]}
}

// present gives the mark of a person, if there is one.
func (s *snapshot) present(at uint32) (mark, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.marks == nil {
		return mark{}, false
	}
	return s.marks[at], s.marks[at].happened != 0
}

// remember notes that the database holds this record of a member's own phone.
func (s *snapshot) remember(at uint32, m mark) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.marks == nil {
		s.marks = make([]mark, len(s.Persons))
	}
	s.marks[at] = m
}
