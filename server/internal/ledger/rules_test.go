package ledger_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/ledger"
)

var today = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

func TestNamesOfUnitsBranchesAndAlliances(t *testing.T) {
	for in, want := range map[string]string{
		"县总工会": "县总工会", "县总工会(原)": "县总工会", "县总工会（原）": "县总工会", " 县 总工会 ": "县总工会", "原县总工会": "县总工会",
		"县总工会（已撤并）（原）": "县总工会", "原种场": "原种场", "团县委": "团县委",
	} {
		if got := ledger.NormalUnit(in); got != want {
			t.Errorf("unit %q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"县总工会离退休干部党支部": "县总工会", "县总工会离退休党支部": "县总工会", "县总工会退休干部支部": "县总工会", "县总工会老干部党支部": "县总工会",
		"县总工会机关离退休党支部": "县总工会", "县总工会党总支": "县总工会", "县总工会": "县总工会", "党支部": "党支部", "县妇联(原)离退休干部党支部": "县妇联",
	} {
		if got := ledger.UnitOf(in); got != want {
			t.Errorf("unit of %q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"群团": "群团离退休干部党建联盟", "群团党建联盟": "群团党建联盟", " 凤凰城 ": "凤凰城离退休干部党建联盟", "": ""} {
		if got := ledger.NormalAlliance(in); got != want {
			t.Errorf("alliance %q: %q, want %q", in, got, want)
		}
		if in != "" && ledger.AllianceKey(in) != ledger.AllianceKey(want) {
			t.Errorf("%q and %q have different keys", in, want)
		}
	}
}

func TestIDNumbers(t *testing.T) {
	for in, want := range map[string]ledger.IDNumber{
		"370599194312060047":  {Number: "370599194312060047", Birth: "1943-12-06", Sex: "女"},
		"37059919530908005x":  {Number: "37059919530908005X", Birth: "1953-09-08", Sex: "男"},
		"37059919530908005 ×": {Number: "37059919530908005X", Birth: "1953-09-08", Sex: "男"},
		"370599431206004":     {Number: "370599194312060047", Birth: "1943-12-06", Sex: "女"},
	} {
		if got, why := ledger.ParseIDNumber(in, today); got != want || why != ledger.IDNumberOK {
			t.Errorf("%q: %+v %q", in, got, why)
		}
	}
	for in, want := range map[string]ledger.IDNumberFault{
		"": ledger.IDNumberForm, "abc": ledger.IDNumberForm, "37059919431206004": ledger.IDNumberForm, "3705991943120600471": ledger.IDNumberForm,
		"X70599194312060047": ledger.IDNumberForm, "370599194313060047": ledger.IDNumberDate, "370599204312060047": ledger.IDNumberDate,
		"370599194312060040": ledger.IDNumberCheck, "370599193201020000": ledger.IDNumberDigits, "3.7059919320102E+17": ledger.IDNumberDigits,
	} {
		if got, why := ledger.ParseIDNumber(in, today); got.Number != "" || why != want {
			t.Errorf("%q: %+v %q, want %q", in, got, why, want)
		}
	}
}

func TestPinyin(t *testing.T) {
	for in, want := range map[string][2]string{
		"郭爱国": {"guoaiguo", "gag"}, "曾单仇": {"zengdanchou", "zdc"}, "单建国": {"shanjianguo", "sjg"}, "吕英": {"lvying", "ly"},
		"阿布都·热西提": {"abudourexiti", "abdrxt"}, "John Li": {"johnli", "johnli"}, "": {"", ""}, "重\ue000": {"chong", "c"},
	} {
		if full, initials := ledger.Pinyin(in); full != want[0] || initials != want[1] {
			t.Errorf("%q: %q %q", in, full, initials)
		}
	}
}

func TestMasks(t *testing.T) {
	for in, want := range map[string]string{"19900000001": "199****0001", "5621234": "*****34", "": "", "123": "***"} {
		if got := ledger.MaskPhone(in); got != want {
			t.Errorf("phone %q: %q", in, got)
		}
	}
	if got := ledger.MaskIDNumber("370599194312060047"); got != "37************0047" {
		t.Errorf("identity number: %q", got)
	}
	if ledger.MaskText("长期卧床") != "******" || ledger.MaskText("") != "" {
		t.Error("text")
	}
}

func TestFieldsAreCleanedAndChecked(t *testing.T) {
	got, err := ledger.Fields{Name: " 张 三 ", IDNumber: "37059919431206004 7", Birth: "1943-12", Phone: "199-0000-0001", Address: "幸福家园３号楼，2 单元"}.Clean(today)
	want := ledger.Fields{Name: "张三", IDNumber: "370599194312060047", Birth: "1943-12-06", Sex: "女", Phone: "19900000001", Address: "幸福家园3号楼，2 单元"}
	if err != nil || got != want {
		t.Errorf("%+v %v", got, err)
	}
	_, err = ledger.Fields{Name: "=1", Sex: "x", Birth: "1943.12", IDNumber: "1", Phone: "1", FamilyPhone: "不详", Remark: "@a", Talents: strings.Repeat("长", 201)}.Clean(today)
	e, ok := errs.As(err)
	if !ok || !errors.Is(err, errs.ErrInvalid) {
		t.Fatal(err)
	}
	var fields []string
	for _, f := range e.Fields {
		if len(fields) == 0 || fields[len(fields)-1] != f.Field {
			fields = append(fields, f.Field)
		}
	}
	if s := strings.Join(fields, " "); s != "name birth talents remark name sex phone family_phone id_number" {
		t.Error(s)
	}
}

func FuzzParseIDNumber(f *testing.F) {
	f.Add("370599194312060047")
	f.Add("370599431206004")
	f.Add("３７ x")
	f.Fuzz(func(t *testing.T, s string) {
		n, why := ledger.ParseIDNumber(s, today)
		if again, whyAgain := ledger.ParseIDNumber(n.Number, today); why == ledger.IDNumberOK && (again != n || whyAgain != why) {
			t.Errorf("%q gives %+v, that gives %+v", s, n, again)
		}
	})
}

func FuzzNormalPhone(f *testing.F) {
	f.Add("199-0000-0001")
	f.Add("+86 19900000001")
	f.Add("(0546)5621234")
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := ledger.NormalPhone(s)
		if again, okAgain := ledger.NormalPhone(n); ok && (again != n || !okAgain) {
			t.Errorf("%q gives %q, that gives %q", s, n, again)
		}
	})
}
