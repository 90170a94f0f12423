package vault

import (
	"context"
	"crypto/hmac"
	"fmt"
	"slices"
	"strings"
	"time"

	"bense/server/internal/crypt"
	"bense/server/internal/db"
)

// Open compares the configured keys with those that the database was sealed with, registers new ones,
// and lets the box use what the database keeps for it: the look-up key and what old audit lines need.
// It fails, in Chinese, when a key is not the one it was, and when a key is missing that is still needed.
func Open(ctx context.Context, d *db.DB, box *crypt.Box, now time.Time) (*Vault, error) {
	v := &Vault{db: d, box: box}
	known, err := v.keys(ctx)
	if err != nil {
		return nil, err
	}
	if len(known) == 0 {
		if err := v.openSample(ctx); err != nil {
			return nil, err
		}
	}
	if known, err = v.register(ctx, known, now); err != nil {
		return nil, err
	}
	if err := v.lookup(known[0]); err != nil {
		return nil, err
	}
	for keyID, k := range known {
		if keyID != 0 && !box.Has(keyID) {
			if err := v.missing(ctx, k, now); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

// openSample opens a value of every column of a database that has no check values yet.
func (v *Vault) openSample(ctx context.Context) error {
	for _, c := range Columns {
		if c.By != "" {
			continue // the others tell enough
		}
		sealed, err := v.anySealed(ctx, c)
		if err != nil {
			return err
		}
		if _, err := v.box.Open(sealed, c.Context); err != nil {
			return wrongKey(crypt.KeyOf(sealed))
		}
	}
	return nil
}

// register writes the check values of keys that are new here and compares the others.
func (v *Vault) register(ctx context.Context, known map[byte]key, now time.Time) (map[byte]key, error) {
	var fresh []key // the look-up key first: who brings it brings the others
	if _, ok := known[0]; !ok {
		fresh = append(fresh, key{check: v.box.LookupCheck(), wrapped: v.box.WrapLookup()})
	}
	for _, keyID := range v.box.IDs() {
		k, ok := known[keyID]
		switch {
		case !ok:
			fresh = append(fresh, key{id: keyID, check: v.box.Check(keyID)})
		case hmac.Equal(k.check, v.box.Check(keyID)) && !k.removed.IsZero():
			if err := v.setRemoved(ctx, keyID, time.Time{}); err != nil {
				return nil, err
			}
		}
	}
	if len(fresh) > 0 { // another instance may have been first, with another key
		err := v.insert(ctx, fresh, now)
		if err != nil {
			return nil, err
		}
		if known, err = v.keys(ctx); err != nil {
			return nil, err
		}
	}
	for _, keyID := range v.box.IDs() {
		if !hmac.Equal(known[keyID].check, v.box.Check(keyID)) {
			return nil, wrongKey(keyID)
		}
	}
	return known, nil
}

// lookup brings the look-up key of the database into the box.
func (v *Vault) lookup(k key) error {
	if err := v.box.UnwrapLookup(k.wrapped); err != nil {
		return needed(crypt.KeyOf(k.wrapped), "查找手机号和身份证号用的密钥由它保管")
	}
	if !hmac.Equal(k.check, v.box.LookupCheck()) {
		return fmt.Errorf("%w：查找用的密钥对不上，数据库里的密钥登记可能被改过", ErrWrongKey)
	}
	return nil
}

// missing judges a key that is not configured any more: nothing that could be sealed anew may need it,
// and what may not be sealed anew must stay readable.
func (v *Vault) missing(ctx context.Context, k key, now time.Time) error {
	if k.removed.IsZero() {
		for _, c := range Columns {
			uses, err := v.uses(ctx, c)
			if err != nil {
				return err
			}
			at := slices.IndexFunc(uses, func(u Use) bool { return u.Key == k.id })
			if at < 0 || c.Fixed && k.wrapped != nil {
				continue
			}
			return needed(k.id, fmt.Sprintf("%s.%s 还有 %d 处用它加密", c.Table, c.Name, uses[at].Values))
		}
	}
	if k.wrapped != nil {
		if err := v.box.UnwrapKey(k.id, k.wrapped); err != nil {
			return needed(crypt.KeyOf(k.wrapped), fmt.Sprintf("旧操作记录的密钥 %d 由它保管", k.id))
		}
	}
	if k.removed.IsZero() {
		return v.setRemoved(ctx, k.id, now)
	}
	return nil
}

func needed(keyID byte, why string) error {
	return fmt.Errorf("%w：编号 %d 的密钥还不能拿掉，%s。没有启动，数据没有改动。请先把它放回 keys.master，"+
		"运行 bense rotate-keys，再看 bense doctor 是否说可以拿掉", ErrKeyInUse, keyID, why)
}

// Uses tells which keys have sealed how many values of every column.
func (v *Vault) Uses(ctx context.Context) ([]Use, error) {
	var out []Use
	for _, c := range Columns {
		uses, err := v.uses(ctx, c)
		if err != nil {
			return nil, err
		}
		out = append(out, uses...)
	}
	return out, nil
}

// Removable tells which of the configured keys may leave the configuration, by what uses says: those
// that have sealed nothing but audit lines, after a rotation has wrapped what these need.
func (v *Vault) Removable(ctx context.Context, uses []Use) ([]byte, error) {
	known, err := v.keys(ctx)
	if err != nil {
		return nil, err
	}
	out := []byte{}
	for _, keyID := range v.box.IDs() {
		free := keyID != v.box.Newest() && crypt.KeyOf(known[keyID].wrapped) == v.box.Newest() &&
			crypt.KeyOf(known[0].wrapped) == v.box.Newest()
		for _, k := range known { // a key that is gone must not be wrapped by one that goes
			free = free && crypt.KeyOf(k.wrapped) != keyID
		}
		for _, u := range uses {
			free = free && (u.Key != keyID || u.Column.Fixed)
		}
		if free {
			out = append(out, keyID)
		}
	}
	return out, nil
}

// Summary adds up uses by key: "密钥 1：12 处（操作记录 3 处）".
func Summary(uses []Use) []string {
	type sum struct{ all, fixed int64 }
	sums := map[byte]sum{}
	for _, u := range uses {
		s := sums[u.Key]
		s.all += u.Values
		if u.Column.Fixed {
			s.fixed += u.Values
		}
		sums[u.Key] = s
	}
	var out []string
	for keyID := range 256 {
		s, ok := sums[byte(keyID)]
		if !ok {
			continue
		}
		line := fmt.Sprintf("密钥 %d：%d 处", keyID, s.all)
		if s.fixed > 0 {
			line += fmt.Sprintf("（其中操作记录 %d 处，按规定不重写）", s.fixed)
		}
		out = append(out, line)
	}
	return out
}

// List names keys for people: "1、2".
func List(ids []byte) string {
	words := make([]string, len(ids))
	for i, k := range ids {
		words[i] = fmt.Sprint(k)
	}
	return strings.Join(words, "、")
}
