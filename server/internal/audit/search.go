package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/clock"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/page"
)

// Names tells how people call what lines name by number; what it doesn't know is missing in the answer.
type Names interface {
	AccountName(ctx context.Context, accounts []id.ID) (map[id.ID]string, error)
	SubjectName(ctx context.Context, kind string, subjects []id.ID) (map[id.ID]string, error)
}

// UseNames gives the log the names that its readers see.
func (l *Log) UseNames(n Names) { l.names = n }

// Root gives the one committee that stands above all others, or zero where several stand at the top.
type Root func(ctx context.Context) (id.ID, error)

// UseRoot names who knows the committee at the top: its auditor also finds the lines without a place, such
// as log-ins of people who are nobody yet.
func (l *Log) UseRoot(r Root) { l.root = r }

// placeless reports whether lines without a place belong into a search.
func (l *Log) placeless(ctx context.Context, scope actor.Scope, f Filter) (bool, error) {
	if scope.All || l.root == nil || f.Alliance != 0 {
		return false, nil
	}
	root, err := l.root(ctx)
	return root != 0 && slices.Contains(scope.Committees, root) && (f.Committee == 0 || f.Committee == root), err
}

// Confirmer spends the confirmation that an export at a desktop needs; *identity.Service is one.
type Confirmer interface {
	Confirmed(ctx context.Context, who actor.Actor, action string, subject id.ID) error
}

// UseConfirm names who knows about confirmations. Without, nothing is exported at a desktop.
func (l *Log) UseConfirm(c Confirmer) { l.confirm = c }

// confirmed is nil for whoever isn't at a desktop.
func (l *Log) confirmed(ctx context.Context, who actor.Actor, committee id.ID) error {
	switch {
	case !who.Console:
		return nil
	case l.confirm == nil:
		return errs.ErrForbidden
	}
	return l.confirm.Confirmed(ctx, who, "export", committee)
}

// Filter narrows a search; zero fields don't.
type Filter struct {
	Committee   id.ID // with what stands in its alliances and units
	Alliance    id.ID
	Kind        string
	Subject     id.ID
	Account     id.ID
	Action      string
	From, Until time.Time
	Page        page.Page
}

// Entry is a line as an auditor reads it.
type Entry struct {
	ID       id.ID
	At       time.Time
	Account  id.ID
	Who      string // of the account; "系统" where nobody asked
	Action   string
	Kind     string
	Subject  id.ID
	Of       string // the subject's name; "" where it is not known any more
	Reason   string
	Fields   []string // Chinese words of the masked fields, or of the columns
	Sentence string
}

// exportMost bounds one file.
const exportMost = 50_000

var (
	// ErrExport tells that an export would hold too many lines.
	ErrExport = errs.New(errs.Invalid, "audit.export_large", "一次最多导出五万条，请缩短时间或加上条件")
	// ErrReason tells that an export was asked for without a reason.
	ErrReason = errs.New(errs.Invalid, "audit.reason", "请写明导出的原因")
)

// Search gives lines of the actor's committees, the newest first.
func (l *Log) Search(ctx context.Context, who actor.Actor, f Filter) (page.List[Entry], error) {
	scope := who.Scope(actor.SeeAudit)
	if scope.Empty() {
		return page.List[Entry]{}, errs.ErrForbidden
	}
	size := f.Page.Size()
	rows, err := l.find(ctx, scope, f, size+1)
	if err != nil {
		return page.List[Entry]{}, err
	}
	list, err := l.entries(ctx, rows)
	return page.Of(list, size, func(e Entry) string { return e.ID.String() }), err
}

func (l *Log) find(ctx context.Context, scope actor.Scope, f Filter, limit int) ([]row, error) {
	strays, err := l.placeless(ctx, scope, f)
	if err != nil {
		return nil, err
	}
	return l.search(ctx, scope, f, strays, limit)
}

// Export gives all lines of a filter with a line of its own that says who took them and why.
func (l *Log) Export(ctx context.Context, who actor.Actor, f Filter, reason string) ([]Entry, error) {
	scope := who.Scope(actor.SeeAudit)
	if scope.Empty() {
		return nil, errs.ErrForbidden
	}
	if strings.TrimSpace(reason) == "" {
		return nil, ErrReason
	}
	f.Page.After = ""
	rows, err := l.find(ctx, scope, f, exportMost+1)
	if err != nil {
		return nil, err
	}
	if len(rows) > exportMost {
		return nil, ErrExport
	}
	list, err := l.entries(ctx, rows)
	if err != nil {
		return nil, err
	}
	line := Line{Action: "audit.export", Kind: "audit", Detail: map[string]any{"reason": clip(reason, 200), "lines": len(list),
		"kind": f.Kind, "subject": f.Subject, "account": f.Account, "action": f.Action, "committee": f.Committee, "alliance": f.Alliance, "from": f.From, "until": f.Until}}
	switch {
	case slices.Contains(scope.Committees, f.Committee):
		line.Place.Committee = f.Committee
	case len(scope.Committees) > 0:
		line.Place.Committee = scope.Committees[0]
	}
	err = l.db.Tx(ctx, func(ctx context.Context) error {
		if err := l.confirmed(ctx, who, line.Place.Committee); err != nil {
			return err
		}
		return l.Write(ctx, who, line)
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// State is what the auditor sees about the chain at first sight.
type State struct {
	Head    Head
	Tail    Report // of the newest links
	Waiting int64
	Anchor  Anchor // the last one
}

// tailChecked is how many links the state checks.
const tailChecked = 2000

// ChainState checks the newest links.
func (l *Log) ChainState(ctx context.Context, who actor.Actor) (State, error) {
	if who.Scope(actor.SeeAudit).Empty() {
		return State{}, errs.ErrForbidden
	}
	var s State
	var err error
	if s.Tail, err = l.VerifyTail(ctx, tailChecked); err != nil {
		return s, err
	}
	s.Head = s.Tail.Head
	if s.Anchor, err = l.lastAnchor(ctx); err != nil {
		return s, err
	}
	_, newest, err := l.head(ctx)
	if err != nil {
		return s, err
	}
	rows, err := l.unlinked(ctx, id.First(newest.At().Add(-nearWindow)), tailChecked)
	s.Waiting = int64(len(rows))
	return s, err
}

// entries names what lines hold.
func (l *Log) entries(ctx context.Context, rows []row) ([]Entry, error) {
	accounts, subjects := []id.ID{}, map[string][]id.ID{}
	for _, r := range rows {
		accounts = append(accounts, r.AccountID)
		subjects[r.SubjectKind] = append(subjects[r.SubjectKind], r.SubjectID)
	}
	people, named := map[id.ID]string{}, map[string]map[id.ID]string{}
	if l.names != nil && len(rows) > 0 {
		var err error
		if people, err = l.names.AccountName(ctx, distinct(accounts)); err != nil {
			return nil, err
		}
		for kind, ids := range subjects {
			if named[kind], err = l.names.SubjectName(ctx, kind, distinct(ids)); err != nil {
				return nil, err
			}
		}
	}
	out := make([]Entry, 0, len(rows))
	for _, r := range rows {
		e := Entry{ID: r.ID, At: r.At.Time, Account: r.AccountID, Who: people[r.AccountID], Action: r.Action, Kind: r.SubjectKind, Subject: r.SubjectID,
			Of: named[r.SubjectKind][r.SubjectID]}
		switch {
		case r.AccountID == 0:
			e.Who = "系统"
		case e.Who == "":
			e.Who = "未登记的微信用户"
		}
		l.read(&e, r.DetailEnc)
		out = append(out, e)
	}
	if err := l.nameColumns(ctx, out); err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Sentence = out[i].sentence()
	}
	return out, nil
}

// columnPrefix stands before the id of a committee's own column.
const columnPrefix = "custom."

// nameColumns calls committees' own columns by their names.
func (l *Log) nameColumns(ctx context.Context, list []Entry) error {
	column := func(key string) id.ID {
		text, ok := strings.CutPrefix(key, columnPrefix)
		v, err := id.Parse(text)
		if !ok || err != nil {
			return 0
		}
		return v
	}
	var ids []id.ID
	for _, e := range list {
		for _, key := range e.Fields {
			if v := column(key); v != 0 {
				ids = append(ids, v)
			}
		}
	}
	if len(ids) == 0 || l.names == nil {
		return nil
	}
	names, err := l.names.SubjectName(ctx, "column", distinct(ids))
	if err != nil {
		return err
	}
	for _, e := range list {
		for i, key := range e.Fields {
			if v := column(key); v != 0 {
				if e.Fields[i] = names[v]; names[v] == "" {
					e.Fields[i] = "自定义栏"
				}
			}
		}
	}
	return nil
}

// read takes from the sealed detail what a reader needs; a detail whose key is gone is left out.
func (l *Log) read(e *Entry, sealed []byte) {
	plain, err := l.box.Open(sealed, sealContext)
	if err != nil || len(plain) == 0 {
		return
	}
	var d struct {
		Reason          string
		Fields, Columns []string
	}
	if json.Unmarshal(plain, &d) != nil {
		return
	}
	e.Reason = d.Reason
	for _, key := range append(d.Fields, d.Columns...) {
		word, ok := fieldWords[key]
		if !ok {
			word = key
		}
		e.Fields = append(e.Fields, word)
	}
}

// fieldWords are the columns of a person as people call them.
var fieldWords = map[string]string{
	"name": "姓名", "sex": "性别", "gender": "性别", "ethnicity": "民族", "birth": "出生日期", "id_number": "身份证号", "phone": "手机号", "address": "住址",
	"health": "健康状况", "family_contact": "家属", "family_phone": "家属电话", "remark": "备注", "hobbies": "爱好", "unit_id": "单位", "branch_id": "支部",
	"status": "状态", "joined": "入党时间", "retired": "退休时间", "duty": "职务", "title": "职务职级",
	"venue": "活动场所", "contact": "联系人",
	"education": "文化程度", "joined_party": "入党时间", "started_work": "参加工作时间", "leave_kind": "离退类别", "left_at": "离退休时间",
	"former_post": "原单位及职务", "job_rank": "职级", "party_post": "党内职务", "community": "社区", "elsewhere": "是否异地居住", "living": "居住情况",
	"talents": "特长", "team_wish": "兴趣队", "volunteer": "志愿服务意愿", "community_registered": "社区报到", "smartphone": "是否使用智能手机",
	"phone_shared_with": "同用手机人", "liaison_name": "联络员", "seq_no": "序号", "status_at": "状态日期", "status_note": "状态说明",
	"household_id": "同一户的人", "contacts": "家属联系人名单",
}

// sentence says the line in plain words.
func (e Entry) sentence() string {
	text := said(e.Action, e.Of)
	if len(e.Fields) > 0 {
		list := strings.Join(e.Fields, "、")
		if strings.HasSuffix(text, "隐藏信息") {
			text = strings.TrimSuffix(text, "隐藏信息") + list
		} else {
			text += "（" + list + "）"
		}
	}
	text = strings.TrimSpace(e.Who + " " + text)
	if e.Reason != "" {
		text += "，理由：" + e.Reason
	}
	return text
}

// table is the export: a head and a row for each line.
func table(list []Entry) [][]string {
	out := [][]string{{"时间", "账号", "操作", "对象", "内容", "理由", "编号"}}
	for _, e := range list {
		out = append(out, []string{e.At.In(clock.Shanghai).Format("2006-01-02 15:04:05"), e.Who, ActionName(e.Action), e.Of, e.Sentence, e.Reason, fmt.Sprint(int64(e.ID))})
	}
	return out
}

func distinct(ids []id.ID) []id.ID {
	slices.Sort(ids)
	return slices.Compact(ids)
}

func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}
