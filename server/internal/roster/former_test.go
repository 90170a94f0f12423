package roster_test

import (
	"strings"
	"testing"

	"bense/server/internal/ledger"
)

// A workbook that is older than a reform finds the units, branches and alliances of today.
func TestFormerNamesAreRecognised(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	const title = "姓名,单位,所在党支部,所属联盟,出生年月,联系电话\n"
	c.load("a.csv", []byte(title+"张三三,县卫生局,县卫生局离退休干部党支部,群团联盟,1948.03,19900000001\n李四四,县文化局,,群团联盟,1948.04,19900000002\n"))
	unit := map[string]ledger.Unit{}
	for _, u := range c.snapshot().Units {
		unit[u.Name] = u
	}
	for was, is := range map[string]string{"县卫生局": "县卫生健康局", "县文化局": "县文化和旅游局"} {
		if _, err := c.ledger.UpdateUnit(ctx, c.staff, unit[was].ID, ledger.UnitChange{Name: &is}); err != nil {
			t.Fatal(err)
		}
	}
	old := title + "张三三,县卫生局,县卫生局离退休干部党支部,群团联盟,1948.03,19900000001\n李四四,县文化局,,群团联盟,1948.04,19900000002\n赵六六,县卫生局,,群团联盟,1950.01,19900000003\n"
	imp := c.preview("b.csv", []byte(old))
	if r := imp.Report; r.New != 1 || r.Same != 2 || r.Units != 2 || r.Branches != 2 || len(r.Warnings) != 2 {
		t.Fatalf("%+v", r)
	}
	if w := imp.Report.Warnings[0]; w.Row != 2 || w.Value != "县卫生局" || !strings.Contains(w.Reason, "“县卫生健康局”以前的名称") {
		t.Errorf("%+v", w)
	}
	done, err := c.roster.Commit(ctx, c.staff, imp.ID)
	if err != nil || len(done.Report.Warnings) != 2 { // said at the commit as well: the rows are kept as they were read
		t.Fatalf("%v %+v", err, done.Report)
	}
	if got := c.named("赵六六"); got.UnitID != unit["县卫生局"].ID || got.BranchID != c.named("张三三").BranchID {
		t.Errorf("%+v", got)
	}
	// A unit that bears the name today comes first.
	if _, err := c.ledger.CreateUnit(ctx, c.staff, ledger.Unit{CommitteeID: c.committee.ID, Name: "县卫生局"}); err != nil {
		t.Fatal(err)
	}
	if r := c.preview("c.csv", []byte(title+"孙七七,县卫生局,,群团联盟,1950.02,19900000004\n")).Report; r.New != 1 || r.Units != 3 || len(r.Warnings) != 0 {
		t.Errorf("%+v", r)
	}
}

// Two units that had one name: nobody can tell which is meant.
func TestAFormerNameOfSeveralUnits(t *testing.T) {
	c := newCounty(t)
	const title = "姓名,单位,所属联盟,出生年月\n"
	c.load("a.csv", []byte(title+"张三三,县农业局,群团联盟,1948.03\n李四四,县畜牧局,群团联盟,1948.04\n"))
	rename := func(person, to string) {
		t.Helper()
		if _, err := c.ledger.UpdateUnit(t.Context(), c.staff, c.named(person).UnitID, ledger.UnitChange{Name: &to}); err != nil {
			t.Fatal(err)
		}
	}
	rename("张三三", "县农业农村局")
	rename("李四四", "县农业局")
	rename("李四四", "县畜牧服务中心")
	r := c.preview("b.csv", []byte(title+"张三三,县农业局,群团联盟,1948.03\n")).Report
	if r.New != 1 || r.Units != 3 || !strings.Contains(r.Warnings[0].Reason, "几个单位以前都叫这个名称") {
		t.Errorf("%+v", r)
	}
}
