package privacy

import (
	"context"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
)

// Keep says how long what is kept; zero keeps it for good. Lines of access and audit are none of this:
// the law wants them for a year and more.
type Keep struct {
	Departed time.Duration // numbers, address, health, family and own columns of who moved away or died, since the last change
	Notes    time.Duration // notes of calls, reasons of answers and of annulments, companions and lifts
	Claims   time.Duration // applications that were decided
	Reports  time.Duration // what an import says about single rows
	Accounts time.Duration // accounts that act for nobody and hold no role, since the last log-in
}

// Rule forgets one kind of thing.
type Rule struct {
	Key, Word string
	Age       time.Duration
	table     string
	where     string // with one ? for the time
	blank     map[string]any
}

// Due is how much a rule would forget, or has.
type Due struct {
	Rule Rule
	Rows int64
}

// Rules are the rules in force.
func (k Keep) Rules() []Rule {
	all := []Rule{
		{Key: "departed", Word: "调出和去世同志的电话、住址、健康、家属和自定义栏", Age: k.Departed, table: "persons",
			where: "status IN ('moved', 'deceased') AND (phone_enc IS NOT NULL OR address_enc IS NOT NULL OR health_enc IS NOT NULL OR " +
				"family_contact_enc IS NOT NULL OR family_phone_enc IS NOT NULL OR contacts_enc IS NOT NULL OR custom_enc IS NOT NULL) AND updated_at < ?",
			blank: blank("", "phone_enc phone_hash phone_last4_hash address_enc health_enc family_contact_enc family_phone_enc contacts_enc custom_enc")},
		{Key: "call_notes", Word: "电话记录的备注", Age: k.Notes, table: "notice_calls", where: "note_enc IS NOT NULL AND created_at < ?",
			blank: blank("", "note_enc")},
		{Key: "answer_reasons", Word: "请假的原因、陪同的人和接送", Age: k.Notes, table: "activity_expected",
			where: "(reason_enc IS NOT NULL OR pickup_enc IS NOT NULL OR companions <> '' OR lift <> 0) AND answered_at < ?", blank: said()},
		{Key: "annulment_reasons", Word: "撤销签到的原因", Age: k.Notes, table: "checkin_annulments",
			where: "reason <> '' AND annulled_at < ?", blank: blank("reason", "")},
		{Key: "claims", Word: "办完的登记申请", Age: k.Claims, table: "claims", where: "decided_at IS NOT NULL AND decided_at < ?"},
		{Key: "import_reports", Word: "导入的逐行报告", Age: k.Reports, table: "imports",
			where: "report_enc IS NOT NULL AND created_at < ?", blank: blank("", "report_enc file_name_enc")},
		{Key: "accounts", Word: "不再替任何人办事的微信账号的姓名和号码", Age: k.Accounts, table: "accounts",
			where: "(name_enc IS NOT NULL OR phone_enc IS NOT NULL OR session_key_enc IS NOT NULL) AND last_login_at < ? " +
				"AND id NOT IN (SELECT account_id FROM account_persons) " +
				"AND id NOT IN (SELECT account_id FROM role_grants WHERE account_id IS NOT NULL AND revoked_at IS NULL)",
			blank: blank("", "session_key_enc name_enc phone_enc phone_hash")},
	}
	var out []Rule
	for _, r := range all {
		if r.Age > 0 {
			out = append(out, r)
		}
	}
	return out
}

// Due tells what the rules would forget now, and touches nothing.
func (s *Service) Due(ctx context.Context) ([]Due, error) {
	var out []Due
	for _, r := range s.Keep.Rules() {
		n, err := s.store.due(ctx, r, s.Clock.Now())
		if err != nil {
			return nil, err
		}
		out = append(out, Due{r, n})
	}
	return out, nil
}

// Forget carries the rules out and leaves a line about what went.
func (s *Service) Forget(ctx context.Context) ([]Due, error) {
	var out []Due
	rows := map[string]int64{}
	for _, r := range s.Keep.Rules() {
		n, err := s.store.forget(ctx, r, s.Clock.Now())
		if n > 0 {
			rows[r.Key] = n
		}
		out = append(out, Due{r, n})
		if err != nil {
			return out, err
		}
	}
	if len(rows) == 0 {
		return out, nil
	}
	return out, s.Audit.Write(ctx, actor.System, audit.Line{Action: "privacy.forget", Kind: "rule", Detail: map[string]any{"rows": rows}})
}
