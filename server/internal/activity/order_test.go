package activity_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/notice"
	"bense/server/internal/outbox"
	"bense/server/internal/testdb"
	"bense/server/internal/wechat"
)

// phones are the accounts and the platform of these tests: everybody has an account of the person's own number,
// and every third message is refused.
type phones struct {
	accounts
	notice.WeChat
	calls atomic.Int64
}

func (*phones) AccountsOf(_ context.Context, persons []id.ID) (map[id.ID][]identity.Account, error) {
	out := map[id.ID][]identity.Account{}
	for _, p := range persons {
		out[p] = []identity.Account{{ID: p, OpenID: "open-" + p.String()}}
	}
	return out, nil
}

func (*phones) OpenID(_ context.Context, account id.ID) (string, error) {
	return "open-" + account.String(), nil
}
func (*phones) SessionKey(context.Context, id.ID) (string, error) { return "", nil }
func (*phones) AccountByOpenID(_ context.Context, openID string) (id.ID, bool, error) {
	account, err := id.Parse(openID[len("open-"):])
	return account, err == nil, nil
}
func (*phones) Holders(context.Context, []id.ID) ([]identity.Holder, error) { return nil, nil }
func (*phones) UnionIDs(context.Context, []id.ID) (map[id.ID]string, error) { return nil, nil }

func (*phones) CheckText(context.Context, string, int, string) (wechat.Verdict, error) {
	return wechat.Pass, nil
}

func (p *phones) SendSubscribe(context.Context, wechat.SubscribeMessage) error {
	if p.calls.Add(1)%3 == 0 {
		return &wechat.Error{Code: wechat.Refused, Errcode: 43101}
	}
	return nil
}

// withNotices gives the county real notices, and a worker that sends.
func (c *county) withNotices(t *testing.T) (*notice.Service, func() *outbox.Worker) {
	t.Helper()
	box, ob, p := testdb.Box(t), outbox.New(c.db, ids, c.clk), &phones{}
	fields := map[string]string{"title": "thing1", "time": "time2", "place": "thing3", "note": "thing4"}
	s := notice.New(notice.Deps{DB: c.db, Box: box, IDs: ids, Clock: c.clk, Audit: c.audit, Outbox: ob, Directory: c.ledger.Directory(),
		Committees: c.ledger, Groups: c.ledger, Accounts: p, WeChat: p, Templates: map[string]wechat.TemplateConfig{
			notice.ForNotice: {ID: "n", Fields: fields}, notice.ForReminder: {ID: "r", Fields: fields}, notice.ForChange: {ID: "c", Fields: fields},
		}})
	c.activity.Notices = s
	s.UseActivities(c.activity)
	return s, func() *outbox.Worker { return outbox.NewWorker(ob, nil, s.Dispatchers(), outbox.Options{}) }
}

// Answers, calls, corrections, moves, messages under way, refusals and a cancellation at the same time: nothing
// fails, and the database has to break up hardly any deadlock, because everybody takes the activity, its
// notices, recipients and messages in this order.
func TestOneOrderOfLocks(t *testing.T) {
	c := newCounty(t)
	s, worker := c.withNotices(t)
	people := slices.Concat(c.persons[0], c.persons[1])
	ctx := context.Background()
	may := func(err error, fine ...error) {
		if err != nil && !slices.ContainsFunc(fine, func(f error) bool { return errors.Is(err, f) }) {
			t.Error(err)
		}
	}
	before, steps := c.db.Repeats(), 0
	for round := range 4 {
		a := c.create(t)
		c.places(t, a, activity.Places{Capacity: 3})
		key := must(s.Create(t.Context(), c.head, c.alliances[0], a.ID, "七一主题党日", "请各位参加。"))(t).Notice.ID
		for _, occasion := range []string{"n", "r", "c"} {
			for _, p := range people {
				for n := range 9 {
					may(s.HandleEvent(ctx, wechat.Event{Kind: wechat.EventPopup, OpenID: "open-" + p.String(), At: c.clk.Now().Add(time.Duration(round*100+n) * time.Second),
						Items: []wechat.EventItem{{TemplateID: occasion, Accepted: true}}}))
				}
			}
		}
		must(s.Publish(t.Context(), c.head, key, 0, false))(t)
		var wg sync.WaitGroup
		do := func(n int, f func(i int)) {
			steps += n
			wg.Go(func() {
				for i := range n {
					f(i)
				}
			})
		}
		for _, p := range people {
			do(10, func(i int) {
				said := going(p)
				if i%2 == 1 {
					said = leaves(p)
				}
				may(c.activity.AnswerAll(ctx, c.head, a.ID, []activity.Said{said}))
			})
			do(3, func(int) {
				who := actor.Actor{Account: p, Persons: []id.ID{p}, Grants: c.memberOf(0, p).Grants}
				_, err := s.Read(ctx, who, key, notice.ViaInbox, nil)
				may(err)
			})
		}
		do(6, func(i int) {
			_, err := s.RecordCall(ctx, c.liaison, key, people[i%3], notice.Spoken{Outcome: notice.OnLeave, Reason: "身体不适"})
			may(err, notice.ErrOver, errs.ErrNotFound)
		})
		do(25, func(i int) {
			n, err := s.Get(ctx, c.head, key)
			may(err)
			body := fmt.Sprintf("请各位参加，第%d次更正。", i)
			_, err = s.Correct(ctx, c.head, key, n.Notice.Revision, notice.Wording{Body: &body})
			may(err, notice.ErrChanged, notice.ErrOver)
		})
		do(6, func(i int) {
			place := fmt.Sprintf("第%d会议室", i)
			_, err := c.activity.Change(ctx, c.head, a.ID, activity.Change{Place: &place})
			may(err)
		})
		for range 2 {
			w := worker()
			do(8, func(int) {
				_, err := w.RunOnce(ctx)
				may(err)
			})
		}
		wg.Wait()
		do(1, func(int) { must(c.activity.Cancel(ctx, c.head, a.ID, "下雨"))(t) })
		do(4, func(int) { must(worker().RunOnce(ctx))(t) })
		do(4, func(i int) {
			may(c.activity.AnswerAll(ctx, c.head, a.ID, []activity.Said{going(people[i])}), activity.ErrCancelled)
		})
		wg.Wait()
		must(worker().RunOnce(ctx))(t)
		if n := must(s.Get(ctx, c.head, key))(t).Notice; n.State != notice.Cancelled {
			t.Error(n.State)
		}
	}
	if n := c.db.Repeats() - before; n > 3 {
		t.Errorf("%d repeated transactions in %d steps", n, steps)
	} else {
		t.Logf("%d repeated transactions in %d steps", n, steps)
	}
}
