package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/db"
	"bense/server/internal/id"
	"bense/server/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

var start = time.Date(2026, 7, 1, 1, 0, 0, 0, time.UTC)

// office is an audit with a sealer and a file of anchors.
type office struct {
	*testing.T
	db     *db.DB
	clk    *clock.Fake
	ids    *id.Source
	log    *audit.Log
	sealer *audit.Sealer
	file   string
	logged bytes.Buffer
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{T: t, db: testdb.Own(t), clk: clock.NewFake(start), file: filepath.Join(t.TempDir(), "anchors")}
	o.ids = id.NewSource(1, o.clk.Now)
	o.log = audit.New(o.db, testdb.Box(t), o.ids, o.clk)
	o.sealer = audit.NewSealer(o.log, slog.New(slog.NewTextHandler(&o.logged, nil)), o.file)
	return o
}

func (o *office) write(ctx context.Context, n int) {
	o.Helper()
	for i := range n {
		o.clk.Advance(time.Second)
		line := audit.Line{Action: "ledger.update_person", Kind: "person", Subject: id.ID(100 + i), Place: actor.Place{Committee: 7}}
		if i%2 == 0 {
			line.Detail = map[string]any{"columns": []string{"phone"}, "n": i}
		}
		if err := o.log.Write(ctx, actor.Actor{Account: 5}, line); err != nil {
			o.Fatal(err)
		}
	}
}

func (o *office) seal() int {
	o.Helper()
	n, err := o.sealer.Seal(o.Context())
	if err != nil {
		o.Fatal(err)
	}
	return n
}

func (o *office) verify(outside ...audit.Anchor) audit.Report {
	o.Helper()
	r, err := o.log.Verify(o.Context(), outside)
	if err != nil {
		o.Fatal(err)
	}
	return r
}

// exec is what somebody with the database does to it.
func (o *office) exec(query string, args ...any) {
	o.Helper()
	res, err := o.db.SQL().ExecContext(o.Context(), query, args...)
	if err != nil {
		o.Fatal(query, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		o.Fatal(query, "changed nothing", err)
	}
}

// line gives the id of the line of a link.
func (o *office) line(seq int) (n int64) {
	o.Helper()
	if err := o.db.SQL().QueryRowContext(o.Context(), "SELECT line_id FROM audit_links WHERE seq = ?", seq).Scan(&n); err != nil {
		o.Fatal(err)
	}
	return n
}

func (o *office) anchors() []audit.Anchor {
	o.Helper()
	text, err := os.ReadFile(o.file)
	if err != nil {
		o.Fatal(err)
	}
	var out []audit.Anchor
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		a, err := audit.ParseAnchor(line)
		if err != nil {
			o.Fatal(line, err)
		}
		out = append(out, a)
	}
	return out
}

func TestChainOfGoodLines(t *testing.T) {
	o := newOffice(t)
	if r := o.verify(); r.Broken != 0 || r.Lines != 0 {
		t.Fatalf("an empty chain: %+v", r)
	}
	o.write(t.Context(), 2500)
	if r := o.verify(); r.Waiting != 2500 || r.Broken != 0 {
		t.Fatalf("before the sealer came: %+v", r)
	}
	if n := o.seal(); n != 2500 || o.seal() != 0 {
		t.Fatal(n, "linked")
	}
	r := o.verify(o.anchors()...)
	if r.Broken != 0 || r.Lines != 2500 || r.Waiting != 0 || r.Head.Seq != 2500 || r.Anchors != 2 {
		t.Fatalf("%+v", r)
	}
	if r, err := o.log.VerifyTail(t.Context(), 100); err != nil || r.Lines != 100 || r.Broken != 0 {
		t.Fatal(r, err)
	}
	if !strings.Contains(o.logged.String(), fmt.Sprintf("hash=%x", r.Head.Hash)) {
		t.Error("the head is not in the log:", o.logged.String())
	}
}

// A line of a transaction that committed late is younger in the chain than its id says.
func TestLateCommit(t *testing.T) {
	o := newOffice(t)
	o.write(t.Context(), 3)
	o.seal()
	o.clk.Advance(time.Minute)
	late := o.ids.New()
	o.clk.Advance(20 * time.Minute)
	o.write(t.Context(), 3)
	o.seal()
	slow := audit.New(o.db, testdb.Box(t), id.NewSource(1, late.At), o.clk)
	if err := slow.Write(t.Context(), actor.Actor{}, audit.Line{Action: "roster.commit"}); err != nil {
		t.Fatal(err)
	}
	if n := o.seal(); n != 1 {
		t.Fatal("the late line was not found:", n)
	}
	if r := o.verify(); r.Broken != 0 || r.Lines != 7 || o.line(7) != int64(late) {
		t.Fatalf("%+v", r)
	}
}

// Whatever is done to the tables with every right on them is found, and the first place of it is named.
func TestEveryMutationIsFound(t *testing.T) {
	type mutation struct {
		name, action string
		seq          int64
		do           func(o *office)
	}
	const update = "ledger.update_person"
	column := func(name string, value any) mutation {
		return mutation{"UPDATE " + name, update, 11, func(o *office) {
			o.exec("UPDATE audit_lines SET "+name+" = ? WHERE id = ?", value, o.line(11))
		}}
	}
	list := []mutation{
		column("at", "2026-07-01 08:00:00.000"), column("account_id", 6), column("subject_kind", "unit"), column("subject_id", 9),
		column("committee_id", 8), column("committee_id", nil), column("alliance_id", 3), column("unit_id", 3), column("detail_enc", []byte("x")), column("detail_enc", nil),
		column("request_id", "other"), column("mac", bytes.Repeat([]byte{1}, 33)), column("mac", nil),
		{"UPDATE action", "ledger.create_person", 11, func(o *office) {
			o.exec("UPDATE audit_lines SET action = 'ledger.create_person' WHERE id = ?", o.line(11))
		}},
		{"UPDATE id", "", 11, func(o *office) { o.exec("UPDATE audit_lines SET id = id + 1 WHERE id = ?", o.line(11)) }},
		{"detail of another line", update, 11, func(o *office) {
			o.exec("UPDATE audit_lines SET detail_enc = (SELECT d FROM (SELECT detail_enc AS d FROM audit_lines WHERE id = ?) AS other) WHERE id = ?", o.line(13), o.line(11))
		}},
		{"DELETE the line", "", 11, func(o *office) { o.exec("DELETE FROM audit_lines WHERE id = ?", o.line(11)) }},
		{"DELETE the link", "", 11, func(o *office) { o.exec("DELETE FROM audit_links WHERE seq = 11") }},
		{"DELETE line and link", "", 11, func(o *office) {
			o.exec("DELETE FROM audit_lines WHERE id = ?", o.line(11))
			o.exec("DELETE FROM audit_links WHERE seq = 11")
		}},
		{"DELETE and close the gap", update, 11, func(o *office) {
			o.exec("DELETE FROM audit_lines WHERE id = ?", o.line(11))
			o.exec("DELETE FROM audit_links WHERE seq = 11")
			for seq := 12; seq <= 20; seq++ {
				o.exec("UPDATE audit_links SET seq = ? WHERE seq = ?", seq-1, seq)
			}
		}},
		{"DELETE the first", "", 1, func(o *office) {
			o.exec("DELETE FROM audit_lines WHERE id = ?", o.line(1))
			o.exec("DELETE FROM audit_links WHERE seq = 1")
		}},
		{"INSERT a line", "ledger.reveal_person", 0, func(o *office) {
			o.exec("INSERT INTO audit_lines (id, at, account_id, action, subject_kind, subject_id) VALUES (?, '2026-07-01 01:00:10.000', 5, 'ledger.reveal_person', 'person', 1)", o.line(11)+1)
		}},
		{"INSERT a copy", update, 0, func(o *office) {
			o.exec("INSERT INTO audit_lines (id, at, account_id, action, subject_kind, subject_id, committee_id, request_id, detail_enc, mac) "+
				"SELECT id + 1, at, account_id, action, subject_kind, subject_id, committee_id, request_id, detail_enc, mac FROM audit_lines WHERE id = ?", o.line(11))
		}},
		{"INSERT line and link", "ledger.reveal_person", 21, func(o *office) {
			o.exec("INSERT INTO audit_lines (id, at, account_id, action, subject_kind, subject_id) VALUES (?, '2026-07-01 01:00:10.000', 5, 'ledger.reveal_person', 'person', 1)", o.line(11)+1)
			o.exec("INSERT INTO audit_links (seq, line_id, hash) VALUES (21, ?, ?)", o.line(11)+1, bytes.Repeat([]byte{1}, 33))
		}},
		{"reorder", update, 11, func(o *office) {
			a, b := o.line(11), o.line(12)
			o.exec("UPDATE audit_links SET line_id = -1 WHERE seq = 11")
			o.exec("UPDATE audit_links SET line_id = ? WHERE seq = 12", a)
			o.exec("UPDATE audit_links SET line_id = ? WHERE seq = 11", b)
		}},
		{"reorder whole links", update, 11, func(o *office) {
			o.exec("UPDATE audit_links SET seq = 99 WHERE seq = 11")
			o.exec("UPDATE audit_links SET seq = 11 WHERE seq = 12")
			o.exec("UPDATE audit_links SET seq = 12 WHERE seq = 99")
		}},
		{"UPDATE hash", update, 11, func(o *office) {
			o.exec("UPDATE audit_links SET hash = ? WHERE seq = 11", bytes.Repeat([]byte{1}, 33))
		}},
		{"truncate the links", "", 16, func(o *office) { o.exec("DELETE FROM audit_links WHERE seq > 15") }},
		{"truncate links and lines", "", 16, func(o *office) { truncate(o) }},
		{"truncate everything", "", 16, func(o *office) {
			truncate(o)
			o.exec("DELETE FROM audit_anchors WHERE seq > 15")
		}},
		{"truncate and go on", update, 20, func(o *office) {
			truncate(o)
			o.write(o.Context(), 8)
			o.exec("DELETE FROM audit_anchors WHERE seq > 15")
			o.seal()
		}},
		{"empty all tables", "", 1, func(o *office) {
			for _, table := range []string{"audit_lines", "audit_links", "audit_anchors"} {
				o.exec("DELETE FROM " + table)
			}
		}},
		{"UPDATE anchor", "", 20, func(o *office) { o.exec("UPDATE audit_anchors SET seq = seq - 1 WHERE seq = 20") }},
	}
	found := 0
	for _, m := range list {
		t.Run(m.name, func(t *testing.T) {
			o := newOffice(t)
			o.write(t.Context(), 12)
			o.seal()
			o.write(t.Context(), 8)
			o.seal()
			kept := o.anchors() // lies where the database's owner can't reach it
			if r := o.verify(kept...); r.Broken != 0 || r.Lines != 20 {
				t.Fatalf("broken before: %+v", r)
			}
			m.do(o)
			r := o.verify(kept...)
			if r.Broken == 0 {
				t.Fatal("not found")
			}
			found++
			first := r.Faults[0]
			if m.name == "UPDATE anchor" {
				if !strings.Contains(first.What, "锚点") {
					t.Error(first)
				}
				return
			}
			if first.Seq != m.seq || first.Action != m.action {
				t.Errorf("want the first fault at %d (%s): %s, of %d", m.seq, m.action, first, r.Broken)
			}
		})
	}
	t.Logf("mutations detected: %d/%d", found, len(list))
}

func truncate(o *office) {
	o.Helper()
	for seq := 16; seq <= 20; seq++ {
		o.exec("DELETE FROM audit_lines WHERE id = ?", o.line(seq))
	}
	o.exec("DELETE FROM audit_links WHERE seq > 15")
}

// Lines from before the chain are taken in as they are, once; later nothing comes in without a signature.
func TestOlderInstallation(t *testing.T) {
	o := newOffice(t)
	o.write(t.Context(), 5)
	o.exec("UPDATE audit_lines SET mac = NULL")
	if o.seal() != 5 {
		t.Fatal("the old lines are not linked")
	}
	o.write(t.Context(), 1)
	o.exec("UPDATE audit_lines SET mac = NULL WHERE id > ?", o.line(5))
	if o.seal() != 0 {
		t.Error("a line without signature was linked")
	}
	if r := o.verify(); r.Broken != 1 || r.Lines != 5 {
		t.Errorf("%+v", r)
	}
	o.exec("UPDATE audit_lines SET account_id = 77 WHERE id = ?", o.line(3))
	if r := o.verify(); r.Faults[0].Seq != 3 {
		t.Errorf("%+v", r)
	}
}

// Twenty writers and five sealers at once: every committed line has exactly one link, what was rolled
// back has none.
func TestSealersAndWritersAtOnce(t *testing.T) {
	o := newOffice(t)
	var writers, sealers sync.WaitGroup
	done := make(chan struct{})
	for range 5 {
		s := audit.NewSealer(o.log, slog.New(slog.DiscardHandler), "")
		sealers.Go(func() {
			for {
				if _, err := s.Seal(context.Background()); err != nil {
					t.Error(err)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	undo := errors.New("undo")
	for w := range 20 {
		writers.Go(func() {
			for i := range 10 {
				err := o.db.Tx(context.Background(), func(ctx context.Context) error {
					if err := o.log.Write(ctx, actor.Actor{Account: id.ID(w + 1)}, audit.Line{Action: "ledger.update_person", Subject: id.ID(i + 1)}); err != nil {
						return err
					}
					if i == 3 {
						return undo
					}
					return nil
				})
				if err != nil && !errors.Is(err, undo) {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	close(done)
	sealers.Wait()
	o.seal()
	if r := o.verify(); r.Lines != 180 || r.Broken != 0 || r.Waiting != 0 {
		t.Errorf("%+v", r)
	}
}

func TestOneSealerAtATime(t *testing.T) {
	o := newOffice(t)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for range 3 {
		s := audit.NewSealer(o.log, slog.New(slog.DiscardHandler), "")
		running.Go(func() { s.Run(ctx); s.Close() })
	}
	o.write(t.Context(), 50)
	for deadline := time.Now().Add(testdb.Patience); ; {
		if r := o.verify(); r.Lines == 50 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nobody linked the lines")
		}
	}
	stop()
	running.Wait()
	if r := o.verify(); r.Broken != 0 {
		t.Errorf("%+v", r)
	}
}

func TestParseAnchor(t *testing.T) {
	o := newOffice(t)
	o.write(t.Context(), 1)
	o.seal()
	a := o.anchors()[0]
	back, err := audit.ParseAnchor(fmt.Sprintf("1:%x", a.Hash))
	if err != nil || back.Seq != 1 || !bytes.Equal(back.Hash, a.Hash) {
		t.Fatal(back, err)
	}
	for _, bad := range []string{"", "1", "1:zz", "0:" + strings.Repeat("0", 66), "{}", `{"seq":1}`, "1:" + strings.Repeat("0", 64)} {
		if _, err := audit.ParseAnchor(bad); err == nil {
			t.Errorf("%q accepted", bad)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	clk := clock.NewFake(start)
	l := audit.New(testdb.Own(b), testdb.Box(b), id.NewSource(1, time.Now), clk)
	lines := make([]audit.By, 80)
	for i := range lines {
		lines[i] = audit.By{Account: 5, Line: audit.Line{Action: "checkin.record", Kind: "activity", Subject: 9, Place: actor.Place{Committee: 1, Alliance: 2}, Detail: map[string]any{"list": 1}}}
	}
	for b.Loop() {
		if err := l.WriteAll(b.Context(), lines); err != nil {
			b.Fatal(err)
		}
	}
}
