package guard_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"bense/server/internal/id"
)

func parse(t *testing.T, s string) id.ID {
	t.Helper()
	v, err := id.Parse(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return v
}

func (w *world) ids(t *testing.T, r relation) map[string]id.ID {
	t.Helper()
	out := map[string]id.ID{}
	for kind, text := range w.sites[r] {
		if v, err := id.Parse(text); err == nil {
			out[kind] = v
		}
	}
	return out
}

// changing tables hold no business: leases, and the lines that also a refusal may write.
var changing = map[string]bool{"nodes": true, "audit_lines": true, "goose_db_version": true, "sqlite_sequence": true}

// tables lists what the database holds.
func (s *service) tables(t *testing.T) []string {
	t.Helper()
	query := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if s.DB.Engine() != "sqlite" {
		query = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
	}
	var names []string
	if err := s.DB.Conn(t.Context()).Raw(query).Scan(&names).Error; err != nil {
		t.Fatal(err)
	}
	if len(names) < 20 {
		t.Fatalf("only %d tables found", len(names))
	}
	return names
}

// snapshot gives a fingerprint of every table's rows.
func (s *service) snapshot(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, table := range s.tables(t) {
		if changing[table] {
			continue
		}
		rows, err := s.DB.Conn(t.Context()).Raw("SELECT * FROM " + table).Rows()
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		var sum [32]byte // order of rows doesn't count
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new([]byte)
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			h := sha256.New()
			for _, v := range values {
				fmt.Fprintf(h, "%q,", *v.(*[]byte))
			}
			for i, b := range h.Sum(nil) {
				sum[i] ^= b
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		out[table] = fmt.Sprintf("%x", sum)
	}
	return out
}

// changed names the tables that differ between two snapshots.
func changed(before, after map[string]string) []string {
	var out []string
	for table, sum := range before {
		if after[table] != sum {
			out = append(out, table)
		}
	}
	return out
}
