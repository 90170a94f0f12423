package privacy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
)

// Look is somebody who saw hidden columns of a person.
type Look struct {
	At      time.Time
	Account id.ID
	Name    string // of the account
	Fields  []string
	Reason  string
}

// Sentence says a look in plain words: "王经办看了联系电话、现居住地址，原因是：家属来电".
func (l Look) Sentence() string {
	name := l.Name
	if name == "" {
		name = "工作人员"
	}
	var words string
	for i, k := range l.Fields {
		if i > 0 {
			words += "、"
		}
		if label := ledger.LabelOf(k); label != "" {
			words += label
		} else {
			words += "其他一项"
		}
	}
	if l.Reason == "" {
		return name + "看了" + words
	}
	return name + "看了" + words + "，原因是：" + l.Reason
}

// What a person took part in, was told and answered.
type (
	Attended struct {
		Title, Place, List string
		At                 time.Time
	}
	Expected struct {
		Title, Answer, Reason string
		With, PickUp          string // companions by relation, where to be fetched
		StartsAt, At          time.Time
	}
	Told struct {
		Title      string
		At, ReadAt time.Time
	}
	Tie struct {
		Account         id.ID
		Name            string
		Relation, Proof string
		At              time.Time
	}
	Card      struct{ IssuedAt, RevokedAt time.Time }
	Agreement struct {
		Version               string
		AgreedAt, WithdrawnAt time.Time
	}
	Takings struct {
		Attended []Attended
		Expected []Expected
		Told     []Told
		Ties     []Tie
		Cards    []Card
	}
)

// Item is one thing that is kept about a person.
type Item struct {
	Key, Label string
	Value      string // masked, but in an export
	Why        string
	Sealed     bool
}

// Own is what is kept about a person, as the person reads it.
type Own struct {
	Person         ledger.Person
	Self           bool // the account is the person, not the family
	Items          []Item
	Since, Changed time.Time
	Looks          []Look
	Attended       int
	Told           int
}

// why says in a few words what a column is kept for.
var why = map[string]string{
	"name": "认得您", "sex": "党员花名册要记", "ethnicity": "党员花名册要记", "birth": "党员花名册要记，生日慰问", "id_number": "分清同名的同志",
	"education": "党员花名册要记", "joined_party": "算党龄，发纪念章", "started_work": "党员花名册要记", "leave_kind": "分清离休和退休",
	"left_at": "党员花名册要记", "former_post": "党员花名册要记", "job_rank": "党员花名册要记", "party_post": "党员花名册要记",
	"phone": "通知您活动", "address": "走访，安排就近的活动", "community": "社区报到", "elsewhere": "方便异地的同志参加",
	"living": "走访照顾", "health": "活动时照顾您", "talents": "邀您发挥特长", "hobbies": "组织兴趣活动", "team_wish": "组织兴趣队",
	"volunteer": "安排志愿服务", "community_registered": "社区报到", "family_contact": "有急事找家里人", "family_phone": "有急事找家里人", "contacts": "有急事找家里人",
	"smartphone": "知道用什么办法通知您", "phone_shared_with": "夫妻合用手机时分清两位", "liaison_name": "知道谁和您联系", "remark": "照顾您的情况",
}

var sealedKeys = []string{"birth", "id_number", "phone", "address", "health", "family_contact", "family_phone", "contacts", "remark"}

// maxLooks bounds what a page shows; an export holds more than anybody has.
const (
	maxLooks     = 50
	exportLooks  = 5000
	exportReason = "本人导出自己的资料"
)

func items(e ledger.Entry) []Item {
	var out []Item
	for _, f := range ledger.AllFields {
		v := *f.At(&e.Fields)
		if v == "" {
			continue
		}
		reason := why[f.Key]
		if reason == "" {
			reason = "党员花名册要记"
		}
		out = append(out, Item{Key: f.Key, Label: f.Label, Value: v, Why: reason, Sealed: slices.Contains(sealedKeys, f.Key)})
	}
	if len(e.Contacts) > 1 || len(e.Contacts) == 1 && e.Contacts[0].Relation != "" {
		out = append(out, Item{Key: "contacts", Label: "家属联系人名单", Value: e.ContactWords(), Why: why["contacts"], Sealed: true})
	}
	return out
}

// wayWord is a wish about notices in words.
func wayWord(way string) string {
	if w, ok := map[string]string{"wechat": "微信通知", "family": "先告诉家里人", "phone": "不发微信，打电话"}[way]; ok {
		return w
	}
	return way
}

// ownColumns are those that the office shows to members; of the others it is told how many there are.
func ownColumns(list []ledger.OwnValue) []Item {
	var out []Item
	hidden := 0
	for _, v := range list {
		switch {
		case v.Value == "":
		case !v.MemberSees:
			hidden++
		default:
			reason := v.Purpose
			if reason == "" {
				reason = "党工委登记要用"
			}
			out = append(out, Item{Key: v.Key(), Label: v.Name, Value: v.Value, Why: reason})
		}
	}
	if hidden > 0 {
		out = append(out, Item{Key: "office", Label: "党工委另外登记的", Value: fmt.Sprintf("%d项，想看请找联络员", hidden), Why: "党工委工作要用"})
	}
	return out
}

// Own tells a person, or the family that acts for them, what is kept, why, since when, and who looked at it.
func (s *Service) Own(ctx context.Context, who actor.Actor, person id.ID) (Own, error) {
	o, _, err := s.own(ctx, who, person, maxLooks)
	return o, err
}

func (s *Service) own(ctx context.Context, who actor.Actor, person id.ID, looks int) (Own, Takings, error) {
	if !who.ActsFor(person) {
		return Own{}, Takings{}, errs.ErrNotFound
	}
	e, err := s.Ledger.Person(ctx, who, person)
	if err != nil {
		return Own{}, Takings{}, err
	}
	all, err := s.Ledger.Person(ctx, actor.System, person) // with what the office keeps for itself, to count it
	if err != nil {
		return Own{}, Takings{}, err
	}
	relation, err := s.Accounts.RelationOf(ctx, who.Account, person)
	if err != nil {
		return Own{}, Takings{}, err
	}
	o := Own{Person: e.Person, Self: relation == identity.Self, Items: append(items(e), ownColumns(all.Own)...)}
	way, err := s.store.noticeWay(ctx, person)
	if err != nil {
		return Own{}, Takings{}, err
	}
	if way != "" {
		o.Items = append(o.Items, Item{Key: "notice_way", Label: "怎样通知", Value: wayWord(way), Why: "照您说的办法通知您"})
	}
	if o.Since, o.Changed, err = s.store.since(ctx, person); err != nil {
		return Own{}, Takings{}, err
	}
	if o.Looks, err = s.looks(ctx, person, looks); err != nil {
		return Own{}, Takings{}, err
	}
	papers, err := s.store.papers(ctx, person)
	if err != nil {
		return Own{}, Takings{}, err
	}
	if papers > 0 {
		o.Items = append(o.Items, Item{Key: "attachments", Label: "附件", Value: fmt.Sprintf("%d份，想看请找联络员", papers), Why: "存您的证件和表格"})
	}
	t, err := s.store.takings(ctx, person)
	if err != nil {
		return Own{}, Takings{}, err
	}
	o.Attended, o.Told = len(t.Attended), len(t.Told)
	return o, t, s.nameAll(ctx, o.Looks, t.Ties)
}

// looks gives who saw hidden columns of a person, the latest first.
func (s *Service) looks(ctx context.Context, person id.ID, most int) ([]Look, error) {
	lines, err := s.Audit.About(ctx, "person", person, "ledger.reveal_person", most)
	out := make([]Look, 0, len(lines))
	for _, line := range lines {
		l := Look{At: line.At, Account: line.Account}
		var d struct {
			Fields []string `json:"fields"`
			Reason string   `json:"reason"`
		}
		if json.Unmarshal(line.Detail, &d) == nil {
			l.Fields, l.Reason = d.Fields, d.Reason
		}
		out = append(out, l)
	}
	return out, err
}

// nameAll fills in the names of accounts.
func (s *Service) nameAll(ctx context.Context, looks []Look, ties []Tie) error {
	var accounts []id.ID
	for _, l := range looks {
		accounts = append(accounts, l.Account)
	}
	for _, t := range ties {
		accounts = append(accounts, t.Account)
	}
	slices.Sort(accounts)
	names, err := s.Accounts.AccountName(ctx, slices.Compact(accounts))
	if err != nil {
		return err
	}
	for i := range looks {
		looks[i].Name = names[looks[i].Account]
	}
	for i := range ties {
		ties[i].Name = names[ties[i].Account]
	}
	return nil
}

// Export is everything that is kept about a person, in the clear.
type Export struct {
	Made time.Time
	Own
	Takings
	Agreements []Agreement
}

// Export gives a person everything about themselves. Only the person may: what the family sees is masked.
func (s *Service) Export(ctx context.Context, who actor.Actor, person id.ID) (Export, error) {
	o, t, err := s.own(ctx, who, person, exportLooks)
	if err != nil {
		return Export{}, err
	}
	if !o.Self {
		return Export{}, ErrNotOwn
	}
	x := Export{Made: s.Clock.Now(), Own: o, Takings: t}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		plain, err := s.Ledger.Reveal(ctx, actor.System, person, sealedKeys, exportReason)
		if err != nil {
			return err
		}
		for i, it := range x.Items {
			if v, ok := plain[it.Key]; ok {
				x.Items[i].Value = v
			}
		}
		if x.Agreements, err = s.store.consents(ctx, who.Account); err != nil {
			return err
		}
		return s.Audit.Write(ctx, who, audit.Line{Action: "privacy.export_own", Kind: "person", Subject: person, Place: o.Person.Place()})
	})
	return x, err
}

// JSON is the export for programs: Chinese labels stay beside the keys, times are RFC 3339.
func (x Export) JSON() ([]byte, error) {
	type item struct {
		Key   string `json:"key"`
		Label string `json:"label"`
		Value string `json:"value"`
		Why   string `json:"why"`
	}
	type look struct {
		At     string `json:"at"`
		Words  string `json:"words"`
		Reason string `json:"reason"`
	}
	kept, looks := []item{}, []look{}
	for _, it := range x.Items {
		kept = append(kept, item{it.Key, it.Label, it.Value, it.Why})
	}
	for _, l := range x.Looks {
		looks = append(looks, look{stamp(l.At), l.Sentence(), l.Reason})
	}
	type row = map[string]string
	attended, expected, told, ties, cards, agreements := []row{}, []row{}, []row{}, []row{}, []row{}, []row{}
	for _, a := range x.Takings.Attended {
		attended = append(attended, row{"title": a.Title, "place": a.Place, "list": a.List, "at": stamp(a.At)})
	}
	for _, e := range x.Expected {
		expected = append(expected, row{"title": e.Title, "starts_at": stamp(e.StartsAt), "answer": e.Answer, "reason": e.Reason,
			"companions": e.With, "pick_up": e.PickUp, "answered_at": stamp(e.At)})
	}
	for _, n := range x.Takings.Told {
		told = append(told, row{"title": n.Title, "published_at": stamp(n.At), "read_at": stamp(n.ReadAt)})
	}
	for _, t := range x.Ties {
		ties = append(ties, row{"name": t.Name, "relation": t.Relation, "proof": t.Proof, "since": stamp(t.At)})
	}
	for _, c := range x.Cards {
		cards = append(cards, row{"issued_at": stamp(c.IssuedAt), "revoked_at": stamp(c.RevokedAt)})
	}
	for _, a := range x.Agreements {
		agreements = append(agreements, row{"version": a.Version, "agreed_at": stamp(a.AgreedAt), "withdrawn_at": stamp(a.WithdrawnAt)})
	}
	return json.MarshalIndent(map[string]any{
		"made_at": stamp(x.Made), "unit": x.Person.Unit, "branch": x.Person.Branch, "alliance": x.Person.Alliance, "status": x.Person.Status,
		"kept": kept, "kept_since": stamp(x.Since), "changed_at": stamp(x.Changed), "looked_at_by": looks, "attended": attended,
		"expected_and_answered": expected, "notices": told, "accounts": ties, "cards": cards, "consents": agreements,
	}, "", "  ")
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(clock.Shanghai).Format(time.RFC3339)
}
