package notice_test

import (
	"strings"
	"testing"
	"time"

	"bense/server/internal/id"
	"bense/server/internal/notice"
	"bense/server/internal/wechat"
)

// A phone may act for several people, of whom a message is for one.
func TestAMessageThatComesBackGoesOnToThoseItWasFor(t *testing.T) {
	h, o := wide(t, true)
	h.bound[1102] = []id.ID{accountOf(1101)} // a couple with one phone for WeChat and two numbers
	h.published()
	h.work()
	h.accept(notice.ForChange, 1, 1101)
	h.send, o.texted = refused, map[string]string{}
	h.must(h.svc.Placed(t.Context(), party, []id.ID{1101}))
	h.work()
	if len(o.texted) != 1 || o.texted["19900001101"] == "" {
		t.Errorf("who has got no place is told of one: %v", o.texted)
	}
}

// follow drafts a notice to those who have not answered.
func (h *house) follow(main id.ID) id.ID {
	h.t.Helper()
	n, err := h.svc.Create(h.t.Context(), head(), alliance, 0, "还没答复的老同志", "请点开告诉我们来不来。")
	h.must(err)
	h.must(failure(h.svc.Address(h.t.Context(), head(), n.Notice.ID, notice.Audience{Kind: notice.NotAnswered}, main)))
	return n.Notice.ID
}

// Who reads what followed sees a move that came after it, too; once the notice before is closed, nobody else tells them.
func TestWhatFollowsANoticeMovesWithIt(t *testing.T) {
	h := newHouse(t)
	main := h.published()
	h.moveTo(head(), time.Hour, "黄河文化馆")
	h.clk.Advance(time.Minute)
	key := h.follow(main)
	h.must(failure(h.svc.Publish(t.Context(), head(), key, h.rev(key), false)))
	h.clk.Advance(time.Minute)
	moves := func(key id.ID) int {
		i, err := h.svc.Get(t.Context(), member(1201), key)
		h.must(err)
		return len(i.Moves)
	}
	if moves(main) != 1 || moves(key) != 0 {
		t.Errorf("%d and %d moves", moves(main), moves(key))
	}
	if data, err := h.svc.Calendar(t.Context(), member(1201), key); err != nil || !strings.Contains(string(data), "SEQUENCE:2\r\n") {
		t.Errorf("a calendar keeps the entry of the notice before: %s %v", data, err)
	}
	h.accept(notice.ForChange, 2, 1201)
	h.moveTo(head(), time.Hour, "老年大学二楼")
	h.work()
	if moves(main) != 2 || moves(key) != 1 || len(h.sent) != 1 {
		t.Errorf("%d and %d moves, %d messages", moves(main), moves(key), len(h.sent))
	}
	h.must(failure(h.svc.Read(t.Context(), member(1201), key, notice.ViaInbox, nil)))
	h.must(failure(h.svc.Close(t.Context(), head(), main)))
	h.clk.Advance(time.Minute)
	h.moveTo(head(), time.Hour, "老年大学三楼")
	h.work()
	if moves(main) != 2 || moves(key) != 2 || len(h.sent) != 2 || h.timeline(key).Tally.Read != 0 {
		t.Errorf("%d and %d moves, %d messages, %+v", moves(main), moves(key), len(h.sent), h.timeline(key).Tally)
	}
}

func TestWhatFollowsANoticeEndsWithIt(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(h *house, main id.ID) error
		want notice.State
	}{
		"called off": {func(h *house, main id.ID) error {
			return failure(h.svc.Cancel(h.t.Context(), head(), main, "写错了"))
		}, notice.Cancelled},
		"closed": {func(h *house, main id.ID) error {
			return failure(h.svc.Close(h.t.Context(), head(), main))
		}, notice.Draft},
		"closed, then the activity called off": {func(h *house, main id.ID) error {
			h.must(failure(h.svc.Close(h.t.Context(), head(), main)))
			return h.svc.ActivityCancelled(h.t.Context(), party, "下雨")
		}, notice.Cancelled},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			main := h.published()
			key, draft := h.follow(main), h.follow(main)
			h.must(failure(h.svc.Schedule(t.Context(), head(), key, h.rev(key), start.Add(2*time.Hour), false)))
			h.must(c.end(h, main))
			h.clk.Advance(3 * time.Hour)
			h.work()
			if got := h.state(key); got.State != c.want {
				t.Errorf("%+v", got)
			}
			if failure(h.svc.Publish(t.Context(), head(), draft, h.rev(draft), false)) == nil {
				t.Error("it goes out all the same")
			}
		})
	}
}

// People answer on the activity's page also before its notice is out.
func TestWhoHasAnsweredBeforeIsNotAskedAgain(t *testing.T) {
	h := newHouse(t)
	h.answers[1203] = notice.Answer{Answer: "going"}
	main := h.published()
	c, err := h.svc.Choices(t.Context(), head(), alliance)
	h.must(err)
	if len(c.Silent) != 1 || c.Silent[0].People != 8 {
		t.Errorf("%+v", c.Silent)
	}
	key := h.follow(main)
	h.must(failure(h.svc.Publish(t.Context(), head(), key, h.rev(key), false)))
	if got := h.timeline(key).Tally.Recipients; got != 8 {
		t.Errorf("%d are asked", got)
	}
}

// Who approves a notice approves what they have read: the pictures and the people, too.
func TestWhatWasNotReadIsNotApproved(t *testing.T) {
	for name, change := range map[string]func(h *house, key id.ID) error{
		"people": func(h *house, key id.ID) error {
			return failure(h.svc.Address(h.t.Context(), head(), key, notice.Audience{Kind: notice.SomeUnits, Subjects: []id.ID{12}}, 0))
		},
		"pictures": func(h *house, key id.ID) error {
			return failure(h.svc.AddPhoto(h.t.Context(), head(), key, snapshot(h.t)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			key := h.draft()
			h.must(failure(h.svc.Submit(t.Context(), head(), key, time.Time{})))
			read := h.state(key).Revision
			h.must(failure(h.svc.Withdraw(t.Context(), head(), key)))
			h.must(change(h, key))
			h.must(failure(h.svc.Submit(t.Context(), head(), key, time.Time{})))
			h.want(failure(h.svc.Approve(t.Context(), lead(), key, read)), notice.ErrChanged)
			if len(h.checked) != 1 {
				t.Error("WeChat is asked about the same text again")
			}
			h.must(failure(h.svc.Approve(t.Context(), lead(), key, h.state(key).Revision)))
		})
	}
}

// Two messages that come back are one text to the telephone that a couple shares.
func TestACouplesTelephoneRingsOnce(t *testing.T) {
	h, _ := wide(t, true)
	h.phones = map[id.ID]string{1101: "19900009999", 1102: "19900009999"}
	h.accept(notice.ForNotice, 1, 1101, 1102)
	h.send = refused
	key := h.published()
	h.work()
	if got := h.messages(key); (got[1101] == "") == (got[1102] == "") || got[1103] != "sms sent" {
		t.Errorf("%v", got)
	}
}

func TestWhatWentOnAsATextHasNotFailed(t *testing.T) {
	h, _ := wide(t, true)
	h.accept(notice.ForNotice, 1, 1101)
	h.send = func(wechat.SubscribeMessage) error { return &wechat.Error{Code: wechat.BadField} }
	key := h.published()
	h.work()
	if got := h.messages(key); got[accountOf(1101)] != "subscribe failed" || got[1101] != "sms sent" {
		t.Fatalf("%v", got)
	}
	if l := h.failed(staff(), ""); len(l) != 0 {
		t.Errorf("%+v", l)
	}
	var d int64
	h.must(h.db.SQL().QueryRowContext(t.Context(), "SELECT id FROM notice_deliveries WHERE state = 'failed'").Scan(&d))
	h.accept(notice.ForNotice, 1, 1101)
	h.want(failure(h.svc.Resend(t.Context(), staff(), []id.ID{id.ID(d)}, false)), notice.ErrNothingToSend)
}
