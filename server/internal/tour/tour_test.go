package tour_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bense/server/internal/testdb"
	"bense/server/internal/tour"
)

// The sample county, on whatever database and Redis the tests run: the figures are always these.
func TestTourOfTheSampleCounty(t *testing.T) {
	var out bytes.Buffer
	o := tour.Options{Database: testdb.OwnURL(t), Redis: os.Getenv("TEST_REDIS_URL"), JSON: true}
	if err := tour.Run(t.Context(), o, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	var got tour.Figures
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &got); err != nil {
		t.Fatalf("the last line is no object: %v", err)
	}
	if got.Seconds <= 0 {
		t.Error("it took no time")
	}
	got.Seconds = 0
	want := tour.Figures{
		Persons: 517, Units: 24, Branches: 24, Alliances: 4, Bound: 477, Notices: 4, PushesSent: 517, PushesRefused: 24,
		Reads: 382, Answers: 334, CallList: 135, Expected: 517, Present: 371, Excused: 62, Absent: 84, DuplicateScans: 74, OK: true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("figures (-want +got):\n%s\n%s", diff, out.String())
	}
}

func TestTourRefusesAMissingLedger(t *testing.T) {
	if err := tour.Run(t.Context(), tour.Options{Ledger: t.TempDir() + "/none.xlsx"}, &bytes.Buffer{}); err == nil {
		t.Error("a ledger that does not exist is accepted")
	}
}
