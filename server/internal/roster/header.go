package roster

import (
	"regexp"
	"slices"
	"strings"

	"bense/server/internal/ledger"
)

// Columns of the sheet that are no column of a person.
const (
	colSeq      = "seq"
	colUnit     = "unit"
	colBranch   = "branch"
	colAlliance = "alliance"
	colStatus   = "status"
	colFamily   = "family" // contact and number in one column
)

// spellings lists how sheets title each column, without blanks, brackets and punctuation.
var spellings = map[string]string{
	colSeq:                 "序号 编号 序 号 次序",
	"name":                 "姓名 名字 党员姓名 老干部姓名 离退休干部姓名 人员姓名",
	"sex":                  "性别",
	"ethnicity":            "民族 族别",
	"birth":                "出生年月 出生日期 出生年月日 出生时间 生日 出生",
	"id_number":            "身份证号 身份证号码 身份证 公民身份号码 公民身份证号 公民身份证号码 居民身份证号 居民身份证号码 身份号码 证件号码 证件号",
	"education":            "文化程度 学历 学历学位 最高学历 教育程度",
	"joined_party":         "入党时间 入党日期 入党年月 加入党组织时间 加入党组织日期 加入中国共产党时间 何时入党",
	"started_work":         "参加工作时间 参加工作年月 参加工作日期 参加革命工作时间 参工时间 工作时间 何时参加工作",
	"leave_kind":           "离退类别 离退休类别 离休退休 人员类别 类别 离退 离退休",
	"left_at":              "离退休时间 离休时间 退休时间 离退时间 离退休年月 退休年月 离退休日期 退休日期",
	"former_post":          "原单位及职务 原工作单位及职务 工作单位及职务 原单位职务 原职务 原任职务 退休前职务 离退休前职务 离退休前单位及职务 退休前单位及职务 职务",
	"job_rank":             "职级 级别 待遇 行政级别 职务级别 享受待遇 现享受待遇 职级待遇",
	colBranch:              "所在党支部 党支部 所属党支部 所在支部 所属支部 支部 支部名称 党支部名称 所在党组织 组织关系所在党支部 组织关系所在支部",
	colUnit:                "单位 单位名称 所在单位 所属单位 原单位 工作单位 原工作单位 成员单位 管理单位 原所在单位",
	"party_post":           "党内职务 支部职务 党内任职 党务职务",
	colAlliance:            "所属联盟 联盟 联盟名称 所在联盟 党建联盟 所属党建联盟 所在党建联盟",
	"phone":                "联系电话 电话 电话号码 手机 手机号 手机号码 手机号电话 手机电话 联系方式 本人电话 本人联系电话 本人手机 移动电话 联系手机",
	"address":              "现居住地址 居住地址 住址 现住址 家庭住址 家庭地址 常住地址 常住址 居住地 现居住地 详细地址 地址 现居住地址社区",
	"community":            "社区 所在社区 居住社区 所属社区 现居住社区",
	"elsewhere":            "是否异地居住 异地居住 异地居住情况",
	"living":               "居住情况 居住状况 居住方式",
	"health":               "健康状况 健康情况 身体状况 身体情况 健康",
	"talents":              "特长 专长 个人特长",
	"hobbies":              "爱好 兴趣爱好 特长爱好 爱好特长 特长及爱好 兴趣",
	"team_wish":            "兴趣队 文体队伍 兴趣小组 兴趣团队 文体队伍意愿",
	"volunteer":            "志愿服务意愿 志愿服务 志愿者 是否愿意参加志愿服务",
	"community_registered": "社区报到 社区报到情况 报到社区 是否社区报到 是否到社区报到",
	colFamily:              "家属联系人及电话 家属及电话 家属联系人电话 家属姓名及电话 紧急联系人及电话 联系人及电话",
	"family_contact":       "家属联系人 家属联系人姓名 家属姓名 家属 亲属 亲属姓名 亲属联系人 紧急联系人 紧急联系人姓名 联系人 子女姓名",
	"family_phone":         "家属电话 家属联系电话 家属联系方式 家属手机 家属手机号 亲属电话 紧急联系电话 紧急联系人电话 联系人电话 子女电话 子女联系电话",
	"smartphone":           "是否使用智能手机 智能手机 使用智能手机 是否智能手机 是否使用智能手机同用手机人",
	"phone_shared_with":    "同用手机人 共用手机人 手机共用人",
	"liaison_name":         "联络员 联络员姓名 单位联络员",
	colStatus:              "状态 人员状态 党员状态 在册状态",
	"remark":               "备注 说明 备注说明 其他 其它",
}

var columnOf = func() map[string]string {
	m := map[string]string{}
	for key, words := range spellings {
		for _, w := range strings.Fields(words) {
			m[w] = key
		}
	}
	return m
}()

var (
	bracketed   = regexp.MustCompile(`\([^)]*\)|\[[^\]]*\]|【[^】]*】`)
	punctuation = regexp.MustCompile(`[^\p{Han}\p{L}\p{N}]`)
)

// Titles says what a committee's clerks explained about titles, by TitleForm: the column that one
// means, or "" for one that is not to be imported.
type Titles map[string]string

// maxTitle bounds a title in bytes: longer texts are no titles.
const maxTitle = 90

// TitleForm is a title as it is remembered: without blanks and punctuation.
func TitleForm(title string) string { return ledger.TitleForm(title) }

// Reserved reports a title that every ledger knows, in any of its spellings.
func Reserved(title string) bool { return columnOf[TitleForm(title)] != "" }

// with adds the committee's own columns in use, each under its name. What was explained to mean one that is no
// longer in use is forgotten.
func (k Titles) with(own []ledger.Column) Titles {
	out := Titles{}
	for title, key := range k {
		if ledger.ColumnID(key) == 0 || slices.ContainsFunc(own, func(c ledger.Column) bool { return c.Key() == key }) {
			out[title] = key
		}
	}
	for _, c := range own {
		out[TitleForm(c.Name)] = c.Key()
	}
	return out
}

// key gives the column that a title means, or nothing; settled tells that nobody has to be asked.
func (k Titles) key(title string) (key string, settled bool) {
	if len(title) > maxTitle {
		return "", true
	}
	t := ledger.NormalText(title)
	if key, ok := k[punctuation.ReplaceAllString(t, "")]; ok {
		return key, true
	}
	if key := columnOf[punctuation.ReplaceAllString(bracketed.ReplaceAllString(t, ""), "")]; key != "" {
		return key, true
	}
	key = columnOf[punctuation.ReplaceAllString(t, "")]
	return key, key != ""
}

func (k Titles) means(title string) string {
	key, _ := k.key(title)
	return key
}

// titleText is a title as a report names it: titles are spread with blanks and line breaks.
func titleText(s string) string { return strings.ReplaceAll(ledger.NormalText(s), " ", "") }

// head is a header row: which column of the sheet holds what.
type head struct {
	col    map[string]int
	titles []string     // as they stand there, by column
	out    map[int]bool // columns that are not to be imported
	rows   int          // 2 when titles stand above each other
}

// column names a column in a problem.
func (h *head) column(key string) (title string, col int) {
	c, ok := h.col[key]
	if !ok {
		return "", -1
	}
	return h.titles[c], c
}

// headAt reads a header that begins at rows[i]: it names people and at least one other column.
func (k Titles) headAt(rows []sheetRow, i int) (*head, bool) {
	if !slices.ContainsFunc(rows[i].cells, k.mayName) {
		return nil, false
	}
	h := k.titlesOf(rows[i])
	if _, ok := h.col["name"]; !ok || len(h.col) < 3 && !h.small() {
		return nil, false
	}
	if i+1 < len(rows) {
		h.second(k, rows[i].line, rows[i+1])
	}
	return h, true
}

// mayName looks for the names' column quickly: every title that we know has that character.
func (k Titles) mayName(c Cell) bool {
	if len(c.Text) >= maxTitle {
		return false
	}
	return strings.ContainsRune(c.Text, '名') || len(k) > 0 && c.Text != "" && k[TitleForm(c.Text)] == "name"
}

// titlesOf reads a row as one of titles.
func (k Titles) titlesOf(r sheetRow) *head {
	h := &head{col: map[string]int{}, out: map[int]bool{}, rows: 1}
	for c, v := range r.cells {
		h.titles = append(h.titles, titleText(v.Text))
		key, settled := k.key(v.Text)
		h.claim(key, c)
		h.out[c] = key == "" && settled && len(v.Text) <= maxTitle
	}
	return h
}

// nameless finds the row that looks most like titles without one for the names.
func (k Titles) nameless(rows []sheetRow) (best *head, at int) {
	for i := range rows[:min(len(rows), 20)] {
		if h := k.titlesOf(rows[i]); len(h.col) >= 3 && (best == nil || len(h.col) > len(best.col)) {
			best, at = h, i
		}
	}
	return best, at
}

// small accepts a header of two columns where the other one tells who somebody is.
func (h *head) small() bool {
	for _, key := range []string{"id_number", "phone", colUnit, colBranch, "birth"} {
		if _, ok := h.col[key]; ok {
			return true
		}
	}
	return false
}

// claim gives a column its meaning; the first of two wins, but a second number that follows the
// family's contact is the family's.
func (h *head) claim(key string, c int) {
	if key == "" {
		return
	}
	if _, taken := h.col[key]; !taken {
		h.col[key] = c
		return
	}
	after := func(key string) bool {
		at, ok := h.col[key]
		_, taken := h.col["family_phone"]
		return ok && at < c && !taken
	}
	if key == "phone" && after("family_contact") {
		h.col["family_phone"] = c
	}
}

// second takes in a row of titles below: 家属 over 姓名 and 电话.
func (h *head) second(k Titles, line int, below sheetRow) {
	name := h.col["name"]
	if below.line != line+1 || below.at(name).Text != "" && k.means(below.at(name).Text) != "name" {
		return
	}
	found := map[int]string{}
	for c, v := range below.cells {
		sub := titleText(v.Text)
		if sub == "" || c < len(h.titles) && sub == h.titles[c] {
			continue
		}
		key := ""
		if c < len(h.titles) {
			key = k.means(h.titles[c] + sub)
		}
		if key == "" {
			key = k.means(sub)
		}
		if key == "" {
			return // data, not titles
		}
		found[c] = key
	}
	if len(found) == 0 {
		return
	}
	h.rows = 2
	for c := range found {
		for old, at := range h.col {
			if at == c {
				delete(h.col, old)
			}
		}
		for len(h.titles) <= c {
			h.titles = append(h.titles, "")
		}
		h.titles[c] += titleText(below.at(c).Text)
	}
	columns := make([]int, 0, len(found))
	for c := range found {
		columns = append(columns, c)
	}
	slices.Sort(columns)
	for _, c := range columns {
		h.claim(found[c], c)
	}
}
