//go:build faults

package fault_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"bense/server/internal/bench"
)

// scan is what a door sends for one person.
func scan(base string, l bench.List, member int, nonce string, happened time.Time, offline bool) answer {
	_, person := all.county.Phone(member)
	a := call(client, "POST", base+"/api/v1/lists/"+l.ID.String()+"/check-ins", all.county.Staff(), map[string]any{"items": []any{map[string]any{
		"nonce": nonce, "happened_at": happened.UTC().Format("2006-01-02T15:04:05.000Z07:00"), "door": "roster", "person_id": person, "offline": offline}}})
	if a.Err == nil && a.Status == 200 && len(a.Items) == 1 {
		in := a.Items[0]
		a.Answer, a.At, a.First = in.Answer, in.At, in.First
	}
	return a
}

// history collects what was called and answered, for the check of R19.
type history struct {
	mu   sync.Mutex
	ops  []porcupine.Operation
	open int // calls that were not answered
}

type call19 struct {
	person string // list and member
	kind   string // tap or annul
	nonce  string
}

var histories history

func (h *history) do(client int, in call19, f func() answer) answer {
	from := time.Now().UnixNano()
	a := f()
	to := time.Now().UnixNano()
	if a.unknown() {
		to = math.MaxInt64
		h.open++
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Input: in, Call: from, Output: a, Return: to})
	return a
}

// together runs n functions at the same moment.
func together(n int, f func(i int)) {
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	ready.Add(n)
	for i := range n {
		done.Go(func() { ready.Done(); <-begin; f(i) })
	}
	ready.Wait()
	close(begin)
	done.Wait()
}

func TestR16_TwoGates(t *testing.T) {
	f := begin(t, "R16", "one person at two gates in the same moment")
	one, two := plain(t), plain(t)
	l, pairs := open(t), pick(200, 1000)
	led := openLedger(t)
	for i := range pairs {
		var got [2]answer
		together(2, func(g int) {
			n := nonce()
			base := []string{one.URL, two.URL}[g]
			got[g] = histories.do(g, call19{fmt.Sprint(l.ID, i), "tap", n}, func() answer {
				if i%2 == 0 {
					return scan(base, l, i, n, time.Now(), false)
				}
				return tap(client, base, l, i, n, time.Now())
			})
			if got[g].good() {
				led.add(entry{i, n, got[g].Answer, got[g].At, got[g].First.At})
			}
		})
		if !(got[0].Answer == "ok" && got[1].Answer == "already" || got[0].Answer == "already" && got[1].Answer == "ok") {
			f.Wrong++
			t.Logf("pair %d: %s %v and %s %v", i, got[0].Body, got[0].Err, got[1].Body, got[1].Err)
		}
	}
	f.Runs = pairs
	f.reconcile(t, l, led.close(t))
}

func TestR17_OneKeyFiftyTimes(t *testing.T) {
	f := begin(t, "R17", "the same attempt fifty times at once")
	s := plain(t)
	l, keys := open(t), pick(60, 500)
	led := openLedger(t)
	for i := range keys {
		n, at := nonce(), time.Now()
		got := make([]answer, 50)
		together(len(got), func(g int) {
			do := func() answer { return tap(client, s.URL, l, i, n, at) }
			if g < 4 {
				got[g] = histories.do(g, call19{fmt.Sprint(l.ID, i), "tap", n}, do)
			} else {
				got[g] = do()
			}
		})
		for _, a := range got {
			if !a.good() || !bytes.Equal(a.Body, got[0].Body) {
				f.Wrong++
				t.Logf("key %d: %d %s %v, and %s", i, a.Status, a.Body, a.Err, got[0].Body)
				break
			}
		}
		led.add(entry{Member: i, Nonce: n, Answer: got[0].Answer, Happened: got[0].At, First: got[0].First.At})
	}
	f.Runs = keys
	f.reconcile(t, l, led.close(t))
}

// present is the model's state of one person on one list.
type present struct {
	nonce string // "": not there
	at    int64
	spent string // attempts that were taken back
}

var model = porcupine.NondeterministicModel{
	Partition: func(h []porcupine.Operation) (parts [][]porcupine.Operation) {
		at := map[string]int{}
		for _, op := range h {
			p := op.Input.(call19).person
			if _, known := at[p]; !known {
				at[p] = len(parts)
				parts = append(parts, nil)
			}
			parts[at[p]] = append(parts[at[p]], op)
		}
		return parts
	},
	Init: func() []any { return []any{present{}} },
	Step: func(state, input, output any) []any {
		s, in, out := state.(present), input.(call19), output.(answer)
		spent := strings.Contains(s.spent, in.nonce)
		taken := present{spent: s.spent + s.nonce + " "}
		if s.at == 0 && s.nonce != "" { // entered by an attempt that was not answered
			s.at = max(out.At.UnixMilli(), out.First.At.UnixMilli())
		}
		if possible := [...]bool{
			in.kind == "annul" && out.Status == 204 && s.nonce != "",
			in.kind == "annul" && out.Code == "checkin.not_present" && s.nonce == "",
			in.kind == "tap" && out.Answer == "ok" && s.nonce == in.nonce && s.at == out.At.UnixMilli(),
			in.kind == "tap" && out.Answer == "ok" && s.nonce == "" && !spent,
			in.kind == "tap" && out.Answer == "already" && s.nonce != "" && s.nonce != in.nonce && s.at == out.First.At.UnixMilli(),
			in.kind == "tap" && out.Answer == "code_expired" && s.nonce != in.nonce && spent,
		}; possible[0] {
			return []any{taken}
		} else if possible[3] {
			return []any{present{in.nonce, out.At.UnixMilli(), s.spent}}
		} else if possible[1] || possible[2] || possible[4] || possible[5] {
			return []any{s}
		}
		if !out.unknown() {
			return nil
		}
		switch {
		case in.kind == "annul" && s.nonce != "":
			return []any{state, taken}
		case in.kind == "tap" && s.nonce == "" && !spent:
			return []any{state, present{nonce: in.nonce, spent: s.spent}}
		}
		return []any{state}
	},
}

// unknown tells of a call that may have been done, or may still be.
func (a answer) unknown() bool { return a.Err != nil || a.honest() }

func TestR19_Linearizable(t *testing.T) {
	f := begin(t, "R19", "history of taps, repetitions and annulments is linearizable (porcupine), with those of R16 and R17")
	one, two := plain(t), plain(t)
	l, persons, each := open(t), pick(40, 200), pick(8, 20)
	var wg sync.WaitGroup
	gate := make(chan struct{}, 10) // an annulment takes its time: every instance has to know of it
	person19 := func(i int) {
		nonces, at := []string{nonce(), nonce(), nonce()}, time.Now() // a repetition keeps both
		token, person := all.county.Phone(i)
		together(4, func(g int) {
			base := []string{one.URL, two.URL}[g%2]
			for range each {
				n := nonces[rand.IntN(len(nonces))]
				in := call19{fmt.Sprint(l.ID, i), "tap", n}
				if rand.IntN(4) == 0 {
					in.kind = "annul"
					histories.do(g, in, func() answer {
						return call(client, "POST", base+"/api/v1/lists/"+l.ID.String()+"/check-ins/"+person.String()+"/annul", token, map[string]any{})
					})
				} else {
					histories.do(g, in, func() answer { return tap(client, base, l, i, n, at) })
				}
			}
		})
		<-gate
	}
	for i := range persons {
		gate <- struct{}{}
		wg.Go(func() { person19(i) })
	}
	wg.Wait()
	for _, part := range model.Partition(histories.ops) {
		f.Runs++
		f.Acknowledged += len(part)
		if porcupine.CheckOperationsTimeout(model.ToModel(), part, 30*time.Second) != porcupine.Ok {
			if f.Wrong++; f.Wrong <= 3 {
				for _, op := range part {
					out := op.Output.(answer)
					t.Logf("%d: %s %.6s at %d..%d: %d %s %s, %d, first %d", op.ClientId, op.Input.(call19).kind, op.Input.(call19).nonce,
						(op.Call-part[0].Call)/1000, (op.Return-part[0].Call)/1000, out.Status, out.Answer, out.Code, out.At.UnixMilli()%1e6, out.First.At.UnixMilli()%1e6)
				}
			}
		}
	}
	f.note("%d operations on %d registers, %d of unknown outcome; R18 (last seat) is among the tests of activity", f.Acknowledged, f.Runs, histories.open)
}

func TestR20_OfflineDoorsMerge(t *testing.T) {
	f := begin(t, "R20", "two offline doors accepted the same person; uploaded in any order")
	s := plain(t)
	l, persons := open(t), pick(60, 500)
	for i := range persons {
		early, late := time.Now().Add(-12*time.Minute).Truncate(time.Millisecond), time.Now().Add(-11*time.Minute).Truncate(time.Millisecond)
		order := []time.Time{early, late}
		if i%2 == 1 {
			order = []time.Time{late, early}
		}
		for _, at := range order {
			if a := scan(s.URL, l, i, nonce(), at, true); a.Answer != "ok" && a.Answer != "already" {
				f.Wrong++
				t.Logf("person %d: what a door showed green is answered %d %s", i, a.Status, a.Body)
			}
		}
		f.Acknowledged += 2
		if a := tap(client, s.URL, l, i, nonce(), time.Now()); a.Answer != "already" || !a.First.At.Equal(early) {
			f.Wrong++
			t.Logf("person %d came first at %s, and is told %s", i, early, a.Body)
		}
	}
	var conflicts int
	if err := all.sql.QueryRow("SELECT COUNT(*) FROM checkin_conflicts WHERE list_id = ?", l.ID).Scan(&conflicts); err != nil {
		t.Fatal(err)
	}
	rows := rowsOf(t, l)
	if conflicts != persons || len(rows) != persons {
		t.Errorf("%d presences and %d conflicts of %d persons", len(rows), conflicts, persons)
	}
	f.Runs = persons
	f.note("%d conflicts made, %d listed", persons, conflicts)
}

func TestR22_OpeningRush(t *testing.T) {
	f := begin(t, "R22", "opening rush")
	s := plain(t)
	come(t, s.URL, 50, 50).insist(f)
	for _, r := range pick([][2]int{{100, 10}, {200, perSecond}}, [][2]int{{600, 10}, {200, perSecond}}) {
		c := come(t, s.URL, r[0], r[1])
		failed := c.failed()
		some := c.firsts(c.start, time.Now())
		f.note("%d at %d/s: p50 %s, p95 %s, p99 %s, %d failed", r[0], r[1], quantile(some, .5), quantile(some, .95), quantile(some, .99), failed)
		if p99 := quantile(some, .99); failed > 0 || p99 > time.Second {
			t.Errorf("%d at %d/s: p99 %s, %d failed", r[0], r[1], p99, failed)
		}
		c.insist(f)
	}
}
