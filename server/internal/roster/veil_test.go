package roster_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bense/server/internal/ledger"
	"bense/server/internal/roster"
)

// A report and the rows of its job outlive the file and are shown to everybody who may import: no identity
// number or telephone stands in them in full, whatever column it was typed into.
func TestProblemsNameNoNumbers(t *testing.T) {
	const (
		wrong = "370599194805050753" // check digit
		right = "370599194312060047"
		phone = "19900000001"
	)
	table := "姓名,单位,身份证号,电话,家属联系人及电话,现居住地址,备注,证件,入党时间,住过院\n" +
		"张三三,县妇联," + wrong + ",,,,,\n" +
		"李四四,县妇联,37059919480505075,,,,," + right + "\n" + // a digit is missing
		"王五五,县妇联,370599 19480505 0753,,,,,\n" +
		"赵六六,县妇联,,1990-0000-00,,,,\n" +
		"孙七七,县妇联,,8221234転,,=滨河花园8号,,\n" +
		"周八八" + phone + ",县妇联,,,,,,\n" +
		"吴九九,县妇联,," + phone + "、19900000002,,,,\n" +
		"郑十十,县妇联," + right + ",19900000003,,,,\n" +
		"郑十十,县妇联," + right + ",19900000004,儿子 19911112222,,,\n" +
		"冯冯冯,县妇联,,,,,,," + right + "," + right + "\n"
	c := newCounty(t)
	c.column("住过院", ledger.YesNoColumn)
	imp, err := c.roster.Upload(t.Context(), c.staff, c.committee.ID, "a.csv", []byte(table))
	if err != nil {
		t.Fatal(err)
	}
	c.jobs.Wait()
	stored, err := c.roster.Get(t.Context(), c.staff, imp.ID)
	if err != nil || len(stored.Report.Refused) < 3 || len(stored.Report.Warnings) < 4 || len(stored.Report.Asked) != 1 {
		t.Fatalf("%v %+v", err, stored.Report)
	}
	text, err := json.Marshal(stored.Report)
	if err != nil {
		t.Fatal(err)
	}
	bare := regexp.MustCompile(`[- ]`).ReplaceAllString(string(text), "")
	if found := regexp.MustCompile(`[0-9]{7,}`).FindAllString(bare, -1); len(found) > 0 || strings.Contains(bare, "滨河花园") {
		t.Errorf("%v in %s", found, text)
	}
	if r := stored.Report.Refused[0]; r.Value != "37************0753" || r.Cell != "C2" || r.Column != "身份证号" {
		t.Errorf("%+v", r)
	}
	rows, err := c.db.SQL().Query("SELECT message, message FROM jobs")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var message, result string
		if err := rows.Scan(&message, &result); err != nil {
			t.Fatal(err)
		}
		for _, number := range []string{wrong, right, phone} {
			if strings.Contains(message+result, number) {
				t.Errorf("a job says %s %s", message, result)
			}
		}
	}
}

// What tells a clerk which value is meant stays: dates, words, short numbers.
func TestProblemsKeepWhatNamesNobody(t *testing.T) {
	p, err := roster.Parse("a.csv", []byte("姓名,单位,入党时间,电话\n张三三,县妇联,1964.13.40,不详\n"), today)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]string, len(p.Warnings))
	for i, w := range p.Warnings {
		values[i] = w.Value
	}
	if !slices.Equal(values, []string{"1964.13.40", "不详"}) {
		t.Errorf("%q", values)
	}
}
