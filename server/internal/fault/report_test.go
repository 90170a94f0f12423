//go:build faults

package fault_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"testing"
	"time"
)

// figures are what a test of the plan gives. Lost: acknowledged and not stored. Doubled: stored more
// than once. Wrong: told something else than what is stored, or something dishonest.
type figures struct {
	ID           string  `json:"id"`
	What         string  `json:"what"`
	OK           bool    `json:"ok"`
	Runs         int     `json:"runs"`
	Acknowledged int     `json:"acknowledged"`
	Lost         int     `json:"lost"`
	Doubled      int     `json:"doubled"`
	Wrong        int     `json:"wrong"`
	Recover      float64 `json:"seconds_to_recover"` // the longest of the runs
	Note         string  `json:"note,omitempty"`
}

var (
	reportMu sync.Mutex
	reported []*figures
)

// begin opens a line of the report, which the end of the test completes.
func begin(t *testing.T, id, what string) *figures {
	t.Helper()
	f := &figures{ID: id, What: what}
	t.Cleanup(func() {
		if f.Lost+f.Doubled+f.Wrong > 0 {
			t.Errorf("%s: lost %d, doubled %d, wrong %d of %d", id, f.Lost, f.Doubled, f.Wrong, f.Acknowledged)
		}
		f.OK = !t.Failed()
		reportMu.Lock()
		defer reportMu.Unlock()
		reported = append(reported, f)
	})
	return f
}

func (f *figures) recovered(after time.Duration) { f.Recover = max(f.Recover, after.Seconds()) }

func (f *figures) note(format string, args ...any) {
	if f.Note != "" {
		f.Note += "; "
	}
	f.Note += fmt.Sprintf(format, args...)
}

const powerLoss = "kill -9 does not show a power loss: the page cache survives it"

func printReport(out io.Writer) {
	fmt.Fprintf(out, "\n%-4s %-6s %5s %6s %5s %8s %6s %9s  %s\n", "id", "", "runs", "acked", "lost", "doubled", "wrong", "recover s", "what")
	for _, f := range reported {
		word := "ok"
		if !f.OK {
			word = "FAILED"
		}
		fmt.Fprintf(out, "%-4s %-6s %5d %6d %5d %8d %6d %9.2f  %s: %s\n", f.ID, word, f.Runs, f.Acknowledged, f.Lost, f.Doubled, f.Wrong, f.Recover, f.What, f.Note)
	}
	fmt.Fprintln(out, powerLoss)
	if os.Getenv("BENSE_FAULTS_JSON") != "" {
		json.NewEncoder(out).Encode(map[string]any{"long": long, "people": people, "note": powerLoss, "tests": reported})
	}
}
