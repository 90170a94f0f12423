//go:build faults

package fault_test

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"bense/server/internal/bench"
	"bense/server/internal/db"
)

// entry is one acknowledgement: what a phone was told.
type entry struct {
	Member   int       `json:"m"`
	Nonce    string    `json:"n"`
	Answer   string    `json:"a"`
	Happened time.Time `json:"h"`
	First    time.Time `json:"f"`
}

// ledger is a file of acknowledgements. An entry counts when it is on disk; those that come together
// share a flush.
type ledger struct {
	file *os.File
	in   chan pending
	end  chan error
}

type pending struct {
	line []byte
	done chan struct{}
}

func openLedger(t *testing.T) *ledger {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(t.TempDir(), "ledger"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	l := &ledger{file: f, in: make(chan pending, 1024), end: make(chan error, 1)}
	go func() { l.end <- l.keep() }()
	return l
}

func (l *ledger) keep() (fault error) {
	for first := range l.in {
		group := []pending{first}
		for n := len(l.in); n > 0; n-- {
			group = append(group, <-l.in)
		}
		for _, p := range group {
			if _, err := l.file.Write(p.line); err != nil {
				fault = err
			}
		}
		if err := l.file.Sync(); err != nil {
			fault = err
		}
		for _, p := range group {
			close(p.done)
		}
	}
	return fault
}

// add comes back when the entry is on disk.
func (l *ledger) add(e entry) {
	line, err := json.Marshal(e)
	if err != nil {
		panic(err) // plain fields
	}
	p := pending{append(line, '\n'), make(chan struct{})}
	l.in <- p
	<-p.done
}

// close ends the ledger and reads it back from the disk.
func (l *ledger) close(t *testing.T) []entry {
	t.Helper()
	close(l.in)
	if err := <-l.end; err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(l.file.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	defer l.file.Close()
	var all []entry
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var e entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

type stored struct {
	nonce    string
	happened time.Time
}

// rowsOf reads who is stored on a list, by the number of the person.
func rowsOf(t *testing.T, l bench.List) map[string][]stored {
	t.Helper()
	found, err := all.sql.QueryContext(t.Context(), "SELECT person_id, attempt_id, happened_at FROM checkins WHERE list_id = ?", l.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	rows := map[string][]stored{}
	for found.Next() {
		var person string
		var attempt []byte
		var at db.Time
		if err := found.Scan(&person, &attempt, &at); err != nil {
			t.Fatal(err)
		}
		rows[person] = append(rows[person], stored{hex.EncodeToString(attempt), at.Time})
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

// reconcile holds the ledger against the table.
func (f *figures) reconcile(t *testing.T, l bench.List, entries []entry) {
	t.Helper()
	rows := rowsOf(t, l)
	for _, r := range rows {
		if len(r) > 1 {
			f.Doubled++
		}
	}
	for _, e := range entries {
		f.Acknowledged++
		_, person := all.county.Phone(e.Member)
		r := rows[person.String()]
		switch {
		case len(r) == 0:
			f.Lost++
			t.Logf("lost: %+v", e)
		case e.Answer == "ok" && (r[0].nonce != e.Nonce || !r[0].happened.Equal(e.Happened)),
			e.Answer == "already" && (r[0].nonce == e.Nonce || !r[0].happened.Equal(e.First)):
			f.Wrong++
			t.Logf("wrong: told %+v, stored %+v", e, r[0])
		}
	}
}
