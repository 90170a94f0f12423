package roster

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/clock"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// Form is the shape of an exported file.
type Form string

// The forms.
const (
	FormCounty   Form = "county"   // 县格式: .xlsx, one sheet for each alliance, as the county keeps its ledger
	FormProvince Form = "province" // 省格式: .xlsx, one flat sheet with standard headings and codes
	FormPrint    Form = "print"    // a roster to be printed, PDF
)

// Wish is what somebody wants to have exported: of one committee, alliance or unit.
type Wish struct {
	Form                      Form
	Committee, Alliance, Unit id.ID         // one of them
	Columns                   []string      // keys of ExportColumns and of the committee's own; none: those that belong to the form
	Own                       ledger.OwnAsk // only those whose row holds it
	Plain                     bool          // sensitive columns in plain text
	Reason                    string        // why, kept
}

// Export is a file that was asked for. It is there for its maker for a day.
type Export struct {
	ID        id.ID
	Account   id.ID
	Form      Form
	Place     actor.Place
	ScopeName string
	Plain     bool
	Columns   []string
	Reason    string
	Rows      int
	FileName  string
	only      *ledger.OwnFilter // while it is made; ScopeName says it
	Job       id.ID
	CreatedAt time.Time
	ReadyAt   time.Time // zero until it is ready
	ExpiresAt time.Time
}

// keepExport is how long a file waits for its maker.
const keepExport = 24 * time.Hour

// Errors of exports.
var (
	ErrExportReason = errs.New(errs.Invalid, "roster.export_reason", "请写明导出的用途")
	ErrExportScope  = errs.New(errs.Invalid, "roster.export_scope", "请选择要导出的党工委、联盟或单位")
	ErrExportGone   = errs.New(errs.NotFound, "roster.export_gone", "这份文件已过一天，不再保存，请重新导出")
	ErrExportEmpty  = errs.New(errs.Invalid, "roster.export_empty", "选定的范围里没有这样的在册人员，没有可导出的内容")
	ErrNotReady     = errs.New(errs.Conflict, "roster.export_not_ready", "文件还在准备，请稍等")
)

// ExportColumn is a column of exported files.
type ExportColumn struct {
	Key, Label string
	width      float64 // in characters of a workbook
	mm         float64 // on paper, about; columns share the sheet by it
}

// widths of columns that are not of the usual one, in characters.
var widths = map[string]float64{
	colSeq: 6, "name": 10, "sex": 6, "ethnicity": 8, "birth": 11, "id_number": 21, "former_post": 26, colUnit: 18, colBranch: 26,
	colAlliance: 26, "phone": 14, "family_phone": 14, "address": 32, "remark": 28, "health": 14,
}

const usualWidth = 13.0 // of a column in characters

// ExportColumns lists all columns in the order of the official sheet.
var ExportColumns = func() []ExportColumn {
	var out []ExportColumn
	add := func(key, label string) {
		w := widths[key]
		if w == 0 {
			w = usualWidth
		}
		out = append(out, ExportColumn{Key: key, Label: label, width: w, mm: w * 1.7})
	}
	add(colSeq, "序号")
	for _, f := range ledger.AllFields {
		switch f.Key {
		case "party_post":
			add(colUnit, "单位")
			add(colBranch, "所在党支部")
		case "phone":
			add(colAlliance, "所属联盟")
		case "remark":
			add(colStatus, "状态")
		}
		add(f.Key, f.Label)
	}
	return out
}()

// usual columns of a form.
var usual = map[Form]string{
	FormCounty: "seq name sex ethnicity birth id_number joined_party started_work left_at former_post unit branch phone address health hobbies family_contact family_phone remark",
	FormPrint:  "seq name sex birth former_post party_post phone remark",
}

// maxPrinted columns fit on paper.
const maxPrinted = 9

// columns gives those of the wish in the order of the sheet, the committee's own behind, or reports an unknown one.
// The county's form has all of its own columns.
func (w Wish) columns(own []ledger.Column) ([]ExportColumn, error) {
	keys := w.Columns
	if len(keys) == 0 {
		keys = strings.Fields(usual[w.Form])
	}
	var out []ExportColumn
	for _, c := range ExportColumns {
		if w.Form == FormProvince && len(w.Columns) == 0 || slices.Contains(keys, c.Key) || c.Key == "name" {
			out = append(out, c)
		}
	}
	known := slices.Clone(ExportColumns)
	for _, c := range own {
		x := ExportColumn{Key: c.Key(), Label: c.Name, width: usualWidth, mm: usualWidth * 1.7}
		known = append(known, x)
		if w.Form == FormCounty && len(w.Columns) == 0 || slices.Contains(keys, x.Key) {
			out = append(out, x)
		}
	}
	for _, k := range keys {
		if !slices.ContainsFunc(known, func(c ExportColumn) bool { return c.Key == k }) {
			return nil, errs.ErrInvalid.With(errs.Field("columns", "没有这一列"))
		}
	}
	if w.Form == FormPrint && len(out) > maxPrinted {
		return nil, errs.ErrInvalid.With(errs.Field("columns", "打印名册最多选 "+strconv.Itoa(maxPrinted)+" 列，再多就看不清了"))
	}
	return out, nil
}

// member is one line of an exported file.
type member struct {
	ledger.Person
	rec ledger.Record
}

// group is what stands together: an alliance on a sheet, or units without one.
type group struct {
	alliance ledger.Alliance // zero: units in none
	lead     string
	members  []member
}

// value gives a cell.
func (m member) value(key string, plain bool) string {
	switch key {
	case colSeq:
		return number(m.rec.SeqNo)
	case colUnit:
		return m.Unit
	case colBranch:
		return m.Branch
	case colAlliance:
		return m.Alliance
	case colStatus:
		return statusNames[m.rec.Status]
	}
	if column := ledger.ColumnID(key); column != 0 {
		return m.rec.Own(column)
	}
	f, ok := ledger.FieldOf(key)
	if !ok {
		return ""
	}
	v := *f.At(&m.rec.Fields)
	if plain {
		return v
	}
	return mask(key, v)
}

var statusNames = map[ledger.Status]string{ledger.Active: "在册", ledger.Moved: "调出", ledger.Deceased: "去世", ledger.Suspended: "暂停参加"}

// listed reports who stands in a form: the province's has everybody with their status.
func (f Form) listed(s ledger.Status) bool {
	return f == FormProvince || s == ledger.Active || s == ledger.Suspended
}

// mark is the line that says where a file came from.
func (e Export) mark(by string) string {
	return "导出人：" + by + "　导出时间：" + e.CreatedAt.In(clock.Shanghai).Format("2006-01-02 15:04") + "　编号：" + e.ID.String() + "　内部资料，注意保密"
}

var sexCodes = map[string]string{"男": "1", "女": "2"}

// ethnicCodes are those of GB/T 3304, in their order from 01.
var ethnicCodes = func() map[string]string {
	m := map[string]string{}
	for i, name := range strings.Fields("汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西 景颇 " +
		"柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京 塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺") {
		code := strconv.Itoa(i + 1)
		if len(code) == 1 {
			code = "0" + code
		}
		m[name+"族"] = code
	}
	return m
}()

func headings(columns []ExportColumn) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.Label
	}
	return out
}

func (m member) line(columns []ExportColumn, plain bool) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = m.value(c.Key, plain)
	}
	return out
}

// county writes the ledger as the county keeps it.
func county(e Export, groups []group, columns []ExportColumn, by string) ([]byte, error) {
	b := newBook()
	ws := make([]float64, len(columns))
	for i, c := range columns {
		ws[i] = c.width
	}
	for _, g := range groups {
		name, title := ledger.AllianceKey(g.alliance.Name), g.alliance.Name+"党员台账"
		if g.alliance.ID == 0 {
			name, title = "其他单位名册", "未加入联盟单位的离退休干部党员台账"
		}
		s := b.sheet(name, e.mark(by), ws, 4)
		s.span(title, len(columns), styleTitle, 32)
		facts := ""
		for _, f := range []struct{ label, value string }{{"牵头单位", g.lead}, {"联建依据", g.alliance.Basis}, {"固定活动场所", g.alliance.Venue},
			{"填报日期", e.CreatedAt.In(clock.Shanghai).Format(time.DateOnly)}} {
			if f.value != "" {
				facts += f.label + "：" + f.value + "    "
			}
		}
		s.span(strings.TrimSpace(facts), len(columns), styleFact, 20)
		s.span(e.mark(by), len(columns), styleMark, 16)
		s.line(headings(columns), styleHead, 30)
		for _, m := range g.members {
			s.line(m.line(columns, e.Plain), styleText, 20)
		}
		s.end()
	}
	return b.bytes()
}

// province writes one flat sheet with standard headings; codes of sex and ethnicity stand at its end.
func province(e Export, groups []group, columns []ExportColumn, by string) ([]byte, error) {
	b := newBook()
	ws := []float64{}
	for _, c := range columns {
		ws = append(ws, c.width)
	}
	heads := append(headings(columns), "性别代码", "民族代码")
	s := b.sheet("党员信息", e.mark(by), append(ws, 9, 9), 2)
	s.span(e.mark(by), len(heads), styleMark, 16)
	s.line(heads, styleHead, 30)
	n := 0
	for _, g := range groups {
		for _, m := range g.members {
			n++
			line := m.line(columns, e.Plain)
			if len(columns) > 0 && columns[0].Key == colSeq {
				line[0] = strconv.Itoa(n)
			}
			s.line(append(line, sexCodes[m.rec.Sex], ethnicCodes[m.rec.Ethnicity]), styleText, 20)
		}
	}
	s.end()
	return b.bytes()
}
