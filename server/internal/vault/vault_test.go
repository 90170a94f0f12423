package vault_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/page"
	"bense/server/internal/testdb"
	"bense/server/internal/vault"
)

func TestMain(m *testing.M) { testdb.Main(m) }

var now = time.Date(2026, 9, 9, 1, 0, 0, 0, time.UTC)

func box(t *testing.T, ids ...byte) *crypt.Box {
	t.Helper()
	var keys []crypt.Key
	for _, k := range ids {
		keys = append(keys, crypt.Key{ID: k, Secret: bytes.Repeat([]byte{k}, crypt.KeySize)})
	}
	b, err := crypt.New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func open(t *testing.T, d *db.DB, b *crypt.Box) *vault.Vault {
	t.Helper()
	v, err := vault.Open(t.Context(), d, b, now)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// people is a ledger of n persons on a database.
type people struct {
	*ledger.Service
	unit    ledger.Unit
	persons []id.ID
}

func service(d *db.DB, b *crypt.Box, node int) *ledger.Service {
	ids := id.NewSource(node, time.Now)
	clk := clock.System()
	return ledger.New(d, b, ids, clk, audit.New(d, b, ids, clk))
}

func phone(n int) string   { return fmt.Sprintf("1990%07d", n) }
func address(n int) string { return fmt.Sprintf("鹤鸣里%d号", n) }

func populate(t *testing.T, d *db.DB, b *crypt.Box, n int) *people {
	t.Helper()
	p := &people{Service: service(d, b, 1)}
	ctx := t.Context()
	err := d.Tx(ctx, func(ctx context.Context) error {
		c, err := p.CreateCommittee(ctx, actor.System, ledger.Committee{Name: "本县老干部局"})
		if err != nil {
			return err
		}
		if p.unit, err = p.CreateUnit(ctx, actor.System, ledger.Unit{CommitteeID: c.ID, Name: "本单位"}); err != nil {
			return err
		}
		for i := range n {
			e, err := p.CreatePerson(ctx, actor.System, p.unit.ID, 0, ledger.Fields{
				Name: "关某某", Phone: phone(i), Address: address(i), Remark: "备注", Health: "尚可"})
			if err != nil {
				return err
			}
			p.persons = append(p.persons, e.Person.ID)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// shown opens what the ledger keeps about a person.
func (p *people) shown(t *testing.T, person id.ID) map[string]string {
	t.Helper()
	m, err := p.Reveal(t.Context(), actor.System, person, []string{"phone", "address", "remark", "health"}, "核对")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (p *people) found(t *testing.T, query string) int {
	t.Helper()
	l, err := p.Persons(t.Context(), actor.System, ledger.Filter{Query: query}, page.Page{})
	if err != nil {
		t.Fatal(err)
	}
	return len(l.Items)
}

// under counts the values that may be sealed anew by key.
func under(t *testing.T, v *vault.Vault) map[byte]int64 {
	t.Helper()
	uses, err := v.Uses(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[byte]int64{}
	for _, u := range uses {
		if !u.Column.Fixed {
			out[u.Key] += u.Values
		}
	}
	return out
}

// Two writers change addresses and numbers while two rotations run, which wait for writes after every
// batch: every value is the one that was written last, and is found.
func TestRotationUnderLoadLosesNothing(t *testing.T) {
	d := testdb.Own(t)
	open(t, d, box(t, 1))
	p := populate(t, d, box(t, 1), 450)
	both := box(t, 1, 2)
	v := open(t, d, both)
	last := make([]atomic.Int64, len(p.persons))
	var writers, rotations sync.WaitGroup
	stop, wrote := make(chan struct{}), make(chan struct{})
	var written atomic.Int64
	for w := range 2 {
		s := service(d, both, 2+w)
		writers.Go(func() {
			for n := 1000 * (w + 1); ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				i := 2*(n%(len(p.persons)/2)) + w // each person has one writer
				_, err := s.UpdatePerson(context.Background(), actor.System, p.persons[i], ledger.PersonChange{
					Fields: map[string]string{"phone": phone(100000 + n), "address": address(100000 + n)}})
				if err != nil {
					t.Error(err)
					return
				}
				last[i].Store(int64(100000 + n))
				written.Add(1)
				select {
				case wrote <- struct{}{}:
				default:
				}
			}
		})
	}
	var swapped atomic.Int64
	for range 2 {
		rotations.Go(func() {
			n, err := v.Rotate(context.Background(), func(vault.Column, int) {
				for range 10 {
					<-wrote
				}
			})
			if err != nil {
				t.Error(err)
			}
			swapped.Add(int64(n))
		})
	}
	rotations.Wait()
	close(stop)
	writers.Wait()
	lost := 0
	p.Service = service(d, both, 9)
	for i, person := range p.persons {
		want := int(last[i].Load())
		if want == 0 {
			want = i
		}
		got := p.shown(t, person)
		if got["phone"] != phone(want) || got["address"] != address(want) || got["remark"] != "备注" || got["health"] != "尚可" {
			lost++
			t.Errorf("person %d: %v, want the %d-th values", i, got, want)
		}
	}
	if p.found(t, phone(0)) > 1 || p.found(t, phone(int(max(last[0].Load(), 0)))) != 1 {
		t.Error("the search by numbers does not work any more")
	}
	var changes int64 // the history of the same persons, which grows with every write
	if err := d.Conn(t.Context()).Table("person_changes").Where("LENGTH(changes_enc) > 0").Count(&changes).Error; err != nil {
		t.Fatal(err)
	}
	if u := under(t, v); u[1] != 0 || u[2] != int64(4*len(p.persons))+changes {
		t.Errorf("values by key: %v, of %d persons and %d changes", u, len(p.persons), changes)
	}
	t.Logf("rotation under load: %d values sealed anew, %d writes meanwhile, %d lost", swapped.Load(), written.Load(), lost)
}

// A rotation that is killed leaves values of both keys; run again, it finishes. Then the old key may go,
// the search stays, and old audit lines stay readable.
func TestKilledRotationGoesOnAndTheOldKeyGoes(t *testing.T) {
	d := testdb.Own(t)
	first := box(t, 1)
	open(t, d, first)
	p := populate(t, d, first, 500)
	both := box(t, 1, 2)
	v := open(t, d, both)
	ctx, kill := context.WithCancel(t.Context())
	_, err := v.Rotate(ctx, func(c vault.Column, done int) {
		if done > 150 {
			kill()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal("the rotation was not killed:", err)
	}
	if u := under(t, v); u[1] == 0 || u[2] == 0 {
		t.Fatalf("the rotation was not killed in the middle: %v", u)
	}
	if _, err := vault.Open(t.Context(), d, box(t, 2), now); !errors.Is(err, vault.ErrKeyInUse) || !strings.Contains(err.Error(), "rotate-keys") {
		t.Fatal("the old key was let go while it is needed:", err)
	}
	left := under(t, v)[1]
	if n, err := v.Rotate(t.Context(), nil); err != nil || int64(n) != left {
		t.Fatalf("the second run sealed %d values anew, want %d: %v", n, left, err)
	}
	uses, err := v.Uses(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if free, err := v.Removable(t.Context(), uses); err != nil || !bytes.Equal(free, []byte{1}) {
		t.Fatal(free, err)
	}
	if lines := strings.Join(vault.Summary(uses), "\n"); !strings.Contains(lines, "密钥 1") || !strings.Contains(lines, "操作记录") {
		t.Errorf("the summary hides the audit lines: %s", lines)
	}

	for range 2 { // also at the start after the next
		alone := box(t, 2)
		open(t, d, alone)
		p.Service = service(d, alone, 3)
		if got := p.shown(t, p.persons[7]); got["phone"] != phone(7) {
			t.Fatal(got)
		}
		if p.found(t, phone(7)) != 1 || p.found(t, "0007") != 1 {
			t.Error("the search by number lost its key")
		}
		p.oldLine(t, d, alone)
	}
	next := box(t, 2, 3) // and once more: the oldest key of all is wrapped by the third
	v = open(t, d, next)
	if _, err := v.Rotate(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	alone := box(t, 3)
	open(t, d, alone)
	p.oldLine(t, d, alone)
	p.Service = service(d, alone, 4)
	if p.found(t, phone(7)) != 1 {
		t.Error("the search lost its key with the second rotation")
	}
}

// oldLine opens the oldest audit line, which the first key has sealed.
func (p *people) oldLine(t *testing.T, d *db.DB, b *crypt.Box) {
	t.Helper()
	var sealed []byte
	row := d.SQL().QueryRowContext(t.Context(), "SELECT detail_enc FROM audit_lines WHERE detail_enc IS NOT NULL ORDER BY id LIMIT 1")
	if err := row.Scan(&sealed); err != nil {
		t.Fatal(err)
	}
	if plain, err := b.OpenString(sealed, "audit_lines.detail"); err != nil || crypt.KeyOf(sealed) != 1 || plain == "" {
		t.Errorf("the oldest line: %q, key %d, %v", plain, crypt.KeyOf(sealed), err)
	}
}

func TestWrongKeysDoNotStart(t *testing.T) {
	d := testdb.Own(t)
	open(t, d, box(t, 1))
	populate(t, d, box(t, 1), 1)
	other, err := crypt.New(crypt.Key{ID: 1, Secret: bytes.Repeat([]byte{77}, crypt.KeySize)})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		box  *crypt.Box
		want error
	}{
		"another key with the old id": {other, vault.ErrWrongKey},
		"a new key alone":             {box(t, 2), vault.ErrKeyInUse},
		"the right key":               {box(t, 1), nil},
	} {
		_, err := vault.Open(t.Context(), d, c.box, now)
		if !errors.Is(err, c.want) || c.want != nil && !strings.Contains(err.Error(), "没有启动") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// a database from before there were check values
	if _, err := d.SQL().ExecContext(t.Context(), "DELETE FROM crypt_keys"); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Open(t.Context(), d, other, now); !errors.Is(err, vault.ErrWrongKey) {
		t.Error("a wrong key was registered as the first one:", err)
	}
	open(t, d, box(t, 1))
}

// Twenty instances start at once on an empty database, half of them with another key under the same id:
// one key wins, and only its holders start.
func TestOneKeyWinsTheFirstStart(t *testing.T) {
	d := testdb.Own(t)
	boxes := []*crypt.Box{box(t, 1), nil}
	boxes[1], _ = crypt.New(crypt.Key{ID: 1, Secret: bytes.Repeat([]byte{77}, crypt.KeySize)})
	var started [2]atomic.Int64
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			secret := byte(1)
			if i%2 == 1 {
				secret = 77
			}
			b, err := crypt.New(crypt.Key{ID: 1, Secret: bytes.Repeat([]byte{secret}, crypt.KeySize)})
			if err != nil {
				t.Error(err)
				return
			}
			switch _, err := vault.Open(context.Background(), d, b, now); {
			case err == nil:
				started[i%2].Add(1)
			case !errors.Is(err, vault.ErrWrongKey) && !errors.Is(err, vault.ErrKeyInUse):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if a, b := started[0].Load(), started[1].Load(); a+b != 10 || a*b != 0 {
		t.Errorf("%d and %d instances started", a, b)
	}
}
