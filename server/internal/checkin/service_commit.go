package checkin

import (
	"context"
	"sync"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/audit"
	"bense/server/internal/id"
)

// commit is what the writer does with a batch.
func (s *Service) commit(ctx context.Context, b *batch) error {
	s.metrics.batches.Observe(float64(len(b.rows)))
	out, err := s.store.enter(ctx, b.rows)
	if err != nil {
		return err
	}
	b.out = out
	for _, r := range b.rows {
		// a row with our own times was made by this batch, now or by a commit whose answer got lost
		if stands := out[key{r.List, r.Person}]; stands.Attempt == r.Attempt && stands.Recorded.Equal(r.Recorded) {
			s.told.add(r, b.of[r.List])
		}
	}
	return nil
}

// How the audit tells of attempts that were committed in groups.
const (
	tellAfter   = 250 * time.Millisecond
	tellPersons = 80 // of one line
)

// told gathers what the writer has committed until the audit is told. The row of an attempt says by
// itself who recorded whom, when and how, and is never changed; so its line may follow it by a moment,
// with those of others, instead of costing every batch a transaction of three statements more. What a
// crash takes away of the lines, the rows still tell.
type told struct {
	tell func(ctx context.Context, lines []audit.By) error

	mu      sync.Mutex
	pending []committed
	timed   bool
	busy    sync.WaitGroup
}

type committed struct {
	list, person, account id.ID
	of                    *activity.Activity
}

func (t *told) add(r Record, of *activity.Activity) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pending = append(t.pending, committed{r.List, r.Person, r.By, of})
	if !t.timed {
		t.timed = true
		t.busy.Add(1)
		time.AfterFunc(tellAfter, func() {
			defer t.busy.Done()
			t.flush()
		})
	}
}

// flush tells the audit; what it could not take stays for the next time.
func (t *told) flush() {
	t.mu.Lock()
	list := t.pending
	t.pending, t.timed = nil, false
	t.mu.Unlock()
	if len(list) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	if err := t.tell(ctx, linesOf(list)); err != nil {
		t.mu.Lock()
		t.pending = append(list, t.pending...)
		t.mu.Unlock()
	}
}

// close tells what is left.
func (t *told) close() {
	t.busy.Wait()
	t.flush()
}

// linesOf writes one line for up to tellPersons of a list; one that names a single person is in the name
// of its account.
func linesOf(list []committed) []audit.By {
	byList := map[id.ID][]committed{}
	var order []id.ID
	for _, c := range list {
		if byList[c.list] == nil {
			order = append(order, c.list)
		}
		byList[c.list] = append(byList[c.list], c)
	}
	var out []audit.By
	for _, key := range order {
		for of := byList[key]; len(of) > 0; of = of[min(len(of), tellPersons):] {
			part := of[:min(len(of), tellPersons)]
			persons, accounts := make([]id.ID, len(part)), make([]id.ID, len(part))
			for i, c := range part {
				persons[i], accounts[i] = c.person, c.account
			}
			a := part[0].of
			by := audit.By{Line: audit.Line{Action: "checkin.record", Kind: "activity", Subject: a.ID, Place: a.At(),
				Detail: map[string]any{"list": key, "persons": persons, "accounts": accounts}}}
			if len(part) == 1 {
				by.Account = accounts[0]
			}
			out = append(out, by)
		}
	}
	return out
}
