package checkin

import (
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// Item is one attempt that a door sends: a code that was scanned, a name that was tapped, a line of a
// paper sheet.
type Item struct {
	Nonce          string
	Happened       time.Time // zero: unreadable or missing, then ours counts
	Door           Door
	Code           string
	Person         id.ID
	Query          string // name, initials or last four digits, where no person was chosen
	WalkIn         bool
	LeaveToPresent bool
	Offline        bool // the door had shown it as accepted before it reached us
}

// Tap is one attempt of a member's own phone, with the ticket of its visit; Token is the venue code
// itself, of a phone that found no network when it had scanned.
type Tap struct {
	Ticket, Token  string
	Nonce          string
	Person         id.ID
	Happened       time.Time
	LeaveToPresent bool // had excused themselves, and stands at the door
}

// Result is how one attempt was judged, with what its page shows.
type Result struct {
	Answer        Answer
	Message       string
	Nonce         string
	Person        *ledger.Person     // nil: nobody, or nobody whom the caller may know
	Activity      *activity.Activity // nil: the code names none
	List          id.ID
	Happened      time.Time
	First         *First
	Opens, Closes time.Time // of TooEarly and TooLate
	Candidates    []ledger.Person
}

// First tells since when somebody is there, by which door and who recorded it.
type First struct {
	At   time.Time
	Door Door
	By   string
}

// damagedMessage is shown for an attempt that a device has spoilt: asking again would not mend it.
const damagedMessage = "这次操作的记录不完整，请重新操作"

// attempt is one attempt on its way through the judgement.
type attempt struct {
	text     string // the nonce as it came
	nonce    [16]byte
	damaged  bool // no attempt at all: the nonce or the door is missing
	door     Door
	coded    bool  // a code was shown
	person   id.ID // zero: nobody
	flag     Flag  // what the time or the code gives cause for
	late     bool  // shown as accepted before it reached us
	onBehalf bool
	trusted  bool // the person was named by a code or is the caller's own, not by a mere id
	facts    Facts
	about    *ledger.Person
	matches  []ledger.Person
	answer   Answer
	nothing  bool // a search that found nobody
	accept   bool // to be recorded
}

func (t *attempt) judge() {
	if t.damaged {
		t.answer = InvalidCode
		return
	}
	if t.late {
		clock := t.flag
		if t.answer, t.flag = JudgeLate(t.facts); t.flag == FlagLate && clock != "" {
			t.flag = clock // that the time is ours tells more than that it came late
		}
	} else {
		t.answer = Judge(t.facts)
	}
	t.accept = t.answer == OK && !t.facts.Own
}

func (t *attempt) record(l List, by id.ID, now time.Time) Record {
	return Record{List: l.ID, Person: t.person, Attempt: t.nonce, Door: t.door, Happened: t.facts.At, Recorded: now,
		By: by, OnBehalf: t.onBehalf, Flag: t.flag}
}

// accepted makes the records of the accepted attempts, one for each person: the earliest of a batch.
func accepted(list []*attempt, l List, by id.ID, now time.Time) []Record {
	at := map[id.ID]int{}
	var rows []Record
	for _, t := range list {
		if !t.accept {
			continue
		}
		r := t.record(l, by, now)
		i, twice := at[t.person]
		switch {
		case !twice:
			at[t.person] = len(rows)
			rows = append(rows, r)
		case r.Happened.Before(rows[i].Happened):
			rows[i] = r
		}
	}
	return rows
}

// conflicting gives the late attempts whose person another attempt had signed in: a second door had
// let the same person in.
func conflicting(list []*attempt, stand map[id.ID]Record, l List, by id.ID, now time.Time) []Record {
	var out []Record
	for _, t := range list {
		r, there := stand[t.person]
		if t.late && there && r.Attempt != t.nonce && (t.accept || t.answer == Already) {
			out = append(out, t.record(l, by, now))
		}
	}
	return out
}
