package identity_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
	"bense/server/internal/wechat/emulator"
)

func TestPhoneBindsTheOneWhoHasIt(t *testing.T) {
	r := newRig(t)
	number := newPhone()
	p := r.person(r.bank, "郭爱国", number)
	h := r.open(number)
	res := h.bindPhone()
	if len(res.Persons) != 1 || res.Persons[0].ID != p.ID || res.Persons[0].Relation != identity.Self || res.ChooseSelf {
		t.Fatalf("%+v", res)
	}
	who := h.who()
	at := actor.Place{Committee: r.county.ID, Alliance: r.north.ID, Unit: r.bank.ID, Person: p.ID}
	if !who.ActsFor(p.ID) || len(who.Grants) != 1 || who.Grants[0] != (actor.Grant{Role: actor.Member, Place: at}) {
		t.Errorf("%+v", who)
	}
	if res.Name != "郭爱国" || res.Help != office {
		t.Errorf("%q %+v", res.Name, res.Help)
	}
	h.bindPhone() // again: nothing new
	r.audited("bind", p.ID, 1)
	m, err := r.AccountsOf(t.Context(), []id.ID{p.ID, 5})
	if err != nil || len(m) != 1 || m[p.ID][0] != (identity.Account{ID: h.id, OpenID: h.user.OpenID}) {
		t.Error(m, err)
	}
	second := r.open(number) // the same number on another WeChat
	if res := second.bindPhone(); len(res.Persons) != 1 {
		t.Error("one person, several accounts:", res.Persons)
	}
}

func TestCouplesSharedPhone(t *testing.T) {
	r := newRig(t)
	number := newPhone()
	he, she := r.person(r.bank, "郭爱国", number), r.person(r.school, "王秀英", number)
	h := r.open(number)
	res := h.bindPhone()
	if len(res.Persons) != 2 || !res.ChooseSelf || res.Persons[0].Relation != identity.Family || res.Persons[1].Relation != identity.Family {
		t.Fatalf("%+v", res)
	}
	for _, p := range []ledger.Person{he, she, she} { // chosen by mistake, then put right
		_, err := r.SetRelation(t.Context(), h.who(), p.ID, identity.Self)
		r.must(err)
	}
	me, err := r.Me(t.Context(), h.who())
	r.must(err)
	for _, p := range me.Persons {
		if (p.Relation == identity.Self) != (p.ID == she.ID) {
			t.Errorf("%s is %s", p.Name, p.Relation)
		}
	}
	if me.Name != "王秀英" || h.bindPhone().ChooseSelf {
		t.Error("asked again who it is")
	}
}

// A number of which somebody has said that no family shares it proves nothing.
func TestAPhoneOfStrangersBindsNobody(t *testing.T) {
	r := newRig(t)
	number := newPhone()
	one, other := r.person(r.bank, "郭爱国", number), r.person(r.school, "王秀英", number)
	_, err := r.led.NoFamily(t.Context(), actor.System, one.ID, other.ID)
	r.must(err)
	if res := r.open(number).bindPhone(); len(res.Persons) != 0 || res.ChooseSelf {
		t.Errorf("%+v", res)
	}
	_, err = r.led.JoinHousehold(t.Context(), actor.System, one.ID, other.ID)
	r.must(err)
	if res := r.open(number).bindPhone(); len(res.Persons) != 2 {
		t.Errorf("%+v", res)
	}
}

func TestWidowIsNotAskedAboutTheDead(t *testing.T) {
	r := newRig(t)
	number := newPhone()
	he, she := r.person(r.bank, "郭爱国", number), r.person(r.bank, "王秀英", number)
	r.setStatus(he, ledger.Deceased)
	h := r.open(number)
	res := h.bindPhone()
	if len(res.Persons) != 1 || res.Persons[0].ID != she.ID || res.Persons[0].Relation != identity.Self {
		t.Fatalf("%+v", res.Persons)
	}
	r.setStatus(she, ledger.Moved)
	if who := h.who(); len(who.Persons)+len(who.Grants) != 0 {
		t.Errorf("acts for somebody who moved away: %+v", who)
	}
}

func TestPhoneOfNobody(t *testing.T) {
	r := newRig(t)
	h := r.open("")
	if res := h.bindPhone(); len(res.Persons) != 0 || res.ChooseSelf || res.Help != office {
		t.Fatalf("%+v", res)
	}
	code, err := r.emu.PhoneCode(h.user)
	r.must(err)
	if _, err = r.BindPhone(t.Context(), h.who(), code); err != nil {
		t.Fatal(err)
	}
	_, err = r.BindPhone(t.Context(), h.who(), code)
	wantErr(t, err, identity.ErrPhoneCode)
	r.emu.Inject("getuserphonenumber", emulator.Fault{HTTPStatus: 502})
	code, _ = r.emu.PhoneCode(h.user)
	_, err = r.BindPhone(t.Context(), h.who(), code)
	wantErr(t, err, identity.ErrWeChatDown)
}

func TestPersonalColumnsAreSealed(t *testing.T) {
	r := newRig(t)
	h := r.liaison(r.bank)
	_, err := r.MakeClaim(t.Context(), h.who(), "欧阳秘密", r.farm.Name, identity.Family, "住在秘密街")
	r.must(err)
	for _, q := range []string{
		"SELECT phone_enc, name_enc, session_key_enc FROM accounts WHERE id = ?",
		"SELECT phone_enc, holder_name_enc, phone_hash FROM role_grants WHERE account_id = ?",
		"SELECT name_enc, note_enc, state FROM claims WHERE account_id = ?",
	} {
		var a, b, c []byte
		r.must(r.db.SQL().QueryRowContext(t.Context(), q, int64(h.id)).Scan(&a, &b, &c))
		all := string(a) + string(b) + string(c)
		if len(a) == 0 || len(b) == 0 || strings.Contains(all, h.user.Phone) || strings.Contains(all, "秘密") || strings.Contains(all, "工作人员") {
			t.Errorf("in clear: %s", q)
		}
	}
}

func TestOneSelfWhateverIsPressed(t *testing.T) {
	r := newRig(t)
	number := newPhone()
	var all []ledger.Person
	for _, name := range []string{"郭爱国", "王秀英", "李建设", "赵红梅"} {
		all = append(all, r.person(r.bank, name, number))
	}
	h := r.open(number)
	h.bindPhone()
	together(20, func(i int) {
		if _, err := r.SetRelation(t.Context(), h.who(), all[i%4].ID, identity.Self); err != nil {
			t.Error(err)
		}
	})
	me, err := r.Me(t.Context(), h.who())
	r.must(err)
	self := 0
	for _, p := range me.Persons {
		if p.Relation == identity.Self {
			self++
		}
	}
	if self != 1 {
		t.Errorf("%d selves", self)
	}
}

func TestUnbind(t *testing.T) {
	r := newRig(t)
	number := newPhone()
	p := r.person(r.bank, "郭爱国", number)
	h, stranger := r.open(number), r.open("")
	h.bindPhone()
	wantErr(t, r.Unbind(t.Context(), stranger.who(), p.ID), errs.ErrNotFound)
	_, err := r.SetRelation(t.Context(), stranger.who(), p.ID, identity.Self)
	wantErr(t, err, errs.ErrNotFound)
	r.must(r.Unbind(t.Context(), h.who(), p.ID))
	if h.who().ActsFor(p.ID) {
		t.Error("still acts for the person")
	}
	r.audited("unbind", p.ID, 1)
}

func TestLiaisonEndsATieMadeByMistake(t *testing.T) {
	r := newRig(t)
	number := newPhone()
	p := r.person(r.bank, "郭爱国", number)
	h, liaison := r.open(number), r.liaison(r.bank)
	h.bindPhone()
	ties, err := r.Ties(t.Context(), liaison.who(), p.ID)
	if err != nil || len(ties) != 1 || ties[0].Account != h.id || ties[0].Relation != identity.Self || ties[0].Name != "郭爱国" {
		t.Fatal(ties, err)
	}
	for name, c := range map[string]struct {
		who  *phone
		want *errs.Error
	}{
		"liaison of another unit": {r.liaison(r.school), errs.ErrNotFound},
		"stranger":                {r.open(""), errs.ErrNotFound},
		"the person":              {h, errs.ErrForbidden},
	} {
		if err := r.EndTie(t.Context(), c.who.who(), p.ID, h.id); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for range 2 { // the second finds nothing to end
		r.must(r.EndTie(t.Context(), liaison.who(), p.ID, h.id))
	}
	if h.who().ActsFor(p.ID) {
		t.Error("still acts for the person")
	}
	r.audited("end_tie", p.ID, 1)
}

func TestPruneCodesKeepsThoseThatWork(t *testing.T) {
	r := newRig(t)
	p, liaison, h := r.person(r.bank, "郭爱国", ""), r.liaison(r.bank), r.open("")
	c := r.code(liaison, p)
	r.must(r.PruneCodes(t.Context(), r.clk.Now()))
	if _, err := r.BindByCode(t.Context(), h.who(), c.Code, "", "10.0.0.1"); err != nil {
		t.Error("a code that works was removed:", err)
	}
}

func (r *rig) code(liaison *phone, p ledger.Person) identity.BindingCode {
	r.t.Helper()
	c, err := r.NewBindingCode(r.t.Context(), liaison.who(), p.ID)
	r.must(err)
	return c
}

func TestBindingCode(t *testing.T) {
	r := newRig(t)
	liaison := r.liaison(r.bank)
	he, she := r.person(r.bank, "郭爱国", ""), r.person(r.bank, "王秀英", "")
	h := r.open("")
	c := r.code(liaison, he)
	if len(c.Code) != 8 || c.QR() != "BB1."+c.Code {
		t.Fatal("form of the code")
	}
	b, err := r.BindByCode(t.Context(), h.who(), c.Code[:4]+" "+c.Code[4:], "", "10.0.0.1")
	if err != nil || b.ID != he.ID || b.Relation != identity.Self {
		t.Fatal(b, err)
	}
	if b, err = r.BindByCode(t.Context(), h.who(), c.QR(), "", "10.0.0.1"); err != nil || b.ID != he.ID {
		t.Error("the repeated try of the same phone:", err)
	}
	b, err = r.BindByCode(t.Context(), h.who(), r.code(liaison, she).QR(), "", "10.0.0.1")
	if err != nil || b.Relation != identity.Family {
		t.Error("the second person is family:", b.Relation, err)
	}
	daughter := r.open("")
	b, err = r.BindByCode(t.Context(), daughter.who(), r.code(liaison, he).Code, identity.Family, "10.0.0.1")
	if err != nil || b.Relation != identity.Family {
		t.Error(b.Relation, err)
	}
	names, err := r.AccountName(t.Context(), []id.ID{h.id, daughter.id, liaison.id})
	if err != nil || names[h.id] != "郭爱国" || names[daughter.id] != "郭爱国的家人" || names[liaison.id] != "工作人员" {
		t.Error(names, err)
	}
	r.must(r.Unbind(t.Context(), h.who(), he.ID))
	_, err = r.BindByCode(t.Context(), h.who(), c.Code, "", "10.0.0.1")
	wantErr(t, err, identity.ErrCode)
	r.audited("create_binding_code", he.ID, 2)
	r.audited("bind", he.ID, 2)
}

func TestBindingCodesThatDoNotWork(t *testing.T) {
	r := newRig(t)
	liaison, h := r.liaison(r.bank), r.open("")
	p := r.person(r.bank, "郭爱国", "")
	try := func(code string) error {
		_, err := r.BindByCode(t.Context(), r.open("").who(), code, "", "")
		return err
	}
	old := r.code(liaison, p)
	r.clk.Set(old.ExpiresAt)
	h.login()
	liaison.login()
	wantErr(t, try(old.Code), identity.ErrCode)
	for _, wrong := range []string{"", "1234567", "123456789", "BB1.", "abcdefgh", "BM1.12345678", "' OR 1=1"} {
		wantErr(t, try(wrong), identity.ErrCode)
	}
	mine := r.code(liaison, p)
	_, err := r.BindByCode(t.Context(), liaison.who(), mine.Code, "", "")
	wantErr(t, err, identity.ErrOwnCode)
	r.setStatus(p, ledger.Deceased)
	wantErr(t, try(mine.Code), identity.ErrCode)
	_, err = r.NewBindingCode(t.Context(), liaison.who(), p.ID)
	wantErr(t, err, identity.ErrInactive)
}

func TestCodeIsForOneOfTwenty(t *testing.T) {
	r := newRig(t)
	p := r.person(r.bank, "郭爱国", "")
	c := r.code(r.liaison(r.bank), p)
	phones := make([]actor.Actor, 20)
	for i := range phones {
		phones[i] = r.open("").who()
	}
	var won, lost atomic.Int32
	together(20, func(i int) {
		switch _, err := r.BindByCode(t.Context(), phones[i], c.Code, "", "10.0.0.1"); {
		case err == nil:
			won.Add(1)
		case errors.Is(err, identity.ErrCode):
			lost.Add(1)
		default:
			t.Error(err)
		}
	})
	m, err := r.AccountsOf(t.Context(), []id.ID{p.ID})
	if err != nil || won.Load() != 1 || lost.Load() != 19 || len(m[p.ID]) != 1 {
		t.Errorf("%d won, %d lost, bound %d times, %v", won.Load(), lost.Load(), len(m[p.ID]), err)
	}
}

func TestGuessing(t *testing.T) {
	for name, redis := range map[string]bool{"with Redis": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			if !redis {
				r.opts.Cache = deadCache(t)
				r.Service = identity.New(r.opts)
			}
			guesser := r.open("").who()
			for range 5 {
				_, err := r.BindByCode(t.Context(), guesser, "00000000", "", "10.9.9.9")
				wantErr(t, err, identity.ErrCode)
			}
			genuine := r.code(r.liaison(r.bank), r.person(r.bank, "郭爱国", ""))
			_, err := r.BindByCode(t.Context(), guesser, genuine.Code, "", "10.9.9.9")
			wantErr(t, err, identity.ErrGuessing)
			for range 12 { // many accounts behind one address
				many := r.open("").who()
				for range 4 {
					_, err = r.BindByCode(t.Context(), many, "00000000", "", "10.9.9.9")
				}
			}
			wantErr(t, err, identity.ErrGuessing)
			honest := r.open("").who() // in the same hall: mistypes once, then it works
			_, err = r.BindByCode(t.Context(), honest, "00000000", "", "10.9.9.9")
			wantErr(t, err, identity.ErrCode)
			_, err = r.BindByCode(t.Context(), honest, genuine.Code, "", "10.9.9.9")
			r.must(err)
			r.clk.Advance(30 * time.Minute)
			_, err = r.BindByCode(t.Context(), guesser, "00000000", "", "10.9.9.9")
			wantErr(t, err, identity.ErrCode)
		})
	}
}

func TestFiftyGuessesAtOnce(t *testing.T) {
	r := newRig(t)
	guesser := r.open("").who()
	var judged atomic.Int32
	together(50, func(int) {
		if _, err := r.BindByCode(t.Context(), guesser, "00000000", "", "10.8.8.8"); errors.Is(err, identity.ErrCode) {
			judged.Add(1)
		}
	})
	if judged.Load() > 5 { // fewer are fine: those under way count too
		t.Errorf("%d guesses were judged", judged.Load())
	}
	for {
		if _, err := r.BindByCode(t.Context(), guesser, "00000000", "", "10.8.8.8"); errors.Is(err, identity.ErrGuessing) {
			break
		}
		judged.Add(1)
	}
	if judged.Load() != 5 {
		t.Errorf("%d guesses were judged in all", judged.Load())
	}
}

func TestCodesAreForOnesOwnUnit(t *testing.T) {
	r := newRig(t)
	p := r.person(r.bank, "郭爱国", newPhone())
	head := r.person(r.bank, "李建设", newPhone())
	_, err := r.Grant(t.Context(), actor.System, identity.GrantRequest{Role: actor.Head, AllianceID: r.north.ID, PersonID: head.ID})
	r.must(err)
	headPhone := r.open(r.phoneOf(head))
	headPhone.bindPhone()
	self := r.open(r.phoneOf(p))
	self.bindPhone()
	for name, c := range map[string]struct {
		who  *phone
		want *errs.Error
	}{
		"liaison of another unit":     {r.liaison(r.school), errs.ErrNotFound},
		"liaison of another alliance": {r.liaison(r.farm), errs.ErrNotFound},
		"staff of another county":     {r.committeeStaff(r.other), errs.ErrNotFound},
		"stranger":                    {r.open(""), errs.ErrNotFound},
		"head":                        {headPhone, errs.ErrForbidden},
		"the person":                  {self, errs.ErrForbidden},
	} {
		_, err := r.NewBindingCode(t.Context(), c.who.who(), p.ID)
		if err == nil {
			t.Errorf("%s: made a code", name)
			continue
		}
		wantErr(t, err, c.want)
	}
	for _, who := range []*phone{r.liaison(r.bank), r.leadStaff(r.north), r.committeeStaff(r.county), r.committeeStaff(r.city)} {
		_, err := r.NewBindingCode(t.Context(), who.who(), p.ID)
		r.must(err)
	}
}

func (r *rig) phoneOf(p ledger.Person) string {
	m, err := r.led.Directory().Phones(r.t.Context(), []id.ID{p.ID})
	r.must(err)
	return m[p.ID]
}
