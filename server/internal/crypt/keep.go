package crypt

import (
	"crypto/cipher"
	"crypto/hmac"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
)

// This file is what outlives a master key: the look-up key, which must never change, and what
// is left of a master key that left the configuration, which still opens what may not be sealed anew.
// Both lie in the database, wrapped by a master key that is configured.

// CheckSize is the length of a check value in bytes.
const CheckSize = sm3.Size

// IDs lists the configured keys, the oldest first.
func (b *Box) IDs() []byte {
	out := make([]byte, 0, len(b.mac))
	for keyID := range b.mac {
		out = append(out, keyID)
	}
	slices.Sort(out)
	return out
}

// Newest is the id of the key that seals.
func (b *Box) Newest() byte { return b.newest }

// Has reports whether a key is configured; what it sealed may be readable although it is not.
func (b *Box) Has(keyID byte) bool { return b.mac[keyID] != nil }

// Check gives a value by which a configured key is recognised and from which nothing can be learned;
// nil for a key that is not configured.
func (b *Box) Check(keyID byte) []byte {
	if !b.Has(keyID) {
		return nil
	}
	return b.sum(keyID, "check", []byte{keyID})
}

// LookupCheck is the look-up key's check value.
func (b *Box) LookupCheck() []byte { return b.Hash("check", "lookup") }

// WrapLookup seals the look-up key with the newest key.
func (b *Box) WrapLookup() []byte { return b.Seal(b.lookup, wrapContext(0)) }

// UnwrapLookup makes look-up hashes with a key that WrapLookup sealed from now on; ErrOpen when none of
// the keys opens it.
func (b *Box) UnwrapLookup(sealed []byte) error {
	key, err := b.Open(sealed, wrapContext(0))
	if err != nil || len(key) != sm3.Size {
		return ErrOpen
	}
	b.lookup = key
	return nil
}

// WrapKey seals what must outlive a key with the newest one: its field key, and what the audit's
// signatures are made with.
func (b *Box) WrapKey(keyID byte) []byte {
	code := b.mac[keyID]
	if code == nil {
		code = b.retired[keyID]
	}
	return b.Seal(slices.Concat(b.fields[keyID], code), wrapContext(keyID))
}

// UnwrapKey lets the box open what a key has sealed that is not configured any more, and check the audit's
// signatures by it; nothing else counts that it has signed. ErrOpen when none of the keys opens it.
func (b *Box) UnwrapKey(keyID byte, sealed []byte) error {
	keys, err := b.Open(sealed, wrapContext(keyID))
	if err != nil || len(keys) != fieldSize+sm3.Size {
		return ErrOpen
	}
	if b.Has(keyID) {
		return nil
	}
	b.fields[keyID], b.retired[keyID] = keys[:fieldSize], keys[fieldSize:]
	b.aeads[keyID], err = fieldCipher(b.fields[keyID])
	return err
}

// auditPurpose begins the purposes whose signatures count as long as there is anything that they sign.
const auditPurpose = "audit."

// signing gives the code keys for a purpose.
func (b *Box) signing(purpose string) map[byte][]byte {
	if !strings.HasPrefix(purpose, auditPurpose) || len(b.retired) == 0 {
		return b.mac
	}
	all := maps.Clone(b.retired)
	maps.Copy(all, b.mac)
	return all
}

// KeyOf tells which key sealed a value; zero for none.
func KeyOf(sealed []byte) byte {
	if len(sealed) == 0 {
		return 0
	}
	return sealed[0]
}

// DeriveEach is Derive with every configured key, the newest first: what an older key signed goes on
// counting while that key is configured.
func (b *Box) DeriveEach(purpose string) [][]byte {
	var out [][]byte
	for _, keyID := range slices.Backward(b.IDs()) {
		m := hmac.New(sm3.New, b.mac[keyID])
		m.Write([]byte("derive/" + purpose))
		out = append(out, m.Sum(nil))
	}
	return out
}

const fieldSize = sm4.BlockSize // the key of SM4 is as long as its block

func fieldCipher(key []byte) (cipher.AEAD, error) {
	block, err := sm4.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func wrapContext(keyID byte) string { return fmt.Sprintf("crypt_keys.%d", keyID) }
