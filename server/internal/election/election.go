// Package election lets the members of an alliance choose their head: candidates, a secret ballot or
// a recorded show of hands, quorum over those expected, the result, and the handover to the successor.
//
// Secrecy: the roll says who has taken part, the ballots say what was chosen, and nothing joins the
// two. A ballot carries no person, account, unit or time; its id is random, its choice is sealed, and
// before it is counted it is sealed anew under another random id. No count is made before the end.
package election

import (
	"cmp"
	"slices"
	"time"
	"unicode/utf8"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Form is how the members choose.
type Form string

// A secret ballot (无记名投票) takes phones and paper; a show of hands (举手表决) takes the numbers
// that were counted at the meeting.
const (
	Ballot Form = "ballot"
	Show   Form = "show"
)

// State of an election; a further round leads from counted back to open.
type State string

// The states.
const (
	Draft     State = "draft"
	Open      State = "open"
	Counted   State = "counted"
	Confirmed State = "confirmed"
	Cancelled State = "cancelled"
)

// Phase is what an election looks like from outside: the state together with the clock.
type Phase string

// The phases; an open election waits before its time, and is over until it is counted.
const (
	InDraft   Phase = "draft"
	Waiting   Phase = "waiting"
	Voting    Phase = "voting"
	Over      Phase = "over"
	IsCounted Phase = "counted"
	Final     Phase = "confirmed"
	Off       Phase = "cancelled"
)

// Outcome of a round, "" before it is counted.
type Outcome string

// Outcomes. Without a quorum nothing is counted: the ballots stay sealed.
const (
	Elected  Outcome = "elected"
	Runoff   Outcome = "runoff"    // another round among the best
	NoQuorum Outcome = "no_quorum" // may be repeated
	Nobody   Outcome = "nobody"    // the only candidate has no majority: nominate anew
)

// Door is how a person on the roll has taken part, "" for not yet.
type Door string

// A paper that was handed out is a door too: who holds one doesn't vote by phone.
const (
	Phone Door = "phone"
	Paper Door = "paper"
)

// Limits of what may be asked for.
const (
	DefaultQuorum = 50 // percent of those expected that must be exceeded: more than half
	maxQuorum     = 99
	defaultYears  = 3
	maxYears      = 5
	maxCandidates = 10
	maxOpen       = 60 * 24 * time.Hour
	maxReason     = 100
)

// fewest is below how many ballots nothing is told: two people know each other's.
const fewest = 3

// Election is the choice of one alliance's head.
type Election struct {
	ID, Committee, Alliance id.ID
	Form                    Form
	State                   State
	Round                   int // the current one, 1 from the beginning
	Quorum                  int // percent of those expected; more than that must take part
	TermYears               int
	OpensAt, ClosesAt       time.Time // of the current round
	Elected                 id.ID     // person, zero until somebody is
	CancelReason            string
	Notice                  id.ID // what told the members of the current round, zero: none did
	CreatedBy               id.ID
	CreatedAt, UpdatedAt    time.Time
}

// At is where the election stands in the organisation.
func (e Election) At() actor.Place { return actor.Place{Committee: e.Committee, Alliance: e.Alliance} }

// Phase tells how far the election is at a moment.
func (e Election) Phase(now time.Time) Phase {
	switch {
	case e.State == Open && now.Before(e.OpensAt):
		return Waiting
	case e.State == Open && now.Before(e.ClosesAt):
		return Voting
	case e.State == Open:
		return Over
	}
	return Phase(e.State)
}

// Candidate is somebody who stands in a round. The counts are there once it is counted; a secret
// ballot has votes only.
type Candidate struct {
	Person                  id.ID
	Votes, Against, Abstain int
}

// Round is one vote with its own roll. Voted = the votes of all candidates + Blank in a secret ballot.
type Round struct {
	No                     int
	Expected, Voted, Blank int
	Outcome                Outcome
	OpensAt, ClosesAt      time.Time
	CountedAt              time.Time // zero: not yet
	Candidates             []Candidate
}

// Voter is one person of a round's frozen roll (应到).
type Voter struct {
	Person, Unit id.ID
	Door         Door
	Cast         bool  // the ballot is in the urn
	OnBehalf     bool  // family did it (代办)
	Account      id.ID // who did it
}

// Plan is what is asked of an election; zero values are our defaults.
type Plan struct {
	Alliance          id.ID
	Form              Form
	Quorum, TermYears int
	OpensAt, ClosesAt time.Time
	Candidates        []id.ID
}

// What can go wrong.
var (
	ErrVoted      = errs.New(errs.Conflict, "election.voted", "您已经投过票了")
	ErrHasPaper   = errs.New(errs.Conflict, "election.has_paper", "领了纸质选票，请填好交给联络员")
	ErrNotOnRoll  = errs.New(errs.NotFound, "election.not_on_roll", "不在这次推选的名单里，请找联络员")
	ErrNotYet     = errs.New(errs.Conflict, "election.not_yet", "投票还没有开始")
	ErrOver       = errs.New(errs.Conflict, "election.over", "投票已经结束")
	ErrNotDraft   = errs.New(errs.Conflict, "election.not_draft", "推选已经开始，不能再改")
	ErrNotOpen    = errs.New(errs.Conflict, "election.not_open", "推选没有在进行")
	ErrNotCounted = errs.New(errs.Conflict, "election.not_counted", "还没有计票")
	ErrForm       = errs.New(errs.Conflict, "election.form", "这次推选不是用这种方式")
	ErrRunning    = errs.New(errs.Conflict, "election.running", "这个联盟已有一次推选在进行")
	ErrTooFew     = errs.New(errs.Conflict, "election.too_few", "在册的不足3人，无记名投票保不了密，请用举手表决")
	ErrCandidate  = errs.New(errs.Conflict, "election.candidate", "候选人里有人已不在这个联盟，请先改候选人")
	ErrStill      = errs.New(errs.Conflict, "election.still_voting", "参加的人还不到规定人数，请等投票结束再计票")
	ErrPapersOut  = errs.New(errs.Conflict, "election.papers_out", "还有纸票没有录入，录完再计票")
	ErrBatch      = errs.New(errs.Conflict, "election.batch", "录入的张数和领出的张数不一样，请核对")
	ErrFewPapers  = errs.New(errs.Conflict, "election.few_papers", "纸票不足3张，为了保密，请封好交牵头单位一起录入")
	ErrNoPaper    = errs.New(errs.Conflict, "election.no_paper", "没有领出未交的纸票，不用退")
	ErrNoFurther  = errs.New(errs.Conflict, "election.no_further", "这次推选不用再投一轮")
	ErrNobody     = errs.New(errs.Conflict, "election.nobody", "还没有人当选")
	ErrDone       = errs.New(errs.Conflict, "election.done", "推选已经确认或取消")
	errUrn        = errs.New(errs.Internal, "election.urn", "票数和人数对不上，没有计票，请联系老干部局")
)

// New makes a draft of a plan, or reports every faulty field.
func New(p Plan, at actor.Place, by, key id.ID, now time.Time) (Election, error) {
	e := Election{ID: key, Committee: at.Committee, Alliance: at.Alliance, Form: p.Form, State: Draft, Round: 1,
		Quorum: cmp.Or(p.Quorum, DefaultQuorum), TermYears: cmp.Or(p.TermYears, defaultYears), CreatedBy: by, CreatedAt: now}
	return e.Planned(p, now)
}

// Planned gives the draft with another plan; alliance and author stay.
func (e Election) Planned(p Plan, now time.Time) (Election, error) {
	if e.State != Draft {
		return e, ErrNotDraft
	}
	e.Form, e.Quorum, e.TermYears = p.Form, cmp.Or(p.Quorum, DefaultQuorum), cmp.Or(p.TermYears, defaultYears)
	e.OpensAt, e.ClosesAt, e.UpdatedAt = stamp(p.OpensAt), stamp(p.ClosesAt), now
	var f []errs.FieldError
	bad := func(field, text string) { f = append(f, errs.Field(field, text)) }
	if e.Form != Ballot && e.Form != Show {
		bad("form", "请选择无记名投票或举手表决")
	}
	if e.Quorum < 1 || e.Quorum > maxQuorum {
		bad("quorum", "人数要求应在1%到99%之间")
	}
	if e.TermYears < 1 || e.TermYears > maxYears {
		bad("term_years", "任期应在1年到5年之间")
	}
	switch n := len(p.Candidates); {
	case n == 0:
		bad("candidates", "请至少选一位候选人")
	case n > maxCandidates:
		bad("candidates", "候选人太多，最多10位")
	case len(slices.Compact(slices.Sorted(slices.Values(p.Candidates)))) != n:
		bad("candidates", "同一位候选人选了两次")
	}
	f = append(f, span(e.OpensAt, e.ClosesAt, now)...)
	if len(f) > 0 {
		return e, errs.ErrInvalid.With(f...)
	}
	return e, nil
}

func span(opens, closes, now time.Time) []errs.FieldError {
	switch {
	case opens.Year() < 2000 || opens.Year() > 2090:
		return []errs.FieldError{errs.Field("opens_at", "请填写开始时间")}
	case !closes.After(opens) || !closes.After(now):
		return []errs.FieldError{errs.Field("closes_at", "结束时间应晚于开始时间和现在")}
	case closes.Sub(opens) > maxOpen:
		return []errs.FieldError{errs.Field("closes_at", "投票时间不能超过两个月")}
	}
	return nil
}

// Opened starts the first round for so many people.
func (e Election) Opened(expected int, now time.Time) (Election, error) {
	switch {
	case e.State != Draft:
		return e, ErrNotDraft
	case !e.ClosesAt.After(now):
		return e, errs.ErrInvalid.With(errs.Field("closes_at", "结束时间已经过了，请先改时间"))
	case e.Form == Ballot && expected < fewest:
		return e, ErrTooFew
	}
	e.State, e.UpdatedAt = Open, now
	return e, nil
}

// Further starts another round, with another time, after one that decided nothing.
func (e Election) Further(last Round, opens, closes time.Time, now time.Time) (Election, []Candidate, error) {
	if e.State != Counted || last.Outcome != Runoff && last.Outcome != NoQuorum {
		return e, nil, ErrNoFurther
	}
	if f := span(opens, closes, now); f != nil {
		return e, nil, errs.ErrInvalid.With(f...)
	}
	next := Best(last.Candidates)
	if last.Outcome == NoQuorum {
		next = slices.Clone(last.Candidates)
	}
	for i := range next {
		next[i] = Candidate{Person: next[i].Person}
	}
	e.State, e.Round, e.OpensAt, e.ClosesAt, e.UpdatedAt = Open, e.Round+1, stamp(opens), stamp(closes), now
	return e, next, nil
}

// MayVote says why nobody can put a ballot in at a moment, if so.
func (e Election) MayVote(now time.Time) error {
	switch e.Phase(now) {
	case Voting:
		if e.Form != Ballot {
			return ErrForm
		}
		return nil
	case Waiting, InDraft:
		return ErrNotYet
	}
	return ErrOver
}

// MayCount says why the round can't be ended yet: before its time only when enough have taken part.
// What was chosen is unknown until then, so ending early favours nobody.
func (e Election) MayCount(expected, voted int, now time.Time) error {
	switch {
	case e.State != Open:
		return ErrNotOpen
	case now.Before(e.ClosesAt) && voted < e.Need(expected):
		return ErrStill
	}
	return nil
}

// Need is how many must take part: more than Quorum percent of those expected. This is our default,
// not a statute: an alliance is no Party organisation, and its own rules may ask for more (four fifths
// are usual in a branch). A secret ballot wants three in any case.
func (e Election) Need(expected int) int {
	n := expected*e.Quorum/100 + 1
	if e.Form == Ballot {
		n = max(n, fewest)
	}
	return n
}

// Decide names the outcome of a counted round: elected is who alone has the most votes and more than
// half of those who voted, blank ballots included.
func (e Election) Decide(r Round) (Outcome, id.ID) {
	if r.Voted < e.Need(r.Expected) {
		return NoQuorum, 0
	}
	best := Best(r.Candidates)
	first := best[0]
	alone := len(best) == 1 || best[1].Votes < first.Votes
	switch {
	case alone && first.Votes*2 > r.Voted:
		return Elected, first.Person
	case len(r.Candidates) == 1:
		return Nobody, 0
	}
	return Runoff, 0
}

// Best gives the two with the most votes; whoever has as many as the second is with them. The order
// of equals is that of the list.
func Best(list []Candidate) []Candidate {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b Candidate) int { return cmp.Compare(b.Votes, a.Votes) })
	n := min(2, len(sorted))
	for n < len(sorted) && sorted[n].Votes == sorted[1].Votes {
		n++
	}
	return sorted[:n]
}

// checkShow wants the numbers of a show of hands to be possible: everybody present is for, against or
// abstains, for each candidate.
func checkShow(present, expected int, candidates []Candidate) error {
	if present < 1 || present > expected {
		return errs.ErrInvalid.With(errs.Field("present", "到会人数应在1到应到人数之间"))
	}
	for _, c := range candidates {
		if c.Votes < 0 || c.Against < 0 || c.Abstain < 0 || c.Votes+c.Against+c.Abstain != present {
			return errs.ErrInvalid.With(errs.Field("counts", "每位候选人的赞成、反对、弃权加起来应等于到会人数"))
		}
	}
	return nil
}

// shown is a number that may be told of a round that still runs, -1 for too few.
func shown(n int) int {
	if n < fewest {
		return -1
	}
	return n
}

func checkReason(reason string) error {
	if utf8.RuneCountInString(reason) > maxReason {
		return errs.ErrInvalid.With(errs.Field("reason", "原因太长，请缩短一些"))
	}
	return nil
}

// stamp brings a time to the precision of the database.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
