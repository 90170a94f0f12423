package roster_test

import (
	"strings"
	"testing"

	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/roster"
)

// ledgerOf is a snapshot with one alliance, one unit and the given persons.
func ledgerOf(persons ...ledger.Fields) ledger.Snapshot {
	s := ledger.Snapshot{CommitteeID: 1, Alliances: []ledger.Alliance{{ID: 2, CommitteeID: 1, Name: "群团离退休干部党建联盟"}},
		Units:    []ledger.Unit{{ID: 3, CommitteeID: 1, AllianceID: 2, Name: "县妇联"}},
		Branches: []ledger.Branch{{ID: 4, UnitID: 3, Name: "县妇联离退休干部党支部"}}}
	for i, f := range persons {
		s.Persons = append(s.Persons, ledger.Record{ID: id.ID(10 + i), UnitID: 3, BranchID: 4, Status: ledger.Active, Fields: f})
	}
	return s
}

// planOf compares a text table with a snapshot.
func planOf(t *testing.T, snap ledger.Snapshot, table string) (ledger.Changes, roster.Report) {
	t.Helper()
	p, err := roster.Parse("a.csv", []byte(table), today)
	if err != nil {
		t.Fatal(err)
	}
	next := id.ID(100)
	o := roster.Compare(p, snap, func() id.ID { next++; return next }, nil, nil)
	return o.Changes, o.Report
}

func TestTheSamePersonAgain(t *testing.T) {
	const (
		n1 = "370599194312060047"
		n2 = "37059919530908005X"
	)
	number := ledger.Fields{Name: "张三", IDNumber: n1, Birth: "1943-12-06", Sex: "女", Phone: "19900000001", Hobbies: "门球"}
	phone := ledger.Fields{Name: "李四", Phone: "19900000002"}
	birth := ledger.Fields{Name: "王五", Birth: "1950-03"}
	bare := ledger.Fields{Name: "赵六"}
	const head = "姓名,单位,身份证号,出生年月,电话,爱好\n"
	for name, c := range map[string]struct {
		have                                 []ledger.Fields
		rows                                 string
		new, changed, same, repeated, refuse int
		reason                               string
	}{
		"by number, elsewhere blank":       {[]ledger.Fields{number}, "张三,县妇联," + n1 + ",,,\n", 0, 0, 1, 0, 0, ""},
		"by number, renamed":               {[]ledger.Fields{number}, "张珊,县妇联," + n1 + ",,,\n", 0, 1, 0, 0, 0, "改为张珊"},
		"by number, another unit":          {[]ledger.Fields{number}, "张三,县科协," + n1 + ",,,\n", 0, 1, 0, 0, 0, "改为县科协"},
		"by number, no unit":               {[]ledger.Fields{number}, "张三,," + n1 + ",,,太极\n", 0, 1, 0, 0, 0, ""},
		"another number, same phone":       {[]ledger.Fields{number}, "张三,县妇联," + n2 + ",,19900000001,\n", 1, 0, 0, 0, 0, "请核对"},
		"without number, same phone":       {[]ledger.Fields{number}, "张三,县妇联(原),,,199-0000-0001,\n", 0, 0, 1, 0, 0, ""},
		"without number, same month":       {[]ledger.Fields{number}, "张三,县妇联,,1943.12,,\n", 0, 0, 1, 0, 0, ""},
		"without number, only the year":    {[]ledger.Fields{number}, "张三,县妇联,,1943,,\n", 1, 0, 0, 0, 0, ""},
		"without number, in another unit":  {[]ledger.Fields{number}, "张三,县科协,,1943.12,,\n", 1, 0, 0, 0, 0, ""},
		"number becomes known":             {[]ledger.Fields{phone}, "李四,县妇联," + n2 + ",,19900000002,\n", 0, 1, 0, 0, 0, ""},
		"phone changes":                    {[]ledger.Fields{birth}, "王五,县妇联,,1950.03.08,19900000009,\n", 0, 1, 0, 0, 0, ""},
		"nothing to tell, only one":        {[]ledger.Fields{number}, "张三,县妇联,,,,\n", 0, 0, 1, 0, 0, ""},
		"nothing to tell, several":         {[]ledger.Fields{bare, bare}, "赵六,县妇联,,,,\n", 0, 0, 0, 0, 1, "请补上"},
		"several fit":                      {[]ledger.Fields{birth, birth}, "王五,县妇联,,1950.03,,\n", 0, 0, 0, 0, 1, "请补上身份证号"},
		"twice in the file":                {nil, "张三,县妇联," + n1 + ",,19900000001,门球\n张三,县妇联," + n1 + ",,,\n", 1, 0, 0, 1, 0, ""},
		"twice in the file, by phone":      {nil, "张三,县妇联,,,19900000001,门球\n张三,县妇联,,,19900000001,\n", 1, 0, 0, 1, 0, ""},
		"twice in the file, contradicting": {nil, "张三,县妇联," + n1 + ",,,门球\n张三,县妇联," + n1 + ",,,太极\n", 1, 0, 0, 1, 0, "没有采用"},
		"one number, two names":            {nil, "张三,县妇联," + n1 + ",,,\n李四,县妇联," + n1 + ",,,\n", 1, 0, 0, 0, 1, "姓名却不同"},
		"couple on one phone":              {nil, "张三,县妇联,,,19900000001,\n李四,县妇联,,,19900000001,\n", 2, 0, 0, 0, 0, ""},
		"no unit":                          {nil, "张三,,,,19900000001,\n", 0, 0, 0, 0, 1, "单位"},
	} {
		changes, r := planOf(t, ledgerOf(c.have...), head+c.rows)
		if r.New != c.new || r.Changed != c.changed || r.Same != c.same || r.RepeatedRows != c.repeated || len(r.Refused) != c.refuse {
			t.Errorf("%s: %+v", name, r)
		}
		var said strings.Builder
		for _, p := range append(r.Refused, r.Warnings...) {
			said.WriteString(p.Reason)
		}
		if !strings.Contains(said.String(), c.reason) {
			t.Errorf("%s: said %q, want %q", name, said.String(), c.reason)
		}
		for _, rec := range changes.ChangedPersons {
			old := c.have[rec.ID-10]
			for _, f := range ledger.AllFields {
				if *f.At(&old) != "" && *f.At(&rec.Fields) == "" {
					t.Errorf("%s: %s was blanked", name, f.Label)
				}
			}
		}
	}
}

func TestUnitsAndAlliancesAreFoundAgain(t *testing.T) {
	snap := ledgerOf()
	changes, r := planOf(t, snap, "姓名,单位,所属联盟,电话\n张三,县妇联(原),群团,19900000001\n李四,县妇联,群团党建联盟,19900000002\n"+
		"王五,县科协,群团,19900000003\n赵六,县妇联,津苑,19900000004\n孙七,县审计局,津苑,19900000005\n周八,县档案馆,,19900000006\n")
	if r.Alliances != 2 || r.Units != 4 || r.Branches != 4 || r.New != 6 {
		t.Errorf("%+v", r)
	}
	if len(changes.NewAlliances) != 1 || changes.NewAlliances[0].Name != "津苑离退休干部党建联盟" || len(changes.ChangedUnits) != 0 {
		t.Errorf("%+v", changes)
	}
	if len(r.Warnings) != 2 || !strings.Contains(r.Warnings[0].Reason, "另一个联盟") || !strings.Contains(r.Warnings[1].Reason, "没有写明所属联盟") {
		t.Errorf("%+v", r.Warnings)
	}
}

func TestSomebodyOfAnotherCommitteeIsRefused(t *testing.T) {
	snap := ledgerOf()
	snap.Elsewhere = map[string]bool{"370599194312060047": true}
	_, r := planOf(t, snap, "姓名,单位,身份证号\n张三,县妇联,370599194312060047\n")
	if r.New != 0 || len(r.Refused) != 1 || !strings.Contains(r.Refused[0].Reason, "其他党工委") {
		t.Errorf("%+v", r)
	}
}

// A telephone that somebody else has is a question for after the import, never a refusal.
func TestTheSamePhoneIsAsked(t *testing.T) {
	_, r := planOf(t, ledgerOf(ledger.Fields{Name: "李四", Phone: "19900000002"}, ledger.Fields{Name: "钱七", Phone: "19900000002"}),
		"姓名,单位,联系电话\n张三,县妇联,19900000001\n李四,县妇联,19900000002\n王五,县科协,19900000001\n赵六,县科协,\n")
	if r.New != 3 || r.SamePhone != 2 || len(r.Refused) != 0 {
		t.Errorf("%+v", r)
	}
}
