package ledger

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Contact is somebody of the family whom one may call. The first of a person is the one of the sheet: its
// name and number stand in the columns family_contact and family_phone.
type Contact struct {
	ID       id.ID // of a first one that only the sheet knows: the person's own
	Name     string
	Relation string // 女儿
	Phone    string
	Note     string
}

// keptContact is a contact as it is stored, sealed, in the row of the person. Of the first one the number
// stays in its column, and the name tells whether a sheet has meanwhile named somebody else.
type keptContact struct {
	ID       id.ID  `json:"i"`
	First    bool   `json:"1,omitempty"`
	Name     string `json:"n"`
	Relation string `json:"r,omitempty"`
	Phone    string `json:"p,omitempty"`
	Note     string `json:"o,omitempty"`
}

// Limits of contacts, in characters.
const (
	maxContacts    = 6
	maxContactName = 30
	maxRelation    = 20
	maxContactNote = 100
)

// Errors of contacts.
var (
	ErrManyContacts = errs.New(errs.Conflict, "ledger.many_contacts", "最多登记6位家属联系人，请先去掉一位")
	ErrContactGone  = errs.New(errs.Conflict, "ledger.contact_gone", "找不到去掉的这位家属，或者去掉已经超过一天，请重新添加")
	ErrContactTwice = errs.New(errs.Conflict, "ledger.contact_twice", "这位家属已经登记过了")
)

// contactReturns is how long somebody who was taken off by mistake comes back with one tap.
const contactReturns = 24 * time.Hour

const contactsKey, contactPrefix = "contacts", "contact."

// Clean brings a contact into its stored form, or reports what is wrong with it.
func (c Contact) Clean() (Contact, error) {
	var faults []errs.FieldError
	c.Name, c.Relation, c.Note = NormalText(c.Name), NormalText(c.Relation), FreeText(c.Note)
	for _, f := range []struct {
		key, label, text string
		most             int
	}{{"name", "姓名", c.Name, maxContactName}, {"relation", "关系", c.Relation, maxRelation}, {"note", "说明", c.Note, maxContactNote}} {
		switch {
		case len([]rune(f.text)) > f.most:
			faults = append(faults, errs.Field(f.key, f.label+"太长"))
		case LooksLikeFormula(f.text):
			faults = append(faults, errs.Field(f.key, f.label+"不能以 = + - @ 开头"))
		}
	}
	if c.Name == "" {
		faults = append(faults, errs.Field("name", "请填写家属的姓名"))
	}
	if c.Phone != "" {
		number, ok := NormalPhone(c.Phone)
		if !ok {
			faults = append(faults, errs.Field("phone", "电话号码不对"))
		}
		c.Phone = number
	}
	if len(faults) > 0 {
		return Contact{}, errs.ErrInvalid.With(faults...)
	}
	return c, nil
}

func keptContacts(text string) (out []keptContact) {
	if text != "" {
		_ = json.Unmarshal([]byte(text), &out) // written by setContacts
	}
	return out
}

// contacts gives a person's contacts, the first one first.
func (r Record) contacts() []Contact {
	kept := keptContacts(r.Contacts)
	var out []Contact
	if r.FamilyContact != "" || r.FamilyPhone != "" {
		first := Contact{ID: r.ID, Name: r.FamilyContact, Phone: r.FamilyPhone}
		for _, k := range kept {
			if k.First && k.Name == r.FamilyContact {
				first.ID, first.Relation, first.Note = k.ID, k.Relation, k.Note
			}
		}
		out = append(out, first)
	}
	for _, k := range kept {
		if !k.First {
			out = append(out, Contact{ID: k.ID, Name: k.Name, Relation: k.Relation, Phone: k.Phone, Note: k.Note})
		}
	}
	return out
}

// setContacts stores contacts, the first of them in the columns of the sheet.
func (r *Record) setContacts(list []Contact) {
	r.FamilyContact, r.FamilyPhone, r.Contacts = "", "", ""
	var kept []keptContact
	for i, c := range list {
		k := keptContact{ID: c.ID, Name: c.Name, Relation: c.Relation, Phone: c.Phone, Note: c.Note}
		if i == 0 {
			r.FamilyContact, r.FamilyPhone = c.Name, c.Phone
			k.First, k.Phone = true, ""
		}
		kept = append(kept, k)
	}
	if len(kept) > 0 {
		text, err := json.Marshal(kept)
		if err != nil {
			panic(err) // texts only: this cannot happen
		}
		r.Contacts = string(text)
	}
}

// words tell a contact in one line: 张丽（女儿） 13900001111 住同城.
func (c Contact) words() string {
	out := c.Name
	if c.Relation != "" {
		out += "（" + c.Relation + "）"
	}
	return strings.Join(slices.DeleteFunc([]string{out, c.Phone, c.Note}, func(s string) bool { return s == "" }), " ")
}

// masked hides all but the relation and the ends of the number.
func (c Contact) masked() Contact {
	return Contact{ID: c.ID, Name: MaskText(c.Name), Relation: c.Relation, Phone: MaskPhone(c.Phone), Note: MaskText(c.Note)}
}

// contactWords tells a stored list in words; the number of the first one stands in its own column.
func contactWords(text string, mask bool) string {
	var out []string
	for _, k := range keptContacts(text) {
		c := Contact{Name: k.Name, Relation: k.Relation, Phone: k.Phone, Note: k.Note}
		if mask {
			c = Contact{Name: "家属", Relation: c.Relation, Phone: MaskPhone(c.Phone)}
		}
		out = append(out, c.words())
	}
	return strings.Join(out, "；")
}

// revealContacts gives in plain words what a key of Reveal asks for: one contact, or all of them.
func (r Record) revealContacts(key string) (words string, ok bool) {
	var all []string
	for _, c := range r.contacts() {
		if key == contactPrefix+c.ID.String() {
			return c.words(), true
		}
		all = append(all, c.words())
	}
	return strings.Join(all, "；"), key == contactsKey
}

// ContactWords tells the contacts of an entry in one line, as hidden as they are there.
func (e Entry) ContactWords() string {
	var out []string
	for _, c := range e.Contacts {
		out = append(out, Contact{Name: "家属", Relation: c.Relation, Phone: c.Phone}.words())
	}
	return strings.Join(out, "；")
}
