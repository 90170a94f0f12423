package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"strings"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// StartLogin begins a sign-in at a desktop. Who is asking is nobody yet; address counts against those
// who would fill the table.
func (s *Service) StartLogin(ctx context.Context, agent, address string) (StartedLogin, error) {
	window := s.clk.Now().Unix() / int64(guessWindow/time.Second)
	n := s.guesses.add(ctx, window, []string{"console:" + address, "console"}, 1)
	if n[0] > loginsPerAddress || n[1] > loginsEverywhere {
		return StartedLogin{}, errs.ErrTooMany
	}
	number, err := newNumber()
	if err != nil {
		return StartedLogin{}, err
	}
	now, token := s.clk.Now(), rand.Text()
	l := StartedLogin{Secret: rand.Text(), QR: strings.TrimRight(s.console.PublicURL, "/") + consolePath + token,
		ConsoleLogin: ConsoleLogin{ID: s.ids.New(), Number: number, Device: deviceOf(agent, address), State: LoginPending,
			CreatedAt: now, ExpiresAt: now.Add(loginLife)}}
	return l, s.store.insertLogin(ctx, l.ConsoleLogin, digest(token), digest(l.Secret))
}

// ScanLogin takes a sign-in for the account whose phone scanned its code, and tells what is waiting.
// Nothing is approved by it. The same phone may scan again, another one may not.
func (s *Service) ScanLogin(ctx context.Context, who actor.Actor, code string) (ConsoleLogin, error) {
	token, ok := parseLogin(code)
	if !ok {
		return ConsoleLogin{}, ErrNoLoginCode
	}
	l, err := s.store.loginByToken(ctx, digest(token))
	if errors.Is(err, errs.ErrNotFound) {
		return ConsoleLogin{}, ErrLoginExpired // swept away
	}
	if err != nil {
		return ConsoleLogin{}, err
	}
	if err := s.mayLogin(who, l); err != nil {
		return ConsoleLogin{}, s.refusedLogin(ctx, who, l, err)
	}
	if l.State == LoginScanned {
		return l, nil
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		won, err := s.store.moveLogin(ctx, l.ID, 0, LoginPending, LoginScanned, who.Account, s.clk.Now())
		if err != nil || !won {
			return err
		}
		return s.note(ctx, who, "scan_login", "console_login", l.ID, actor.Place{}, nil)
	})
	if err != nil {
		return ConsoleLogin{}, err
	}
	if l, err = s.store.login(ctx, l.ID); err != nil {
		return ConsoleLogin{}, err
	}
	if err := s.mayLogin(who, l); err != nil { // another phone was faster
		return ConsoleLogin{}, s.refusedLogin(ctx, who, l, err)
	}
	return l, nil
}

// mayLogin says whether a phone may go on with a sign-in.
func (s *Service) mayLogin(who actor.Actor, l ConsoleLogin) *errs.Error {
	switch {
	case who.Console:
		return ErrPhoneOnly
	case !who.Staff():
		return ErrNotStaff
	}
	return l.refusal(who.Account, s.clk.Now())
}

// refusedLogin notes why somebody was refused and gives the refusal back.
func (s *Service) refusedLogin(ctx context.Context, who actor.Actor, l ConsoleLogin, why *errs.Error) error {
	if err := s.note(ctx, who, "refused_login", "console_login", l.ID, actor.Place{}, map[string]any{"why": why.Code}); err != nil {
		return err
	}
	return why
}

// DecideLogin approves or refuses a sign-in that this account's phone scanned.
func (s *Service) DecideLogin(ctx context.Context, who actor.Actor, login id.ID, approve bool) error {
	l, err := s.store.login(ctx, login)
	if err != nil {
		return err
	}
	if l.Account != who.Account {
		return errs.ErrNotFound
	}
	if err := s.mayLogin(who, l); err != nil {
		return s.refusedLogin(ctx, who, l, err)
	}
	to, verb := LoginRefused, "deny_login"
	if approve {
		to, verb = LoginApproved, "approve_login"
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		won, err := s.store.moveLogin(ctx, l.ID, who.Account, LoginScanned, to, who.Account, s.clk.Now())
		if err != nil {
			return err
		}
		if !won {
			return ErrLoginUsed
		}
		return s.note(ctx, who, verb, "console_login", l.ID, actor.Place{},
			map[string]any{"browser": l.Device.Browser, "address": l.Device.Address})
	})
}

// PollLogin tells the desktop how its sign-in stands. Approved comes once, with the token of a new
// session; errs.ErrNotFound for a wrong secret.
func (s *Service) PollLogin(ctx context.Context, login id.ID, secret string) (LoginPoll, error) {
	l, err := s.store.login(ctx, login)
	if err != nil {
		return LoginPoll{}, err
	}
	hash, err := s.store.loginSecret(ctx, login)
	if err != nil {
		return LoginPoll{}, err
	}
	if subtle.ConstantTimeCompare(hash, digest(secret)) != 1 {
		return LoginPoll{}, errs.ErrNotFound
	}
	switch now := s.clk.Now(); {
	case l.over(now):
		return LoginPoll{State: LoginExpired}, nil
	case l.State == LoginApproved:
		return s.openConsole(ctx, l, now)
	}
	return LoginPoll{State: l.State}, nil
}

// openConsole turns an approved sign-in into a session. Its token is made here and now: nothing that
// anybody knew before leads into it.
func (s *Service) openConsole(ctx context.Context, l ConsoleLogin, now time.Time) (LoginPoll, error) {
	token := consolePrefix + rand.Text() + rand.Text()
	c := ConsoleSession{ID: s.ids.New(), Account: l.Account, Device: l.Device, CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(s.console.Max)}
	out := LoginPoll{State: LoginUsed}
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		won, err := s.store.moveLogin(ctx, l.ID, l.Account, LoginApproved, LoginUsed, l.Account, now)
		if err != nil || !won {
			return err
		}
		if err := s.store.insertSession(ctx, c, digest(token)); err != nil {
			return err
		}
		out = LoginPoll{State: LoginApproved, Token: token, ExpiresAt: c.ExpiresAt, Account: l.Account}
		who, _, err := s.actor(ctx, l.Account)
		if err != nil {
			return err
		}
		return s.note(ctx, who, "open_console", "console_session", c.ID, actor.Place{},
			map[string]any{"browser": c.Device.Browser, "address": c.Device.Address})
	})
	if err != nil {
		return LoginPoll{}, err
	}
	return out, nil
}

// consoleActor gives who asks with the token of a console session. The session is looked up with every
// request: one that was ended is over everywhere at once, and so is that of somebody without an office.
func (s *Service) consoleActor(ctx context.Context, token string) (actor.Actor, error) {
	c, err := s.store.sessionByToken(ctx, digest(token))
	if errors.Is(err, errs.ErrNotFound) {
		return actor.Actor{}, ErrConsoleEnded
	}
	if err != nil {
		return actor.Actor{}, err
	}
	now := s.clk.Now()
	if !c.alive(now, s.console.Idle) {
		return actor.Actor{}, ErrConsoleEnded
	}
	if now.Sub(c.SeenAt) >= seenEvery {
		if err := s.store.seen(ctx, c.ID, now); err != nil {
			return actor.Actor{}, err
		}
	}
	a, err := s.known.get(ctx, c.Account, s.actor)
	if err != nil {
		return actor.Actor{}, err
	}
	if !a.Staff() {
		return actor.Actor{}, ErrConsoleEnded
	}
	a.Console, a.Session = true, c.ID
	return a, nil
}

// Sessions gives the desktops at which the account is signed in, newest first.
func (s *Service) Sessions(ctx context.Context, who actor.Actor) ([]ConsoleSession, error) {
	now, idle := s.times()
	return s.store.sessionsOf(ctx, who.Account, now, idle)
}

// times gives the moment, and since when a session must have been seen.
func (s *Service) times() (now, idle time.Time) {
	now = s.clk.Now()
	return now, now.Add(-s.console.Idle)
}

// EndSession signs one of the account's desktops out.
func (s *Service) EndSession(ctx context.Context, who actor.Actor, session id.ID) error {
	if session == 0 {
		return errs.ErrNotFound
	}
	now, idle := s.times()
	return s.db.Tx(ctx, func(ctx context.Context) error {
		n, err := s.store.endSessions(ctx, who.Account, session, 0, now, idle)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.ErrNotFound
		}
		return s.note(ctx, who, "end_session", "console_session", session, actor.Place{}, nil)
	})
}

// EndOtherSessions signs all of the account's desktops out but the one that asks, and counts them.
func (s *Service) EndOtherSessions(ctx context.Context, who actor.Actor) (int, error) {
	now, idle := s.times()
	var n int64
	err := s.db.Tx(ctx, func(ctx context.Context) (err error) {
		if n, err = s.store.endSessions(ctx, who.Account, 0, who.Session, now, idle); err != nil || n == 0 {
			return err
		}
		return s.note(ctx, who, "end_other_sessions", "account", who.Account, actor.Place{}, map[string]any{"count": n})
	})
	return int(n), err
}

// PruneConsole removes sign-ins, sessions and confirmations that were over before a time; the audit
// lines stay.
func (s *Service) PruneConsole(ctx context.Context, before time.Time) error {
	return s.db.Tx(ctx, func(ctx context.Context) error { return s.store.pruneConsole(ctx, before) })
}
