package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
	"bense/server/internal/notice"
	"bense/server/internal/wechat/emulator"
)

// The demo's invented county and its liaisons. Numbers beginning with 199000200 are in nobody's ledger.
const (
	demoCounty       = "东津县离退休干部党工委"
	demoLiaisonPhone = "199000200%02d"
	demoOfficePhone  = "19900029999"
)

var demoSurnames = strings.Split("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢", "")

// Names of the frames on the front door.
const (
	frameMember  = "member"
	frameHead    = "head"
	frameLiaison = "liaison"
	frameOffice  = "office" // beside a desktop: it lets the console in
	frameNext    = "next"   // the same in the county that has no alliances yet
)

// demo plays the sample county: it fills an empty database and hands the frames their WeChat users.
type demo struct {
	*App
	ready sync.Mutex // seeding and restarting, and users

	alliance ledger.Alliance
	member   ledger.Person
	users    map[string]emulator.User // by frame
	people   int
	since    time.Time // what is older belongs to the visitor before
}

func newDemo(a *App) *demo { return &demo{App: a, users: map[string]emulator.User{}} }

// seed loads the sample county into a database that has none, and finds the demo's people.
func (d *demo) seed(ctx context.Context) error {
	d.ready.Lock()
	defer d.ready.Unlock()
	dir := d.Ledger.Directory()
	committee, err := dir.CommitteeByName(ctx, demoCounty)
	fresh := errors.Is(err, errs.ErrNotFound)
	if fresh {
		if err := d.found(ctx); err != nil {
			return err
		}
		committee, err = dir.CommitteeByName(ctx, demoCounty)
	}
	if err != nil {
		return err
	}
	if d.alliance, err = d.firstAlliance(ctx, committee.ID); err != nil {
		return err
	}
	if err := d.cast(ctx, fresh); err != nil {
		return err
	}
	if err := d.castOffices(ctx); err != nil {
		return err
	}
	d.since = d.clk.Now()
	return nil
}

func (d *demo) firstAlliance(ctx context.Context, committee id.ID) (ledger.Alliance, error) {
	all, err := d.Ledger.Alliances(ctx, actor.System)
	if err != nil {
		return ledger.Alliance{}, err
	}
	for _, a := range all {
		if a.CommitteeID == committee {
			return a, nil
		}
	}
	return ledger.Alliance{}, fmt.Errorf("app: the sample county has no alliance")
}

// found makes the committee and imports the sample workbook, as a county would.
func (d *demo) found(ctx context.Context) error {
	committee, err := d.FoundCommittee(ctx, demoCounty)
	if err != nil {
		return err
	}
	// whoever looks at the demo at night wants to see the messages, too
	if _, err := d.Notice.SetRules(ctx, actor.System, committee, notice.Rules{RemindDay: true, RemindHours: true}); err != nil {
		return err
	}
	preview, err := d.Roster.Preview(ctx, actor.System, committee, "东津县台账.xlsx", sampleCounty)
	if err != nil {
		return err
	}
	if _, err := d.Roster.Commit(ctx, actor.System, preview.ID); err != nil {
		return err
	}
	return d.staff(ctx, committee, demoOfficePhone)
}

// cast chooses head, member and liaison: the first two people of the first alliance with a phone
// who share no number with anybody, and the liaison of the member's unit.
func (d *demo) cast(ctx context.Context, fresh bool) error {
	dir := d.Ledger.Directory()
	people, err := dir.ActiveInAlliance(ctx, d.alliance.ID)
	if err != nil {
		return err
	}
	d.people = len(people)
	var chosen []ledger.Person
	var phones []string
	for _, p := range people {
		if len(chosen) == 2 {
			break
		}
		numbers, err := dir.Phones(ctx, []id.ID{p.ID})
		if err != nil {
			return err
		}
		sharing, err := dir.ByPhone(ctx, numbers[p.ID])
		if err != nil {
			return err
		}
		sharing = slices.DeleteFunc(sharing, func(o ledger.Person) bool { return o.CommitteeID != d.alliance.CommitteeID }) // a visitor's county may have the same
		if numbers[p.ID] == "" || len(sharing) != 1 || (len(chosen) == 1 && p.UnitID == chosen[0].UnitID) {
			continue // two units, so that the scopes show
		}
		chosen, phones = append(chosen, p), append(phones, numbers[p.ID])
	}
	if len(chosen) < 2 {
		return fmt.Errorf("app: the sample county has too few phones")
	}
	head, member := chosen[0], chosen[1]
	d.member = member
	d.users[frameHead] = emulator.User{Name: head.Name, Phone: phones[0]}
	d.users[frameMember] = emulator.User{Name: member.Name, Phone: phones[1]}
	if fresh {
		if _, err := d.Identity.Grant(ctx, actor.System, identity.GrantRequest{
			Role: actor.Head, AllianceID: d.alliance.ID, PersonID: head.ID,
		}); err != nil {
			return err
		}
	}
	if err := d.castLiaisons(ctx, fresh); err != nil {
		return err
	}
	for _, frame := range []string{frameHead, frameLiaison} { // they have used it before
		if err := d.bind(ctx, d.users[frame]); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) castLiaisons(ctx context.Context, fresh bool) error {
	units, err := d.Ledger.Units(ctx, actor.System, 0)
	if err != nil {
		return err
	}
	units = slices.DeleteFunc(units, func(u ledger.Unit) bool { return u.CommitteeID != d.alliance.CommitteeID })
	for i, u := range units {
		name, phone := demoSurnames[i%len(demoSurnames)]+"联络", fmt.Sprintf(demoLiaisonPhone, i+1)
		if u.ID == d.member.UnitID {
			d.users[frameLiaison] = emulator.User{Name: name, Phone: phone}
		}
		if !fresh {
			continue
		}
		if _, err := d.Identity.Grant(ctx, actor.System, identity.GrantRequest{
			Role: actor.Liaison, UnitID: u.ID, HolderName: name, Phone: phone,
		}); err != nil {
			return err
		}
	}
	return nil
}

// bind logs a user in and proves the telephone number, as the person did some day before.
func (d *demo) bind(ctx context.Context, u emulator.User) error {
	who, err := d.account(ctx, u)
	if err != nil {
		return err
	}
	if len(who.Grants) > 0 {
		return nil
	}
	code, err := d.Emulator.PhoneCode(u)
	if err != nil {
		return err
	}
	_, err = d.Identity.BindPhone(ctx, who, code)
	return err
}

func (d *demo) account(ctx context.Context, u emulator.User) (actor.Actor, error) {
	s, err := d.Identity.Login(ctx, d.Emulator.LoginCode(u))
	if err != nil {
		return actor.Actor{}, err
	}
	return d.Identity.Authenticate(ctx, s.Token)
}

// restart begins anew for the next visitor: the member is a stranger again, what was published is over.
func (d *demo) restart(ctx context.Context) error {
	d.ready.Lock()
	defer d.ready.Unlock()
	who, err := d.account(ctx, d.users[frameMember])
	if err != nil {
		return err
	}
	for _, p := range who.Persons {
		if err := d.Identity.Unbind(ctx, who, p); err != nil {
			return err
		}
	}
	d.since = d.clk.Now()
	return nil
}
