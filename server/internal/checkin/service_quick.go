package checkin

import (
	"context"
	"time"

	"bense/server/internal/id"
)

// quick is SignIn for the ordinary case, without a question to the database but the record itself: a
// live ticket of the caller, a person of the caller's who is expected, inside the window. ok is false
// where anything is unusual; then SignIn judges, with the rights that the database knows. An account
// is known here only by its token: that it acts for the person is read from the list's snapshot. Everything has to be
// certain by a moment of clock.Elapsed.
func (s *Service) quick(ctx context.Context, account id.ID, tap Tap, by time.Duration) (r Result, ok bool, err error) {
	nonce, ok := ParseNonce(tap.Nonce)
	if !ok {
		return Result{}, false, nil
	}
	tk, ok := s.codes.OpenTicket(tap.Ticket)
	if !ok || tk.Account != account {
		return Result{}, false, nil
	}
	snap := s.snapshots.get(ctx, tk.List)
	if snap == nil || snap.List.Kind.further() {
		return Result{}, false, nil
	}
	if snap.Spent[nonce] {
		return Result{}, false, nil
	}
	tied, ok := snap.tied(account, tap.Person)
	if !ok {
		return Result{}, false, nil
	}
	now := s.Clock.Now()
	at, flag, late := Moment(snap.List, snap.Activity.StartsAt, tap.Happened, now, Self, false)
	if late || !tk.Covers(now) || !tk.Covers(at) {
		return Result{}, false, nil
	}
	if flag == "" {
		flag = tk.Doubt()
	}
	if m, here := snap.present(tied.Person); here {
		return snap.again(tied, tap, nonce, m, at, now)
	}
	facts := Facts{Genuine: true, Current: true, Cancelled: snap.Activity.Cancelled, Known: true,
		Active: snap.State[tied.Person]&stateActive != 0, OnList: true, At: at, Opens: snap.List.OpensAt, Closes: snap.List.ClosesAt,
		Excused: snap.State[tied.Person]&stateExcused != 0, LeaveToPresent: tap.LeaveToPresent}
	if Judge(facts) != OK {
		return Result{}, false, nil
	}
	rec := Record{List: tk.List, Person: tap.Person, Attempt: nonce, Door: Self, Happened: at, Recorded: now, By: account,
		OnBehalf: tied.Family, Flag: flag}
	stands, err := s.writer.write(rec, &snap.Activity, by)
	if err != nil {
		return Result{}, true, err
	}
	mine := stands.Attempt == nonce
	if mine && !snap.current() { // perhaps this attempt was taken back while it was under way once more
		if spent, err := s.store.withdraw(ctx, stands); spent || err != nil {
			return Result{}, err != nil, err
		}
	}
	if stands.Door == Self && !stands.OnBehalf && !snap.Contested[tap.Person] {
		m := mark{stands.Attempt, stands.Happened.UnixMilli()}
		snap.remember(tied.Person, m)
		if !mine {
			return snap.again(tied, tap, nonce, m, at, now)
		}
	}
	if !mine {
		return Result{}, false, nil
	}
	s.changed(tk.List)
	return snap.result(tied, tap, OK, stands.Happened, nil, now), true, nil
}

// again answers somebody of whom the database is known to hold a record of the own phone.
func (s *snapshot) again(tied tie, tap Tap, nonce [16]byte, m mark, at, now time.Time) (Result, bool, error) {
	first := time.UnixMilli(m.happened).UTC()
	if m.attempt == nonce {
		return s.result(tied, tap, OK, first, nil, now), true, nil
	}
	if s.Activity.Cancelled || s.State[tied.Person]&stateActive == 0 {
		return Result{}, false, nil
	}
	return s.result(tied, tap, Already, at, &First{At: first, Door: Self, By: "本人"}, now), true, nil
}

func (s *snapshot) result(tied tie, tap Tap, a Answer, happened time.Time, first *First, now time.Time) Result {
	p := s.person(tied.Person)
	r := Result{Answer: a, Nonce: tap.Nonce, Person: &p, Activity: &s.Activity, List: s.List.ID, Happened: happened, First: first}
	var at time.Time
	if first != nil {
		at = first.At
	}
	r.Message = Message(a, at, s.List.OpensAt, now)
	return r
}

// Close commits what waits, and ends what runs in the background.
func (s *Service) Close() {
	s.writer.close()
	s.told.close()
	s.snapshots.close()
}
