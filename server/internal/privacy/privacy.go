// Package privacy is what a person may ask of us: to know what is kept about them and who looked at it,
// to take it along, to agree and to take that back, to be erased; and the rules by which we forget by
// ourselves.
package privacy

import (
	"context"
	"strings"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
)

// Ledger is what privacy needs of the ledger; *ledger.Service is one.
type Ledger interface {
	Person(ctx context.Context, who actor.Actor, person id.ID) (ledger.Entry, error)
	UpdatePerson(ctx context.Context, who actor.Actor, person id.ID, c ledger.PersonChange) (ledger.Entry, error)
	Reveal(ctx context.Context, who actor.Actor, person id.ID, keys []string, reason string) (map[string]string, error)
}

// Accounts is what privacy needs of identity; *identity.Service is one.
type Accounts interface {
	RelationOf(ctx context.Context, account, person id.ID) (identity.Relation, error)
	AccountName(ctx context.Context, accounts []id.ID) (map[id.ID]string, error)
	Staff(ctx context.Context, committees []id.ID) ([]identity.Colleague, error)
	Unbind(ctx context.Context, who actor.Actor, person id.ID) error
}

// Deps are what a Service needs.
type Deps struct {
	DB       *db.DB
	Box      *crypt.Box
	Clock    clock.Clock
	Audit    *audit.Log
	Ledger   Ledger
	Accounts Accounts
	Keep     Keep
	// Directory knows the committees above one, Help whom to call where nobody can confirm.
	Directory Directory
	Help      Help
	List      string // file of those erased, kept beside the database; "" for none
	// Confirm spends the look on the phone that a desktop needs; nil asks for none.
	Confirm func(ctx context.Context, who actor.Actor, action string, subject id.ID) error
	// Changed tells whoever remembers persons, in the transaction of the erasure.
	Changed func(ctx context.Context, person id.ID) error
}

// Service answers what persons ask.
type Service struct {
	Deps
	store store
}

// New makes a Service.
func New(d Deps) *Service { return &Service{Deps: d, store: store{db: d.DB, box: d.Box}} }

// Errors of this package.
var (
	ErrVersion  = errs.New(errs.Conflict, "privacy.version", "隐私说明已经更新，请看过新的说明再同意")
	ErrNotOwn   = errs.New(errs.Forbidden, "privacy.not_own", "导出资料只能由本人在自己的微信里办，家人不能代办。请本人登录，或请联络员帮忙")
	ErrReason   = errs.New(errs.Invalid, "privacy.reason", "请写明删除的原因，例如本人何时提出")
	ErrNotAsked = errs.New(errs.Conflict, "privacy.not_asked", "还没有提出删除，请先写明原因，看过清单再确认")
	ErrOtherMan = errs.New(errs.Conflict, "privacy.other_name", "姓名和登记的不一致，没有删除。请核对是不是这一位")
	// ErrSamePerson wants the four eyes: what is erased doesn't come back.
	ErrSamePerson = errs.New(errs.Conflict, "privacy.same_person", "删除要两个人办：请另一位同志核对后确认，提出的人不能自己确认")
	ErrErased     = errs.New(errs.Conflict, "privacy.erased", "这位同志的资料已经删除过了")
)

// Version names the words that people agree to now; every change of them is a new version.
const Version = "2026-11"

// Text is what people agree to, a paragraph each; short sentences, because it is read at eighty.
var Text = []string{
	"花名册里记着您的姓名、单位和党组织关系。电话、住址、健康、家属，是为了方便照顾您。",
	"只用来通知活动、签到和走访。不给别人看，不做广告。",
	"电话、住址这些加密保存。谁看过，都有记录。您在「我的资料」里查得到。",
	"不用手机号也行。可以用登记码，或请联络员帮忙。",
	"您可以看资料、带走一份、请人改错。也可以请老干部局删除。",
	"同意了，随时能收回。收回后，这部手机不再显示您的登记。微信提醒也不再来。花名册还由党组织保管。有活动，联络员打电话告诉您。",
}

// Consent is where an account stands with the words.
type Consent struct {
	Version   string // the present one
	Text      []string
	Agreed    string // version that was agreed to and not taken back, "" for none
	AgreedAt  time.Time
	Withdrawn time.Time // when it was taken back, if it was
}

// Current reports whether the present words are agreed to.
func (c Consent) Current() bool { return c.Agreed == c.Version }

func body() string { return strings.Join(Text, "\n") }

// Consent tells what the account has agreed to.
func (s *Service) Consent(ctx context.Context, who actor.Actor) (Consent, error) {
	c, err := s.store.consent(ctx, who.Account)
	c.Version, c.Text = Version, Text
	return c, err
}

// Agree records that the account has agreed to the present words; saying it twice is saying it once.
func (s *Service) Agree(ctx context.Context, who actor.Actor, version string) (Consent, error) {
	if version != Version {
		return Consent{}, ErrVersion
	}
	err := s.DB.Tx(ctx, func(ctx context.Context) error {
		c, err := s.store.consent(ctx, who.Account)
		if err != nil || c.Agreed == version {
			return err
		}
		first, err := s.store.agree(ctx, who.Account, version, body(), s.Clock.Now())
		if err != nil || !first {
			return err
		}
		return s.Audit.Write(ctx, who, audit.Line{Action: "privacy.agree", Kind: "account", Subject: who.Account,
			Detail: map[string]any{"version": version}})
	})
	if err != nil {
		return Consent{}, err
	}
	return s.Consent(ctx, who)
}

// Withdraw takes the consent back: the account is tied to nobody any more and keeps no number. What the
// ledger keeps stays; Erase is for that.
func (s *Service) Withdraw(ctx context.Context, who actor.Actor) (Consent, error) {
	had := false
	err := s.DB.Tx(ctx, func(ctx context.Context) (err error) {
		if had, err = s.store.withdraw(ctx, who.Account, s.Clock.Now()); err != nil || !had {
			return err
		}
		return s.Audit.Write(ctx, who, audit.Line{Action: "privacy.withdraw", Kind: "account", Subject: who.Account})
	})
	if err != nil {
		return Consent{}, err
	}
	if !had {
		return s.Consent(ctx, who)
	}
	for _, person := range who.Persons {
		if err := s.Accounts.Unbind(ctx, who, person); err != nil && !isGone(err) {
			return Consent{}, err
		}
	}
	return s.Consent(ctx, who)
}

func isGone(err error) bool {
	e, ok := errs.As(err)
	return ok && e.Kind == errs.NotFound
}
