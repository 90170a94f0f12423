package checkin

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/live"
)

const (
	boardViewers = 1000          // big screens on one instance
	boardAfter   = 2 * time.Hour // a board shows the result for so long
	boardLatest  = 8             // arrivals that it names
	boardPath    = "/h5/#/packages/board/index?t="
)

var (
	// ErrBoard tells that a big screen's link is none of ours.
	ErrBoard = errs.New(errs.NotFound, "checkin.board_unknown", "这个大屏链接不对，请联络员重新打开大屏")
	// ErrBoardClosed tells that the link was taken back.
	ErrBoardClosed = errs.New(errs.NotFound, "checkin.board_closed", "这个大屏链接已收回，请联络员重新打开大屏")
	// ErrBoardOver tells that its time is over.
	ErrBoardOver = errs.New(errs.NotFound, "checkin.board_over", "这次签到早已结束，大屏已经关闭")
)

// BoardLink opens a list's big screen without a session.
type BoardLink struct {
	Token, URL string
	Expires    time.Time
}

// OpenBoard makes a link for the big screen of a list, with or without the names of who arrives.
func (s *Service) OpenBoard(ctx context.Context, who actor.Actor, listID id.ID, names bool) (BoardLink, error) {
	l, a, err := s.open(ctx, who, actor.CheckInOthers, listID)
	if err != nil {
		return BoardLink{}, err
	}
	if s.Clock.Now().After(l.ClosesAt.Add(boardAfter)) {
		return BoardLink{}, errs.New(errs.Conflict, ErrBoardOver.Code, ErrBoardOver.Message)
	}
	if err := s.Activities.Refresh(ctx, a.ID); err != nil {
		return BoardLink{}, err
	}
	now, err := s.store.generation(ctx, l.ID)
	if err != nil {
		return BoardLink{}, err
	}
	err = s.Audit.Write(ctx, who, audit.Line{Action: "checkin.open_board", Kind: "activity", Subject: a.ID, Place: a.At(),
		Detail: map[string]any{"list": l.ID, "names": names}})
	token := s.codes.board(boardToken{List: l.ID, Names: names, Generation: now})
	return BoardLink{Token: token, URL: s.PublicURL + boardPath + token, Expires: l.ClosesAt.Add(boardAfter)}, err
}

// CloseBoards takes all links of a list's big screens back; those that are open go dark.
func (s *Service) CloseBoards(ctx context.Context, who actor.Actor, listID id.ID) error {
	l, a, err := s.open(ctx, who, actor.CheckInOthers, listID)
	if err != nil {
		return err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.nextGeneration(ctx, l.ID); err != nil {
			return err
		}
		return s.Audit.Write(ctx, who, audit.Line{Action: "checkin.close_boards", Kind: "activity", Subject: a.ID, Place: a.At(),
			Detail: map[string]any{"list": l.ID}})
	})
	if err == nil {
		s.changed(l.ID)
	}
	return err
}

// Board is one big screen that watches its list.
type Board struct {
	service *Service
	token   boardToken
	viewer  *live.Viewer[*screen]
	leave   func()
}

// Board lets the holder of a link watch; the link is the permission.
func (s *Service) Board(ctx context.Context, token string) (*Board, error) {
	t, ok := s.codes.openBoard(token)
	if !ok {
		return nil, ErrBoard
	}
	l, err := s.store.list(ctx, t.List)
	if err != nil {
		return nil, err
	}
	if s.Clock.Now().After(l.ClosesAt.Add(boardAfter)) {
		return nil, ErrBoardOver
	}
	now, err := s.store.generation(ctx, l.ID)
	if err != nil {
		return nil, err
	}
	if now != t.Generation {
		return nil, ErrBoardClosed
	}
	leave, err := s.screens.Enter()
	if err != nil {
		return nil, err
	}
	return &Board{service: s, token: t, viewer: s.boards.Join(l.ID), leave: leave}, nil
}

// Leave ends the watching.
func (b *Board) Leave() {
	b.viewer.Leave()
	b.leave()
}

// next waits for the next look of the board that differs from the one before.
func (b *Board) next(ctx context.Context) (*screen, string, error) {
	v, err := b.viewer.Next(ctx)
	if err != nil {
		return nil, "", err
	}
	if b.service.Clock.Now().After(v.Value.List.ClosesAt.Add(boardAfter)) {
		return nil, "", ErrBoardOver
	}
	if v.Value.boards != b.token.Generation {
		return nil, "", ErrBoardClosed
	}
	return v.Value, v.Version, nil
}

// ListState is whether somebody can sign in now.
type ListState string

// The states of a list.
const (
	ListBefore ListState = "before"
	ListOpen   ListState = "open"
	ListClosed ListState = "closed"
)

func (p *screen) listState() ListState {
	switch {
	case p.At.Before(p.List.OpensAt):
		return ListBefore
	case p.At.After(p.List.ClosesAt):
		return ListClosed
	}
	return ListOpen
}

// boardCode gives the code that a board shows at the moment of the picture, none when nobody can sign
// in with it, and for how long the picture holds.
func (s *Service) boardCode(p *screen) (code ScreenCode, next time.Duration) {
	next = lookAgain
	for _, edge := range []time.Time{p.List.OpensAt, p.List.ClosesAt.Add(time.Millisecond)} {
		if d := edge.Sub(p.At); d > 0 {
			next = min(next, d)
		}
	}
	if p.Activity.Cancelled || p.listState() != ListOpen {
		return ScreenCode{}, next
	}
	c := s.codes.Venue(p.List.ID, p.At)
	return ScreenCode{VenueCode: c, URL: s.PublicURL + venuePath + c.Token}, min(next, c.Refresh)
}

// screen is a list at one moment, as big screens see it: figures and the last arrivals. Who is on the list is not
// read by name, so that a hall of a hundred thousand costs little more than one of a hundred.
type screen struct {
	At       time.Time
	List     List
	Activity activity.Activity
	Counts   Tally
	Latest   []Record // newest first
	People   map[id.ID]ledger.Person
	boards   int      // generation of the links that count
	frames   [2]frame // without and with names
}

// lookAtBoard renders a list for all big screens that watch it.
func (s *Service) lookAtBoard(ctx context.Context, listID id.ID) (view live.View[*screen], err error) {
	p := &screen{At: s.Clock.Now()}
	if p.List, p.Activity, err = s.listOf(ctx, listID); err != nil {
		return view, err
	}
	present, err := s.store.presentOn(ctx, listID)
	if err != nil {
		return view, err
	}
	listed, err := s.Activities.Listed(ctx, p.Activity.ID)
	if err != nil {
		return view, err
	}
	if listed, err = s.dueOf(ctx, p.List, listed, present); err != nil {
		return view, err
	}
	again, err := s.store.conflicts(ctx, listID, nil)
	if err != nil {
		return view, err
	}
	p.Counts, p.Latest = Count(listed, present), latest(present, again)
	people := make([]id.ID, len(p.Latest))
	for i, r := range p.Latest {
		people[i] = r.Person
	}
	if p.People, err = s.Directory.Persons(ctx, people); err != nil {
		return view, err
	}
	if p.boards, err = s.store.generation(ctx, listID); err != nil {
		return view, err
	}
	a := p.Activity
	code, next := s.boardCode(p)
	sum := sha256.New()
	fmt.Fprintln(sum, p.Counts, a.Title, a.Place, a.StartsAt, a.EndsAt, a.State(p.At), p.List, p.listState(), p.boards, code.Token)
	for _, r := range p.Latest {
		fmt.Fprintln(sum, r.Person, r.Happened, p.People[r.Person].Name, p.People[r.Person].Unit)
	}
	return live.View[*screen]{Value: p, Version: hex.EncodeToString(sum.Sum(nil)[:8]), Next: min(next, lookAgain)}, nil
}

// latest gives the last arrivals, newest first, each at the earliest moment that a door has seen.
func latest(present map[id.ID]Record, again map[id.ID][]Record) []Record {
	out := make([]Record, 0, boardLatest+1)
	newer := func(a, b Record) int {
		return cmp.Or(b.Happened.Compare(a.Happened), b.Recorded.Compare(a.Recorded), cmp.Compare(b.Person, a.Person))
	}
	for person, r := range present {
		r.Happened = earliest(r, again[person]).Happened
		at, _ := slices.BinarySearchFunc(out, r, newer)
		if out = slices.Insert(out, at, r); len(out) > boardLatest {
			out = out[:boardLatest]
		}
	}
	return out
}

// frame is a board's view, written once for all who get it.
type frame struct {
	once sync.Once
	data []byte
}
