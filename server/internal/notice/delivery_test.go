package notice_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/notice"
	"bense/server/internal/page"
	"bense/server/internal/wechat"
)

// couple acts for two persons with one phone.
func couple() actor.Actor {
	a := member(1102)
	a.Persons = append(a.Persons, 1103)
	a.Grants = append(a.Grants, memberGrant(1103, 11))
	return a
}

func TestReadCountsForAllPersonsOfThePhone(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	r, err := h.svc.Read(t.Context(), couple(), key, notice.ViaPush, nil)
	h.must(err)
	if len(r.People) != 2 || r.People[0].ReadAt.IsZero() || r.Group != "" {
		t.Errorf("%+v", r)
	}
	h.clk.Advance(time.Hour)
	_, err = h.svc.Read(t.Context(), couple(), key, notice.ViaInbox, nil)
	h.must(err)
	list, err := h.svc.Recipients(t.Context(), head(), key, notice.HaveRead)
	h.must(err)
	if len(list) != 2 || !list[0].ReadAt.Equal(start) || list[0].ReadVia != notice.ViaPush {
		t.Errorf("%+v", list)
	}
	if r, err := h.svc.Read(t.Context(), liaison(11), key, notice.ViaInbox, nil); err != nil || len(r.People) != 0 {
		t.Errorf("%+v %v", r, err)
	}
	draft, err := h.svc.Create(t.Context(), head(), alliance, 0, "题", "文")
	h.must(err)
	_, err = h.svc.Read(t.Context(), head(), draft.Notice.ID, notice.ViaInbox, nil)
	h.want(err, notice.ErrNotOut)
	_, err = h.svc.Read(t.Context(), member(2101), key, notice.ViaInbox, nil)
	h.want(err, errs.ErrNotFound)
	_, err = h.svc.Read(t.Context(), couple(), key, "telepathy", nil)
	h.want(err, errs.ErrInvalid)
}

func TestGroupEntryIsProven(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	for _, c := range []struct {
		person id.ID
		sealed *notice.SealedGroup
		group  string
		via    notice.Via
	}{
		{1102, nil, "", notice.ViaInbox},
		{1103, &notice.SealedGroup{EncryptedData: "broken"}, "unproven", notice.ViaInbox},
		{1104, &notice.SealedGroup{EncryptedData: "ours"}, "own", notice.ViaGroup}, // the first binds it
		{1105, &notice.SealedGroup{EncryptedData: "family"}, "other", notice.ViaOtherGroup},
		{1201, &notice.SealedGroup{EncryptedData: "ours"}, "own", notice.ViaGroup},
	} {
		r, err := h.svc.Read(t.Context(), member(c.person), key, notice.ViaGroup, c.sealed)
		h.must(err)
		if r.Group != c.group || r.People[0].ReadAt.IsZero() {
			t.Errorf("%d: %+v", c.person, r)
		}
		list, err := h.svc.Recipients(t.Context(), head(), key, notice.HaveRead)
		h.must(err)
		i := slices.IndexFunc(list, func(r notice.Reader) bool { return r.Person == c.person })
		if i < 0 || list[i].ReadVia != c.via {
			t.Errorf("%d: %+v", c.person, list)
		}
	}
	if h.group() != "ours" {
		t.Error(h.group())
	}
}

func TestAnswers(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	h.answers[1102] = notice.Answer{Answer: "going"}
	h.must(h.svc.Answered(t.Context(), party, 1102, accountOf(1102)))
	h.answers[1201] = notice.Answer{Answer: "leave", Reason: "住院"}
	h.must(h.svc.Answered(t.Context(), party, 1201, liaison(12).Account)) // staff wrote it down
	h.must(h.svc.Answered(t.Context(), 1, 1102, 0))                       // of an activity without notice
	got := h.timeline(key).Tally
	if got.Answered != 2 || got.Read != 1 || got.Unreached != 7 {
		t.Errorf("%+v", got)
	}
	list, err := h.svc.Recipients(t.Context(), liaison(12), key, notice.Answered)
	h.must(err)
	if len(list) != 1 || list[0].Name != "人1201" || list[0].Answer != "leave" {
		t.Errorf("%+v", list)
	}
	for of, want := range map[notice.People]int{notice.Everybody: 9, notice.Unread: 7, notice.HaveRead: 1, notice.Answered: 2} {
		list, err := h.svc.Recipients(t.Context(), head(), key, of)
		if err != nil || len(list) != want {
			t.Errorf("%q: %d %v", of, len(list), err)
		}
	}
	_, err = h.svc.Recipients(t.Context(), head(), key, "nonsense")
	h.want(err, errs.ErrInvalid)
	inbox, err := h.svc.Inbox(t.Context(), member(1201), page.Page{})
	h.must(err)
	if p := inbox.Items[0].People[0]; p.Answer != "leave" || p.Reason != "住院" {
		t.Errorf("%+v", p)
	}
}

func TestReminders(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForReminder, 2, 1102, 1103, 1104, 1201)
	key := h.draft()
	_, err := h.svc.Remind(t.Context(), head(), key)
	h.want(err, notice.ErrNotOut)
	h.publishDraft(key)
	_, err = h.svc.Read(t.Context(), member(1102), key, notice.ViaInbox, nil)
	h.must(err)
	_, err = h.svc.RecordCall(t.Context(), head(), key, 1103, notice.Spoken{Outcome: notice.Told})
	h.must(err)
	if n, err := h.svc.Remind(t.Context(), head(), key); err != nil || n != 2 { // 1104, 1201
		t.Errorf("%d %v", n, err)
	}
	_, err = h.svc.Read(t.Context(), member(1104), key, notice.ViaInbox, nil) // before the message goes out
	h.must(err)
	h.work()
	if len(h.sent) != 1 || h.remaining(1104, notice.ForReminder) != 2 || h.remaining(1201, notice.ForReminder) != 1 {
		t.Errorf("%v", h.sent)
	}
	h.clk.Advance(29 * time.Minute)
	_, err = h.svc.Remind(t.Context(), head(), key)
	h.want(err, notice.ErrTooSoon)
	h.clk.Advance(time.Minute)
	if n, err := h.svc.Remind(t.Context(), head(), key); err != nil || n != 1 {
		t.Errorf("%d %v", n, err)
	}
	if n, err := h.svc.Remind(t.Context(), head(), key); !errors.Is(err, notice.ErrTooSoon) {
		t.Errorf("%d %v", n, err)
	}
	h.clk.Advance(time.Hour)
	for range 2 { // nobody has agreed any more: no round, no waiting
		if n, err := h.svc.Remind(t.Context(), head(), key); err != nil || n != 0 {
			t.Errorf("%d %v", n, err)
		}
	}
	if got := h.timeline(key).Reminders; len(got) != 2 || got[0].People != 2 || got[1].Round != 2 {
		t.Errorf("%+v", got)
	}
}

func TestOneReminderOfTwentyWins(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForReminder, 30, 1102)
	key := h.published()
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			switch _, err := h.svc.Remind(t.Context(), head(), key); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, notice.ErrTooSoon):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || h.remaining(1102, notice.ForReminder) != 29 {
		t.Errorf("%d won, %d left", won.Load(), h.remaining(1102, notice.ForReminder))
	}
}

func TestCallListKeepsToTheScope(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	_, err := h.svc.Read(t.Context(), couple(), key, notice.ViaInbox, nil)
	h.must(err)
	if d := cmp.Diff([]id.ID{1101, 1104, 1105}, h.calls(liaison(11), key)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]id.ID{1101, 1104, 1105, 1201, 1202, 1203, 1204}, h.calls(head(), key)); d != "" {
		t.Error(d)
	}
	list, err := h.svc.Calls(t.Context(), liaison(12), key, true)
	h.must(err)
	if len(list) != 4 || list[0].Phone != "19900001201" || list[0].UnitName != "单位12" {
		t.Errorf("%+v", list)
	}
	if n, err := h.audits.Count(t.Context(), "notice.call_list", key); err != nil || n != 3 {
		t.Errorf("%d looks written down, %v", n, err)
	}
	_, err = h.svc.RecordCall(t.Context(), liaison(12), key, 1101, notice.Spoken{Outcome: notice.Told})
	h.want(err, errs.ErrNotFound)
	if got, err := h.svc.Timeline(t.Context(), liaison(12), key); err != nil || got.Tally.Recipients != 4 || got.Pushes.NoCredit != 4 {
		t.Errorf("%+v %v", got.Tally, err)
	}
}

func TestOutcomesOfCalls(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	call := func(person id.ID, o notice.Outcome, note, reason string) error {
		h.clk.Advance(time.Second)
		_, err := h.svc.RecordCall(t.Context(), liaison(11), key, person, notice.Spoken{Outcome: o, Note: note, Reason: reason})
		return err
	}
	h.must(call(1101, notice.Told, "女儿接的", ""))
	h.must(call(1102, notice.NoAnswer, "", ""))
	h.must(call(1103, notice.OnLeave, "", "住院"))
	h.must(call(1104, notice.WrongNumber, "", ""))
	h.must(call(1105, notice.Told, "", ""))
	h.must(call(1105, notice.Inconvenient, "记错了人", "")) // the latest word counts
	if d := cmp.Diff([]id.ID{1102, 1104, 1105}, h.calls(liaison(11), key)); d != "" {
		t.Error(d)
	}
	all, err := h.svc.Calls(t.Context(), liaison(11), key, true)
	h.must(err)
	if len(all) != 5 {
		t.Fatalf("%d on the list with those called", len(all))
	}
	if c := all[0]; c.Note != "女儿接的" || c.By != "账号60011" || c.Outcome != notice.Told || c.ToldAt.IsZero() || !c.At.Equal(c.ToldAt) {
		t.Errorf("%+v", c)
	}
	if c := all[2]; c.Answer != "leave" || h.answers[1103].Reason != "住院" || !c.ReadAt.IsZero() {
		t.Errorf("%+v", c)
	}
	if c := all[4]; c.Outcome != notice.Inconvenient || !c.ToldAt.IsZero() {
		t.Errorf("%+v", c)
	}
	for want, err := range map[error]error{
		errs.ErrInvalid:  call(1101, "shouted", "", ""),
		errs.ErrNotFound: call(1201, notice.Told, "", ""),
	} {
		h.want(err, want)
	}
	h.want(call(1101, notice.Told, strings.Repeat("长", 201), ""), errs.ErrInvalid)
	plain, err := h.svc.Create(t.Context(), head(), alliance, 0, "题", "文")
	h.must(err)
	key = h.publishDraft(plain.Notice.ID)
	h.want(call(1101, notice.OnLeave, "", "住院"), notice.ErrNoAnswer)
}

// One call serves a couple: both are reached, each with a line of their own.
func TestOneCallForTwo(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	for _, p := range []id.ID{1101, 1104, 1201} {
		one := h.people[p]
		one.HouseholdID = 9
		h.people[p] = one
	}
	list, err := h.svc.Calls(t.Context(), head(), key, false)
	h.must(err)
	if list[0].Person != 1101 || list[1].Person != 1104 || list[2].Person != 1201 || list[0].Household != 9 {
		t.Errorf("%d %d %d", list[0].Person, list[1].Person, list[2].Person)
	}
	both := func(person id.ID, o notice.Outcome, with ...id.ID) error {
		_, err := h.svc.RecordCall(t.Context(), liaison(11), key, person, notice.Spoken{Outcome: o, Note: "老伴接的", With: with})
		return err
	}
	h.must(both(1101, notice.Told, 1104))
	if d := cmp.Diff([]id.ID{1102, 1103, 1105}, h.calls(liaison(11), key)); d != "" {
		t.Error(d)
	}
	for _, p := range []id.ID{1101, 1104} {
		if n, err := h.audits.Count(t.Context(), "notice.call", p); err != nil || n != 1 {
			t.Errorf("%d lines about %d, %v", n, p, err)
		}
	}
	h.want(both(1102, notice.Told, 1103), errs.ErrInvalid)    // no family
	h.want(both(1101, notice.Told, 1201), errs.ErrNotFound)   // of another unit
	h.want(both(1101, notice.OnLeave, 1104), errs.ErrInvalid) // each has reasons of their own
	h.want(both(1101, notice.Told, 1101), errs.ErrInvalid)
}

func TestTimelineTellsTheStory(t *testing.T) {
	h := newHouse(t)
	h.accept(notice.ForNotice, 1, 1101, 1102)
	h.accept(notice.ForReminder, 1, 1103)
	key := h.draft()
	later := func() { h.clk.Advance(time.Minute) }
	later()
	h.publishDraft(key)
	later()
	h.work()
	later()
	_, err := h.svc.ShareCard(t.Context(), head(), key)
	h.must(err)
	_, err = h.svc.CardShared(t.Context(), head(), key, nil)
	h.must(err)
	later()
	_, err = h.svc.Read(t.Context(), member(1102), key, notice.ViaPush, nil)
	h.must(err)
	later()
	_, err = h.svc.Remind(t.Context(), head(), key)
	h.must(err)
	later()
	_, err = h.svc.RecordCall(t.Context(), head(), key, 1204, notice.Spoken{Outcome: notice.Told})
	h.must(err)
	_, err = h.svc.Close(t.Context(), head(), key)
	h.must(err)
	got := h.timeline(key)
	var kinds []string
	for _, s := range got.Steps {
		kinds = append(kinds, s.Kind)
	}
	if s := strings.Join(kinds, " "); s != "created published pushed card_shared read reminded called closed" {
		t.Error(s)
	}
	if got.CardWord != "closed" || got.Tally.Told != 1 || got.Tally.Unreached != 7 {
		t.Errorf("%+v %s", got.Tally, got.CardWord)
	}
}

func TestCardUpdatesAreGathered(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	h.clk.Advance(time.Minute)
	share, err := h.svc.ShareCard(t.Context(), head(), key)
	h.must(err)
	if share.Card.Limit != 9 || share.Path != "packages/notice/detail?id="+key.String()+"&card="+share.Card.ID.String() {
		t.Errorf("%+v", share)
	}
	again, err := h.svc.ShareCard(t.Context(), head(), key) // tapped, but not sent
	h.must(err)
	if again.Card.ID != share.Card.ID || h.cards != 1 {
		t.Error("a card that was never shared was thrown away")
	}
	_, err = h.svc.CardShared(t.Context(), head(), key, &notice.SealedGroup{EncryptedData: "ours"})
	h.must(err)
	_, err = h.svc.CardShared(t.Context(), head(), key, nil) // the page told it twice
	h.must(err)
	for i := range 60 { // a minute of answers, one each second
		person := []id.ID{1101, 1102, 1103, 1104, 1105, 1201}[i/10]
		h.answers[person] = notice.Answer{Answer: "going"}
		h.must(h.svc.Answered(t.Context(), party, person, accountOf(person)))
		h.work()
		h.clk.Advance(time.Second)
	}
	h.clk.Advance(time.Minute)
	h.work()
	if n := len(h.updates); n < 3 || n > 7 {
		t.Errorf("%d updates in a minute", n)
	}
	if last := h.updates[len(h.updates)-1]; last != (wechat.CardUpdate{State: wechat.CardOpen, Count: 6, Limit: 9}) {
		t.Errorf("%+v", last)
	}
	if c := h.timeline(key).Card; c.Count != 6 || h.group() != "ours" {
		t.Errorf("%+v", c)
	}
}

func TestCardsGrowOldAndAreRenewed(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	shared := func() {
		_, err := h.svc.ShareCard(t.Context(), head(), key)
		h.must(err)
		_, err = h.svc.CardShared(t.Context(), head(), key, nil)
		h.must(err)
		h.work()
	}
	shared()
	h.clk.Advance(time.Hour)
	shared() // anew: the old one says 已结束
	if len(h.updates) != 1 || h.updates[0].State != wechat.CardClosed || h.cards != 2 {
		t.Errorf("%+v", h.updates)
	}
	h.clk.Advance(25 * time.Hour)
	h.answers[1101] = notice.Answer{Answer: "going"}
	h.must(h.svc.Answered(t.Context(), party, 1101, accountOf(1101)))
	h.clk.Advance(time.Minute)
	h.work()
	if len(h.updates) != 1 || h.timeline(key).CardWord != "expired" {
		t.Errorf("%+v", h.updates)
	}
	shared()
	_, err := h.svc.Cancel(t.Context(), head(), key, "下雨")
	h.must(err)
	h.work()
	if last := h.updates[len(h.updates)-1]; last.State != wechat.CardClosed || len(h.updates) != 2 {
		t.Errorf("%+v", h.updates)
	}
	_, err = h.svc.ShareCard(t.Context(), head(), key)
	h.want(err, notice.ErrOver)
}

func TestCardWhileWeChatIsDown(t *testing.T) {
	h := newHouse(t)
	key := h.published()
	h.cardErr = &wechat.Error{Code: wechat.Unavailable, Retryable: true}
	_, err := h.svc.ShareCard(t.Context(), head(), key)
	h.want(err, notice.ErrNoCard)
	h.cardErr = nil
	_, err = h.svc.ShareCard(t.Context(), head(), key)
	h.must(err)
	_, err = h.svc.CardShared(t.Context(), head(), key, nil)
	h.must(err)
	h.answers[1101] = notice.Answer{Answer: "going"}
	h.must(h.svc.Answered(t.Context(), party, 1101, accountOf(1101)))
	h.cardErr = &wechat.Error{Code: wechat.NoAnswer, Retryable: true}
	h.clk.Advance(time.Minute)
	h.work()
	h.cardErr = nil
	h.clk.Advance(time.Minute)
	h.work()
	if h.timeline(key).Card.Count != 1 || len(h.updates) != 2 {
		t.Errorf("%+v", h.updates)
	}
}
