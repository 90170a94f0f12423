package tour_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"bense/server/internal/db"
	"bense/server/internal/testdb"
	"bense/server/internal/tour"
	"bense/server/migrations"
)

// smallCounty is a ledger of two alliances with two units each and nine people in every unit: the last
// of each has no phone, the first two of the second unit are a couple with one number, and one row
// has lost its name.
func smallCounty(t *testing.T) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	sheet := f.GetSheetName(0)
	n := 0
	put := func(cells ...any) {
		t.Helper()
		n++
		if err := f.SetSheetRow(sheet, fmt.Sprintf("A%d", n), &cells); err != nil {
			t.Fatal(err)
		}
	}
	put("离退休党员名册")
	put("序号", "姓名", "性别", "出生年月", "单位", "所属联盟", "联系电话")
	given := []string{"爱国", "建华", "秀英", "桂兰", "志刚", "玉珍", "援朝", "永贵", "春梅"}
	for u, unit := range []string{"县甲局", "县乙局", "县丙局", "县丁局"} {
		for p, name := range given {
			phone := fmt.Sprintf("19900005%d%02d", u, p)
			switch {
			case p == 8:
				phone = ""
			case u == 1 && p == 1:
				phone = "19900005100"
			}
			put(fmt.Sprint(u*9+p+1), string([]rune("赵钱孙李")[u])+name, "男", "1948.03", unit, []string{"东片", "西片"}[u/2], phone)
		}
	}
	put("37", "", "女", "1950.01", "县丁局", "西片", "")
	path := filepath.Join(t.TempDir(), "small.xlsx")
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTour(t *testing.T) {
	var out bytes.Buffer
	o := tour.Options{Ledger: smallCounty(t), Database: testdb.OwnURL(t), Redis: os.Getenv("TEST_REDIS_URL"), JSON: true}
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
	if len(got.Errors) < 55 {
		t.Errorf("%d rows of errors", len(got.Errors))
	}
	got.Seconds, got.Errors = 0, nil
	want := tour.Figures{
		Persons: 36, Units: 4, Branches: 4, Alliances: 2, RefusedRows: 1, Bound: 32, Notices: 2,
		PushesSent: 35, PushesRefused: 2, Reads: 26, Answers: 22, CallList: 10,
		Expected: 36, Present: 26, Excused: 4, Absent: 6, DuplicateScans: 5, OK: true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("figures (-want +got):\n%s\n%s", diff, out.String())
	}
}

// A database that loses what the server has confirmed must be noticed.
func TestTourTellsWhatDoesNotAgree(t *testing.T) {
	url := testdb.OwnURL(t)
	d, err := db.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Migrate(t.Context(), migrations.Files); err != nil {
		t.Fatal(err)
	}
	// The cards of the second alliance are printed after the first one has signed in.
	if _, err := d.SQL().Exec("CREATE TRIGGER lose AFTER INSERT ON cards FOR EACH ROW BEGIN DELETE FROM checkins; END"); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = tour.Run(t.Context(), tour.Options{Ledger: smallCounty(t), Database: url, Redis: os.Getenv("TEST_REDIS_URL"), JSON: true}, &out)
	if !errors.Is(err, tour.ErrMismatch) || !strings.Contains(out.String(), "MISMATCH") || !strings.Contains(out.String(), `"ok":false`) {
		t.Errorf("%v, want a mismatch that is told\n%s", err, out.String())
	}
}

func TestTourWantsAnEmptyDatabase(t *testing.T) {
	o := tour.Options{Ledger: smallCounty(t), Database: testdb.OwnURL(t)}
	if err := tour.Run(t.Context(), o, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	if err := tour.Run(t.Context(), o, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "empty") {
		t.Errorf("a second tour of one database: %v", err)
	}
}

func TestTourRefusesAMissingLedger(t *testing.T) {
	if err := tour.Run(t.Context(), tour.Options{Ledger: t.TempDir() + "/none.xlsx"}, &bytes.Buffer{}); err == nil {
		t.Error("a ledger that does not exist is accepted")
	}
}

// Every failure that the platform is known for ends as it must.
func TestErrorTable(t *testing.T) {
	var out bytes.Buffer
	rows, err := tour.Errors(t.Context(), &out)
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, r := range rows {
		if !r.OK {
			t.Errorf("%+v", r)
		}
	}
	if len(rows) < 55 {
		t.Errorf("only %d rows", len(rows))
	}
}
