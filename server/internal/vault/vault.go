// Package vault keeps the keys of an installation in order: which columns are sealed, whether the
// configured keys are the ones that this database was sealed with, and how everything comes under the
// newest of them.
package vault

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/errs"
)

// Column is a sealed column. Every *_enc column of the schema stands in Columns; a test compares.
type Column struct {
	Table   string
	Key     []string // the table's primary key
	Name    string
	Context string // what its values are bound to
	By      string // a column of the key whose value, after a dot, ends the context; "" for none
	Fixed   bool   // its bytes may never change: they are part of the audit's chain
}

// Columns is the inventory of what is sealed.
var Columns = slices.Concat(
	sealed("persons", "id", "id_number", "phone", "address", "health", "family_contact", "family_phone", "remark", "status_note", "contacts", "custom"),
	sealed("units", "id", "contact_name", "contact_phone"),
	sealed("person_changes", "person_id seq", "changes"),
	sealed("person_attachments", "id", "name", "data"),
	sealed("notice_pictures", "id", "data"),
	sealed("status_proposals", "id", "evidence"),
	sealed("imports", "id", "file_name", "rows", "report"),
	sealed("accounts", "id", "session_key", "name", "phone"),
	sealed("claims", "id", "name", "note"),
	sealed("role_grants", "id", "holder_name", "phone"),
	sealed("notice_calls", "id", "note"),
	sealed("alliance_robots", "alliance_id", "key"),
	sealed("activity_expected", "activity_id person_id", "reason", "pickup"),
	sealed("jobs", "id", "result"),
	[]Column{{Table: "parcels", Key: []string{"owner_id", "kind", "part"}, Name: "data_enc", Context: "parcels.data", By: "kind"}},
	sealed("election_ballots", "id", "choice"),
	sealed("erasures", "person_id", "reason"),
	sealed("confirmations", "id", "text"),
	sealed("exports", "id", "reason"),
	[]Column{{Table: "audit_lines", Key: []string{"id"}, Name: "detail_enc", Context: "audit_lines.detail", Fixed: true}},
)

// sealed names columns of a table that are sealed as TABLE.NAME and lie in NAME_enc.
func sealed(table, key string, names ...string) []Column {
	out := make([]Column, len(names))
	for i, n := range names {
		out[i] = Column{Table: table, Key: strings.Fields(key), Name: n + "_enc", Context: table + "." + n}
	}
	return out
}

// batch is how many rows are sealed anew in one transaction; those with long texts one by one.
func (c Column) batch() int {
	if c.Table == "imports" || c.Table == "parcels" || c.Table == "person_attachments" || c.Table == "notice_pictures" {
		return 1
	}
	return 200
}

// in is the context of the value at a place.
func (c Column) in(at place) string {
	if c.By == "" {
		return c.Context
	}
	return fmt.Sprint(c.Context, ".", at[slices.Index(c.Key, c.By)])
}

// Errors that keep an installation from starting.
var (
	ErrWrongKey = errs.New(errs.Internal, "vault.wrong_key", "密钥与数据库不符")
	ErrKeyInUse = errs.New(errs.Internal, "vault.key_in_use", "还有内容在用已经拿掉的密钥")
)

func wrongKey(keyID byte) error {
	return fmt.Errorf("%w：编号 %d 的密钥不是这个数据库当初使用的那一把。没有启动，数据没有改动。"+
		"请把原来的密钥放回 keys.master，不要换一把新密钥再试；找不到原密钥，个人信息就无法解密，请用保存的密钥副本", ErrWrongKey, keyID)
}

// Vault is the keys of one database.
type Vault struct {
	db  *db.DB
	box *crypt.Box
}

// Use is how many values of a column a key has sealed.
type Use struct {
	Column Column
	Key    byte
	Values int64
}

// key is a row of crypt_keys; id zero is the look-up key.
type key struct {
	id      byte
	check   []byte
	wrapped []byte    // of the look-up key, and of keys that a rotation has left behind
	removed time.Time // when it was first seen to be out of the configuration and out of use
}
