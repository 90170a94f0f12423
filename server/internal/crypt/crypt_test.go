package crypt_test

import (
	"bytes"
	"testing"

	"bense/server/internal/crypt"
)

func key(id, fill byte) crypt.Key {
	return crypt.Key{ID: id, Secret: bytes.Repeat([]byte{fill}, crypt.KeySize)}
}

func box(t *testing.T, keys ...crypt.Key) *crypt.Box {
	t.Helper()
	b, err := crypt.New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSealOpen(t *testing.T) {
	b := box(t, key(1, 'a'))
	sealed := b.SealString("19900001234", "persons.phone")
	if bytes.Contains(sealed, []byte("1990000")) {
		t.Fatal("the sealed value holds the plain one")
	}
	got, err := b.OpenString(sealed, "persons.phone")
	if err != nil || got != "19900001234" {
		t.Fatal(got, err)
	}
	if _, err := b.OpenString(sealed, "persons.address"); err == nil {
		t.Error("a value moved to another column was opened")
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := b.Open(bad, "persons.phone"); err == nil {
			t.Errorf("byte %d flipped, still opened", i)
		}
	}
	if b.SealString("", "x") != nil {
		t.Error("an empty value must stay NULL")
	}
}

func TestRotationKeepsOldValuesAndLookups(t *testing.T) {
	old := box(t, key(1, 'a'))
	sealed, hash := old.SealString("甲", "c"), old.Hash("phone", "1")
	both := box(t, key(2, 'b'), key(1, 'a'))
	if got, err := both.OpenString(sealed, "c"); err != nil || got != "甲" {
		t.Fatal(got, err)
	}
	if !bytes.Equal(hash, both.Hash("phone", "1")) {
		t.Error("look-up values changed with a new key")
	}
	if both.SealString("乙", "c")[0] != 2 {
		t.Error("new values must use the newest key")
	}
	if _, err := box(t, key(2, 'b')).OpenString(sealed, "c"); err == nil {
		t.Error("opened without its key")
	}
}

func TestMAC(t *testing.T) {
	b := box(t, key(1, 'a'))
	id, sum := b.MAC("venue", []byte("x"))
	if !b.CheckMAC(id, "venue", []byte("x"), sum[:16]) {
		t.Error("a truncated genuine signature was refused")
	}
	for name, ok := range map[string]bool{
		"purpose": b.CheckMAC(id, "card", []byte("x"), sum),
		"data":    b.CheckMAC(id, "venue", []byte("y"), sum),
		"key":     b.CheckMAC(9, "venue", []byte("x"), sum),
		"short":   b.CheckMAC(id, "venue", []byte("x"), sum[:4]),
	} {
		if ok {
			t.Errorf("wrong %s accepted", name)
		}
	}
}

func TestParseKey(t *testing.T) {
	k, err := crypt.ParseKey(crypt.NewKey(3))
	if err != nil || k.ID != 3 || len(k.Secret) != crypt.KeySize {
		t.Fatal(k, err)
	}
	for _, bad := range []string{"", "1", "0:AAAA", "1:short", "300:AAAA"} {
		if _, err := crypt.ParseKey(bad); err == nil {
			t.Errorf("%q accepted", bad)
		}
	}
}

// What is left of a key opens old values and checks the audit's signatures; it signs and seals nothing,
// and nothing else that the key signed counts.
func TestWhatIsLeftOfAKey(t *testing.T) {
	old, both, alone := box(t, key(1, 'a')), box(t, key(1, 'a'), key(2, 'b')), box(t, key(2, 'b'))
	sealed := old.SealString("甲", "c")
	keyID, chained := old.Signer("audit.line", nil).Append(nil, []byte("x"), 32)
	_, venue := old.Signer("venue", nil).Append(nil, []byte("x"), 32)
	if err := alone.UnwrapKey(1, both.WrapKey(1)); err != nil {
		t.Fatal(err)
	}
	if err := alone.UnwrapLookup(both.WrapLookup()); err != nil {
		t.Fatal(err)
	}
	if got, err := alone.OpenString(sealed, "c"); err != nil || got != "甲" {
		t.Error(got, err)
	}
	if !bytes.Equal(alone.Hash("phone", "1"), old.Hash("phone", "1")) {
		t.Error("the look-up key has changed")
	}
	if !alone.Signer("audit.line", nil).Check(keyID, []byte("x"), chained) {
		t.Error("an old signature of the audit does not count any more")
	}
	if alone.Signer("venue", nil).Check(keyID, []byte("x"), venue) || alone.Has(1) || alone.Check(1) != nil {
		t.Error("a code of a key that is gone still counts")
	}
	if alone.SealString("乙", "c")[0] != 2 || len(alone.DeriveEach("session")) != 1 || len(both.DeriveEach("session")) != 2 {
		t.Error("the key that is gone still works")
	}
	if err := box(t, key(2, 'b')).UnwrapKey(1, both.WrapLookup()); err == nil {
		t.Error("something else was taken for a key")
	}
}
