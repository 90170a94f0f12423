package roster

import (
	"strconv"
	"strings"

	"bense/server/internal/ledger"
)

// row cleans one row of persons: it ends among Rows or among Refused.
func (t *table) row(r sheetRow) {
	get := func(key string) Cell {
		c, ok := t.head.col[key]
		if !ok {
			return Cell{}
		}
		return r.at(c)
	}
	refuse := func(key, reason string) {
		t.Refused = append(t.Refused, t.problem(t.at, r.line, key, get(key).Text, reason))
	}
	var warnings []Problem
	warn := func(key, reason string) {
		if reason != "" {
			warnings = append(warnings, t.problem(t.at, r.line, key, get(key).Text, reason))
		}
	}

	name, remarkInName, fault := CleanName(get("name"))
	if fault != "" {
		refuse("name", fault)
		return
	}
	number, warning, fault := CleanIDNumber(get("id_number"), t.Now)
	if fault != "" {
		refuse("id_number", fault)
		return
	}
	warn("id_number", warning)

	out := Row{Sheet: t.at, Line: r.line}
	f := &out.Fields
	f.Name, f.IDNumber = name, number.Number
	if n, err := strconv.Atoi(plain(get(colSeq))); err == nil && n > 0 && n < 1_000_000 {
		f.SeqNo = n
	}
	for _, c := range ledger.AllFields {
		if _, ok := t.head.col[c.Key]; !ok {
			continue
		}
		v, at := get(c.Key), c.At(f)
		switch {
		case c.Key == "name" || c.Key == "id_number":
		case c.Key == "sex":
			*at = cleanSex(v.Text)
		case c.Key == "phone" || c.Key == "family_phone":
			*at, warning = CleanPhone(v)
			warn(c.Key, warning)
		case c.Date:
			*at = t.date(v, number, c.Key, warn)
		default:
			*at, warning = cleanText(v, c.Max)
			warn(c.Key, warning)
		}
	}
	for _, c := range t.Own {
		if _, ok := t.head.col[c.Key()]; !ok {
			continue
		}
		v, warning := cleanOwn(get(c.Key()), c, t.Now)
		if warn(c.Key(), warning); v != "" {
			out.setOwn(c.Key(), v)
		}
	}
	f.Ethnicity = cleanEthnicity(f.Ethnicity)
	if v := get(colFamily); v.Text != "" {
		contact, phone, warning := cleanFamily(v)
		warn(colFamily, warning)
		if f.FamilyContact == "" {
			f.FamilyContact = contact
		}
		if f.FamilyPhone == "" {
			f.FamilyPhone = phone
		}
	}
	t.fromNumber(f, number, remarkInName, warn)

	for _, place := range []struct {
		key string
		at  *string
	}{{colUnit, &out.Unit}, {colBranch, &out.Branch}, {colAlliance, &out.Alliance}} {
		v := ledger.NormalText(get(place.key).Text)
		if get(place.key).Formula && v == "" || ledger.LooksLikeFormula(v) && !nothing.MatchString(v) || len([]rune(v)) > 90 {
			refuse(place.key, "内容像公式或太长，不能作名称")
			return
		}
		if !nothing.MatchString(v) && !unknown.MatchString(v) {
			*place.at = v
		}
	}
	t.place(&out)
	t.hint(&out, remarkInName, get)
	t.Rows, t.Warnings = append(t.Rows, out), append(t.Warnings, warnings...)
}

// date cleans a date. A birth that is less exact than the identity number, or mangled on the way
// (1943.1 for 1943.10), gives way to it.
func (t *table) date(v Cell, number ledger.IDNumber, key string, warn func(key, reason string)) string {
	s := plain(v)
	if s == "" || nothing.MatchString(s) || s == "无" {
		return ""
	}
	d, ok := ParseDate(v, t.Now)
	if key == "birth" && ok && number.Birth != "" {
		if strings.HasPrefix(number.Birth, d) {
			return number.Birth
		}
		if len(d) == len("2006-01") && strings.HasPrefix(number.Birth, d[:4]) && len(s) == len("1943.1") {
			return number.Birth
		}
		warn(key, "出生年月与身份证号不一致，按表中填写的登记")
	}
	if !ok {
		warn(key, "日期“"+shorten(veil(key, s))+"”无法识别，已留空")
		return ""
	}
	return d
}

// fromNumber completes what the identity number tells.
func (t *table) fromNumber(f *ledger.Fields, number ledger.IDNumber, note string, warn func(key, reason string)) {
	if f.Sex == "" {
		f.Sex = cleanSex(note) // 张三(女)
	}
	if number.Number == "" {
		return
	}
	if f.Sex != "" && f.Sex != number.Sex {
		warn("sex", "性别与身份证号不一致，按身份证号登记为"+number.Sex)
	}
	f.Sex = number.Sex
	if f.Birth == "" {
		f.Birth = number.Birth
	}
}

// place settles unit, branch and alliance from the row, the section and the sheet.
func (t *table) place(r *Row) {
	if r.Branch == "" && r.Unit == "" {
		r.Branch = t.branch
	}
	r.Branch = ledger.NormalBranch(r.Branch)
	switch {
	case r.Unit != "" && strings.HasSuffix(ledger.NormalBranch(r.Unit), "支部") && r.Branch == "":
		r.Branch = ledger.NormalBranch(r.Unit) // a branch in the column of the unit
		r.Unit = ledger.UnitOf(r.Branch)
	case r.Unit != "":
		r.Unit = ledger.NormalUnit(r.Unit)
	case r.Branch != "":
		r.Unit = ledger.UnitOf(r.Branch)
	}
	if r.Alliance == "" {
		r.Alliance = t.note.Alliance
	}
	r.Alliance = ledger.NormalAlliance(r.Alliance)
}

// hint looks for a death or a move in the remark, in the column 状态 and behind the name.
func (t *table) hint(r *Row, note string, get func(string) Cell) {
	if s, ok := Hint(r.Fields.Remark); ok {
		r.Status, r.Evidence = s, r.Fields.Remark
		return
	}
	for _, v := range []string{ledger.FreeText(get(colStatus).Text), note} {
		if s, ok := statusHint(v); ok {
			r.Status, r.Evidence = s, string([]rune(v)[:min(len([]rune(v)), 200)])
			return
		}
	}
}
