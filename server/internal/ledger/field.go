package ledger

import (
	"slices"
	"strings"
	"time"

	"bense/server/internal/errs"
)

// Field describes one text column of the ledger.
type Field struct {
	Key   string // as in the API
	Label string // as on the sheet
	Max   int    // characters that may be typed
	Date  bool
	At    func(*Fields) *string
}

// AllFields lists the text columns in the order of the official sheet.
var AllFields = []Field{
	{Key: "name", Label: "姓名", Max: 30, At: func(f *Fields) *string { return &f.Name }},
	{Key: "sex", Label: "性别", Max: 1, At: func(f *Fields) *string { return &f.Sex }},
	{Key: "ethnicity", Label: "民族", Max: 20, At: func(f *Fields) *string { return &f.Ethnicity }},
	{Key: "birth", Label: "出生年月", Max: 10, Date: true, At: func(f *Fields) *string { return &f.Birth }},
	{Key: "id_number", Label: "身份证号", Max: 40, At: func(f *Fields) *string { return &f.IDNumber }},
	{Key: "education", Label: "文化程度", Max: 40, At: func(f *Fields) *string { return &f.Education }},
	{Key: "joined_party", Label: "入党时间", Max: 10, Date: true, At: func(f *Fields) *string { return &f.JoinedParty }},
	{Key: "started_work", Label: "参加工作时间", Max: 10, Date: true, At: func(f *Fields) *string { return &f.StartedWork }},
	{Key: "leave_kind", Label: "离退类别", Max: 20, At: func(f *Fields) *string { return &f.LeaveKind }},
	{Key: "left_at", Label: "离退休时间", Max: 10, Date: true, At: func(f *Fields) *string { return &f.LeftAt }},
	{Key: "former_post", Label: "原单位及职务", Max: 200, At: func(f *Fields) *string { return &f.FormerPost }},
	{Key: "job_rank", Label: "职级", Max: 60, At: func(f *Fields) *string { return &f.JobRank }},
	{Key: "party_post", Label: "党内职务", Max: 60, At: func(f *Fields) *string { return &f.PartyPost }},
	{Key: "phone", Label: "联系电话", Max: 40, At: func(f *Fields) *string { return &f.Phone }},
	{Key: "address", Label: "现居住地址", Max: 300, At: func(f *Fields) *string { return &f.Address }},
	{Key: "community", Label: "社区", Max: 100, At: func(f *Fields) *string { return &f.Community }},
	{Key: "elsewhere", Label: "是否异地居住", Max: 100, At: func(f *Fields) *string { return &f.Elsewhere }},
	{Key: "living", Label: "居住情况", Max: 40, At: func(f *Fields) *string { return &f.Living }},
	{Key: "health", Label: "健康状况", Max: 300, At: func(f *Fields) *string { return &f.Health }},
	{Key: "talents", Label: "特长", Max: 200, At: func(f *Fields) *string { return &f.Talents }},
	{Key: "hobbies", Label: "爱好", Max: 200, At: func(f *Fields) *string { return &f.Hobbies }},
	{Key: "team_wish", Label: "兴趣队", Max: 200, At: func(f *Fields) *string { return &f.TeamWish }},
	{Key: "volunteer", Label: "志愿服务意愿", Max: 100, At: func(f *Fields) *string { return &f.Volunteer }},
	{Key: "community_registered", Label: "社区报到", Max: 100, At: func(f *Fields) *string { return &f.CommunityRegistered }},
	{Key: "family_contact", Label: "家属联系人", Max: 100, At: func(f *Fields) *string { return &f.FamilyContact }},
	{Key: "family_phone", Label: "家属电话", Max: 40, At: func(f *Fields) *string { return &f.FamilyPhone }},
	{Key: "smartphone", Label: "是否使用智能手机", Max: 60, At: func(f *Fields) *string { return &f.Smartphone }},
	{Key: "phone_shared_with", Label: "同用手机人", Max: 60, At: func(f *Fields) *string { return &f.PhoneSharedWith }},
	{Key: "liaison_name", Label: "联络员", Max: 60, At: func(f *Fields) *string { return &f.LiaisonName }},
	{Key: "remark", Label: "备注", Max: 700, At: func(f *Fields) *string { return &f.Remark }},
}

// FieldOf finds a column by key.
func FieldOf(key string) (Field, bool) {
	i := slices.IndexFunc(AllFields, func(f Field) bool { return f.Key == key })
	if i < 0 {
		return Field{}, false
	}
	return AllFields[i], true
}

// Clean brings typed columns into their stored form, or reports every faulty one.
func (f Fields) Clean(now time.Time) (Fields, error) {
	var faults []errs.FieldError
	fault := func(key, message string) { faults = append(faults, errs.Field(key, message)) }
	for _, c := range AllFields {
		v := c.At(&f)
		*v = FreeText(*v)
		switch {
		case len([]rune(*v)) > c.Max:
			fault(c.Key, c.Label+"太长")
		case c.Date && !ValidDate(*v, now):
			fault(c.Key, c.Label+"应写成 1948-03 或 1948-03-05")
		case c.Key != "phone" && c.Key != "family_phone" && LooksLikeFormula(*v):
			fault(c.Key, c.Label+"不能以 = + - @ 开头")
		}
	}
	if f.Name = NormalName(f.Name); !IsName(f.Name) {
		fault("name", "请填写姓名")
	}
	if f.Sex != "" && f.Sex != "男" && f.Sex != "女" {
		fault("sex", "性别只能是男或女")
	}
	for _, c := range []struct {
		key string
		at  *string
	}{{"phone", &f.Phone}, {"family_phone", &f.FamilyPhone}} {
		if *c.at == "" {
			continue
		}
		number, ok := NormalPhone(*c.at)
		if !ok {
			fault(c.key, "电话号码不对")
		}
		*c.at = number
	}
	if f.IDNumber != "" {
		n, why := ParseIDNumber(f.IDNumber, now)
		if why != IDNumberOK {
			fault("id_number", string(why))
		}
		f = f.withIDNumber(n)
	}
	if len(faults) > 0 {
		return Fields{}, errs.ErrInvalid.With(faults...)
	}
	return f, nil
}

// withIDNumber takes over the number, and what it tells where the column is empty or less exact.
func (f Fields) withIDNumber(n IDNumber) Fields {
	f.IDNumber = n.Number
	if f.Sex == "" {
		f.Sex = n.Sex
	}
	if strings.HasPrefix(n.Birth, f.Birth) {
		f.Birth = n.Birth
	}
	return f
}

// apply gives the changed record, or reports faulty columns.
func (c PersonChange) apply(rec Record, now time.Time) (Record, error) {
	if c.Unit != nil && *c.Unit != rec.UnitID {
		rec.UnitID, rec.BranchID = *c.Unit, 0
	}
	if c.Branch != nil {
		rec.BranchID = *c.Branch
	}
	if c.Status != nil && *c.Status != rec.Status {
		rec.Status, rec.StatusAt, rec.StatusNote = *c.Status, "", ""
	}
	if c.SeqNo != nil {
		rec.SeqNo = *c.SeqNo
	}
	for _, f := range AllFields {
		if v, ok := c.Fields[f.Key]; ok {
			*f.At(&rec.Fields) = v
		}
	}
	var err error
	rec.Fields, err = rec.Fields.Clean(now)
	return rec, err
}
